// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <functional>

using namespace std::chrono_literals;

namespace {

using Inner = std::function<QCoro::Task<int>()>;

// Calls another coroutine, and notes what comes out of it.
QCoro::Task<int> call(QTimeoutScope &, QString name, Inner inner)
{
    const Local local(name);
    try {
        const int value = co_await inner();
        note(name + ": returned");
        co_return value;
    } catch (...) {
        noteException(name);
        throw;
    }
}

// The same, by a coroutine that is not abortable.
QCoro::Task<int> callPlainly(QString name, Inner inner)
{
    const Local local(name);
    try {
        co_return co_await inner();
    } catch (...) {
        noteException(name);
        throw;
    }
}

// Cleans up for a while when it is interrupted, and then gives the exception on or not.
QCoro::Task<int> cleanUp(QTimeoutScope &, Gate &work, Gate &cleaning, QString name, bool swallows)
{
    const Local local(name);
    std::exception_ptr exception;
    try {
        co_await passThrough(work);
        co_return 1;
    } catch (const QTimeoutCancelled &) {
        note(name + ": cancelled");
        exception = std::current_exception();
    }
    try {
        co_await passThrough(cleaning);
        note(name + ": cleaned up");
    } catch (const QTimeoutCancelled &) {
        note(name + ": cancelled again");
    }
    if (!swallows)
        std::rethrow_exception(exception);
    co_return -1;
}

} // namespace

/*
    How an abort arrives: A2 to A7.
*/
class tst_CoroutineAbort : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void expiryIsACancellationInsideAndAnErrorOutside();
    void cancellationStaysOne();
    void throughPlainCoroutines();
    void throughRunToPlainCode();
    void innerDeadlineIsSeenByTheOuterCoroutine();
    void outerDeadlineIsNotSeenInside_data();
    void outerDeadlineIsNotSeenInside();
    void siblingsNewestFirst();
    void outerWaitsForTheInnerToCleanUp();
    void outerIsInterruptedWhereItWaitsForSomethingElse();
    void outerIsInterruptedAfterAnInnerThatSwallows();
    void onceForAnAbort();
    void cleanUpHasItsOwnDeadline();
    void cleanUpIsInterruptedByAnEnclosingScope();
    void whatCleanUpCallsIsNotInterrupted();
    void runningIsInterruptedAtTheNextAwaitThatSuspends();
    void readyIsNotInterrupted();
    void startedUnderAnAbortedScope();
    void finishedBeatsTheAbort();
    void causeIsThatOfTheAbort();
    void throwIfAborted();
    void abortedInsideOfACatch();
    void tryRunTellsItsOwnDeadline();
    void tryRunPassesOnTheDeadlineAround();
    void errorOfAnUnrelatedScopeGoesThrough();
    void outerAbortInASlotOfTheInner();
    void signalThatHasBeenEmittedBeatsTheAbort();
    void signalBeatsAnAbortThatWaits();
    void ownErrorThroughAPlainCoroutineIsACancellation_data();
    void ownErrorThroughAPlainCoroutineIsACancellation();
};

void tst_CoroutineAbort::expiryIsACancellationInsideAndAnErrorOutside()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(call(scope, "outer", [&] {
        return call(scope, "middle", [&] { return waitAt(scope, gate, "inner"); });
    }));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "middle: cancelled", "~middle",
                    "outer: cancelled", "~outer"});
    gate.open();
}

void tst_CoroutineAbort::cancellationStaysOne()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(call(scope, "outer", [&] { return waitAt(scope, gate, "inner"); }));
    scope.cancel();
    COMPARE_EVENTS({}); // not yet
    turn();
    QCOMPARE(result->end, End::Cancelled);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: cancelled", "~outer"});
    gate.open();
}

void tst_CoroutineAbort::throughPlainCoroutines()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(call(scope, "outer", [&] {
        return callPlainly("plain", [&] { return waitAt(scope, gate, "inner"); });
    }));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "plain: cancelled", "~plain", "outer: cancelled",
                    "~outer"});
    gate.open();
}

void tst_CoroutineAbort::throughRunToPlainCode()
{
    Gate gate;
    const auto load = [&gate](QTimeoutScope &scope) { return waitAt(scope, gate, "inner"); };
    const auto result = observe(callPlainly("plain", [&] { return QTimeout::run(1s, load); }));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "plain: timed out", "~plain"});
    gate.open();
}

void tst_CoroutineAbort::innerDeadlineIsSeenByTheOuterCoroutine()
{
    Gate gate;
    const auto inner = [&gate](QTimeoutScope &scope) { return waitAt(scope, gate, "inner"); };
    QTimeoutScope scope(1h);
    const auto result = observe(call(scope, "outer", [&] { return QTimeout::run(1s, inner); }));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: timed out", "~outer"});
    QVERIFY(scope.isActive());
    gate.open();
}

void tst_CoroutineAbort::outerDeadlineIsNotSeenInside_data()
{
    QTest::addColumn<std::chrono::milliseconds>("inner");
    QTest::newRow("inner one later") << 2000ms;
    QTest::newRow("both at the same time") << 1000ms;
}

void tst_CoroutineAbort::outerDeadlineIsNotSeenInside()
{
    QFETCH(std::chrono::milliseconds, inner);
    Gate gate;
    QTimeoutScope scope(1s);
    const auto load = [&gate](QTimeoutScope &own) { return waitAt(own, gate, "inner"); };
    const auto result = observe(call(scope, "outer", [&] { return QTimeout::run(inner, load); }));
    Gate other;
    const auto value = observe(
            call(scope, "value", [&] { return QTimeout::run(inner, valueAfter(other, 1)); }));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(!events().contains("outer: timed out"));
    QVERIFY(!events().contains("value: timed out"));
    QVERIFY(events().contains("outer: cancelled"));
    QVERIFY(events().contains("value: cancelled"));
    QCOMPARE(value->end, End::TimedOut);
    gate.open();
    other.open();
}

void tst_CoroutineAbort::siblingsNewestFirst()
{
    Gate gates[3];
    QTimeoutScope scope(1s);
    QList<ObservedPointer<int>> results;
    for (int i = 0; i < 3; ++i)
        results.append(observe(waitAt(scope, gates[i], QString::number(i))));
    clock().advance(1s);
    COMPARE_EVENTS({"2: cancelled", "~2", "1: cancelled", "~1", "0: cancelled", "~0"});
    for (const auto &result : results)
        QCOMPARE(result->end, End::TimedOut);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAbort::outerWaitsForTheInnerToCleanUp()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    const auto result = observe(
            call(scope, "outer", [&] { return cleanUp(scope, work, cleaning, "inner", false); }));
    clock().advance(1s);
    COMPARE_EVENTS({"inner: cancelled"});
    clock().advance(1h);
    cleaning.open();
    COMPARE_EVENTS(
            {"inner: cancelled", "inner: cleaned up", "~inner", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
}

void tst_CoroutineAbort::outerIsInterruptedWhereItWaitsForSomethingElse()
{
    Gate work;
    Gate cleaning;
    Gate other;
    QTimeoutScope scope(1s);
    const auto waitsElsewhere = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        auto inner = cleanUp(own, work, cleaning, "inner", false);
        try {
            co_await passThrough(other);
        } catch (...) {
            noteException("outer");
            throw;
        }
        co_return 1;
    };
    const auto result = observe(waitsElsewhere(scope));
    clock().advance(1s);
    COMPARE_EVENTS({"inner: cancelled"}); // the outer one waits, whatever it is suspended in
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner"});
    turn();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "outer: cancelled"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
    other.open();
}

void tst_CoroutineAbort::outerIsInterruptedAfterAnInnerThatSwallows()
{
    Gate work;
    Gate cleaning;
    Gate next;
    QTimeoutScope scope(1s);
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const int value = co_await cleanUp(own, work, cleaning, "inner", true);
        note(QString::number(value));
        co_await valueAtOnce(1); // does not suspend
        note("outer: goes on");
        try {
            co_await passThrough(next);
        } catch (...) {
            noteException("outer");
            throw;
        }
        co_return value;
    };
    const auto result = observe(outer(scope));
    clock().advance(1s);
    cleaning.open();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "-1", "outer: goes on",
                    "outer: cancelled"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
    next.open();
}

void tst_CoroutineAbort::onceForAnAbort()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    const auto result = observe(cleanUp(scope, work, cleaning, "inner", false));
    clock().advance(1s);
    scope.cancel();
    clock().advance(1h);
    COMPARE_EVENTS({"inner: cancelled"});
    cleaning.open();
    QCOMPARE(result->end, End::TimedOut);
    work.open();
}

void tst_CoroutineAbort::cleanUpHasItsOwnDeadline()
{
    Gate work;
    Gate never;
    Gate neverEither;
    QTimeoutScope scope(1s);
    const auto inner = [&never](QTimeoutScope &own) { return waitAt(own, never, "cleaning"); };
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        std::exception_ptr exception;
        try {
            co_await waitAt(own, work, "work");
        } catch (const QTimeoutCancelled &) {
            exception = std::current_exception();
        }
        for (int i = 0; i < 2; ++i) {
            try {
                if (i == 0)
                    co_await QTimeout::run(1s, inner);
                else
                    co_await QTimeout::run(1s, passThrough(neverEither));
            } catch (...) {
                noteException("outer");
            }
        }
        std::rethrow_exception(exception);
    };
    const auto result = observe(call(scope, "caller", [&] { return outer(scope); }));
    clock().advance(1s);
    COMPARE_EVENTS({"work: cancelled", "~work"});
    clock().advance(1s);
    COMPARE_EVENTS(
            {"work: cancelled", "~work", "cleaning: cancelled", "~cleaning", "outer: timed out"});
    clock().advance(1s);
    COMPARE_EVENTS({"work: cancelled", "~work", "cleaning: cancelled", "~cleaning",
                    "outer: timed out", "outer: timed out", "caller: cancelled", "~caller"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
    never.open();
    neverEither.open();
}

void tst_CoroutineAbort::cleanUpIsInterruptedByAnEnclosingScope()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    const auto result = observe(cleanUp(inner, work, cleaning, "work", false));
    clock().advance(1s);
    COMPARE_EVENTS({"work: cancelled"});
    clock().advance(1s);
    COMPARE_EVENTS({"work: cancelled", "work: cancelled again", "~work"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
    cleaning.open();
}

void tst_CoroutineAbort::whatCleanUpCallsIsNotInterrupted()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            co_await waitAt(own, work, "work");
        } catch (const QTimeoutCancelled &) {
        }
        co_return co_await waitAt(own, cleaning, "cleaning"); // with the scope that has ended
    };
    const auto result = observe(outer(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 42);
    work.open();
}

void tst_CoroutineAbort::runningIsInterruptedAtTheNextAwaitThatSuspends()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto coroutine = [&gate](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        note("goes on");
        co_await valueAtOnce(1);
        note("has not suspended");
        try {
            co_await passThrough(gate);
        } catch (...) {
            noteException("then");
            throw;
        }
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    COMPARE_EVENTS({"goes on", "has not suspended", "then: cancelled"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
}

void tst_CoroutineAbort::readyIsNotInterrupted()
{
    QTimeoutScope scope(1s);
    const auto coroutine = [](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        QPromise<int> promise;
        promise.start();
        promise.addResult(2);
        promise.finish();
        QTimer inactive;
        co_await inactive;
        auto task = valueAtOnce(3);
        co_return co_await promise.future() + co_await task;
    };
    const auto result = observe(coroutine(scope));
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 5);
}

void tst_CoroutineAbort::startedUnderAnAbortedScope()
{
    Gate gate;
    QTimeoutScope scope(1s);
    scope.watch(this); // so that its expiry is not in vain
    clock().advance(1s);
    const auto late = observe(waitAt(scope, gate, "late"));
    QCOMPARE(late->end, End::TimedOut);
    COMPARE_EVENTS({"late: cancelled", "~late"});
    gate.open();

    Gate other;
    QTimeoutScope cancelled(1s);
    cancelled.cancel();
    QCOMPARE(observe(waitAt(cancelled, other, "later"))->end, End::Cancelled);
    other.open();
}

void tst_CoroutineAbort::finishedBeatsTheAbort()
{
    QTimeoutScope scope(1s);
    QPromise<int> promise;
    promise.start();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await promise.future();
    };
    const auto result = observe(coroutine(scope));
    promise.addResult(3);
    promise.finish(); // the news is queued
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    turn();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 3);
}

void tst_CoroutineAbort::causeIsThatOfTheAbort()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    const auto result = observe(cleanUp(scope, work, cleaning, "work", false));
    clock().advance(1s);
    QVERIFY(scope.start(1h)); // a new life
    cleaning.open();
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(scope.isActive());
    scope.cancel();
    work.open();
}

void tst_CoroutineAbort::throwIfAborted()
{
    QTimeoutScope scope(1s);
    const auto compute = [](QTimeoutScope &own) -> QCoro::Task<int> {
        co_await valueAtOnce(1);
        own.throwIfAborted();
        own.reschedule(0ms);
        try {
            own.throwIfAborted();
        } catch (...) {
            noteException("compute");
            throw;
        }
        co_return 1;
    };
    const auto result = observe(compute(scope));
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"compute: cancelled"});
    QVERIFY(scope.hasExpired());
}

void tst_CoroutineAbort::abortedInsideOfACatch()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto coroutine = [&gate](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            throw std::runtime_error("broken");
        } catch (const std::exception &) {
            own.cancel();
        }
        co_await passThrough(gate);
        co_return 1;
    };
    QCOMPARE(observe(coroutine(scope))->end, End::Cancelled);
    gate.open();
}

void tst_CoroutineAbort::tryRunTellsItsOwnDeadline()
{
    Gate gates[3];
    const auto own = [&gates](QTimeoutScope &scope) { return waitAt(scope, gates[0], "own"); };
    const auto empty = observe(QTimeout::tryRun(1s, own));
    // An error of the same type that the work throws itself.
    const auto failing = [](QTimeoutScope &) -> QCoro::Task<int> {
        co_await QTimeout::sleepFor(500ms);
        throw QTimeoutError();
    };
    const auto thrown = observe(QTimeout::tryRun(1s, failing));
    // A deadline inside.
    const auto inner = [&gates](QTimeoutScope &scope) { return waitAt(scope, gates[1], "inner"); };
    const auto outer = [&inner](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await QTimeout::run(500ms, inner);
    };
    const auto passedOn = observe(QTimeout::tryRun(1s, outer));
    // A scope that is given.
    QTimeoutScope scope(1s);
    const auto given = [&gates](QTimeoutScope &same) { return waitAt(same, gates[2], "given"); };
    const auto emptyToo = observe(scope.tryRun(given));
    clock().advance(500ms);
    QCOMPARE(thrown->end, End::TimedOut);
    QCOMPARE(passedOn->end, End::TimedOut);
    clock().advance(500ms);
    QCOMPARE(empty->end, End::Returned);
    QVERIFY(!empty->value->has_value());
    QCOMPARE(emptyToo->end, End::Returned);
    QVERIFY(!emptyToo->value->has_value());
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAbort::tryRunPassesOnTheDeadlineAround()
{
    Gate gate;
    const auto inner = [&gate](QTimeoutScope &scope) { return waitAt(scope, gate, "inner"); };
    const auto outer = [&inner](QTimeoutScope &) -> QCoro::Task<int> {
        try {
            const std::optional<int> value = co_await QTimeout::tryRun(1h, inner);
            note(value ? "value" : "empty");
        } catch (...) {
            noteException("outer");
            throw;
        }
        co_return 1;
    };
    const auto result = observe(QTimeout::tryRun(1s, outer));
    clock().advance(1s);
    QCOMPARE(result->end, End::Returned);
    QVERIFY(!result->value->has_value());
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: cancelled"});
    gate.open();
}

void tst_CoroutineAbort::errorOfAnUnrelatedScopeGoesThrough()
{
    Gate gate;
    QTimeoutScope scope(1h);
    QObject owner; // so that it is not nested
    auto *other = new QTimeoutScope(1s, &owner);
    const auto result = observe(
            call(scope, "outer", [&] { return waitAt(*other, gate, "inner"); }));
    clock().advance(1s);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: timed out", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

// The inner one may refer to locals of the outer.
void tst_CoroutineAbort::outerAbortInASlotOfTheInner()
{
    Gate gate;
    QTimeoutScope outer(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("outer");
        QTimeoutScope inner(1s);
        connect(&inner, &QTimeoutScope::expired, &own, &QTimeoutScope::cancel);
        try {
            co_return co_await waitAt(inner, gate, "inner");
        } catch (...) {
            noteException("outer");
            throw;
        }
    };
    const auto result = observe(coroutine(outer));
    clock().advance(1s);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
}

void tst_CoroutineAbort::signalThatHasBeenEmittedBeatsTheAbort()
{
    QObject object;
    QTimeoutScope scope(1h);
    const auto coroutine = [&object](QTimeoutScope &) -> QCoro::Task<QString> {
        co_return co_await QTimeout::run(2h, &object, &QObject::objectNameChanged);
    };
    const auto result = observe(coroutine(scope));
    object.setObjectName("named"); // the news is queued
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, QString("named"));
}

/*
    The wait has begun after the abort, which waits until the inner coroutine has ended. That is meanwhile.
*/
void tst_CoroutineAbort::signalBeatsAnAbortThatWaits()
{
    Reply reply;
    Gate gate;
    Gate last;
    QTimeoutScope scope(1h);
    const auto inner = [&gate](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(&valueAfter<int>, std::ref(gate), 1);
    };
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const auto task = inner(own);
        own.cancel();
        co_await &reply;
        note("finished");
        co_await passThrough(last);
    };
    const auto result = observe(coroutine(scope));
    reply.finish(); // the news is queued
    gate.open();
    QVERIFY(events().isEmpty());
    clock().advance(0s);
    COMPARE_EVENTS({"finished"});
    QCOMPARE(reply.aborts, 0);
    QCOMPARE(result->end, End::Cancelled);
    last.open();
}

void tst_CoroutineAbort::ownErrorThroughAPlainCoroutineIsACancellation_data()
{
    QTest::addColumn<bool>("runs");
    QTest::newRow("call") << false;
    QTest::newRow("run") << true;
}

// It does not know who has called the plain one.
void tst_CoroutineAbort::ownErrorThroughAPlainCoroutineIsACancellation()
{
    QFETCH(bool, runs);
    Gate first;
    Gate second;
    QTimeoutScope scope(1s);
    const auto plain = [&](QTimeoutScope *own) -> QCoro::Task<int> {
        co_await first;
        if (runs)
            co_return co_await own->run(valueAfter(second, 1));
        co_return co_await waitAt(*own, second, "inner");
    };
    const auto result = observe(call(scope, "outer", [&] { return plain(&scope); }));
    first.open();
    clock().advance(1s);
    QVERIFY(events().contains("outer: cancelled"));
    QCOMPARE(result->end, End::TimedOut);
    second.open();
}

QTEST_GUILESS_MAIN(tst_CoroutineAbort)
#include "tst_coroutine_abort.moc"
