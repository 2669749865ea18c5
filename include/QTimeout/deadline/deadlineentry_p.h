// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// DeadlineEntry: the base of what is called when a deadline has passed.

#ifndef QTIMEOUT_DEADLINEENTRY_P_H
#define QTIMEOUT_DEADLINEENTRY_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"
#include "timingwheelnode_p.h"

namespace QTimeout::detail {

class DeadlineQueue;

/*
    Something that is due at a certain time. The times are on the queue's own scale, that of
    DeadlineQueue::now().

    Entries belong to whoever has derived from them; the queue only links them, and an entry that is
    destroyed takes itself out. While an entry is in a queue, only the thread of that queue may touch
    it.
*/
class QTIMEOUT_EXPORT DeadlineEntry : private TimingWheelNode
{
public:
    DeadlineEntry() = default;

    bool isQueued() const noexcept { return m_queue != nullptr; }
    DeadlineQueue *queue() const noexcept { return m_queue; } // null if it is in none
    qint64 deadline() const noexcept { return TimingWheelNode::deadline(); }

protected:
    virtual ~DeadlineEntry()
    {
        if (m_queue)
            leaveQueue();
    }

    // For an entry that stands in for another, and is in no queue either.
    void takeDeadline(const DeadlineEntry &other) noexcept { setDeadline(other.deadline()); }

    // The deadline has passed, the event loop has brought the entry up, and it is in no queue any
    // more. May delete the entry, insert it again, and run an event loop.
    virtual void due() = 0;

private:
    friend class DeadlineQueue;

    void leaveQueue() noexcept;

    DeadlineQueue *m_queue = nullptr;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_DEADLINEENTRY_P_H
