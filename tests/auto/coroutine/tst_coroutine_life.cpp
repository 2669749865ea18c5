// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"

#include <QtCore/qpromise.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace std::chrono_literals;

namespace {

// Cleans up after the interruption, and tells which scope is current then.
QCoro::Task<> cleanUp(QTimeoutScope &, Gate &work, Gate &cleaning, std::function<void()> look)
{
    const Local local("work");
    try {
        co_await passThrough(work);
    } catch (const QTimeoutCancelled &) {
        note("cancelled");
    }
    look();
    try {
        co_await passThrough(cleaning);
    } catch (const QTimeoutCancelled &) {
        note("cancelled again");
        throw;
    }
    look();
}

class Window : public QObject
{
    Q_OBJECT

public:
    QCoro::Task<> load() { return waitForever(m_scope, this); }

private:
    static QCoro::Task<> waitForever(QTimeoutScope &, Window *window)
    {
        const Local local("coroutine");
        try {
            co_await QTimeout::sleepFor(1h);
        } catch (...) {
            noteException("window " + window->m_title);
            throw;
        }
    }

    QString m_title = "main";
    QTimeoutScope m_scope{QDeadlineTimer::Forever};
};

class Worker : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return m_isFinished; }
    void abort()
    {
        note("aborted");
        if (m_onAbort)
            m_onAbort();
    }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }

    std::function<void()> m_onAbort;

Q_SIGNALS:
    void finished();

private:
    bool m_isFinished = false;
};

} // namespace

/*
    Deletion in the middle, and coroutines that outlive their scope.
*/
class tst_CoroutineLife : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void memberScopeEndsTheCoroutinesOfAWindow();
    void outlivesItsScope();
    void outlivesItsScopeUnderTheOneAround();
    void scopeIsStartedAgainDuringCleanUp();
    void scopeDestroyedByASlot_data();
    void scopeDestroyedByASlot();
    void scopeDestroyedByTheInterrupted();
    void scopeDestroyedByTheRunning();
    void scopeDestroyedByAnAbortFunction();
    void awaitedObjectIsDestroyed();
    void awaitedObjectIsDestroyedByTheAbort();
    void awaitedObjectFinishesWhenAborted();
    void awaitedFutureIsCancelled();
    void abandonedOperationEndsLater();
    void taskIsDestroyedByTheInterrupted();
    void siblingIsEndedByTheInterrupted();
    void scopeIsCancelledByTheInterrupted();
    void newOneIsStartedInTheSlot();
    void slotResumesTheCoroutine();
    void connectionsAreGone();
    void deepChain();
    void manySiblings();
};

void tst_CoroutineLife::memberScopeEndsTheCoroutinesOfAWindow()
{
    auto window = std::make_unique<Window>();
    const auto result = observe(window->load());
    QCOMPARE(result->end, End::Pending);
    window.reset();
    QCOMPARE(result->end, End::Cancelled);
    COMPARE_EVENTS({"window main: cancelled", "~coroutine"});
}

void tst_CoroutineLife::outlivesItsScope()
{
    Gate work;
    Gate cleaning;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    QList<QTimeoutScope *> seen;
    const auto look = [&seen] { seen.append(QTimeout::currentScope()); };
    const auto result = observe(cleanUp(*scope, work, cleaning, look));
    clock().advance(1s);
    const QTimeoutScope *address = scope.get();
    scope.reset();
    QCOMPARE(result->end, End::Pending);
    cleaning.open();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(seen.size(), 2);
    QCOMPARE(seen.at(0), address);
    QCOMPARE(seen.at(1), nullptr);
    work.open();
}

// A14: what it makes meanwhile is nested in that, too.
void tst_CoroutineLife::outlivesItsScopeUnderTheOneAround()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope outer(1h);
    auto scope = std::make_unique<QTimeoutScope>(1h, &outer);
    std::unique_ptr<QTimeoutScope> made;
    const auto look = [&made] {
        if (!made)
            made = std::make_unique<QTimeoutScope>(2h);
    };
    const auto result = observe(cleanUp(*scope, work, cleaning, look));
    scope.reset();
    QCOMPARE(made->enclosingScope(), &outer);
    COMPARE_EVENTS({"cancelled"});
    outer.cancel();
    QVERIFY(made->isCancelled());
    COMPARE_EVENTS({"cancelled"});
    turn();
    COMPARE_EVENTS({"cancelled", "cancelled again", "~work"});
    QCOMPARE(result->end, End::Cancelled);
    cleaning.open();
    work.open();
}

void tst_CoroutineLife::scopeIsStartedAgainDuringCleanUp()
{
    Gate work;
    Gate cleaning;
    QTimeoutScope scope(1s);
    QList<QTimeoutScope *> seen;
    const auto look = [&seen] { seen.append(QTimeout::currentScope()); };
    const auto result = observe(cleanUp(scope, work, cleaning, look));
    clock().advance(1s);
    QVERIFY(scope.start(1s));
    clock().advance(1s);
    COMPARE_EVENTS({"cancelled"}); // it is not under the new life
    cleaning.open();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(seen, QList<QTimeoutScope *>({&scope, &scope}));
    work.open();
}

void tst_CoroutineLife::scopeDestroyedByASlot_data()
{
    QTest::addColumn<bool>("cancels");
    QTest::newRow("expired") << false;
    QTest::newRow("cancelled") << true;
}

void tst_CoroutineLife::scopeDestroyedByASlot()
{
    QFETCH(bool, cancels);
    Gate gate;
    auto *scope = new QTimeoutScope(1s);
    const auto result = observe(waitAt(*scope, gate, "work"));
    const auto destroy = [scope] {
        delete scope;
        note("destroyed");
    };
    connect(scope, &QTimeoutScope::expired, this, destroy);
    connect(scope, &QTimeoutScope::cancelled, this, destroy);
    if (cancels)
        scope->cancel();
    else
        clock().advance(1s);
    // With the original cause.
    QCOMPARE(result->end, cancels ? End::Cancelled : End::TimedOut);
    COMPARE_EVENTS({"work: cancelled", "~work", "destroyed"});
    gate.open();
}

void tst_CoroutineLife::scopeDestroyedByTheInterrupted()
{
    Gate gates[2];
    auto *scope = new QTimeoutScope(1s);
    const auto older = observe(waitAt(*scope, gates[0], "older"));
    const auto coroutine = [&](QTimeoutScope &own) -> QCoro::Task<> {
        std::exception_ptr exception;
        try {
            co_await passThrough(gates[1]);
        } catch (const QTimeoutCancelled &) {
            exception = std::current_exception();
        }
        delete &own;
        note(QTimeout::currentScope() ? "scope" : "no scope");
        std::rethrow_exception(exception);
    };
    const auto result = observe(coroutine(*scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(older->end, End::TimedOut);
    COMPARE_EVENTS({"older: cancelled", "~older", "no scope"});
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineLife::scopeDestroyedByTheRunning()
{
    Gate gate;
    auto *scope = new QTimeoutScope(1s);
    const auto coroutine = [&gate](QTimeoutScope &own) -> QCoro::Task<> {
        delete &own;
        note("destroyed");
        try {
            co_await passThrough(gate);
        } catch (...) {
            noteException("then");
        }
        co_await QTimeout::sleepFor(1s); // plain from now on
        note(QTimeout::currentScope() ? "scope" : "no scope");
    };
    const auto result = observe(coroutine(*scope));
    COMPARE_EVENTS({"destroyed", "then: cancelled"});
    clock().advance(1s);
    COMPARE_EVENTS({"destroyed", "then: cancelled", "no scope"});
    QCOMPARE(result->end, End::Returned);
    gate.open();
}

void tst_CoroutineLife::scopeDestroyedByAnAbortFunction()
{
    auto *scope = new QTimeoutScope(1s);
    Gate gate;
    const auto older = observe(waitAt(*scope, gate, "older"));
    Worker worker;
    worker.m_onAbort = [scope] { delete scope; };
    const auto coroutine = [&worker](QTimeoutScope &) -> QCoro::Task<> {
        co_await QTimeout::shield(&valueAtOnce<int>, 1);
        co_await &worker;
    };
    const auto result = observe(coroutine(*scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(older->end, End::TimedOut);
    gate.open();
}

void tst_CoroutineLife::awaitedObjectIsDestroyed()
{
    QTimeoutScope scope(1h);
    auto worker = std::make_unique<Worker>();
    const auto coroutine = [&worker](QTimeoutScope &) -> QCoro::Task<> { co_await worker.get(); };
    const auto result = observe(coroutine(scope));
    worker.reset();
    QCOMPARE(result->end, End::Pending);
    turn();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(scope.isActive());
    scope.finish();
}

void tst_CoroutineLife::awaitedObjectIsDestroyedByTheAbort()
{
    QTimeoutScope scope(1s);
    auto *worker = new Worker;
    worker->m_onAbort = [worker] { delete worker; };
    const auto coroutine = [worker](QTimeoutScope &) -> QCoro::Task<> { co_await worker; };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"aborted"});
}

void tst_CoroutineLife::awaitedObjectFinishesWhenAborted()
{
    QTimeoutScope scope(1s);
    Worker worker;
    worker.m_onAbort = [&worker] { worker.finish(); };
    const auto coroutine = [&worker](QTimeoutScope &) -> QCoro::Task<> { co_await &worker; };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"aborted"});
}

void tst_CoroutineLife::awaitedFutureIsCancelled()
{
    QTimeoutScope scope(1h);
    QPromise<int> promise;
    promise.start();
    const auto coroutine = [&promise](QTimeoutScope &) -> QCoro::Task<int> {
        co_return co_await promise.future();
    };
    const auto result = observe(coroutine(scope));
    promise.future().cancel();
    clock().advance(0s);
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(scope.isActive());
    promise.finish();
    scope.finish();
}

void tst_CoroutineLife::abandonedOperationEndsLater()
{
    QTimeoutScope scope(1s);
    Gate gate;
    QPromise<int> promise;
    promise.start();
    QTimer timer;
    timer.start(1h);
    const auto future = [&promise](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        co_await promise.future();
    };
    const auto task = [&gate](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        QCoro::Task<> named = passThrough(gate);
        co_await named;
    };
    const auto tick = [&timer](QTimeoutScope &) -> QCoro::Task<> {
        const Tracked local;
        co_await timer;
    };
    const auto results = QList<ObservedPointer<void>>{observe(future(scope)), observe(task(scope)),
                                                      observe(tick(scope))};
    clock().advance(1s);
    for (const auto &result : results)
        QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 1); // the plain coroutine
    QVERIFY(timer.isActive());
    QVERIFY(promise.isCanceled());
    promise.finish();
    gate.open();
    clock().advance(0s);
}

void tst_CoroutineLife::taskIsDestroyedByTheInterrupted()
{
    QTimeoutScope scope(1s);
    Gate gates[2];
    std::optional<QCoro::Task<int>> older = waitAt(scope, gates[0], "older");
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await passThrough(gates[1]);
        } catch (const QTimeoutCancelled &) {
            older.reset();
            throw;
        }
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"older: cancelled", "~older"});
    for (Gate &gate : gates)
        gate.open();
}

// A16: whether it has ended was looked at before anybody was interrupted.
void tst_CoroutineLife::siblingIsEndedByTheInterrupted()
{
    QTimeoutScope scope(1s);
    Gate gates[2];
    const auto older = observe(waitAt(scope, gates[0], "older"));
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await passThrough(gates[1]);
        } catch (const QTimeoutCancelled &) {
            gates[0].open();
            throw;
        }
    };
    const auto result = observe(coroutine(scope));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(older->end, End::TimedOut);
    gates[1].open();
}

void tst_CoroutineLife::scopeIsCancelledByTheInterrupted()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1s, &outer);
    Gate gates[2];
    const auto other = observe(waitAt(outer, gates[0], "other"));
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await passThrough(gates[1]);
        } catch (const QTimeoutCancelled &) {
            outer.cancel();
            note("outer is cancelled");
            throw;
        }
    };
    const auto result = observe(coroutine(inner));
    clock().advance(1s);
    QCOMPARE(other->end, End::Cancelled);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"outer is cancelled", "other: cancelled", "~other"});
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineLife::newOneIsStartedInTheSlot()
{
    QTimeoutScope scope(1s);
    Gate gates[2];
    const auto old = observe(waitAt(scope, gates[0], "old"));
    ObservedPointer<int> next;
    connect(&scope, &QTimeoutScope::expired, this, [&] {
        if (next)
            return;
        QVERIFY(scope.start(1s));
        next = observe(waitAt(scope, gates[1], "next"));
    });
    clock().advance(1s);
    QCOMPARE(old->end, End::TimedOut);
    QCOMPARE(next->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(next->end, End::TimedOut);
    for (Gate &gate : gates)
        gate.open();
}

void tst_CoroutineLife::slotResumesTheCoroutine()
{
    QTimeoutScope scope(1s);
    Gate gates[2];
    const auto coroutine = [&gates](QTimeoutScope &) -> QCoro::Task<> {
        co_await passThrough(gates[0]);
        note("resumed by the slot");
        try {
            co_await passThrough(gates[1]);
        } catch (...) {
            noteException("then");
            throw;
        }
    };
    const auto result = observe(coroutine(scope));
    connect(&scope, &QTimeoutScope::expired, this, [&gates] { gates[0].open(); });
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    COMPARE_EVENTS({"resumed by the slot", "then: cancelled"});
    gates[1].open();
}

void tst_CoroutineLife::connectionsAreGone()
{
    QTimeoutScope scope(1s);
    Worker worker;
    const auto coroutine = [&worker](QTimeoutScope &) -> QCoro::Task<> { co_await &worker; };
    observe(coroutine(scope));
    QVERIFY(!connectedSignals(&worker).isEmpty());
    clock().advance(1s);
    QCOMPARE(connectedSignals(&worker), QByteArrayList());
    QCOMPARE(connectedSignals(&scope), QByteArrayList());
}

static QCoro::Task<int> descend(QTimeoutScope &scope, int levels, Gate &gate)
{
    const Tracked local;
    if (levels == 0) {
        co_await passThrough(gate);
        co_return 0;
    }
    co_return co_await descend(scope, levels - 1, gate) + 1;
}

void tst_CoroutineLife::deepChain()
{
    constexpr int levels = 300;
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(descend(scope, levels, gate));
    QCOMPARE(Tracked::alive(), levels + 2);
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_CoroutineLife::manySiblings()
{
    constexpr int count = 20000;
    QTimeoutScope scope(1s);
    QPromise<int> promise;
    promise.start();
    int interrupted = 0;
    const auto child = [&](QTimeoutScope &) -> QCoro::Task<> {
        try {
            co_await QTimeout::sleepFor(1h);
        } catch (const QTimeoutCancelled &) {
            ++interrupted;
        }
    };
    const auto parent = [&](QTimeoutScope &own) -> QCoro::Task<int> {
        for (int i = 0; i < count; ++i)
            std::ignore = child(own);
        co_return co_await promise.future();
    };
    const auto result = observe(parent(scope));
    clock().advance(1s);
    QCOMPARE(interrupted, count);
    QCOMPARE(result->end, End::TimedOut);
    promise.finish();
}

QTEST_GUILESS_MAIN(tst_CoroutineLife)
#include "tst_coroutine_life.moc"
