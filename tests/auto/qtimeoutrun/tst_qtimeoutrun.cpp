// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qsignalspy.h>

#include <vector>

using namespace std::chrono_literals;

struct NoDefault
{
    explicit NoDefault(int number) : value(number) {}
    int value;
};

namespace {

QCoro::Task<std::unique_ptr<int>> uniqueAfter(Gate &gate, int value)
{
    co_await gate;
    co_return std::make_unique<int>(value);
}

QCoro::Task<> throwAtOnce()
{
    throw std::runtime_error("at once");
    co_return;
}

QCoro::Task<> throwTimeoutErrorAfter(Gate &gate)
{
    co_await gate;
    throw QTimeoutError();
}

QCoro::Task<> endsWithScope(QTimeoutScope *scope, QCoro::Task<int> task, End *end)
{
    try {
        co_await task;
        *end = End::Returned;
    } catch (const QTimeoutError &) {
        *end = End::TimedOut;
    } catch (const QTimeoutCancelled &) {
        *end = End::Cancelled;
    }
    delete scope;
}

QCoro::Task<> runTwice(Gate &first, Gate &second, QByteArrayList &log)
{
    log << QByteArray::number(co_await QTimeout::run(1s, valueAfter(first, 1)));
    try {
        co_await QTimeout::run(1s, passThrough(second));
    } catch (const QTimeoutError &) {
        log << "timeout";
    }
    co_await QTimeout::sleepFor(1s);
    log << "slept";
}

QCoro::Task<> logAfter(QCoro::Task<> task, QByteArray text, QByteArrayList &log)
{
    co_await task;
    log << text;
}

} // namespace

class tst_QTimeoutRun : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // tasks
    void finishedTaskReturnsAtOnce();
    void finishedTaskBeatsADeadlineThatHasPassed();
    void taskThatFinishesLaterReturnsItsValue();
    void taskThatDoesNotFinishTimesOut();
    void voidTask();
    void moveOnlyValue();
    void valueWithoutDefaultConstructor();
    void exceptionOfTheTaskIsPassedOn_data();
    void exceptionOfTheTaskIsPassedOn();
    void emptyTaskIsCancelled();
    void movedFromTaskIsCancelled();
    void passedDeadlineDoesNotExpireInTheCall();
    void foreverNeedsNoDeadline();
    void intIsMilliseconds();
    void deadlineTimerIsADeadline();

    // abandoned
    void abandonedTaskGoesOnAndItsFrameIsFreed();
    void resultOfAnAbandonedTaskIsDiscarded();
    void exceptionOfAnAbandonedTaskIsDiscarded();
    void droppedRunGoesOnByItself();

    // tryRun
    void tryRunReturnsAnOptional();
    void tryRunOfVoidReturnsABool();
    void tryRunIsEmptyForItsOwnDeadline();
    void tryRunPassesOnTheDeadlineOfAnInnerRun();
    void tryRunPassesOnATimeoutErrorOfTheOperation();
    void tryRunPassesOnACancellation();
    void tryRunPassesOnTheExpiryOfAnEnclosingScope();
    void tryRunPassesOnExceptions();

    // run of a run
    void outerDeadlineAbortsTheInnerRun();
    void outerDeadlineReachesAnyDepth();
    void innerResultBeatsTheOuterDeadlineOfTheSameTime();

    // members of a scope
    void scopeRunReturnsTheValue();
    void scopeRunNeverFinishesTheScope();
    void scopeExpiryIsATimeoutError();
    void scopeCancelIsACancellation();
    void scopeDestructorIsACancellation();
    void scopeTryRunIsEmptyWhenTheScopeExpires();
    void scopeFinishLetsTheRunGoOn();
    void scopeFinishLeavesTheRunToTheEnclosingScope();
    void innerScopeEndsWithTheOuter();
    void scopeDeadlineCanBeMovedWhileRunning();
    void runUnderAnExpiredScopeHoldsTheError();
    void runUnderACancelledScopeHoldsTheCancellation();
    void tryRunUnderAnEndedScope();
    void runUnderAnInactiveScopeWarns();
    void runUnderAnInactiveScopeJoinsTheNextLife();
    void runUnderAFinishedScopeWarns();
    void runUnderAScopeOfAnotherThreadWarns();
    void runEndsBeforeAWatchedScopeFinishes();
    void deletingTheScopeInTheContinuation();
    void deletingTheScopeInASlotKeepsTheCause();
    void restartedScopeDoesNotTouchItsFormerRuns();

    // sleeps
    void sleepForEndsAtItsTime();
    void sleepForZeroSuspends_data();
    void sleepForZeroSuspends();
    void sleepForMaximumIsForever();
    void sleepUntilEndsAtItsTime();
    void sleepUntilThePastSuspends();
    void sleepsComeUpInOrder();
    void abandonedSleepEndsAtOnce();
    void sleepUnderAScopeEndsWithIt();

    // results are tasks
    void thenIsCalledWithTheValue();
    void thenCallsTheErrorCallback();
    void connectCallsTheFunction();
    void connectDoesNotCallAfterTheContextHasGone();
    void manyRunAtTheSameTime();
    void oneAfterTheOtherInACoroutine();
    void blockThatNeverSuspendsIsNotTimedOut();
};

void tst_QTimeoutRun::finishedTaskReturnsAtOnce()
{
    const auto task = QTimeout::run(1s, valueAtOnce(42));
    QVERIFY(task.isReady());
    QCOMPARE(queuedDeadlines(), size_t(0));
    const auto observed = observe(QTimeout::run(1s, valueAtOnce(42)));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRun::finishedTaskBeatsADeadlineThatHasPassed()
{
    const auto observed = observe(QTimeout::run(-1s, valueAtOnce(42)));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRun::taskThatFinishesLaterReturnsItsValue()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, valueAfter(gate, Tracked(42))));
    QCOMPARE(queuedDeadlines(), size_t(1));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    gate.open();
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(observed->value->value, 42);
    QCOMPARE(queuedDeadlines(), size_t(0));
    QCOMPARE(Tracked::alive(), 1); // what was returned
}

void tst_QTimeoutRun::taskThatDoesNotFinishTimesOut()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, valueAfter(gate, 42)));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(0));
    gate.open();
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(!observed->value);
}

void tst_QTimeoutRun::voidTask()
{
    Gate gate;
    Gate never;
    const auto returned = observe(QTimeout::run(1s, passThrough(gate)));
    const auto timedOut = observe(QTimeout::run(1s, passThrough(never)));
    gate.open();
    clock().advance(1s);
    QCOMPARE(returned->end, End::Returned);
    QCOMPARE(timedOut->end, End::TimedOut);
    never.open();
}

void tst_QTimeoutRun::moveOnlyValue()
{
    Gate gate;
    Gate never;
    const auto returned = observe(QTimeout::run(1s, uniqueAfter(gate, 42)));
    const auto tried = observe(QTimeout::tryRun(1s, uniqueAfter(never, 42)));
    gate.open();
    QCOMPARE(returned->end, End::Returned);
    QCOMPARE(**returned->value, 42);
    const auto atOnce = observe(QTimeout::run(1s, uniqueAfter(gate, 43)));
    QCOMPARE(**atOnce->value, 43);
    never.open();
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(***tried->value, 42);
}

void tst_QTimeoutRun::valueWithoutDefaultConstructor()
{
    Gate gate;
    Gate never;
    const auto returned = observe(QTimeout::run(1s, valueAfter(gate, NoDefault(42))));
    const auto tried = observe(QTimeout::tryRun(1s, valueAfter(never, NoDefault(42))));
    gate.open();
    QCOMPARE(returned->value->value, 42);
    clock().advance(1s);
    QCOMPARE(tried->end, End::Returned);
    QVERIFY(!*tried->value);
    never.open();
}

void tst_QTimeoutRun::exceptionOfTheTaskIsPassedOn_data()
{
    QTest::addColumn<bool>("isOpen");
    QTest::newRow("at once") << true;
    QTest::newRow("later") << false;
}

void tst_QTimeoutRun::exceptionOfTheTaskIsPassedOn()
{
    QFETCH(const bool, isOpen);
    Gate first;
    Gate second;
    if (isOpen) {
        first.open();
        second.open();
    }
    const auto standard = observe(QTimeout::run(1s, throwAfter(first, std::runtime_error("mine"))));
    const auto other = observe(QTimeout::run(1s, throwAfter(second, 42)));
    first.open();
    second.open();
    QCOMPARE(standard->end, End::Failed);
    QCOMPARE(standard->what, "mine");
    QCOMPARE(other->end, End::Failed);
    QCOMPARE(other->what, "not a std::exception");
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRun::emptyTaskIsCancelled()
{
    const QRegularExpression warning("^QTimeout::run: .*empty");
    QTest::ignoreMessage(QtWarningMsg, warning);
    QCOMPARE(observe(QTimeout::run(1s, QCoro::Task<int>()))->end, End::Cancelled);
    QTest::ignoreMessage(QtWarningMsg, warning);
    QCOMPARE(observe(QTimeout::run(1s, QCoro::Task<>()))->end, End::Cancelled);
    QTest::ignoreMessage(QtWarningMsg, warning);
    QCOMPARE(observe(QTimeout::tryRun(1s, QCoro::Task<>()))->end, End::Cancelled);
    QTimeoutScope scope(1s);
    QTest::ignoreMessage(QtWarningMsg, warning);
    QCOMPARE(observe(scope.run(QCoro::Task<>()))->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRun::movedFromTaskIsCancelled()
{
    QCoro::Task<int> task = valueAtOnce(42);
    const QCoro::Task<int> other = std::move(task);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeout::run: .*empty"));
    QCOMPARE(observe(QTimeout::run(1s, std::move(task)))->end, End::Cancelled);
}

void tst_QTimeoutRun::passedDeadlineDoesNotExpireInTheCall()
{
    Gate gate;
    for (const auto timeout : {0ms, -1000ms}) {
        const auto observed = observe(QTimeout::run(timeout, passThrough(gate)));
        QCOMPARE(observed->end, End::Pending);
        clock().advance(0ms);
        QCOMPARE(observed->end, End::TimedOut);
        gate.open();
        QVERIFY(!gate.hasWaiter());
        std::destroy_at(&gate);
        std::construct_at(&gate);
    }
}

void tst_QTimeoutRun::foreverNeedsNoDeadline()
{
    Gate first;
    Gate second;
    Gate third;
    const auto constant = observe(QTimeout::run(QDeadlineTimer::Forever, passThrough(first)));
    const auto minusOne = observe(QTimeout::run(-1, passThrough(second)));
    const auto maximum = observe(QTimeout::run(std::chrono::hours::max(), passThrough(third)));
    QCOMPARE(queuedDeadlines(), size_t(0));
    clock().advance(std::chrono::hours(24 * 365 * 100));
    for (const auto &observed : {constant, minusOne, maximum})
        QCOMPARE(observed->end, End::Pending);
    for (Gate *gate : {&first, &second, &third})
        gate->open();
    for (const auto &observed : {constant, minusOne, maximum})
        QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::intIsMilliseconds()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1500, passThrough(gate)));
    clock().advance(1499ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    gate.open();
}

void tst_QTimeoutRun::deadlineTimerIsADeadline()
{
    Gate first;
    Gate second;
    const auto timer = observe(QTimeout::run(QDeadlineTimer(3600'000), passThrough(first)));
    const auto when = std::chrono::steady_clock::now() + 1h;
    const auto point = observe(QTimeout::run(when, passThrough(second)));
    clock().advance(1h - 1min); // what remained of them at the call, on a busy machine
    QCOMPARE(timer->end, End::Pending);
    QCOMPARE(point->end, End::Pending);
    clock().advance(1min);
    QCOMPARE(timer->end, End::TimedOut);
    QCOMPARE(point->end, End::TimedOut);
    first.open();
    second.open();
}

void tst_QTimeoutRun::abandonedTaskGoesOnAndItsFrameIsFreed()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, passThrough(gate)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(observed.use_count(), 1L); // the coroutine that awaited has ended
    QVERIFY(gate.hasWaiter());
    QCOMPARE(Tracked::alive(), 1);
    gate.open();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRun::resultOfAnAbandonedTaskIsDiscarded()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, valueAfter(gate, Tracked(42))));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(Tracked::alive() > 0);
    gate.open();
    QCOMPARE(Tracked::alive(), 0);
    QVERIFY(!observed->value);
}

void tst_QTimeoutRun::exceptionOfAnAbandonedTaskIsDiscarded()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, throwAfter(gate, std::runtime_error("late"))));
    clock().advance(1s);
    gate.open();
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRun::droppedRunGoesOnByItself()
{
    Gate first;
    Gate second;
    QTimeout::run(1s, passThrough(first));
    QTimeout::run(1s, passThrough(second));
    QCOMPARE(queuedDeadlines(), size_t(2));
    first.open();
    QCOMPARE(queuedDeadlines(), size_t(1));
    clock().advance(1s);
    QCOMPARE(queuedDeadlines(), size_t(0));
    second.open();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRun::tryRunReturnsAnOptional()
{
    Gate gate;
    const auto later = observe(QTimeout::tryRun(1s, valueAfter(gate, 42)));
    gate.open();
    QCOMPARE(*later->value, std::optional(42));
    const auto atOnce = observe(QTimeout::tryRun(1s, valueAtOnce(42)));
    QCOMPARE(*atOnce->value, std::optional(42));
}

void tst_QTimeoutRun::tryRunOfVoidReturnsABool()
{
    Gate gate;
    Gate never;
    const ObservedPointer<bool> returned = observe(QTimeout::tryRun(1s, passThrough(gate)));
    const ObservedPointer<bool> timedOut = observe(QTimeout::tryRun(1s, passThrough(never)));
    gate.open();
    clock().advance(1s);
    QCOMPARE(returned->end, End::Returned);
    QCOMPARE(*returned->value, true);
    QCOMPARE(timedOut->end, End::Returned);
    QCOMPARE(*timedOut->value, false);
    never.open();
}

void tst_QTimeoutRun::tryRunIsEmptyForItsOwnDeadline()
{
    Gate gate;
    const auto observed = observe(QTimeout::tryRun(1s, valueAfter(gate, 42)));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, std::optional<int>());
    gate.open();
    Gate other;
    const auto outside = observe(QTimeout::tryRun(1s, QTimeout::run(2s, valueAfter(other, 42))));
    clock().advance(1s);
    QCOMPARE(*outside->value, std::optional<int>());
    other.open();
}

void tst_QTimeoutRun::tryRunPassesOnTheDeadlineOfAnInnerRun()
{
    Gate gate;
    const auto observed = observe(QTimeout::tryRun(2s, QTimeout::run(1s, valueAfter(gate, 42))));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(0));
    gate.open();
}

void tst_QTimeoutRun::tryRunPassesOnATimeoutErrorOfTheOperation()
{
    Gate gate;
    const auto observed = observe(QTimeout::tryRun(1s, throwTimeoutErrorAfter(gate)));
    gate.open();
    QCOMPARE(observed->end, End::TimedOut);
}

void tst_QTimeoutRun::tryRunPassesOnACancellation()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.tryRun(passThrough(gate)));
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    gate.open();
}

void tst_QTimeoutRun::tryRunPassesOnTheExpiryOfAnEnclosingScope()
{
    Gate first;
    Gate second;
    QTimeoutScope outer(1s);
    QTimeoutScope inner(2s, &outer);
    const auto direct = observe(inner.tryRun(passThrough(first)));
    const auto through = observe(outer.run(QTimeout::tryRun(2s, passThrough(second))));
    clock().advance(1s);
    QVERIFY(outer.hasExpired());
    QVERIFY(inner.isCancelled());
    QCOMPARE(direct->end, End::Cancelled);
    QCOMPARE(through->end, End::TimedOut);
    first.open();
    second.open();
}

void tst_QTimeoutRun::tryRunPassesOnExceptions()
{
    Gate gate;
    const auto later = observe(QTimeout::tryRun(1s, throwAfter(gate, std::runtime_error("mine"))));
    gate.open();
    QCOMPARE(later->end, End::Failed);
    QCOMPARE(later->what, "mine");
    const auto atOnce = observe(QTimeout::tryRun(1s, throwAtOnce()));
    QCOMPARE(atOnce->end, End::Failed);
    QCOMPARE(atOnce->what, "at once");
}

void tst_QTimeoutRun::outerDeadlineAbortsTheInnerRun()
{
    Gate gate;
    const auto outer = observe(QTimeout::run(1s, QTimeout::run(5s, passThrough(gate))));
    QCOMPARE(queuedDeadlines(), size_t(2));
    clock().advance(1s);
    QCOMPARE(outer->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(0));
    gate.open();
}

void tst_QTimeoutRun::outerDeadlineReachesAnyDepth()
{
    QTimeoutScope scope(1s);
    const auto outer = observe(scope.run(
            QTimeout::tryRun(2s, QTimeout::run(3s, QTimeout::tryRun(4s, QTimeout::sleepFor(5s))))));
    QCOMPARE(queuedDeadlines(), size_t(5));
    clock().advance(1s);
    QCOMPARE(outer->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRun::innerResultBeatsTheOuterDeadlineOfTheSameTime()
{
    // The sleep was set before the deadline, so it comes up first.
    const auto first = observe(QTimeout::run(1s, QTimeout::sleepFor(1s)));
    const auto second = observe(QTimeout::tryRun(1s, QTimeout::run(1s, QTimeout::sleepFor(1s))));
    clock().advance(1s);
    QCOMPARE(first->end, End::Returned);
    QCOMPARE(*second->value, true);
}

void tst_QTimeoutRun::scopeRunReturnsTheValue()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto later = observe(scope.run(valueAfter(gate, 42)));
    const auto atOnce = observe(scope.run(valueAtOnce(43)));
    QCOMPARE(*atOnce->value, 43);
    gate.open();
    QCOMPARE(*later->value, 42);
    const auto tried = observe(scope.tryRun(valueAtOnce(44)));
    QCOMPARE(*tried->value, std::optional(44));
}

void tst_QTimeoutRun::scopeRunNeverFinishesTheScope()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const QSignalSpy changes(&scope, &QTimeoutScope::stateChanged);
    const auto observed = observe(scope.run(passThrough(gate)));
    gate.open();
    QCOMPARE(observed->end, End::Returned);
    clock().advance(999ms);
    QVERIFY(scope.isActive());
    QCOMPARE(changes.count(), 0);
    clock().advance(1ms);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutRun::scopeExpiryIsATimeoutError()
{
    Gate first;
    Gate second;
    QTimeoutScope scope(1s);
    const auto one = observe(scope.run(passThrough(first)));
    clock().advance(500ms);
    const auto other = observe(scope.run(valueAfter(second, 42)));
    QCOMPARE(queuedDeadlines(), size_t(1)); // that of the scope is for both
    clock().advance(499ms);
    QCOMPARE(one->end, End::Pending);
    QCOMPARE(other->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(one->end, End::TimedOut);
    QCOMPARE(other->end, End::TimedOut);
    first.open();
    second.open();
}

void tst_QTimeoutRun::scopeCancelIsACancellation()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(passThrough(gate)));
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    gate.open();
}

void tst_QTimeoutRun::scopeDestructorIsACancellation()
{
    Gate gate;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto observed = observe(scope->run(passThrough(gate)));
    scope.reset();
    QCOMPARE(observed->end, End::Cancelled);
    gate.open();
}

void tst_QTimeoutRun::scopeTryRunIsEmptyWhenTheScopeExpires()
{
    Gate first;
    Gate second;
    QTimeoutScope scope(1s);
    const auto value = observe(scope.tryRun(valueAfter(first, 42)));
    const auto nothing = observe(scope.tryRun(passThrough(second)));
    clock().advance(1s);
    QCOMPARE(value->end, End::Returned);
    QCOMPARE(*value->value, std::optional<int>());
    QCOMPARE(nothing->end, End::Returned);
    QCOMPARE(*nothing->value, false);
    first.open();
    second.open();
}

void tst_QTimeoutRun::scopeFinishLetsTheRunGoOn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(passThrough(gate)));
    scope.finish();
    clock().advance(2s);
    QCOMPARE(observed->end, End::Pending);
    gate.open();
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::scopeFinishLeavesTheRunToTheEnclosingScope()
{
    Gate gate;
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    const auto observed = observe(inner.run(passThrough(gate)));
    inner.finish();
    clock().advance(1s);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    gate.open();
}

void tst_QTimeoutRun::innerScopeEndsWithTheOuter()
{
    Gate first;
    Gate second;
    QTimeoutScope outer(1s);
    QTimeoutScope later(2s, &outer);
    QTimeoutScope same(1s, &outer);
    const auto cancelled = observe(later.run(passThrough(first)));
    const auto timedOut = observe(same.run(passThrough(second)));
    clock().advance(1s);
    QCOMPARE(cancelled->end, End::Cancelled);
    QCOMPARE(timedOut->end, End::TimedOut);
    first.open();
    second.open();
}

void tst_QTimeoutRun::scopeDeadlineCanBeMovedWhileRunning()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(passThrough(gate)));
    scope.shift(1s);
    clock().advance(1s);
    QCOMPARE(observed->end, End::Pending);
    scope.reject();
    clock().advance(10s);
    QCOMPARE(observed->end, End::Pending);
    scope.reschedule(500ms);
    clock().advance(499ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    gate.open();
}

void tst_QTimeoutRun::runUnderAnExpiredScopeHoldsTheError()
{
    QTimeoutScope scope(1s);
    const QSignalSpy expired(&scope, &QTimeoutScope::expired);
    clock().advance(1s);
    QCOMPARE(expired.count(), 1);
    const auto sleeping = scope.run(QTimeout::sleepFor(1s));
    QVERIFY(sleeping.isReady());
    QCOMPARE(queuedDeadlines(), size_t(0)); // the sleep was aborted
    QCOMPARE(observe(scope.run(QTimeout::sleepFor(1s)))->end, End::TimedOut);
    QCOMPARE(observe(scope.run(valueAtOnce(42)))->end, End::TimedOut);
    QCOMPARE(expired.count(), 1);
}

void tst_QTimeoutRun::runUnderACancelledScopeHoldsTheCancellation()
{
    QTimeoutScope scope(1s);
    scope.cancel();
    const auto sleeping = scope.run(QTimeout::sleepFor(1s));
    QVERIFY(sleeping.isReady());
    QCOMPARE(queuedDeadlines(), size_t(0));
    QCOMPARE(observe(scope.run(QTimeout::sleepFor(1s)))->end, End::Cancelled);
    QCOMPARE(observe(scope.run(valueAtOnce(42)))->end, End::Cancelled);
}

void tst_QTimeoutRun::tryRunUnderAnEndedScope()
{
    QTimeoutScope scope(1s);
    scope.cancel();
    QCOMPARE(observe(scope.tryRun(QTimeout::sleepFor(1s)))->end, End::Cancelled);
    scope.start(0ms);
    (void)scope.stopToken();
    clock().advance(0ms);
    QVERIFY(scope.hasExpired());
    const auto observed = observe(scope.tryRun(QTimeout::sleepFor(1s)));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, false);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRun::runUnderAnInactiveScopeWarns()
{
    Gate gate;
    QTimeoutScope scope;
    scope.setObjectName("lazy");
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 "^QTimeoutScope::run: .*lazy.* is Inactive. The operation "
                                 "runs without a deadline until then"));
    const auto observed = observe(scope.run(valueAfter(gate, 42)));
    clock().advance(24h);
    QCOMPARE(observed->end, End::Pending);
    gate.open();
    QCOMPARE(*observed->value, 42);
}

// A13
void tst_QTimeoutRun::runUnderAnInactiveScopeJoinsTheNextLife()
{
    Gate gate;
    QTimeoutScope scope;
    QTest::ignoreMessage(
            QtWarningMsg,
            QRegularExpression("^QTimeoutScope::run: .* is Inactive. The operation runs without a "
                               "deadline until then; call start\\(\\) first.$"));
    const auto observed = observe(scope.run(valueAfter(gate, 42)));
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression("^QTimeoutScope::tryRun: .* is Inactive"));
    const auto tried = observe(scope.tryRun(QTimeout::sleepFor(24h)));
    clock().advance(1h);
    QVERIFY(scope.start(1s));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(tried->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
    gate.open();
}

void tst_QTimeoutRun::runUnderAFinishedScopeWarns()
{
    Gate gate;
    QTimeoutScope scope(1s);
    scope.finish();
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression("^QTimeoutScope::tryRun: .* is Finished"));
    const auto observed = observe(scope.tryRun(valueAfter(gate, 42)));
    clock().advance(24h);
    QCOMPARE(observed->end, End::Pending);
    gate.open();
    QCOMPARE(*observed->value, std::optional(42));
}

void tst_QTimeoutRun::runUnderAScopeOfAnotherThreadWarns()
{
    QTimeoutScope scope(1s);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeoutScope::run: .*another thread"));
    End end = End::Pending;
    const std::unique_ptr<QThread> thread(
            QThread::create([&scope, &end] { end = observe(scope.run(valueAtOnce(42)))->end; }));
    thread->start();
    QVERIFY(thread->wait());
    QCOMPARE(end, End::Returned);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRun::runEndsBeforeAWatchedScopeFinishes()
{
    Gate gate;
    QTimeoutScope scope(1s);
    auto object = std::make_unique<QObject>();
    scope.watch(object.get());
    const auto observed = observe(scope.run(passThrough(gate)));
    object.reset();
    clock().advance(500ms);
    QVERIFY(scope.isActive());
    gate.open();
    QVERIFY(scope.isActive()); // until the next turn
    clock().advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::deletingTheScopeInTheContinuation()
{
    Gate first;
    Gate second;
    Gate third;
    End end = End::Pending;
    auto *scope = new QTimeoutScope(1s);
    const auto older = observe(scope->run(passThrough(first)));
    endsWithScope(scope, scope->run(valueAfter(second, 42)), &end);
    clock().advance(1s);
    QCOMPARE(end, End::TimedOut);
    QCOMPARE(older->end, End::TimedOut);
    auto *another = new QTimeoutScope(1s);
    endsWithScope(another, another->run(valueAfter(third, 42)), &end);
    third.open();
    QCOMPARE(end, End::Returned);
    first.open();
    second.open();
}

void tst_QTimeoutRun::deletingTheScopeInASlotKeepsTheCause()
{
    Gate first;
    Gate second;
    auto *scope = new QTimeoutScope(1s);
    const auto one = observe(scope->run(passThrough(first)));
    const auto other = observe(scope->tryRun(passThrough(second)));
    connect(scope, &QTimeoutScope::expired, this, [scope] { delete scope; });
    clock().advance(1s);
    QCOMPARE(one->end, End::TimedOut);
    QCOMPARE(other->end, End::Returned);
    QCOMPARE(*other->value, false);
    first.open();
    second.open();
}

void tst_QTimeoutRun::restartedScopeDoesNotTouchItsFormerRuns()
{
    Gate first;
    Gate second;
    QTimeoutScope scope(1s);
    const auto former = observe(scope.run(passThrough(first)));
    ObservedPointer<void> latter;
    connect(&scope, &QTimeoutScope::expired, this, [&scope, &second, &latter] {
        if (latter)
            return;
        scope.start(1s);
        latter = observe(scope.run(passThrough(second)));
    });
    clock().advance(1s);
    QCOMPARE(former->end, End::TimedOut);
    QCOMPARE(latter->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(latter->end, End::TimedOut);
    first.open();
    second.open();
}

void tst_QTimeoutRun::sleepForEndsAtItsTime()
{
    const auto observed = observe(QTimeout::sleepFor(1s));
    clock().advance(1s - 1ns);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::sleepForZeroSuspends_data()
{
    QTest::addColumn<int>("nanoseconds");
    QTest::newRow("zero") << 0;
    QTest::newRow("negative") << -1'000'000;
}

void tst_QTimeoutRun::sleepForZeroSuspends()
{
    QFETCH(const int, nanoseconds);
    const auto observed = observe(QTimeout::sleepFor(std::chrono::nanoseconds(nanoseconds)));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::sleepForMaximumIsForever()
{
    QTimeoutScope scope(1h);
    const auto observed = observe(scope.run(QTimeout::sleepFor(std::chrono::nanoseconds::max())));
    QCOMPARE(queuedDeadlines(), size_t(1));
    clock().advance(59min);
    QCOMPARE(observed->end, End::Pending);
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_QTimeoutRun::sleepUntilEndsAtItsTime()
{
    const auto observed = observe(QTimeout::sleepUntil(QDeadlineTimer(1h)));
    clock().advance(1h - 1min);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1min);
    QCOMPARE(observed->end, End::Returned);
    QTimeoutScope scope(1h);
    const auto exact = observe(QTimeout::sleepUntil(scope.deadline()));
    clock().advance(59min);
    QCOMPARE(exact->end, End::Pending);
    clock().advance(1min);
    QCOMPARE(exact->end, End::Returned);
}

void tst_QTimeoutRun::sleepUntilThePastSuspends()
{
    const auto observed = observe(QTimeout::sleepUntil(QDeadlineTimer::current() - 1000));
    const auto now = observe(QTimeout::sleepUntil(QDeadlineTimer()));
    QCOMPARE(now->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(now->end, End::Returned);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRun::sleepsComeUpInOrder()
{
    QByteArrayList log;
    logAfter(QTimeout::sleepFor(2s), "2", log);
    logAfter(QTimeout::sleepFor(3s), "3", log);
    logAfter(QTimeout::sleepFor(1s), "1", log);
    logAfter(QTimeout::sleepFor(2s), "2 again", log);
    clock().advance(3s);
    QCOMPARE(log, QByteArrayList({"1", "2", "2 again", "3"}));
}

void tst_QTimeoutRun::abandonedSleepEndsAtOnce()
{
    const auto observed = observe(QTimeout::run(1s, QTimeout::sleepFor(24h)));
    const auto until = observe(QTimeout::tryRun(1s, QTimeout::sleepUntil(QDeadlineTimer(24h))));
    QCOMPARE(queuedDeadlines(), size_t(4));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(*until->value, false);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRun::sleepUnderAScopeEndsWithIt()
{
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(QTimeout::sleepFor(24h)));
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRun::thenIsCalledWithTheValue()
{
    Gate gate;
    int value = 0;
    const auto chained = QTimeout::run(1s, valueAfter(gate, 42)).then([&value](int result) {
        value = result;
    });
    gate.open();
    QCOMPARE(value, 42);
    QVERIFY(chained.isReady());
}

void tst_QTimeoutRun::thenCallsTheErrorCallback()
{
    Gate gate;
    bool returned = false;
    bool timedOut = false;
    const auto chained = QTimeout::run(1s, passThrough(gate))
                                 .then([&returned] { returned = true; },
                                       [&timedOut](const std::exception &error) {
                                           timedOut = dynamic_cast<const QTimeoutError *>(&error);
                                       });
    clock().advance(1s);
    QVERIFY(timedOut);
    QVERIFY(!returned);
    gate.open();
}

void tst_QTimeoutRun::connectCallsTheFunction()
{
    Gate gate;
    int value = 0;
    QCoro::connect(QTimeout::run(1s, valueAfter(gate, 42)), this,
                   [&value](int result) { value = result; });
    gate.open();
    clock().advance(0ms);
    QCOMPARE(value, 42);
}

void tst_QTimeoutRun::connectDoesNotCallAfterTheContextHasGone()
{
    Gate gate;
    int value = 0;
    auto context = std::make_unique<QObject>();
    QCoro::connect(QTimeout::run(1s, valueAfter(gate, 42)), context.get(),
                   [&value](int result) { value = result; });
    context.reset();
    gate.open();
    clock().advance(1s);
    QCOMPARE(value, 0);
}

void tst_QTimeoutRun::manyRunAtTheSameTime()
{
    static constexpr int Count = 200;
    std::vector<ObservedPointer<bool>> all;
    for (int i = 0; i < Count; ++i) {
        all.push_back(observe(
                QTimeout::tryRun(std::chrono::milliseconds(Count + i),
                                 QTimeout::sleepFor(std::chrono::milliseconds(2 * Count - i)))));
    }
    clock().advance(std::chrono::milliseconds(2 * Count));
    for (int i = 0; i < Count; ++i) {
        QCOMPARE(all[static_cast<size_t>(i)]->end, End::Returned);
        QCOMPARE(*all[static_cast<size_t>(i)]->value, 2 * Count - i <= Count + i);
    }
}

void tst_QTimeoutRun::oneAfterTheOtherInACoroutine()
{
    Gate first;
    Gate second;
    QByteArrayList log;
    const auto task = runTwice(first, second, log);
    clock().advance(900ms);
    first.open();
    QCOMPARE(log, QByteArrayList({"1"}));
    clock().advance(999ms);
    QCOMPARE(log, QByteArrayList({"1"}));
    clock().advance(1ms);
    QCOMPARE(log, QByteArrayList({"1", "timeout"}));
    clock().advance(1s);
    QCOMPARE(log, QByteArrayList({"1", "timeout", "slept"}));
    QVERIFY(task.isReady());
    second.open();
}

void tst_QTimeoutRun::blockThatNeverSuspendsIsNotTimedOut()
{
    realTime();
    const auto compute = []() -> QCoro::Task<int> {
        const QDeadlineTimer past(2);
        while (!past.hasExpired()) {}
        co_return 42;
    };
    const auto observed = observe(QTimeout::run(QDeadlineTimer(1, Qt::PreciseTimer), compute()));
    QCOMPARE(observed->end, End::Returned);
    QTimeoutScope scope(1ms);
    const auto under = observe(scope.run(compute()));
    QCOMPARE(under->end, End::Returned);
    QCOMPARE(scope.remainingTime(), 0ns);
    QVERIFY(scope.isActive());
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope.throwIfAborted());
    QVERIFY(scope.hasExpired());
}

QTEST_GUILESS_MAIN(tst_QTimeoutRun)
#include "tst_qtimeoutrun.moc"
