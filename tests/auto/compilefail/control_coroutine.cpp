// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: functions that take the scope, and what they await.
class Window
{
public:
    QCoro::Task<QString> load(QTimeoutScope &scope, const QString &url);
};

QCoro::Task<int> load(QTimeoutScope &scope, int number, QTimer *timer, QFuture<int> future)
{
    co_await timer;
    co_await QTimeout::shield(&QTimeout::sleepFor, 1ms);
    QCoro::Task<> named = QTimeout::sleepFor(1ms);
    co_await named;
    co_await scope.run(timer, &QObject::destroyed);
    co_return number + co_await future + co_await load(scope, 1, timer, future);
}

QCoro::Task<QString> Window::load(QTimeoutScope &, const QString &url)
{
    const QString result = co_await QTimeout::run(1s, &Window::load, this, url);
    co_return co_await QTimeout::run(1s, &Window::load, this, "text") + result;
}

QCoro::Task<int> operations(QTimeoutScope &scope, QTimer *timer, QFuture<int> future)
{
    const auto lambda = [](QTimeoutScope &) -> QCoro::Task<> { co_return; };
    const bool ended = co_await QTimeout::tryRun(1s, lambda);
    const std::optional<int> value = co_await scope.tryRun(&load, 1, timer, future);
    QTimeoutScope *current = QTimeout::currentScope();
    co_return ended &&current ? value.value_or(1) : 2;
}

// With a pointer to the scope, all kinds of coroutines are possible.
QCoro::AsyncGenerator<int> plain(const QTimeoutScope *scope)
{
    co_yield scope->isActive() ? 1 : 0;
}
