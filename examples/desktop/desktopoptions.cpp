// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "desktopoptions.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qfile.h>
#include <QtGui/qguiapplication.h>
#include <QtGui/qpalette.h>

#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;

[[noreturn]] static void leaveWithError(const QString &message)
{
    std::fprintf(stderr, "%s\n", qPrintable(message));
    std::exit(DesktopOptions::ErrorStatus);
}

static QStringList toStrings(int argc, char *argv[])
{
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    return arguments;
}

// Now, and not when there is a picture to be written.
static void checkWritable(const QString &fileName)
{
    QFile file(fileName);
    const bool existed = file.exists();
    if (!file.open(QIODevice::ReadWrite)) // which keeps what is in it
        leaveWithError(DesktopOptions::unwritable(file));
    if (!existed)
        file.remove();
}

QString DesktopOptions::unwritable(const QFile &file)
{
    return tr("The picture cannot be written to \"%1\": %2")
            .arg(file.fileName(), file.errorString());
}

DesktopOptions DesktopOptions::fromCommandLine(int argc, char *argv[])
{
    QCommandLineParser parser;
    parser.setApplicationDescription(
            tr("Downloads from a slow server of its own, each with a deadline."));
    const QCommandLineOption help({u"help"_s, u"h"_s}, tr("Says this."));
    const QCommandLineOption screenshotFile(
            u"screenshot"_s,
            tr("Writes a picture of the window to FILE (PNG), as soon as one download runs, one has timed "
               "out and one is done, and ends. Needs no display."),
            tr("FILE"));
    const QCommandLineOption themeName(u"theme"_s, tr("light or dark; the system's otherwise."),
                                       tr("THEME"));
    parser.addOptions({help, screenshotFile, themeName});

    if (!parser.parse(toStrings(argc, argv)))
        leaveWithError(tr("%1 See --help.").arg(parser.errorText()));
    if (const QStringList unexpected = parser.positionalArguments(); !unexpected.isEmpty())
        leaveWithError(tr("Unexpected argument \"%1\". See --help.").arg(unexpected.constFirst()));

    DesktopOptions options;
    const QString theme = parser.value(themeName);
    if (theme == "light"_L1)
        options.theme = Light;
    else if (theme == "dark"_L1)
        options.theme = Dark;
    else if (parser.isSet(themeName))
        leaveWithError(tr("There is no theme \"%1\". See --help.").arg(theme));
    if (parser.isSet(help)) {
        std::fputs(qPrintable(parser.helpText()), stdout);
        std::exit(0);
    }

    options.screenshot = parser.value(screenshotFile);
    if (parser.isSet(screenshotFile)) {
        if (options.screenshot.isEmpty())
            leaveWithError(tr("--screenshot needs the name of a file. See --help."));
        checkWritable(options.screenshot);
        if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
            qputenv("QT_QPA_PLATFORM", "offscreen");
        if (!qEnvironmentVariableIsSet("QT_SCALE_FACTOR"))
            qputenv("QT_SCALE_FACTOR", "2"); // sharp on any display
    }
    return options;
}

static QPalette makePalette(QRgb window, QRgb base, QRgb button, QRgb text, QRgb dimmed,
                            QRgb accent)
{
    QPalette palette{QColor(button), QColor(window)};
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText,
                            QPalette::ToolTipText, QPalette::BrightText}) {
        palette.setColor(role, QColor(text));
        palette.setColor(QPalette::Disabled, role, QColor(dimmed));
    }
    palette.setColor(QPalette::Base, QColor(base));
    palette.setColor(QPalette::AlternateBase, QColor(window));
    palette.setColor(QPalette::ToolTipBase, QColor(base));
    palette.setColor(QPalette::PlaceholderText, QColor(dimmed));
    palette.setColor(QPalette::Highlight, QColor(accent));
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, QColor(dimmed).darker(130));
    palette.setColor(QPalette::Link, QColor(accent));
    return palette;
}

void DesktopOptions::applyTheme() const
{
    if (theme == Light)
        QGuiApplication::setPalette(
                makePalette(0xf3f4f6, 0xffffff, 0xe7e9ed, 0x1d232b, 0x8b939e, 0x2563c9));
    else if (theme == Dark)
        QGuiApplication::setPalette(
                makePalette(0x1b1f24, 0x272c33, 0x39414b, 0xe8eaed, 0x7d8590, 0x2f6fd6));
}
