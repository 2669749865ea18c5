// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "checkpoint.h"

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qtimer.h>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/*
    The cases of Trio's tests of its MockClock that have a meaning for QTimeoutTestClock. They come
    from trio._core's test_mock_clock where nothing else is said. README.md says what has become of
    the others.
*/
class tst_ConformanceTrioClock : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void timeStandsStillUntilItIsMoved();
    void timeDoesNotGoBack();
    void deadlinesAreReachedAtTheirTime();
    void allGoByTheClock();

    void automaticTimeIsExactAndTakesNone();
    void automaticTimeCanBeSwitchedOffAndOn();
    void automaticTimeIsSetBeforeTheLoopRuns();
    void postedEventsComeBeforeTheJump();
    void realTimersDoNotHoldUpTheJump();
    void secondClockDoesNotInterfere();
};

// test_mock_clock
void tst_ConformanceTrioClock::timeStandsStillUntilItIsMoved()
{
    QCOMPARE(clock().elapsed(), nanoseconds(0));
    const auto observed = observe(QTimeout::sleepFor(1h));
    clock().advance(1200ms);
    QCOMPARE(clock().elapsed(), nanoseconds(1200ms));
    clock().advance(800ms);
    QCOMPARE(clock().elapsed(), nanoseconds(2s));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1h);
    QCOMPARE(observed->end, End::Returned);
}

// test_mock_clock (jump(-1)). Differs: a warning instead of an exception.
void tst_ConformanceTrioClock::timeDoesNotGoBack()
{
    clock().advance(1200ms);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("QTimeoutTestClock::advance: Time does "
                                                           "not go back")));
    clock().advance(-1s);
    QCOMPARE(clock().elapsed(), nanoseconds(1200ms));
}

// test_mock_clock (deadline_to_sleep_time)
void tst_ConformanceTrioClock::deadlinesAreReachedAtTheirTime()
{
    const auto early = observe(QTimeout::sleepFor(1100ms));
    const auto due = observe(QTimeout::sleepFor(1200ms));
    const auto late = observe(QTimeout::sleepFor(1200ms + 1ns));
    clock().advance(1200ms);
    QCOMPARE(early->end, End::Returned);
    QCOMPARE(due->end, End::Returned);
    QCOMPARE(late->end, End::Pending);
    clock().advance(0ns);
    QCOMPARE(late->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(late->end, End::Returned);
}

// test_run: test_current_time_with_mock_clock
void tst_ConformanceTrioClock::allGoByTheClock()
{
    QTimeoutScope scope(10s);
    QCOMPARE(scope.remainingTime(), nanoseconds(10s));
    QCOMPARE(scope.remainingTime(), nanoseconds(10s));
    clock().advance(3150ms);
    QCOMPARE(clock().elapsed(), nanoseconds(3150ms));
    QCOMPARE(scope.remainingTime(), nanoseconds(6850ms));
}

// test_mock_clock_autojump
void tst_ConformanceTrioClock::automaticTimeIsExactAndTakesNone()
{
    int exact = 0;
    auto sleeps = [&]() -> QCoro::Task<> {
        for (int i = 0; i < 10; ++i) {
            const nanoseconds begin = clock().elapsed();
            const nanoseconds duration = i * 10s;
            co_await QTimeout::sleepFor(duration);
            if (clock().elapsed() - begin == duration)
                ++exact;
        }
    };
    QVERIFY(!clock().autoAdvance());
    clock().setAutoAdvance(true);
    QElapsedTimer realTime;
    realTime.start();
    QTimeout::waitFor(1h, sleeps());
    QCOMPARE(exact, 10);
    QCOMPARE(clock().elapsed(), nanoseconds(450s));
    QVERIFY(realTime.elapsed() < 225 * 1000); // half of it, on a very busy machine
}

// test_mock_clock_autojump (the threshold is changed)
void tst_ConformanceTrioClock::automaticTimeCanBeSwitchedOffAndOn()
{
    clock().setAutoAdvance(true);
    QTimeout::waitFor(1h, QTimeout::sleepFor(1s));
    QCOMPARE(clock().elapsed(), nanoseconds(1s));

    clock().setAutoAdvance(false);
    const auto observed = observe(QTimeout::sleepFor(100000s));
    QEventLoop loop;
    QTimer::singleShot(0, &loop, &QEventLoop::quit);
    loop.exec();
    QCOMPARE(clock().elapsed(), nanoseconds(1s));
    QCOMPARE(observed->end, End::Pending);

    clock().setAutoAdvance(true);
    QTimeout::waitFor(QDeadlineTimer::Forever, QTimeout::sleepFor(100000s));
    QCOMPARE(clock().elapsed(), nanoseconds(100001s));
    QCOMPARE(observed->end, End::Returned);
}

// test_mock_clock_autojump_preset
void tst_ConformanceTrioClock::automaticTimeIsSetBeforeTheLoopRuns()
{
    clock().setAutoAdvance(true);
    QCOMPARE(clock().elapsed(), nanoseconds(0));
    QTimeout::waitFor(QDeadlineTimer::Forever, QTimeout::sleepFor(10000s));
    QCOMPARE(clock().elapsed(), nanoseconds(10000s));
}

// test_mock_clock_autojump_0_and_wait_all_tasks_blocked_0
void tst_ConformanceTrioClock::postedEventsComeBeforeTheJump()
{
    QByteArrayList record;
    auto sleeping = [&]() -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100s);
        record << "yawn";
    };
    auto waiting = [&]() -> QCoro::Task<> {
        QMetaObject::invokeMethod(
                this, [&] { record << "waiter woke"; }, Qt::QueuedConnection);
        co_await QTimeout::sleepFor(1000s);
        record << "waiter done";
    };
    clock().setAutoAdvance(true);
    const auto observed = observe(QTimeout::run(1h, sleeping()));
    QTimeout::waitFor(1h, waiting());
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(record, QByteArrayList({"waiter woke", "yawn", "waiter done"}));
}

// test_mock_clock_autojump_0_and_wait_all_tasks_blocked_nonzero. Differs: time jumps whenever the
// thread would sleep, also if it would sleep for a real timer only.
void tst_ConformanceTrioClock::realTimersDoNotHoldUpTheJump()
{
    QTimer timer;
    timer.setSingleShot(true);
    timer.start(1h);
    clock().setAutoAdvance(true);
    QTimeout::waitFor(QDeadlineTimer::Forever, QTimeout::sleepFor(100s));
    QCOMPARE(clock().elapsed(), nanoseconds(100s));
    QVERIFY(timer.isActive());
}

// test_mock_clock_autojump_interference, test_initialization_doesnt_mutate_runner
void tst_ConformanceTrioClock::secondClockDoesNotInterfere()
{
    clock().advance(1s);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral(
                                 "QTimeoutTestClock: There is a clock in this thread")));
    QTimeoutTestClock second;
    QCOMPARE(clock().elapsed(), nanoseconds(1s));
    second.setAutoAdvance(true);
    QVERIFY(!clock().autoAdvance());
    const auto observed = observe(QTimeout::sleepFor(1h));
    second.advance(1h);
    QCOMPARE(clock().elapsed(), nanoseconds(1s));
    QCOMPARE(observed->end, End::Pending);
    clock().setAutoAdvance(true);
    QTimeout::waitFor(QDeadlineTimer::Forever, QTimeout::sleepFor(100000s));
    QCOMPARE(clock().elapsed(), nanoseconds(100001s));
    QCOMPARE(observed->end, End::Returned);
}

QTEST_GUILESS_MAIN(tst_ConformanceTrioClock)

#include "tst_conformance_trio_clock.moc"
