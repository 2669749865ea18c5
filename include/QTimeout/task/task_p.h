// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A node of the tree of who has started whom: an abortable coroutine or a run.

#ifndef QTIMEOUT_TASK_P_H
#define QTIMEOUT_TASK_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/abortlist_p.h"
#include "../scope/current_p.h"
#include "../scope/work_p.h"
#include "../thread/resumption_p.h"
#include "../thread/weak_p.h"

class QTimeoutScope;

namespace QTimeout::detail {

/*
    Its parent is the task that was running when it was made; the life under which it runs is that of its
    base class. See the essay in task.cpp. A task is a member of a coroutine frame, and refers to its
    parent only until either has ended.
*/
class QTIMEOUT_EXPORT Task : public Work, public ListNode<Task>, public WeakTarget
{
public:
    // Null if nobody is running.
    static Task *current() noexcept { return static_cast<Task *>(Current::work()); }

    // Null when that has ended.
    const Task *parent() const noexcept { return m_parent; }
    AbortList *aborts() noexcept final { return &m_aborts; }
    const AbortList *aborts() const noexcept { return &m_aborts; }
    // An abort has not reached it yet.
    bool isPending() const noexcept { return m_aborts.hasPending(); }
    bool isCoroutine() const noexcept { return kind() == Call; }
    // The life under which it was started, which it refers to; null if it was started outside of all.
    const Life *startedIn() const noexcept { return m_startedIn; }

    // Of the scope under which it was started.
    std::chrono::milliseconds gracePeriod() const noexcept;

    void notify(AbortId id, Cause cause) noexcept override;
    void hurry(AbortId id) noexcept override;

    /*
        On the stack while a task ends: when those who await it have been resumed, its parent may be
        interrupted, if it is still suspended (A6).
    */
    class Ending
    {
    public:
        explicit Ending(Task &task) : m_parent(task.endTask()) {}
        ~Ending()
        {
            if (m_parent)
                m_parent->childHasEnded();
        }
        Q_DISABLE_COPY_MOVE(Ending)

    private:
        const Weak<Task> m_parent;
    };

protected:
    // May throw std::bad_alloc.
    Task(Kind kind, Task *parent);
    ~Task() override;

    // The life under which it begins. Makes room for the aborts of that and of those around it.
    void startIn(Life *life);
    bool outlivesAbort() const noexcept override { return true; }
    // It is over, and abort() is still to come.
    virtual bool isAbortDue() const noexcept = 0;
    bool isSelected(const Resumption::Selection &selection) const noexcept;
    // Something that it has started is being aborted, and comes first.
    bool isHeldBack() const noexcept { return m_abortedChildren != 0; }
    // A coroutine above is concerned by one of these aborts, too.
    bool isSharedAbove(const AbortList &aborts) const noexcept;
    // The same of those that are pending here.
    bool isPendingAbove() const noexcept;
    // Aborts it with all that it has started.
    void abortTree();

    // It has ended. Returns the parent, if that waits to be interrupted.
    Task *endTask() noexcept;

private:
    void setAborted() noexcept;
    void childHasEnded();
    void notifyTree(AbortId id) noexcept;
    void lookTree();
    bool abortOne();

    Task *m_parent; // null when it has ended
    IntrusiveList<Task, Task> m_children; // the newest first
    AbortList m_aborts;
    Life *m_startedIn = nullptr; // counted
    quint32 m_abortedChildren = 0;
    bool m_hasEnded = false;
    bool m_isAborted = false; // counted by the parent
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_TASK_P_H
