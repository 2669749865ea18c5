// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "turns.h"
#include "worker.h"

#include <QCoroFuture>

#include <QtCore/qprocess.h>
#include <QtCore/qpromise.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

using namespace std::chrono_literals;

namespace {

enum class Kind {
    Sleep,
    Future,
    Signal,
    Run,
    Nested,
    PlainSleep,
    PlainFuture,
    PlainSignal,
    PlainRun,
};

struct NamedKind
{
    Kind kind;
    const char *name;
};

constexpr NamedKind Kinds[] = {
        {Kind::Sleep, "coroutine that sleeps"},
        {Kind::Future, "coroutine that awaits a future"},
        {Kind::Signal, "coroutine that awaits a signal"},
        {Kind::Run, "coroutine that awaits a run"},
        {Kind::Nested, "coroutine that awaits another"},
        {Kind::PlainSleep, "run of a sleep"},
        {Kind::PlainFuture, "run of a future"},
        {Kind::PlainSignal, "run of a signal"},
        {Kind::PlainRun, "run of a coroutine"},
};

QCoro::Task<> waitForFuture(QTimeoutScope &scope, QFuture<void> future)
{
    Q_UNUSED(scope)
    const Tracked local;
    co_await future;
}

QCoro::Task<> wait(QTimeoutScope &scope, Kind kind, QFuture<void> future, QObject *object)
{
    const Tracked local;
    if (kind == Kind::Sleep)
        co_await QTimeout::sleepFor(1h);
    else if (kind == Kind::Future)
        co_await future;
    else if (kind == Kind::Signal)
        co_await QTimeout::run(1h, object, &QObject::objectNameChanged);
    else if (kind == Kind::Run)
        co_await QTimeout::run(1h, &waitForFuture, future);
    else
        co_await waitForFuture(scope, future);
}

QCoro::Task<> waitPlainly(QTimeoutScope *scope, Kind kind, QFuture<void> future, QObject *object)
{
    const Tracked local;
    if (kind == Kind::PlainSleep)
        co_await scope->run(QTimeout::sleepFor(1h));
    else if (kind == Kind::PlainFuture)
        co_await scope->run(future);
    else if (kind == Kind::PlainSignal)
        co_await scope->run(object, &QObject::objectNameChanged);
    else
        co_await scope->run(&waitForFuture, future);
}

/*
    What the coroutines of a test wait for. It is never destroyed before them.
*/
class Awaited
{
public:
    Awaited() { m_promise.start(); }
    ~Awaited()
    {
        if (!m_promise.future().isFinished())
            m_promise.finish();
    }
    Q_DISABLE_COPY_MOVE(Awaited)

    QCoro::Task<> begin(QTimeoutScope &scope, Kind kind)
    {
        if (kind < Kind::PlainSleep)
            return wait(scope, kind, m_promise.future(), &m_object);
        return waitPlainly(&scope, kind, m_promise.future(), &m_object);
    }

    // Everything ends that can.
    void end()
    {
        if (!m_promise.future().isFinished())
            m_promise.finish();
        m_object.setObjectName("named");
    }

private:
    QPromise<void> m_promise;
    QObject m_object;
};

void addKinds()
{
    QTest::addColumn<Kind>("kind");
    for (const auto &[kind, name] : Kinds)
        QTest::newRow(name) << kind;
}

/*
    The object of a thread, with a scope.
*/
class Service : public QObject
{
    Q_OBJECT

public:
    explicit Service(Awaited &awaited) : m_awaited(awaited) {}

    ObservedPointer<void> begin(Kind kind) { return observe(m_awaited.begin(m_scope, kind)); }
    // Nobody waits for that.
    void leaveOver(Kind kind) { m_left = m_awaited.begin(m_scope, kind); }
    void cancel() { m_scope.cancel(); }

private:
    Awaited &m_awaited;
    QCoro::Task<> m_left;
    QTimeoutScope m_scope{1h, this}; // moves with it
};

// Not destroyed: a thread may be about to return from them when the program ends.
auto *const s_threadIsDeleted = new QSemaphore;
auto *const s_variablesAreGone = new QSemaphore;

// A variable of the thread that goes first: it waits until the QThread has been deleted, if that can be at all.
struct First
{
    ~First() { s_threadIsDeleted->tryAcquire(1, 1000); }
};

// One that goes last.
struct Last
{
    ~Last() { s_variablesAreGone->release(); }
};

void beginUnderAVariable(Awaited &awaited, Kind kind, ObservedPointer<void> &result)
{
    static thread_local const Last last;
    static thread_local QTimeoutScope scope(1h);
    static thread_local const First first;
    Q_UNUSED(last)
    Q_UNUSED(first)
    result = observe(awaited.begin(scope, kind));
}

/*
    Each case of a process is a life of one, so the program starts itself with the name of the case. In real time,
    because a test clock would be one more thing that goes.
*/

int s_messages = 0;
int s_waiting = 0;
int s_told = 0;
int s_returned = 0;

void countMessages(QtMsgType type, const QMessageLogContext &, const QString &text)
{
    if (type != QtInfoMsg)
        ++s_messages;
    std::fprintf(stderr, "%s\n", qPrintable(text));
}

template<typename T>
QCoro::Task<> countEnd(QCoro::Task<T> task)
{
    ++s_waiting;
    try {
        co_await task;
        ++s_returned;
    } catch (const QTimeoutCancelled &) {
        ++s_told;
    } catch (...) {
        std::fputs("another exception\n", stderr);
    }
}

// Not destroyed, so that it is there as long as anything is.
Awaited &awaitedByTheProcess()
{
    static auto *const awaited = new Awaited;
    return *awaited;
}

void waitInEveryWay(QTimeoutScope &scope)
{
    for (const auto &[kind, name] : Kinds)
        countEnd(awaitedByTheProcess().begin(scope, kind));
}

int check()
{
    std::fprintf(stderr, "%d wait, %d told, %d returned, %d messages\n", s_waiting, s_told,
                 s_returned, s_messages);
    return s_told == s_waiting && s_waiting > 0 && s_messages == 0 ? 0 : 1;
}

// The variable that goes last.
struct Exit
{
    ~Exit() { std::_Exit(check()); }
};

void runShortly()
{
    QMetaObject::invokeMethod(QCoreApplication::instance(), &QCoreApplication::quit,
                              Qt::QueuedConnection);
    QCoreApplication::exec();
}

int staticScope(int &argc, char **argv)
{
    static const Exit exit;
    static QTimeoutScope scope(1h);
    const QCoreApplication application(argc, argv);
    waitInEveryWay(scope);
    runShortly();
    return 2; // Exit decides
}

int staticScopeBeforeTheApplication(int &argc, char **argv)
{
    static const Exit exit;
    static QTimeoutScope scope(1h);
    waitInEveryWay(scope);
    const QCoreApplication application(argc, argv);
    runShortly();
    return 2;
}

int staticScopeWithoutEventLoop(int &argc, char **argv)
{
    static const Exit exit;
    static QTimeoutScope scope(1h);
    const QCoreApplication application(argc, argv);
    waitInEveryWay(scope);
    return 2;
}

int threadLocalScope(int &argc, char **argv)
{
    static const Exit exit;
    static thread_local QTimeoutScope scope(1h);
    const QCoreApplication application(argc, argv);
    waitInEveryWay(scope);
    runShortly();
    return 2;
}

int childOfTheApplication(int &argc, char **argv)
{
    {
        QCoreApplication application(argc, argv);
        waitInEveryWay(*new QTimeoutScope(1h, &application));
        runShortly();
    }
    return check();
}

int cancelledInAboutToQuit(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        const QCoreApplication application(argc, argv);
        waitInEveryWay(scope);
        QObject::connect(&application, &QCoreApplication::aboutToQuit, &scope, [&scope] {
            scope.cancel();
            if (s_told > 0)
                std::exit(3); // inside cancel()
        });
        runShortly();
    }
    return check();
}

int cancelledAfterTheEventLoop(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        const QCoreApplication application(argc, argv);
        waitInEveryWay(scope);
        runShortly();
        scope.cancel();
    }
    return check();
}

int cancelledWithoutEventLoop(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        const QCoreApplication application(argc, argv);
        waitInEveryWay(scope);
        scope.cancel();
    }
    return check();
}

int cancelledAfterTheApplication(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        const QCoreApplication application(argc, argv);
        waitInEveryWay(scope);
        runShortly();
    }
    if (s_told > 0)
        return 3;
    scope.cancel();
    return check();
}

int destroyedAfterTheApplication(int &argc, char **argv)
{
    auto scope = std::make_unique<QTimeoutScope>(1h);
    {
        const QCoreApplication application(argc, argv);
        waitInEveryWay(*scope);
        runShortly();
    }
    scope.reset();
    return check();
}

int cancelledBeforeTheApplication(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    waitInEveryWay(scope);
    scope.cancel();
    const QCoreApplication application(argc, argv);
    runShortly();
    return check();
}

// What has ended is resumed too.
int endedAfterTheEventLoop(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    Reply reply;
    {
        const QCoreApplication application(argc, argv);
        const auto coroutine = [&reply](QTimeoutScope &) -> QCoro::Task<> { co_await &reply; };
        countEnd(coroutine(scope));
        countEnd(scope.run(&reply));
        countEnd(QTimeout::run(1h, &reply, &Reply::finished));
        runShortly();
        reply.finish();
    }
    return s_returned == 3 && s_messages == 0 ? 0 : 1;
}

// Nobody ends that. It must not be in the way.
int withoutAScope(int &argc, char **argv)
{
    static const auto wait = [](QObject *object) -> QCoro::Task<> {
        co_await QTimeout::run(1h, object, &QObject::objectNameChanged);
    };
    static auto *const object = new QObject;
    static auto *const tasks = new QList<std::shared_ptr<QCoro::Task<>>>;
    {
        const QCoreApplication application(argc, argv);
        tasks->append(std::make_shared<QCoro::Task<>>(wait(object)));
        tasks->append(std::make_shared<QCoro::Task<>>(QTimeout::sleepFor(1h)));
        runShortly();
    }
    object->setObjectName("named");
    return s_messages;
}

struct Case
{
    const char *name;
    int (*run)(int &argc, char **argv);
};

constexpr Case Cases[] = {
        {"static scope", staticScope},
        {"static scope, before the application", staticScopeBeforeTheApplication},
        {"static scope, without an event loop", staticScopeWithoutEventLoop},
        {"thread_local scope", threadLocalScope},
        {"child of the application", childOfTheApplication},
        {"cancelled in aboutToQuit", cancelledInAboutToQuit},
        {"cancelled after the event loop", cancelledAfterTheEventLoop},
        {"cancelled without an event loop", cancelledWithoutEventLoop},
        {"cancelled after the application", cancelledAfterTheApplication},
        {"destroyed after the application", destroyedAfterTheApplication},
        {"cancelled before the application", cancelledBeforeTheApplication},
        {"ended after the event loop", endedAfterTheEventLoop},
        {"without a scope", withoutAScope},
};

} // namespace

/*
    S12: threads and programs that end while something waits.
*/
class tst_CoroutineEndings : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { events().clear(); } // in real time: other threads take their own
    void cleanup()
    {
        settle();
        QCOMPARE(Tracked::alive(), 0);
    }

    void processEnds_data();
    void processEnds();

    void scopeIsAVariableOfAThread_data() { addKinds(); }
    void scopeIsAVariableOfAThread();
    void scopeIsAVariableOfAThreadWithAnEventLoop_data() { addKinds(); }
    void scopeIsAVariableOfAThreadWithAnEventLoop();
    void serviceIsDeletedWhenItsThreadFinishes_data() { addKinds(); }
    void serviceIsDeletedWhenItsThreadFinishes();
    void serviceIsDeletedWithWhatIsLeftOver_data() { addKinds(); }
    void serviceIsDeletedWithWhatIsLeftOver();
    void scopeIsCancelledWhenItsThreadFinishes_data() { addKinds(); }
    void scopeIsCancelledWhenItsThreadFinishes();
    void scopeIsCancelledAsTheEventLoopEnds_data() { addKinds(); }
    void scopeIsCancelledAsTheEventLoopEnds();
    void scopeIsCancelledWithoutAnEventLoop_data() { addKinds(); }
    void scopeIsCancelledWithoutAnEventLoop();
    void objectEndsAsTheEventLoopEnds_data();
    void objectEndsAsTheEventLoopEnds();
    void scopeIsDeletedAfterItsThread_data() { addKinds(); }
    void scopeIsDeletedAfterItsThread();
    void whatIsAwaitedEndsAfterTheThread_data() { addKinds(); }
    void whatIsAwaitedEndsAfterTheThread();
};

void tst_CoroutineEndings::processEnds_data()
{
    QTest::addColumn<QString>("name");
    for (const Case &each : Cases)
        QTest::newRow(each.name) << QString::fromLatin1(each.name);
}

void tst_CoroutineEndings::processEnds()
{
    QFETCH(const QString, name);
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QCoreApplication::applicationFilePath(), {"--case", name});
    QVERIFY(process.waitForFinished(30000));
    const QByteArray output = process.readAll();
    QVERIFY2(process.exitStatus() == QProcess::NormalExit, output.constData());
    QVERIFY2(process.exitCode() == 0, output.constData());
}

// QThread::wait() returns before the variables of the thread go, so that the QThread may have been deleted by then.
void tst_CoroutineEndings::scopeIsAVariableOfAThread()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    std::unique_ptr<QThread> thread(
            QThread::create([&] { beginUnderAVariable(awaited, kind, result); }));
    thread->start();
    QVERIFY(thread->wait());
    thread.reset();
    s_threadIsDeleted->release();
    QVERIFY(s_variablesAreGone->tryAcquire(1, 30000));
    QCOMPARE(result->end, End::Cancelled);
}

void tst_CoroutineEndings::scopeIsAVariableOfAThreadWithAnEventLoop()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    {
        Worker worker;
        worker.call([&] { beginUnderAVariable(awaited, kind, result); });
        worker.call([] {}); // some turns of its event loop
    }
    s_threadIsDeleted->release();
    QVERIFY(s_variablesAreGone->tryAcquire(1, 30000));
    QCOMPARE(result->end, End::Cancelled);
}

// As Qt's documentation of QThread does it.
void tst_CoroutineEndings::serviceIsDeletedWhenItsThreadFinishes()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    QThread *thread = nullptr;
    {
        Worker worker;
        thread = &worker.thread;
        auto *service = new Service(awaited);
        service->moveToThread(thread);
        connect(thread, &QThread::finished, service, &QObject::deleteLater);
        worker.call([&] { result = service->begin(kind); });
        QCOMPARE(result->end, End::Pending);
    }
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, thread);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineEndings::serviceIsDeletedWithWhatIsLeftOver()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    {
        Worker worker;
        auto *service = new Service(awaited);
        service->moveToThread(&worker.thread);
        connect(&worker.thread, &QThread::finished, service, &QObject::deleteLater);
        worker.call([&] { service->leaveOver(kind); });
    }
    QCOMPARE(Tracked::alive(), 0);
    awaited.end(); // nobody listens any more
}

// Its event loop has ended then.
void tst_CoroutineEndings::scopeIsCancelledWhenItsThreadFinishes()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    std::unique_ptr<Service> service;
    QThread *thread = nullptr;
    {
        Worker worker;
        thread = &worker.thread;
        worker.call([&] {
            service = std::make_unique<Service>(awaited);
            result = service->begin(kind);
        });
        connect(
                thread, &QThread::finished, thread, [&] { service->cancel(); },
                Qt::DirectConnection);
    }
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, thread);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineEndings::scopeIsCancelledAsTheEventLoopEnds()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    End inside = End::Cancelled;
    std::unique_ptr<Service> service;
    QThread *thread = nullptr;
    {
        Worker worker;
        thread = &worker.thread;
        worker.call([&] {
            service = std::make_unique<Service>(awaited);
            result = service->begin(kind);
        });
        worker.call([&] {
            service->cancel();
            inside = result->end;
            thread->quit();
        });
    }
    QCOMPARE(inside, End::Pending);
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, thread);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineEndings::scopeIsCancelledWithoutAnEventLoop()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    std::unique_ptr<Service> service;
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        service = std::make_unique<Service>(awaited);
        result = service->begin(kind);
        service->cancel();
    }));
    thread->start();
    QVERIFY(thread->wait());
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(result->thread, thread.get());
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineEndings::objectEndsAsTheEventLoopEnds_data()
{
    QTest::addColumn<bool>("hasEventLoop");
    QTest::newRow("event loop") << true;
    QTest::newRow("no event loop") << false;
}

void tst_CoroutineEndings::objectEndsAsTheEventLoopEnds()
{
    QFETCH(const bool, hasEventLoop);
    std::unique_ptr<Reply> reply;
    std::unique_ptr<QTimeoutScope> scope;
    ObservedPointer<void> object;
    ObservedPointer<void> signal;
    const auto coroutine = [&](QTimeoutScope &) -> QCoro::Task<> { co_await reply.get(); };
    const auto work = [&] {
        reply = std::make_unique<Reply>();
        scope = std::make_unique<QTimeoutScope>(1h);
        object = observe(coroutine(*scope));
        signal = observe(scope->run(reply.get(), &Reply::finished));
        reply->finish();
        QThread::currentThread()->quit();
    };
    if (hasEventLoop) {
        Worker worker;
        worker.call(work);
    } else {
        const std::unique_ptr<QThread> thread(QThread::create(work));
        thread->start();
        QVERIFY(thread->wait());
    }
    QCOMPARE(object->end, End::Returned);
    QCOMPARE(signal->end, End::Returned);
}

// By another thread, when its own and the QThread are gone.
void tst_CoroutineEndings::scopeIsDeletedAfterItsThread()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    std::unique_ptr<Service> service;
    {
        Worker worker;
        worker.call([&] {
            service = std::make_unique<Service>(awaited);
            result = service->begin(kind);
        });
    }
    service.reset();
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(Tracked::alive(), 0);
}

void tst_CoroutineEndings::whatIsAwaitedEndsAfterTheThread()
{
    QFETCH(const Kind, kind);
    Awaited awaited;
    ObservedPointer<void> result;
    std::unique_ptr<Service> service;
    {
        Worker worker;
        worker.call([&] {
            service = std::make_unique<Service>(awaited);
            result = service->begin(kind);
        });
    }
    awaited.end();
    settle();
    service.reset();
    settle();
    QVERIFY(result->end == End::Returned || result->end == End::Cancelled);
    QCOMPARE(Tracked::alive(), 0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && std::string_view(argv[1]) == "--case") {
        qInstallMessageHandler(countMessages);
        for (const Case &each : Cases) {
            if (std::string_view(argv[2]) == each.name)
                return each.run(argc, argv);
        }
        return 99;
    }
    QCoreApplication application(argc, argv);
    tst_CoroutineEndings test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_coroutine_endings.moc"
