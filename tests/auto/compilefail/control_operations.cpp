// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: each kind of operation.
struct Settled
{
    bool await_ready() const { return true; }
    void await_suspend(std::coroutine_handle<>) const {}
    int await_resume() const { return 1; }
};

QCoro::Task<int> operations(QTimeoutScope &scope, QCoro::Task<int> task, QFuture<void> future,
                            QTimer &timer, QCoreApplication *application)
{
    co_await QTimeout::run(1s, future);
    co_await QTimeout::run(1s, timer);
    co_await QTimeout::run(1s, &timer);
    co_await QTimeout::run(1s, application, &QCoreApplication::aboutToQuit);
    co_await QTimeout::run(1s, QTimeout::sleepFor(1ms));
    Settled settled;
    co_await QTimeout::run(1s, settled);
    co_await QTimeout::run(1s, Settled());
    const std::optional<int> result = co_await scope.tryRun(std::move(task));
    const bool ended = co_await QTimeout::tryRun(1s, future);
    scope.watch(&timer);
    scope.watch(future);
    scope.watch(QTimeout::sleepFor(1ms));
    scope.watch(application, [] {});
    co_return ended ? result.value_or(0) : 0;
}
