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
#include "../scope/frame_p.h"

#include <QtCore/qshareddata.h>

#include <coroutine>
#include <utility>

class QTimeoutScope;

namespace QCoro::detail {
class TaskPromiseBase;
}

namespace QTimeout::detail {

// Whether the coroutine at this address waits for the task with this promise.
QTIMEOUT_EXPORT bool isAwaitedBy(const QCoro::detail::TaskPromiseBase &promise,
                                 const void *coroutine) noexcept;

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
    because the operation has ended, or because it is interrupted. Everything happens in one thread, in
    which the coroutine is resumed.

    An operation that is aborted is abandoned first, since to abort it may end it, and the coroutine
    is resumed last, since that may destroy anything.
*/
class QTIMEOUT_EXPORT Wait
{
public:
    enum class Outcome : quint8 { Pending, Ended, Expired, Cancelled };

    Wait(const Wait &) = delete;
    Wait &operator=(const Wait &) = delete;

    // For the operation: what was awaited has ended.
    void operationEnded();
    // The same, but the coroutine is resumed from the event loop. For signals, whose senders must
    // not be destroyed while they emit or are disconnected.
    virtual void operationEndedLater();

    // The object that receives what is posted to the thread of this wait.
    DeadlineQueue *home() const noexcept { return m_home; }

protected:
    Wait() noexcept : m_home(DeadlineQueue::current()) {}
    ~Wait();

    bool suspend(std::coroutine_handle<> waiter);
    bool isSuspended() const noexcept { return bool(m_waiter); }
    const void *waiterAddress() const noexcept { return m_waiter.address(); }
    bool interrupt(Outcome outcome);
    void setOutcome(Outcome outcome) noexcept { m_outcome = outcome; }
    Outcome outcome() const noexcept { return m_outcome; }
    std::coroutine_handle<> takeWaiter() noexcept { return std::exchange(m_waiter, nullptr); }
    void setWaiter(std::coroutine_handle<> waiter) noexcept { m_waiter = waiter; }

    virtual void startOperation() = 0;
    virtual bool hasOperationEnded() const = 0;
    virtual bool canAbandonOperation() const = 0;
    virtual void abandonOperation() = 0;
    virtual void abortOperation() = 0;

    // It has an outcome.
    virtual void settle(Outcome outcome) { setOutcome(outcome); }
    // Nothing happens if the coroutine is not suspended.
    virtual void resume();

private:
    class Resumption;

    std::coroutine_handle<> m_waiter;
    DeadlineQueue *m_home;
    Resumption *m_resumption = nullptr; // that is on its way through the event loop
    Outcome m_outcome = Outcome::Pending;
};

/*
    A wait that has a deadline of its own or is under a scope.
*/
class QTIMEOUT_EXPORT LimitedWait : public Wait, public Branch, public DeadlineEntry
{
public:
    // For a task of ours that nobody awaits any more.
    virtual void abandonedByWaiter();
    // The coroutine that is called by a run, and the scope that the run has made for it.
    virtual const void *callee() const noexcept { return nullptr; }
    virtual const QTimeoutScope *ownScope() const noexcept { return nullptr; }

    const void *address() const noexcept override;
    bool isAwaitedBy(const void *coroutine) const noexcept override;

    // In the promise of a coroutine of ours: what it is suspended in, for as long as that exists.
    struct Suspension
    {
        LimitedWait *wait = nullptr;
        const QCoro::detail::TaskPromiseBase *promise = nullptr;
    };
    void setSuspension(Suspension *suspension) noexcept
    {
        m_suspension = suspension;
        suspension->wait = this;
    }
    // The scope that was given has finished, and another one has taken over.
    bool wasHandedOver() const noexcept { return m_isScopeGiven && m_joins > 1; }
    // What was awaited has ended, though the news may still be queued.
    bool hasEnded() const noexcept { return outcome() == Outcome::Ended; }
    // Throws if the outcome is an interruption.
    void checkInterrupted() const
    {
        if (outcome() == Outcome::Expired || outcome() == Outcome::Cancelled)
            throwInterrupted();
    }

    void operationEndedLater() override;

protected:
    explicit LimitedWait(Kind kind, bool isRun) noexcept;
    ~LimitedWait()
    {
        if (m_suspension)
            m_suspension->wait = nullptr;
    }

    // Applies the limit. The wait may have an outcome then.
    void begin(const Limit &limit);
    void settle(Outcome outcome) override;
    void resume() override;

    void due() override;
    void abort(Cause cause) override;
    bool isDue() const noexcept override;
    void interrupt() override;
    void joined(QTimeoutScope *) override { ++m_joins; }
    void abortedRemotely(Cause cause, bool isHandedOver) override;

private:
    Outcome outcomeOf(Cause cause) const;
    void interruptBy(Cause cause);
    [[noreturn]] void throwInterrupted() const;

    Suspension *m_suspension = nullptr;
    quint16 m_joins = 0;
    bool m_isScopeGiven = false;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WAIT_P_H
