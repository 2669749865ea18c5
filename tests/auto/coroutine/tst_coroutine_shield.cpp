// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <functional>
#include <optional>

using namespace std::chrono_literals;

namespace {

// Awaits the function in a shield, and then the next gate.
template<typename Function>
QCoro::Task<int> shieldIt(QTimeoutScope &, Function function, Gate &next)
{
    const Local local("outer");
    try {
        const int value = co_await QTimeout::shield(function);
        note("shielded: " + QString::number(value));
    } catch (...) {
        noteException("shielded");
    }
    co_await valueAtOnce(1); // does not suspend
    try {
        co_await passThrough(next);
    } catch (...) {
        noteException("outer");
        throw;
    }
    co_return 1;
}

// A coroutine that shields what is done at the first gate, and then waits at the second.
using Outer = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &, Gate &)>;

// What is made of the scope outside and the gate is what is shielded.
template<typename Make>
Outer shielding(Make make)
{
    return [make](QTimeoutScope &scope, Gate &gate, Gate &next) {
        return shieldIt(scope, make(scope, gate), next);
    };
}

QCoro::Task<int> runBelowPlain(Gate &gate)
{
    co_return co_await QTimeout::run(5h, valueAfter(gate, 42));
}

QCoro::Task<int> runCoroutineBelowPlain(Gate &gate)
{
    co_return co_await QTimeout::run(5h, &waitAt, std::ref(gate), QString("inner"));
}

QCoro::Task<int> awaitScopesInside(Gate &gate)
{
    QTimeoutScope scope(5h);
    co_await scope.run(valueAtOnce(1));
    QTimeoutScope later(5h);
    co_return co_await later.run(valueAfter(gate, 42));
}

void addShielded()
{
    QTest::addColumn<Outer>("outer");
    QTest::newRow("plain function") << shielding(
            [](QTimeoutScope &, Gate &gate) { return [&gate] { return valueAfter(gate, 42); }; });
    QTest::newRow("function that takes a scope") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate](QTimeoutScope &own) { return waitAt(own, gate, "inner"); };
    });
    QTest::newRow("run of a task") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate] { return QTimeout::run(5h, valueAfter(gate, 42)); };
    });
    QTest::newRow("run of a coroutine") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate] { return QTimeout::run(5h, &waitAt, std::ref(gate), QString("inner")); };
    });
    QTest::newRow("run under the scope of the shield")
            << shielding([](QTimeoutScope &, Gate &gate) {
                   return [&gate](QTimeoutScope &own) { return own.run(valueAfter(gate, 42)); };
               });
    QTest::newRow("run below plain") << shielding(
            [](QTimeoutScope &, Gate &gate) { return [&gate] { return runBelowPlain(gate); }; });
    QTest::newRow("run of a coroutine below plain") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate] { return runCoroutineBelowPlain(gate); };
    });
    QTest::newRow("scopes inside") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate] { return awaitScopesInside(gate); };
    });
    QTest::newRow("another shield") << shielding([](QTimeoutScope &, Gate &gate) {
        return [&gate](QTimeoutScope &) -> QCoro::Task<int> {
            co_return co_await QTimeout::shield(&waitAt, std::ref(gate), QString("inner"));
        };
    });
}

// Without what the coroutine inside notes, if there is one.
QStringList eventsOutside()
{
    QStringList result = events();
    result.removeOne("inner: passed");
    result.removeOne("inner: cancelled");
    result.removeOne("~inner");
    return result;
}

enum class Operation { Object, Signal, SignalWithValue, Future };

QCoro::Task<> shieldOperation(QTimeoutScope &, Operation operation, Reply *reply,
                              QFuture<int> future, Gate &next)
{
    try {
        if (operation == Operation::Object) {
            co_await QTimeout::shield(reply);
        } else if (operation == Operation::Signal) {
            co_await QTimeout::shield(reply, &Reply::finished);
        } else if (operation == Operation::SignalWithValue) {
            const QString name = co_await QTimeout::shield(reply, &QObject::objectNameChanged);
            note(name);
        } else {
            const int value = co_await QTimeout::shield(future);
            note(QString::number(value));
        }
        note("shielded");
    } catch (...) {
        noteException("shielded");
    }
    try {
        co_await passThrough(next);
    } catch (...) {
        noteException("outer");
        throw;
    }
}

class Document
{
public:
    QCoro::Task<int> save(QTimeoutScope &scope, Gate &gate, int number)
    {
        note(QTimeout::currentScope() == &scope ? "own scope" : "another scope");
        co_return co_await waitAt(scope, gate, m_name) + number;
    }
    QCoro::Task<int> savePlainly(Gate &gate, int number)
    {
        co_return co_await valueAfter(gate, 42) + number;
    }

private:
    const QString m_name = "inner";
};

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
    void alsoForTheCallers();
    void afterTheAbort_data() { addShielded(); }
    void afterTheAbort();
    void whileCleaningUp();
    void operation_data();
    void operation();
    void memberFunction_data();
    void memberFunction();
    void notInterruptedInAReadyShield();
    void exceptionOfItsOwn();
    void cancelledByAScopeInside();
    void deadlineInside_data();
    void deadlineInside();

    void scopeOfItsOwn();
    void plainFunctionHasNoScope();
    void effectiveDeadlineIsThatOfWhatIsInside();
    void leftoversAreAborted();
    void outerScopeByName_data();
    void outerScopeByName();
    void watchedInsideByName();

    void startedBeforeIsInterrupted_data();
    void startedBeforeIsInterrupted();
    void startedBeforeIsInterruptedByTheDestructor_data() { startedBeforeIsInterrupted_data(); }
    void startedBeforeIsInterruptedByTheDestructor();
    void scopeMadeBeforeIsAborted();
    void siblingIsInterrupted();

    void inAPlainCoroutine();
    void belowAPlainCoroutine();
    void inRun();
};

void tst_CoroutineShield::holdsAnAbortOff_data()
{
    addShielded();
}

void tst_CoroutineShield::holdsAnAbortOff()
{
    QFETCH(const Outer, outer);
    for (const char *cause : {"cancelled", "expired", "destroyed"}) {
        events().clear();
        Gate gate;
        Gate next;
        std::optional<QTimeoutScope> scope(std::in_place, 1s);
        const auto result = observe(outer(*scope, gate, next));
        if (cause == QByteArray("cancelled"))
            scope->cancel();
        else if (cause == QByteArray("expired"))
            clock().advance(1s);
        else
            scope.reset();
        settle();
        COMPARE_EVENTS({});
        QCOMPARE(result->end, End::Pending);
        gate.open();
        settle();
        QVERIFY(!events().contains("inner: cancelled"));
        QCOMPARE(eventsOutside(), QStringList({"shielded: 42", "outer: cancelled", "~outer"}));
        QCOMPARE(result->end, cause == QByteArray("expired") ? End::TimedOut : End::Cancelled);
        next.open();
    }
}

// A6.
void tst_CoroutineShield::alsoForTheCallers()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto function = [&gate] { return valueAfter(gate, 42); };
    const auto caller = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("caller");
        co_return co_await shieldIt(own, function, next);
    };
    const auto result = observe(caller(scope));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({});
    gate.open();
    settle();
    COMPARE_EVENTS({"shielded: 42", "outer: cancelled", "~outer", "~caller"});
    QCOMPARE(result->end, End::TimedOut);
    next.open();
}

// The abort has been on its way to the coroutine when that called the shield.
void tst_CoroutineShield::afterTheAbort()
{
    QFETCH(const Outer, outer);
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto cancelFirst = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        co_return co_await outer(own, gate, next);
    };
    const auto result = observe(cancelFirst(scope));
    settle();
    COMPARE_EVENTS({});
    gate.open();
    settle();
    QVERIFY(!events().contains("inner: cancelled"));
    QCOMPARE(eventsOutside(), QStringList({"shielded: 42", "outer: cancelled", "~outer"}));
    QCOMPARE(result->end, End::Cancelled);
    next.open();
}

// From the abort of an enclosing scope.
void tst_CoroutineShield::whileCleaningUp()
{
    Gate work;
    Gate gate;
    Gate next;
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            co_await passThrough(work);
        } catch (...) {
            noteException("work");
        }
        const auto function = [&gate] { return valueAfter(gate, 42); };
        co_return co_await shieldIt(own, function, next);
    };
    const auto result = observe(coroutine(inner));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    clock().advance(1s);
    settle();
    QVERIFY(outer.hasExpired());
    COMPARE_EVENTS({"work: cancelled"});
    gate.open();
    settle();
    COMPARE_EVENTS({"work: cancelled", "shielded: 42", "outer: cancelled", "~outer"});
    QVERIFY(result->end != End::Pending);
    work.open();
    next.open();
}

void tst_CoroutineShield::operation_data()
{
    QTest::addColumn<Operation>("operation");
    QTest::addColumn<QStringList>("expected");
    QTest::newRow("object") << Operation::Object << QStringList("shielded");
    QTest::newRow("signal") << Operation::Signal << QStringList("shielded");
    QTest::newRow("signal with a value")
            << Operation::SignalWithValue << QStringList({"named", "shielded"});
    QTest::newRow("future") << Operation::Future << QStringList({"5", "shielded"});
}

void tst_CoroutineShield::operation()
{
    QFETCH(const Operation, operation);
    QFETCH(const QStringList, expected);
    Gate next;
    Reply reply;
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1s);
    const auto result = observe(shieldOperation(scope, operation, &reply, promise.future(), next));
    clock().advance(1s);
    settle();
    QVERIFY(scope.hasExpired());
    COMPARE_EVENTS({});
    QCOMPARE(reply.aborts, 0);
    QVERIFY(!promise.isCanceled());
    reply.setObjectName("named");
    reply.finish();
    promise.addResult(5);
    promise.finish();
    settle();
    QCOMPARE(events(), expected + QStringList("outer: cancelled"));
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(reply.aborts, 0);
    next.open();
}

void tst_CoroutineShield::memberFunction_data()
{
    QTest::addColumn<bool>("takesScope");
    QTest::newRow("takes a scope") << true;
    QTest::newRow("plain") << false;
}

void tst_CoroutineShield::memberFunction()
{
    QFETCH(const bool, takesScope);
    Gate gate;
    Document document;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        int value = 0;
        if (takesScope)
            value = co_await QTimeout::shield(&Document::save, &document, std::ref(gate), 1);
        else
            value = co_await QTimeout::shield(&Document::savePlainly, &document, std::ref(gate), 1);
        co_return value;
    };
    const auto result = observe(coroutine(scope));
    scope.cancel();
    settle();
    QVERIFY(!events().contains("another scope"));
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 43);
}

void tst_CoroutineShield::notInterruptedInAReadyShield()
{
    QTimeoutScope scope(1s);
    const auto coroutine = [](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        co_return co_await QTimeout::shield(&valueAtOnce<int>, 2);
    };
    const auto result = observe(coroutine(scope));
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 2);
}

void tst_CoroutineShield::exceptionOfItsOwn()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto failing = [&gate] { return throwAfter(gate, std::runtime_error("broken")); };
    const auto result = observe(shieldIt(scope, failing, next));
    scope.cancel();
    settle();
    COMPARE_EVENTS({});
    gate.open();
    settle();
    COMPARE_EVENTS({"shielded: failed", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    next.open();
}

// The abort of the scope outside still waits when what is inside has been cancelled by somebody else.
void tst_CoroutineShield::cancelledByAScopeInside()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *inside = nullptr;
    const auto function = [&](QTimeoutScope &own) {
        inside = &own;
        return waitAt(own, gate, "inner");
    };
    const auto result = observe(shieldIt(scope, function, next));
    scope.cancel();
    settle();
    COMPARE_EVENTS({});
    inside->cancel();
    settle();
    COMPARE_EVENTS(
            {"inner: cancelled", "~inner", "shielded: cancelled", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
    next.open();
}

void tst_CoroutineShield::deadlineInside_data()
{
    QTest::addColumn<bool>("isCoroutine");
    QTest::newRow("task") << false;
    QTest::newRow("coroutine") << true;
}

void tst_CoroutineShield::deadlineInside()
{
    QFETCH(const bool, isCoroutine);
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto function = [&] {
        return isCoroutine ? QTimeout::run(5s, &waitAt, std::ref(gate), QString("inner"))
                           : QTimeout::run(5s, valueAfter(gate, 1));
    };
    const auto result = observe(shieldIt(scope, function, next));
    clock().advance(1s);
    settle();
    QVERIFY(scope.hasExpired());
    COMPARE_EVENTS({});
    clock().advance(4s);
    settle();
    QCOMPARE(eventsOutside(), QStringList({"shielded: timed out", "outer: cancelled", "~outer"}));
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
    next.open();
}

void tst_CoroutineShield::scopeOfItsOwn()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *inside = nullptr;
    std::unique_ptr<QTimeoutScope> made;
    QTimeoutScope *current = nullptr;
    const auto function = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        inside = &own;
        current = QTimeout::currentScope();
        made = std::make_unique<QTimeoutScope>(1h);
        co_return co_await valueAfter(gate, 1);
    };
    const auto result = observe(shieldIt(scope, function, next));
    QVERIFY(inside);
    QVERIFY(inside != &scope);
    QCOMPARE(current, inside);
    QCOMPARE(made->enclosingScope(), inside);
    QCOMPARE(inside->enclosingScope(), nullptr);
    QVERIFY(inside->deadline().isForever());
    QVERIFY(inside->effectiveDeadline().isForever());
    QCOMPARE(inside->remainingTime(), std::chrono::nanoseconds::max());
    clock().advance(1s);
    settle();
    QVERIFY(scope.hasExpired());
    QVERIFY(inside->isActive());
    QVERIFY(made->isActive());
    gate.open();
    settle();
    QCOMPARE(result->end, End::TimedOut);
    next.open();
}

void tst_CoroutineShield::plainFunctionHasNoScope()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *current = &scope;
    std::unique_ptr<QTimeoutScope> made;
    const auto function = [&] {
        current = QTimeout::currentScope();
        made = std::make_unique<QTimeoutScope>(1h);
        return valueAfter(gate, 1);
    };
    const auto result = observe(shieldIt(scope, function, next));
    QCOMPARE(current, nullptr);
    QCOMPARE(made->enclosingScope(), nullptr);
    QCOMPARE(made->remainingTime(), 1h);
    clock().advance(1s);
    settle();
    QVERIFY(made->isActive());
    gate.open();
    settle();
    QCOMPARE(result->end, End::TimedOut);
    next.open();
}

void tst_CoroutineShield::effectiveDeadlineIsThatOfWhatIsInside()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *inside = nullptr;
    const auto load = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        inside = &own;
        co_return co_await valueAfter(gate, 1);
    };
    const auto function = [&] { return QTimeout::run(1h, load); };
    observe(shieldIt(scope, function, next));
    QVERIFY(inside);
    QCOMPARE(inside->enclosingScope(), nullptr);
    QCOMPARE(inside->remainingTime(), 1h);
    gate.open();
    next.open();
}

void tst_CoroutineShield::leftoversAreAborted()
{
    Gate gate;
    Gate other;
    Gate next;
    Reply watched;
    QTimeoutScope scope(1s);
    ObservedPointer<int> child;
    const auto function = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        child = observe(waitAt(own, other, "child"));
        own.watch(&watched);
        co_return co_await valueAfter(gate, 1);
    };
    const auto result = observe(shieldIt(scope, function, next));
    clock().advance(1s);
    settle();
    QCOMPARE(child->end, End::Pending);
    QCOMPARE(watched.aborts, 0);
    gate.open();
    settle();
    QCOMPARE(child->end, End::Cancelled);
    QCOMPARE(watched.aborts, 1);
    QCOMPARE(result->end, End::TimedOut);
    other.open();
    next.open();
}

void tst_CoroutineShield::outerScopeByName_data()
{
    QTest::addColumn<Outer>("outer");
    QTest::newRow("run of a task") << shielding([](QTimeoutScope &scope, Gate &gate) {
        return [&] { return scope.run(valueAfter(gate, 42)); };
    });
    QTest::newRow("run of a coroutine") << shielding([](QTimeoutScope &scope, Gate &gate) {
        return [&] { return scope.run(&waitAt, std::ref(gate), QString("inner")); };
    });
    QTest::newRow("call") << shielding([](QTimeoutScope &scope, Gate &gate) {
        return [&] { return waitAt(scope, gate, "inner"); };
    });
    QTest::newRow("run beside a scope of its own")
            << shielding([](QTimeoutScope &scope, Gate &gate) {
                   return [&](QTimeoutScope &) { return scope.run(valueAfter(gate, 42)); };
               });
}

void tst_CoroutineShield::outerScopeByName()
{
    QFETCH(const Outer, outer);
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto result = observe(outer(scope, gate, next));
    scope.cancel();
    settle();
    QVERIFY(!eventsOutside().isEmpty());
    QCOMPARE(eventsOutside().first(), "shielded: cancelled");
    next.open();
    settle();
    QVERIFY(result->end != End::Pending);
    gate.open();
}

void tst_CoroutineShield::watchedInsideByName()
{
    Gate gate;
    Gate next;
    Reply reply;
    QTimeoutScope scope(1s);
    const auto function = [&] {
        scope.watch(&reply);
        return valueAfter(gate, 42);
    };
    const auto result = observe(shieldIt(scope, function, next));
    scope.cancel();
    QCOMPARE(reply.aborts, 1);
    settle();
    COMPARE_EVENTS({});
    gate.open();
    settle();
    QCOMPARE(result->end, End::Cancelled);
    next.open();
}

void tst_CoroutineShield::startedBeforeIsInterrupted_data()
{
    using Start = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &)>;
    QTest::addColumn<Start>("start");
    QTest::newRow("run") << Start([](QTimeoutScope &, Gate &gate) {
        return QTimeout::run(1h, &waitAt, std::ref(gate), QString("upload"));
    });
    QTest::newRow("run under the scope") << Start([](QTimeoutScope &scope, Gate &gate) {
        return scope.run(&waitAt, std::ref(gate), QString("upload"));
    });
    QTest::newRow("call") << Start(
            [](QTimeoutScope &scope, Gate &gate) { return waitAt(scope, gate, "upload"); });
    QTest::newRow("run below plain") << Start([](QTimeoutScope &, Gate &gate) {
        static const auto plain = [](Gate &closed) -> QCoro::Task<int> {
            co_return co_await QTimeout::run(1h, &waitAt, std::ref(closed), QString("upload"));
        };
        return plain(gate);
    });
}

/*
    A shield is about what is started by it. Whatever else the coroutine has started is interrupted as ever.
*/
void tst_CoroutineShield::startedBeforeIsInterrupted()
{
    using Start = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &)>;
    QFETCH(const Start, start);
    Gate uploading;
    Gate saving;
    Gate next;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto upload = start(own, uploading);
        const auto save = [&saving] { return valueAfter(saving, 42); };
        co_return co_await shieldIt(own, save, next);
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"upload: cancelled", "~upload"});
    QCOMPARE(result->end, End::Pending);
    saving.open();
    settle();
    COMPARE_EVENTS({"upload: cancelled", "~upload", "shielded: 42", "outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    uploading.open();
    next.open();
}

// S8: a window, of which the scope is a member, may be used by the upload, but no longer.
void tst_CoroutineShield::startedBeforeIsInterruptedByTheDestructor()
{
    using Start = std::function<QCoro::Task<int>(QTimeoutScope &, Gate &)>;
    QFETCH(const Start, start);
    Gate uploading;
    Gate saving;
    Gate next;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto upload = start(own, uploading);
        const int value = co_await QTimeout::shield(&valueAfter<int>, std::ref(saving), 42);
        note("shielded: " + QString::number(value));
        co_await passThrough(next);
        co_return 1;
    };
    const auto result = observe(coroutine(*scope));
    scope.reset();
    COMPARE_EVENTS({"upload: cancelled", "~upload"});
    settle();
    QCOMPARE(result->end, End::Pending);
    saving.open();
    settle();
    COMPARE_EVENTS({"upload: cancelled", "~upload", "shielded: 42"});
    QCOMPARE(result->end, End::Cancelled);
    uploading.open();
    next.open();
}

void tst_CoroutineShield::scopeMadeBeforeIsAborted()
{
    Gate gate;
    Reply reply;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        QTimeoutScope nested(1h);
        nested.watch(&reply);
        const int value = co_await QTimeout::shield(&valueAfter<int>, std::ref(gate), 42);
        note(nested.isCancelled() ? "cancelled" : "not cancelled");
        co_return value;
    };
    const auto result = observe(coroutine(scope));
    scope.cancel();
    QCOMPARE(reply.aborts, 1);
    settle();
    gate.open();
    settle();
    COMPARE_EVENTS({"cancelled"});
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineShield::siblingIsInterrupted()
{
    Gate gate;
    Gate others[2];
    Gate next;
    QTimeoutScope scope(1s);
    const auto function = [&gate] { return valueAfter(gate, 42); };
    const auto before = observe(waitAt(scope, others[0], "before"));
    const auto result = observe(shieldIt(scope, function, next));
    const auto after = observe(waitAt(scope, others[1], "after"));
    clock().advance(1s);
    settle();
    QCOMPARE(before->end, End::TimedOut);
    QCOMPARE(after->end, End::TimedOut);
    QCOMPARE(result->end, End::Pending);
    gate.open();
    next.open();
    settle();
    for (Gate &other : others)
        other.open();
}

void tst_CoroutineShield::inAPlainCoroutine()
{
    Gate gate;
    const auto plain = [](Gate &closed) -> QCoro::Task<int> {
        const int first = co_await QTimeout::shield(&valueAfter<int>, std::ref(closed), 3);
        co_return first + co_await QTimeout::shield(&waitAt, std::ref(closed), QString("inner"));
    };
    const auto result = observe(plain(gate));
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 45);
}

// Nobody interrupts a plain coroutine, and what it shields goes on. But it is waited for no longer (A9).
void tst_CoroutineShield::belowAPlainCoroutine()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto plain = [&]() -> QCoro::Task<int> {
        co_return co_await QTimeout::shield(&waitAt, std::ref(gate), QString("inner"));
    };
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> { co_return co_await plain(); };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({});
    gate.open();
    settle();
    COMPARE_EVENTS({"inner: passed", "~inner"});
}

// The run gives up the wait, and not what is shielded.
void tst_CoroutineShield::inRun()
{
    QPromise<int> promise;
    promise.start();
    const auto result = observe(QTimeout::run(1s, QTimeout::shield(promise.future())));
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(!promise.isCanceled());
    promise.addResult(1);
    promise.finish();
    settle();
}

QTEST_GUILESS_MAIN(tst_CoroutineShield)
#include "tst_coroutine_shield.moc"
