// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "qtimeoutqmlscope_p.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

/*
    What is left of the time of a TimeoutScope, on which the scopes around it have a say, and who is told
    when that changes.
*/

using QTimeout::Deadline;
using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;

using Milliseconds = std::chrono::duration<double, std::milli>;

void QTimeoutQmlScopePrivate::begin()
{
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    startTime = threadQueue ? threadQueue->now() : 0;
    noticedState = QTimeoutScope::Active;
    noteEnclosing();
}

void QTimeoutQmlScopePrivate::freeze()
{
    noticedState = q->state();
    const bool expired = noticedState == QTimeoutScope::Expired && !q->hasExpiredIdle();
    lastRemaining = expired ? 0 : remaining();
    lastProgress = expired ? 1 : progress(lastRemaining);
}

/*
    What is left does not become more by the end of the scope. That counts with its own deadline from
    then on, and the scopes around it may have ended with it: so the earliest of their deadlines is
    noted while they are active.
*/
void QTimeoutQmlScopePrivate::noteEnclosing()
{
    using std::chrono::nanoseconds;
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    const QTimeoutScope *outer = q->enclosingScope();
    const nanoseconds left = outer && outer->isActive() ? outer->remainingOfDeadlines()
                                                        : nanoseconds::max();
    const bool shielded = q->remainingOfDeadlines() > left;
    enclosingDeadline = left == nanoseconds::max() || shielded || !threadQueue
            ? ForeverNSecs
            : QTimeout::detail::saturatedSum(threadQueue->now(), left.count());
}

/*
    Until the effective deadline, also if the scope has just ended.
*/
double QTimeoutQmlScopePrivate::remaining() const
{
    using std::chrono::nanoseconds;
    nanoseconds remaining = q->remainingOfDeadlines();
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    if (!q->isActive() && enclosingDeadline != ForeverNSecs && threadQueue) {
        const qint64 left = QTimeout::detail::saturatedSum(enclosingDeadline, -threadQueue->now());
        remaining = std::clamp(nanoseconds(left), nanoseconds::zero(), remaining);
    }
    return remaining == nanoseconds::max() ? Forever : Milliseconds(remaining).count();
}

/*
    The part that has passed of the time from the start to the deadline, which is so many
    milliseconds from now.
*/
double QTimeoutQmlScopePrivate::progress(double left) const
{
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    if (std::isinf(left) || !threadQueue)
        return 0;
    const std::chrono::nanoseconds passed(std::max<qint64>(threadQueue->now() - startTime, 0));
    const double total = Milliseconds(passed).count() + left;
    return total > 0 ? Milliseconds(passed).count() / total : 1;
}

void QTimeoutQmlScopePrivate::tell()
{
    const QPointer<QTimeoutQmlScope> self(q);
    if (std::exchange(stateUntold, false))
        Q_EMIT q->stateNoticed();
    if (self)
        Q_EMIT q->remainingTimeChanged();
    if (self)
        Q_EMIT q->progressChanged();
}

void QTimeoutQmlScopePrivate::tellLater()
{
    if (std::exchange(tellingLater, true))
        return;
    const auto tellNow = [this] {
        tellingLater = false;
        tell();
    };
    QMetaObject::invokeMethod(q, tellNow, Qt::QueuedConnection);
}

/*
    Nothing ticks while the scope does not run, or has no deadline that could come closer.
*/
void QTimeoutQmlScopePrivate::updateTicks()
{
    if (isQueued())
        queue()->remove(this);
    const bool ticks = updateInterval > 0 && q->isActive()
            && q->remainingOfDeadlines() != std::chrono::nanoseconds::max();
    DeadlineQueue *threadQueue = ticks ? DeadlineQueue::current() : nullptr;
    if (threadQueue) {
        const Deadline next = Milliseconds(std::max(updateInterval, 1.0));
        threadQueue->set(this, threadQueue->resolve(next));
    }
}

namespace {

/*
    Notices when a scope, or one around it, goes to another parent, which it has from the event loop
    on.
*/
class EnclosingObserver final : public QObject
{
public:
    explicit EnclosingObserver(QTimeoutQmlScopePrivate *observed) noexcept : m_observed(observed) {}

    bool eventFilter(QObject *, QEvent *event) override
    {
        const bool removed = event->type() == QEvent::ChildRemoved;
        if (removed && isAround(static_cast<QChildEvent *>(event)->child()))
            m_observed->observeEnclosingLater();
        return false;
    }

private:
    bool isAround(const QObject *child) const
    {
        const QObject *object = m_observed->q;
        while (object && object != child)
            object = object->parent();
        return object;
    }

    QTimeoutQmlScopePrivate *const m_observed;
};

} // namespace

/*
    What is left depends on the scopes in which this one is nested. Those that are not active may be
    so later.

    The former parent learns first that somebody gets another one. Nobody is told when the outermost
    gets its first: that is seen at the next opportunity.
*/
void QTimeoutQmlScopePrivate::observeEnclosing()
{
    observer.reset();
    outermost = nullptr;
    if (!q->isActive())
        return;
    observer = std::make_unique<EnclosingObserver>(this);
    const auto changed = [this] { enclosingChanged(); };
    QTimeoutScope *outer = q;
    while (outer) {
        QObject *parent = outer->parent();
        if (parent)
            parent->installEventFilter(observer.get());
        else
            outermost = outer;
        outer = parent ? qobject_cast<QTimeoutScope *>(parent) : outer->enclosingScope();
        if (outer) {
            QObject::connect(outer, &QTimeoutScope::stateChanged, observer.get(), changed);
            QObject::connect(outer, &QTimeoutScope::deadlineChanged, observer.get(), changed);
        }
    }
}

void QTimeoutQmlScopePrivate::observeEnclosingLater()
{
    const auto observeAgain = [this] {
        observeEnclosing();
        enclosingChanged();
    };
    QMetaObject::invokeMethod(q, observeAgain, Qt::QueuedConnection);
}

void QTimeoutQmlScopePrivate::enclosingChanged()
{
    noticeState();
    updateTicks();
    timeChanged();
}

void QTimeoutQmlScopePrivate::due()
{
    noticeState();
    updateTicks();
    tell();
}
