// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QCoroThread>

#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace std::chrono_literals;

namespace {

// Runs until it is told to stop.
class Thread : public QThread
{
public:
    Thread() { start(); }
    ~Thread() override
    {
        quit();
        wait();
    }

    // Calls the function there, and returns when it has returned.
    template<typename Function>
    void call(Function function)
    {
        QObject context;
        context.moveToThread(this);
        QSemaphore done;
        QMetaObject::invokeMethod(&context, [&] {
            function();
            context.moveToThread(nullptr);
            done.release();
        });
        done.acquire();
    }
};

void expectInterruptedWarning()
{
    QTest::ignoreMessage(
            QtWarningMsg,
            QRegularExpression(
                    "QTimeoutScope::moveToThread: .* has runs or coroutines in this thread"));
}

// One that was nested, and remembers the scope around it.
std::unique_ptr<QTimeoutScope> endedIn(QTimeoutScope &outer)
{
    std::unique_ptr<QTimeoutScope> inner;
    const auto coroutine = [&inner](QTimeoutScope &) -> QCoro::Task<> {
        inner = std::make_unique<QTimeoutScope>(1s);
        inner->finish();
        co_return;
    };
    coroutine(outer);
    return inner;
}

} // namespace

/*
    A12: an abortable coroutine resumes in the thread of its scope.
*/
class tst_CoroutineThreads : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { events().clear(); } // in real time: other threads take their own
    void cleanup() { QCOMPARE(Tracked::alive(), 0); }

    void taskEndsInAnotherThread();
    void moveToThreadHasNoLastingEffect();
    void futureIsFinishedInAnotherThread();
    void runsInAnotherThread();
    void cancelledFromAnotherThread();
    void scopeMovesToAnotherThread();
    void scopeMovesAwayFromOneThatWasNested();
    void scopeMovesAwayWithItsWork();
    void scopeMovesAwayWhileItTells();
    void endedScopeMovesAwayFromOneThatWasNested();
    void endedScopeThatWasEnclosingIsEndedThere();
    void scopeMovesAwayWhileItTellsOfItsEnd_data();
    void scopeMovesAwayWhileItTellsOfItsEnd();
    void shieldedRunOfAScopeThatHasMoved();
    void runningIsKnownPerThread();
};

void tst_CoroutineThreads::taskEndsInAnotherThread()
{
    Thread thread;
    Gate gate;
    QTimeoutScope scope(QDeadlineTimer::Forever);
    QThread *resumed = nullptr;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const int value = co_await valueAfter(gate, 1);
        resumed = QThread::currentThread();
        co_return value;
    };
    const auto result = observe(coroutine(scope));
    thread.call([&gate] { gate.open(); });
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(resumed, QThread::currentThread());
    QCOMPARE(result->thread, QThread::currentThread());
}

void tst_CoroutineThreads::moveToThreadHasNoLastingEffect()
{
    Thread thread;
    QTimeoutScope scope(QDeadlineTimer::Forever);
    QThread *resumed = nullptr;
    QTimeoutScope *current = nullptr;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        co_await QCoro::moveToThread(&thread);
        resumed = QThread::currentThread();
        current = QTimeout::currentScope();
    };
    const auto result = observe(coroutine(scope));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(resumed, QThread::currentThread());
    QCOMPARE(current, &scope);
}

void tst_CoroutineThreads::futureIsFinishedInAnotherThread()
{
    Thread thread;
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await promise.future();
    };
    const auto result = observe(coroutine(scope));
    thread.call([&promise] {
        promise.addResult(2);
        promise.finish();
    });
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 2);
    QCOMPARE(result->thread, QThread::currentThread());
}

void tst_CoroutineThreads::runsInAnotherThread()
{
    Thread thread;
    std::unique_ptr<QTimeoutScope> scope;
    ObservedPointer<void> result;
    QTimeoutScope *current = nullptr;
    const auto coroutine = [&current](QTimeoutScope &) -> QCoro::Task<> {
        current = QTimeout::currentScope();
        co_await QTimeout::sleepFor(1h);
    };
    thread.call([&] {
        scope = std::make_unique<QTimeoutScope>(1h);
        result = observe(coroutine(*scope));
    });
    QCOMPARE(current, scope.get());
    QCOMPARE(QTimeout::currentScope(), nullptr);
    thread.call([&] { scope.reset(); });
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, &thread);
}

void tst_CoroutineThreads::cancelledFromAnotherThread()
{
    Thread thread;
    QTimeoutScope scope(1h);
    Gate gate;
    const auto result = observe(waitAt(scope, gate, "work"));
    thread.call([&scope] {
        QMetaObject::invokeMethod(&scope, &QTimeoutScope::cancel, Qt::QueuedConnection);
    });
    QTRY_COMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, QThread::currentThread());
    gate.open();
}

// S11: the coroutine stays where it is, and is interrupted before the call returns.
void tst_CoroutineThreads::scopeMovesToAnotherThread()
{
    Thread thread;
    Gate work[2];
    Gate cleaning;
    auto *scope = new QTimeoutScope(1h);
    const auto aborted = observe(waitAt(*scope, work[0], "aborted"));
    const auto cleans = observe(cleanUpAt(*scope, work[1], cleaning, "cleans", true));
    expectInterruptedWarning();
    scope->moveToThread(&thread);
    COMPARE_EVENTS({"cleans: cancelled", "aborted: cancelled", "~aborted"});
    QCOMPARE(aborted->end, End::Cancelled);
    QCOMPARE(aborted->thread, QThread::currentThread());
    bool isActive = false;
    thread.call([&] {
        isActive = scope->isActive();
        delete scope;
    });
    QVERIFY(isActive);
    settle();
    QCOMPARE(cleans->end, End::Pending); // no business of that scope any more
    cleaning.open();
    QCOMPARE(cleans->end, End::Returned);
    QCOMPARE(cleans->thread, QThread::currentThread());
    for (Gate &gate : work)
        gate.open();
}

/*
    S11: what has ended remembers the scope around it for its next life, but not across threads.
*/
void tst_CoroutineThreads::scopeMovesAwayFromOneThatWasNested()
{
    Thread thread;
    auto outer = std::make_unique<QTimeoutScope>(1h);
    std::unique_ptr<QTimeoutScope> ended;
    std::unique_ptr<QTimeoutScope> inactive;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        ended = std::make_unique<QTimeoutScope>(1s);
        ended->finish();
        inactive = std::make_unique<QTimeoutScope>();
        co_return;
    };
    coroutine(*outer);
    QCOMPARE(ended->enclosingScope(), outer.get());
    QCOMPARE(inactive->enclosingScope(), outer.get());
    outer->moveToThread(&thread);
    QCOMPARE(ended->enclosingScope(), nullptr);
    QCOMPARE(inactive->enclosingScope(), nullptr);
    QVERIFY(ended->start(1h));
    QVERIFY(inactive->start(1h));
    QCOMPARE(ended->enclosingScope(), nullptr);
    // Each in its own thread at the same time.
    thread.call([&] {
        QVERIFY(outer->isActive());
        QVERIFY(outer->reschedule(2h));
        outer->cancel();
        QVERIFY(outer->start(1h));
    });
    QVERIFY(ended->isActive());
    QVERIFY(inactive->isActive());
    ended.reset();
    inactive.reset();
    thread.call([&] { outer.reset(); });
}

/*
    Whatever is under it goes with it: nested scopes, objects, and who wants to know of the stop. Only coroutines
    do not.
*/
void tst_CoroutineThreads::scopeMovesAwayWithItsWork()
{
    Thread thread;
    auto outer = std::make_unique<QTimeoutScope>(3h);
    auto *first = new QTimeoutScope(1h, outer.get());
    auto *second = new QTimeoutScope(2h, outer.get());
    QObject watched;
    int aborts = 0;
    outer->watch(&watched, [&aborts] { ++aborts; });
    const std::stop_token token = outer->stopToken();
    std::unique_ptr<QTimeoutScope> ended;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        ended = std::make_unique<QTimeoutScope>(1s);
        ended->finish();
        co_await QTimeout::sleepFor(1h);
    };
    const auto result = observe(coroutine(*outer));
    expectInterruptedWarning();
    outer->moveToThread(&thread);
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(!token.stop_requested());
    QCOMPARE(aborts, 0);
    QCOMPARE(ended->enclosingScope(), nullptr);
    thread.call([&] {
        QCOMPARE(first->enclosingScope(), outer.get());
        QCOMPARE(second->enclosingScope(), outer.get());
        QCOMPARE(first->effectiveDeadline(), first->deadline());
        QList<const QTimeoutScope *> order;
        for (QTimeoutScope *each : {outer.get(), second, first})
            connect(each, &QTimeoutScope::cancelled, each, [&order, each] { order += each; });
        outer->cancel();
        QCOMPARE(order, (QList<const QTimeoutScope *>{outer.get(), first, second}));
    });
    QVERIFY(token.stop_requested());
    QTRY_COMPARE(aborts, 1);
    thread.call([&] { outer.reset(); });
}

void tst_CoroutineThreads::scopeMovesAwayWhileItTells()
{
    Thread thread;
    auto scope = std::make_unique<QTimeoutScope>();
    int changes = 0;
    connect(
            scope.get(), &QTimeoutScope::stateChanged, this,
            [&](QTimeoutScope::State state) {
                if (state == QTimeoutScope::Active)
                    scope->moveToThread(&thread);
            },
            Qt::DirectConnection);
    connect(
            scope.get(), &QTimeoutScope::deadlineChanged, this, [&changes] { ++changes; },
            Qt::DirectConnection);
    QVERIFY(scope->start(1h));
    QCOMPARE(changes, 0); // not in this thread, in which it does not live any more
    thread.call([&] {
        QVERIFY(scope->isActive());
        QVERIFY(scope->remainingTime() > 59min);
        QVERIFY(scope->reschedule(2h));
        scope.reset();
    });
    QCOMPARE(changes, 1);
}

/*
    Both go at the same time, which only ThreadSanitizer can tell.
*/
void tst_CoroutineThreads::endedScopeMovesAwayFromOneThatWasNested()
{
    Thread thread;
    auto outer = std::make_unique<QTimeoutScope>(1h);
    const std::unique_ptr<QTimeoutScope> inner = endedIn(*outer);
    outer->cancel();
    outer->moveToThread(&thread);
    outer.release()->deleteLater();
    QVERIFY(inner->start(1h));
    QCOMPARE(inner->enclosingScope(), nullptr);
}

// A13: it has ended there, too.
void tst_CoroutineThreads::endedScopeThatWasEnclosingIsEndedThere()
{
    Thread thread;
    auto outer = std::make_unique<QTimeoutScope>(1h);
    const std::unique_ptr<QTimeoutScope> inner = endedIn(*outer);
    outer->cancel();
    outer->moveToThread(&thread);
    Gate gate;
    ObservedPointer<int> result;
    thread.call([&] {
        QVERIFY(outer->isCancelled());
        result = observe(waitAt(*outer, gate, "there"));
        gate.open();
        outer.reset();
    });
    QCOMPARE(result->end, End::Cancelled);
}

void tst_CoroutineThreads::scopeMovesAwayWhileItTellsOfItsEnd_data()
{
    QTest::addColumn<QTimeoutScope::State>("end");

    QTest::newRow("expired") << QTimeoutScope::Expired;
    QTest::newRow("cancelled") << QTimeoutScope::Cancelled;
    QTest::newRow("finished") << QTimeoutScope::Finished;
}

void tst_CoroutineThreads::scopeMovesAwayWhileItTellsOfItsEnd()
{
    QFETCH(const QTimeoutScope::State, end);

    Thread thread;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    QTimeoutScope::State there{};
    bool toldHere = false;
    connect(
            scope.get(), &QTimeoutScope::stateChanged, this,
            [&](QTimeoutScope::State state) {
                if (state == QTimeoutScope::Active)
                    return;
                scope->moveToThread(&thread);
                thread.call([&] { there = scope->state(); });
                // From now on at the same time.
                QMetaObject::invokeMethod(
                        scope.get(), [&scope] { scope->start(1h); }, Qt::QueuedConnection);
            },
            Qt::DirectConnection);
    const auto told = [&toldHere] { toldHere = true; };
    connect(scope.get(), &QTimeoutScope::expired, this, told, Qt::DirectConnection);
    connect(scope.get(), &QTimeoutScope::cancelled, this, told, Qt::DirectConnection);
    connect(scope.get(), &QTimeoutScope::finished, this, told, Qt::DirectConnection);
    if (end == QTimeoutScope::Expired)
        scope->reschedule(0ms);
    else if (end == QTimeoutScope::Cancelled)
        scope->cancel();
    else
        scope->finish();
    QTRY_COMPARE(there, end);
    QVERIFY(!toldHere); // where it does not live any more
    thread.call([&] {
        QVERIFY(scope->isActive());
        disconnect(scope.get(), nullptr, this, nullptr);
        scope.reset();
    });
}

// A8: the shield does not keep off what is named inside it.
void tst_CoroutineThreads::shieldedRunOfAScopeThatHasMoved()
{
    Thread thread;
    Gate gate;
    QTimeoutScope around(1h);
    auto *scope = new QTimeoutScope(1h);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await QTimeout::shield([&] { return scope->run(valueAfter(gate, 1)); });
    };
    const auto result = observe(coroutine(around));
    expectInterruptedWarning();
    scope->moveToThread(&thread);
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, QThread::currentThread());
    thread.call([scope] { delete scope; });
    QVERIFY(around.isActive());
    gate.open();
}

void tst_CoroutineThreads::runningIsKnownPerThread()
{
    Thread thread;
    QTimeoutScope scope(1h);
    QTimeoutScope *elsewhere = &scope;
    QTimeoutScope *here = nullptr;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        thread.call([&elsewhere] { elsewhere = QTimeout::currentScope(); });
        here = QTimeout::currentScope();
        co_return;
    };
    observe(coroutine(scope));
    QCOMPARE(elsewhere, nullptr);
    QCOMPARE(here, &scope);
    scope.finish();
}

QTEST_GUILESS_MAIN(tst_CoroutineThreads)
#include "tst_coroutine_threads.moc"
