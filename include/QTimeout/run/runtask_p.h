// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A run: a wait with a deadline or under a scope, and a node of the tree of tasks.

#ifndef QTIMEOUT_RUNTASK_P_H
#define QTIMEOUT_RUNTASK_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../deadline/qtimeoutdeadline.h"
#include "../wait/wait_p.h"

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
    A member of the frame of run() or tryRun(). What a run calls is its child.
*/
class QTIMEOUT_EXPORT RunTask : public OwnWait, public Task, public DeadlineEntry
{
public:
    // Throws if it is over by an abort or its deadline.
    void checkInterrupted()
    {
        if (isOver())
            throwInterrupted();
    }
    // It is over by its own deadline, or that of the scope that it was given.
    bool hasTimedOut() const noexcept
    {
        return outcome() == Outcome::Expired && m_ownExpiry && !isPendingAbove();
    }
    // In a handler: that is what the exception tells of.
    bool isOwnTimeout() const;

    void notify(AbortId id, Cause cause) noexcept override;
    void look() override;

    // The run is the task that is running while it calls a function.
    class Calling
    {
    public:
        explicit Calling(RunTask &run) noexcept : m_before(Current::enter(&run)) {}
        ~Calling() { Current::restore(m_before); }
        Q_DISABLE_COPY_MOVE(Calling)

    private:
        const Current m_before;
    };

    using Wait::isOver;

protected:
    RunTask() : Task(Run, Task::current()) {}
    ~RunTask() override = default;

    // Applies the limit. The wait may have an outcome then.
    void begin(const Limit &limit);
    // It is under the scope, which is the run's own.
    void begin(QTimeoutScope *ownScope);

    bool suspend(std::coroutine_handle<> waiter) { return Wait::suspend(waiter, *this); }
    void settle(Outcome outcome) override;
    void resume() override;
    void abandoned() override;

    void due() override;
    void abort() override { abortIfOver(); }
    bool isAbortDue() const noexcept override { return Wait::isAbortDue(); }
    const QObject *object() const override { return operationObject(); }
    std::chrono::milliseconds gracePeriod() const override { return Task::gracePeriod(); }
    void spareObject() override { spareOperation(); }
    void joined(QTimeoutScope *) override { ++m_joins; }
    bool isSelected(const Selection &selection) const override;

private:
    [[noreturn]] void throwInterrupted();

    AbortId m_ownExpiry = 0;
    quint16 m_joins = 0;
    bool m_isScopeGiven = false;
};

// The coroutine is a run under the scope, or awaits one.
QTIMEOUT_EXPORT bool isOfRun(const QTimeoutScope *scope, std::coroutine_handle<> frame);

} // namespace QTimeout::detail

#endif // QTIMEOUT_RUNTASK_P_H
