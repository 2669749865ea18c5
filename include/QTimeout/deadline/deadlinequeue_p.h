// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_DEADLINEQUEUE_P_H
#define QTIMEOUT_DEADLINEQUEUE_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because entries of the queue are
// members of coroutine frames, and may change from version to version. We mean it.
//

#include "../thread/mailbox_p.h"
#include "qtimeoutdeadline.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qobject.h>
#include <QtCore/qtimer.h>

#include <array>
#include <limits>

namespace QTimeout::detail {

class DeadlineQueue;

/*
    A place in a list that is closed to a ring by its head.
*/
struct DeadlineLink
{
    DeadlineLink *m_previous;
    DeadlineLink *m_next;
};

/*
    Something that is due at a certain time. The times are on the queue's own scale, that of
    DeadlineQueue::now().
*/
class QTIMEOUT_EXPORT DeadlineEntry : private DeadlineLink
{
public:
    DeadlineEntry() = default;
    DeadlineEntry(const DeadlineEntry &) = delete;
    DeadlineEntry &operator=(const DeadlineEntry &) = delete;

    bool isQueued() const noexcept { return m_queue != nullptr; }
    DeadlineQueue *queue() const noexcept { return m_queue; }
    qint64 deadline() const noexcept { return m_deadline; }

protected:
    ~DeadlineEntry();

    // For one that stands in for another, and is in no queue either.
    void takeDeadline(const DeadlineEntry &other) noexcept { m_deadline = other.m_deadline; }

    // The deadline has passed, the event loop has brought it up, and the entry is in no queue any
    // more. May delete the entry, insert it again, and run an event loop.
    virtual void due() = 0;

private:
    friend class DeadlineQueue;

    qint64 latest() const noexcept { return m_deadline + m_slack; }

    DeadlineQueue *m_queue = nullptr;
    qint64 m_deadline = ForeverNSecs; // not before this
    quint64 m_serial = 0; // the order in which deadlines were set
    quint32 m_slack = 0; // a wake-up is asked for so much later
    quint16 m_slot = 0;
};

/*
    The deadlines of one thread. See the essay in deadlinequeue.cpp.
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

    const Mailbox::Pointer &mailbox() const noexcept { return m_mailbox; }

    qint64 now() const noexcept;
    Time resolve(Deadline deadline) const noexcept;
    Time resolve(qint64 deadline, Qt::TimerType type) const noexcept;
    // From the queue's scale to that of QDeadlineTimer.
    qint64 toReal(qint64 time) const noexcept;
    qint64 fromReal(qint64 time) const noexcept;

    // The entry comes up at this time, whether or not it was queued before. Forever takes it out.
    void set(DeadlineEntry *entry, Time time);
    // The deadline stays readable.
    void remove(DeadlineEntry *entry) noexcept;
    // For another thread's queue: the deadline is in real time then.
    void release(DeadlineEntry *entry) noexcept;

    // For tests, benchmarks and the test clock.
    size_t size() const noexcept { return m_size; }
    quint64 timerEvents() const noexcept { return m_timerEvents; }
    quint64 timerStarts() const noexcept { return m_timerStarts; }
    bool isArmed() const noexcept { return m_wakeUp != ForeverNSecs; }

    bool isFrozen() const noexcept { return m_frozen; }
    void freeze();
    void thaw();
    void setFrozenTime(qint64 time);
    qint64 earliestDeadline();
    void expireDue();

private:
    // The wheel. Its levels span all the time there is. The lowest is a window that moves on tick by
    // tick, on the others a slot is a digit of the tick.
    static constexpr int TickBits = 20; // nanoseconds
    static constexpr int WindowBits = 8;
    static constexpr int SlotBits = 6;
    static constexpr size_t SlotsOfWindow = size_t(1) << WindowBits;
    static constexpr size_t SlotsOfLevel = size_t(1) << SlotBits;
    static constexpr size_t WordsOfWindow = SlotsOfWindow / 64;
    static constexpr size_t Levels = 7; // the window is one of them
    // Where those are of which the running turn knows that they are due. Not part of the wheel.
    static constexpr size_t DueSlot = SlotsOfWindow + (Levels - 1) * SlotsOfLevel;
    // And those that have been set for the past by what the running turn brought up.
    static constexpr size_t NextTurnSlot = DueSlot + 1;

    struct Slot
    {
        DeadlineLink head{&head, &head};
        qint64 latest = ForeverNSecs; // not later than that of any entry
    };

    DeadlineQueue();
    ~DeadlineQueue() override;
    static DeadlineQueue *make();
    struct ThreadExit;
    class LoopEvent;

    bool event(QEvent *event) override;
    void timeout();

    // The wheel
    static qint64 tickOf(qint64 time) noexcept { return time >> TickBits; }
    bool isOccupied(size_t slot) const noexcept;
    size_t firstOfWindow(size_t from) const noexcept;
    size_t firstSlot() const noexcept;
    template<typename Function>
    void forEachSlot(Function isWanted) const;
    static int shiftOf(size_t slot) noexcept;
    qint64 startOf(size_t slot) const noexcept;
    qint64 endOf(size_t slot) const noexcept;
    void clear(size_t slot) noexcept;
    void append(size_t slot, DeadlineEntry *entry) noexcept;
    void link(DeadlineEntry *entry) noexcept;
    void place(DeadlineEntry *entry) noexcept;
    void unlink(DeadlineEntry *entry) noexcept;
    void move(DeadlineEntry *entry, qint64 previousDeadline) noexcept;
    template<typename Function>
    void redistribute(size_t slot, Function isTaken);

    // What is due
    static bool precedes(const DeadlineEntry *a, const DeadlineEntry *b) noexcept;
    bool hasDue() const noexcept;
    DeadlineEntry *firstDue() const noexcept;
    void takeSlot(size_t slot, qint64 time);
    void sortDue();
    void findDue(qint64 time);
    size_t crowdedSlot() const noexcept;
    void emptyAhead();
    DeadlineEntry *takeDue(qint64 time, quint64 serial) noexcept;
    void fetchAhead() const noexcept;

    // The timer
    Time timeAt(qint64 deadline, qint64 remaining, Qt::TimerType type) const noexcept;
    qint64 earliestIn(size_t slot) const noexcept;
    qint64 findWakeUp() const noexcept;
    qint64 nextWakeUp();
    void rearm();
    void armEarlier(qint64 wakeUp);
    void arm(qint64 wakeUp);
    void disarm();
    void waitForEventLoop();
    void eventLoopRuns();
    void loopEventRemoved();

    std::array<Slot, NextTurnSlot + 1> m_slots;
    std::array<quint64, DueSlot / 64 + 1> m_occupied = {}; // a bit for each slot that is not empty
    // In the slots of the level above the window, since they were empty; some may have left.
    std::array<quint32, SlotsOfLevel> m_arrivals = {};
    qint64 m_hand = 0; // the tick up to which the wheel has been turned
    qint64 m_turnTime = std::numeric_limits<qint64>::min(); // what is due by then comes up
    size_t m_size = 0;
    quint64 m_lastSerial = 0;
    qint64 m_wakeUp = ForeverNSecs; // what the timer is armed for
    qint64 m_expectedTimeout = 0; // the same, but not before the moment when it was armed
    qint64 m_offset = 0; // what now() is ahead of the real clock
    qint64 m_frozenTime = 0;
    qint64 m_intervalStart = 0; // in which the timer has been started for what was set
    int m_startsInInterval = 0;
    bool m_frozen = false;
    bool m_ioLookedAt = false; // since the timer was found to be late
    bool m_waitingForEventLoop = false;
    QObject *m_dispatcher = nullptr; // the one whose end is watched
    const Mailbox::Pointer m_mailbox;
    QTimer m_timer;
    quint64 m_timerEvents = 0;
    quint64 m_timerStarts = 0;
};

inline DeadlineEntry::~DeadlineEntry()
{
    if (m_queue)
        m_queue->remove(this);
}

} // namespace QTimeout::detail

#endif // QTIMEOUT_DEADLINEQUEUE_P_H
