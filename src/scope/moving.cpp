// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/abort_p.h"
#include "scope/current_p.h"
#include "scope/life_p.h"
#include "thread/resumption_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>

#include <utility>

/*
    A scope goes to another thread
    ==============================

    It goes on with its deadline, and watches the same objects and futures. All else that runs under it is
    interrupted before it leaves, since a task and its life are of one thread (S11).
*/

namespace QTimeout::detail {

/*
    Still in the old thread. A scope with a parent moves with the parent, and stays nested in it; other
    links would reach across threads and are cut.
*/
void Life::leaveThread()
{
    const Ref self(this);
    QTimeoutScope *const scope = m_scope;
    Abort::completeFor(scope); // moved by a slot
    interruptWork();
    if (!m_scope) // a coroutine has destroyed it
        return;
    if (scope->d != this) // or started it again
        return scope->d->leaveThread();
    while (Life *former = m_former) {
        m_former = std::exchange(former->m_former, nullptr);
        former->m_scope = nullptr;
    }
    quint32 known = 2; // to the scope and here
    if (isActive()) {
        // One that has not arrived in this thread has its times in real time already.
        const DeadlineQueue *oldQueue = m_isInTransit ? nullptr : DeadlineQueue::existing();
        if (oldQueue && hasIdle()) {
            for (DeadlineQueue::Time *time : {&m_extra->own, &m_extra->idle})
                time->deadline = oldQueue->toReal(time->deadline);
        }
        m_isInTransit = true;
        if (isQueued())
            queue()->release(this);
        if (isLinked() && nearestActiveOf(scope->parent()) != m_enclosing)
            leaveEnclosing();
        for (Life *inner = m_nested.first(); inner;) {
            Life *next = m_nested.after(inner);
            if (nearestActiveOf(inner->m_scope->parent()) == this)
                ++known;
            else
                inner->leaveEnclosing();
            inner = next;
        }
        QCoreApplication::postEvent(scope, new QEvent(arrivedEvent()));
    } else {
        leaveEnclosing();
    }
    if (m_refCount > known)
        stayBehind();
}

/*
    What waits in the old thread ends as if it were cancelled, and the scope goes on without it.
*/
void Life::interruptWork()
{
    const auto nextOf = [this](Work *work) {
        while (work && work->movesWithScope())
            work = m_work.after(work);
        return work;
    };
    if (!nextOf(m_work.first()))
        return;
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::moveToThread: " << describe(m_scope)
            << " has runs or coroutines in this thread. They are interrupted; move the scope before "
               "work is put under it.";
    const AbortId id = newAbort();
    {
        const Outside outside;
        for (Work *work = nextOf(m_work.first()); work; work = nextOf(m_work.after(work)))
            work->notify(id, Cause::Cancelled);
        for (Work *work = nextOf(m_work.first()); work; work = nextOf(m_work.after(work)))
            work->look();
        while (Work *work = nextOf(m_work.first())) {
            remove(work);
            if (work->outlivesAbort()) {
                if (Life *active = nearestActiveEnclosing())
                    active->add(work);
            }
            work->abort();
        }
    }
    m_hasWatched = m_watches > 0;
    Resumption::deliver({id, this});
}

/*
    Somebody in the old thread goes on referring to this life: others that were nested in it and have ended,
    coroutines that were called in it, or whoever is emitting about it. That sees the end of it, and the scope
    takes a new one along.
*/
void Life::stayBehind()
{
    auto *moved = new Life(m_scope);
    moved->takeDeadline(*this);
    moved->m_state = m_state;
    moved->m_type = m_type;
    moved->m_extra = std::exchange(m_extra, nullptr);
    moved->m_abortId = m_abortId;
    moved->m_length = m_length;
    moved->m_isInTransit = m_isInTransit;
    moved->m_isFinishPosted = m_isFinishPosted;
    moved->m_hasWatched = m_hasWatched;
    moved->m_isNoticed = m_isNoticed;
    moved->m_isStopRequested = m_isStopRequested;
    moved->m_watches = std::exchange(m_watches, 0);
    moved->m_runs = std::exchange(m_runs, 0);
    moved->m_work.takeAll(m_work);
    for (Work *work = moved->m_work.first(); work; work = moved->m_work.after(work))
        work->m_life = moved;
    if (isLinked()) {
        moved->enclose(m_enclosing);
        leaveEnclosing();
    }
    while (Life *inner = m_nested.last())
        inner->enclose(moved);
    if (isActive())
        m_state = QTimeoutScope::Finished;
    m_scope->d = moved;
    m_scope = nullptr;
    deref();
}

void Life::enterThread()
{
    if (!std::exchange(m_isInTransit, false) || !isActive())
        return;
    auto *newQueue = DeadlineQueue::current();
    if (!newQueue)
        return;
    const auto resolved = [newQueue](qint64 time, Qt::TimerType type) {
        return newQueue->resolve(newQueue->fromReal(time), type);
    };
    if (hasIdle())
        m_extra->idle = resolved(m_extra->idle.deadline, Qt::CoarseTimer);
    setTime(newQueue, resolved(ownDeadline(), m_type));
}

} // namespace QTimeout::detail
