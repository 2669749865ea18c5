// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "blocks.h"

#include <QCoroFuture>

#include <QtCore/qpromise.h>

/*
    The cases of async-timeout's tests/test_timeout.py, and two that it had in earlier versions.
*/
class tst_ConformanceAsyncTimeout : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // the block
    void blockIsInterruptedAndTheCallerGoesOn();
    void blockThatEndsInTimeGivesItsValue();
    void withoutDeadlineTheBlockTakesItsTime();
    void withoutDeadlineNothingIsQueued();
    void deadlineOfZeroExpires();
    void blockThatNeverSuspendsIsNotTimedOut();
    void futureThatFinishesInTimeGivesItsValue();
    void blockEndsAtItsDeadlineAndItsLocalsAreDestroyed();
    void pointInTimeExpires();
    void pointInTimeThatIsNotReachedDoesNotExpire();
    void emptyBlockDoesNotExpire();

    // errors and cancellations
    void errorOfTheBlockIsPassedOn();
    void cancellationThrownByTheBlockIsNotATimeout();
    void timeoutErrorOfTheBlockIsNotThatOfTheScope();
    void errorOfTheBlocksOwnTypeIsPassedOn();
    void outerCoroutineIsNotInterrupted();
    void cancelledCoroutineEndsAsCancelled();
    void cancellationJustBeforeTheDeadlineWins();
    void cancellationJustAfterTheDeadlineIsNotLost();

    // the state, and the deadline
    void expiryIsReportedAfterTheBlock();
    void expiryIsNotReportedWhileTheBlockRuns();
    void rejectedDeadlineDoesNotExpire();
    void rejectOfAFinishedScopeIsRefused();
    void deadlineIsTheStartAndTheDelay();
    void shiftMovesTheDeadline();
    void shiftWithoutDeadlineIsRefused();
    void shiftIntoThePastInterruptsTheBlock();
    void shiftOfAnExpiringScopeIsRefused();
    void rescheduleOfAnExpiringScopeIsRefused();
    void shiftOfAFinishedScopeIsRefused();
    void finishedScopeCanBeStartedAgain();
};

// test_timeout.py: test_timeout
void tst_ConformanceAsyncTimeout::blockIsInterruptedAndTheCallerGoesOn()
{
    bool interrupted = false;
    bool reached = false;
    const auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await sleepingNoted(scope, 10s, &interrupted);
        reached = true;
    };
    const auto caller = [&block](QTimeoutScope &scope) -> QCoro::Task<End> {
        End end = End::Returned;
        try {
            co_await QTimeout::run(10ms, block);
        } catch (const QTimeoutError &) {
            end = End::TimedOut;
        }
        scope.throwIfAborted();
        co_await QTimeout::sleepFor(1s);
        co_return end;
    };
    QTimeoutScope task(QDeadlineTimer::Forever);
    const auto observed = observe(task.run(caller));
    clock().advance(10ms);
    QVERIFY(interrupted);
    QVERIFY(!reached);
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, End::TimedOut);
}

// test_timeout.py: test_timeout_finish_in_time
void tst_ConformanceAsyncTimeout::blockThatEndsInTimeGivesItsValue()
{
    const auto observed = observe(
            QTimeout::run(500ms, &sleepingFor<QByteArray>, 10ms, QByteArray("done")));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "done");
}

// test_timeout.py: test_timeout_disable
void tst_ConformanceAsyncTimeout::withoutDeadlineTheBlockTakesItsTime()
{
    const auto observed = observe(QTimeout::run(QDeadlineTimer::Forever, &sleepingFor<QByteArray>,
                                                100ms, QByteArray("done")));
    clock().advance(100ms - 1ns);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "done");
}

// test_timeout.py: test_timeout_is_none_no_schedule
void tst_ConformanceAsyncTimeout::withoutDeadlineNothingIsQueued()
{
    QDeadlineTimer deadline;
    size_t queued = 1;
    const auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        deadline = scope.deadline();
        queued = queuedDeadlines();
        co_return;
    };
    const auto observed = observe(QTimeout::run(QDeadlineTimer::Forever, block));
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(deadline.isForever());
    QCOMPARE(queued, size_t(0));
}

// test_timeout.py: test_timeout_zero
void tst_ConformanceAsyncTimeout::deadlineOfZeroExpires()
{
    const auto observed = observe(QTimeout::run(0s, &sleeping, 10s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeout.py: test_timeout_not_relevant_exception
void tst_ConformanceAsyncTimeout::errorOfTheBlockIsPassedOn()
{
    const auto block = [](QTimeoutScope &) -> QCoro::Task<> {
        co_await yielding();
        throw std::out_of_range("no such key");
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "no such key");
}

// test_timeout.py: test_timeout_canceled_error_is_not_converted_to_timeout
void tst_ConformanceAsyncTimeout::cancellationThrownByTheBlockIsNotATimeout()
{
    QTimeoutScope scope(1ms);
    const auto observed = observe(scope.run(&throwing<QTimeoutCancelled>, QTimeoutCancelled()));
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

// test_timeout.py: test_timeout_blocking_loop
void tst_ConformanceAsyncTimeout::blockThatNeverSuspendsIsNotTimedOut()
{
    const auto block = [](QTimeoutScope &) -> QCoro::Task<QByteArray> {
        compute(100ms);
        co_return "done";
    };
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "done");
    QVERIFY(scope.isActive());
}

// test_timeout.py: test_for_race_conditions
void tst_ConformanceAsyncTimeout::futureThatFinishesInTimeGivesItsValue()
{
    QPromise<QByteArray> promise;
    promise.start();
    const auto finishLater = [&promise]() -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100ms);
        promise.addResult("done");
        promise.finish();
    };
    const auto block = [](QTimeoutScope &, QFuture<QByteArray> future) -> QCoro::Task<QByteArray> {
        co_return co_await future;
    };
    const auto finished = observe(finishLater());
    const auto observed = observe(QTimeout::run(500ms, block, promise.future()));
    clock().advance(100ms);
    QCOMPARE(finished->end, End::Returned);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "done");
}

// test_timeout.py: test_timeout_time
void tst_ConformanceAsyncTimeout::blockEndsAtItsDeadlineAndItsLocalsAreDestroyed()
{
    const auto observed = observe(QTimeout::run(100ms, &sleeping, 200ms));
    QCOMPARE(Tracked::alive(), 1);
    clock().advance(100ms - 1ns);
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(Tracked::alive(), 1);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 0);
}

// test_timeout.py: test_outer_coro_is_not_cancelled
void tst_ConformanceAsyncTimeout::outerCoroutineIsNotInterrupted()
{
    bool timedOut = false;
    const auto outer = [&timedOut](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1ms, &sleeping, 1s);
        } catch (const QTimeoutError &) {
            timedOut = true;
        }
    };
    QTimeoutScope task(QDeadlineTimer::Forever);
    const auto observed = observe(task.run(outer));
    clock().advance(1ms);
    QVERIFY(timedOut);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(task.isActive());
}

// test_timeout.py: test_cancel_outer_coro
void tst_ConformanceAsyncTimeout::cancelledCoroutineEndsAsCancelled()
{
    bool started = false;
    const auto outer = [&started](QTimeoutScope &) -> QCoro::Task<> {
        started = true;
        co_await QTimeout::sleepFor(1s);
    };
    QTimeoutScope task(QDeadlineTimer::Forever);
    const auto observed = observe(task.run(outer));
    QVERIFY(started);
    QCOMPARE(observed->end, End::Pending);
    task.cancel();
    clock().advance(0s);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(task.isCancelled());
}

// test_timeout.py: test_timeout_expired, test_timeout_expired_as_function, test_async_timeout
void tst_ConformanceAsyncTimeout::expiryIsReportedAfterTheBlock()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(&sleeping, 10s));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
}

// test_timeout.py: test_timeout_inner_timeout_error
void tst_ConformanceAsyncTimeout::timeoutErrorOfTheBlockIsNotThatOfTheScope()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(&throwing<QTimeoutError>, QTimeoutError()));
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(!scope.hasExpired());
    const auto tried = observe(scope.tryRun(&throwing<QTimeoutError>, QTimeoutError()));
    QCOMPARE(tried->end, End::TimedOut);
}

// test_timeout.py: test_timeout_inner_other_error
void tst_ConformanceAsyncTimeout::errorOfTheBlocksOwnTypeIsPassedOn()
{
    struct MyError : std::runtime_error
    {
        using std::runtime_error::runtime_error;
    };
    QTimeoutScope scope(10ms);
    const QCoro::Task<> task = scope.run(&throwing<MyError>, MyError("mine"));
    bool isMine = false;
    const auto check = [&]() -> QCoro::Task<> {
        try {
            co_await task;
        } catch (const MyError &error) {
            isMine = error.what() == QByteArray("mine");
        }
    };
    QVERIFY(check().isReady());
    QVERIFY(isMine);
    QVERIFY(!scope.hasExpired());
}

// test_timeout.py: test_timeout_at
void tst_ConformanceAsyncTimeout::pointInTimeExpires()
{
    QTimeoutScope scope(std::chrono::steady_clock::now() + 10ms);
    const auto observed = observe(scope.run(&sleeping, 10s));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
}

// test_timeout.py: test_timeout_at_not_fired
void tst_ConformanceAsyncTimeout::pointInTimeThatIsNotReachedDoesNotExpire()
{
    QTimeoutScope scope(std::chrono::steady_clock::now() + 1h);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!scope.hasExpired());
}

// test_timeout.py: test_expired_after_rejecting
void tst_ConformanceAsyncTimeout::rejectedDeadlineDoesNotExpire()
{
    QTimeoutScope scope(10s);
    const auto observed = observe(scope.run(&sleeping, 1h));
    QVERIFY(!scope.hasExpired());
    scope.reject();
    QVERIFY(!scope.hasExpired());
    QCOMPARE(queuedDeadlines(), size_t(1)); // the sleep
    clock().advance(1h);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(scope.isActive());
}

// test_timeout.py: test_reject_finished
void tst_ConformanceAsyncTimeout::rejectOfAFinishedScopeIsRefused()
{
    QTimeoutScope scope(10s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    QVERIFY(!scope.hasExpired());
    expectNotActiveWarning("reject", &scope);
    scope.reject();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

// test_timeout.py: test_expired_after_timeout
void tst_ConformanceAsyncTimeout::expiryIsNotReportedWhileTheBlockRuns()
{
    QTimeoutScope scope(10ms);
    bool expiredInside = true;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        expiredInside = scope.hasExpired();
        co_await QTimeout::sleepFor(10s);
    };
    const auto observed = observe(scope.run(block));
    QVERIFY(!expiredInside);
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
}

// test_timeout.py: test_deadline
void tst_ConformanceAsyncTimeout::deadlineIsTheStartAndTheDelay()
{
    realTime();
    const QDeadlineTimer before(1000);
    const QTimeoutScope scope(1s);
    const QDeadlineTimer after(1000);
    QVERIFY(before <= scope.deadline());
    QVERIFY(scope.deadline() <= after);
}

// test_timeout.py: test_async_no_timeout
void tst_ConformanceAsyncTimeout::emptyBlockDoesNotExpire()
{
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    scope.finish();
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!scope.hasExpired());
}

// test_timeout.py: test_shift
void tst_ConformanceAsyncTimeout::shiftMovesTheDeadline()
{
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sleeping, 10s));
    QCOMPARE(scope.remainingTime(), 1s);
    QVERIFY(scope.shift(1s));
    QCOMPARE(scope.remainingTime(), 2s);
    clock().advance(2s - 1ns);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeout.py: test_shift_nonscheduled
void tst_ConformanceAsyncTimeout::shiftWithoutDeadlineIsRefused()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    expectWarning("shift", &scope, " has no deadline to move. Use reschedule() to set one.");
    QVERIFY(!scope.shift(1s));
    QVERIFY(scope.deadline().isForever());
    QVERIFY(scope.isActive());
}

// test_timeout.py: test_shift_negative_expired
void tst_ConformanceAsyncTimeout::shiftIntoThePastInterruptsTheBlock()
{
    bool interrupted = false;
    const auto block = [&interrupted](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.shift(-1s);
        try {
            co_await QTimeout::sleepFor(10s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
        }
    };
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Pending); // not inside the call
    clock().advance(0s);
    QVERIFY(interrupted);
    QVERIFY(scope.hasExpired());
    QCOMPARE(observed->end, End::Returned);
}

// test_timeout.py: test_shift_by_expired
void tst_ConformanceAsyncTimeout::shiftOfAnExpiringScopeIsRefused()
{
    QTimeoutScope scope(1ms);
    bool shifted = true;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(10s);
        } catch (const QTimeoutCancelled &) {
        }
        expectNotActiveWarning("shift", &scope);
        shifted = scope.shift(10s);
    };
    const auto observed = observe(scope.run(block));
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!shifted);
    QVERIFY(scope.hasExpired());
}

// test_timeout.py: test_shift_to_expired
void tst_ConformanceAsyncTimeout::rescheduleOfAnExpiringScopeIsRefused()
{
    QTimeoutScope scope(std::chrono::steady_clock::now() + 1ms);
    bool rescheduled = true;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(10s);
        } catch (const QTimeoutCancelled &) {
        }
        expectNotActiveWarning("reschedule", &scope);
        rescheduled = scope.reschedule(std::chrono::steady_clock::now() + 10s);
    };
    const auto observed = observe(scope.run(block));
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!rescheduled);
    QVERIFY(scope.hasExpired());
}

// test_timeout.py: test_shift_by_after_cm_exit
void tst_ConformanceAsyncTimeout::shiftOfAFinishedScopeIsRefused()
{
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    expectNotActiveWarning("shift", &scope);
    QVERIFY(!scope.shift(1s));
}

// test_timeout.py: test_enter_twice; differs
void tst_ConformanceAsyncTimeout::finishedScopeCanBeStartedAgain()
{
    QTimeoutScope scope(10s);
    const auto first = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(first->end, End::Returned);
    scope.finish();
    QVERIFY(scope.start(10s));
    const auto second = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(second->end, End::Returned);
}

// test_timeout.py: test_race_condition_cancel_before, in 2021
void tst_ConformanceAsyncTimeout::cancellationJustBeforeTheDeadlineWins()
{
    QTimeoutScope task(QDeadlineTimer::Forever);
    QByteArrayList log;
    const auto outer = [&log](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1s, &sleeping, 10s);
        } catch (const QTimeoutError &) {
            log << "timeout";
        }
        co_await QTimeout::sleepFor(10s);
    };
    const auto cancelLater = [&]() -> QCoro::Task<> {
        co_await QTimeout::sleepFor(1s);
        log << "cancel";
        task.cancel();
    };
    // Of equal deadlines the one that was set first comes up first.
    const auto cancelling = observe(cancelLater());
    const auto observed = observe(task.run(outer));
    clock().advance(1s);
    QCOMPARE(log, QByteArrayList({"cancel"}));
    QCOMPARE(cancelling->end, End::Returned);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_timeout.py: test_race_condition_cancel_after, in 2021; differs
void tst_ConformanceAsyncTimeout::cancellationJustAfterTheDeadlineIsNotLost()
{
    QTimeoutScope task(QDeadlineTimer::Forever);
    QByteArrayList log;
    const auto outer = [&log](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1s, &sleeping, 10s);
        } catch (const QTimeoutError &) {
            log << "timeout";
        }
        co_await QTimeout::sleepFor(10s);
    };
    const auto cancelLater = [&]() -> QCoro::Task<> {
        co_await QTimeout::sleepFor(1s);
        log << "cancel";
        task.cancel();
    };
    const auto observed = observe(task.run(outer));
    const auto cancelling = observe(cancelLater());
    clock().advance(1s);
    QCOMPARE(log, QByteArrayList({"timeout", "cancel"}));
    QCOMPARE(cancelling->end, End::Returned);
    QCOMPARE(observed->end, End::Cancelled);
}

QTEST_GUILESS_MAIN(tst_ConformanceAsyncTimeout)

#include "tst_conformance_asynctimeout.moc"
