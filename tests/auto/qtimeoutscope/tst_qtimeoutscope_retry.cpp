// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"
#include "testsupport.h"
#include "worker.h"

#include <QCoroFuture>

#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qsignalspy.h>

#include <functional>
#include <memory>
#include <optional>

using namespace std::chrono_literals;

namespace {

// As many turns as anything can take whose time has come.
void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
}

// The deadline of the scope passes, and is looked at in this call: not by the event loop. Returns whether it threw.
bool expireNow(QTimeoutScope &scope)
{
    scope.reschedule(0);
    try {
        scope.throwIfAborted();
    } catch (const QTimeoutError &) {
        return true;
    }
    return false;
}

QCoro::Task<> waitFor(QTimeoutScope &scope, QFuture<void> future)
{
    Q_UNUSED(scope)
    co_await future;
}

// Waits for the second future when it has been interrupted at the first.
QCoro::Task<> cleanUp(QTimeoutScope &scope, QFuture<void> work, QFuture<void> cleaning)
{
    Q_UNUSED(scope)
    std::exception_ptr interruption;
    try {
        co_await work;
    } catch (...) {
        interruption = std::current_exception();
    }
    co_await cleaning;
    if (interruption)
        std::rethrow_exception(std::exchange(interruption, nullptr));
}

enum class By { Watch, WatchWithFunction, Run };

struct NamedBy
{
    By by;
    const char *name;
};

constexpr NamedBy Ways[] = {{By::Watch, "watch"},
                            {By::WatchWithFunction, "watch with a function"},
                            {By::Run, "run"}};

/*
    A job that can be awaited.
*/
class Download : public Job
{
public:
    bool isFinished() const { return m_isFinished; }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }

private:
    bool m_isFinished = false;
};

using Run = decltype(observe(std::declval<QTimeoutScope &>().run(std::declval<Download *>())));

// Gives the job to the scope.
void hold(QTimeoutScope &scope, By by, Download &job, Run &result)
{
    if (by == By::Watch)
        scope.watch(&job);
    else if (by == By::WatchWithFunction)
        scope.watch(&job, [&job] { job.abort(); });
    else
        result = observe(scope.run(&job));
}

class Future
{
public:
    Future() { promise.start(); }
    ~Future()
    {
        if (!promise.future().isFinished())
            promise.finish();
    }
    Q_DISABLE_COPY_MOVE(Future)

    operator QFuture<void>() const { return promise.future(); }

    QPromise<void> promise;
};

void expectInterruptedWarning()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("QTimeoutScope")));
}

} // namespace

/*
    S6, S7 and S11: what is under a new life, what beats an expiry, and what a scope leaves behind in a thread.
*/
class tst_QTimeoutScopeRetry : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void sameObjectInTheNewLife_data();
    void sameObjectInTheNewLife();
    void newLifeEndsWithTheSameObject();
    void otherObjectsAreAborted();
    void again();
    void startedAgainWithoutTheObject();

    void dueFinishBeatsAnExpiry_data();
    void dueFinishBeatsAnExpiry();
    void dueFinishBeatsTheEndOfTheEnclosingScope_data();
    void dueFinishBeatsTheEndOfTheEnclosingScope();
    void notDueAsLongAsSomethingRuns();
    void futureThatHasFinishedBeforehand();

    void movedRunIsInterrupted_data();
    void movedRunIsInterrupted();
    void movedCoroutineIsInterrupted();
    void movedCoroutineCleansUpWhereItIs();
    void movedWithNestedScopes();
    void movedWithoutWork();
    void movedAfterTheWorkHasEnded();
    void movedScopeGoesOnWatching_data();
    void movedScopeGoesOnWatching();
    void movedScopeKeepsItsDeadline();
    void movedAwayFromTheEnclosingScope();
};

void tst_QTimeoutScopeRetry::sameObjectInTheNewLife_data()
{
    QTest::addColumn<By>("first");
    QTest::addColumn<By>("second");
    QTest::addColumn<bool>("expires");
    QTest::addColumn<bool>("early");
    for (const auto &[first, firstName] : Ways) {
        for (const auto &[second, secondName] : Ways) {
            for (const bool expires : {true, false}) {
                for (const bool early : {true, false}) {
                    QTest::addRow("%s, then %s, in %s", firstName, secondName,
                                  early             ? (expires ? "stateChanged to Expired"
                                                               : "stateChanged to Cancelled")
                                          : expires ? "expired"
                                                    : "cancelled")
                            << first << second << expires << early;
                }
            }
        }
    }
}

// S6: a retry from the slot.
void tst_QTimeoutScopeRetry::sameObjectInTheNewLife()
{
    QFETCH(const By, first);
    QFETCH(const By, second);
    QFETCH(const bool, expires);
    QFETCH(const bool, early);
    Download job;
    Run firstRun;
    Run secondRun;
    QTimeoutScope scope(1s);
    hold(scope, first, job, firstRun);
    int retries = 0;
    const auto retry = [&] {
        if (++retries > 1)
            return;
        QVERIFY(scope.start(1s));
        hold(scope, second, job, secondRun);
    };
    if (early) {
        connect(&scope, &QTimeoutScope::stateChanged, this, [&](QTimeoutScope::State state) {
            if (state == QTimeoutScope::Expired || state == QTimeoutScope::Cancelled)
                retry();
        });
    } else if (expires) {
        connect(&scope, &QTimeoutScope::expired, this, retry);
    } else {
        connect(&scope, &QTimeoutScope::cancelled, this, retry);
    }
    if (expires)
        clock().advance(1s);
    else
        scope.cancel();
    settle();
    QCOMPARE(retries, 1);
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 0);
    if (firstRun)
        QCOMPARE(firstRun->end, expires ? End::TimedOut : End::Cancelled);
    if (secondRun)
        QCOMPARE(secondRun->end, End::Pending);
    clock().advance(999ms);
    QCOMPARE(job.aborts, 0);
    if (expires)
        clock().advance(1ms);
    else
        scope.cancel();
    settle();
    QCOMPARE(job.aborts, 1);
    if (secondRun)
        QCOMPARE(secondRun->end, expires ? End::TimedOut : End::Cancelled);
}

void tst_QTimeoutScopeRetry::newLifeEndsWithTheSameObject()
{
    Download job;
    QTimeoutScope scope(1s);
    scope.watch(&job);
    connect(&scope, &QTimeoutScope::expired, this, [&] {
        scope.start(1s);
        scope.watch(&job);
    });
    clock().advance(1s);
    settle();
    QVERIFY(scope.isActive());
    job.finish();
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeRetry::otherObjectsAreAborted()
{
    Download kept;
    Download other;
    QTimeoutScope scope(1s);
    scope.watch(&other);
    scope.watch(&kept);
    const auto run = observe(scope.run(&other));
    connect(&scope, &QTimeoutScope::expired, this, [&] {
        scope.start(1h);
        scope.watch(&kept);
    });
    clock().advance(1s);
    settle();
    QVERIFY(other.aborts > 0);
    QCOMPARE(kept.aborts, 0);
    QCOMPARE(run->end, End::TimedOut);
    scope.finish();
}

void tst_QTimeoutScopeRetry::again()
{
    Download job;
    QTimeoutScope scope(1s);
    scope.watch(&job);
    int retries = 0;
    connect(&scope, &QTimeoutScope::expired, this, [&] {
        if (++retries > 3)
            return;
        scope.start(1s);
        scope.watch(&job);
    });
    for (int i = 1; i <= 3; ++i) {
        clock().advance(1s);
        settle();
        QCOMPARE(retries, i);
        QCOMPARE(job.aborts, 0);
    }
    clock().advance(1s);
    settle();
    QCOMPARE(retries, 4);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeRetry::startedAgainWithoutTheObject()
{
    Download job;
    QTimeoutScope scope(1s);
    scope.watch(&job);
    connect(&scope, &QTimeoutScope::expired, this, [&scope] { scope.start(1h); });
    clock().advance(1s);
    settle();
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 1);
    scope.finish();
}

enum class Watched { Object, DestroyedObject, UnwatchedObject, Future };

static void addWatched()
{
    QTest::addColumn<Watched>("watched");
    QTest::newRow("object") << Watched::Object;
    QTest::newRow("object that is destroyed") << Watched::DestroyedObject;
    QTest::newRow("object that is unwatched") << Watched::UnwatchedObject;
    QTest::newRow("future") << Watched::Future;
}

/*
    A scope that watches one thing, which ends.
*/
class Watching
{
public:
    explicit Watching(Watched watched, QTimeoutScope *enclosing = nullptr)
        : scope(1h, enclosing), m_watched(watched)
    {
        if (watched == Watched::Future)
            scope.watch(QFuture<void>(future));
        else
            scope.watch(job.get());
    }

    void end()
    {
        if (m_watched == Watched::Future)
            future.promise.finish();
        else if (m_watched == Watched::DestroyedObject)
            job.reset();
        else if (m_watched == Watched::UnwatchedObject)
            scope.unwatch(job.get());
        else
            job->finish();
    }

    Future future;
    std::unique_ptr<Download> job = std::make_unique<Download>();
    QTimeoutScope scope;

private:
    const Watched m_watched;
};

void tst_QTimeoutScopeRetry::dueFinishBeatsAnExpiry_data()
{
    addWatched();
}

// S7, also for a future whose news is still queued.
void tst_QTimeoutScopeRetry::dueFinishBeatsAnExpiry()
{
    QFETCH(const Watched, watched);
    for (const char *how : {"ends, deadline passes", "deadline passes, ends", "is looked at"}) {
        Watching watching(watched);
        const QSignalSpy expired(&watching.scope, &QTimeoutScope::expired);
        const QSignalSpy finished(&watching.scope, &QTimeoutScope::finished);
        if (how == QByteArray("ends, deadline passes")) {
            watching.end();
            watching.scope.reschedule(0);
        } else if (how == QByteArray("deadline passes, ends")) {
            watching.scope.reschedule(0);
            watching.end();
        } else {
            watching.end();
            QVERIFY(!expireNow(watching.scope));
        }
        clock().advance(0s);
        settle();
        QCOMPARE(watching.scope.state(), QTimeoutScope::Finished);
        QCOMPARE(expired.count(), 0);
        QCOMPARE(finished.count(), 1);
    }
}

void tst_QTimeoutScopeRetry::dueFinishBeatsTheEndOfTheEnclosingScope_data()
{
    addWatched();
}

void tst_QTimeoutScopeRetry::dueFinishBeatsTheEndOfTheEnclosingScope()
{
    QFETCH(const Watched, watched);
    QTimeoutScope outer(1h);
    {
        Watching watching(watched, &outer);
        watching.end();
        outer.cancel();
        settle();
        QCOMPARE(watching.scope.state(), QTimeoutScope::Finished);
    }
    QVERIFY(outer.start(1h));
    Watching watching(watched, &outer);
    watching.end();
    QVERIFY(expireNow(outer));
    settle();
    QCOMPARE(watching.scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeRetry::notDueAsLongAsSomethingRuns()
{
    Future running;
    Watching watching(Watched::Future);
    const auto run = observe(watching.scope.run(QFuture<void>(running)));
    watching.end();
    watching.scope.reschedule(0);
    clock().advance(0s);
    settle();
    QVERIFY(watching.scope.hasExpired());
    QCOMPARE(run->end, End::TimedOut);
}

void tst_QTimeoutScopeRetry::futureThatHasFinishedBeforehand()
{
    Future future;
    future.promise.finish();
    QTimeoutScope scope(1h);
    scope.watch(QFuture<void>(future));
    scope.reschedule(0);
    clock().advance(0s);
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeRetry::movedRunIsInterrupted_data()
{
    QTest::addColumn<bool>("tries");
    QTest::addColumn<bool>("isCoroutine");
    QTest::newRow("run of a future") << false << false;
    QTest::newRow("run of a coroutine") << false << true;
    QTest::newRow("tryRun of a future") << true << false;
    QTest::newRow("tryRun of a coroutine") << true << true;
}

// S11: in the old thread, before the call returns, as by a cancellation, and with a warning.
void tst_QTimeoutScopeRetry::movedRunIsInterrupted()
{
    QFETCH(const bool, tries);
    QFETCH(const bool, isCoroutine);
    realTime(); // other threads take their own
    Worker worker;
    Future future;
    auto *scope = new QTimeoutScope(1h);
    const QFuture<void> work = future;
    ObservedPointer<void> run;
    ObservedPointer<bool> tried;
    if (tries)
        tried = observe(isCoroutine ? scope->tryRun(&waitFor, work) : scope->tryRun(work));
    else
        run = observe(isCoroutine ? scope->run(&waitFor, work) : scope->run(work));
    expectInterruptedWarning();
    scope->moveToThread(&worker.thread);
    QCOMPARE(tries ? tried->end : run->end, End::Cancelled);
    QCOMPARE(tries ? tried->thread : run->thread, QThread::currentThread());
    QVERIFY(future.promise.isCanceled());
    QTimeoutScope::State state{};
    worker.call([&] {
        state = scope->state();
        delete scope;
    });
    QCOMPARE(state, QTimeoutScope::Active);
}

void tst_QTimeoutScopeRetry::movedCoroutineIsInterrupted()
{
    realTime();
    Worker worker;
    Future futures[2];
    auto *scope = new QTimeoutScope(1h);
    const auto outer = [&](QTimeoutScope &own) -> QCoro::Task<> {
        const Tracked local;
        const auto inner = waitFor(own, futures[0]);
        co_await QFuture<void>(futures[1]);
    };
    const auto result = observe(outer(*scope));
    expectInterruptedWarning();
    scope->moveToThread(&worker.thread);
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, QThread::currentThread());
    QCOMPARE(Tracked::alive(), 0);
    QTimeoutScope::State state{};
    worker.call([&] {
        state = scope->state();
        delete scope;
    });
    QCOMPARE(state, QTimeoutScope::Active);
}

void tst_QTimeoutScopeRetry::movedCoroutineCleansUpWhereItIs()
{
    realTime();
    Worker worker;
    Future work;
    Future cleaning;
    auto *scope = new QTimeoutScope(1h);
    const auto result = observe(cleanUp(*scope, work, cleaning));
    expectInterruptedWarning();
    scope->moveToThread(&worker.thread);
    QVERIFY(work.promise.isCanceled());
    QVERIFY(!cleaning.promise.isCanceled());
    QCOMPARE(result->end, End::Pending);
    worker.call([scope] { delete scope; });
    settle();
    QVERIFY(!cleaning.promise.isCanceled());
    cleaning.promise.finish();
    QTRY_COMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, QThread::currentThread());
}

void tst_QTimeoutScopeRetry::movedWithNestedScopes()
{
    realTime();
    Worker worker;
    Future future;
    auto *outer = new QTimeoutScope(2h);
    auto *inner = new QTimeoutScope(1h, outer);
    const auto result = observe(inner->run(&waitFor, QFuture<void>(future)));
    expectInterruptedWarning();
    outer->moveToThread(&worker.thread);
    QCOMPARE(result->end, End::Cancelled);
    QTimeoutScope *enclosing = nullptr;
    bool active = false;
    worker.call([&] {
        active = outer->isActive() && inner->isActive();
        enclosing = inner->enclosingScope();
        delete outer;
    });
    QVERIFY(active);
    QCOMPARE(enclosing, outer);
}

void tst_QTimeoutScopeRetry::movedWithoutWork()
{
    realTime();
    failOnAnyWarning();
    Worker worker;
    Job job;
    auto *scope = new QTimeoutScope(1h);
    scope->watch(&job);
    scope->moveToThread(&worker.thread);
    bool active = false;
    worker.call([&] {
        active = scope->isActive();
        scope->finish();
        delete scope;
    });
    QVERIFY(active);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeRetry::movedAfterTheWorkHasEnded()
{
    realTime();
    failOnAnyWarning();
    Worker worker;
    Future future;
    auto *scope = new QTimeoutScope(1h);
    const auto result = observe(scope->run(&waitFor, QFuture<void>(future)));
    future.promise.finish();
    QTRY_COMPARE(result->end, End::Returned);
    scope->moveToThread(&worker.thread);
    worker.call([scope] { delete scope; });
}

void tst_QTimeoutScopeRetry::movedScopeGoesOnWatching_data()
{
    QTest::addColumn<bool>("ends");
    QTest::newRow("until the object ends") << true;
    QTest::newRow("until the scope is aborted") << false;
}

// The objects stay where they are.
void tst_QTimeoutScopeRetry::movedScopeGoesOnWatching()
{
    QFETCH(const bool, ends);
    realTime();
    failOnAnyWarning();
    Worker worker;
    Job job;
    QThread *abortedIn = nullptr;
    job.onAbort = [&abortedIn] { abortedIn = QThread::currentThread(); };
    auto *scope = new QTimeoutScope(1h);
    scope->watch(&job);
    scope->moveToThread(&worker.thread);
    settle();
    const auto stateOf = [&] {
        QTimeoutScope::State state{};
        worker.call([&] { state = scope->state(); });
        return state;
    };
    QCOMPARE(stateOf(), QTimeoutScope::Active);
    if (ends) {
        Q_EMIT job.finished();
        QTRY_COMPARE(stateOf(), QTimeoutScope::Finished);
        QCOMPARE(job.aborts, 0);
    } else {
        worker.call([scope] { scope->cancel(); });
        QTRY_COMPARE(job.aborts, 1);
        QCOMPARE(abortedIn, QThread::currentThread());
    }
    worker.call([scope] { delete scope; });
}

void tst_QTimeoutScopeRetry::movedScopeKeepsItsDeadline()
{
    realTime();
    Worker worker;
    Future future;
    auto *scope = new QTimeoutScope(1h);
    const auto result = observe(scope->run(QFuture<void>(future)));
    expectInterruptedWarning();
    scope->moveToThread(&worker.thread);
    QCOMPARE(result->end, End::Cancelled);
    std::chrono::nanoseconds remaining{};
    bool expired = false;
    worker.call([&] {
        remaining = scope->remainingTime();
        expired = expireNow(*scope);
        delete scope;
    });
    QVERIFY(remaining > 50min && remaining <= 1h); // the machine may be busy
    QVERIFY(expired);
}

void tst_QTimeoutScopeRetry::movedAwayFromTheEnclosingScope()
{
    realTime();
    Worker worker;
    QTimeoutScope outer(1h);
    std::unique_ptr<QTimeoutScope> inner;
    const auto coroutine = [&inner](QTimeoutScope &) -> QCoro::Task<> {
        inner = std::make_unique<QTimeoutScope>(2h);
        co_return;
    };
    coroutine(outer);
    QCOMPARE(inner->enclosingScope(), &outer);
    inner->moveToThread(&worker.thread);
    QTimeoutScope *enclosing = &outer;
    std::chrono::nanoseconds remaining{};
    worker.call([&] {
        enclosing = inner->enclosingScope();
        remaining = inner->remainingTime();
    });
    QCOMPARE(enclosing, nullptr);
    QVERIFY(remaining > 1h);
    outer.cancel();
    bool active = false;
    worker.call([&] {
        active = inner->isActive();
        inner.reset();
    });
    QVERIFY(active);
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeRetry)
#include "tst_qtimeoutscope_retry.moc"
