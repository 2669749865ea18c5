// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: shows that the other cases do not fail for want of a header or a flag.
QCoro::Task<int> control(QFuture<int> future, QTimer *timer)
{
    QTimeoutScope scope(1s);
    scope.start(std::chrono::steady_clock::now() + 1s);
    scope.reschedule(QDeadlineTimer::Forever);
    scope.watch(future);
    co_await QTimeout::run(1500, timer);
    co_await QTimeout::run(1s, timer, &QTimer::timeout);
    co_return co_await scope.run(future);
}
