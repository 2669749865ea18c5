// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadline/deadlinequeue_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qthread.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

/*
    The deadline queue
    ==================

    One queue a thread, one single-shot QTimer a queue. Entries are members of whatever waits (a
    scope, a sleep, a run): the queue allocates nothing for them, and an entry that goes away takes
    itself out.

    A timing wheel
    --------------
    Nearly every timeout ends long before its deadline, because what it guards has finished, and
    many are pushed back again and again. It pays to do no sorting for those. So there is a wheel
    with digits, as in an odometer (Varghese and Lauck, "Hashed and hierarchical timing wheels",
    1987). Time is counted in ticks of 2^20 ns, about a millisecond. The hand stands where the wheel
    has been turned to. What is due within 256 ticks is in the window: it has a slot for each tick
    and moves on with the hand. For what is due later, ticks are written with digits of six bits,
    from the ninth bit on. A level of the wheel is a place of that number, a slot on it a digit. An
    entry is on the level of the highest digit in which its tick and the hand's differ, in the slot
    of its own digit there: in a minute means a slot of 17 seconds, in an hour one of 18 minutes.
    What was due before lies in the hand's own slot.

    To enter, leave or change the deadline is a few pointer writes, whatever else is pending. When
    the hand comes to a slot, that is emptied: its entries go to lower levels, at most six times in
    the life of one that waits for centuries, and from the window, once they are due, to the due
    list. Only there they are sorted, with those of the same tick. A bit for each slot tells which is
    next; the levels are all the time there is, so nothing has to be kept aside.

    The window is as wide as that because of what comes in bursts, and is due within a few tenths of
    a second: it is touched only when it is set and when it is due, since it is never on a level that
    has to be emptied first. A burst that is set earlier, so that thousands come together in a slot of
    the next level, is not to be late either: such a slot is emptied a little before it begins, as far
    as the window reaches by then.

    A deadline that is postponed stays where it is, in a slot that begins too early. When that is
    emptied it finds its place. One that is drawn nearer moves at once. So an idle timeout that is
    pushed back a thousand times a second moves once in its interval.

    Invariants
    ----------
    - The tick of an entry is not before the beginning of its slot, except in the hand's own, where
      everything lies that was due before. So slots that begin after a known deadline have none that
      is earlier.
    - All slots that are not empty are the hand's own or begin later. A slot of the window may lie
      within one of a higher level, which begins before or together with it and is then emptied
      first.
    - What is set during a turn and would be due in it is on a list of its own until the next one.
    - What is on the due list is no later than the hand's tick, and was due when it was put there.
      The list is sorted.
    - A slot's "latest" is not later than that of any of its entries. It may belong to one that has
      left: it is exact again when the slot is filled anew.
    - The timer is armed no later than the earliest "latest" of all entries. It may be armed for an
      entry that has gone: it is not touched when an entry leaves, and then fires once in vain.
    - Serial numbers increase with each deadline that is set. They settle the order of equal
      deadlines, and what belongs to the running turn: an entry whose serial is newer than the
      turn's beginning waits for the next one, so that a timeout of zero that starts itself anew
      does not starve the event loop.

    Time is compared in nanoseconds. An entry whose tick has come but not its deadline goes back
    into the hand's slot. Should time ever go back, which only the setter of a frozen queue can
    cause, the hand stays ahead and its slot takes what is due before.

    Punctuality
    -----------
    Each entry has a deadline, before which it never comes up, and a latest time, for which a
    wake-up is asked: a little later for coarse timers. To wake up at the earliest of all latest
    times and then bring up everything whose deadline has passed needs the fewest wake-ups there can
    be (it is the greedy cover of intervals by points). Slots know their earliest latest time, so
    nobody wakes up only to turn the wheel, unless for thousands, and the search ends with the slots
    that begin before the best time found so far.

    After a long block of the thread
    --------------------------------
    A timer that finds itself late lets the event loop go round once more before it looks at the
    deadlines, and so does a turn that takes long: data that arrived while the thread was busy is
    seen first, and what has finished in time is not reported as late. What such a turn leaves on
    the due list is joined by what has been set meanwhile for a time before.

    Nearer and nearer
    -----------------
    A deadline before all others needs the timer armed anew, which costs more than all the rest. Who
    sets a few in a millisecond gets that. If there are more, an event is posted that arms the timer
    for the earliest of them: nothing can come up before the event loop runs, and it sends posted
    events before it sleeps. Should somebody remove the event, it arms the timer when it goes.

    Re-entrance
    -----------
    due() may do anything: delete other entries, insert new ones, run a nested event loop in which
    the timer fires and another turn takes place. The timer is therefore armed for what is left
    before each call, and the head of the due list, which is the queue's and no turn's, is read anew
    after it. Entries on it are pending like all others.

    Life
    ----
    The queue is made on first use in a thread and goes with the thread. Where the thread has no
    event dispatcher yet (before the application object exists), a posted event waits for the event
    loop and arms the timer then. When a dispatcher goes, so does the timer in it; the next one
    takes over in the same way.

    Why not a heap
    --------------
    Prototypes of both are in tests/benchmarks/queues.h: a wheel with six bits on all levels, and a
    4-ary heap with an unsorted list before it for what has been set since the last timer event,
    which this queue was once. Measured by bench_queue with g++ 12 on an AMD EPYC that had other work
    to do (medians of three rounds; processor time in ns per operation):

                                           heap with list             wheel
        pending                         1000 100,000 1,000,000   1000 100,000 1,000,000
        set and remove one               2.4     2.5       2.4    4.2     4.4       4.3
        an operation in the life of
            a program, all included       16      47       137     10      40        71
        remove all, in no order           11      42        67      5      10        17
        all come up within 100 ms         58     141       308     20     132       282
        all come up within six hours      55     121       339     23     184       402
        longest turn, us                  41   9,100   121,000      4   2,200    22,000
        bytes for each                    72      72        72     54      48        48

    The life is that of a program with requests, of which nearly all are answered early, idle
    connections, which are postponed once a second, and a few sessions. The heap's longest turn is
    in that life, when what is new moves into it: that happens whenever many have been set since the
    last timer event. The wheel's is 0.2 ms there, but only some seconds of it are played with many
    pending. So the table has that of the six hours, when the hand comes to a slot of four minutes,
    or of five hours, in which most of them are. That is also where the wheel is dearer than the
    heap: an entry that does come up after hours has been touched on three or four levels.

    The queue itself, with a QTimeoutScope around, in instructions as tests/run instructions counted
    them when the one took the place of the other, first with the heap and then with the wheel:
    started and finished early 1490 and 1512, rescheduled 429 and 419, shifted 448 and 436, expired among a thousand others 1576 and 1222.

    A timer event in vain is a little more frequent, since a slot's latest time may be that of an
    entry that has been postponed: in five minutes of that life, with 1000 pending, 180 and not 140.
    From 10,000 pending on there are about as many as with the heap.
*/

namespace QTimeout::detail {

using namespace std::chrono_literals;

// So late that data may have arrived meanwhile.
static constexpr qint64 LateNSecs = std::chrono::nanoseconds(2ms).count();

static constexpr qint64 NSecsPerMSec = 1'000'000;

// So many take long to move. They are moved so much earlier, which is enough for a hundred thousand.
static constexpr quint32 Crowd = 2048;
static constexpr qint64 TicksAhead = 16;

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
            m_queue->loopEventRemoved();
    }

private:
    void arrived() override { std::exchange(m_queue, nullptr)->eventLoopRuns(); }

    DeadlineQueue *m_queue; // until it has arrived
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

DeadlineQueue::DeadlineQueue() : m_mailbox(new Mailbox(this))
{
    m_hand = tickOf(now());
    t_queue = this;
    m_mailbox->setHere();
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
    for (const Slot &slot : m_slots) {
        for (DeadlineLink *each = slot.head.m_next; each != &slot.head; each = each->m_next)
            static_cast<DeadlineEntry *>(each)->m_queue = nullptr;
    }
    t_queue = nullptr;
}

/*
    Time
*/

qint64 DeadlineQueue::now() const noexcept
{
    return m_frozen ? m_frozenTime : realNow() + m_offset;
}

/*
    S4 grants a coarse timer 5 % of the time that remains. Half of that is plenty for sharing
    wake-ups, leaves room for the system's own latency, and is not worth having below the timer's
    granularity of a millisecond. Nor is it meant to be minutes where the deadline is hours away.
*/
inline DeadlineQueue::Time DeadlineQueue::timeAt(qint64 deadline, qint64 remaining,
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

qint64 DeadlineQueue::toReal(qint64 time) const noexcept
{
    return saturatedSum(time, m_frozen ? realNow() - m_frozenTime : -m_offset);
}

qint64 DeadlineQueue::fromReal(qint64 time) const noexcept
{
    return saturatedSum(time, m_frozen ? m_frozenTime - realNow() : m_offset);
}

/*
    The wheel
*/

inline bool DeadlineQueue::isOccupied(size_t slot) const noexcept
{
    return m_occupied[slot / 64] >> (slot % 64) & 1;
}

// The lowest slot of the window that is not empty, not below the one given; else DueSlot.
inline size_t DeadlineQueue::firstOfWindow(size_t from) const noexcept
{
    if (from >= SlotsOfWindow)
        return DueSlot;
    size_t word = from / 64;
    quint64 occupied = m_occupied[word] & (~quint64(0) << (from % 64));
    while (!occupied && ++word < WordsOfWindow)
        occupied = m_occupied[word];
    return occupied ? word * 64 + static_cast<size_t>(std::countr_zero(occupied)) : DueSlot;
}

/*
    The slot that begins first; DueSlot if there are none in the wheel. Where two begin together it is the
    wider one, which has to be emptied before the other is taken.
*/
inline size_t DeadlineQueue::firstSlot() const noexcept
{
    size_t first = firstOfWindow(static_cast<size_t>(m_hand) % SlotsOfWindow);
    if (first == DueSlot)
        first = firstOfWindow(0);
    for (size_t word = WordsOfWindow; word < DueSlot / 64; ++word) {
        if (const quint64 occupied = m_occupied[word]) {
            const size_t slot = word * 64 + static_cast<size_t>(std::countr_zero(occupied));
            return first == DueSlot || startOf(slot) <= startOf(first) ? slot : first;
        }
    }
    return first;
}

/*
    Calls the function with the slots of each level in their order, until it does not want those that
    begin later.
*/
template<typename Function>
void DeadlineQueue::forEachSlot(Function isWanted) const
{
    const size_t hand = static_cast<size_t>(m_hand) % SlotsOfWindow;
    size_t slot = firstOfWindow(hand);
    while (slot != DueSlot && isWanted(slot))
        slot = firstOfWindow(slot + 1);
    if (slot == DueSlot) {
        slot = firstOfWindow(0);
        while (slot < hand && isWanted(slot))
            slot = firstOfWindow(slot + 1);
    }
    for (size_t word = WordsOfWindow; word < DueSlot / 64; ++word) {
        for (quint64 left = m_occupied[word]; left; left &= left - 1) {
            if (!isWanted(word * 64 + static_cast<size_t>(std::countr_zero(left))))
                break;
        }
    }
}

// The place in a tick's number of the digit that the slot stands for.
inline int DeadlineQueue::shiftOf(size_t slot) noexcept
{
    const auto level = static_cast<int>(slot / 64 - WordsOfWindow);
    return slot < SlotsOfWindow ? 0 : WindowBits + level * SlotBits;
}

/*
    The tick with which a slot begins. Above the window it has the hand's digits above its level, its own
    there, and zeros below.
*/
inline qint64 DeadlineQueue::startOf(size_t slot) const noexcept
{
    if (slot < SlotsOfWindow)
        return m_hand + ((static_cast<qint64>(slot) - m_hand) & qint64(SlotsOfWindow - 1));
    const int shift = shiftOf(slot);
    const qint64 above = m_hand >> shift >> SlotBits << SlotBits;
    return (above | static_cast<qint64>(slot % SlotsOfLevel)) << shift;
}

// The tick before which it ends.
inline qint64 DeadlineQueue::endOf(size_t slot) const noexcept
{
    return startOf(slot) + (qint64(1) << shiftOf(slot));
}

inline void DeadlineQueue::clear(size_t slot) noexcept
{
    m_slots[slot].latest = ForeverNSecs;
    m_occupied[slot / 64] &= ~(quint64(1) << (slot % 64));
}

inline void DeadlineQueue::append(size_t slot, DeadlineEntry *entry) noexcept
{
    auto &[head, latest] = m_slots[slot];
    entry->m_slot = static_cast<quint16>(slot);
    entry->m_previous = head.m_previous;
    entry->m_next = &head;
    head.m_previous->m_next = entry;
    head.m_previous = entry;
    latest = std::min(latest, entry->latest());
    m_occupied[slot / 64] |= quint64(1) << (slot % 64);
}

/*
    Behind the window the level is that of the highest digit in which the entry's tick and the hand
    differ.
*/
inline void DeadlineQueue::link(DeadlineEntry *entry) noexcept
{
    const qint64 tick = std::max(tickOf(entry->m_deadline), m_hand);
    if (tick - m_hand < qint64(SlotsOfWindow)) {
        append(static_cast<size_t>(tick) % SlotsOfWindow, entry);
        return;
    }
    const quint32 highest = static_cast<quint32>(std::countl_zero(quint64(tick ^ m_hand))) ^ 63;
    const quint32 level = (highest - WindowBits) * 43 >> 8; // divided by SlotBits, and quicker
    static_assert(SlotBits == 6);
    const size_t digit = static_cast<size_t>(tick >> WindowBits >> (level * SlotBits))
            % SlotsOfLevel;
    if (level == 0) {
        const bool isOccupied = m_occupied[WordsOfWindow] >> digit & 1;
        m_arrivals[digit] = isOccupied ? m_arrivals[digit] + 1 : 1;
        if (m_arrivals[digit] == Crowd)
            waitForEventLoop(); // which arms the timer for emptying it
    }
    append(SlotsOfWindow + level * SlotsOfLevel + digit, entry);
}

/*
    One that is set now. If the running turn would bring it up it is kept aside: before others that are due
    it would end the turn, each time.
*/
inline void DeadlineQueue::place(DeadlineEntry *entry) noexcept
{
    if (entry->m_deadline <= m_turnTime)
        append(NextTurnSlot, entry);
    else
        link(entry);
}

inline void DeadlineQueue::unlink(DeadlineEntry *entry) noexcept
{
    entry->m_previous->m_next = entry->m_next;
    entry->m_next->m_previous = entry->m_previous;
    if (entry->m_previous == entry->m_next) // the head
        clear(entry->m_slot);
}

inline void DeadlineQueue::move(DeadlineEntry *entry, qint64 previousDeadline) noexcept
{
    if (entry->m_deadline >= previousDeadline && entry->m_slot < DueSlot) {
        qint64 &latest = m_slots[entry->m_slot].latest;
        latest = std::min(latest, entry->latest());
    } else {
        unlink(entry);
        place(entry);
    }
}

/*
    Empties a slot. Those for which the function returns false are placed anew.
*/
template<typename Function>
void DeadlineQueue::redistribute(size_t slot, Function isTaken)
{
    DeadlineLink &head = m_slots[slot].head;
    DeadlineLink *each = head.m_next;
    head = {&head, &head};
    clear(slot);
    while (each != &head) {
        auto *entry = static_cast<DeadlineEntry *>(std::exchange(each, each->m_next));
        if (!isTaken(entry))
            link(entry);
    }
}

/*
    The entries
*/

void DeadlineQueue::set(DeadlineEntry *entry, Time time)
{
    Q_ASSERT(!entry->m_queue || entry->m_queue == this);
    const qint64 previousDeadline = std::exchange(entry->m_deadline, time.deadline);
    if (time.deadline == ForeverNSecs) {
        if (entry->m_queue)
            remove(entry);
        return;
    }
    static constexpr qint64 LongestSlack = std::numeric_limits<quint32>::max();
    entry->m_slack = static_cast<quint32>(std::min(time.latest - time.deadline, LongestSlack));
    entry->m_serial = ++m_lastSerial;
    if (entry->m_queue) {
        move(entry, previousDeadline);
    } else {
        entry->m_queue = this;
        ++m_size;
        place(entry);
    }
    if (m_frozen ? time.deadline <= m_frozenTime : time.latest < m_wakeUp)
        armEarlier(time.latest);
}

void DeadlineQueue::remove(DeadlineEntry *entry) noexcept
{
    Q_ASSERT(entry->m_queue == this);
    entry->m_queue = nullptr;
    --m_size;
    unlink(entry);
}

void DeadlineQueue::release(DeadlineEntry *entry) noexcept
{
    remove(entry);
    entry->m_deadline = toReal(entry->m_deadline);
}

/*
    What is due
*/

inline bool DeadlineQueue::precedes(const DeadlineEntry *a, const DeadlineEntry *b) noexcept
{
    return std::tie(a->m_deadline, a->m_serial) < std::tie(b->m_deadline, b->m_serial);
}

inline bool DeadlineQueue::hasDue() const noexcept
{
    return isOccupied(DueSlot);
}

inline DeadlineEntry *DeadlineQueue::firstDue() const noexcept
{
    return hasDue() ? static_cast<DeadlineEntry *>(m_slots[DueSlot].head.m_next) : nullptr;
}

/*
    Adds to the due list what the slot has up to the hand's tick and up to \a time.
*/
void DeadlineQueue::takeSlot(size_t slot, qint64 time)
{
    bool sorted = true;
    redistribute(slot, [&](DeadlineEntry *entry) {
        if (entry->m_deadline > time || tickOf(entry->m_deadline) > m_hand)
            return false;
        if (hasDue())
            sorted &= precedes(static_cast<DeadlineEntry *>(m_slots[DueSlot].head.m_previous),
                               entry);
        append(DueSlot, entry);
        return true;
    });
    if (!sorted)
        sortDue();
}

/*
    Copies of what is compared are quicker to sort than what is scattered all over memory.
*/
void DeadlineQueue::sortDue()
{
    DeadlineLink &head = m_slots[DueSlot].head;
    std::vector<std::tuple<qint64, quint64, DeadlineEntry *>> copies;
    for (DeadlineLink *each = head.m_next; each != &head; each = each->m_next) {
        auto *entry = static_cast<DeadlineEntry *>(each);
        copies.emplace_back(entry->m_deadline, entry->m_serial, entry);
    }
    std::sort(copies.begin(), copies.end());
    head = {&head, &head};
    for (const auto &copy : copies)
        append(DueSlot, std::get<DeadlineEntry *>(copy));
}

/*
    Turns the wheel until something is due, or the time is reached. A slot of a higher level is emptied into
    the window first, where others of the same tick may be.
*/
void DeadlineQueue::findDue(qint64 time)
{
    const qint64 end = std::max(tickOf(time), m_hand);
    while (!hasDue()) {
        const size_t slot = firstSlot();
        if (slot == DueSlot || startOf(slot) > end) {
            m_hand = end;
            return;
        }
        m_hand = startOf(slot);
        if (slot >= SlotsOfWindow) {
            redistribute(slot, [](DeadlineEntry *) { return false; });
        } else {
            takeSlot(slot, time);
            if (m_hand == end)
                return;
        }
    }
}

/*
    The next slot of the level above the window, if it takes long to empty; else DueSlot.
*/
inline size_t DeadlineQueue::crowdedSlot() const noexcept
{
    const quint64 occupied = m_occupied[WordsOfWindow];
    if (!occupied)
        return DueSlot;
    const auto digit = static_cast<size_t>(std::countr_zero(occupied));
    return m_arrivals[digit] >= Crowd ? SlotsOfWindow + digit : DueSlot;
}

/*
    Those for which the window does not reach far enough yet go back to the same slot.
*/
void DeadlineQueue::emptyAhead()
{
    const size_t slot = crowdedSlot();
    if (slot != DueSlot && startOf(slot) - m_hand <= TicksAhead)
        redistribute(slot, [](DeadlineEntry *) { return false; });
}

/*
    Takes out the next entry whose deadline has passed at \a time and was set by \a serial.
*/
DeadlineEntry *DeadlineQueue::takeDue(qint64 time, quint64 serial) noexcept
{
    DeadlineEntry *entry = firstDue();
    if (!entry || entry->m_deadline > time || entry->m_serial > serial)
        return nullptr;
    remove(entry);
    return entry;
}

/*
    Those that come up soon are fetched from memory meanwhile, together with what lies around them: an
    entry is part of something larger, and what that needs when it is due has mostly been allocated a
    moment before or after. Where it has not, little is lost.
*/
inline void DeadlineQueue::fetchAhead() const noexcept
{
    static constexpr int Ahead = 2;
    static constexpr std::ptrdiff_t Before = 192;
    static constexpr std::ptrdiff_t After = 640;
    static constexpr std::ptrdiff_t Line = 64;

    const DeadlineLink *soon = &m_slots[DueSlot].head;
    for (int i = 0; i < Ahead; ++i)
        soon = soon->m_next;
    const auto *place = reinterpret_cast<const char *>(soon);
    for (std::ptrdiff_t distance = -Before; distance < After; distance += Line)
        __builtin_prefetch(place + distance);
}

void DeadlineQueue::expireDue()
{
    const qint64 time = now();
    const quint64 serial = m_lastSerial;
    const qint64 outerTurn = std::exchange(m_turnTime, time);
    if (isOccupied(NextTurnSlot))
        takeSlot(NextTurnSlot, time);
    takeSlot(static_cast<size_t>(m_hand) % SlotsOfWindow, time);
    findDue(time);
    while (DeadlineEntry *entry = takeDue(time, serial)) {
        findDue(time);
        if (!hasDue())
            rearm();
        else if (m_wakeUp > time)
            arm(time);
        fetchAhead();
        entry->due();
        if (!m_frozen && now() - time > LateNSecs)
            break;
    }
    m_turnTime = outerTurn;
    if (!m_frozen)
        emptyAhead();
    rearm();
    // What is left over comes up when the event loop has gone round.
    m_ioLookedAt = m_wakeUp <= time;
}

/*
    The timer
*/

bool DeadlineQueue::event(QEvent *event)
{
    if (event->type() != Call::Type)
        return QObject::event(event);
    static_cast<Call *>(event)->arrived();
    return true;
}

void DeadlineQueue::eventLoopRuns()
{
    m_waitingForEventLoop = false;
    if (const qint64 wakeUp = nextWakeUp(); wakeUp == ForeverNSecs)
        disarm();
    else
        arm(wakeUp); // perhaps not yet, although it is the same as m_wakeUp
}

// Nothing can be posted here: Qt may be removing what is left of a thread.
void DeadlineQueue::loopEventRemoved()
{
    if (QAbstractEventDispatcher::instance()) {
        eventLoopRuns();
    } else {
        m_waitingForEventLoop = false;
        m_wakeUp = ForeverNSecs;
    }
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

/*
    The earliest of all latest times. Slots that begin later have none that is earlier.
*/
qint64 DeadlineQueue::findWakeUp() const noexcept
{
    qint64 wakeUp = ForeverNSecs;
    forEachSlot([&](size_t slot) {
        if (startOf(slot) > tickOf(wakeUp))
            return false;
        wakeUp = std::min(wakeUp, m_slots[slot].latest);
        return true;
    });
    return wakeUp;
}

qint64 DeadlineQueue::nextWakeUp()
{
    if (m_frozen) {
        const qint64 earliest = earliestDeadline();
        return earliest <= m_frozenTime ? earliest : ForeverNSecs;
    }
    if (const DeadlineEntry *due = firstDue())
        return due->m_deadline;
    if (isOccupied(NextTurnSlot))
        return m_slots[NextTurnSlot].latest;
    const qint64 wakeUp = findWakeUp();
    const size_t slot = crowdedSlot();
    if (slot == DueSlot || startOf(slot) - m_hand <= TicksAhead)
        return wakeUp;
    return std::min(wakeUp, (startOf(slot) - TicksAhead) << TickBits);
}

void DeadlineQueue::rearm()
{
    const qint64 wakeUp = nextWakeUp();
    if (wakeUp == ForeverNSecs)
        disarm();
    else if (wakeUp != m_wakeUp)
        arm(wakeUp);
}

/*
    Called in quick succession it leaves the timer alone until the event loop runs, which has to run
    anyway before anything can come up.
*/
void DeadlineQueue::armEarlier(qint64 wakeUp)
{
    static constexpr int DirectStarts = 8;
    static constexpr qint64 Interval = std::chrono::nanoseconds(1ms).count();

    if (!m_waitingForEventLoop && !m_frozen) {
        if (const qint64 time = now(); time - m_intervalStart > Interval) {
            m_intervalStart = time;
            m_startsInInterval = 0;
        }
        if (++m_startsInInterval > DirectStarts)
            waitForEventLoop();
    }
    if (m_waitingForEventLoop && !m_frozen)
        m_wakeUp = wakeUp;
    else
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
        QCoreApplication::postEvent(this, new LoopEvent(this));
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

qint64 DeadlineQueue::earliestIn(size_t slot) const noexcept
{
    const DeadlineLink &head = m_slots[slot].head;
    qint64 earliest = ForeverNSecs;
    for (const DeadlineLink *each = head.m_next; each != &head; each = each->m_next)
        earliest = std::min(earliest, static_cast<const DeadlineEntry *>(each)->m_deadline);
    return earliest;
}

qint64 DeadlineQueue::earliestDeadline()
{
    qint64 earliest = std::min(hasDue() ? firstDue()->m_deadline : ForeverNSecs,
                               earliestIn(NextTurnSlot));
    QVarLengthArray<size_t, 8> postponed;
    forEachSlot([&](size_t slot) {
        if (startOf(slot) > tickOf(earliest))
            return false;
        const qint64 first = earliestIn(slot);
        if (tickOf(first) >= endOf(slot))
            postponed.append(slot);
        earliest = std::min(earliest, first);
        return true;
    });
    // They are not looked at again before it is time.
    for (const size_t slot : postponed)
        redistribute(slot, [](DeadlineEntry *) { return false; });
    return earliest;
}

} // namespace QTimeout::detail
