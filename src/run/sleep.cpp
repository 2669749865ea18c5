// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "run/qtimeoutrun.h"

#include "wait/coroutineabi_p.h"

namespace QTimeout {

namespace detail {

/*
    A wait for nothing but its deadline. It is no task: who awaits it is aborted, and stops waiting.
*/
class SleepWait final : public OwnWait, public DeadlineEntry
{
public:
    explicit SleepWait(const Limit &limit)
    {
        if (DeadlineQueue *threadQueue = DeadlineQueue::current())
            threadQueue->set(this, threadQueue->resolve(limit.deadline));
        else // the thread is past running anything
            settle(Outcome::Cancelled);
    }

    bool await_ready() const noexcept { return outcome() != Outcome::Pending; }
    template<typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter)
    {
        setSuspendedIn<SleepWait>(waiter, this);
        return suspend(waiter);
    }
    void await_resume() const
    {
        if (outcome() == Outcome::Cancelled)
            throw QTimeoutCancelled();
    }

private:
    void due() override { operationEndedInLoop(); }
    void abandoned() override
    {
        settle(Outcome::Cancelled);
        if (DeadlineEntry::isQueued())
            DeadlineEntry::queue()->remove(this);
        resume();
    }

    void startOperation() override {}
    bool hasOperationEnded() const override { return false; }
    bool canAbandonOperation() const override { return true; }
    void abandonOperation() override {}
    void abortOperation() override {}
};

static QCoro::Task<> sleep(Limit limit)
{
    SleepWait wait(limit);
    co_await wait;
}

} // namespace detail

/*!
    Returns a task that ends after \a duration. It always suspends, also if \a duration is zero or
    negative: then it goes on with the next turn of the event loop. The maximum of the type is
    forever.

    Unlike \c{QCoro::sleepFor()}, a sleep that nobody waits for any more ends at once.

    \sa sleepUntil(), run()
*/
QCoro::Task<> sleepFor(std::chrono::nanoseconds duration)
{
    return detail::sleep({duration, nullptr, "sleepFor"});
}

/*!
    Returns a task that ends at \a deadline. It always suspends, also if that has passed.

    \sa sleepFor()
*/
QCoro::Task<> sleepUntil(QDeadlineTimer deadline)
{
    return detail::sleep({deadline, nullptr, "sleepUntil"});
}

} // namespace QTimeout
