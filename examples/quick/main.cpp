// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// quick: downloads with deadlines, in a window of Qt Quick. How stands in DownloadCard.qml and downloader.cpp.

#include "desktopoptions.h"
#include "quickwindow.h"
#include "screenshot.h"

#include "slowserverthread.h"

#include <QtGui/qguiapplication.h>
#include <QtQuick/qquickwindow.h>

int main(int argc, char *argv[])
{
    DesktopOptions options(argc, argv);
    QGuiApplication application(argc, argv);
    if (!options.parse(QGuiApplication::arguments()))
        return DesktopOptions::ErrorStatus;
    options.apply();

    SlowServerThread server;
    if (!server.isListening())
        qFatal("The slow server cannot listen.");
    const QuickWindow quick(demoPages(),
                            [&server](const QString &target) { return server.url(target); });
    if (!quick.window())
        return 1;
    if (!options.screenshot.isEmpty()) {
        takeScreenshot(
                options.screenshot, [&quick] { return quick.counts(); },
                [&quick] { return quick.window()->grabWindow(); });
    }
    return QGuiApplication::exec();
}
