// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/wait_p.h"

#include "scope/qtimeoutcancelled.h"
#include "scope/qtimeouterror.h"

#include <QtCore/qcoreapplication.h>

#include <utility>

namespace QTimeout::detail {

/*
    What it resumes may have gone when it arrives, and it may be dropped on the way.
*/
class Wait::Resumption final : public DeadlineQueue::Call
{
public:
    explicit Resumption(Wait *wait) noexcept : m_wait(wait) { wait->m_resumption = this; }
    ~Resumption() override { release(); }

    Wait *release() noexcept
    {
        if (m_wait)
            m_wait->m_resumption = nullptr;
        return std::exchange(m_wait, nullptr);
    }

private:
    void arrived() override
    {
        if (Wait *wait = release())
            wait->resume();
    }

    Wait *m_wait;
};

Wait::~Wait()
{
    if (m_resumption)
        m_resumption->release();
}

/*
    Returns false if the operation has ended, or was interrupted, while it was being started.
*/
bool Wait::suspend(std::coroutine_handle<> waiter)
{
    if (!m_home) { // the thread is past running anything
        settle(Outcome::Cancelled);
        abortOperation();
        return false;
    }
    startOperation();
    const bool ended = hasOperationEnded(); // perhaps before anybody listened
    if (ended && m_outcome == Outcome::Pending) {
        settle(Outcome::Ended);
        abandonOperation();
    }
    if (m_outcome != Outcome::Pending && (ended || canAbandonOperation()))
        return false;
    m_waiter = waiter;
    return true;
}

void Wait::resume()
{
    if (auto waiter = takeWaiter())
        waiter.resume();
}

void Wait::operationEnded()
{
    if (m_outcome == Outcome::Pending)
        settle(Outcome::Ended);
    resume();
}

void Wait::operationEndedLater()
{
    setOutcome(Outcome::Ended);
    if (!m_resumption)
        QCoreApplication::postEvent(m_home, new Resumption(this));
}

/*
    Returns true if the coroutine may be resumed. An operation that has ended beats the interruption, even if
    the news is still queued (A2); one that cannot be abandoned is waited for, and then the
    interruption arrives (A15).
*/
bool Wait::interrupt(Outcome outcome)
{
    if (m_outcome != Outcome::Pending)
        return false;
    if (hasOperationEnded()) {
        settle(Outcome::Ended);
        abandonOperation();
        return true;
    }
    settle(outcome);
    const bool canAbandon = canAbandonOperation();
    if (canAbandon)
        abandonOperation();
    abortOperation();
    return canAbandon;
}

// What is watched, and a sleep, is nobody's branch.
LimitedWait::LimitedWait(Kind kind, bool isRun) noexcept
    : Branch(kind, isRun ? Frame::running() : nullptr)
{
}

void LimitedWait::begin(const Limit &limit)
{
    if (!home()) { // the thread is past running anything
        setOutcome(Outcome::Cancelled);
    } else if (limit.scope) {
        m_isScopeGiven = true;
        switch (join(limit.scope, limit.function)) {
        case Admission::Expired:
            setOutcome(outcomeOf(Cause::Expired));
            break;
        case Admission::Cancelled:
            setOutcome(outcomeOf(Cause::Cancelled));
            break;
        case Admission::Joined:
        case Admission::Unlimited:
            break;
        }
    } else {
        home()->set(this, home()->resolve(limit.deadline));
        joinScopeOfStarter();
    }
}

void LimitedWait::settle(Outcome outcome)
{
    setOutcome(outcome);
    leave();
    if (isQueued())
        queue()->remove(this);
}

/*
    It stays under its scope until it is resumed, so that nobody who awaits it is interrupted meanwhile.
*/
void LimitedWait::operationEndedLater()
{
    Wait::operationEndedLater();
    if (isQueued())
        queue()->remove(this);
}

void LimitedWait::resume()
{
    leave();
    const Departure departure(*this);
    Wait::resume();
}

void LimitedWait::due()
{
    if (Wait::interrupt(Outcome::Expired))
        resume();
}

/*
    The end of a scope that was given is that of the wait. One that the wait is nested in takes it
    along: like a nested scope, it has expired only if its own deadline has passed by then (S10).
    A coroutine that is being aborted too sees no errors of the deadlines around it (A4).
*/
Wait::Outcome LimitedWait::outcomeOf(Cause cause) const
{
    if (isMarked() ? isAbortedWithStarter() : starter() && starter()->isPending())
        return Outcome::Cancelled;
    const bool hasExpired = m_isScopeGiven ? cause == Cause::Expired : deadline() <= home()->now();
    return hasExpired ? Outcome::Expired : Outcome::Cancelled;
}

void LimitedWait::abort(Cause cause)
{
    if (!isShielded())
        interruptBy(cause);
}

void LimitedWait::interruptBy(Cause cause)
{
    if (Wait::interrupt(outcomeOf(cause)))
        resume();
}

bool LimitedWait::isDue() const noexcept
{
    return isMarked() && isSuspended() && outcome() == Outcome::Pending && !isShielded();
}

void LimitedWait::interrupt()
{
    abort(cause());
}

void LimitedWait::throwInterrupted() const
{
    if (outcome() == Outcome::Cancelled)
        throw QTimeoutCancelled();
    if (m_isScopeGiven && isMarked())
        throwTimeout();
    throw QTimeoutError(); // its own deadline
}

void LimitedWait::abandonedByWaiter()
{
    if (home() == DeadlineQueue::existing() && Wait::interrupt(Outcome::Cancelled))
        resume();
}

const void *LimitedWait::address() const noexcept
{
    return isSuspended() ? waiterAddress() : nullptr;
}

bool LimitedWait::isAwaitedBy(const void *coroutine) const noexcept
{
    return m_suspension && detail::isAwaitedBy(*m_suspension->promise, coroutine);
}

void LimitedWait::abortedRemotely(Cause cause, bool isHandedOver)
{
    m_joins = quint16(m_joins + isHandedOver);
    if (!isMarked() || !isShielded())
        interruptBy(cause);
}

} // namespace QTimeout::detail
