// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"
#include "worker.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/qfuture.h>
#include <QtCore/qprocess.h>
#include <QtCore/qpromise.h>
#include <QtCore/qstandardpaths.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qlocalserver.h>
#include <QtNetwork/qlocalsocket.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;

// Plain functions, called by the static type.

struct Log : QObject
{
    QStringList calls;
};

class AbortCancelKill : public Log
{
public:
    void abort() { calls.append("abort"); }
    void cancel() { calls.append("cancel"); }
    void kill() { calls.append("kill"); }
};

class CancelKill : public Log
{
public:
    void cancel() { calls.append("cancel"); }
    void kill() { calls.append("kill"); }
};

class Kill : public Log
{
public:
    void kill() { calls.append("kill"); }
};

class Nothing : public Log
{
};

class PrivateAbort : public Log
{
public:
    void cancel() { calls.append("cancel"); }

private:
    void abort() { calls.append("abort"); }
};

class ProtectedAbort : public Log
{
public:
    void kill() { calls.append("kill"); }

protected:
    void abort() { calls.append("abort"); }
};

class AbortWithArgument : public Log
{
public:
    void abort(int) { calls.append("abort(int)"); }
    void cancel() { calls.append("cancel"); }
};

class AbortWithDefault : public Log
{
public:
    void abort(bool = false) { calls.append("abort(bool)"); }
    void cancel() { calls.append("cancel"); }
};

class AbortWithResult : public Log
{
public:
    bool abort()
    {
        calls.append("bool abort");
        return false;
    }
};

class Derived : public CancelKill
{
};

class VirtualBase : public Log
{
public:
    virtual void abort() { calls.append("base"); }
};

class VirtualDerived : public VirtualBase
{
public:
    void abort() override { calls.append("derived"); }
};

// Functions that the meta-object knows.

class SlotAbort : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void cancel() { calls.append("cancel"); }
    void abort() { calls.append("abort"); }
};

class InvokableCancel : public Log
{
    Q_OBJECT

public:
    void abort() { calls.append("abort"); } // not known to the meta-object
    Q_INVOKABLE void kill() { calls.append("kill"); }
    Q_INVOKABLE void cancel() { calls.append("cancel"); }
};

class SlotKill : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void kill() { calls.append("kill"); }
};

class SignalAbort : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void cancel() { calls.append("cancel"); }

Q_SIGNALS:
    void abort();
};

class PrivateSlotAbort : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void kill() { calls.append("kill"); }

protected Q_SLOTS:
    void cancel() { calls.append("cancel"); }

private Q_SLOTS:
    void abort() { calls.append("abort"); }
};

class SlotWithArgument : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void abort(int) { calls.append("abort(int)"); }
    void cancel() { calls.append("cancel"); }
};

class SlotWithDefault : public Log
{
    Q_OBJECT

public Q_SLOTS:
    void abort(bool = false) { calls.append("abort(bool)"); }
};

class DerivedSlot : public SlotAbort
{
    Q_OBJECT
};

class NoSlots : public Log
{
    Q_OBJECT
};

// Rules of one's own, in each of the forms in which they can be written.

class StaticReference : public AbortCancelKill
{
};
class StaticPointer : public AbortCancelKill
{
};
class CallReference : public AbortCancelKill
{
};
class CallPointer : public AbortCancelKill
{
};
class MemberReference : public AbortCancelKill
{
};
class RuleOfTheBase : public AbortCancelKill
{
};
class DerivedFromRuled : public StaticReference
{
};
class DoNothing : public AbortCancelKill
{
};

template<>
struct QTimeoutAbort<StaticReference>
{
    static void abort(StaticReference &operation) { operation.calls.append("static reference"); }
};

template<>
struct QTimeoutAbort<StaticPointer>
{
    static void abort(StaticPointer *operation) { operation->calls.append("static pointer"); }
};

template<>
struct QTimeoutAbort<CallReference>
{
    void operator()(CallReference &operation) const { operation.calls.append("call reference"); }
};

template<>
struct QTimeoutAbort<CallPointer>
{
    void operator()(CallPointer *operation) const { operation->calls.append("call pointer"); }
};

template<>
struct QTimeoutAbort<MemberReference>
{
    void abort(MemberReference &operation) { operation.calls.append("member reference"); }
};

template<>
struct QTimeoutAbort<RuleOfTheBase>
{
    static void abort(AbortCancelKill &operation)
    {
        operation.calls.append("reference to the base");
    }
};

template<>
struct QTimeoutAbort<DoNothing>
{
    static void abort(DoNothing &) {}
};

// A type of result for which a future is not to be cancelled.
struct Precious
{
};

static int s_preciousFutures = 0;

template<>
struct QTimeoutAbort<QFuture<Precious>>
{
    static void abort(QFuture<Precious> &) { ++s_preciousFutures; }
};

// What fails when it is aborted, in each of the ways in which it can be under a scope.

class Fragile : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return false; }

public Q_SLOTS:
    void abort() { throw std::runtime_error("disk full"); }

Q_SIGNALS:
    void finished();
};

struct FragileResult
{
};

template<>
struct QTimeoutAbort<QFuture<FragileResult>>
{
    static void abort(QFuture<FragileResult> &) { throw std::runtime_error("disk full"); }
};

class FragileAwaitable
{
public:
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { *m_waiter = waiter; }
    void await_resume() const noexcept {}
    void cancel() { throw std::runtime_error("disk full"); }

    // Ends it, which frees what waits for it.
    static void end(const std::shared_ptr<std::coroutine_handle<>> &waiter) { waiter->resume(); }
    explicit FragileAwaitable(std::shared_ptr<std::coroutine_handle<>> waiter) : m_waiter(waiter) {}

private:
    std::shared_ptr<std::coroutine_handle<>> m_waiter;
};

enum class Way { Watch, WatchByMetaObject, WatchWithFunction, WatchFuture, Run, RunFuture };
enum class Abort { Expiry, Cancel, Destructor, EndedBefore };
Q_DECLARE_METATYPE(Way)
Q_DECLARE_METATYPE(Abort)

template<typename T>
static QCoro::Task<> discard(QCoro::Task<T> task)
{
    co_await task;
}

static void expectFailure(const char *who, const char *what)
{
    const QByteArray text = QByteArray("QTimeoutAbort: The function that aborts ") + who
            + " has thrown: " + what
            + ". The abort goes on with what is left; catch the exception in the function.";
    QTest::ignoreMessage(QtWarningMsg, text.constData());
}

template<typename Object>
static QStringList callsOf()
{
    Object object;
    QTimeoutScope scope(1h);
    scope.watch(&object);
    scope.cancel();
    return object.calls;
}

template<typename Object>
static QStringList callsByMetaObject()
{
    Object object;
    QTimeoutScope scope(1h);
    scope.watch(static_cast<QObject *>(&object));
    scope.cancel();
    return object.calls;
}

class tst_QTimeoutAbort : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void callsTheFirstOfAbortCancelKill();
    void noneIsCalledWhereThereIsNone();
    void privateAndProtectedFunctionsAreIgnored();
    void functionsThatNeedArgumentsAreIgnored();
    void inheritedFunctionsAreCalled();
    void virtualFunctionsAreCalledOnTheObject();

    void metaObjectIsAskedForAQObject();
    void metaObjectIsAskedForATypeWithoutFunctions();
    void metaObjectSignalsAreNotCalled();
    void metaObjectPrivateSlotsAreIgnored();
    void metaObjectFunctionsThatNeedArgumentsAreIgnored();
    void metaObjectInheritedSlotsAreCalled();
    void metaObjectWithoutSlots();

    void specialisations();
    void specialisationIsForTheTypeItself();
    void specialisationOfAFuture();
    void specialisationAppliesToRun();
    void directCall();

    void abortsOnceAndOnlyOnAnAbort();
    void functionOfTheCallerReplacesTheRule();
    void abortedInItsOwnThread();

    void exceptionDoesNotKeepTheRestFromBeingAborted_data();
    void exceptionDoesNotKeepTheRestFromBeingAborted();
    void exceptionDoesNotKeepOtherDeadlinesFromPassing();
    void exceptionOfAnAwaitable();
    void exceptionInAnotherThread();
    void exceptionsOfAllKinds();
    void exceptionOfAFunctionThatDeletesEverything();

    void future();
    void futureOfVoid();
    void futureAwaited();
    void futureThatHasFinishedKeepsItsResult();
    void process();
    void processAsAQObject();
    void processAsAQIODevice();
    void tcpSocket();
    void abstractSocket();
    void localSocket();
};

void tst_QTimeoutAbort::callsTheFirstOfAbortCancelKill()
{
    QCOMPARE(callsOf<AbortCancelKill>(), QStringList("abort"));
    QCOMPARE(callsOf<CancelKill>(), QStringList("cancel"));
    QCOMPARE(callsOf<Kill>(), QStringList("kill"));
    QCOMPARE(callsOf<AbortWithDefault>(), QStringList("abort(bool)"));
    QCOMPARE(callsOf<AbortWithResult>(), QStringList("bool abort"));
}

void tst_QTimeoutAbort::noneIsCalledWhereThereIsNone()
{
    QCOMPARE(callsOf<Nothing>(), QStringList());
    Nothing object;
    QTimeoutScope scope(1h);
    scope.watch(&object);
    scope.cancel(); // it is simply no longer waited for
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutAbort::privateAndProtectedFunctionsAreIgnored()
{
    QCOMPARE(callsOf<PrivateAbort>(), QStringList("cancel"));
    QCOMPARE(callsOf<ProtectedAbort>(), QStringList("kill"));
}

void tst_QTimeoutAbort::functionsThatNeedArgumentsAreIgnored()
{
    QCOMPARE(callsOf<AbortWithArgument>(), QStringList("cancel"));
}

void tst_QTimeoutAbort::inheritedFunctionsAreCalled()
{
    QCOMPARE(callsOf<Derived>(), QStringList("cancel"));
}

void tst_QTimeoutAbort::virtualFunctionsAreCalledOnTheObject()
{
    VirtualDerived object;
    QTimeoutScope scope(1h);
    scope.watch(static_cast<VirtualBase *>(&object));
    scope.cancel();
    QCOMPARE(object.calls, QStringList("derived"));
}

void tst_QTimeoutAbort::metaObjectIsAskedForAQObject()
{
    QCOMPARE(callsByMetaObject<SlotAbort>(), QStringList("abort"));
    QCOMPARE(callsByMetaObject<InvokableCancel>(), QStringList("cancel"));
    QCOMPARE(callsByMetaObject<SlotKill>(), QStringList("kill"));
}

void tst_QTimeoutAbort::metaObjectIsAskedForATypeWithoutFunctions()
{
    SlotKill object;
    QTimeoutScope scope(1h);
    scope.watch(static_cast<Log *>(&object));
    scope.cancel();
    QCOMPARE(object.calls, QStringList("kill"));
}

void tst_QTimeoutAbort::metaObjectSignalsAreNotCalled()
{
    SignalAbort object;
    QSignalSpy abort(&object, &SignalAbort::abort);
    QTimeoutScope scope(1h);
    scope.watch(static_cast<QObject *>(&object));
    scope.cancel();
    QCOMPARE(abort.size(), 0);
    QCOMPARE(object.calls, QStringList("cancel"));
}

void tst_QTimeoutAbort::metaObjectPrivateSlotsAreIgnored()
{
    QCOMPARE(callsByMetaObject<PrivateSlotAbort>(), QStringList("kill"));
}

void tst_QTimeoutAbort::metaObjectFunctionsThatNeedArgumentsAreIgnored()
{
    QCOMPARE(callsByMetaObject<SlotWithArgument>(), QStringList("cancel"));
    QCOMPARE(callsByMetaObject<SlotWithDefault>(), QStringList("abort(bool)"));
}

void tst_QTimeoutAbort::metaObjectInheritedSlotsAreCalled()
{
    QCOMPARE(callsByMetaObject<DerivedSlot>(), QStringList("abort"));
}

void tst_QTimeoutAbort::metaObjectWithoutSlots()
{
    QCOMPARE(callsByMetaObject<NoSlots>(), QStringList());
    // Its functions are not known to anybody.
    QCOMPARE(callsByMetaObject<AbortCancelKill>(), QStringList());
}

void tst_QTimeoutAbort::specialisations()
{
    QCOMPARE(callsOf<StaticReference>(), QStringList("static reference"));
    QCOMPARE(callsOf<StaticPointer>(), QStringList("static pointer"));
    QCOMPARE(callsOf<CallReference>(), QStringList("call reference"));
    QCOMPARE(callsOf<CallPointer>(), QStringList("call pointer"));
    QCOMPARE(callsOf<MemberReference>(), QStringList("member reference"));
    QCOMPARE(callsOf<RuleOfTheBase>(), QStringList("reference to the base"));
    QCOMPARE(callsOf<DoNothing>(), QStringList());
}

void tst_QTimeoutAbort::specialisationIsForTheTypeItself()
{
    QCOMPARE(callsOf<DerivedFromRuled>(), QStringList("abort"));
}

void tst_QTimeoutAbort::specialisationOfAFuture()
{
    s_preciousFutures = 0;
    QPromise<Precious> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    scope.cancel();
    QCOMPARE(s_preciousFutures, 1);
    QVERIFY(!promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutAbort::specialisationAppliesToRun()
{
    s_preciousFutures = 0;
    QTimeoutTestClock clock;
    QPromise<Precious> promise;
    promise.start();
    auto task = QTimeout::run(1s, promise.future());
    clock.advance(1s);
    QVERIFY(task.isReady());
    QCOMPARE(s_preciousFutures, 1);
    QVERIFY(!promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutAbort::directCall()
{
    // The rule can be used by others, and for what is no QObject.
    struct Plain
    {
        void cancel() { ++cancelled; }
        int cancelled = 0;
    } plain;
    QTimeoutAbort<Plain>::abort(plain);
    QCOMPARE(plain.cancelled, 1);
    int number = 0;
    QTimeoutAbort<int>::abort(number);
}

void tst_QTimeoutAbort::abortsOnceAndOnlyOnAnAbort()
{
    QTimeoutTestClock clock;
    AbortCancelKill object;
    QTimeoutScope scope(1s);
    scope.watch(&object);
    scope.watch(&object);
    clock.advance(999ms);
    QCOMPARE(object.calls, QStringList());
    clock.advance(1ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(object.calls, QStringList("abort"));
    scope.cancel();
    clock.advance(1h);
    QCOMPARE(object.calls, QStringList("abort"));
    object.calls.clear();

    QTimeoutScope finished(1s);
    finished.watch(&object);
    finished.finish();
    clock.advance(1h);
    QCOMPARE(object.calls, QStringList());
}

void tst_QTimeoutAbort::functionOfTheCallerReplacesTheRule()
{
    AbortCancelKill object;
    int count = 0;
    QTimeoutScope scope(1h);
    scope.watch(&object, [&] { ++count; });
    scope.cancel();
    QCOMPARE(count, 1);
    QCOMPARE(object.calls, QStringList());
}

class ThreadAware : public QObject
{
public:
    void abort()
    {
        abortedIn = QThread::currentThread();
        QThread::currentThread()->quit();
    }

    QThread *abortedIn = nullptr;
};

void tst_QTimeoutAbort::abortedInItsOwnThread()
{
    QThread thread;
    ThreadAware object;
    QTimeoutScope scope(1h);
    object.moveToThread(&thread);
    thread.start();
    scope.watch(&object);
    scope.cancel();
    QVERIFY(thread.wait(20000));
    QCOMPARE(object.abortedIn, &thread);
}

void tst_QTimeoutAbort::exceptionDoesNotKeepTheRestFromBeingAborted_data()
{
    QTest::addColumn<Way>("way");
    QTest::addColumn<Abort>("abort");
    struct NamedWay
    {
        Way way;
        const char *name;
    };
    struct NamedAbort
    {
        Abort abort;
        const char *name;
    };
    static constexpr NamedWay Ways[] = {{Way::Watch, "watch"},
                                        {Way::WatchByMetaObject, "watch by meta-object"},
                                        {Way::WatchWithFunction, "watch with function"},
                                        {Way::WatchFuture, "watch of a future"},
                                        {Way::Run, "run"},
                                        {Way::RunFuture, "run of a future"}};
    static constexpr NamedAbort Aborts[] = {{Abort::Expiry, "expiry"},
                                            {Abort::Cancel, "cancel"},
                                            {Abort::Destructor, "destructor"},
                                            {Abort::EndedBefore, "ended before"}};
    for (const auto &[way, wayName] : Ways) {
        for (const auto &[abort, abortName] : Aborts)
            QTest::addRow("%s, %s", wayName, abortName) << way << abort;
    }
}

// Whoever waits is told as always.
void tst_QTimeoutAbort::exceptionDoesNotKeepTheRestFromBeingAborted()
{
    QFETCH(Way, way);
    QFETCH(Abort, abort);
    QTimeoutTestClock clock;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const std::stop_token token = scope->stopToken();
    if (abort == Abort::EndedBefore)
        scope->cancel();
    const bool isFuture = way == Way::WatchFuture || way == Way::RunFuture;
    expectFailure(isFuture ? "an operation" : "Fragile", "disk full");

    AbortCancelKill first;
    Fragile fragile;
    QPromise<FragileResult> promise;
    promise.start();
    AbortCancelKill last;
    ObservedPointer<void> observed;
    scope->watch(&first);
    switch (way) {
    case Way::Watch:
        scope->watch(&fragile);
        break;
    case Way::WatchByMetaObject:
        scope->watch(static_cast<QObject *>(&fragile));
        break;
    case Way::WatchWithFunction:
        scope->watch(&fragile, [&fragile] { fragile.abort(); });
        break;
    case Way::WatchFuture:
        scope->watch(promise.future());
        break;
    case Way::Run:
        observed = observe(discard(scope->run(&fragile)));
        break;
    case Way::RunFuture:
        observed = observe(discard(scope->run(promise.future())));
        break;
    }
    scope->watch(&last);

    if (abort == Abort::Expiry)
        clock.advance(1s);
    else if (abort == Abort::Cancel)
        scope->cancel();
    else if (abort == Abort::Destructor)
        scope.reset();
    QCOMPARE(first.calls, QStringList("abort"));
    QCOMPARE(last.calls, QStringList("abort"));
    QVERIFY(token.stop_requested());
    if (abort == Abort::Cancel)
        QCoreApplication::processEvents(); // who waits is told there
    if (observed)
        QCOMPARE(observed->end, abort == Abort::Expiry ? End::TimedOut : End::Cancelled);
    QCOMPARE(connectedSignals(&fragile), QByteArrayList());
    promise.finish();
}

// Without a scope.
void tst_QTimeoutAbort::exceptionDoesNotKeepOtherDeadlinesFromPassing()
{
    QTimeoutTestClock clock;
    Fragile first;
    Fragile second;
    const auto one = observe(QTimeout::run(1s, &first));
    const auto other = observe(QTimeout::tryRun(1s, &second));
    expectFailure("Fragile", "disk full");
    expectFailure("Fragile", "disk full");
    clock.advance(1s);
    QCOMPARE(one->end, End::TimedOut);
    QCOMPARE(other->end, End::Returned);
    QVERIFY(!*other->value);
}

void tst_QTimeoutAbort::exceptionOfAnAwaitable()
{
    QTimeoutScope scope(1h);
    const auto waiter = std::make_shared<std::coroutine_handle<>>();
    const auto observed = observe(scope.run(FragileAwaitable(waiter)));
    AbortCancelKill other;
    scope.watch(&other);
    expectFailure("an operation", "disk full");
    scope.cancel();
    QCOMPARE(other.calls, QStringList("abort"));
    QCoreApplication::processEvents();
    QCOMPARE(observed->end, End::Cancelled);
    FragileAwaitable::end(waiter);
}

// The event loop there does not see it.
void tst_QTimeoutAbort::exceptionInAnotherThread()
{
    Fragile watched;
    Fragile awaited;
    Worker worker;
    watched.moveToThread(&worker.thread);
    awaited.moveToThread(&worker.thread);
    QTimeoutScope scope(1h);
    scope.watch(&watched, [&watched] { watched.abort(); });
    const auto observed = observe(scope.run(&awaited));
    expectFailure("Fragile", "disk full");
    expectFailure("Fragile", "disk full");
    scope.cancel();
    QCoreApplication::processEvents();
    QCOMPARE(observed->end, End::Cancelled);
    worker.call([] {});
}

void tst_QTimeoutAbort::exceptionsOfAllKinds()
{
    QTimeoutScope scope(1h);
    QObject object[3];
    scope.watch(&object[0], [] { throw 42; });
    scope.watch(&object[1], [] { throw QTimeoutCancelled(); });
    scope.watch(&object[2], [] { throw QTimeoutError(); });
    const QByteArray text = QTimeoutError().what();
    expectFailure("QObject", text.constData());
    expectFailure("QObject", "an exception that is not a std::exception");
    expectFailure("QObject", "an exception that is not a std::exception");
    scope.cancel();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutAbort::exceptionOfAFunctionThatDeletesEverything()
{
    auto *scope = new QTimeoutScope(1h);
    auto *fragile = new Fragile;
    AbortCancelKill other;
    scope->watch(&other);
    scope->watch(fragile, [&] {
        delete std::exchange(scope, nullptr);
        delete std::exchange(fragile, nullptr);
        throw std::runtime_error("all is gone");
    });
    expectFailure("Fragile", "all is gone");
    scope->cancel();
    QVERIFY(!scope);
    QCOMPARE(other.calls, QStringList("abort"));
}

void tst_QTimeoutAbort::future()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    QVERIFY(!promise.isCanceled());
    scope.cancel();
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutAbort::futureOfVoid()
{
    QPromise<void> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    scope.cancel();
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutAbort::futureAwaited()
{
    QTimeoutTestClock clock;
    QPromise<int> promise;
    promise.start();
    auto task = QTimeout::tryRun(1s, promise.future());
    clock.advance(1s);
    QVERIFY(task.isReady());
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutAbort::futureThatHasFinishedKeepsItsResult()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    promise.addResult(42);
    promise.finish();
    scope.cancel();
    QVERIFY(!promise.future().isCanceled());
    QCOMPARE(promise.future().result(), 42);
}

static bool startLongProcess(QProcess *process)
{
    // Reads from its standard input, where nothing comes.
    process->start(QStandardPaths::findExecutable("cat"), QStringList());
    return process->waitForStarted(20000);
}

void tst_QTimeoutAbort::process()
{
    QProcess process;
    QVERIFY(startLongProcess(&process));
    QTimeoutScope scope(1h);
    scope.watch(&process);
    scope.cancel();
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_QTimeoutAbort::processAsAQObject()
{
    QProcess process;
    QVERIFY(startLongProcess(&process));
    QTimeoutScope scope(1h);
    scope.watch(static_cast<QObject *>(&process));
    scope.cancel();
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_QTimeoutAbort::processAsAQIODevice()
{
    QProcess process;
    QVERIFY(startLongProcess(&process));
    QTimeoutScope scope(1h);
    scope.watch(static_cast<QIODevice *>(&process));
    scope.cancel();
    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

void tst_QTimeoutAbort::tcpSocket()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket socket;
    socket.connectToHost(server.serverAddress(), server.serverPort());
    QVERIFY(socket.waitForConnected(20000));
    QTimeoutScope scope(1h);
    scope.watch(&socket);
    QCOMPARE(socket.state(), QAbstractSocket::ConnectedState);
    scope.cancel();
    QCOMPARE(socket.state(), QAbstractSocket::UnconnectedState);
}

void tst_QTimeoutAbort::abstractSocket()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket socket;
    socket.connectToHost(server.serverAddress(), server.serverPort());
    QVERIFY(socket.waitForConnected(20000));
    QTimeoutScope scope(1h);
    scope.watch(static_cast<QAbstractSocket *>(&socket));
    scope.cancel();
    QCOMPARE(socket.state(), QAbstractSocket::UnconnectedState);
}

void tst_QTimeoutAbort::localSocket()
{
    QLocalServer server;
    const QString name = QStringLiteral("tst_qtimeoutabort_%1")
                                 .arg(QCoreApplication::applicationPid());
    QVERIFY2(server.listen(name), qPrintable(server.errorString()));
    QLocalSocket socket;
    socket.connectToServer(name);
    QVERIFY(socket.waitForConnected(20000));
    QTimeoutScope scope(1h);
    scope.watch(&socket);
    scope.cancel();
    QCOMPARE(socket.state(), QLocalSocket::UnconnectedState);
}

QTEST_GUILESS_MAIN(tst_QTimeoutAbort)

#include "tst_qtimeoutabort.moc"
