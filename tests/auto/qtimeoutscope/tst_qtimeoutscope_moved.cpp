// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"
#include "testsupport.h"
#include "worker.h"

#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>

#include <functional>
#include <optional>

using namespace std::chrono_literals;

enum class Kind { Run, Future, Task };
enum class Path { There, Further, Back };

Q_DECLARE_METATYPE(Kind)
Q_DECLARE_METATYPE(Path)

static void addPaths()
{
    QTest::addColumn<Kind>("kind");
    QTest::addColumn<Path>("path");
    struct NamedKind
    {
        Kind kind;
        const char *name;
    };
    struct NamedPath
    {
        Path path;
        const char *name;
    };
    static constexpr NamedKind Kinds[] = {{Kind::Run, "run"},
                                          {Kind::Future, "watched future"},
                                          {Kind::Task, "watched task"}};
    static constexpr NamedPath Paths[] = {{Path::There, "moved"},
                                          {Path::Further, "moved twice"},
                                          {Path::Back, "moved back"}};
    for (const auto &[kind, kindName] : Kinds) {
        for (const auto &[path, pathName] : Paths)
            QTest::addRow("%s, %s", kindName, pathName) << kind << path;
    }
}

/*
    A scope that goes to other threads, with work that stays here.
*/
class Scene
{
public:
    explicit Scene(Kind kind, Path path = Path::There) : m_path(path)
    {
        promise.start();
        switch (kind) {
        case Kind::Run:
            observed = observe(scope->run(promise.future()));
            break;
        case Kind::Future:
            scope->watch(promise.future());
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
        if (!promise.future().isFinished())
            promise.finish();
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
    QPromise<void> promise;
    ObservedPointer<void> observed;

private:
    const Path m_path;
};

/*
    S7 and S11: a scope moves to another thread while work is under way that stays where it is.
*/
class tst_QTimeoutScopeMoved : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void finishesWithItsWork_data() { addPaths(); }
    void finishesWithItsWork();
    void abortsItsWork_data() { addPaths(); }
    void abortsItsWork();
    void abortsNewestWorkFirst();
    void finishLetsWorkGoOn();
    void expiryOfTheScopeThatTookOver_data();
    void expiryOfTheScopeThatTookOver();

    void workEndsAsScopeIsDestroyed();
    void workEndsAsScopeMovesOn();
    void workEndsAsScopeIsAborted();
    void workEndsAfterRestart();
    void workEndsBeforeAnybodyIsResumed();
    void inactiveScopeIsMoved();
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
}

void tst_QTimeoutScopeMoved::abortsItsWork()
{
    QFETCH(Kind, kind);
    QFETCH(Path, path);
    Scene scene(kind, path);
    scene.move();
    scene.call([&] { scene.scope->cancel(); });
    if (path == Path::Back)
        QVERIFY(scene.promise.isCanceled()); // in the call
    QTRY_VERIFY(scene.promise.isCanceled());
    if (scene.observed)
        QCOMPARE(scene.observed->end, End::Cancelled);
    QCOMPARE(scene.state(), QTimeoutScope::Cancelled);
}

static QCoro::Task<> noteAbort(QCoro::Task<> task, Log &log, QString name)
{
    try {
        co_await task;
    } catch (const QTimeoutCancelled &) {
        log.add(name);
    }
}

void tst_QTimeoutScopeMoved::abortsNewestWorkFirst()
{
    Scene scene(Kind::Run);
    Log log;
    Job job;
    for (int i = 1; i <= 3; ++i)
        noteAbort(scene.scope->run(&job, &Job::finished), log, QString::number(i));
    scene.move();
    scene.call([&] { scene.scope->cancel(); });
    QTRY_COMPARE(log.text(), QStringLiteral("3, 2, 1"));
}

void tst_QTimeoutScopeMoved::finishLetsWorkGoOn()
{
    Scene scene(Kind::Run);
    scene.move();
    scene.call([&] { scene.scope->finish(); });
    scene.endWork();
    QTRY_COMPARE(scene.observed->end, End::Returned);
}

void tst_QTimeoutScopeMoved::expiryOfTheScopeThatTookOver_data()
{
    QTest::addColumn<bool>("handedOver");
    QTest::addColumn<End>("end");
    QTest::newRow("its own") << false << End::Returned;
    QTest::newRow("the enclosing one") << true << End::TimedOut;
}

// A3: tryRun() is about the deadline of its own scope only.
void tst_QTimeoutScopeMoved::expiryOfTheScopeThatTookOver()
{
    QFETCH(bool, handedOver);
    QFETCH(End, end);
    Scene scene(Kind::Future);
    auto *inner = new QTimeoutScope(1h, scene.scope);
    const auto observed = observe(inner->tryRun(scene.promise.future()));
    scene.move();
    scene.call([&] {
        if (handedOver)
            inner->finish();
        (handedOver ? scene.scope.data() : inner)->reschedule(0ms);
    });
    QTRY_COMPARE(observed->end, end);
}

// The news is on its way to what has stood in for the work.
void tst_QTimeoutScopeMoved::workEndsAsScopeIsDestroyed()
{
    Scene scene(Kind::Run);
    scene.move();
    Pause pause(scene.first, [&] { delete scene.scope; });
    scene.endWork();
    QTRY_COMPARE(scene.observed->end, End::Returned);
    pause.end();
    scene.first.call([] {});
    QVERIFY(!scene.scope);
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

// A2: what has ended here beats an abort that is on its way from there.
void tst_QTimeoutScopeMoved::workEndsAsScopeIsAborted()
{
    Scene scene(Kind::Run);
    scene.move();
    scene.call([&] { scene.scope->cancel(); });
    scene.endWork();
    QTRY_COMPARE(scene.observed->end, End::Returned);
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

// A signal counts when it is emitted; whoever waits for it is resumed later.
void tst_QTimeoutScopeMoved::workEndsBeforeAnybodyIsResumed()
{
    Scene scene(Kind::Future);
    Job job;
    const auto observed = observe(scene.scope->run(&job, &Job::finished));
    scene.endWork();
    QCoreApplication::processEvents();
    scene.move();
    Q_EMIT job.finished();
    QTimeoutScope::State state{};
    scene.call([&] {
        QCoreApplication::sendPostedEvents();
        state = scene.scope->state();
    });
    QCOMPARE(state, QTimeoutScope::Active); // the run has not ended yet
    QCOMPARE(observed->end, End::Pending);
    QTRY_COMPARE(observed->end, End::Returned);
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

QTEST_GUILESS_MAIN(tst_QTimeoutScopeMoved)

#include "tst_qtimeoutscope_moved.moc"
