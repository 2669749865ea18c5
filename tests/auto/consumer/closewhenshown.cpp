// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Closes the windows of the program when they have been shown. One that has something to fetch fetches it first from the
// address on the command line, where nothing is, and says so.

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <QtCore/QUrl>
#include <QtCore/QVariant>
#include <QtGui/QGuiApplication>
#include <QtGui/QWindow>

using namespace std::chrono_literals;

static bool isDone(QObject *window)
{
    const QString outcome = window->property("outcome").toString();
    if (outcome != QLatin1String("Ready"))
        return outcome.isEmpty() || outcome.contains(QLatin1String("refused"));
    window->setProperty("address", QUrl(QCoreApplication::arguments().value(1)));
    for (QObject *button : window->findChildren<QObject *>()) {
        if (button->inherits("QQuickButton") && button->property("text") == QLatin1String("Fetch"))
            QMetaObject::invokeMethod(button, "clicked");
    }
    return false;
}

static void closeWhenShown()
{
    auto *timer = new QTimer(QCoreApplication::instance());
    QObject::connect(timer, &QTimer::timeout, timer, [] {
        for (QWindow *window : QGuiApplication::topLevelWindows()) {
            if (window->isExposed() && isDone(window))
                window->close();
        }
    });
    timer->start(100ms);
}
Q_COREAPP_STARTUP_FUNCTION(closeWhenShown)
