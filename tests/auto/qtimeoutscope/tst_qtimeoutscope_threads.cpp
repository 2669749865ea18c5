// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"
#include "worker.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/QPromise>
#include <QtCore/QSemaphore>
#include <QtCore/QThread>
#include <QtTest/QSignalSpy>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

static void callInOtherThread(const std::function<void()> &function)
{
    std::thread(function).join();
}

static void expectOtherThreadWarning(const char *function, const QTimeoutScope *scope)
{
    expectWarning(
            function, scope,
            " lives in another thread. Use a queued connection or QMetaObject::invokeMethod().");
}

/*
    Is asked whether it has finished, and does not write that down for other threads.
*/
class AskedJob : public Job
{
    Q_OBJECT

public:
    bool isFinished() const
    {
        askedIn = QThread::currentThread();
        const bool answer = m_isFinished;
        if (const auto once = std::exchange(onQuestion, nullptr))
            once();
        return answer;
    }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }

    mutable std::atomic<QThread *> askedIn = nullptr;
    mutable std::function<void()> onQuestion;

private:
    bool m_isFinished = false;
};

/*
    S11.
*/
class tst_QTimeoutScopeThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void directCallsWarnAndChangeNothing_data();
    void directCallsWarnAndChangeNothing();
    void directCallOnInactive();
    void directWatchOfWatchedObjectChangesNothing();
    void directThrowIfAbortedDoesNothing();
    void queuedSlots();
    void queuedInvocation();
    void startedInWorker();
    void expiresInItsThread();

    void activeMovedExpiresThere();
    void activeMovedKeepsDeadline();
    void activeMovedLeavesQueueOfOldThread();
    void activeMovedWithoutDeadline();
    void inactiveMovedAndStarted();
    void inactiveMovedWithFuture();
    void endedMovedAndRestarted();
    void rescheduledBeforeArrival();
    void cancelledOnArrival();
    void movedThereAndBack();
    void parentAndChildMovedTogether();
    void movedUnderTestClockTakesWhatRemains();
    void deletedInOtherThreadAfterMove();
    void deletedBeforeArrival();
    void movedWithPassedDeadline();

    void watchOfObjectInOtherThread();
    void objectInOtherThreadFinishes();
    void objectInOtherThreadIsDestroyed();
    void movedScopeAbortsObjectWhereItLives();
    void movedScopeWatchesFuture();
    void objectDestroyedInOtherThreadBeforeAbort();
    void objectThatHasFinishedInOtherThread();
    void objectInOtherThreadFinishesWhenAsked();
    void objectInOtherThreadIsDestroyedBeforeItIsAsked();
    void scopeIsDestroyedBeforeTheAnswer();
    void scopeIsCancelledBeforeTheAnswer();
    void scopeMovesBeforeTheAnswer();
    void endArrivesDuringAbort();
    void stopTokenInOtherThread();
    void manyThreadsWithScopes();
    void threadEndsWithScopePending();
};

using Call =
        std::function<bool(QTimeoutScope *)>; // returns true if it claims to have done something
Q_DECLARE_METATYPE(Call)

void tst_QTimeoutScopeThreads::directCallsWarnAndChangeNothing_data()
{
    QTest::addColumn<QByteArray>("function");
    QTest::addColumn<Call>("call");
    const auto add = [](const char *name, const Call &call) {
        QTest::newRow(name) << QByteArray(name) << call;
    };
    add("start", [](QTimeoutScope *scope) { return scope->start(1ms); });
    add("reschedule", [](QTimeoutScope *scope) { return scope->reschedule(1ms); });
    add("shift", [](QTimeoutScope *scope) { return scope->shift(1ms); });
    add("reject", [](QTimeoutScope *scope) {
        scope->reject();
        return false;
    });
    add("cancel", [](QTimeoutScope *scope) {
        scope->cancel();
        return false;
    });
    add("finish", [](QTimeoutScope *scope) {
        scope->finish();
        return false;
    });
    add("watch", [](QTimeoutScope *scope) {
        Job job;
        scope->watch(&job);
        return job.aborts > 0 || job.finishedReceivers() > 0;
    });
    add("unwatch", [](QTimeoutScope *scope) {
        scope->unwatch(scope);
        return false;
    });
}

void tst_QTimeoutScopeThreads::directCallsWarnAndChangeNothing()
{
    QFETCH(QByteArray, function);
    QFETCH(Call, call);
    QTimeoutTestClock clock;
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);
    QSignalSpy deadlineChanged(&scope, &QTimeoutScope::deadlineChanged);
    expectOtherThreadWarning(function.constData(), &scope);
    bool result = true;
    callInOtherThread([&] { result = call(&scope); });
    QVERIFY(!result);
    QVERIFY(scope.isActive());
    QCOMPARE(scope.remainingTime(), nanoseconds(1h));
    QCOMPARE(states.count(), 0);
    QCOMPARE(deadlineChanged.count(), 0);
    QCOMPARE(job.aborts, 0);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeThreads::directCallOnInactive()
{
    QTimeoutScope scope;
    expectOtherThreadWarning("start", &scope);
    bool result = true;
    callInOtherThread([&] { result = scope.start(1h); });
    QVERIFY(!result);
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
}

void tst_QTimeoutScopeThreads::directWatchOfWatchedObjectChangesNothing()
{
    QTimeoutScope scope(1h);
    QObject object;
    bool first = false;
    bool second = false;
    scope.watch(&object, [&first] { first = true; });
    const auto watch = [&] { scope.watch(&object, [&second] { second = true; }); };
    expectOtherThreadWarning("watch", &scope);
    callInOtherThread(watch);
    scope.cancel();
    QVERIFY(first);
    QVERIFY(!second);
}

void tst_QTimeoutScopeThreads::directThrowIfAbortedDoesNothing()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(0ms);
    scope.stopToken();
    expectOtherThreadWarning("throwIfAborted", &scope);
    bool thrown = false;
    callInOtherThread([&] {
        try {
            scope.throwIfAborted();
        } catch (...) {
            thrown = true;
        }
    });
    QVERIFY(!thrown);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeThreads::queuedSlots()
{
    Worker worker;
    auto *scope = new QTimeoutScope;
    Knob start;
    Knob cancel;
    connect(&start, &Knob::valueChanged, scope, &QTimeoutScope::start);
    connect(&cancel, &Knob::triggered, scope, &QTimeoutScope::cancel);
    scope->moveToThread(&worker.thread);
    QTimeoutScope::State state{};
    Q_EMIT start.valueChanged(3'600'000);
    worker.call([&] { state = scope->state(); });
    QCOMPARE(state, QTimeoutScope::Active);
    Q_EMIT cancel.triggered();
    worker.call([&] {
        state = scope->state();
        delete scope;
    });
    QCOMPARE(state, QTimeoutScope::Cancelled);
}

void tst_QTimeoutScopeThreads::queuedInvocation()
{
    QTimeoutScope scope(1h);
    callInOtherThread([&scope] {
        QMetaObject::invokeMethod(&scope, [&scope] { scope.shift(1h); });
        QMetaObject::invokeMethod(&scope, "cancel");
    });
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
}

// Real time in the next ones, since what happens is certain and is waited for.
void tst_QTimeoutScopeThreads::startedInWorker()
{
    Worker worker;
    QSemaphore expired;
    QTimeoutScope *scope = nullptr;
    worker.call([&] {
        scope = new QTimeoutScope(1ms);
        connect(scope, &QTimeoutScope::expired, scope, [&expired] { expired.release(); });
    });
    QVERIFY(expired.tryAcquire(1, 30000));
    worker.call([&] { delete scope; });
}

void tst_QTimeoutScopeThreads::expiresInItsThread()
{
    Worker worker;
    std::atomic<QThread *> seen = nullptr;
    auto *scope = new QTimeoutScope;
    connect(scope, &QTimeoutScope::expired, scope, [&seen] { seen = QThread::currentThread(); });
    scope->moveToThread(&worker.thread);
    worker.call([&] { scope->start(0ms); });
    QTRY_COMPARE(seen.load(), &worker.thread);
    worker.call([&] { delete scope; });
}

void tst_QTimeoutScopeThreads::activeMovedExpiresThere()
{
    Worker worker;
    std::atomic<QThread *> seen = nullptr;
    auto *scope = new QTimeoutScope(50ms);
    connect(scope, &QTimeoutScope::expired, scope, [&seen] { seen = QThread::currentThread(); });
    scope->moveToThread(&worker.thread);
    QTRY_VERIFY(seen.load());
    QCOMPARE(seen.load(), &worker.thread);
    worker.call([&] { delete scope; });
}

void tst_QTimeoutScopeThreads::activeMovedKeepsDeadline()
{
    Worker worker;
    auto *scope = new QTimeoutScope(QDeadlineTimer(3'600'000, Qt::PreciseTimer));
    const QDeadlineTimer before = scope->deadline();
    scope->moveToThread(&worker.thread);
    QDeadlineTimer after;
    nanoseconds remaining{};
    worker.call([&] {
        after = scope->deadline();
        remaining = scope->remainingTime();
        delete scope;
    });
    QCOMPARE(after.deadlineNSecs(), before.deadlineNSecs());
    QCOMPARE(after.timerType(), Qt::PreciseTimer);
    QVERIFY(remaining <= 1h);
    QVERIFY(remaining > 30min);
}

void tst_QTimeoutScopeThreads::activeMovedLeavesQueueOfOldThread()
{
    QTimeoutTestClock clock;
    Worker worker;
    auto *scope = new QTimeoutScope(1h);
    std::atomic<bool> expired = false;
    connect(scope, &QTimeoutScope::expired, scope, [&expired] { expired = true; });
    scope->moveToThread(&worker.thread);
    clock.advance(2h); // of this thread
    worker.call([&] { delete scope; });
    QVERIFY(!expired);
}

void tst_QTimeoutScopeThreads::activeMovedWithoutDeadline()
{
    Worker worker;
    auto *scope = new QTimeoutScope(QDeadlineTimer(QDeadlineTimer::Forever));
    scope->moveToThread(&worker.thread);
    bool isForever = false;
    bool rescheduled = false;
    std::atomic<bool> expired = false;
    worker.call([&] {
        isForever = scope->deadline().isForever() && scope->isActive();
        connect(scope, &QTimeoutScope::expired, scope, [&expired] { expired = true; });
        rescheduled = scope->reschedule(0ms);
    });
    QVERIFY(isForever);
    QVERIFY(rescheduled);
    QTRY_VERIFY(expired.load());
    worker.call([&] { delete scope; });
}

void tst_QTimeoutScopeThreads::inactiveMovedAndStarted()
{
    Worker worker;
    auto *scope = new QTimeoutScope;
    Job job;
    scope->watch(&job); // lives here
    scope->moveToThread(&worker.thread);
    bool started = false;
    worker.call([&] {
        started = scope->start(1h);
        scope->cancel();
        delete scope;
    });
    QVERIFY(started);
    QTRY_COMPARE(job.aborts, 1);
}

// What waits for the next life follows too.
void tst_QTimeoutScopeThreads::inactiveMovedWithFuture()
{
    Worker worker;
    QPromise<int> promise;
    promise.start();
    auto *scope = new QTimeoutScope;
    scope->watch(promise.future());
    scope->moveToThread(&worker.thread);
    worker.call([&] {
        scope->start(1h);
        scope->cancel();
        delete scope;
    });
    QTRY_VERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutScopeThreads::endedMovedAndRestarted()
{
    Worker worker;
    auto *scope = new QTimeoutScope(1h);
    scope->cancel();
    scope->moveToThread(&worker.thread);
    std::atomic<bool> expired = false;
    worker.call([&] {
        connect(scope, &QTimeoutScope::expired, scope, [&expired] { expired = true; });
        scope->start(1ms);
    });
    QTRY_VERIFY(expired.load());
    worker.call([&] { delete scope; });
}

// The slot is called as the thread starts, before its event loop has let the scope arrive.
void tst_QTimeoutScopeThreads::rescheduledBeforeArrival()
{
    QThread thread;
    auto *scope = new QTimeoutScope(-1h);
    bool rescheduled = false;
    QTimeoutScope::State state{};
    nanoseconds remaining{};
    connect(&thread, &QThread::started, scope, [&] { rescheduled = scope->reschedule(1h); });
    scope->moveToThread(&thread);
    QMetaObject::invokeMethod(
            scope,
            [&] {
                state = scope->state();
                remaining = scope->remainingTime();
                delete scope;
                thread.quit();
            },
            Qt::QueuedConnection);
    thread.start();
    QVERIFY(thread.wait(30000));
    QVERIFY(rescheduled);
    QCOMPARE(state, QTimeoutScope::Active);
    QVERIFY(remaining <= 1h);
    QVERIFY(remaining > 30min);
}

void tst_QTimeoutScopeThreads::cancelledOnArrival()
{
    Worker worker;
    auto *scope = new QTimeoutScope(1h);
    Job job;
    scope->watch(&job);
    scope->moveToThread(&worker.thread);
    QTimeoutScope::State state{};
    worker.call([&] {
        scope->cancel();
        state = scope->state();
        delete scope;
    });
    QCOMPARE(state, QTimeoutScope::Cancelled);
    QTRY_COMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeThreads::movedThereAndBack()
{
    QTimeoutScope scope(1h);
    const qint64 before = scope.deadline().deadlineNSecs();
    QThread *home = QThread::currentThread();
    Worker worker;
    scope.moveToThread(&worker.thread);
    worker.call([&] { scope.moveToThread(home); });
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    QCOMPARE(scope.deadline().deadlineNSecs(), before);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QVERIFY(scope.reschedule(1ms));
    QTRY_COMPARE(expired.count(), 1);
}

void tst_QTimeoutScopeThreads::parentAndChildMovedTogether()
{
    Worker worker;
    auto *outer = new QTimeoutScope(1h);
    auto *inner = new QTimeoutScope(2h, outer);
    outer->moveToThread(&worker.thread);
    QTimeoutScope *enclosing = nullptr;
    nanoseconds remaining{};
    QTimeoutScope::State state{};
    worker.call([&] {
        enclosing = inner->enclosingScope();
        remaining = inner->remainingTime();
        outer->cancel();
        state = inner->state();
        delete outer;
    });
    QCOMPARE(enclosing, outer);
    QVERIFY(remaining <= 1h);
    QCOMPARE(state, QTimeoutScope::Cancelled);
}

void tst_QTimeoutScopeThreads::movedUnderTestClockTakesWhatRemains()
{
    Worker worker;
    QTimeoutScope *scope = nullptr;
    {
        QTimeoutTestClock clock;
        scope = new QTimeoutScope(10h);
        clock.advance(9h);
        scope->moveToThread(&worker.thread);
    }
    nanoseconds remaining{};
    worker.call([&] {
        remaining = scope->remainingTime();
        delete scope;
    });
    QVERIFY(remaining <= 1h);
    QVERIFY(remaining > 30min);
}

void tst_QTimeoutScopeThreads::deletedInOtherThreadAfterMove()
{
    Worker worker;
    auto *scope = new QTimeoutScope(1h);
    std::atomic<int> aborts = 0;
    Job job;
    scope->watch(&job);
    const std::stop_token token = scope->stopToken();
    const std::stop_callback callback(token, [&aborts] { ++aborts; });
    scope->moveToThread(&worker.thread);
    worker.call([&] { delete scope; });
    QCOMPARE(aborts.load(), 1);
    QTRY_COMPARE(job.aborts, 1);
}

// Nothing is wrong with it where no event loop has taken it over.
void tst_QTimeoutScopeThreads::deletedBeforeArrival()
{
    QThread thread;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    Job job;
    scope->watch(&job);
    scope->moveToThread(&thread);
    scope.reset();
    QTRY_COMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeThreads::movedWithPassedDeadline()
{
    Worker worker;
    auto *scope = new QTimeoutScope(-1h);
    std::atomic<bool> expired = false;
    connect(scope, &QTimeoutScope::expired, scope, [&expired] { expired = true; });
    scope->moveToThread(&worker.thread);
    QTRY_VERIFY(expired.load());
    worker.call([&] { delete scope; });
}

// The abort function is called where the object lives.
void tst_QTimeoutScopeThreads::watchOfObjectInOtherThread()
{
    Worker worker;
    auto job = std::make_unique<Job>();
    QThread *seen = nullptr;
    job->onAbort = [&seen] { seen = QThread::currentThread(); };
    job->moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(job.get());
    scope.cancel();
    worker.call([&] { job.reset(); });
    QCOMPARE(seen, &worker.thread);
}

void tst_QTimeoutScopeThreads::objectInOtherThreadFinishes()
{
    Worker worker;
    auto job = std::make_unique<Job>();
    job->moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(job.get());
    worker.call([&] { Q_EMIT job->finished(); });
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
    worker.call([&] { job.reset(); });
}

void tst_QTimeoutScopeThreads::objectInOtherThreadIsDestroyed()
{
    Worker worker;
    auto job = std::make_unique<Job>();
    job->moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(job.get());
    worker.call([&] { job.reset(); });
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeThreads::movedScopeAbortsObjectWhereItLives()
{
    Job job;
    Worker worker;
    QThread *seen = nullptr;
    job.onAbort = [&seen] { seen = QThread::currentThread(); };
    auto *scope = new QTimeoutScope(1h);
    scope->watch(&job);
    scope->moveToThread(&worker.thread);
    worker.call([&] {
        scope->cancel();
        delete scope;
    });
    QTRY_COMPARE(seen, QThread::currentThread());
}

void tst_QTimeoutScopeThreads::movedScopeWatchesFuture()
{
    Worker worker;
    QPromise<int> promise;
    promise.start();
    auto *scope = new QTimeoutScope(1h);
    scope->watch(promise.future());
    scope->moveToThread(&worker.thread);
    worker.call([&] {
        scope->cancel();
        delete scope;
    });
    QTRY_VERIFY(promise.isCanceled());
    promise.finish();
}

/*
    A10: the object has gone before the abort, and the news of it is still queued. Nothing of it may
    be touched. Another object has taken its place, so that it shows.
*/
void tst_QTimeoutScopeThreads::objectDestroyedInOtherThreadBeforeAbort()
{
    Worker worker;
    std::optional<Job> job;
    job.emplace();
    job->moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(&*job);
    worker.call([&] { job.reset(); });
    job.emplace();
    scope.cancel();
    QVERIFY(scope.isCancelled());
    QCoreApplication::processEvents();
    QCOMPARE(job->aborts, 0);
}

void tst_QTimeoutScopeThreads::objectThatHasFinishedInOtherThread()
{
    AskedJob job;
    Worker worker;
    job.finish();
    job.moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(&job);
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.askedIn, &worker.thread);
    QCOMPARE(job.finishedReceivers(), 0);
}

// Whoever looks first and listens then misses it.
void tst_QTimeoutScopeThreads::objectInOtherThreadFinishesWhenAsked()
{
    AskedJob job;
    Worker worker;
    job.moveToThread(&worker.thread);
    job.onQuestion = [&] {
        if (QThread::currentThread() == &worker.thread)
            job.finish();
        else
            worker.call([&job] { job.finish(); });
    };
    QTimeoutScope scope(1h);
    scope.watch(&job);
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeThreads::objectInOtherThreadIsDestroyedBeforeItIsAsked()
{
    Worker worker;
    auto *job = new AskedJob;
    job->moveToThread(&worker.thread);
    Pause pause(worker, [job] { delete job; });
    QTimeoutScope scope(1h);
    scope.watch(job);
    pause.end();
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeThreads::scopeIsDestroyedBeforeTheAnswer()
{
    AskedJob job;
    Worker worker;
    job.finish();
    job.moveToThread(&worker.thread);
    {
        QTimeoutScope scope(1h);
        scope.watch(&job);
        worker.call([] {}); // the answer is queued
    }
    {
        Pause pause(worker);
        QTimeoutScope scope(1h);
        scope.watch(&job);
    } // there is nobody to answer any more
    worker.call([] {});
    QCoreApplication::processEvents();
    QCOMPARE(job.askedIn, &worker.thread);
}

void tst_QTimeoutScopeThreads::scopeIsCancelledBeforeTheAnswer()
{
    AskedJob job;
    Worker worker;
    job.finish();
    job.moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(&job);
    worker.call([] {});
    scope.cancel();
    QVERIFY(scope.start(1h));
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeThreads::scopeMovesBeforeTheAnswer()
{
    AskedJob job;
    Worker worker;
    Worker other;
    job.finish();
    job.moveToThread(&worker.thread);
    auto *scope = new QTimeoutScope(1h);
    QSemaphore finished;
    connect(scope, &QTimeoutScope::finished, scope, [&finished] { finished.release(); });
    {
        Pause pause(worker);
        scope->watch(&job);
        scope->moveToThread(&other.thread);
    }
    QVERIFY(finished.tryAcquire(1, 30000));
    other.call([scope] { delete scope; });
}

// The end of a thread is told by the thread. The function is in the middle of its work when it arrives.
void tst_QTimeoutScopeThreads::endArrivesDuringAbort()
{
    QThread thread;
    thread.start();
    QTimeoutScope scope(1h);
    bool aborted = false;
    scope.watch(&thread, [&aborted] {
        QCoreApplication::processEvents();
        aborted = true;
    });
    thread.quit();
    QVERIFY(thread.wait(30000));
    scope.cancel();
    QVERIFY(aborted);
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScopeThreads::stopTokenInOtherThread()
{
    QTimeoutScope scope(1h);
    std::atomic<bool> running = false;
    std::thread thread([token = scope.stopToken(), &running] {
        running = true;
        while (!token.stop_requested())
            std::this_thread::yield();
    });
    while (!running)
        std::this_thread::yield();
    scope.cancel();
    thread.join();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScopeThreads::manyThreadsWithScopes()
{
    static constexpr int Threads = 4;
    static constexpr int Scopes = 200;
    std::atomic<int> expired = 0;
    {
        std::vector<std::unique_ptr<Worker>> workers;
        std::vector<std::unique_ptr<QObject>> owners;
        for (int i = 0; i < Threads; ++i) {
            workers.push_back(std::make_unique<Worker>());
            auto owner = std::make_unique<QObject>();
            for (int j = 0; j < Scopes; ++j) {
                auto *scope = new QTimeoutScope(std::chrono::milliseconds(j % 20), owner.get());
                connect(scope, &QTimeoutScope::expired, scope, [&expired] { ++expired; });
            }
            owner->moveToThread(&workers.back()->thread);
            owners.push_back(std::move(owner));
        }
        QTRY_COMPARE(expired.load(), Threads * Scopes);
        for (size_t i = 0; i < workers.size(); ++i)
            workers[i]->call([&] { owners[i].reset(); });
    }
    QCOMPARE(expired.load(), Threads * Scopes);
}

void tst_QTimeoutScopeThreads::threadEndsWithScopePending()
{
    Job job;
    auto scope = std::make_unique<QTimeoutScope>();
    scope->watch(&job);
    {
        Worker worker;
        scope->moveToThread(&worker.thread);
        worker.call([&] { scope->start(1h); });
    }
    QVERIFY(scope->isActive());
    scope.reset(); // the thread has gone
    QTRY_COMPARE(job.aborts, 1);
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeThreads)

#include "tst_qtimeoutscope_threads.moc"
