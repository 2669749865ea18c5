// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <deadline/timingwheel_p.h>

#include <QtCore/qstring.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

using QTimeout::detail::TimingWheel;
using QTimeout::detail::TimingWheelNode;

using Time = std::int64_t;

static constexpr Time Last = TimingWheel::Never - 1;
static constexpr Time Millisecond = 1'000'000;
static constexpr Time Second = 1'000 * Millisecond;
static constexpr Time Year = 8766 * 3600 * Second;
// A slot of the wheel's window, and one of the level above.
static constexpr Time Tick = Time(1) << 20;
static constexpr Time BigSlot = Tick << 8;
// So many in a big slot are a crowd.
static constexpr int Crowd = 2048;

static Time sum(Time a, Time b)
{
    if (b > 0 && a > Last - b)
        return Last;
    if (b < 0 && a < std::numeric_limits<Time>::min() - b)
        return std::numeric_limits<Time>::min();
    return a + b;
}

/*
    The same numbers with each standard library.
*/
class Random
{
public:
    explicit Random(quint32 seed) : m_engine(seed) {}

    // Not less than from, and less than to.
    Time between(Time from, Time to)
    {
        const auto range = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
        return static_cast<Time>(static_cast<std::uint64_t>(from) + m_engine() % range);
    }
    int below(int end) { return static_cast<int>(between(0, end)); }
    bool oneIn(int count) { return below(count) == 0; }
    // Of any order of magnitude below two to that power.
    Time magnitude(int bits) { return between(0, Time(1) << (1 + below(bits))); }

private:
    std::mt19937_64 m_engine;
};

/*
    Deadlines, one after the other, some of them before the time that is told.
*/
class Deadlines
{
public:
    enum Kind {
        Equal,
        Ascending,
        Descending,
        Clustered,
        NanosecondsApart,
        DecadesApart,
        AtBorders, // of ticks and of slots of all levels
        Crowded, // thousands together in a slot of the level above the window
        AnyMagnitude,
        Negative,
        NearTheEnd, // of what 64 bits hold
        AtBothEnds
    };

    Deadlines(Kind kind, Time start, quint32 seed) : m_kind(kind), m_start(start), m_random(seed) {}

    Time next(Time now)
    {
        const auto step = static_cast<Time>(++m_count);
        switch (m_kind) {
        case Equal:
            return sum(m_start, (1 + step / 300) * 10 * Second);
        case Ascending:
            return sum(m_start, step * 300'000);
        case Descending:
            return sum(m_start, Year - step * 700'000);
        case Clustered:
            return sum(now, (1 + m_random.below(5)) * 7 * Second + m_random.between(-20, 20));
        case NanosecondsApart:
            return sum(now, m_random.between(-30, 300));
        case DecadesApart:
            return sum(now, m_random.between(-1, 25) * 10 * Year + m_random.between(0, 3));
        case AtBorders: {
            const Time slot = Tick << (m_random.oneIn(3) ? 0 : 8 + 6 * m_random.below(5));
            const Time border = sum(now, m_random.between(0, 70) * slot) / slot * slot;
            return sum(border, m_random.between(-1, 2));
        }
        case Crowded:
            return sum((sum(now, 2 * BigSlot)) / BigSlot * BigSlot, m_random.between(0, BigSlot));
        case AnyMagnitude:
            return sum(now, m_random.magnitude(62) - m_random.magnitude(30));
        case Negative:
            return m_random.oneIn(2) ? m_random.between(-Year, 0) : -m_random.magnitude(62);
        case NearTheEnd:
            return Last - m_random.magnitude(50);
        case AtBothEnds:
            return m_random.oneIn(2) ? std::numeric_limits<Time>::min() + m_random.magnitude(3)
                                     : Last - m_random.magnitude(3);
        }
        Q_UNREACHABLE();
    }

private:
    const Kind m_kind;
    const Time m_start;
    Random m_random;
    int m_count = 0;
};

static const std::pair<const char *, Deadlines::Kind> Kinds[] = {
        {"equal", Deadlines::Equal},
        {"ascending", Deadlines::Ascending},
        {"descending", Deadlines::Descending},
        {"clustered", Deadlines::Clustered},
        {"nanoseconds apart", Deadlines::NanosecondsApart},
        {"decades apart", Deadlines::DecadesApart},
        {"at borders", Deadlines::AtBorders},
        {"crowded", Deadlines::Crowded},
        {"any magnitude", Deadlines::AnyMagnitude},
        {"negative", Deadlines::Negative},
        {"near the end of time", Deadlines::NearTheEnd},
        {"at both ends of time", Deadlines::AtBothEnds},
};

// When the wheel begins: a clock's zero, a machine that has been up for weeks, and little time left.
static const std::pair<const char *, Time> Starts[] = {
        {"at zero", 0},
        {"after weeks", 3'000'123 * Second + 123'456'789},
        {"at the end", Last - 10 * Second},
};

struct Node final : TimingWheelNode
{
};

/*
    The wheel does what a std::multimap does. Each node is in both, or in neither.
*/
class Model
{
public:
    // What becomes of the time from one turn to the next.
    enum Steps { Small, Jumps, ToTheNext, BackAndForth };

    Model(Deadlines::Kind kind, Time start, Steps steps, quint32 seed)
        : m_wheel(start),
          m_now(start),
          m_steps(steps),
          m_deadlines(kind, start, seed),
          m_random(seed + 1),
          m_places(NodeCount)
    {
        for (Place &place : m_places)
            place.position = m_pending.end();
    }

    void run(int operations)
    {
        for (int i = 0; i < operations && m_failure.isEmpty(); ++i) {
            if (m_random.oneIn(8))
                advance();
            else
                operate();
            check();
        }
        m_mayOperate = false;
        m_now = Last;
        turn();
        if (m_failure.isEmpty() && !m_pending.empty())
            fail("not all have come up at the end of time");
        check();
    }

    QString failure() const { return m_failure; }
    int takenCount() const { return m_takenCount; }

private:
    using Pending = std::multimap<Time, std::size_t>;
    struct Place
    {
        Node node;
        Pending::iterator position;
        int turn = 0; // in which it was set
    };

    static constexpr int NodeCount = 400;

    void operate()
    {
        const auto index = static_cast<std::size_t>(m_random.below(NodeCount));
        const Place &place = m_places[index];
        if (place.position == m_pending.end())
            set(index, m_deadlines.next(m_now));
        else if (m_random.oneIn(3))
            remove(index);
        else if (m_random.oneIn(2)) // postponed or drawn nearer a little
            set(index,
                std::min(Last, sum(place.node.deadline(), m_random.between(-Tick, 2 * Tick))));
        else
            set(index, m_deadlines.next(m_now));
    }

    void set(std::size_t index, Time deadline)
    {
        Place &place = m_places[index];
        const Time latest = sum(deadline, m_random.oneIn(2) ? 0 : m_random.magnitude(31));
        if (place.position == m_pending.end()) {
            std::ignore = m_wheel.insert(&place.node, deadline, latest);
        } else {
            m_pending.erase(place.position);
            std::ignore = m_wheel.reschedule(&place.node, deadline, latest);
        }
        if (place.node.deadline() != deadline || place.node.latest() != latest)
            fail("has another deadline than the one that was set");
        place.position = m_pending.emplace(deadline, index); // behind those of the same deadline
        place.turn = m_turn;
    }

    void remove(std::size_t index)
    {
        m_wheel.remove(&m_places[index].node);
        forget(index);
    }

    void forget(std::size_t index)
    {
        m_pending.erase(m_places[index].position);
        m_places[index].position = m_pending.end();
    }

    void advance()
    {
        const Time next = m_pending.empty() ? m_now : m_pending.begin()->first;
        switch (m_steps) {
        case Small:
            m_now = sum(m_now, m_random.between(0, 3 * Tick));
            break;
        case Jumps:
            m_now = sum(m_now, m_random.magnitude(55));
            break;
        case ToTheNext: // or a nanosecond before or after
            m_now = std::max(m_now, sum(next, m_random.between(-1, 2)));
            break;
        case BackAndForth:
            m_now = std::max<Time>(0, sum(m_now, m_random.magnitude(40) - m_random.magnitude(40)));
            break;
        }
        turn();
        // What was set in the turn has its turn after it.
        m_mayOperate = false;
        turn();
        m_mayOperate = true;
        if (!m_pending.empty() && m_pending.begin()->first <= m_now)
            fail("is due and has not come up");
        m_wheel.emptyCrowdedSlot();
    }

    void turn()
    {
        ++m_turn;
        TimingWheel::Turn turn(m_wheel, m_now);
        while (TimingWheelNode *node = turn.takeDue()) {
            if (!m_failure.isEmpty())
                return;
            taken(node);
            if (m_mayOperate && m_random.oneIn(2))
                operate();
            if (m_random.oneIn(16))
                check();
        }
    }

    void taken(const TimingWheelNode *node)
    {
        ++m_takenCount;
        const auto place = std::find_if(m_places.begin(), m_places.end(),
                                        [node](const Place &each) { return &each.node == node; });
        const auto index = static_cast<std::size_t>(place - m_places.begin());
        if (place->position == m_pending.end())
            return fail("has come up without being pending");
        if (place->node.deadline() > m_now)
            return fail("has come up early");
        if (place->turn == m_turn)
            return fail("has come up in the turn in which it was set");
        for (auto before = m_pending.begin(); before != place->position; ++before) {
            if (m_places[before->second].turn != m_turn)
                return fail("has come up before another that was due earlier");
        }
        forget(index);
    }

    void check()
    {
        if (m_wheel.size() != m_pending.size())
            fail("the sizes differ");
        // Not always, since it moves what has been postponed.
        if (m_random.oneIn(8)) {
            const Time earliest = m_pending.empty() ? TimingWheel::Never : m_pending.begin()->first;
            if (m_wheel.earliestDeadline() != earliest)
                fail("the earliest deadline is another");
        }
        Time latest = TimingWheel::Never;
        for (const auto &[deadline, index] : m_pending)
            latest = std::min(latest, m_places[index].node.latest());
        const Time wakeUp = m_wheel.wakeUp();
        if (wakeUp > std::max(latest, m_now))
            fail("it would be woken up too late");
        if (m_pending.empty() && wakeUp != TimingWheel::Never)
            fail("it would be woken up for nothing");
    }

    void fail(const char *what)
    {
        if (m_failure.isEmpty())
            m_failure = QLatin1String(what);
    }

    TimingWheel m_wheel;
    Time m_now;
    const Steps m_steps;
    Deadlines m_deadlines;
    Random m_random;
    Pending m_pending;
    std::vector<Place> m_places;
    bool m_mayOperate = true; // in a turn
    int m_turn = 0;
    int m_takenCount = 0;
    QString m_failure;
};

class tst_TimingWheel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void emptyWheel();
    void againstAMultimap_data();
    void againstAMultimap();
    void manyAtOnceComeUpInOrder_data();
    void manyAtOnceComeUpInOrder();
    void wakingUpInTimeIsEnough_data();
    void wakingUpInTimeIsEnough();
    void wakingUpIsShared();
    void postponedNodeStaysWhereItIs();
    void setInATurnWaitsForTheNext();
    void removedInATurnDoesNotComeUp();
    void innerTurnTakesWhatTheOuterHasLeft();
    void abandonedTurnGoesOnInOrder();
    void crowdIsReportedOnce();
    void crowdIsMovedAhead();
    void crowdComesUpInOrder_data();
    void crowdComesUpInOrder();
    void postponedNodeWakesUpOncePerInterval();
};

void tst_TimingWheel::emptyWheel()
{
    TimingWheel wheel(0);
    QCOMPARE(wheel.size(), std::size_t(0));
    QCOMPARE(wheel.wakeUp(), TimingWheel::Never);
    QCOMPARE(wheel.earliestDeadline(), TimingWheel::Never);
    for (const Time time : {Time(0), Time(1), Year, Last}) {
        TimingWheel::Turn turn(wheel, time);
        QVERIFY(!turn.takeDue());
        QVERIFY(!wheel.hasDue());
    }
}

void tst_TimingWheel::againstAMultimap_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<Time>("start");
    QTest::addColumn<int>("steps");
    QTest::addColumn<quint32>("seed");

    static constexpr std::pair<const char *, Model::Steps> AllSteps[] = {
            {"small steps", Model::Small},
            {"jumps", Model::Jumps},
            {"to the next", Model::ToTheNext},
            {"back and forth", Model::BackAndForth},
    };
    quint32 seed = 0;
    for (const auto &[kindName, kind] : Kinds) {
        for (const auto &[startName, start] : Starts) {
            for (const auto &[stepsName, steps] : AllSteps) {
                ++seed;
                QTest::addRow("%s, %s, %s", kindName, startName, stepsName)
                        << int(kind) << start << int(steps) << seed;
            }
        }
    }
}

void tst_TimingWheel::againstAMultimap()
{
    QFETCH(const int, kind);
    QFETCH(const Time, start);
    QFETCH(const int, steps);
    QFETCH(const quint32, seed);

    int taken = 0;
    for (quint32 each = seed; each < seed + 10'000; each += 1000) {
        Model model(Deadlines::Kind(kind), start, Model::Steps(steps), each);
        model.run(1000);
        QVERIFY2(model.failure().isEmpty(),
                 qPrintable(QStringLiteral("seed %1: %2").arg(each).arg(model.failure())));
        taken += model.takenCount();
    }
    QCOMPARE_GT(taken, 100);
}

static void addKinds()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<Time>("start");
    QTest::addColumn<quint32>("seed");

    quint32 seed = 0;
    for (const auto &[kindName, kind] : Kinds) {
        for (const auto &[startName, start] : Starts)
            QTest::addRow("%s, %s", kindName, startName) << int(kind) << start << ++seed;
    }
}

void tst_TimingWheel::manyAtOnceComeUpInOrder_data()
{
    addKinds();
}

void tst_TimingWheel::manyAtOnceComeUpInOrder()
{
    QFETCH(const int, kind);
    QFETCH(const Time, start);
    QFETCH(const quint32, seed);

    TimingWheel wheel(start);
    Deadlines deadlines(Deadlines::Kind(kind), start, seed);
    std::vector<Node> nodes(10'000);
    std::vector<const TimingWheelNode *> expected;
    for (Node &node : nodes) {
        const Time deadline = deadlines.next(start);
        std::ignore = wheel.insert(&node, deadline, deadline);
        expected.push_back(&node);
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [](auto *a, auto *b) { return a->deadline() < b->deadline(); });
    std::vector<const TimingWheelNode *> order;
    TimingWheel::Turn turn(wheel, Last);
    while (const TimingWheelNode *node = turn.takeDue())
        order.push_back(node);
    QVERIFY2(order == expected, qPrintable(QStringLiteral("seed %1").arg(seed)));
    QCOMPARE(wheel.size(), std::size_t(0));
}

void tst_TimingWheel::wakingUpInTimeIsEnough_data()
{
    addKinds();
}

/*
    A turn at each wake-up, and none else, brings up every node between its deadline and its latest
    time. No wake-up but those for crowds is in vain where nothing has left or been postponed.
*/
void tst_TimingWheel::wakingUpInTimeIsEnough()
{
    QFETCH(const int, kind);
    QFETCH(const Time, start);
    QFETCH(const quint32, seed);

    TimingWheel wheel(start);
    Deadlines deadlines(Deadlines::Kind(kind), start, seed);
    Random random(seed);
    std::vector<Node> nodes(3000);
    for (Node &node : nodes) {
        const Time deadline = deadlines.next(start);
        std::ignore = wheel.insert(&node, deadline, sum(deadline, random.magnitude(30)));
    }
    const QByteArray seedText = QByteArray("seed ") + QByteArray::number(seed);
    std::size_t taken = 0;
    int inVain = 0;
    Time now = start;
    while (wheel.size() > 0) {
        const Time wakeUp = wheel.wakeUp();
        QVERIFY2(wakeUp != TimingWheel::Never, seedText);
        now = std::max(now, wakeUp);
        const std::size_t before = taken;
        {
            TimingWheel::Turn turn(wheel, now);
            while (const TimingWheelNode *node = turn.takeDue()) {
                ++taken;
                QVERIFY2(node->deadline() <= now, seedText);
                QVERIFY2(std::max(node->latest(), start) >= now, seedText);
            }
        }
        inVain += before == taken;
        wheel.emptyCrowdedSlot();
        QVERIFY2(inVain <= 100, seedText);
    }
    QCOMPARE(taken, nodes.size());
    QCOMPARE_LE(std::size_t(inVain), nodes.size() / Crowd);
}

void tst_TimingWheel::wakingUpIsShared()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(100);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Time deadline = 10 * Second + Time(i) * Millisecond;
        std::ignore = wheel.insert(&nodes[i], deadline, deadline + 100 * Millisecond);
    }
    QCOMPARE(wheel.wakeUp(), 10 * Second + 100 * Millisecond);
    int count = 0;
    TimingWheel::Turn turn(wheel, wheel.wakeUp());
    while (turn.takeDue())
        ++count;
    QCOMPARE(count, 100);
}

void tst_TimingWheel::postponedNodeStaysWhereItIs()
{
    TimingWheel wheel(0);
    Node node;
    std::ignore = wheel.insert(&node, 10 * Second, 10 * Second);
    std::ignore = wheel.reschedule(&node, Year, Year);
    // So the wheel is turned once at the time of the old deadline, for nothing.
    QCOMPARE(wheel.wakeUp(), 10 * Second);
    QCOMPARE(wheel.earliestDeadline(), Year);
    {
        TimingWheel::Turn turn(wheel, 10 * Second);
        QVERIFY(!turn.takeDue());
    }
    QCOMPARE(wheel.wakeUp(), Year);
    // What is drawn nearer moves at once.
    std::ignore = wheel.reschedule(&node, 20 * Second, 20 * Second);
    QCOMPARE(wheel.wakeUp(), 20 * Second);
    wheel.remove(&node);
    QCOMPARE(wheel.wakeUp(), TimingWheel::Never);
}

void tst_TimingWheel::setInATurnWaitsForTheNext()
{
    TimingWheel wheel(0);
    Node first;
    Node second;
    Node past;
    std::ignore = wheel.insert(&first, 1, 1);
    std::ignore = wheel.insert(&second, 2, 2);
    {
        TimingWheel::Turn turn(wheel, 10);
        QCOMPARE(turn.takeDue(), &first);
        std::ignore = wheel.insert(&past, std::numeric_limits<Time>::min(), 0);
        std::ignore = wheel.insert(&first, 1, 1);
        QCOMPARE(turn.takeDue(), &second);
        std::ignore = wheel.insert(&second, 11, 11); // not due in this turn anyway
        QVERIFY(!turn.takeDue());
        QCOMPARE(wheel.earliestDeadline(), std::numeric_limits<Time>::min());
    }
    QCOMPARE_LE(wheel.wakeUp(), 1);
    TimingWheel::Turn turn(wheel, 11);
    QCOMPARE(turn.takeDue(), &past);
    QCOMPARE(turn.takeDue(), &first);
    QCOMPARE(turn.takeDue(), &second);
    QVERIFY(!turn.takeDue());
}

void tst_TimingWheel::removedInATurnDoesNotComeUp()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(5);
    for (Node &node : nodes)
        std::ignore = wheel.insert(&node, 1, 1);
    TimingWheel::Turn turn(wheel, 1);
    QCOMPARE(turn.takeDue(), &nodes[0]);
    wheel.remove(&nodes[1]);
    wheel.remove(&nodes[4]);
    std::ignore = wheel.reschedule(&nodes[2], Year, Year);
    QCOMPARE(turn.takeDue(), &nodes[3]);
    QVERIFY(!turn.takeDue());
    QVERIFY(!wheel.hasDue());
    QCOMPARE(wheel.size(), std::size_t(1));
    QCOMPARE(wheel.earliestDeadline(), Year);
    wheel.remove(&nodes[2]);
}

void tst_TimingWheel::innerTurnTakesWhatTheOuterHasLeft()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(3);
    Node set;
    for (Node &node : nodes)
        std::ignore = wheel.insert(&node, 1, 1);
    TimingWheel::Turn outer(wheel, 1);
    QCOMPARE(outer.takeDue(), &nodes[0]);
    std::ignore = wheel.insert(&set, 2, 2);
    {
        TimingWheel::Turn inner(wheel, 2);
        QCOMPARE(inner.takeDue(), &nodes[1]);
        QCOMPARE(inner.takeDue(), &nodes[2]);
        QCOMPARE(inner.takeDue(), &set);
        QVERIFY(!inner.takeDue());
    }
    QVERIFY(!outer.takeDue());
    // The outer turn's time counts again: what is due after it is not kept aside.
    std::ignore = wheel.insert(&set, 2, 2);
    QVERIFY(!outer.takeDue());
    wheel.remove(&set);
}

void tst_TimingWheel::abandonedTurnGoesOnInOrder()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(4);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        std::ignore = wheel.insert(&nodes[i], Time(i) + 1, Time(i) + 1);
    Node past;
    {
        TimingWheel::Turn turn(wheel, 10);
        QCOMPARE(turn.takeDue(), &nodes[0]);
    }
    QVERIFY(wheel.hasDue());
    QCOMPARE(wheel.wakeUp(), 2);
    QCOMPARE(wheel.earliestDeadline(), 2);
    std::ignore = wheel.insert(&past, -5, -5);
    TimingWheel::Turn turn(wheel, 10);
    QCOMPARE(turn.takeDue(), &past);
    for (std::size_t i = 1; i < nodes.size(); ++i)
        QCOMPARE(turn.takeDue(), &nodes[i]);
    QVERIFY(!turn.takeDue());
}

void tst_TimingWheel::crowdIsReportedOnce()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(3 * Crowd);
    int reports = 0;
    for (Node &node : nodes)
        reports += wheel.insert(&node, 2 * BigSlot, 2 * BigSlot);
    QCOMPARE(reports, 1);
    for (Node &node : nodes)
        wheel.remove(&node);
    // The slot was empty since.
    for (Node &node : nodes)
        reports += wheel.insert(&node, 2 * BigSlot, 2 * BigSlot);
    QCOMPARE(reports, 2);
}

void tst_TimingWheel::crowdIsMovedAhead()
{
    TimingWheel wheel(0);
    std::vector<Node> nodes(Crowd);
    const Time start = 2 * BigSlot;
    const Time deadline = start + 100 * Tick;
    for (Node &node : nodes)
        std::ignore = wheel.insert(&node, deadline, deadline);
    const Time wakeUp = wheel.wakeUp();
    QCOMPARE_LT(wakeUp, start);
    {
        TimingWheel::Turn turn(wheel, wakeUp);
        QVERIFY(!turn.takeDue());
    }
    wheel.emptyCrowdedSlot();
    QCOMPARE(wheel.wakeUp(), deadline);
    TimingWheel::Turn turn(wheel, deadline);
    for (const Node &node : nodes)
        QCOMPARE(turn.takeDue(), &node);
    QVERIFY(!turn.takeDue());
}

void tst_TimingWheel::crowdComesUpInOrder_data()
{
    QTest::addColumn<Time>("from");
    QTest::addColumn<Time>("to");

    QTest::newRow("at its beginning") << Time(0) << 5 * Tick;
    QTest::newRow("in the whole slot") << Time(0) << BigSlot;
    QTest::newRow("where the window does not reach") << BigSlot - 20 * Tick << BigSlot;
    QTest::newRow("in this slot and the next") << BigSlot / 2 << 3 * BigSlot / 2;
}

/*
    Each at its time, although the slot is emptied ahead.
*/
void tst_TimingWheel::crowdComesUpInOrder()
{
    QFETCH(const Time, from);
    QFETCH(const Time, to);

    for (const auto &[name, start] : Starts) {
        TimingWheel wheel(start);
        std::vector<Node> nodes(3 * Crowd);
        const Time slot = (start / BigSlot + 2) * BigSlot;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            // Each time three times, and not in order.
            const Time deadline = slot + from + Time(i) * 7919 % Crowd * (to - from) / Crowd;
            std::ignore = wheel.insert(&nodes[i], deadline, deadline);
        }
        std::size_t count = 0;
        Time previous = 0;
        while (wheel.size() > 0) {
            const Time now = wheel.wakeUp();
            QCOMPARE_GT(now, previous);
            previous = now;
            {
                TimingWheel::Turn turn(wheel, now);
                while (const TimingWheelNode *node = turn.takeDue()) {
                    ++count;
                    QCOMPARE(node->deadline(), now);
                }
            }
            wheel.emptyCrowdedSlot();
        }
        QCOMPARE(count, nodes.size());
    }
}

void tst_TimingWheel::postponedNodeWakesUpOncePerInterval()
{
    TimingWheel wheel(0);
    Node node;
    std::ignore = wheel.insert(&node, 40 * Millisecond, 40 * Millisecond);
    int wakeUps = 0;
    for (Time now = 0; now < 10 * Second; now += Millisecond) {
        std::ignore = wheel.reschedule(&node, now + 40 * Millisecond, now + 40 * Millisecond);
        if (wheel.wakeUp() > now)
            continue;
        ++wakeUps;
        TimingWheel::Turn turn(wheel, now);
        QVERIFY(!turn.takeDue());
    }
    QCOMPARE_LE(wakeUps, 250);
    wheel.remove(&node);
}

QTEST_APPLESS_MAIN(tst_TimingWheel)

#include "tst_timingwheel.moc"
