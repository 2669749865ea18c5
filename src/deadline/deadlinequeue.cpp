// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadline/deadlinequeue_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <mutex>
#include <utility>

/*
    The deadline queue
    ==================

    One queue a thread, one single-shot QTimer a queue. Entries are members of whatever waits (a
    scope, a sleep, a run): the queue allocates nothing for an entry but a slot in an array, and an
    entry that goes away takes itself out.

    Most timeouts die young
    -----------------------
    Nearly every timeout ends long before its deadline, because what it guards has finished. It pays
    to do no sorting for those. So there are two generations, as in a garbage collector:

    - An entry starts among the young, an unordered list. To enter, leave or change the deadline is
      a few pointer writes, whatever else is pending.
    - When the timer fires, those that are still there grow up: they move into a 4-ary heap. That
      happens to an entry once, and only if it has lived until a timer event. If many grow up at
      once the heap is built from the bottom, in linear time.

    A deadline that is postponed in the heap stays where it is: the node keeps the old time, which
    is too early, and the entry knows the new one. When the node comes up it is placed again. A
    deadline that is drawn nearer than its node takes the entry back to the young. So both are
    cheap when they alternate, and an idle timeout that is pushed back a thousand times a second
    moves once in its interval.

    Invariants
    ----------
    - A node's (deadline, serial) is never later than its entry's.
    - The timer is armed no later than the earliest "latest" of all entries. It may be armed for an
      entry that has gone: it is not touched when an entry leaves, and then fires once in vain.
    - Serial numbers increase with each deadline that is set. They settle the order of equal
      deadlines, and what belongs to the running turn: an entry whose serial is newer than the
      turn's beginning waits for the next one, so that a timeout of zero that starts itself anew
      does not starve the event loop.

    Punctuality
    -----------
    Each entry has a deadline, before which it never comes up, and a latest time, for which a
    wake-up is asked: a little later for coarse timers. To wake up at the earliest of all latest
    times and then bring up everything whose deadline has passed needs the fewest wake-ups there can
    be (it is the greedy cover of intervals by points). Since the heap is ordered by deadline, the
    earliest of the latest times is found by a search that looks only at nodes whose deadline is
    before the best time found so far, that is at those which will come up at that wake-up anyway.

    After a long block of the thread
    --------------------------------
    A timer that finds itself late lets the event loop go round once more before it looks at the
    deadlines, and so does a turn that takes long: data that arrived while the thread was busy is
    seen first, and what has finished in time is not reported as late.

    Re-entrance
    -----------
    due() may do anything: delete other entries, insert new ones, run a nested event loop in which
    the timer fires and another turn takes place. The timer is therefore armed for what is left
    before each call, and the head of the heap is read anew after it.

    Life
    ----
    The queue is made on first use in a thread and goes with the thread. Where the thread has no
    event dispatcher yet (before the application object exists), a posted event waits for the event
    loop and arms the timer then. When a dispatcher goes, so does the timer in it; the next one
    takes over in the same way.
*/

namespace QTimeout::detail {

using namespace std::chrono_literals;

static constexpr size_t Arity = 4;
static constexpr size_t SmallestCapacity = 1024;
// So late that data may have arrived meanwhile.
static constexpr qint64 LateNSecs = std::chrono::nanoseconds(2ms).count();

static constexpr qint64 NSecsPerMSec = 1'000'000;

// Trivial, so that they can be read on the way in without a guard and after the thread's end.
static constinit thread_local DeadlineQueue *t_queue = nullptr;
static constinit thread_local bool t_ended = false;

struct DeadlineQueue::ThreadExit
{
    ~ThreadExit()
    {
        t_ended = true;
        delete t_queue;
    }
};

static qint64 realNow() noexcept
{
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

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
    if (t_ended)
        return nullptr;
    static thread_local ThreadExit threadExit;
    Q_UNUSED(threadExit)
    return new DeadlineQueue;
}

bool Mailbox::isHere() const noexcept
{
    return t_queue && t_queue->mailbox().data() == this;
}

void Mailbox::post(const std::function<void()> &function)
{
    const QMutexLocker lock(&m_mutex);
    if (m_object)
        QMetaObject::invokeMethod(m_object, function, Qt::QueuedConnection);
}

void Mailbox::close()
{
    const QMutexLocker lock(&m_mutex);
    m_object = nullptr;
}

DeadlineQueue::DeadlineQueue() : m_mailbox(new Mailbox(this))
{
    t_queue = this;
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &DeadlineQueue::timeout);

    // A thread's own variables may still exist when QThread::wait() has returned, in Qt 6.4.
    connect(
            QThread::currentThread(), &QThread::finished, this,
            [this] {
                t_ended = true;
                delete this;
            },
            Qt::DirectConnection);

    static std::once_flag once;
    std::call_once(once, qAddPreRoutine, [] {
        if (t_queue)
            t_queue->eventLoopRuns();
    });
}

DeadlineQueue::~DeadlineQueue()
{
    m_mailbox->close();
    for (DeadlineEntry *entry = m_firstYoung; entry; entry = entry->m_links.next)
        entry->m_queue = nullptr;
    for (const Node &node : m_heap)
        node.entry->m_queue = nullptr;
    t_queue = nullptr;
}

/*
    Time
*/

qint64 DeadlineQueue::now() const noexcept
{
    return m_frozen ? m_frozenTime : realNow() + m_offset;
}

DeadlineQueue::Time DeadlineQueue::resolve(Deadline deadline) const noexcept
{
    if (deadline.isForever())
        return {ForeverNSecs, ForeverNSecs};
    if (deadline.m_kind == Deadline::Kind::Absolute)
        return resolve(fromReal(deadline.m_nsecs), deadline.m_type);
    return timeAt(saturatedSum(now(), deadline.m_nsecs), deadline.m_nsecs, deadline.m_type);
}

DeadlineQueue::Time DeadlineQueue::resolve(qint64 deadline, Qt::TimerType type) const noexcept
{
    if (deadline == ForeverNSecs || m_frozen || type == Qt::PreciseTimer)
        return {deadline, deadline};
    return timeAt(deadline, saturatedSum(deadline, -now()), type);
}

/*
    S4 grants a coarse timer 5 % of the time that remains. Half of that is plenty for sharing
    wake-ups, leaves room for the system's own latency, and is not worth having below the timer's
    granularity of a millisecond. Nor is it meant to be minutes where the deadline is hours away.
*/
DeadlineQueue::Time DeadlineQueue::timeAt(qint64 deadline, qint64 remaining,
                                          Qt::TimerType type) const noexcept
{
    static constexpr qint64 LongestCoarse = std::chrono::nanoseconds(500ms).count();
    static constexpr qint64 VeryCoarse = std::chrono::nanoseconds(900ms).count();
    static constexpr qint64 ShortestCoarse = std::chrono::nanoseconds(64ms).count();

    qint64 slack = 0;
    if (!m_frozen) {
        if (type == Qt::VeryCoarseTimer && remaining > 0)
            slack = VeryCoarse;
        else if (type == Qt::CoarseTimer && remaining >= ShortestCoarse)
            slack = std::min(remaining / 32, LongestCoarse);
    }
    return {deadline, saturatedSum(deadline, slack)};
}

qint64 DeadlineQueue::toReal(qint64 time) const noexcept
{
    return saturatedSum(time, m_frozen ? realNow() - m_frozenTime : -m_offset);
}

qint64 DeadlineQueue::fromReal(qint64 time) const noexcept
{
    return saturatedSum(time, m_frozen ? m_frozenTime - realNow() : m_offset);
}

/*
    The entries
*/

void DeadlineQueue::set(DeadlineEntry *entry, Time time)
{
    Q_ASSERT(!entry->m_queue || entry->m_queue == this);
    entry->m_deadline = time.deadline;
    entry->m_latest = time.latest;
    if (time.deadline == ForeverNSecs) {
        if (entry->m_queue)
            remove(entry);
        return;
    }
    entry->m_serial = ++m_lastSerial;
    if (entry->m_queue)
        move(entry);
    else
        insert(entry);
    if (m_frozen ? time.deadline <= m_frozenTime : time.latest < m_wakeUp)
        arm(time.latest);
}

void DeadlineQueue::insert(DeadlineEntry *entry)
{
    entry->m_queue = this;
    addYoung(entry);
}

void DeadlineQueue::move(DeadlineEntry *entry)
{
    if (entry->m_young) {
        m_youngWakeUp = std::min(m_youngWakeUp, entry->m_latest);
    } else if (entry->m_deadline < m_heap[entry->m_index].deadline) {
        removeFromHeap(entry->m_index);
        addYoung(entry);
    }
}

void DeadlineQueue::remove(DeadlineEntry *entry) noexcept
{
    Q_ASSERT(entry->m_queue == this);
    entry->m_queue = nullptr;
    if (entry->m_young) {
        removeYoung(entry);
    } else {
        removeFromHeap(entry->m_index);
        shrink();
    }
}

void DeadlineQueue::release(DeadlineEntry *entry) noexcept
{
    remove(entry);
    entry->m_deadline = toReal(entry->m_deadline);
}

void DeadlineQueue::addYoung(DeadlineEntry *entry) noexcept
{
    entry->m_young = true;
    entry->m_links = {nullptr, m_firstYoung};
    if (m_firstYoung)
        m_firstYoung->m_links.previous = entry;
    m_firstYoung = entry;
    ++m_youngCount;
    m_youngWakeUp = std::min(m_youngWakeUp, entry->m_latest);
}

void DeadlineQueue::removeYoung(DeadlineEntry *entry) noexcept
{
    const auto [previous, next] = entry->m_links;
    if (previous)
        previous->m_links.next = next;
    else
        m_firstYoung = next;
    if (next)
        next->m_links.previous = previous;
    --m_youngCount;
}

void DeadlineQueue::growUp()
{
    const size_t grownUp = m_heap.size();
    const bool many = m_youngCount > grownUp / 8;
    if (m_heap.capacity() < grownUp + m_youngCount)
        m_heap.reserve(std::max(grownUp + m_youngCount, 2 * grownUp));
    for (DeadlineEntry *entry = m_firstYoung; entry;) {
        DeadlineEntry *next = entry->m_links.next;
        const Node node{entry->m_deadline, entry->m_serial, entry};
        entry->m_young = false;
        m_heap.push_back(node);
        if (many)
            place(m_heap.size() - 1, node);
        else
            siftUp(m_heap.size() - 1, node);
        entry = next;
    }
    if (many && m_heap.size() > 1) {
        for (size_t i = (m_heap.size() - 2) / Arity + 1; i-- > 0;)
            siftDown(i, m_heap[i]);
    }
    m_firstYoung = nullptr;
    m_youngCount = 0;
    m_youngWakeUp = ForeverNSecs;
}

bool DeadlineQueue::precedes(const Node &a, const Node &b) noexcept
{
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.serial < b.serial;
}

void DeadlineQueue::place(size_t index, const Node &node) noexcept
{
    m_heap[index] = node;
    node.entry->m_index = index;
}

void DeadlineQueue::siftUp(size_t index, Node node) noexcept
{
    while (index > 0) {
        const size_t parent = (index - 1) / Arity;
        if (!precedes(node, m_heap[parent]))
            break;
        place(index, m_heap[parent]);
        index = parent;
    }
    place(index, node);
}

void DeadlineQueue::siftDown(size_t index, Node node) noexcept
{
    const size_t size = m_heap.size();
    for (;;) {
        const size_t first = index * Arity + 1;
        if (first >= size)
            break;
        size_t earliest = first;
        for (size_t child = first + 1; child < std::min(first + Arity, size); ++child) {
            if (precedes(m_heap[child], m_heap[earliest]))
                earliest = child;
        }
        if (!precedes(m_heap[earliest], node))
            break;
        place(index, m_heap[earliest]);
        index = earliest;
    }
    place(index, node);
}

void DeadlineQueue::removeFromHeap(size_t index) noexcept
{
    const Node last = m_heap.back();
    m_heap.pop_back();
    if (index == m_heap.size())
        return;
    if (index > 0 && precedes(last, m_heap[(index - 1) / Arity]))
        siftUp(index, last);
    else
        siftDown(index, last);
}

void DeadlineQueue::shrink()
{
    if (m_heap.capacity() <= SmallestCapacity || m_heap.size() >= m_heap.capacity() / 4)
        return;
    std::vector<Node> smaller;
    smaller.reserve(std::max(m_heap.size() * 2, SmallestCapacity));
    smaller.assign(m_heap.cbegin(), m_heap.cend());
    m_heap.swap(smaller);
}

/*
    Takes out the next entry whose deadline has passed at \a time and was set by \a serial.
*/
DeadlineEntry *DeadlineQueue::takeDue(qint64 time, quint64 serial)
{
    while (!m_heap.empty() && m_heap.front().deadline <= time) {
        const Node node = m_heap.front();
        DeadlineEntry *entry = node.entry;
        if (node.serial != entry->m_serial) { // postponed since
            siftDown(0, {entry->m_deadline, entry->m_serial, entry});
            continue;
        }
        if (node.serial > serial)
            return nullptr;
        removeFromHeap(0);
        shrink();
        entry->m_queue = nullptr;
        return entry;
    }
    return nullptr;
}

void DeadlineQueue::expireDue()
{
    const qint64 time = now();
    const quint64 serial = m_lastSerial;
    growUp();
    while (DeadlineEntry *entry = takeDue(time, serial)) {
        if (m_heap.empty() || m_heap.front().deadline > time)
            rearm();
        else if (m_wakeUp > time)
            arm(time);
        entry->due();
        if (!m_frozen && now() - time > LateNSecs)
            break;
    }
    rearm();
    // What is left over comes up when the event loop has gone round.
    m_ioLookedAt = m_wakeUp <= time;
}

/*
    The timer
*/

bool DeadlineQueue::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return QObject::event(event);
    eventLoopRuns();
    return true;
}

void DeadlineQueue::eventLoopRuns()
{
    m_waitingForEventLoop = false;
    m_wakeUp = ForeverNSecs;
    rearm();
}

void DeadlineQueue::timeout()
{
    ++m_timerEvents;
    const qint64 wakeUp = std::exchange(m_wakeUp, ForeverNSecs);
    if (!m_frozen && !m_ioLookedAt && now() - m_expectedTimeout > LateNSecs) {
        m_ioLookedAt = true;
        arm(wakeUp);
        return;
    }
    m_ioLookedAt = false;
    expireDue();
}

void DeadlineQueue::findWakeUp(size_t index, qint64 &wakeUp) const noexcept
{
    wakeUp = std::min(wakeUp, m_heap[index].entry->m_latest);
    const size_t first = index * Arity + 1;
    for (size_t child = first; child < std::min(first + Arity, m_heap.size()); ++child) {
        if (m_heap[child].deadline < wakeUp)
            findWakeUp(child, wakeUp);
    }
}

qint64 DeadlineQueue::nextWakeUp()
{
    if (m_frozen) {
        const qint64 earliest = earliestDeadline();
        return earliest <= m_frozenTime ? earliest : ForeverNSecs;
    }
    qint64 wakeUp = m_youngWakeUp;
    if (!m_heap.empty() && m_heap.front().deadline < wakeUp)
        findWakeUp(0, wakeUp);
    return wakeUp;
}

void DeadlineQueue::rearm()
{
    const qint64 wakeUp = nextWakeUp();
    if (wakeUp == ForeverNSecs)
        disarm();
    else if (wakeUp != m_wakeUp)
        arm(wakeUp);
}

void DeadlineQueue::arm(qint64 wakeUp)
{
    m_wakeUp = wakeUp;
    QAbstractEventDispatcher *dispatcher = QAbstractEventDispatcher::instance();
    if (!dispatcher) {
        waitForEventLoop();
        return;
    }
    if (dispatcher != m_dispatcher) {
        m_dispatcher = dispatcher;
        connect(dispatcher, &QObject::destroyed, this, [this] {
            m_dispatcher = nullptr;
            m_timer.stop();
            if (m_wakeUp != ForeverNSecs)
                waitForEventLoop();
        });
    }
    const qint64 time = now();
    m_expectedTimeout = std::max(wakeUp, time);
    const qint64 msecs = m_frozen || wakeUp <= time ? 0 : (wakeUp - time - 1) / NSecsPerMSec + 1;
    ++m_timerStarts;
    m_timer.start(static_cast<int>(std::min<qint64>(msecs, std::numeric_limits<int>::max())));
}

void DeadlineQueue::disarm()
{
    if (m_wakeUp == ForeverNSecs)
        return;
    m_wakeUp = ForeverNSecs;
    m_timer.stop();
}

void DeadlineQueue::waitForEventLoop()
{
    if (!std::exchange(m_waitingForEventLoop, true))
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

/*
    The test clock
*/

void DeadlineQueue::freeze()
{
    m_frozenTime = now();
    m_frozen = true;
    rearm();
}

void DeadlineQueue::thaw()
{
    m_offset = m_frozenTime - realNow();
    m_frozen = false;
    rearm();
}

void DeadlineQueue::setFrozenTime(qint64 time)
{
    Q_ASSERT(m_frozen);
    m_frozenTime = time;
    rearm();
}

qint64 DeadlineQueue::earliestDeadline()
{
    growUp();
    while (!m_heap.empty() && m_heap.front().serial != m_heap.front().entry->m_serial) {
        DeadlineEntry *entry = m_heap.front().entry;
        siftDown(0, {entry->m_deadline, entry->m_serial, entry});
    }
    return m_heap.empty() ? ForeverNSecs : m_heap.front().deadline;
}

} // namespace QTimeout::detail
