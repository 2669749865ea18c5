// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/frame_p.h"

#include "deadline/deadlinequeue_p.h"
#include "scope/qtimeoutscope.h"
#include "scope/qtimeoutscope_p.h"

#include <utility>

namespace QTimeout::detail {

/*
    What a branch and its stand-in share.
*/
struct Branch::Distance : QSharedData
{
    using Pointer = QExplicitlySharedDataPointer<Distance>;

    Branch *branch; // touched only in its thread; null when it has gone
    Remote *remote = nullptr; // in another thread, and its address there
    Mailbox::Pointer remoteMailbox;
};

Branch::Branch(Kind kind, Frame *starter) noexcept : Work(kind), m_starter(starter)
{
    if (!starter)
        return;
    m_born = starter->m_stretch;
    linkTo(starter);
}

Branch::~Branch()
{
    if (m_starter)
        leaveStarter();
    if (m_distance)
        m_distance->branch = nullptr;
    leave();
}

void Branch::leaveStarter() noexcept
{
    Frame *starter = std::exchange(m_starter, nullptr);
    if (!starter)
        return;
    if (m_previousBranch)
        m_previousBranch->m_nextBranch = m_nextBranch;
    else
        starter->m_firstBranch = m_nextBranch;
    if (m_nextBranch)
        m_nextBranch->m_previousBranch = m_previousBranch;
    m_previousBranch = nullptr;
    m_nextBranch = nullptr;
    if (isMarked() && !m_isAdopted)
        --starter->m_markedBranches;
}

void Branch::linkTo(Frame *starter) noexcept
{
    m_starter = starter;
    m_nextBranch = starter->m_firstBranch;
    if (m_nextBranch)
        m_nextBranch->m_previousBranch = this;
    starter->m_firstBranch = this;
}

/*
    The starter has ended. The one above does not wait for what it has not started itself, but may have a
    shield in which this still is.
*/
void Branch::goTo(Frame *above) noexcept
{
    leaveStarter();
    m_isAdopted = true;
    if (above)
        linkTo(above);
}

void Branch::joinScopeOfStarter()
{
    if (QTimeoutScopePrivate *active = m_starter ? m_starter->nearestActiveLife() : nullptr)
        active->add(this);
}

void Branch::mark(quint64 serial, Cause cause) noexcept
{
    if (!isMarked()) {
        m_cause = cause;
        if (m_starter && !m_isAdopted)
            ++m_starter->m_markedBranches;
    }
    if (hasSeenMarks())
        m_oldestMark = serial;
    m_marked = serial;
}

bool Branch::isAbortedWithStarter(quint64 serial) const noexcept
{
    const Branch *each = this;
    while (const Frame *above = each->m_isAdopted ? nullptr : each->m_starter) {
        if (above->isPending() && (above->m_marked == serial || above->m_oldestMark == serial))
            return true;
        each = above;
    }
    return false;
}

void Departure::leave(Branch &branch)
{
    Frame *starter = branch.m_isAdopted ? nullptr : branch.m_starter;
    branch.leaveStarter();
    if (starter && starter->isPending())
        m_starter = starter->token();
}

void Departure::interruptStarter()
{
    if (m_starter->frame)
        m_starter->frame->interruptIfDue();
}

/*
    Stands in for a branch in a scope that has gone to another thread, and counts there as the branch did.
    What it is told there it passes on to the thread of the branch; when the branch ends, that is posted
    to it in turn. It moves with the scope, and both may end at the same time: neither refers to the
    other but by what they share.
*/
class Branch::Remote final : public QObject, public Work
{
public:
    Remote(Kind kind, const Mailbox::Pointer &home, const Distance::Pointer &distance)
        : Work(kind), m_home(home), m_distance(distance), m_mailbox(new Mailbox(this))
    {
        distance->remote = this;
        distance->remoteMailbox = m_mailbox;
    }
    ~Remote() override { m_mailbox->close(); }

    void branchHasEnded()
    {
        leave();
        delete this;
    }

protected:
    // Told in this call if the scope is back.
    void abort(Cause cause) override
    {
        const Mailbox::Pointer home = m_home;
        const auto abortBranch = [distance = m_distance, cause, isHandedOver = m_isHandedOver] {
            if (distance->branch)
                distance->branch->abortedRemotely(cause, isHandedOver);
        };
        delete this;
        if (home->isHere())
            abortBranch();
        else
            home->post(abortBranch);
    }

    void joined(QTimeoutScope *scope) override
    {
        m_isHandedOver = parent() != nullptr;
        setParent(scope);
    }

    void dismiss() override { delete this; }

private:
    const Mailbox::Pointer m_home;
    const Distance::Pointer m_distance;
    const Mailbox::Pointer m_mailbox;
    bool m_isHandedOver = false;
};

void Branch::scopeLeavesThread()
{
    const DeadlineQueue *home = DeadlineQueue::existing();
    if (!home) // its thread has ended
        return;
    if (!m_distance) {
        m_distance = new Distance;
        m_distance->branch = this;
    }
    replaceBy(new Remote(kind() == Watch ? Watch : Run, home->mailbox(), m_distance));
}

void Branch::leaveRemotely()
{
    if (Remote *remote = std::exchange(m_distance->remote, nullptr))
        m_distance->remoteMailbox->post([remote] { remote->branchHasEnded(); });
}

} // namespace QTimeout::detail
