// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// DeadlineQueue: the deadlines of one thread.

#ifndef QTIMEOUT_DEADLINEQUEUE_P_H
#define QTIMEOUT_DEADLINEQUEUE_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../thread/mailbox_p.h"
#include "deadlineentry_p.h"
#include "qtimeoutdeadline.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qobject.h>

#include <memory>

namespace QTimeout::detail {

/*
    The deadlines of one thread, and the clock by which they are told. See the essay in
    deadlinequeue.cpp.

    The queue belongs to its thread, which makes it when it is first used and destroys it at its own
    end. Only that thread may touch it, except to post to it or to its mailbox.
*/
class QTIMEOUT_EXPORT DeadlineQueue : public QObject
{
public:
    // A deadline on the scale of now(), and the time at which to wake up for it.
    struct Time
    {
        qint64 deadline = ForeverNSecs;
        qint64 latest = ForeverNSecs;
    };

    /*
        Something that is done when the event loop comes to it: posted to the queue, in whose thread
        it arrives.
    */
    class Call : public QEvent
    {
    public:
        static constexpr auto Type = QEvent::Type(QEvent::User + 1);

        Call() : QEvent(Type) {}
        virtual void arrived() = 0;
    };

    // That of the calling thread; null when the thread is past running anything.
    static DeadlineQueue *current() noexcept;
    // The same without making one that does not exist.
    static DeadlineQueue *existing() noexcept;

    // That of the thread.
    const Mailbox::Pointer &mailbox() const noexcept { return m_mailbox; }

    qint64 now() const noexcept;
    Time resolve(Deadline deadline) const noexcept;
    Time resolve(qint64 deadline, Qt::TimerType type) const noexcept;
    // How much time a deadline that is set now leaves; not negative.
    qint64 lengthOf(Deadline deadline) const noexcept;
    // From the queue's scale to that of QDeadlineTimer.
    qint64 toReal(qint64 time) const noexcept;
    qint64 fromReal(qint64 time) const noexcept;

    // The entry comes up at this time, whether or not it was queued before. Forever takes it out.
    void set(DeadlineEntry *entry, Time time);
    // The deadline stays readable.
    void remove(DeadlineEntry *entry) noexcept;
    // For another thread's queue: the deadline is in real time then.
    void release(DeadlineEntry *entry) noexcept;

    // For tests and benchmarks.
    size_t size() const noexcept;
    quint64 timerEvents() const noexcept;
    quint64 timerStarts() const noexcept;
    bool isArmed() const noexcept;

    // For the test clock. While the queue is frozen its time stands still, and is set from outside.
    bool isFrozen() const noexcept;
    void freeze();
    void thaw();
    void setFrozenTime(qint64 time);
    qint64 earliestDeadline();
    void expireDue();

private:
    friend class DeadlineEntry;

    class Driver;
    class LoopEvent;
    struct ThreadExit;

    DeadlineQueue();
    ~DeadlineQueue() override;
    static DeadlineQueue *make();

    bool event(QEvent *event) override;

    const Mailbox::Pointer m_mailbox;
    const std::unique_ptr<Driver> d;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_DEADLINEQUEUE_P_H
