// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/life_p.h"

#include <algorithm>
#include <chrono>

/*
    The idle timeout of a life
    ==========================

    The entry in the queue has the earlier of both times. To touch a scope sets it to a later one, which moves
    nothing: so it costs as much as to reschedule it (I1).
*/

namespace QTimeout::detail {

void Life::setTime(DeadlineQueue *threadQueue, DeadlineQueue::Time own)
{
    if (!hasIdle())
        return threadQueue->set(this, own);
    m_extra->own = own;
    threadQueue->set(this,
                     {std::min(own.deadline, m_extra->idle.deadline),
                      std::min(own.latest, m_extra->idle.latest)});
}

/*
    With the life. The clock has been read for the deadline before: if both take as long they are to come up together.
*/
void Life::startIdleTime()
{
    auto *threadQueue = DeadlineQueue::current();
    if (!threadQueue)
        return;
    const DeadlineQueue::Time own = threadQueue->resolve(deadline(), m_type);
    m_extra->idleTimeoutOfLife = m_extra->idleTimeout;
    m_extra->idle = m_length == m_extra->idleTimeout
            ? own
            : threadQueue->resolve(std::chrono::nanoseconds(m_extra->idleTimeout));
    setTime(threadQueue, own);
}

void Life::beginIdleTime()
{
    enterThread();
    if (auto *threadQueue = DeadlineQueue::current()) {
        m_extra->idle = threadQueue->resolve(std::chrono::nanoseconds(m_extra->idleTimeoutOfLife));
        setTime(threadQueue, m_extra->own);
    }
}

void Life::setIdleTimeout(qint64 nsecs)
{
    enterThread();
    const qint64 own = ownDeadline();
    extra().idleTimeout = nsecs;
    auto *threadQueue = DeadlineQueue::current();
    if (!isActive() || !threadQueue)
        return; // for the next life
    m_extra->idleTimeoutOfLife = nsecs;
    m_extra->own = threadQueue->resolve(own, m_type);
    if (nsecs > 0)
        beginIdleTime();
    else
        setTime(threadQueue, m_extra->own);
}

/*
    It has ended by an abort: keeps what can be told of that.
*/
void Life::noteEnd(const QString &reason)
{
    if (m_state == QTimeoutScope::Expired && isIdleFirst())
        m_extra->expiredIdleTimeout = m_extra->idleTimeoutOfLife;
    else if (m_state == QTimeoutScope::Cancelled && !reason.isEmpty())
        extra().reason = reason;
}

} // namespace QTimeout::detail
