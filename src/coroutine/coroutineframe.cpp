// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutine/coroutineframe_p.h"

#include "scope/qtimeoutcancelled.h"

namespace QTimeout::detail {

bool CoroutineFrame::isAwaitedBy(const void *coroutine) const noexcept
{
    return detail::isAwaitedBy(m_promise, coroutine);
}

bool CoroutineFrame::isDue() const noexcept
{
    return m_wait && m_wait->outcome() == Wait::Outcome::Pending && isInterruptible()
            && !m_wait->isOperationEnding();
}

void CoroutineFrame::interrupt()
{
    m_wait->interruptFrame();
}

/*
    Returns false if the coroutine goes on at once: what it awaits has ended, or an abort was waiting
    for this moment (A7).
*/
bool FrameWait::suspendFrame(std::coroutine_handle<> waiter, const Frame::Shield *shield)
{
    if (!suspend(waiter))
        return false;
    if (shield)
        m_frame.beginShield(*shield);
    else if (m_frame.isInterruptible() && !isOperationEnding() && interruptAtOnce())
        return false;
    m_frame.m_wait = this;
    m_frame.leave();
    return true;
}

/*
    Nobody may resume the coroutine meanwhile, since it is still running.
*/
bool FrameWait::interruptAtOnce()
{
    const std::coroutine_handle<> waiter = takeWaiter();
    m_frame.setInterrupted();
    if (Wait::interrupt(Outcome::Cancelled) || hasOperationEnded())
        return true;
    setWaiter(waiter);
    return false;
}

bool FrameWait::suspendInShield(std::coroutine_handle<> waiter, std::coroutine_handle<> task)
{
    Frame::Shield shield;
    shield.task = task.address();
    if (const LimitedWait *known = task ? KnownCoroutine::find(task) : nullptr) {
        shield.callee = known->callee();
        shield.scope = known->ownScope();
        shield.isExact = true;
    }
    return suspendFrame(waiter, &shield);
}

void FrameWait::interruptFrame()
{
    if (!hasOperationEnded())
        m_frame.setInterrupted();
    if (Wait::interrupt(Outcome::Cancelled))
        resume();
}

void FrameWait::resume()
{
    if (auto waiter = takeWaiter()) {
        m_frame.m_wait = nullptr;
        m_frame.enter();
        waiter.resume();
    }
}

void FrameWait::throwInterrupted()
{
    throw QTimeoutCancelled();
}

} // namespace QTimeout::detail
