// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/wait_p.h"

#include "scope/qtimeoutscope.h"

#include <QtCore/qmetaobject.h>

#include <utility>

namespace QTimeout::detail {

/*
    Stands in for a wait in a scope that has gone to another thread, and counts there as the wait did.
    What it is told there it passes on to the thread of the wait; when the wait ends, that is posted
    to it in turn. It moves with the scope, and both may end at the same time: neither refers to the
    other but by what they share.
*/
class Wait::Remote final : public QObject, public Work
{
public:
    Remote(Kind kind, const Mailbox::Pointer &home, const Self::Pointer &wait)
        : Work(kind), m_home(home), m_wait(wait), m_mailbox(new Mailbox(this))
    {
        wait->remote = this;
        wait->remoteMailbox = m_mailbox;
    }
    ~Remote() override { m_mailbox->close(); }

    void waitHasEnded()
    {
        leave();
        delete this;
    }

protected:
    // Told in this call if the scope is back.
    void abort(Cause cause) override
    {
        const Mailbox::Pointer home = m_home;
        const auto abortWait = [wait = m_wait, cause, handedOver = m_handedOver] {
            Wait *owner = wait->owner;
            if (!owner)
                return;
            owner->m_joins = quint16(owner->m_joins + handedOver);
            owner->abort(cause);
        };
        delete this;
        if (home->isHere())
            abortWait();
        else
            home->post(abortWait);
    }

    void joined(QTimeoutScope *scope) override
    {
        m_handedOver = parent() != nullptr;
        setParent(scope);
    }

    void dismiss() override { delete this; }

private:
    const Mailbox::Pointer m_home;
    const Self::Pointer m_wait;
    const Mailbox::Pointer m_mailbox;
    bool m_handedOver = false;
};

Wait::~Wait()
{
    if (!m_self)
        return;
    m_self->owner = nullptr;
    leaveRemotely();
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
    if (m_self)
        leaveRemotely();
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
    if (m_home == DeadlineQueue::existing()) // else its thread has ended
        replaceBy(new Remote(kind(), m_home->mailbox(), self()));
}

void Wait::leaveRemotely()
{
    if (Remote *remote = std::exchange(m_self->remote, nullptr))
        m_self->remoteMailbox->post([remote] { remote->waitHasEnded(); });
}

} // namespace QTimeout::detail
