// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// widgets: downloads with deadlines, in a window of QtWidgets.

#include "desktopoptions.h"
#include "downloadwindow.h"
#include "screenshot.h"

#include "slowserverthread.h"

#include <QtWidgets/qapplication.h>
#include <QtWidgets/qstyle.h>

using namespace Qt::StringLiterals;

int main(int argc, char *argv[])
{
    DesktopOptions options(argc, argv);
    QApplication application(argc, argv);
    if (!options.parse(QApplication::arguments()))
        return DesktopOptions::ErrorStatus;
    if (options.theme != DesktopOptions::FollowSystem && !options.hasStyle)
        QApplication::setStyle(u"Fusion"_s);
    options.apply();

    SlowServerThread server;
    if (!server.isListening())
        qFatal("The slow server cannot listen.");
    DownloadWindow window(demoPages(),
                          [&server](const QString &target) { return server.url(target); });
    window.show();
    window.startAll();
    if (!options.screenshot.isEmpty()) {
        takeScreenshot(
                options.screenshot, [&window] { return window.counts(); },
                [&window] { return window.grab().toImage(); });
    }
    return QApplication::exec();
}
