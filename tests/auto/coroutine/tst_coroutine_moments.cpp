// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

/*
    Has the shape of a network reply, and can be told to abort even when it has gone.
*/
class Download : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    bool isFinished() const { return false; }
    void abort() { note("abort"); }

Q_SIGNALS:
    void finished();
};

/*
    Takes an event loop to be aborted.
*/
struct Page
{
    int number = 0;
};

template<>
struct QTimeoutAbort<QFuture<Page>>
{
    static void abort(QFuture<Page> &future)
    {
        inEventLoop([] { note("abort"); });
        future.cancel();
    }
};

/*
    Is moved as it is awaited, and fails at one of the moves.
*/
class FragileTicket
{
public:
    FragileTicket() = default;
    FragileTicket(FragileTicket &&)
    {
        if (++moves == failingMove)
            throw std::runtime_error("torn");
    }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { s_waiter = waiter; }
    void await_resume() const noexcept {}

    static void resumeWaiter()
    {
        if (auto waiter = std::exchange(s_waiter, nullptr))
            waiter.resume();
    }

    static inline int moves = 0;
    static inline int failingMove = 0;

private:
    static inline std::coroutine_handle<> s_waiter;
    const Tracked m_tracked;
};

namespace {

enum class Awaited { Object, Run, RunUnderScope, Signal, SignalUnderScope, Watched };
enum class Ending { Cancelled, Expired, Destroyed };

void addAwaited(bool withEndings)
{
    QTest::addColumn<Awaited>("awaited");
    if (withEndings)
        QTest::addColumn<Ending>("ending");
    static constexpr const char *Kinds[] = {"object",
                                            "run of an object",
                                            "run of an object under the scope",
                                            "signal",
                                            "signal under the scope",
                                            "watched object"};
    static constexpr const char *Endings[] = {"cancelled", "expired", "destroyed"};
    for (int kind = 0; kind < int(std::size(Kinds)); ++kind) {
        if (!withEndings) {
            if (Awaited(kind) < Awaited::Signal)
                QTest::newRow(Kinds[kind]) << Awaited(kind);
            continue;
        }
        for (int ending = 0; ending < int(std::size(Endings)); ++ending) {
            QTest::addRow("%s, scope is %s", Kinds[kind], Endings[ending])
                    << Awaited(kind) << Ending(ending);
        }
    }
}

// Notes how the wait ends.
template<typename Object>
QCoro::Task<> waitFor(QTimeoutScope &scope, Awaited awaited, Object *object, QString name)
{
    const Local local(name);
    try {
        if (awaited == Awaited::Object)
            co_await object;
        else if (awaited == Awaited::Run)
            co_await QTimeout::run(2h, object);
        else if (awaited == Awaited::RunUnderScope)
            co_await scope.run(object);
        else if (awaited == Awaited::Signal)
            co_await QTimeout::run(2h, object, &Object::finished);
        else
            co_await scope.run(object, &Object::finished);
        note(name + QLatin1String(": returned"));
    } catch (...) {
        noteException(name);
        throw;
    }
}

void end(std::unique_ptr<QTimeoutScope> &scope, Ending ending)
{
    if (ending == Ending::Cancelled)
        scope->cancel();
    else if (ending == Ending::Expired)
        expireNow(*scope);
    else
        scope.reset();
}

// Goes on at the gate if the ticket fails.
QCoro::Task<int> awaitFragileTicket(QTimeoutScope &scope, Gate &gate, bool cancels)
{
    const Tracked local;
    try {
        co_await FragileTicket();
    } catch (const std::runtime_error &) {
        note("ticket: failed");
    }
    if (cancels)
        scope.cancel();
    co_return co_await waitAt(scope, gate, "gate");
}

// Cleans up by waiting for a task that somebody else has started, and which may come later.
QCoro::Task<> cleanUpWithTask(QTimeoutScope &scope, Gate &work, QCoro::Task<> &task)
{
    const Local local("cleaner");
    std::exception_ptr interruption;
    try {
        co_await waitAt(scope, work, "work");
    } catch (const QTimeoutCancelled &) {
        interruption = std::current_exception();
    }
    try {
        co_await task;
    } catch (...) {
        noteException("task");
    }
    note("cleaner: cleaned up");
    if (interruption)
        std::rethrow_exception(std::exchange(interruption, nullptr));
}

QCoro::Task<> awaitCleaner(QTimeoutScope &scope, Gate &work, Download *download)
{
    QCoro::Task<> task;
    auto cleaner = cleanUpWithTask(scope, work, task);
    task = QTimeout::run(2h, download, &Download::finished);
    co_await cleaner;
}

// The function is called by an event loop that ends with it.
void callInNestedLoop(const std::function<void()> &function)
{
    QEventLoop loop;
    QMetaObject::invokeMethod(
            &loop,
            [&] {
                function();
                loop.quit();
            },
            Qt::QueuedConnection);
    loop.exec();
}

QCoro::Task<> checkAfterNestedLoop(QTimeoutScope &scope, Gate &gate, std::function<void()> nested)
{
    const Local local("parent");
    auto child = waitAt(scope, gate, "child");
    callInNestedLoop(nested);
    try {
        scope.throwIfAborted();
        note("parent: goes on");
    } catch (...) {
        noteException("parent");
        throw;
    }
    co_await child;
}

// Waits for the one, and then for the other, whether it is interrupted or not.
QCoro::Task<> waitForBoth(QTimeoutScope &scope, Awaited awaited, Reply *first, Reply *second)
{
    const Local local("cleaner");
    try {
        co_await waitFor(scope, awaited, first, "first");
    } catch (...) {
    }
    try {
        co_await second;
        note("second: returned");
    } catch (...) {
        noteException("second");
    }
}

// Owns what it waits for.
QCoro::Task<> waitForOwn(QTimeoutScope &scope, Awaited awaited)
{
    Reply own;
    own.onAbort = [] { note("own: aborted"); };
    co_await waitFor(scope, awaited, &own, "waiter");
}

} // namespace

/*
    What happens at awkward moments: while a coroutine is about to wait, while something is being aborted, in an
    event loop inside of that.
*/
class tst_CoroutineMoments : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void objectThatIsDisconnectedAndDestroyedIsNotAborted_data() { addAwaited(true); }
    void objectThatIsDisconnectedAndDestroyedIsNotAborted();
    void objectThatIsDisconnectedOnlyIsAborted_data() { addAwaited(false); }
    void objectThatIsDisconnectedOnlyIsAborted();
    void goesOnAfterAnAwaitableThatCannotBeMoved_data();
    void goesOnAfterAnAwaitableThatCannotBeMoved();
    void cleanUpMayWaitForARunThatIsAbortedToo_data();
    void cleanUpMayWaitForARunThatIsAbortedToo();
    void throwIfAbortedInterruptsChildrenFirst_data();
    void throwIfAbortedInterruptsChildrenFirst();
    void finishLeavesAWatchedRunAlone_data();
    void finishLeavesAWatchedRunAlone();
    void eventLoopOfAnAbortSparesNoObject_data() { addAwaited(false); }
    void eventLoopOfAnAbortSparesNoObject();
    void eventLoopOfAnAbortSparesNoObjectThatGoes_data() { addAwaited(false); }
    void eventLoopOfAnAbortSparesNoObjectThatGoes();
    void objectOfACleanUpInAnEventLoopOfAnAbortIsDestroyed_data() { addAwaited(false); }
    void objectOfACleanUpInAnEventLoopOfAnAbortIsDestroyed();
    void outerScopeIsCancelledInAnEventLoopOfAnAbort_data() { addAwaited(false); }
    void outerScopeIsCancelledInAnEventLoopOfAnAbort();
    void eventLoopWhileAFutureIsAborted_data();
    void eventLoopWhileAFutureIsAborted();
};

// A10: although nobody says that it has gone.
void tst_CoroutineMoments::objectThatIsDisconnectedAndDestroyedIsNotAborted()
{
    QFETCH(const Awaited, awaited);
    QFETCH(const Ending, ending);
    auto scope = std::make_unique<QTimeoutScope>(1h);
    auto *download = new Download;
    ObservedPointer<void> result;
    if (awaited == Awaited::Watched)
        scope->watch(download);
    else
        result = observe(waitFor(*scope, awaited, download, "waiter"));
    settle();
    download->disconnect();
    delete download;
    settle();
    end(scope, ending);
    settle();
    if (awaited == Awaited::Watched) {
        COMPARE_EVENTS({});
        return;
    }
    COMPARE_EVENTS({"waiter: cancelled", "~waiter"});
    QVERIFY(result->end == End::Cancelled || result->end == End::TimedOut);
}

// A1: its owner cannot know that somebody waits.
void tst_CoroutineMoments::objectThatIsDisconnectedOnlyIsAborted()
{
    QFETCH(const Awaited, awaited);
    QTimeoutScope scope(1h);
    Download download;
    const auto result = observe(waitFor(scope, awaited, &download, "waiter"));
    download.disconnect();
    scope.cancel();
    COMPARE_EVENTS({"abort"});
    settle();
    COMPARE_EVENTS({"abort", "waiter: cancelled", "~waiter"});
    QCOMPARE(result->end, End::Cancelled);
}

void tst_CoroutineMoments::goesOnAfterAnAwaitableThatCannotBeMoved_data()
{
    QTest::addColumn<bool>("whileRunning");
    QTest::newRow("cancelled while it runs") << true;
    QTest::newRow("cancelled while it waits for something else") << false;
}

void tst_CoroutineMoments::goesOnAfterAnAwaitableThatCannotBeMoved()
{
    QFETCH(const bool, whileRunning);
    int failures = 0;
    for (bool isMoved = true; isMoved;) {
        FragileTicket::failingMove = failures + 1;
        FragileTicket::moves = 0;
        events().clear();
        Gate gate;
        {
            QTimeoutScope scope(1h);
            const auto result = observe(awaitFragileTicket(scope, gate, whileRunning));
            isMoved = FragileTicket::moves >= FragileTicket::failingMove;
            QCOMPARE(events().contains("ticket: failed"), isMoved);
            scope.cancel();
            settle();
            if (isMoved) {
                ++failures;
                COMPARE_EVENTS({"ticket: failed", "gate: cancelled", "~gate"});
            }
            QCOMPARE(result->end, End::Cancelled);
        }
        gate.open();
        FragileTicket::resumeWaiter();
    }
    QVERIFY(failures > 0);
}

void tst_CoroutineMoments::cleanUpMayWaitForARunThatIsAbortedToo_data()
{
    QTest::addColumn<Ending>("ending");
    QTest::newRow("cancelled") << Ending::Cancelled;
    QTest::newRow("expired") << Ending::Expired;
    QTest::newRow("destroyed") << Ending::Destroyed;
}

// A6: neither waits for the other for ever.
void tst_CoroutineMoments::cleanUpMayWaitForARunThatIsAbortedToo()
{
    QFETCH(const Ending, ending);
    Gate work;
    Download download;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto result = observe(awaitCleaner(*scope, work, &download));
    end(scope, ending);
    settle();
    COMPARE_EVENTS(
            {"work: cancelled", "~work", "task: cancelled", "cleaner: cleaned up", "~cleaner"});
    QCOMPARE(result->end, ending == Ending::Expired ? End::TimedOut : End::Cancelled);
    QCOMPARE(connectedSignals(&download), QByteArrayList());
    work.open();
}

void tst_CoroutineMoments::throwIfAbortedInterruptsChildrenFirst_data()
{
    QTest::addColumn<Ending>("ending");
    QTest::newRow("cancelled") << Ending::Cancelled;
    QTest::newRow("expired") << Ending::Expired;
}

// A6: also if somebody else has ended the scope, in an event loop that the coroutine runs.
void tst_CoroutineMoments::throwIfAbortedInterruptsChildrenFirst()
{
    QFETCH(const Ending, ending);
    Gate gate;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto result = observe(checkAfterNestedLoop(*scope, gate, [&] { end(scope, ending); }));
    QVERIFY(!scope->isActive());
    COMPARE_EVENTS({"child: cancelled", "~child", "parent: cancelled", "~parent"});
    settle();
    QCOMPARE(result->end, ending == Ending::Expired ? End::TimedOut : End::Cancelled);
    gate.open();
}

void tst_CoroutineMoments::finishLeavesAWatchedRunAlone_data()
{
    QTest::addColumn<bool>("isEnclosed");
    QTest::newRow("alone") << false;
    QTest::newRow("nested") << true;
}

// S7.
void tst_CoroutineMoments::finishLeavesAWatchedRunAlone()
{
    QFETCH(const bool, isEnclosed);
    Gate gate;
    Gate second;
    QTimeoutScope outer(1h);
    QTimeoutScope scope(1h, isEnclosed ? &outer : nullptr);
    const auto work = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        return waitAt(own, gate, "work");
    };
    const auto secondWork = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        return waitAt(own, second, "second");
    };
    scope.watch(QTimeout::run(2h, work));
    scope.watch(QTimeout::run(2h, secondWork));
    scope.finish();
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    COMPARE_EVENTS({});
    gate.open();
    settle();
    COMPARE_EVENTS({"work: passed", "~work"});
    outer.cancel();
    settle();
    if (isEnclosed) {
        COMPARE_EVENTS({"work: passed", "~work", "second: cancelled", "~second"});
    } else {
        COMPARE_EVENTS({"work: passed", "~work"});
        second.open();
        settle();
        COMPARE_EVENTS({"work: passed", "~work", "second: passed", "~second"});
    }
    second.open();
}

// A1: the coroutine that waited for it has been resumed before its turn to be aborted came.
void tst_CoroutineMoments::eventLoopOfAnAbortSparesNoObject()
{
    QFETCH(const Awaited, awaited);
    QTimeoutScope scope(1h);
    Reply replies[3];
    ObservedPointer<void> results[3];
    for (int i = 0; i < 3; ++i) {
        replies[i].onAbort = [&reply = replies[i], i] {
            if (i == 1)
                reply.finish();
            inEventLoop([] { note("loop"); });
            if (i == 2)
                reply.finish();
        };
        results[i] = observe(waitFor(scope, awaited, &replies[i], QString::number(i)));
    }
    inEventLoop([&] { scope.cancel(); });
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(replies[i].aborts, 1);
        QCOMPARE(results[i]->end, End::Cancelled);
        QCOMPARE(connectedSignals(&replies[i]), QByteArrayList());
        QCOMPARE(events().count(QString::number(i) + ": cancelled"), 1);
    }
    QCOMPARE(events().count("loop"), 3);
}

// It goes with the coroutine, and is aborted before.
void tst_CoroutineMoments::eventLoopOfAnAbortSparesNoObjectThatGoes()
{
    QFETCH(const Awaited, awaited);
    QTimeoutScope scope(1h);
    Reply newer;
    newer.onAbort = [] {
        inEventLoop([] {});
        note("end of loop");
    };
    const auto own = observe(waitForOwn(scope, awaited));
    const auto result = observe(waitFor(scope, awaited, &newer, "newer"));
    inEventLoop([&] { scope.cancel(); });
    QCOMPARE(own->end, End::Cancelled);
    QCOMPARE(result->end, End::Cancelled);
    events().removeOne("newer: cancelled");
    events().removeOne("~newer");
    COMPARE_EVENTS({"own: aborted", "waiter: cancelled", "~waiter", "~reply", "end of loop"});
}

// A11: it awaits that in an event loop of the abort, and is told, there or later.
void tst_CoroutineMoments::objectOfACleanUpInAnEventLoopOfAnAbortIsDestroyed()
{
    QFETCH(const Awaited, awaited);
    for (const bool inLoop : {false, true}) {
        events().clear();
        QTimeoutScope scope(1h);
        Reply own;
        auto next = std::make_unique<Reply>();
        Reply newer;
        int ownAborts = 0;
        own.onAbort = [] { inEventLoop([] {}); };
        newer.onAbort = [&] {
            inEventLoop([] {});
            ownAborts = own.aborts;
            if (inLoop)
                inEventLoop([&] { next.reset(); });
        };
        const auto cleaner = observe(waitForBoth(scope, awaited, &own, next.get()));
        const auto result = observe(waitFor(scope, awaited, &newer, "newer"));
        inEventLoop([&] { scope.cancel(); });
        QCOMPARE(ownAborts, 1); // before the coroutine was resumed
        QCOMPARE(own.aborts, 1);
        QCOMPARE(newer.aborts, 1);
        QCOMPARE(events().count("first: cancelled"), 1);
        if (!inLoop) {
            QCOMPARE(next->aborts, 0);
            QVERIFY(!events().contains("second: cancelled"));
            QCOMPARE(cleaner->end, End::Pending);
            next.reset();
            settle();
        }
        QCOMPARE(events().count("second: cancelled"), 1);
        QVERIFY(cleaner->end != End::Pending);
        QCOMPARE(result->end, End::Cancelled);
    }
}

// A5: it is interrupted again, and what it awaits then is aborted too.
void tst_CoroutineMoments::outerScopeIsCancelledInAnEventLoopOfAnAbort()
{
    QFETCH(const Awaited, awaited);
    QTimeoutScope outer(1h);
    QTimeoutScope scope(1h, &outer);
    Reply own;
    Reply next;
    Reply newer;
    newer.onAbort = [&] {
        inEventLoop([] {});
        inEventLoop([&] { outer.cancel(); });
    };
    const auto cleaner = observe(waitForBoth(scope, awaited, &own, &next));
    const auto result = observe(waitFor(scope, awaited, &newer, "newer"));
    inEventLoop([&] { scope.cancel(); });
    QCOMPARE(own.aborts, 1);
    QCOMPARE(next.aborts, 1);
    QCOMPARE(newer.aborts, 1);
    QCOMPARE(events().count("first: cancelled"), 1);
    QCOMPARE(events().count("second: cancelled"), 1);
    QCOMPARE(events().count("newer: cancelled"), 1);
    QVERIFY(cleaner->end != End::Pending);
    QCOMPARE(result->end, End::Cancelled);
}

void tst_CoroutineMoments::eventLoopWhileAFutureIsAborted_data()
{
    QTest::addColumn<bool>("isAwaited");
    QTest::newRow("awaited") << true;
    QTest::newRow("awaited by a run") << false;
}

void tst_CoroutineMoments::eventLoopWhileAFutureIsAborted()
{
    QFETCH(const bool, isAwaited);
    QPromise<Page> promise;
    promise.start();
    const auto wait = [&](QTimeoutScope &) -> QCoro::Task<> {
        if (isAwaited)
            co_await promise.future();
        else
            co_await QTimeout::run(2h, promise.future());
    };
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto result = observe(wait(*scope));
    scope->cancel();
    settle();
    COMPARE_EVENTS({"abort"});
    QVERIFY(promise.isCanceled());
    QCOMPARE(result->end, End::Cancelled);
    scope.reset();
    promise.finish();
}

QTEST_GUILESS_MAIN(tst_CoroutineMoments)

#include "tst_coroutine_moments.moc"
