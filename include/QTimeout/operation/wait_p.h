// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_WAIT_P_H
#define QTIMEOUT_WAIT_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "../deadline/deadlinequeue_p.h"
#include "../scope/work_p.h"

#include <QtCore/qshareddata.h>

#include <coroutine>

class QTimeoutScope;

namespace QTimeout::detail {

/*
    What somebody awaits until when and under which scope.
*/
struct Limit
{
    Deadline deadline;
    QTimeoutScope *scope; // or null
    const char *function; // for warnings
};

/*
    Shared by something that waits and by the functors that are connected for it. A functor may be
    called after the one who waits has gone, where the call was queued.
*/
template<typename Owner>
class Listener : public QSharedData
{
public:
    using Pointer = QExplicitlySharedDataPointer<Listener>;

    explicit Listener(Owner *listening) noexcept : owner(listening) {}
    virtual ~Listener() = default;

    Owner *owner; // touched only in the thread in which it waits
};

/*
    The wait of one coroutine for one operation: a member of the coroutine's frame. It ends once:
    because the operation has ended, because its deadline has passed, or because the scope that it
    is under aborts it. Everything happens in one thread, in which the coroutine is resumed.

    An operation that is aborted is abandoned first, since to abort it may end it, and the coroutine
    is resumed last, since that may destroy anything.
*/
class QTIMEOUT_EXPORT Wait : public Work, public DeadlineEntry
{
public:
    enum class Outcome : quint8 { Pending, Ended, Expired, Cancelled };

    // For the operation: what was awaited has ended.
    void operationEnded();
    // The same, but the coroutine is resumed from the event loop. For signals, whose senders must
    // not be destroyed while they emit.
    void operationEndedLater();

    // The object that receives what is posted to the thread of this wait.
    DeadlineQueue *home() const noexcept { return m_home; }
    // For a task of ours that nobody awaits any more.
    void abandonedByWaiter();
    // The scope has finished, and another one has taken over.
    bool wasHandedOver() const noexcept { return m_joins > 1; }

protected:
    explicit Wait(Kind kind) noexcept : Work(kind), m_home(DeadlineQueue::current()) {}
    ~Wait();

    // Applies the limit. The wait may have an outcome then.
    void begin(const Limit &limit);
    void settle(Outcome outcome);
    bool suspend(std::coroutine_handle<> waiter);
    void resume();
    Outcome outcome() const noexcept { return m_outcome; }

    virtual void startOperation() = 0;
    virtual bool hasOperationEnded() const = 0;
    virtual bool canAbandonOperation() const = 0;
    virtual void abandonOperation() = 0;
    virtual void abortOperation() = 0;

    void due() override;
    void abort(Cause cause) override;
    void joined(QTimeoutScope *) override { ++m_joins; }
    void scopeLeavesThread() override;

private:
    class Remote;
    struct Self final : Listener<Wait>
    {
        using Pointer = QExplicitlySharedDataPointer<Self>;
        using Listener::Listener;

        // The stand-in of this wait, which is in another thread, and its address there.
        Remote *remote = nullptr;
        Mailbox::Pointer remoteMailbox;
    };

    void interrupt(Outcome outcome);
    const Self::Pointer &self();
    void leaveRemotely();

    std::coroutine_handle<> m_waiter;
    DeadlineQueue *m_home;
    Self::Pointer m_self; // made for what other threads and the event loop are to know
    Outcome m_outcome = Outcome::Pending;
    quint16 m_joins = 0;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WAIT_P_H
