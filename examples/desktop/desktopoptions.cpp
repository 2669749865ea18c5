// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "desktopoptions.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qfile.h>
#include <QtCore/qlocale.h>
#include <QtGui/qguiapplication.h>
#include <QtGui/qpalette.h>

#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;

namespace {

struct Parser : QCommandLineParser
{
    Parser()
    {
        setApplicationDescription(DesktopOptions::tr(
                "Downloads from a slow server of its own, each with a deadline. Qt's own "
                "options, such as -platform, -style and -reverse, are taken too."));
        addOptions({help, screenshotFile, themeName});
    }

    const QCommandLineOption help{{u"help"_s, u"h"_s}, DesktopOptions::tr("Says this.")};
    const QCommandLineOption screenshotFile{
            u"screenshot"_s,
            DesktopOptions::tr(
                    "Writes a picture of the window to FILE (PNG), as soon as one download runs, one has timed "
                    "out and one is done, and ends. Needs no display."),
            DesktopOptions::tr("FILE")};
    const QCommandLineOption themeName{u"theme"_s,
                                       DesktopOptions::tr("light or dark; the system's otherwise."),
                                       DesktopOptions::tr("THEME")};
};

} // namespace

static bool refuse(const QString &message)
{
    std::fprintf(stderr, "%s\n", qPrintable(message));
    return false;
}

static void setDefault(const char *variable, const char *value)
{
    if (!qEnvironmentVariableIsSet(variable))
        qputenv(variable, value);
}

// Now, and not when there is a picture to be written.
static bool checkWritable(const QString &fileName)
{
    QFile file(fileName);
    const bool existed = file.exists();
    if (!file.open(QIODevice::ReadWrite)) // which keeps what is in it
        return refuse(DesktopOptions::unwritable(file));
    if (!existed)
        file.remove();
    return true;
}

QString DesktopOptions::unwritable(const QFile &file)
{
    return tr("The picture cannot be written to \"%1\": %2")
            .arg(file.fileName(), file.errorString());
}

// A picture and the help need no display, and a style that was asked for is not to be replaced.
DesktopOptions::DesktopOptions(int argc, char *argv[])
{
    bool wantsPicture = false;
    for (int i = 1; i < argc; ++i) {
        const auto argument = QString::fromLocal8Bit(argv[i]);
        if (argument == "--help"_L1 || argument == "-h"_L1) {
            Parser parser;
            parser.parse({QString::fromLocal8Bit(argv[0])});
            std::fputs(qPrintable(parser.helpText()), stdout);
            std::exit(0);
        }
        if (argument == "--screenshot"_L1 || argument.startsWith("--screenshot="_L1))
            wantsPicture = true;
        for (const auto option : {"-style"_L1, "--style"_L1}) {
            if (argument == option || argument.startsWith(option + u'='))
                hasStyle = true;
        }
    }
    if (wantsPicture) {
        setDefault("QT_QPA_PLATFORM", "offscreen");
        setDefault("QT_SCALE_FACTOR", "2"); // sharp on any display
        setDefault("QT_QUICK_BACKEND", "software");
    }
}

bool DesktopOptions::parse(const QStringList &arguments)
{
    Parser parser;
    if (!parser.parse(arguments))
        return refuse(tr("%1 See --help.").arg(parser.errorText()));
    if (const QStringList unexpected = parser.positionalArguments(); !unexpected.isEmpty())
        return refuse(tr("Unexpected argument \"%1\". See --help.").arg(unexpected.constFirst()));

    const QString name = parser.value(parser.themeName);
    if (name == "light"_L1)
        theme = Light;
    else if (name == "dark"_L1)
        theme = Dark;
    else if (parser.isSet(parser.themeName))
        return refuse(tr("There is no theme \"%1\". See --help.").arg(name));

    screenshot = parser.value(parser.screenshotFile);
    if (!parser.isSet(parser.screenshotFile))
        return true;
    if (screenshot.isEmpty())
        return refuse(tr("--screenshot needs the name of a file. See --help."));
    return checkWritable(screenshot);
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

// Nothing of the programs is translated, so no translation tells Qt the direction of the locale.
void DesktopOptions::apply() const
{
    if (QLocale().textDirection() == Qt::RightToLeft)
        QGuiApplication::setLayoutDirection(Qt::RightToLeft);
    if (theme == Light)
        QGuiApplication::setPalette(
                makePalette(0xf3f4f6, 0xffffff, 0xe7e9ed, 0x1d232b, 0x8b939e, 0x2563c9));
    else if (theme == Dark)
        QGuiApplication::setPalette(
                makePalette(0x1b1f24, 0x272c33, 0x39414b, 0xe8eaed, 0x7d8590, 0x2f6fd6));
}
