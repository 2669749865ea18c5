// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutinesupport.h"

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <exception>
#include <functional>
#include <optional>
#include <utility>

using namespace std::chrono_literals;

namespace {

// Awaits what the function gives in a shield, and then the next gate.
template<typename Make>
QCoro::Task<int> shieldIt(QTimeoutScope &scope, Make make, Gate &next)
{
    const Local local("outer");
    try {
        const int value = co_await QTimeout::shield(make(scope));
        note("shielded: " + QString::number(value));
    } catch (...) {
        noteException("shielded");
    }
    try {
        co_await passThrough(next);
    } catch (...) {
        noteException("outer");
        throw;
    }
    co_return 1;
}

QCoro::Task<int> callPlainly(QTimeoutScope *scope, Gate &gate)
{
    co_return co_await waitAt(*scope, gate, "inner");
}

// Waits for the last gate when it has been interrupted.
QCoro::Task<int> cleanUpAt(QTimeoutScope &scope, Gate &gate, Gate &last)
{
    const Local local("inner");
    Q_UNUSED(scope)
    std::exception_ptr interruption;
    try {
        co_await passThrough(gate);
    } catch (...) {
        noteException("inner");
        interruption = std::current_exception();
    }
    co_await passThrough(last);
    if (interruption)
        std::rethrow_exception(std::exchange(interruption, nullptr));
    co_return 1;
}

} // namespace

/*
    A8.
*/
class tst_CoroutineShield : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void holdsAnAbortOff_data();
    void holdsAnAbortOff();
    void siblingIsInterrupted();
    void deadlineInsideWorks_data();
    void deadlineInsideWorks();
    void scopeInsideIsNotTakenAlong();
    void scopeOutsideIsTakenAlong();
    void effectiveDeadlineStopsAtIt();
    void whatWasStartedInsideIsInterruptedAfterwards();
    void notInterruptedInReadyShield();
    void comesTooLate_data();
    void comesTooLate();
    void exceptionOfItsOwn();
    void insideOfAnotherShield();
    void innerAbortsDoNotConcernIt();
    void namedTask();
    void inAPlainCoroutine();
    void inRun();
    void resultOfOtherOperations();
    void scopeIsDestroyedMeanwhile();
    void lateStartOfAPlainTaskIsShielded();
};

void tst_CoroutineShield::holdsAnAbortOff_data()
{
    using Make = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &)>;
    QTest::addColumn<Make>("make");
    QTest::newRow("plain task") << Make(
            [](QTimeoutScope &, Gate &gate) { return valueAfter(gate, 42); });
    QTest::newRow("abortable coroutine")
            << Make([](QTimeoutScope &scope, Gate &gate) { return waitAt(scope, gate, "inner"); });
    QTest::newRow("abortable below plain")
            << Make([](QTimeoutScope &scope, Gate &gate) { return callPlainly(&scope, gate); });
    QTest::newRow("run of a task") << Make(
            [](QTimeoutScope &, Gate &gate) { return QTimeout::run(1h, valueAfter(gate, 42)); });
    QTest::newRow("run of a task in the scope") << Make(
            [](QTimeoutScope &scope, Gate &gate) { return scope.run(valueAfter(gate, 42)); });
    QTest::newRow("run of a coroutine") << Make([](QTimeoutScope &, Gate &gate) {
        return QTimeout::run(1h, &waitAt, std::ref(gate), QString("inner"));
    });
    QTest::newRow("run of a coroutine in the scope") << Make([](QTimeoutScope &scope, Gate &gate) {
        return scope.run(&waitAt, std::ref(gate), QString("inner"));
    });
    QTest::newRow("run below plain") << Make([](QTimeoutScope &, Gate &gate) {
        static const auto plain = [](Gate &closed) -> QCoro::Task<int> {
            co_return co_await QTimeout::run(1h, valueAfter(closed, 42));
        };
        return plain(gate);
    });
    QTest::newRow("run of a coroutine below plain") << Make([](QTimeoutScope &, Gate &gate) {
        static const auto plain = [](Gate &closed) -> QCoro::Task<int> {
            co_return co_await QTimeout::run(1h, &waitAt, std::ref(closed), QString("inner"));
        };
        return plain(gate);
    });
}

void tst_CoroutineShield::holdsAnAbortOff()
{
    using Make = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &)>;
    QFETCH(Make, make);
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto bound = [&](QTimeoutScope &own) { return make(own, gate); };
    const auto result = observe(shieldIt(scope, bound, next));
    clock().advance(1s);
    QVERIFY(scope.hasExpired());
    QVERIFY(events().isEmpty());
    gate.open();
    clock().advance(0s);
    events().removeOne("inner: passed");
    events().removeOne("~inner");
    COMPARE_EVENTS({"shielded: 42", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    next.open();
}

void tst_CoroutineShield::siblingIsInterrupted()
{
    Gate gate;
    Gate other;
    Gate next;
    QTimeoutScope scope(1s);
    ObservedPointer<int> sibling;
    const auto make = [&](QTimeoutScope &own) {
        sibling = observe(waitAt(own, other, "sibling"));
        return waitAt(own, gate, "inner");
    };
    observe(shieldIt(scope, make, next));
    clock().advance(1s);
    QCOMPARE(sibling->end, End::Cancelled); // the one above it is being aborted too
    COMPARE_EVENTS({"sibling: cancelled", "~sibling"});
    gate.open();
    next.open();
    other.open();
}

void tst_CoroutineShield::deadlineInsideWorks_data()
{
    QTest::addColumn<bool>("isCoroutine");
    QTest::newRow("task") << false;
    QTest::newRow("coroutine") << true;
}

void tst_CoroutineShield::deadlineInsideWorks()
{
    QFETCH(bool, isCoroutine);
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto make = [&](QTimeoutScope &) {
        return isCoroutine ? QTimeout::run(2s, &waitAt, std::ref(gate), QString("inner"))
                           : QTimeout::run(2s, valueAfter(gate, 1));
    };
    const auto result = observe(shieldIt(scope, make, next));
    clock().advance(1s);
    QVERIFY(scope.hasExpired());
    QCOMPARE(result->end, End::Pending);
    clock().advance(1s);
    events().removeOne("inner: cancelled");
    events().removeOne("~inner");
    COMPARE_EVENTS({"shielded: timed out", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
    next.open();
}

void tst_CoroutineShield::scopeInsideIsNotTakenAlong()
{
    Gate gate;
    Gate inside;
    Gate next;
    QTimeoutScope scope(1s);
    std::chrono::nanoseconds remaining{};
    const auto inner = [&](QTimeoutScope &) -> QCoro::Task<int> {
        QTimeoutScope own(1h);
        const int value = co_await own.run(valueAfter(gate, 1));
        QTimeoutScope later(1h);
        remaining = later.remainingTime();
        co_return value + co_await later.run(valueAfter(inside, 1));
    };
    const auto result = observe(shieldIt(scope, inner, next));
    clock().advance(1s);
    gate.open();
    clock().advance(1s);
    inside.open();
    QCOMPARE(remaining, 1h);
    COMPARE_EVENTS({"shielded: 2", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    next.open();
}

void tst_CoroutineShield::scopeOutsideIsTakenAlong()
{
    Gate gate;
    QObject object;
    QTimeoutScope scope(1s);
    bool aborted = false;
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        QTimeoutScope nested(1h);
        nested.watch(&object, [&aborted] { aborted = true; });
        co_return co_await QTimeout::shield(waitAt(own, gate, "inner"));
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QVERIFY(aborted);
    QVERIFY(events().isEmpty());
    gate.open();
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineShield::effectiveDeadlineStopsAtIt()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *inner = nullptr;
    const auto load = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        inner = &own;
        co_return co_await valueAfter(gate, 1);
    };
    observe(shieldIt(
            scope, [&](QTimeoutScope &) { return QTimeout::run(1h, load); }, next));
    QCOMPARE(inner->remainingTime(), 1h);
    gate.open();
    next.open();
}

void tst_CoroutineShield::whatWasStartedInsideIsInterruptedAfterwards()
{
    Gate gate;
    Gate other;
    Gate next;
    QTimeoutScope scope(1s);
    ObservedPointer<int> child;
    const auto inner = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        child = observe(waitAt(own, other, "child"));
        co_return co_await valueAfter(gate, 1);
    };
    const auto result = observe(shieldIt(scope, inner, next));
    clock().advance(1s);
    QCOMPARE(child->end, End::Pending);
    gate.open();
    // The one that has started it has ended, and with it the shield.
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(child->end, End::TimedOut);
    other.open();
    next.open();
}

void tst_CoroutineShield::notInterruptedInReadyShield()
{
    QTimeoutScope scope(1s);
    const auto coroutine = [](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        co_return co_await QTimeout::shield(valueAtOnce(2));
    };
    QCOMPARE(observe(coroutine(scope))->value, 2);
}

void tst_CoroutineShield::comesTooLate_data()
{
    using Make = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &, Gate &)>;
    QTest::addColumn<Make>("make");
    QTest::newRow("abortable coroutine") << Make(&cleanUpAt);
    QTest::newRow("abortable below plain") << Make([](QTimeoutScope &scope, Gate &gate, Gate &end) {
        static const auto plain = [](QTimeoutScope *own, Gate &closed,
                                     Gate &last) -> QCoro::Task<int> {
            co_return co_await cleanUpAt(*own, closed, last);
        };
        return plain(&scope, gate, end);
    });
}

/*
    What is called by one that is about to be interrupted is so itself before it gets into the shield. That
    is the one interruption of both (A5).
*/
void tst_CoroutineShield::comesTooLate()
{
    using Make = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &, Gate &)>;
    QFETCH(Make, make);
    Gate gate;
    Gate end;
    Gate next;
    QTimeoutScope scope(1s);
    const auto cancelAndMake = [&](QTimeoutScope &own) {
        own.cancel();
        return make(own, gate, end);
    };
    const auto result = observe(shieldIt(scope, cancelAndMake, next));
    COMPARE_EVENTS({"inner: cancelled"});
    end.open();
    COMPARE_EVENTS({"inner: cancelled", "~inner", "shielded: cancelled"});
    next.open();
    COMPARE_EVENTS({"inner: cancelled", "~inner", "shielded: cancelled", "~outer"});
    QCOMPARE(result->end, End::Returned);
    gate.open();
}

/*
    The abort still waits when what is shielded has been cancelled by somebody else.
*/
void tst_CoroutineShield::exceptionOfItsOwn()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    std::optional<QTimeoutScope> other(std::in_place, 1h);
    const auto bound = [&](QTimeoutScope &) { return waitAt(*other, gate, "inner"); };
    const auto result = observe(shieldIt(scope, bound, next));
    scope.cancel();
    QVERIFY(events().isEmpty());
    other->cancel();
    COMPARE_EVENTS(
            {"inner: cancelled", "~inner", "shielded: cancelled", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
    next.open();
}

void tst_CoroutineShield::insideOfAnotherShield()
{
    Gate gate;
    Gate next;
    Gate last;
    QTimeoutScope scope(1s);
    const auto inner = [&](QTimeoutScope &own) {
        return shieldIt(
                own, [&](QTimeoutScope &same) { return waitAt(same, gate, "innermost"); }, next);
    };
    const auto result = observe(shieldIt(scope, inner, last));
    clock().advance(1s);
    gate.open();
    // The inner one is still in the outer one's shield.
    COMPARE_EVENTS({"innermost: passed", "~innermost", "shielded: 42"});
    next.open();
    COMPARE_EVENTS({"innermost: passed", "~innermost", "shielded: 42", "~outer", "shielded: 1",
                    "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    last.open();
}

void tst_CoroutineShield::innerAbortsDoNotConcernIt()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1h);
    QTimeoutScope other(1s);
    const auto make = [&](QTimeoutScope &) { return waitAt(other, gate, "inner"); };
    observe(shieldIt(scope, make, next));
    clock().advance(1s);
    COMPARE_EVENTS({"inner: cancelled", "~inner", "shielded: timed out"});
    gate.open();
    next.open();
}

void tst_CoroutineShield::namedTask()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto coroutine = [&gate](QTimeoutScope &own) -> QCoro::Task<int> {
        QCoro::Task<int> task = waitAt(own, gate, "inner");
        co_return co_await QTimeout::shield(task);
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    gate.open();
    QCOMPARE(result->value, 42);
}

void tst_CoroutineShield::inAPlainCoroutine()
{
    Gate gate;
    const auto plain = [](Gate &closed) -> QCoro::Task<int> {
        co_return co_await QTimeout::shield(valueAfter(closed, 3));
    };
    const auto result = observe(plain(gate));
    gate.open();
    QCOMPARE(result->value, 3);
}

void tst_CoroutineShield::inRun()
{
    QPromise<int> promise;
    promise.start();
    const auto result = observe(QTimeout::run(1s, QTimeout::shield(promise.future())));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(!promise.isCanceled());
    promise.addResult(1);
    promise.finish();
    clock().advance(0s);
}

void tst_CoroutineShield::resultOfOtherOperations()
{
    QPromise<int> promise;
    promise.start();
    Gate next;
    QTimeoutScope scope(1s);
    const auto make = [&promise](QTimeoutScope &) { return promise.future(); };
    observe(shieldIt(scope, make, next));
    clock().advance(1s);
    QVERIFY(!promise.isCanceled());
    promise.addResult(5);
    promise.finish();
    clock().advance(0s);
    COMPARE_EVENTS({"shielded: 5", "outer: cancelled", "~outer"});
    next.open();
}

void tst_CoroutineShield::scopeIsDestroyedMeanwhile()
{
    Gate gate;
    Gate next;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto make = [&gate](QTimeoutScope &own) { return waitAt(own, gate, "inner"); };
    const auto result = observe(shieldIt(*scope, make, next));
    scope.reset();
    QVERIFY(events().isEmpty());
    gate.open();
    COMPARE_EVENTS({"inner: passed", "~inner", "shielded: 42", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    next.open();
}

void tst_CoroutineShield::lateStartOfAPlainTaskIsShielded()
{
    Gate first;
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto plain = [&](QTimeoutScope *own) -> QCoro::Task<int> {
        co_await passThrough(first);
        co_return co_await waitAt(*own, gate, "inner");
    };
    const auto make = [&plain](QTimeoutScope &own) { return plain(&own); };
    observe(shieldIt(scope, make, next));
    first.open();
    clock().advance(1s);
    QVERIFY(events().isEmpty());
    gate.open();
    COMPARE_EVENTS({"inner: passed", "~inner", "shielded: 42", "outer: cancelled", "~outer"});
    next.open();
}

QTEST_GUILESS_MAIN(tst_CoroutineShield)
#include "tst_coroutine_shield.moc"
