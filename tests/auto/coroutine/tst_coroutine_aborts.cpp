// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

using namespace std::chrono_literals;

namespace {

void abort(QTimeoutScope &scope, bool expires)
{
    if (expires)
        expireNow(scope);
    else
        scope.cancel();
}

// Interrupted at one gate after the other: notes each time, and goes on.
QCoro::Task<int> insist(QTimeoutScope &, QString name, Gate *gates, int count)
{
    const Local local(name);
    std::exception_ptr last;
    for (int i = 0; i < count; ++i) {
        try {
            co_await passThrough(gates[i]);
            note(name + ": passed");
        } catch (...) {
            noteException(name);
            last = std::current_exception();
        }
    }
    if (last)
        std::rethrow_exception(std::exchange(last, nullptr));
    co_return count;
}

// Uses what belongs to its caller until it has cleaned up.
QCoro::Task<int> useLocal(QTimeoutScope &scope, Gate &work, Gate &cleaning, const Local *local)
{
    Q_UNUSED(local)
    return cleanUpAt(scope, work, cleaning, "inner");
}

QCoro::Task<int> useLocalPlainly(QTimeoutScope *scope, Gate &work, Gate &cleaning,
                                 const Local *local)
{
    co_return co_await useLocal(*scope, work, cleaning, local);
}

// Makes what is given to it when it has been interrupted, and notes what becomes of the first two waits.
QCoro::Task<int> makeWhileCleaningUp(QTimeoutScope &, Gate &work, std::function<void()> make,
                                     Gate &cleaning)
{
    const Tracked local;
    try {
        co_await passThrough(work);
    } catch (...) {
        noteException("work");
    }
    make();
    try {
        co_await passThrough(cleaning);
    } catch (...) {
        noteException("cleaning");
        throw;
    }
    co_return 1;
}

QCoro::Task<> awaitShared(QTimeoutScope &, std::shared_ptr<QCoro::Task<int>> task, QString name)
{
    try {
        const int value = co_await *task;
        note(name + QLatin1String(": ") + QString::number(value));
    } catch (...) {
        noteException(name);
        throw;
    }
}

QCoro::Task<> awaitSharedSleep(QTimeoutScope &, std::shared_ptr<QCoro::Task<>> task)
{
    co_await *task;
}

QCoro::Task<> awaitPlainly(std::shared_ptr<QCoro::Task<int>> task, QString name)
{
    try {
        const int value = co_await *task;
        note(name + QLatin1String(": ") + QString::number(value));
    } catch (...) {
        noteException(name);
    }
}

// What several await: a run, or a tryRun, which gives the value of the reply.
QCoro::Task<int> awaitReply(QTimeoutScope &, Reply *reply)
{
    const Tracked local;
    co_await reply;
    co_return 42;
}

std::shared_ptr<QCoro::Task<int>> share(QCoro::Task<int> task)
{
    return std::make_shared<QCoro::Task<int>>(std::move(task));
}

QCoro::Task<> keepError(QCoro::Task<int> task, std::exception_ptr *error)
{
    try {
        co_await task;
    } catch (...) {
        *error = std::current_exception();
    }
}

} // namespace

/*
    Which aborts concern a coroutine, when each arrives, and what is under which life of a scope.
*/
class tst_CoroutineAborts : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void onceForEachAbort();
    void onceForAnAbortOfManyLives();
    void onceWhateverCameBetween();
    void otherScopeInCleanUp_data();
    void otherScopeInCleanUp();
    void otherScopeBelowACleanUp_data();
    void otherScopeBelowACleanUp();
    void sameScopeInCleanUp();
    void cleanUpIsUnderTheEnclosingScope();
    void cleanUpIsAbortedWithTheEnclosingScope();
    void severalAbortsInOneInterruption();
    void abortAfterTheInterruption();

    void innerFirstWhenRunning_data();
    void innerFirstWhenRunning();
    void innerFirstWhenTheEnclosingScopeIsAborted_data() { innerFirstWhenRunning_data(); }
    void innerFirstWhenTheEnclosingScopeIsAborted();
    void innerFirstAfterAShield_data() { innerFirstWhenRunning_data(); }
    void innerFirstAfterAShield();
    void innerFirstIfNotAwaited_data() { innerFirstWhenRunning_data(); }
    void innerFirstIfNotAwaited();
    void innerFirstUnderAScopeThatWasInactive_data() { innerFirstWhenRunning_data(); }
    void innerFirstUnderAScopeThatWasInactive();
    void innerOneSwallows();
    void innerOfACleanUpIsNotAborted();

    void severalAwaitARun_data();
    void severalAwaitARun();
    void severalAwaitATryRun();
    void severalAwaitASleep();
    void runEndsWithTheLastWait_data();
    void runEndsWithTheLastWait();
    void sleepEndsWithTheLastWait();
    void plainOneGoesOnWaiting();
    void runExpiresForAll();

    void errorOfAFormerLife_data();
    void errorOfAFormerLife();
    void taskOfAFormerLife_data();
    void taskOfAFormerLife();
    void ownErrorAfterASecondStart();
    void cleanUpIsNotUnderALaterLife_data();
    void cleanUpIsNotUnderALaterLife();
    void runByNameIsUnderTheLaterLife();
    void callByNameIsUnderTheLaterLife();
    void runUnderAnEndedScopeThatIsStartedAgain_data();
    void runUnderAnEndedScopeThatIsStartedAgain();
    void runInASlotOfTheEnd_data();
    void runInASlotOfTheEnd();

    void outlivesItsScope();
    void outlivesItsScopeAndIsInterruptedFromFurtherOut();
    void outlivesItsScopeWithWork();
};

// A5.
void tst_CoroutineAborts::onceForEachAbort()
{
    Gate gates[4];
    QTimeoutScope outer(1h);
    QTimeoutScope middle(1h, &outer);
    QTimeoutScope inner(1h, &middle);
    const auto result = observe(insist(inner, "work", gates, 4));
    QStringList expected;
    for (QTimeoutScope *scope : {&inner, &middle, &outer}) {
        scope->cancel();
        settle();
        expected.append("work: cancelled");
        QCOMPARE(events(), expected);
        scope->cancel();
        clock().advance(1ms);
        settle();
        QCOMPARE(events(), expected);
    }
    gates[3].open();
    settle();
    COMPARE_EVENTS(
            {"work: cancelled", "work: cancelled", "work: cancelled", "work: passed", "~work"});
    QCOMPARE(result->end, End::Cancelled);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAborts::onceForAnAbortOfManyLives()
{
    Gate gates[2];
    QTimeoutScope outer(1s);
    QTimeoutScope middle(1h, &outer);
    QTimeoutScope inner(1h, &middle);
    const auto result = observe(insist(inner, "work", gates, 2));
    clock().advance(1s);
    settle();
    QVERIFY(inner.isCancelled());
    COMPARE_EVENTS({"work: cancelled"});
    gates[1].open();
    settle();
    QVERIFY(result->end != End::Pending);
    gates[0].open();
}

// The scope is aborted in its second life too, which does not concern the coroutine, and then the one around.
void tst_CoroutineAborts::onceWhateverCameBetween()
{
    Gate gates[3];
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    const auto result = observe(insist(inner, "work", gates, 3));
    inner.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QVERIFY(inner.start(1h));
    inner.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QVERIFY(inner.start(1h));
    outer.cancel(); // takes the third life along
    settle();
    QVERIFY(inner.isCancelled());
    COMPARE_EVENTS({"work: cancelled", "work: cancelled"});
    gates[2].open();
    settle();
    QCOMPARE(result->end, End::Cancelled);
    gates[0].open();
    gates[1].open();
}

void tst_CoroutineAborts::otherScopeInCleanUp_data()
{
    QTest::addColumn<bool>("otherFirst");
    QTest::addColumn<bool>("beforeTheCall");
    QTest::newRow("cancelled before its own scope") << true << true;
    QTest::newRow("cancelled after its own scope") << false << true;
    QTest::newRow("cancelled after the call") << false << false;
}

/*
    What is called by one that cleans up counts as interrupted by the same aborts as that, and by no others.
*/
void tst_CoroutineAborts::otherScopeInCleanUp()
{
    QFETCH(const bool, otherFirst);
    QFETCH(const bool, beforeTheCall);
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            co_await waitAt(own, work, "work");
        } catch (const QTimeoutCancelled &) {
        }
        co_return co_await waitAt(other, cleaning, "other");
    };
    const auto result = observe(coroutine(scope));
    if (otherFirst)
        other.cancel();
    scope.cancel();
    if (!otherFirst && beforeTheCall)
        other.cancel();
    settle();
    if (!beforeTheCall) {
        COMPARE_EVENTS({"work: cancelled", "~work"});
        other.cancel();
        settle();
    }
    COMPARE_EVENTS({"work: cancelled", "~work", "other: cancelled", "~other"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    cleaning.open();
}

void tst_CoroutineAborts::otherScopeBelowACleanUp_data()
{
    QTest::addColumn<bool>("otherFirst");
    QTest::newRow("cancelled before its own scope") << true;
    QTest::newRow("cancelled after its own scope") << false;
}

// The one that it calls is in between.
void tst_CoroutineAborts::otherScopeBelowACleanUp()
{
    QFETCH(const bool, otherFirst);
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1h);
    const auto between = [&](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await waitAt(other, cleaning, "other");
    };
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            co_await waitAt(own, work, "work");
        } catch (const QTimeoutCancelled &) {
        }
        co_return co_await between(own);
    };
    const auto result = observe(coroutine(scope));
    if (otherFirst)
        other.cancel();
    scope.cancel();
    if (!otherFirst)
        other.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled", "~work", "other: cancelled", "~other"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    cleaning.open();
}

void tst_CoroutineAborts::sameScopeInCleanUp()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        try {
            co_await waitAt(own, work, "work");
        } catch (const QTimeoutCancelled &) {
        }
        co_return co_await waitAt(own, cleaning, "cleaning");
    };
    const auto result = observe(coroutine(scope));
    scope.cancel();
    other.cancel(); // has nothing to do with it
    settle();
    COMPARE_EVENTS({"work: cancelled", "~work"});
    cleaning.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    work.open();
}

void tst_CoroutineAborts::cleanUpIsUnderTheEnclosingScope()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(2h);
    QTimeoutScope middle(1h, &outer);
    QTimeoutScope inner(1h, &middle);
    std::unique_ptr<QTimeoutScope> made;
    std::unique_ptr<QTimeoutScope> inactive;
    const auto make = [&] {
        made = std::make_unique<QTimeoutScope>(5h);
        inactive = std::make_unique<QTimeoutScope>();
    };
    observe(makeWhileCleaningUp(inner, work, make, cleaning));
    middle.cancel(); // and the inner one with it
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QCOMPARE(made->enclosingScope(), &outer);
    QCOMPARE(inactive->enclosingScope(), &outer);
    QCOMPARE(made->remainingTime(), 2h);
    work.open();
    cleaning.open();
}

void tst_CoroutineAborts::cleanUpIsAbortedWithTheEnclosingScope()
{
    Gate work;
    Gate cleaning;
    Gate gate;
    QTimeoutScope outer(2h);
    QTimeoutScope inner(1h, &outer);
    ObservedPointer<int> run;
    const auto make = [&] {
        run = observe(QTimeout::run(5h, &waitAt, std::ref(gate), QString("run")));
    };
    const auto result = observe(makeWhileCleaningUp(inner, work, make, cleaning));
    inner.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    outer.cancel();
    settle();
    // What is inside first (A6).
    COMPARE_EVENTS({"work: cancelled", "run: cancelled", "~run", "cleaning: cancelled"});
    QCOMPARE(run->end, End::Cancelled);
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    cleaning.open();
    gate.open();
}

/*
    While the coroutine is held back, the enclosing scope is aborted too. That is one interruption for both.
*/
void tst_CoroutineAborts::severalAbortsInOneInterruption()
{
    Gate cleaning;
    Gate gates[2];
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    const auto child = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const auto save = [&] { return valueAfter(cleaning, 1); };
        co_return co_await QTimeout::shield(save);
    };
    const auto waits = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto started = child(own);
        for (Gate &gate : gates) {
            try {
                co_await passThrough(gate);
            } catch (...) {
                noteException("work");
            }
        }
        co_return 1;
    };
    const auto result = observe(waits(inner));
    inner.cancel();
    settle();
    outer.cancel();
    settle();
    COMPARE_EVENTS({});
    cleaning.open();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QCOMPARE(result->end, End::Pending);
    gates[1].open();
    settle();
    QCOMPARE(result->end, End::Returned);
    gates[0].open();
}

void tst_CoroutineAborts::abortAfterTheInterruption()
{
    Gate gates[3];
    QTimeoutScope outer(2h);
    QTimeoutScope inner(1h, &outer);
    const auto result = observe(insist(inner, "work", gates, 3));
    clock().advance(1h);
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    gates[1].open();
    COMPARE_EVENTS({"work: cancelled", "work: passed"});
    clock().advance(1h);
    settle();
    COMPARE_EVENTS({"work: cancelled", "work: passed", "work: cancelled", "~work"});
    QVERIFY(result->end != End::Pending);
    gates[0].open();
    gates[2].open();
}

/*
    How one starts another that uses its locals.
*/
using Start = std::function<QCoro::Task<int>(QTimeoutScope &own, QTimeoutScope &nested,
                                             QTimeoutScope &other, Gate &work, Gate &cleaning,
                                             const Local *local)>;

void tst_CoroutineAborts::innerFirstWhenRunning_data()
{
    QTest::addColumn<Start>("start");
    QTest::newRow("run") << Start([](QTimeoutScope &, QTimeoutScope &, QTimeoutScope &, Gate &work,
                                     Gate &cleaning, const Local *local) {
        return QTimeout::run(1h, &useLocal, std::ref(work), std::ref(cleaning), local);
    });
    QTest::newRow("call with its own scope") << Start(
            [](QTimeoutScope &own, QTimeoutScope &, QTimeoutScope &, Gate &work, Gate &cleaning,
               const Local *local) { return useLocal(own, work, cleaning, local); });
    QTest::newRow("call below plain") << Start(
            [](QTimeoutScope &own, QTimeoutScope &, QTimeoutScope &, Gate &work, Gate &cleaning,
               const Local *local) { return useLocalPlainly(&own, work, cleaning, local); });
    QTest::newRow("call with a local scope") << Start(
            [](QTimeoutScope &, QTimeoutScope &nested, QTimeoutScope &, Gate &work, Gate &cleaning,
               const Local *local) { return useLocal(nested, work, cleaning, local); });
    QTest::newRow("run under a local scope")
            << Start([](QTimeoutScope &, QTimeoutScope &nested, QTimeoutScope &, Gate &work,
                        Gate &cleaning, const Local *local) {
                   return nested.run(&useLocal, std::ref(work), std::ref(cleaning), local);
               });
    QTest::newRow("call with another scope") << Start(
            [](QTimeoutScope &, QTimeoutScope &, QTimeoutScope &other, Gate &work, Gate &cleaning,
               const Local *local) { return useLocal(other, work, cleaning, local); });
    QTest::newRow("run under another scope")
            << Start([](QTimeoutScope &, QTimeoutScope &, QTimeoutScope &other, Gate &work,
                        Gate &cleaning, const Local *local) {
                   return other.run(&useLocal, std::ref(work), std::ref(cleaning), local);
               });
}

/*
    A7: what a coroutine starts after its scope has been aborted and before it has heard of that is interrupted by the
    same abort, and ends before it.
*/
void tst_CoroutineAborts::innerFirstWhenRunning()
{
    QFETCH(const Start, start);
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("local");
        own.cancel();
        QTimeoutScope nested(1h);
        co_return co_await start(own, nested, other, work, cleaning, &local);
    };
    const auto result = observe(coroutine(scope));
    settle();
    COMPARE_EVENTS({"inner: cancelled"});
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "~local"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
}

void tst_CoroutineAborts::innerFirstWhenTheEnclosingScopeIsAborted()
{
    QFETCH(const Start, start);
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope outer(1h);
    QTimeoutScope scope(1h, &outer);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("local");
        outer.cancel();
        QTimeoutScope nested(1h);
        co_return co_await start(own, nested, other, work, cleaning, &local);
    };
    const auto result = observe(coroutine(scope));
    settle();
    COMPARE_EVENTS({"inner: cancelled"});
    cleaning.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "~local"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
}

void tst_CoroutineAborts::innerFirstAfterAShield()
{
    QFETCH(const Start, start);
    Gate shielded;
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1s);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("local");
        co_await QTimeout::shield(&valueAfter<int>, std::ref(shielded), 1);
        note("shielded");
        QTimeoutScope nested(1h);
        co_return co_await start(own, nested, other, work, cleaning, &local);
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({});
    shielded.open();
    settle();
    COMPARE_EVENTS({"shielded", "inner: cancelled"});
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    settle();
    COMPARE_EVENTS({"shielded", "inner: cancelled", "inner: cleaned up", "~inner", "~local"});
    QCOMPARE(result->end, End::TimedOut);
    work.open();
}

void tst_CoroutineAborts::innerFirstIfNotAwaited()
{
    QFETCH(const Start, start);
    Gate work;
    Gate cleaning;
    Gate gate;
    QTimeoutScope other(1h);
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("local");
        own.cancel();
        QTimeoutScope nested(1h);
        const auto started = start(own, nested, other, work, cleaning, &local);
        try {
            co_await passThrough(gate);
        } catch (...) {
            noteException("outer");
            throw;
        }
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    settle();
    COMPARE_EVENTS({"inner: cancelled"});
    cleaning.open();
    settle();
    COMPARE_EVENTS(
            {"inner: cancelled", "inner: cleaned up", "~inner", "outer: cancelled", "~local"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    gate.open();
}

void tst_CoroutineAborts::innerFirstUnderAScopeThatWasInactive()
{
    QFETCH(const Start, start);
    Gate first;
    Gate work;
    Gate cleaning;
    QTimeoutScope other(1h);
    QTimeoutScope scope; // not started yet
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("local");
        co_await passThrough(first);
        own.cancel();
        QTimeoutScope nested(1h);
        co_return co_await start(own, nested, other, work, cleaning, &local);
    };
    const auto result = observe(coroutine(scope));
    QVERIFY(scope.start(1h));
    first.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled"});
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "~local"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
}

// Then the coroutine has not been interrupted yet, and is so where it waits next (A5).
void tst_CoroutineAborts::innerOneSwallows()
{
    Gate work;
    Gate cleaning;
    Gate next;
    QTimeoutScope scope(1h);
    const auto inner = [&](QTimeoutScope &own) {
        return cleanUpAt(own, work, cleaning, "inner", true);
    };
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        const int value = co_await QTimeout::run(1h, inner);
        note(QString::number(value));
        try {
            co_await passThrough(next);
        } catch (...) {
            noteException("outer");
            throw;
        }
        co_return value;
    };
    const auto result = observe(coroutine(scope));
    settle();
    cleaning.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "inner: cleaned up", "~inner", "42", "outer: cancelled"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    next.open();
}

// That is what differs from before the interruption.
void tst_CoroutineAborts::innerOfACleanUpIsNotAborted()
{
    Gate work;
    Gate gates[2];
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        own.cancel();
        try {
            co_await passThrough(work);
        } catch (...) {
            noteException("work");
        }
        QTimeoutScope nested(1h);
        const int first = co_await waitAt(nested, gates[0], "nested");
        co_return first + co_await QTimeout::run(1h, &waitAt, std::ref(gates[1]), QString("run"));
    };
    const auto result = observe(coroutine(scope));
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    gates[0].open();
    settle();
    gates[1].open();
    settle();
    COMPARE_EVENTS({"work: cancelled", "nested: passed", "~nested", "run: passed", "~run"});
    QCOMPARE(result->value, 84);
    work.open();
}

void tst_CoroutineAborts::severalAwaitARun_data()
{
    QTest::addColumn<bool>("firstStops");
    QTest::addColumn<bool>("isObject");
    for (const bool firstStops : {true, false}) {
        const char *who = firstStops ? "the first stops" : "the second stops";
        QTest::addRow("%s, run of a coroutine", who) << firstStops << true;
        QTest::addRow("%s, run of a task", who) << firstStops << false;
    }
}

// A10.
void tst_CoroutineAborts::severalAwaitARun()
{
    QFETCH(const bool, firstStops);
    QFETCH(const bool, isObject);
    Gate gate;
    Reply reply;
    QTimeoutScope hasty(1s);
    QTimeoutScope patient(1h);
    const auto task = share(isObject ? QTimeout::run(1h, &awaitReply, &reply)
                                     : QTimeout::run(1h, valueAfter(gate, 42)));
    const auto first = observe(awaitShared(firstStops ? hasty : patient, task, "first"));
    const auto second = observe(awaitShared(firstStops ? patient : hasty, task, "second"));
    clock().advance(1s);
    settle();
    QCOMPARE(events(), QStringList(firstStops ? "first: cancelled" : "second: cancelled"));
    QCOMPARE((firstStops ? first : second)->end, End::TimedOut);
    QCOMPARE((firstStops ? second : first)->end, End::Pending);
    QCOMPARE(reply.aborts, 0);
    reply.finish();
    gate.open();
    settle();
    QCOMPARE((firstStops ? second : first)->end, End::Returned);
    QCOMPARE(events().last(), firstStops ? "second: 42" : "first: 42");
}

void tst_CoroutineAborts::severalAwaitATryRun()
{
    Reply reply;
    QTimeoutScope hasty(1s);
    QTimeoutScope patient(1h);
    const auto task = std::make_shared<QCoro::Task<std::optional<int>>>(
            QTimeout::tryRun(1h, &awaitReply, &reply));
    const auto await = [task](QTimeoutScope &) -> QCoro::Task<int> {
        const std::optional<int> value = co_await *task;
        co_return value.value_or(-1);
    };
    const auto first = observe(await(hasty));
    const auto second = observe(await(patient));
    clock().advance(1s);
    settle();
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(second->end, End::Pending);
    QCOMPARE(reply.aborts, 0);
    reply.finish();
    settle();
    QCOMPARE(second->end, End::Returned);
    QCOMPARE(second->value, 42);
}

void tst_CoroutineAborts::severalAwaitASleep()
{
    QTimeoutScope hasty(1s);
    QTimeoutScope patient(1h);
    const auto task = std::make_shared<QCoro::Task<>>(QTimeout::sleepFor(1min));
    const auto first = observe(awaitSharedSleep(hasty, task));
    const auto second = observe(awaitSharedSleep(patient, task));
    clock().advance(1s);
    settle();
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(second->end, End::Pending);
    clock().advance(58s);
    settle();
    QCOMPARE(second->end, End::Pending);
    clock().advance(1s);
    settle();
    QCOMPARE(second->end, End::Returned);
    patient.finish();
}

void tst_CoroutineAborts::runEndsWithTheLastWait_data()
{
    QTest::addColumn<bool>("atOnce");
    QTest::newRow("one after the other") << false;
    QTest::newRow("both at once") << true;
}

void tst_CoroutineAborts::runEndsWithTheLastWait()
{
    QFETCH(const bool, atOnce);
    Reply reply;
    QTimeoutScope one(1h);
    QTimeoutScope two(1h);
    const auto task = share(QTimeout::run(1h, &awaitReply, &reply));
    const auto first = observe(awaitShared(one, task, "first"));
    const auto second = observe(awaitShared(two, task, "second"));
    one.cancel();
    if (!atOnce) {
        settle();
        QCOMPARE(reply.aborts, 0);
    }
    two.cancel();
    settle();
    QCOMPARE(first->end, End::Cancelled);
    QCOMPARE(second->end, End::Cancelled);
    QCOMPARE(reply.aborts, 1);
    QCOMPARE(Tracked::alive(), 0);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_CoroutineAborts::sleepEndsWithTheLastWait()
{
    QTimeoutScope one(1h);
    QTimeoutScope two(1h);
    const auto task = std::make_shared<QCoro::Task<>>(QTimeout::sleepFor(1min));
    const auto first = observe(awaitSharedSleep(one, task));
    const auto second = observe(awaitSharedSleep(two, task));
    QCOMPARE(queuedDeadlines(), size_t(3));
    one.cancel();
    settle();
    QCOMPARE(queuedDeadlines(), size_t(2));
    two.cancel();
    settle();
    QCOMPARE(queuedDeadlines(), size_t(0));
    QCOMPARE(first->end, End::Cancelled);
    QCOMPARE(second->end, End::Cancelled);
}

// Nobody interrupts that.
void tst_CoroutineAborts::plainOneGoesOnWaiting()
{
    Reply reply;
    QTimeoutScope scope(1s);
    const auto task = share(QTimeout::run(1h, &awaitReply, &reply));
    awaitPlainly(task, "plain");
    const auto result = observe(awaitShared(scope, task, "abortable"));
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"abortable: cancelled"});
    QCOMPARE(reply.aborts, 0);
    reply.finish();
    settle();
    COMPARE_EVENTS({"abortable: cancelled", "plain: 42"});
}

void tst_CoroutineAborts::runExpiresForAll()
{
    Reply reply;
    QTimeoutScope one(1h);
    QTimeoutScope two(1h);
    const auto task = share(QTimeout::run(1s, &awaitReply, &reply));
    const auto first = observe(awaitShared(one, task, "first"));
    const auto second = observe(awaitShared(two, task, "second"));
    clock().advance(1s);
    settle();
    QCOMPARE(reply.aborts, 1);
    QCOMPARE(events().size(), 2);
    QVERIFY(events().contains("first: timed out"));
    QVERIFY(events().contains("second: timed out"));
    QVERIFY(one.isActive());
    one.finish();
    two.finish();
}

void tst_CoroutineAborts::errorOfAFormerLife_data()
{
    QTest::addColumn<bool>("expiresToo");
    QTest::newRow("thrown while the second life is active") << false;
    QTest::newRow("thrown when the second life has expired") << true;
}

// S1, A3: by identity, and that is the one of a life.
void tst_CoroutineAborts::errorOfAFormerLife()
{
    QFETCH(const bool, expiresToo);
    Gate gates[3];
    QTimeoutScope scope(1s);
    std::exception_ptr error;
    keepError(scope.run(valueAfter(gates[0], 1)), &error);
    clock().advance(1s);
    settle();
    QVERIFY(error);

    QVERIFY(scope.start(1s));
    const auto throwAgain = [&](QTimeoutScope &) -> QCoro::Task<int> {
        try {
            co_await passThrough(gates[1]);
        } catch (...) {
            noteException("second life");
        }
        std::rethrow_exception(error);
        co_return 1;
    };
    const auto result = observe(scope.tryRun(throwAgain));
    if (expiresToo)
        clock().advance(1s);
    else
        gates[1].open();
    settle();
    QCOMPARE(events().size(), expiresToo ? 1 : 0);
    QCOMPARE(scope.hasExpired(), expiresToo);
    QCOMPARE(result->end, End::TimedOut); // and not an empty optional
    scope.finish();
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAborts::taskOfAFormerLife_data()
{
    QTest::addColumn<bool>("runs");
    QTest::addColumn<bool>("endsFirst");
    QTest::newRow("call that cleans up") << false << false;
    QTest::newRow("call that has ended") << false << true;
    QTest::newRow("run that cleans up") << true << false;
    QTest::newRow("run that has ended") << true << true;
}

void tst_CoroutineAborts::taskOfAFormerLife()
{
    QFETCH(const bool, runs);
    QFETCH(const bool, endsFirst);
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    QCoro::Task<int> task = runs ? scope.run(&useLocal, std::ref(work), std::ref(cleaning), nullptr)
                                 : useLocal(scope, work, cleaning, nullptr);
    if (endsFirst)
        cleaning.open();
    clock().advance(1s);
    settle();
    QVERIFY(events().contains("inner: cancelled"));
    QVERIFY(scope.start(1h));
    const auto result = observe(scope.tryRun(std::move(task)));
    cleaning.open();
    settle();
    QVERIFY(scope.isActive());
    QCOMPARE(result->end, End::TimedOut); // it is not the second life that has expired
    scope.finish();
    work.open();
}

// The other way round: the tryRun of the first life knows its own error when the second has begun.
void tst_CoroutineAborts::ownErrorAfterASecondStart()
{
    Gate gates[2];
    QTimeoutScope scope(1s);
    connect(&scope, &QTimeoutScope::expired, this, [&scope] { scope.start(1h); });
    const auto task = observe(scope.tryRun(valueAfter(gates[0], 1)));
    const auto coroutine = observe(scope.tryRun(&waitAt, std::ref(gates[1]), QString("inner")));
    clock().advance(1s);
    settle();
    QVERIFY(scope.isActive());
    QCOMPARE(task->end, End::Returned);
    QVERIFY(!task->value->has_value());
    QCOMPARE(coroutine->end, End::Returned);
    QVERIFY(!coroutine->value->has_value());
    scope.finish();
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAborts::cleanUpIsNotUnderALaterLife_data()
{
    QTest::addColumn<bool>("isNested");
    QTest::newRow("nested") << true;
    QTest::newRow("not nested") << false;
}

void tst_CoroutineAborts::cleanUpIsNotUnderALaterLife()
{
    QFETCH(const bool, isNested);
    Gate work;
    Gate cleaning;
    Gate gate;
    QTimeoutScope outer(5h);
    QTimeoutScope scope(1s, isNested ? &outer : nullptr);
    std::unique_ptr<QTimeoutScope> made;
    ObservedPointer<int> run;
    const auto make = [&] {
        made = std::make_unique<QTimeoutScope>(7h);
        run = observe(QTimeout::run(7h, &waitAt, std::ref(gate), QString("run")));
    };
    // In a slot of the end, so that the second life begins before the coroutine is interrupted.
    connect(&scope, &QTimeoutScope::expired, this, [&scope] { scope.start(1h); });
    const auto result = observe(makeWhileCleaningUp(scope, work, make, cleaning));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QVERIFY(scope.isActive());
    QCOMPARE(made->enclosingScope(), isNested ? &outer : nullptr);
    scope.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QVERIFY(made->isActive());
    QCOMPARE(run->end, End::Pending);
    outer.cancel();
    settle();
    QCOMPARE(made->isCancelled(), isNested);
    QCOMPARE(run->end, isNested ? End::Cancelled : End::Pending);
    QCOMPARE(events().contains("cleaning: cancelled"), isNested);
    gate.open();
    work.open();
    cleaning.open();
    settle();
    QVERIFY(result->end != End::Pending);
    made.reset();
}

void tst_CoroutineAborts::runByNameIsUnderTheLaterLife()
{
    Gate work;
    Gate cleaning;
    Gate gate;
    QTimeoutScope scope(1s);
    ObservedPointer<int> run;
    const auto make = [&] { run = observe(scope.run(&waitAt, std::ref(gate), QString("run"))); };
    connect(&scope, &QTimeoutScope::expired, this, [&scope] { scope.start(1h); });
    const auto result = observe(makeWhileCleaningUp(scope, work, make, cleaning));
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QCOMPARE(run->end, End::Pending);
    scope.cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled", "run: cancelled", "~run"});
    QCOMPARE(run->end, End::Cancelled);
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    work.open();
    gate.open();
}

// A coroutine belongs to the life in which it was called.
void tst_CoroutineAborts::callByNameIsUnderTheLaterLife()
{
    Gate gates[2];
    QTimeoutScope scope(1h);
    scope.cancel();
    QVERIFY(scope.start(1h));
    const auto result = observe(waitAt(scope, gates[0], "second"));
    settle();
    QCOMPARE(result->end, End::Pending);
    expireNow(scope);
    QVERIFY(scope.start(1h));
    const auto last = observe(waitAt(scope, gates[1], "third"));
    settle();
    COMPARE_EVENTS({"second: cancelled", "~second"});
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(last->end, End::Pending);
    scope.finish();
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineAborts::runUnderAnEndedScopeThatIsStartedAgain_data()
{
    QTest::addColumn<bool>("expiresFirst");
    QTest::addColumn<bool>("expiresThen");
    QTest::newRow("expired, cancelled") << true << false;
    QTest::newRow("cancelled, expired") << false << true;
}

// A13: what a run holds is what the last end throws, and a new life makes it an ordinary one.
void tst_CoroutineAborts::runUnderAnEndedScopeThatIsStartedAgain()
{
    QFETCH(const bool, expiresFirst);
    QFETCH(const bool, expiresThen);
    Gate gate;
    Reply reply;
    int calls = 0;
    const auto function = [&calls](QTimeoutScope &) -> QCoro::Task<int> {
        ++calls;
        co_return 1;
    };
    QTimeoutScope scope(1h);
    abort(scope, expiresFirst);
    const End first = expiresFirst ? End::TimedOut : End::Cancelled;
    const auto ended = observe(scope.run(&reply));
    const auto endedCall = observe(scope.run(function));
    settle();
    QCOMPARE(ended->end, first);
    QCOMPARE(endedCall->end, first);
    QCOMPARE(reply.aborts, 1);
    QCOMPARE(calls, 0);

    QVERIFY(scope.start(1h));
    const auto running = observe(scope.run(&waitAt, std::ref(gate), QString("run")));
    settle();
    QCOMPARE(running->end, End::Pending);
    abort(scope, expiresThen);
    settle();
    const End second = expiresThen ? End::TimedOut : End::Cancelled;
    QCOMPARE(running->end, second);
    const auto again = observe(scope.run(function));
    settle();
    QCOMPARE(again->end, second);
    QCOMPARE(calls, 0);
    gate.open();
}

void tst_CoroutineAborts::runInASlotOfTheEnd_data()
{
    QTest::addColumn<bool>("startsFirst");
    QTest::newRow("in the new life") << true;
    QTest::newRow("in the ended one") << false;
}

void tst_CoroutineAborts::runInASlotOfTheEnd()
{
    QFETCH(const bool, startsFirst);
    Gate gate;
    QTimeoutScope scope(1s);
    scope.watch(this, [] {});
    ObservedPointer<int> run;
    const auto connection = connect(&scope, &QTimeoutScope::expired, this, [&] {
        if (startsFirst)
            scope.start(1h);
        run = observe(scope.run(&waitAt, std::ref(gate), QString("run")));
        if (!startsFirst)
            scope.start(1h);
    });
    clock().advance(1s);
    settle();
    QVERIFY(scope.isActive());
    QCOMPARE(run->end, startsFirst ? End::Pending : End::TimedOut);
    disconnect(connection);
    gate.open();
    settle();
    QCOMPARE(run->end, startsFirst ? End::Returned : End::TimedOut);
    scope.finish();
}

// A14.
void tst_CoroutineAborts::outlivesItsScope()
{
    Gate work;
    Gate cleaning;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    QTimeoutScope *current = scope.get();
    std::unique_ptr<QTimeoutScope> made;
    const auto make = [&] {
        scope.reset();
        current = QTimeout::currentScope();
        made = std::make_unique<QTimeoutScope>(1h);
    };
    const auto result = observe(makeWhileCleaningUp(*scope, work, make, cleaning));
    scope->cancel();
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    QCOMPARE(current, nullptr);
    QCOMPARE(made->enclosingScope(), nullptr);
    cleaning.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    work.open();
}

void tst_CoroutineAborts::outlivesItsScopeAndIsInterruptedFromFurtherOut()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(2h);
    auto scope = std::make_unique<QTimeoutScope>(1h, &outer);
    QTimeoutScope *current = scope.get();
    std::unique_ptr<QTimeoutScope> made;
    const auto make = [&] {
        current = QTimeout::currentScope();
        made = std::make_unique<QTimeoutScope>(7h);
    };
    const auto result = observe(makeWhileCleaningUp(*scope, work, make, cleaning));
    scope.reset(); // interrupts it before it returns
    COMPARE_EVENTS({"work: cancelled"});
    QCOMPARE(made->enclosingScope(), &outer);
    settle();
    QCOMPARE(result->end, End::Pending);
    clock().advance(2h);
    settle();
    COMPARE_EVENTS({"work: cancelled", "cleaning: cancelled"});
    QVERIFY(made->isCancelled());
    QVERIFY(result->end != End::Pending);
    work.open();
    cleaning.open();
}

// What it awaits afterwards runs as ever, with deadlines of its own.
void tst_CoroutineAborts::outlivesItsScopeWithWork()
{
    Gate gates[3];
    auto scope = std::make_unique<QTimeoutScope>(1h);
    QList<QTimeoutScope *> seen;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        try {
            co_await passThrough(gates[0]);
        } catch (...) {
            noteException("work");
        }
        co_await passThrough(gates[1]);
        seen.append(QTimeout::currentScope());
        try {
            co_await QTimeout::run(1s, &waitAt, std::ref(gates[2]), QString("run"));
        } catch (...) {
            noteException("run outside");
        }
        seen.append(QTimeout::currentScope());
        co_return 1;
    };
    const auto result = observe(coroutine(*scope));
    scope->cancel();
    settle();
    scope.reset();
    gates[1].open();
    settle();
    clock().advance(1s);
    settle();
    COMPARE_EVENTS({"work: cancelled", "run: cancelled", "~run", "run outside: timed out"});
    QCOMPARE(seen, QList<QTimeoutScope *>({nullptr, nullptr}));
    QCOMPARE(result->end, End::Returned);
    gates[0].open();
    gates[2].open();
}

QTEST_GUILESS_MAIN(tst_CoroutineAborts)
#include "tst_coroutine_aborts.moc"
