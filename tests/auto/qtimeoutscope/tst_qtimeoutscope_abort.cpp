// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/QPointer>
#include <QtTest/QSignalSpy>

#include <memory>
#include <stop_token>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

enum class End { Expire, Cancel, Destroy };
enum class Point { StateChanged, Signal, StopCallback, Abort };

Q_DECLARE_METATYPE(End)
Q_DECLARE_METATYPE(Point)

/*
    S6 and S8: how an abort goes, and what may happen at each point of it.
*/
class tst_QTimeoutScopeAbort : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void order_data();
    void order();
    void stateIsSetBeforeSignals();
    void newestWorkFirst();

    void scopeIsDeletedAt_data();
    void scopeIsDeletedAt();
    void otherScopeIsDeletedAt_data();
    void otherScopeIsDeletedAt();
    void watchedObjectIsDeletedAt_data();
    void watchedObjectIsDeletedAt();
    void innerScopeIsDeletedAt_data();
    void innerScopeIsDeletedAt();
    void outerScopeIsDeletedInSlotOfInner_data();
    void outerScopeIsDeletedInSlotOfInner();
    void deletionKeepsTheCause();

    void restartAt_data();
    void restartAt();
    void restartedAndDeletedInSlot();
    void restartIsCancelledAtOnce();
    void watchInSlotIsAbortedAtOnce();
    void watchInSlotAfterStartBelongsToNewLife();
    void unwatchInSlotSavesObject_data();
    void unwatchInSlotSavesObject();
    void unwatchInAbortOfAnother();
    void unwatchInSlotAfterStart();
    void cancelInSlotOfExpiryDoesNothing();
    void finishInSlotOfExpiryDoesNothing();
    void restartOfInnerInSlotOfOuterSurvives();
    void scopeStartedInSlotUnderEndedOuterSurvives();
    void deletedInSlotOfFinished();
    void restartedInSlotOfFinished();
    void expiryInSlotOfCancelledOuter();
    void nestedAbortInAbortFunction();

    void destructorAbortsWithoutEmitting();
    void destructorOfEndedScopeAbortsNothing();
    void destructorOfInactiveScopeAbortsNothing();
    void destructorRequestsStop();
    void destroyedInAbortFunctionOfItsOwnDestructor();
    void lastMemberEndsWorkWithWindow();
};

static void addPoints()
{
    QTest::addColumn<End>("end");
    QTest::addColumn<Point>("point");
    struct Named
    {
        Point point;
        const char *name;
    };
    static constexpr Named Points[] = {{Point::StateChanged, "stateChanged"},
                                       {Point::Signal, "signal"},
                                       {Point::StopCallback, "stop callback"},
                                       {Point::Abort, "abort"}};
    for (const auto &[point, name] : Points) {
        QTest::addRow("expiry, %s", name) << End::Expire << point;
        QTest::addRow("cancel, %s", name) << End::Cancel << point;
    }
}

/*
    A scope with two jobs and a stop callback; the action happens at the point, once.
*/
class Scene
{
public:
    Scene(End end, Point point, std::function<void()> action)
        : m_end(end), m_action(std::move(action))
    {
        scope = new QTimeoutScope(10ms);
        scope->watch(first.get());
        scope->watch(second.get());
        const auto act = [this] {
            if (const auto once = std::exchange(m_action, nullptr))
                once();
        };
        switch (point) {
        case Point::StateChanged:
            QObject::connect(scope, &QTimeoutScope::stateChanged, &m_context, act);
            break;
        case Point::Signal:
            QObject::connect(scope,
                             end == End::Expire ? &QTimeoutScope::expired
                                                : &QTimeoutScope::cancelled,
                             &m_context, act);
            break;
        case Point::StopCallback:
            m_callback = std::make_unique<Callback>(scope->stopToken(), act);
            break;
        case Point::Abort:
            second->onAbort = act; // the newest is aborted first
            break;
        }
        token = scope->stopToken();
    }
    ~Scene() { delete scope; }
    Q_DISABLE_COPY_MOVE(Scene)

    void run()
    {
        if (m_end == End::Expire)
            clock.advance(10ms);
        else
            scope->cancel();
    }
    QTimeoutScope::State expectedState() const
    {
        return m_end == End::Expire ? QTimeoutScope::Expired : QTimeoutScope::Cancelled;
    }

    QTimeoutTestClock clock;
    std::unique_ptr<Job> first = std::make_unique<Job>();
    std::unique_ptr<Job> second = std::make_unique<Job>();
    QPointer<QTimeoutScope> scope;
    std::stop_token token;

private:
    using Callback = std::stop_callback<std::function<void()>>;

    const End m_end;
    std::function<void()> m_action;
    QObject m_context;
    std::unique_ptr<Callback> m_callback;
};

void tst_QTimeoutScopeAbort::order_data()
{
    QTest::addColumn<End>("end");
    QTest::addColumn<QString>("expected");
    QTest::newRow("expiry") << End::Expire << QStringLiteral("s Expired, s expired, stop, abort");
    QTest::newRow("cancel") << End::Cancel
                            << QStringLiteral("s Cancelled, s cancelled, stop, abort");
    QTest::newRow("destructor") << End::Destroy << QStringLiteral("stop, abort");
}

void tst_QTimeoutScopeAbort::order()
{
    QFETCH(End, end);
    QFETCH(QString, expected);
    QTimeoutTestClock clock;
    auto scope = std::make_unique<QTimeoutScope>(10ms);
    Log log;
    log.watch(scope.get(), QStringLiteral("s"));
    Job job;
    job.onAbort = [&] { log.add(QStringLiteral("abort")); };
    scope->watch(&job);
    const std::stop_callback callback(scope->stopToken(), [&] { log.add(QStringLiteral("stop")); });
    if (end == End::Expire)
        clock.advance(10ms);
    else if (end == End::Cancel)
        scope->cancel();
    else
        scope.reset();
    QCOMPARE(log.text(), expected);
}

void tst_QTimeoutScopeAbort::stateIsSetBeforeSignals()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    QList<QTimeoutScope::State> seen;
    const auto look = [&] { seen += scope.state(); };
    connect(&scope, &QTimeoutScope::stateChanged, &scope, look);
    connect(&scope, &QTimeoutScope::expired, &scope, look);
    connect(&scope, &QTimeoutScope::cancelled, &scope, look);
    connect(&scope, &QTimeoutScope::finished, &scope, look);
    scope.start(0ms);
    clock.advance(0ns);
    scope.start(0ms);
    scope.cancel();
    scope.start(0ms);
    scope.finish();
    using S = QTimeoutScope;
    QCOMPARE(seen,
             (QList<S::State>{S::Active, S::Expired, S::Expired, S::Active, S::Cancelled,
                              S::Cancelled, S::Active, S::Finished, S::Finished}));
}

void tst_QTimeoutScopeAbort::newestWorkFirst()
{
    QTimeoutScope scope(1h);
    Log log;
    Job jobs[3];
    int name = 0;
    for (Job &job : jobs) {
        job.onAbort = [&log, text = QString::number(++name)] { log.add(text); };
        scope.watch(&job);
    }
    scope.cancel();
    QCOMPARE(log.text(), QStringLiteral("3, 2, 1"));
}

void tst_QTimeoutScopeAbort::scopeIsDeletedAt_data()
{
    addPoints();
}

// The destructor completes the abort.
void tst_QTimeoutScopeAbort::scopeIsDeletedAt()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    Scene *self = nullptr;
    int abortsAfterDeletion = -1;
    Scene scene(end, point, [&] {
        delete self->scope;
        abortsAfterDeletion = self->first->aborts + self->second->aborts;
    });
    self = &scene;
    scene.run();
    QVERIFY(!scene.scope);
    QVERIFY(scene.token.stop_requested());
    QCOMPARE(scene.first->aborts, 1);
    QCOMPARE(scene.second->aborts, 1);
    QCOMPARE(abortsAfterDeletion, 2);
    QCOMPARE(scene.first->finishedReceivers(), 0);
}

void tst_QTimeoutScopeAbort::otherScopeIsDeletedAt_data()
{
    addPoints();
}

// One that is due in the same turn, and never tells.
void tst_QTimeoutScopeAbort::otherScopeIsDeletedAt()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    QTimeoutScope *other = nullptr;
    Scene scene(end, point, [&] { delete std::exchange(other, nullptr); });
    other = new QTimeoutScope(10ms);
    Job job;
    other->watch(&job);
    bool told = false;
    connect(other, &QTimeoutScope::expired, this, [&told] { told = true; });
    scene.run();
    QVERIFY(!other);
    QVERIFY(!told);
    QCOMPARE(job.aborts, 1);
    QCOMPARE(scene.scope->state(), scene.expectedState());
    QCOMPARE(scene.first->aborts + scene.second->aborts, 2);
}

void tst_QTimeoutScopeAbort::watchedObjectIsDeletedAt_data()
{
    addPoints();
}

void tst_QTimeoutScopeAbort::watchedObjectIsDeletedAt()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    Scene *self = nullptr;
    Scene scene(end, point, [&] { self->first.reset(); });
    self = &scene;
    scene.run();
    QVERIFY(!scene.first);
    QCOMPARE(scene.second->aborts, 1);
    QCOMPARE(scene.scope->state(), scene.expectedState());
    QCoreApplication::processEvents();
    QCOMPARE(scene.scope->state(), scene.expectedState());
}

void tst_QTimeoutScopeAbort::innerScopeIsDeletedAt_data()
{
    addPoints();
}

void tst_QTimeoutScopeAbort::innerScopeIsDeletedAt()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    QPointer<QTimeoutScope> inner;
    Scene scene(end, point, [&] { delete inner; });
    inner = new QTimeoutScope(1h, scene.scope);
    Job innerJob;
    inner->watch(&innerJob);
    scene.run();
    QVERIFY(!inner);
    QCOMPARE(innerJob.aborts, 1);
    QCOMPARE(scene.first->aborts + scene.second->aborts, 2);
}

void tst_QTimeoutScopeAbort::outerScopeIsDeletedInSlotOfInner_data()
{
    QTest::addColumn<End>("end");
    QTest::newRow("expiry") << End::Expire;
    QTest::newRow("cancel") << End::Cancel;
}

void tst_QTimeoutScopeAbort::outerScopeIsDeletedInSlotOfInner()
{
    QFETCH(End, end);
    QTimeoutTestClock clock;
    auto *outer = new QTimeoutScope(10ms);
    auto *inner = new QTimeoutScope(1h, outer);
    auto *innermost = new QTimeoutScope(1h, inner);
    Job jobs[3];
    outer->watch(&jobs[0]);
    inner->watch(&jobs[1]);
    innermost->watch(&jobs[2]);
    int emitted = 0;
    connect(innermost, &QTimeoutScope::stateChanged, this, [&] { ++emitted; });
    connect(inner, &QTimeoutScope::cancelled, this, [&] { delete std::exchange(outer, nullptr); });
    if (end == End::Expire)
        clock.advance(10ms);
    else
        outer->cancel();
    QVERIFY(!outer);
    QCOMPARE(emitted, 0); // it has gone before its turn
    for (const Job &job : jobs)
        QCOMPARE(job.aborts, 1);
}

// S6: the abort is completed with the original cause.
void tst_QTimeoutScopeAbort::deletionKeepsTheCause()
{
    QTimeoutTestClock clock;
    auto *scope = new QTimeoutScope(10ms);
    Job job;
    auto task = scope->run(&job, &Job::finished);
    bool timedOut = false;
    connect(scope, &QTimeoutScope::expired, this, [scope] { delete scope; });
    auto waiter = [](QCoro::Task<> awaited, bool &result) -> QCoro::Task<> {
        try {
            co_await awaited;
        } catch (const QTimeoutError &) {
            result = true;
        }
    }(std::move(task), timedOut);
    clock.advance(10ms);
    QVERIFY(waiter.isReady());
    QVERIFY(timedOut);
}

void tst_QTimeoutScopeAbort::restartAt_data()
{
    addPoints();
}

// What was under the scope when it ended is aborted; what is watched in the new life is not.
void tst_QTimeoutScopeAbort::restartAt()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    Scene *self = nullptr;
    Job newJob;
    Scene scene(end, point, [&] {
        QVERIFY(self->scope->start(1h));
        self->scope->watch(&newJob);
    });
    self = &scene;
    QSignalSpy expired(scene.scope, &QTimeoutScope::expired);
    QSignalSpy cancelled(scene.scope, &QTimeoutScope::cancelled);
    scene.run();
    QVERIFY(scene.scope->isActive());
    QVERIFY(scene.token.stop_requested());
    QVERIFY(!scene.scope->stopToken().stop_requested());
    QCOMPARE(scene.first->aborts, 1);
    QCOMPARE(scene.second->aborts, 1);
    QCOMPARE(newJob.aborts, 0);
    QCOMPARE(expired.count() + cancelled.count(), 1);
    scene.clock.advance(1h);
    QVERIFY(scene.scope->hasExpired());
    QCOMPARE(newJob.aborts, 1);
    QCOMPARE(scene.first->aborts, 1);
    QCOMPARE(scene.scope->children().size(), 0);
}

void tst_QTimeoutScopeAbort::restartedAndDeletedInSlot()
{
    QTimeoutTestClock clock;
    auto *scope = new QTimeoutScope(10ms);
    Job oldJob;
    Job newJob;
    scope->watch(&oldJob);
    connect(scope, &QTimeoutScope::stateChanged, this, [&](QTimeoutScope::State state) {
        if (state == QTimeoutScope::Active)
            return;
        QVERIFY(scope->start(1h));
        scope->watch(&newJob);
        delete std::exchange(scope, nullptr);
    });
    clock.advance(10ms);
    QVERIFY(!scope);
    QCOMPARE(oldJob.aborts, 1);
    QCOMPARE(newJob.aborts, 1);
}

void tst_QTimeoutScopeAbort::restartIsCancelledAtOnce()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Job oldJob;
    Job newJob;
    scope.watch(&oldJob);
    int lives = 0;
    connect(&scope, &QTimeoutScope::stateChanged, &scope, [&](QTimeoutScope::State state) {
        if (state == QTimeoutScope::Expired && lives++ == 0) {
            scope.start(1h);
            scope.watch(&newJob);
            scope.cancel();
        }
    });
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QSignalSpy cancelled(&scope, &QTimeoutScope::cancelled);
    clock.advance(10ms);
    QCOMPARE(scope.state(), QTimeoutScope::Cancelled);
    QCOMPARE(expired.count(), 1);
    QCOMPARE(cancelled.count(), 1);
    QCOMPARE(oldJob.aborts, 1);
    QCOMPARE(newJob.aborts, 1);
}

void tst_QTimeoutScopeAbort::watchInSlotIsAbortedAtOnce()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Job job;
    int abortsInSlot = -1;
    connect(&scope, &QTimeoutScope::expired, &scope, [&] {
        scope.watch(&job);
        abortsInSlot = job.aborts;
    });
    clock.advance(10ms);
    QCOMPARE(abortsInSlot, 1);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeAbort::watchInSlotAfterStartBelongsToNewLife()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    connect(&scope, &QTimeoutScope::cancelled, &scope, [&] {
        scope.disconnect();
        scope.start(1h);
        scope.watch(&job); // the same object, which the old life still holds
    });
    scope.cancel();
    QCOMPARE(job.aborts, 0);
    QVERIFY(scope.isActive());
    scope.cancel();
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeAbort::unwatchInSlotSavesObject_data()
{
    addPoints();
}

void tst_QTimeoutScopeAbort::unwatchInSlotSavesObject()
{
    QFETCH(End, end);
    QFETCH(Point, point);
    Scene *self = nullptr;
    Scene scene(end, point, [&] { self->scope->unwatch(self->first.get()); });
    self = &scene;
    scene.run();
    QCOMPARE(scene.first->aborts, 0);
    QCOMPARE(scene.second->aborts, 1);
    QCOMPARE(scene.first->finishedReceivers(), 0);
    QCOMPARE(scene.scope->state(), scene.expectedState());
}

void tst_QTimeoutScopeAbort::unwatchInAbortOfAnother()
{
    QTimeoutScope scope(1h);
    Job first;
    Job second;
    scope.watch(&first);
    scope.watch(&second, [&] { scope.unwatch(&first); });
    scope.cancel();
    QCOMPARE(first.aborts, 0);
}

void tst_QTimeoutScopeAbort::unwatchInSlotAfterStart()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    connect(&scope, &QTimeoutScope::cancelled, &scope, [&] {
        scope.start(1h);
        scope.unwatch(&job); // of the life that is being aborted
    });
    scope.cancel();
    QCOMPARE(job.aborts, 0);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeAbort::cancelInSlotOfExpiryDoesNothing()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Log log;
    log.watch(&scope, QStringLiteral("s"));
    connect(&scope, &QTimeoutScope::stateChanged, &scope, &QTimeoutScope::cancel);
    connect(&scope, &QTimeoutScope::expired, &scope, &QTimeoutScope::cancel);
    clock.advance(10ms);
    QCOMPARE(log.text(), QStringLiteral("s Expired, s expired"));
}

void tst_QTimeoutScopeAbort::finishInSlotOfExpiryDoesNothing()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Job job;
    scope.watch(&job);
    connect(&scope, &QTimeoutScope::expired, &scope, &QTimeoutScope::finish);
    clock.advance(10ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(job.aborts, 1);
}

/*
    The inner one has been marked when the outer one tells; a restart in the slot is a new life, which
    is not under what has ended.
*/
void tst_QTimeoutScopeAbort::restartOfInnerInSlotOfOuterSurvives()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job oldJob;
    Job newJob;
    inner.watch(&oldJob);
    QSignalSpy cancelled(&inner, &QTimeoutScope::cancelled);
    connect(&outer, &QTimeoutScope::cancelled, &inner, [&] {
        QVERIFY(inner.isCancelled());
        QVERIFY(inner.start(1h));
        inner.watch(&newJob);
    });
    outer.cancel();
    QVERIFY(inner.isActive());
    QCOMPARE(cancelled.count(), 1);
    QCOMPARE(oldJob.aborts, 1);
    QCOMPARE(newJob.aborts, 0);
}

void tst_QTimeoutScopeAbort::scopeStartedInSlotUnderEndedOuterSurvives()
{
    QTimeoutScope outer(1h);
    QTimeoutScope *late = nullptr;
    connect(&outer, &QTimeoutScope::cancelled, &outer,
            [&] { late = new QTimeoutScope(1h, &outer); });
    outer.cancel();
    QVERIFY(late);
    QVERIFY(late->isActive());
    QVERIFY(outer.start(1h));
    outer.disconnect();
    outer.cancel();
    QVERIFY(late->isCancelled());
}

void tst_QTimeoutScopeAbort::deletedInSlotOfFinished()
{
    auto *first = new QTimeoutScope(1h);
    bool told = false;
    connect(first, &QTimeoutScope::stateChanged, this,
            [&] { delete std::exchange(first, nullptr); });
    connect(first, &QTimeoutScope::finished, this, [&] { told = true; });
    first->finish();
    QVERIFY(!first);
    QVERIFY(!told);
    auto *second = new QTimeoutScope(1h);
    connect(second, &QTimeoutScope::finished, this, [&] { delete std::exchange(second, nullptr); });
    second->finish();
    QVERIFY(!second);
}

void tst_QTimeoutScopeAbort::restartedInSlotOfFinished()
{
    QTimeoutScope scope(1h);
    Job job;
    connect(&scope, &QTimeoutScope::finished, &scope, [&] {
        scope.start(1h);
        scope.watch(&job);
    });
    scope.finish();
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 0);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

// Two scopes that have nothing to do with each other end one inside the other.
void tst_QTimeoutScopeAbort::expiryInSlotOfCancelledOuter()
{
    QTimeoutTestClock clock;
    QTimeoutScope one(1h);
    QTimeoutScope other(0ms);
    Job oneJob;
    Job otherJob;
    one.watch(&oneJob);
    other.watch(&otherJob);
    int abortsSeen = -1;
    connect(&one, &QTimeoutScope::cancelled, this, [&] {
        QCoreApplication::processEvents();
        abortsSeen = oneJob.aborts;
    });
    one.cancel();
    QVERIFY(other.hasExpired());
    QCOMPARE(otherJob.aborts, 1);
    QCOMPARE(abortsSeen, 0);
    QCOMPARE(oneJob.aborts, 1);
}

void tst_QTimeoutScopeAbort::nestedAbortInAbortFunction()
{
    QTimeoutScope one(1h);
    auto *other = new QTimeoutScope(1h);
    Job oneJob;
    Job otherJob;
    other->watch(&otherJob);
    oneJob.onAbort = [&] { delete std::exchange(other, nullptr); };
    otherJob.onAbort = [&] { one.cancel(); };
    one.watch(&oneJob);
    one.cancel();
    QVERIFY(!other);
    QCOMPARE(oneJob.aborts, 1);
    QCOMPARE(otherJob.aborts, 1);
}

void tst_QTimeoutScopeAbort::destructorAbortsWithoutEmitting()
{
    Log log;
    Job job;
    {
        QTimeoutScope scope(1h);
        // Not a member of the scope's own connections, which go with it.
        connect(&scope, &QTimeoutScope::cancelled, this,
                [&] { log.add(QStringLiteral("cancelled")); });
        connect(&scope, &QTimeoutScope::stateChanged, this,
                [&] { log.add(QStringLiteral("state")); });
        scope.watch(&job);
    }
    QCOMPARE(job.aborts, 1);
    QCOMPARE(log.text(), QString());
    QCOMPARE(job.finishedReceivers(), 0);
    QCOMPARE(job.destroyedReceivers(), 0);
}

void tst_QTimeoutScopeAbort::destructorOfEndedScopeAbortsNothing()
{
    Job job;
    {
        QTimeoutScope scope(1h);
        scope.watch(&job);
        scope.finish();
    }
    QCOMPARE(job.aborts, 0);
    QCOMPARE(job.finishedReceivers(), 0);
}

void tst_QTimeoutScopeAbort::destructorOfInactiveScopeAbortsNothing()
{
    Job job;
    {
        QTimeoutScope scope;
        scope.watch(&job);
    }
    QCOMPARE(job.aborts, 0);
    QCOMPARE(job.finishedReceivers(), 0);
    QCOMPARE(job.destroyedReceivers(), 0);
}

void tst_QTimeoutScopeAbort::destructorRequestsStop()
{
    bool stopped = false;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const std::stop_callback callback(scope->stopToken(), [&stopped] { stopped = true; });
    scope.reset();
    QVERIFY(stopped);
}

void tst_QTimeoutScopeAbort::destroyedInAbortFunctionOfItsOwnDestructor()
{
    auto *scope = new QTimeoutScope(1h);
    Job first;
    auto second = std::make_unique<Job>();
    first.onAbort = [&] { second.reset(); };
    scope->watch(second.get());
    scope->watch(&first);
    delete scope;
    QVERIFY(!second);
    QCOMPARE(first.aborts, 1);
}

void tst_QTimeoutScopeAbort::lastMemberEndsWorkWithWindow()
{
    struct Window
    {
        std::unique_ptr<int> state = std::make_unique<int>(1);
        QTimeoutScope scope{1h};
    };
    Job job;
    int seen = 0;
    {
        Window window;
        job.onAbort = [&] { seen = *window.state; }; // still there
        window.scope.watch(&job);
    }
    QCOMPARE(seen, 1);
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeAbort)

#include "tst_qtimeoutscope_abort.moc"
