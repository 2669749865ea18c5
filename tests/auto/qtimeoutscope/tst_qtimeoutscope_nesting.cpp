// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtTest/QSignalSpy>

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/*
    S10: a scope whose QObject parent is a scope is nested in it.
*/
class tst_QTimeoutScopeNesting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnAnyWarning(); }

    void enclosingScopeIsParent();
    void enclosingScopeOfOtherParent();
    void grandchildThroughPlainObjectIsNotNested();
    void outerCancelCancelsInner();
    void outerExpiryCancelsInner();
    void innerWhoseDeadlinePassedExpiresWithOuter();
    void innerExpiryLeavesOuter();
    void innerCancelLeavesOuter();
    void deepNestingEndsOuterToInner();
    void siblingsInOrderOfTheirStart();
    void endedInnerIsNotEndedAgain();
    void inactiveInnerIsNotTouched();

    void effectiveDeadlineIsEarliest();
    void effectiveDeadlineFollowsReschedule();
    void effectiveDeadlineAfterOuterHasEnded();
    void effectiveDeadlineOfInactiveInner();
    void remainingTimeIsOfEffectiveDeadline();

    void startUnderActiveParent();
    void startUnderInactiveMiddle();
    void outerStartedAfterInner();
    void outerStartedAfterInnerOfInactiveMiddle();
    void outerRestartedTakesRunningInner();
    void innerRestarted();
    void middleRestarted();
    void outerFinishHandsInnerToNextOuter();
    void outerFinishLeavesInnerAlone();
    void setParentNests();
    void setParentToNullUnnests();
    void setParentMovesBetweenScopes();
    void setParentToInactiveMiddleNestsInOuter();
    void setParentFromInactiveMiddleUnnests();
    void inactiveMiddleIsPutUnderOuter();
    void inactiveMiddleIsTakenFromOuter();
    void setParentOfEndedScopeForgetsOuter();

    void destructorOfOuterCancelsInner();
    void outerDestroyedBeforeForeignInner();
    void throwIfAbortedLetsOuterExpire();
    void throwIfAbortedOfOuterLeavesInner();
    void innerAboutToFinishIsFinishedWithOuter();
};

static const QString Outer = QStringLiteral("outer");
static const QString Middle = QStringLiteral("middle");
static const QString Inner = QStringLiteral("inner");

void tst_QTimeoutScopeNesting::enclosingScopeIsParent()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    QCOMPARE(inner.enclosingScope(), &outer);
    QVERIFY(!outer.enclosingScope());
}

void tst_QTimeoutScopeNesting::enclosingScopeOfOtherParent()
{
    QObject parent;
    QTimeoutScope scope(1h, &parent);
    QVERIFY(!scope.enclosingScope());
    scope.setParent(nullptr);
}

void tst_QTimeoutScopeNesting::grandchildThroughPlainObjectIsNotNested()
{
    QTimeoutScope outer(1h);
    auto *object = new QObject(&outer);
    auto *inner = new QTimeoutScope(1h, object);
    QVERIFY(!inner->enclosingScope());
    outer.cancel();
    QVERIFY(inner->isActive());
}

void tst_QTimeoutScopeNesting::outerCancelCancelsInner()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    Job outerJob;
    Job innerJob;
    outer.watch(&outerJob);
    inner.watch(&innerJob);
    Log log;
    log.watch(&outer, Outer);
    log.watch(&inner, Inner);
    outerJob.onAbort = [&] { log.add(QStringLiteral("outer aborted")); };
    innerJob.onAbort = [&] { log.add(QStringLiteral("inner aborted")); };
    outer.cancel();
    QCOMPARE(
            log.text(),
            QStringLiteral(
                    "outer Cancelled, outer cancelled, inner Cancelled, inner cancelled, inner aborted, "
                    "outer aborted"));
}

void tst_QTimeoutScopeNesting::outerExpiryCancelsInner()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1s);
    QTimeoutScope inner(2s, &outer);
    Job job;
    inner.watch(&job);
    clock.advance(1s);
    QVERIFY(outer.hasExpired());
    QVERIFY(inner.isCancelled());
    QVERIFY(!inner.hasExpired());
    QCOMPARE(job.aborts, 1);
    clock.advance(1s);
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::innerWhoseDeadlinePassedExpiresWithOuter()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope passed(0ms, &outer);
    QTimeoutScope pending(1ms, &outer);
    Log log;
    log.watch(&outer, Outer);
    log.watch(&passed, QStringLiteral("passed"));
    log.watch(&pending, QStringLiteral("pending"));
    outer.cancel();
    QCOMPARE(
            log.text(),
            QStringLiteral(
                    "outer Cancelled, outer cancelled, passed Expired, passed expired, pending Cancelled, "
                    "pending cancelled"));
}

void tst_QTimeoutScopeNesting::innerExpiryLeavesOuter()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    Job outerJob;
    outer.watch(&outerJob);
    clock.advance(1s);
    QVERIFY(inner.hasExpired());
    QVERIFY(outer.isActive());
    QCOMPARE(outerJob.aborts, 0);
}

void tst_QTimeoutScopeNesting::innerCancelLeavesOuter()
{
    QTimeoutScope outer(2s);
    QTimeoutScope inner(1s, &outer);
    inner.cancel();
    QVERIFY(outer.isActive());
    outer.cancel();
    QVERIFY(outer.isCancelled());
}

void tst_QTimeoutScopeNesting::deepNestingEndsOuterToInner()
{
    static constexpr int Depth = 1000;
    QTimeoutScope outermost(1h);
    QList<QTimeoutScope *> scopes{&outermost};
    while (scopes.size() < Depth)
        scopes += new QTimeoutScope(1h, scopes.last());
    QList<QTimeoutScope *> told;
    for (QTimeoutScope *scope : std::as_const(scopes))
        connect(scope, &QTimeoutScope::cancelled, scope, [&told, scope] { told += scope; });
    outermost.cancel();
    QCOMPARE(told, scopes);
}

void tst_QTimeoutScopeNesting::siblingsInOrderOfTheirStart()
{
    QTimeoutScope outer(1h);
    QTimeoutScope first(1h, &outer);
    QTimeoutScope second(1h, &outer);
    QTimeoutScope third(1h, &outer);
    Log log;
    const auto record = [&log](QTimeoutScope *scope, const QString &name) {
        connect(scope, &QTimeoutScope::cancelled, scope, [&log, name] { log.add(name); });
    };
    record(&first, QStringLiteral("1"));
    record(&second, QStringLiteral("2"));
    record(&third, QStringLiteral("3"));
    outer.cancel();
    QCOMPARE(log.text(), QStringLiteral("1, 2, 3"));
}

void tst_QTimeoutScopeNesting::endedInnerIsNotEndedAgain()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    inner.finish();
    QSignalSpy states(&inner, &QTimeoutScope::stateChanged);
    outer.cancel();
    QCOMPARE(states.count(), 0);
    QCOMPARE(inner.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeNesting::inactiveInnerIsNotTouched()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(&outer);
    Job job;
    inner.watch(&job);
    outer.cancel();
    QCOMPARE(inner.state(), QTimeoutScope::Inactive);
    QCOMPARE(job.aborts, 0);
}

void tst_QTimeoutScopeNesting::effectiveDeadlineIsEarliest()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(QDeadlineTimer(3'600'000, Qt::PreciseTimer));
    QTimeoutScope middle(QDeadlineTimer(QDeadlineTimer::Forever), &outer);
    QTimeoutScope inner(24h, &middle);
    QCOMPARE(inner.effectiveDeadline().timerType(), Qt::PreciseTimer);
    QVERIFY(inner.effectiveDeadline() < inner.deadline());
    QVERIFY(middle.deadline().isForever());
    QVERIFY(!middle.effectiveDeadline().isForever());
    QTimeoutScope innermost(1min, &inner);
    QCOMPARE(innermost.remainingTime(), nanoseconds(1min));
}

void tst_QTimeoutScopeNesting::effectiveDeadlineFollowsReschedule()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    QCOMPARE(inner.remainingTime(), nanoseconds(1h));
    outer.reschedule(90min);
    QCOMPARE(inner.remainingTime(), nanoseconds(90min));
    outer.reject();
    QCOMPARE(inner.remainingTime(), nanoseconds(2h));
    inner.reject();
    QCOMPARE(inner.remainingTime(), nanoseconds::max());
    QVERIFY(inner.effectiveDeadline().isForever());
}

void tst_QTimeoutScopeNesting::effectiveDeadlineAfterOuterHasEnded()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope middle(2h, &outer);
    QTimeoutScope inner(3h, &middle);
    middle.finish();
    QCOMPARE(inner.remainingTime(), nanoseconds(1h));
    QCOMPARE(inner.enclosingScope(), &outer);
    outer.finish();
    QCOMPARE(inner.remainingTime(), nanoseconds(3h));
}

void tst_QTimeoutScopeNesting::effectiveDeadlineOfInactiveInner()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(&outer);
    QCOMPARE(inner.enclosingScope(), &outer);
    QVERIFY(inner.effectiveDeadline().isForever());
}

void tst_QTimeoutScopeNesting::remainingTimeIsOfEffectiveDeadline()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(10s);
    QTimeoutScope inner(20s, &outer);
    clock.advance(4s);
    QCOMPARE(inner.remainingTime(), nanoseconds(6s));
    QCOMPARE(outer.remainingTime(), nanoseconds(6s));
}

void tst_QTimeoutScopeNesting::startUnderActiveParent()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(&outer);
    QVERIFY(inner.start(2h));
    QCOMPARE(inner.enclosingScope(), &outer);
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::startUnderInactiveMiddle()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(&outer);
    QTimeoutScope inner(2h, &middle);
    QCOMPARE(inner.enclosingScope(), &outer);
    outer.cancel();
    QVERIFY(inner.isCancelled());
    QCOMPARE(middle.state(), QTimeoutScope::Inactive);
}

void tst_QTimeoutScopeNesting::outerStartedAfterInner()
{
    QTimeoutScope outer;
    QTimeoutScope inner(2h, &outer);
    QVERIFY(outer.start(1h));
    QCOMPARE(inner.enclosingScope(), &outer);
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::outerStartedAfterInnerOfInactiveMiddle()
{
    QTimeoutScope outer;
    QTimeoutScope middle(&outer);
    QTimeoutScope inner(2h, &middle);
    QVERIFY(outer.start(1h));
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::outerRestartedTakesRunningInner()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    outer.finish();
    QVERIFY(inner.isActive());
    QVERIFY(outer.start(1h));
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::innerRestarted()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    inner.cancel();
    QVERIFY(inner.start(2h));
    QCOMPARE(inner.enclosingScope(), &outer);
    outer.cancel();
    QVERIFY(inner.isCancelled());
    QVERIFY(inner.start(2h)); // under an outer scope that has ended
    QVERIFY(outer.start(1h));
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::middleRestarted()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(1h, &outer);
    QTimeoutScope inner(1h, &middle);
    middle.finish();
    QVERIFY(middle.start(1h));
    QCOMPARE(inner.enclosingScope(), &middle);
    QCOMPARE(middle.enclosingScope(), &outer);
    middle.cancel();
    QVERIFY(inner.isCancelled());
    QVERIFY(outer.isActive());
}

void tst_QTimeoutScopeNesting::outerFinishHandsInnerToNextOuter()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1s);
    QTimeoutScope middle(2s, &outer);
    QTimeoutScope inner(3s, &middle);
    inner.stopToken();
    middle.finish();
    QVERIFY(inner.isActive());
    clock.advance(1s);
    QVERIFY(outer.hasExpired());
    QVERIFY(inner.isCancelled());
    QCOMPARE(middle.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutScopeNesting::outerFinishLeavesInnerAlone()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1s);
    QTimeoutScope inner(2s, &outer);
    Job job;
    inner.watch(&job);
    outer.finish();
    clock.advance(1s);
    QVERIFY(inner.isActive());
    clock.advance(1s);
    QVERIFY(inner.hasExpired());
    QCOMPARE(job.aborts, 1);
}

void tst_QTimeoutScopeNesting::setParentNests()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h);
    QVERIFY(!inner.enclosingScope());
    inner.setParent(&outer);
    QCOMPARE(inner.enclosingScope(), &outer);
    QCOMPARE(inner.remainingTime(), nanoseconds(1h));
    outer.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::setParentToNullUnnests()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    inner.setParent(nullptr);
    QVERIFY(!inner.enclosingScope());
    QCOMPARE(inner.remainingTime(), nanoseconds(2h));
    outer.cancel();
    QVERIFY(inner.isActive());
}

void tst_QTimeoutScopeNesting::setParentMovesBetweenScopes()
{
    QTimeoutScope first(1h);
    QTimeoutScope second(1h);
    QTimeoutScope inner(2h, &first);
    inner.setParent(&second);
    first.cancel();
    QVERIFY(inner.isActive());
    second.cancel();
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::setParentToInactiveMiddleNestsInOuter()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(&outer);
    QTimeoutScope inner(2h);
    inner.setParent(&middle);
    QTimeoutScope *const enclosing = inner.enclosingScope();
    outer.cancel();
    QVERIFY(inner.isCancelled());
    QCOMPARE(enclosing, &outer);
}

void tst_QTimeoutScopeNesting::setParentFromInactiveMiddleUnnests()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(&outer);
    QTimeoutScope inner(2h, &middle);
    inner.setParent(nullptr);
    outer.cancel();
    QVERIFY(inner.isActive());
    QVERIFY(!inner.enclosingScope());
}

void tst_QTimeoutScopeNesting::inactiveMiddleIsPutUnderOuter()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle;
    QTimeoutScope inner(2h, &middle);
    middle.setParent(&outer);
    QTimeoutScope *const enclosing = inner.enclosingScope();
    outer.cancel();
    QVERIFY(inner.isCancelled());
    QCOMPARE(enclosing, &outer);
}

void tst_QTimeoutScopeNesting::inactiveMiddleIsTakenFromOuter()
{
    QTimeoutScope outer(1h);
    QTimeoutScope middle(&outer);
    QTimeoutScope inner(2h, &middle);
    middle.setParent(nullptr);
    outer.cancel();
    QVERIFY(inner.isActive());
    QCOMPARE(inner.enclosingScope(), &middle);
}

void tst_QTimeoutScopeNesting::setParentOfEndedScopeForgetsOuter()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(2h, &outer);
    inner.cancel();
    inner.setParent(nullptr);
    QVERIFY(!inner.enclosingScope());
}

void tst_QTimeoutScopeNesting::destructorOfOuterCancelsInner()
{
    Log log;
    Job outerJob;
    Job innerJob;
    auto *outer = new QTimeoutScope(1h);
    auto *inner = new QTimeoutScope(1h, outer);
    outer->watch(&outerJob);
    inner->watch(&innerJob);
    log.watch(outer, Outer);
    log.watch(inner, Inner);
    delete outer;
    QCOMPARE(log.text(), QStringLiteral("inner Cancelled, inner cancelled"));
    QCOMPARE(outerJob.aborts, 1);
    QCOMPARE(innerJob.aborts, 1);
}

// The inner one is a member that outlives the outer one.
void tst_QTimeoutScopeNesting::outerDestroyedBeforeForeignInner()
{
    Job job;
    QTimeoutScope inner;
    {
        QTimeoutScope outer(1h);
        inner.setParent(&outer);
        inner.watch(&job);
        QVERIFY(inner.start(2h));
        connect(&inner, &QTimeoutScope::cancelled, &inner, [&inner] { inner.setParent(nullptr); });
    }
    QVERIFY(inner.isCancelled());
    QCOMPARE(job.aborts, 1);
    QVERIFY(!inner.enclosingScope());
}

void tst_QTimeoutScopeNesting::throwIfAbortedLetsOuterExpire()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(0ms);
    QTimeoutScope inner(1h, &outer);
    QVERIFY_THROWS_EXCEPTION(QTimeoutCancelled, inner.throwIfAborted());
    QVERIFY(outer.hasExpired());
    QVERIFY(inner.isCancelled());
}

void tst_QTimeoutScopeNesting::throwIfAbortedOfOuterLeavesInner()
{
    QTimeoutTestClock clock;
    QTimeoutScope outer(1h);
    QTimeoutScope inner(0ms, &outer);
    outer.throwIfAborted();
    QVERIFY(outer.isActive());
    QVERIFY(inner.isActive());
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, inner.throwIfAborted());
    QVERIFY(outer.isActive());
}

// S7: a finish that is due beats an abort by the outer scope too.
void tst_QTimeoutScopeNesting::innerAboutToFinishIsFinishedWithOuter()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    Job job;
    inner.watch(&job);
    Log log;
    log.watch(&outer, Outer);
    log.watch(&inner, Inner);
    Q_EMIT job.finished();
    outer.cancel();
    QCOMPARE(log.text(),
             QStringLiteral("outer Cancelled, outer cancelled, inner Finished, inner finished"));
    QCoreApplication::processEvents();
    QCOMPARE(log.entries.size(), 4);
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeNesting)

#include "tst_qtimeoutscope_nesting.moc"
