// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A user's program that uses the class of QML's type in C++.

#include <QTimeoutQml/QTimeoutQmlScope>
#include <QTimeoutTestClock>

#include <QCoreApplication>
#include <QtDebug>

using namespace std::chrono_literals;

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    QTimeoutTestClock clock;
    QTimeoutQmlScope scope;
    scope.setTimeout(1500);
    scope.setRunning(true);
    clock.advance(750ms);
    if (scope.progress() != 0.5)
        qFatal("half of the time should have passed");
    clock.advance(750ms);
    if (!scope.hasExpired() || scope.isRunning())
        qFatal("the scope should have expired");
    qInfo() << &scope;
}
