// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroSignal>

#include <QtCore/QEventLoop>
#include <QtCore/QFuture>
#include <QtCore/QPromise>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtTest/QSignalSpy>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace std::chrono_literals;

class CancelOnly : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    int cancels = 0;

public Q_SLOTS:
    void cancel() { ++cancels; }
};

// abort() goes before cancel(), and cancel() before kill().
class Everything : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    QString called;

public Q_SLOTS:
    void kill() { called += QLatin1String("kill"); }
    void cancel() { called += QLatin1String("cancel"); }
    void abort() { called += QLatin1String("abort"); }
};

class FinishedSaysSo : public Job
{
    Q_OBJECT

public:
    using Job::Job;
    bool isFinished() const
    {
        const bool answer = done;
        if (const auto once = std::exchange(onQuestion, nullptr))
            once();
        return answer;
    }

    bool done = false;
    mutable std::function<void()> onQuestion;
};

// Has its own rule.
class Upload : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    QString reason;
    void abort() { reason = QStringLiteral("abort"); }
};

template<>
struct QTimeoutAbort<Upload>
{
    static void abort(Upload &upload) { upload.reason = QStringLiteral("own rule"); }
};

/*
    The event loop comes to everything that is due, deferred deletes included.
*/
static void runEventLoop()
{
    QEventLoop loop;
    QTimer ticks;
    int left = 10;
    QObject::connect(&ticks, &QTimer::timeout, &ticks, [&] {
        if (--left == 0)
            loop.quit();
    });
    ticks.start(0);
    loop.exec();
}

// Takes an event loop to be aborted.
struct Page
{
    int number = 0;
};

template<>
struct QTimeoutAbort<QFuture<Page>>
{
    static void abort(QFuture<Page> &future)
    {
        runEventLoop();
        future.cancel();
    }
};

/*
    Owns a scope.
*/
struct Session
{
    explicit Session(int *count) : alive(count) { ++*alive; }
    Q_DISABLE_COPY_MOVE(Session)
    ~Session() { --*alive; }

    int *const alive;
    QTimeoutScope scope = QTimeoutScope(1h);
};

/*
    Has finished(), and says when it is aborted even if it has gone.
*/
class Orphan : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    static inline int aborts = 0;

public Q_SLOTS:
    void abort() { ++aborts; }

Q_SIGNALS:
    void finished();
};

/*
    S7, and what A1, A10 and A11 say about watch().
*/
/*
    Has nothing that would abort it.
*/
class Mute : public QObject
{
    Q_OBJECT
};

class MuteToo : public QObject
{
    Q_OBJECT
};

class tst_QTimeoutScopeWatch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void saysOnceOfEachClassThatItCannotBeAborted();
    void finishKeepsWork();
    void finishHandsWorkToEnclosing();
    void finishHandsWorkPastInactiveEnclosing();
    void handedWorkIsUnwatchedInEnclosing();
    void workHandedToEnclosingThatWatchesItToo_data();
    void workHandedToEnclosingThatWatchesItToo();

    void finishesByItselfOnNextTurn();
    void finishesWithLastOfMany();
    void finishesWhenDestroyed();
    void finishesWhenUnwatched();
    void finishedSignalWithArguments();
    void finishedSignalWatchedAsQObject();
    void objectThatHasFinishedAlready();
    void objectThatFinishesWhenAsked_data();
    void objectThatFinishesWhenAsked();
    void objectWithoutFinishedSignal();
    void watchingMoreMeanwhileKeepsScopeActive();
    void runUnderWayKeepsScopeActive();
    void runAloneNeverFinishes();
    void runAfterWatchKeepsScopeActive();
    void restartedBeforeFinishIsDue();
    void finishBeatsExpiry();
    void finishBeatsThrowIfAborted();
    void cancelBeatsFinish();

    void watchUnderInactiveJoinsNextLife();
    void watchUnderInactiveThatEndsBeforeStart();
    void watchUnderInactiveDestroyedBeforeStart();
    void watchUnderEnded_data();
    void watchUnderEnded();
    void watchUnderFinishedWarns();
    void watchNull();
    void watchNullWithFunction();
    void watchTwice();
    void watchAgainReplacesFunction();
    void watchWithEmptyFunction();
    void unwatchUnknown();
    void unwatchNull();
    void unwatchUnderInactive();
    void scopeWatchesItself();
    void scopeWatchesScope();

    void abortRules();
    void abortThroughMetaObject();
    void abortOfObjectWithoutRule();
    void abortOfSpecialised();
    void abortThatEmitsFinished();
    void abortThatDeletesObject();
    void abortFunctionThatDeletesScope();

    void futureIsCancelled();
    void futureFinishes();
    void futureThatHasFinishedAlready();
    void futureCancelledBySomebody();
    void futureUnderInactive();
    void futureUnderEnded();
    void futureFailureIsLogged();
    void futureIsHandedToEnclosing();
    void scopeDestroyedBeforeFuture();

    void taskFinishes();
    void taskThatHasFinishedAlready();
    void plainTaskGoesOnAfterAbort();
    void ownTaskEndsWithScope();
    void taskFailureIsLogged();
    void scopeDestroyedBeforeTask();

    void noConnectionsAreLeft_data();
    void noConnectionsAreLeft();
    void objectDestroyedAfterScope();
    void objectDestroyedBeforeScope();
    void finishedAfterAbortIsIgnored();

    void objectThatIsDisconnectedAndDestroyedIsNotAborted_data();
    void objectThatIsDisconnectedAndDestroyedIsNotAborted();
    void functionMayOwnTheScope_data();
    void functionMayOwnTheScope();
    void eventLoopWhileAFutureIsAborted_data();
    void eventLoopWhileAFutureIsAborted();
    void eventLoopInAContinuationOfAFuture();
    void finishLeavesARunAlone();
    void objectOfAThreadThatHasGoneIsAborted_data();
    void objectOfAThreadThatHasGoneIsAborted();
};

void tst_QTimeoutScopeWatch::finishKeepsWork()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Job job;
    scope.watch(&job);
    scope.finish();
    clock.advance(1h);
    QCOMPARE(job.aborts, 0);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::finishHandsWorkToEnclosing()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1s);
    QTimeoutScope inner(1ms, &outer);
    Job job;
    inner.watch(&job);
    inner.finish();
    clock.advance(999ms);
    QCOMPARE(job.aborts, 0);
    clock.advance(1ms);
    QVERIFY(outer.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::finishHandsWorkPastInactiveEnclosing()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(1h, &outer);
    QTimeoutScope inner(1h, &middle);
    Job job;
    inner.watch(&job);
    middle.finish();
    inner.finish();
    QCOMPARE(job.aborts, 0);
    outer.cancel();
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::handedWorkIsUnwatchedInEnclosing()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job job;
    inner.watch(&job);
    inner.finish();
    outer.unwatch(&job);
    outer.cancel();
    QCOMPARE(job.aborts, 0);
    QCOMPARE(job.finishedReceivers(), 0);
}

void tst_QTimeoutScopeWatch::workHandedToEnclosingThatWatchesItToo_data()
{
    QTest::addColumn<bool>("unwatch");
    QTest::newRow("unwatched") << true;
    QTest::newRow("aborted") << false;
}

// The outer scope watches the object itself: it is under it once, not twice.
void tst_QTimeoutScopeWatch::workHandedToEnclosingThatWatchesItToo()
{
    QFETCH(bool, unwatch);
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job job;
    outer.watch(&job);
    inner.watch(&job);
    inner.finish();
    if (unwatch)
        outer.unwatch(&job);
    outer.cancel();
    QCOMPARE(job.aborts, unwatch ? 0 : 1);
}

void tst_QTimeoutScopeWatch::finishesByItselfOnNextTurn()
{
    QTimeoutScope scope(1h);
    Log log;
    log.watch(&scope, QStringLiteral("s"));
    Job job;
    scope.watch(&job);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    Q_EMIT job.finished();
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(log.text(), QStringLiteral("s Finished, s finished"));
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::finishesWithLastOfMany()
{
    QTimeoutScope scope(1h);
    Job jobs[3];
    for (Job &job : jobs)
        scope.watch(&job);
    for (Job &job : jobs) {
        QCoreApplication::processEvents();
        QVERIFY(scope.isActive());
        Q_EMIT job.finished();
    }
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::finishesWhenDestroyed()
{
    QTimeoutScope scope(1h);
    auto job = std::make_unique<Job>();
    scope.watch(job.get());
    job.reset();
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::finishesWhenUnwatched()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    scope.unwatch(&job);
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::finishedSignalWithArguments()
{
    QTimeoutScope scope(1h);
    ProcessLike process;
    scope.watch(&process);
    Q_EMIT process.finished(1, ProcessLike::CrashExit);
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QVERIFY(scope.start(1h));
    scope.watch(&process);
    scope.cancel();
    QCOMPARE(process.kills, 1);
}

void tst_QTimeoutScopeWatch::finishedSignalWatchedAsQObject()
{
    QTimeoutScope scope(1h);
    ProcessLike process;
    scope.watch(static_cast<QObject *>(&process));
    Q_EMIT process.finished(0, ProcessLike::NormalExit);
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::objectThatHasFinishedAlready()
{
    QTimeoutScope scope(1h);
    FinishedSaysSo job;
    job.done = true;
    scope.watch(&job);
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::objectThatFinishesWhenAsked_data()
{
    QTest::addColumn<bool>("answer");
    QTest::newRow("too late for the answer") << false;
    QTest::newRow("in time") << true;
}

void tst_QTimeoutScopeWatch::objectThatFinishesWhenAsked()
{
    QFETCH(bool, answer);
    QTimeoutScope scope(1h);
    FinishedSaysSo job;
    job.done = answer;
    job.onQuestion = [&job] { Q_EMIT job.finished(); };
    scope.watch(&job);
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::objectWithoutFinishedSignal()
{
    QTimeoutScope scope(1h);
    auto object = std::make_unique<CancelOnly>();
    scope.watch(object.get());
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    object.reset();
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::watchingMoreMeanwhileKeepsScopeActive()
{
    QTimeoutScope scope(1h);
    Job first;
    Job second;
    scope.watch(&first);
    Q_EMIT first.finished();
    scope.watch(&second);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    Q_EMIT second.finished();
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::runUnderWayKeepsScopeActive()
{
    QTimeoutScope scope(1h);
    Job watched;
    Job awaited;
    auto task = scope.run(&awaited, &Job::finished);
    scope.watch(&watched);
    Q_EMIT watched.finished();
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    Q_EMIT awaited.finished();
    QCoreApplication::processEvents();
    QVERIFY(task.isReady());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::runAloneNeverFinishes()
{
    QTimeoutScope scope(1h);
    Job awaited;
    auto task = scope.run(&awaited, &Job::finished);
    Q_EMIT awaited.finished();
    QCoreApplication::processEvents();
    QVERIFY(task.isReady());
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeWatch::runAfterWatchKeepsScopeActive()
{
    QTimeoutScope scope(1h);
    Job watched;
    Job awaited;
    scope.watch(&watched);
    Q_EMIT watched.finished();
    auto task = scope.run(&awaited, &Job::finished); // before the turn in which it would finish
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

// What was due for the old life does not end the new one.
void tst_QTimeoutScopeWatch::restartedBeforeFinishIsDue()
{
    QTimeoutScope scope(1h);
    Job first;
    Job second;
    scope.watch(&first);
    Q_EMIT first.finished();
    scope.cancel();
    QVERIFY(scope.start(1h));
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    scope.watch(&second);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeWatch::finishBeatsExpiry()
{
    QTimeoutTestClock clock;
    Job job;
    QTimeoutScope first(10ms);
    QTimeoutScope scope(10ms);
    scope.watch(&job);
    // In the same turn, before the deadline of the scope is looked at.
    connect(&first, &QTimeoutScope::expired, &job, &Job::finished);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QSignalSpy finished(&scope, &QTimeoutScope::finished);
    clock.advance(10ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(expired.count(), 0);
    QCOMPARE(finished.count(), 1);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::finishBeatsThrowIfAborted()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(0ms);
    Job job;
    scope.watch(&job);
    Q_EMIT job.finished();
    scope.throwIfAborted();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::cancelBeatsFinish()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    Q_EMIT job.finished();
    QSignalSpy finished(&scope, &QTimeoutScope::finished);
    scope.cancel();
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
    QCOMPARE(finished.count(), 0);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::watchUnderInactiveJoinsNextLife()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    Job job;
    scope.watch(&job);
    clock.advance(1h);
    QCOMPARE(job.aborts, 0);
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
    QVERIFY(scope.start(1s));
    clock.advance(1s);
    QVERIFY(scope.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::watchUnderInactiveThatEndsBeforeStart()
{
    QTimeoutScope scope;
    Job job;
    scope.watch(&job);
    Q_EMIT job.finished();
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
    QVERIFY(scope.start(1h));
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::watchUnderInactiveDestroyedBeforeStart()
{
    QTimeoutScope scope;
    auto first = std::make_unique<Job>();
    Job second;
    scope.watch(first.get());
    scope.watch(&second);
    first.reset();
    QVERIFY(scope.start(1h));
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    scope.cancel();
    QCOMPARE(second.aborts, 1);
}

void tst_QTimeoutScopeWatch::watchUnderEnded_data()
{
    QTest::addColumn<bool>("expired");
    QTest::newRow("expired") << true;
    QTest::newRow("cancelled") << false;
}

void tst_QTimeoutScopeWatch::watchUnderEnded()
{
    QFETCH(bool, expired);
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    scope.stopToken();
    if (expired)
        clock.advance(1s);
    else
        scope.cancel();
    Job job;
    scope.watch(&job);
    QCOMPARE(job.aborts, 1);
    QCOMPARE(job.finishedReceivers(), 0);
    QVERIFY(scope.start(1s)); // it is not under the new life
    scope.cancel();
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::watchUnderFinishedWarns()
{
    QTimeoutScope scope(1h);
    scope.setObjectName(QStringLiteral("done"));
    scope.finish();
    Job job;
    expectWarning("watch", &scope, " is Finished. What is watched is aborted; call start() first.");
    scope.watch(&job);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::watchNull()
{
    QTimeoutScope scope(1h);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral(
                                 "^QTimeoutScope::watch: .*null.*Pass one that exists\\.$")));
    scope.watch(static_cast<Job *>(nullptr));
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("^QTimeoutScope::watch: .*null")));
    scope.watch(static_cast<FinishedSaysSo *>(nullptr));
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeWatch::watchNullWithFunction()
{
    QTimeoutScope scope(1h);
    int calls = 0;
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("^QTimeoutScope::watch: .*null")));
    scope.watch(nullptr, [&calls] { ++calls; });
    scope.cancel();
    QCOMPARE(calls, 0);
}

void tst_QTimeoutScopeWatch::watchTwice()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    scope.watch(&job);
    QCOMPARE(job.finishedReceivers(), 1);
    scope.unwatch(&job);
    QCOMPARE(job.finishedReceivers(), 0);
    scope.watch(&job);
    scope.watch(&job);
    scope.cancel();
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::watchAgainReplacesFunction()
{
    QTimeoutScope scope(1h);
    QObject object;
    int first = 0;
    int second = 0;
    scope.watch(&object, [&first] { ++first; });
    scope.watch(&object, [&second] { ++second; });
    scope.cancel();
    QCOMPARE(first, 0);
    QCOMPARE(second, 1);
}

// As with a type that has no rule: it is simply no longer waited for.
void tst_QTimeoutScopeWatch::watchWithEmptyFunction()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job, std::function<void()>());
    bool thrown = false;
    try {
        scope.cancel();
    } catch (const std::bad_function_call &) {
        thrown = true;
    }
    QVERIFY(!thrown);
    QVERIFY(scope.isCancelled());
    QCOMPARE(job.finishedReceivers(), 0);
}

void tst_QTimeoutScopeWatch::unwatchUnknown()
{
    QTimeoutScope scope(1h);
    Job known;
    Job unknown;
    scope.watch(&known);
    scope.unwatch(&unknown);
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeWatch::unwatchNull()
{
    QTimeoutScope scope(1h);
    auto plain = [](Job *job) -> QCoro::Task<> { co_await qCoro(job, &Job::finished); };
    Job job;
    scope.watch(plain(&job));
    scope.unwatch(nullptr); // is not about the task, which is no object
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    Q_EMIT job.finished();
    QTRY_VERIFY(!scope.isActive());
}

void tst_QTimeoutScopeWatch::unwatchUnderInactive()
{
    QTimeoutScope scope;
    Job job;
    scope.watch(&job);
    scope.unwatch(&job);
    QCOMPARE(job.finishedReceivers(), 0);
    QVERIFY(scope.start(1h));
    scope.cancel();
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeWatch::scopeWatchesItself()
{
    QTimeoutScope scope(1h);
    QSignalSpy cancelled(&scope, &QTimeoutScope::cancelled);
    scope.watch(&scope);
    scope.cancel();
    QCOMPARE(cancelled.count(), 1);
}

// A scope has finished() and cancel(), so it can be watched like any other operation.
void tst_QTimeoutScopeWatch::scopeWatchesScope()
{
    QTimeoutScope first(1h);
    QTimeoutScope second(1h);
    first.watch(&second);
    first.cancel();
    QVERIFY(second.isCancelled());
    QVERIFY(first.start(1h));
    QVERIFY(second.start(1h));
    first.watch(&second);
    second.finish();
    QCoreApplication::processEvents();
    QCOMPARE(first.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::abortRules()
{
    QTimeoutScope scope(1h);
    Everything everything;
    CancelOnly cancelOnly;
    ProcessLike process;
    scope.watch(&everything);
    scope.watch(&cancelOnly);
    scope.watch(&process);
    scope.cancel();
    QCOMPARE(everything.called, QStringLiteral("abort"));
    QCOMPARE(cancelOnly.cancels, 1);
    QCOMPARE(process.kills, 1);
}

void tst_QTimeoutScopeWatch::abortThroughMetaObject()
{
    QTimeoutScope scope(1h);
    Everything everything;
    CancelOnly cancelOnly;
    scope.watch(static_cast<QObject *>(&everything));
    scope.watch(static_cast<QObject *>(&cancelOnly));
    scope.cancel();
    QCOMPARE(everything.called, QStringLiteral("abort"));
    QCOMPARE(cancelOnly.cancels, 1);
}

void tst_QTimeoutScopeWatch::abortOfObjectWithoutRule()
{
    QTimeoutScope scope(1h);
    Knob knob;
    scope.watch(&knob);
    scope.cancel();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScopeWatch::abortOfSpecialised()
{
    QTimeoutScope scope(1h);
    Upload upload;
    scope.watch(&upload);
    scope.cancel();
    QCOMPARE(upload.reason, QStringLiteral("own rule"));
}

// As QNetworkReply does.
void tst_QTimeoutScopeWatch::abortThatEmitsFinished()
{
    QTimeoutScope scope(1h);
    Job job;
    job.onAbort = [&job] { Q_EMIT job.finished(); };
    scope.watch(&job);
    QSignalSpy finished(&scope, &QTimeoutScope::finished);
    scope.cancel();
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
    QCOMPARE(finished.count(), 0);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::abortThatDeletesObject()
{
    QTimeoutScope scope(1h);
    auto *object = new QObject;
    Job job;
    scope.watch(&job);
    scope.watch(object, [&object] { delete std::exchange(object, nullptr); });
    scope.cancel();
    QVERIFY(!object);
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeWatch::abortFunctionThatDeletesScope()
{
    auto *scope = new QTimeoutScope(1h);
    Job first;
    Job last;
    QObject object;
    scope->watch(&first);
    scope->watch(&object, [&scope] { delete std::exchange(scope, nullptr); });
    scope->watch(&last);
    scope->cancel();
    QVERIFY(!scope);
    QCOMPARE(first.aborts, 1);
    QCOMPARE(last.aborts, 1);
}

void tst_QTimeoutScopeWatch::futureIsCancelled()
{
    QTimeoutTestClock clock;
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1s);
    scope.watch(promise.future());
    clock.advance(1s);
    QVERIFY(scope.hasExpired());
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutScopeWatch::futureFinishes()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    promise.addResult(1);
    promise.finish();
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
    QVERIFY(!promise.isCanceled());
}

void tst_QTimeoutScopeWatch::futureThatHasFinishedAlready()
{
    QPromise<void> promise;
    promise.start();
    promise.finish();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

// A11: the wait ends at once, although the future may run on.
void tst_QTimeoutScopeWatch::futureCancelledBySomebody()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(promise.future());
    scope.watch(&job);
    promise.future().cancel();
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
    Q_EMIT job.finished();
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    promise.finish();
}

void tst_QTimeoutScopeWatch::futureUnderInactive()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope;
    scope.watch(promise.future());
    QVERIFY(!promise.isCanceled());
    QVERIFY(scope.start(1h));
    scope.cancel();
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutScopeWatch::futureUnderEnded()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.cancel();
    scope.watch(promise.future());
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutScopeWatch::futureFailureIsLogged()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope scope(1h);
    scope.watch(promise.future());
    promise.setException(std::make_exception_ptr(std::runtime_error("disk full")));
    QTest::ignoreMessage(
            QtWarningMsg,
            "QTimeoutScope::watch: A task or future that was watched has failed: disk full. Catch the "
            "exception in it, or await it with run() where it can be handled.");
    promise.finish();
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::futureIsHandedToEnclosing()
{
    QPromise<int> promise;
    promise.start();
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    inner.watch(promise.future());
    inner.finish();
    QVERIFY(!promise.isCanceled());
    outer.cancel();
    QVERIFY(promise.isCanceled());
    promise.finish();
}

void tst_QTimeoutScopeWatch::scopeDestroyedBeforeFuture()
{
    QPromise<int> promise;
    promise.start();
    {
        QTimeoutScope scope(1h);
        scope.watch(promise.future());
    }
    QVERIFY(promise.isCanceled());
    promise.finish();
    QCoreApplication::processEvents();
}

static QCoro::Task<int> plainTask(Job *job, bool *ended)
{
    co_await qCoro(job, &Job::finished);
    *ended = true;
    co_return 1;
}

void tst_QTimeoutScopeWatch::taskFinishes()
{
    Job job;
    bool ended = false;
    QTimeoutScope scope(1h);
    scope.watch(plainTask(&job, &ended));
    QVERIFY(scope.isActive());
    Q_EMIT job.finished();
    QTRY_VERIFY(ended);
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::taskThatHasFinishedAlready()
{
    QTimeoutScope scope(1h);
    scope.watch([]() -> QCoro::Task<> { co_return; }());
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

// A9: it cannot be interrupted by anybody.
void tst_QTimeoutScopeWatch::plainTaskGoesOnAfterAbort()
{
    Job job;
    bool ended = false;
    QTimeoutScope scope(1h);
    scope.watch(plainTask(&job, &ended));
    scope.cancel();
    QVERIFY(!ended);
    Q_EMIT job.finished();
    QTRY_VERIFY(ended);
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScopeWatch::ownTaskEndsWithScope()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(QTimeout::run(1h, &job, &Job::finished));
    QCOMPARE(job.finishedReceivers(), 1);
    scope.cancel();
    QCOMPARE(job.finishedReceivers(), 0);
    QCOMPARE(job.destroyedReceivers(), 0);
}

void tst_QTimeoutScopeWatch::taskFailureIsLogged()
{
    Job job;
    QTimeoutScope scope(1h);
    scope.watch([](Job *awaited) -> QCoro::Task<> {
        co_await qCoro(awaited, &Job::finished);
        throw std::runtime_error("broken");
    }(&job));
    QTest::ignoreMessage(
            QtWarningMsg,
            "QTimeoutScope::watch: A task or future that was watched has failed: broken. Catch the "
            "exception in it, or await it with run() where it can be handled.");
    Q_EMIT job.finished();
    QTRY_COMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeWatch::scopeDestroyedBeforeTask()
{
    Job job;
    bool ended = false;
    {
        QTimeoutScope scope(1h);
        scope.watch(plainTask(&job, &ended));
    }
    Q_EMIT job.finished();
    QTRY_VERIFY(ended);
}

void tst_QTimeoutScopeWatch::noConnectionsAreLeft_data()
{
    QTest::addColumn<QString>("end");
    for (const char *end : {"expire", "cancel", "finish", "destroy", "finished signal", "unwatch"})
        QTest::newRow(end) << QString::fromLatin1(end);
}

void tst_QTimeoutScopeWatch::noConnectionsAreLeft()
{
    QFETCH(QString, end);
    QTimeoutTestClock clock;
    Job job;
    auto scope = std::make_unique<QTimeoutScope>(10ms);
    scope->watch(&job);
    QCOMPARE(job.finishedReceivers(), 1);
    QVERIFY(job.destroyedReceivers() > 0);
    if (end == QLatin1String("expire"))
        clock.advance(10ms);
    else if (end == QLatin1String("cancel"))
        scope->cancel();
    else if (end == QLatin1String("finish"))
        scope->finish();
    else if (end == QLatin1String("destroy"))
        scope.reset();
    else if (end == QLatin1String("finished signal"))
        Q_EMIT job.finished();
    else
        scope->unwatch(&job);
    QCOMPARE(job.finishedReceivers(), 0);
    QCOMPARE(job.destroyedReceivers(), 0);
    if (scope)
        QCOMPARE(scope->children().size(), 0);
}

void tst_QTimeoutScopeWatch::objectDestroyedAfterScope()
{
    auto job = std::make_unique<Job>();
    {
        QTimeoutScope scope(1h);
        scope.watch(job.get());
    }
    QCOMPARE(job->aborts, 1);
    job.reset();
    QCoreApplication::processEvents();
}

void tst_QTimeoutScopeWatch::objectDestroyedBeforeScope()
{
    QTimeoutScope scope(1h);
    Job other;
    auto job = std::make_unique<Job>();
    scope.watch(&other);
    scope.watch(job.get());
    job.reset();
    scope.cancel();
    QCOMPARE(other.aborts, 1);
}

void tst_QTimeoutScopeWatch::finishedAfterAbortIsIgnored()
{
    QTimeoutScope scope(1h);
    Job job;
    scope.watch(&job);
    scope.cancel();
    QVERIFY(scope.start(1h));
    Q_EMIT job.finished();
    QCoreApplication::processEvents();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScopeWatch::objectThatIsDisconnectedAndDestroyedIsNotAborted_data()
{
    QTest::addColumn<QString>("end");
    QTest::addColumn<bool>("withFunction");
    for (const char *end : {"expire", "cancel", "finish", "destroy", "unwatch another"}) {
        QTest::addRow("%s", end) << QString::fromLatin1(end) << false;
        QTest::addRow("%s, function", end) << QString::fromLatin1(end) << true;
    }
}

// A10: although nobody says that it has gone.
void tst_QTimeoutScopeWatch::objectThatIsDisconnectedAndDestroyedIsNotAborted()
{
    QFETCH(QString, end);
    QFETCH(bool, withFunction);
    Orphan::aborts = 0;
    QTimeoutTestClock clock;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    Job other;
    scope->watch(&other);
    auto *object = new Orphan;
    if (withFunction)
        scope->watch(object, [] { ++Orphan::aborts; });
    else
        scope->watch(object);
    object->disconnect();
    delete object;
    if (end == QLatin1String("cancel"))
        scope->cancel();
    else if (end == QLatin1String("finish"))
        scope->finish();
    else if (end == QLatin1String("destroy"))
        scope.reset();
    else if (end == QLatin1String("unwatch another"))
        scope->unwatch(&other);
    runEventLoop();
    clock.advance(1s);
    QVERIFY(!scope || !scope->isActive());
    QCOMPARE(Orphan::aborts, 0);
}

void tst_QTimeoutScopeWatch::functionMayOwnTheScope_data()
{
    QTest::addColumn<QString>("end");
    for (const char *end : {"expire", "cancel", "finish", "finished signal", "destroyed object",
                            "unwatch", "watch again"})
        QTest::newRow(end) << QString::fromLatin1(end);
}

// It is the last to do so: the scope goes with the function.
void tst_QTimeoutScopeWatch::functionMayOwnTheScope()
{
    QFETCH(QString, end);
    QTimeoutTestClock clock;
    int sessions = 0;
    int aborts = 0;
    Job other;
    auto job = std::make_unique<Job>();
    auto session = std::make_shared<Session>(&sessions);
    QTimeoutScope *scope = &session->scope;
    scope->watch(&other);
    scope->watch(job.get(), [session, &aborts] { ++aborts; });
    session.reset();
    QCOMPARE(sessions, 1);
    if (end == QLatin1String("expire"))
        clock.advance(1h);
    else if (end == QLatin1String("cancel"))
        scope->cancel();
    else if (end == QLatin1String("finish"))
        scope->finish();
    else if (end == QLatin1String("finished signal"))
        Q_EMIT job->finished();
    else if (end == QLatin1String("destroyed object"))
        job.reset();
    else if (end == QLatin1String("unwatch"))
        scope->unwatch(job.get());
    else
        scope->watch(job.get(), [] {});
    runEventLoop();
    QCOMPARE(sessions, 0);
    QCOMPARE(aborts, end == QLatin1String("expire") || end == QLatin1String("cancel") ? 1 : 0);
    // The destructor of the scope aborts what is left.
    QCOMPARE(other.aborts, end == QLatin1String("finish") ? 0 : 1);
    QCOMPARE(other.finishedReceivers(), 0);
    QCOMPARE(other.destroyedReceivers(), 0);
    if (job) {
        QCOMPARE(job->finishedReceivers(), 0);
        QCOMPARE(job->destroyedReceivers(), 0);
    }
}

void tst_QTimeoutScopeWatch::eventLoopWhileAFutureIsAborted_data()
{
    QTest::addColumn<QString>("end");
    for (const char *end : {"expire", "cancel", "destroy", "ended before"})
        QTest::newRow(end) << QString::fromLatin1(end);
}

void tst_QTimeoutScopeWatch::eventLoopWhileAFutureIsAborted()
{
    QFETCH(QString, end);
    QTimeoutTestClock clock;
    QPromise<Page> promise;
    promise.start();
    Job older;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    scope->watch(&older);
    if (end == QLatin1String("ended before"))
        scope->cancel();
    scope->watch(promise.future());
    if (end == QLatin1String("expire"))
        clock.advance(1s);
    else if (end == QLatin1String("cancel"))
        scope->cancel();
    else if (end == QLatin1String("destroy"))
        scope.reset();
    QVERIFY(promise.isCanceled());
    QCOMPARE(older.aborts, 1);
    runEventLoop();
    scope.reset();
    promise.finish();
}

void tst_QTimeoutScopeWatch::eventLoopInAContinuationOfAFuture()
{
    QPromise<int> promise;
    promise.start();
    auto scope = std::make_unique<QTimeoutScope>(1h);
    bool isCalled = false;
    const QFuture<int> continued = promise.future().onCanceled([&] {
        scope.reset();
        runEventLoop();
        isCalled = true;
        return 1;
    });
    Job older;
    scope->watch(&older);
    scope->watch(promise.future());
    scope->watch(continued);
    promise.future().cancel();
    promise.finish();
    QVERIFY(isCalled);
    QCOMPARE(older.aborts, 1);
    runEventLoop();
}

// It has a deadline of its own.
void tst_QTimeoutScopeWatch::finishLeavesARunAlone()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job alone;
    Job nested;
    QTimeoutScope scope(1h);
    scope.watch(QTimeout::run(2h, &alone, &Job::finished));
    inner.watch(QTimeout::run(2h, &nested, &Job::finished));
    scope.finish();
    inner.finish();
    runEventLoop();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(inner.state(), QTimeoutScope::Finished);
    QCOMPARE(alone.finishedReceivers(), 1);
    QCOMPARE(nested.finishedReceivers(), 1);
    outer.cancel();
    runEventLoop();
    QCOMPARE(alone.finishedReceivers(), 1);
    QCOMPARE(nested.finishedReceivers(), 0);
    Q_EMIT alone.finished();
    runEventLoop();
    QCOMPARE(alone.finishedReceivers(), 0);
}

void tst_QTimeoutScopeWatch::objectOfAThreadThatHasGoneIsAborted_data()
{
    QTest::addColumn<bool>("isWatchedBefore");
    QTest::newRow("while it is watched") << true;
    QTest::newRow("before it is watched") << false;
}

// A1: it lives in no thread.
void tst_QTimeoutScopeWatch::objectOfAThreadThatHasGoneIsAborted()
{
    QFETCH(bool, isWatchedBefore);
    auto thread = std::make_unique<QThread>();
    thread->start();
    Job job;
    Job second;
    int calls = 0;
    job.moveToThread(thread.get());
    second.moveToThread(thread.get());
    QTimeoutScope scope(1h);
    const auto watch = [&] {
        scope.watch(&job);
        scope.watch(&second, [&calls] { ++calls; });
    };
    if (isWatchedBefore)
        watch();
    thread->quit();
    QVERIFY(thread->wait());
    thread.reset();
    QVERIFY(!job.thread());
    if (!isWatchedBefore)
        watch();
    scope.cancel();
    QCOMPARE(job.aborts, 1);
    QCOMPARE(calls, 1);
}

static QStringList s_messages;

// A1
void tst_QTimeoutScopeWatch::saysOnceOfEachClassThatItCannotBeAborted()
{
    s_messages.clear();
    const QtMessageHandler before = qInstallMessageHandler(
            [](QtMsgType, const QMessageLogContext &, const QString &text) { s_messages += text; });
    const auto restore = qScopeGuard([before] { qInstallMessageHandler(before); });
    Mute mute;
    Mute other;
    MuteToo third;
    Job job;
    Upload upload;
    QTimer timer;
    QTimeoutScope scope(1h);
    scope.watch(&job);
    scope.watch(&upload);
    scope.watch(&mute, [] {});
    scope.watch(static_cast<QObject *>(&job));
    QCOMPARE(s_messages, QStringList());
    scope.watch(&mute);
    QCOMPARE(s_messages.size(), 1);
    QVERIFY(s_messages.constFirst().startsWith("QTimeoutScope::watch: Mute has none of abort()"));
    scope.watch(&mute);
    scope.watch(&other);
    scope.watch(static_cast<QObject *>(&other));
    QCOMPARE(s_messages.size(), 1);
    scope.watch(static_cast<QObject *>(&third));
    QCOMPARE(s_messages.size(), 2);
    scope.watch(&timer);
    QCOMPARE(s_messages.size(), 3);
    QVERIFY(s_messages.constLast().startsWith("QTimeoutScope::watch: QTimer has none of abort()"));
    scope.cancel();
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeWatch)

#include "tst_qtimeoutscope_watch.moc"
