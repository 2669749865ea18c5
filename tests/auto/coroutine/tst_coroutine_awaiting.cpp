// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QCoroAsyncGenerator>
#include <QCoroFuture>
#include <QCoroIODevice>
#include <QCoroProcess>
#include <QCoroSignal>
#include <QCoroThread>
#include <QCoroTimer>
#if __has_include(<QCoroLazyTask>)
#    include <QCoroLazyTask>
#endif

#include <QtCore/qprocess.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>

using namespace std::chrono_literals;

// An awaitable that cannot be moved.
class Fixed
{
public:
    explicit Fixed(Gate &gate) : m_gate(gate) {}
    Q_DISABLE_COPY_MOVE(Fixed)

    bool await_ready() const noexcept { return m_gate.isOpen(); }
    void await_suspend(std::coroutine_handle<> waiter) { m_gate.setWaiter(waiter); }
    const Fixed &await_resume() const noexcept { return *this; }

private:
    Gate &m_gate;
};

// Gives a reference.
struct Referring
{
    bool await_ready() const noexcept { return gate->isOpen(); }
    void await_suspend(std::coroutine_handle<> waiter) { gate->setWaiter(waiter); }
    int &await_resume() const noexcept { return *value; }

    Gate *gate;
    int *value;
};

class Sender : public QObject
{
    Q_OBJECT

Q_SIGNALS:
    void named(const QString &name);
};

static QCoro::AsyncGenerator<int> count(QList<Gate *> gates)
{
    const Tracked local;
    int number = 0;
    for (Gate *gate : gates) {
        co_await *gate;
        ++number;
        co_yield number;
    }
}

/*
    Everything that a plain coroutine can await.
*/
class tst_CoroutineAwaiting : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void temporaryTask();
    void namedTask();
    void constTask();
    void emptyTask();
    void taskThatThrows();
    void abandonedNamedTask();
    void timer();
    void temporaryWrapper();
    void future();
    void voidFuture();
    void cancelledFuture();
    void futureOfMoveOnly();
    void signalOfQCoro();
    void signalByRun();
    void process();
    void abortedProcess();
    void thread();
    void generator();
    void generatorIsNotInterrupted();
    void namedAwaitable();
    void namedAwaitableIsNotInterrupted();
    void unmovableTemporary();
    void reference();
    void sleep();
    void lazyTask();
    void namedLazyTask();
};

void tst_CoroutineAwaiting::temporaryTask()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await valueAfter(gate, 1) + co_await valueAtOnce(2);
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    QCOMPARE(result->value, 3);
}

void tst_CoroutineAwaiting::namedTask()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<QString> {
        auto late = valueAfter(gate, QString("late"));
        auto early = valueAtOnce(QString("early"));
        const QString second = co_await early;
        co_return co_await late + second;
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    QCOMPARE(result->value, QString("lateearly"));
}

void tst_CoroutineAwaiting::constTask()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<int> {
        const auto task = valueAfter(gate, 1);
        co_return co_await task;
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    QCOMPARE(result->value, 1);
}

void tst_CoroutineAwaiting::emptyTask()
{
    QTimeoutScope scope(1s);
    const auto coroutine = [](QTimeoutScope &) -> QCoro::Task<> {
        QCoro::Task<> empty;
        co_await empty;
    };
    QTest::ignoreMessage(
            QtWarningMsg,
            "QTimeout::run: There is nothing to wait for: the pointer is null, or the task is "
            "empty. Check it before the call; QTimeoutCancelled is thrown.");
    QCOMPARE(observe(coroutine(scope))->end, End::Cancelled);
}

void tst_CoroutineAwaiting::taskThatThrows()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<> {
        co_await throwAfter(gate, std::runtime_error("broken"));
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    QCOMPARE(result->what, "broken");
}

void tst_CoroutineAwaiting::abandonedNamedTask()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<QString> {
        auto task = valueAfter(gate, QString("a string that is long enough for the heap"));
        co_return co_await task;
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 1);
    gate.open();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineAwaiting::timer()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    QTimer timer;
    timer.start(0);
    const auto coroutine = [&timer](QTimeoutScope &) -> QCoro::Task<int> {
        co_await timer;
        co_await &timer;
        co_return 2;
    };
    const auto result = observe(coroutine(scope));
    QTRY_COMPARE(result->end, End::Returned);
}

void tst_CoroutineAwaiting::temporaryWrapper()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    QTimer timer;
    timer.start(0);
    const auto coroutine = [&timer](QTimeoutScope &) -> QCoro::Task<int> {
        co_await qCoro(timer).waitForTimeout();
        co_await QCoro::sleepFor(0ms);
        co_return 3;
    };
    const auto result = observe(coroutine(scope));
    QTRY_COMPARE(result->end, End::Returned);
}

void tst_CoroutineAwaiting::future()
{
    QTimeoutScope scope(1s);
    QPromise<int> promise;
    promise.start();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        const QFuture<int> future = promise.future();
        const int first = co_await promise.future();
        co_return first + co_await future + co_await qCoro(future).waitForFinished();
    };
    const auto result = observe(coroutine(scope));
    promise.addResult(4);
    promise.finish();
    clock().advance(0s);
    QCOMPARE(result->value, 12);
}

void tst_CoroutineAwaiting::voidFuture()
{
    QTimeoutScope scope(1s);
    QPromise<void> promise;
    promise.start();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<> {
        co_await promise.future();
    };
    const auto result = observe(coroutine(scope));
    promise.finish();
    clock().advance(0s);
    QCOMPARE(result->end, End::Returned);
}

void tst_CoroutineAwaiting::cancelledFuture()
{
    QTimeoutScope scope(1s);
    QPromise<int> promise;
    promise.start();
    promise.future().cancel();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await promise.future();
    };
    QCOMPARE(observe(coroutine(scope))->end, End::Cancelled); // QCoro's own crashes
    QVERIFY(scope.isActive());
    promise.finish();
}

void tst_CoroutineAwaiting::futureOfMoveOnly()
{
    QTimeoutScope scope(1s);
    QPromise<std::unique_ptr<int>> promise;
    promise.start();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        const std::unique_ptr<int> value = co_await promise.future();
        co_return *value;
    };
    const auto result = observe(coroutine(scope));
    promise.addResult(std::make_unique<int>(6));
    promise.finish();
    clock().advance(0s);
    QCOMPARE(result->value, 6);
}

void tst_CoroutineAwaiting::signalOfQCoro()
{
    QTimeoutScope scope(1s);
    Sender object;
    const auto coroutine = [&object](QTimeoutScope &) -> QCoro::Task<QString> {
        co_return co_await qCoro(&object, &Sender::named);
    };
    const auto result = observe(coroutine(scope));
    Q_EMIT object.named("named");
    clock().advance(0s);
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, QString("named"));
}

void tst_CoroutineAwaiting::signalByRun()
{
    QTimeoutScope scope(1s);
    QObject object;
    const auto coroutine = [&object](QTimeoutScope &own) -> QCoro::Task<QString> {
        co_return co_await own.run(&object, &QObject::objectNameChanged);
    };
    const auto result = observe(coroutine(scope));
    object.setObjectName("named");
    clock().advance(0s);
    QCOMPARE(result->value, QString("named"));
    const auto late = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(late->end, End::TimedOut);
}

void tst_CoroutineAwaiting::process()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto coroutine = [](QTimeoutScope &) -> QCoro::Task<QByteArray> {
        QProcess process;
        co_await qCoro(process).start("cat", {});
        process.write("meow");
        process.closeWriteChannel();
        co_await qCoro(process).waitForFinished();
        co_return process.readAll();
    };
    const auto result = observe(coroutine(scope));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(*result->value, "meow");
}

void tst_CoroutineAwaiting::abortedProcess()
{
    QTimeoutScope scope(1s);
    QProcess process;
    const auto coroutine = [&process](QTimeoutScope &own) -> QCoro::Task<> {
        own.watch(&process);
        process.start("cat", {});
        co_await own.run(&process, qOverload<int, QProcess::ExitStatus>(&QProcess::finished));
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    // The event loop may have seen its end meanwhile.
    QVERIFY(process.state() == QProcess::NotRunning || process.waitForFinished());
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_CoroutineAwaiting::thread()
{
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const std::unique_ptr<QThread> thread(QThread::create([] {}));
    const auto coroutine = [&thread](QTimeoutScope &) -> QCoro::Task<bool> {
        co_return co_await qCoro(thread.get()).waitForFinished();
    };
    thread->start();
    const auto result = observe(coroutine(scope));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, true);
    thread->wait();
}

void tst_CoroutineAwaiting::generator()
{
    QTimeoutScope scope(1s);
    Gate gates[3];
    const auto coroutine = [&gates](QTimeoutScope &) -> QCoro::Task<int> {
        int sum = 0;
        auto generator = count({&gates[0], &gates[1], &gates[2]});
        for (auto it = co_await generator.begin(), end = generator.end(); it != end;) {
            sum += *it;
            auto &same = co_await ++it;
            note(&same == &it ? "same" : "copy");
        }
        QCORO_FOREACH(int value, count({&gates[0]}))
        sum += 10 * value;
        co_return sum;
    };
    const auto result = observe(coroutine(scope));
    for (Gate &gate : gates) {
        gate.open();
        turn();
    }
    QCOMPARE(result->value, 16);
    COMPARE_EVENTS({"same", "same", "same"});
}

void tst_CoroutineAwaiting::generatorIsNotInterrupted()
{
    QTimeoutScope scope(1s);
    Gate gates[2];
    const auto coroutine = [&gates](QTimeoutScope &) -> QCoro::Task<int> {
        auto generator = count({&gates[0], &gates[1]});
        auto it = co_await generator.begin();
        note("first");
        try {
            co_await ++it;
        } catch (...) {
            noteException("step");
            throw;
        }
        co_return *it;
    };
    const auto result = observe(coroutine(scope));
    gates[0].open();
    turn();
    COMPARE_EVENTS({"first"});
    clock().advance(1s);
    QCOMPARE(result->end, End::Pending);
    gates[1].open();
    turn();
    COMPARE_EVENTS({"first", "step: cancelled"});
    QCOMPARE(result->end, End::TimedOut);
}

void tst_CoroutineAwaiting::namedAwaitable()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<int> {
        co_await gate;
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    turn();
    QCOMPARE(result->value, 1);
}

void tst_CoroutineAwaiting::namedAwaitableIsNotInterrupted()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<int> {
        co_await gate;
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::Pending);
    gate.open();
    turn();
    QCOMPARE(result->end, End::TimedOut);
}

void tst_CoroutineAwaiting::unmovableTemporary()
{
    QTimeoutScope scope(1s);
    Gate gate;
    const auto coroutine = [&gate](QTimeoutScope &) -> QCoro::Task<int> {
        co_await Fixed(gate);
        co_return 1;
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    turn();
    QCOMPARE(result->value, 1);
}

void tst_CoroutineAwaiting::reference()
{
    QTimeoutScope scope(1s);
    Gate gate;
    int value = 1;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<bool> {
        int &same = co_await Referring{&gate, &value};
        same = 2;
        co_return &same == &value;
    };
    const auto result = observe(coroutine(scope));
    gate.open();
    turn();
    QCOMPARE(result->value, true);
    QCOMPARE(value, 2);
}

void tst_CoroutineAwaiting::sleep()
{
    QTimeoutScope scope(3s);
    const auto coroutine = [](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::sleepFor(1s);
        note("slept");
        co_await QTimeout::sleepUntil(QDeadlineTimer(std::chrono::nanoseconds(1h)));
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    COMPARE_EVENTS({"slept"});
    clock().advance(2s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(queuedDeadlines(), size_t(0)); // the sleep has ended at once
}

void tst_CoroutineAwaiting::lazyTask()
{
#if __has_include(<QCoroLazyTask>)
    QTimeoutScope scope(1s);
    Gate gate;
    const auto lazy = [](Gate &closed) -> QCoro::LazyTask<int> {
        note(QTimeout::currentScope() ? "inside" : "outside");
        co_await closed;
        co_return 5;
    };
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await lazy(gate);
    };
    const auto result = observe(coroutine(scope));
    COMPARE_EVENTS({"inside"});
    gate.open();
    QCOMPARE(result->value, 5);

    Gate closed;
    const auto late = [&](QTimeoutScope &) -> QCoro::Task<int> { co_return co_await lazy(closed); };
    const auto timedOut = observe(late(scope));
    clock().advance(1s);
    QCOMPARE(timedOut->end, End::TimedOut);
    closed.open();
#endif
}

void tst_CoroutineAwaiting::namedLazyTask()
{
#if __has_include(<QCoroLazyTask>)
    QTimeoutScope scope(1s);
    Gate gate;
    const auto lazy = [](Gate &closed) -> QCoro::LazyTask<QString> {
        co_await closed;
        co_return QString("lazy");
    };
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<QString> {
        auto task = lazy(gate);
        co_return co_await task;
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
#endif
}

QTEST_GUILESS_MAIN(tst_CoroutineAwaiting)
#include "tst_coroutine_awaiting.moc"
