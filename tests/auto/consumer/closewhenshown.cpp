// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Closes the windows of the program when they have been shown.

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <QtGui/QGuiApplication>
#include <QtGui/QWindow>

using namespace std::chrono_literals;

static void closeWhenShown()
{
    auto *timer = new QTimer(QCoreApplication::instance());
    QObject::connect(timer, &QTimer::timeout, timer, [] {
        for (QWindow *window : QGuiApplication::topLevelWindows()) {
            if (window->isExposed())
                window->close();
        }
    });
    timer->start(100ms);
}
Q_COREAPP_STARTUP_FUNCTION(closeWhenShown)
