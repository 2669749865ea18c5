// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "checkpoint.h"

#include <QCoroFuture>

#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qsignalspy.h>

#include <exception>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/*
    The cases of AnyIO's tests of cancellation that have a meaning here. They come from
    tests/test_taskgroups.py where nothing else is said. README.md says what has become of the
    others.
*/
class tst_ConformanceAnyIO : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // checkpoints (tests/test_lowlevel.py)
    void throwIfAbortedThrowsIfCancelled_data();
    void throwIfAbortedThrowsIfCancelled();
    void shieldedCheckpointPasses_data();
    void shieldedCheckpointPasses();
    void checkpointThrowsIfCancelled_data();
    void checkpointThrowsIfCancelled();

    // cancelling
    void childRunsToItsFirstAwait();
    void childOfACancelledScopeRunsToItsFirstAwait();
    void cancelFromElsewhere();
    void cancelReachesNestedCoroutines();
    void cancelReachesWhatANestedCoroutineStarted();
    void coroutineIsCancelledTwice();
    void cancelWhileWaitingForChildren();
    void cancelBeforeEntering();
    void cancellationEndsAtItsScope();
    void cancelledScopeWithoutACheckpoint();
    void cancelledScopeInACancelledScope();
    void cancelWhileACancellationPropagates();
    void cancelOfAChildLeavesTheHost();
    void cancelUnderACancelledInnerScopeLeavesTheOuter();
    void coroutineStartedUnderACancelledScopeIsCancelled();
    void cancelAtTheVeryEndIsForgotten();
    void cancelWithAFinishedChild();
    void awaitedFutureIsCancelled_data();
    void awaitedFutureIsCancelled();
    void oneCancellationForHostAndChild();
    void nothingIsLeftToInterrupt();
    void keptCancellationIsRethrown_data();
    void keptCancellationIsRethrown();
    void keptCancellationKeepsNothingElse();
    void cancelOfALeftScopeDoesNotSpin();
    void abortBehindAShieldDoesNotSpin();
    void finishInTheWrongOrder();
    void finishOfAnInactiveScope();
    void finishInAnotherCoroutine();

    // errors
    void errorOfTheHostAbortsItsChildren();
    void errorOfTheCleanUpIsPassedOn();
    void errorOfTheHostBeatsThatOfAChild();
    void keptErrorBeatsTheCancellation();
    void errorOfAWatchedChildIsLogged();

    // deadlines
    void failAfter_data();
    void failAfter();
    void failWithoutADeadline();
    void failAfterACancelledScope();
    void cancelBeforeTheDeadlineIsNoTimeout();
    void cancelBeforeTheDeadlineIsNoTimeoutAfterItEither();
    void moveOnAfter_data();
    void moveOnAfter();
    void moveOnWithoutADeadline();
    void nothingIsLeftOfATimeout();
    void nestedMoveOnEndsWithTheOuter();
    void deadlineReachedOnStart();
    void deadlineMoved();
    void oneTimeoutForHostAndChild();
    void cancelOfAnOuterScopeIsNoTimeout();

    // shields
    void shieldedPartCompletes();
    void cancelFromInsideAShield();
    void scopeInAShieldCanBeCancelledFromInside();
    void scopeInAShieldCanBeCancelledFromElsewhere();
    void cleanUpIsNotUnderTheCancelledScope();
    void outerCancelWhileAShieldedCancellationPropagates();
    void shieldBeginsAndEnds();
    void deadlineInAShieldCountsAlone();
    void timeoutInAShieldIsReported();
    void outerAbortArrivesBeyondTheShieldInTheOuter();
    void outerAbortArrivesBeyondTheShieldInTheMiddle();
    void childOutsideOfTheShieldIsCancelled();
    void shieldOfAChild();
};

/*
    Checkpoints
*/

void tst_ConformanceAnyIO::throwIfAbortedThrowsIfCancelled_data()
{
    QTest::addColumn<bool>("cancel");
    QTest::newRow("not cancelled") << false;
    QTest::newRow("cancelled") << true;
}

// test_lowlevel.py: test_checkpoint_if_cancelled
void tst_ConformanceAnyIO::throwIfAbortedThrowsIfCancelled()
{
    QFETCH(const bool, cancel);
    bool finished = false;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        if (cancel)
            scope.cancel();
        scope.throwIfAborted();
        finished = true;
        co_return;
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, cancel ? End::Cancelled : End::Returned);
    QCOMPARE(finished, !cancel);
}

void tst_ConformanceAnyIO::shieldedCheckpointPasses_data()
{
    throwIfAbortedThrowsIfCancelled_data();
}

// test_lowlevel.py: test_cancel_shielded_checkpoint
void tst_ConformanceAnyIO::shieldedCheckpointPasses()
{
    QFETCH(const bool, cancel);
    bool finished = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(&checkpoint);
        finished = true;
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    if (cancel)
        scope.cancel();
    QVERIFY(!finished);
    clock().advance(0ns);
    QVERIFY(finished);
    QCOMPARE(observed->end, End::Returned);
}

void tst_ConformanceAnyIO::checkpointThrowsIfCancelled_data()
{
    throwIfAbortedThrowsIfCancelled_data();
}

// test_lowlevel.py: test_checkpoint
void tst_ConformanceAnyIO::checkpointThrowsIfCancelled()
{
    QFETCH(const bool, cancel);
    bool finished = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        finished = true;
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    if (cancel)
        scope.cancel();
    QVERIFY(!finished);
    clock().advance(0ns);
    QCOMPARE(finished, !cancel);
    QCOMPARE(observed->end, cancel ? End::Cancelled : End::Returned);
}

/*
    Cancelling
*/

// test_level_cancellation, test_cancel, TestCreateTask.test_cancel
void tst_ConformanceAnyIO::childRunsToItsFirstAwait()
{
    QByteArrayList record;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "started";
        co_await checkpoint();
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(child(scope));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"started"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_start_cancelled
void tst_ConformanceAnyIO::childOfACancelledScopeRunsToItsFirstAwait()
{
    QByteArrayList record;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "started";
        co_await QTimeout::sleepFor(2s);
        record << "not reached";
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await child(scope);
        record << "not reached either";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(host));
    clock().advance(2s);
    QCOMPARE(record, QByteArrayList({"started"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_scope_in_another_task
void tst_ConformanceAnyIO::cancelFromElsewhere()
{
    QTimeoutScope *local = nullptr;
    bool slept = false;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        local = &scope;
        co_await QTimeout::sleepFor(2s);
        slept = true;
    };
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> { co_await QTimeout::run(1h, block); };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        child(scope);
        co_await checkpoint();
        local->cancel();
        co_await QTimeout::sleepFor(2s);
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(2s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!slept);
}

// test_cancel_propagation, test_cancel_cascade
void tst_ConformanceAnyIO::cancelReachesNestedCoroutines()
{
    QByteArrayList record;
    auto inner = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(1h, &recordingSleeper, QByteArray("innermost"), &record);
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(inner));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"innermost"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_propagation_with_inner_spawn
void tst_ConformanceAnyIO::cancelReachesWhatANestedCoroutineStarted()
{
    QByteArrayList record;
    ObservedPointer<void> started;
    auto inner = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        recordingSleeper(scope, "child", &record);
        started = observe(QTimeout::run(1h, QTimeout::sleepFor(10s)));
        co_await QTimeout::sleepFor(1s);
        record << "not reached";
    };
    auto outer = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(1h, inner);
        record << "not reached either";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(outer));
    QCOMPARE(started->end, End::Pending);
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"child"}));
    QCOMPARE(started->end, End::Cancelled);
    QCOMPARE(observed->end, End::Cancelled);
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"child"}));
}

// test_cancel_twice
void tst_ConformanceAnyIO::coroutineIsCancelledTwice()
{
    int interruptions = 0;
    QTimeoutScope *current = nullptr;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        current = &scope;
        co_await QTimeout::sleepFor(1s);
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await QTimeout::run(1h, block);
            } catch (const QTimeoutCancelled &) {
                ++interruptions;
            }
        }
    };
    const auto observed = observe(QTimeout::run(1h, host));
    current->cancel();
    clock().advance(0ns);
    QCOMPARE(interruptions, 1);
    QCOMPARE(observed->end, End::Pending);
    current->cancel();
    clock().advance(0ns);
    QCOMPARE(interruptions, 2);
    QCOMPARE(observed->end, End::Returned);
}

// test_cancel_exiting_task_group
void tst_ConformanceAnyIO::cancelWhileWaitingForChildren()
{
    QByteArrayList record;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr abort;
        try {
            co_await QTimeout::sleepFor(5s);
        } catch (const QTimeoutCancelled &) {
            abort = std::current_exception();
        }
        record << "child cancelled";
        co_await QTimeout::sleepFor(1s); // the host waits for it
        record << "child cleaned up";
        std::rethrow_exception(abort);
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        try {
            co_await child(scope);
        } catch (const QTimeoutCancelled &) {
            record << "host cancelled";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(host));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"child cancelled"}));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"child cancelled", "child cleaned up", "host cancelled"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_before_entering_scope. Differs: the block is not entered at all (A13).
void tst_ConformanceAnyIO::cancelBeforeEntering()
{
    bool entered = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        entered = true;
        co_await QTimeout::sleepFor(1s);
    };
    QTimeoutScope scope(1h);
    scope.cancel();
    const auto observed = observe(scope.run(block));
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(!entered);
}

// test_escaping_cancelled_exception
void tst_ConformanceAnyIO::cancellationEndsAtItsScope()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await checkpoint();
        record << "not reached";
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope scope(1h);
        try {
            co_await scope.run(block);
        } catch (const QTimeoutCancelled &) {
            record << "left";
        }
        co_await checkpoint();
        record << "goes on";
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"left", "goes on"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_cancelled_not_caught, test_cancel_before_entering_task_group
void tst_ConformanceAnyIO::cancelledScopeWithoutACheckpoint()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<> { co_return; };
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await child(scope);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Returned);
}

// test_cancelled_scope_based_checkpoint
void tst_ConformanceAnyIO::cancelledScopeInACancelledScope()
{
    bool passed = false;
    auto block = [&](QTimeoutScope &outer) -> QCoro::Task<> {
        outer.cancel();
        QTimeoutScope inner(1h);
        inner.cancel();
        co_await inner.run(&sleeper);
        passed = true;
    };
    QTimeoutScope outer(1h);
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QVERIFY(!passed);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancelled_raises_beyond_origin_unshielded
void tst_ConformanceAnyIO::cancelWhileACancellationPropagates()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto block = [&](QTimeoutScope &inner) -> QCoro::Task<> {
        inner.cancel();
        try {
            co_await checkpoint();
        } catch (const QTimeoutCancelled &) {
            record << "inner cancelled";
            outer.cancel();
            throw;
        }
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope inner(1h);
        co_await inner.run(block);
        record << "not reached";
    };
    const auto observed = observe(outer.run(host));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner cancelled"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_scope_in_child_task
void tst_ConformanceAnyIO::cancelOfAChildLeavesTheHost()
{
    QByteArrayList record;
    QTimeoutScope *childScope = nullptr;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        childScope = &scope;
        co_await QTimeout::sleepFor(2s);
        record << "not reached";
    };
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> { co_await QTimeout::run(1h, block); };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        child(scope);
        childScope->cancel();
        co_await QTimeout::sleepFor(100ms);
        record << (scope.isActive() ? "host done" : "host cancelled");
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(100ms);
    QCOMPARE(record, QByteArrayList({"host done"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_start_cancels_parent_scope. Differs: under the cancelled scope nothing is started (A13).
void tst_ConformanceAnyIO::cancelUnderACancelledInnerScopeLeavesTheOuter()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        record << "not started";
        co_await sleepForever();
    };
    auto host = [&](QTimeoutScope &outer) -> QCoro::Task<> {
        QTimeoutScope inner(1h);
        inner.cancel();
        try {
            co_await inner.run(block);
        } catch (const QTimeoutCancelled &) {
            record << "inner cancelled";
        }
        record << (outer.isActive() ? "outer is active" : "outer has ended");
        co_await checkpoint();
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner cancelled", "outer is active"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_cancelled_parent
void tst_ConformanceAnyIO::coroutineStartedUnderACancelledScopeIsCancelled()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<> {
        QTimeoutScope own(1h);
        co_await own.run(QTimeout::sleepFor(1s));
        throw std::runtime_error("the scope was not cancelled");
    };
    QTimeoutScope scope(1h);
    scope.cancel();
    const auto observed = observe(child(scope));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_escaping_cancelled_error_from_cancelled_task
void tst_ConformanceAnyIO::cancelAtTheVeryEndIsForgotten()
{
    std::optional<bool> completed;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        completed = co_await QTimeout::tryRun(100ms, &sleeper);
        scope.cancel();
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(100ms);
    QCOMPARE(completed, std::optional<bool>(false));
    QVERIFY(scope.isCancelled());
    QCOMPARE(observed->end, End::Returned);
}

// test_cancel_completed_task
void tst_ConformanceAnyIO::cancelWithAFinishedChild()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<> { co_return; };
    QTimeoutScope scope(1h);
    const auto observed = observe(child(scope));
    scope.watch(child(scope));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
}

void tst_ConformanceAnyIO::awaitedFutureIsCancelled_data()
{
    QTest::addColumn<bool>("nested");
    QTest::newRow("in the coroutine") << false;
    QTest::newRow("under a scope of its own") << true;
}

// test_cancel_native_future_tasks, test_cancel_native_future_tasks_cancel_scope
void tst_ConformanceAnyIO::awaitedFutureIsCancelled()
{
    QFETCH(const bool, nested);
    QPromise<int> promise;
    promise.start();
    QFuture<int> future = promise.future();
    auto wait = [&](QTimeoutScope &) -> QCoro::Task<int> { co_return co_await future; };
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<int> {
        if (nested)
            co_return co_await QTimeout::run(1h, wait);
        co_return co_await wait(scope);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    QVERIFY(future.isCanceled());
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    promise.finish();
}

// test_single_cancellation_exc
void tst_ConformanceAnyIO::oneCancellationForHostAndChild()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        recordingSleeper(scope, "child", &record);
        co_await recordingSleeper(scope, "host", &record);
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1h, block);
        } catch (const QTimeoutCancelled &) {
            record << "caught";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(host));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record.count("child"), 1);
    QCOMPARE(record.count("host"), 1);
    QCOMPARE(record.count("caught"), 1);
    QCOMPARE(record.last(), QByteArray("caught"));
    QCOMPARE(observed->end, End::Cancelled);
}

// TestUncancel.test_uncancel_after_scope_cancel, .test_cancel_counter_nested_scopes,
// .test_uncancel_cancelled_scope_based_checkpoint
void tst_ConformanceAnyIO::nothingIsLeftToInterrupt()
{
    QByteArrayList record;
    QTimeoutScope *root = nullptr;
    auto innermost = [&](QTimeoutScope &) -> QCoro::Task<> {
        root->cancel();
        co_await checkpoint();
    };
    auto inRoot = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        root = &scope;
        co_await QTimeout::run(1h, innermost);
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1h, inRoot);
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
        }
        co_await checkpoint();
        co_await QTimeout::sleepFor(1s);
        co_await QTimeout::run(1h, checkpoint());
        record << "goes on";
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"cancelled", "goes on"}));
    QCOMPARE(observed->end, End::Returned);
}

void tst_ConformanceAnyIO::keptCancellationIsRethrown_data()
{
    QTest::addColumn<bool>("expires");
    QTest::newRow("cancelled") << false;
    QTest::newRow("expired") << true;
}

// test_reraise_cancelled_in_excgroup
void tst_ConformanceAnyIO::keptCancellationIsRethrown()
{
    QFETCH(const bool, expires);
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        std::exception_ptr kept;
        try {
            co_await sleepForever();
        } catch (...) {
            kept = std::current_exception();
        }
        co_await checkpoint();
        std::rethrow_exception(kept);
    };
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(block));
    if (expires)
        clock().advance(1s);
    else
        scope.cancel();
    clock().advance(0ns);
    QCOMPARE(observed->end, expires ? End::TimedOut : End::Cancelled);
}

// TestRefcycles.test_exception_refcycles_propagate_cancellation_error
void tst_ConformanceAnyIO::keptCancellationKeepsNothingElse()
{
    std::exception_ptr kept;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        try {
            co_await QTimeout::run(1h, &sleeper);
        } catch (const QTimeoutCancelled &) {
            kept = std::current_exception();
            throw;
        }
    };
    {
        QTimeoutScope scope(1h);
        const auto observed = observe(scope.run(block));
        QCOMPARE(Tracked::alive(), 2);
        scope.cancel();
        clock().advance(0ns);
        QCOMPARE(observed->end, End::Cancelled);
    }
    QVERIFY(kept);
    QCOMPARE(Tracked::alive(), 0);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

// Whether the event loop comes to rest.
static bool settles()
{
    QEventLoop loop;
    for (int turn = 0; turn < 10; ++turn) {
        if (!loop.processEvents())
            return true;
    }
    return false;
}

// test_no_spin_on_done_task_in_cancel_scope
void tst_ConformanceAnyIO::cancelOfALeftScopeDoesNotSpin()
{
    auto block = [](QTimeoutScope &) -> QCoro::Task<> { co_await checkpoint(); };
    QTimeoutScope scope(1h);
    const QSignalSpy changes(&scope, &QTimeoutScope::stateChanged);
    const auto observed = observe(block(scope));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Returned);
    scope.cancel();
    QVERIFY(settles());
    QCOMPARE(changes.count(), 1);
}

// test_cancel_with_nested_task_groups, test_shielded_cancel_sleep_time
void tst_ConformanceAnyIO::abortBehindAShieldDoesNotSpin()
{
    QByteArrayList record;
    auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(500ms);
            record << "slept";
        } catch (const QTimeoutCancelled &) {
            record << "not interrupted";
            throw;
        }
    };
    auto middle = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(shielded);
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            record << "middle";
            throw;
        }
    };
    auto outer = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1h, middle);
        } catch (const QTimeoutCancelled &) {
            record << "outer";
            throw;
        }
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(outer));
    scope.cancel();
    QVERIFY(settles());
    QVERIFY(record.isEmpty());
    QCOMPARE(queuedDeadlines(), size_t(1)); // of the sleep in the shield
    clock().advance(500ms);
    QCOMPARE(record, QByteArrayList({"slept", "middle", "outer"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancelscope_wrong_exit_order. Differs: scopes may end in any order (S7).
void tst_ConformanceAnyIO::finishInTheWrongOrder()
{
    QTimeoutScope outer(1s);
    QTimeoutScope inner(2s, &outer);
    const QSignalSpy expired(&inner, &QTimeoutScope::expired);
    QCOMPARE(inner.remainingTime(), nanoseconds(1s));
    outer.finish();
    QVERIFY(inner.isActive());
    QCOMPARE(inner.remainingTime(), nanoseconds(2s));
    clock().advance(2s);
    QCOMPARE(expired.count(), 1);
    QCOMPARE(outer.state(), QTimeoutScope::Finished);
}

// test_cancelscope_exit_before_enter. Differs: S2.
void tst_ConformanceAnyIO::finishOfAnInactiveScope()
{
    QTimeoutScope scope;
    const QSignalSpy changes(&scope, &QTimeoutScope::stateChanged);
    scope.finish();
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
    QCOMPARE(changes.count(), 0);
}

// test_cancelscope_exit_in_wrong_task. Differs: anybody may finish a scope, the work goes on (S7).
void tst_ConformanceAnyIO::finishInAnotherCoroutine()
{
    QTimeoutScope scope(1s);
    auto block = [](QTimeoutScope &) -> QCoro::Task<> { co_await QTimeout::sleepFor(2s); };
    auto other = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        scope.finish();
    };
    const auto observed = observe(scope.run(block));
    const auto finishing = observe(QTimeout::run(1h, other));
    clock().advance(2s);
    QCOMPARE(finishing->end, End::Returned);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

/*
    Errors
*/

// test_host_exception, test_failing_host_task_cancels_children
void tst_ConformanceAnyIO::errorOfTheHostAbortsItsChildren()
{
    bool slept = false;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        co_await QTimeout::sleepFor(3s);
        slept = true;
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        child(scope);
        co_await checkpoint();
        throw std::runtime_error("host");
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, QByteArray("host"));
    QCOMPARE(Tracked::alive(), 0);
    clock().advance(3s);
    QVERIFY(!slept);
}

// test_exception_group_children, test_nested_task_group_filtering (what is left of the groups)
void tst_ConformanceAnyIO::errorOfTheCleanUpIsPassedOn()
{
    auto child = [](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            throw std::runtime_error("child");
        }
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> { co_await child(scope); };
    const auto expired = observe(QTimeout::run(1s, host));
    QTimeoutScope scope(1h);
    const auto cancelled = observe(scope.run(host));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(cancelled->end, End::Failed);
    QCOMPARE(cancelled->what, QByteArray("child"));
    clock().advance(1s);
    QCOMPARE(expired->end, End::Failed);
    QCOMPARE(expired->what, QByteArray("child"));
}

// test_exception_group_host. Differs: there is one error, that of the host.
void tst_ConformanceAnyIO::errorOfTheHostBeatsThatOfAChild()
{
    bool interrupted = false;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(2s);
        } catch (const QTimeoutCancelled &) {
            interrupted = true;
            throw std::runtime_error("child");
        }
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        child(scope);
        co_await checkpoint();
        throw std::runtime_error("host");
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(0ns);
    QVERIFY(interrupted);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, QByteArray("host"));
}

// test_exception_group_filtering, test_nested_exception_group_filtering (what is left of the groups)
void tst_ConformanceAnyIO::keptErrorBeatsTheCancellation()
{
    int interruptions = 0;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        const auto error = std::make_exception_ptr(std::runtime_error("body"));
        try {
            co_await checkpoint();
        } catch (const QTimeoutCancelled &) {
            ++interruptions;
        }
        std::rethrow_exception(error);
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(0ns);
    QCOMPARE(interruptions, 1);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, QByteArray("body"));
}

// test_failing_child_task_cancels_host, test_exception_cancels_siblings. Differs: a scope is no task
// group; what a coroutine throws concerns those that await it.
void tst_ConformanceAnyIO::errorOfAWatchedChildIsLogged()
{
    bool slept = false;
    auto child = [](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        throw std::runtime_error("foo");
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.watch(child(scope));
        co_await QTimeout::sleepFor(500ms);
        slept = scope.isActive();
    };
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 QStringLiteral("QTimeoutScope::watch: .* has failed: foo")));
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(500ms);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(slept);
}

/*
    Deadlines
*/

void tst_ConformanceAnyIO::failAfter_data()
{
    QTest::addColumn<bool>("absolute");
    QTest::addColumn<int>("minutes");
    QTest::newRow("instant") << false << 0;
    QTest::newRow("delayed") << false << 60;
    QTest::newRow("at once") << true << 0;
    QTest::newRow("at a time") << true << 60;
}

// A point in time counts as what remains of it at the call.
static QTimeout::Deadline deadlineIn(std::chrono::minutes delay, bool absolute)
{
    if (absolute)
        return std::chrono::steady_clock::now() + delay;
    return delay;
}

// test_fail_after, test_fail_at
void tst_ConformanceAnyIO::failAfter()
{
    QFETCH(const bool, absolute);
    QFETCH(const int, minutes);
    const std::chrono::minutes delay(minutes);
    QByteArrayList record;
    QTimeoutScope scope(deadlineIn(delay, absolute));
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(100h);
        } catch (const QTimeoutCancelled &) {
            record << "cancelled inside";
            throw;
        }
        record << "not reached";
    };
    const auto observed = observe(scope.run(block));
    clock().advance(delay / 2);
    if (minutes > 0)
        QCOMPARE(observed->end, End::Pending);
    clock().advance(delay / 2);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(record, QByteArrayList({"cancelled inside"}));
    QVERIFY(scope.hasExpired());
}

// test_fail_after_no_timeout, test_fail_at_no_timeout
void tst_ConformanceAnyIO::failWithoutADeadline()
{
    std::optional<bool> isForever;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        isForever = scope.deadline().isForever();
        co_await QTimeout::sleepFor(100ms);
    };
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto observed = observe(scope.run(block));
    clock().advance(100ms);
    QCOMPARE(isForever, std::optional<bool>(true));
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(scope.isActive());
}

// test_fail_after_after_cancellation
void tst_ConformanceAnyIO::failAfterACancelledScope()
{
    QByteArrayList record;
    auto cancelled = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await sleepForever();
    };
    auto slow = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(500ms);
        record << "not reached";
    };
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1h, cancelled);
        } catch (const QTimeoutCancelled &) {
            record << "cancelled";
        }
        try {
            co_await QTimeout::run(100ms, slow);
        } catch (const QTimeoutError &) {
            record << "timed out";
        }
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(500ms);
    QCOMPARE(record, QByteArrayList({"cancelled", "timed out"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_fail_after_cancelled_before_deadline
void tst_ConformanceAnyIO::cancelBeforeTheDeadlineIsNoTimeout()
{
    auto block = [](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        co_await checkpoint();
    };
    const auto observed = observe(QTimeout::run(1s, block));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Cancelled);
}

// test_fail_after_scope_cancelled_before_timeout, which AnyIO itself expects to fail. Here the cause
// is that of the abort (A4).
void tst_ConformanceAnyIO::cancelBeforeTheDeadlineIsNoTimeoutAfterItEither()
{
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.cancel();
        clock().advance(110ms);
        co_await checkpoint();
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_ConformanceAnyIO::moveOnAfter_data()
{
    failAfter_data();
}

// test_move_on_after, test_move_on_at
void tst_ConformanceAnyIO::moveOnAfter()
{
    QFETCH(const bool, absolute);
    QFETCH(const int, minutes);
    const std::chrono::minutes delay(minutes);
    bool slept = false;
    QTimeoutScope scope(deadlineIn(delay, absolute));
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100h);
        slept = true;
    };
    const auto observed = observe(scope.tryRun(block));
    clock().advance(delay / 2);
    if (minutes > 0)
        QCOMPARE(observed->end, End::Pending);
    clock().advance(delay / 2);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
    QVERIFY(scope.hasExpired());
    clock().advance(100h);
    QVERIFY(!slept);
}

// test_move_on_after_no_timeout, test_move_on_at_no_timeout
void tst_ConformanceAnyIO::moveOnWithoutADeadline()
{
    std::optional<bool> isForever;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        isForever = scope.deadline().isForever();
        co_await QTimeout::sleepFor(100ms);
    };
    const auto observed = observe(QTimeout::tryRun(QDeadlineTimer::Forever, block));
    clock().advance(100ms);
    QCOMPARE(isForever, std::optional<bool>(true));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, true);
}

// test_cancel_scope_cleared
void tst_ConformanceAnyIO::nothingIsLeftOfATimeout()
{
    std::optional<bool> completed;
    bool passed = false;
    auto host = [&](QTimeoutScope &) -> QCoro::Task<> {
        completed = co_await QTimeout::tryRun(100ms, &sleeper);
        co_await checkpoint();
        passed = true;
    };
    const auto observed = observe(QTimeout::run(1h, host));
    clock().advance(100ms);
    QCOMPARE(completed, std::optional<bool>(false));
    QVERIFY(passed);
    QCOMPARE(observed->end, End::Returned);
}

// test_nested_move_on_after. Differs: the inner scope is cancelled with the outer one (S10).
void tst_ConformanceAnyIO::nestedMoveOnEndsWithTheOuter()
{
    QByteArrayList record;
    std::optional<QTimeoutScope::State> innerState;
    auto inInner = [&](QTimeoutScope &inner) -> QCoro::Task<> {
        record << QByteArray::number(qint64(inner.remainingTime() / 1ms));
        try {
            co_await QTimeout::sleepFor(2s);
            record << "slept";
        } catch (const QTimeoutCancelled &) {
            innerState = inner.state();
            throw;
        }
    };
    auto inOuter = [&](QTimeoutScope &outer) -> QCoro::Task<> {
        record << QByteArray::number(qint64(outer.remainingTime() / 1ms));
        co_await QTimeout::tryRun(1s, inInner);
        record << "inner completed";
    };
    const auto observed = observe(QTimeout::tryRun(100ms, inOuter));
    clock().advance(2s);
    QCOMPARE(record, QByteArrayList({"100", "100"}));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
    QVERIFY(innerState == QTimeoutScope::Cancelled);
}

// test_deadline_reached_on_start
void tst_ConformanceAnyIO::deadlineReachedOnStart()
{
    bool passed = false;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        passed = true;
    };
    const auto observed = observe(QTimeout::tryRun(0ms, block));
    clock().advance(0ns);
    QVERIFY(!passed);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
}

// test_deadline_moved
void tst_ConformanceAnyIO::deadlineMoved()
{
    auto block = [](QTimeoutScope &scope) -> QCoro::Task<> {
        scope.shift(300ms);
        co_await QTimeout::sleepFor(200ms);
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    clock().advance(200ms);
    QCOMPARE(observed->end, End::Returned);
}

// test_timeout_error_with_multiple_cancellations
void tst_ConformanceAnyIO::oneTimeoutForHostAndChild()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        recordingSleeper(scope, "child", &record);
        try {
            co_await recordingSleeper(scope, "host", &record);
        } catch (const QTimeoutError &) {
            record << "timed out inside";
        }
        record << "not reached";
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    clock().advance(100ms);
    QCOMPARE(record.size(), 2);
    QCOMPARE(record.count("child"), 1);
    QCOMPARE(record.count("host"), 1);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_nested_fail_after
void tst_ConformanceAnyIO::cancelOfAnOuterScopeIsNoTimeout()
{
    QByteArrayList record;
    QTimeoutScope scope(1h);
    auto innermost = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::run(1s, QTimeout::sleepFor(2s));
        } catch (const QTimeoutError &) {
            record << "timed out";
        }
        record << "not reached";
    };
    auto middle = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(QDeadlineTimer::Forever, innermost);
        record << "not reached either";
    };
    auto killer = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        scope.cancel();
    };
    const auto observed = observe(scope.run(middle));
    const auto killing = observe(QTimeout::run(1h, killer));
    clock().advance(0ns);
    QCOMPARE(killing->end, End::Returned);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(record, QByteArrayList());
}

/*
    Shields
*/

// test_shielding
void tst_ConformanceAnyIO::shieldedPartCompletes()
{
    QByteArrayList record;
    auto inner = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100ms);
        record << (scope.isActive() ? "inner slept" : "inner has ended");
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield([&] { return QTimeout::tryRun(10s, inner); });
        co_await QTimeout::sleepFor(1s);
        record << "outer slept";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    scope.cancel();
    QVERIFY(scope.isCancelled());
    clock().advance(2s);
    QCOMPARE(record, QByteArrayList({"inner slept"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_from_shielded_scope. Differs: there is no deadline in the infinite past, and one
// interruption (A5).
void tst_ConformanceAnyIO::cancelFromInsideAShield()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto shielded = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        record << (own.effectiveDeadline().isForever() ? "no deadline" : "a deadline");
        co_await checkpoint();
        record << "protected";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(shielded);
        record << (outer.isCancelled() ? "cancelled" : "not cancelled");
        try {
            co_await QTimeout::sleepFor(10ms);
        } catch (const QTimeoutCancelled &) {
            record << "interrupted";
        }
        co_await QTimeout::sleepFor(10ms);
        record << "slept";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(10ms);
    QCOMPARE(record,
             QByteArrayList({"no deadline", "protected", "cancelled", "interrupted", "slept"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_cancel_shielded_scope
void tst_ConformanceAnyIO::scopeInAShieldCanBeCancelledFromInside()
{
    QByteArrayList record;
    auto inner = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        own.cancel();
        co_await checkpoint();
        record << "not reached";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::shield([&] { return QTimeout::run(1h, inner); });
        } catch (const QTimeoutCancelled &) {
            record << "inner cancelled";
        }
        co_await checkpoint();
        record << "goes on";
    };
    const auto observed = observe(QTimeout::run(1h, block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner cancelled", "goes on"}));
    QCOMPARE(observed->end, End::Returned);
}

// test_shielding_immediate_scope_cancelled
void tst_ConformanceAnyIO::scopeInAShieldCanBeCancelledFromElsewhere()
{
    QByteArrayList record;
    QTimeoutScope *shieldedScope = nullptr;
    auto inner = [&](QTimeoutScope &own) -> QCoro::Task<> {
        shieldedScope = &own;
        co_await QTimeout::sleepFor(500ms);
        record << "not reached";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield([&] { return QTimeout::run(1h, inner); });
    };
    const auto observed = observe(QTimeout::run(1h, block));
    QVERIFY(shieldedScope);
    shieldedScope->cancel();
    clock().advance(0ns);
    QCOMPARE(observed->end, End::Cancelled);
    clock().advance(500ms);
    QCOMPARE(record, QByteArrayList());
}

// test_shielded_cleanup_after_cancel. The clean-up needs no shield here: A5.
void tst_ConformanceAnyIO::cleanUpIsNotUnderTheCancelledScope()
{
    std::optional<bool> isForever;
    std::optional<bool> isEnclosed;
    nanoseconds remaining{};
    auto block = [&](QTimeoutScope &outer) -> QCoro::Task<> {
        outer.cancel();
        try {
            co_await checkpoint();
        } catch (const QTimeoutCancelled &) {
            const QTimeoutScope cleanUp(QDeadlineTimer::Forever);
            isForever = cleanUp.effectiveDeadline().isForever();
            const QTimeoutScope limited(2h);
            remaining = limited.remainingTime();
            isEnclosed = limited.enclosingScope() != nullptr;
            throw;
        }
    };
    const auto observed = observe(QTimeout::run(1h, block));
    clock().advance(0ns);
    QCOMPARE(isForever, std::optional<bool>(true));
    QCOMPARE(remaining, nanoseconds(2h));
    QCOMPARE(isEnclosed, std::optional<bool>(false));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancelled_raises_beyond_origin_shielded
void tst_ConformanceAnyIO::outerCancelWhileAShieldedCancellationPropagates()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto inner = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await checkpoint();
        own.cancel();
        try {
            co_await checkpoint();
        } catch (const QTimeoutCancelled &) {
            outer.cancel();
            throw;
        }
        record << "not reached";
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::shield([&] { return QTimeout::run(1h, inner); });
        } catch (const QTimeoutCancelled &) {
            record << "inner cancelled";
        }
        record << "between the scopes";
    };
    const auto observed = observe(outer.run(block));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"inner cancelled", "between the scopes"}));
    QVERIFY(outer.isCancelled());
    QCOMPARE(observed->end, End::Returned);
}

// test_shielding_mutate. A shield ends here with what it is around.
void tst_ConformanceAnyIO::shieldBeginsAndEnds()
{
    QByteArrayList record;
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(100ms);
        record << "before";
        co_await QTimeout::shield(&QTimeout::sleepFor, 100ms);
        record << "shielded";
        co_await QTimeout::sleepFor(1s);
        record << "not reached";
    };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(block));
    clock().advance(150ms);
    QCOMPARE(record, QByteArrayList({"before"}));
    scope.cancel();
    clock().advance(2s);
    QCOMPARE(record, QByteArrayList({"before", "shielded"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_shielded_deadline
void tst_ConformanceAnyIO::deadlineInAShieldCountsAlone()
{
    nanoseconds remaining{};
    auto innermost = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        co_await checkpoint();
        remaining = scope.remainingTime();
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield([&] { return QTimeout::tryRun(1000s, innermost); });
    };
    const auto observed = observe(QTimeout::tryRun(10s, block));
    clock().advance(0ns);
    QCOMPARE(remaining, nanoseconds(1000s));
    QCOMPARE(observed->end, End::Returned);
}

// test_nested_shield
void tst_ConformanceAnyIO::timeoutInAShieldIsReported()
{
    QTimeoutScope scope(1h);
    auto inner = [](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(200ms, QTimeout::sleepFor(2s));
    };
    auto block = [&](QTimeoutScope &) -> QCoro::Task<> { co_await QTimeout::shield(inner); };
    const auto observed = observe(scope.run(block));
    scope.cancel();
    clock().advance(199ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
}

// test_triple_nested_shield_checkpoint_in_outer
void tst_ConformanceAnyIO::outerAbortArrivesBeyondTheShieldInTheOuter()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto inMiddle = [&](QTimeoutScope &middle) -> QCoro::Task<> {
        auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
            co_await checkpoint();
            outer.cancel();
            middle.cancel();
            co_await checkpoint();
            record << "shielded";
        };
        co_await QTimeout::shield(shielded);
    };
    auto inOuter = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(1h, inMiddle);
        record << "middle left";
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(outer.run(inOuter));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"shielded", "middle left"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_triple_nested_shield_checkpoint_in_middle
void tst_ConformanceAnyIO::outerAbortArrivesBeyondTheShieldInTheMiddle()
{
    QByteArrayList record;
    QTimeoutScope outer(1h);
    auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        outer.cancel();
        co_await checkpoint();
        record << "shielded";
    };
    auto inMiddle = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(shielded);
        record << "shield has ended";
        co_await checkpoint();
        record << "not reached";
    };
    auto inOuter = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::run(1h, inMiddle);
        record << "not reached either";
    };
    const auto observed = observe(outer.run(inOuter));
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"shielded", "shield has ended"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_child_task_when_host_is_shielded
void tst_ConformanceAnyIO::childOutsideOfTheShieldIsCancelled()
{
    QByteArrayList record;
    Gate childCancelled;
    QTimeoutScope parent(1h);
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await sleepForever();
        } catch (const QTimeoutCancelled &) {
            record << "child cancelled";
            childCancelled.open();
            throw;
        }
    };
    auto shielded = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await checkpoint();
        parent.cancel();
        co_await passThrough(childCancelled);
        record << "shielded";
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        child(scope);
        co_await QTimeout::shield([&] { return QTimeout::run(1s, shielded); });
        record << "shield has ended";
        co_await checkpoint();
        record << "not reached";
    };
    const auto observed = observe(parent.run(host));
    clock().advance(1s);
    QCOMPARE(record, QByteArrayList({"child cancelled", "shielded", "shield has ended"}));
    QCOMPARE(observed->end, End::Cancelled);
}

// test_cancel_shielding_start
void tst_ConformanceAnyIO::shieldOfAChild()
{
    QByteArrayList record;
    Gate resume;
    auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::shield([&] { return passThrough(resume); });
            record << "resumed";
            co_await checkpoint();
            record << "not reached";
        } catch (const QTimeoutCancelled &) {
            record << "interrupted";
            throw;
        }
    };
    auto host = [&](QTimeoutScope &scope) -> QCoro::Task<> { co_await child(scope); };
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(host));
    scope.cancel();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList());
    resume.open();
    clock().advance(0ns);
    QCOMPARE(record, QByteArrayList({"resumed", "interrupted"}));
    QCOMPARE(observed->end, End::Cancelled);
}

QTEST_GUILESS_MAIN(tst_ConformanceAnyIO)

#include "tst_conformance_anyio.moc"
