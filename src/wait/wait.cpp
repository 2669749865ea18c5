// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "wait/wait_p.h"

#include "wait/coroutineabi_p.h"

namespace QTimeout::detail {

/*
    Returns false if the operation has ended, or was aborted, while it was being started.
*/
bool Wait::suspend(std::coroutine_handle<> waiter)
{
    if (!m_thread) { // the thread is past running anything
        settle(Outcome::Cancelled);
        abortOperation();
        return false;
    }
    m_isStarting = true;
    startOperation();
    m_isStarting = false;
    const bool hasEnded = hasOperationEnded(); // perhaps before anybody listened
    if (hasEnded && m_outcome == Outcome::Pending) {
        settle(Outcome::Ended);
        abandonOperation();
    }
    if (m_outcome != Outcome::Pending && (hasEnded || canAbandonOperation()))
        return false;
    m_waiter = waiter;
    return true;
}

/*
    The same for the coroutine of a task: if an abort was waiting for this moment, the wait is over (A7).
*/
bool Wait::suspend(std::coroutine_handle<> waiter, Task &task)
{
    if (!suspend(waiter))
        return false;
    if (!task.isPending())
        return true;
    task.look();
    if (!m_isAbortDue)
        return true;
    // Nobody may resume the coroutine meanwhile, since it is still running.
    m_waiter = nullptr;
    if (isScheduled())
        unschedule();
    abortIfOver();
    if (canAbandonOperation() || hasOperationEnded())
        return false;
    m_waiter = waiter;
    return true;
}

/*
    What cannot be abandoned is waited for, and then the interruption arrives (A15).
*/
void Wait::decide(Outcome interruption)
{
    if (std::exchange(m_isPostponed, false))
        schedule();
    if (m_outcome != Outcome::Pending || !(m_waiter || m_isStarting))
        return;
    if (hasOperationEnded()) {
        settle(Outcome::Ended);
        abandonOperation();
        if (m_waiter)
            schedule();
        return;
    }
    if (isOperationEnding())
        return;
    settle(interruption);
    m_isAbortDue = true;
    if (canAbandonOperation()) {
        abandonOperation();
        if (m_waiter)
            schedule();
    }
}

void Wait::abortIfOver()
{
    if (std::exchange(m_isAbortDue, false) && !m_isSpared)
        abortOperation();
}

void Wait::abortBeforeResuming()
{
    if (!m_isAbortDue || hasOperationEnded())
        return;
    const std::coroutine_handle<> waiter = std::exchange(m_waiter,
                                                         nullptr); // nobody else resumes it
    abortIfOver();
    m_waiter = waiter;
}

void Wait::operationEnded()
{
    if (m_outcome == Outcome::Pending)
        settle(Outcome::Ended);
    if (!m_waiter)
        return;
    schedule();
    deliverIfLoopIsOver();
}

void Wait::operationEndedInLoop()
{
    if (m_outcome == Outcome::Pending)
        settle(Outcome::Ended);
    resume();
}

void Wait::resume()
{
    if (auto waiter = std::exchange(m_waiter, nullptr))
        waiter.resume();
}

void OwnWait::abandonedByWaiter(bool hasAwaited)
{
    if (!isOfThisThread() || !m_suspension)
        return;
    m_suspension->abandoned += hasAwaited;
    if (m_suspension->abandoned >= awaitersOf(*m_suspension))
        abandoned();
}

} // namespace QTimeout::detail
