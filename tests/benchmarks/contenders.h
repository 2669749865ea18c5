// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef CONTENDERS_H
#define CONTENDERS_H

#include <QTimeoutScope>

#include <QCoreApplication>
#include <QTimer>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#ifdef BENCHMARK_LIBUV
#    include <uv.h>
#endif
#ifdef BENCHMARK_ASIO
#    include <asio/io_context.hpp>
#    include <asio/steady_timer.hpp>
#endif

/*
    The timers that are compared, each with the same few functions:

        name                    in the results
        Pending                 owns a timer that is pending
        start(timeout)          makes one
        guard(timeout)          makes one, arms it, ends it early and destroys it
        move(pending, timeout)  gives it another timeout from now
        growUp()                what happens in the event loop after a while
        turn()                  lets those that need it tidy up: called between operations, and
                                measured
        isLinear                each operation takes time in proportion to the number pending
*/

using Milliseconds = std::chrono::milliseconds;

struct Scopes
{
    static constexpr const char *name = "QTimeoutScope";
    static constexpr bool isLinear = false;
    using Pending = std::unique_ptr<QTimeoutScope>;

    static Pending start(Milliseconds timeout) { return std::make_unique<QTimeoutScope>(timeout); }
    static void guard(Milliseconds timeout)
    {
        QTimeoutScope scope(timeout);
        scope.finish();
    }
    static void move(Pending &scope, Milliseconds timeout) { scope->reschedule(timeout); }
    static void turn() {}
    static void growUp()
    {
        // One that comes up turns the wheel, or whatever the queue is.
        QTimeoutScope soon({Milliseconds(1), Qt::PreciseTimer});
        QObject::connect(&soon, &QTimeoutScope::expired, [] {});
        while (soon.isActive())
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
};

struct Timers
{
    static constexpr const char *name = "QTimer";
    static constexpr bool isLinear = true;
    using Pending = std::unique_ptr<QTimer>;

    static Pending start(Milliseconds timeout)
    {
        auto timer = std::make_unique<QTimer>();
        timer->setSingleShot(true);
        timer->start(timeout);
        return timer;
    }
    static void guard(Milliseconds timeout)
    {
        QTimer timer;
        timer.setSingleShot(true);
        timer.start(timeout);
        timer.stop();
    }
    static void move(Pending &timer, Milliseconds timeout) { timer->start(timeout); }
    static void turn() {}
    static void growUp() { QCoreApplication::processEvents(); }
};

#ifdef BENCHMARK_LIBUV
struct Uv
{
    static constexpr const char *name = "libuv";
    static constexpr bool isLinear = false;

    struct Close
    {
        void operator()(uv_timer_t *timer) const
        {
            uv_close(reinterpret_cast<uv_handle_t *>(timer),
                     [](uv_handle_t *handle) { delete reinterpret_cast<uv_timer_t *>(handle); });
        }
    };
    using Pending = std::unique_ptr<uv_timer_t, Close>;

    static uv_loop_t *loop() { return uv_default_loop(); }
    static void ignore(uv_timer_t *) {}
    static quint64 count(Milliseconds timeout) { return static_cast<quint64>(timeout.count()); }

    static Pending start(Milliseconds timeout)
    {
        Pending timer(new uv_timer_t);
        uv_timer_init(loop(), timer.get());
        uv_timer_start(timer.get(), ignore, count(timeout), 0);
        return timer;
    }
    static void guard(Milliseconds timeout)
    {
        const Pending timer = start(timeout);
        uv_timer_stop(timer.get());
    }
    static void move(Pending &timer, Milliseconds timeout)
    {
        uv_timer_start(timer.get(), ignore, count(timeout), 0);
    }
    static void turn() { uv_run(loop(), UV_RUN_NOWAIT); }
    static void growUp() { turn(); }
};
#endif

#ifdef BENCHMARK_ASIO
struct Asio
{
    static constexpr const char *name = "Asio";
    static constexpr bool isLinear = false;
    using Pending = std::unique_ptr<asio::steady_timer>;

    static asio::io_context &context()
    {
        static asio::io_context context(1);
        return context;
    }
    static void ignore(const asio::error_code &) {}

    static Pending start(Milliseconds timeout)
    {
        auto timer = std::make_unique<asio::steady_timer>(context(), timeout);
        timer->async_wait(ignore);
        return timer;
    }
    static void guard(Milliseconds timeout)
    {
        asio::steady_timer timer(context(), timeout);
        timer.async_wait(ignore);
        timer.cancel();
    }
    static void move(Pending &timer, Milliseconds timeout)
    {
        timer->expires_after(timeout);
        timer->async_wait(ignore);
    }
    static void turn() { context().poll(); }
    static void growUp() { turn(); }
};
#endif

// Calls the function with an object of each of the types.
template<typename Function>
void forEachContender(Function function)
{
    function(Scopes());
    function(Timers());
#ifdef BENCHMARK_LIBUV
    function(Uv());
#endif
#ifdef BENCHMARK_ASIO
    function(Asio());
#endif
}

inline constexpr std::initializer_list<int> Numbers = {0, 1'000, 10'000, 100'000, 1'000'000};

/*
    Timeouts of minutes to hours, on a logarithmic scale. The guard's is among them, so that a
    sorted list is searched to a place in its midst; none comes up while something is measured.
*/
inline constexpr Milliseconds GuardTimeout = std::chrono::minutes(10);

inline std::vector<Milliseconds> timeouts(size_t count)
{
    std::mt19937 random(1);
    std::uniform_real_distribution<double> exponent(std::log(200.), std::log(6. * 3600));
    std::vector<Milliseconds> result(count);
    for (Milliseconds &timeout : result)
        timeout = Milliseconds(std::lround(1000 * std::exp(exponent(random))));
    return result;
}

// Someone has to own what is pending from one benchmark to the next: it takes long to make.
class Background
{
public:
    template<typename Contender>
    static std::vector<typename Contender::Pending> &keep(int count)
    {
        static std::vector<typename Contender::Pending> pending;
        static const std::function<void()> clear = [] {
            pending.clear();
            pending.shrink_to_fit();
            Contender::turn();
            Contender::growUp(); // no timer of a scope's is left in the event loop
        };
        if (s_clear == &clear && pending.size() == static_cast<size_t>(count))
            return pending;
        reset();
        s_clear = &clear;
        std::vector<Milliseconds> all = timeouts(static_cast<size_t>(count));
        // To fill a sorted list of a million in any other order takes many minutes.
        if (Contender::isLinear && count > 100'000)
            std::sort(all.begin(), all.end());
        std::vector<std::pair<Milliseconds, typename Contender::Pending>> started;
        started.reserve(all.size());
        for (const Milliseconds timeout : all)
            started.emplace_back(timeout, Contender::start(timeout));
        // And to clear it.
        if (Contender::isLinear)
            std::sort(started.begin(), started.end());
        pending.reserve(all.size());
        for (auto &each : started)
            pending.push_back(std::move(each.second));
        Contender::growUp();
        return pending;
    }

    static void reset()
    {
        if (s_clear)
            (*s_clear)();
        s_clear = nullptr;
    }

private:
    static inline const std::function<void()> *s_clear = nullptr;
};

// Fixed, since the machine is to do the same work in each round; few where one takes milliseconds.
inline int iterations(bool isLinear, int pending, int most = 200'000)
{
    return isLinear && pending ? std::clamp(20'000'000 / pending, 10, most) : most;
}

// That of this thread, so that others on the machine do not count.
inline std::chrono::nanoseconds processorTime()
{
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// The name of a benchmark is workload/contender/N.
inline std::string benchmarkName(const char *workload, const char *contender, int pending)
{
    return std::string(workload) + '/' + contender + '/' + std::to_string(pending);
}

inline int runBenchmarks(int &argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    Background::reset();
    return 0;
}

#endif // CONTENDERS_H
