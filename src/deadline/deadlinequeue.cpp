// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadline/deadlinequeue_p.h"

#include "deadline/timingwheel_p.h"
#include "thread/resumption_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

/*
    The deadline queue
    ==================

    One queue a thread, one single-shot QTimer a queue. Entries are members of whatever waits (a
    scope, a sleep, a run): the queue allocates nothing for them, and an entry that goes away takes
    itself out. Which entry is next is known to the timing wheel, which has an essay of its own. The
    driver, here, knows what time it is, when to wake up, and when not to bring anything up yet.

    Punctuality
    -----------
    Each entry has a deadline, before which it never comes up, and a latest time, for which a
    wake-up is asked: a little later for coarse timers. The timer is armed no later than the earliest
    latest time of all entries, and then brings up everything whose deadline has passed. It may be
    armed for an entry that has gone: it is not touched when an entry leaves, and then fires once in
    vain.

    After a long block of the thread
    --------------------------------
    A timer that finds itself late lets the event loop go round once more before it looks at the
    deadlines, and so does a turn that takes long: data that arrived while the thread was busy is
    seen first, and what has finished in time is not reported as late. What such a turn leaves on
    the due list is joined by what has been set meanwhile for a time before.

    Nearer and nearer
    -----------------
    A deadline before all others needs the timer armed anew, which costs more than all the rest. A
    few in a millisecond arm it directly. If there are more, an event is posted that arms the timer
    for the earliest of them: nothing can come up before the event loop runs, and it sends posted
    events before it sleeps. Should somebody remove the event, it arms the timer when it goes.

    Re-entrance
    -----------
    due() may do anything: delete other entries, insert new ones, run a nested event loop in which
    the timer fires and another turn takes place. The timer is therefore armed for what is left
    before each call, and the head of the due list, which is the wheel's and no turn's, is read anew
    after it. Entries on it are pending like all others.

    Life
    ----
    The queue is made on first use in a thread and goes with the thread. Where the thread has no
    event dispatcher yet (before the application object exists), a posted event waits for the event
    loop and arms the timer then. When a dispatcher goes, so does the timer in it; the next one
    takes over in the same way.

    Test time
    ---------
    A frozen queue has its own time and arms the timer only for what is due at that time, so that
    everything comes up from the event loop, in the order and in the manner in which it does in
    earnest. When it is thawed time goes on from there: its scale is then ahead of that of the real
    clock.
*/

namespace QTimeout::detail {

using namespace std::chrono_literals;

// So late that data may have arrived meanwhile.
static constexpr qint64 LateNSecs = std::chrono::nanoseconds(2ms).count();

static constexpr qint64 NSecsPerMSec = 1'000'000;

// Trivial, so that they can be read on the way in without a guard and after the thread's end.
static constinit thread_local DeadlineQueue *t_queue = nullptr;
static constinit thread_local bool t_ended = false;

static qint64 realNow() noexcept
{
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/*
    What makes a wheel a queue: the time, the timer, and what is known of the event loop. It belongs
    to the queue, and like that to the thread.
*/
class Q_DECL_HIDDEN DeadlineQueue::Driver
{
public:
    explicit Driver(DeadlineQueue *queue);

    qint64 now() const noexcept { return frozen ? frozenTime : realNow() + offset; }
    Time timeAt(qint64 deadline, qint64 remaining, Qt::TimerType type) const noexcept;

    void remove(DeadlineEntry *entry) noexcept;
    void timeout();
    void expireDue();

    qint64 nextWakeUp();
    void rearm();
    void armEarlier(qint64 wakeUp);
    void arm(qint64 wakeUp);
    void disarm();

    void waitForEventLoop();
    void eventLoopRuns();
    void loopEventRemoved();
    void endEventLoop();
    void freeEntries() noexcept;

    DeadlineQueue *const q;

    // Time
    bool frozen = false;
    qint64 frozenTime = 0;
    qint64 offset = 0; // what now() is ahead of the real clock

    TimingWheel wheel{now()};

    // The timer
    bool ioLookedAt = false; // since the timer was found to be late
    bool waitingForEventLoop = false;
    bool eventLoopHasEnded = false;
    qint64 armedFor = ForeverNSecs; // the time, as the wheel has told it
    qint64 expectedTimeout = 0; // the same, but not before the moment when it was armed
    qint64 intervalStart = 0; // in which the timer has been started for what was set
    int startsInInterval = 0;
    QObject *dispatcher = nullptr; // the one whose end is watched
    QTimer timer;
    quint64 timerEvents = 0;
    quint64 timerStarts = 0;
};

struct DeadlineQueue::ThreadExit
{
    ~ThreadExit()
    {
        t_ended = true;
        delete t_queue;
    }
};

/*
    Has the timer armed when the event loop runs; or at once if somebody removes all that is posted.
*/
class DeadlineQueue::LoopEvent final : public Call
{
public:
    explicit LoopEvent(DeadlineQueue *queue) noexcept : m_queue(queue) {}
    ~LoopEvent() override
    {
        if (m_queue && m_queue == t_queue)
            m_queue->d->loopEventRemoved();
    }

private:
    void arrived() override { std::exchange(m_queue, nullptr)->d->eventLoopRuns(); }

    DeadlineQueue *m_queue; // until it has arrived
};

/*
    The life of the queue
*/

DeadlineQueue *DeadlineQueue::existing() noexcept
{
    return t_queue;
}

DeadlineQueue *DeadlineQueue::current() noexcept
{
    return t_queue ? t_queue : make();
}

DeadlineQueue *DeadlineQueue::make()
{
    if (t_ended || !Resumption::prepare())
        return nullptr;
    static thread_local ThreadExit threadExit;
    Q_UNUSED(threadExit)
    return new DeadlineQueue;
}

DeadlineQueue::DeadlineQueue() : m_mailbox(new Mailbox(this)), d(new Driver(this))
{
    t_queue = this;
    m_mailbox->setHere();

    // What else goes with the thread may come later, its own variables even after QThread::wait(), in Qt
    // 6.4. For those the queue is still there.
    connect(
            QThread::currentThread(), &QThread::finished, this, [this] { d->endEventLoop(); },
            Qt::DirectConnection);

    static std::once_flag once;
    std::call_once(once, qAddPreRoutine, [] {
        if (t_queue)
            t_queue->d->eventLoopRuns();
    });
}

DeadlineQueue::~DeadlineQueue()
{
    m_mailbox->close();
    d->freeEntries();
    t_queue = nullptr;
}

bool DeadlineQueue::event(QEvent *event)
{
    if (event->type() != Call::Type)
        return QObject::event(event);
    static_cast<Call *>(event)->arrived();
    return true;
}

DeadlineQueue::Driver::Driver(DeadlineQueue *queue) : q(queue)
{
    timer.setSingleShot(true);
    timer.setTimerType(Qt::PreciseTimer);
    connect(&timer, &QTimer::timeout, queue, [this] { timeout(); });
}

/*
    Time
*/

qint64 DeadlineQueue::now() const noexcept
{
    return d->now();
}

/*
    S4 grants a coarse timer 5 % of the time that remains. Half of that is plenty for sharing
    wake-ups, leaves room for the system's own latency, and is not worth having below the timer's
    granularity of a millisecond. Nor is it meant to be minutes where the deadline is hours away.
*/
inline DeadlineQueue::Time DeadlineQueue::Driver::timeAt(qint64 deadline, qint64 remaining,
                                                         Qt::TimerType type) const noexcept
{
    static constexpr qint64 LongestCoarse = std::chrono::nanoseconds(500ms).count();
    static constexpr qint64 VeryCoarse = std::chrono::nanoseconds(900ms).count();
    static constexpr qint64 ShortestCoarse = std::chrono::nanoseconds(64ms).count();

    qint64 slack = 0;
    if (!frozen) {
        if (type == Qt::VeryCoarseTimer && remaining > 0)
            slack = VeryCoarse;
        else if (type == Qt::CoarseTimer && remaining >= ShortestCoarse)
            slack = std::min(remaining / 32, LongestCoarse);
    }
    return {deadline, saturatedSum(deadline, slack)};
}

DeadlineQueue::Time DeadlineQueue::resolve(Deadline deadline) const noexcept
{
    if (deadline.isForever())
        return {ForeverNSecs, ForeverNSecs};
    if (deadline.m_kind == Deadline::Kind::Absolute)
        return resolve(fromReal(deadline.m_nsecs), deadline.m_type);
    return d->timeAt(saturatedSum(d->now(), deadline.m_nsecs), deadline.m_nsecs, deadline.m_type);
}

DeadlineQueue::Time DeadlineQueue::resolve(qint64 deadline, Qt::TimerType type) const noexcept
{
    if (deadline == ForeverNSecs || d->frozen || type == Qt::PreciseTimer)
        return {deadline, deadline};
    return d->timeAt(deadline, saturatedSum(deadline, -d->now()), type);
}

qint64 DeadlineQueue::lengthOf(Deadline deadline) const noexcept
{
    if (deadline.m_kind == Deadline::Kind::Remaining || deadline.isForever())
        return std::max<qint64>(deadline.m_nsecs, 0);
    return std::max<qint64>(saturatedSum(fromReal(deadline.m_nsecs), -d->now()), 0);
}

qint64 DeadlineQueue::toReal(qint64 time) const noexcept
{
    return saturatedSum(time, d->frozen ? realNow() - d->frozenTime : -d->offset);
}

qint64 DeadlineQueue::fromReal(qint64 time) const noexcept
{
    return saturatedSum(time, d->frozen ? d->frozenTime - realNow() : d->offset);
}

/*
    The entries
*/

inline void DeadlineQueue::Driver::remove(DeadlineEntry *entry) noexcept
{
    Q_ASSERT(entry->m_queue == q);
    entry->m_queue = nullptr;
    wheel.remove(entry);
}

void DeadlineQueue::set(DeadlineEntry *entry, Time time)
{
    Q_ASSERT(!entry->m_queue || entry->m_queue == this);
    if (time.deadline == ForeverNSecs || d->eventLoopHasEnded) {
        if (entry->m_queue)
            d->remove(entry);
        entry->setDeadline(time.deadline);
        return;
    }
    bool isCrowded;
    if (entry->m_queue) {
        isCrowded = d->wheel.reschedule(entry, time.deadline, time.latest);
    } else {
        entry->m_queue = this;
        isCrowded = d->wheel.insert(entry, time.deadline, time.latest);
    }
    if (isCrowded)
        d->waitForEventLoop(); // which arms the timer for the crowd
    if (d->frozen ? time.deadline <= d->frozenTime : time.latest < d->armedFor)
        d->armEarlier(time.latest);
}

void DeadlineQueue::remove(DeadlineEntry *entry) noexcept
{
    d->remove(entry);
}

void DeadlineQueue::release(DeadlineEntry *entry) noexcept
{
    d->remove(entry);
    entry->setDeadline(toReal(entry->deadline()));
}

void DeadlineEntry::leaveQueue() noexcept
{
    m_queue->d->remove(this);
}

size_t DeadlineQueue::size() const noexcept
{
    return d->wheel.size();
}

/*
    What is due
*/

void DeadlineQueue::Driver::timeout()
{
    ++timerEvents;
    const qint64 wakeUp = std::exchange(armedFor, ForeverNSecs);
    if (!frozen && !ioLookedAt && now() - expectedTimeout > LateNSecs) {
        ioLookedAt = true;
        arm(wakeUp);
        return;
    }
    ioLookedAt = false;
    expireDue();
}

void DeadlineQueue::Driver::expireDue()
{
    Resumption::deliver();
    const qint64 time = now();
    {
        TimingWheel::Turn turn(wheel, time);
        while (TimingWheelNode *node = turn.takeDue()) {
            auto *entry = static_cast<DeadlineEntry *>(node);
            entry->m_queue = nullptr;
            if (!wheel.hasDue())
                rearm();
            else if (armedFor > time)
                arm(time);
            wheel.prefetchDue();
            entry->due();
            Resumption::deliver(); // whom that has interrupted goes before the next deadline (A16)
            if (!frozen && now() - time > LateNSecs)
                break;
        }
    }
    if (!frozen)
        wheel.emptyCrowdedSlot();
    rearm();
    // What is left over comes up when the event loop has gone round.
    ioLookedAt = armedFor <= time;
}

void DeadlineQueue::expireDue()
{
    d->expireDue();
}

/*
    The timer
*/

qint64 DeadlineQueue::Driver::nextWakeUp()
{
    if (!frozen)
        return wheel.wakeUp();
    const qint64 earliest = wheel.earliestDeadline();
    return earliest <= frozenTime ? earliest : ForeverNSecs;
}

void DeadlineQueue::Driver::rearm()
{
    const qint64 wakeUp = nextWakeUp();
    if (wakeUp == ForeverNSecs)
        disarm();
    else if (wakeUp != armedFor)
        arm(wakeUp);
}

/*
    Called in quick succession it leaves the timer alone until the event loop runs, which has to run
    anyway before anything can come up.
*/
void DeadlineQueue::Driver::armEarlier(qint64 wakeUp)
{
    static constexpr int DirectStarts = 8;
    static constexpr qint64 Interval = std::chrono::nanoseconds(1ms).count();

    if (!waitingForEventLoop && !frozen) {
        if (const qint64 time = now(); time - intervalStart > Interval) {
            intervalStart = time;
            startsInInterval = 0;
        }
        if (++startsInInterval > DirectStarts)
            waitForEventLoop();
    }
    if (waitingForEventLoop && !frozen)
        armedFor = wakeUp;
    else
        arm(wakeUp);
}

void DeadlineQueue::Driver::arm(qint64 wakeUp)
{
    if (eventLoopHasEnded)
        return;
    armedFor = wakeUp;
    QAbstractEventDispatcher *current = QAbstractEventDispatcher::instance();
    if (!current) {
        waitForEventLoop();
        return;
    }
    if (current != dispatcher) {
        dispatcher = current;
        connect(current, &QObject::destroyed, q, [this] {
            dispatcher = nullptr;
            timer.stop();
            if (armedFor != ForeverNSecs)
                waitForEventLoop();
        });
    }
    const qint64 time = now();
    expectedTimeout = std::max(wakeUp, time);
    const qint64 msecs = frozen || wakeUp <= time ? 0 : (wakeUp - time - 1) / NSecsPerMSec + 1;
    ++timerStarts;
    timer.start(static_cast<int>(std::min<qint64>(msecs, std::numeric_limits<int>::max())));
}

void DeadlineQueue::Driver::disarm()
{
    if (armedFor == ForeverNSecs)
        return;
    armedFor = ForeverNSecs;
    timer.stop();
}

void DeadlineQueue::Driver::waitForEventLoop()
{
    if (!eventLoopHasEnded && !std::exchange(waitingForEventLoop, true))
        QCoreApplication::postEvent(q, new LoopEvent(q));
}

void DeadlineQueue::Driver::eventLoopRuns()
{
    waitingForEventLoop = false;
    if (const qint64 wakeUp = nextWakeUp(); wakeUp == ForeverNSecs)
        disarm();
    else
        arm(wakeUp); // perhaps not yet, although it is the same as armedFor
}

// Nothing can be posted here: Qt may be removing what is left of a thread.
void DeadlineQueue::Driver::loopEventRemoved()
{
    if (QAbstractEventDispatcher::instance()) {
        eventLoopRuns();
    } else {
        waitingForEventLoop = false;
        armedFor = ForeverNSecs;
    }
}

// They are not linked any more, and nobody touches their links.
void DeadlineQueue::Driver::freeEntries() noexcept
{
    wheel.forEach(
            [](TimingWheelNode *node) { static_cast<DeadlineEntry *>(node)->m_queue = nullptr; });
}

// Nothing comes up any more.
void DeadlineQueue::Driver::endEventLoop()
{
    eventLoopHasEnded = true;
    disarm();
    freeEntries();
    std::destroy_at(&wheel);
    std::construct_at(&wheel, now());
}

bool DeadlineQueue::isArmed() const noexcept
{
    return d->armedFor != ForeverNSecs;
}

quint64 DeadlineQueue::timerEvents() const noexcept
{
    return d->timerEvents;
}

quint64 DeadlineQueue::timerStarts() const noexcept
{
    return d->timerStarts;
}

/*
    Test time
*/

bool DeadlineQueue::isFrozen() const noexcept
{
    return d->frozen;
}

void DeadlineQueue::freeze()
{
    d->frozenTime = now();
    d->frozen = true;
    d->rearm();
}

void DeadlineQueue::thaw()
{
    d->offset = d->frozenTime - realNow();
    d->frozen = false;
    d->rearm();
}

void DeadlineQueue::setFrozenTime(qint64 time)
{
    Q_ASSERT(d->frozen);
    d->frozenTime = time;
    d->rearm();
}

qint64 DeadlineQueue::earliestDeadline()
{
    return d->wheel.earliestDeadline();
}

} // namespace QTimeout::detail
