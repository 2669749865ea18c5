// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// One wait of one coroutine for one operation.

#ifndef QTIMEOUT_WAIT_P_H
#define QTIMEOUT_WAIT_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../deadline/deadlinequeue_p.h"
#include "../task/task_p.h"
#include "../thread/resumption_p.h"
#include "../thread/weak_p.h"

#include <coroutine>
#include <utility>

namespace QTimeout::detail {

/*
    A member of the coroutine's frame. It ends once: because the operation has ended, or because it is
    over by an abort. Everything happens in one thread, in which the coroutine is resumed: by the event loop,
    or, if a task was awaited, when that ends.
*/
class QTIMEOUT_EXPORT Wait : public Resumption
{
public:
    enum class Outcome : quint8 { Pending, Ended, Expired, Cancelled };

    // For the operation: what was awaited has ended.
    void operationEnded();
    // The same, where the coroutine may be resumed in this call: by a task that ends, or from an event of ours.
    void operationEndedInLoop();

    // Where news for a wait that is being started is to be posted to.
    const Mailbox::Pointer &mailbox() const noexcept { return m_thread->mailbox(); }

protected:
    Wait() noexcept : m_thread(DeadlineQueue::current()) {}
    ~Wait() override = default;

    // Return false if the coroutine goes on at once.
    bool suspend(std::coroutine_handle<> waiter);
    bool suspend(std::coroutine_handle<> waiter, Task &task);

    bool isSuspended() const noexcept { return bool(m_waiter); }
    bool isOfThisThread() const noexcept { return m_thread == DeadlineQueue::existing(); }
    bool canRun() const noexcept { return m_thread; }
    Outcome outcome() const noexcept { return m_outcome; }
    // Not by the operation's end, so that the coroutine is to be interrupted.
    bool isOver() const noexcept
    {
        return m_outcome == Outcome::Expired || m_outcome == Outcome::Cancelled;
    }
    // It is to be resumed, but others come first: until decide() is called again.
    void postpone() noexcept { m_isPostponed = true; }

    // An abort has come to what is suspended: decides whether it has ended, or is over.
    void decide(Outcome interruption);
    bool isAbortDue() const noexcept { return m_isAbortDue; }
    // Aborts the operation if the wait is over. May do anything, and destroy this.
    void abortIfOver();
    // The same of what is being resumed already, by an event loop in another's abort function.
    void abortBeforeResuming();
    // Its operation is somebody else's now.
    void spareOperation() noexcept { m_isSpared = true; }

    virtual void startOperation() = 0;
    virtual bool hasOperationEnded() const = 0;
    // It is certain to end, so an abort comes too late (A2).
    virtual bool isOperationEnding() const { return false; }
    virtual bool canAbandonOperation() const = 0;
    virtual void abandonOperation() = 0;
    virtual void abortOperation() = 0;
    virtual const QObject *operationObject() const { return nullptr; }
    // For what is aborted with this wait.
    virtual std::chrono::milliseconds gracePeriod() const { return DefaultGracePeriod; }

    // It has an outcome.
    virtual void settle(Outcome outcome) { m_outcome = outcome; }
    void resume() override;

private:
    std::coroutine_handle<> m_waiter;
    const DeadlineQueue *const m_thread; // names the thread, and is only compared
    Outcome m_outcome = Outcome::Pending;
    bool m_isAbortDue = false;
    bool m_isSpared = false;
    bool m_isStarting = false;
    bool m_isPostponed = false;
};

/*
    The wait of a coroutine of ours, which can be told that nobody waits for it any more.
*/
class QTIMEOUT_EXPORT OwnWait : public Wait, public WeakTarget
{
public:
    // In the promise: what the coroutine is suspended in, for as long as that exists.
    struct Suspension
    {
        OwnWait *wait = nullptr;
        size_t abandoned = 0; // so many of those who have awaited it have stopped
        const void *promise = nullptr; // for those who know its type
    };
    void setSuspension(Suspension *suspension) noexcept
    {
        m_suspension = suspension;
        suspension->wait = this;
    }

    // What was awaited has ended, though the news may be on its way.
    bool hasEnded() const noexcept { return outcome() == Outcome::Ended; }
    const Suspension *suspension() const noexcept { return m_suspension; }
    // One who has awaited it has stopped; or one who has not wants it to end. It ends with the last (A10).
    void abandonedByWaiter(bool hasAwaited);

protected:
    OwnWait() noexcept = default;
    ~OwnWait() override
    {
        if (m_suspension)
            m_suspension->wait = nullptr;
    }

    // Nobody awaits it any more.
    virtual void abandoned() = 0;

private:
    Suspension *m_suspension = nullptr;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WAIT_P_H
