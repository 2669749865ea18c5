// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/abort_p.h"

#include <utility>

/*
    How a life is aborted
    =====================

    A scope that expires, is cancelled or is destroyed takes along what is nested in it. Each step is
    completed for all of them before the next one begins (S6, A16):

    1. Collect. The lives get their final state and leave the deadline queue. From now on nothing can be put
       under them: what a slot starts or watches belongs to a new life.
    2. Notify. The abort enters the lists of the tasks under them.
    3. Emit the signals, outer scopes first. A slot may delete any scope.
    4. Request stop on the tokens, outer first.
    5. Look once at every wait: has the operation ended, or is the wait over? Innermost scopes first, the
       newest first in each.
    6. Abort the objects that were watched or awaited, in the same order. Any of this may delete scopes and
       work.

    The coroutines whose wait is over stand in the thread's list of resumptions by then (see
    resumption.cpp), and are interrupted by the event loop.

    A life is counted, and an abort holds those that it is about, so that nothing is touched which has gone.
    If a scope goes in the middle, its destructor does what is left of steps 4 to 6 for it and for what is
    nested in it, because the promise that a window's work ends with the window must hold then too (S8).

    Nothing is allocated for up to eight lives; for more, one block. (Who aborts an object may allocate, and Qt
    does so for events.)
*/

namespace QTimeout::detail {

static constinit thread_local Abort *t_abort = nullptr;

Abort::Abort(Life *life, Life::State state, const QString &reason)
    : m_outer(t_abort), m_id(newAbort())
{
    const DeadlineQueue *queue = life->m_nested.isEmpty() ? nullptr : DeadlineQueue::current();
    collect(life, state, queue ? queue->now() : 0, reason);
    for (const Ended &ended : std::as_const(m_lives))
        notify(ended.life);
    // Lives inside, which have ended before, and whose work has not been aborted yet.
    for (const Abort *before = m_outer; before; before = before->m_outer) {
        for (const Ended &ended : std::as_const(before->m_lives)) {
            if (ended.life->m_isAborting && ended.life->isNestedIn(life))
                notify(ended.life);
        }
    }
    t_abort = this; // nothing can throw any more
}

Abort::~Abort()
{
    t_abort = m_outer;
    for (const Ended &ended : std::as_const(m_lives))
        ended.life->deref();
}

void Abort::collect(Life *life, Life::State state, qint64 now, const QString &reason)
{
    life->ref();
    const qsizetype index = m_lives.size();
    m_lives.append({life, 0});
    life->m_state = state;
    life->m_abortId = m_id;
    life->noteEnd(reason);
    life->m_isAborting = !life->m_work.isEmpty() || life->m_extra;
    if (life->isQueued())
        life->queue()->remove(life);
    life->unlinkNested();
    // Scopes are told in the order in which they were made.
    for (Life *inner = life->m_nested.last(); inner;) {
        Life *next = life->m_nested.before(inner);
        if (inner->isFinishDue())
            collect(inner, QTimeoutScope::Finished, now, reason);
        else if (inner->deadline() <= now)
            collect(inner, QTimeoutScope::Expired, now, reason);
        else
            collect(inner, QTimeoutScope::Cancelled, now, reason);
        inner = next;
    }
    m_lives[index].end = m_lives.size();
}

void Abort::notify(const Life *life) const
{
    for (Work *work = life->m_work.first(); work; work = life->m_work.after(work))
        work->notify(m_id, life->cause());
}

void Abort::emitSignals()
{
    for (const Ended &ended : std::as_const(m_lives)) {
        const Life *life = ended.life;
        if (QTimeoutScope *scope = life->scope())
            Q_EMIT scope->stateChanged(life->m_state);
        QTimeoutScope *scope = life->scope();
        if (!scope)
            continue;
        if (life->m_state == QTimeoutScope::Expired)
            Q_EMIT scope->expired();
        else if (life->m_state == QTimeoutScope::Cancelled)
            Q_EMIT scope->cancelled();
        else
            Q_EMIT scope->finished();
    }
}

/*
    Steps 4 to 6 for the life at index \a first and all that are nested in it, unless that has been done
    already.
*/
void Abort::complete(qsizetype first)
{
    const qsizetype end = m_lives[first].end;
    if (end == first + 1 && !m_lives[first].life->m_isAborting)
        return; // as is most frequent
    for (qsizetype i = first; i < end; ++i) {
        if (m_lives[i].life->m_isAborting)
            requestStop(m_lives[i].life);
    }
    for (qsizetype i = end; i-- > first;) {
        if (m_lives[i].life->m_isAborting)
            look(m_lives[i].life);
    }
    for (qsizetype i = end; i-- > first;) {
        if (m_lives[i].life->m_isAborting)
            abortWork(m_lives[i].life);
    }
}

void Abort::requestStop(Life *life) const
{
    if (life->m_state == QTimeoutScope::Finished || std::exchange(life->m_isStopRequested, true)
        || !life->m_extra)
        return;
    std::stop_source source = life->m_extra->stopSource; // a callback may delete the scope
    source.request_stop();
}

void Abort::look(const Life *life) const
{
    for (Work *work = life->m_work.first(); work; work = life->m_work.after(work))
        work->look();
}

void Abort::abortWork(Life *life) const
{
    while (Work *work = life->m_work.first()) {
        life->remove(work);
        if (work->outlivesAbort()) {
            if (Life *active = life->nearestActiveEnclosing())
                active->add(work);
        }
        work->look(); // what has held it back may have ended meanwhile
        work->abort();
    }
    life->m_isAborting = false;
}

void Abort::completeFor(const QTimeoutScope *scope)
{
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (qsizetype i = 0; i < abort->m_lives.size(); ++i) {
            const Life *life = abort->m_lives[i].life;
            if (life->m_isAborting && life->scope() == scope)
                abort->complete(i);
        }
    }
}

/*
    For lives that are nested in one that goes, and have begun to end before. They are looked at before anything of
    that one is aborted.
*/
void Abort::lookNestedIn(const Life *outer)
{
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (qsizetype i = abort->m_lives.size(); i-- > 0;) {
            const Life *life = abort->m_lives[i].life;
            if (life->m_isAborting && life->isNestedIn(outer))
                abort->look(life);
        }
    }
}

void Abort::completeNestedIn(const Life *outer)
{
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (qsizetype i = 0; i < abort->m_lives.size(); ++i) {
            const Life *life = abort->m_lives[i].life;
            if (life->m_isAborting && life->isNestedIn(outer))
                abort->complete(i);
        }
    }
}

template<typename Function>
void Abort::forEachOf(const QTimeoutScope *scope, Function function)
{
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (const Ended &ended : std::as_const(abort->m_lives)) {
            if (ended.life->m_isAborting && ended.life->scope() == scope)
                function(ended.life);
        }
    }
}

void Abort::unwatch(const QTimeoutScope *scope, const QObject *object)
{
    forEachOf(scope, [object](Life *life) { life->unwatch(object); });
}

void Abort::spare(const QTimeoutScope *scope, const QObject *object)
{
    forEachOf(scope, [object](const Life *life) {
        for (Work *work = life->m_work.first(); work; work = life->m_work.after(work)) {
            if (work->object() == object && work->kind() != Work::Watch)
                work->spareObject();
        }
        if (Work *watch = life->findWatch(object))
            watch->spareObject(); // may destroy others
    });
}

} // namespace QTimeout::detail
