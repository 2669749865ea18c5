// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What run() adds to awaiting the same thing plainly.

#include <QTimeout>

#include <QCoroSignal>
#include <QCoroTask>

#include <QCoreApplication>

#include <benchmark/benchmark.h>

using namespace std::chrono_literals;

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

static void wait(const QCoro::Task<> &task)
{
    while (!task.isReady())
        QCoreApplication::processEvents();
}

static QCoro::Task<> awaitFinishedPlainly(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await finishedTask());
}

static QCoro::Task<> runFinished(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await QTimeout::run(30s, finishedTask()));
}

static QCoro::Task<> awaitNextTurnPlainly(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await taskOfNextTurn());
}

static QCoro::Task<> runNextTurn(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await QTimeout::run(30s, taskOfNextTurn()));
}

static void setNameLater(QObject *object, int number)
{
    QMetaObject::invokeMethod(
            object, [object, number] { object->setObjectName(QString::number(number)); },
            Qt::QueuedConnection);
}

static QCoro::Task<> awaitSignalPlainly(benchmark::State &state)
{
    QObject object;
    int number = 0;
    for (auto _ : state) {
        setNameLater(&object, ++number);
        benchmark::DoNotOptimize(co_await qCoro(&object, &QObject::objectNameChanged));
    }
}

static QCoro::Task<> awaitSignalWithQCoroTimeout(benchmark::State &state)
{
    QObject object;
    int number = 0;
    for (auto _ : state) {
        setNameLater(&object, ++number);
        benchmark::DoNotOptimize(co_await qCoro(&object, &QObject::objectNameChanged, 30s));
    }
}

static QCoro::Task<> runSignal(benchmark::State &state)
{
    QObject object;
    int number = 0;
    for (auto _ : state) {
        setNameLater(&object, ++number);
        benchmark::DoNotOptimize(co_await QTimeout::run(30s, &object, &QObject::objectNameChanged));
    }
}

#define COROUTINE_BENCHMARK(function) \
    static void bench_##function(benchmark::State &state) \
    { \
        wait(function(state)); \
    } \
    BENCHMARK(bench_##function)->Name(#function)

COROUTINE_BENCHMARK(awaitFinishedPlainly);
COROUTINE_BENCHMARK(runFinished);
COROUTINE_BENCHMARK(awaitNextTurnPlainly);
COROUTINE_BENCHMARK(runNextTurn);
COROUTINE_BENCHMARK(awaitSignalPlainly);
COROUTINE_BENCHMARK(awaitSignalWithQCoroTimeout);
COROUTINE_BENCHMARK(runSignal);

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
