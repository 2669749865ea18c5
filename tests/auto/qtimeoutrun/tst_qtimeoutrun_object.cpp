// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"
#include "worker.h"

#include <QCoroAsyncGenerator>
#include <QCoroThread>
#include <QCoroTimer>

#include <QtCore/qregularexpression.h>
#include <QtCore/qsemaphore.h>
#include <QtTest/qsignalspy.h>

#include <atomic>

using namespace std::chrono_literals;

/*
    Has the shape of a QNetworkReply.
*/
class Job : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const
    {
        if (QThread::currentThread() != thread())
            ++askedElsewhere;
        return m_isFinished;
    }
    void setFinished() { m_isFinished = true; }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }
    void abort()
    {
        ++aborts;
        abortedIn = QThread::currentThread();
        finish();
    }

    std::atomic<int> aborts = 0;
    std::atomic<QThread *> abortedIn = nullptr;
    mutable std::atomic<int> askedElsewhere = 0; // than in the thread of the object

Q_SIGNALS:
    void finished();

private:
    bool m_isFinished = false; // not atomic, as with any QObject
};

/*
    Has rules of its own: for aborting it, and for awaiting it.
*/
class Upload : public Job
{
    Q_OBJECT

public:
    int givenUp = 0;
};

template<>
struct QTimeoutAbort<Upload>
{
    static void abort(Upload &upload) { ++upload.givenUp; }
};

/*
    Says when it is aborted, even if it has gone.
*/
class Orphan : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return false; }
    static void abort() { ++aborts; }

    static inline std::atomic<int> aborts = 0;

Q_SIGNALS:
    void finished();
};

class Door : public QObject
{
    Q_OBJECT

public:
    void cancel() { ++cancels; }

    Gate gate;
    int cancels = 0;
};

class DoorAwaiter
{
public:
    explicit DoorAwaiter(Door *door) : m_door(door) {}

    bool await_ready() const noexcept { return m_door->gate.isOpen(); }
    void await_suspend(std::coroutine_handle<> waiter) { m_door->gate.setWaiter(waiter); }
    int await_resume() const noexcept { return 42; }

private:
    Door *m_door;
};

template<>
struct QCoro::detail::awaiter_type<Door *>
{
    using type = DoorAwaiter;
};

/*
    Contains all that it needs, and can only be moved.
*/
class Ticket
{
public:
    explicit Ticket(std::shared_ptr<Gate> gate) : m_gate(std::move(gate)) {}
    Ticket(Ticket &&) = default;

    bool await_ready() const noexcept { return m_gate->isOpen(); }
    void await_suspend(std::coroutine_handle<> waiter) { m_gate->setWaiter(waiter); }
    std::unique_ptr<int> await_resume() const { return std::make_unique<int>(42); }

private:
    std::shared_ptr<Gate> m_gate;
    Tracked m_tracked;
};

struct MemberAwaitable
{
    Ticket operator co_await() const { return Ticket(gate); }
    std::shared_ptr<Gate> gate;
};

struct FreeAwaitable
{
    std::shared_ptr<Gate> gate;
};

Ticket operator co_await(const FreeAwaitable &awaitable)
{
    return Ticket(awaitable.gate);
}

/*
    Can be aborted, which ends it.
*/
class AbortableGate : public Gate
{
public:
    void abort()
    {
        ++aborts;
        open();
    }

    int aborts = 0;
};

class AbortableTicket : public Ticket
{
public:
    AbortableTicket(std::shared_ptr<Gate> gate, int *aborts) : Ticket(gate), m_aborts(aborts) {}

    void abort() { ++*m_aborts; }

private:
    int *m_aborts;
};

/*
    Is awaited itself, and fails.
*/
class ThrowingGate
{
public:
    ThrowingGate() = default;
    Q_DISABLE_COPY_MOVE(ThrowingGate)

    bool await_ready() const noexcept { return m_gate.isOpen(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { m_gate.setWaiter(waiter); }
    int await_resume() const { throw std::runtime_error("mine"); }

    void open() { m_gate.open(); }

private:
    Gate m_gate;
};

/*
    Goes on in another thread, when the test says so.
*/
class Hop
{
public:
    Hop()
        : m_thread(QThread::create([this] {
              m_permission.acquire();
              m_waiter.resume();
          }))
    {
    }
    ~Hop() { wait(); }

    auto operator co_await() noexcept
    {
        struct Awaiter
        {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiter) { hop->start(waiter); }
            void await_resume() const noexcept {}

            Hop *hop;
        };
        return Awaiter{this};
    }

    void go() { m_permission.release(); }
    void wait() { m_thread->wait(); }

private:
    void start(std::coroutine_handle<> waiter)
    {
        m_waiter = waiter;
        m_thread->start();
    }

    QSemaphore m_permission;
    std::coroutine_handle<> m_waiter;
    std::unique_ptr<QThread> m_thread;
};

namespace {

QCoro::Task<int> hop(Hop &away)
{
    const Tracked local;
    co_await away;
    co_return 42;
}

QCoro::AsyncGenerator<int> twoNumbers(Gate &first, Gate &second)
{
    const Tracked local;
    co_await first;
    co_yield 1;
    co_await second;
    co_yield 2;
}

QCoro::Task<> takeNumbers(QCoro::AsyncGenerator<int> generator, QByteArrayList &log)
{
    try {
        auto it = co_await QTimeout::run(1s, generator.begin());
        while (it != generator.end()) {
            log << QByteArray::number(*it);
            it = co_await QTimeout::run(1s, ++it);
        }
        log << "end";
    } catch (const QTimeoutError &) {
        log << "timeout";
    }
}

QCoro::Task<> deleteWhenFinished(Job *job, bool *isDeleted)
{
    delete co_await QTimeout::run(1s, job);
    *isDeleted = true;
}

QCoro::Task<> deleteWhenAborted(Job *job, bool *isDeleted)
{
    try {
        co_await QTimeout::run(1s, job);
    } catch (const QTimeoutError &) {
        delete job;
        *isDeleted = true;
    }
}

QCoro::Task<bool> threadFinishes(QThread *thread)
{
    co_return co_await qCoro(thread).waitForFinished();
}

} // namespace

class tst_QTimeoutRunObject : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // QTimer
    void inactiveTimerReturnsAtOnce();
    void activeTimerReturnsWhenItTimesOut();
    void timerIsLeftRunning();
    void destroyedTimerIsACancellation();

    // objects with finished() and isFinished()
    void finishedObjectReturnsAtOnce();
    void objectReturnsItselfWhenFinished();
    void objectIsAbortedOnceAndLeftWithoutConnections();
    void objectIsAbortedByCancel();
    void objectIsAbortedUnderAnEndedScope();
    void objectOfAnInnerRunIsAborted();
    void objectThatHasFinishedBeatsTheDeadline();
    void objectThatHasFinishedBeatsACancellation();
    void destroyedObjectIsACancellation();
    void objectDestroyedByTheScopesSlot();
    void objectDeletedInTheContinuation();
    void ownRuleForAborting();
    void nullPointerIsACancellation();
    void severalWaitForOneObject();
    void objectThatIsDisconnectedAndDestroyedIsNotAborted_data();
    void objectThatIsDisconnectedAndDestroyedIsNotAborted();

    // objects of other threads
    void objectOfAnotherThreadReturns();
    void objectOfAnotherThreadIsAbortedThere();
    void objectOfAnotherThreadIsDestroyed();
    void objectThatHasFinishedInAnotherThread();
    void objectThatFinishesBeforeItIsAsked();
    void objectThatIsDestroyedBeforeItIsAsked();
    void objectIsAskedForNobody();
    void objectMovesBeforeItIsAsked();
    void objectOfAThreadThatHasGone();
    void objectOfAThreadThatHasGoneIsAborted_data();
    void objectOfAThreadThatHasGoneIsAborted();
    void timerOfAnotherThread();

    // objects that QCoro awaits
    void awaitedObjectReturns();
    void awaitedObjectIsAborted();
    void awaitedObjectIsDestroyed();

    // other awaitables
    void temporaryAwaitableReturns();
    void temporaryAwaitableIsAbandoned();
    void temporaryAwaitableIsAborted();
    void awaitableWithAnOperator();
    void namedAwaitableReturns();
    void namedAwaitableIsNotInterrupted();
    void namedAwaitableIsNotInterruptedByAScope();
    void namedAwaitableIsAborted();
    void namedAwaitableThrows();
    void generatorSteps();
    void generatorStepIsNotInterrupted();

    // threads
    void taskEndsInAnotherThread();
    void taskThatEndedInAnotherThreadBeatsTheDeadline();
    void abandonedTaskEndsInAnotherThread();
    void abandonedAfterTheTaskHasEndedInAnotherThread();
    void threadIsAwaited();
    void abandonedThreadIsLeftRunning();
};

void tst_QTimeoutRunObject::inactiveTimerReturnsAtOnce()
{
    QTimer timer;
    QCOMPARE(observe(QTimeout::run(1s, &timer))->end, End::Returned);
    QCOMPARE(observe(QTimeout::run(1s, timer))->end, End::Returned);
    QCOMPARE(*observe(QTimeout::tryRun(0s, timer))->value, true);
}

void tst_QTimeoutRunObject::activeTimerReturnsWhenItTimesOut()
{
    QTimer timer;
    timer.start(0);
    const auto pointer = observe(QTimeout::run(1s, &timer));
    const auto reference = observe(QTimeout::run(1s, timer));
    QCOMPARE(pointer->end, End::Pending);
    QTRY_COMPARE(pointer->end, End::Returned);
    QTRY_COMPARE(reference->end, End::Returned);
    QVERIFY(timer.isActive());
    QCOMPARE(connectedSignals(&timer), QByteArrayList());
}

void tst_QTimeoutRunObject::timerIsLeftRunning()
{
    QTimer timer;
    timer.start(24h);
    QTimeoutScope scope(2s);
    const auto timedOut = observe(QTimeout::run(1s, &timer));
    const auto cancelled = observe(scope.run(timer));
    QVERIFY(!connectedSignals(&timer).isEmpty());
    clock().advance(1s);
    QCOMPARE(timedOut->end, End::TimedOut);
    scope.cancel();
    QCOMPARE(cancelled->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(cancelled->end, End::Cancelled);
    QVERIFY(timer.isActive());
    QCOMPARE(connectedSignals(&timer), QByteArrayList());
}

void tst_QTimeoutRunObject::destroyedTimerIsACancellation()
{
    auto timer = std::make_unique<QTimer>();
    timer->start(24h);
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(timer.get()));
    timer.reset();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRunObject::finishedObjectReturnsAtOnce()
{
    Job job;
    job.finish();
    const auto observed = observe(QTimeout::run(0s, &job));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, &job);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::objectReturnsItselfWhenFinished()
{
    Job job;
    const auto observed = observe(QTimeout::run(1s, &job));
    const auto tried = observe(QTimeout::tryRun(1s, &job));
    job.finish();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, &job);
    QCOMPARE(*tried->value, std::optional(&job));
    QCOMPARE(queuedDeadlines(), size_t(0));
    QCOMPARE(job.aborts, 0);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::objectIsAbortedOnceAndLeftWithoutConnections()
{
    Job job;
    const QSignalSpy finished(&job, &Job::finished);
    const QByteArrayList before = connectedSignals(&job);
    const auto observed = observe(QTimeout::run(1s, &job));
    clock().advance(999ms);
    QCOMPARE(job.aborts, 0);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut); // although abort() has finished it
    QCOMPARE(job.aborts, 1);
    QCOMPARE(finished.count(), 1);
    QCOMPARE(connectedSignals(&job), before);
    job.finish();
    clock().advance(1s);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutRunObject::objectIsAbortedByCancel()
{
    Job job;
    Job other;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto observed = observe(scope->run(&job));
    scope->cancel();
    QCOMPARE(job.aborts, 1);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(job.aborts, 1);
    scope->start(1s);
    const auto second = observe(scope->tryRun(&other));
    scope.reset();
    QCOMPARE(second->end, End::Cancelled);
    QCOMPARE(other.aborts, 1);
    QCOMPARE(connectedSignals(&other), QByteArrayList());
}

void tst_QTimeoutRunObject::objectIsAbortedUnderAnEndedScope()
{
    Job job;
    QTimeoutScope scope(1s);
    scope.cancel();
    const auto observed = observe(scope.run(&job));
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(job.aborts, 1);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::objectOfAnInnerRunIsAborted()
{
    Job job;
    const auto observed = observe(QTimeout::tryRun(1s, QTimeout::run(2s, QTimeout::run(3s, &job))));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!*observed->value);
    QCOMPARE(job.aborts, 1);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunObject::objectThatHasFinishedBeatsTheDeadline()
{
    Job job;
    const auto observed = observe(QTimeout::run(1s, &job));
    job.setFinished(); // and its signal is on its way
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(job.aborts, 0);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
    job.finish();
}

void tst_QTimeoutRunObject::objectThatHasFinishedBeatsACancellation()
{
    Job job;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&job));
    job.setFinished();
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutRunObject::destroyedObjectIsACancellation()
{
    auto job = std::make_unique<Job>();
    QTimeoutScope scope(1s);
    const auto under = observe(scope.run(job.get()));
    const auto tried = observe(QTimeout::tryRun(1s, job.get()));
    job.reset();
    QCOMPARE(under->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(under->end, End::Cancelled);
    QCOMPARE(tried->end, End::Cancelled);
    QVERIFY(scope.isActive());
    QCOMPARE(queuedDeadlines(), size_t(1));
}

void tst_QTimeoutRunObject::objectDestroyedByTheScopesSlot()
{
    auto *timer = new QTimer;
    timer->start(24h);
    auto *job = new Job;
    QTimeoutScope scope(1s);
    const auto first = observe(scope.run(timer));
    const auto second = observe(scope.run(job));
    connect(&scope, &QTimeoutScope::expired, this, [timer, job] {
        delete timer;
        job->deleteLater();
    });
    clock().advance(1s);
    QCOMPARE(first->end, End::Cancelled);
    QCOMPARE(second->end, End::TimedOut);
}

void tst_QTimeoutRunObject::objectDeletedInTheContinuation()
{
    auto *aborted = new Job;
    bool isDeleted = false;
    deleteWhenAborted(aborted, &isDeleted);
    clock().advance(1s);
    QVERIFY(isDeleted);
    // Not from the slot of its own signal: it has finished before it is awaited.
    auto *finished = new Job;
    finished->finish();
    isDeleted = false;
    deleteWhenFinished(finished, &isDeleted);
    QVERIFY(isDeleted);
}

void tst_QTimeoutRunObject::ownRuleForAborting()
{
    Upload upload;
    const auto observed = observe(QTimeout::run(1s, &upload));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(upload.givenUp, 1);
    QCOMPARE(upload.aborts, 0);
}

void tst_QTimeoutRunObject::nullPointerIsACancellation()
{
    QTimeoutScope scope(1s);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeout::run: .*null"));
    QCOMPARE(observe(QTimeout::run(1s, static_cast<Job *>(nullptr)))->end, End::Cancelled);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeout::run: .*null"));
    QCOMPARE(observe(scope.run(static_cast<QTimer *>(nullptr)))->end, End::Cancelled);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeout::run: .*null"));
    QCOMPARE(observe(scope.tryRun(static_cast<Door *>(nullptr)))->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRunObject::severalWaitForOneObject()
{
    Job job;
    const auto first = observe(QTimeout::run(1s, &job));
    const auto second = observe(QTimeout::run(2s, &job));
    clock().advance(1s);
    // The first has aborted it, which has finished it for the second.
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(second->end, End::Returned);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutRunObject::objectThatIsDisconnectedAndDestroyedIsNotAborted_data()
{
    QTest::addColumn<bool>("elsewhere");
    QTest::addColumn<bool>("expires");
    QTest::newRow("expired") << false << true;
    QTest::newRow("cancelled") << false << false;
    QTest::newRow("of another thread, expired") << true << true;
    QTest::newRow("of another thread, cancelled") << true << false;
}

// A10: although nobody says that it has gone, until its scope ends.
void tst_QTimeoutRunObject::objectThatIsDisconnectedAndDestroyedIsNotAborted()
{
    QFETCH(bool, elsewhere);
    QFETCH(bool, expires);
    Orphan::aborts = 0;
    Worker worker;
    auto *object = new Orphan;
    auto *timer = new QTimer;
    timer->start(24h);
    if (elsewhere)
        object->moveToThread(&worker.thread);
    QTimeoutScope scope(1s);
    const auto forObject = observe(scope.run(object));
    const auto forSignal = observe(scope.run(object, &Orphan::finished));
    const auto tried = observe(scope.tryRun(object));
    const auto forTimer = observe(scope.run(timer));
    clock().advance(0ms);
    timer->disconnect();
    delete timer;
    const auto destroy = [object] {
        object->disconnect();
        delete object;
    };
    if (elsewhere)
        worker.call(destroy);
    else
        destroy();
    clock().advance(999ms);
    if (expires)
        clock().advance(1ms);
    else
        scope.cancel();
    clock().advance(0ms);
    const auto isOver = [](End end) { return end == End::Cancelled || end == End::TimedOut; };
    QVERIFY(isOver(forObject->end));
    QVERIFY(isOver(forSignal->end));
    QVERIFY(isOver(forTimer->end));
    QVERIFY(tried->end == End::Cancelled || (tried->end == End::Returned && !*tried->value));
    worker.call([] {});
    QCOMPARE(Orphan::aborts.load(), 0);
}

void tst_QTimeoutRunObject::objectOfAnotherThreadReturns()
{
    Job job;
    Worker worker;
    job.moveToThread(&worker.thread);
    const auto observed = observe(QTimeout::run(1s, &job));
    worker.call([&job] { job.finish(); });
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(observed->thread, QThread::currentThread());
    // And the news beats the deadline.
    Job late;
    late.moveToThread(&worker.thread);
    QTimeoutScope scope(1s);
    const auto second = observe(scope.run(&late));
    worker.call([&late] { late.finish(); });
    scope.cancel();
    QCOMPARE(second->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(second->end, End::Returned);
    for (Job *each : {&job, &late}) {
        QCOMPARE(each->aborts, 0);
        QCOMPARE(each->askedElsewhere, 0);
        QCOMPARE(connectedSignals(each), QByteArrayList());
    }
}

void tst_QTimeoutRunObject::objectOfAnotherThreadIsAbortedThere()
{
    Job job;
    Worker worker;
    job.moveToThread(&worker.thread);
    const auto observed = observe(QTimeout::run(1s, &job));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    worker.call([] {}); // after what has been posted to it
    QCOMPARE(job.aborts, 1);
    QCOMPARE(job.abortedIn, &worker.thread);
    QCOMPARE(job.askedElsewhere, 0);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::objectOfAnotherThreadIsDestroyed()
{
    Worker worker;
    auto *timer = new QTimer;
    timer->moveToThread(&worker.thread);
    worker.call([timer] { timer->start(24h); });
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(timer));
    worker.call([timer] { delete timer; });
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observed->thread, QThread::currentThread());
    QVERIFY(scope.isActive());
    // An abandoned one may go too.
    auto *job = new Job;
    job->moveToThread(&worker.thread);
    const auto abandoned = observe(scope.run(job));
    worker.call([job] { job->deleteLater(); });
    clock().advance(1s);
    QVERIFY(abandoned->end != End::Pending);
    worker.call([] {});
}

void tst_QTimeoutRunObject::objectThatHasFinishedInAnotherThread()
{
    Job job;
    Worker worker;
    job.setFinished();
    job.moveToThread(&worker.thread);
    Pause pause(worker);
    const auto observed = observe(QTimeout::run(1s, &job));
    QCOMPARE(observed->end, End::Pending);
    pause.end();
    worker.call([] {});
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, &job);
    QCOMPARE(observed->thread, QThread::currentThread());
    // The answer beats the deadline, even if it is still queued.
    const auto late = observe(QTimeout::run(1s, &job));
    worker.call([] {});
    clock().advance(1s);
    QCOMPARE(late->end, End::Returned);
    QCOMPARE(job.aborts, 0);
    QCOMPARE(job.askedElsewhere, 0);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

// It tells by its signal and by the answer, and ends once.
void tst_QTimeoutRunObject::objectThatFinishesBeforeItIsAsked()
{
    Job job;
    Worker worker;
    job.moveToThread(&worker.thread);
    Pause pause(worker, [&job] { job.finish(); });
    const auto observed = observe(QTimeout::run(1s, &job));
    pause.end();
    worker.call([] {});
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(job.askedElsewhere, 0);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::objectThatIsDestroyedBeforeItIsAsked()
{
    Worker worker;
    auto *job = new Job;
    job->moveToThread(&worker.thread);
    Pause pause(worker, [job] { delete job; });
    const auto observed = observe(QTimeout::run(1s, job));
    pause.end();
    worker.call([] {});
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
}

// The one who wants to know has gone.
void tst_QTimeoutRunObject::objectIsAskedForNobody()
{
    Job job;
    Worker worker;
    job.setFinished();
    job.moveToThread(&worker.thread);
    Pause pause(worker);
    const auto observed = observe(QTimeout::run(1s, &job));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    pause.end();
    worker.call([] {});
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(job.askedElsewhere, 0);
}

void tst_QTimeoutRunObject::objectMovesBeforeItIsAsked()
{
    Job job;
    Worker first;
    Worker second;
    job.setFinished();
    job.moveToThread(&first.thread);
    Pause pause(first, [&] { job.moveToThread(&second.thread); });
    const auto observed = observe(QTimeout::run(1s, &job));
    pause.end();
    second.call([] {});
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(job.askedElsewhere, 0);
}

// It is in nobody's hands, and there is no event loop to ask it in.
void tst_QTimeoutRunObject::objectOfAThreadThatHasGone()
{
    Job job;
    {
        Worker worker;
        job.moveToThread(&worker.thread);
        worker.call([&job] { job.setFinished(); });
    }
    QVERIFY(!job.thread());
    QCOMPARE(observe(QTimeout::run(1s, &job))->end, End::Returned);
}

void tst_QTimeoutRunObject::objectOfAThreadThatHasGoneIsAborted_data()
{
    QTest::addColumn<bool>("isAwaitedBefore");
    QTest::newRow("while it is awaited") << true;
    QTest::newRow("before it is awaited") << false;
}

// A1: it lives in no thread.
void tst_QTimeoutRunObject::objectOfAThreadThatHasGoneIsAborted()
{
    QFETCH(bool, isAwaitedBefore);
    Job job;
    ObservedPointer<Job *> observed;
    QTimeoutScope scope(1s);
    {
        Worker worker;
        job.moveToThread(&worker.thread);
        if (isAwaitedBefore) {
            observed = observe(scope.run(&job));
            worker.call([] {}); // it has been asked
        }
    }
    QVERIFY(!job.thread());
    if (!isAwaitedBefore)
        observed = observe(scope.run(&job));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(job.aborts, 1);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_QTimeoutRunObject::timerOfAnotherThread()
{
    QTimer timer;
    Worker worker;
    timer.moveToThread(&worker.thread);
    const auto inactive = observe(QTimeout::run(1s, &timer));
    worker.call([] {});
    clock().advance(0ms);
    QCOMPARE(inactive->end, End::Returned);
    worker.call([&timer] { timer.start(24h); });
    const auto active = observe(QTimeout::run(1s, &timer));
    worker.call([] {});
    clock().advance(0ms);
    QCOMPARE(active->end, End::Pending);
    worker.call([&timer] { timer.start(0); });
    QTRY_COMPARE(active->end, End::Returned);
    worker.call([&timer] { timer.stop(); });
    QCOMPARE(connectedSignals(&timer), QByteArrayList());
}

void tst_QTimeoutRunObject::awaitedObjectReturns()
{
    Door door;
    const auto observed = observe(QTimeout::run(1s, &door));
    door.gate.open();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    QCOMPARE(door.cancels, 0);
    QCOMPARE(connectedSignals(&door), QByteArrayList());
    QCOMPARE(*observe(QTimeout::run(1s, &door))->value, 42);
}

void tst_QTimeoutRunObject::awaitedObjectIsAborted()
{
    Door door;
    const auto observed = observe(QTimeout::run(1s, &door));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(door.cancels, 1);
    QCOMPARE(connectedSignals(&door), QByteArrayList());
    door.gate.open();
}

void tst_QTimeoutRunObject::awaitedObjectIsDestroyed()
{
    auto door = std::make_unique<Door>();
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(door.get()));
    door.reset();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRunObject::temporaryAwaitableReturns()
{
    const auto gate = std::make_shared<Gate>();
    const auto observed = observe(QTimeout::run(1s, Ticket(gate)));
    gate->open();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(**observed->value, 42);
    const auto atOnce = observe(QTimeout::run(1s, Ticket(gate)));
    QCOMPARE(**atOnce->value, 42);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::temporaryAwaitableIsAbandoned()
{
    const auto gate = std::make_shared<Gate>();
    const auto observed = observe(QTimeout::tryRun(1s, Ticket(gate)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!*observed->value);
    QCOMPARE(Tracked::alive(), 1); // it still refers to whoever awaits it
    gate->open();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::temporaryAwaitableIsAborted()
{
    const auto gate = std::make_shared<Gate>();
    int aborts = 0;
    const auto observed = observe(QTimeout::run(1s, AbortableTicket(gate, &aborts)));
    clock().advance(1s);
    gate->open();
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(aborts, 1);
}

void tst_QTimeoutRunObject::awaitableWithAnOperator()
{
    const auto gate = std::make_shared<Gate>();
    const auto never = std::make_shared<Gate>();
    const auto member = observe(QTimeout::run(1s, MemberAwaitable{gate}));
    gate->open();
    clock().advance(0ms);
    QCOMPARE(**member->value, 42);
    const auto free = observe(QTimeout::run(1s, FreeAwaitable{gate}));
    QCOMPARE(**free->value, 42);
    const auto abandoned = observe(QTimeout::run(1s, FreeAwaitable{never}));
    clock().advance(1s);
    QCOMPARE(abandoned->end, End::TimedOut);
    never->open();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::namedAwaitableReturns()
{
    Gate gate;
    const auto observed = observe(QTimeout::run(1s, gate));
    gate.open();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(observe(QTimeout::run(1s, gate))->end, End::Returned);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunObject::namedAwaitableIsNotInterrupted()
{
    Gate first;
    Gate second;
    const auto observed = observe(QTimeout::run(1s, first));
    const auto tried = observe(QTimeout::tryRun(1s, second));
    clock().advance(2s);
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(tried->end, End::Pending);
    first.open();
    second.open();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
}

void tst_QTimeoutRunObject::namedAwaitableIsNotInterruptedByAScope()
{
    Gate first;
    Gate second;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto cancelled = observe(scope->run(first));
    scope->cancel();
    scope->start(1s);
    const auto timedOut = observe(scope->run(second));
    clock().advance(1s);
    QVERIFY(scope->hasExpired());
    scope.reset(); // the cause is known, and the scope is not touched again
    QCOMPARE(cancelled->end, End::Pending);
    QCOMPARE(timedOut->end, End::Pending);
    first.open();
    second.open();
    clock().advance(0ms);
    QCOMPARE(cancelled->end, End::Cancelled);
    QCOMPARE(timedOut->end, End::TimedOut);
}

void tst_QTimeoutRunObject::namedAwaitableIsAborted()
{
    AbortableGate gate;
    const auto observed = observe(QTimeout::run(1s, gate));
    clock().advance(1s);
    const int aborts = gate.aborts;
    gate.open();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(aborts, 1);
}

void tst_QTimeoutRunObject::namedAwaitableThrows()
{
    ThrowingGate gate;
    const auto observed = observe(QTimeout::run(1s, gate));
    gate.open();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "mine");
    ThrowingGate late;
    const auto abandoned = observe(QTimeout::run(1s, late));
    clock().advance(1s);
    late.open();
    clock().advance(0ms);
    QCOMPARE(abandoned->end, End::TimedOut);
}

void tst_QTimeoutRunObject::generatorSteps()
{
    Gate first;
    Gate second;
    QByteArrayList log;
    const auto task = takeNumbers(twoNumbers(first, second), log);
    clock().advance(999ms);
    first.open();
    clock().advance(0ms);
    QCOMPARE(log, QByteArrayList({"1"}));
    clock().advance(999ms);
    second.open();
    clock().advance(0ms);
    QCOMPARE(log, QByteArrayList({"1", "2", "end"}));
    QVERIFY(task.isReady());
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::generatorStepIsNotInterrupted()
{
    Gate first;
    Gate second;
    QByteArrayList log;
    std::optional task = takeNumbers(twoNumbers(first, second), log);
    first.open();
    clock().advance(0ms);
    clock().advance(2s);
    QCOMPARE(log, QByteArrayList({"1"}));
    QVERIFY(!task->isReady());
    second.open();
    clock().advance(0ms);
    QCOMPARE(log, QByteArrayList({"1", "timeout"}));
    QVERIFY(task->isReady());
    task.reset(); // and the generator, which it owns
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::taskEndsInAnotherThread()
{
    Hop away;
    const auto observed = observe(QTimeout::run(1s, hop(away)));
    away.go();
    away.wait();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    QCOMPARE(observed->thread, QThread::currentThread());
}

void tst_QTimeoutRunObject::taskThatEndedInAnotherThreadBeatsTheDeadline()
{
    Hop away;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(hop(away)));
    away.go();
    away.wait();
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    clock().advance(0ms); // the news has nobody to go to
}

void tst_QTimeoutRunObject::abandonedTaskEndsInAnotherThread()
{
    Hop away;
    const auto observed = observe(QTimeout::run(1s, hop(away)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 1);
    away.go();
    away.wait();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::abandonedAfterTheTaskHasEndedInAnotherThread()
{
    Hop away;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto observed = observe(scope->run(QTimeout::run(5s, hop(away))));
    away.go();
    away.wait();
    // The inner run has its result; the outer one does not know that.
    scope.reset();
    QVERIFY(observed->end == End::Returned || observed->end == End::Cancelled);
    clock().advance(0ms);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunObject::threadIsAwaited()
{
    QSemaphore permission;
    const std::unique_ptr<QThread> thread(QThread::create([&permission] { permission.acquire(); }));
    thread->start();
    const auto observed = observe(QTimeout::run(1s, threadFinishes(thread.get())));
    QCOMPARE(observed->end, End::Pending);
    permission.release();
    QTRY_COMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, true);
    QVERIFY(thread->wait());
}

void tst_QTimeoutRunObject::abandonedThreadIsLeftRunning()
{
    QSemaphore permission;
    const std::unique_ptr<QThread> thread(QThread::create([&permission] { permission.acquire(); }));
    thread->start();
    const auto observed = observe(QTimeout::run(1s, threadFinishes(thread.get())));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(thread->isRunning());
    permission.release();
    QVERIFY(thread->wait());
    clock().advance(0ms); // the coroutine that waits for it ends too
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunObject)
#include "tst_qtimeoutrun_object.moc"
