// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroProcess>
#include <QCoroTimer>

#include <QtCore/qprocess.h>
#include <QtCore/qtimer.h>

#include <coroutine>
#include <functional>

using namespace std::chrono_literals;

namespace {

// Generous, for a busy machine: only a test that fails waits as long.
constexpr int Patience = 20000;

// As many turns as anything can take whose time has come.
void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
}

} // namespace

// A type of a program's own, as it is awaited by isFinished() and finished().
class Download : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return m_isFinished; }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }
    void abort() { ++aborts; }

    int aborts = 0;

Q_SIGNALS:
    void finished();

private:
    bool m_isFinished = false;
};

// Knows itself how it is awaited.
class Turnstile : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return false; }
    void abort() { ++aborts; }
    auto operator co_await()
    {
        struct Awaiter
        {
            bool await_ready() const noexcept { return turnstile->gate.isOpen(); }
            void await_suspend(std::coroutine_handle<> waiter)
            {
                turnstile->gate.setWaiter(waiter);
            }
            int await_resume() const noexcept { return 7; }

            Turnstile *turnstile;
        };
        return Awaiter{this};
    }

    Gate gate;
    int aborts = 0;

Q_SIGNALS:
    void finished();
};

namespace {

enum class Form { Pointer, Reference, RunOfPointer, RunOfReference, RunUnderScope };

template<typename Object>
QCoro::Task<> waitFor(QTimeoutScope &scope, Form form, Object &object)
{
    const Tracked local;
    if (form == Form::Pointer)
        co_await &object;
    else if (form == Form::Reference)
        co_await object;
    else if (form == Form::RunOfPointer)
        co_await QTimeout::run(2h, &object);
    else if (form == Form::RunOfReference)
        co_await QTimeout::run(2h, object);
    else
        co_await scope.run(object);
}

QCoro::Task<> awaitMember(QTimeoutScope &, QTimer &timer, std::chrono::milliseconds interval)
{
    timer.start(interval);
    co_await timer;
}

void addForms()
{
    QTest::addColumn<Form>("form");
    QTest::newRow("co_await &object") << Form::Pointer;
    QTest::newRow("co_await object") << Form::Reference;
    QTest::newRow("run(2h, &object)") << Form::RunOfPointer;
    QTest::newRow("run(2h, object)") << Form::RunOfReference;
    QTest::newRow("scope.run(object)") << Form::RunUnderScope;
}

} // namespace

/*
    What run() takes, form 1: an lvalue of a QObject type is its address.
*/
class tst_QTimeoutRunLvalue : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void ends_data() { addForms(); }
    void ends();
    void expires_data() { addForms(); }
    void expires();
    void isCancelled_data() { addForms(); }
    void isCancelled();
    void isDestroyed_data() { addForms(); }
    void isDestroyed();
    void hasEnded_data() { addForms(); }
    void hasEnded();

    void timerEnds_data() { addForms(); }
    void timerEnds();
    void timerIsLeftRunning_data() { addForms(); }
    void timerIsLeftRunning();
    void timerThatIsNotActive_data() { addForms(); }
    void timerThatIsNotActive();
    void timerThatIsStartedBefore();

    void processEnds_data() { addForms(); }
    void processEnds();
    void processIsAborted_data() { addForms(); }
    void processIsAborted();

    void deadlineOfItsOwn();
    void operatorOfItsOwn();
};

void tst_QTimeoutRunLvalue::ends()
{
    QFETCH(const Form, form);
    Download download;
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, download));
    settle();
    QCOMPARE(result->end, End::Pending);
    download.finish();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(download.aborts, 0);
    QCOMPARE(connectedSignals(&download), QByteArrayList());
    scope.finish();
}

void tst_QTimeoutRunLvalue::expires()
{
    QFETCH(const Form, form);
    Download download;
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, download));
    clock().advance(1h);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(download.aborts, 1);
    QCOMPARE(connectedSignals(&download), QByteArrayList());
}

void tst_QTimeoutRunLvalue::isCancelled()
{
    QFETCH(const Form, form);
    Download download;
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, download));
    scope.cancel();
    QCOMPARE(download.aborts, 1);
    settle();
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(Tracked::alive(), 0);
}

// A11.
void tst_QTimeoutRunLvalue::isDestroyed()
{
    QFETCH(const Form, form);
    auto download = std::make_unique<Download>();
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, *download));
    download.reset();
    settle();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(scope.isActive());
    scope.finish();
}

void tst_QTimeoutRunLvalue::hasEnded()
{
    QFETCH(const Form, form);
    Download download;
    download.finish();
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, download));
    settle();
    QCOMPARE(result->end, End::Returned);
    scope.finish();
}

void tst_QTimeoutRunLvalue::timerEnds()
{
    QFETCH(const Form, form);
    QTimer timer;
    timer.start(0);
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, timer));
    QTRY_COMPARE_WITH_TIMEOUT(result->end, End::Returned, Patience);
    timer.stop();
    scope.finish();
}

// A1: it belongs to its owner.
void tst_QTimeoutRunLvalue::timerIsLeftRunning()
{
    QFETCH(const Form, form);
    QTimer timer;
    timer.start(10h);
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, timer));
    clock().advance(1h);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(timer.isActive());
    QCOMPARE(connectedSignals(&timer), QByteArrayList());
}

void tst_QTimeoutRunLvalue::timerThatIsNotActive()
{
    QFETCH(const Form, form);
    QTimer timer;
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, timer));
    settle();
    QCOMPARE(result->end, End::Returned);
    scope.finish();
}

void tst_QTimeoutRunLvalue::timerThatIsStartedBefore()
{
    QTimer timer;
    QTimeoutScope scope(1h);
    const auto result = observe(awaitMember(scope, timer, 10h));
    scope.cancel();
    settle();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(timer.isActive());
}

void tst_QTimeoutRunLvalue::processEnds()
{
    QFETCH(const Form, form);
    QProcess process;
    process.start("sleep", {"1000"});
    QVERIFY(process.waitForStarted(Patience));
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, process));
    settle();
    QCOMPARE(result->end, End::Pending);
    process.kill();
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    settle();
    QCOMPARE(result->end, End::Returned);
    scope.finish();
}

void tst_QTimeoutRunLvalue::processIsAborted()
{
    QFETCH(const Form, form);
    QProcess process;
    process.start("sleep", {"1000"});
    QVERIFY(process.waitForStarted(Patience));
    QTimeoutScope scope(1h);
    const auto result = observe(waitFor(scope, form, process));
    clock().advance(1h);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_QTimeoutRunLvalue::deadlineOfItsOwn()
{
    Download download;
    const auto result = observe(QTimeout::run(1s, download));
    clock().advance(1s);
    settle();
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(download.aborts, 1);
    const auto tried = observe(QTimeout::tryRun(1s, download));
    clock().advance(1s);
    settle();
    QCOMPARE(tried->end, End::Returned);
    QCOMPARE(download.aborts, 2);
}

void tst_QTimeoutRunLvalue::operatorOfItsOwn()
{
    Turnstile turnstile;
    QTimeoutScope scope(1h);
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<int> {
        const Tracked local;
        const int value = co_await turnstile;
        co_return value;
    };
    const auto result = observe(coroutine(scope));
    settle();
    QCOMPARE(result->end, End::Pending);
    Q_EMIT turnstile.finished(); // says nothing to it
    settle();
    QCOMPARE(result->end, End::Pending);
    turnstile.gate.open();
    settle();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 7);
    scope.finish();
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunLvalue)
#include "tst_qtimeoutrun_lvalue.moc"
