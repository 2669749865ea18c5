// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/wait_p.h"

#include <QtCore/qmetaobject.h>

#include <utility>

namespace QTimeout::detail {

/*
    Stands in for a wait in a scope that has gone to another thread. What it is told there it passes
    on to the thread of the wait.
*/
class Wait::Remote final : public Work
{
public:
    Remote(const Mailbox::Pointer &home, const Self::Pointer &wait)
        : Work(Work::Link), m_home(home), m_wait(wait)
    {
    }

protected:
    void abort(Cause cause) override
    {
        m_home->post([wait = m_wait, cause] {
            if (wait->owner)
                wait->owner->abort(cause);
        });
        delete this;
    }

    void dismiss() override { delete this; }

private:
    const Mailbox::Pointer m_home;
    const Self::Pointer m_wait;
};

Wait::~Wait()
{
    if (m_self)
        m_self->owner = nullptr;
}

const Wait::Self::Pointer &Wait::self()
{
    if (!m_self)
        m_self = new Self(this);
    return m_self;
}

void Wait::begin(const Limit &limit)
{
    if (!m_home) { // the thread is past running anything
        m_outcome = Outcome::Cancelled;
    } else if (limit.scope) {
        switch (join(limit.scope, limit.function)) {
        case Admission::Expired:
            m_outcome = Outcome::Expired;
            break;
        case Admission::Cancelled:
            m_outcome = Outcome::Cancelled;
            break;
        case Admission::Joined:
        case Admission::Unlimited:
            break;
        }
    } else {
        m_home->set(this, m_home->resolve(limit.deadline));
    }
}

void Wait::settle(Outcome outcome)
{
    m_outcome = outcome;
    leave();
    if (isQueued())
        queue()->remove(this);
}

/*
    Returns false if the operation has ended, or was interrupted, while it was being started.
*/
bool Wait::suspend(std::coroutine_handle<> waiter)
{
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
    if (auto waiter = std::exchange(m_waiter, nullptr))
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
    settle(Outcome::Ended);
    QMetaObject::invokeMethod(
            m_home,
            [wait = self()] {
                if (wait->owner)
                    wait->owner->resume();
            },
            Qt::QueuedConnection);
}

/*
    The deadline has passed or the scope is aborted. An operation that has ended beats that, even if
    the news is still queued (A2); one that cannot be abandoned is waited for, and then the
    interruption arrives (A15).
*/
void Wait::interrupt(Outcome outcome)
{
    if (m_outcome != Outcome::Pending)
        return;
    if (hasOperationEnded()) {
        settle(Outcome::Ended);
        abandonOperation();
    } else {
        settle(outcome);
        if (!canAbandonOperation()) {
            abortOperation();
            return;
        }
        abandonOperation();
        abortOperation();
    }
    resume();
}

void Wait::due()
{
    interrupt(Outcome::Expired);
}

void Wait::abort(Cause cause)
{
    interrupt(cause == Cause::Expired ? Outcome::Expired : Outcome::Cancelled);
}

void Wait::abandonedByWaiter()
{
    if (m_home == DeadlineQueue::existing())
        interrupt(Outcome::Cancelled);
}

void Wait::scopeLeavesThread()
{
    replaceBy(new Remote(m_home->mailbox(), self()));
}

} // namespace QTimeout::detail
