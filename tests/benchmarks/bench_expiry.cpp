// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    What it costs when many deadlines pass at about the same time, and how late they come up; and
    how often the event loop is woken up.

    The time is that of the processor, from the moment when all have been started to the moment when
    the last has come up, divided by their number. It includes a clock read each, to see how late
    they are: that is, how long after the time that was asked for a slot is called.
*/

#include "contenders.h"

#include <QTimeout>

#include <QCoroSignal>
#include <QCoroTask>

#include <QAbstractEventDispatcher>
#include <QEventLoop>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/*
    How late each one has come up, in milliseconds.
*/
class Lateness
{
public:
    explicit Lateness(size_t count) : m_due(count), m_late(count), m_left(count) {}

    size_t count() const { return m_due.size(); }
    void expect(size_t index, Milliseconds timeout) { m_due[index] = Clock::now() + timeout; }
    // True for the last one.
    bool record(size_t index)
    {
        m_late[index] = std::chrono::duration<double, std::milli>(Clock::now() - m_due[index]);
        return --m_left == 0;
    }

    void report(benchmark::State &state)
    {
        std::sort(m_late.begin(), m_late.end());
        const size_t last = m_late.size() - 1;
        state.counters["p50"] = m_late[last / 2].count();
        state.counters["p99"] = m_late[last * 99 / 100].count();
        state.counters["max"] = m_late[last].count();
        state.counters["earliest"] = m_late[0].count();
    }

private:
    std::vector<Clock::time_point> m_due;
    std::vector<std::chrono::duration<double, std::milli>> m_late;
    size_t m_left;
};

/*
    The timers, each with start(index, timeout), which expects an expiry, and run(), which returns
    when all have been recorded.
*/
class QtExpiry
{
public:
    explicit QtExpiry(Lateness &where) : lateness(where) {}
    void run() { loop.exec(); }

protected:
    void record(size_t index)
    {
        if (lateness.record(index))
            loop.quit();
    }

    Lateness &lateness;
    QEventLoop loop;
};

class ScopeExpiry : public QtExpiry
{
public:
    static constexpr const char *name = Scopes::name;
    static constexpr bool isLinear = false;
    using QtExpiry::QtExpiry;

    void start(size_t index, Milliseconds timeout)
    {
        lateness.expect(index, timeout);
        auto &scope = m_scopes.emplace_back(
                std::make_unique<QTimeoutScope>(QTimeout::Deadline(timeout, Qt::PreciseTimer)));
        QObject::connect(scope.get(), &QTimeoutScope::expired, [this, index] { record(index); });
    }

private:
    std::vector<std::unique_ptr<QTimeoutScope>> m_scopes;
};

class TimerExpiry : public QtExpiry
{
public:
    static constexpr const char *name = Timers::name;
    static constexpr bool isLinear = true;
    using QtExpiry::QtExpiry;

    void start(size_t index, Milliseconds timeout)
    {
        lateness.expect(index, timeout);
        auto &timer = m_timers.emplace_back(std::make_unique<QTimer>());
        timer->setSingleShot(true);
        timer->setTimerType(Qt::PreciseTimer);
        QObject::connect(timer.get(), &QTimer::timeout, [this, index] { record(index); });
        timer->start(timeout);
    }

private:
    std::vector<std::unique_ptr<QTimer>> m_timers;
};

// What waits for a signal of an object of its own, which does not come.
template<typename Wait>
class CoroutineExpiry : public QtExpiry
{
public:
    static constexpr const char *name = Wait::name;
    static constexpr bool isLinear = Wait::isLinear;
    using QtExpiry::QtExpiry;

    void start(size_t index, Milliseconds timeout)
    {
        lateness.expect(index, timeout);
        auto &object = m_objects.emplace_back(std::make_unique<QObject>());
        m_tasks.push_back(wait(object.get(), index, timeout));
    }

private:
    QCoro::Task<> wait(QObject *object, size_t index, Milliseconds timeout)
    {
        co_await Wait::wait(object, timeout);
        record(index);
    }

    std::vector<std::unique_ptr<QObject>> m_objects;
    std::vector<QCoro::Task<>> m_tasks;
};

struct RunWait
{
    static constexpr const char *name = "QTimeout::tryRun";
    static constexpr bool isLinear = false;
    static auto wait(QObject *object, Milliseconds timeout)
    {
        return QTimeout::tryRun({timeout, Qt::PreciseTimer}, object, &QObject::objectNameChanged);
    }
};

struct QCoroWait
{
    static constexpr const char *name = "QCoro with timeout";
    static constexpr bool isLinear = true;
    static auto wait(QObject *object, Milliseconds timeout)
    {
        return qCoro(object, &QObject::objectNameChanged, std::move(timeout));
    }
};

#ifdef BENCHMARK_LIBUV
class UvExpiry
{
public:
    static constexpr const char *name = Uv::name;
    static constexpr bool isLinear = false;
    explicit UvExpiry(Lateness &lateness) : m_lateness(lateness)
    {
        m_timers.reserve(lateness.count());
    }

    void start(size_t index, Milliseconds timeout)
    {
        Timer &timer = m_timers.emplace_back(
                Timer{Uv::Pending(new uv_timer_t), &m_lateness, index});
        uv_timer_init(Uv::loop(), timer.handle.get());
        timer.handle->data = &timer;
        m_lateness.expect(index, timeout);
        uv_update_time(Uv::loop());
        uv_timer_start(timer.handle.get(), timedOut, Uv::count(timeout), 0);
    }
    void run() { uv_run(Uv::loop(), UV_RUN_DEFAULT); }

private:
    struct Timer
    {
        Uv::Pending handle;
        Lateness *lateness;
        size_t index;
    };
    static void timedOut(uv_timer_t *handle)
    {
        const auto *timer = static_cast<Timer *>(handle->data);
        timer->lateness->record(timer->index);
    }

    Lateness &m_lateness;
    std::vector<Timer> m_timers;
};
#endif

#ifdef BENCHMARK_ASIO
class AsioExpiry
{
public:
    static constexpr const char *name = Asio::name;
    static constexpr bool isLinear = false;
    explicit AsioExpiry(Lateness &lateness) : m_lateness(lateness) {}

    void start(size_t index, Milliseconds timeout)
    {
        m_lateness.expect(index, timeout);
        auto &timer = m_timers.emplace_back(
                std::make_unique<asio::steady_timer>(Asio::context(), timeout));
        timer->async_wait([this, index](const asio::error_code &) { m_lateness.record(index); });
    }
    void run()
    {
        Asio::context().restart();
        Asio::context().run();
    }

private:
    Lateness &m_lateness;
    std::vector<std::unique_ptr<asio::steady_timer>> m_timers;
};
#endif

/*
    So many are due at random within 100 ms, a while from now, which is for starting them all.
*/
template<typename Expiry>
static void expire(benchmark::State &state, size_t count)
{
    const Milliseconds setUp = count <= 1'000 ? 200ms : 2s;
    std::mt19937 random(1);
    std::uniform_int_distribution<int> within(0, 100);
    std::vector<Milliseconds> offsets(count);
    for (Milliseconds &offset : offsets)
        offset = Milliseconds(within(random));
    // A sorted list could not be filled in time in any other order.
    if (Expiry::isLinear)
        std::sort(offsets.begin(), offsets.end());
    for (auto _ : state) {
        Lateness lateness(count);
        Expiry expiry(lateness);
        const Clock::time_point begin = Clock::now() + setUp;
        for (size_t i = 0; i < count; ++i) {
            const auto left = std::chrono::ceil<Milliseconds>(begin - Clock::now());
            expiry.start(i, std::max(left, 0ms) + offsets[i]);
        }
        if (Clock::now() > begin)
            state.SkipWithError("they could not be started in time: the machine is too busy");
        const auto start = processorTime();
        expiry.run();
        const std::chrono::duration<double> time = processorTime() - start;
        state.SetIterationTime(time.count() / static_cast<double>(count));
        lateness.report(state);
    }
}

template<typename Expiry>
static void addExpiry(int count)
{
    benchmark::RegisterBenchmark(benchmarkName("expiry", Expiry::name, count).c_str(),
                                 [count](benchmark::State &state) {
                                     expire<Expiry>(state, static_cast<size_t>(count));
                                 })
            ->Iterations(1)
            ->UseManualTime();
}

/*
    How often something comes out of the event dispatcher's sleep.
*/
class WakeUps
{
public:
    WakeUps()
    {
        m_connection = QObject::connect(QAbstractEventDispatcher::instance(),
                                        &QAbstractEventDispatcher::awake, [this] { ++m_count; });
    }
    ~WakeUps() { QObject::disconnect(m_connection); }
    Q_DISABLE_COPY_MOVE(WakeUps)

    int count() const { return m_count; }

private:
    QMetaObject::Connection m_connection;
    int m_count = 0;
};

// A thread that sleeps meanwhile, and posts the one event that ends the loop.
static void runEventLoopFor(Milliseconds time)
{
    QEventLoop loop;
    std::thread alarm([&loop, time] {
        std::this_thread::sleep_for(time);
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
    });
    loop.exec();
    alarm.join();
}

/*
    Nothing is pending, or not any more: the timer of those that were may still fire once, before.
*/
static void idle(benchmark::State &state, void (*guard)(Milliseconds))
{
    for (auto _ : state) {
        for (int i = 0; guard && i < 1'000; ++i)
            guard(10ms);
        runEventLoopFor(100ms);
        const WakeUps wakeUps;
        runEventLoopFor(500ms);
        state.counters["wakeups"] = wakeUps.count();
    }
}

static quint64 timerEvents()
{
    return QTimeout::detail::DeadlineQueue::current()->timerEvents();
}

/*
    A million lives with deadlines of 50 ms; the event loop turns once in a thousand of them.
*/
static void churn(benchmark::State &state)
{
    static constexpr int Lives = 1'000'000;
    static constexpr Milliseconds Timeout = 50ms;
    for (auto _ : state) {
        const quint64 before = timerEvents();
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < Lives; ++i) {
            Scopes::guard(Timeout);
            if (i % 1'000 == 0)
                QCoreApplication::processEvents();
        }
        const std::chrono::duration<double> time = Clock::now() - start;
        state.counters["timer events"] = static_cast<double>(timerEvents() - before);
        state.counters["intervals"] = std::ceil(time / Timeout);
    }
}

/*
    Coarse deadlines 5 ms apart.
*/
static void coincide(benchmark::State &state)
{
    for (auto _ : state) {
        runEventLoopFor(100ms); // a timer that was armed for others
        QTimeoutScope first(400ms);
        QTimeoutScope second(405ms);
        const auto ignore = [] {};
        QObject::connect(&first, &QTimeoutScope::expired, ignore);
        QObject::connect(&second, &QTimeoutScope::expired, ignore);
        const quint64 before = timerEvents();
        while (first.isActive() || second.isActive())
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        state.counters["timer events"] = static_cast<double>(timerEvents() - before);
    }
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    // Those of the event loop itself are counted before there is anything else.
    using Guard = void (*)(Milliseconds);
    benchmark::RegisterBenchmark("idle for 500 ms/nothing/0", idle, Guard())->Iterations(1);
    benchmark::RegisterBenchmark("idle for 500 ms/QTimer/0", idle, Timers::guard)->Iterations(1);
    benchmark::RegisterBenchmark("idle for 500 ms/QTimeoutScope/0", idle, Scopes::guard)
            ->Iterations(1);
    for (const int count : {1'000, 100'000}) {
        addExpiry<ScopeExpiry>(count);
        addExpiry<TimerExpiry>(count);
        addExpiry<CoroutineExpiry<RunWait>>(count);
        addExpiry<CoroutineExpiry<QCoroWait>>(count);
#ifdef BENCHMARK_LIBUV
        addExpiry<UvExpiry>(count);
#endif
#ifdef BENCHMARK_ASIO
        addExpiry<AsioExpiry>(count);
#endif
    }
    benchmark::RegisterBenchmark("million lives/QTimeoutScope/0", churn)->Iterations(1);
    benchmark::RegisterBenchmark("two coarse deadlines/QTimeoutScope/0", coincide)->Iterations(1);
    return runBenchmarks(argc, argv);
}
