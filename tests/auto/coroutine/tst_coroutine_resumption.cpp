// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <stop_token>

using namespace std::chrono_literals;

namespace {

enum class Awaited {
    Object, // co_await object
    Run, // co_await run(1h, object)
    RunUnderScope, // co_await scope.run(object)
    RunOfFunction, // co_await run(1h, &function, object)
    RunOfPlainCode, // the same as RunUnderScope, by a coroutine that is not abortable
    Signal, // co_await run(1h, object, signal)
    SignalUnderScope, // co_await scope.run(object, signal)
    Future, // co_await future
};

struct NamedAwaited
{
    Awaited awaited;
    const char *name;
};

constexpr NamedAwaited Kinds[] = {
        {Awaited::Object, "object"},
        {Awaited::Run, "run of an object"},
        {Awaited::RunUnderScope, "run of an object under the scope"},
        {Awaited::RunOfFunction, "run of a function"},
        {Awaited::RunOfPlainCode, "run by a plain coroutine"},
        {Awaited::Signal, "signal"},
        {Awaited::SignalUnderScope, "signal under the scope"},
        {Awaited::Future, "future"},
};

// The object itself is waited for, and aborted.
constexpr bool isObject(Awaited awaited)
{
    return awaited < Awaited::Signal;
}

QCoro::Task<> waitForReply(QTimeoutScope &scope, Reply *reply)
{
    Q_UNUSED(scope)
    co_await reply;
}

// Notes how the wait ends.
QCoro::Task<> waitFor(QTimeoutScope &scope, Awaited awaited, Reply *reply, QFuture<void> future)
{
    try {
        if (awaited == Awaited::Object)
            co_await reply;
        else if (awaited == Awaited::Run)
            co_await QTimeout::run(2h, reply);
        else if (awaited == Awaited::RunUnderScope)
            co_await scope.run(reply);
        else if (awaited == Awaited::RunOfFunction)
            co_await QTimeout::run(2h, &waitForReply, reply);
        else if (awaited == Awaited::Signal)
            co_await QTimeout::run(2h, reply, &Reply::finished);
        else if (awaited == Awaited::SignalUnderScope)
            co_await scope.run(reply, &Reply::finished);
        else
            co_await future;
        note("waiter: returned");
    } catch (...) {
        noteException("waiter");
        throw;
    }
}

// The same, for one that is not abortable.
QCoro::Task<> waitPlainly(QTimeoutScope *scope, Reply *reply)
{
    try {
        co_await scope->run(reply);
        note("waiter: returned");
    } catch (...) {
        noteException("waiter");
        throw;
    }
}

/*
    A coroutine that waits for one thing.
*/
class Scene
{
public:
    explicit Scene(Awaited awaited) : m_awaited(awaited)
    {
        promise.start();
        if (awaited == Awaited::RunOfPlainCode)
            result = observe(waitPlainly(scope.get(), reply));
        else
            result = observe(waitFor(*scope, awaited, reply, promise.future()));
    }
    ~Scene()
    {
        scope.reset();
        delete reply;
        if (!promise.future().isFinished())
            promise.finish();
        settle();
    }
    Q_DISABLE_COPY_MOVE(Scene)

    // What is awaited ends.
    void end()
    {
        if (m_awaited == Awaited::Future)
            promise.finish();
        else
            reply->finish();
    }

    bool isAborted() const
    {
        return m_awaited == Awaited::Future ? promise.isCanceled() : reply->aborts > 0;
    }

    QPointer<Reply> reply = new Reply;
    QPromise<void> promise;
    std::unique_ptr<QTimeoutScope> scope = std::make_unique<QTimeoutScope>(1h);
    ObservedPointer<void> result;

private:
    const Awaited m_awaited;
};

// A coroutine owns what it awaits.
QCoro::Task<> ownReply(QTimeoutScope &scope, Awaited awaited, QPointer<Reply> &address)
{
    Reply reply;
    address = &reply;
    const QFuture<void> none;
    co_await waitFor(scope, awaited, &reply, none);
}

QCoro::Task<> ownReplyInRun(QTimeoutScope &scope, Awaited awaited, QPointer<Reply> &address)
{
    co_await scope.run(&ownReply, awaited, std::ref(address));
}

void addKinds(bool (*accept)(Awaited) = [](Awaited) { return true; })
{
    QTest::addColumn<Awaited>("awaited");
    for (const auto &[awaited, name] : Kinds) {
        if (accept(awaited))
            QTest::newRow(name) << awaited;
    }
}

// With a second column: whether the scope expires or is cancelled.
void addKindsAndCauses(bool (*accept)(Awaited) = [](Awaited) { return true; })
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<bool>("expires");
    for (const auto &[awaited, name] : Kinds) {
        if (!accept(awaited))
            continue;
        QTest::addRow("%s, cancelled", name) << awaited << false;
        QTest::addRow("%s, expired", name) << awaited << true;
    }
}

void abort(QTimeoutScope &scope, bool expires)
{
    if (expires)
        expireNow(scope);
    else
        scope.cancel();
}

} // namespace

/*
    A16: a coroutine is resumed by the event loop, and what it is told is decided at the moment of the abort.
*/
class tst_CoroutineResumption : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void notInsideTheEmission_data() { addKinds(); }
    void notInsideTheEmission();
    void notInsideTheDestructor_data();
    void notInsideTheDestructor();
    void notInsideCancel_data() { addKindsAndCauses(); }
    void notInsideCancel();
    void notInsideAnAbortFunction_data() { addKinds(); }
    void notInsideAnAbortFunction();
    void notInsideStart_data() { addKindsAndCauses(); }
    void notInsideStart();
    void notInsideWatchAndUnwatch_data() { addKinds(isObject); }
    void notInsideWatchAndUnwatch();
    void unwatchInTheSlotOfTheAbort_data() { addKinds(isObject); }
    void unwatchInTheSlotOfTheAbort();

    void interruptedOnTheNextTurn_data() { addKinds(); }
    void interruptedOnTheNextTurn();
    void plainTaskIsAbandonedOnTheNextTurn();
    void chainIsInterruptedOnTheNextTurn();
    void siblingsAreInterruptedOnTheNextTurn();

    void abortedBeforeCancelReturns_data() { addKinds(); }
    void abortedBeforeCancelReturns();
    void endedBeforeTheAbort_data() { addKindsAndCauses(); }
    void endedBeforeTheAbort();
    void endedInASlotOfTheAbort_data();
    void endedInASlotOfTheAbort();
    void endsAfterTheAbort_data() { addKindsAndCauses(); }
    void endsAfterTheAbort();
    void endsByTheAbort_data() { addKindsAndCauses(isObject); }
    void endsByTheAbort();
    void signalComesByTheAbort_data();
    void signalComesByTheAbort();
    void endsByTheAbortOfAnother();
    void destroyedAfterTheAbort_data();
    void destroyedAfterTheAbort();
    void awaitedAnewAfterTheAbort();
    void heldBackIsResumedByWhatItAwaits();
    void heldBackIsLookedAtInItsTurn_data();
    void heldBackIsLookedAtInItsTurn();

    void innermostFirst();
    void overtakesWhatHasBeenPosted_data();
    void overtakesWhatHasBeenPosted();
    void overtakesDeferredDeletes_data();
    void overtakesDeferredDeletes();
    void destroyedBeforeTheResumption_data() { addKinds(isObject); }
    void destroyedBeforeTheResumption();
    void beforeADeadlineThatIsDue_data() { addKinds(); }
    void beforeADeadlineThatIsDue();
    void byANestedEventLoop_data();
    void byANestedEventLoop();
    void afterTheEventLoopHasBeenTold();
    void afterAboutToQuit();

    void innerThenOuterInOneSlot_data();
    void innerThenOuterInOneSlot();
    void outerThenInnerInOneSlot();
    void startInTheSameSlot_data();
    void startInTheSameSlot();
    void twoLivesInOneSlot();
    void cancelledByAnotherCoroutineOfTheScope();
    void cancelledByOneThatHasStartedIt_data();
    void cancelledByOneThatHasStartedIt();

    void destructorInterrupts_data() { addKindsAndCauses(); }
    void destructorInterrupts();
    void destructorInterruptsWhatAnAbortHasNot_data() { addKindsAndCauses(); }
    void destructorInterruptsWhatAnAbortHasNot();
    void destructorInterruptsInnermostFirst();
    void awaitedTaskResumesDirectly();
    void waitForReturnsAfterTheEvent_data();
    void waitForReturnsAfterTheEvent();

    void localObjectEndsByItsAbort_data();
    void localObjectEndsByItsAbort();
    void localObjectIsAbortedBySomebodyElse_data();
    void localObjectIsAbortedBySomebodyElse();
    void localObjectCancelsTheScope_data();
    void localObjectCancelsTheScope();
};

void tst_CoroutineResumption::notInsideTheEmission()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.end();
    COMPARE_EVENTS({});
    QCOMPARE(scene.result->end, End::Pending);
    settle();
    COMPARE_EVENTS({"waiter: returned"});
    QCOMPARE(scene.result->end, End::Returned);
}

void tst_CoroutineResumption::notInsideTheDestructor_data()
{
    addKinds([](Awaited awaited) { return awaited != Awaited::Future; });
}

// A11.
void tst_CoroutineResumption::notInsideTheDestructor()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    delete scene.reply;
    COMPARE_EVENTS({"~reply"});
    settle();
    COMPARE_EVENTS({"~reply", "waiter: cancelled"});
    QCOMPARE(scene.result->end, End::Cancelled);
    QVERIFY(scene.scope->isActive());
}

void tst_CoroutineResumption::notInsideCancel()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    abort(*scene.scope, expires);
    COMPARE_EVENTS({});
    QCOMPARE(scene.result->end, End::Pending);
    settle();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
    QCOMPARE(events().size(), 1);
}

// The function of another scope, which has nothing to do with the coroutine.
void tst_CoroutineResumption::notInsideAnAbortFunction()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    QObject object;
    QTimeoutScope other(1h);
    other.watch(&object, [&scene] {
        scene.end();
        note("the function is over");
    });
    other.cancel();
    COMPARE_EVENTS({"the function is over"});
    settle();
    COMPARE_EVENTS({"the function is over", "waiter: returned"});
}

void tst_CoroutineResumption::notInsideStart()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    abort(*scene.scope, expires);
    QVERIFY(scene.scope->start(1h));
    COMPARE_EVENTS({});
    settle();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
    QVERIFY(scene.scope->isActive());
}

void tst_CoroutineResumption::notInsideWatchAndUnwatch()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.scope->watch(scene.reply.get());
    scene.scope->unwatch(scene.reply);
    settle();
    COMPARE_EVENTS({});
    QCOMPARE(scene.result->end, End::Pending); // the coroutine still waits

    QTimeoutScope ended(1h);
    ended.cancel();
    scene.reply->onAbort = [&scene] { scene.end(); };
    ended.watch(scene.reply.get()); // aborts it, since this scope has ended
    QCOMPARE(scene.reply->aborts, 1);
    COMPARE_EVENTS({});
    settle();
    COMPARE_EVENTS({"waiter: returned"});
}

void tst_CoroutineResumption::unwatchInTheSlotOfTheAbort()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.scope->watch(scene.reply.get());
    scene.scope->cancel();
    scene.scope->unwatch(scene.reply);
    COMPARE_EVENTS({});
    settle();
    COMPARE_EVENTS({"waiter: cancelled"});
}

void tst_CoroutineResumption::interruptedOnTheNextTurn()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.scope->cancel();
    turn();
    QCOMPARE(scene.result->end, End::Cancelled);
}

void tst_CoroutineResumption::plainTaskIsAbandonedOnTheNextTurn()
{
    Gate gate;
    QTimeoutScope scope(1h);
    const auto result = observe(waitAt(scope, gate, "waiter"));
    scope.cancel();
    COMPARE_EVENTS({});
    turn();
    COMPARE_EVENTS({"waiter: cancelled", "~waiter"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
}

// Those further out are resumed as the inner ones end, which is at once.
void tst_CoroutineResumption::chainIsInterruptedOnTheNextTurn()
{
    Gate gate;
    QTimeoutScope scope(1h);
    const auto plain = [&](QTimeoutScope *own) -> QCoro::Task<int> {
        co_return co_await waitAt(*own, gate, "inner");
    };
    const auto middle = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const Local local("middle");
        co_return co_await plain(&own);
    };
    const auto outer = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const Local local("outer");
        co_return co_await QTimeout::run(1h, middle);
    };
    const auto result = observe(outer(scope));
    scope.cancel();
    COMPARE_EVENTS({});
    turn();
    COMPARE_EVENTS({"inner: cancelled", "~inner", "~middle", "~outer"});
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
}

void tst_CoroutineResumption::siblingsAreInterruptedOnTheNextTurn()
{
    Gate gates[3];
    QTimeoutScope scope(1h);
    QList<ObservedPointer<int>> results;
    for (int i = 0; i < 3; ++i)
        results.append(observe(waitAt(scope, gates[i], QString::number(i))));
    scope.cancel();
    COMPARE_EVENTS({});
    turn();
    for (const auto &result : results)
        QCOMPARE(result->end, End::Cancelled);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineResumption::abortedBeforeCancelReturns()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    auto *watched = new Reply(scene.scope.get());
    scene.scope->watch(watched);
    scene.scope->cancel();
    QCOMPARE(watched->aborts, 1);
    // One has only stopped waiting for the sender of a signal.
    const bool isSignal = awaited == Awaited::Signal || awaited == Awaited::SignalUnderScope;
    QCOMPARE(scene.isAborted(), !isSignal);
    QCOMPARE(scene.result->end, End::Pending);
}

// A2.
void tst_CoroutineResumption::endedBeforeTheAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    scene.end();
    abort(*scene.scope, expires);
    COMPARE_EVENTS({});
    QVERIFY(!scene.isAborted());
    settle();
    COMPARE_EVENTS({"waiter: returned"});
    QCOMPARE(scene.result->end, End::Returned);
}

void tst_CoroutineResumption::endedInASlotOfTheAbort_data()
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<QString>("place");
    for (const auto &[awaited, name] : Kinds) {
        for (const char *place : {"stateChanged", "cancelled", "stop token"})
            QTest::addRow("%s, %s", name, place) << awaited << place;
    }
}

// The waits are looked at only after the signals and the stop token.
void tst_CoroutineResumption::endedInASlotOfTheAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const QString, place);
    Scene scene(awaited);
    const auto end = [&scene] { scene.end(); };
    std::optional<std::stop_callback<decltype(end)>> callback;
    if (place == "stateChanged")
        connect(scene.scope.get(), &QTimeoutScope::stateChanged, this, end);
    else if (place == "cancelled")
        connect(scene.scope.get(), &QTimeoutScope::cancelled, this, end);
    else
        callback.emplace(scene.scope->stopToken(), end);
    scene.scope->cancel();
    COMPARE_EVENTS({});
    QVERIFY(!scene.isAborted());
    settle();
    COMPARE_EVENTS({"waiter: returned"});
}

void tst_CoroutineResumption::endsAfterTheAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    abort(*scene.scope, expires);
    scene.end();
    settle();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
    QVERIFY(!events().contains("waiter: returned"));
}

void tst_CoroutineResumption::endsByTheAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    scene.reply->onAbort = [&scene] { scene.end(); };
    abort(*scene.scope, expires);
    QCOMPARE(scene.reply->aborts, 1);
    settle();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
    QVERIFY(!events().contains("waiter: returned"));
}

void tst_CoroutineResumption::signalComesByTheAbort_data()
{
    addKinds([](Awaited awaited) {
        return awaited == Awaited::Signal || awaited == Awaited::SignalUnderScope;
    });
}

void tst_CoroutineResumption::signalComesByTheAbort()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.reply->onAbort = [&scene] { scene.end(); };
    scene.scope->watch(scene.reply.get());
    scene.scope->cancel();
    QCOMPARE(scene.reply->aborts, 1);
    settle();
    COMPARE_EVENTS({"waiter: cancelled"});
}

void tst_CoroutineResumption::endsByTheAbortOfAnother()
{
    Reply first;
    Reply second;
    first.onAbort = [&second] { second.finish(); };
    second.onAbort = [&first] { first.finish(); };
    QTimeoutScope scope(1h);
    const auto one = observe(scope.run(&waitForReply, &first));
    const auto two = observe(scope.run(&waitForReply, &second));
    scope.cancel();
    QCOMPARE(first.aborts, 1);
    QCOMPARE(second.aborts, 1);
    settle();
    QCOMPARE(one->end, End::Cancelled);
    QCOMPARE(two->end, End::Cancelled);
}

void tst_CoroutineResumption::destroyedAfterTheAbort_data()
{
    addKindsAndCauses([](Awaited awaited) { return awaited != Awaited::Future; });
}

// Not A11: the cause is that of the abort.
void tst_CoroutineResumption::destroyedAfterTheAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    abort(*scene.scope, expires);
    delete scene.reply;
    COMPARE_EVENTS({"~reply"});
    settle();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
}

void tst_CoroutineResumption::awaitedAnewAfterTheAbort()
{
    Scene scene(Awaited::Object);
    scene.scope->cancel();
    QTimeoutScope next(1h);
    const auto anew = observe(waitForReply(next, scene.reply));
    const auto plainly = observe(QTimeout::run(1h, scene.reply.get()));
    scene.reply->finish();
    settle();
    COMPARE_EVENTS({"waiter: cancelled"});
    QCOMPARE(scene.result->end, End::Cancelled);
    QCOMPARE(anew->end, End::Returned);
    QCOMPARE(plainly->end, End::Returned);
}

/*
    A6 keeps the abort from it, but not the news that it waits for. Then the abort arrives where it waits next.
*/
void tst_CoroutineResumption::heldBackIsResumedByWhatItAwaits()
{
    Gate work;
    Gate cleaning;
    Gate next;
    Reply reply;
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const auto inner = cleanUpAt(own, work, cleaning, "inner");
        co_await &reply;
        note("outer: resumed");
        try {
            co_await passThrough(next);
        } catch (...) {
            noteException("outer");
            throw;
        }
    };
    const auto result = observe(coroutine(scope));
    scope.cancel();
    settle();
    COMPARE_EVENTS({"inner: cancelled"});
    QCOMPARE(reply.aborts, 0);
    reply.finish();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "outer: resumed"});
    cleaning.open();
    settle();
    COMPARE_EVENTS({"inner: cancelled", "outer: resumed", "inner: cleaned up", "~inner",
                    "outer: cancelled"});
    QCOMPARE(result->end, End::Cancelled);
    work.open();
    next.open();
}

void tst_CoroutineResumption::heldBackIsLookedAtInItsTurn_data()
{
    QTest::addColumn<bool>("ends");
    QTest::newRow("ended by then") << true;
    QTest::newRow("not ended by then") << false;
}

void tst_CoroutineResumption::heldBackIsLookedAtInItsTurn()
{
    QFETCH(const bool, ends);
    Gate work;
    Gate cleaning;
    Reply reply;
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const auto inner = cleanUpAt(own, work, cleaning, "inner");
        co_await &reply;
    };
    const auto result = observe(coroutine(scope));
    scope.cancel();
    settle();
    if (ends)
        reply.finish();
    cleaning.open(); // the inner one ends before the outer one has heard of the reply
    settle();
    QCOMPARE(result->end, ends ? End::Returned : End::Cancelled);
    QCOMPARE(reply.aborts, ends ? 0 : 1);
    work.open();
}

void tst_CoroutineResumption::innermostFirst()
{
    Gate gates[3];
    QTimeoutScope scope(1h);
    const auto middle = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto inner = waitAt(own, gates[0], "inner");
        co_return co_await waitAt(own, gates[1], "beside it");
    };
    const auto outer = [&](QTimeoutScope &) -> QCoro::Task<> {
        const auto run = QTimeout::run(1h, middle);
        try {
            co_await passThrough(gates[2]);
        } catch (...) {
            noteException("outer");
            throw;
        }
    };
    const auto result = observe(outer(scope));
    scope.cancel();
    settle();
    QCOMPARE(events().size(), 5);
    QCOMPARE(events().last(), "outer: cancelled");
    QVERIFY(events().contains("inner: cancelled"));
    QVERIFY(events().contains("beside it: cancelled"));
    QCOMPARE(result->end, End::Cancelled);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineResumption::overtakesWhatHasBeenPosted_data()
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<bool>("aborts");
    for (const auto &[awaited, name] : Kinds) {
        QTest::addRow("%s, ended", name) << awaited << false;
        QTest::addRow("%s, aborted", name) << awaited << true;
    }
}

void tst_CoroutineResumption::overtakesWhatHasBeenPosted()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, aborts);
    Scene scene(awaited);
    if (aborts)
        scene.scope->cancel();
    else
        scene.end();
    QMetaObject::invokeMethod(
            this, [] { note("posted"); }, Qt::QueuedConnection);
    settle();
    COMPARE_EVENTS({aborts ? "waiter: cancelled" : "waiter: returned", "posted"});
}

void tst_CoroutineResumption::overtakesDeferredDeletes_data()
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<QString>("act");
    for (const auto &[awaited, name] : Kinds) {
        if (awaited == Awaited::Future)
            continue;
        for (const char *act : {"ended", "deleted in a slot", "aborted"})
            QTest::addRow("%s, %s", name, act) << awaited << act;
    }
}

void tst_CoroutineResumption::overtakesDeferredDeletes()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const QString, act);
    Scene scene(awaited);
    if (act == "deleted in a slot")
        connect(scene.reply, &Reply::finished, scene.reply, &QObject::deleteLater);
    inEventLoop([&] {
        if (act == "aborted")
            scene.scope->cancel();
        else
            scene.end();
        if (act != "deleted in a slot")
            scene.reply->deleteLater();
    });
    COMPARE_EVENTS({act == "aborted" ? "waiter: cancelled" : "waiter: returned", "~reply"});
}

// A11: there is nothing that could be given back.
void tst_CoroutineResumption::destroyedBeforeTheResumption()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    scene.end();
    delete scene.reply;
    COMPARE_EVENTS({"~reply"});
    settle();
    COMPARE_EVENTS({"~reply", "waiter: cancelled"});
    QVERIFY(scene.scope->isActive());
}

void tst_CoroutineResumption::beforeADeadlineThatIsDue()
{
    QFETCH(const Awaited, awaited);
    Scene scene(awaited);
    QTimeoutScope other;
    connect(&other, &QTimeoutScope::expired, this, [] { note("deadline"); });
    other.start(0ms);
    scene.scope->cancel();
    COMPARE_EVENTS({});
    clock().advance(0s);
    COMPARE_EVENTS({"waiter: cancelled", "deadline"});
}

void tst_CoroutineResumption::byANestedEventLoop_data()
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<bool>("aborts");
    for (const auto &[awaited, name] : Kinds) {
        QTest::addRow("%s, ended", name) << awaited << false;
        QTest::addRow("%s, aborted", name) << awaited << true;
    }
}

void tst_CoroutineResumption::byANestedEventLoop()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, aborts);
    Scene scene(awaited);
    inEventLoop([&] {
        if (aborts)
            scene.scope->cancel();
        else
            scene.end();
        note("not yet");
        inEventLoop([] {});
        note("the nested event loop is over");
    });
    COMPARE_EVENTS({"not yet", aborts ? "waiter: cancelled" : "waiter: returned",
                    "the nested event loop is over"});
}

void tst_CoroutineResumption::afterTheEventLoopHasBeenTold()
{
    Scene scene(Awaited::Object);
    QEventLoop loop;
    QMetaObject::invokeMethod(
            &loop,
            [&] {
                scene.scope->cancel();
                loop.quit();
                note("the slot is over");
            },
            Qt::QueuedConnection);
    loop.exec();
    settle(); // another event loop
    COMPARE_EVENTS({"the slot is over", "waiter: cancelled"});
    QCOMPARE(scene.result->end, End::Cancelled);
}

// S12.
void tst_CoroutineResumption::afterAboutToQuit()
{
    Scene scene(Awaited::Object);
    QObject context;
    connect(QCoreApplication::instance(), &QCoreApplication::aboutToQuit, &context, [&scene] {
        scene.scope->cancel();
        note("the slot is over");
    });
    QMetaObject::invokeMethod(QCoreApplication::instance(), &QCoreApplication::quit,
                              Qt::QueuedConnection);
    QCoreApplication::exec();
    settle();
    COMPARE_EVENTS({"the slot is over", "waiter: cancelled"});
    QCOMPARE(scene.result->end, End::Cancelled);
}

void tst_CoroutineResumption::innerThenOuterInOneSlot_data()
{
    QTest::addColumn<bool>("innerExpires");
    QTest::addColumn<bool>("outerExpires");
    QTest::newRow("cancelled, cancelled") << false << false;
    QTest::newRow("cancelled, expired") << false << true;
    QTest::newRow("expired, cancelled") << true << false;
    QTest::newRow("expired, expired") << true << true;
}

// A5: one interruption for both, with the cause of the first.
void tst_CoroutineResumption::innerThenOuterInOneSlot()
{
    QFETCH(const bool, innerExpires);
    QFETCH(const bool, outerExpires);
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    const auto result = observe(cleanUpAt(inner, work, cleaning, "work"));
    abort(inner, innerExpires);
    abort(outer, outerExpires);
    COMPARE_EVENTS({});
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    clock().advance(2h);
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    cleaning.open();
    settle();
    COMPARE_EVENTS({"work: cancelled", "work: cleaned up", "~work"});
    QCOMPARE(result->end, innerExpires ? End::TimedOut : End::Cancelled);
    work.open();
}

void tst_CoroutineResumption::outerThenInnerInOneSlot()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    const auto result = observe(cleanUpAt(inner, work, cleaning, "work"));
    outer.cancel();
    inner.cancel(); // has ended with the outer one
    settle();
    COMPARE_EVENTS({"work: cancelled"});
    cleaning.open();
    QCOMPARE(result->end, End::Cancelled);
    work.open();
}

void tst_CoroutineResumption::startInTheSameSlot_data()
{
    QTest::addColumn<bool>("expires");
    QTest::newRow("cancelled") << false;
    QTest::newRow("expired") << true;
}

// S1: what runs in the second life has nothing to do with the end of the first.
void tst_CoroutineResumption::startInTheSameSlot()
{
    QFETCH(const bool, expires);
    Gate gates[2];
    QTimeoutScope scope(1h);
    const auto old = observe(waitAt(scope, gates[0], "old"));
    abort(scope, expires);
    QVERIFY(scope.start(1h));
    const auto young = observe(waitAt(scope, gates[1], "young"));
    COMPARE_EVENTS({});
    settle();
    COMPARE_EVENTS({"old: cancelled", "~old"});
    QCOMPARE(old->end, expires ? End::TimedOut : End::Cancelled);
    QCOMPARE(young->end, End::Pending);
    QVERIFY(scope.isActive());
    scope.cancel();
    settle();
    COMPARE_EVENTS({"old: cancelled", "~old", "young: cancelled", "~young"});
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineResumption::twoLivesInOneSlot()
{
    Gate gates[3];
    Gate cleaning;
    QTimeoutScope scope(1h);
    const auto first = observe(cleanUpAt(scope, gates[0], cleaning, "first"));
    expireNow(scope);
    QVERIFY(scope.start(1h));
    const auto second = observe(waitAt(scope, gates[1], "second"));
    scope.cancel();
    QVERIFY(scope.start(1h));
    const auto third = observe(waitAt(scope, gates[2], "third"));
    settle();
    QCOMPARE(events().count("first: cancelled"), 1);
    QCOMPARE(first->end, End::Pending);
    QCOMPARE(second->end, End::Cancelled);
    QCOMPARE(third->end, End::Pending);
    cleaning.open();
    settle();
    QCOMPARE(first->end, End::TimedOut);
    gates[2].open();
    QCOMPARE(third->end, End::Returned);
    gates[0].open();
    gates[1].open();
}

void tst_CoroutineResumption::cancelledByAnotherCoroutineOfTheScope()
{
    Gate gate;
    Gate go;
    Gate next;
    QTimeoutScope scope(1h);
    const auto sibling = observe(waitAt(scope, gate, "sibling"));
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        co_await passThrough(go);
        own.cancel();
        note("cancel() is over");
        try {
            co_await passThrough(next);
        } catch (...) {
            noteException("coroutine");
            throw;
        }
    };
    const auto result = observe(coroutine(scope));
    go.open();
    settle();
    QCOMPARE(events().size(), 4);
    QCOMPARE(events().first(), "cancel() is over");
    QVERIFY(events().contains("sibling: cancelled"));
    QVERIFY(events().contains("coroutine: cancelled"));
    QCOMPARE(sibling->end, End::Cancelled);
    QCOMPARE(result->end, End::Cancelled);
    gate.open();
    next.open();
}

void tst_CoroutineResumption::cancelledByOneThatHasStartedIt_data()
{
    QTest::addColumn<bool>("expires");
    QTest::addColumn<bool>("runs");
    QTest::newRow("cancelled, called") << false << false;
    QTest::newRow("cancelled, run") << false << true;
    QTest::newRow("expired, called") << true << false;
    QTest::newRow("expired, run") << true << true;
}

// A6: the locals of the coroutine may go when the call returns.
void tst_CoroutineResumption::cancelledByOneThatHasStartedIt()
{
    QFETCH(const bool, expires);
    QFETCH(const bool, runs);
    Gate gates[2];
    Gate go;
    Reply reply;
    QTimeoutScope scope(1h);
    const auto child = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const auto grandchild = waitAt(own, gates[0], "grandchild");
        co_return co_await waitAt(own, gates[1], "child");
    };
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const auto started = runs ? QTimeout::run(1h, child) : child(own);
        const auto reading = waitForReply(own, &reply);
        co_await passThrough(go);
        abort(own, expires);
        note("the call is over");
    };
    const auto result = observe(coroutine(scope));
    go.open();
    QCOMPARE(events().size(), 5);
    QCOMPARE(events().last(), "the call is over");
    QCOMPARE(reply.aborts, 1);
    QCOMPARE(result->end, End::Returned);
    for (Gate &gate : gates)
        gate.open();
}

// S8.
void tst_CoroutineResumption::destructorInterrupts()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    const auto destroy = [&scene] { scene.scope.reset(); };
    if (expires) { // destroyed in a slot of the expiry
        connect(scene.scope.get(), &QTimeoutScope::expired, this, destroy);
        scene.scope->reschedule(0);
        clock().advance(0s);
        QVERIFY(!scene.scope);
    } else {
        destroy();
    }
    COMPARE_EVENTS({expires && awaited == Awaited::RunOfPlainCode ? "waiter: timed out"
                                                                  : "waiter: cancelled"});
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
}

void tst_CoroutineResumption::destructorInterruptsWhatAnAbortHasNot()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, expires);
    Scene scene(awaited);
    abort(*scene.scope, expires);
    COMPARE_EVENTS({});
    scene.scope.reset();
    QCOMPARE(scene.result->end, expires ? End::TimedOut : End::Cancelled);
    settle();
    QCOMPARE(events().size(), 1);
}

void tst_CoroutineResumption::destructorInterruptsInnermostFirst()
{
    Gate gates[2];
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const auto inner = waitAt(own, gates[0], "inner");
        try {
            co_await passThrough(gates[1]);
        } catch (...) {
            noteException("outer");
            throw;
        }
    };
    const auto result = observe(outer(*scope));
    scope->cancel();
    scope.reset();
    COMPARE_EVENTS({"inner: cancelled", "~inner", "outer: cancelled"});
    QCOMPARE(result->end, End::Cancelled);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineResumption::awaitedTaskResumesDirectly()
{
    Gate gate;
    QTimeoutScope scope(1h);
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        const int value = co_await waitAt(own, gate, "inner");
        note("outer");
        co_return value;
    };
    const auto result = observe(outer(scope));
    gate.open();
    COMPARE_EVENTS({"inner: passed", "~inner", "outer"});
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineResumption::waitForReturnsAfterTheEvent_data()
{
    QTest::addColumn<bool>("isSignal");
    QTest::newRow("object") << false;
    QTest::newRow("signal") << true;
}

void tst_CoroutineResumption::waitForReturnsAfterTheEvent()
{
    QFETCH(const bool, isSignal);
    Reply reply;
    QMetaObject::invokeMethod(
            &reply,
            [&reply] {
                reply.finish();
                note("the slot is over");
            },
            Qt::QueuedConnection);
    if (isSignal)
        QTimeout::waitFor(1h, &reply, &Reply::finished);
    else
        QTimeout::waitFor(1h, &reply);
    COMPARE_EVENTS({"the slot is over"});
}

static void addOwned()
{
    QTest::addColumn<Awaited>("awaited");
    QTest::addColumn<bool>("inRun");
    for (const auto &[awaited, name] : Kinds) {
        // What a plain coroutine waits for must not be owned by it.
        if (awaited == Awaited::Future || awaited == Awaited::RunOfPlainCode)
            continue;
        QTest::addRow("%s", name) << awaited << false;
        QTest::addRow("%s, below a run", name) << awaited << true;
    }
}

void tst_CoroutineResumption::localObjectEndsByItsAbort_data()
{
    addOwned();
}

void tst_CoroutineResumption::localObjectEndsByItsAbort()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, inRun);
    for (const char *act : {"cancel", "expire", "destroy"}) {
        events().clear();
        auto scope = std::make_unique<QTimeoutScope>(1h);
        QPointer<Reply> reply;
        const auto result = observe((inRun ? &ownReplyInRun : &ownReply)(*scope, awaited, reply));
        reply->onAbort = [reply = reply.get()] { reply->finish(); };
        if (!isObject(awaited))
            scope->watch(reply.get()); // the sender of a signal is not aborted otherwise
        if (act == QByteArray("cancel")) {
            scope->cancel();
            QCOMPARE(reply->aborts, 1);
        } else if (act == QByteArray("expire")) {
            clock().advance(1h);
        } else {
            scope.reset();
        }
        settle();
        QVERIFY(!reply);
        COMPARE_EVENTS({"waiter: cancelled", "~reply"});
        QCOMPARE(result->end, act == QByteArray("expire") ? End::TimedOut : End::Cancelled);
    }
}

void tst_CoroutineResumption::localObjectIsAbortedBySomebodyElse_data()
{
    addOwned();
}

void tst_CoroutineResumption::localObjectIsAbortedBySomebodyElse()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, inRun);
    QTimeoutScope scope(1h);
    QPointer<Reply> reply;
    const auto result = observe((inRun ? &ownReplyInRun : &ownReply)(scope, awaited, reply));
    reply->onAbort = [reply = reply.get()] { reply->finish(); };
    reply->abort(); // a transfer timeout, say
    COMPARE_EVENTS({});
    settle();
    COMPARE_EVENTS({"waiter: returned", "~reply"});
    QCOMPARE(result->end, End::Returned);
    QVERIFY(scope.isActive());
}

void tst_CoroutineResumption::localObjectCancelsTheScope_data()
{
    addOwned();
}

void tst_CoroutineResumption::localObjectCancelsTheScope()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const bool, inRun);
    // A signal that does not end the wait, and the one that does.
    for (const bool ends : {false, true}) {
        events().clear();
        QTimeoutScope scope(1h);
        QPointer<Reply> reply;
        const auto result = observe((inRun ? &ownReplyInRun : &ownReply)(scope, awaited, reply));
        connect(reply, ends ? &Reply::finished : &Reply::failed, &scope, &QTimeoutScope::cancel);
        if (ends)
            reply->finish();
        else
            reply->fail();
        QVERIFY(scope.isCancelled());
        COMPARE_EVENTS({});
        settle();
        COMPARE_EVENTS({ends ? "waiter: returned" : "waiter: cancelled", "~reply"});
        QCOMPARE(result->end, ends ? End::Returned : End::Cancelled);
    }
}

QTEST_GUILESS_MAIN(tst_CoroutineResumption)
#include "tst_coroutine_resumption.moc"
