// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qpromise.h>
#include <QtCore/qtimer.h>

using namespace std::chrono_literals;

namespace {

template<typename T>
QCoro::Task<T> valueIn(std::chrono::nanoseconds delay, T value)
{
    co_await QTimeout::sleepFor(delay);
    co_return value;
}

QCoro::Task<std::unique_ptr<int>> uniqueIn(std::chrono::nanoseconds delay)
{
    co_await QTimeout::sleepFor(delay);
    co_return std::make_unique<int>(42);
}

template<typename Exception>
QCoro::Task<> throwIn(std::chrono::nanoseconds delay, Exception exception)
{
    co_await QTimeout::sleepFor(delay);
    throw exception;
}

QCoro::Task<> openIn(std::chrono::nanoseconds delay, Gate &gate)
{
    co_await QTimeout::sleepFor(delay);
    gate.open();
}

} // namespace

/*
    Time jumps to the next deadline whenever the thread would sleep.
*/
class tst_QTimeoutRunWaitFor : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void returnsTheValue();
    void returnsAtOnceWhatHasFinished();
    void returnsNothing();
    void returnsAMoveOnlyValue();
    void throwsWhatTheOperationThrows();
    void throwsTimeoutError();
    void passedDeadline();
    void waitsForASignal();
    void waitsForAFuture();
    void waitsForATimer();
    void namedAwaitableIsWaitedFor();
    void objectThatGoesIsACancellation();
    void senderThatGoesIsACancellation();
    void senderThatGoesWhileItEmitsIsACancellation();
    void endOfTheSenderIsWaitedFor();
    void keepsTheEventLoopRunning();
    void nested();
    void nestedOutlivesTheOuterDeadline();
    void quitOfTheApplicationIsACancellation();
    void quitOfAThreadIsACancellation();
    void quitWaitsForANamedAwaitable();
    void afterAQuit();
};

void tst_QTimeoutRunWaitFor::returnsTheValue()
{
    clock().setAutoAdvance(true);
    QCOMPARE(QTimeout::waitFor(2s, valueIn(1s, 42)), 42);
    QCOMPARE(clock().elapsed(), 1s);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunWaitFor::returnsAtOnceWhatHasFinished()
{
    bool isTurned = false;
    QObject context;
    QMetaObject::invokeMethod(
            &context, [&isTurned] { isTurned = true; }, Qt::QueuedConnection);
    QCOMPARE(QTimeout::waitFor(0s, valueAtOnce(42)), 42);
    QVERIFY(!isTurned);
}

void tst_QTimeoutRunWaitFor::returnsNothing()
{
    clock().setAutoAdvance(true);
    static_assert(std::is_void_v<decltype(QTimeout::waitFor(2s, QTimeout::sleepFor(1s)))>);
    QTimeout::waitFor(2s, QTimeout::sleepFor(1s));
    QCOMPARE(clock().elapsed(), 1s);
}

void tst_QTimeoutRunWaitFor::returnsAMoveOnlyValue()
{
    clock().setAutoAdvance(true);
    const std::unique_ptr<int> value = QTimeout::waitFor(2s, uniqueIn(1s));
    QCOMPARE(*value, 42);
}

void tst_QTimeoutRunWaitFor::throwsWhatTheOperationThrows()
{
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error,
                             QTimeout::waitFor(2s, throwIn(1s, std::runtime_error("mine"))));
    QVERIFY_THROWS_EXCEPTION(int, QTimeout::waitFor(2s, throwIn(1s, 42)));
    QCOMPARE(clock().elapsed(), 2s);
}

void tst_QTimeoutRunWaitFor::throwsTimeoutError()
{
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(1s, QTimeout::sleepFor(2s)));
    QCOMPARE(clock().elapsed(), 1s);
    QCOMPARE(queuedDeadlines(), size_t(0));
    Gate gate;
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(1s, passThrough(gate)));
    gate.open();
}

void tst_QTimeoutRunWaitFor::passedDeadline()
{
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(-1s, QTimeout::sleepFor(1s)));
    QCOMPARE(clock().elapsed(), 0s);
}

void tst_QTimeoutRunWaitFor::waitsForASignal()
{
    QObject object;
    QMetaObject::invokeMethod(
            &object, [&object] { object.setObjectName("name"); }, Qt::QueuedConnection);
    const QString name = QTimeout::waitFor(QDeadlineTimer::Forever, &object,
                                           &QObject::objectNameChanged);
    QCOMPARE(name, "name");
    QCOMPARE(connectedSignals(&object), QByteArrayList());
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError,
                             QTimeout::waitFor(1s, &object, &QObject::objectNameChanged));
    QCOMPARE(connectedSignals(&object), QByteArrayList());
}

void tst_QTimeoutRunWaitFor::waitsForAFuture()
{
    QPromise<int> promise;
    promise.start();
    QMetaObject::invokeMethod(
            this,
            [&promise] {
                promise.addResult(42);
                promise.finish();
            },
            Qt::QueuedConnection);
    QCOMPARE(QTimeout::waitFor(1h, promise.future()), 42);
    QPromise<int> never;
    never.start();
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(1s, never.future()));
    QVERIFY(never.isCanceled());
}

void tst_QTimeoutRunWaitFor::waitsForATimer()
{
    QTimer timer;
    timer.setSingleShot(true);
    timer.start(1);
    QTimeout::waitFor(1h, timer);
    QVERIFY(!timer.isActive());
}

void tst_QTimeoutRunWaitFor::namedAwaitableIsWaitedFor()
{
    clock().setAutoAdvance(true);
    Gate gate;
    openIn(1s, gate);
    QTimeout::waitFor(2s, gate);
    QCOMPARE(clock().elapsed(), 1s);
    Gate late;
    openIn(2s, late);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(1s, late));
    QCOMPARE(clock().elapsed(), 3s);
}

void tst_QTimeoutRunWaitFor::objectThatGoesIsACancellation()
{
    auto *timer = new QTimer;
    timer->start(24h);
    timer->deleteLater();
    QVERIFY_THROWS_EXCEPTION(QTimeoutCancelled, QTimeout::waitFor(1h, timer));
}

void tst_QTimeoutRunWaitFor::senderThatGoesIsACancellation()
{
    auto *sender = new QObject;
    sender->deleteLater();
    QVERIFY_THROWS_EXCEPTION(QTimeoutCancelled,
                             QTimeout::waitFor(1h, sender, &QObject::objectNameChanged));
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunWaitFor::senderThatGoesWhileItEmitsIsACancellation()
{
    auto *sender = new QTimer;
    bool cancelled = false;
    connect(sender, &QTimer::timeout, this, [&] {
        sender->stop();
        QMetaObject::invokeMethod(
                this, [sender] { delete sender; }, Qt::QueuedConnection);
        try {
            QTimeout::waitFor(QDeadlineTimer::Forever, sender, &QObject::objectNameChanged);
        } catch (const QTimeoutCancelled &) {
            cancelled = true;
        }
    });
    sender->start(0);
    QTRY_VERIFY(cancelled);
}

void tst_QTimeoutRunWaitFor::endOfTheSenderIsWaitedFor()
{
    auto *sender = new QObject;
    sender->deleteLater();
    QCOMPARE(QTimeout::waitFor(1h, sender, &QObject::destroyed), sender);
}

void tst_QTimeoutRunWaitFor::keepsTheEventLoopRunning()
{
    clock().setAutoAdvance(true);
    int ticks = 0;
    const auto tick = [&ticks]() -> QCoro::Task<> {
        for (; ticks < 10; ++ticks)
            co_await QTimeout::sleepFor(100ms);
    };
    const auto task = tick();
    QTimeout::waitFor(2s, QTimeout::sleepFor(950ms));
    QCOMPARE(ticks, 9);
    QTimeout::waitFor(2s, QTimeout::sleepFor(50ms));
    QCOMPARE(ticks, 10);
}

void tst_QTimeoutRunWaitFor::nested()
{
    clock().setAutoAdvance(true);
    const auto outer = []() -> QCoro::Task<int> {
        co_await QTimeout::sleepFor(1s);
        co_return QTimeout::waitFor(5s, valueIn(2s, 42));
    };
    QCOMPARE(QTimeout::waitFor(5s, outer()), 42);
    QCOMPARE(clock().elapsed(), 3s);
}

void tst_QTimeoutRunWaitFor::nestedOutlivesTheOuterDeadline()
{
    clock().setAutoAdvance(true);
    int inner = 0;
    const auto outer = [&inner]() -> QCoro::Task<> {
        co_await QTimeout::sleepFor(1s);
        inner = QTimeout::waitFor(5s, valueIn(3s, 42));
    };
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(2s, outer()));
    QCOMPARE(inner, 42);
    QCOMPARE(clock().elapsed(), 4s);
}

void tst_QTimeoutRunWaitFor::quitOfTheApplicationIsACancellation()
{
    QPromise<int> promise;
    promise.start();
    End end = End::Pending;
    QMetaObject::invokeMethod(
            this,
            [&] {
                try {
                    QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection);
                    QTimeout::waitFor(1h, promise.future());
                    end = End::Returned;
                } catch (const QTimeoutCancelled &) {
                    end = End::Cancelled;
                }
            },
            Qt::QueuedConnection);
    QCOMPARE(QCoreApplication::exec(), 0);
    QCOMPARE(end, End::Cancelled);
    QVERIFY(promise.isCanceled());
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunWaitFor::quitOfAThreadIsACancellation()
{
    End end = End::Pending;
    size_t queued = 1;
    const std::unique_ptr<QThread> thread(QThread::create([&end, &queued] {
        QObject context;
        QMetaObject::invokeMethod(
                &context, [] { QThread::currentThread()->quit(); }, Qt::QueuedConnection);
        try {
            QTimeout::waitFor(1h, QTimeout::sleepFor(24h));
        } catch (const QTimeoutCancelled &) {
            end = End::Cancelled;
        }
        queued = queuedDeadlines();
    }));
    thread->start();
    QVERIFY(thread->wait());
    QCOMPARE(end, End::Cancelled);
    QCOMPARE(queued, size_t(0));
}

void tst_QTimeoutRunWaitFor::quitWaitsForANamedAwaitable()
{
    clock().setAutoAdvance(true);
    Gate gate;
    openIn(1s, gate);
    End end = End::Pending;
    QMetaObject::invokeMethod(
            this,
            [&] {
                QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection);
                try {
                    QTimeout::waitFor(1h, gate);
                } catch (const QTimeoutCancelled &) {
                    end = End::Cancelled;
                }
            },
            Qt::QueuedConnection);
    QCOMPARE(QCoreApplication::exec(), 0);
    QCOMPARE(end, End::Cancelled);
    QCOMPARE(clock().elapsed(), 1s);
}

void tst_QTimeoutRunWaitFor::afterAQuit()
{
    clock().setAutoAdvance(true);
    QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection);
    QCOMPARE(QCoreApplication::exec(), 0);
    QCOMPARE(QTimeout::waitFor(2s, valueIn(1s, 42)), 42);
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunWaitFor)
#include "tst_qtimeoutrun_waitfor.moc"
