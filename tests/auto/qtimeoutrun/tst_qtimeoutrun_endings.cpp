// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What ends at an inconvenient moment, or somewhere else: in another thread, in a former life of the
// scope, between two steps of the library.

#include "worker.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroTask>
#include <QCoroThread>

#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthread.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

class Job : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const
    {
        const bool answer = m_finished;
        if (onQuestion)
            onQuestion();
        return answer;
    }
    void finish()
    {
        m_finished = true;
        Q_EMIT finished();
    }
    void abort() { ++aborts; }

    std::function<void()> onQuestion;
    int aborts = 0;

Q_SIGNALS:
    void finished();

private:
    bool m_finished = false;
};

enum class End { Pending, Returned, TimedOut, Cancelled, Failed };

template<typename T>
static QCoro::Task<> observe(QCoro::Task<T> task, End *end)
{
    try {
        co_await task;
        *end = End::Returned;
    } catch (const QTimeoutError &) {
        *end = End::TimedOut;
    } catch (const QTimeoutCancelled &) {
        *end = End::Cancelled;
    } catch (const std::exception &) {
        *end = End::Failed;
    }
}

class tst_QTimeoutRunEndings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void restartedTwiceInSlotStillTells();
    void restartedTwiceAndDeletedInSlotStillAborts();
    void nestedThatFinishesIsNotStopped();
    void tryRunUnderAnotherScopeThanItsOwn();
    void watchedObjectIsMovedAndDestroyed();
    void awaitedObjectIsMovedAndDestroyed();
    void objectEndsBeforeAnybodyListens();
    void awaitableEndsWhileItCancelsTheScope();
    void awaitableCancelsTheScopeAndIsAborted();
    void exceptionIsStoredBeforeTheFutureFinishes();
    void scopeMovesTwiceBeforeItArrives();
    void checkpointInAThreadWithoutEventLoop();
    void waitingThreadEndsBeforeItsScope();
    void waitingThreadEndsBeforeItsTask();
    void waitingThreadEndsBeforeTheSignal();
};

void tst_QTimeoutRunEndings::restartedTwiceInSlotStillTells()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    Job job;
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    bool first = true;
    connect(&scope, &QTimeoutScope::stateChanged, &scope, [&](QTimeoutScope::State state) {
        if (state != QTimeoutScope::Expired || !std::exchange(first, false))
            return;
        scope.start(1h);
        scope.cancel();
        scope.start(1h);
    });
    scope.start(1s);
    scope.watch(&job);
    clock.advance(1s);
    QCOMPARE(expired.count(), 1);
    QCOMPARE(job.aborts, 1);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRunEndings::restartedTwiceAndDeletedInSlotStillAborts()
{
    QTimeoutTestClock clock;
    auto *scope = new QTimeoutScope;
    Job job;
    int abortsAfterDeletion = -1;
    connect(scope, &QTimeoutScope::expired, &job, [&] {
        scope->start(1h);
        scope->cancel();
        scope->start(1h);
        delete scope;
        abortsAfterDeletion = job.aborts;
    });
    scope->start(1s);
    scope->watch(&job);
    clock.advance(1s);
    QCOMPARE(abortsAfterDeletion, 1);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutRunEndings::nestedThatFinishesIsNotStopped()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job job;
    inner.watch(&job);
    const std::stop_token token = inner.stopToken();
    job.finish(); // the scope finishes on the next turn
    outer.cancel();
    QCOMPARE(inner.state(), QTimeoutScope::Finished);
    QVERIFY(!token.stop_requested());
}

void tst_QTimeoutRunEndings::tryRunUnderAnotherScopeThanItsOwn()
{
    QTimeoutTestClock clock;
    QPromise<void> promise;
    promise.start();
    QTimeoutScope outer(1s);
    QTimeoutScope inner(1h, &outer);
    End end = End::Pending;
    observe(inner.tryRun(promise.future()), &end);
    inner.finish();
    clock.advance(1s);
    QCOMPARE(end, End::TimedOut);
    promise.finish();
}

void tst_QTimeoutRunEndings::watchedObjectIsMovedAndDestroyed()
{
    Worker worker;
    auto *job = new Job;
    QTimeoutScope scope(1h);
    scope.watch(job);
    job->moveToThread(&worker.thread);
    worker.call([job] { delete job; });
    scope.cancel(); // the news has not arrived yet
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutRunEndings::awaitedObjectIsMovedAndDestroyed()
{
    Worker worker;
    auto *job = new Job;
    QTimeoutScope scope(1h);
    End end = End::Pending;
    observe(scope.run(job), &end);
    job->moveToThread(&worker.thread);
    worker.call([job] { delete job; });
    scope.cancel();
    QCOMPARE(end, End::Pending);
    QCoreApplication::processEvents();
    QCOMPARE(end, End::Cancelled);
}

void tst_QTimeoutRunEndings::objectEndsBeforeAnybodyListens()
{
    Job job;
    bool first = true;
    job.onQuestion = [&] {
        if (std::exchange(first, false))
            job.finish();
    };
    End end = End::Pending;
    observe(QTimeout::run(QDeadlineTimer::Forever, &job), &end);
    QCOMPARE(end, End::Returned);
}

// Cancels the scope as soon as it is awaited, and may end at the same moment.
struct Traitor
{
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle)
    {
        scope->cancel();
        *waiter = handle;
        if (endsAtOnce)
            handle.resume();
    }
    void await_resume() const noexcept {}
    void cancel()
    {
        if (notMovedFrom)
            ++*cancellations;
    }

    QTimeoutScope *scope;
    std::coroutine_handle<> *waiter;
    int *cancellations;
    bool endsAtOnce;
    std::unique_ptr<int> notMovedFrom = std::make_unique<int>(1);
};

void tst_QTimeoutRunEndings::awaitableEndsWhileItCancelsTheScope()
{
    QTimeoutScope scope(1h);
    std::coroutine_handle<> waiter;
    int cancellations = 0;
    Traitor traitor{&scope, &waiter, &cancellations, true};
    End end = End::Pending;
    observe(scope.run(traitor), &end);
    QCOMPARE(end, End::Cancelled);
}

void tst_QTimeoutRunEndings::awaitableCancelsTheScopeAndIsAborted()
{
    QTimeoutScope scope(1h);
    std::coroutine_handle<> waiter;
    int cancellations = 0;
    Traitor traitor{&scope, &waiter, &cancellations, false};
    End end = End::Pending;
    observe(scope.run(std::move(traitor)), &end);
    QCOMPARE(end, End::Cancelled);
    QCOMPARE(cancellations, 1);
    waiter.resume(); // it ends after all, and nobody is interested
}

void tst_QTimeoutRunEndings::exceptionIsStoredBeforeTheFutureFinishes()
{
    QTimeoutTestClock clock;
    QPromise<int> promise;
    promise.start();
    End end = End::Pending;
    observe(QTimeout::run(1h, promise.future()), &end);
    promise.setException(std::make_exception_ptr(std::runtime_error("broken")));
    clock.advance(1s);
    QCOMPARE(end, End::Pending);
    promise.finish();
    clock.advance(0s);
    QCOMPARE(end, End::Failed);
}

void tst_QTimeoutRunEndings::scopeMovesTwiceBeforeItArrives()
{
    QTimeoutScope scope(50ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    scope.moveToThread(nullptr);
    scope.moveToThread(QThread::currentThread());
    QVERIFY(!scope.deadline().isForever());
    QVERIFY(expired.wait());
}

void tst_QTimeoutRunEndings::checkpointInAThreadWithoutEventLoop()
{
    auto scope = std::make_unique<QTimeoutScope>(10ms);
    bool isLimited = false;
    bool thrown = false;
    std::unique_ptr<QThread> thread(QThread::create([&] {
        isLimited = scope->remainingTime() <= 10ms;
        QDeadlineTimer patience(30s);
        try {
            while (!patience.hasExpired())
                scope->throwIfAborted();
        } catch (const QTimeoutError &) {
            thrown = true;
        }
        scope.reset();
    }));
    scope->moveToThread(thread.get());
    thread->start();
    QVERIFY(thread->wait());
    QVERIFY(isLimited);
    QVERIFY(thrown);
}

// Coroutines that wait in a thread that has ended: nobody can resume them, so they are kept for ever.
static std::vector<QCoro::Task<>> &stranded()
{
    static auto *tasks = new std::vector<QCoro::Task<>>;
    return *tasks;
}

static QCoro::Task<> waitUnder(QTimeoutScope *scope, QFuture<void> future)
{
    co_await scope->run(future);
}

// S11: what waits has been interrupted when the scope moved away.
void tst_QTimeoutRunEndings::waitingThreadEndsBeforeItsScope()
{
    static QPromise<void> promise;
    promise.start();
    QTimeoutScope *scope = nullptr;
    bool isInterrupted = false;
    {
        Worker worker;
        worker.call([&] {
            scope = new QTimeoutScope(1h);
            const auto task = waitUnder(scope, promise.future());
            QTest::ignoreMessage(QtWarningMsg,
                                 QRegularExpression("^QTimeoutScope::moveToThread: .* has runs"));
            scope->moveToThread(QCoreApplication::instance()->thread());
            isInterrupted = task.isReady();
        });
    }
    QVERIFY(isInterrupted);
    QVERIFY(promise.isCanceled());
    QCoreApplication::processEvents();
    QVERIFY(scope->isActive());
    scope->cancel();
    QVERIFY(scope->isCancelled());
    delete scope;
}

static QCoro::Task<> goElsewhere(QThread *thread, QSemaphore *gate)
{
    co_await QCoro::moveToThread(thread);
    gate->acquire();
}

static QCoro::Task<> waitForTask(QThread *thread, QSemaphore *gate)
{
    co_await QTimeout::run(1h, goElsewhere(thread, gate));
}

void tst_QTimeoutRunEndings::waitingThreadEndsBeforeItsTask()
{
    Worker elsewhere;
    QSemaphore gate;
    {
        Worker worker;
        worker.call([&] { stranded().push_back(waitForTask(&elsewhere.thread, &gate)); });
    }
    gate.release();
    elsewhere.call([] {}); // the task has ended there
}

static QCoro::Task<> waitForSignal(Job *job)
{
    co_await QTimeout::run(1h, job, &Job::finished);
}

void tst_QTimeoutRunEndings::waitingThreadEndsBeforeTheSignal()
{
    static Job job;
    {
        Worker worker;
        worker.call([] { stranded().push_back(waitForSignal(&job)); });
    }
    job.finish();
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunEndings)

#include "tst_qtimeoutrun_endings.moc"
