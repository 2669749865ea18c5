// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "desktopoptions.h"

#include <QtCore/qcommandlineparser.h>
#include <QtGui/qguiapplication.h>
#include <QtGui/qpalette.h>

#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;

[[noreturn]] static void leave(const QString &message, int exitStatus)
{
    std::fputs(qPrintable(message), exitStatus == 0 ? stdout : stderr);
    std::exit(exitStatus);
}

DesktopOptions DesktopOptions::fromCommandLine(int argc, char *argv[], const QString &description)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(description);
    const QCommandLineOption help({u"help"_s, u"h"_s}, u"Says this."_s);
    const QCommandLineOption screenshotFile(
            u"screenshot"_s,
            u"Writes a picture of the window to FILE (PNG), as soon as one download runs, one has timed "
            "out and one is done, and ends. Needs no display."_s,
            u"FILE"_s);
    const QCommandLineOption themeName(u"theme"_s, u"light or dark; the system's otherwise."_s,
                                       u"THEME"_s);
    parser.addOptions({help, screenshotFile, themeName});

    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    if (!parser.parse(arguments) || !parser.positionalArguments().isEmpty())
        leave(u"%1\nSee --help.\n"_s.arg(parser.errorText()), 2);

    DesktopOptions options;
    const QString theme = parser.value(themeName);
    if (theme == "light"_L1)
        options.theme = Light;
    else if (theme == "dark"_L1)
        options.theme = Dark;
    else if (parser.isSet(themeName))
        leave(u"There is no theme \"%1\". See --help.\n"_s.arg(theme), 2);
    if (parser.isSet(help))
        leave(parser.helpText(), 0);

    options.screenshot = parser.value(screenshotFile);
    if (!options.screenshot.isEmpty()) {
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
