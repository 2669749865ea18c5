// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "checkpoint.h"

#include <QCoroAsyncGenerator>
#include <QCoroFuture>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qsignalspy.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/*
    The cases of Trio's tests of cancel scopes and timeouts that have a meaning here. README.md says
    what has become of the others. Above each function stand the file and the test that it comes
    from; test_run, test_cancelled and test_mock_clock are those of trio._core, test_timeouts is
    that of trio.
*/
class tst_ConformanceTrio : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // checkpoints
    void throwIfAbortedIsACheckpoint();
    void checkpointAfterCancelThrows();
    void sleepAfterCancelThrows();
    void shieldedCheckpointsPassAfterCancel();
    void zeroSleepIsACheckpoint();
    void shieldedZeroSleepSuspends();
    void readyAwaitIsNoCheckpoint();
    void coroutineWithoutACheckpointIsNotInterrupted();
    void checkpointLooksAtTheDeadline();

    // cancelling
    void cancelTwiceIsOnce();
    void cancelledCoroutineIsInterruptedOnce();
    void scopeThatEndsInTheCallDoesNotEndTheRun_data();
    void scopeThatEndsInTheCallDoesNotEndTheRun();
    void scopeThatIsFinishedInTheCallIsNoMisuse();
    void callableIsNotCalledUnderACancelledScope();
    void coroutineCalledUnderACancelledScopeRunsToItsFirstAwait();
    void watchUnderACancelledScopeAbortsAtOnce();
    void cancelReachesAllChildren();
    void outerOfTwoCancelledScopesIsLeft();
    void cancelThatComesTooLateIsForgotten();
    void cancelOfAnInactiveScopeIsNotRemembered();
    void cancelInsideARunIsNoTimeout();
    void cancelAfterTheEndDoesNothing();
    void errorIsNotTakenForTheCancellation_data();
    void errorIsNotTakenForTheCancellation();
    void crashOfAChildIsLogged();
    void cancelLeavesNothingBehind();
    void localsAreDestroyedByTheCancel();
    void thousandsOfNestedScopes();
    void hundredsOfNestedCoroutines();
    void causeIsNotOverwrittenByADeadline();
    void causeIsNotOverwrittenByACancel();

    // what cannot be aborted, or takes long
    void unknownAwaitableIsNotInterrupted();
    void stepOfAGeneratorIsNotInterrupted();
    void plainCoroutineIsAbandoned();
    void slowAbortIsNotWaitedFor();
    void operationIsAbortedOnceByTwoCancels();

    // shields
    void cancelInAShieldArrivesAfterIt();
    void shieldDoesNotProtectFromAScopeInsideIt();
    void sleepInAShieldGoesOn();
    void childLeftInAShieldIsInterruptedAfterIt();
    void cleanUpCanBeCancelledByAScopeOfItsOwn();
    void shieldedCleanUpKeepsTheCancellation();
    void deadlineInAShieldDoesNotSeeACancelOutside_data();
    void deadlineInAShieldDoesNotSeeACancelOutside();
    void moveOnInAShieldOfACancelledScope();
    void timeoutInAShieldOfACancelledScope();

    // scopes and lives
    void endedScopeStartsANewLife();
    void scopeCanBeEnteredTwice();
    void scopeHoldsSeveralCoroutines();
    void outerScopeFinishedWithinTheInnerOne();
    void destroyedScopeCancelsWhatIsLeftInNestedOnes();
    void finishFromElsewhereLeavesTheWork();
    void derivedScopeIsAScope();
    void debugOutputTellsStateAndWhatIsLeft();

    // deadlines
    void deadlineOfAFinishedScopeDoesNotMatter();
    void passedDeadlineInterrupts();
    void deadlineMovedIntoThePastInterrupts();
    void deadlineMovedIntoThePastExpiresForGood();
    void manyReschedulesAreOneDeadline();
    void effectiveDeadlineFollowsScopesAndShields();
    void notANumberIsForever();
    void negativeDeadlineExpiresFromTheEventLoop();
    void durationCountsFromTheStart();
    void inactiveScopeHasNoDeadline();
    void realTimeIsNeverEarly();

    // sleep, tryRun and run
    void sleepEndsAtItsTime();
    void moveOnAfterTheDelay();
    void failAtTheDeadline_data();
    void failAtTheDeadline();
    void inTimeIsNoFailure_data();
    void inTimeIsNoFailure();
    void negativeTimesArePast();
};

/*
    Checkpoints
*/

// test_run: test_cancel_points (main1)
void tst_ConformanceTrio::throwIfAbortedIsACheckpoint()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.throwIfAborted();
        record << "not aborted";
        scope.cancel();
        scope.throwIfAborted();
        record << "not reached";
        co_return;
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"not aborted"}));
}

// test_run: test_cancel_points (main2)
void tst_ConformanceTrio::checkpointAfterCancelThrows()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        record << "not aborted";
        scope.cancel();
        co_await checkpoint();
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"not aborted"}));
}

// test_run: test_cancel_points (main3)
void tst_ConformanceTrio::sleepAfterCancelThrows()
{
    bool interrupted = false;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(interrupted);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_cancel_points (main4)
void tst_ConformanceTrio::shieldedCheckpointsPassAfterCancel()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        co_await QTimeout::shield(&checkpoint);
        record << "first";
        co_await QTimeout::shield(&checkpoint);
        record << "second";
        co_await checkpoint();
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"first", "second"}));
}

// test_run: test_trivial_yields (checkpoint); test_timeouts: test_sleep (of zero, and move_on_at)
void tst_ConformanceTrio::zeroSleepIsACheckpoint()
{
    const auto sleep = observe(QTimeout::sleepFor(0ns));
    QCOMPARE(sleep->end, End::Pending);
    clock().advance(0ns);
    QCOMPARE(sleep->end, End::Returned);

    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(0ns);
            record << "slept";
        } catch (const QTimeoutCancelled &) {
            record << "interrupted";
            throw;
        }
    };
    const auto observed = observe(QTimeout::tryRun(0ms, block));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"interrupted"}));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
}

// test_run: test_trivial_yields (checkpoint_if_cancelled and cancel_shielded_checkpoint)
void tst_ConformanceTrio::shieldedZeroSleepSuspends()
{
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.throwIfAborted();
        co_await QTimeout::shield(&checkpoint);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
}

// test_run: test_trivial_yields (an empty nursery does not look for a cancellation)
void tst_ConformanceTrio::readyAwaitIsNoCheckpoint()
{
    auto block = [](QTimeoutScope &scope) -> QCoro::Task<int> {
        scope.cancel();
        co_return co_await valueAtOnce(42);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

// test_run: test_trivial_yields (a nursery with a task that has no checkpoint)
void tst_ConformanceTrio::coroutineWithoutACheckpointIsNotInterrupted()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<int> { co_return 42; };
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<int> {
        scope.cancel();
        co_return co_await child(scope);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

// test_run: test_yield_briefly_checks_for_timeout
void tst_ConformanceTrio::checkpointLooksAtTheDeadline()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        record << "in time";
        clock().advance(10s);
        record << "late";
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(QTimeout::run(5s, block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(record, QByteArrayList({"in time", "late"}));
}

/*
    Cancelling
*/

// test_run: test_cancel_edge_cases (two cancels in a row)
void tst_ConformanceTrio::cancelTwiceIsOnce()
{
    int interruptions = 0;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        scope.cancel();
        try {
            co_await checkpoint();
        } catch (const QTimeoutCancelled &) {
            ++interruptions;
        }
        co_await checkpoint();
    };
    QTimeoutScope scope(1h);
    const QSignalSpy cancelled(&scope, &QTimeoutScope::cancelled);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(interruptions, 1);
    QCOMPARE(cancelled.count(), 1);
}

// test_run: test_cancel_edge_cases (level triggering), test_basic_timeout (the last checkpoint),
// test_cancel_scope_nesting (two checkpoints in a row). Differs: A5.
void tst_ConformanceTrio::cancelledCoroutineIsInterruptedOnce()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            record << "interrupted";
        }
        co_await QTimeout::sleepFor(1s);
        record << "slept";
        try {
            scope.throwIfAborted();
        } catch (const QTimeoutCancelled &) {
            record << "asked";
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(record, QByteArrayList({"interrupted"}));
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(record, QByteArrayList({"interrupted", "slept", "asked"}));
}

namespace {

QCoro::Task<int> outlastItsScope(QTimeoutScope &scope, bool expires, bool isShielded,
                                 QTimeoutTestClock *clock)
{
    if (expires) {
        scope.reschedule(-1s);
        clock->advance(0ns);
    } else {
        scope.cancel();
    }
    if (isShielded) {
        co_await QTimeout::shield(&QTimeout::sleepFor, 1s);
    } else {
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
        }
        co_await QTimeout::sleepFor(1s);
    }
    co_return scope.state();
}

} // namespace

void tst_ConformanceTrio::scopeThatEndsInTheCallDoesNotEndTheRun_data()
{
    QTest::addColumn<bool>("own");
    QTest::addColumn<bool>("expires");
    QTest::addColumn<bool>("shielded");
    for (const bool own : {false, true}) {
        for (const bool expires : {false, true}) {
            for (const bool shielded : {false, true}) {
                QTest::addRow("%s %s, %s", own ? "scope of the run" : "scope",
                              expires ? "expires" : "is cancelled",
                              shielded ? "shielded" : "swallowed")
                        << own << expires << shielded;
            }
        }
    }
}

// test_run: test_cancel_edge_cases, test_cancel_points (main4), test_cancel_scope_nesting (a scope
// that is pending but left): there, the scope is cancelled before the first checkpoint
void tst_ConformanceTrio::scopeThatEndsInTheCallDoesNotEndTheRun()
{
    QFETCH(const bool, own);
    QFETCH(const bool, expires);
    QFETCH(const bool, shielded);
    QTimeoutScope scope(1h);
    const auto observed = own
            ? observe(QTimeout::run(1h, &outlastItsScope, expires, shielded, &clock()))
            : observe(scope.run(&outlastItsScope, expires, shielded, &clock()));
    clock().advance(999ms);
    const End early = observed->end;
    clock().advance(1ms);
    QCOMPARE(early, End::Pending);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, int(expires ? QTimeoutScope::Expired : QTimeoutScope::Cancelled));
}

// test_run: test_cancel_scope_misnesting_1, where the scope is left before the first checkpoint
void tst_ConformanceTrio::scopeThatIsFinishedInTheCallIsNoMisuse()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".")));
    auto block = [](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.finish();
        co_await QTimeout::sleepFor(1s);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
}

// test_run: test_precancelled_task, test_cancel_unbound (cancel before entry). Differs: A13.
void tst_ConformanceTrio::callableIsNotCalledUnderACancelledScope()
{
    bool called = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        called = true;
        co_await QTimeout::run(1s, &sleeper);
    };
    QTimeoutScope scope(1h);
    scope.cancel();
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(!called);
}

// test_run: test_precancelled_task
void tst_ConformanceTrio::coroutineCalledUnderACancelledScopeRunsToItsFirstAwait()
{
    QByteArrayList record;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "started";
        co_await sleepForever();
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    scope.cancel();
    const auto observed = observe(child(scope));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"started"}));
}

// test_run: test_nursery_start_with_cancelled_nursery (sleeping children come under a scope that is
// cancelled)
void tst_ConformanceTrio::watchUnderACancelledScopeAbortsAtOnce()
{
    QObject object;
    int aborts = 0;
    const auto sleep = std::make_shared<Observed<void>>();
    QTimeoutScope scope(1h);
    scope.cancel();
    scope.watch(&object, [&] { ++aborts; });
    QCOMPARE(aborts, 1);
    scope.watch(observeInto(QTimeout::sleepFor(1s), sleep));
    scope.watch(QTimeout::sleepFor(1s));
    QCOMPARE(queuedDeadlines(), size_t(1)); // of the sleep that a plain coroutine awaits
    clock().advance(1s);
    QCOMPARE(sleep->end, End::Returned);
}

// test_run: test_cancel_inheritance
void tst_ConformanceTrio::cancelReachesAllChildren()
{
    QByteArrayList record;
    auto leaf = [&](QTimeoutScope &, QByteArray name) -> QCoro::Task<> {
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            record << name;
        }
    };
    auto worker = [&](QTimeoutScope &scope, QByteArray name) -> QCoro::Task<> {
        leaf(scope, name + " first");
        leaf(scope, name + " second");
        co_await sleepForever();
    };
    QTimeoutScope scope(1h);
    const auto one = observe(scope.run(worker, QByteArray("one")));
    const auto two = observe(scope.run(worker, QByteArray("two")));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(one->end, End::Cancelled);
    QCOMPARE(two->end, End::Cancelled);
    std::sort(record.begin(), record.end());
    QCOMPARE(record, QByteArrayList({"one first", "one second", "two first", "two second"}));
}

// test_run: test_cancel_scope_nesting (two scopes are cancelled at once)
void tst_ConformanceTrio::outerOfTwoCancelledScopesIsLeft()
{
    QByteArrayList record;
    QTimeoutScope *second = nullptr;
    auto inThird = [&](QTimeoutScope &third) -> QCoro::Task<> {
        third.cancel();
        second->cancel();
        co_await sleepForever();
    };
    auto inSecond = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        second = &scope;
        QTimeoutScope third(1h);
        co_await third.run(inThird);
        record << "not reached";
    };
    auto inFirst = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope scope(1h);
        try {
            co_await scope.run(inSecond);
        } catch (const QTimeoutCancelled &) {
            record << (scope.isCancelled() ? "second left" : "second is not cancelled");
        }
        co_await checkpoint();
        record << "first goes on";
    };
    QTimeoutScope first(1h);
    const auto observed = observe(first.run(inFirst));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(record, QByteArrayList({"second left", "first goes on"}));
    QVERIFY(first.isActive());
}

// test_run: test_cancel_scope_nesting (a scope that is pending but left is not delivered)
void tst_ConformanceTrio::cancelThatComesTooLateIsForgotten()
{
    QByteArrayList record;
    auto inner = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        co_await QTimeout::shield(&checkpoint);
    };
    auto outer = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope scope(1h);
        co_await scope.run(inner);
        record << (scope.isCancelled() ? "cancelled" : "not cancelled");
        co_await checkpoint();
        record << "goes on";
    };
    const auto observed = observe(QTimeout::run(1h, outer));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(record, QByteArrayList({"cancelled", "goes on"}));
}

// test_run: test_cancel_unbound (cancel before entry). Differs: S2.
void tst_ConformanceTrio::cancelOfAnInactiveScopeIsNotRemembered()
{
    QTimeoutScope scope;
    scope.cancel();
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
    QVERIFY(scope.start(1h));
    const auto observed = observe(scope.run(QTimeout::sleepFor(1s)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
}

// test_run: test_cancel_unbound (cancel after entry)
void tst_ConformanceTrio::cancelInsideARunIsNoTimeout()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1s, &sleeper);
        } catch (const QTimeoutError &) {
            record << "timed out";
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(500ms);
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"cancelled"}));
}

// test_run: test_cancel_unbound (cancel after the exit)
void tst_ConformanceTrio::cancelAfterTheEndDoesNothing()
{
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(checkpoint()));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    const QSignalSpy changes(&scope, &QTimeoutScope::stateChanged);
    scope.cancel();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(changes.count(), 0);
}

void tst_ConformanceTrio::errorIsNotTakenForTheCancellation_data()
{
    QTest::addColumn<bool>("interrupted");
    QTest::newRow("before the interruption") << false;
    QTest::newRow("instead of the interruption") << true;
}

// test_run: test_cancel_scope_no_cancellederror, test_trivial_yields (an error in a cancelled scope),
// test_cancel_scope_exceptiongroup_filtering (what is left of the group)
void tst_ConformanceTrio::errorIsNotTakenForTheCancellation()
{
    QFETCH(const bool, interrupted);
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        try {
            if (interrupted)
                co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
        }
        throw std::runtime_error("crash");
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, QByteArray("crash"));
}

// test_run: test_child_crash_wakes_parent, test_child_crash_basic. Differs: a scope is no nursery; what
// a coroutine throws concerns those that await it.
void tst_ConformanceTrio::crashOfAChildIsLogged()
{
    auto crasher = [](QTimeoutScope &) -> QCoro::Task<> {
        throw std::runtime_error("crash");
        co_return;
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.watch(crasher(scope));
        co_await QTimeout::sleepFor(1s);
    };
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 QStringLiteral("QTimeoutScope::watch: .* has failed: crash")));
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
}

// test_run: test_simple_cancel_scope_usage_doesnt_create_cyclic_garbage,
// test_cancel_scope_exit_doesnt_create_cyclic_garbage,
// test_nursery_cancel_doesnt_create_cyclic_garbage
void tst_ConformanceTrio::cancelLeavesNothingBehind()
{
    QByteArrayList record;
    QTimeoutScope scope(1h);
    {
        auto block = [&](QTimeoutScope &own) -> QCoro::Task<> {
            const Tracked local;
            sleeper(own);
            own.watch(QTimeout::sleepFor(1s));
            co_await QTimeout::run(1s, &recordingSleeper, QByteArray("inner"), &record);
        };
        const auto observed = observe(scope.run(block));
        QCOMPARE(Tracked::alive(), 3);
        QCOMPARE(queuedDeadlines(), size_t(3)); // the scope, what it watches, the run
        scope.cancel();
        clock().advance(0ns);
        QCOMPARE(observed->end, End::Cancelled);
    }
    QCOMPARE(record, QByteArrayList({"inner"}));
    QCOMPARE(Tracked::alive(), 0);
    QCOMPARE(queuedDeadlines(), size_t(0));
    QVERIFY(scope.children().isEmpty());
    QCOMPARE(connectedSignals(&scope), QByteArrayList());
}

// test_run: test_locals_destroyed_promptly_on_cancel
void tst_ConformanceTrio::localsAreDestroyedByTheCancel()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        co_await sleepForever();
    };
    QTimeoutScope scope(1h);
    child(scope);
    QCOMPARE(Tracked::alive(), 1);
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(Tracked::alive(), 0);
}

// test_run: test_very_deep_cancel_scope_nesting
void tst_ConformanceTrio::thousandsOfNestedScopes()
{
    constexpr size_t Depth = 5000;
    size_t cancelled = 0;
    bool innermostEnclosed = false;
    auto block = [&](QTimeoutScope &outermost) -> QCoro::Task<> {
        std::vector<std::unique_ptr<QTimeoutScope>> scopes;
        const QTimeoutScope *enclosing = &outermost;
        innermostEnclosed = true;
        for (size_t i = 0; i < Depth; ++i) {
            // Nested in the one before by hand: all are created by the same coroutine.
            scopes.push_back(std::make_unique<QTimeoutScope>(1h));
            if (i > 0)
                scopes[i]->setParent(scopes[i - 1].get());
            innermostEnclosed = innermostEnclosed && scopes[i]->enclosingScope() == enclosing;
            enclosing = scopes[i].get();
        }
        outermost.cancel();
        cancelled = size_t(std::count_if(scopes.cbegin(), scopes.cend(),
                                         [](const auto &scope) { return scope->isCancelled(); }));
        while (!scopes.empty())
            scopes.pop_back(); // innermost first
        co_await checkpoint();
    };
    const auto observed = observe(QTimeout::run(1h, block));
    clock().advance(0ns);
    QVERIFY(innermostEnclosed);
    QCOMPARE(cancelled, Depth);
    QCOMPARE(observed->end, End::Cancelled);
}

namespace {

// Each is under a scope of its own.
QCoro::Task<> nest(QTimeoutScope &, int depth, int *ended)
{
    const auto count = qScopeGuard([&] { ++*ended; });
    if (depth > 1)
        co_await QTimeout::run(1h, &nest, depth - 1, ended);
    else
        co_await sleepForever();
}

} // namespace

// test_run: test_very_deep_cancel_scope_nesting
void tst_ConformanceTrio::hundredsOfNestedCoroutines()
{
    constexpr int Depth = 300;
    int ended = 0;
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(&nest, Depth, &ended));
    QCOMPARE(ended, 0);
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(ended, Depth);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancelled: test_cancel_reason_not_overwritten
void tst_ConformanceTrio::causeIsNotOverwrittenByADeadline()
{
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        clock().advance(2s);
        co_await checkpoint();
    };
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancelled: test_cancel_reason_not_overwritten_2
void tst_ConformanceTrio::causeIsNotOverwrittenByACancel()
{
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.reschedule(-1s);
        clock().advance(0s);
        scope.cancel();
        co_await checkpoint();
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QVERIFY(scope.hasExpired());
    QCOMPARE(observed->end, End::TimedOut);
}

/*
    What cannot be aborted, or takes long
*/

// test_run: test_failed_abort
void tst_ConformanceTrio::unknownAwaitableIsNotInterrupted()
{
    Gate gate;
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "sleep";
        try {
            co_await gate;
            co_await checkpoint();
            record << "not reached";
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"sleep"}));
    gate.open();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"sleep", "cancelled"}));
    QCOMPARE(observed->end, End::Cancelled);
}

namespace {

QCoro::AsyncGenerator<int> numbersAfter(Gate &gate)
{
    co_await gate;
    co_yield 42;
}

} // namespace

// test_run: test_detached_coroutine_cancellation
void tst_ConformanceTrio::stepOfAGeneratorIsNotInterrupted()
{
    Gate gate;
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        auto numbers = numbersAfter(gate);
        record << "waits";
        try {
            const auto it = co_await numbers.begin();
            co_await checkpoint();
            record << "not reached" << QByteArray::number(*it);
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"waits"}));
    gate.open();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"waits", "cancelled"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_failed_abort. Differs for a plain coroutine: A9.
void tst_ConformanceTrio::plainCoroutineIsAbandoned()
{
    Gate gate;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> { co_await passThrough(gate); };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(Tracked::alive(), 1); // the plain coroutine goes on by itself
    gate.open();
    QCOMPARE(Tracked::alive(), 0);
}

// test_run: test_slow_abort_basic. Differs: the coroutine does not wait for the abort to be done (A10).
void tst_ConformanceTrio::slowAbortIsNotWaitedFor()
{
    QPromise<int> promise;
    promise.start();
    QFuture<int> future = promise.future();
    auto block = [&](QTimeoutScope &) -> QCoro::Task<int> { co_return co_await future; };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    QVERIFY(future.isCanceled());
    QVERIFY(future.isRunning());
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    promise.finish();
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_slow_abort_edge_cases
void tst_ConformanceTrio::operationIsAbortedOnceByTwoCancels()
{
    QObject operation;
    QByteArrayList record;
    auto block = [&](QTimeoutScope &inner) -> QCoro::Task<> {
        inner.watch(&operation, [&] { record << "abort called"; });
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
        }
        co_await checkpoint();
        record << "done";
    };
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    const auto observed = observe(inner.run(block));
    outer.cancel();
    inner.cancel();
    QCOMPARE(record, QByteArrayList({"abort called"}));
    clock().advance(0ns);
    QCOMPARE(record.count("abort called"), 1);
    QCOMPARE(record.count("cancelled"), 1);
    QCOMPARE(record.size(), 3);
    QCOMPARE(record.last(), QByteArray("done"));
    QCOMPARE(observed->end, End::Returned);
}

/*
    Shields
*/

// test_run: test_cancel_shielding, test_cancel_unbound (shield before entry)
void tst_ConformanceTrio::cancelInAShieldArrivesAfterIt()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        co_await checkpoint();
        record << "protected";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(shielded);
        record << "shield has ended";
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList({"protected", "shield has ended"}));
}

// test_run: test_cancel_shielding (the scope within, and the one that has the shield)
void tst_ConformanceTrio::shieldDoesNotProtectFromAScopeInsideIt()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto innermost = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await checkpoint();
        record << "not reached";
    };
    auto shielded = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        QTimeoutScope scope(1h);
        try {
            co_await scope.run(innermost);
        } catch (const QTimeoutCancelled &) {
            record << "innermost cancelled";
        }
        co_await checkpoint();
        record << "protected";
        own.cancel();
        co_await checkpoint();
        record << "not reached either";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::shield(shielded);
        } catch (const QTimeoutCancelled &) {
            record << "shield cancelled";
        }
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"innermost cancelled", "protected", "shield cancelled"}));
    QCOMPARE(observed->end,
             End::Returned); // without another co_await there is nothing to interrupt
}

// test_run: test_cancel_shield_abort. A shield cannot be taken away here: it ends.
void tst_ConformanceTrio::sleepInAShieldGoesOn()
{
    QByteArrayList record;
    auto sleeping = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "sleeping";
        co_await QTimeout::sleepFor(1s);
        record << "slept";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(sleeping);
        co_await sleepForever();
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(999ms);
    QCOMPARE(record, QByteArrayList({"sleeping"}));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(record, QByteArrayList({"sleeping", "slept"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_cancel_shield_abort
void tst_ConformanceTrio::childLeftInAShieldIsInterruptedAfterIt()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto shielded = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        recordingSleeper(own, "child cancelled", &record);
        co_await checkpoint();
        record << "shield ends";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(shielded);
        co_await QTimeout::shield(&QTimeout::sleepFor, 1s);
        record << "slept";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"shield ends", "child cancelled"}));
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"shield ends", "child cancelled", "slept"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_run: test_cancel_scope_nesting (shielding, and then a cancel of the shielded scope). The
// clean-up needs no shield here: A5.
void tst_ConformanceTrio::cleanUpCanBeCancelledByAScopeOfItsOwn()
{
    QByteArrayList record;
    auto cleanUp = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        record << "cleaning up";
        own.cancel();
        co_await checkpoint();
        record << "not reached";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr abort;
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            abort = std::current_exception();
        }
        QTimeoutScope own(1h);
        try {
            co_await own.run(cleanUp);
        } catch (const QTimeoutCancelled &) {
            record << "given up";
        }
        std::rethrow_exception(abort);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"cleaning up", "given up"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_unshield_while_cancel_propagating
void tst_ConformanceTrio::shieldedCleanUpKeepsTheCancellation()
{
    QByteArrayList record;
    auto inner = [&](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr abort;
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            abort = std::current_exception();
        }
        co_await QTimeout::shield(&checkpoint);
        record << "cleaned up";
        std::rethrow_exception(abort);
    };
    auto outer = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope scope(1h);
        co_await scope.run(inner);
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(outer));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"cleaned up"}));
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_ConformanceTrio::deadlineInAShieldDoesNotSeeACancelOutside_data()
{
    QTest::addColumn<bool>("failing");
    QTest::newRow("move_on_after") << false;
    QTest::newRow("fail_after") << true;
}

// test_timeouts: test_context_shields_from_outer
void tst_ConformanceTrio::deadlineInAShieldDoesNotSeeACancelOutside()
{
    QFETCH(const bool, failing);
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto inner = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        co_await checkpoint();
        record << "protected";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        if (failing)
            co_await QTimeout::shield([&] { return QTimeout::run(1s, inner); });
        else
            co_await QTimeout::shield([&] { return QTimeout::tryRun(1s, inner); });
        record << "shield has ended";
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"protected", "shield has ended"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_timeouts: test_move_on_after_moves_on_even_if_shielded
void tst_ConformanceTrio::moveOnInAShieldOfACancelledScope()
{
    std::optional<bool> completed;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        completed = co_await QTimeout::shield([&] { return QTimeout::tryRun(1s, &sleeper); });
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(completed, std::optional<bool>(false));
    QCOMPARE(observed->end, End::Returned);
}

// test_timeouts: test_fail_after_fails_even_if_shielded
void tst_ConformanceTrio::timeoutInAShieldOfACancelledScope()
{
    bool timedOut = false;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
        try {
            co_await QTimeout::shield([&] { return QTimeout::run(1s, &sleeper); });
        } catch (const QTimeoutError &) {
            timedOut = true;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QVERIFY(timedOut);
    QCOMPARE(observed->end, End::Returned);
}

/*
    Scopes and lives
*/

// test_run: test_cancel_unbound (cannot be reused). Differs: S1.
void tst_ConformanceTrio::endedScopeStartsANewLife()
{
    QTimeoutScope scope(1h);
    const auto first = observe(scope.run(&sleeper));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(first->end, End::Cancelled);
    QVERIFY(scope.start(1s));
    QVERIFY(!scope.isCancelled());
    const auto second = observe(scope.run(&sleeper));
    clock().advance(1s);
    QCOMPARE(second->end, End::TimedOut);
}

// test_run: test_cancel_unbound (cannot be entered again). Differs.
void tst_ConformanceTrio::scopeCanBeEnteredTwice()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        try {
            co_await scope.run(&recordingSleeper, QByteArray("inner"), &record);
        } catch (const QTimeoutCancelled &) {
            record << "outer";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner", "outer"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_run: test_cancel_unbound (cannot be entered by several tasks). Differs.
void tst_ConformanceTrio::scopeHoldsSeveralCoroutines()
{
    QTimeoutScope scope(1h);
    const auto one = observe(scope.run(&sleeper));
    const auto other = observe(scope.run(&sleeper));
    const auto third = observe(scope.run(checkpoint()));
    clock().advance(0ns);
    QCOMPARE(third->end, End::Returned);
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(one->end, End::Cancelled);
    QCOMPARE(other->end, End::Cancelled);
}

// test_run: test_cancel_scope_misnesting_1. Differs: scopes may end in any order (S7).
void tst_ConformanceTrio::outerScopeFinishedWithinTheInnerOne()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto inside = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        outer.finish();
        co_await checkpoint();
        record << "inner goes on";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope inner(1h);
        co_await inner.run(inside);
        record << (inner.enclosingScope() ? "still enclosed" : "not enclosed any more");
        co_await checkpoint();
        record << "outer goes on";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner goes on", "not enclosed any more", "outer goes on"}));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(outer.state(), QTimeoutScope::Finished);
}

// test_run: test_cancel_scope_misnesting_2
void tst_ConformanceTrio::destroyedScopeCancelsWhatIsLeftInNestedOnes()
{
    QByteArrayList record;
    auto nested = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope own(1h);
        co_await own.run(&recordingSleeper, QByteArray("nested"), &record);
    };
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto one = observe(scope->run(&recordingSleeper, QByteArray("direct"), &record));
    const auto other = observe(scope->run(nested));
    scope.reset();
    QCOMPARE(one->end, End::Cancelled);
    QCOMPARE(other->end, End::Cancelled);
    std::sort(record.begin(), record.end());
    QCOMPARE(record, QByteArrayList({"direct", "nested"}));
}

// test_run: test_cancel_scope_misnesting_3. Differs: S7.
void tst_ConformanceTrio::finishFromElsewhereLeavesTheWork()
{
    auto block = [](QTimeoutScope &) -> QCoro::Task<> { co_await QTimeout::sleepFor(1s); };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.finish();
    scope.cancel(); // too late
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
}

namespace {

class NamedScope : public QTimeoutScope
{
public:
    using QTimeoutScope::QTimeoutScope;

    QByteArray name;
};

QCoro::Task<> sleepUnder(NamedScope &scope, QByteArrayList *record)
{
    const Tracked local;
    try {
        co_await sleepForever();
    } catch (const QTimeoutCancelled &) {
        *record << scope.name;
        throw;
    }
}

} // namespace

// test_run: test_CancelScope_subclass. Differs: a class may be derived.
void tst_ConformanceTrio::derivedScopeIsAScope()
{
    QByteArrayList record;
    NamedScope scope(1s);
    scope.name = "login";
    const auto observed = observe(sleepUnder(scope, &record));
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"login"}));
    QCOMPARE(observed->end, End::TimedOut);
}

// test_run: test_cancel_scope_repr
void tst_ConformanceTrio::debugOutputTellsStateAndWhatIsLeft()
{
    QTimeoutScope scope;
    const auto text = [&] {
        QString result;
        QDebug(&result) << &scope;
        return result;
    };
    QVERIFY2(text().contains(QLatin1String("Inactive")), qPrintable(text()));
    scope.start(QDeadlineTimer::Forever);
    QVERIFY2(text().contains(QLatin1String("Active, no deadline")), qPrintable(text()));
    scope.reschedule(-1s);
    QVERIFY2(text().contains(QLatin1String("Active, 0 ms left")), qPrintable(text()));
    scope.reschedule(10s);
    QVERIFY2(text().contains(QLatin1String("Active, 10000 ms left")), qPrintable(text()));
    scope.cancel();
    QVERIFY2(text().contains(QLatin1String("Cancelled")), qPrintable(text()));
}

/*
    Deadlines
*/

// test_run: test_basic_timeout (a scope that has been left)
void tst_ConformanceTrio::deadlineOfAFinishedScopeDoesNotMatter()
{
    bool isForever = false;
    nanoseconds remaining{};
    QTimeoutScope::State state = QTimeoutScope::Inactive;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope scope(QDeadlineTimer::Forever);
        isForever = scope.deadline().isForever();
        scope.reschedule(1s);
        remaining = scope.remainingTime();
        scope.finish();
        clock().advance(2s);
        co_await checkpoint();
        co_await checkpoint();
        co_await checkpoint();
        state = scope.state();
    };
    const auto observed = observe(QTimeout::run(1h, block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(isForever);
    QCOMPARE(remaining, nanoseconds(1s));
    QCOMPARE(state, QTimeoutScope::Finished);
}

// test_run: test_basic_timeout (a deadline that passes)
void tst_ConformanceTrio::passedDeadlineInterrupts()
{
    bool expired = false;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        clock().advance(2s);
        expired = scope.hasExpired();
        co_await sleepForever();
    };
    const auto observed = observe(QTimeout::run(1s, block));
    clock().advance(0ns);
    QVERIFY(expired);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_run: test_basic_timeout (the deadline is changed)
void tst_ConformanceTrio::deadlineMovedIntoThePastInterrupts()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        scope.reschedule(10s);
        co_await checkpoint();
        clock().advance(5s);
        co_await checkpoint();
        record << "in time";
        scope.reschedule(-4s);
        record << (scope.isActive() ? "still active" : "ended");
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(QTimeout::run(QDeadlineTimer::Forever, block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"in time", "still active"}));
    QCOMPARE(observed->end, End::TimedOut);
}

// test_run: test_cancel_unbound (a deadline that has passed before the entry). Differs: it expires
// from the event loop (S3).
void tst_ConformanceTrio::deadlineMovedIntoThePastExpiresForGood()
{
    QTimeoutScope scope(1s);
    const QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QVERIFY(scope.shift(-1s));
    QVERIFY(scope.isActive());
    clock().advance(0ns);
    QVERIFY(scope.hasExpired());
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("QTimeoutScope::shift: .* is Expired")));
    QVERIFY(!scope.shift(1s));
    QVERIFY(scope.hasExpired());
    QCOMPARE(expired.count(), 1);
}

// test_run: test_cancel_scope_deadline_duplicates
void tst_ConformanceTrio::manyReschedulesAreOneDeadline()
{
    size_t queued = 0;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        for (int i = 0; i < 2000; ++i) {
            scope.reschedule(9998s);
            scope.reschedule(9999s);
        }
        queued = queuedDeadlines();
        co_await QTimeout::sleepFor(10ms);
    };
    const auto observed = observe(QTimeout::run(QDeadlineTimer::Forever, block));
    QCOMPARE(queued, size_t(1));
    clock().advance(10ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

// test_run: test_current_effective_deadline. Differs: that a scope has ended is told by its state,
// not by a deadline in the infinite past.
void tst_ConformanceTrio::effectiveDeadlineFollowsScopesAndShields()
{
    std::vector<nanoseconds> remaining;
    bool cancelled = false;
    auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        QTimeoutScope inner(10s);
        remaining.push_back(inner.remainingTime());
    };
    auto block = [&](QTimeoutScope &outer) -> QCoro::Task<> {
        QTimeoutScope inner(10s);
        remaining.push_back(inner.remainingTime());
        inner.reschedule(3s);
        remaining.push_back(inner.remainingTime());
        inner.reschedule(10s);
        remaining.push_back(inner.remainingTime());
        co_await QTimeout::shield(shielded);
        remaining.push_back(inner.remainingTime());
        outer.cancel();
        cancelled = inner.isCancelled();
    };
    const auto observed = observe(QTimeout::run(5s, block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(remaining, std::vector<nanoseconds>({5s, 3s, 5s, 10s, 5s}));
    QVERIFY(cancelled);
}

// test_run: test_cancel_scope_validation; test_timeouts: test_timeouts_raise_value_error. Differs: a
// number that is none does not fit, and is forever (S12); a bare one does not compile.
void tst_ConformanceTrio::notANumberIsForever()
{
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    QTimeoutScope scope(nan);
    QVERIFY(scope.deadline().isForever());
    scope.reschedule(1s);
    scope.reschedule(nan);
    QVERIFY(scope.deadline().isForever());
    QVERIFY(scope.isActive());
}

// test_run: test_cancel_scope_validation. Differs: S3.
void tst_ConformanceTrio::negativeDeadlineExpiresFromTheEventLoop()
{
    QTimeoutScope scope(-3s);
    const QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QVERIFY(scope.isActive());
    QCOMPARE(scope.remainingTime(), nanoseconds(0));
    clock().advance(0ns);
    QCOMPARE(expired.count(), 1);
}

// test_timeouts: test_timeout_deadline_on_entry
void tst_ConformanceTrio::durationCountsFromTheStart()
{
    const QTimeout::Deadline after(5s);
    QTimeoutScope scope;
    clock().advance(3s);
    scope.start(after);
    QCOMPARE(scope.remainingTime(), nanoseconds(5s));
    scope.reschedule(3s);
    QCOMPARE(scope.remainingTime(), nanoseconds(3s));
    scope.shift(1s);
    QCOMPARE(scope.remainingTime(), nanoseconds(4s));
    scope.finish();
    clock().advance(3s);
    scope.start(after);
    QCOMPARE(scope.remainingTime(), nanoseconds(5s));
}

// test_timeouts: test_invalid_access_unentered. Differs: nothing is thrown (S2).
void tst_ConformanceTrio::inactiveScopeHasNoDeadline()
{
    QTimeoutScope scope;
    QVERIFY(scope.deadline().isForever());
    QCOMPARE(scope.remainingTime(), nanoseconds::max());
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 QStringLiteral("QTimeoutScope::reschedule: .* is Inactive")));
    QVERIFY(!scope.reschedule(7s));
    QVERIFY(scope.deadline().isForever());
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
}

// test_run: test_timekeeping. In real time, which may be late on a busy machine, but not early.
void tst_ConformanceTrio::realTimeIsNeverEarly()
{
    realTime();
    QElapsedTimer timer;
    timer.start();
    const auto observed = observe(QTimeout::run(50ms, &sleeper));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::TimedOut, 20000);
    QVERIFY(nanoseconds(timer.nsecsElapsed()) >= 50ms);
}

/*
    sleep, tryRun and run
*/

// test_timeouts: test_sleep
void tst_ConformanceTrio::sleepEndsAtItsTime()
{
    const auto until = observe(QTimeout::sleepUntil(QDeadlineTimer(1h)));
    const auto after = observe(QTimeout::sleepFor(1h));
    clock().advance(30min);
    QCOMPARE(until->end, End::Pending);
    clock().advance(30min - 1ms);
    QCOMPARE(after->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(until->end, End::Returned);
    QCOMPARE(after->end, End::Returned);
}

// test_timeouts: test_move_on_after
void tst_ConformanceTrio::moveOnAfterTheDelay()
{
    bool slept = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100s);
        slept = true;
    };
    const auto observed = observe(QTimeout::tryRun(1s, block));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
    clock().advance(100s);
    QVERIFY(!slept);
}

void tst_ConformanceTrio::failAtTheDeadline_data()
{
    QTest::addColumn<bool>("absolute");
    QTest::newRow("fail_after") << false;
    QTest::newRow("fail_at") << true;
}

// test_timeouts: test_fail
void tst_ConformanceTrio::failAtTheDeadline()
{
    QFETCH(const bool, absolute);
    bool slept = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100h);
        slept = true;
    };
    const auto deadline = absolute ? QTimeout::Deadline(std::chrono::steady_clock::now() + 1h)
                                   : QTimeout::Deadline(1h);
    const auto observed = observe(QTimeout::run(deadline, block));
    clock().advance(30min);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(30min);
    QCOMPARE(observed->end, End::TimedOut);
    clock().advance(100h);
    QVERIFY(!slept);
}

void tst_ConformanceTrio::inTimeIsNoFailure_data()
{
    failAtTheDeadline_data();
}

// test_timeouts: test_fail
void tst_ConformanceTrio::inTimeIsNoFailure()
{
    QFETCH(const bool, absolute);
    auto block = [](QTimeoutScope &) -> QCoro::Task<> { co_await checkpoint(); };
    const auto deadline = absolute ? QTimeout::Deadline(std::chrono::steady_clock::now() + 1h)
                                   : QTimeout::Deadline(1h);
    const auto observed = observe(QTimeout::run(deadline, block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
}

// test_timeouts: test_timeouts_raise_value_error. Differs: S3.
void tst_ConformanceTrio::negativeTimesArePast()
{
    const auto sleep = observe(QTimeout::sleepFor(-1s));
    const auto fail = observe(QTimeout::run(-1s, &sleeper));
    const auto moveOn = observe(QTimeout::tryRun(-1s, &sleeper));
    QCOMPARE(sleep->end, End::Pending);
    QCOMPARE(fail->end, End::Pending);
    QCOMPARE(moveOn->end, End::Pending);
    clock().advance(0ns);
    QCOMPARE(sleep->end, End::Returned);
    QCOMPARE(fail->end, End::TimedOut);
    QCOMPARE(moveOn->end, End::Returned);
    QCOMPARE(*moveOn->value, false);
}

QTEST_GUILESS_MAIN(tst_ConformanceTrio)

#include "tst_conformance_trio.moc"
