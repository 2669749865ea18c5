// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeoutTestClock>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qrandom.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using QTimeout::Deadline;
using QTimeout::detail::DeadlineEntry;
using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;
using std::chrono::nanoseconds;

class Entry final : public DeadlineEntry
{
public:
    using Function = std::function<void()>;

    Entry() = default;
    explicit Entry(Function function) : onDue(std::move(function)) {}

    void set(Deadline deadline)
    {
        DeadlineQueue *queue = DeadlineQueue::current();
        queue->set(this, queue->resolve(deadline));
    }
    void remove() { queue()->remove(this); }

    Function onDue;

protected:
    void due() override
    {
        const Function function = onDue; // the entry may go
        if (function)
            function();
    }
};

// Spends real time, as a slot does that blocks its thread.
static void block(std::chrono::milliseconds time)
{
    const QDeadlineTimer end(time, Qt::PreciseTimer);
    while (!end.hasExpired())
        std::this_thread::yield();
}

// Generous, for a busy machine: only a test that fails waits as long.
static bool waitFor(const std::function<bool()> &condition)
{
    return QTest::qWaitFor(condition, 20000);
}

static const auto LongestWait = 20s;

class tst_DeadlineQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup();

    void isOneAThread();
    void comesUpInOrderOfDeadlines();
    void comesUpInOrderOfDeadlines_data();
    void equalDeadlinesComeUpInOrderOfSetting();
    void settingAgainGoesBehindEqualDeadlines();
    void isInNoQueueWhenDue();
    void doesNotComeUpBeforeTheDeadline();
    void pastDeadlineComesUpFromTheEventLoop();
    void foreverTakesOut();
    void removedDoesNotComeUp_data();
    void removedDoesNotComeUp();
    void removalKeepsTheDeadline();
    void destructionTakesOut();
    void postponedComesUpAtTheNewDeadline_data();
    void postponedComesUpAtTheNewDeadline();
    void postponedManyTimes();
    void drawnNearerComesUpAtTheNewDeadline_data();
    void drawnNearerComesUpAtTheNewDeadline();
    void postponedAndDrawnNearer();

    void setMeanwhileWaitsForTheNextTurn();
    void setMeanwhileForThePastWaitsForTheNextTurn();
    void entriesMayBeRemovedInDue();
    void entriesMayBePostponedInDue();
    void entryMayDeleteItselfInDue();
    void entryMayDeleteAllOthersInDue();
    void nestedEventLoopInDue();
    void nestedEventLoopsInDueInRealTime();
    void entryThatStartsItselfAnewDoesNotStarveOthers_data();
    void entryThatStartsItselfAnewDoesNotStarveOthers();

    void againstAModel_data();
    void againstAModel();

    void memoryShrinksAfterRemoval();
    void memoryShrinksAfterExpiry();
    void earlyEndDoesNotTouchTheTimer();
    void timerIsTouchedOncePerInterval();
    void postponingDoesNotTouchTheTimer();
    void timerIsIdleWhenNothingIsPending();
    void wakeUpsOfCoarseDeadlinesAreShared();
    void coarseDeadlineDoesNotDelayAPreciseOne();
    void wakeUpIsWithinTheBoundsOfTheTimerType_data();
    void wakeUpIsWithinTheBoundsOfTheTimerType();
    void isNeverEarlyInRealTime_data();
    void isNeverEarlyInRealTime();
    void veryLongDeadlines();
    void deadlineBeyondTheRangeIsForever();
    void queuedEventsGoFirstAfterABlock_data();
    void queuedEventsGoFirstAfterABlock();

    void entriesOutliveTheThread();
    void entriesAreFreeWhenAThreadHasFinished();
    void threadWithoutEventLoop();
    void eventLoopOfAStdThread();
    void eventLoopsOneAfterTheOtherInAThread();
    void noQueueAtTheVeryEndOfAThread();
};

void tst_DeadlineQueue::cleanup()
{
    QCOMPARE(DeadlineQueue::current()->size(), size_t(0));
    QVERIFY(!DeadlineQueue::current()->isFrozen());
}

void tst_DeadlineQueue::isOneAThread()
{
    DeadlineQueue *queue = DeadlineQueue::current();
    QVERIFY(queue);
    QCOMPARE(DeadlineQueue::current(), queue);
    QCOMPARE(DeadlineQueue::existing(), queue);
    QCOMPARE(queue->thread(), QThread::currentThread());
    DeadlineQueue *before = queue;
    DeadlineQueue *other = nullptr;
    std::thread([&] {
        before = DeadlineQueue::existing();
        other = DeadlineQueue::current();
    }).join();
    QVERIFY(!before); // asking does not make one
    QVERIFY(other);
    QCOMPARE_NE(other, queue);
}

void tst_DeadlineQueue::comesUpInOrderOfDeadlines_data()
{
    QTest::addColumn<QList<int>>("msecs");

    QTest::newRow("rising") << QList<int>{1, 2, 3, 4, 5, 6, 7};
    QTest::newRow("falling") << QList<int>{7, 6, 5, 4, 3, 2, 1};
    QTest::newRow("mixed") << QList<int>{4, 1, 7, 3, 6, 2, 5};
    QList<int> many;
    for (int i = 0; i < 1000; ++i)
        many.append(i * 7919 % 1000 + 1); // each once: 7919 is a prime
    QTest::newRow("many") << many;
}

void tst_DeadlineQueue::comesUpInOrderOfDeadlines()
{
    QFETCH(const QList<int>, msecs);

    for (const bool atOnce : {true, false}) {
        QTimeoutTestClock clock;
        QList<int> order;
        std::deque<Entry> entries;
        for (const int each : msecs)
            entries.emplace_back([&order, each] { order.append(each); }).set(each);
        if (atOnce)
            DeadlineQueue::current()->setFrozenTime(DeadlineQueue::current()->now()
                                                    + 10'000'000'000);
        clock.advance(2s);
        QList<int> expected = msecs;
        std::sort(expected.begin(), expected.end());
        QCOMPARE(order, expected);
    }
}

void tst_DeadlineQueue::equalDeadlinesComeUpInOrderOfSetting()
{
    QTimeoutTestClock clock;
    QList<int> order;
    std::deque<Entry> entries;
    for (int i = 0; i < 100; ++i)
        entries.emplace_back([&order, i] { order.append(i); });
    // Some among the young and some in the heap when the time comes.
    for (int i = 0; i < 50; ++i)
        entries[size_t(i)].set(10ms);
    QCOMPARE_GT(DeadlineQueue::current()->earliestDeadline(), DeadlineQueue::current()->now());
    for (int i = 50; i < 100; ++i)
        entries[size_t(i)].set(10ms);
    clock.advance(10ms);
    QList<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    QCOMPARE(order, expected);
}

void tst_DeadlineQueue::settingAgainGoesBehindEqualDeadlines()
{
    for (const bool grownUp : {false, true}) {
        QTimeoutTestClock clock;
        QString order;
        Entry a([&order] { order += 'a'; });
        Entry b([&order] { order += 'b'; });
        Entry c([&order] { order += 'c'; });
        a.set(10ms);
        b.set(10ms);
        c.set(10ms);
        if (grownUp)
            DeadlineQueue::current()->earliestDeadline();
        a.set(10ms);
        clock.advance(10ms);
        QCOMPARE(order, "bca");
    }
}

void tst_DeadlineQueue::isInNoQueueWhenDue()
{
    QTimeoutTestClock clock;
    std::optional<bool> queued;
    Entry entry;
    entry.onDue = [&] { queued = entry.isQueued(); };
    QVERIFY(!entry.isQueued());
    entry.set(1ms);
    QVERIFY(entry.isQueued());
    QCOMPARE(entry.queue(), DeadlineQueue::current());
    clock.advance(1ms);
    QCOMPARE(queued, std::optional(false));
}

void tst_DeadlineQueue::doesNotComeUpBeforeTheDeadline()
{
    QTimeoutTestClock clock;
    int count = 0;
    Entry entry([&count] { ++count; });
    entry.set(10ms);
    clock.advance(10ms - 1ns);
    QCOMPARE(count, 0);
    clock.advance(1ns);
    QCOMPARE(count, 1);
    clock.advance(1h);
    QCOMPARE(count, 1);
}

void tst_DeadlineQueue::pastDeadlineComesUpFromTheEventLoop()
{
    int count = 0;
    Entry zero([&count] { ++count; });
    Entry past([&count] { ++count; });
    zero.set(0ms);
    past.set(-1h);
    QCOMPARE(count, 0); // S3
    QVERIFY(waitFor([&count] { return count == 2; }));
}

void tst_DeadlineQueue::foreverTakesOut()
{
    QTimeoutTestClock clock;
    int count = 0;
    Entry entry([&count] { ++count; });
    entry.set(QDeadlineTimer::Forever);
    QVERIFY(!entry.isQueued());
    QCOMPARE(entry.deadline(), ForeverNSecs);
    entry.set(1ms);
    entry.set(QDeadlineTimer::Forever);
    QVERIFY(!entry.isQueued());
    QCOMPARE(DeadlineQueue::current()->size(), size_t(0));
    clock.advance(1h);
    QCOMPARE(count, 0);
}

void tst_DeadlineQueue::removedDoesNotComeUp_data()
{
    QTest::addColumn<bool>("grownUp");
    QTest::addColumn<QList<int>>("removed");

    for (const bool grownUp : {false, true}) {
        const char *where = grownUp ? "heap" : "young";
        QTest::addRow("%s, first", where) << grownUp << QList<int>{0};
        QTest::addRow("%s, last", where) << grownUp << QList<int>{19};
        QTest::addRow("%s, some in the middle", where) << grownUp << QList<int>{7, 8, 12, 3};
        QTest::addRow("%s, every other", where)
                << grownUp << QList<int>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18};
    }
}

void tst_DeadlineQueue::removedDoesNotComeUp()
{
    QFETCH(const bool, grownUp);
    QFETCH(const QList<int>, removed);

    QTimeoutTestClock clock;
    QList<int> order;
    QList<int> expected;
    std::deque<Entry> entries;
    for (int i = 0; i < 20; ++i) {
        entries.emplace_back([&order, i] { order.append(i); }).set(1ms * (i + 1));
        if (!removed.contains(i))
            expected.append(i);
    }
    if (grownUp)
        DeadlineQueue::current()->earliestDeadline();
    for (const int each : removed) {
        entries[size_t(each)].remove();
        QVERIFY(!entries[size_t(each)].isQueued());
    }
    QCOMPARE(DeadlineQueue::current()->size(), size_t(expected.size()));
    clock.advance(1s);
    QCOMPARE(order, expected);
}

void tst_DeadlineQueue::removalKeepsTheDeadline()
{
    QTimeoutTestClock clock;
    Entry entry;
    entry.set(1s);
    const qint64 deadline = entry.deadline();
    entry.remove();
    QCOMPARE(entry.deadline(), deadline);
    QCOMPARE(deadline - DeadlineQueue::current()->now(), 1'000'000'000);
}

void tst_DeadlineQueue::destructionTakesOut()
{
    QTimeoutTestClock clock;
    const DeadlineQueue *queue = DeadlineQueue::current();
    {
        Entry young;
        young.set(1s);
        QCOMPARE(queue->size(), size_t(1));
    }
    QCOMPARE(queue->size(), size_t(0));
    {
        Entry grownUp;
        grownUp.set(1s);
        DeadlineQueue::current()->earliestDeadline();
        QCOMPARE(queue->size(), size_t(1));
    }
    QCOMPARE(queue->size(), size_t(0));
    clock.advance(2s);
}

void tst_DeadlineQueue::postponedComesUpAtTheNewDeadline_data()
{
    QTest::addColumn<bool>("grownUp");

    QTest::newRow("young") << false;
    QTest::newRow("heap") << true;
}

void tst_DeadlineQueue::postponedComesUpAtTheNewDeadline()
{
    QFETCH(const bool, grownUp);

    QTimeoutTestClock clock;
    QString order;
    Entry a([&order] { order += 'a'; });
    Entry b([&order] { order += 'b'; });
    a.set(10ms);
    b.set(20ms);
    if (grownUp)
        DeadlineQueue::current()->earliestDeadline();
    a.set(30ms);
    clock.advance(29ms);
    QCOMPARE(order, "b");
    clock.advance(1ms);
    QCOMPARE(order, "ba");
}

void tst_DeadlineQueue::postponedManyTimes()
{
    // An idle timeout that each packet pushes back.
    QTimeoutTestClock clock;
    int count = 0;
    Entry idle([&count] { ++count; });
    for (int i = 0; i < 1000; ++i) {
        idle.set(100ms);
        clock.advance(99ms);
    }
    QCOMPARE(count, 0);
    QCOMPARE(DeadlineQueue::current()->size(), size_t(1));
    clock.advance(1ms);
    QCOMPARE(count, 1);
}

void tst_DeadlineQueue::drawnNearerComesUpAtTheNewDeadline_data()
{
    postponedComesUpAtTheNewDeadline_data();
}

void tst_DeadlineQueue::drawnNearerComesUpAtTheNewDeadline()
{
    QFETCH(const bool, grownUp);

    QTimeoutTestClock clock;
    QString order;
    Entry a([&order] { order += 'a'; });
    Entry b([&order] { order += 'b'; });
    a.set(30ms);
    b.set(20ms);
    if (grownUp)
        DeadlineQueue::current()->earliestDeadline();
    a.set(10ms);
    clock.advance(10ms);
    QCOMPARE(order, "a");
    clock.advance(30ms);
    QCOMPARE(order, "ab");
}

void tst_DeadlineQueue::postponedAndDrawnNearer()
{
    QTimeoutTestClock clock;
    int count = 0;
    Entry entry([&count] { ++count; });
    entry.set(10ms);
    DeadlineQueue::current()->earliestDeadline();
    entry.set(1h); // the node still says 10 ms
    entry.set(20ms);
    entry.set(1h);
    entry.set(5ms);
    QCOMPARE(DeadlineQueue::current()->size(), size_t(1));
    clock.advance(5ms);
    QCOMPARE(count, 1);
    clock.advance(2h);
    QCOMPARE(count, 1);
}

void tst_DeadlineQueue::setMeanwhileWaitsForTheNextTurn()
{
    QTimeoutTestClock clock;
    const DeadlineQueue *queue = DeadlineQueue::current();
    QList<std::pair<char, quint64>> log;
    const auto note = [&](char name) { log.append({name, queue->timerEvents()}); };
    Entry late([&] { note('l'); });
    Entry first([&] {
        note('f');
        late.set(0ms);
    });
    Entry second([&] { note('s'); });
    first.set(1ms);
    second.set(1ms);
    clock.advance(1ms);
    QCOMPARE(log.size(), 3);
    QCOMPARE(log[0].first, 'f');
    QCOMPARE(log[1].first, 's');
    QCOMPARE(log[1].second, log[0].second);
    QCOMPARE(log[2].first, 'l');
    QCOMPARE_GT(log[2].second, log[0].second);
}

void tst_DeadlineQueue::setMeanwhileForThePastWaitsForTheNextTurn()
{
    QTimeoutTestClock clock;
    const DeadlineQueue *queue = DeadlineQueue::current();
    quint64 firstTurn = 0;
    quint64 lateTurn = 0;
    int others = 0;
    Entry late([&] { lateTurn = queue->timerEvents(); });
    Entry first([&] {
        firstTurn = queue->timerEvents();
        late.set(-1h); // before all others that are due
    });
    std::deque<Entry> entries;
    first.set(1ms);
    for (int i = 0; i < 10; ++i)
        entries.emplace_back([&] { ++others; }).set(1ms);
    clock.advance(1ms);
    QCOMPARE(others, 10);
    QCOMPARE_GT(lateTurn, firstTurn);
}

void tst_DeadlineQueue::entriesMayBeRemovedInDue()
{
    QTimeoutTestClock clock;
    QString order;
    Entry second([&] { order += '2'; });
    Entry third([&] { order += '3'; });
    Entry later([&] { order += 'l'; });
    Entry first([&] {
        order += '1';
        second.remove();
        later.remove();
    });
    first.set(1ms);
    second.set(1ms);
    third.set(1ms);
    later.set(2ms);
    clock.advance(5ms);
    QCOMPARE(order, "13");
}

void tst_DeadlineQueue::entriesMayBePostponedInDue()
{
    QTimeoutTestClock clock;
    QString order;
    Entry second([&] { order += '2'; });
    Entry third([&] { order += '3'; });
    Entry first([&] {
        order += '1';
        second.set(10ms);
    });
    first.set(1ms);
    second.set(1ms);
    third.set(1ms);
    clock.advance(10ms);
    QCOMPARE(order, "13");
    clock.advance(1ms);
    QCOMPARE(order, "132");
}

void tst_DeadlineQueue::entryMayDeleteItselfInDue()
{
    QTimeoutTestClock clock;
    bool second = false;
    auto *first = new Entry;
    first->onDue = [first] { delete first; };
    Entry other([&second] { second = true; });
    first->set(1ms);
    other.set(1ms);
    clock.advance(1ms);
    QVERIFY(second);
}

void tst_DeadlineQueue::entryMayDeleteAllOthersInDue()
{
    QTimeoutTestClock clock;
    int count = 0;
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 100; ++i) {
        entries.push_back(std::make_unique<Entry>([&] {
            ++count;
            entries.clear();
        }));
        entries.back()->set(1ms * (i / 10 + 1));
    }
    DeadlineQueue::current()->setFrozenTime(DeadlineQueue::current()->now() + 1'000'000'000);
    clock.advance(1s);
    QCOMPARE(count, 1);
}

void tst_DeadlineQueue::nestedEventLoopInDue()
{
    QTimeoutTestClock clock;
    QString order;
    QEventLoop loop;
    QTimer::singleShot(LongestWait, &loop, &QEventLoop::quit);
    Entry b([&] { order += 'b'; });
    Entry c([&] {
        order += 'c';
        loop.quit();
    });
    Entry a([&] {
        order += "a(";
        loop.exec(); // a message box
        order += ')';
    });
    a.set(1ms);
    b.set(1ms);
    c.set(1ms);
    clock.advance(1ms);
    QCOMPARE(order, "a(bc)");
}

void tst_DeadlineQueue::nestedEventLoopsInDueInRealTime()
{
    QString order;
    QEventLoop outer;
    QEventLoop inner;
    QTimer::singleShot(LongestWait, &outer, &QEventLoop::quit);
    QTimer::singleShot(LongestWait, &inner, &QEventLoop::quit);
    Entry set; // while the loops run
    Entry a([&] {
        order += "a(";
        outer.exec();
        order += ')';
    });
    Entry b([&] {
        order += "b(";
        set.onDue = [&] {
            order += 's';
            inner.quit();
        };
        set.set(2ms);
        inner.exec();
        order += ')';
    });
    Entry c([&] {
        order += 'c';
        outer.quit();
    });
    a.set({1ms, Qt::PreciseTimer});
    b.set({2ms, Qt::PreciseTimer});
    c.set({3ms, Qt::PreciseTimer});
    QVERIFY(waitFor([&] { return order.endsWith("))") || order.count(')') == 2; }));
    // Whether c or set is first depends on how busy the machine is.
    QVERIFY2(order == "a(b(cs))" || order == "a(b(sc))" || order == "a(b(s)c)", qPrintable(order));
}

void tst_DeadlineQueue::entryThatStartsItselfAnewDoesNotStarveOthers_data()
{
    QTest::addColumn<bool>("frozen");
    QTest::addColumn<int>("msecs");

    QTest::newRow("zero") << false << 0;
    QTest::newRow("negative") << false << -1000;
    QTest::newRow("zero, test clock") << true << 0;
    QTest::newRow("negative, test clock") << true << -1000;
}

void tst_DeadlineQueue::entryThatStartsItselfAnewDoesNotStarveOthers()
{
    QFETCH(const bool, frozen);
    QFETCH(const int, msecs);

    std::unique_ptr<QTimeoutTestClock> clock;
    if (frozen)
        clock = std::make_unique<QTimeoutTestClock>();
    int starts = 0;
    Entry greedy;
    greedy.onDue = [&] {
        ++starts;
        greedy.set(msecs);
    };
    QStringList others;
    Entry entry([&] { others.append("entry"); });
    Entry another([&] { others.append("entry"); });
    greedy.set(msecs);
    QMetaObject::invokeMethod(
            this, [&] { others.append("event"); }, Qt::QueuedConnection);
    QTimer::singleShot(0, this, [&] { others.append("timer"); });
    entry.set(0ms);
    another.set(0ms);
    // Each turn of the event loop brings it up at most once.
    QEventLoop loop;
    for (int turn = 0; turn < 1000 && others.size() < 4; ++turn)
        loop.processEvents();
    others.sort();
    QCOMPARE(others, QStringList({"entry", "entry", "event", "timer"}));
    QCOMPARE_GE(starts, 1);
    QCOMPARE_LE(starts, 1000);
    greedy.remove();
}

/*
    The queue does what a std::multimap does, for random operations in and outside due().
*/
class Model
{
public:
    explicit Model(quint32 seed) : m_random(seed)
    {
        for (int i = 0; i < EntryCount; ++i)
            m_entries.push_back(std::make_unique<Entry>([this, i] { due(i); }));
        m_positions.resize(EntryCount, m_pending.end());
    }

    void run(int operations)
    {
        for (int i = 0; i < operations && m_failure.isEmpty(); ++i) {
            if (m_random.bounded(4) != 0)
                operate();
            else
                advance();
            compareSizes();
        }
        while (m_failure.isEmpty() && !m_pending.empty())
            advance();
        compareSizes();
    }

    QString failure() const { return m_failure; }
    int dueCount() const { return m_dueCount; }

private:
    using Pending = std::multimap<qint64, int>;

    static constexpr int EntryCount = 300;

    void operate()
    {
        const int index = m_random.bounded(EntryCount);
        Entry *entry = m_entries[size_t(index)].get();
        const qint64 now = m_queue->now();
        switch (m_random.bounded(6)) {
        case 0: // remove
            if (entry->isQueued())
                entry->remove();
            forget(index);
            break;
        case 1: // anew
            forget(index);
            m_entries[size_t(index)] = std::make_unique<Entry>([this, index] { due(index); });
            break;
        case 2: // postpone
            set(index, std::max(now, deadlineOf(index, now)) + m_random.bounded(50));
            break;
        case 3: // draw nearer
            set(index, deadlineOf(index, now) - m_random.bounded(50));
            break;
        default: // few different times, so that many are equal
            set(index, now + m_random.bounded(-3, 60));
            break;
        }
    }

    qint64 deadlineOf(int index, qint64 otherwise) const
    {
        const auto position = m_positions[size_t(index)];
        return position == m_pending.end() ? otherwise : position->first;
    }

    void set(int index, qint64 deadline)
    {
        m_queue->set(m_entries[size_t(index)].get(), {deadline, deadline});
        forget(index);
        // Behind those of the same deadline.
        m_positions[size_t(index)] = m_pending.emplace(deadline, index);
        if (m_inTurn)
            m_setInTurn.push_back(index);
    }

    void forget(int index)
    {
        auto &position = m_positions[size_t(index)];
        if (position != m_pending.end())
            m_pending.erase(position);
        position = m_pending.end();
        std::erase(m_setInTurn, index);
    }

    void advance()
    {
        m_queue->setFrozenTime(m_queue->now() + m_random.bounded(20));
        m_inTurn = true;
        m_queue->expireDue();
        m_inTurn = false;
        // An entry that was set in the turn may have stopped it: those behind come up in the next ones.
        for (int turn = 0; turn < EntryCount && hasOldDue(); ++turn)
            m_queue->expireDue();
        if (hasOldDue())
            fail("an entry that is due has not come up");
        m_setInTurn.clear();
    }

    bool hasOldDue() const
    {
        for (const auto &[deadline, index] : m_pending) {
            if (deadline <= m_queue->now()
                && std::find(m_setInTurn.cbegin(), m_setInTurn.cend(), index)
                        == m_setInTurn.cend()) {
                return true;
            }
        }
        return false;
    }

    void due(int index)
    {
        ++m_dueCount;
        const auto position = m_positions[size_t(index)];
        if (position == m_pending.end())
            return fail("came up without being pending");
        if (position->first > m_queue->now())
            return fail("came up early");
        // All before it were set in this turn.
        for (auto earlier = m_pending.begin(); earlier != position; ++earlier) {
            if (!m_inTurn
                || std::find(m_setInTurn.cbegin(), m_setInTurn.cend(), earlier->second)
                        == m_setInTurn.cend()) {
                return fail("came up before another");
            }
        }
        forget(index);
        // More than one in each due() would never end.
        if (m_inTurn && m_random.bounded(3) == 0)
            operate();
    }

    void compareSizes()
    {
        if (m_queue->size() != m_pending.size())
            fail(QStringLiteral("%1 are in the queue and not %2")
                         .arg(m_queue->size())
                         .arg(m_pending.size()));
    }

    void fail(const QString &what)
    {
        if (m_failure.isEmpty())
            m_failure = what;
    }

    QRandomGenerator m_random;
    DeadlineQueue *const m_queue = DeadlineQueue::current();
    std::vector<std::unique_ptr<Entry>> m_entries;
    Pending m_pending;
    std::vector<Pending::iterator> m_positions;
    std::vector<int> m_setInTurn;
    bool m_inTurn = false;
    int m_dueCount = 0;
    QString m_failure;
};

void tst_DeadlineQueue::againstAModel_data()
{
    QTest::addColumn<quint32>("seed");

    for (const quint32 seed : {1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U, 55U, 89U, 144U, 20260101U})
        QTest::addRow("%u", seed) << seed;
}

void tst_DeadlineQueue::againstAModel()
{
    QFETCH(const quint32, seed);

    QTimeoutTestClock clock;
    Model model(seed);
    model.run(10000);
    QVERIFY2(model.failure().isEmpty(), qPrintable(model.failure()));
    QCOMPARE_GT(model.dueCount(), 500);
}

static constexpr size_t Many = 100'000;
// What a queue may keep that has been large.
static constexpr size_t Little = 4096;

void tst_DeadlineQueue::memoryShrinksAfterRemoval()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    std::deque<Entry> entries(Many);
    for (Entry &each : entries)
        each.set(1h);
    queue->earliestDeadline(); // they grow up
    QCOMPARE_GE(queue->capacity(), Many);
    for (Entry &each : entries)
        each.remove();
    QCOMPARE(queue->size(), size_t(0));
    QCOMPARE_LE(queue->capacity(), Little);
}

void tst_DeadlineQueue::memoryShrinksAfterExpiry()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    size_t count = 0;
    std::deque<Entry> entries;
    for (size_t i = 0; i < Many; ++i)
        entries.emplace_back([&count] { ++count; }).set(1ms * (i % 100 + 1));
    queue->earliestDeadline();
    QCOMPARE_GE(queue->capacity(), Many);
    clock.advance(1s);
    QCOMPARE(count, Many);
    QCOMPARE_LE(queue->capacity(), Little);
}

void tst_DeadlineQueue::earlyEndDoesNotTouchTheTimer()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    const quint64 starts = queue->timerStarts();
    const quint64 events = queue->timerEvents();
    for (int i = 0; i < 1'000'000; ++i) {
        Entry entry;
        entry.set(10min);
    }
    QCOMPARE_LE(queue->timerStarts() - starts, quint64(1));
    QCOMPARE(queue->timerEvents(), events);
    QCOMPARE(queue->size(), size_t(0));
    QCOMPARE_LE(queue->capacity(), Little);
}

void tst_DeadlineQueue::timerIsTouchedOncePerInterval()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    const quint64 starts = queue->timerStarts();
    const quint64 events = queue->timerEvents();
    const QDeadlineTimer end(300);
    QElapsedTimer elapsed;
    elapsed.start();
    while (!end.hasExpired()) {
        for (int i = 0; i < 100; ++i) {
            Entry entry;
            entry.set(20ms);
        }
        QCoreApplication::processEvents();
    }
    // For an interval that is armed the timer fires once, and once more if it was late.
    const quint64 intervals = quint64(elapsed.elapsed() / 20) + 1;
    QCOMPARE_LE(queue->timerStarts() - starts, 2 * intervals);
    QCOMPARE_LE(queue->timerEvents() - events, 2 * intervals);
}

void tst_DeadlineQueue::postponingDoesNotTouchTheTimer()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    Entry entry;
    entry.set(10min);
    const quint64 starts = queue->timerStarts();
    for (int i = 0; i < 100'000; ++i)
        entry.set(10min);
    QCOMPARE(queue->timerStarts(), starts);
    QCOMPARE(queue->size(), size_t(1));
}

void tst_DeadlineQueue::timerIsIdleWhenNothingIsPending()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    {
        Entry entry;
        entry.set(5ms);
        QVERIFY(queue->isArmed());
    }
    // It fires once in vain.
    QVERIFY(waitFor([queue] { return !queue->isArmed(); }));
}

/*
    Whether it is one wake-up depends on the machine too: if it stops the thread for a while in the middle, the queue
    lets the event loop go round. Then another attempt is made.
*/
static constexpr int Attempts = 10;

void tst_DeadlineQueue::wakeUpsOfCoarseDeadlinesAreShared()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    bool shared = false;
    for (int attempt = 0; attempt < Attempts && !shared; ++attempt) {
        quint64 firstEvent = 0;
        quint64 secondEvent = 0;
        Entry first([&] { firstEvent = queue->timerEvents(); });
        Entry second([&] { secondEvent = queue->timerEvents(); });
        first.set(320ms); // may come up 10 ms later
        second.set(328ms);
        QVERIFY(waitFor([&] { return firstEvent && secondEvent; }));
        shared = firstEvent == secondEvent;
    }
    QVERIFY(shared);
}

void tst_DeadlineQueue::coarseDeadlineDoesNotDelayAPreciseOne()
{
    // S4. The coarse one alone would be given 900 ms.
    DeadlineQueue *queue = DeadlineQueue::current();
    bool punctual = false;
    for (int attempt = 0; attempt < Attempts && !punctual; ++attempt) {
        qint64 when = 0;
        Entry coarse;
        Entry precise([&] { when = queue->now(); });
        coarse.set({20ms, Qt::VeryCoarseTimer});
        precise.set({40ms, Qt::PreciseTimer});
        QVERIFY(waitFor([&] { return when != 0; }));
        QCOMPARE_GE(when, precise.deadline());
        punctual = when - precise.deadline() < nanoseconds(400ms).count();
        QVERIFY(waitFor([&] { return !coarse.isQueued(); }));
    }
    QVERIFY(punctual);
}

void tst_DeadlineQueue::wakeUpIsWithinTheBoundsOfTheTimerType_data()
{
    QTest::addColumn<int>("type");
    QTest::addColumn<qint64>("msecs");
    QTest::addColumn<qint64>("tolerance"); // microseconds

    for (const qint64 msecs : {1LL, 10LL, 63LL, 64LL, 100LL, 1000LL, 60'000LL, 86'400'000LL}) {
        QTest::addRow("precise %lld", msecs) << int(Qt::PreciseTimer) << msecs << qint64(0);
        QTest::addRow("coarse %lld", msecs) << int(Qt::CoarseTimer) << msecs << msecs * 50;
        QTest::addRow("very coarse %lld", msecs)
                << int(Qt::VeryCoarseTimer) << msecs << qint64(1'000'000);
    }
}

void tst_DeadlineQueue::wakeUpIsWithinTheBoundsOfTheTimerType()
{
    QFETCH(const int, type);
    QFETCH(const qint64, msecs);
    QFETCH(const qint64, tolerance);

    const DeadlineQueue *queue = DeadlineQueue::current();
    const auto ofDuration = queue->resolve(
            Deadline(std::chrono::milliseconds(msecs), Qt::TimerType(type)));
    const auto ofTimer = queue->resolve(Deadline(QDeadlineTimer(msecs, Qt::TimerType(type))));
    for (const auto &time : {ofDuration, ofTimer}) {
        QCOMPARE_GE(time.latest, time.deadline);
        QCOMPARE_LE(time.latest - time.deadline, tolerance * 1000);
    }
    if (msecs >= 1000 && type != Qt::PreciseTimer)
        QCOMPARE_GT(ofDuration.latest, ofDuration.deadline); // else nothing would be shared
}

void tst_DeadlineQueue::isNeverEarlyInRealTime_data()
{
    QTest::addColumn<int>("type");

    QTest::newRow("precise") << int(Qt::PreciseTimer);
    QTest::newRow("coarse") << int(Qt::CoarseTimer);
    QTest::newRow("very coarse") << int(Qt::VeryCoarseTimer);
}

void tst_DeadlineQueue::isNeverEarlyInRealTime()
{
    QFETCH(const int, type);

    DeadlineQueue *queue = DeadlineQueue::current();
    int count = 0;
    qint64 earliest = ForeverNSecs;
    std::deque<Entry> entries;
    for (int i = 0; i < 200; ++i) {
        Entry &entry = entries.emplace_back();
        entry.onDue = [&] {
            ++count;
            earliest = std::min(earliest, queue->now() - entry.deadline());
        };
        // Fractions of a millisecond, which Qt's timers do not have.
        entry.set({100us * i + 137ns, Qt::TimerType(type)});
    }
    QVERIFY(waitFor([&] { return count == 200; }));
    QCOMPARE_GE(earliest, 0);
}

void tst_DeadlineQueue::veryLongDeadlines()
{
    static constexpr auto Year = 8766h;
    // In real time the timer cannot hold it: a QTimer ends at 24 days.
    {
        Entry entry;
        entry.set(100 * Year);
        QVERIFY(DeadlineQueue::current()->isArmed());
        QCoreApplication::processEvents();
        QVERIFY(entry.isQueued());
    }
    QTimeoutTestClock clock;
    QString order;
    Entry century([&] { order += 'c'; });
    Entry year([&] { order += 'y'; });
    Entry second([&] { order += 's'; });
    century.set(100 * Year);
    year.set(Year);
    second.set(1s);
    clock.advance(Year - 1ns);
    QCOMPARE(order, "s");
    clock.advance(1ns);
    QCOMPARE(order, "sy");
    clock.advance(99 * Year);
    QCOMPARE(order, "syc");
}

void tst_DeadlineQueue::deadlineBeyondTheRangeIsForever()
{
    // The time since the machine was started and this do not fit together.
    Entry entry;
    entry.set(nanoseconds(ForeverNSecs - 1));
    QVERIFY(!entry.isQueued());
    QCOMPARE(entry.deadline(), ForeverNSecs);
    // The slack of a coarse one does not fit.
    const qint64 last = ForeverNSecs - 1;
    const auto time = DeadlineQueue::current()->resolve(last, Qt::CoarseTimer);
    QCOMPARE(time.deadline, last);
    QCOMPARE(time.latest, ForeverNSecs);
}

void tst_DeadlineQueue::queuedEventsGoFirstAfterABlock_data()
{
    QTest::addColumn<bool>("longTurnBefore");

    QTest::newRow("at first") << false;
    QTest::newRow("after a turn that took long") << true;
}

/*
    S5. The thread was blocked beyond a deadline, and meanwhile something arrived that takes two steps to be told,
    as data does that a socket hands on.
*/
void tst_DeadlineQueue::queuedEventsGoFirstAfterABlock()
{
    QFETCH(const bool, longTurnBefore);

    if (longTurnBefore) {
        bool over = false;
        Entry slow([&] {
            block(10ms);
            over = true;
        });
        slow.set(0ms);
        QVERIFY(waitFor([&] { return over; }));
        QCoreApplication::processEvents();
    }
    QString order;
    Entry entry([&] { order += 'd'; });
    entry.set({1ms, Qt::PreciseTimer});
    QTimer arrival; // fires in the same turn
    arrival.setTimerType(Qt::PreciseTimer);
    arrival.setSingleShot(true);
    connect(&arrival, &QTimer::timeout, this, [&] {
        QMetaObject::invokeMethod(
                this, [&] { order += 'e'; }, Qt::QueuedConnection);
    });
    arrival.start(0);
    block(20ms);
    QVERIFY(waitFor([&] { return order.size() == 2; }));
    QCOMPARE(order, "ed");
}

void tst_DeadlineQueue::entriesOutliveTheThread()
{
    std::deque<Entry> entries(10);
    int count = 0;
    std::thread([&] {
        for (Entry &each : entries) {
            each.onDue = [&] { ++count; };
            each.set(1h);
        }
        entries.front().set(0ms);
        QEventLoop loop;
        const QDeadlineTimer end(LongestWait);
        while (count == 0 && !end.hasExpired())
            loop.processEvents(QEventLoop::WaitForMoreEvents);
        entries.back().set(2h); // in the heap
        entries[0].set(1min); // young
    }).join();
    QCOMPARE(count, 1);
    for (const Entry &each : entries)
        QVERIFY(!each.isQueued());
    // They can go on in another one.
    entries.front().set(0ms);
    QCOMPARE(entries.front().queue(), DeadlineQueue::current());
    QVERIFY(waitFor([&] { return count == 2; }));
}

// Not destroyed: the thread may be about to return from it when the program ends.
static auto *const s_waited = new QSemaphore;

struct LateThread
{
    // So that what goes after this is there when the wait for the thread is over, if that can be at all.
    ~LateThread() { s_waited->tryAcquire(1, 1000); }
};

/*
    What lives in a QThread is deleted by others when QThread::wait() has returned. Variables of the thread may still
    be there then.
*/
void tst_DeadlineQueue::entriesAreFreeWhenAThreadHasFinished()
{
    auto young = std::make_unique<Entry>();
    auto grownUp = std::make_unique<Entry>();
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        grownUp->set(1h);
        DeadlineQueue::current()->earliestDeadline();
        young->set(1h);
        static thread_local LateThread late; // goes before what was made earlier
        Q_UNUSED(late)
    }));
    thread->start();
    QVERIFY(thread->wait());
    const bool queued = young->isQueued() || grownUp->isQueued();
    s_waited->release();
    QVERIFY(!queued);
}

void tst_DeadlineQueue::threadWithoutEventLoop()
{
    Entry pending;
    int count = 0;
    bool queued = false;
    size_t size = 0;
    std::thread([&] {
        Entry removed;
        removed.set(1ms);
        removed.remove();
        for (int i = 0; i < 100; ++i) {
            Entry entry([&] { ++count; });
            entry.set(0ms);
        }
        pending.onDue = [&] { ++count; };
        pending.set(0ms);
        queued = pending.isQueued();
        size = DeadlineQueue::current()->size();
    }).join();
    QVERIFY(queued);
    QCOMPARE(size, size_t(1));
    QVERIFY(!pending.isQueued());
    QCOMPARE(count, 0);
}

void tst_DeadlineQueue::eventLoopOfAStdThread()
{
    int count = 0;
    std::thread([&] {
        Entry before([&] { ++count; });
        Entry long_([&] { ++count; });
        before.set(1ms); // there is no event dispatcher yet
        long_.set(1h);
        QEventLoop loop;
        Entry during;
        during.onDue = [&] {
            ++count;
            loop.quit();
        };
        during.set(10ms);
        QTimer::singleShot(LongestWait, &loop, &QEventLoop::quit);
        loop.exec();
    }).join();
    QCOMPARE(count, 2);
}

void tst_DeadlineQueue::eventLoopsOneAfterTheOtherInAThread()
{
    // A QThread that is started again has a new event dispatcher and, with a new thread, a new queue.
    QList<int> counts;
    class Worker : public QThread
    {
    public:
        explicit Worker(QList<int> *counts) : m_counts(counts) {}

    protected:
        void run() override
        {
            int count = 0;
            Entry entry([&] {
                ++count;
                quit();
            });
            Entry pending;
            entry.set(1ms);
            pending.set(1h);
            exec();
            m_counts->append(count);
        }

    private:
        QList<int> *const m_counts;
    };
    Worker worker(&counts);
    for (int i = 0; i < 3; ++i) {
        worker.start();
        QVERIFY(worker.wait(LongestWait));
    }
    QCOMPARE(counts, QList<int>({1, 1, 1}));
}

static bool s_hadQueueAtTheEnd = true;

struct LastWords
{
    ~LastWords()
    {
        Entry entry;
        DeadlineQueue *queue = DeadlineQueue::current();
        s_hadQueueAtTheEnd = queue != nullptr;
        if (queue)
            queue->set(&entry, queue->resolve(1ms));
    }
};

void tst_DeadlineQueue::noQueueAtTheVeryEndOfAThread()
{
    std::thread([] {
        static thread_local LastWords lastWords; // goes after the queue, which is made later
        Q_UNUSED(lastWords)
        Entry entry;
        entry.set(1ms);
    }).join();
    QVERIFY(!s_hadQueueAtTheEnd);
}

QTEST_GUILESS_MAIN(tst_DeadlineQueue)

#include "tst_deadlinequeue.moc"
