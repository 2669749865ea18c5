// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutinesupport.h"

#include <QtCore/qeventloop.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace std::chrono_literals;

namespace {

// Calls a function while it runs, and then waits.
QCoro::Task<> during(QTimeoutScope &, Gate &gate, std::function<void()> function)
{
    function();
    co_await passThrough(gate);
}

QCoro::Task<> duringPlainly(Gate &first, Gate &second, std::function<void(int)> function)
{
    function(1);
    co_await passThrough(first);
    function(2);
    co_await passThrough(second);
}

} // namespace

/*
    Scopes and runs that a coroutine makes, and who is running: S10.
*/
class tst_CoroutineNesting : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void scopeIsNested();
    void scopeOfAPlainCoroutineThatIsCalledIsNested();
    void scopeWithAParentIsNotNested();
    void scopeWithAScopeAsParentIsNestedThere();
    void scopeThatIsStartedLaterIsNested();
    void scopeThatIsStartedAgainIsNested();
    void scopeOutsideIsNotNested();
    void runIsNested_data();
    void runIsNested();
    void nestedInTheNearestThatIsActive();
    void nestedEndsAsItsDeadlineSays();
    void effectiveDeadline();
    void finishHandsOverToTheEnclosing();
    void finishWithoutEnclosingLetsItGoOn();
    void currentScope();
    void currentScopeAcrossSuspensions();
    void nestedEventLoopIsOutside();
    void slotsOfScopesAreOutside();
    void slotsOfOtherSignalsAreInside();
    void abortFunctionsAreOutside();
    void leftOverChildrenAreAbortedWithTheScope();
    void withTimeoutIsNotNested();
};

void tst_CoroutineNesting::scopeIsNested()
{
    Gate gate;
    QTimeoutScope outer(1s);
    std::unique_ptr<QTimeoutScope> inner;
    const auto result = observe(
            during(outer, gate, [&inner] { inner = std::make_unique<QTimeoutScope>(1h); }));
    QCOMPARE(inner->enclosingScope(), &outer);
    QVERIFY(inner->remainingTime() <= 1s);
    QSignalSpy cancelled(inner.get(), &QTimeoutScope::cancelled);
    clock().advance(1s);
    QCOMPARE(cancelled.count(), 1);
    QCOMPARE(inner->state(), QTimeoutScope::Cancelled);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_CoroutineNesting::scopeOfAPlainCoroutineThatIsCalledIsNested()
{
    Gate first;
    Gate second;
    Gate gate;
    QTimeoutScope outer(1s);
    std::unique_ptr<QTimeoutScope> scopes[2];
    observe(during(outer, gate, [&] {
        observe(duringPlainly(first, second, [&scopes](int part) {
            scopes[part - 1] = std::make_unique<QTimeoutScope>(1h);
        }));
    }));
    first.open();
    QCOMPARE(scopes[0]->enclosingScope(), &outer);
    QCOMPARE(scopes[1]->enclosingScope(), nullptr); // it remembers nothing
    second.open();
    gate.open();
}

void tst_CoroutineNesting::scopeWithAParentIsNotNested()
{
    Gate gate;
    QObject parent;
    QTimeoutScope outer(1s);
    QTimeoutScope *inner = nullptr;
    observe(during(outer, gate, [&] { inner = new QTimeoutScope(1h, &parent); }));
    QCOMPARE(inner->enclosingScope(), nullptr);
    clock().advance(1s);
    QVERIFY(inner->isActive());
    gate.open();
}

void tst_CoroutineNesting::scopeWithAScopeAsParentIsNestedThere()
{
    Gate gate;
    QTimeoutScope parent(1h);
    QTimeoutScope outer(1s);
    QTimeoutScope *inner = nullptr;
    observe(during(outer, gate, [&] { inner = new QTimeoutScope(1h, &parent); }));
    QCOMPARE(inner->enclosingScope(), &parent);
    outer.cancel();
    QVERIFY(inner->isActive());
    gate.open();
}

void tst_CoroutineNesting::scopeThatIsStartedLaterIsNested()
{
    Gate gate;
    QTimeoutScope outer(1s);
    std::unique_ptr<QTimeoutScope> inner;
    observe(during(outer, gate, [&inner] { inner = std::make_unique<QTimeoutScope>(); }));
    QVERIFY(inner->start(1h));
    QCOMPARE(inner->enclosingScope(), &outer);
    outer.cancel();
    QVERIFY(inner->isCancelled());
    gate.open();
}

void tst_CoroutineNesting::scopeThatIsStartedAgainIsNested()
{
    Gate gate;
    QTimeoutScope outer(1s);
    std::unique_ptr<QTimeoutScope> inner;
    observe(during(outer, gate, [&inner] { inner = std::make_unique<QTimeoutScope>(1h); }));
    inner->finish();
    QVERIFY(inner->start(1h));
    QCOMPARE(inner->enclosingScope(), &outer);
    inner->cancel();
    QVERIFY(inner->start(1h));
    outer.cancel();
    QVERIFY(inner->isCancelled());
    gate.open();
}

void tst_CoroutineNesting::scopeOutsideIsNotNested()
{
    Gate gate;
    QTimeoutScope outer(1s);
    observe(during(outer, gate, [] {}));
    QTimeoutScope other(1h);
    QCOMPARE(other.enclosingScope(), nullptr);
    clock().advance(1s);
    QVERIFY(other.isActive());
    gate.open();
}

void tst_CoroutineNesting::runIsNested_data()
{
    QTest::addColumn<bool>("tries");
    QTest::newRow("run") << false;
    QTest::newRow("tryRun") << true;
}

void tst_CoroutineNesting::runIsNested()
{
    QFETCH(bool, tries);
    Gate gate;
    Gate other;
    QTimeoutScope outer(1s);
    // Nobody awaits it in the coroutine.
    ObservedPointer<int> ran;
    ObservedPointer<std::optional<int>> tried;
    observe(during(outer, gate, [&] {
        if (tries)
            tried = observe(QTimeout::tryRun(1h, valueAfter(other, 1)));
        else
            ran = observe(QTimeout::run(1h, valueAfter(other, 1)));
    }));
    clock().advance(1s);
    QCOMPARE(tries ? tried->end : ran->end, End::Cancelled);
    gate.open();
    other.open();
}

void tst_CoroutineNesting::nestedInTheNearestThatIsActive()
{
    Gate work;
    Gate gate;
    QTimeoutScope outermost(1h);
    QTimeoutScope outer(1s, &outermost);
    std::unique_ptr<QTimeoutScope> made;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await passThrough(work);
        } catch (const QTimeoutCancelled &) {
        }
        made = std::make_unique<QTimeoutScope>(2h);
        co_await passThrough(gate);
    };
    const auto result = observe(coroutine(outer));
    clock().advance(1s);
    QCOMPARE(made->enclosingScope(), &outermost);
    gate.open();
    QCOMPARE(result->end, End::Returned);
    outermost.cancel();
    QVERIFY(made->isCancelled());
    work.open();
}

void tst_CoroutineNesting::nestedEndsAsItsDeadlineSays()
{
    Gate gate;
    QTimeoutScope outer(1s);
    std::unique_ptr<QTimeoutScope> same;
    std::unique_ptr<QTimeoutScope> later;
    observe(during(outer, gate, [&] {
        same = std::make_unique<QTimeoutScope>(1s);
        later = std::make_unique<QTimeoutScope>(1001ms);
    }));
    connect(&outer, &QTimeoutScope::expired, this, [] { note("outer"); });
    connect(same.get(), &QTimeoutScope::expired, this, [] { note("same"); });
    connect(later.get(), &QTimeoutScope::cancelled, this, [] { note("later"); });
    clock().advance(1s);
    COMPARE_EVENTS({"outer", "same", "later"});
    gate.open();
}

void tst_CoroutineNesting::effectiveDeadline()
{
    Gate gate;
    Gate other;
    QTimeoutScope outer(1s);
    std::chrono::nanoseconds remaining{};
    const auto coroutine = [&](QTimeoutScope &inner) -> QCoro::Task<> {
        remaining = inner.remainingTime();
        co_await passThrough(gate);
    };
    observe(during(outer, other, [&] { observe(QTimeout::run(1h, coroutine)); }));
    QCOMPARE(remaining, 1s);
    gate.open();
    other.open();
}

void tst_CoroutineNesting::finishHandsOverToTheEnclosing()
{
    Gate gate;
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    const auto result = observe(waitAt(inner, gate, "work"));
    inner.finish();
    clock().advance(1s);
    QCOMPARE(result->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_CoroutineNesting::finishWithoutEnclosingLetsItGoOn()
{
    Gate gate;
    Gate next;
    QTimeoutScope scope(1s);
    QTimeoutScope *seen = nullptr;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        co_await passThrough(gate);
        seen = QTimeout::currentScope();
        co_return co_await valueAfter(next, 1);
    };
    const auto result = observe(coroutine(scope));
    scope.finish();
    clock().advance(1h);
    gate.open();
    QCOMPARE(seen, &scope);
    next.open();
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineNesting::currentScope()
{
    Gate gate;
    Gate other;
    QTimeoutScope outer(1s);
    QTimeoutScope inner(1s);
    QList<QTimeoutScope *> seen;
    const auto look = [&seen] { seen.append(QTimeout::currentScope()); };
    look();
    observe(during(outer, gate, [&] {
        look();
        observe(during(inner, other, look));
        look();
    }));
    look();
    QCOMPARE(seen, QList<QTimeoutScope *>({nullptr, &outer, &inner, &outer, nullptr}));
    gate.open();
    other.open();
}

void tst_CoroutineNesting::currentScopeAcrossSuspensions()
{
    Gate gates[4];
    QTimeoutScope outer(1s);
    QTimeoutScope inner(1s);
    QList<QTimeoutScope *> seen;
    const auto look = [&seen] { seen.append(QTimeout::currentScope()); };
    const auto second = [&](QTimeoutScope &) -> QCoro::Task<> {
        look();
        co_await passThrough(gates[1]);
        look();
        gates[2].open(); // resumes the other one meanwhile
        look();
        co_await passThrough(gates[3]);
        look();
    };
    const auto first = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await passThrough(gates[0]);
        look();
        co_await passThrough(gates[2]);
        look();
    };
    observe(first(outer));
    observe(second(inner));
    look();
    for (int i : {0, 1, 3}) {
        gates[i].open();
        look();
    }
    QCOMPARE(seen,
             QList<QTimeoutScope *>({&inner, nullptr, &outer, nullptr, &inner, &outer, &inner,
                                     nullptr, &inner, nullptr}));
}

void tst_CoroutineNesting::nestedEventLoopIsOutside()
{
    Gate gate;
    QTimeoutScope outer(1h);
    QTimeoutScope *seen = &outer;
    std::unique_ptr<QTimeoutScope> made;
    observe(during(outer, gate, [&] {
        QEventLoop loop;
        QMetaObject::invokeMethod(
                &loop,
                [&] {
                    seen = QTimeout::currentScope();
                    made = std::make_unique<QTimeoutScope>(1h);
                    loop.quit();
                },
                Qt::QueuedConnection);
        loop.exec();
        QCOMPARE(QTimeout::currentScope(), &outer);
    }));
    QCOMPARE(seen, nullptr);
    QCOMPARE(made->enclosingScope(), nullptr);
    gate.open();
}

void tst_CoroutineNesting::slotsOfScopesAreOutside()
{
    Gate gate;
    QTimeoutScope outer(1h);
    QTimeoutScope other;
    QList<QTimeoutScope *> seen;
    const auto look = [&seen] { seen.append(QTimeout::currentScope()); };
    connect(&other, &QTimeoutScope::stateChanged, this, look);
    connect(&other, &QTimeoutScope::deadlineChanged, this, look);
    connect(&other, &QTimeoutScope::cancelled, this, look);
    connect(&other, &QTimeoutScope::finished, this, look);
    observe(during(outer, gate, [&] {
        other.start(1h);
        other.reschedule(2h);
        other.shift(1ms);
        other.reject();
        other.cancel();
        other.start(1h);
        other.finish();
        QCOMPARE(QTimeout::currentScope(), &outer);
    }));
    QCOMPARE(seen.size(), 11);
    QCOMPARE(seen.count(nullptr), 11);
    gate.open();
}

void tst_CoroutineNesting::slotsOfOtherSignalsAreInside()
{
    Gate gate;
    QTimeoutScope outer(1h);
    QObject object;
    QTimeoutScope *seen = nullptr;
    connect(&object, &QObject::objectNameChanged, this,
            [&seen] { seen = QTimeout::currentScope(); });
    observe(during(outer, gate, [&] { object.setObjectName("named"); }));
    QCOMPARE(seen, &outer);
    gate.open();
}

void tst_CoroutineNesting::abortFunctionsAreOutside()
{
    Gate gate;
    QTimeoutScope outer(1h);
    QTimeoutScope other(1h);
    QObject object;
    QTimeoutScope *seen = &outer;
    other.watch(&object, [&seen] { seen = QTimeout::currentScope(); });
    observe(during(outer, gate, [&] { other.cancel(); }));
    QCOMPARE(seen, nullptr);
    gate.open();
}

void tst_CoroutineNesting::leftOverChildrenAreAbortedWithTheScope()
{
    Gate gate;
    Gate other;
    ObservedPointer<int> child;
    const auto parent = [&](QTimeoutScope &scope) -> QCoro::Task<int> {
        child = observe(waitAt(scope, other, "child"));
        co_return co_await valueAfter(gate, 1);
    };
    const auto result = observe(QTimeout::run(1h, parent));
    gate.open();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(child->end, End::Cancelled);
    COMPARE_EVENTS({"child: cancelled", "~child"});
    other.open();
}

void tst_CoroutineNesting::withTimeoutIsNotNested()
{
    Gate gate;
    QTimeoutScope outer(1s);
    QPromise<int> promise;
    promise.start();
    QFuture<int> future;
    observe(during(outer, gate, [&] { future = QTimeout::withTimeout(promise.future(), 1h); }));
    clock().advance(1s);
    QVERIFY(!future.isCanceled());
    promise.addResult(1);
    promise.finish();
    clock().advance(0s);
    QCOMPARE(future.result(), 1);
    gate.open();
}

QTEST_GUILESS_MAIN(tst_CoroutineNesting)
#include "tst_coroutine_nesting.moc"
