// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"
#include "testsupport.h"
#include "worker.h"

#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>

#include <atomic>
#include <functional>
#include <initializer_list>

using namespace std::chrono_literals;

enum class Kind { Object, Future, Run, Task };
enum class Path { There, Further, Back };

Q_DECLARE_METATYPE(Kind)
Q_DECLARE_METATYPE(Path)

static void addPaths(std::initializer_list<Kind> kinds)
{
    QTest::addColumn<Kind>("kind");
    QTest::addColumn<Path>("path");
    struct NamedPath
    {
        Path path;
        const char *name;
    };
    static constexpr const char *KindNames[] = {"watched object", "watched future", "run",
                                                "watched task"};
    static constexpr NamedPath Paths[] = {{Path::There, "moved"},
                                          {Path::Further, "moved twice"},
                                          {Path::Back, "moved back"}};
    for (const Kind kind : kinds) {
        for (const auto &[path, pathName] : Paths)
            QTest::addRow("%s, %s", KindNames[int(kind)], pathName) << kind << path;
    }
}

static void expectInterruptedWarning(const QTimeoutScope *scope)
{
    expectWarning(
            "moveToThread", scope,
            " has runs or coroutines in this thread. They are interrupted; move the scope before "
            "work is put under it.");
}

/*
    A scope that goes to other threads, with work that stays here.
*/
class Scene
{
public:
    explicit Scene(Kind kind, Path path = Path::There) : m_kind(kind), m_path(path)
    {
        promise.start();
        switch (kind) {
        case Kind::Object:
            scope->watch(&job);
            break;
        case Kind::Future:
            scope->watch(promise.future());
            break;
        case Kind::Run:
            observed = observe(scope->run(promise.future()));
            break;
        case Kind::Task:
            scope->watch(QTimeout::run(1h, promise.future()));
            break;
        }
    }
    ~Scene()
    {
        call([this] { delete scope; });
        endWork();
        QCoreApplication::sendPostedEvents();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    Q_DISABLE_COPY_MOVE(Scene)

    void move()
    {
        QThread *last = m_path == Path::Further ? &second.thread : QThread::currentThread();
        scope->moveToThread(&first.thread);
        if (m_path != Path::There)
            first.call([this, last] { scope->moveToThread(last); });
        call([] { QCoreApplication::sendPostedEvents(); }); // it arrives
    }

    // In the thread of the scope.
    void call(const std::function<void()> &function)
    {
        if (m_path == Path::Back)
            function();
        else
            (m_path == Path::Further ? second : first).call(function);
    }

    void endWork()
    {
        if (m_kind == Kind::Object)
            Q_EMIT job.finished();
        if (!promise.future().isFinished())
            promise.finish();
    }
    bool isAborted() const
    {
        return m_kind == Kind::Object ? job.aborts > 0 : promise.isCanceled();
    }

    QTimeoutScope::State state()
    {
        QTimeoutScope::State result{};
        call([this, &result] { result = scope->state(); });
        return result;
    }

    Worker first;
    Worker second;
    QPointer<QTimeoutScope> scope = new QTimeoutScope(1h);
    Job job;
    QPromise<void> promise;
    ObservedPointer<void> observed;

private:
    const Kind m_kind;
    const Path m_path;
};

/*
    S7 and S11: a scope moves to another thread while work is under way. What it watches stays where it is and
    under the scope; runs are interrupted.
*/
class tst_QTimeoutScopeMoved : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void finishesWithItsWork_data() { addPaths({Kind::Object, Kind::Future}); }
    void finishesWithItsWork();
    void abortsItsWork_data() { addPaths({Kind::Object, Kind::Future}); }
    void abortsItsWork();
    void interruptsItsWork_data() { addPaths({Kind::Run, Kind::Task}); }
    void interruptsItsWork();
    void abortsNewestWorkFirst();
    void interruptsNewestWorkFirst();
    void finishLetsWorkGoOn();
    void expiryOfTheScopeThatTookOver_data();
    void expiryOfTheScopeThatTookOver();
    void tryRunIsCancelled();

    void workEndsAsScopeIsDestroyed();
    void workEndsAsScopeMovesOn();
    void workEndsAsScopeExpires();
    void workEndsAfterRestart();
    void workEndsBeforeAnybodyIsResumed();
    void inactiveScopeIsMoved();
    void inactiveScopeIsMovedWithARun();

    void lifeThatACoroutineStartsExpiresInTheNewThread_data();
    void lifeThatACoroutineStartsExpiresInTheNewThread();
};

void tst_QTimeoutScopeMoved::finishesWithItsWork()
{
    QFETCH(Kind, kind);
    QFETCH(Path, path);
    Scene scene(kind, path);
    scene.move();
    QTimeoutScope::State early{};
    scene.call([&] {
        Job job;
        scene.scope->watch(&job);
        Q_EMIT job.finished();
        QCoreApplication::sendPostedEvents();
        early = scene.scope->state();
    });
    QCOMPARE(early, QTimeoutScope::Active);
    scene.endWork();
    QTRY_COMPARE(scene.state(), QTimeoutScope::Finished);
    QVERIFY(!scene.isAborted());
}

void tst_QTimeoutScopeMoved::abortsItsWork()
{
    QFETCH(Kind, kind);
    QFETCH(Path, path);
    Scene scene(kind, path);
    QThread *abortedIn = nullptr;
    scene.job.onAbort = [&abortedIn] { abortedIn = QThread::currentThread(); };
    scene.move();
    scene.call([&] { scene.scope->cancel(); });
    if (path == Path::Back)
        QVERIFY(scene.isAborted()); // in the call
    QTRY_VERIFY(scene.isAborted());
    if (kind == Kind::Object)
        QCOMPARE(abortedIn, QThread::currentThread());
    QCOMPARE(scene.state(), QTimeoutScope::Cancelled);
}

// Before the call returns. The scope is there for other work from then on.
void tst_QTimeoutScopeMoved::interruptsItsWork()
{
    QFETCH(Kind, kind);
    QFETCH(Path, path);
    Scene scene(kind, path);
    expectInterruptedWarning(scene.scope);
    scene.scope->moveToThread(&scene.first.thread);
    QVERIFY(scene.isAborted());
    if (scene.observed) {
        QCOMPARE(scene.observed->end, End::Cancelled);
        QCOMPARE(scene.observed->thread, QThread::currentThread());
    }
    if (path != Path::There)
        scene.move(); // from there: nothing is in the way any more
    scene.endWork();
    QCoreApplication::processEvents();
    scene.call([] { QCoreApplication::sendPostedEvents(); });
    QCOMPARE(scene.state(), QTimeoutScope::Active);
    scene.call([&] {
        Job job;
        scene.scope->watch(&job);
        scene.scope->cancel();
        QCOMPARE(job.aborts, 1);
    });
    QCOMPARE(scene.state(), QTimeoutScope::Cancelled);
}

void tst_QTimeoutScopeMoved::abortsNewestWorkFirst()
{
    Scene scene(Kind::Future);
    Log log;
    Job jobs[3];
    int name = 0;
    for (Job &job : jobs) {
        job.onAbort = [&log, text = QString::number(++name)] { log.add(text); };
        scene.scope->watch(&job);
    }
    scene.move();
    scene.call([&] { scene.scope->cancel(); });
    QTRY_COMPARE(log.text(), QStringLiteral("3, 2, 1"));
}

static QCoro::Task<> noteAbort(QCoro::Task<> task, Log &log, QString name)
{
    try {
        co_await task;
    } catch (const QTimeoutCancelled &) {
        log.add(name);
    }
}

void tst_QTimeoutScopeMoved::interruptsNewestWorkFirst()
{
    Scene scene(Kind::Run);
    Log log;
    Job job;
    for (int i = 1; i <= 3; ++i)
        noteAbort(scene.scope->run(&job, &Job::finished), log, QString::number(i));
    expectInterruptedWarning(scene.scope);
    scene.move();
    QCOMPARE(log.text(), QStringLiteral("3, 2, 1"));
}

void tst_QTimeoutScopeMoved::finishLetsWorkGoOn()
{
    Scene scene(Kind::Future);
    scene.scope->watch(&scene.job);
    scene.move();
    scene.call([&] { scene.scope->finish(); });
    QCoreApplication::processEvents();
    QVERIFY(!scene.promise.isCanceled());
    QCOMPARE(scene.job.aborts, 0);
    QCOMPARE(scene.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeMoved::expiryOfTheScopeThatTookOver_data()
{
    QTest::addColumn<bool>("handedOver");
    QTest::newRow("its own") << false;
    QTest::newRow("the enclosing one") << true;
}

void tst_QTimeoutScopeMoved::expiryOfTheScopeThatTookOver()
{
    QFETCH(bool, handedOver);
    Scene scene(Kind::Object);
    auto *inner = new QTimeoutScope(1h, scene.scope);
    inner->watch(scene.promise.future());
    scene.move();
    bool early = true;
    scene.call([&] {
        if (handedOver)
            inner->finish();
        early = scene.promise.isCanceled();
        (handedOver ? scene.scope.data() : inner)->reschedule(0ms);
    });
    QVERIFY(!early);
    QTRY_VERIFY(scene.promise.isCanceled());
    QCOMPARE(scene.state(), handedOver ? QTimeoutScope::Expired : QTimeoutScope::Active);
    if (handedOver)
        QTRY_COMPARE(scene.job.aborts, 1);
    else
        QCOMPARE(scene.job.aborts, 0);
}

// A3: it is about the deadline of its own scope only, and that has not passed.
void tst_QTimeoutScopeMoved::tryRunIsCancelled()
{
    Scene scene(Kind::Future);
    auto *inner = new QTimeoutScope(1h, scene.scope);
    const auto observed = observe(inner->tryRun(scene.promise.future()));
    expectInterruptedWarning(inner);
    scene.move();
    QCOMPARE(observed->end, End::Cancelled);
}

// S7: the news is on its way to where the scope lives.
void tst_QTimeoutScopeMoved::workEndsAsScopeIsDestroyed()
{
    Scene scene(Kind::Future);
    scene.move();
    Pause pause(scene.first, [&] { delete scene.scope; });
    scene.endWork();
    QCoreApplication::processEvents();
    pause.end();
    scene.first.call([] {});
    QVERIFY(!scene.scope);
    QVERIFY(!scene.promise.isCanceled());
}

void tst_QTimeoutScopeMoved::workEndsAsScopeMovesOn()
{
    Scene scene(Kind::Future, Path::Further);
    scene.scope->moveToThread(&scene.first.thread);
    Pause pause(scene.first, [&] { scene.scope->moveToThread(&scene.second.thread); });
    scene.endWork();
    QTRY_COMPARE(scene.promise.future().isFinished(), true);
    QCoreApplication::processEvents(); // the wait has ended
    pause.end();
    QTRY_COMPARE(scene.state(), QTimeoutScope::Finished);
}

// S7: what has ended here beats an expiry there.
void tst_QTimeoutScopeMoved::workEndsAsScopeExpires()
{
    Scene scene(Kind::Future);
    scene.move();
    {
        Pause pause(scene.first, [&] { scene.scope->reschedule(0ms); });
        scene.endWork();
    }
    QTRY_VERIFY(scene.state() != QTimeoutScope::Active);
    QCOMPARE(scene.state(), QTimeoutScope::Finished);
    QVERIFY(!scene.promise.isCanceled());
}

void tst_QTimeoutScopeMoved::workEndsAfterRestart()
{
    Scene scene(Kind::Future);
    scene.move();
    Job *job = nullptr;
    scene.call([&] {
        scene.scope->cancel();
        scene.scope->start(1h);
        job = new Job;
        scene.scope->watch(job);
    });
    QTRY_VERIFY(scene.promise.isCanceled());
    scene.endWork();
    QCoreApplication::processEvents();
    scene.call([] { QCoreApplication::sendPostedEvents(); });
    QCOMPARE(scene.state(), QTimeoutScope::Active);
    scene.call([&] { delete job; });
    QTRY_COMPARE(scene.state(), QTimeoutScope::Finished);
}

// A2: a signal counts when it is emitted; whoever waits for it is resumed later, and here.
void tst_QTimeoutScopeMoved::workEndsBeforeAnybodyIsResumed()
{
    Scene scene(Kind::Future);
    Job job;
    const auto observed = observe(scene.scope->run(&job, &Job::finished));
    Q_EMIT job.finished();
    QCOMPARE(observed->end, End::Pending);
    expectInterruptedWarning(scene.scope);
    scene.move();
    QTRY_COMPARE(observed->end, End::Returned);
    QCOMPARE(observed->thread, QThread::currentThread());
    QCOMPARE(scene.state(), QTimeoutScope::Active);
    scene.endWork();
    QTRY_COMPARE(scene.state(), QTimeoutScope::Finished);
}

// What is watched waits for the next life.
void tst_QTimeoutScopeMoved::inactiveScopeIsMoved()
{
    QPromise<void> promise;
    promise.start();
    Worker worker;
    auto *scope = new QTimeoutScope;
    scope->watch(promise.future());
    scope->moveToThread(&worker.thread);
    QTimeoutScope::State state{};
    worker.call([&] {
        scope->start(1h);
        QCoreApplication::sendPostedEvents();
        state = scope->state();
    });
    QCOMPARE(state, QTimeoutScope::Active);
    promise.finish();
    const auto look = [&] {
        worker.call([&] { state = scope->state(); });
        return state;
    };
    QTRY_COMPARE(look(), QTimeoutScope::Finished);
    worker.call([&] { delete scope; });
}

// A13: a run waits for it, too, but in its thread.
void tst_QTimeoutScopeMoved::inactiveScopeIsMovedWithARun()
{
    QPromise<void> promise;
    promise.start();
    Worker worker;
    auto *scope = new QTimeoutScope;
    expectWarning(
            "run", scope,
            " is Inactive. The operation runs without a deadline until then; call start() first.");
    const auto observed = observe(scope->run(promise.future()));
    expectInterruptedWarning(scope);
    scope->moveToThread(&worker.thread);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observed->thread, QThread::currentThread());
    QVERIFY(promise.isCanceled());
    promise.finish();
    QTimeoutScope::State state{};
    worker.call([&] {
        state = scope->state();
        scope->start(1h);
        scope->cancel();
        delete scope;
    });
    QCOMPARE(state, QTimeoutScope::Inactive);
}

static QCoro::Task<> restartWhenInterrupted(QTimeoutScope &scope, Gate &gate, bool later)
{
    const Tracked local;
    try {
        co_await passThrough(gate);
    } catch (const QTimeoutCancelled &) {
    }
    scope.cancel();
    scope.start(later ? 1h : 0ms);
}

void tst_QTimeoutScopeMoved::lifeThatACoroutineStartsExpiresInTheNewThread_data()
{
    QTest::addColumn<bool>("isRescheduled");
    QTest::newRow("due at once") << false;
    QTest::newRow("rescheduled there") << true;
}

// S11: it is interrupted as the scope is moved, and starts the scope anew.
void tst_QTimeoutScopeMoved::lifeThatACoroutineStartsExpiresInTheNewThread()
{
    QFETCH(bool, isRescheduled);
    Worker worker;
    Gate gate;
    auto *scope = new QTimeoutScope(1h);
    std::atomic<int> expiries = 0;
    std::atomic<QThread *> expiredIn = nullptr;
    connect(
            scope, &QTimeoutScope::expired, scope,
            [&] {
                ++expiries;
                expiredIn = QThread::currentThread();
            },
            Qt::DirectConnection);
    const auto observed = observe(restartWhenInterrupted(*scope, gate, isRescheduled));
    expectInterruptedWarning(scope);
    scope->moveToThread(&worker.thread);
    QCOMPARE(observed->end, End::Returned);
    if (isRescheduled) {
        QTimeoutScope::State state{};
        worker.call([&] {
            state = scope->state();
            scope->reschedule(0ms);
        });
        QCOMPARE(state, QTimeoutScope::Active);
    }
    QTRY_VERIFY(expiries > 0);
    QCOMPARE(expiredIn.load(), &worker.thread);
    worker.call([&] { delete scope; });
    QCOMPARE(expiries.load(), 1);
    QCOMPARE(queuedDeadlines(), size_t(0));
    gate.open();
    QCoreApplication::processEvents();
    QCOMPARE(Tracked::alive(), 0);
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeMoved)

#include "tst_qtimeoutscope_moved.moc"
