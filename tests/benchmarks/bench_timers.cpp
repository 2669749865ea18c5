// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    What the life of a timeout costs that is created, armed, finished early and destroyed, and what
    a deadline costs that is moved, while N others are pending.
*/

#include "contenders.h"

#include <cstdlib>

// So many operations are done between two turns of an event loop that needs them to tidy up.
static constexpr int TurnInterval = 1024;

static void clockRead(benchmark::State &state)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(clockRead)->Name("clock read/yardstick/0");

static void emptyObject(benchmark::State &state)
{
    for (auto _ : state) {
        QObject object;
        benchmark::DoNotOptimize(&object);
    }
}
BENCHMARK(emptyObject)->Name("empty QObject/yardstick/0");

static void allocation(benchmark::State &state)
{
    for (auto _ : state) {
        void *block = std::malloc(100);
        benchmark::DoNotOptimize(block);
        std::free(block);
    }
}
BENCHMARK(allocation)->Name("malloc and free/yardstick/0");

template<typename Contender>
static void guard(benchmark::State &state, int count)
{
    Background::keep<Contender>(count);
    int untilTurn = TurnInterval;
    for (auto _ : state) {
        Contender::guard(GuardTimeout);
        if (--untilTurn == 0) {
            Contender::turn();
            untilTurn = TurnInterval;
        }
    }
    Contender::turn();
}

/*
    Moves the deadline of one timer, which is not the earliest, by so much more each time.
*/
template<typename Contender>
static void reschedule(benchmark::State &state, int count, Milliseconds step)
{
    Background::keep<Contender>(count);
    auto pending = Contender::start(GuardTimeout);
    Contender::growUp();
    Milliseconds timeout = GuardTimeout;
    int untilTurn = TurnInterval;
    for (auto _ : state) {
        timeout += step;
        Contender::move(pending, timeout);
        if (--untilTurn == 0) {
            Contender::turn();
            untilTurn = TurnInterval;
        }
    }
    pending = {};
    Contender::turn();
}

/*
    Postpones one after the other of all that are pending, in no order: nothing of them is in the
    processor's caches.
*/
template<typename Contender>
static void postponeAny(benchmark::State &state, int count)
{
    auto &pending = Background::keep<Contender>(count);
    std::minstd_rand random(1);
    std::vector<size_t> moved;
    int untilTurn = TurnInterval;
    for (auto _ : state) {
        const size_t index = random() % pending.size();
        Contender::move(pending[index], GuardTimeout);
        if (--untilTurn == 0) {
            Contender::turn();
            untilTurn = TurnInterval;
        }
        if (Contender::isLinear)
            moved.push_back(index);
    }
    // The deadlines are not spread any more. A sorted list is cleared from its front, once those
    // that have been moved are gone.
    for (const size_t index : moved)
        pending[index] = {};
    Background::reset();
}

static void shift(benchmark::State &state, int count, Milliseconds step)
{
    Background::keep<Scopes>(count);
    QTimeoutScope scope(GuardTimeout);
    Scopes::growUp();
    for (auto _ : state)
        scope.shift(step);
}

template<typename Contender, typename Function, typename... Args>
static void add(const char *workload, int count, Function function, Args... args)
{
    benchmark::RegisterBenchmark(benchmarkName(workload, Contender::name, count).c_str(), function,
                                 count, args...)
            ->Iterations(iterations(Contender::isLinear, count))
            ->Unit(benchmark::kNanosecond);
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    using namespace std::chrono_literals;
    for (const int count : Numbers) {
        forEachContender([count]<typename Contender>(Contender) {
            add<Contender>("guard", count, guard<Contender>);
            add<Contender>("reschedule later", count, reschedule<Contender>, 1ms);
            add<Contender>("reschedule earlier", count, reschedule<Contender>, -1ms);
            if constexpr (std::is_same_v<Contender, Scopes>) {
                add<Contender>("shift later", count, shift, 1ms);
                add<Contender>("shift earlier", count, shift, -1ms);
            }
            if (count)
                add<Contender>("postpone any", count, postponeAny<Contender>);
        });
    }
    return runBenchmarks(argc, argv);
}
