// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "blocks.h"

#include <QCoroFuture>

#include <QtCore/qlist.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthreadpool.h>

#include <functional>

/*
    The cases of kotlinx.coroutines' WithTimeoutTest, WithTimeoutOrNullTest,
    WithTimeoutThreadDispatchTest, WithTimeoutOrNullThreadDispatchTest and their variants; those for
    Duration have the cases of the first two again.

    withTimeout() is run() and withTimeoutOrNull() is tryRun(). Most of the cases are in both
    suites, and most functions here test both.
*/
class tst_ConformanceKotlin : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // in time
    void blockThatDoesNotSuspendGivesItsValue();
    void blockThatSuspendsGivesItsValue();
    void blockStartsBeforeOthersGetTheirTurn_data();
    void blockStartsBeforeOthersGetTheirTurn();
    void childThatIsLeftOverIsAborted();
    void childThatIsAwaitedIsWaitedFor();
    void resultIsOnlyMoved();
    void errorOfTheBlockIsPassedOn();
    void errorThatIsNoStandardExceptionIsPassedOn();
    void scopeThatIsLeftIsNotCancelled();
    void childOfAnotherThreadIsWaitedFor();

    // too late
    void expiryIsAnErrorOrNothing();
    void waitWithoutEndExpires();
    void shortestTimeoutExpires();
    void busyBlockThatYieldsExpires();
    void valueOfABlockThatSwallowsTheInterruptionIsKept();
    void errorThatReplacesTheInterruptionIsPassedOn();
    void negativeTimeoutIsNoticedAtTheFirstSuspension_data();
    void negativeTimeoutIsNoticedAtTheFirstSuspension();
    void expiryThatIsNotNoticedIsIgnored();
    void cancellationThrownAfterAnUnnoticedExpiryIsPassedOn();
    void unnoticedExpiryIsNoticedAtTheNextSuspension();

    // one in another
    void innerExpiryPassesThroughTheOuterTryRun_data();
    void innerExpiryPassesThroughTheOuterTryRun();
    void outerTryRunEndsALoopOfInnerOnes();
    void outerExpiryIsNotSwallowedByAnInnerTryRun();

    // threads
    void interruptionArrivesInTheThreadOfTheScope_data();
    void interruptionArrivesInTheThreadOfTheScope();
    void resultOfAnotherThreadArrivesInTheThreadOfTheScope();
};

/*
    Can be moved, and nothing else.
*/
class OnlyMovable
{
public:
    explicit OnlyMovable(int number) : m_number(std::make_unique<int>(number)) {}
    OnlyMovable(OnlyMovable &&) noexcept = default;
    OnlyMovable &operator=(OnlyMovable &&) = delete;
    bool operator==(const OnlyMovable &) const = delete;

    const int *address() const { return m_number.get(); }

private:
    std::unique_ptr<int> m_number;
};

namespace {

/*
    The numbers of the steps that have been taken.
*/
using Steps = QList<int>;

Steps stepsTo(int last)
{
    Steps steps;
    for (int step = 1; step <= last; ++step)
        steps << step;
    return steps;
}

struct TestError : std::runtime_error
{
    TestError() : std::runtime_error("test error") {}
};

struct AssertionError
{
};

QCoro::Task<QByteArray> okAtOnce(QTimeoutScope &, Steps *steps)
{
    *steps << 2;
    co_return "OK";
}

QCoro::Task<QByteArray> okAfterYield(QTimeoutScope &, Steps *steps)
{
    *steps << 2;
    co_await yielding();
    *steps << 3;
    co_return "OK";
}

QCoro::Task<QByteArray> okTooLate(QTimeoutScope &, Steps *steps)
{
    const Tracked local;
    *steps << 2;
    co_await QTimeout::sleepFor(1s);
    *steps << -1;
    co_return "OK";
}

QCoro::Task<> yieldForEver(QTimeoutScope &)
{
    const Tracked local;
    for (;;)
        co_await yielding();
}

QCoro::Task<QByteArray> okInSpiteOfInterruption(QTimeoutScope &, Steps *steps)
{
    *steps << 2;
    try {
        co_await QTimeout::sleepFor(1s);
    } catch (const QTimeoutCancelled &) {
        *steps << 3;
    }
    co_return "OK";
}

QCoro::Task<QByteArray> errorInsteadOfInterruption(QTimeoutScope &, Steps *steps)
{
    *steps << 2;
    try {
        co_await QTimeout::sleepFor(1s);
    } catch (const QTimeoutCancelled &) {
        *steps << 3;
        throw TestError();
    }
    *steps << -1;
    co_return "OK";
}

QCoro::Task<int> computeTooLong(QTimeoutScope &)
{
    compute(10ms);
    co_return 42;
}

QCoro::Task<> computeTooLongAndCancel(QTimeoutScope &)
{
    compute(10ms);
    throw QTimeoutCancelled();
    co_return;
}

QCoro::Task<> computeTooLongAndYield(QTimeoutScope &)
{
    compute(75ms);
    co_await yielding();
}

} // namespace

// WithTimeoutTest, WithTimeoutOrNullTest: testBasicNoSuspend
void tst_ConformanceKotlin::blockThatDoesNotSuspendGivesItsValue()
{
    Steps steps{1};
    const auto observed = observe(QTimeout::run(10s, &okAtOnce, &steps));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "OK");
    QCOMPARE(steps, stepsTo(2));
    const auto tried = observe(QTimeout::tryRun(10s, &okAtOnce, &steps));
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, std::optional<QByteArray>("OK"));
}

// WithTimeoutTest, WithTimeoutOrNullTest: testBasicSuspend
// time/WithTimeoutTest: testWithTimeout, testWithTimeoutOrNull
void tst_ConformanceKotlin::blockThatSuspendsGivesItsValue()
{
    Steps steps{1};
    const auto observed = observe(QTimeout::run(10s, &okAfterYield, &steps));
    QCOMPARE(steps, stepsTo(2));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "OK");
    QCOMPARE(steps, stepsTo(3));
    const auto tried = observe(QTimeout::tryRun(10s, &sleepingFor<int>, 1ns, 42));
    clock().advance(1ns);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, std::optional(42));
}

void tst_ConformanceKotlin::blockStartsBeforeOthersGetTheirTurn_data()
{
    QTest::addColumn<bool>("trying");
    QTest::newRow("run") << false;
    QTest::newRow("tryRun") << true;
}

// WithTimeoutTest, WithTimeoutOrNullTest: testDispatch; differs
void tst_ConformanceKotlin::blockStartsBeforeOthersGetTheirTurn()
{
    QFETCH(const bool, trying);
    Steps steps;
    // What Kotlin launches begins on a later turn.
    const auto other = [&steps](QTimeoutScope &) -> QCoro::Task<> {
        co_await yielding();
        steps << 4;
        co_await yielding();
        steps << 7;
    };
    const auto block = [&steps](QTimeoutScope &) -> QCoro::Task<> {
        steps << 3;
        co_await yielding();
        steps << 5;
    };
    const auto all = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        steps << 1;
        const QCoro::Task<> launched = other(scope);
        steps << 2;
        if (trying)
            co_await QTimeout::tryRun(1s, block);
        else
            co_await QTimeout::run(1s, block);
        steps << 6;
        co_await yielding();
        steps << 8;
        co_await launched;
    };
    const auto observed = observe(QTimeout::run(QDeadlineTimer::Forever, all));
    QCOMPARE(steps, stepsTo(3));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(steps, stepsTo(8));
}

// WithTimeoutTest, WithTimeoutOrNullTest: testYieldBlockingWithTimeout
void tst_ConformanceKotlin::busyBlockThatYieldsExpires()
{
    const auto observed = observe(QTimeout::run(100ms, &yieldForEver));
    const auto tried = observe(QTimeout::tryRun(100ms, &yieldForEver));
    clock().advance(100ms - 1ns);
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(tried->end, End::Pending);
    clock().advance(1ns);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
}

// WithTimeoutTest: testWithTimeoutChildWait; differs
void tst_ConformanceKotlin::childThatIsLeftOverIsAborted()
{
    bool interrupted = false;
    const auto block = [&interrupted](QTimeoutScope &scope) -> QCoro::Task<> {
        sleepingNoted(scope, 50ms, &interrupted);
        co_return;
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(interrupted);
}

// WithTimeoutTest: testWithTimeoutChildWait
void tst_ConformanceKotlin::childThatIsAwaitedIsWaitedFor()
{
    Steps steps{1};
    const auto launched = [&steps](QTimeoutScope &) -> QCoro::Task<> {
        co_await yielding();
        steps << 4;
    };
    const auto block = [&](QTimeoutScope &scope) -> QCoro::Task<> {
        steps << 2;
        const QCoro::Task<> child = launched(scope);
        steps << 3;
        co_await child;
    };
    const auto observed = observe(QTimeout::run(100ms, block));
    QCOMPARE(steps, stepsTo(3));
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(steps, stepsTo(4));
}

// WithTimeoutTest, WithTimeoutOrNullTest: testBadClass
void tst_ConformanceKotlin::resultIsOnlyMoved()
{
    OnlyMovable first(42);
    OnlyMovable second(43);
    const int *const firstAddress = first.address();
    const int *const secondAddress = second.address();
    const auto observed = observe(QTimeout::run(100ms, &returning<OnlyMovable>, std::move(first)));
    const auto tried = observe(QTimeout::tryRun(100ms, &returning<OnlyMovable>, std::move(second)));
    QCOMPARE(observed->value->address(), firstAddress);
    QCOMPARE((*tried->value)->address(), secondAddress);
}

// WithTimeoutTest: testExceptionOnTimeout, whose text differs
// WithTimeoutOrNullTest: testNullOnTimeout
void tst_ConformanceKotlin::expiryIsAnErrorOrNothing()
{
    Steps steps{1};
    const QCoro::Task<QByteArray> task = QTimeout::run(100ms, &okTooLate, &steps);
    QByteArray what;
    const auto catching = [&]() -> QCoro::Task<> {
        try {
            co_await task;
        } catch (const QTimeoutError &error) {
            what = error.what();
        }
    };
    const auto caught = observe(catching());
    clock().advance(100ms);
    QCOMPARE(caught->end, End::Returned);
    QCOMPARE(what, "QTimeoutError: the deadline has passed");
    QCOMPARE(steps, stepsTo(2));
    const auto tried = observe(QTimeout::tryRun(100ms, &okTooLate, &steps));
    clock().advance(100ms);
    QCOMPARE(tried->end, End::Returned);
    QVERIFY(!*tried->value);
}

// time/WithTimeoutTest: testWithTimeoutExceeded, testWithTimeoutOrNullExceeded
void tst_ConformanceKotlin::waitWithoutEndExpires()
{
    const auto observed = observe(QTimeout::run(3ms, &sleeping, nanoseconds::max()));
    const auto tried = observe(QTimeout::tryRun(3ms, &sleeping, nanoseconds::max()));
    clock().advance(3ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
}

// WithTimeoutTest, WithTimeoutOrNullTest: testSuppressExceptionWithResult; differs
void tst_ConformanceKotlin::valueOfABlockThatSwallowsTheInterruptionIsKept()
{
    Steps steps{1};
    const auto observed = observe(QTimeout::run(100ms, &okInSpiteOfInterruption, &steps));
    clock().advance(100ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, "OK");
    QCOMPARE(steps, stepsTo(3));
    const auto tried = observe(QTimeout::tryRun(100ms, &okInSpiteOfInterruption, &steps));
    clock().advance(100ms);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, std::optional<QByteArray>("OK"));
}

// WithTimeoutTest, WithTimeoutOrNullTest: testSuppressExceptionWithAnotherException
void tst_ConformanceKotlin::errorThatReplacesTheInterruptionIsPassedOn()
{
    Steps steps{1};
    const auto observed = observe(QTimeout::run(100ms, &errorInsteadOfInterruption, &steps));
    clock().advance(100ms);
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "test error");
    QCOMPARE(steps, stepsTo(3));
    const auto tried = observe(QTimeout::tryRun(100ms, &errorInsteadOfInterruption, &steps));
    clock().advance(100ms);
    QCOMPARE(tried->end, End::Failed);
    QCOMPARE(tried->what, "test error");
}

void tst_ConformanceKotlin::negativeTimeoutIsNoticedAtTheFirstSuspension_data()
{
    QTest::addColumn<int>("count");
    QTest::newRow("negative") << -2; // -1 is forever, as everywhere in Qt
    QTest::newRow("zero") << 0;
}

// WithTimeoutTest, WithTimeoutOrNullTest: testNegativeTimeout; differs
void tst_ConformanceKotlin::negativeTimeoutIsNoticedAtTheFirstSuspension()
{
    QFETCH(const int, count);
    const milliseconds timeout(count);
    Steps steps{1};
    const auto observed = observe(QTimeout::run(timeout, &okTooLate, &steps));
    const auto tried = observe(QTimeout::tryRun(timeout, &okTooLate, &steps));
    const auto finished = observe(QTimeout::tryRun(timeout, &okAtOnce, &steps));
    QCOMPARE(steps, Steps({1, 2, 2, 2}));
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(tried->end, End::Returned);
    QVERIFY(!*tried->value);
    QCOMPARE(*finished->value, std::optional<QByteArray>("OK"));
    QCOMPARE(steps, Steps({1, 2, 2, 2}));
}

// WithTimeoutTest, WithTimeoutOrNullTest: testExceptionFromWithinTimeout
void tst_ConformanceKotlin::errorOfTheBlockIsPassedOn()
{
    const auto observed = observe(QTimeout::run(1s, &throwing<TestError>, TestError()));
    const auto tried = observe(QTimeout::tryRun(1s, &throwing<TestError>, TestError()));
    QCOMPARE(observed->end, End::Failed);
    QCOMPARE(observed->what, "test error");
    QCOMPARE(tried->end, End::Failed);
    QCOMPARE(tried->what, "test error");
}

// WithTimeoutOrNullTest: testThrowException
void tst_ConformanceKotlin::errorThatIsNoStandardExceptionIsPassedOn()
{
    const auto tried = observe(
            QTimeout::tryRun(QDeadlineTimer::Forever, &throwing<AssertionError>, AssertionError()));
    QCOMPARE(tried->end, End::Failed);
    QCOMPARE(tried->what, "not a std::exception");
}

// WithTimeoutTest: testIncompleteWithTimeoutState
void tst_ConformanceKotlin::scopeThatIsLeftIsNotCancelled()
{
    QTimeoutScope scope(nanoseconds::max());
    const std::stop_token token = scope.stopToken();
    const auto observed = observe(scope.run(&returning<int>, 42));
    QCOMPARE(observed->end, End::Returned);
    scope.finish();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QVERIFY(!scope.isActive());
    QVERIFY(!scope.isCancelled());
    QVERIFY(!token.stop_requested());
}

// WithTimeoutOrNullTest: testSmallTimeout
void tst_ConformanceKotlin::shortestTimeoutExpires()
{
    QPromise<int> channel;
    channel.start();
    const auto block = [](QTimeoutScope &, QFuture<int> future) -> QCoro::Task<int> {
        co_return co_await future;
    };
    const auto tried = observe(QTimeout::tryRun(1ms, block, channel.future()));
    QCOMPARE(tried->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(tried->end, End::Returned);
    QVERIFY(!*tried->value);
    QVERIFY(channel.isCanceled());
}

void tst_ConformanceKotlin::innerExpiryPassesThroughTheOuterTryRun_data()
{
    QTest::addColumn<QTimeout::Deadline>("outer");
    QTest::addColumn<bool>("yields");
    // WithTimeoutOrNullTest: testInnerTimeout
    QTest::newRow("yields, outer deadline is later") << QTimeout::Deadline(1s) << true;
    // WithTimeoutOrNullTest: testNestedTimeout
    QTest::newRow("sleeps, no outer deadline")
            << QTimeout::Deadline(QDeadlineTimer::Forever) << false;
}

void tst_ConformanceKotlin::innerExpiryPassesThroughTheOuterTryRun()
{
    QFETCH(const QTimeout::Deadline, outer);
    QFETCH(const bool, yields);
    bool reached = false;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        if (yields)
            co_await QTimeout::run(10ms, &yieldForEver);
        else
            co_await QTimeout::run(10ms, &sleeping, nanoseconds::max());
        reached = true;
    };
    const auto tried = observe(QTimeout::tryRun(outer, block));
    clock().advance(10ms);
    QCOMPARE(tried->end, End::TimedOut);
    QVERIFY(!reached);
}

// WithTimeoutOrNullTest: testOuterTimeout
void tst_ConformanceKotlin::outerTryRunEndsALoopOfInnerOnes()
{
    int innerExpiries = 0;
    int innerReturns = 0;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        for (;;) {
            const bool inTime = co_await QTimeout::tryRun(150ms, &yieldForEver);
            ++(inTime ? innerReturns : innerExpiries);
        }
    };
    const auto tried = observe(QTimeout::tryRun(320ms, block));
    for (const milliseconds step : {150ms, 150ms, 19ms})
        clock().advance(step);
    QCOMPARE(tried->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
    QCOMPARE(innerExpiries, 2);
    QCOMPARE(innerReturns, 0);
}

// WithTimeoutOrNullJvmTest: testOuterTimeoutFiredBeforeInner
void tst_ConformanceKotlin::outerExpiryIsNotSwallowedByAnInnerTryRun()
{
    bool shieldPassed = false;
    bool reached = false;
    const auto inner = [&reached](QTimeoutScope &) -> QCoro::Task<> {
        co_await yielding();
        reached = true;
    };
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<> {
        compute(200ms);
        co_await QTimeout::shield(&yielding);
        shieldPassed = true;
        co_await QTimeout::tryRun(100ms, inner);
        reached = true;
    };
    const auto tried = observe(QTimeout::tryRun(100ms, block));
    QCOMPARE(tried->end, End::Pending);
    clock().advance(0s);
    QVERIFY(shieldPassed);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
    clock().advance(100ms);
    QVERIFY(!reached);
}

// WithTimeoutOrNullJvmTest: testIgnoredTimeout, testIgnoredTimeoutOnNull
void tst_ConformanceKotlin::expiryThatIsNotNoticedIsIgnored()
{
    const auto observed = observe(QTimeout::run(1ms, &computeTooLong));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    const auto tried = observe(QTimeout::tryRun(1ms, &computeTooLong));
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, std::optional(42));
}

// WithTimeoutOrNullJvmTest: testIgnoredTimeoutOnNullThrowsCancellation
void tst_ConformanceKotlin::cancellationThrownAfterAnUnnoticedExpiryIsPassedOn()
{
    const auto tried = observe(QTimeout::tryRun(1ms, &computeTooLongAndCancel));
    QCOMPARE(tried->end, End::Cancelled);
}

// WithTimeoutOrNullJvmTest: testIgnoredTimeoutOnNullThrowsOnYield
void tst_ConformanceKotlin::unnoticedExpiryIsNoticedAtTheNextSuspension()
{
    const auto tried = observe(QTimeout::tryRun(1ms, &computeTooLongAndYield));
    QCOMPARE(tried->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
}

namespace {

/*
    Where and how a block that is interrupted went on.
*/
struct Interruption
{
    Steps steps;
    QThread *inBlock = nullptr;
    QThread *afterRun = nullptr;
};

QCoro::Task<> interruptedBlock(QTimeoutScope &, Interruption *seen)
{
    try {
        seen->steps << 3;
        co_await QTimeout::sleepFor(1s);
        seen->steps << -1;
    } catch (const QTimeoutCancelled &) {
        seen->steps << 4;
        seen->inBlock = QThread::currentThread();
        throw;
    }
}

QCoro::Task<> runInterruptedBlock(QTimeoutScope &, Interruption *seen)
{
    seen->steps << 2;
    try {
        co_await QTimeout::run(100ms, &interruptedBlock, seen);
    } catch (const QTimeoutError &) {
        seen->steps << 5;
    }
    seen->afterRun = QThread::currentThread();
}

QCoro::Task<> tryInterruptedBlock(QTimeoutScope &, Interruption *seen)
{
    seen->steps << 2;
    const bool inTime = co_await QTimeout::tryRun(100ms, &interruptedBlock, seen);
    if (!inTime)
        seen->steps << 5;
    seen->afterRun = QThread::currentThread();
}

/*
    Does something in a thread of its own, in whose time nothing takes long, and waits for it.
*/
class OtherThread
{
public:
    enum Kind { WithEventLoop, WithoutEventLoop };

    static void call(Kind kind, const std::function<void()> &function)
    {
        const auto inItsTime = [&function] {
            QTimeoutTestClock clock;
            clock.setAutoAdvance(true);
            function();
        };
        if (kind == WithoutEventLoop) {
            const std::unique_ptr<QThread> thread(QThread::create(inItsTime));
            thread->start();
            thread->wait();
            return;
        }
        QThread thread;
        QObject context;
        context.moveToThread(&thread);
        QObject::connect(&thread, &QThread::started, &context, [&] {
            inItsTime();
            thread.quit();
        });
        thread.start();
        thread.wait();
    }
};

} // namespace

void tst_ConformanceKotlin::interruptionArrivesInTheThreadOfTheScope_data()
{
    QTest::addColumn<OtherThread::Kind>("kind");
    QTest::addColumn<bool>("trying");
    // testCancellationDispatchScheduled, testCancellationDispatchNonScheduled of
    // WithTimeoutThreadDispatchTest
    QTest::newRow("run, with event loop") << OtherThread::WithEventLoop << false;
    QTest::newRow("run, without event loop") << OtherThread::WithoutEventLoop << false;
    // of WithTimeoutOrNullThreadDispatchTest
    QTest::newRow("tryRun, with event loop") << OtherThread::WithEventLoop << true;
    QTest::newRow("tryRun, without event loop") << OtherThread::WithoutEventLoop << true;
}

void tst_ConformanceKotlin::interruptionArrivesInTheThreadOfTheScope()
{
    QFETCH(const OtherThread::Kind, kind);
    QFETCH(const bool, trying);
    Interruption seen;
    QThread *thread = nullptr;
    seen.steps << 1;
    OtherThread::call(kind, [&] {
        thread = QThread::currentThread();
        QTimeout::waitFor(1h, trying ? &tryInterruptedBlock : &runInterruptedBlock, &seen);
    });
    QCOMPARE(seen.steps, stepsTo(5));
    QVERIFY(thread && thread != QThread::currentThread());
    QCOMPARE(seen.inBlock, thread);
    QCOMPARE(seen.afterRun, thread);
}

namespace {

/*
    A value that another thread finds.
*/
QFuture<int> foundElsewhere(QThread **where)
{
    auto promise = std::make_shared<QPromise<int>>();
    promise->start();
    QThreadPool::globalInstance()->start([promise, where] {
        *where = QThread::currentThread();
        promise->addResult(42);
        promise->finish();
    });
    return promise->future();
}

} // namespace

// testCancellationDispatchCustomNoDelay of WithTimeoutThreadDispatchTest and
// WithTimeoutOrNullThreadDispatchTest; differs
void tst_ConformanceKotlin::resultOfAnotherThreadArrivesInTheThreadOfTheScope()
{
    realTime();
    QThread *elsewhere = nullptr;
    QList<QThread *> here;
    const auto block = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const int found = co_await foundElsewhere(&elsewhere);
        here << QThread::currentThread();
        co_return found;
    };
    QCOMPARE(QTimeout::waitFor(1h, block), 42);
    const auto trying = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const std::optional<int> found = co_await QTimeout::tryRun(1h, block);
        here << QThread::currentThread();
        co_return found.value_or(0);
    };
    QCOMPARE(QTimeout::waitFor(1h, trying), 42);
    QVERIFY(elsewhere && elsewhere != QThread::currentThread());
    QCOMPARE(here, QList<QThread *>(3, QThread::currentThread()));
}

// WithTimeoutChildDispatchStressTest: testChildDispatch
void tst_ConformanceKotlin::childOfAnotherThreadIsWaitedFor()
{
    realTime();
    QThread *elsewhere = nullptr;
    const auto child = [&elsewhere](QTimeoutScope &) -> QCoro::Task<> {
        co_await foundElsewhere(&elsewhere);
    };
    const auto block = [&child](QTimeoutScope &scope) -> QCoro::Task<QByteArray> {
        const QCoro::Task<> launched = child(scope);
        co_await launched;
        co_return "DONE";
    };
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(QTimeout::waitFor(1h, block), "DONE");
}

QTEST_GUILESS_MAIN(tst_ConformanceKotlin)

#include "tst_conformance_kotlin.moc"
