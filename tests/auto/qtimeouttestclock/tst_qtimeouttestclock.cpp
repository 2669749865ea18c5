// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroTask>

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qsocketnotifier.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#ifdef Q_OS_UNIX
#    include <sys/socket.h>
#    include <unistd.h>
#endif

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// Generous, for a busy machine: only a test that fails waits as long.
static const auto LongestWait = 20s;

// The hint that a scope was made use of by nobody is not what is tested here.
static void ignore()
{
}

class tst_QTimeoutTestClock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void timeStandsStill();
    void advanceMovesTime();
    void advanceByZeroTurnsTheEventLoop();
    void advanceByANegativeTimeWarns();
    void everythingFallsDueInOrder();
    void eachFallsDueAtItsTime();
    void whatIsStartedOnTheWayTakesPart();
    void whatIsRescheduledOnTheWayTakesPart();
    void coarseTimersAreExact_data();
    void coarseTimersAreExact();
    void runExpires();
    void runOfAFinishedOperation();
    void deliversPostedEventsBetweenDeadlines();
    void startOfZeroDoesNotHangAdvance();
    void sleepOfZeroDoesNotHangAdvance();
    void advanceInASlot();

    void deadlineTimerCountsAsWhatRemains();
    void timePointCountsAsWhatRemains();
    void deadlineIsTheInverse();
    void pastDeadlineTimerExpires();

    void endRestoresRealTime();
    void endAfterAnHourRestoresRealTime();
    void endInASlotRestoresRealTime_data();
    void endInASlotRestoresRealTime();
    void endInASlotOfANestedAdvance();
    void endInANestedEventLoopOfAdvance();
    void endInAPostedEvent();
    void endInASlotOfAutoAdvance();
    void anotherClockInASlotOfAdvance();
    void clockAfterAClock();
    void freezesWhatIsPending();

    void autoAdvanceIsOffAtFirst();
    void hoursPassInNoTime();
    void autoAdvanceGoesFromDeadlineToDeadline();
    void autoAdvanceDoesNotPassPostedEvents();
    void autoAdvanceDoesNotPassZeroTimers();
    void autoAdvanceDoesNotPassSocketData();
    void autoAdvanceWithoutDeadlinesWaits();
    void autoAdvanceCanBeSwitchedOff();
    void autoAdvanceCanBeSwitchedInASlotOfAdvance();
    void autoAdvanceGoesOnWhenPostedEventsAreRemoved();
    void autoAdvanceInAnotherThread();
    void autoAdvanceInAnotherThreadDoesNotPassZeroTimers();
    void autoAdvanceInAThreadWithoutEventLoopWarns();

    void secondClockInAThreadWarns();
    void otherThreadIsNotAffected();
    void clockOfAnotherThread();

    void advanceByForever();
};

void tst_QTimeoutTestClock::timeStandsStill()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    // Real time goes on until a real timer has fired.
    QEventLoop loop;
    QTimer::singleShot(20ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
    QCOMPARE(expired.size(), 0);
    QCOMPARE(scope.remainingTime(), nanoseconds(1ms));
    QCOMPARE(clock.elapsed(), 0ns);
}

void tst_QTimeoutTestClock::advanceMovesTime()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1500ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    clock.advance(1499ms);
    QCOMPARE(clock.elapsed(), nanoseconds(1499ms));
    QCOMPARE(scope.remainingTime(), nanoseconds(1ms));
    QCOMPARE(expired.size(), 0);
    clock.advance(1ms);
    QCOMPARE(expired.size(), 1);
    QVERIFY(scope.hasExpired());
    QCOMPARE(clock.elapsed(), nanoseconds(1500ms));
}

void tst_QTimeoutTestClock::advanceByZeroTurnsTheEventLoop()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(0ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    bool delivered = false;
    QMetaObject::invokeMethod(
            this, [&] { delivered = true; }, Qt::QueuedConnection);
    clock.advance(0ns);
    QVERIFY(delivered);
    QCOMPARE(expired.size(), 1);
    QCOMPARE(clock.elapsed(), 0ns);
}

void tst_QTimeoutTestClock::advanceByANegativeTimeWarns()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    clock.advance(10ms);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression("^QTimeoutTestClock::advance: .*not negative"));
    clock.advance(-1ns);
    QCOMPARE(clock.elapsed(), nanoseconds(10ms));
    QCOMPARE(scope.remainingTime(), nanoseconds(990ms));
}

static QCoro::Task<> noteSleep(QStringList &log, nanoseconds time, QString text)
{
    co_await QTimeout::sleepFor(time);
    log.append(text);
}

static QCoro::Task<> noteRun(QStringList &log, nanoseconds time, QFuture<void> future, QString text)
{
    try {
        co_await QTimeout::run(time, future);
    } catch (const QTimeoutError &) {
        log.append(text);
    }
}

void tst_QTimeoutTestClock::everythingFallsDueInOrder()
{
    QTimeoutTestClock clock;
    QStringList log;
    QPromise<void> promise;
    promise.start();
    const auto noteExpiry = [&log](QTimeoutScope *scope, const QString &text) {
        connect(scope, &QTimeoutScope::expired, scope, [&log, text] { log.append(text); });
    };
    const auto sleep40 = noteSleep(log, 40ms, "sleep 40");
    QTimeoutScope scope30(30ms);
    noteExpiry(&scope30, "scope 30");
    const auto run10 = noteRun(log, 10ms, promise.future(), "run 10");
    const auto sleep20 = noteSleep(log, 20ms, "sleep 20");
    QTimeoutScope scope20(20ms);
    noteExpiry(&scope20, "scope 20");
    QPromise<void> other;
    other.start();
    const auto run20 = noteRun(log, 20ms, other.future(), "run 20");
    QTimeoutScope scope50(50ms);
    noteExpiry(&scope50, "scope 50");

    clock.advance(45ms);
    // Equal ones in the order in which they were set.
    QCOMPARE(log,
             QStringList({"run 10", "sleep 20", "scope 20", "run 20", "scope 30", "sleep 40"}));
    clock.advance(5ms);
    QCOMPARE(log.last(), "scope 50");
    QVERIFY(promise.isCanceled());
    QVERIFY(other.isCanceled());
    promise.finish();
    other.finish();
}

void tst_QTimeoutTestClock::eachFallsDueAtItsTime()
{
    QTimeoutTestClock clock;
    QList<nanoseconds> times;
    std::vector<std::unique_ptr<QTimeoutScope>> scopes;
    for (const auto time : {70ms, 10ms, 40ms}) {
        auto *scope = scopes.emplace_back(std::make_unique<QTimeoutScope>(time)).get();
        connect(scope, &QTimeoutScope::expired, this, [&] { times.append(clock.elapsed()); });
    }
    clock.advance(1h);
    QCOMPARE(times, QList<nanoseconds>({10ms, 40ms, 70ms}));
    QCOMPARE(clock.elapsed(), nanoseconds(1h));
}

static QCoro::Task<> tick(QTimeoutTestClock &clock, QList<nanoseconds> &times)
{
    for (int i = 0; i < 5; ++i) {
        co_await QTimeout::sleepFor(10ms);
        times.append(clock.elapsed());
    }
}

void tst_QTimeoutTestClock::whatIsStartedOnTheWayTakesPart()
{
    QTimeoutTestClock clock;
    QList<nanoseconds> times;
    const auto ticking = tick(clock, times);
    clock.advance(42ms);
    QCOMPARE(times, QList<nanoseconds>({10ms, 20ms, 30ms, 40ms}));
    QVERIFY(!ticking.isReady());
    clock.advance(8ms);
    QVERIFY(ticking.isReady());
}

void tst_QTimeoutTestClock::whatIsRescheduledOnTheWayTakesPart()
{
    QTimeoutTestClock clock;
    QStringList log;
    QTimeoutScope later(1h);
    QTimeoutScope sooner(20ms);
    QTimeoutScope first(10ms);
    connect(&first, &QTimeoutScope::expired, this, [&] {
        later.reschedule(5ms);
        sooner.shift(1h);
    });
    connect(&later, &QTimeoutScope::expired, this,
            [&] { log.append(QString::number(clock.elapsed().count())); });
    clock.advance(1min);
    QCOMPARE(log, QStringList("15000000"));
    QVERIFY(sooner.isActive());
}

void tst_QTimeoutTestClock::coarseTimersAreExact_data()
{
    QTest::addColumn<int>("type");

    QTest::newRow("precise") << int(Qt::PreciseTimer);
    QTest::newRow("coarse") << int(Qt::CoarseTimer);
    QTest::newRow("very coarse") << int(Qt::VeryCoarseTimer);
}

void tst_QTimeoutTestClock::coarseTimersAreExact()
{
    QFETCH(const int, type);

    QTimeoutTestClock clock;
    QTimeoutScope scope({1h, Qt::TimerType(type)});
    connect(&scope, &QTimeoutScope::expired, this, &ignore);
    clock.advance(1h - 1ns);
    QVERIFY(scope.isActive());
    clock.advance(1ns);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutTestClock::runExpires()
{
    QTimeoutTestClock clock;
    QPromise<void> promise;
    promise.start();
    QStringList log;
    const auto task = noteRun(log, 1500ms, promise.future(), "expired");
    clock.advance(1499ms);
    QVERIFY(!task.isReady());
    clock.advance(1ms);
    QVERIFY(task.isReady());
    QCOMPARE(log, QStringList("expired"));
    promise.finish();
}

void tst_QTimeoutTestClock::runOfAFinishedOperation()
{
    // A2: finished in time, but the news is still queued when the deadline passes.
    QTimeoutTestClock clock;
    QPromise<void> promise;
    promise.start();
    QStringList log;
    const auto task = noteRun(log, 10ms, promise.future(), "expired");
    promise.finish();
    clock.advance(1h);
    QVERIFY(task.isReady());
    QVERIFY(log.isEmpty());
}

void tst_QTimeoutTestClock::deliversPostedEventsBetweenDeadlines()
{
    QTimeoutTestClock clock;
    QStringList log;
    QTimeoutScope first(10ms);
    QTimeoutScope second(20ms);
    connect(&first, &QTimeoutScope::expired, this, [&] {
        log.append("first");
        QMetaObject::invokeMethod(
                this,
                [&] {
                    log.append("event");
                    QMetaObject::invokeMethod(
                            this, [&] { log.append("event of the event"); }, Qt::QueuedConnection);
                },
                Qt::QueuedConnection);
    });
    connect(&second, &QTimeoutScope::expired, this, [&] { log.append("second"); });
    clock.advance(20ms);
    QCOMPARE(log, QStringList({"first", "event", "event of the event", "second"}));
}

void tst_QTimeoutTestClock::startOfZeroDoesNotHangAdvance()
{
    QTimeoutTestClock clock;
    int count = 0;
    QTimeoutScope scope(0ms);
    QTimeoutScope other(500ms);
    connect(&scope, &QTimeoutScope::expired, this, [&] {
        ++count;
        scope.start(0ms);
    });
    connect(&other, &QTimeoutScope::expired, this, &ignore);
    clock.advance(1s);
    QCOMPARE_GT(count, 1);
    QVERIFY(other.hasExpired());
    QCOMPARE(clock.elapsed(), nanoseconds(1s));
    scope.finish();
}

static QCoro::Task<> yieldUntil(const bool &end)
{
    while (!end)
        co_await QTimeout::sleepFor(0ms);
}

void tst_QTimeoutTestClock::sleepOfZeroDoesNotHangAdvance()
{
    QTimeoutTestClock clock;
    bool end = false;
    QTimeoutScope other(500ms);
    connect(&other, &QTimeoutScope::expired, this, &ignore);
    const auto task = yieldUntil(end);
    clock.advance(1s);
    QVERIFY(other.hasExpired());
    QVERIFY(!task.isReady());
    end = true;
    clock.advance(0ns);
    QVERIFY(task.isReady());
}

void tst_QTimeoutTestClock::advanceInASlot()
{
    QTimeoutTestClock clock;
    QStringList log;
    QTimeoutScope first(10ms);
    QTimeoutScope second(20ms);
    QTimeoutScope third(30ms);
    connect(&first, &QTimeoutScope::expired, this, [&] {
        log.append("first");
        clock.advance(15ms);
        log.append("advanced");
    });
    connect(&second, &QTimeoutScope::expired, this, [&] { log.append("second"); });
    connect(&third, &QTimeoutScope::expired, this, [&] { log.append("third"); });
    clock.advance(12ms);
    QCOMPARE(log, QStringList({"first", "second", "advanced"}));
    // Time does not go back to where the outer call wanted to be.
    QCOMPARE(clock.elapsed(), nanoseconds(25ms));
    clock.advance(5ms);
    QCOMPARE(log.last(), "third");
}

// What passes in real time between the making of a QDeadlineTimer and the call is not known.
static bool isLittleLessThan(nanoseconds time, nanoseconds expected)
{
    return time <= expected && time > expected - 10min;
}

void tst_QTimeoutTestClock::deadlineTimerCountsAsWhatRemains()
{
    QTimeoutTestClock clock;
    clock.advance(1000h); // far from the real time
    QTimeoutScope scope(QDeadlineTimer(std::chrono::milliseconds(1h)));
    QVERIFY(isLittleLessThan(scope.remainingTime(), 1h));
    QVERIFY(scope.reschedule(QDeadlineTimer(std::chrono::milliseconds(2h))));
    QVERIFY(isLittleLessThan(scope.remainingTime(), 2h));
    connect(&scope, &QTimeoutScope::expired, this, &ignore);
    clock.advance(2h - 10min);
    QVERIFY(scope.isActive());
    clock.advance(10min);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutTestClock::timePointCountsAsWhatRemains()
{
    QTimeoutTestClock clock;
    clock.advance(1000h);
    QTimeoutScope scope(steady_clock::now() + 1h);
    QVERIFY(isLittleLessThan(scope.remainingTime(), 1h));
}

void tst_QTimeoutTestClock::deadlineIsTheInverse()
{
    QTimeoutTestClock clock;
    clock.advance(1000h);
    QTimeoutScope scope(1h);
    QVERIFY(isLittleLessThan(nanoseconds(scope.deadline().remainingTimeNSecs()), 1h));
    QVERIFY(isLittleLessThan(nanoseconds(scope.effectiveDeadline().remainingTimeNSecs()), 1h));
    QTimeoutScope copy(scope.deadline());
    QVERIFY(isLittleLessThan(copy.remainingTime(), 1h));
    clock.advance(30min);
    QVERIFY(isLittleLessThan(nanoseconds(scope.deadline().remainingTimeNSecs()), 30min));
    connect(&scope, &QTimeoutScope::expired, this, &ignore);
    connect(&copy, &QTimeoutScope::expired, this, &ignore);
    clock.advance(30min);
    QVERIFY(scope.hasExpired());
    QVERIFY(copy.hasExpired());
    QVERIFY(scope.deadline().hasExpired());
}

void tst_QTimeoutTestClock::pastDeadlineTimerExpires()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope{QDeadlineTimer()};
    connect(&scope, &QTimeoutScope::expired, this, &ignore);
    QCOMPARE(scope.remainingTime(), 0ns);
    clock.advance(0ns);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutTestClock::endRestoresRealTime()
{
    QTimeoutScope scope;
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    {
        QTimeoutTestClock clock;
        scope.start(1h);
        clock.advance(1h - 10ms);
        QCOMPARE(scope.remainingTime(), nanoseconds(10ms));
    }
    QVERIFY(scope.remainingTime() <= nanoseconds(10ms));
    QTRY_COMPARE_WITH_TIMEOUT(expired.size(), 1, int(LongestWait / 1ms));
}

void tst_QTimeoutTestClock::endAfterAnHourRestoresRealTime()
{
    QTimeoutScope before(2h);
    QTimeoutScope during;
    {
        QTimeoutTestClock clock;
        during.start(2h);
        clock.advance(1h);
    }
    for (const QTimeoutScope *scope : {&before, &during}) {
        QVERIFY(isLittleLessThan(scope->remainingTime(), 1h));
        QVERIFY(isLittleLessThan(nanoseconds(scope->deadline().remainingTimeNSecs()), 1h));
    }
    QTimeoutScope after(QDeadlineTimer(std::chrono::milliseconds(1h)));
    QVERIFY(isLittleLessThan(after.remainingTime(), 1h));
    after.reschedule(steady_clock::now() + 2h);
    QVERIFY(isLittleLessThan(after.remainingTime(), 2h));
    QVERIFY(isLittleLessThan(nanoseconds(after.deadline().remainingTimeNSecs()), 2h));
}

// A second clock in a thread would warn and have no effect.
static bool isTimeReal()
{
    QTimeoutTestClock clock;
    clock.advance(1ms);
    return clock.elapsed() == 1ms;
}

void tst_QTimeoutTestClock::endInASlotRestoresRealTime_data()
{
    QTest::addColumn<bool>("autoAdvance");

    QTest::newRow("advance") << false;
    QTest::newRow("advance, automatic too") << true;
}

void tst_QTimeoutTestClock::endInASlotRestoresRealTime()
{
    QFETCH(const bool, autoAdvance);

    auto clock = std::make_unique<QTimeoutTestClock>();
    clock->setAutoAdvance(autoAdvance);
    QTimeoutScope first(10ms);
    QTimeoutScope second(20ms);
    QTimeoutScope far(2h);
    connect(&first, &QTimeoutScope::expired, this, [&] { clock.reset(); });
    QSignalSpy expired(&second, &QTimeoutScope::expired);
    clock->advance(1h);
    QVERIFY(first.hasExpired());
    // Time has not been moved on to where the call wanted to be.
    QVERIFY(isLittleLessThan(far.remainingTime(), 2h - 10ms));
    QTRY_COMPARE_WITH_TIMEOUT(expired.size(), 1, int(LongestWait / 1ms));
    QVERIFY(isTimeReal());
}

void tst_QTimeoutTestClock::endInASlotOfANestedAdvance()
{
    auto clock = std::make_unique<QTimeoutTestClock>();
    QTimeoutScope outer(10ms);
    QTimeoutScope inner(20ms);
    QTimeoutScope far(2h);
    QStringList log;
    connect(&outer, &QTimeoutScope::expired, this, [&] {
        log.append("outer");
        clock->advance(1min);
        log.append("nested has returned");
    });
    connect(&inner, &QTimeoutScope::expired, this, [&] {
        log.append("inner");
        clock.reset();
    });
    clock->advance(1h);
    QCOMPARE(log, QStringList({"outer", "inner", "nested has returned"}));
    QVERIFY(isLittleLessThan(far.remainingTime(), 2h - 20ms));
    QVERIFY(isTimeReal());
}

void tst_QTimeoutTestClock::endInANestedEventLoopOfAdvance()
{
    auto clock = std::make_unique<QTimeoutTestClock>();
    QTimeoutScope outer(10ms);
    QTimeoutScope far(2h);
    connect(&outer, &QTimeoutScope::expired, this, [&] {
        QEventLoop loop; // a message box
        QMetaObject::invokeMethod(
                this,
                [&] {
                    clock.reset();
                    loop.quit();
                },
                Qt::QueuedConnection);
        loop.exec();
    });
    clock->advance(1h);
    QVERIFY(!clock);
    QVERIFY(isLittleLessThan(far.remainingTime(), 2h - 10ms));
    QVERIFY(isTimeReal());
}

void tst_QTimeoutTestClock::endInAPostedEvent()
{
    auto clock = std::make_unique<QTimeoutTestClock>();
    QTimeoutScope far(2h);
    QMetaObject::invokeMethod(
            this, [&] { clock.reset(); }, Qt::QueuedConnection);
    clock->advance(1h); // in its first turn
    QVERIFY(!clock);
    QVERIFY(isLittleLessThan(far.remainingTime(), 2h));
    clock = std::make_unique<QTimeoutTestClock>();
    QTimeoutScope last(1h);
    connect(&last, &QTimeoutScope::expired, this, [&] {
        QMetaObject::invokeMethod(
                this, [&] { clock.reset(); }, Qt::QueuedConnection);
    });
    clock->advance(1h); // in its last
    QVERIFY(!clock);
    QVERIFY(last.hasExpired());
    QVERIFY(isTimeReal());
}

void tst_QTimeoutTestClock::endInASlotOfAutoAdvance()
{
    auto clock = std::make_unique<QTimeoutTestClock>();
    clock->setAutoAdvance(true);
    QTimeoutScope first(1h);
    QTimeoutScope second(1h + 10ms);
    QTimeoutScope far(3h);
    QEventLoop loop;
    connect(&first, &QTimeoutScope::expired, this, [&] { clock.reset(); });
    connect(&second, &QTimeoutScope::expired, &loop, &QEventLoop::quit);
    QTimer::singleShot(LongestWait, &loop, &QEventLoop::quit);
    loop.exec();
    QVERIFY(second.hasExpired());
    QVERIFY(isLittleLessThan(far.remainingTime(), 2h - 10ms));
    QVERIFY(isTimeReal());
}

void tst_QTimeoutTestClock::anotherClockInASlotOfAdvance()
{
    auto clock = std::make_unique<QTimeoutTestClock>();
    QTimeoutScope first(10ms);
    QTimeoutScope second(20ms);
    connect(&first, &QTimeoutScope::expired, this, [&] {
        clock.reset();
        clock = std::make_unique<QTimeoutTestClock>();
    });
    connect(&second, &QTimeoutScope::expired, this, &ignore);
    clock->advance(1h);
    QVERIFY(first.hasExpired());
    // The call belonged to the one that has gone.
    QCOMPARE(clock->elapsed(), 0ns);
    QVERIFY(second.isActive());
    clock->advance(10ms);
    QVERIFY(second.hasExpired());
}

void tst_QTimeoutTestClock::clockAfterAClock()
{
    QTimeoutScope scope(10h);
    for (int i = 0; i < 9; ++i) {
        QTimeoutTestClock clock;
        QCOMPARE(clock.elapsed(), 0ns);
        clock.advance(1h);
        QCOMPARE(clock.elapsed(), nanoseconds(1h));
    }
    QVERIFY(isLittleLessThan(scope.remainingTime(), 1h));
}

void tst_QTimeoutTestClock::freezesWhatIsPending()
{
    QTimeoutScope scope({1ms, Qt::PreciseTimer});
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    {
        // Armed in real time already.
        QTimeoutTestClock clock;
        const nanoseconds left = scope.remainingTime();
        QEventLoop loop;
        QTimer::singleShot(20ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
        loop.exec();
        if (left > 0ns) // else it had passed before the clock was made
            QCOMPARE(expired.size(), 0);
        clock.advance(1ms);
        QCOMPARE(expired.size(), 1);
    }
}

void tst_QTimeoutTestClock::autoAdvanceIsOffAtFirst()
{
    QTimeoutTestClock clock;
    QVERIFY(!clock.autoAdvance());
    clock.setAutoAdvance(true);
    QVERIFY(clock.autoAdvance());
    clock.setAutoAdvance(true);
    QVERIFY(clock.autoAdvance());
    clock.setAutoAdvance(false);
    QVERIFY(!clock.autoAdvance());
}

void tst_QTimeoutTestClock::hoursPassInNoTime()
{
    QElapsedTimer real;
    real.start();
    {
        QTimeoutTestClock clock;
        clock.setAutoAdvance(true);
        QTimeout::waitFor(6h, QTimeout::sleepFor(5h));
        QCOMPARE(clock.elapsed(), nanoseconds(5h));
        bool caught = false;
        try {
            QTimeout::waitFor(6h, QTimeout::sleepFor(7h));
        } catch (const QTimeoutError &) {
            caught = true;
        }
        QVERIFY(caught);
        QCOMPARE(clock.elapsed(), nanoseconds(11h));
    }
    QVERIFY(real.elapsed() < 60000);
}

void tst_QTimeoutTestClock::autoAdvanceGoesFromDeadlineToDeadline()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QList<nanoseconds> times;
    const auto ticking = tick(clock, times);
    QTimeoutScope scope(25ms);
    connect(&scope, &QTimeoutScope::expired, this, [&] { times.append(clock.elapsed()); });
    QTimeout::waitFor(1h, QTimeout::sleepFor(1min));
    QCOMPARE(times, QList<nanoseconds>({10ms, 20ms, 25ms, 30ms, 40ms, 50ms}));
    QVERIFY(ticking.isReady());
}

// Calls itself as often, each time in the way that is given, and then finishes the scope.
static void chain(int steps, QTimeoutScope *scope,
                  const std::function<void(std::function<void()>)> &next)
{
    if (steps == 0)
        scope->finish();
    else
        next([=] { chain(steps - 1, scope, next); });
}

// The loop ends with the scope.
static QTimeoutScope::State endOf(QTimeoutScope *scope)
{
    QEventLoop loop;
    QObject::connect(scope, &QTimeoutScope::expired, &loop, &QEventLoop::quit);
    QObject::connect(scope, &QTimeoutScope::finished, &loop, &QEventLoop::quit);
    QTimer::singleShot(LongestWait, &loop, &QEventLoop::quit);
    loop.exec();
    return scope->state();
}

void tst_QTimeoutTestClock::autoAdvanceDoesNotPassPostedEvents()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QTimeoutScope scope(1ms);
    chain(50, &scope, [this](const std::function<void()> &step) {
        QMetaObject::invokeMethod(this, step, Qt::QueuedConnection);
    });
    QCOMPARE(endOf(&scope), QTimeoutScope::Finished);
    QCOMPARE(clock.elapsed(), 0ns);
}

void tst_QTimeoutTestClock::autoAdvanceDoesNotPassZeroTimers()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QTimeoutScope scope(1ms);
    chain(50, &scope,
          [this](const std::function<void()> &step) { QTimer::singleShot(0, this, step); });
    QCOMPARE(endOf(&scope), QTimeoutScope::Finished);
    QCOMPARE(clock.elapsed(), 0ns);
}

void tst_QTimeoutTestClock::autoAdvanceDoesNotPassSocketData()
{
#ifdef Q_OS_UNIX
    int sockets[2];
    QCOMPARE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    {
        QTimeoutTestClock clock;
        clock.setAutoAdvance(true);
        QTimeoutScope scope(1ms);
        QSocketNotifier notifier(sockets[0], QSocketNotifier::Read);
        int received = 0;
        connect(&notifier, &QSocketNotifier::activated, this, [&] {
            char byte = 0;
            if (read(sockets[0], &byte, 1) == 1)
                ++received;
            if (received == 10)
                scope.finish();
        });
        for (int i = 0; i < 10; ++i)
            QCOMPARE(write(sockets[1], "x", 1), 1);
        QCOMPARE(endOf(&scope), QTimeoutScope::Finished);
        QCOMPARE(received, 10);
        QCOMPARE(clock.elapsed(), 0ns);
    }
    close(sockets[0]);
    close(sockets[1]);
#else
    QSKIP("Needs socketpair().");
#endif
}

void tst_QTimeoutTestClock::autoAdvanceWithoutDeadlinesWaits()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QTimeoutScope endless{QTimeout::Deadline(QDeadlineTimer::Forever)};
    QEventLoop loop;
    QTimer::singleShot(20ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
    QCOMPARE(clock.elapsed(), 0ns);
    QVERIFY(endless.isActive());
}

void tst_QTimeoutTestClock::autoAdvanceCanBeSwitchedOff()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QTimeout::waitFor(2h, QTimeout::sleepFor(1h));
    clock.setAutoAdvance(false);
    QTimeoutScope scope(1h);
    QEventLoop loop;
    QTimer::singleShot(20ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
    QVERIFY(scope.isActive());
    QCOMPARE(clock.elapsed(), nanoseconds(1h));
}

void tst_QTimeoutTestClock::autoAdvanceCanBeSwitchedInASlotOfAdvance()
{
    QTimeoutTestClock clock;
    QTimeoutScope on(10ms);
    QTimeoutScope off(20ms);
    connect(&on, &QTimeoutScope::expired, this, [&] {
        clock.setAutoAdvance(true);
        QTimeout::waitFor(1h, QTimeout::sleepFor(5ms));
    });
    connect(&off, &QTimeoutScope::expired, this, [&] { clock.setAutoAdvance(false); });
    clock.advance(30ms);
    QVERIFY(off.hasExpired());
    QVERIFY(!clock.autoAdvance());
    QCOMPARE(clock.elapsed(), nanoseconds(30ms));
}

void tst_QTimeoutTestClock::autoAdvanceGoesOnWhenPostedEventsAreRemoved()
{
    QTimeoutTestClock clock;
    clock.setAutoAdvance(true);
    QObject context;
    bool removed = false; // what the clock has just posted
    connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::aboutToBlock, &context,
            [&removed] {
                if (!std::exchange(removed, true))
                    QCoreApplication::removePostedEvents(nullptr);
            });
    QTimeoutScope scope(1h);
    QCOMPARE(endOf(&scope), QTimeoutScope::Expired);
    QVERIFY(removed);
}

static void runInThread(const std::function<void()> &function)
{
    const std::unique_ptr<QThread> thread(QThread::create(function));
    thread->start();
    thread->wait();
}

// The thread's own event dispatcher comes with a QThread, but not with every thread.
void tst_QTimeoutTestClock::autoAdvanceInAnotherThread()
{
    nanoseconds elapsed = 0ns;
    runInThread([&] {
        QTimeoutTestClock clock;
        clock.setAutoAdvance(true);
        QTimeout::waitFor(6h, QTimeout::sleepFor(5h));
        elapsed = clock.elapsed();
    });
    QCOMPARE(elapsed, nanoseconds(5h));
}

void tst_QTimeoutTestClock::autoAdvanceInAnotherThreadDoesNotPassZeroTimers()
{
    std::optional<QTimeoutScope::State> state;
    runInThread([&] {
        QTimeoutTestClock clock;
        clock.setAutoAdvance(true);
        QObject context;
        QTimeoutScope scope(1ms);
        chain(50, &scope, [&context](const std::function<void()> &step) {
            QTimer::singleShot(0, &context, step);
        });
        state = endOf(&scope);
    });
    QVERIFY(state.has_value());
    QCOMPARE(*state, QTimeoutScope::Finished);
}

void tst_QTimeoutTestClock::autoAdvanceInAThreadWithoutEventLoopWarns()
{
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression("^QTimeoutTestClock::setAutoAdvance: .*no event loop"));
    bool autoAdvance = true;
    std::thread([&] {
        QTimeoutTestClock clock;
        clock.setAutoAdvance(true);
        autoAdvance = clock.autoAdvance();
    }).join();
    QVERIFY(!autoAdvance);
}

void tst_QTimeoutTestClock::secondClockInAThreadWarns()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1h);
    {
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression("^QTimeoutTestClock: There is a clock .*already"));
        QTimeoutTestClock second;
        second.advance(1h);
        second.setAutoAdvance(true);
        QVERIFY(!second.autoAdvance());
        QCOMPARE(second.elapsed(), 0ns);
        QCOMPARE(scope.remainingTime(), nanoseconds(1h));
    }
    // Its end leaves the first one in force.
    clock.advance(1min);
    QCOMPARE(scope.remainingTime(), nanoseconds(59min));
}

void tst_QTimeoutTestClock::otherThreadIsNotAffected()
{
    QTimeoutTestClock clock;
    QTimeoutScope here(1ms);
    connect(&here, &QTimeoutScope::expired, this, &ignore);
    bool expired = false;
    runInThread([&] {
        QTimeoutScope scope(1ms);
        expired = endOf(&scope) == QTimeoutScope::Expired;
    });
    QVERIFY(expired);
    QVERIFY(here.isActive());
    clock.advance(10h);
    nanoseconds remaining = 0ns;
    runInThread([&] {
        QTimeoutScope scope(1h);
        remaining = scope.remainingTime();
    });
    QVERIFY(isLittleLessThan(remaining, 1h));
}

void tst_QTimeoutTestClock::clockOfAnotherThread()
{
    QTimeoutScope here(1h);
    bool expired = false;
    runInThread([&] {
        QTimeoutTestClock clock; // no warning
        QTimeoutScope scope(1h);
        connect(&scope, &QTimeoutScope::expired, &scope, &ignore);
        clock.advance(1h);
        expired = scope.hasExpired();
    });
    QVERIFY(expired);
    QVERIFY(isLittleLessThan(here.remainingTime(), 1h));
}

void tst_QTimeoutTestClock::advanceByForever()
{
    {
        QTimeoutTestClock clock;
        QTimeoutScope scope(8766h);
        QTimeoutScope endless{QTimeout::Deadline(QDeadlineTimer::Forever)};
        QSignalSpy expired(&scope, &QTimeoutScope::expired);
        clock.advance(nanoseconds::max());
        QCOMPARE(expired.size(), 1);
        QVERIFY(endless.isActive());
        QCOMPARE(endless.remainingTime(), nanoseconds::max());
    }
    // Nothing overflows when real time goes on after that (S12).
    QTimeoutScope scope(1h);
    QVERIFY(scope.isActive());
    QVERIFY(scope.remainingTime() >= 0ns);
}

QTEST_GUILESS_MAIN(tst_QTimeoutTestClock)

#include "tst_qtimeouttestclock.moc"
