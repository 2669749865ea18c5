// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroProcess>

#include <QtCore/qprocess.h>
#include <QtTest/qsignalspy.h>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

namespace {

/*
    Does not end by itself while a test lasts.
*/
class Sleeper : public QProcess
{
public:
    Sleeper()
    {
        start("sleep", {"1000"});
        m_isStarted = waitForStarted(Patience);
    }
    ~Sleeper() override { end(); }

    bool isStarted() const { return m_isStarted; }
    void end()
    {
        kill();
        waitForFinished(Patience);
    }

private:
    bool m_isStarted;
};

QCoro::Task<bool> isFinished(QProcess *process)
{
    co_return co_await qCoro(process).waitForFinished(-1);
}

QCoro::Task<bool> isStarted(QProcess *process)
{
    const QStringList arguments("1000");
    co_return co_await qCoro(process).start("sleep", arguments);
}

} // namespace

class tst_Process : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void watchedProcessIsKilledOnExpiry();
    void watchedProcessIsKilledByCancel();
    void watchedProcessIsKilledByTheDestructor();
    void watchedProcessIsKilledUnderAnEndedScope();
    void watchedProcessFinishesTheScope_data();
    void watchedProcessFinishesTheScope();
    void unwatchedProcessGoesOn();
    void ownFunctionInsteadOfKilling();
    void destroyedProcessFinishesTheScope();
    void runReturnsWhenTheProcessHasFinished();
    void runReturnsWhenTheProcessHasStarted();
    void runLeavesTheProcessRunning();
    void finishedSignal();
    void finishedSignalThatDoesNotCome();
    void waitForProcess();
};

void tst_Process::watchedProcessIsKilledOnExpiry()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    const QByteArrayList before = connectedSignals(&process);
    QTimeoutScope scope(1s);
    scope.watch(&process);
    clock().advance(999ms);
    QCOMPARE(process.state(), QProcess::Running);
    clock().advance(1ms);
    QVERIFY(scope.hasExpired());
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
    QCOMPARE(connectedSignals(&process), before);
}

void tst_Process::watchedProcessIsKilledByCancel()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    QTimeoutScope scope(1s);
    scope.watch(static_cast<QObject *>(&process)); // by its meta-object
    scope.cancel();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_Process::watchedProcessIsKilledByTheDestructor()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    auto scope = std::make_unique<QTimeoutScope>(1s);
    scope->watch(&process);
    scope.reset();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
}

void tst_Process::watchedProcessIsKilledUnderAnEndedScope()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    QTimeoutScope scope(1s);
    scope.cancel();
    scope.watch(&process);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
}

void tst_Process::watchedProcessFinishesTheScope_data()
{
    QTest::addColumn<QString>("program");
    QTest::newRow("well") << "true";
    QTest::newRow("with a status") << "false";
}

void tst_Process::watchedProcessFinishesTheScope()
{
    QFETCH(const QString, program);
    QProcess process;
    QTimeoutScope scope(1s);
    const QSignalSpy finished(&scope, &QTimeoutScope::finished);
    scope.watch(&process);
    process.start(program, QStringList());
    QTRY_COMPARE_WITH_TIMEOUT(scope.state(), QTimeoutScope::Finished, Patience);
    QCOMPARE(finished.count(), 1);
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
}

void tst_Process::unwatchedProcessGoesOn()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    const QByteArrayList before = connectedSignals(&process);
    QTimeoutScope scope(1s);
    scope.watch(&process);
    scope.unwatch(&process);
    QCOMPARE(connectedSignals(&process), before);
    scope.cancel();
    QVERIFY(!process.waitForFinished(0));
    QCOMPARE(process.state(), QProcess::Running);
}

void tst_Process::ownFunctionInsteadOfKilling()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    QTimeoutScope scope(1s);
    int calls = 0;
    scope.watch(&process, [&process, &calls] {
        ++calls;
        process.terminate();
    });
    clock().advance(1s);
    QCOMPARE(calls, 1);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
}

void tst_Process::destroyedProcessFinishesTheScope()
{
    QTimeoutScope scope(1s);
    {
        Sleeper process;
        QVERIFY(process.isStarted());
        scope.watch(&process);
    }
    clock().advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_Process::runReturnsWhenTheProcessHasFinished()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    const auto observed = observe(QTimeout::run(1s, isFinished(&process)));
    QCOMPARE(observed->end, End::Pending);
    process.kill();
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(*observed->value, true);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_Process::runReturnsWhenTheProcessHasStarted()
{
    QProcess process;
    const auto observed = observe(QTimeout::run(1s, isStarted(&process)));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(*observed->value, true);
    process.kill();
    QVERIFY(process.waitForFinished(Patience));
}

void tst_Process::runLeavesTheProcessRunning()
{
    // What is awaited is a plain coroutine, which cannot be interrupted.
    Sleeper process;
    QVERIFY(process.isStarted());
    const auto observed = observe(QTimeout::run(1s, isFinished(&process)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(process.state(), QProcess::Running);
    process.kill();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    clock().advance(0ms);
}

void tst_Process::finishedSignal()
{
    QProcess process;
    const ObservedPointer<std::tuple<int, QProcess::ExitStatus>> observed = observe(
            QTimeout::run(1s, &process, &QProcess::finished));
    process.start("false", QStringList());
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(std::get<0>(*observed->value), 1);
    QCOMPARE(std::get<1>(*observed->value), QProcess::NormalExit);
}

void tst_Process::finishedSignalThatDoesNotCome()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    const QByteArrayList before = connectedSignals(&process);
    const auto observed = observe(
            QTimeout::tryRun(1s, static_cast<QProcess *>(&process), &QProcess::finished));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!*observed->value);
    QCOMPARE(process.state(), QProcess::Running); // the sender of a signal is not aborted
    QCOMPARE(connectedSignals(&process), before);
}

void tst_Process::waitForProcess()
{
    QProcess process;
    process.start("true", QStringList());
    QCOMPARE(QTimeout::waitFor(1h, isFinished(&process)), true);
    QCOMPARE(process.state(), QProcess::NotRunning);
}

QTEST_GUILESS_MAIN(tst_Process)
#include "tst_process.moc"
