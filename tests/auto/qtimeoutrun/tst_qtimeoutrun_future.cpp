// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>

using namespace std::chrono_literals;

namespace {

template<typename T>
QFuture<T> start(QPromise<T> &promise)
{
    promise.start();
    return promise.future();
}

// It is passed as an exception_ptr, whatever it is.
template<typename T, typename Exception>
void fail(QPromise<T> &promise, const Exception &exception)
{
    promise.setException(std::make_exception_ptr(exception));
    promise.finish();
}

template<typename Function>
void inAnotherThread(Function function)
{
    const std::unique_ptr<QThread> thread(QThread::create(function));
    thread->start();
    thread->wait();
}

template<typename T>
End endOf(QFuture<T> future)
{
    if (!future.isFinished())
        return End::Pending;
    try {
        future.waitForFinished();
    } catch (const QTimeoutError &) {
        return End::TimedOut;
    } catch (...) {
        return End::Failed;
    }
    return future.isCanceled() ? End::Cancelled : End::Returned;
}

} // namespace

// QtFuture::makeReadyFuture() has another name since Qt 6.6.
static QFuture<int> readyFuture(int value)
{
    QPromise<int> promise;
    promise.start();
    promise.addResult(value);
    promise.finish();
    return promise.future();
}

class tst_QTimeoutRunFuture : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // run
    void finishedFutureReturnsAtOnce();
    void futureReturnsItsResult();
    void voidFuture();
    void moveOnlyResult();
    void namedFutureKeepsItsResult();
    void firstOfSeveralResults();
    void exceptionIsPassedOn();
    void storedTimeoutErrorIsNotTheDeadline();
    void cancelledBefore();
    void cancelledWhileWaitedFor();
    void cancelledAndStillRunning();
    void defaultConstructed();
    void finishedWithoutAResult();
    void promiseDestroyed();
    void futureThatDoesNotFinishIsCancelled();
    void resultOfAnAbandonedFutureIsDiscarded();
    void futureIsCancelledByItsScope();
    void futureIsCancelledUnderAnEndedScope();
    void futureOfAnInnerRunIsCancelled();
    void finishedFutureBeatsTheDeadline();
    void severalWaitForOneFuture();

    // threads
    void finishedInAnotherThread();
    void finishedInAnotherThreadBeatsTheDeadline();
    void finishedInAnotherThreadBeatsACancellation();
    void cancelledInAnotherThread();

    // withTimeout
    void withTimeoutPassesOnTheResult();
    void withTimeoutOfAFinishedFuture();
    void withTimeoutOfVoid();
    void withTimeoutOfAMoveOnlyResult();
    void withTimeoutPassesOnAllResults();
    void withTimeoutPassesOnAnException();
    void withTimeoutExpires();
    void withTimeoutDoesNotWaitForASourceThatGoesOn();
    void withTimeoutIsCancelledWithItsSource();
    void withTimeoutCancelsItsSource();
    void withTimeoutWithContinuations();
    void withTimeoutCanBeDropped();
    void withTimeoutInAChain();
};

void tst_QTimeoutRunFuture::finishedFutureReturnsAtOnce()
{
    const auto observed = observe(QTimeout::run(0s, readyFuture(42)));
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    QTimeoutScope scope(1s);
    const auto under = observe(scope.tryRun(readyFuture(42)));
    QCOMPARE(*under->value, std::optional(42));
}

void tst_QTimeoutRunFuture::futureReturnsItsResult()
{
    QPromise<Tracked> promise;
    {
        const auto observed = observe(QTimeout::run(1s, start(promise)));
        clock().advance(999ms);
        QCOMPARE(observed->end, End::Pending);
        promise.addResult(Tracked(42));
        promise.finish();
        clock().advance(0ms);
        QCOMPARE(observed->end, End::Returned);
        QCOMPARE(observed->value->value, 42);
        QCOMPARE(queuedDeadlines(), size_t(0));
    }
    promise = QPromise<Tracked>();
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunFuture::voidFuture()
{
    QPromise<void> promise;
    QPromise<void> never;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    const ObservedPointer<bool> tried = observe(QTimeout::tryRun(1s, start(never)));
    promise.finish();
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(*tried->value, false);
    never.finish();
}

void tst_QTimeoutRunFuture::moveOnlyResult()
{
    QPromise<std::unique_ptr<int>> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    promise.addResult(std::make_unique<int>(42));
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(**observed->value, 42);
}

void tst_QTimeoutRunFuture::namedFutureKeepsItsResult()
{
    QPromise<QString> promise;
    QFuture<QString> future = start(promise);
    const QFuture<QString> constant = future;
    const auto first = observe(QTimeout::run(1s, future));
    const auto second = observe(QTimeout::run(1s, constant));
    promise.addResult("text");
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(*first->value, "text");
    QCOMPARE(*second->value, "text");
    QCOMPARE(future.result(), "text");
}

void tst_QTimeoutRunFuture::firstOfSeveralResults()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    promise.addResult(1);
    promise.addResult(2);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Pending); // until it has finished
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(*observed->value, 1);
}

void tst_QTimeoutRunFuture::exceptionIsPassedOn()
{
    QPromise<int> before;
    const QFuture<int> failed = start(before);
    fail(before, std::runtime_error("mine"));
    const auto atOnce = observe(QTimeout::run(1s, failed));
    QCOMPARE(atOnce->end, End::Failed);
    QCOMPARE(atOnce->what, "mine");

    QPromise<int> later;
    QPromise<void> other;
    const auto standard = observe(QTimeout::tryRun(1s, start(later)));
    const auto number = observe(QTimeout::run(1s, start(other)));
    fail(later, std::runtime_error("mine"));
    fail(other, 42);
    clock().advance(0ms);
    QCOMPARE(standard->end, End::Failed);
    QCOMPARE(standard->what, "mine");
    QCOMPARE(number->end, End::Failed);
    QCOMPARE(number->what, "not a std::exception");
}

void tst_QTimeoutRunFuture::storedTimeoutErrorIsNotTheDeadline()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::tryRun(1s, start(promise)));
    fail(promise, QTimeoutError());
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
}

void tst_QTimeoutRunFuture::cancelledBefore()
{
    QPromise<int> running;
    QFuture<int> future = start(running);
    future.cancel();
    QCOMPARE(observe(QTimeout::run(1s, future))->end, End::Cancelled);
    running.finish();
    QCOMPARE(observe(QTimeout::run(1s, future))->end, End::Cancelled);
    QTimeoutScope scope(1s);
    QCOMPARE(observe(scope.tryRun(future))->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutRunFuture::cancelledWhileWaitedFor()
{
    QPromise<int> promise;
    QPromise<void> nothing;
    QTimeoutScope scope(1s);
    const auto under = observe(scope.run(start(promise)));
    const auto tried = observe(QTimeout::tryRun(1s, start(nothing)));
    promise.future().cancel();
    promise.finish();
    nothing.future().cancel();
    nothing.finish();
    clock().advance(0ms);
    QCOMPARE(under->end, End::Cancelled);
    QCOMPARE(tried->end, End::Cancelled);
    QVERIFY(scope.isActive());
    QCOMPARE(queuedDeadlines(), size_t(1));
}

void tst_QTimeoutRunFuture::cancelledAndStillRunning()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    promise.future().cancel();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(queuedDeadlines(), size_t(0));
    promise.addResult(42);
    promise.finish();
    clock().advance(0ms);
    QVERIFY(!observed->value);
}

void tst_QTimeoutRunFuture::defaultConstructed()
{
    QCOMPARE(observe(QTimeout::run(1s, QFuture<int>()))->end, End::Cancelled);
    QCOMPARE(observe(QTimeout::tryRun(1s, QFuture<void>()))->end, End::Cancelled);
}

void tst_QTimeoutRunFuture::finishedWithoutAResult()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observe(QTimeout::run(1s, promise.future()))->end, End::Cancelled);
}

void tst_QTimeoutRunFuture::promiseDestroyed()
{
    auto promise = std::make_unique<QPromise<int>>();
    const auto observed = observe(QTimeout::run(1s, start(*promise)));
    promise.reset();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_QTimeoutRunFuture::futureThatDoesNotFinishIsCancelled()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    clock().advance(999ms);
    QVERIFY(!promise.isCanceled());
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut); // although it has been cancelled by then
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutRunFuture::resultOfAnAbandonedFutureIsDiscarded()
{
    {
        QPromise<Tracked> promise;
        const auto observed = observe(QTimeout::run(1s, start(promise)));
        clock().advance(1s);
        promise.addResult(Tracked(42));
        promise.finish();
        clock().advance(1s);
        QCOMPARE(observed->end, End::TimedOut);
        QVERIFY(!observed->value);
    }
    clock().advance(0ms);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_QTimeoutRunFuture::futureIsCancelledByItsScope()
{
    QPromise<int> promise;
    QPromise<int> other;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto first = observe(scope->run(start(promise)));
    scope->cancel();
    QVERIFY(promise.isCanceled());
    QCOMPARE(first->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(first->end, End::Cancelled);
    scope->start(1s);
    const auto second = observe(scope->run(start(other)));
    scope.reset();
    QCOMPARE(second->end, End::Cancelled);
    QVERIFY(other.isCanceled());
}

void tst_QTimeoutRunFuture::futureIsCancelledUnderAnEndedScope()
{
    QPromise<int> promise;
    QTimeoutScope scope(0ms);
    (void)scope.stopToken();
    clock().advance(0ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(observe(scope.run(start(promise)))->end, End::TimedOut);
    QVERIFY(promise.isCanceled());
}

void tst_QTimeoutRunFuture::futureOfAnInnerRunIsCancelled()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, QTimeout::tryRun(2s, start(promise))));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(promise.isCanceled());
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunFuture::finishedFutureBeatsTheDeadline()
{
    QPromise<int> promise;
    QPromise<int> other;
    QTimeoutScope scope(1s);
    const auto cancelled = observe(scope.run(start(promise)));
    promise.addResult(42);
    promise.finish();
    scope.cancel(); // the news is still queued
    QCOMPARE(cancelled->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(cancelled->end, End::Returned);
    QCOMPARE(*cancelled->value, 42);

    realTime();
    const auto blocked = observe(QTimeout::run(QDeadlineTimer(5, Qt::PreciseTimer), start(other)));
    other.addResult(43);
    other.finish();
    QThread::msleep(20);
    QTRY_VERIFY(blocked->end != End::Pending);
    QCOMPARE(blocked->end, End::Returned);
    QCOMPARE(*blocked->value, 43);
}

void tst_QTimeoutRunFuture::severalWaitForOneFuture()
{
    QPromise<int> promise;
    const QFuture<int> future = start(promise);
    const auto first = observe(QTimeout::run(1s, future));
    const auto second = observe(QTimeout::run(2s, future));
    clock().advance(1s);
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(second->end, End::Cancelled); // by the first
    promise.finish();
}

void tst_QTimeoutRunFuture::finishedInAnotherThread()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    inAnotherThread([&promise] {
        promise.addResult(42);
        promise.finish();
    });
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    QCOMPARE(observed->thread, QThread::currentThread());
}

void tst_QTimeoutRunFuture::finishedInAnotherThreadBeatsTheDeadline()
{
    realTime();
    QPromise<int> promise;
    const auto observed = observe(
            QTimeout::run(QDeadlineTimer(5, Qt::PreciseTimer), start(promise)));
    inAnotherThread([&promise] {
        promise.addResult(42);
        promise.finish();
    });
    QThread::msleep(20);
    QTRY_VERIFY(observed->end != End::Pending);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunFuture::finishedInAnotherThreadBeatsACancellation()
{
    QPromise<int> promise;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(start(promise)));
    inAnotherThread([&promise] {
        promise.addResult(42);
        promise.finish();
    });
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRunFuture::cancelledInAnotherThread()
{
    QPromise<int> promise;
    const auto observed = observe(QTimeout::run(1s, start(promise)));
    QFuture<int> future = promise.future();
    inAnotherThread([&future] { future.cancel(); });
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observed->thread, QThread::currentThread());
}

void tst_QTimeoutRunFuture::withTimeoutPassesOnTheResult()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    QCOMPARE(endOf(derived), End::Pending);
    promise.addResult(42);
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Returned);
    QCOMPARE(derived.result(), 42);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunFuture::withTimeoutOfAFinishedFuture()
{
    const QFuture<int> derived = QTimeout::withTimeout(readyFuture(42), 0s);
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Returned);
    QCOMPARE(derived.result(), 42);
}

void tst_QTimeoutRunFuture::withTimeoutOfVoid()
{
    QPromise<void> promise;
    QPromise<void> never;
    const QFuture<void> derived = QTimeout::withTimeout(start(promise), 1s);
    const QFuture<void> expired = QTimeout::withTimeout(start(never), 1s);
    promise.finish();
    clock().advance(1s);
    QCOMPARE(endOf(derived), End::Returned);
    QCOMPARE(endOf(expired), End::TimedOut);
}

void tst_QTimeoutRunFuture::withTimeoutOfAMoveOnlyResult()
{
    QPromise<std::unique_ptr<int>> promise;
    QFuture<std::unique_ptr<int>> derived = QTimeout::withTimeout(start(promise), 1s);
    promise.addResult(std::make_unique<int>(42));
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Returned);
    QCOMPARE(*derived.takeResult(), 42);
}

void tst_QTimeoutRunFuture::withTimeoutPassesOnAllResults()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    for (int i = 1; i <= 3; ++i)
        promise.addResult(i);
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Returned);
    QCOMPARE(derived.results(), QList<int>({1, 2, 3}));
}

void tst_QTimeoutRunFuture::withTimeoutPassesOnAnException()
{
    QPromise<int> promise;
    QPromise<void> other;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    const QFuture<void> number = QTimeout::withTimeout(start(other), 1s);
    fail(promise, std::runtime_error("mine"));
    fail(other, 42);
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Failed);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, derived.result());
    QCOMPARE(endOf(number), End::Failed);
    QFuture<void> copy = number;
    QVERIFY_THROWS_EXCEPTION(int, copy.waitForFinished());
}

void tst_QTimeoutRunFuture::withTimeoutExpires()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    clock().advance(999ms);
    QCOMPARE(endOf(derived), End::Pending);
    QVERIFY(!promise.isCanceled());
    clock().advance(1ms);
    QCOMPARE(endOf(derived), End::TimedOut);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, derived.result());
    QVERIFY(promise.isCanceled());
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunFuture::withTimeoutDoesNotWaitForASourceThatGoesOn()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    clock().advance(1s);
    QCOMPARE(endOf(derived), End::TimedOut);
    promise.addResult(42);
    promise.finish();
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::TimedOut);
    QCOMPARE(derived.resultCount(), 0);
}

void tst_QTimeoutRunFuture::withTimeoutIsCancelledWithItsSource()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    promise.future().cancel();
    clock().advance(0ms);
    QCOMPARE(endOf(derived), End::Cancelled);
    promise.finish();
    QFuture<int> cancelled = readyFuture(42);
    cancelled.cancel();
    const QFuture<int> atOnce = QTimeout::withTimeout(QFuture<int>(), 1s);
    clock().advance(0ms);
    QCOMPARE(endOf(atOnce), End::Cancelled);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunFuture::withTimeoutCancelsItsSource()
{
    QPromise<int> promise;
    QFuture<int> derived = QTimeout::withTimeout(start(promise), 1s);
    derived.cancel();
    clock().advance(0ms);
    QVERIFY(promise.isCanceled());
    QCOMPARE(endOf(derived), End::Cancelled);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunFuture::withTimeoutWithContinuations()
{
    QPromise<int> promise;
    QPromise<int> cancelled;
    QByteArrayList log;
    QTimeout::withTimeout(start(promise), 1s)
            .then(this, [&log](int) { log << "value"; })
            .onFailed(this, [&log](const QTimeoutError &) { log << "timeout"; });
    // Qt 6.4 does not pass a cancellation on through onFailed().
    QTimeout::withTimeout(start(cancelled), 1s)
            .then(this, [&log](int) { log << "value"; })
            .onCanceled(this, [&log] { log << "cancelled"; });
    cancelled.future().cancel();
    cancelled.finish();
    clock().advance(999ms);
    QCOMPARE(log, QByteArrayList({"cancelled"}));
    clock().advance(1ms);
    QCOMPARE(log, QByteArrayList({"cancelled", "timeout"}));
}

void tst_QTimeoutRunFuture::withTimeoutCanBeDropped()
{
    QPromise<int> promise;
    QTimeout::withTimeout(start(promise), 1s);
    clock().advance(999ms);
    QVERIFY(!promise.isCanceled());
    clock().advance(1ms);
    QVERIFY(promise.isCanceled());
}

void tst_QTimeoutRunFuture::withTimeoutInAChain()
{
    QPromise<int> promise;
    const QFuture<int> derived = QTimeout::withTimeout(QTimeout::withTimeout(start(promise), 2s),
                                                       1s);
    clock().advance(1s);
    QCOMPARE(endOf(derived), End::TimedOut);
    QVERIFY(promise.isCanceled());
    clock().advance(1s);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunFuture)
#include "tst_qtimeoutrun_future.moc"
