// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    What it costs to call an abortable coroutine instead of a plain one, and to await something in
    one, while N others are pending.
*/

#include "contenders.h"

#include <QTimeout>

#include <QCoroTask>

#include <utility>

static QCoro::Task<int> plain()
{
    co_return 1;
}

static QCoro::Task<int> abortable(QTimeoutScope &)
{
    co_return 1;
}

static QCoro::Task<> callPlain(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await plain());
}

static QCoro::Task<> callAbortable(benchmark::State &state)
{
    QTimeoutScope scope(GuardTimeout);
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await abortable(scope));
}

static std::coroutine_handle<> s_waiter;

/*
    Something that always suspends, and is resumed by the benchmark.
*/
struct Step
{
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) const { s_waiter = waiter; }
    void await_resume() const noexcept {}
};

static Step step()
{
    return {};
}

static QCoro::Task<> awaitInPlain(benchmark::State &state)
{
    for (auto _ : state)
        co_await step();
}

static QCoro::Task<> steps(QTimeoutScope &, benchmark::State *state)
{
    for (auto _ : *state)
        co_await step();
}

static QCoro::Task<> awaitInAbortable(benchmark::State &state)
{
    QTimeoutScope scope(GuardTimeout);
    co_await steps(scope, &state);
}

static void add(const char *workload, const char *contender, int count,
                QCoro::Task<> (*coroutine)(benchmark::State &))
{
    const auto run = [count, coroutine](benchmark::State &state) {
        Background::keep<Scopes>(count);
        const QCoro::Task<> task = coroutine(state);
        while (!task.isReady()) {
            if (const auto waiter = std::exchange(s_waiter, nullptr))
                waiter.resume();
            else
                QCoreApplication::processEvents();
        }
    };
    benchmark::RegisterBenchmark(benchmarkName(workload, contender, count).c_str(), run)
            ->Iterations(200'000)
            ->Unit(benchmark::kNanosecond);
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    for (const int count : Numbers) {
        add("call", "plain coroutine", count, callPlain);
        add("call", "abortable coroutine", count, callAbortable);
        add("await", "plain coroutine", count, awaitInPlain);
        add("await", "abortable coroutine", count, awaitInAbortable);
    }
    return runBenchmarks(argc, argv);
}
