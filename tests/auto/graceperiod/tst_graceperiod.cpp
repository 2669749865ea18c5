// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qpointer.h>
#include <QtCore/qprocess.h>
#include <QtTest/qsignalspy.h>

#include <atomic>
#include <functional>
#include <utility>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

namespace {

/*
    Is asked to end, and forced if it does not.
*/
class Server : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return isOver; }

    std::atomic<int> asked = 0;
    std::atomic<int> forced = 0;
    QThread *forcedIn = nullptr;
    bool isOver = false;
    std::function<void()> onAsked;
    std::function<void()> onForced;

Q_SIGNALS:
    void finished();
};

/*
    Has no signal by which it tells that it has ended.
*/
class Silent : public QObject
{
    Q_OBJECT

public:
    int asked = 0;
    int forced = 0;
};

QCoro::Task<> waitFor(QTimeoutScope &scope, QPointer<Server> server)
{
    Q_UNUSED(scope)
    co_await server.data();
}

// A process that ignores that it is asked to end.
class Stubborn : public QProcess
{
public:
    Stubborn()
    {
        start("sh", {"-c", "trap '' TERM; echo ready; exec sleep 1000"});
        m_isReady = waitForReadyRead(Patience);
    }
    ~Stubborn() override
    {
        if (state() != NotRunning) {
            kill();
            waitForFinished(Patience);
        }
    }

    bool isReady() const { return m_isReady; }

private:
    bool m_isReady;
};

void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
}

} // namespace

template<>
struct QTimeoutAbort<Server>
{
    static void abort(Server &server)
    {
        ++server.asked;
        if (server.onAsked)
            server.onAsked();
    }
    static void force(Server &server)
    {
        ++server.forced;
        server.forcedIn = QThread::currentThread();
        if (server.onForced)
            server.onForced();
    }
};

template<>
struct QTimeoutAbort<Silent>
{
    static void abort(Silent &silent) { ++silent.asked; }
    static void force(Silent &silent) { ++silent.forced; }
};

/*
    What is asked to end is forced when a grace period has passed (D3).
*/
class tst_GracePeriod : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void isFiveSecondsByDefault()
    {
        QTimeoutScope scope;
        QCOMPARE(scope.gracePeriod(), 5s);
        scope.setGracePeriod(-1ms);
        QCOMPARE(scope.gracePeriod(), 0s);
        scope.setGracePeriod(3s);
        scope.start(1s);
        scope.cancel();
        scope.start(1s);
        QCOMPARE(scope.gracePeriod(), 3s);
    }

    void watchedIsForced()
    {
        Server server;
        QTimeoutScope scope(1s);
        scope.watch(&server);
        clock().advance(1s);
        QCOMPARE(scope.state(), QTimeoutScope::Expired);
        QCOMPARE(server.asked, 1);
        clock().advance(4999ms);
        QCOMPARE(server.forced, 0);
        clock().advance(1ms);
        QCOMPARE(server.forced, 1);
        clock().advance(1min);
        QCOMPARE(server.asked, 1);
        QCOMPARE(server.forced, 1);
        QVERIFY(server.children().isEmpty());
    }
    void awaitedIsForced_data()
    {
        QTest::addColumn<QString>("form");
        for (const char *form : {"run", "tryRun", "coroutine", "member"})
            QTest::newRow(form) << form;
    }
    void awaitedIsForced()
    {
        QFETCH(QString, form);
        Server server;
        QTimeoutScope scope(1s);
        scope.setGracePeriod(2s);
        End end = End::Pending;
        std::chrono::milliseconds period = 2s;
        if (form == "run") {
            period = 5s; // is under no scope
            const auto task = observe(QTimeout::run(1s, &server));
            clock().advance(1s);
            end = task->end;
        } else if (form == "tryRun") {
            const auto task = observe(scope.tryRun(&server));
            clock().advance(1s);
            end = task->end == End::Returned && !*task->value ? End::TimedOut : End::Failed;
        } else if (form == "coroutine") {
            const auto task = observe(waitFor(scope, &server));
            clock().advance(1s);
            end = task->end;
        } else {
            const auto task = observe(scope.run(&server));
            clock().advance(1s);
            end = task->end;
        }
        QCOMPARE(end, End::TimedOut); // which does not wait for the server
        QCOMPARE(server.asked, 1);
        clock().advance(period - 1ms);
        QCOMPARE(server.forced, 0);
        clock().advance(1ms);
        QCOMPARE(server.forced, 1);
    }
    void isNotForcedWhenItEnds()
    {
        Server server;
        QTimeoutScope scope(1s);
        scope.watch(&server);
        clock().advance(1s);
        clock().advance(2s);
        Q_EMIT server.finished(); // and perhaps begins anew
        clock().advance(1min);
        QCOMPARE(server.forced, 0);
        settle();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QVERIFY(server.children().isEmpty());
    }
    void isNotForcedWhenItEndsAtOnce()
    {
        Server server;
        server.onAsked = [&server] { Q_EMIT server.finished(); };
        QTimeoutScope scope(1s);
        scope.watch(&server);
        clock().advance(1min);
        QCOMPARE(server.asked, 1);
        QCOMPARE(server.forced, 0);
    }
    void hasEndedWithoutSaying()
    {
        Server server;
        server.onAsked = [&server] { server.isOver = true; };
        QTimeoutScope scope(1s);
        scope.watch(&server);
        clock().advance(1min);
        QCOMPARE(server.forced, 0);
    }
    void destroyedMeanwhile()
    {
        auto server = std::make_unique<Server>();
        QTimeoutScope scope(1s);
        scope.watch(server.get());
        clock().advance(3s);
        QCOMPARE(server->asked, 1);
        server.reset();
        clock().advance(1min);
    }
    void destroyedWhenAsked()
    {
        auto *server = new Server;
        server->onAsked = [server] { delete server; };
        QTimeoutScope scope(1s);
        scope.watch(server);
        clock().advance(1min);
    }
    void destroyedWhenForced()
    {
        auto *server = new Server;
        server->onForced = [server] { delete server; };
        QTimeoutScope scope(1s);
        scope.watch(server);
        clock().advance(1min);
    }
    void silentIsForced()
    {
        Silent silent;
        QTimeoutScope scope(1s);
        scope.watch(&silent);
        clock().advance(5999ms);
        QCOMPARE(silent.asked, 1);
        QCOMPARE(silent.forced, 0);
        clock().advance(1ms);
        QCOMPARE(silent.forced, 1);
    }
    void scopeHasGone()
    {
        Server server;
        {
            QTimeoutScope scope(1h);
            scope.setGracePeriod(2s);
            scope.watch(&server);
        }
        QCOMPARE(server.asked, 1);
        clock().advance(2s);
        QCOMPARE(server.forced, 1);
    }
    void zeroOnlyForces_data()
    {
        QTest::addColumn<bool>("isWatched");
        QTest::newRow("watched") << true;
        QTest::newRow("awaited") << false;
    }
    void zeroOnlyForces()
    {
        QFETCH(bool, isWatched);
        Server server;
        QTimeoutScope scope(1h);
        scope.setGracePeriod(0s);
        const auto task = isWatched ? nullptr : observe(waitFor(scope, &server));
        if (isWatched)
            scope.watch(&server);
        scope.cancel();
        QCOMPARE(server.asked, 0);
        QCOMPARE(server.forced, 1); // before cancel() returns
        clock().advance(1min);
        QCOMPARE(server.asked, 0);
        QCOMPARE(server.forced, 1);
    }
    void periodIsLookedAtWhenTheScopeIsAborted()
    {
        Server server;
        QTimeoutScope scope(1h);
        scope.watch(&server);
        scope.setGracePeriod(2s);
        scope.cancel();
        scope.setGracePeriod(1min);
        clock().advance(2s);
        QCOMPARE(server.forced, 1);
    }
    void underAnEndedScope()
    {
        Server server;
        QTimeoutScope scope(1h);
        scope.setGracePeriod(2s);
        scope.cancel();
        scope.watch(&server);
        QCOMPARE(server.asked, 1);
        clock().advance(2s);
        QCOMPARE(server.forced, 1);
    }
    void otherThread()
    {
        realTime();
        QThread thread;
        thread.start();
        auto *server = new Server;
        server->moveToThread(&thread);
        QTimeoutScope scope(1h);
        scope.setGracePeriod(10ms);
        scope.watch(server);
        scope.cancel();
        QTRY_COMPARE_WITH_TIMEOUT(server->forced.load(), 1, Patience);
        QCOMPARE(server->asked, 1);
        QCOMPARE(server->forcedIn, &thread);
        connect(&thread, &QThread::finished, server, &QObject::deleteLater);
        thread.quit();
        QVERIFY(thread.wait(Patience));
    }
    void otherThreadEndsFirst()
    {
        realTime();
        QThread thread;
        thread.start();
        auto *server = new Server;
        server->moveToThread(&thread);
        QTimeoutScope scope(1h);
        scope.setGracePeriod(1h);
        scope.watch(server);
        scope.cancel();
        QTRY_COMPARE_WITH_TIMEOUT(server->asked.load(), 1, Patience);
        QTRY_COMPARE_WITH_TIMEOUT(queuedDeadlines(), size_t(1), Patience);
        QMetaObject::invokeMethod(server, "finished");
        QTRY_COMPARE_WITH_TIMEOUT(queuedDeadlines(), size_t(0), Patience);
        connect(&thread, &QThread::finished, server, &QObject::deleteLater);
        thread.quit();
        QVERIFY(thread.wait(Patience));
    }
    // Then the thread of the object goes on.
    void scopesThreadEndsAndItDoesNot()
    {
        realTime();
        Server server;
        const std::unique_ptr<QThread> thread(QThread::create([&server] {
            QTimeoutScope scope(1h);
            scope.setGracePeriod(20ms);
            scope.watch(&server);
        }));
        thread->start();
        QVERIFY(thread->wait(Patience));
        QTRY_COMPARE_WITH_TIMEOUT(server.forced.load(), 1, Patience);
        QCOMPARE(server.asked, 1);
        QCOMPARE(server.forcedIn, QThread::currentThread());
    }
    void scopesThreadEndsFirst()
    {
        Server server;
        const std::unique_ptr<QThread> thread(QThread::create([&server] {
            QTimeoutScope scope(1h);
            scope.watch(&server);
        }));
        thread->start();
        QVERIFY(thread->wait(Patience));
        settle();
        QCOMPARE(server.asked, 1);
        Q_EMIT server.finished();
        settle();
        QCOMPARE(server.forced, 0);
    }

    // Processes
    void processEndsWhenAsked()
    {
        QProcess process;
        process.start("sleep", {"1000"});
        QVERIFY(process.waitForStarted(Patience));
        QSignalSpy finished(&process, &QProcess::finished);
        QTimeoutScope scope(1s);
        scope.watch(&process);
        clock().advance(1s);
        QVERIFY(finished.wait(Patience));
        QCOMPARE(process.exitStatus(), QProcess::CrashExit);
        settle();
        QCOMPARE(queuedDeadlines(), size_t(0));
    }
    void stubbornProcessIsKilled_data()
    {
        QTest::addColumn<QString>("form");
        for (const char *form : {"watch", "watch as QObject", "watch as QIODevice", "run", "zero"})
            QTest::newRow(form) << form;
    }
    void stubbornProcessIsKilled()
    {
        QFETCH(QString, form);
        Stubborn process;
        QVERIFY(process.isReady());
        QSignalSpy finished(&process, &QProcess::finished);
        QTimeoutScope scope(1s);
        if (form == "watch")
            scope.watch(&process);
        else if (form == "watch as QObject")
            scope.watch(static_cast<QObject *>(&process));
        else if (form == "watch as QIODevice")
            scope.watch(static_cast<QIODevice *>(&process));
        else
            observe(scope.run(&process));
        if (form == "zero")
            scope.setGracePeriod(0s);
        clock().advance(1s);
        if (form != "zero") {
            clock().advance(4999ms);
            QCOMPARE(process.state(), QProcess::Running);
            QCOMPARE(queuedDeadlines(), size_t(1));
            clock().advance(1ms);
        }
        QVERIFY(process.state() == QProcess::NotRunning || finished.wait(Patience));
    }
    void processThatWasStartedAnewIsLeftAlone()
    {
        QProcess process;
        process.start("sleep", {"1000"});
        QVERIFY(process.waitForStarted(Patience));
        QTimeoutScope scope(1s);
        scope.watch(&process);
        clock().advance(1s);
        QVERIFY(process.waitForFinished(Patience));
        process.start("sleep", {"1000"});
        QVERIFY(process.waitForStarted(Patience));
        clock().advance(1min);
        QCOMPARE(process.state(), QProcess::Running);
        process.kill();
        QVERIFY(process.waitForFinished(Patience));
    }
    // By a slot that was told before, and runs an event loop for longer than the grace period.
    void processThatIsBeingStartedAnewIsLeftAlone()
    {
        QProcess process;
        process.start("sleep", {"1000"});
        QVERIFY(process.waitForStarted(Patience));
        bool isRunning = false;
        bool isFirst = true;
        connect(&process, &QProcess::finished, this, [&] {
            if (!std::exchange(isFirst, false))
                return;
            process.start("sleep", {"1000"});
            QVERIFY(process.waitForStarted(Patience));
            clock().advance(1min);
            isRunning = process.state() == QProcess::Running;
        });
        QTimeoutScope scope(1s);
        scope.watch(&process);
        clock().advance(1s);
        QVERIFY(process.waitForFinished(Patience));
        QTRY_VERIFY_WITH_TIMEOUT(isRunning, Patience);
        QCOMPARE(process.state(), QProcess::Running);
        process.kill();
        QVERIFY(process.waitForFinished(Patience));
    }
    // It was not even running when it was aborted.
    void processThatIsStartedLaterIsLeftAlone()
    {
        QProcess process;
        QTimeoutScope scope(1s);
        scope.watch(&process);
        clock().advance(1s);
        process.start("sleep", {"1000"});
        QVERIFY(process.waitForStarted(Patience));
        clock().advance(1min);
        QCOMPARE(process.state(), QProcess::Running);
        process.kill();
        QVERIFY(process.waitForFinished(Patience));
    }
    void thousandsLeaveNothing()
    {
        for (int i = 0; i < 1000; ++i) {
            Server server;
            QTimeoutScope scope(1h);
            scope.watch(&server);
            scope.cancel();
        }
        settle();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QCOMPARE(queuedDeadlines(), size_t(0));
        QVERIFY(QTimeout::detail::DeadlineQueue::current()->children().size() < 10);
    }
};

QTEST_GUILESS_MAIN(tst_GracePeriod)

#include "tst_graceperiod.moc"
