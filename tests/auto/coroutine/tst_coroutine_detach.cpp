// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

using namespace std::chrono_literals;

namespace {

// What is detached in all tests, in every form: it notes when it has passed the gate.
using Work = std::function<QCoro::Task<int>(Gate &)>;

QCoro::Task<int> workPlainly(Gate &gate)
{
    const int value = co_await valueAfter(gate, 42);
    note("inner: passed");
    co_return value;
}

QCoro::Task<int> workInRun(Gate &gate)
{
    co_return co_await QTimeout::run(5h, &waitAt, std::ref(gate), QString("inner"));
}

QCoro::Task<int> workInAShield(Gate &gate)
{
    co_return co_await QTimeout::shield(&waitAt, std::ref(gate), QString("inner"));
}

void addWork()
{
    QTest::addColumn<Work>("work");
    QTest::newRow("plain function")
            << Work([](Gate &gate) { return QTimeout::detach(&workPlainly, std::ref(gate)); });
    QTest::newRow("function that takes a scope") << Work(
            [](Gate &gate) { return QTimeout::detach(&waitAt, std::ref(gate), QString("inner")); });
    QTest::newRow("lambda that takes a scope") << Work([](Gate &gate) {
        return QTimeout::detach(
                [&gate](QTimeoutScope &scope) { return waitAt(scope, gate, "inner"); });
    });
    QTest::newRow("lambda that gives a run") << Work([](Gate &gate) {
        return QTimeout::detach(
                [&gate] { return QTimeout::run(5h, &waitAt, std::ref(gate), QString("inner")); });
    });
    QTest::newRow("lambda that gives a run of a task") << Work([](Gate &gate) {
        return QTimeout::detach([&gate] { return QTimeout::run(5h, workPlainly(gate)); });
    });
    QTest::newRow("lambda that gives a run under its scope") << Work([](Gate &gate) {
        return QTimeout::detach([&gate](QTimeoutScope &scope) {
            return scope.run(&waitAt, std::ref(gate), QString("inner"));
        });
    });
    QTest::newRow("run below plain")
            << Work([](Gate &gate) { return QTimeout::detach(&workInRun, std::ref(gate)); });
    QTest::newRow("shield") << Work(
            [](Gate &gate) { return QTimeout::detach(&workInAShield, std::ref(gate)); });
    QTest::newRow("another detached one") << Work([](Gate &gate) {
        return QTimeout::detach(
                [&gate] { return QTimeout::detach(&waitAt, std::ref(gate), QString("inner")); });
    });
}

QCoro::Task<int> awaitWork(QTimeoutScope &, Work work, Gate &gate)
{
    const Local local("outer");
    try {
        co_return co_await work(gate);
    } catch (...) {
        noteException("outer");
        throw;
    }
}

QCoro::Task<int> awaitShared(QTimeoutScope &, std::shared_ptr<QCoro::Task<int>> task)
{
    co_return co_await *task;
}

QCoro::Task<> appendTo(const QStringList &list, const QString &text, Gate &gate)
{
    const Tracked local;
    co_await gate;
    note((list + QStringList(text)).join(' '));
}

QCoro::Task<> sleepAndNote()
{
    co_await QTimeout::sleepFor(1h);
    note("slept");
}

class Log
{
public:
    QCoro::Task<> write(Gate &gate, QString text)
    {
        co_await gate;
        note(m_name + text);
    }
    QCoro::Task<> writeUnder(QTimeoutScope &scope, Gate &gate, QString text)
    {
        note(QTimeout::currentScope() == &scope ? "own scope" : "another scope");
        co_await passThrough(gate);
        note(m_name + text);
    }

private:
    const QString m_name = "log: ";
};

} // namespace

/*
    A17.
*/
class tst_CoroutineDetach : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void nothingAroundAbortsIt_data() { addWork(); }
    void nothingAroundAbortsIt();
    void awaiterIsInterrupted_data() { addWork(); }
    void awaiterIsInterrupted();
    void awaiterHasADeadline_data() { addWork(); }
    void awaiterHasADeadline();
    void taskIsDropped_data() { addWork(); }
    void taskIsDropped();
    void fromPlainCode_data() { addWork(); }
    void fromPlainCode();
    void callerEndsFirst_data() { addWork(); }
    void callerEndsFirst();

    void severalAwaitIt();
    void callableAndArgumentsAreKept();
    void closureIsKept();
    void memberFunctions();
    void moveOnlyArgument();
    void sleepIsNotEndedByItsAwaiter();

    void outsideOfAllScopes();
    void scopeOfItsOwn();
    void leftoversAreAborted();
    void deadlineOfItsOwn();
    void outerScopeByName();
    void notHeldBackByWhatItHasStarted();
    void startedInASlotOfTheAbort();

    void exception();
    void exceptionThatNobodyGets();
};

void tst_CoroutineDetach::nothingAroundAbortsIt()
{
    QFETCH(const Work, work);
    for (const char *cause : {"cancelled", "expired", "destroyed"}) {
        events().clear();
        Gate gate;
        Gate other;
        std::optional<QTimeoutScope> scope(std::in_place, 1s);
        std::optional<QCoro::Task<int>> task;
        const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
            task.emplace(work(gate));
            co_return co_await valueAfter(other, 1);
        };
        const auto result = observe(coroutine(*scope));
        if (cause == QByteArray("cancelled"))
            scope->cancel();
        else if (cause == QByteArray("expired"))
            clock().advance(1s);
        else
            scope.reset();
        settle();
        // Nor does it hold back who has begun it.
        QCOMPARE(result->end, cause == QByteArray("expired") ? End::TimedOut : End::Cancelled);
        COMPARE_EVENTS({});
        const auto value = observe(std::move(*task));
        QCOMPARE(value->end, End::Pending);
        gate.open();
        settle();
        events().removeOne("~inner");
        COMPARE_EVENTS({"inner: passed"});
        QCOMPARE(value->end, End::Returned);
        QCOMPARE(value->value, 42);
        other.open();
    }
}

void tst_CoroutineDetach::awaiterIsInterrupted()
{
    QFETCH(const Work, work);
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(awaitWork(scope, work, gate));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"outer: cancelled", "~outer"});
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
    settle();
    events().removeOne("~inner");
    COMPARE_EVENTS({"outer: cancelled", "~outer", "inner: passed"});
}

void tst_CoroutineDetach::awaiterHasADeadline()
{
    QFETCH(const Work, work);
    Gate gate;
    const auto result = observe(QTimeout::run(1s, work(gate)));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({});
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
    settle();
    events().removeOne("~inner");
    COMPARE_EVENTS({"inner: passed"});
}

void tst_CoroutineDetach::taskIsDropped()
{
    QFETCH(const Work, work);
    Gate gate;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        work(gate); // dropped
        co_return 1;
    };
    QCOMPARE(observe(coroutine(scope))->end, End::Returned);
    settle();
    scope.cancel();
    clock().advance(1h);
    settle();
    COMPARE_EVENTS({});
    gate.open();
    settle();
    events().removeOne("~inner");
    COMPARE_EVENTS({"inner: passed"});
}

void tst_CoroutineDetach::fromPlainCode()
{
    QFETCH(const Work, work);
    Gate gate;
    const auto result = observe(work(gate));
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 42);
}

// In a scope of a run, which ends with it, and aborts what is left over.
void tst_CoroutineDetach::callerEndsFirst()
{
    QFETCH(const Work, work);
    Gate gate;
    const auto load = [&](QTimeoutScope &) -> QCoro::Task<int> {
        std::ignore = work(gate);
        co_await QTimeout::sleepFor(1ms);
        co_return 1;
    };
    const auto result = observe(QTimeout::run(1h, load));
    clock().advance(1ms);
    settle();
    QCOMPARE(result->end, End::Returned);
    COMPARE_EVENTS({});
    gate.open();
    settle();
    events().removeOne("~inner");
    COMPARE_EVENTS({"inner: passed"});
}

// A shared cache: the first caller's deadline is not everybody's.
void tst_CoroutineDetach::severalAwaitIt()
{
    Gate gate;
    QTimeoutScope hasty(1s);
    QTimeoutScope patient(1h);
    std::shared_ptr<QCoro::Task<int>> cache;
    const auto first = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const auto load = [&gate] {
            return QTimeout::run(5h, &waitAt, std::ref(gate), QString("inner"));
        };
        cache = std::make_shared<QCoro::Task<int>>(QTimeout::detach(load));
        co_return co_await *cache;
    };
    const auto early = observe(first(hasty));
    const auto late = observe(awaitShared(patient, cache));
    clock().advance(1s);
    settle();
    QCOMPARE(early->end, End::TimedOut);
    QCOMPARE(late->end, End::Pending);
    COMPARE_EVENTS({});
    gate.open();
    settle();
    QCOMPARE(late->end, End::Returned);
    QCOMPARE(late->value, 42);
}

void tst_CoroutineDetach::callableAndArgumentsAreKept()
{
    Gate gate;
    {
        const QString text("the text is long enough to be on the heap");
        QTimeout::detach(&appendTo, QStringList({"one", "two"}), text, std::ref(gate));
    }
    settle();
    gate.open();
    settle();
    COMPARE_EVENTS({"one two the text is long enough to be on the heap"});
}

void tst_CoroutineDetach::closureIsKept()
{
    Gate gate;
    Gate other;
    {
        const Tracked tracked(1);
        const QString text("the text is long enough to be on the heap");
        QTimeout::detach([tracked, text, &gate]() -> QCoro::Task<> {
            co_await gate;
            note(text + QString::number(tracked.value));
        });
        QTimeout::detach([tracked, text, &other](QTimeoutScope &) -> QCoro::Task<> {
            co_await passThrough(other);
            note(text + QString::number(tracked.value));
        });
    }
    QVERIFY(Tracked::alive() >= 2);
    gate.open();
    other.open();
    settle();
    const QString expected("the text is long enough to be on the heap1");
    COMPARE_EVENTS({expected, expected});
    QCOMPARE(Tracked::alive(), 0); // nor longer
}

void tst_CoroutineDetach::memberFunctions()
{
    Gate gates[2];
    Log log;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        QTimeout::detach(&Log::write, &log, std::ref(gates[0]), QString("one"));
        QTimeout::detach(&Log::writeUnder, &log, std::ref(gates[1]), QString("two"));
        co_return 1;
    };
    observe(coroutine(scope));
    scope.cancel();
    settle();
    for (Gate &gate : gates)
        gate.open();
    settle();
    COMPARE_EVENTS({"own scope", "log: one", "log: two"});
}

void tst_CoroutineDetach::moveOnlyArgument()
{
    Gate gate;
    static const auto take = [](std::unique_ptr<Tracked> value, Gate &closed) -> QCoro::Task<int> {
        co_await closed;
        co_return value->value;
    };
    const auto result = observe(
            QTimeout::detach(take, std::make_unique<Tracked>(3), std::ref(gate)));
    QCOMPARE(Tracked::alive(), 1);
    gate.open();
    settle();
    QCOMPARE(result->value, 3);
}

void tst_CoroutineDetach::sleepIsNotEndedByItsAwaiter()
{
    QTimeoutScope scope(1s);
    const auto coroutine = [](QTimeoutScope &) -> QCoro::Task<int> {
        co_await QTimeout::detach(&sleepAndNote);
        co_return 1;
    };
    const auto direct = [](QTimeoutScope &) -> QCoro::Task<int> {
        co_await QTimeout::detach(&QTimeout::sleepFor, 1h);
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    const auto other = observe(direct(scope));
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(other->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(2));
    clock().advance(1h);
    settle();
    COMPARE_EVENTS({"slept"});
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_CoroutineDetach::outsideOfAllScopes()
{
    Gate gate;
    QTimeoutScope scope(1s);
    QTimeoutScope *current = &scope;
    QTimeoutScope *after = nullptr;
    std::unique_ptr<QTimeoutScope> made;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const auto look = [&]() -> QCoro::Task<int> {
            current = QTimeout::currentScope();
            made = std::make_unique<QTimeoutScope>(1h);
            co_return co_await valueAfter(gate, 1);
        };
        const auto task = QTimeout::detach(look);
        after = QTimeout::currentScope();
        co_return co_await task;
    };
    const auto result = observe(coroutine(scope));
    QCOMPARE(current, nullptr);
    QCOMPARE(made->enclosingScope(), nullptr);
    QCOMPARE(made->remainingTime(), 1h);
    QCOMPARE(after, &scope); // the caller is where it was
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    scope.finish();
}

void tst_CoroutineDetach::scopeOfItsOwn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    QTimeoutScope *inside = nullptr;
    QTimeoutScope *current = nullptr;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const auto look = [&](QTimeoutScope &own) -> QCoro::Task<int> {
            inside = &own;
            current = QTimeout::currentScope();
            co_return co_await valueAfter(gate, 1);
        };
        co_return co_await QTimeout::detach(look);
    };
    // The closure is a local of the coroutine, and a copy is kept.
    const auto result = observe(coroutine(scope));
    QVERIFY(inside);
    QVERIFY(inside != &scope);
    QCOMPARE(current, inside);
    QVERIFY(inside->isActive());
    QCOMPARE(inside->enclosingScope(), nullptr);
    QVERIFY(inside->deadline().isForever());
    QVERIFY(inside->effectiveDeadline().isForever());
    scope.cancel();
    settle();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(inside->isActive());
    gate.open();
}

void tst_CoroutineDetach::leftoversAreAborted()
{
    Gate gate;
    Gate other;
    Reply watched;
    ObservedPointer<int> child;
    const auto work = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        child = observe(waitAt(own, other, "child"));
        own.watch(&watched);
        co_return co_await valueAfter(gate, 1);
    };
    const auto result = observe(QTimeout::detach(work));
    QCOMPARE(child->end, End::Pending);
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(child->end, End::Cancelled);
    QCOMPARE(watched.aborts, 1);
    other.open();
}

void tst_CoroutineDetach::deadlineOfItsOwn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const auto limited = [&gate] {
            return QTimeout::run(5s, &waitAt, std::ref(gate), QString("inner"));
        };
        noteEnd(QTimeout::detach(limited), "detached");
        co_return 1;
    };
    observe(coroutine(scope));
    clock().advance(4s);
    settle();
    COMPARE_EVENTS({});
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"inner: cancelled", "~inner", "detached: timed out"});
    gate.open();
}

// What names an outer scope itself is under it.
void tst_CoroutineDetach::outerScopeByName()
{
    Gate gates[2];
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto run = [&] { return own.run(valueAfter(gates[0], 1)); };
        const auto call = [&] { return waitAt(own, gates[1], "inner"); };
        noteEnd(QTimeout::detach(run), "run");
        noteEnd(QTimeout::detach(call), "call");
        co_return 1;
    };
    observe(coroutine(scope));
    scope.cancel();
    settle();
    QVERIFY(events().contains("run: cancelled"));
    QVERIFY(events().contains("inner: cancelled"));
    QVERIFY(events().contains("call: cancelled"));
    for (Gate &gate : gates)
        gate.open();
}

// A6 and A7 are about what a coroutine has started under scopes that are being aborted.
void tst_CoroutineDetach::notHeldBackByWhatItHasStarted()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        QTimeout::detach(&waitAt, std::ref(gate), QString("inner"));
        co_return co_await valueAfter(next, 1);
    };
    const auto result = observe(coroutine(scope));
    settle();
    QCOMPARE(result->end, End::Cancelled);
    COMPARE_EVENTS({});
    gate.open();
    settle();
    COMPARE_EVENTS({"inner: passed", "~inner"});
    next.open();
}

void tst_CoroutineDetach::startedInASlotOfTheAbort()
{
    Gate gate;
    QTimeoutScope scope(1s);
    scope.watch(this, [] {});
    ObservedPointer<int> result;
    connect(&scope, &QTimeoutScope::expired, this,
            [&] { result = observe(QTimeout::detach(&waitAt, std::ref(gate), QString("inner"))); });
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::Pending);
    gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineDetach::exception()
{
    Gate gate;
    const auto failing = [&gate] { return throwAfter(gate, std::runtime_error("broken")); };
    const auto result = observe(QTimeout::detach(failing));
    gate.open();
    settle();
    QCOMPARE(result->end, End::Failed);
    QCOMPARE(result->what, "broken");
    const auto throwing = []() -> QCoro::Task<int> { throw std::runtime_error("broken at once"); };
    QCOMPARE(observe(QTimeout::detach(throwing))->what, "broken at once");
}

void tst_CoroutineDetach::exceptionThatNobodyGets()
{
    Gate gate;
    QTimeout::detach([&gate] { return throwAfter(gate, std::runtime_error("broken")); });
    gate.open();
    settle();
    QCOMPARE(Tracked::alive(), 0);
}

QTEST_GUILESS_MAIN(tst_CoroutineDetach)
#include "tst_coroutine_detach.moc"
