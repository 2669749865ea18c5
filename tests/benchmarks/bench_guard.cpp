// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the life of a timeout costs that is created, armed, finished early and destroyed, and what a
// deadline costs that is moved, while N others are pending.

#include <QTimeoutScope>

#include <QCoreApplication>
#include <QTimer>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <random>
#include <vector>

using namespace std::chrono_literals;

// Deadlines between 10 s and an hour from now, always the same ones.
template<typename Make>
static auto makePending(qsizetype count, Make make)
{
    std::mt19937 random(1);
    std::uniform_int_distribution<int> seconds(10, 3600);
    std::vector<decltype(make(1s))> pending;
    pending.reserve(static_cast<size_t>(count));
    for (qsizetype i = 0; i < count; ++i)
        pending.push_back(make(std::chrono::seconds(seconds(random))));
    QCoreApplication::processEvents();
    return pending;
}

static auto pendingScopes(const benchmark::State &state)
{
    return makePending(state.range(0), [](std::chrono::seconds timeout) {
        return std::make_unique<QTimeoutScope>(timeout);
    });
}

static auto pendingTimers(const benchmark::State &state)
{
    return makePending(state.range(0), [](std::chrono::seconds timeout) {
        auto timer = std::make_unique<QTimer>();
        timer->start(timeout);
        return timer;
    });
}

static void clockRead(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(clockRead);

static void emptyObject(benchmark::State &state)
{
    for (auto _ : state) {
        QObject object;
        benchmark::DoNotOptimize(&object);
    }
}
BENCHMARK(emptyObject);

static void guardScope(benchmark::State &state)
{
    const auto pending = pendingScopes(state);
    for (auto _ : state) {
        QTimeoutScope scope(30s);
        scope.finish();
    }
}
BENCHMARK(guardScope)->Arg(0)->Arg(1000)->Arg(100000)->Arg(1000000);

static void guardTimer(benchmark::State &state)
{
    const auto pending = pendingTimers(state);
    for (auto _ : state) {
        QTimer timer;
        timer.setSingleShot(true);
        timer.start(30s);
        timer.stop();
    }
}
BENCHMARK(guardTimer)->Arg(0)->Arg(1000)->Arg(100000);

static void rescheduleScope(benchmark::State &state)
{
    const auto pending = pendingScopes(state);
    QTimeoutScope scope(30s);
    std::chrono::milliseconds timeout = 30s;
    for (auto _ : state) {
        timeout = 60s - timeout + 1ms; // later and earlier in turn
        scope.reschedule(timeout);
    }
}
BENCHMARK(rescheduleScope)->Arg(0)->Arg(1000)->Arg(100000)->Arg(1000000);

static void rescheduleTimer(benchmark::State &state)
{
    const auto pending = pendingTimers(state);
    QTimer timer;
    timer.setSingleShot(true);
    std::chrono::milliseconds timeout = 30s;
    for (auto _ : state) {
        timeout = 60s - timeout + 1ms;
        timer.start(timeout);
    }
}
BENCHMARK(rescheduleTimer)->Arg(0)->Arg(1000)->Arg(100000);

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
