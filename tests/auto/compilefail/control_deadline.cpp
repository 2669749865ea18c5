// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: each way to say when.
void deadlines(QTimeoutScope &scope, int number, qint64 large, QObject *parent)
{
    scope.start(1500ms);
    scope.start(1.5s);
    scope.start(std::chrono::duration<double>(1.5));
    scope.start(std::chrono::steady_clock::now() + 1500ms);
    scope.start(QDeadlineTimer(1500, Qt::PreciseTimer));
    scope.start(QDeadlineTimer::Forever);
    scope.start({1500ms, Qt::PreciseTimer});
    scope.start(1500);
    scope.start(number);
    scope.start(large);
    scope.shift(-5s);
    QTimeoutScope inactive;
    QTimeoutScope child(parent);
    QTimeoutScope active(1500ms);
    QTimeoutScope activeChild(1500ms, parent);
    QTimeoutScope nullParent(nullptr);
}
