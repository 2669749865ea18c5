// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>
#include <QtTest/QSignalSpy>

#include <algorithm>
#include <limits>
#include <type_traits>

using namespace std::chrono_literals;
using State = QTimeoutScope::State;
using std::chrono::nanoseconds;

Q_DECLARE_METATYPE(std::chrono::milliseconds)
Q_DECLARE_METATYPE(std::chrono::nanoseconds)

static constexpr QTimeoutScope::State AllStates[] = {QTimeoutScope::Inactive, QTimeoutScope::Active,
                                                     QTimeoutScope::Expired,
                                                     QTimeoutScope::Cancelled,
                                                     QTimeoutScope::Finished};

class tst_QTimeoutScope : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void constructedInactive();
    void constructedActive();
    void constructorsAreExplicit();
    void constructedFromForever();
    void start_data() { addStates(); }
    void start();
    void startOnActiveChangesNothing();
    void startOnActiveNamesScope();
    void endsOncePerStart_data();
    void endsOncePerStart();
    void reschedule_data() { addStates(); }
    void reschedule();
    void rescheduleEarlierAndLater();
    void rescheduleToForever();
    void shift_data() { addStates(); }
    void shift();
    void shiftNeedsDeadline();
    void shiftSaturates_data();
    void shiftSaturates();
    void shiftIntoPast();
    void shiftKeepsTimerType();
    void reject_data() { addStates(); }
    void reject();
    void rejectedCanBeRescheduled();
    void cancel_data() { addStates(); }
    void cancel();
    void finish_data() { addStates(); }
    void finish();
    void deadlineKinds_data();
    void deadlineKinds();
    void minusOneIsForever();
    void deadlineIsKeptAfterEnd();
    void deadlineOfNeverStartedIsForever();
    void remainingTimeIsNeverNegative();
    void propertiesNotify();
    void deadlineChangedIsEmitted();

    void slotsConnectAsTheyStand();
    void stringBasedConnections();
    void invokedByName();
    void queuedInvocation();
    void queuedInvocationByName();

    void pastDoesNotExpireInsideCall_data();
    void pastDoesNotExpireInsideCall();
    void pastExpiresOnNextTurn_data();
    void pastExpiresOnNextTurn();
    void expiresExactlyAtDeadlineOfTestClock();
    void neverEarlyAndNotTooLate_data();
    void neverEarlyAndNotTooLate();
    void coarseDoesNotDelayPrecise();

    void hugeDurationsAreForever_data();
    void hugeDurationsAreForever();
    void hugeNegativeDurationsArePast();

    void blockPastDeadlineIsNotTimedOut();
    void throwIfAbortedOnPassedDeadline();
    void throwIfAbortedBeforeDeadline();
    void throwIfAborted_data() { addStates(); }
    void throwIfAborted();
    void throwIfAbortedAbortsWork();
    void throwIfAbortedWhenSlotDeletesScope();

    void stopTokenOnAbort_data();
    void stopTokenOnAbort();
    void stopTokenAfterEnd();
    void stopTokenBelongsToLife();
    void stopTokenOfInactiveIsThatOfNextLife();
    void stopTokenOutlivesScope();

    void unnoticedExpiryIsLogged();
    void noticedExpiryIsNotLogged_data();
    void noticedExpiryIsNotLogged();

    void debugOutput();
    void debugOutputOfNull();
    void debugOutputRestoresFormat();

private:
    void addStates();
    void bring(QTimeoutScope *scope, State state);
};

void tst_QTimeoutScope::addStates()
{
    QTest::addColumn<QTimeoutScope::State>("state");
    for (const State state : AllStates)
        QTest::newRow(QMetaEnum::fromType<State>().valueToKey(state)) << state;
}

// To the state, with a deadline of one hour if active.
void tst_QTimeoutScope::bring(QTimeoutScope *scope, State state)
{
    if (state == QTimeoutScope::Inactive)
        return;
    QVERIFY(scope->start(1h));
    scope->stopToken(); // makes use of it, so that nothing is logged
    switch (state) {
    case QTimeoutScope::Expired:
        QVERIFY(scope->reschedule(-1h));
        QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope->throwIfAborted());
        break;
    case QTimeoutScope::Cancelled:
        scope->cancel();
        break;
    case QTimeoutScope::Finished:
        scope->finish();
        break;
    default:
        break;
    }
    QCOMPARE(scope->state(), state);
}

void tst_QTimeoutScope::constructedInactive()
{
    QObject parent;
    auto *scope = new QTimeoutScope(&parent);
    QCOMPARE(scope->parent(), &parent);
    QCOMPARE(scope->state(), QTimeoutScope::Inactive);
    QVERIFY(!scope->isActive());
    QVERIFY(!scope->hasExpired());
    QVERIFY(!scope->isCancelled());
    QVERIFY(!scope->enclosingScope());
    QVERIFY(scope->deadline().isForever());
}

void tst_QTimeoutScope::constructedActive()
{
    QTimeoutTestClock clock;
    QObject parent;
    auto *scope = new QTimeoutScope(1500ms, &parent);
    QCOMPARE(scope->parent(), &parent);
    QCOMPARE(scope->state(), QTimeoutScope::Active);
    QVERIFY(scope->isActive());
    QCOMPARE(scope->remainingTime(), nanoseconds(1500ms));
}

void tst_QTimeoutScope::constructorsAreExplicit()
{
    static_assert(!std::is_convertible_v<QObject *, QTimeoutScope>);
    static_assert(!std::is_convertible_v<std::chrono::milliseconds, QTimeoutScope>);
    static_assert(!std::is_constructible_v<QTimeoutScope, int>);
    static_assert(!std::is_copy_constructible_v<QTimeoutScope>);
    QVERIFY((std::is_constructible_v<QTimeoutScope, std::chrono::milliseconds>));
}

// An unscoped enumerator prefers the constructor from int, which is deleted.
void tst_QTimeoutScope::constructedFromForever()
{
    QVERIFY((std::is_constructible_v<QTimeoutScope, QDeadlineTimer::ForeverConstant>));
    QVERIFY((std::is_constructible_v<QTimeoutScope, QDeadlineTimer::ForeverConstant, QObject *>));
    QVERIFY((std::is_constructible_v<QTimeoutScope, QDeadlineTimer>));
}

void tst_QTimeoutScope::start()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    bring(&scope, state);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);

    if (state == QTimeoutScope::Active) {
        expectWarning("start", &scope,
                      " is Active already. Use reschedule() to change its deadline.");
        QVERIFY(!scope.start(10ms));
        QCOMPARE(states.count(), 0);
        QCOMPARE(scope.remainingTime(), nanoseconds(1h));
        return;
    }
    QVERIFY(scope.start(10ms));
    QCOMPARE(scope.state(), QTimeoutScope::Active);
    QCOMPARE(states.count(), 1);
    QCOMPARE(states.at(0).at(0).value<State>(), QTimeoutScope::Active);
    QCOMPARE(scope.remainingTime(), nanoseconds(10ms));
    clock.advance(10ms);
    QCOMPARE(scope.state(), QTimeoutScope::Expired);
    QCOMPARE(expired.count(), 1);
}

void tst_QTimeoutScope::startOnActiveChangesNothing()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(20ms);
    Job job;
    scope.watch(&job);
    expectWarning("start", &scope, " is Active already. Use reschedule() to change its deadline.");
    QVERIFY(!scope.start(QDeadlineTimer::Forever));
    clock.advance(20ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScope::startOnActiveNamesScope()
{
    QTimeoutScope scope(1h);
    scope.setObjectName(QStringLiteral("login"));
    expectWarning("start", &scope, " is Active already. Use reschedule() to change its deadline.");
    QVERIFY(described(&scope).contains("\"login\""));
    QVERIFY(!scope.start(1ms));
}

void tst_QTimeoutScope::endsOncePerStart_data()
{
    QTest::addColumn<QTimeoutScope::State>("first");
    for (const State state :
         {QTimeoutScope::Expired, QTimeoutScope::Cancelled, QTimeoutScope::Finished})
        QTest::newRow(QMetaEnum::fromType<State>().valueToKey(state)) << state;
}

void tst_QTimeoutScope::endsOncePerStart()
{
    QFETCH(QTimeoutScope::State, first);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QSignalSpy cancelled(&scope, &QTimeoutScope::cancelled);
    QSignalSpy finished(&scope, &QTimeoutScope::finished);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);

    for (qsizetype life = 1; life <= 3; ++life) {
        QVERIFY(scope.start(10ms));
        if (first == QTimeoutScope::Cancelled)
            scope.cancel();
        else if (first == QTimeoutScope::Finished)
            scope.finish();
        clock.advance(1h);
        scope.cancel();
        scope.finish();
        clock.advance(1h);
        QCOMPARE(scope.state(), first);
        QCOMPARE(expired.count(), first == QTimeoutScope::Expired ? life : 0);
        QCOMPARE(cancelled.count(), first == QTimeoutScope::Cancelled ? life : 0);
        QCOMPARE(finished.count(), first == QTimeoutScope::Finished ? life : 0);
        QCOMPARE(states.count(), 2 * life);
    }
}

void tst_QTimeoutScope::reschedule()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    bring(&scope, state);
    const nanoseconds before = scope.remainingTime();
    QSignalSpy deadlineChanged(&scope, &QTimeoutScope::deadlineChanged);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);

    const bool active = state == QTimeoutScope::Active;
    if (!active)
        expectNotActiveWarning("reschedule", &scope);
    QCOMPARE(scope.reschedule(30ms), active);
    QCOMPARE(deadlineChanged.count(), active ? 1 : 0);
    QCOMPARE(scope.remainingTime(), active ? nanoseconds(30ms) : before);
    QCOMPARE(scope.state(), state);
    QCOMPARE(states.count(), 0);
    clock.advance(30ms);
    QCOMPARE(scope.state(), active ? QTimeoutScope::Expired : state);
}

void tst_QTimeoutScope::rescheduleEarlierAndLater()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(100ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    clock.advance(90ms);
    QVERIFY(scope.reschedule(100ms));
    clock.advance(99ms);
    QCOMPARE(expired.count(), 0);
    QVERIFY(scope.reschedule(5ms));
    clock.advance(4ms);
    QCOMPARE(expired.count(), 0);
    clock.advance(1ms);
    QCOMPARE(expired.count(), 1);
}

void tst_QTimeoutScope::rescheduleToForever()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(100ms);
    QVERIFY(scope.reschedule(QDeadlineTimer::Forever));
    QVERIFY(scope.deadline().isForever());
    QCOMPARE(scope.remainingTime(), nanoseconds::max());
    clock.advance(24h);
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScope::shift()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    bring(&scope, state);
    const nanoseconds before = scope.remainingTime();
    QSignalSpy deadlineChanged(&scope, &QTimeoutScope::deadlineChanged);

    const bool active = state == QTimeoutScope::Active;
    for (const std::chrono::milliseconds by : {5s, -5s}) {
        if (!active)
            expectNotActiveWarning("shift", &scope);
        QCOMPARE(scope.shift(by), active);
        if (active)
            QCOMPARE(scope.remainingTime(), by > 0ms ? before + by : before);
        else
            QCOMPARE(scope.remainingTime(), before);
    }
    QCOMPARE(deadlineChanged.count(), active ? 2 : 0);
    QCOMPARE(scope.state(), state);
}

void tst_QTimeoutScope::shiftNeedsDeadline()
{
    QTimeoutScope scope{QDeadlineTimer(QDeadlineTimer::Forever)};
    QSignalSpy deadlineChanged(&scope, &QTimeoutScope::deadlineChanged);
    expectWarning("shift", &scope, " has no deadline to move. Use reschedule() to set one.");
    QVERIFY(!scope.shift(1s));
    QVERIFY(scope.deadline().isForever());
    QCOMPARE(deadlineChanged.count(), 0);
}

void tst_QTimeoutScope::shiftSaturates_data()
{
    QTest::addColumn<std::chrono::milliseconds>("by");
    QTest::addColumn<bool>("never");
    QTest::newRow("latest") << std::chrono::milliseconds::max() << true;
    QTest::newRow("too late by little")
            << std::chrono::milliseconds(std::numeric_limits<qint64>::max() / 1000000) << true;
    QTest::newRow("earliest") << std::chrono::milliseconds::min() << false;
    QTest::newRow("too early by little")
            << std::chrono::milliseconds(std::numeric_limits<qint64>::min() / 1000000) << false;
}

void tst_QTimeoutScope::shiftSaturates()
{
    QFETCH(std::chrono::milliseconds, by);
    QFETCH(bool, never);
    QTimeoutTestClock clock;
    QTimeoutScope scope(1h);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QVERIFY(scope.shift(by));
    QVERIFY(scope.isActive());
    QCOMPARE(scope.deadline().isForever(), never);
    QCOMPARE(scope.remainingTime(), never ? nanoseconds::max() : 0ns);
    if (!never && scope.isActive()) {
        QVERIFY(scope.shift(by));
        QCOMPARE(scope.remainingTime(), 0ns);
    }
    clock.advance(never ? nanoseconds(24h) : 0ns);
    QCOMPARE(scope.isActive(), never);
    QCOMPARE(expired.count(), never ? 0 : 1);
}

void tst_QTimeoutScope::shiftIntoPast()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10s);
    Job job;
    scope.watch(&job);
    QVERIFY(scope.shift(-20s));
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 0);
    clock.advance(0ns);
    QVERIFY(scope.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScope::shiftKeepsTimerType()
{
    QTimeoutScope scope(QDeadlineTimer(60000, Qt::PreciseTimer));
    const qint64 before = scope.deadline().deadlineNSecs();
    QVERIFY(scope.shift(1500ms));
    QCOMPARE(scope.deadline().timerType(), Qt::PreciseTimer);
    QCOMPARE(scope.deadline().deadlineNSecs() - before, 1'500'000'000);
}

void tst_QTimeoutScope::reject()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    bring(&scope, state);
    const nanoseconds before = scope.remainingTime();
    QSignalSpy deadlineChanged(&scope, &QTimeoutScope::deadlineChanged);

    const bool active = state == QTimeoutScope::Active;
    if (!active)
        expectNotActiveWarning("reject", &scope);
    scope.reject();
    QCOMPARE(scope.state(), state);
    QCOMPARE(scope.remainingTime(), active ? nanoseconds::max() : before);
    QCOMPARE(deadlineChanged.count(), active ? 1 : 0);
}

void tst_QTimeoutScope::rejectedCanBeRescheduled()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(10ms);
    Job job;
    scope.watch(&job);
    scope.reject();
    clock.advance(1h);
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 0);
    QVERIFY(scope.reschedule(10ms));
    clock.advance(10ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScope::cancel()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutScope scope;
    bring(&scope, state);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);
    QSignalSpy cancelled(&scope, &QTimeoutScope::cancelled);
    const bool active = state == QTimeoutScope::Active;
    scope.cancel();
    QCOMPARE(scope.state(), active ? QTimeoutScope::Cancelled : state);
    QCOMPARE(states.count(), active ? 1 : 0);
    QCOMPARE(cancelled.count(), active ? 1 : 0);
    QCOMPARE(scope.isCancelled(), scope.state() == QTimeoutScope::Cancelled);
}

void tst_QTimeoutScope::finish()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutScope scope;
    bring(&scope, state);
    QSignalSpy states(&scope, &QTimeoutScope::stateChanged);
    QSignalSpy finished(&scope, &QTimeoutScope::finished);
    const bool active = state == QTimeoutScope::Active;
    scope.finish();
    QCOMPARE(scope.state(), active ? QTimeoutScope::Finished : state);
    QCOMPARE(states.count(), active ? 1 : 0);
    QCOMPARE(finished.count(), active ? 1 : 0);
}

void tst_QTimeoutScope::deadlineKinds_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<Qt::TimerType>("type");
    QTest::newRow("duration") << 0 << Qt::CoarseTimer;
    QTest::newRow("int") << 1 << Qt::CoarseTimer;
    QTest::newRow("time point") << 2 << Qt::CoarseTimer;
    QTest::newRow("precise QDeadlineTimer") << 3 << Qt::PreciseTimer;
    QTest::newRow("coarse QDeadlineTimer") << 3 << Qt::CoarseTimer;
    QTest::newRow("very coarse QDeadlineTimer") << 3 << Qt::VeryCoarseTimer;
    QTest::newRow("double duration") << 4 << Qt::CoarseTimer;
}

void tst_QTimeoutScope::deadlineKinds()
{
    QFETCH(int, kind);
    QFETCH(Qt::TimerType, type);
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    switch (kind) {
    case 0:
        QVERIFY(scope.start(1h));
        break;
    case 1:
        QVERIFY(scope.start(3'600'000));
        break;
    case 2:
        QVERIFY(scope.start(std::chrono::steady_clock::now() + 1h));
        break;
    case 3:
        QVERIFY(scope.start(QDeadlineTimer(3'600'000, type)));
        break;
    case 4:
        QVERIFY(scope.start(std::chrono::duration<double>(3600.0)));
        break;
    }
    QCOMPARE(scope.deadline().timerType(), type);
    // A point in time counts as what remains of it at the call, and a machine may be slow.
    QVERIFY2(scope.remainingTime() <= 1h && scope.remainingTime() > 50min,
             qPrintable(QString::number(scope.remainingTime().count())));
    clock.advance(50min);
    QVERIFY(scope.isActive());
    clock.advance(10min);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutScope::minusOneIsForever()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    QVERIFY(scope.start(-1));
    QVERIFY(scope.deadline().isForever());
    clock.advance(24h);
    QVERIFY(scope.isActive());
    QVERIFY(scope.reschedule(-2));
    QVERIFY(scope.isActive());
    clock.advance(0ns);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutScope::deadlineIsKeptAfterEnd()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(100ms);
    scope.stopToken();
    clock.advance(30ms);
    scope.cancel();
    QCOMPARE(scope.remainingTime(), nanoseconds(70ms));
    QVERIFY(!scope.deadline().isForever());
    clock.advance(100ms);
    QVERIFY(scope.deadline().hasExpired());
}

void tst_QTimeoutScope::deadlineOfNeverStartedIsForever()
{
    QTimeoutScope scope;
    QVERIFY(scope.deadline().isForever());
    QVERIFY(scope.effectiveDeadline().isForever());
    QCOMPARE(scope.remainingTime(), nanoseconds::max());
}

void tst_QTimeoutScope::remainingTimeIsNeverNegative()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(-5s);
    QCOMPARE(scope.remainingTime(), 0ns);
    scope.stopToken();
    clock.advance(5s);
    QVERIFY(scope.hasExpired());
    QCOMPARE(scope.remainingTime(), 0ns);
}

void tst_QTimeoutScope::propertiesNotify()
{
    const QMetaObject &metaObject = QTimeoutScope::staticMetaObject;
    const QMetaProperty state = metaObject.property(metaObject.indexOfProperty("state"));
    const QMetaProperty deadline = metaObject.property(metaObject.indexOfProperty("deadline"));
    QVERIFY(state.hasNotifySignal());
    QVERIFY(deadline.hasNotifySignal());
    QVERIFY(!state.isWritable());
    QVERIFY(!deadline.isWritable());
    QTimeoutScope scope(1h);
    QCOMPARE(scope.property("state").value<State>(), QTimeoutScope::Active);
    QCOMPARE(scope.property("deadline").value<QDeadlineTimer>(), scope.deadline());
}

void tst_QTimeoutScope::deadlineChangedIsEmitted()
{
    QTimeoutScope scope;
    Log log;
    log.watch(&scope, QStringLiteral("s"));
    connect(&scope, &QTimeoutScope::deadlineChanged, &scope,
            [&] { log.add(QStringLiteral("deadline")); });
    scope.start(1h);
    scope.reschedule(2h);
    scope.shift(1h);
    scope.reject();
    scope.finish();
    QCOMPARE(log.text(),
             QStringLiteral(
                     "s Active, deadline, deadline, deadline, deadline, s Finished, s finished"));
}

void tst_QTimeoutScope::slotsConnectAsTheyStand()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    Knob start;
    Knob knob;
    Knob more;
    Knob reject;
    Knob cancel;
    connect(&start, &Knob::deadlineChosen, &scope, &QTimeoutScope::start);
    connect(&knob, &Knob::valueChanged, &scope, &QTimeoutScope::reschedule);
    connect(&more, &Knob::moreTime, &scope, &QTimeoutScope::shift);
    connect(&reject, &Knob::triggered, &scope, &QTimeoutScope::reject);
    connect(&cancel, &Knob::triggered, &scope, &QTimeoutScope::cancel);

    Q_EMIT start.deadlineChosen(QDeadlineTimer(5000, Qt::PreciseTimer));
    QVERIFY(scope.isActive());
    Q_EMIT knob.valueChanged(1500);
    QCOMPARE(scope.remainingTime(), nanoseconds(1500ms));
    Q_EMIT more.moreTime(500ms);
    QCOMPARE(scope.remainingTime(), nanoseconds(2s));
    Q_EMIT reject.triggered();
    QCOMPARE(scope.remainingTime(), nanoseconds::max());
    Q_EMIT cancel.triggered();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScope::stringBasedConnections()
{
    QTimeoutScope scope(1h);
    QTimeoutScope other(1h);
    Knob knob;
    QVERIFY(connect(&knob, SIGNAL(triggered()), &scope, SLOT(reject())));
    QVERIFY(connect(&knob, SIGNAL(triggered()), &scope, SLOT(finish())));
    QVERIFY(connect(&scope, SIGNAL(finished()), &other, SLOT(cancel())));
    QVERIFY(connect(&knob, SIGNAL(moreTime(std::chrono::milliseconds)), &scope,
                    SLOT(shift(std::chrono::milliseconds))));
    QSignalSpy deadlineChanged(&scope, SIGNAL(deadlineChanged()));
    QSignalSpy states(&scope, SIGNAL(stateChanged(QTimeoutScope::State)));
    Q_EMIT knob.moreTime(1s);
    Q_EMIT knob.triggered();
    QCOMPARE(deadlineChanged.count(), 2);
    QCOMPARE(states.count(), 1);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QCOMPARE(other.state(), QTimeoutScope::Cancelled);
}

void tst_QTimeoutScope::invokedByName()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    bool result = false;
    QVERIFY(QMetaObject::invokeMethod(&scope, "start", Qt::DirectConnection,
                                      Q_RETURN_ARG(bool, result), Q_ARG(QTimeout::Deadline, 10s)));
    QVERIFY(result);
    QVERIFY(QMetaObject::invokeMethod(&scope, "shift", Q_RETURN_ARG(bool, result),
                                      Q_ARG(std::chrono::milliseconds, 1s)));
    QCOMPARE(scope.remainingTime(), nanoseconds(11s));
    QVERIFY(QMetaObject::invokeMethod(&scope, "cancel"));
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScope::queuedInvocation()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    Knob knob;
    QMetaObject::invokeMethod(
            &scope, [&scope] { scope.start(10s); }, Qt::QueuedConnection);
    connect(&knob, &Knob::valueChanged, &scope, &QTimeoutScope::reschedule, Qt::QueuedConnection);
    connect(&knob, &Knob::triggered, &scope, &QTimeoutScope::cancel, Qt::QueuedConnection);
    QCOMPARE(scope.state(), QTimeoutScope::Inactive);
    QCoreApplication::processEvents();
    QCOMPARE(scope.remainingTime(), nanoseconds(10s));
    Q_EMIT knob.valueChanged(20000);
    QCOMPARE(scope.remainingTime(), nanoseconds(10s));
    QCoreApplication::processEvents();
    QCOMPARE(scope.remainingTime(), nanoseconds(20s));
    Q_EMIT knob.triggered();
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
}

// Nobody has to register the type of the parameter first.
void tst_QTimeoutScope::queuedInvocationByName()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    QVERIFY(QMetaObject::invokeMethod(&scope, "start", Qt::QueuedConnection,
                                      Q_ARG(QTimeout::Deadline, 10s)));
    QCoreApplication::processEvents();
    QCOMPARE(scope.remainingTime(), nanoseconds(10s));
    QVERIFY(QMetaObject::invokeMethod(&scope, "cancel", Qt::QueuedConnection));
    QVERIFY(scope.isActive());
    QCoreApplication::processEvents();
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutScope::pastDoesNotExpireInsideCall_data()
{
    QTest::addColumn<nanoseconds>("deadline");
    QTest::newRow("zero") << nanoseconds(0);
    QTest::newRow("just past") << nanoseconds(-1);
    QTest::newRow("long past") << nanoseconds(-24h);
    QTest::newRow("longest past") << nanoseconds::min();
}

void tst_QTimeoutScope::pastDoesNotExpireInsideCall()
{
    QFETCH(nanoseconds, deadline);
    Job job;
    QTimeoutScope constructed(deadline);
    QVERIFY(constructed.isActive());
    constructed.watch(&job);
    QTimeoutScope started;
    started.watch(&job);
    QVERIFY(started.start(deadline));
    QVERIFY(started.isActive());
    QVERIFY(started.reschedule(deadline));
    QVERIFY(started.isActive());
    QVERIFY(started.shift(-1h));
    QVERIFY(started.isActive());
    QCOMPARE(job.aborts, 0);
    constructed.unwatch(&job);
    started.unwatch(&job);
}

void tst_QTimeoutScope::pastExpiresOnNextTurn_data()
{
    pastDoesNotExpireInsideCall_data();
}

// Real time on purpose: nothing has to be waited for.
void tst_QTimeoutScope::pastExpiresOnNextTurn()
{
    QFETCH(nanoseconds, deadline);
    QTimeoutScope scope(deadline);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    QTRY_COMPARE(expired.count(), 1);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutScope::expiresExactlyAtDeadlineOfTestClock()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1500ms);
    QSignalSpy expired(&scope, &QTimeoutScope::expired);
    clock.advance(1500ms - 1ns);
    QCOMPARE(expired.count(), 0);
    clock.advance(1ns);
    QCOMPARE(expired.count(), 1);
}

void tst_QTimeoutScope::neverEarlyAndNotTooLate_data()
{
    QTest::addColumn<Qt::TimerType>("type");
    QTest::addColumn<std::chrono::milliseconds>("timeout");
    QTest::addColumn<std::chrono::milliseconds>("latest");
    // Three milliseconds for the system's own latency.
    QTest::newRow("precise") << Qt::PreciseTimer << 20ms << std::chrono::milliseconds(20 + 1 + 3);
    QTest::newRow("coarse") << Qt::CoarseTimer << 200ms << std::chrono::milliseconds(200 + 10 + 3);
    QTest::newRow("very coarse") << Qt::VeryCoarseTimer << 100ms
                                 << std::chrono::milliseconds(100 + 1000 + 3);
}

/*
    Real time, because it is about the timer of the system. It may be as late as it likes in most of
    the attempts, since the machine may be busy, but never early, and it must be in time in one.
*/
void tst_QTimeoutScope::neverEarlyAndNotTooLate()
{
    QFETCH(Qt::TimerType, type);
    QFETCH(std::chrono::milliseconds, timeout);
    QFETCH(std::chrono::milliseconds, latest);
    static constexpr int Attempts = 100;

    nanoseconds best = nanoseconds::max();
    for (int attempt = 0; attempt < Attempts && best > latest; ++attempt) {
        const auto begin = std::chrono::steady_clock::now();
        QTimeoutScope scope(QTimeout::Deadline(timeout, type));
        QSignalSpy expired(&scope, &QTimeoutScope::expired);
        nanoseconds taken{};
        connect(&scope, &QTimeoutScope::expired, &scope,
                [&] { taken = std::chrono::steady_clock::now() - begin; });
        QVERIFY(expired.wait(30000));
        QVERIFY2(taken >= timeout, qPrintable(QString::number(taken.count())));
        best = std::min(best, taken);
    }
    QVERIFY2(best <= latest, qPrintable(QString::number(best.count())));
}

// As above: real time, and one good attempt is enough.
void tst_QTimeoutScope::coarseDoesNotDelayPrecise()
{
    nanoseconds best = nanoseconds::max();
    for (int attempt = 0; attempt < 20 && best > 5ms; ++attempt) {
        QTimeoutScope veryCoarse(QTimeout::Deadline(50ms, Qt::VeryCoarseTimer));
        const auto begin = std::chrono::steady_clock::now();
        QTimeoutScope precise(QTimeout::Deadline(60ms, Qt::PreciseTimer));
        QSignalSpy expired(&precise, &QTimeoutScope::expired);
        nanoseconds late{};
        connect(&precise, &QTimeoutScope::expired, &precise,
                [&] { late = std::chrono::steady_clock::now() - begin - 60ms; });
        QVERIFY(expired.wait(30000));
        QVERIFY(late >= 0ns);
        best = std::min(best, late);
        QVERIFY(veryCoarse.hasExpired()); // shares the wake-up, and comes first
    }
    QVERIFY2(best <= 5ms, qPrintable(QString::number(best.count())));
}

void tst_QTimeoutScope::hugeDurationsAreForever_data()
{
    QTest::addColumn<QTimeoutScope *>("scope");
    QTest::newRow("hours") << new QTimeoutScope(std::chrono::hours::max());
    QTest::newRow("milliseconds") << new QTimeoutScope(std::chrono::milliseconds::max());
    QTest::newRow("nanoseconds") << new QTimeoutScope(nanoseconds::max());
    QTest::newRow("nearly all nanoseconds") << new QTimeoutScope(nanoseconds::max() - 1ns);
    QTest::newRow("double") << new QTimeoutScope(std::chrono::duration<double>(1e300));
    QTest::newRow("infinity") << new QTimeoutScope(
            std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
    QTest::newRow("time point") << new QTimeoutScope(std::chrono::steady_clock::time_point::max());
    QTest::newRow("QDeadlineTimer") << new QTimeoutScope(QDeadlineTimer(QDeadlineTimer::Forever));
}

void tst_QTimeoutScope::hugeDurationsAreForever()
{
    QFETCH(QTimeoutScope *, scope);
    QVERIFY(scope->isActive());
    QVERIFY(scope->deadline().isForever());
    QCOMPARE(scope->remainingTime(), nanoseconds::max());
    scope->stopToken();
    QCoreApplication::processEvents();
    QVERIFY(scope->isActive());
    QVERIFY(scope->reschedule(1s));
    QVERIFY(!scope->deadline().isForever());
    delete scope;
}

void tst_QTimeoutScope::hugeNegativeDurationsArePast()
{
    QTimeoutTestClock clock;
    QTimeoutScope hours(std::chrono::hours::min());
    QTimeoutScope seconds(std::chrono::duration<double>(-1e300));
    QTimeoutScope timePoint(std::chrono::steady_clock::time_point::min());
    for (QTimeoutScope *scope : {&hours, &seconds, &timePoint}) {
        scope->stopToken();
        QVERIFY(scope->isActive());
        QCOMPARE(scope->remainingTime(), 0ns);
    }
    clock.advance(0ns);
    for (QTimeoutScope *scope : {&hours, &seconds, &timePoint})
        QVERIFY(scope->hasExpired());
}

// Real time: the thread is busy, and the deadline of a millisecond passes meanwhile.
void tst_QTimeoutScope::blockPastDeadlineIsNotTimedOut()
{
    QTimeoutScope scope(1ms);
    Job job;
    scope.watch(&job);
    while (scope.remainingTime() > 0ns)
        QThread::usleep(100);
    QVERIFY(scope.deadline().hasExpired());
    QVERIFY(scope.isActive());
    QCOMPARE(job.aborts, 0);
    scope.finish();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScope::throwIfAbortedOnPassedDeadline()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(0ms);
    Log log;
    log.watch(&scope, QStringLiteral("s"));
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope.throwIfAborted());
    QCOMPARE(log.text(), QStringLiteral("s Expired, s expired"));
    clock.advance(1s);
    QCOMPARE(log.entries.size(), 2);
}

void tst_QTimeoutScope::throwIfAbortedBeforeDeadline()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1ns);
    scope.throwIfAborted();
    QVERIFY(scope.isActive());
}

void tst_QTimeoutScope::throwIfAborted()
{
    QFETCH(QTimeoutScope::State, state);
    QTimeoutScope scope;
    bring(&scope, state);
    if (state == QTimeoutScope::Expired)
        QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope.throwIfAborted());
    else if (state == QTimeoutScope::Cancelled)
        QVERIFY_THROWS_EXCEPTION(QTimeoutCancelled, scope.throwIfAborted());
    else
        scope.throwIfAborted();
    QCOMPARE(scope.state(), state);
}

void tst_QTimeoutScope::throwIfAbortedAbortsWork()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(0ms);
    Job job;
    scope.watch(&job);
    const std::stop_token token = scope.stopToken();
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope.throwIfAborted());
    QCOMPARE(job.aborts, 1);
    QVERIFY(token.stop_requested());
}

void tst_QTimeoutScope::throwIfAbortedWhenSlotDeletesScope()
{
    QTimeoutTestClock clock;
    auto *scope = new QTimeoutScope(0ms);
    Job job;
    scope->watch(&job);
    connect(scope, &QTimeoutScope::expired, &job, [scope] { delete scope; });
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, scope->throwIfAborted());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScope::stopTokenOnAbort_data()
{
    QTest::addColumn<QTimeoutScope::State>("end");
    QTest::addColumn<bool>("requested");
    QTest::newRow("expired") << QTimeoutScope::Expired << true;
    QTest::newRow("cancelled") << QTimeoutScope::Cancelled << true;
    QTest::newRow("finished") << QTimeoutScope::Finished << false;
}

void tst_QTimeoutScope::stopTokenOnAbort()
{
    QFETCH(QTimeoutScope::State, end);
    QFETCH(bool, requested);
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    const std::stop_token token = scope.stopToken();
    QVERIFY(token.stop_possible());
    QVERIFY(!token.stop_requested());
    bool inSignal = true;
    connect(&scope, &QTimeoutScope::stateChanged, &scope,
            [&] { inSignal = token.stop_requested(); });
    if (end == QTimeoutScope::Expired)
        clock.advance(1s);
    else if (end == QTimeoutScope::Cancelled)
        scope.cancel();
    else
        scope.finish();
    QCOMPARE(scope.state(), end);
    QVERIFY(!inSignal);
    QCOMPARE(token.stop_requested(), requested);
}

void tst_QTimeoutScope::stopTokenAfterEnd()
{
    QTimeoutScope cancelled(1h);
    cancelled.cancel();
    QVERIFY(cancelled.stopToken().stop_requested());
    QTimeoutScope finished(1h);
    finished.finish();
    QVERIFY(!finished.stopToken().stop_requested());
}

void tst_QTimeoutScope::stopTokenBelongsToLife()
{
    QTimeoutScope scope(1h);
    const std::stop_token first = scope.stopToken();
    scope.finish();
    QVERIFY(scope.start(1h));
    const std::stop_token second = scope.stopToken();
    QVERIFY(first != second);
    scope.cancel();
    QVERIFY(!first.stop_requested());
    QVERIFY(second.stop_requested());
    QVERIFY(scope.start(1h));
    QVERIFY(!scope.stopToken().stop_requested());
}

void tst_QTimeoutScope::stopTokenOfInactiveIsThatOfNextLife()
{
    QTimeoutScope scope;
    const std::stop_token token = scope.stopToken();
    QVERIFY(scope.start(1h));
    QVERIFY(token == scope.stopToken());
    scope.cancel();
    QVERIFY(token.stop_requested());
}

void tst_QTimeoutScope::stopTokenOutlivesScope()
{
    std::stop_token active;
    std::stop_token finished;
    {
        QTimeoutScope first(1h);
        active = first.stopToken();
        QTimeoutScope second(1h);
        finished = second.stopToken();
        second.finish();
    }
    QVERIFY(active.stop_requested());
    QVERIFY(!finished.stop_requested());
}

void tst_QTimeoutScope::unnoticedExpiryIsLogged()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    scope.setObjectName(QStringLiteral("forgotten"));
    const QByteArray text = "QTimeoutScope: " + described(&scope)
            + " has expired without ever having had work or a receiver. Pass the work to run() or watch(), give the "
              "scope to a coroutine, or connect expired().";
    QTest::ignoreMessage(QtInfoMsg, text.constData());
    clock.advance(1s);
    QVERIFY(scope.hasExpired());
}

static qsizetype s_infos = 0;

static void countInfos(QtMsgType type, const QMessageLogContext &, const QString &)
{
    if (type == QtInfoMsg)
        ++s_infos;
}

void tst_QTimeoutScope::noticedExpiryIsNotLogged_data()
{
    QTest::addColumn<int>("use");
    QTest::addColumn<bool>("logged");
    QTest::newRow("none") << 0 << true;
    QTest::newRow("watch") << 1 << false;
    QTest::newRow("watched work that has ended") << 2 << false;
    QTest::newRow("expired connected") << 3 << false;
    QTest::newRow("stateChanged connected") << 4 << false;
    QTest::newRow("stop token") << 5 << false;
    QTest::newRow("throwIfAborted") << 6 << false;
    QTest::newRow("nested scope") << 7 << false;
}

void tst_QTimeoutScope::noticedExpiryIsNotLogged()
{
    QFETCH(int, use);
    QFETCH(bool, logged);
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    Job job;
    QTimeoutScope nested;
    switch (use) {
    case 1:
        scope.watch(&job);
        break;
    case 2:
        (void)scope.run(&job, &Job::finished);
        Q_EMIT job.finished();
        break;
    case 3:
        connect(&scope, &QTimeoutScope::expired, &job, &Job::abort);
        break;
    case 4:
        connect(&scope, &QTimeoutScope::stateChanged, &job, &Job::abort);
        break;
    case 5:
        scope.stopToken();
        break;
    case 6:
        scope.throwIfAborted();
        break;
    case 7:
        nested.setParent(&scope);
        nested.stopToken();
        nested.start(1h);
        break;
    }
    s_infos = 0;
    const QtMessageHandler previous = qInstallMessageHandler(countInfos);
    clock.advance(1s);
    qInstallMessageHandler(previous);
    QVERIFY(scope.hasExpired());
    QCOMPARE(s_infos, logged ? 1 : 0);
    nested.setParent(nullptr);
}

void tst_QTimeoutScope::debugOutput()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope;
    const auto text = [&scope] {
        QString result;
        QDebug(&result) << &scope;
        return result.trimmed();
    };
    const QString head = QStringLiteral("QTimeoutScope(0x%1").arg(quintptr(&scope), 0, 16);
    QCOMPARE(text(), head + QStringLiteral(", Inactive)"));
    scope.setObjectName(QStringLiteral("login"));
    const QString named = head + QStringLiteral(", name = \"login\"");
    scope.start(1500ms);
    QCOMPARE(text(), named + QStringLiteral(", Active, 1500 ms left)"));
    clock.advance(1ns);
    QCOMPARE(text(), named + QStringLiteral(", Active, 1500 ms left)"));
    scope.reject();
    QCOMPARE(text(), named + QStringLiteral(", Active, no deadline)"));
    scope.cancel();
    QCOMPARE(text(), named + QStringLiteral(", Cancelled)"));
}

void tst_QTimeoutScope::debugOutputOfNull()
{
    QString text;
    QDebug(&text) << static_cast<const QTimeoutScope *>(nullptr);
    QCOMPARE(text.trimmed(), QStringLiteral("QTimeoutScope(0x0)"));
}

void tst_QTimeoutScope::debugOutputRestoresFormat()
{
    QTimeoutScope scope;
    QString text;
    QDebug(&text) << &scope << QStringLiteral("quoted") << 1;
    QVERIFY2(text.contains(QLatin1String(" \"quoted\" 1")), qPrintable(text));
}

QTEST_GUILESS_MAIN(tst_QTimeoutScope)

#include "tst_qtimeoutscope.moc"
