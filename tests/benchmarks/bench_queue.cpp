// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    Which structure suits the deadline queue: see queues.h for the candidates, and the essay in
    timingwheel.cpp for the conclusions.

    Besides single operations there is the life of a program, in virtual time. Of N entries, half
    are requests with timeouts of 5 s to a minute, which are answered after about a second, and then
    there is another one; 40 % are idle connections with timeouts of 30 s to ten minutes, which are
    postponed about once a second; and 10 % are sessions of ten minutes to four hours. One thing
    happens to one of them every 1/N of a second. What comes up starts again.
*/

#include "contenders.h"
#include "queues.h"

using namespace std::chrono_literals;

static constexpr qint64 NSecsPerMSec = 1'000'000;
static constexpr qint64 NSecsPerSec = 1'000'000'000;

struct Generations
{
    static constexpr const char *name = "young list and heap";
    using Queue = HeapQueue<true, true>;
};

struct LazyHeap
{
    static constexpr const char *name = "lazy heap";
    using Queue = HeapQueue<true, false>;
};

struct PlainHeap
{
    static constexpr const char *name = "plain heap";
    using Queue = HeapQueue<false, false>;
};

struct LazyWheel
{
    static constexpr const char *name = "lazy wheel";
    using Queue = WheelQueue<true>;
};

struct PlainWheel
{
    static constexpr const char *name = "plain wheel";
    using Queue = WheelQueue<false>;
};

/*
    An entry in the midst of what it belongs to.
*/
template<typename Queue>
struct alignas(64) Waiting : Queue::Entry
{
    qint64 timeout = 0;
    quint64 id = 0;
    std::array<char, 40> rest = {};
};

struct Operation
{
    enum Kind : quint8 { Finish, Postpone };

    quint32 index;
    Kind kind;
    qint64 timeout;
};

/*
    What happens, one operation after the other, the same for all.
*/
class Trace
{
public:
    explicit Trace(size_t count) : timeouts(count)
    {
        for (size_t i = 0; i < count; ++i)
            timeouts[i] = timeout(i);
        const size_t length = 3 * std::max<size_t>(count, 100'000);
        operations.reserve(2 * length);
        while (operations.size() < 2 * length)
            operations.push_back(operation());
        measured = length;
    }

    std::vector<qint64> timeouts;
    std::vector<Operation> operations;
    size_t measured; // the first that is: before it things take their places

private:
    size_t requests() const { return timeouts.size() / 2; }
    size_t connections() const { return timeouts.size() * 4 / 10; }
    size_t sessions() const { return timeouts.size() - requests() - connections(); }

    qint64 timeout(size_t index)
    {
        if (index < requests())
            return seconds(5, 60);
        return index < requests() + connections() ? seconds(30, 600) : seconds(600, 4 * 3600);
    }

    qint64 seconds(double from, double to)
    {
        std::uniform_real_distribution<double> exponent(std::log(from), std::log(to));
        return std::llround(std::exp(exponent(m_random)) * static_cast<double>(NSecsPerSec));
    }

    Operation operation()
    {
        const auto among = [this](size_t first, size_t count) {
            return static_cast<quint32>(
                    std::uniform_int_distribution<size_t>(first, first + count - 1)(m_random));
        };
        const double which = std::uniform_real_distribution<double>(0, 1)(m_random);
        quint32 index;
        if (which < 0.6)
            index = among(0, requests());
        else if (which < 0.995)
            index = among(requests(), connections());
        else
            index = among(requests() + connections(), sessions());
        if (which >= 0.6 && which < 0.995)
            return {index, Operation::Postpone, timeouts[index]};
        return {index, Operation::Finish, timeout(index)};
    }

    std::mt19937_64 m_random{1};
};

static const Trace &traceFor(size_t count)
{
    static std::unique_ptr<const Trace> trace;
    if (!trace || trace->timeouts.size() != count)
        trace = std::make_unique<const Trace>(count);
    return *trace;
}

/*
    Plays a trace, with coarse timers as scopes have them, or with precise ones: then what comes up,
    and in which order, is the same for every structure.
*/
template<typename Queue>
class Player
{
public:
    enum Punctuality { Precise, Coarse };

    Player(const Trace &trace, Punctuality punctuality)
        : m_trace(trace),
          m_entries(trace.timeouts.size()),
          m_step(NSecsPerSec / static_cast<qint64>(m_entries.size())),
          m_punctuality(punctuality)
    {
        for (size_t i = 0; i < m_entries.size(); ++i) {
            m_entries[i].id = i;
            m_entries[i].timeout = trace.timeouts[i];
            set(m_entries[i]);
        }
    }

    template<bool Timed = false>
    Q_NEVER_INLINE void play(size_t first, size_t last)
    {
        for (size_t i = first; i < last; ++i) {
            const Operation &operation = m_trace.operations[i];
            auto &entry = m_entries[operation.index];
            m_now += m_step;
            if (m_now >= m_tick + NSecsPerMSec)
                turn<Timed>();
            entry.timeout = operation.timeout;
            if (operation.kind == Operation::Finish)
                queue.remove(&entry);
            set(entry);
        }
    }

    Queue queue;
    qint64 wakeUps = 0;
    qint64 expired = 0;
    quint64 order = 0; // a hash of what has come up
    std::chrono::nanoseconds longest{0}; // that a turn has taken

private:
    void set(Waiting<Queue> &entry)
    {
        const qint64 slack = m_punctuality == Coarse
                ? std::min<qint64>(entry.timeout / 32, 500 * NSecsPerMSec)
                : 0;
        queue.set(&entry, m_now + entry.timeout, m_now + entry.timeout + slack);
    }

    template<bool Timed>
    void turn()
    {
        m_tick = m_now - m_now % NSecsPerMSec;
        if (queue.wakeUp() > m_tick)
            return;
        ++wakeUps;
        const auto start = Timed ? processorTime() : 0ns;
        queue.expire(m_tick, [this](typename Queue::Entry *due) {
            auto *entry = static_cast<Waiting<Queue> *>(due);
            ++expired;
            order = (order ^ entry->id) * 1'099'511'628'211;
            set(*entry);
        });
        if (Timed)
            longest = std::max(longest, processorTime() - start);
    }

    const Trace &m_trace;
    std::vector<Waiting<Queue>> m_entries;
    const qint64 m_step;
    const Punctuality m_punctuality;
    qint64 m_now = NSecsPerSec;
    qint64 m_tick = NSecsPerSec;
};

template<typename Candidate>
static void life(benchmark::State &state, size_t count)
{
    const Trace &trace = traceFor(count);
    using Queue = typename Candidate::Queue;
    Player<Queue> player(trace, Player<Queue>::Coarse);
    player.play(0, trace.measured);
    const qint64 wakeUps = player.wakeUps;
    const qint64 expired = player.expired;
    const size_t operations = trace.operations.size() - trace.measured;
    for (auto _ : state) {
        const auto start = processorTime();
        player.play(trace.measured, trace.operations.size());
        const std::chrono::duration<double> time = processorTime() - start;
        state.SetIterationTime(time.count() / static_cast<double>(operations));
    }
    Player<Queue> precise(trace, Player<Queue>::Precise);
    precise.template play<true>(0, trace.operations.size());
    using ExpectedQueue = PlainHeap::Queue;
    Player<ExpectedQueue> expected(trace, Player<ExpectedQueue>::Precise);
    expected.play(0, trace.operations.size());
    if (precise.order != expected.order || precise.expired != expected.expired)
        state.SkipWithError("what has come up is not in order");
    state.counters["wakeups"] = static_cast<double>(player.wakeUps - wakeUps);
    state.counters["expired"] = static_cast<double>(player.expired - expired);
    state.counters["longest turn"] = std::chrono::duration<double, std::micro>(precise.longest)
                                             .count();
    state.counters["bytes"] = static_cast<double>(player.queue.bytes()) / static_cast<double>(count)
            + sizeof(typename Queue::Entry);
}

template<typename Queue>
static void setPrecise(Queue &queue, typename Queue::Entry &entry, qint64 deadline)
{
    queue.set(&entry, deadline, deadline);
}

/*
    So many entries that have been pending for a while, with deadlines of seconds to hours.
*/
template<typename Queue>
struct Filled
{
    explicit Filled(size_t count) : entries(count)
    {
        const std::vector<Milliseconds> all = timeouts(count);
        for (size_t i = 0; i < count; ++i)
            setPrecise(queue, entries[i], all[i].count() * NSecsPerMSec);
        queue.expire(0, [](auto *) {});
    }

    std::vector<Waiting<Queue>> entries;
    Queue queue;
};

template<typename Candidate>
static void guard(benchmark::State &state, size_t count)
{
    Filled<typename Candidate::Queue> filled(count);
    Waiting<typename Candidate::Queue> entry;
    qint64 now = 0;
    for (auto _ : state) {
        setPrecise(filled.queue, entry, ++now + 600 * NSecsPerSec);
        benchmark::ClobberMemory();
        filled.queue.remove(&entry);
    }
}

template<typename Candidate>
static void postponeAny(benchmark::State &state, size_t count)
{
    Filled<typename Candidate::Queue> filled(count);
    std::minstd_rand random(1);
    for (auto _ : state) {
        auto &entry = filled.entries[random() % count];
        setPrecise(filled.queue, entry, entry.deadline + 10 * NSecsPerSec);
    }
}

/*
    All are cancelled, in no order.
*/
template<typename Candidate>
static void cancelAll(benchmark::State &state, size_t count)
{
    std::mt19937 random(1);
    for (auto _ : state) {
        Filled<typename Candidate::Queue> filled(count);
        std::vector<typename Candidate::Queue::Entry *> order;
        for (auto &entry : filled.entries)
            order.push_back(&entry);
        std::shuffle(order.begin(), order.end(), random);
        const auto start = processorTime();
        for (auto *entry : order)
            filled.queue.remove(entry);
        const std::chrono::duration<double> time = processorTime() - start;
        state.SetIterationTime(time.count() / static_cast<double>(count));
    }
}

/*
    So many are inserted at once, and then the timer fires for another one.
*/
template<typename Candidate>
static void burst(benchmark::State &state, size_t count)
{
    const std::vector<Milliseconds> all = timeouts(count);
    for (auto _ : state) {
        typename Candidate::Queue queue;
        std::vector<Waiting<typename Candidate::Queue>> entries(count);
        Waiting<typename Candidate::Queue> soon;
        setPrecise(queue, soon, NSecsPerMSec);
        const auto start = processorTime();
        for (size_t i = 0; i < count; ++i)
            setPrecise(queue, entries[i], all[i].count() * NSecsPerMSec);
        const auto inserted = processorTime();
        queue.expire(NSecsPerMSec, [](auto *) {});
        const auto end = processorTime();
        const std::chrono::duration<double> time = end - start;
        state.SetIterationTime(time.count() / static_cast<double>(count));
        state.counters["longest turn"] = std::chrono::duration<double, std::micro>(end - inserted)
                                                 .count();
    }
}

/*
    All come up, as an event loop does that looks every millisecond: within 100 ms.
*/
template<typename Candidate>
static void expireAll(benchmark::State &state, size_t count)
{
    std::mt19937 random(1);
    std::uniform_int_distribution<qint64> within(NSecsPerMSec, 100 * NSecsPerMSec);
    for (auto _ : state) {
        typename Candidate::Queue queue;
        std::vector<Waiting<typename Candidate::Queue>> entries(count);
        for (auto &entry : entries)
            setPrecise(queue, entry, within(random));
        size_t expired = 0;
        const auto start = processorTime();
        for (qint64 now = 0; now <= 100 * NSecsPerMSec; now += NSecsPerMSec)
            queue.expire(now, [&expired](auto *) { ++expired; });
        const std::chrono::duration<double> time = processorTime() - start;
        state.SetIterationTime(time.count() / static_cast<double>(count));
        if (expired != count)
            state.SkipWithError("not all have come up");
    }
}

/*
    All come up in the course of six hours, each when it is due. Returns the longest that a turn has
    taken, if that is measured.
*/
template<bool Timed, typename Queue>
Q_NEVER_INLINE static std::chrono::nanoseconds passHours(Queue &queue)
{
    auto longest = 0ns;
    while (queue.wakeUp() != Never) {
        const qint64 now = (queue.wakeUp() + NSecsPerMSec - 1) / NSecsPerMSec * NSecsPerMSec;
        const auto start = Timed ? processorTime() : 0ns;
        queue.expire(now, [](auto *) {});
        if (Timed)
            longest = std::max(longest, processorTime() - start);
    }
    return longest;
}

template<typename Candidate>
static void hours(benchmark::State &state, size_t count)
{
    for (auto _ : state) {
        Filled<typename Candidate::Queue> filled(count);
        const auto start = processorTime();
        passHours<false>(filled.queue);
        const std::chrono::duration<double> time = processorTime() - start;
        state.SetIterationTime(time.count() / static_cast<double>(count));
        Filled<typename Candidate::Queue> again(count);
        state.counters["longest turn"] =
                std::chrono::duration<double, std::micro>(passHours<true>(again.queue)).count();
    }
}

using Function = void (*)(benchmark::State &, size_t);

static auto *add(const char *workload, const char *candidate, int count, Function function)
{
    return benchmark::RegisterBenchmark(benchmarkName(workload, candidate, count).c_str(), function,
                                        static_cast<size_t>(count));
}

template<typename Candidate>
static void addAll(int count)
{
    add("queue: guard", Candidate::name, count, guard<Candidate>)->Iterations(200'000);
    if (!count)
        return;
    add("queue: postpone any", Candidate::name, count, postponeAny<Candidate>)->Iterations(200'000);
    add("queue: life", Candidate::name, count, life<Candidate>)->Iterations(1)->UseManualTime();
    add("queue: cancel all", Candidate::name, count, cancelAll<Candidate>)
            ->Iterations(1)
            ->UseManualTime();
    add("queue: burst", Candidate::name, count, burst<Candidate>)->Iterations(1)->UseManualTime();
    add("queue: hours", Candidate::name, count, hours<Candidate>)->Iterations(1)->UseManualTime();
    add("queue: expire all", Candidate::name, count, expireAll<Candidate>)
            ->Iterations(1)
            ->UseManualTime();
}

int main(int argc, char **argv)
{
    for (const int count : Numbers) {
        addAll<Generations>(count);
        addAll<LazyHeap>(count);
        addAll<PlainHeap>(count);
        addAll<LazyWheel>(count);
        addAll<PlainWheel>(count);
    }
    return runBenchmarks(argc, argv);
}
