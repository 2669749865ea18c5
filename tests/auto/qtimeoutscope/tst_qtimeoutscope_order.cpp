// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/QEventLoop>
#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>
#include <QtTest/QSignalSpy>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/*
    S5 and S13: the order in which what is due comes up, and what slots that take long, or start
    anew, do to the others.
*/
class tst_QTimeoutScopeOrder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void inOrderOfDeadlines();
    void equalDeadlinesInOrderOfSetting();
    void rescheduledGoesBehindEqualOnes();
    void manyInOrder();
    void sleepsAndScopesInOneOrder();
    void enclosingWithSameDeadlineGoesFirst();
    void enclosingWithSameDeadlineSetLaterGoesFirst();
    void outermostWithSameDeadlineGoesFirst();
    void enclosingWithLaterDeadlineIsNotTakenAlong();
    void enclosingThatFinishesLeavesRescheduledInner_data();
    void enclosingThatFinishesLeavesRescheduledInner();
    void startedMeanwhileWaitsForNextTurn();
    void rescheduledMeanwhileWaitsForNextTurn();
    void postponedInSlotOfAnotherDoesNotExpire();
    void finishedInSlotOfAnotherDoesNotExpire();
    void restartWithPastDeadlineDoesNotHoldUpOthers();

    void arrivedDataIsSeenBeforeDeadline();
    void postedEventIsSeenBeforeDeadline();
    void finishedWhileThreadWasBusyIsNotTimedOut();

    void nestedEventLoopDoesNotHoldUpOthers();
    void nestedEventLoopInNestedEventLoop();
    void cancelledInNestedEventLoop();
    void startOfZeroInExpiredDoesNotStarve();
    void startOfZeroInExpiredDoesNotStarveOtherScopes();
};

static QMetaObject::Connection record(Log &log, QTimeoutScope &scope, const char *name)
{
    return QObject::connect(&scope, &QTimeoutScope::expired, &scope,
                            [&log, name] { log.add(QString::fromLatin1(name)); });
}

void tst_QTimeoutScopeOrder::inOrderOfDeadlines()
{
    QTimeoutTestClock clock;
    QTimeoutScope third(30ms);
    QTimeoutScope first(10ms);
    QTimeoutScope second(20ms);
    Log log;
    record(log, first, "1");
    record(log, second, "2");
    record(log, third, "3");
    clock.advance(1s);
    QCOMPARE(log.text(), QStringLiteral("1, 2, 3"));
}

// All are due in one turn, unlike above, where the clock stops at each of them.
void tst_QTimeoutScopeOrder::manyInOrder()
{
    static constexpr int Count = 1000;
    QTimeoutTestClock clock;
    std::vector<std::unique_ptr<QTimeoutScope>> scopes;
    std::vector<int> order;
    for (int i = 0; i < Count; ++i) {
        const int rank = (i * 617) % Count; // a permutation
        scopes.push_back(std::make_unique<QTimeoutScope>(nanoseconds(rank - Count)));
        connect(scopes.back().get(), &QTimeoutScope::expired, this,
                [&order, rank] { order.push_back(rank); });
    }
    clock.advance(0ns);
    QCOMPARE(order.size(), size_t(Count));
    QVERIFY(std::is_sorted(order.cbegin(), order.cend()));
}

void tst_QTimeoutScopeOrder::equalDeadlinesInOrderOfSetting()
{
    QTimeoutTestClock clock;
    QTimeoutScope c;
    QTimeoutScope a;
    QTimeoutScope b;
    Log log;
    record(log, a, "a");
    record(log, b, "b");
    record(log, c, "c");
    a.start(10ms);
    clock.advance(4ms);
    b.start(6ms);
    c.start(6ms);
    clock.advance(6ms);
    QCOMPARE(log.text(), QStringLiteral("a, b, c"));
}

void tst_QTimeoutScopeOrder::rescheduledGoesBehindEqualOnes()
{
    QTimeoutTestClock clock;
    QTimeoutScope a(10ms);
    QTimeoutScope b(10ms);
    QTimeoutScope c(10ms);
    Log log;
    record(log, a, "a");
    record(log, b, "b");
    record(log, c, "c");
    a.reschedule(10ms);
    b.shift(0ms);
    clock.advance(10ms);
    QCOMPARE(log.text(), QStringLiteral("c, a, b"));
}

static QCoro::Task<> sleepAndRecord(Log &log, nanoseconds time, QString name)
{
    co_await QTimeout::sleepFor(time);
    log.add(name);
}

void tst_QTimeoutScopeOrder::sleepsAndScopesInOneOrder()
{
    QTimeoutTestClock clock;
    Log log;
    QTimeoutScope a(10ms);
    record(log, a, "scope a");
    auto sleepB = sleepAndRecord(log, 10ms, QStringLiteral("sleep b"));
    QTimeoutScope c(10ms);
    record(log, c, "scope c");
    auto sleepD = sleepAndRecord(log, 5ms, QStringLiteral("sleep d"));
    clock.advance(10ms);
    QCOMPARE(log.text(), QStringLiteral("sleep d, scope a, sleep b, scope c"));
}

void tst_QTimeoutScopeOrder::enclosingWithSameDeadlineGoesFirst()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(10ms);
    QTimeoutScope inner(10ms, &outer);
    Log log;
    log.watch(&outer, QStringLiteral("outer"));
    log.watch(&inner, QStringLiteral("inner"));
    clock.advance(10ms);
    QCOMPARE(log.text(),
             QStringLiteral("outer Expired, outer expired, inner Expired, inner expired"));
}

void tst_QTimeoutScopeOrder::enclosingWithSameDeadlineSetLaterGoesFirst()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(10ms, &outer);
    QTimeoutScope other(10ms);
    outer.reschedule(10ms);
    Log log;
    log.watch(&outer, QStringLiteral("outer"));
    record(log, other, "other");
    log.watch(&inner, QStringLiteral("inner"));
    clock.advance(10ms);
    QCOMPARE(log.text(),
             QStringLiteral("outer Expired, outer expired, inner Expired, inner expired, other"));
}

void tst_QTimeoutScopeOrder::outermostWithSameDeadlineGoesFirst()
{
    QTimeoutTestClock clock;
    QTimeoutScope outermost(10ms);
    QTimeoutScope middle(20ms, &outermost);
    QTimeoutScope inner(10ms, &middle);
    inner.reschedule(10ms);
    Log log;
    log.watch(&outermost, QStringLiteral("outermost"));
    log.watch(&middle, QStringLiteral("middle"));
    log.watch(&inner, QStringLiteral("inner"));
    clock.advance(20ms);
    QCOMPARE(
            log.text(),
            QStringLiteral(
                    "outermost Expired, outermost expired, middle Cancelled, middle cancelled, inner Expired, "
                    "inner expired"));
}

void tst_QTimeoutScopeOrder::enclosingWithLaterDeadlineIsNotTakenAlong()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(10ms + 1ns);
    QTimeoutScope inner(10ms, &outer);
    Log log;
    record(log, outer, "outer");
    record(log, inner, "inner");
    clock.advance(10ms);
    QCOMPARE(log.text(), QStringLiteral("inner"));
    QVERIFY(outer.isActive());
}

void tst_QTimeoutScopeOrder::enclosingThatFinishesLeavesRescheduledInner_data()
{
    QTest::addColumn<bool>("innerComesUpFirst");
    QTest::newRow("outer comes up first") << false;
    QTest::newRow("inner comes up first") << true;
}

/*
    The outer scope has the same deadline, but its work ends at the last moment: it finishes instead
    of expiring. A slot then gives the inner one more time, before which it must not expire (S4).
*/
void tst_QTimeoutScopeOrder::enclosingThatFinishesLeavesRescheduledInner()
{
    QFETCH(bool, innerComesUpFirst);
    QTimeoutTestClock clock;
    Job job;
    QTimeoutScope before(10ms);
    connect(&before, &QTimeoutScope::expired, &job, &Job::finished);
    QTimeoutScope outer(10ms);
    QTimeoutScope inner(10ms, &outer);
    if (innerComesUpFirst)
        outer.reschedule(10ms);
    inner.stopToken();
    outer.watch(&job);
    connect(&outer, &QTimeoutScope::finished, &inner, [&inner] { inner.reschedule(1h); });
    clock.advance(10ms);
    QCOMPARE(outer.state(), QTimeoutScope::Finished);
    QCOMPARE(inner.state(), QTimeoutScope::Active);
    clock.advance(1h);
    QVERIFY(inner.hasExpired());
}

void tst_QTimeoutScopeOrder::startedMeanwhileWaitsForNextTurn()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(0ms);
    QTimeoutScope started;
    QTimeoutScope last(0ms);
    Log log;
    record(log, first, "first");
    record(log, last, "last");
    record(log, started, "started");
    connect(&first, &QTimeoutScope::expired, &started, [&] {
        started.start(-1h); // earlier than the deadline of the last
        QMetaObject::invokeMethod(
                &started, [&log] { log.add(QStringLiteral("event")); }, Qt::QueuedConnection);
    });
    clock.advance(0ns);
    QCOMPARE(log.text(), QStringLiteral("first, last, event, started"));
}

void tst_QTimeoutScopeOrder::rescheduledMeanwhileWaitsForNextTurn()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(-2ms);
    QTimeoutScope moved(0ms);
    QTimeoutScope last(0ms);
    Log log;
    record(log, first, "first");
    record(log, moved, "moved");
    record(log, last, "last");
    connect(&first, &QTimeoutScope::expired, &moved, [&] {
        moved.reschedule(-1ms);
        QMetaObject::invokeMethod(
                &moved, [&log] { log.add(QStringLiteral("event")); }, Qt::QueuedConnection);
    });
    clock.advance(0ns);
    QCOMPARE(log.text(), QStringLiteral("first, last, event, moved"));
}

void tst_QTimeoutScopeOrder::postponedInSlotOfAnotherDoesNotExpire()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(10ms);
    QTimeoutScope second(10ms);
    Log log;
    record(log, first, "first");
    record(log, second, "second");
    connect(&first, &QTimeoutScope::expired, &second, [&second] { second.shift(5ms); });
    clock.advance(14ms);
    QCOMPARE(log.text(), QStringLiteral("first"));
    clock.advance(1ms);
    QCOMPARE(log.text(), QStringLiteral("first, second"));
}

void tst_QTimeoutScopeOrder::finishedInSlotOfAnotherDoesNotExpire()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(10ms);
    QTimeoutScope second(10ms);
    connect(&first, &QTimeoutScope::expired, &second, &QTimeoutScope::finish);
    clock.advance(1h);
    QCOMPARE(second.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeOrder::restartWithPastDeadlineDoesNotHoldUpOthers()
{
    QTimeoutTestClock clock;
    QTimeoutScope restarting(-1h);
    connect(&restarting, &QTimeoutScope::expired, &restarting, [&] { restarting.start(-1h); });
    QTimeoutScope other(0ms);
    QSignalSpy expired(&other, &QTimeoutScope::expired);
    clock.advance(0ns);
    QCOMPARE(expired.count(), 1);
    restarting.disconnect();
    restarting.cancel();
}

/*
    The next three are in real time, because they are about a thread that is busy while its deadline
    passes. They wait for what is certain to happen.
*/
class Pipe
{
public:
    Pipe() { m_open = ::pipe(m_ends.data()) == 0; }
    ~Pipe()
    {
        if (m_open) {
            ::close(m_ends[0]);
            ::close(m_ends[1]);
        }
    }
    Q_DISABLE_COPY_MOVE(Pipe)

    bool isOpen() const { return m_open; }
    int readEnd() const { return m_ends[0]; }
    bool write() { return ::write(m_ends[1], "x", 1) == 1; }
    bool read()
    {
        char byte = 0;
        return ::read(m_ends[0], &byte, 1) == 1;
    }

private:
    std::array<int, 2> m_ends{};
    bool m_open = false;
};

static void blockPast(const QTimeoutScope &scope)
{
    while (scope.remainingTime() > 0ns)
        QThread::msleep(1);
    QThread::msleep(20);
}

void tst_QTimeoutScopeOrder::arrivedDataIsSeenBeforeDeadline()
{
    Pipe pipe;
    QVERIFY(pipe.isOpen());
    Log log;
    QSocketNotifier notifier(pipe.readEnd(), QSocketNotifier::Read);
    connect(&notifier, &QSocketNotifier::activated, this, [&] {
        if (pipe.read())
            log.add(QStringLiteral("data"));
    });
    QCoreApplication::processEvents();
    QTimeoutScope scope(QDeadlineTimer(20, Qt::PreciseTimer));
    record(log, scope, "expired");
    QVERIFY(pipe.write());
    blockPast(scope);
    QTRY_COMPARE(log.entries.size(), 2);
    QCOMPARE(log.text(), QStringLiteral("data, expired"));
}

void tst_QTimeoutScopeOrder::postedEventIsSeenBeforeDeadline()
{
    Log log;
    QTimeoutScope scope(QDeadlineTimer(20, Qt::PreciseTimer));
    record(log, scope, "expired");
    blockPast(scope);
    QMetaObject::invokeMethod(
            this, [&log] { log.add(QStringLiteral("event")); }, Qt::QueuedConnection);
    QTRY_COMPARE(log.entries.size(), 2);
    QCOMPARE(log.text(), QStringLiteral("event, expired"));
}

void tst_QTimeoutScopeOrder::finishedWhileThreadWasBusyIsNotTimedOut()
{
    Pipe pipe;
    QVERIFY(pipe.isOpen());
    Job job;
    QSocketNotifier notifier(pipe.readEnd(), QSocketNotifier::Read);
    connect(&notifier, &QSocketNotifier::activated, &job, [&] {
        if (pipe.read())
            Q_EMIT job.finished();
    });
    QCoreApplication::processEvents();
    QTimeoutScope scope(QDeadlineTimer(20, Qt::PreciseTimer));
    scope.watch(&job);
    QVERIFY(pipe.write());
    blockPast(scope);
    QTRY_VERIFY(!scope.isActive());
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeOrder::nestedEventLoopDoesNotHoldUpOthers()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(10ms);
    QTimeoutScope second(10ms);
    QTimeoutScope third;
    Log log;
    QEventLoop messageBox;
    connect(&third, &QTimeoutScope::expired, &messageBox, &QEventLoop::quit);
    connect(&first, &QTimeoutScope::expired, this, [&] {
        log.add(QStringLiteral("opened"));
        third.start(0ms);
        messageBox.exec();
        log.add(QStringLiteral("closed"));
    });
    record(log, second, "second");
    record(log, third, "third");
    clock.advance(10ms);
    QCOMPARE(log.text(), QStringLiteral("opened, second, third, closed"));
}

void tst_QTimeoutScopeOrder::nestedEventLoopInNestedEventLoop()
{
    static constexpr int Depth = 20;
    QTimeoutTestClock clock;
    std::vector<std::unique_ptr<QTimeoutScope>> scopes;
    int entered = 0;
    int deepest = 0;
    for (int i = 0; i < Depth; ++i) {
        scopes.push_back(std::make_unique<QTimeoutScope>(10ms));
        connect(scopes.back().get(), &QTimeoutScope::expired, this, [&] {
            deepest = std::max(deepest, ++entered);
            QEventLoop loop;
            for (int turn = 0; turn < 100 && deepest < Depth; ++turn)
                loop.processEvents();
            --entered;
        });
    }
    clock.advance(10ms);
    QCOMPARE(deepest, Depth);
    QCOMPARE(entered, 0);
    for (const auto &scope : scopes)
        QVERIFY(scope->hasExpired());
}

// What has been cancelled in the message box does not expire when that is closed.
void tst_QTimeoutScopeOrder::cancelledInNestedEventLoop()
{
    QTimeoutTestClock clock;
    QTimeoutScope first(10ms);
    auto *second = new QTimeoutScope(10ms);
    QTimeoutScope third(10ms);
    bool told = false;
    connect(second, &QTimeoutScope::expired, this, [&told] { told = true; });
    connect(&first, &QTimeoutScope::expired, this, [&] {
        QEventLoop messageBox;
        QMetaObject::invokeMethod(
                &messageBox,
                [&] {
                    delete second;
                    third.cancel();
                    messageBox.quit();
                },
                Qt::QueuedConnection);
        messageBox.exec();
    });
    clock.advance(10ms);
    QVERIFY(!told);
    QVERIFY(third.isCancelled());
}

// Real time: nothing has to be waited for. What is to be seen is that others get their turn.
void tst_QTimeoutScopeOrder::startOfZeroInExpiredDoesNotStarve()
{
    QTimeoutScope scope(0ms);
    int lives = 0;
    connect(&scope, &QTimeoutScope::expired, &scope, [&] {
        ++lives;
        scope.start(0ms);
    });
    int events = 0;
    std::function<void()> post = [&] {
        if (++events < 50)
            QMetaObject::invokeMethod(this, post, Qt::QueuedConnection);
    };
    post();
    QTimer timer;
    QSignalSpy timeouts(&timer, &QTimer::timeout);
    timer.start(1);
    QTRY_VERIFY(timeouts.count() >= 3);
    QTRY_VERIFY(events == 50);
    QTRY_VERIFY(lives >= 10);
    QVERIFY(scope.isActive());
    scope.disconnect();
    scope.cancel();
}

void tst_QTimeoutScopeOrder::startOfZeroInExpiredDoesNotStarveOtherScopes()
{
    QTimeoutTestClock clock;
    QTimeoutScope restarting(0ms);
    connect(&restarting, &QTimeoutScope::expired, &restarting, [&] { restarting.start(0ms); });
    QTimeoutScope other(0ms);
    QSignalSpy expired(&other, &QTimeoutScope::expired);
    clock.advance(0ns);
    QCOMPARE(expired.count(), 1);
    restarting.disconnect();
    restarting.cancel();
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeOrder)

#include "tst_qtimeoutscope_order.moc"
