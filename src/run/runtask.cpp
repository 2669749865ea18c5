// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "run/runtask_p.h"

#include "error/qtimeoutcancelled.h"
#include "error/qtimeouterror.h"
#include "scope/abort_p.h"
#include "scope/life_p.h"
#include "wait/coroutineabi_p.h"

namespace QTimeout::detail {

void RunTask::begin(const Limit &limit)
{
    if (!canRun()) { // the thread is past running anything
        settle(Outcome::Cancelled);
        return;
    }
    if (!limit.scope) {
        DeadlineQueue *queue = DeadlineQueue::current();
        queue->set(this, queue->resolve(limit.deadline));
        Life *around = parent() && parent()->life() ? parent()->life()->nearestActive() : nullptr;
        if (around) {
            startIn(around);
            around->add(this);
        }
        return;
    }
    m_isScopeGiven = true;
    Life *life = Life::of(limit.scope);
    if (const QObject *own = operationObject())
        Abort::spare(limit.scope, own);
    const Admission admission = join(limit.scope, limit.function);
    if (admission != Admission::Unlimited)
        startIn(life);
    if (admission == Admission::Joined || admission == Admission::Unlimited)
        return;
    // What the end of the scope throws (A13).
    if (life->isAborted())
        notify(life->abortId(), life->cause());
    const bool isTimeout = admission == Admission::Expired && !isPendingAbove();
    m_ownExpiry = isTimeout ? life->abortId() : 0;
    settle(isTimeout ? Outcome::Expired : Outcome::Cancelled);
}

void RunTask::begin(QTimeoutScope *ownScope)
{
    Life *life = Life::of(ownScope);
    m_isScopeGiven = true;
    startIn(life);
    life->add(this);
}

bool isOfRun(const QTimeoutScope *scope, std::coroutine_handle<> frame)
{
    const IntrusiveList<Work, Work> &list = Life::of(scope)->work();
    for (Work *work = list.first(); work; work = list.after(work)) {
        if (work->kind() != Work::Run)
            continue;
        const OwnWait *run = static_cast<RunTask *>(static_cast<Task *>(work));
        const OwnWait::Suspension *suspension = run->suspension();
        if (suspension && (isAwaitedBy(*suspension, frame) || KnownCoroutine::find(frame) == run))
            return true;
    }
    return false;
}

void RunTask::settle(Outcome outcome)
{
    Wait::settle(outcome);
    if (DeadlineEntry::isQueued())
        queue()->remove(this);
}

void RunTask::resume()
{
    if (isOver()) {
        abortBeforeResuming();
        if (isHeldBack()) // by a later abort
            return postpone();
        if (isPendingAbove()) // it will not be known after its end
            settle(Outcome::Cancelled);
    }
    const Ending ending(*this);
    Wait::resume();
}

/*
    Its own deadline has passed. That is an abort like any other, which concerns nobody else.
*/
void RunTask::due()
{
    if (life() && life()->isAborting()) // a nested event loop in a slot
        return;
    const Outside outside;
    notify(newAbort(), Cause::Expired);
    look();
    abort();
    deliverIfLoopIsOver();
}

/*
    The end of a scope that was given is that of the run. One that the run is nested in takes it along: like a
    nested scope, it has expired only if its own deadline has passed by then (S10).
*/
void RunTask::notify(AbortId id, Cause cause) noexcept
{
    if (aborts()->contains(id))
        return;
    if (!m_isScopeGiven) {
        const DeadlineQueue *queue = DeadlineQueue::existing();
        const bool hasPassed = queue && deadline() <= queue->now();
        cause = hasPassed ? Cause::Expired : Cause::Cancelled;
    }
    if (!isPending())
        m_ownExpiry = cause != Cause::Cancelled && !(m_isScopeGiven && m_joins > 1) ? id : 0;
    Task::notify(id, cause);
}

void RunTask::look()
{
    const AbortList::Item *first = aborts()->firstPending();
    if (!first || isHeldBack())
        return;
    decide(first->isExpiry() ? Outcome::Expired : Outcome::Cancelled);
}

void RunTask::abandoned()
{
    abortTree();
}

bool RunTask::isSelected(const Selection &selection) const
{
    return Task::isSelected(selection);
}

/*
    A coroutine that is being aborted too sees no errors of the deadlines around it (A4).
*/
void RunTask::throwInterrupted()
{
    AbortList &list = *aborts();
    if (!list.hasPending() && m_ownExpiry) // the scope had expired before
        AbortRecord::throwError(m_ownExpiry, startedIn() ? startedIn()->cause() : Cause::Expired);
    if (outcome() == Outcome::Expired && !isPendingAbove())
        AbortRecord::throwError(list);
    AbortRecord::throwCancelled(list);
}

bool RunTask::isOwnTimeout() const
{
    try {
        throw;
    } catch (const QTimeoutError &error) {
        return m_ownExpiry && AbortRecord::of(error).contains(m_ownExpiry);
    } catch (...) {
        return false;
    }
}

} // namespace QTimeout::detail
