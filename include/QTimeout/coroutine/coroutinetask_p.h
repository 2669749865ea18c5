// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The task that an abortable coroutine is, and its waits.

#ifndef QTIMEOUT_COROUTINETASK_P_H
#define QTIMEOUT_COROUTINETASK_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../task/task_p.h"
#include "../wait/wait_p.h"

#include <coroutine>

class QTimeoutScope;

namespace QTimeout::detail {

class CoroutineWait;

/*
    The part of an abortable coroutine's promise that does not depend on the type of the result. It takes the
    scope, and runs from its construction on.
*/
class QTIMEOUT_EXPORT CoroutineTask final : public Task
{
public:
    explicit CoroutineTask(QTimeoutScope *scope);

    // The body has ended, and those who await it are about to be resumed.
    void leaveCurrent() noexcept { Current::restore(m_before); }
    // In a handler: throws what leaves the coroutine, if that is another exception (A4).
    void rethrowTimeout();
    // In a handler: an exception has come from what was awaited. Throws it, or what it means here.
    [[noreturn]] void rethrowAwaited();

    void look() override;

protected:
    void abort() override;
    bool isAbortDue() const noexcept override;
    const QObject *object() const override;
    void spareObject() override;

private:
    friend class CoroutineWait;

    void take(QTimeoutScope *scope);

    CoroutineWait *m_wait = nullptr; // in which it is suspended
    Current m_before; // what ran when this was resumed
};

/*
    The wait of an abortable coroutine for what it awaits.
*/
class QTIMEOUT_EXPORT CoroutineWait : public Wait
{
protected:
    explicit CoroutineWait(CoroutineTask &task) noexcept : m_task(task) {}
    ~CoroutineWait() override
    {
        if (m_task.m_wait == this) // the operation has thrown as it was started
            m_task.m_wait = nullptr;
    }

    bool suspendCoroutine(std::coroutine_handle<> waiter);
    // An abort waits until this is over (A8).
    bool suspendInShield(std::coroutine_handle<> waiter);
    // Throws if it is over by an abort.
    void checkInterrupted()
    {
        if (isOver())
            throwInterrupted();
    }
    std::chrono::milliseconds gracePeriod() const override { return m_task.gracePeriod(); }
    bool isTaskPending() const noexcept { return m_task.isPending(); }
    [[noreturn]] void rethrowAwaited() { m_task.rethrowAwaited(); }

private:
    friend class CoroutineTask;

    [[noreturn]] void throwInterrupted();
    void resume() override;
    bool isSelected(const Selection &selection) const override;

    CoroutineTask &m_task;
    bool m_isShield = false;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_COROUTINETASK_P_H
