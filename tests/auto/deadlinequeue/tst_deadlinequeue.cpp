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

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using QTimeout::Deadline;
using QTimeout::detail::DeadlineEntry;
using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;
using std::chrono::nanoseconds;

static std::atomic<qint64> s_bytes = 0; // that are allocated

// Not inlined: g++ 16 takes malloc() and delete for a mismatch where it sees only half of this.
Q_NEVER_INLINE void *operator new(std::size_t size)
{
    if (void *block = std::malloc(size ? size : 1)) {
        s_bytes += qint64(malloc_usable_size(block));
        return block;
    }
    throw std::bad_alloc();
}

Q_NEVER_INLINE void operator delete(void *block) noexcept
{
    s_bytes -= qint64(malloc_usable_size(block));
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    operator delete(block);
}

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

// Several levels up in the wheel.
static constexpr auto Far = 1h;

// Generous, for a busy machine: only a test that fails waits as long.
static bool waitFor(const std::function<bool()> &condition)
{
    return QTest::qWaitFor(condition, 20000);
}

static const auto LongestWait = 20s;

/*
    What a test says of wake-ups in real time is true on a machine that runs the thread when it is to be run. A busy one
    may stop it in the middle of an interval, or for longer than the queue waits before it lets the event loop go
    round. Then another attempt is made: one that succeeds shows what the queue does, and if it did something else none
    would.
*/
static constexpr int Attempts = 10;

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
    void setMeanwhileWaitsWhateverElseIsDue();
    void entriesMayBeRemovedInDue();
    void entriesMayBePostponedInDue();
    void entryMayDeleteItselfInDue();
    void entryMayDeleteAllOthersInDue();
    void nestedEventLoopInDue();
    void nestedEventLoopsInDueInRealTime();
    void entryThatStartsItselfAnewDoesNotStarveOthers_data();
    void entryThatStartsItselfAnewDoesNotStarveOthers();

    void entriesThatStartThemselvesAnewDoNotStarveLaterOnes();

    void againstAModel_data();
    void againstAModel();

    void bordersOfLevels_data();
    void bordersOfLevels();
    void endOfTime();
    void orderWithinASlot();
    void allPostponedInTheFirstSlot();
    void cancellationOfMany();
    void timeGoesBack();
    void interruptedTurnGoesOnInOrder();
    void nobodyWakesUpOnlyToTurnTheWheel();

    void crowdComesUpInOrder();
    void crowdIsMovedBeforeItIsDue();

    void pendingTakesNoMemory();
    void manyDueAtOnceLeaveNoMemory();
    void earlyEndDoesNotTouchTheTimer();
    void timerIsTouchedOncePerInterval();
    void postponingDoesNotTouchTheTimer();
    void drawingNearerHardlyTouchesTheTimer();
    void nearerAndNearerComesUpInOrder();
    void nearerAndNearerWithoutPostedEvents();
    void timerIsIdleWhenAllThatWereNearerHaveGone();
    void postponedWakesUpOncePerInterval();
    void timerIsIdleWhenNothingIsPending();
    void wakeUpsOfCoarseDeadlinesAreShared();
    void coarseDeadlineDoesNotDelayAPreciseOne();
    void preciseDeadlineAfterACoarseOne();
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
    // Some on other levels of the wheel than others.
    for (int i = 0; i < 50; ++i)
        entries[size_t(i)].set(Far + 10ms);
    clock.advance(Far);
    for (int i = 50; i < 100; ++i)
        entries[size_t(i)].set(10ms);
    clock.advance(10ms);
    QList<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    QCOMPARE(order, expected);
}

void tst_DeadlineQueue::settingAgainGoesBehindEqualDeadlines()
{
    for (const std::chrono::milliseconds passed : {0ms, std::chrono::milliseconds(Far)}) {
        QTimeoutTestClock clock;
        QString order;
        Entry a([&order] { order += 'a'; });
        Entry b([&order] { order += 'b'; });
        Entry c([&order] { order += 'c'; });
        a.set(Far + 10ms);
        b.set(Far + 10ms);
        c.set(Far + 10ms);
        clock.advance(passed);
        a.set(Far + 10ms - passed);
        clock.advance(Far + 10ms - passed);
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
    QTest::addColumn<bool>("soon");
    QTest::addColumn<QList<int>>("removed");

    for (const bool soon : {false, true}) {
        const char *where = soon ? "soon" : "far";
        QTest::addRow("%s, first", where) << soon << QList<int>{0};
        QTest::addRow("%s, last", where) << soon << QList<int>{19};
        QTest::addRow("%s, some in the middle", where) << soon << QList<int>{7, 8, 12, 3};
        QTest::addRow("%s, every other", where)
                << soon << QList<int>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18};
    }
}

void tst_DeadlineQueue::removedDoesNotComeUp()
{
    QFETCH(const bool, soon);
    QFETCH(const QList<int>, removed);

    QTimeoutTestClock clock;
    QList<int> order;
    QList<int> expected;
    std::deque<Entry> entries;
    for (int i = 0; i < 20; ++i) {
        entries.emplace_back([&order, i] { order.append(i); }).set(Far + 1ms * (i + 1));
        if (!removed.contains(i))
            expected.append(i);
    }
    if (soon)
        clock.advance(Far);
    for (const int each : removed) {
        entries[size_t(each)].remove();
        QVERIFY(!entries[size_t(each)].isQueued());
    }
    QCOMPARE(DeadlineQueue::current()->size(), size_t(expected.size()));
    clock.advance(Far + 1s);
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
        Entry far;
        far.set(Far);
        QCOMPARE(queue->size(), size_t(1));
    }
    QCOMPARE(queue->size(), size_t(0));
    {
        Entry soon;
        soon.set(Far);
        clock.advance(Far - 1ms);
        QCOMPARE(queue->size(), size_t(1));
    }
    QCOMPARE(queue->size(), size_t(0));
    clock.advance(2 * Far);
}

void tst_DeadlineQueue::postponedComesUpAtTheNewDeadline_data()
{
    QTest::addColumn<bool>("soon");

    QTest::newRow("far") << false;
    QTest::newRow("soon") << true;
}

void tst_DeadlineQueue::postponedComesUpAtTheNewDeadline()
{
    QFETCH(const bool, soon);

    QTimeoutTestClock clock;
    QString order;
    Entry a([&order] { order += 'a'; });
    Entry b([&order] { order += 'b'; });
    const std::chrono::milliseconds passed = soon ? Far : 0h;
    a.set(Far + 10ms);
    b.set(Far + 20ms);
    clock.advance(passed);
    a.set(Far + 30ms - passed);
    clock.advance(Far + 29ms - passed);
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
    QFETCH(const bool, soon);

    QTimeoutTestClock clock;
    QString order;
    Entry a([&order] { order += 'a'; });
    Entry b([&order] { order += 'b'; });
    const std::chrono::milliseconds passed = soon ? Far : 0h;
    a.set(Far + 30ms);
    b.set(Far + 20ms);
    clock.advance(passed);
    a.set(Far + 10ms - passed);
    clock.advance(Far + 10ms - passed);
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
    entry.set(1h); // it stays where it is
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

void tst_DeadlineQueue::setMeanwhileWaitsWhateverElseIsDue()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    int count = 0;
    Entry greedy;
    greedy.onDue = [&] {
        if (++count < 100)
            greedy.set(-1h);
    };
    int others = 0;
    std::deque<Entry> entries;
    greedy.set(1ms);
    for (int i = 1; i <= 10; ++i)
        entries.emplace_back([&] { ++others; }).set(i * 10ms);
    queue->setFrozenTime(queue->now() + nanoseconds(1s).count());
    queue->expireDue();
    QCOMPARE(count, 1);
    greedy.remove();
    queue->expireDue();
    QCOMPARE(others, 10);
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
    std::deque<Entry> greedy(3);
    for (Entry &each : greedy) {
        each.onDue = [&] {
            ++starts;
            each.set(msecs);
        };
    }
    QStringList others;
    Entry entry([&] { others.append("entry"); });
    Entry another([&] { others.append("entry"); });
    for (Entry &each : greedy)
        each.set(msecs);
    QMetaObject::invokeMethod(
            this, [&] { others.append("event"); }, Qt::QueuedConnection);
    QTimer::singleShot(0, this, [&] { others.append("timer"); });
    entry.set(0ms);
    another.set(0ms);
    // Each turn of the event loop brings up each of them at most once.
    QEventLoop loop;
    for (int turn = 0; turn < 1000 && others.size() < 4; ++turn)
        loop.processEvents();
    others.sort();
    QCOMPARE(others, QStringList({"entry", "entry", "event", "timer"}));
    QCOMPARE_GE(starts, 3);
    QCOMPARE_LE(starts, 3000);
    greedy.clear();
}

void tst_DeadlineQueue::entriesThatStartThemselvesAnewDoNotStarveLaterOnes()
{
    DeadlineQueue *queue = DeadlineQueue::current();
    std::deque<Entry> greedy(2);
    for (Entry &each : greedy) {
        each.onDue = [queue, &each] { queue->set(&each, {0, 0}); }; // long ago
        each.set(0);
    }
    bool cameUp = false;
    Entry later([&cameUp] { cameUp = true; });
    later.set({10ms, Qt::PreciseTimer});
    QVERIFY(waitFor([&cameUp] { return cameUp; }));
}

/*
    The queue does what a std::multimap does, for random operations in and outside due().
*/
class Model
{
public:
    enum Spread {
        Narrow, // all within a few slots of the lowest level, or in the same
        Wide // over all that a program may have at once
    };

    Model(quint32 seed, Spread spread, int unit) : m_random(seed), m_spread(spread), m_unit(unit)
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
            set(index, std::max(now, deadlineOf(index, now)) + duration(0, 50));
            break;
        case 3: // draw nearer
            set(index, deadlineOf(index, now) - duration(0, 50));
            break;
        default: // few different times, so that many are equal
            set(index, now + duration(-3, 60));
            break;
        }
    }

    qint64 duration(int from, int to)
    {
        const int unit = m_spread == Wide ? m_random.bounded(40) : m_unit;
        return qint64(m_random.bounded(from, to)) * (qint64(1) << unit);
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
        m_queue->setFrozenTime(m_queue->now() + duration(0, 20));
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
        if (m_inTurn
            && std::find(m_setInTurn.cbegin(), m_setInTurn.cend(), index) != m_setInTurn.cend()) {
            return fail("came up in the turn in which it was set");
        }
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
    const Spread m_spread;
    const int m_unit; // of time: two to that power of nanoseconds
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
    QTest::addColumn<bool>("wide");
    QTest::addColumn<int>("unit");

    for (const quint32 seed : {1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U, 55U, 89U, 144U, 20260101U}) {
        QTest::addRow("%u, nanoseconds", seed) << seed << false << 0;
        QTest::addRow("%u, parts of milliseconds", seed) << seed << false << 17;
        QTest::addRow("%u, milliseconds", seed) << seed << false << 20;
        QTest::addRow("%u, wide", seed) << seed << true << 0;
    }
}

void tst_DeadlineQueue::againstAModel()
{
    QFETCH(const quint32, seed);
    QFETCH(const bool, wide);
    QFETCH(const int, unit);

    QTimeoutTestClock clock;
    Model model(seed, wide ? Model::Wide : Model::Narrow, unit);
    model.run(10000);
    QVERIFY2(model.failure().isEmpty(), qPrintable(model.failure()));
    QCOMPARE_GT(model.dueCount(), 500);
}

// A slot of the wheel's lowest level, and how many times that one of each level is.
static constexpr qint64 Tick = qint64(1) << 20;
static constexpr int WindowBits = 8;
static constexpr int LevelBits = 6;
static constexpr int LastLevel = 6; // at its end time ends, too

/*
    Whatever moves time that far does it in a thread of its own.
*/
static void inAnotherQueue(const std::function<void()> &function)
{
    std::thread(function).join();
}

/*
    Sets entries for the times, all different, and then goes there. Returns what is wrong, if anything is: each
    comes up neither before its time nor after it, and all in order.
*/
static QString visit(QList<qint64> times, bool allAtOnce)
{
    DeadlineQueue *queue = DeadlineQueue::current();
    QList<qint64> order;
    std::deque<Entry> entries;
    for (const qint64 time : std::as_const(times)) {
        Entry &entry = entries.emplace_back([&order, time] { order.append(time); });
        queue->set(&entry, {time, time});
    }
    std::sort(times.begin(), times.end());
    if (allAtOnce)
        queue->setFrozenTime(times.last());
    for (qsizetype i = 0; i < times.size(); ++i) {
        const qint64 time = times.at(i);
        if (!allAtOnce) {
            queue->setFrozenTime(time - 1);
            queue->expireDue();
            if (order.size() > i)
                return QStringLiteral("early: %1, number %2").arg(time).arg(i);
            if (queue->earliestDeadline() != time)
                return QStringLiteral("%1 is not the next").arg(time);
            queue->setFrozenTime(time);
        }
        queue->expireDue();
        if (order.size() <= i)
            return QStringLiteral("late: %1, number %2").arg(time).arg(i);
    }
    return order == times ? QString() : QStringLiteral("not in order");
}

void tst_DeadlineQueue::bordersOfLevels_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<bool>("allAtOnce");

    for (int level = 0; level <= LastLevel; ++level) {
        QTest::addRow("%d, one after the other", level) << level << false;
        QTest::addRow("%d, all at once", level) << level << true;
    }
}

/*
    What is due just before, at and after the times at which slots of a level begin, and whole turns of the level.
*/
void tst_DeadlineQueue::bordersOfLevels()
{
    QFETCH(const int, level);
    QFETCH(const bool, allAtOnce);

    QString failure;
    inAnotherQueue([&] {
        QTimeoutTestClock clock;
        const qint64 slot = level == 0 ? Tick : Tick << (WindowBits + (level - 1) * LevelBits);
        const qint64 first = DeadlineQueue::current()->now() / slot + 1;
        QList<qint64> times;
        for (const qint64 turns :
             {0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 254, 255, 256, 257, 511, 512, 513}) {
            if (first + turns > (ForeverNSecs - Tick) / slot)
                break; // time ends
            const qint64 border = (first + turns) * slot;
            for (const qint64 distance :
                 {-Tick, -Tick + 1, qint64(-1), qint64(0), qint64(1), Tick - 1, Tick})
                times.append(border + distance);
        }
        std::sort(times.begin(), times.end());
        times.erase(std::unique(times.begin(), times.end()), times.end());
        std::shuffle(times.begin(), times.end(), std::mt19937(1));
        failure = visit(times, allAtOnce);
    });
    QVERIFY2(failure.isEmpty(), qPrintable(failure));
}

void tst_DeadlineQueue::endOfTime()
{
    QString failure;
    inAnotherQueue([&] {
        QTimeoutTestClock clock;
        const qint64 last = ForeverNSecs - 1;
        failure = visit({last, last - 1, last - Tick, last / 2, last / 2 + 1, last / 2 - Tick},
                        false);
    });
    QVERIFY2(failure.isEmpty(), qPrintable(failure));
}

void tst_DeadlineQueue::orderWithinASlot()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    const qint64 start = (queue->now() / Tick + 1000) * Tick;
    QList<std::pair<qint64, int>> order;
    QList<std::pair<qint64, int>> expected;
    std::deque<Entry> entries;
    for (int i = 0; i < 1000; ++i) {
        // Each time twice, and not in order.
        const qint64 time = start + i * 7919 % 500 * Tick / 500;
        expected.append({time, i});
        Entry &entry = entries.emplace_back([&order, time, i] { order.append({time, i}); });
        queue->set(&entry, {time, time});
    }
    std::sort(expected.begin(), expected.end());
    queue->setFrozenTime(start + Tick / 2);
    queue->expireDue();
    QCOMPARE(order.size(), 502); // the other half of the slot is not due yet
    clock.advance(1s);
    QCOMPARE(order, expected);
}

void tst_DeadlineQueue::allPostponedInTheFirstSlot()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    std::deque<Entry> entries(10);
    for (Entry &each : entries)
        each.set(10ms);
    Entry next;
    next.set(20min);
    for (Entry &each : entries)
        each.set(1h);
    QCOMPARE(queue->earliestDeadline(), next.deadline());
    next.remove();
    QCOMPARE(queue->earliestDeadline(), entries.front().deadline());
}

void tst_DeadlineQueue::cancellationOfMany()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    std::mt19937 random(1);
    std::vector<std::unique_ptr<Entry>> entries;
    int count = 0;
    for (int i = 0; i < 20'000; ++i) {
        entries.push_back(std::make_unique<Entry>([&count] { ++count; }));
        entries.back()->set(nanoseconds(qint64(1 + random() % 64) << (16 + random() % 40)));
    }
    std::shuffle(entries.begin(), entries.end(), random);
    entries.resize(10'000);
    clock.advance(1min); // in the midst of it
    const size_t left = entries.size() - size_t(count);
    QCOMPARE_GT(count, 100);
    QCOMPARE_GT(left, size_t(100));
    QCOMPARE(queue->size(), left);
    entries.clear();
    QCOMPARE(queue->size(), size_t(0));
    QCOMPARE(queue->earliestDeadline(), ForeverNSecs);
    const int before = count;
    clock.advance(24h);
    QCOMPARE(count, before);
}

void tst_DeadlineQueue::timeGoesBack()
{
    // No clock does that, but nothing would be lost.
    QString order;
    inAnotherQueue([&] {
        QTimeoutTestClock clock;
        DeadlineQueue *queue = DeadlineQueue::current();
        const qint64 beginning = queue->now();
        Entry a([&order] { order += 'a'; });
        Entry b([&order] { order += 'b'; });
        Entry c([&order] { order += 'c'; });
        c.set(2h);
        queue->setFrozenTime(beginning + nanoseconds(1h).count());
        queue->expireDue();
        queue->setFrozenTime(beginning);
        b.set(20ms);
        a.set(10ms);
        clock.advance(10ms);
        order += '|';
        clock.advance(10ms);
        order += '|';
        clock.advance(2h - 20ms - 1ns);
        order += '|';
        clock.advance(1ns);
    });
    QCOMPARE(order, "a|b||c");
}

/*
    A turn that takes long lets the event loop go round. What it has left is due still, and comes up together with what
    has been set meanwhile. If a busy machine stops the thread more turns are made of it, in the same order.
*/
void tst_DeadlineQueue::interruptedTurnGoesOnInOrder()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    QString order;
    QList<quint64> turns;
    const auto note = [&](char name) {
        order += QLatin1Char(name);
        turns.append(queue->timerEvents());
    };
    Entry past([&] { note('p'); });
    Entry gone([&] { note('g'); });
    Entry last([&] { note('l'); });
    Entry now([&] { note('n'); });
    Entry first([&] {
        note('f');
        block(5ms);
        now.set(0ms);
        past.set(-1h);
        gone.remove();
    });
    Entry second([&] { note('s'); });
    const QDeadlineTimer when(1ms, Qt::PreciseTimer);
    first.set(when);
    gone.set(when);
    second.set(when);
    last.set(when);
    QVERIFY(waitFor([&order] { return order.size() == 5; }));
    QCOMPARE(order, "fpsln");
    QCOMPARE_GT(turns[1], turns[0]);
}

// What comes late on a busy machine is no wake-up before the deadline.
void tst_DeadlineQueue::nobodyWakesUpOnlyToTurnTheWheel()
{
    bool isDue = false;
    bool wasEarly = false;
    inAnotherQueue([&] {
        const DeadlineQueue *queue = DeadlineQueue::current();
        QEventLoop loop;
        quint64 eventsBefore = 0;
        // After it the timer is armed for what the wheel says.
        Entry soon([&] { eventsBefore = queue->timerEvents(); });
        Entry entry([&isDue] { isDue = true; });
        soon.set({1ms, Qt::PreciseTimer});
        entry.set({300ms, Qt::PreciseTimer}); // slots of the second level begin before
        const QDeadlineTimer end(LongestWait);
        while (!isDue && !end.hasExpired()) {
            loop.processEvents(QEventLoop::WaitForMoreEvents);
            wasEarly |= eventsBefore > 0 && queue->timerEvents() > eventsBefore
                    && queue->now() < entry.deadline();
        }
    });
    QVERIFY(isDue);
    QVERIFY(!wasEarly);
}

static constexpr int Crowd = 2500; // for which a slot is emptied ahead

// The beginning of a slot of the level above the window, not too near.
static qint64 nextBigSlot()
{
    const qint64 slot = Tick << WindowBits;
    return (DeadlineQueue::current()->now() / slot + 2) * slot;
}

/*
    As many that are far apart, in real time: half in a slot and half in the next one. Nothing here depends on when
    the thread runs, but that it does.
*/
void tst_DeadlineQueue::crowdComesUpInOrder()
{
    const qint64 slot = Tick << WindowBits;
    const qint64 from = slot / 2;
    const qint64 to = 3 * slot / 2;

    QList<qint64> order;
    bool wasEarly = false;
    inAnotherQueue([&] {
        DeadlineQueue *queue = DeadlineQueue::current();
        std::deque<Entry> entries;
        const qint64 start = nextBigSlot();
        for (int i = 0; i < 2 * Crowd; ++i) {
            const qint64 time = start + from + i * qint64(7919) % Crowd * (to - from) / Crowd;
            Entry &entry = entries.emplace_back([&, time] {
                wasEarly |= queue->now() < time;
                order += time;
            });
            queue->set(&entry, {time, time});
        }
        QEventLoop loop;
        const QDeadlineTimer end(LongestWait);
        while (order.size() < 2 * Crowd && !end.hasExpired())
            loop.processEvents(QEventLoop::WaitForMoreEvents);
    });
    QCOMPARE(order.size(), 2 * Crowd);
    QVERIFY(!wasEarly);
    QVERIFY(std::is_sorted(order.cbegin(), order.cend()));
}

void tst_DeadlineQueue::crowdIsMovedBeforeItIsDue()
{
    bool moved = false;
    for (int attempt = 0; attempt < Attempts && !moved; ++attempt) {
        inAnotherQueue([&] {
            DeadlineQueue *queue = DeadlineQueue::current();
            int left = Crowd;
            std::deque<Entry> entries;
            const qint64 time = nextBigSlot() + 100 * Tick;
            for (int i = 0; i < Crowd; ++i)
                queue->set(&entries.emplace_back([&left] { --left; }), {time, time});
            QEventLoop loop;
            const QDeadlineTimer end(LongestWait);
            while (left > 0 && !end.hasExpired()) {
                loop.processEvents(QEventLoop::WaitForMoreEvents);
                moved |= queue->timerEvents() > 0 && left == Crowd && queue->now() < time;
            }
        });
    }
    QVERIFY(moved);
}

static constexpr size_t Many = 100'000;
// What Qt may keep of a timer and an event.
static constexpr qint64 Little = 4096;

void tst_DeadlineQueue::pendingTakesNoMemory()
{
    QTimeoutTestClock clock;
    std::deque<Entry> entries(Many);
    const qint64 before = s_bytes;
    for (size_t i = 0; i < Many; ++i)
        entries[i].set(1h + 1ms * i);
    QCOMPARE_LE(s_bytes - before, Little);
    clock.advance(1h - 1ms); // on to other levels
    QCOMPARE_LE(s_bytes - before, Little);
    for (Entry &each : entries)
        each.remove();
    QCOMPARE_LE(s_bytes - before, Little);
}

void tst_DeadlineQueue::manyDueAtOnceLeaveNoMemory()
{
    QTimeoutTestClock clock;
    DeadlineQueue *queue = DeadlineQueue::current();
    size_t count = 0;
    std::deque<Entry> entries;
    for (size_t i = 0; i < Many; ++i)
        entries.emplace_back([&count] { ++count; });
    const qint64 before = s_bytes;
    for (size_t i = 0; i < Many; ++i)
        entries[i].set(1s + nanoseconds(i * 7919 % 1000)); // not in order
    // In one turn: advance() would look for the next of them a thousand times.
    queue->setFrozenTime(queue->now() + nanoseconds(1h).count());
    queue->expireDue();
    QCOMPARE(count, Many);
    QCOMPARE_LE(s_bytes - before, Little);
}

void tst_DeadlineQueue::earlyEndDoesNotTouchTheTimer()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    const quint64 starts = queue->timerStarts();
    const quint64 events = queue->timerEvents();
    const qint64 bytes = s_bytes;
    for (int i = 0; i < 1'000'000; ++i) {
        Entry entry;
        entry.set(10min);
    }
    QCOMPARE_LE(queue->timerStarts() - starts, quint64(1));
    QCOMPARE(queue->timerEvents(), events);
    QCOMPARE(queue->size(), size_t(0));
    QCOMPARE_LE(s_bytes - bytes, Little);
}

void tst_DeadlineQueue::timerIsTouchedOncePerInterval()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    bool isRarelyTouched = false;
    for (int attempt = 0; attempt < Attempts && !isRarelyTouched; ++attempt) {
        const quint64 starts = queue->timerStarts();
        const quint64 events = queue->timerEvents();
        QElapsedTimer elapsed;
        elapsed.start();
        while (elapsed.elapsed() < 200) {
            for (int i = 0; i < 100; ++i) {
                Entry entry;
                entry.set(20ms);
            }
            QCoreApplication::processEvents();
        }
        // For an interval that is armed the timer fires once, and once more if it was late.
        const quint64 most = 2 * (quint64(elapsed.elapsed() / 20) + 1);
        isRarelyTouched = queue->timerStarts() - starts <= most
                && queue->timerEvents() - events <= most;
    }
    QVERIFY(isRarelyTouched);
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

// The bound grows with the time that it takes.
void tst_DeadlineQueue::drawingNearerHardlyTouchesTheTimer()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    bool cameUp = false;
    Entry entry([&cameUp] { cameUp = true; });
    entry.set(10min);
    const quint64 starts = queue->timerStarts();
    QElapsedTimer elapsed;
    elapsed.start();
    for (int i = 100'000; i > 0; --i)
        entry.set(std::chrono::milliseconds(i));
    // A few in each millisecond, until it is left to the event loop.
    QCOMPARE_LE(queue->timerStarts() - starts, 8 * (quint64(elapsed.elapsed()) + 2));
    QVERIFY(queue->isArmed());
    QVERIFY(!cameUp);
    QVERIFY(waitFor([&cameUp] { return cameUp; }));
    // What is set afterwards is armed as before.
    cameUp = false;
    entry.set(1ms);
    QVERIFY(waitFor([&cameUp] { return cameUp; }));
}

void tst_DeadlineQueue::nearerAndNearerComesUpInOrder()
{
    DeadlineQueue *queue = DeadlineQueue::current();
    const qint64 start = queue->now(); // for all, however long it takes to set them
    QList<int> order;
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 30; ++i) {
        auto &entry = entries.emplace_back(std::make_unique<Entry>([&order, i] { order += i; }));
        const qint64 deadline = start + nanoseconds(100ms - 3ms * i).count();
        queue->set(entry.get(), {deadline, deadline});
    }
    QVERIFY(waitFor([&order] { return order.size() == 30; }));
    QVERIFY(std::is_sorted(order.crbegin(), order.crend()));
}

// Nothing that is posted arrives.
void tst_DeadlineQueue::nearerAndNearerWithoutPostedEvents()
{
    bool cameUp = false;
    Entry entry([&cameUp] { cameUp = true; });
    for (int i = 100; i > 1; --i)
        entry.set(std::chrono::minutes(i));
    QCoreApplication::removePostedEvents(nullptr);
    entry.set(1ms);
    QVERIFY(waitFor([&cameUp] { return cameUp; }));
}

void tst_DeadlineQueue::timerIsIdleWhenAllThatWereNearerHaveGone()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    {
        Entry entry;
        entry.set(10min);
        for (int i = 30'000; i > 20'000; --i)
            entry.set({std::chrono::microseconds(i), Qt::PreciseTimer});
    }
    const quint64 starts = queue->timerStarts();
    QCoreApplication::sendPostedEvents();
    QVERIFY(!queue->isArmed());
    block(50ms); // what fires then is late
    for (int i = 0; i < 10; ++i)
        QCoreApplication::processEvents();
    QVERIFY(!queue->isArmed());
    QCOMPARE(queue->timerStarts(), starts);
}

void tst_DeadlineQueue::postponedWakesUpOncePerInterval()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    bool isRarelyWoken = false;
    for (int attempt = 0; attempt < Attempts && !isRarelyWoken; ++attempt) {
        Entry idle;
        const quint64 events = queue->timerEvents();
        QElapsedTimer elapsed;
        elapsed.start();
        while (elapsed.elapsed() < 200) {
            idle.set({40ms, Qt::PreciseTimer});
            QCoreApplication::processEvents();
        }
        // And once more each time if it was late.
        isRarelyWoken = queue->timerEvents() - events <= 2 * (quint64(elapsed.elapsed() / 40) + 1);
    }
    QVERIFY(isRarelyWoken);
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

void tst_DeadlineQueue::preciseDeadlineAfterACoarseOne()
{
    // It is postponed, but the time at which to wake up for it is not.
    DeadlineQueue *queue = DeadlineQueue::current();
    bool punctual = false;
    for (int attempt = 0; attempt < Attempts && !punctual; ++attempt) {
        qint64 when = 0;
        Entry entry([&] { when = queue->now(); });
        Entry soon; // after it the timer is armed for what the wheel says
        entry.set({300ms, Qt::VeryCoarseTimer});
        soon.set({1ms, Qt::PreciseTimer});
        QVERIFY(waitFor([&] { return !soon.isQueued(); }));
        entry.set({350ms, Qt::PreciseTimer});
        soon.set({1ms, Qt::PreciseTimer});
        QVERIFY(waitFor([&] { return when != 0; }));
        QCOMPARE_GE(when, entry.deadline());
        punctual = when - entry.deadline() < nanoseconds(400ms).count();
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

// A busy machine only makes it later.
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
    as data does that a socket hands on. A busy machine only blocks it for longer.
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
        entries.back().set(2h);
        entries[0].set(1min);
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
    auto far = std::make_unique<Entry>();
    auto soon = std::make_unique<Entry>();
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        far->set(1h);
        soon->set(0ms);
        static thread_local LateThread late; // goes before what was made earlier
        Q_UNUSED(late)
    }));
    thread->start();
    QVERIFY(thread->wait());
    const bool queued = far->isQueued() || soon->isQueued();
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
