// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadline/timingwheel_p.h"

#include <tuple>
#include <vector>

/*
    The timing wheel
    ================

    Nearly every timeout ends long before its deadline, because what it guards has finished, and
    many are pushed back again and again. It pays to do no sorting for those. So there is a wheel
    with digits, as in an odometer (Varghese and Lauck, "Hashed and hierarchical timing wheels",
    1987). Time is counted in ticks of 2^20 ns, about a millisecond. The hand stands where the wheel
    has been turned to. What is due within 256 ticks is in the window: it has a slot for each tick
    and moves on with the hand. For what is due later, ticks are written with digits of six bits,
    from the ninth bit on. A level of the wheel is a place of that number, a slot on it a digit. A
    node is on the level of the highest digit in which its tick and the hand's differ, in the slot of
    its own digit there: in a minute means a slot of 17 seconds, in an hour one of 18 minutes. What
    was due before lies in the hand's own slot.

    To enter, leave or change the deadline is a few pointer writes, whatever else is pending. When
    the hand comes to a slot, that is emptied: its nodes go to lower levels, at most six times in the
    life of one that waits for centuries, and from the window, once they are due, to the due list.
    Only there they are sorted, with those of the same tick. A bit for each slot tells which is next;
    the levels are all the time there is, so nothing has to be kept aside.

    The window is as wide as that because of what comes in bursts, and is due within a few tenths of
    a second: it is touched only when it is set and when it is due, since it is never on a level that
    has to be emptied first. A burst that is set earlier, so that thousands come together in a slot of
    the next level, is not to be late either: such a crowded slot is emptied a little before it
    begins, as far as the window reaches by then.

    A deadline that is postponed stays where it is, in a slot that begins too early. When that is
    emptied it finds its place. One that is drawn nearer moves at once. So an idle timeout that is
    pushed back a thousand times a second moves once in its interval.

    When to wake up
    ---------------
    Each node has a deadline, before which it never comes up, and a latest time, for which a wake-up
    is asked. To wake up at the earliest of all latest times and then bring up everything whose
    deadline has passed needs the fewest wake-ups there can be (it is the greedy cover of intervals
    by points). Slots know their earliest latest time, so nobody wakes up only to turn the wheel,
    unless for thousands, and the search ends with the slots that begin before the best time found so
    far.

    Invariants
    ----------
    - The tick of a node is not before the beginning of its slot, except in the hand's own, where
      everything lies that was due before. So slots that begin after a known deadline have none that
      is earlier.
    - All slots that are not empty are the hand's own or begin later. A slot of the window may lie
      within one of a higher level, which begins before or together with it and is then emptied
      first.
    - What is set during a turn and would be due in it is on a list of its own until the next one.
    - What is on the due list is no later than the hand's tick, and was due when it was put there.
      The list is sorted.
    - A slot's "latest" is not later than that of any of its nodes. It may belong to one that has
      left: it is exact again when the slot is filled anew.
    - Serial numbers increase with each deadline that is set. They settle the order of equal
      deadlines, and what belongs to the running turn: a node whose serial is newer than the turn's
      beginning waits for the next one, so that a timeout of zero that starts itself anew does not
      starve what else its thread has to do.

    Time is compared in nanoseconds. A node whose tick has come but not its deadline goes back into
    the hand's slot. Should time ever go back, the hand stays ahead and its slot takes what is due
    before.

    Why not a heap
    --------------
    Prototypes of both are in tests/benchmarks/queues.h: a wheel with six bits on all levels, and a
    4-ary heap with an unsorted list before it for what has been set since the last timer event,
    which was used here once. Measured by bench_queue with g++ 12 on an AMD EPYC that had other work
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
    heap: a node that does come up after hours has been touched on three or four levels.

    In use, with a QTimeoutScope around, in instructions as tests/run instructions counted them when
    the one took the place of the other, first with the heap and then with the wheel: started and
    finished early 1490 and 1512, rescheduled 429 and 419, shifted 448 and 436, expired among a
    thousand others 1576 and 1222.

    A wake-up in vain is a little more frequent, since a slot's latest time may be that of a node
    that has been postponed: in five minutes of that life, with 1000 pending, 180 and not 140. From
    10,000 pending on there are about as many as with the heap.
*/

namespace QTimeout::detail {

/*
    Which slot
*/

// The place in a tick's number of the digit that the slot stands for.
inline int TimingWheel::shiftOf(std::size_t slot) noexcept
{
    const auto level = static_cast<int>(slot / 64 - WordsOfWindow);
    return slot < SlotsOfWindow ? 0 : WindowBits + level * SlotBits;
}

/*
    The tick with which a slot begins. Above the window it has the hand's digits above its level, its
    own there, and zeros below.
*/
inline std::int64_t TimingWheel::startOf(std::size_t slot) const noexcept
{
    if (slot < SlotsOfWindow) {
        const auto ahead = (static_cast<std::int64_t>(slot) - m_hand)
                & std::int64_t(SlotsOfWindow - 1);
        return m_hand + ahead;
    }
    const int shift = shiftOf(slot);
    const std::int64_t above = m_hand >> shift >> SlotBits << SlotBits;
    return (above | static_cast<std::int64_t>(slot % SlotsOfLevel)) << shift;
}

// The tick before which it ends.
inline std::int64_t TimingWheel::endOf(std::size_t slot) const noexcept
{
    return startOf(slot) + (std::int64_t(1) << shiftOf(slot));
}

// The lowest slot of the window that is not empty, not below the one given; else None.
inline std::size_t TimingWheel::firstOfWindow(std::size_t from) const noexcept
{
    if (from >= SlotsOfWindow)
        return None;
    std::size_t word = from / 64;
    std::uint64_t occupied = m_occupied[word] & (~std::uint64_t(0) << (from % 64));
    while (!occupied && ++word < WordsOfWindow)
        occupied = m_occupied[word];
    return occupied ? word * 64 + static_cast<std::size_t>(std::countr_zero(occupied)) : None;
}

/*
    The slot that begins first; None if all are empty. Where two begin together it is the wider one,
    which has to be emptied before the other is taken.
*/
inline std::size_t TimingWheel::firstSlot() const noexcept
{
    std::size_t first = firstOfWindow(static_cast<std::size_t>(m_hand) % SlotsOfWindow);
    if (first == None)
        first = firstOfWindow(0);
    for (std::size_t word = WordsOfWindow; word < DueSlot / 64; ++word) {
        if (const std::uint64_t occupied = m_occupied[word]) {
            const std::size_t slot = word * 64
                    + static_cast<std::size_t>(std::countr_zero(occupied));
            return first == None || startOf(slot) <= startOf(first) ? slot : first;
        }
    }
    return first;
}

/*
    The next slot of the level above the window, if it takes long to empty; else None.
*/
inline std::size_t TimingWheel::crowdedSlot() const noexcept
{
    const std::uint64_t occupied = m_occupied[WordsOfWindow];
    if (!occupied)
        return None;
    const auto digit = static_cast<std::size_t>(std::countr_zero(occupied));
    return m_arrivals[digit] >= Crowd ? SlotsOfWindow + digit : None;
}

/*
    Calls the function with the slots of each level in their order, until it does not want those that
    begin later.
*/
template<typename Function>
void TimingWheel::forEachSlot(Function isWanted) const
{
    const std::size_t hand = static_cast<std::size_t>(m_hand) % SlotsOfWindow;
    std::size_t slot = firstOfWindow(hand);
    while (slot != None && isWanted(slot))
        slot = firstOfWindow(slot + 1);
    if (slot == None) {
        slot = firstOfWindow(0);
        while (slot < hand && isWanted(slot))
            slot = firstOfWindow(slot + 1);
    }
    for (std::size_t word = WordsOfWindow; word < DueSlot / 64; ++word) {
        for (std::uint64_t left = m_occupied[word]; left; left &= left - 1) {
            if (!isWanted(word * 64 + static_cast<std::size_t>(std::countr_zero(left))))
                break;
        }
    }
}

/*
    What is in a slot
*/

/*
    Empties a slot. Those for which the function returns false are placed anew.
*/
template<typename Function>
void TimingWheel::redistribute(std::size_t slot, Function isTaken)
{
    Link &head = m_slots[slot].head;
    Link *each = head.m_next;
    head = {&head, &head};
    clear(slot);
    while (each != &head) {
        auto *node = static_cast<Node *>(std::exchange(each, each->m_next));
        if (!isTaken(node))
            link(node);
    }
}

void TimingWheel::redistribute(std::size_t slot)
{
    redistribute(slot, [](Node *) { return false; });
}

std::int64_t TimingWheel::earliestIn(std::size_t slot) const noexcept
{
    const Link &head = m_slots[slot].head;
    std::int64_t earliest = Never;
    for (const Link *each = head.m_next; each != &head; each = each->m_next)
        earliest = std::min(earliest, static_cast<const Node *>(each)->m_deadline);
    return earliest;
}

/*
    Slots that begin later than a latest time have none that is earlier.
*/
std::int64_t TimingWheel::earliestLatest() const noexcept
{
    std::int64_t earliest = Never;
    forEachSlot([&](std::size_t slot) {
        if (startOf(slot) > tickOf(earliest))
            return false;
        earliest = std::min(earliest, m_slots[slot].latest);
        return true;
    });
    return earliest;
}

std::int64_t TimingWheel::wakeUp() const noexcept
{
    if (const Node *due = firstDue())
        return due->m_deadline;
    const std::int64_t latest = std::min(m_slots[NextTurnSlot].latest, earliestLatest());
    const std::size_t crowded = crowdedSlot();
    if (crowded == None || startOf(crowded) - m_hand <= TicksAhead)
        return latest;
    return std::min(latest, (startOf(crowded) - TicksAhead) << TickBits);
}

std::int64_t TimingWheel::earliestDeadline()
{
    std::int64_t earliest = std::min(hasDue() ? firstDue()->m_deadline : Never,
                                     earliestIn(NextTurnSlot));
    std::vector<std::size_t> postponed;
    forEachSlot([&](std::size_t slot) {
        if (startOf(slot) > tickOf(earliest))
            return false;
        const std::int64_t first = earliestIn(slot);
        if (tickOf(first) >= endOf(slot))
            postponed.push_back(slot);
        earliest = std::min(earliest, first);
        return true;
    });
    // They are not looked at again before it is time.
    for (const std::size_t slot : postponed)
        redistribute(slot);
    return earliest;
}

/*
    Those for which the window does not reach far enough yet go back to the same slot.
*/
void TimingWheel::emptyCrowdedSlot()
{
    const std::size_t slot = crowdedSlot();
    if (slot != None && startOf(slot) - m_hand <= TicksAhead)
        redistribute(slot);
}

/*
    What is due
*/

inline bool TimingWheel::precedes(const Node *a, const Node *b) noexcept
{
    return std::tie(a->m_deadline, a->m_serial) < std::tie(b->m_deadline, b->m_serial);
}

inline TimingWheel::Node *TimingWheel::firstDue() const noexcept
{
    return hasDue() ? static_cast<Node *>(m_slots[DueSlot].head.m_next) : nullptr;
}

/*
    Adds to the due list what the slot has up to the hand's tick and up to \a time.
*/
void TimingWheel::takeSlot(std::size_t slot, std::int64_t time)
{
    bool sorted = true;
    redistribute(slot, [&](Node *node) {
        if (node->m_deadline > time || tickOf(node->m_deadline) > m_hand)
            return false;
        if (hasDue())
            sorted &= precedes(static_cast<Node *>(m_slots[DueSlot].head.m_previous), node);
        append(DueSlot, node);
        return true;
    });
    if (!sorted)
        sortDue();
}

/*
    Copies of what is compared are quicker to sort than what is scattered all over memory.
*/
void TimingWheel::sortDue()
{
    Link &head = m_slots[DueSlot].head;
    std::vector<std::tuple<std::int64_t, std::uint64_t, Node *>> copies;
    for (Link *each = head.m_next; each != &head; each = each->m_next) {
        auto *node = static_cast<Node *>(each);
        copies.emplace_back(node->m_deadline, node->m_serial, node);
    }
    std::sort(copies.begin(), copies.end());
    head = {&head, &head};
    for (const auto &copy : copies)
        append(DueSlot, std::get<Node *>(copy));
}

/*
    Turns the wheel until something is due, or the time is reached. A slot of a higher level is
    emptied into the window first, where others of the same tick may be.
*/
void TimingWheel::findDue(std::int64_t time)
{
    const std::int64_t end = std::max(tickOf(time), m_hand);
    while (!hasDue()) {
        const std::size_t slot = firstSlot();
        if (slot == None || startOf(slot) > end) {
            m_hand = end;
            return;
        }
        m_hand = startOf(slot);
        if (slot >= SlotsOfWindow) {
            redistribute(slot);
        } else {
            takeSlot(slot, time);
            if (m_hand == end)
                return;
        }
    }
}

TimingWheel::Turn::Turn(TimingWheel &wheel, std::int64_t time)
    : m_wheel(wheel),
      m_time(time),
      m_outerTime(std::exchange(wheel.m_turnTime, time)),
      m_lastSerial(wheel.m_lastSerial)
{
    if (wheel.isOccupied(NextTurnSlot))
        wheel.takeSlot(NextTurnSlot, time);
    wheel.takeSlot(static_cast<std::size_t>(wheel.m_hand) % SlotsOfWindow, time);
    wheel.findDue(time);
}

TimingWheel::Node *TimingWheel::Turn::takeDue()
{
    Node *node = m_wheel.firstDue();
    if (!node || node->m_deadline > m_time || node->m_serial > m_lastSerial)
        return nullptr;
    m_wheel.remove(node);
    m_wheel.findDue(m_time);
    return node;
}

} // namespace QTimeout::detail
