// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "task/task_p.h"

#include "scope/life_p.h"
#include "scope/qtimeoutscope.h"
#include "thread/resumption_p.h"

#include <utility>

/*
    How an abort reaches tasks
    ==========================

    There are two trees. A life knows the one that encloses it: what aborts what. A task, that is an abortable
    coroutine or a run, knows the one that was running when it was made: who is interrupted first, and
    who sees the error. The only link between them is from a task to the life that would abort it. A shield
    and what is detached are made while nobody is running, so they have neither.

    Each task has a list of the aborts that concern it, each pending or delivered. An abort is an identity;
    it enters the lists of all tasks that it concerns before anybody is told. What a task starts begins with
    a copy of its list (A5, A7): what has been delivered counts as delivered there, too, and what is pending
    interrupts it as soon as it is suspended.

    Innermost first
    ---------------
    A task is looked at when an abort is pending, it is suspended, and none of its children is being aborted.
    That happens

    - by the abort, for each task, from the innermost scope to the outermost, the newest first,
    - by each task that is about to be suspended, for itself,
    - when a child has ended, for its parent: after those who await the child have been resumed, since
      mostly the exception reaches the parent through them.

    So nothing is searched for, and an abort costs as much as what it aborts. A task that is looked at and
    whose operation has not ended is over; all its pending aborts are delivered together when the
    event loop resumes it, or when the exception arrives through what it awaits. The exception carries
    those aborts.

    After the abort
    ---------------
    A task may go on after its life has ended, to clean up. It is then under the nearest life around that is
    still active, and an abort of that one interrupts it again.
*/

namespace QTimeout::detail {

Task::Task(Kind kind, Task *parent) : Work(kind), m_parent(parent)
{
    if (!parent)
        return;
    if (!parent->m_aborts.isEmpty()) {
        m_aborts.reserve(parent->m_aborts.size());
        m_aborts.copy(parent->m_aborts);
    }
    parent->m_children.prepend(this);
    if (isPending())
        setAborted();
}

Task::~Task()
{
    if (!m_hasEnded)
        endTask();
    if (m_startedIn)
        m_startedIn->deref();
}

Task *Task::endTask() noexcept
{
    m_hasEnded = true;
    Task *const parent = std::exchange(m_parent, nullptr);
    if (parent) {
        parent->m_children.remove(this);
        if (m_isAborted)
            --parent->m_abortedChildren;
    }
    while (Task *child = m_children.takeFirst())
        child->m_parent = nullptr;
    dropReferences();
    leave();
    return parent && parent->isPending() ? parent : nullptr;
}

void Task::setAborted() noexcept
{
    if (std::exchange(m_isAborted, true))
        return;
    if (m_parent)
        ++m_parent->m_abortedChildren;
}

void Task::startIn(Life *life)
{
    m_aborts.reserve(m_aborts.size() + life->depth());
    m_startedIn = life;
    life->ref();
}

std::chrono::milliseconds Task::gracePeriod() const noexcept
{
    return m_startedIn ? m_startedIn->gracePeriod() : DefaultGracePeriod;
}

void Task::notify(AbortId id, Cause cause) noexcept
{
    if (m_aborts.contains(id))
        return;
    m_aborts.add(id, cause);
    setAborted();
}

/*
    All below, since those between may have ended by the time when they are interrupted.
*/
void Task::hurry(AbortId id) noexcept
{
    for (Task *child = m_children.first(); child; child = m_children.after(child)) {
        child->m_aborts.setUrgent(id);
        child->hurry(id);
    }
}

bool Task::isSelected(const Resumption::Selection &selection) const noexcept
{
    const AbortList::Item *item = m_aborts.find(selection.abort);
    if (!item || !selection.life)
        return item && item->isUrgent();
    return m_startedIn
            && (m_startedIn == selection.life || m_startedIn->isNestedIn(selection.life));
}

bool Task::isSharedAbove(const AbortList &aborts) const noexcept
{
    for (const Task *each = m_parent; each; each = each->m_parent) {
        if (each->isCoroutine() && each->m_aborts.containsAnyOf(aborts))
            return true;
    }
    return false;
}

bool Task::isPendingAbove() const noexcept
{
    for (const Task *each = m_parent; each; each = each->m_parent) {
        if (each->isCoroutine() && m_aborts.hasPendingOf(each->m_aborts))
            return true;
    }
    return false;
}

void Task::childHasEnded()
{
    if (life() && life()->isAborting()) // which looks at it when all slots have been told
        return;
    const Outside outside;
    look();
    abort();
    Resumption::deliverIfLoopIsOver();
}

/*
    Nobody waits for it any more. It is no life that ends, so only the tasks of this tree are concerned.
*/
void Task::abortTree()
{
    const AbortId id = newAbort();
    const Outside outside;
    notifyTree(id);
    lookTree();
    const Weak<Task> self(this);
    while (self && abortOne()) {}
    Resumption::deliverIfLoopIsOver();
}

void Task::notifyTree(AbortId id) noexcept
{
    notify(id, Cause::Cancelled);
    for (Task *child = m_children.first(); child; child = m_children.after(child))
        child->notifyTree(id);
}

void Task::lookTree()
{
    for (Task *child = m_children.first(); child; child = m_children.after(child))
        child->lookTree();
    look();
}

// Returns false if there is none. Whatever is aborted may destroy others.
bool Task::abortOne()
{
    for (Task *child = m_children.first(); child; child = m_children.after(child)) {
        if (child->abortOne())
            return true;
    }
    if (!isAbortDue())
        return false;
    abort();
    return true;
}

} // namespace QTimeout::detail

namespace QTimeout {

using detail::Task;

/*!
    Returns the scope of the \l{Abortable coroutines}{abortable coroutine} that is running, that is
    the one it has taken as a parameter. Returns null if none is running, or if its scope has been
    destroyed: a coroutine that cleans up may outlive its scope, and then must not use the reference
    that it has taken.

    What the coroutine calls directly is run by it, slots included. What a nested event loop delivers
    meanwhile, and slots of scopes' own signals, are not. A plain coroutine is run by it up to its
    first suspension, and by nobody from then on.

    \sa QTimeoutScope::enclosingScope()
*/
QTimeoutScope *currentScope()
{
    const Task *task = Task::current();
    while (task && !task->isCoroutine())
        task = task->parent();
    return task && task->startedIn() ? task->startedIn()->scope() : nullptr;
}

} // namespace QTimeout
