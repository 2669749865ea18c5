// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    What run() adds to awaiting the same thing plainly, while N others are pending: scopes for
    QTimeout, QTimers for QCoro's own timeouts, which are made of those.
*/

#include "contenders.h"

#include <QTimeout>

#include <QCoroSignal>
#include <QCoroTask>

static QCoro::Task<int> finishedTask()
{
    co_return 1;
}

static QCoro::Task<int> taskOfNextTurn()
{
    struct NextTurn
    {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) const
        {
            QMetaObject::invokeMethod(
                    qApp, [waiter]() mutable { waiter.resume(); }, Qt::QueuedConnection);
        }
        void await_resume() const noexcept {}
    };
    NextTurn nextTurn;
    co_await nextTurn;
    co_return 1;
}

// Names that are made once, so that little but the signal is measured.
static void setNameLater(QObject *object)
{
    static const QString names[] = {QStringLiteral("one"), QStringLiteral("other")};
    QMetaObject::invokeMethod(
            object, [object] { object->setObjectName(names[object->objectName() == names[0]]); },
            Qt::QueuedConnection);
}

static QCoro::Task<> awaitFinished(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await finishedTask());
}

static QCoro::Task<> runFinished(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await QTimeout::run(GuardTimeout, finishedTask()));
}

static QCoro::Task<> awaitNextTurn(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await taskOfNextTurn());
}

static QCoro::Task<> runNextTurn(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await QTimeout::run(GuardTimeout, taskOfNextTurn()));
}

static QCoro::Task<> awaitSignal(benchmark::State &state)
{
    QObject object;
    for (auto _ : state) {
        setNameLater(&object);
        benchmark::DoNotOptimize(co_await qCoro(&object, &QObject::objectNameChanged));
    }
}

static QCoro::Task<> awaitSignalWithTimeout(benchmark::State &state)
{
    QObject object;
    const Milliseconds timeout = GuardTimeout;
    for (auto _ : state) {
        setNameLater(&object);
        benchmark::DoNotOptimize(co_await qCoro(&object, &QObject::objectNameChanged, timeout));
    }
}

static QCoro::Task<> runSignal(benchmark::State &state)
{
    QObject object;
    for (auto _ : state) {
        setNameLater(&object);
        benchmark::DoNotOptimize(
                co_await QTimeout::run(GuardTimeout, &object, &QObject::objectNameChanged));
    }
}

using Coroutine = QCoro::Task<> (*)(benchmark::State &);

template<typename Contender>
static void add(const char *workload, const char *contender, int count, Coroutine coroutine)
{
    const auto run = [count, coroutine](benchmark::State &state) {
        Background::keep<Contender>(count);
        const QCoro::Task<> task = coroutine(state);
        while (!task.isReady())
            QCoreApplication::processEvents();
    };
    benchmark::RegisterBenchmark(benchmarkName(workload, contender, count).c_str(), run)
            ->Iterations(iterations(Contender::isLinear, count, 50'000))
            ->Unit(benchmark::kNanosecond);
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    for (const int count : Numbers) {
        add<Scopes>("await finished", "co_await", count, awaitFinished);
        add<Scopes>("await finished", "QTimeout::run", count, runFinished);
        add<Scopes>("await next turn", "co_await", count, awaitNextTurn);
        add<Scopes>("await next turn", "QTimeout::run", count, runNextTurn);
        add<Scopes>("await signal", "QCoro", count, awaitSignal);
        add<Scopes>("await signal", "QTimeout::run", count, runSignal);
        add<Timers>("await signal", "QCoro with timeout", count, awaitSignalWithTimeout);
    }
    return runBenchmarks(argc, argv);
}
