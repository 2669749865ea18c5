// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace std::chrono_literals;

namespace {

QCoro::Task<QString> join(QTimeoutScope &, QString first, const QString &second, Gate &gate)
{
    co_await passThrough(gate);
    co_return first + second;
}

QCoro::Task<int> takesMoveOnly(QTimeoutScope &, std::unique_ptr<int> number, Gate *gate)
{
    co_await passThrough(*gate);
    co_return *number;
}

class Window
{
public:
    QCoro::Task<QString> load(QTimeoutScope &scope, const QString &url)
    {
        seen = &scope;
        co_await passThrough(gate);
        co_return url + suffix;
    }
    QCoro::Task<QString> start(QString url)
    {
        return QTimeout::run(1s, &Window::load, this, std::move(url));
    }

    Gate gate;
    QString suffix = "!";
    QTimeoutScope *seen = nullptr;
};

QCoro::Task<> noResult(QTimeoutScope &, Gate &gate)
{
    co_await passThrough(gate);
}

QCoro::Task<int> countedCalls(QTimeoutScope &, int *calls)
{
    ++*calls;
    co_return *calls;
}

} // namespace

/*
    run() and its like with functions that take the scope.
*/
class tst_CoroutineCall : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void functionWithArguments();
    void argumentsAreKept();
    void moveOnlyArguments();
    void memberFunction();
    void memberFunctionOfAScope();
    void lambdaIsKept();
    void moveOnlyLambda();
    void runOfAScopePassesIt();
    void tryRun();
    void tryRunOfNothing();
    void waitFor();
    void waitForTimesOut();
    void expiredScopeDoesNotCall();
    void cancelledScopeDoesNotCall();
    void inactiveScopeWarns();
    void finishedScopeWarns();
    void scopeOfAnotherThreadWarns();
    void functionThatGivesAPlainTask();
    void callableThrowsAtOnce();
    void scopeEndsDuringTheCall_data();
    void scopeEndsDuringTheCall();
    void abandonedRunIsAborted_data();
    void abandonedRunIsAborted();
    void runOutlivesItsTask();
    void scopeIsDestroyedDuringARun();
    void scopeIsDestroyedBeforeTheRunIsAbandoned();
    void functionThatDestroysTheScope();
    void calledBeforeAPlainTask();
    void nothingIsLeft();
};

void tst_CoroutineCall::functionWithArguments()
{
    Gate gate;
    const auto result = observe(QTimeout::run(1s, &join, "one", QString("two"), std::ref(gate)));
    gate.open();
    QCOMPARE(result->value, QString("onetwo"));
}

void tst_CoroutineCall::argumentsAreKept()
{
    Gate gate;
    ObservedPointer<QString> result;
    {
        const QString first("a string that is long enough for the heap");
        QString second("another one");
        result = observe(QTimeout::run(1s, &join, first, second, std::ref(gate)));
        second = "changed";
    }
    gate.open();
    QCOMPARE(result->value, QString("a string that is long enough for the heapanother one"));
}

void tst_CoroutineCall::moveOnlyArguments()
{
    Gate gate;
    const auto result = observe(QTimeout::run(1s, &takesMoveOnly, std::make_unique<int>(3), &gate));
    gate.open();
    QCOMPARE(result->value, 3);
}

void tst_CoroutineCall::memberFunction()
{
    Window window;
    const auto result = observe(QTimeout::run(1s, &Window::load, &window, "url"));
    window.gate.open();
    QCOMPARE(result->value, QString("url!"));

    Window late;
    const auto timedOut = observe(late.start("late"));
    clock().advance(1s);
    QCOMPARE(timedOut->end, End::TimedOut);
    late.gate.open();
}

void tst_CoroutineCall::memberFunctionOfAScope()
{
    Window window;
    QTimeoutScope scope(1s);
    const auto result = observe(scope.run(&Window::load, &window, QString("url")));
    QCOMPARE(window.seen, &scope);
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    turn();
    QCOMPARE(result->end, End::Cancelled);
    window.gate.open();
}

void tst_CoroutineCall::lambdaIsKept()
{
    Gate gate;
    ObservedPointer<int> result;
    {
        const Tracked tracked(5);
        const auto coroutine = [tracked, &gate](QTimeoutScope &) -> QCoro::Task<int> {
            co_await passThrough(gate);
            co_return tracked.value;
        };
        result = observe(QTimeout::run(1s, coroutine));
    }
    gate.open();
    QCOMPARE(result->value, 5);
}

void tst_CoroutineCall::moveOnlyLambda()
{
    Gate gate;
    auto coroutine = [number = std::make_unique<int>(6),
                      &gate](QTimeoutScope &) -> QCoro::Task<int> {
        co_await passThrough(gate);
        co_return *number;
    };
    const auto result = observe(QTimeout::run(1s, std::move(coroutine)));
    gate.open();
    QCOMPARE(result->value, 6);
}

void tst_CoroutineCall::runOfAScopePassesIt()
{
    QTimeoutScope scope(1s);
    QTimeoutScope *seen = nullptr;
    const auto coroutine = [&seen](QTimeoutScope &own) -> QCoro::Task<> {
        seen = &own;
        co_return;
    };
    observe(scope.run(coroutine));
    QCOMPARE(seen, &scope);
    QVERIFY(scope.isActive()); // a run alone never finishes a scope
    scope.finish();
}

void tst_CoroutineCall::tryRun()
{
    Gate gate;
    const auto value = observe(QTimeout::tryRun(1s, &join, "a", "b", std::ref(gate)));
    gate.open();
    QCOMPARE(value->value, std::optional<QString>("ab"));

    Gate closed;
    const auto empty = observe(QTimeout::tryRun(1s, &join, "a", "b", std::ref(closed)));
    clock().advance(1s);
    QCOMPARE(empty->end, End::Returned);
    QCOMPARE(*empty->value, std::nullopt);
    closed.open();
}

void tst_CoroutineCall::tryRunOfNothing()
{
    Gate gate;
    const auto inTime = observe(QTimeout::tryRun(1s, &noResult, std::ref(gate)));
    gate.open();
    QCOMPARE(inTime->value, true);

    Gate closed;
    const auto late = observe(QTimeout::tryRun(1s, &noResult, std::ref(closed)));
    clock().advance(1s);
    QCOMPARE(late->value, false);
    closed.open();
}

void tst_CoroutineCall::waitFor()
{
    Gate gate;
    QMetaObject::invokeMethod(
            this, [&gate] { gate.open(); }, Qt::QueuedConnection);
    QCOMPARE(QTimeout::waitFor(1h, &join, "x", "y", std::ref(gate)), QString("xy"));
}

void tst_CoroutineCall::waitForTimesOut()
{
    Gate gate;
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(0ms, &noResult, std::ref(gate)));
    gate.open();
}

void tst_CoroutineCall::expiredScopeDoesNotCall()
{
    QTimeoutScope scope(0ms);
    scope.watch(this);
    clock().advance(0ms);
    QVERIFY(scope.hasExpired());
    int calls = 0;
    QCOMPARE(observe(scope.run(&countedCalls, &calls))->end, End::TimedOut);
    const auto tried = observe(scope.tryRun(&countedCalls, &calls));
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, std::nullopt);
    QCOMPARE(calls, 0);
}

void tst_CoroutineCall::cancelledScopeDoesNotCall()
{
    QTimeoutScope scope(1s);
    scope.cancel();
    int calls = 0;
    QCOMPARE(observe(scope.run(&countedCalls, &calls))->end, End::Cancelled);
    QCOMPARE(calls, 0);
}

void tst_CoroutineCall::inactiveScopeWarns()
{
    QTimeoutScope scope;
    int calls = 0;
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 "QTimeoutScope::run: .* is Inactive. The operation runs "
                                 "without a deadline until then; call start\\(\\) first."));
    QCOMPARE(observe(scope.run(&countedCalls, &calls))->value, 1);
}

void tst_CoroutineCall::finishedScopeWarns()
{
    QTimeoutScope scope(1s);
    scope.finish();
    Gate gate;
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 "QTimeoutScope::run: .* is Finished. The operation runs "
                                 "without a deadline; call start\\(\\) first."));
    const auto result = observe(scope.run(&noResult, std::ref(gate)));
    QVERIFY(scope.start(1s));
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    gate.open();
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineCall::scopeOfAnotherThreadWarns()
{
    QThread thread;
    QTimeoutScope scope(1h);
    scope.moveToThread(&thread);
    Gate gate;
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(
                                 "QTimeoutScope::coroutine: .* lives in another thread"));
    const auto result = observe(waitAt(scope, gate, "work"));
    gate.open();
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineCall::functionThatGivesAPlainTask()
{
    Gate gate;
    const auto plain = [&gate](QTimeoutScope &) { return valueAfter(gate, 1); };
    const auto result = observe(QTimeout::run(1s, plain));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut); // it is no longer waited for
    QCOMPARE(Tracked::alive(), 1);
    gate.open();

    Gate other;
    const auto second = [&other](QTimeoutScope &) { return valueAfter(other, 1); };
    const auto tried = observe(QTimeout::tryRun(1s, second));
    clock().advance(1s);
    QCOMPARE(*tried->value, std::nullopt);
    other.open();
}

void tst_CoroutineCall::callableThrowsAtOnce()
{
    const auto throws = [](QTimeoutScope &) -> QCoro::Task<int> {
        throw std::runtime_error("at once");
        co_return 1;
    };
    QCOMPARE(observe(QTimeout::run(1s, throws))->what, "at once");
    const auto noCoroutine = [](QTimeoutScope &) -> QCoro::Task<int> {
        throw std::runtime_error("before");
    };
    QCOMPARE(observe(QTimeout::run(1s, noCoroutine))->what, "before");
}

void tst_CoroutineCall::scopeEndsDuringTheCall_data()
{
    QTest::addColumn<bool>("isScopeGiven");
    QTest::newRow("own scope") << false;
    QTest::newRow("scope that is given") << true;
}

// It is awaited until it has ended all the same.
void tst_CoroutineCall::scopeEndsDuringTheCall()
{
    QFETCH(bool, isScopeGiven);
    QTimeoutScope scope(1h);
    QTimeoutScope::State state{};
    const auto block = [&state](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        try {
            co_await QTimeout::sleepFor(1s);
        } catch (const QTimeoutCancelled &) {
            note("cancelled");
        }
        co_await QTimeout::sleepFor(1s);
        state = own.state();
        co_return 1;
    };
    const auto result = observe(isScopeGiven ? scope.run(block) : QTimeout::run(1h, block));
    COMPARE_EVENTS({"cancelled"});
    QCOMPARE(result->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(state, QTimeoutScope::Cancelled);
}

void tst_CoroutineCall::abandonedRunIsAborted_data()
{
    QTest::addColumn<bool>("isScopeGiven");
    QTest::newRow("own scope") << false;
    QTest::newRow("scope that is given") << true;
}

void tst_CoroutineCall::abandonedRunIsAborted()
{
    QFETCH(bool, isScopeGiven);
    Gate gate;
    Gate sibling;
    QTimeoutScope scope(1h);
    const auto load = [&gate](QTimeoutScope &own) { return waitAt(own, gate, "load"); };
    const auto other = observe(waitAt(scope, sibling, "sibling"));
    const auto result = observe(
            QTimeout::run(1s, isScopeGiven ? scope.run(load) : QTimeout::run(1h, load)));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"load: cancelled", "~load"});
    QCOMPARE(other->end, End::Pending);
    QVERIFY(scope.isActive());
    sibling.open();
    gate.open();
}

void tst_CoroutineCall::runOutlivesItsTask()
{
    Gate gate;
    std::ignore = QTimeout::run(1s, &waitAt, std::ref(gate), QString("load"));
    clock().advance(1s);
    COMPARE_EVENTS({"load: cancelled", "~load"});
    gate.open();
}

void tst_CoroutineCall::scopeIsDestroyedDuringARun()
{
    Gate gate;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto result = observe(scope->run(&waitAt, std::ref(gate), QString("load")));
    scope.reset();
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
}

void tst_CoroutineCall::scopeIsDestroyedBeforeTheRunIsAbandoned()
{
    Gate work;
    Gate cleaning;
    auto scope = std::make_unique<QTimeoutScope>(10s);
    const auto cleanUp = [&](QTimeoutScope &) -> QCoro::Task<int> {
        try {
            co_await passThrough(work);
        } catch (const QTimeoutCancelled &) {
        }
        co_return co_await valueAfter(cleaning, 1);
    };
    const auto result = observe(QTimeout::run(2s, scope->run(cleanUp)));
    scope.reset();
    clock().advance(2s);
    QCOMPARE(result->end, End::TimedOut);
    cleaning.open();
    work.open();
}

void tst_CoroutineCall::functionThatDestroysTheScope()
{
    Gate gate;
    auto scope = std::make_unique<QTimeoutScope>(10s);
    const auto destroys = [&](QTimeoutScope &) {
        scope.reset();
        return valueAfter(gate, 1);
    };
    QCOMPARE(observe(scope->run(destroys))->end, End::Cancelled);
    gate.open();
}

// Its frame has gone, and its place may be taken by that of the plain one.
void tst_CoroutineCall::calledBeforeAPlainTask()
{
    Gate gate;
    int calls = 0;
    const auto function = [&](QTimeoutScope &own) {
        std::ignore = countedCalls(own, &calls);
        return valueAfter(gate, 1);
    };
    const auto result = observe(QTimeout::run(1s, function));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_CoroutineCall::nothingIsLeft()
{
    Gate gates[100];
    for (int i = 0; i < 100; ++i)
        std::ignore = QTimeout::run(1s * (i % 3 + 1), &waitAt, std::ref(gates[i]), QString());
    for (int i = 0; i < 50; ++i)
        gates[i].open();
    clock().advance(3s);
    QCOMPARE(queuedDeadlines(), size_t(0));
    for (int i = 50; i < 100; ++i)
        gates[i].open();
    QCOMPARE(Tracked::alive(), 0);
}

QTEST_GUILESS_MAIN(tst_CoroutineCall)
#include "tst_coroutine_call.moc"
