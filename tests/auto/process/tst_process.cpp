// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroProcess>

#include <QtCore/qpointer.h>
#include <QtCore/qprocess.h>
#include <QtTest/qsignalspy.h>

#include <type_traits>

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

// As many turns as anything can take whose time has come.
void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
}

// Starts what is not there. That takes a while to be known.
void startMissingProgram(QProcess &process)
{
    process.start("/nonexistent/program", QStringList());
}

// Returns whether the operation has given the process back.
template<typename T>
bool isGivenBack(const ObservedPointer<T> &observed, const QProcess *process)
{
    if constexpr (std::is_convertible_v<T, const QProcess *>)
        return observed->value && *observed->value == process;
    else
        return false;
}

enum class Form { RunOfPointer, RunOfReference, TryRun, Pointer, Reference };

QCoro::Task<> waitInForm(QTimeoutScope &scope, Form form, QProcess &process)
{
    if (form == Form::RunOfPointer)
        co_await QTimeout::run(1h, &process);
    else if (form == Form::RunOfReference)
        co_await QTimeout::run(1h, process);
    else if (form == Form::TryRun)
        co_await scope.tryRun(&process);
    else if (form == Form::Pointer)
        co_await &process;
    else
        co_await process;
}

void addForms()
{
    QTest::addColumn<Form>("form");
    QTest::newRow("run(1h, &process)") << Form::RunOfPointer;
    QTest::newRow("run(1h, process)") << Form::RunOfReference;
    QTest::newRow("scope.tryRun(&process)") << Form::TryRun;
    QTest::newRow("co_await &process") << Form::Pointer;
    QTest::newRow("co_await process") << Form::Reference;
}

// Owns the process that it waits for.
QCoro::Task<> ownProcess(QTimeoutScope &scope, Form form, QString program,
                         QPointer<QProcess> &address)
{
    QProcess process;
    address = &process;
    const QStringList arguments("1000");
    process.start(program, arguments);
    co_await waitInForm(scope, form, process);
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

    void isGivenBackWhenItHasFinished();
    void waitEndsWhenItHasFinished_data() { addForms(); }
    void waitEndsWhenItHasFinished();
    void outputDoesNotEndTheWait_data() { addForms(); }
    void outputDoesNotEndTheWait();
    void missingProgramIsOver_data() { addForms(); }
    void missingProgramIsOver();
    void missingProgramIsGivenBack();
    void missingProgramFinishesTheScope();
    void missingProgramDoesNotLetTheScopeExpire();
    void notRunningIsOver_data() { addForms(); }
    void notRunningIsOver();
    void notRunningIsWatchedUntilItsNextEnd_data();
    void notRunningIsWatchedUntilItsNextEnd();
    void notRunningIsWatchedUntilItFailsToStart();
    void waitThatIsAbortedKillsTheProcess_data() { addForms(); }
    void waitThatIsAbortedKillsTheProcess();
    void ownedProcessIsAborted_data() { addForms(); }
    void ownedProcessIsAborted();
    void errorOfAnOwnedProcessCancelsTheScope_data() { addForms(); }
    void errorOfAnOwnedProcessCancelsTheScope();
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

// D2.
void tst_Process::isGivenBackWhenItHasFinished()
{
    Sleeper process;
    QVERIFY(process.isStarted());
    QProcess *pointer = &process;
    const auto pointed = observe(QTimeout::run(1h, pointer));
    const auto referred = observe(QTimeout::run(1h, *pointer));
    settle();
    QCOMPARE(pointed->end, End::Pending);
    QCOMPARE(referred->end, End::Pending);
    process.kill();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(pointed->end, End::Returned);
    QCOMPARE(referred->end, End::Returned);
    QVERIFY(isGivenBack(pointed, &process));
    QVERIFY(isGivenBack(referred, &process));
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_Process::waitEndsWhenItHasFinished()
{
    QFETCH(const Form, form);
    Sleeper process;
    QVERIFY(process.isStarted());
    QTimeoutScope scope(1h);
    const auto result = observe(waitInForm(scope, form, process));
    settle();
    QCOMPARE(result->end, End::Pending);
    process.kill();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(result->end, End::Returned);
}

// A process is a device too, but that is not what is waited for.
void tst_Process::outputDoesNotEndTheWait()
{
    QFETCH(const Form, form);
    QProcess process;
    process.start("cat", QStringList());
    QVERIFY(process.waitForStarted(Patience));
    QTimeoutScope scope(1h);
    const auto result = observe(waitInForm(scope, form, process));
    const QSignalSpy readyRead(&process, &QProcess::readyRead);
    process.write("text");
    QTRY_COMPARE_WITH_TIMEOUT(readyRead.count(), 1, Patience);
    settle();
    QCOMPARE(result->end, End::Pending);
    process.closeWriteChannel();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(process.readAll(), "text");
}

void tst_Process::missingProgramIsOver()
{
    QFETCH(const Form, form);
    QProcess process;
    const QByteArrayList before = connectedSignals(&process);
    QTimeoutScope scope(1h);
    startMissingProgram(process);
    const auto result = observe(waitInForm(scope, form, process));
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(result->end, End::Returned); // and no time has passed
    QCOMPARE(process.error(), QProcess::FailedToStart);
    QCOMPARE(connectedSignals(&process), before);
    scope.finish();
}

void tst_Process::missingProgramIsGivenBack()
{
    QProcess process;
    startMissingProgram(process);
    const auto observed = observe(QTimeout::run(5s, &process));
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(isGivenBack(observed, &process));
    QCOMPARE(process.error(), QProcess::FailedToStart);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

// S7.
void tst_Process::missingProgramFinishesTheScope()
{
    for (const bool byMetaObject : {false, true}) {
        QProcess process;
        const QByteArrayList before = connectedSignals(&process);
        QTimeoutScope scope(1s);
        const QSignalSpy finished(&scope, &QTimeoutScope::finished);
        startMissingProgram(process);
        if (byMetaObject)
            scope.watch(static_cast<QObject *>(&process));
        else
            scope.watch(&process);
        QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
        settle();
        QCOMPARE(scope.state(), QTimeoutScope::Finished);
        QCOMPARE(finished.count(), 1);
        QCOMPARE(process.error(), QProcess::FailedToStart);
        QCOMPARE(connectedSignals(&process), before);
    }
}

void tst_Process::missingProgramDoesNotLetTheScopeExpire()
{
    QProcess process;
    QTimeoutScope scope(1s);
    const QSignalSpy expired(&scope, &QTimeoutScope::expired);
    connect(&process, &QProcess::errorOccurred, &scope, [&scope] { scope.reschedule(0); });
    scope.watch(&process);
    startMissingProgram(process);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    clock().advance(0s);
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(expired.count(), 0);
}

void tst_Process::notRunningIsOver()
{
    QFETCH(const Form, form);
    QTimeoutScope scope(1h);
    QProcess process;
    const auto never = observe(waitInForm(scope, form, process));
    settle();
    QCOMPARE(never->end, End::Returned);
    startMissingProgram(process);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    const auto failed = observe(waitInForm(scope, form, process));
    settle();
    QCOMPARE(failed->end, End::Returned);
    process.start("true", QStringList());
    QVERIFY(process.waitForFinished(Patience));
    const auto finished = observe(waitInForm(scope, form, process));
    settle();
    QCOMPARE(finished->end, End::Returned);
    scope.finish();
}

void tst_Process::notRunningIsWatchedUntilItsNextEnd_data()
{
    QTest::addColumn<bool>("hasRun");
    QTest::newRow("that has never run") << false;
    QTest::newRow("that has finished") << true;
}

void tst_Process::notRunningIsWatchedUntilItsNextEnd()
{
    QFETCH(const bool, hasRun);
    QProcess process;
    if (hasRun) {
        process.start("true", QStringList());
        QVERIFY(process.waitForFinished(Patience));
    }
    QTimeoutScope scope(1s);
    scope.watch(&process);
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Active);
    process.start("true", QStringList());
    QTRY_COMPARE_WITH_TIMEOUT(scope.state(), QTimeoutScope::Finished, Patience);
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
}

void tst_Process::notRunningIsWatchedUntilItFailsToStart()
{
    QProcess process;
    QTimeoutScope scope(1s);
    scope.watch(&process);
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Active);
    startMissingProgram(process);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_Process::waitThatIsAbortedKillsTheProcess()
{
    QFETCH(const Form, form);
    Sleeper process;
    QVERIFY(process.isStarted());
    QTimeoutScope scope(1s);
    const auto result = observe(waitInForm(scope, form, process));
    clock().advance(1s);
    settle();
    QVERIFY(scope.hasExpired());
    if (form != Form::TryRun)
        QCOMPARE(result->end, End::TimedOut);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

// A16: the coroutine may own what it waits for.
void tst_Process::ownedProcessIsAborted()
{
    QFETCH(const Form, form);
    QTimeoutScope scope(1h);
    QPointer<QProcess> process;
    const auto result = observe(ownProcess(scope, form, "sleep", process));
    QVERIFY(process->waitForStarted(Patience));
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    QVERIFY(process);
    // Its destructor may warn that it is still running.
    settle();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(!process);
}

void tst_Process::errorOfAnOwnedProcessCancelsTheScope()
{
    QFETCH(const Form, form);
    QTimeoutScope scope(1h);
    QPointer<QProcess> process;
    const auto result = observe(ownProcess(scope, form, "/nonexistent/program", process));
    bool isThereAfterwards = false;
    connect(process, &QProcess::errorOccurred, &scope, [&] {
        scope.cancel();
        isThereAfterwards = process;
    });
    QTRY_VERIFY_WITH_TIMEOUT(scope.isCancelled(), Patience);
    QVERIFY(isThereAfterwards);
    settle();
    QVERIFY(!process);
    // The process has failed to start, and is over: that beats the abort (A2).
    QCOMPARE(result->end, End::Returned);
}

QTEST_GUILESS_MAIN(tst_Process)
#include "tst_process.moc"
