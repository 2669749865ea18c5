// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "blocks.h"

/*
    The cases of CPython's Lib/test/test_asyncio/test_timeouts.py.

    "async with timeout(delay) as cm" is a scope and a block that runs under it. The current task is
    a scope around that, which has no deadline: to cancel the task is to cancel this scope.
*/
class tst_ConformanceAsyncio : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // the deadline
    void deadlineEndsTheBlock();
    void pointInTimeEndsTheBlock();
    void pointInTimeIsKeptAfterTheEnd();
    void blockThatEndsInTimeIsLeftAlone();
    void noDeadlineNeverExpires();
    void noPointInTimeNeverExpires();
    void deadlineOfZeroExpiresAtTheFirstSuspension();
    void deadlineOfZeroInterruptsASleepOfZero();
    void deadlineInThePastInterruptsASleepOfZero();
    void rescheduledDeadlineIsReported();

    // what leaves the block
    void interruptionIsSeenInsideTheBlock();
    void errorOfTheBlockIsPassedOn();
    void expiryReplacesTheErrorThatIsBeingCleanedUp();
    void errorOfTheCleanUpReplacesTheExpiry();
    void lastErrorOfTheCleanUpLeavesTheBlock();
    void cancelledTaskHasNotTimedOut();
    void callerIsNotInterrupted();
    void childThatFailsInItsCleanUpReplacesTheExpiry();

    // deadlines in deadlines
    void sameDeadlinesGiveOneErrorOutside();
    void outerDeadlineThatPassesInAComputationGoesThroughTheInnerBlock();
    void outerDeadlineInterruptsWhatFollowsTheInnerTimeout();
    void cleanUpHasADeadlineOfItsOwn();
    void cleanUpAfterACancellationHasADeadlineOfItsOwn();
    void cleanUpAfterACancellationCanBeCancelled();

    // states
    void debugOutputOfAnActiveScope();
    void debugOutputOfAnExpiredScope();
    void debugOutputOfAFinishedScope();
    void debugOutputWithoutDeadline();
    void startOfAnActiveScopeIsRefused();
    void finishedScopeCanBeStartedAgain();
    void finishedScopeCannotBeRescheduled();
    void expiredScopeCannotBeRescheduled();
    void expiringScopeCannotBeRescheduled();
    void inactiveScopeCannotBeRescheduled();
    void scopeNeedsNoCoroutine();
};

// test_timeouts.py: test_timeout_basic
void tst_ConformanceAsyncio::deadlineEndsTheBlock()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(&sleeping, 10s));
    clock().advance(10ms - 1ns);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
}

// test_timeouts.py: test_timeout_at_basic
void tst_ConformanceAsyncio::pointInTimeEndsTheBlock()
{
    QTimeoutScope scope(std::chrono::steady_clock::now() + 1h);
    const auto observed = observe(scope.run(&sleeping, 24h));
    clock().advance(59min); // real time has gone on between the call of now() and the scope
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1min);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
}

// test_timeouts.py: test_timeout_at_basic
void tst_ConformanceAsyncio::pointInTimeIsKeptAfterTheEnd()
{
    realTime();
    const QDeadlineTimer deadline(1);
    QTimeoutScope scope(deadline);
    const auto observed = observe(scope.run(&sleeping, 24h));
    QCOMPARE(scope.deadline(), deadline);
    QTRY_COMPARE(observed->end, End::TimedOut);
    QCOMPARE(scope.deadline(), deadline);
}

// test_timeouts.py: test_nested_timeouts
void tst_ConformanceAsyncio::sameDeadlinesGiveOneErrorOutside()
{
    bool interrupted = false;
    bool innerExpired = false;
    const auto block = [&interrupted, &innerExpired](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope inner(10ms);
        try {
            co_await inner.run(&sleeping, 10s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
            innerExpired = inner.hasExpired();
            throw;
        }
    };
    QTimeoutScope outer(10ms);
    const auto observed = observe(outer.run(block));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(interrupted);
    QVERIFY(outer.hasExpired());
    QVERIFY(innerExpired);
}

// test_timeouts.py: test_waiter_cancelled
void tst_ConformanceAsyncio::interruptionIsSeenInsideTheBlock()
{
    bool interrupted = false;
    const auto observed = observe(QTimeout::run(10ms, &sleepingNoted, 10s, &interrupted));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(interrupted);
}

// test_timeouts.py: test_timeout_not_called
void tst_ConformanceAsyncio::blockThatEndsInTimeIsLeftAlone()
{
    QTimeoutScope scope(10s);
    const auto observed = observe(scope.run(&sleeping, 10ms));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    QVERIFY(!scope.hasExpired());
    QVERIFY(!scope.deadline().hasExpired());
    clock().advance(10s);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

// test_timeouts.py: test_timeout_disabled
void tst_ConformanceAsyncio::noDeadlineNeverExpires()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto observed = observe(scope.run(&sleeping, 10ms));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!scope.hasExpired());
    QVERIFY(scope.deadline().isForever());
}

// test_timeouts.py: test_timeout_at_disabled
void tst_ConformanceAsyncio::noPointInTimeNeverExpires()
{
    QTimeoutScope scope(std::chrono::steady_clock::time_point::max());
    const auto observed = observe(scope.run(&sleeping, 10ms));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!scope.hasExpired());
    QVERIFY(scope.deadline().isForever());
}

// test_timeouts.py: test_timeout_zero
void tst_ConformanceAsyncio::deadlineOfZeroExpiresAtTheFirstSuspension()
{
    QTimeoutScope scope(0s);
    const auto observed = observe(scope.run(&sleeping, 10s));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
    QVERIFY(scope.deadline().hasExpired());
    QCOMPARE(clock().elapsed(), 0s);
}

// test_timeouts.py: test_timeout_zero_sleep_zero
void tst_ConformanceAsyncio::deadlineOfZeroInterruptsASleepOfZero()
{
    QTimeoutScope scope(0s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
    QVERIFY(scope.deadline().hasExpired());
}

// test_timeouts.py: test_timeout_in_the_past_sleep_zero
void tst_ConformanceAsyncio::deadlineInThePastInterruptsASleepOfZero()
{
    QTimeoutScope scope(-11s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(scope.hasExpired());
    QVERIFY(scope.deadline().hasExpired());
}

// test_timeouts.py: test_foreign_exception_passed
void tst_ConformanceAsyncio::errorOfTheBlockIsPassedOn()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(
            scope.run(&throwing<std::out_of_range>, std::out_of_range("no such key")));
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "no such key");
    QVERIFY(!scope.hasExpired());
}

// test_timeouts.py: test_timeout_exception_context
void tst_ConformanceAsyncio::expiryReplacesTheErrorThatIsBeingCleanedUp()
{
    const auto block = [](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr error;
        try {
            throw std::domain_error("division by zero");
        } catch (const std::domain_error &) {
            error = std::current_exception();
        }
        co_await QTimeout::sleepFor(1s);
        std::rethrow_exception(error);
    };
    const auto observed = observe(QTimeout::run(10ms, block));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeouts.py: test_foreign_exception_on_timeout
void tst_ConformanceAsyncio::errorOfTheCleanUpReplacesTheExpiry()
{
    const auto crash = [](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            throw std::domain_error("division by zero");
        }
    };
    const auto block = [&crash](QTimeoutScope &scope) -> QCoro::Task<> { co_await crash(scope); };
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(block));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "division by zero");
    QVERIFY(scope.hasExpired());
}

// test_timeouts.py: test_foreign_exception_on_timeout_2
void tst_ConformanceAsyncio::lastErrorOfTheCleanUpLeavesTheBlock()
{
    QByteArrayList log;
    const auto interruptedWhileCleaningUp = [&log](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr error;
        try {
            throw std::invalid_argument("value");
        } catch (const std::invalid_argument &) {
            error = std::current_exception();
        }
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            log << "interrupted";
            throw;
        }
        std::rethrow_exception(error);
    };
    const auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        try {
            co_await interruptedWhileCleaningUp(scope);
        } catch (const QTimeoutCancelled &) {
            try {
                throw std::out_of_range("key");
            } catch (const std::out_of_range &error) {
                log << error.what();
                throw std::domain_error("division by zero");
            }
        }
    };
    const auto observed = observe(QTimeout::run(10ms, block));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "division by zero");
    QCOMPARE(log, QByteArrayList({"interrupted", "key"}));
}

// test_timeouts.py: test_foreign_cancel_doesnt_timeout_if_not_expired
void tst_ConformanceAsyncio::cancelledTaskHasNotTimedOut()
{
    QTimeoutScope task(QDeadlineTimer::Forever);
    QTimeoutScope scope(10s, &task);
    const auto block = [&task](QTimeoutScope &) -> QCoro::Task<> {
        task.cancel();
        co_await QTimeout::sleepFor(10s);
    };
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(!scope.hasExpired());
    QVERIFY(scope.isCancelled());
}

// test_timeouts.py: test_outer_task_is_not_cancelled
void tst_ConformanceAsyncio::callerIsNotInterrupted()
{
    const auto outer = [](QTimeoutScope &) -> QCoro::Task<bool> {
        bool timedOut = false;
        try {
            co_await QTimeout::run(1ms, &sleeping, 10s);
        } catch (const QTimeoutError &) {
            timedOut = true;
        }
        co_await QTimeout::sleepFor(10s);
        co_return timedOut;
    };
    QTimeoutScope task(QDeadlineTimer::Forever);
    const auto observed = observe(task.run(outer));
    clock().advance(1ms);
    QVERIFY(task.isActive());
    QCOMPARE(observed->end, End::Pending);
    clock().advance(10s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, true);
}

// test_timeouts.py: test_nested_timeouts_concurrent
void tst_ConformanceAsyncio::outerDeadlineThatPassesInAComputationGoesThroughTheInnerBlock()
{
    End innerEnd = End::Pending;
    const auto crunchNumbers = [](QTimeoutScope &) -> QCoro::Task<> {
        compute(10ms);
        co_await QTimeout::sleepFor(1s);
    };
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(100ms, crunchNumbers);
        } catch (const QTimeoutError &) {
            innerEnd = End::TimedOut;
            throw;
        } catch (const QTimeoutCancelled &) {
            innerEnd = End::Cancelled;
            throw;
        }
    };
    QTimeoutScope scope(2ms);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(innerEnd, End::Cancelled);
    QVERIFY(scope.hasExpired());
}

// test_timeouts.py: test_nested_timeouts_loop_busy
void tst_ConformanceAsyncio::outerDeadlineInterruptsWhatFollowsTheInnerTimeout()
{
    End innerEnd = End::Pending;
    bool interrupted = false;
    const auto busy = [](QTimeoutScope &) -> QCoro::Task<> {
        compute(100ms);
        co_await QTimeout::sleepFor(1s);
    };
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(10ms, busy);
        } catch (const QTimeoutError &) {
            innerEnd = End::TimedOut;
        }
        try {
            co_await QTimeout::sleepFor(10s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
            throw;
        }
    };
    QTimeoutScope scope(100ms);
    const auto observed = observe(scope.run(block));
    clock().advance(0s);
    QCOMPARE(innerEnd, End::TimedOut);
    QVERIFY(interrupted);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(clock().elapsed(), 100ms);
}

// test_timeouts.py: test_reschedule
void tst_ConformanceAsyncio::rescheduledDeadlineIsReported()
{
    QTimeoutScope task(QDeadlineTimer::Forever);
    QTimeoutScope scope(10s, &task);
    const auto observed = observe(scope.run(&sleeping, 50s));
    QCOMPARE(scope.remainingTime(), 10s);
    QVERIFY(scope.reschedule(30s));
    QCOMPARE(scope.remainingTime(), 30s);
    clock().advance(20s);
    QCOMPARE(observed->end, End::Pending);
    QVERIFY(scope.reschedule(QDeadlineTimer::Forever));
    QVERIFY(scope.deadline().isForever());
    clock().advance(20s);
    QCOMPARE(observed->end, End::Pending);
    task.cancel();
    clock().advance(0s);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(!scope.hasExpired());
}

// test_timeouts.py: test_repr_active; differs
void tst_ConformanceAsyncio::debugOutputOfAnActiveScope()
{
    const QTimeoutScope scope(10s);
    QCOMPARE(debugText(scope), debugHead(scope) + QStringLiteral("Active, 10000 ms left)"));
}

// test_timeouts.py: test_repr_expired; differs
void tst_ConformanceAsyncio::debugOutputOfAnExpiredScope()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(&sleeping, 10s));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(debugText(scope), debugHead(scope) + QStringLiteral("Expired)"));
}

// test_timeouts.py: test_repr_finished; differs
void tst_ConformanceAsyncio::debugOutputOfAFinishedScope()
{
    QTimeoutScope scope(10s);
    const auto observed = observe(scope.run(&sleeping, 0s));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    QCOMPARE(debugText(scope), debugHead(scope) + QStringLiteral("Finished)"));
}

// test_timeouts.py: test_repr_disabled; differs
void tst_ConformanceAsyncio::debugOutputWithoutDeadline()
{
    const QTimeoutScope scope(QDeadlineTimer::Forever);
    QCOMPARE(debugText(scope), debugHead(scope) + QStringLiteral("Active, no deadline)"));
}

// test_timeouts.py: test_nested_timeout_in_finally
void tst_ConformanceAsyncio::cleanUpHasADeadlineOfItsOwn()
{
    End cleanUpEnd = End::Pending;
    const auto block = [&cleanUpEnd](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr interruption;
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            interruption = std::current_exception();
        }
        try {
            co_await QTimeout::run(10ms, &sleeping, 10s);
        } catch (const QTimeoutError &) {
            cleanUpEnd = End::TimedOut;
        }
        if (interruption)
            std::rethrow_exception(interruption);
    };
    const auto observed = observe(QTimeout::run(10ms, block));
    clock().advance(10ms);
    QCOMPARE(cleanUpEnd, End::Pending);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(10ms);
    QCOMPARE(cleanUpEnd, End::TimedOut);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeouts.py: test_timeout_after_cancellation
void tst_ConformanceAsyncio::cleanUpAfterACancellationHasADeadlineOfItsOwn()
{
    const auto block = [](QTimeoutScope &scope) -> QCoro::Task<End> {
        bool interrupted = false;
        scope.cancel();
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
        }
        End end = End::Pending;
        try {
            co_await QTimeout::run(0s, &sleeping, 1s);
            end = End::Returned;
        } catch (const QTimeoutError &) {
            end = interrupted ? End::TimedOut : End::Failed;
        }
        co_return end;
    };
    QTimeoutScope task(QDeadlineTimer::Forever);
    const auto observed = observe(task.run(block));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, End::TimedOut);
}

// test_timeouts.py: test_cancel_in_timeout_after_cancellation; differs
void tst_ConformanceAsyncio::cleanUpAfterACancellationCanBeCancelled()
{
    QTimeoutScope outer(QDeadlineTimer::Forever);
    QTimeoutScope task(QDeadlineTimer::Forever, &outer);
    bool interrupted = false;
    const auto cleanUp = [&outer](QTimeoutScope &) -> QCoro::Task<> {
        outer.cancel();
        co_await QTimeout::sleepFor(2s);
    };
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        task.cancel();
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
        }
        co_await QTimeout::run(1s, cleanUp);
    };
    const auto observed = observe(task.run(block));
    QVERIFY(interrupted);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_timeouts.py: test_timeout_already_entered
void tst_ConformanceAsyncio::startOfAnActiveScopeIsRefused()
{
    QTimeoutScope scope(10ms);
    bool started = true;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        started = scope.start(1s);
        co_return;
    };
    expectWarning("start", &scope, " is Active already. Use reschedule() to change its deadline.");
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!started);
    QCOMPARE(scope.remainingTime(), 10ms);
}

// test_timeouts.py: test_timeout_double_enter; differs
void tst_ConformanceAsyncio::finishedScopeCanBeStartedAgain()
{
    QTimeoutScope scope(10ms);
    scope.finish();
    QVERIFY(scope.start(20ms));
    const auto observed = observe(scope.run(&sleeping, 10s));
    clock().advance(20ms);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeouts.py: test_timeout_finished
void tst_ConformanceAsyncio::finishedScopeCannotBeRescheduled()
{
    QTimeoutScope scope(10ms);
    scope.finish();
    expectNotActiveWarning("reschedule", &scope);
    QVERIFY(!scope.reschedule(20ms));
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

// test_timeouts.py: test_timeout_expired
void tst_ConformanceAsyncio::expiredScopeCannotBeRescheduled()
{
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(&sleeping, 1s));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    expectNotActiveWarning("reschedule", &scope);
    QVERIFY(!scope.reschedule(20ms));
    QVERIFY(scope.hasExpired());
}

// test_timeouts.py: test_timeout_expiring
void tst_ConformanceAsyncio::expiringScopeCannotBeRescheduled()
{
    QTimeoutScope scope(10ms);
    bool rescheduled = true;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            expectNotActiveWarning("reschedule", &scope);
            rescheduled = scope.reschedule(20ms);
            throw;
        }
    };
    const auto observed = observe(scope.run(block));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(!rescheduled);
}

// test_timeouts.py: test_timeout_not_entered
void tst_ConformanceAsyncio::inactiveScopeCannotBeRescheduled()
{
    QTimeoutScope scope;
    expectNotActiveWarning("reschedule", &scope);
    QVERIFY(!scope.reschedule(20ms));
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
}

// test_timeouts.py: test_timeout_without_task; differs
void tst_ConformanceAsyncio::scopeNeedsNoCoroutine()
{
    QTimeoutScope scope;
    QVERIFY(scope.start(10ms));
    QVERIFY(scope.reschedule(20ms));
    const auto observed = observe(scope.run(QTimeout::sleepFor(10s)));
    clock().advance(20ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(observed->end, End::TimedOut);
}

// test_timeouts.py: test_timeout_taskgroup; differs
void tst_ConformanceAsyncio::childThatFailsInItsCleanUpReplacesTheExpiry()
{
    QByteArrayList log;
    const auto crash = [&log](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        try {
            co_await QTimeout::sleepFor(2s);
        } catch (const QTimeoutCancelled &) {
            log << "child";
            throw std::domain_error("division by zero");
        }
    };
    // A group of tasks waits for them when it is left.
    const auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        const QCoro::Task<> child = crash(scope);
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            log << "parent";
        }
        co_await child;
    };
    QTimeoutScope scope(10ms);
    const auto observed = observe(scope.run(block));
    clock().advance(10ms);
    QCOMPARE(log, QByteArrayList({"child", "parent"}));
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "division by zero");
    QVERIFY(scope.hasExpired());
}

QTEST_GUILESS_MAIN(tst_ConformanceAsyncio)

#include "tst_conformance_asyncio.moc"
