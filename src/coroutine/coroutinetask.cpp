// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutine/coroutinetask_p.h"

#include "error/qtimeoutcancelled.h"
#include "error/qtimeouterror.h"
#include "scope/life_p.h"

namespace QTimeout::detail {

CoroutineTask::CoroutineTask(QTimeoutScope *scope) : Task(Call, Task::current())
{
    take(scope);
    m_before = Current::enter(this);
}

/*
    It belongs to the life in which it is called (S1). If that has been aborted it is interrupted where it
    suspends first, unless it is called by one that has been interrupted by the same abort (A5).
*/
void CoroutineTask::take(QTimeoutScope *scope)
{
    Life *life = Life::of(scope);
    if (!life->checkThread("coroutine"))
        return;
    startIn(life);
    switch (life->state()) {
    case QTimeoutScope::Inactive:
    case QTimeoutScope::Active:
        life->add(this);
        return;
    case QTimeoutScope::Expired:
    case QTimeoutScope::Cancelled:
        notify(life->abortId(), life->cause());
        break;
    case QTimeoutScope::Finished:
        break;
    }
    if (Life *active = life->nearestActiveEnclosing())
        active->add(this);
}

/*
    What leaves a coroutine is a timeout if the abort by which it has come was an expiry for this one, and
    concerns no coroutine above: there it stays an interruption.
*/
void CoroutineTask::rethrowTimeout()
{
    try {
        throw;
    } catch (const QTimeoutCancelled &exception) {
        const AbortList &come = AbortRecord::of(exception);
        for (const AbortList::Item &item : come) {
            const AbortList::Item *known = aborts()->find(item.id());
            if (!known)
                continue;
            if (!known->isExpiry() || isSharedAbove(come))
                return;
            AbortRecord::throwErrorOf(exception, known->isIdle());
        }
    } catch (...) {
        // Passed on as it is.
    }
}

/*
    The exception of an abort mostly comes through what has been interrupted before. If that knows of no
    coroutine above, being called by a plain coroutine later, it may have left that as an error already.
*/
void CoroutineTask::rethrowAwaited()
{
    try {
        throw;
    } catch (const QTimeoutCancelled &exception) {
        if (aborts()->hasPendingOf(AbortRecord::of(exception)))
            AbortRecord::throwCancelled(*aborts());
        throw;
    } catch (const QTimeoutError &error) {
        if (aborts()->hasPendingOf(AbortRecord::of(error)))
            AbortRecord::throwCancelled(*aborts());
        throw;
    }
}

void CoroutineTask::look()
{
    if (m_wait && !m_wait->m_isShield && isPending() && !isHeldBack())
        m_wait->decide(Wait::Outcome::Cancelled);
}

void CoroutineTask::abort()
{
    if (m_wait)
        m_wait->abortIfOver();
}

bool CoroutineTask::isAbortDue() const noexcept
{
    return m_wait && m_wait->isAbortDue();
}

const QObject *CoroutineTask::object() const
{
    return m_wait ? m_wait->operationObject() : nullptr;
}

void CoroutineTask::spareObject()
{
    if (m_wait)
        m_wait->spareOperation();
}

bool CoroutineWait::suspendCoroutine(std::coroutine_handle<> waiter)
{
    m_task.m_wait = this;
    if (!(m_task.isPending() ? suspend(waiter, m_task) : suspend(waiter))) {
        m_task.m_wait = nullptr;
        return false;
    }
    m_task.leaveCurrent();
    return true;
}

bool CoroutineWait::suspendInShield(std::coroutine_handle<> waiter)
{
    m_isShield = true;
    if (!suspend(waiter))
        return false;
    m_task.m_wait = this;
    m_task.leaveCurrent();
    return true;
}

void CoroutineWait::throwInterrupted()
{
    AbortRecord::throwCancelled(*m_task.aborts());
}

void CoroutineWait::resume()
{
    if (!isSuspended())
        return;
    if (isOver()) {
        abortBeforeResuming();
        if (m_task.isHeldBack()) // by a later abort
            return postpone();
    }
    m_task.m_wait = nullptr;
    m_task.m_before = Current::enter(&m_task);
    Wait::resume();
}

bool CoroutineWait::isSelected(const Selection &selection) const
{
    return m_task.isSelected(selection);
}

} // namespace QTimeout::detail
