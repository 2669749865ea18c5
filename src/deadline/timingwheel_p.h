// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// TimingWheel: nodes with deadlines, in and out in constant time, and due in order.

#ifndef QTIMEOUT_TIMINGWHEEL_P_H
#define QTIMEOUT_TIMINGWHEEL_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "deadline/timingwheelnode_p.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace QTimeout::detail {

/*
    A hierarchical timing wheel. See the essay in timingwheel.cpp.

    The wheel knows no clock and no thread: it is told what time it is. It allocates nothing for a
    node, and does not own any. What enters and leaves all the time is inline.

    Times are in nanoseconds and may be negative, except those by which the wheel is turned.
*/
class TimingWheel
{
public:
    using Node = TimingWheelNode;
    static constexpr std::int64_t Never = Node::Never;

    /*
        One pass over what is due at a time. Turns may be nested: what is due comes up in the
        innermost.
    */
    class Turn
    {
    public:
        Turn(TimingWheel &wheel, std::int64_t time);
        ~Turn() { m_wheel.m_turnTime = m_outerTime; }
        Turn(const Turn &) = delete;
        Turn &operator=(const Turn &) = delete;

        // Takes out the next node that is due. Null if there is none, or if that was set since the
        // turn has begun.
        Node *takeDue();

    private:
        TimingWheel &m_wheel;
        const std::int64_t m_time;
        const std::int64_t m_outerTime;
        const std::uint64_t m_lastSerial;
    };

    explicit TimingWheel(std::int64_t now) noexcept : m_hand(tickOf(now)) {}
    TimingWheel(const TimingWheel &) = delete;
    TimingWheel &operator=(const TimingWheel &) = delete;

    std::size_t size() const noexcept { return m_size; }

    // The node, which is in no wheel, is due at the deadline, and somebody should wake up for it at
    // the latest time, which is not before. Returns true if the time to wake up at may be earlier
    // than that now, because a slot has become crowded.
    [[nodiscard]] bool insert(Node *node, std::int64_t deadline, std::int64_t latest) noexcept;
    // The same for a node that is in this wheel.
    [[nodiscard]] bool reschedule(Node *node, std::int64_t deadline, std::int64_t latest) noexcept;
    void remove(Node *node) noexcept;

    // Whether something is known to be due. In a turn it is whatever is left of that.
    bool hasDue() const noexcept { return isOccupied(DueSlot); }
    // Fetches from memory what is due soon.
    void prefetchDue() const noexcept;

    // The time by which a turn has to be made. Never, if nothing is pending; else not later than the
    // latest time of any node, or in the past.
    std::int64_t wakeUp() const noexcept;
    std::int64_t earliestDeadline();
    // For the end of a turn in real time: what would take long to do at once is done ahead.
    void emptyCrowdedSlot();

    // In no order. The function must not change the wheel.
    template<typename Function>
    void forEach(Function function) const;

private:
    using Link = TimingWheelLink;

    // The levels span all the time there is. The lowest is a window that moves on tick by tick, on
    // the others a slot is a digit of the tick.
    static constexpr int TickBits = 20; // nanoseconds
    static constexpr int WindowBits = 8;
    static constexpr int SlotBits = 6;
    static constexpr std::size_t SlotsOfWindow = std::size_t(1) << WindowBits;
    static constexpr std::size_t SlotsOfLevel = std::size_t(1) << SlotBits;
    static constexpr std::size_t WordsOfWindow = SlotsOfWindow / 64;
    static constexpr std::size_t Levels = 7; // the window is one of them
    // Where those are that are known to be due. Not part of the wheel, nor is the next.
    static constexpr std::size_t DueSlot = SlotsOfWindow + (Levels - 1) * SlotsOfLevel;
    // Where those are that have been set during a turn and would be due in it.
    static constexpr std::size_t NextTurnSlot = DueSlot + 1;
    static constexpr std::size_t None = DueSlot; // for those who look for a slot of the wheel

    // So many in a slot take long to move. They are moved so much earlier, which is enough for a
    // hundred thousand.
    static constexpr std::uint32_t Crowd = 2048;
    static constexpr std::int64_t TicksAhead = 16;

    struct Slot
    {
        Link head{&head, &head};
        std::int64_t latest = Never; // not later than that of any node
    };

    static std::int64_t tickOf(std::int64_t time) noexcept { return time >> TickBits; }
    bool isOccupied(std::size_t slot) const noexcept
    {
        return m_occupied[slot / 64] >> (slot % 64) & 1;
    }

    // Which slot
    static int shiftOf(std::size_t slot) noexcept;
    std::int64_t startOf(std::size_t slot) const noexcept;
    std::int64_t endOf(std::size_t slot) const noexcept;
    std::size_t firstOfWindow(std::size_t from) const noexcept;
    std::size_t firstSlot() const noexcept;
    std::size_t crowdedSlot() const noexcept;
    template<typename Function>
    void forEachSlot(Function isWanted) const;

    // What is in a slot
    void clear(std::size_t slot) noexcept;
    void append(std::size_t slot, Node *node) noexcept;
    bool link(Node *node) noexcept;
    bool place(Node *node) noexcept;
    void unlink(Node *node) noexcept;
    void setTimes(Node *node, std::int64_t deadline, std::int64_t latest) noexcept;
    template<typename Function>
    void redistribute(std::size_t slot, Function isTaken);
    void redistribute(std::size_t slot);
    std::int64_t earliestIn(std::size_t slot) const noexcept;
    std::int64_t earliestLatest() const noexcept;

    // What is due
    static bool precedes(const Node *a, const Node *b) noexcept;
    Node *firstDue() const noexcept;
    void takeSlot(std::size_t slot, std::int64_t time);
    void sortDue();
    void findDue(std::int64_t time);

    std::array<Slot, NextTurnSlot + 1> m_slots;
    std::array<std::uint64_t, DueSlot / 64 + 1> m_occupied = {}; // a bit for each that is not empty
    // In the slots of the level above the window, since they were empty; some may have left.
    std::array<std::uint32_t, SlotsOfLevel> m_arrivals = {};
    std::int64_t m_hand; // the tick up to which the wheel has been turned
    // What is due by then comes up in the running turn.
    std::int64_t m_turnTime = std::numeric_limits<std::int64_t>::min();
    std::size_t m_size = 0;
    std::uint64_t m_lastSerial = 0;
};

inline void TimingWheel::clear(std::size_t slot) noexcept
{
    m_slots[slot].latest = Never;
    m_occupied[slot / 64] &= ~(std::uint64_t(1) << (slot % 64));
}

inline void TimingWheel::append(std::size_t slot, Node *node) noexcept
{
    auto &[head, latest] = m_slots[slot];
    node->m_slot = static_cast<std::uint16_t>(slot);
    node->m_previous = head.m_previous;
    node->m_next = &head;
    head.m_previous->m_next = node;
    head.m_previous = node;
    latest = std::min(latest, node->latest());
    m_occupied[slot / 64] |= std::uint64_t(1) << (slot % 64);
}

/*
    Into the slot of its tick. Beyond the window the level is that of the highest digit in which the
    node's tick and the hand differ. Returns true if that has made the slot crowded.
*/
inline bool TimingWheel::link(Node *node) noexcept
{
    const std::int64_t tick = std::max(tickOf(node->m_deadline), m_hand);
    if (tick - m_hand < std::int64_t(SlotsOfWindow)) {
        append(static_cast<std::size_t>(tick) % SlotsOfWindow, node);
        return false;
    }
    const auto difference = static_cast<std::uint64_t>(tick ^ m_hand);
    const auto highest = static_cast<std::uint32_t>(std::countl_zero(difference)) ^ 63;
    const std::uint32_t level = (highest - WindowBits) * 43
            >> 8; // divided by SlotBits, and quicker
    static_assert(SlotBits == 6);
    const std::size_t digit = static_cast<std::size_t>(tick >> WindowBits >> (level * SlotBits))
            % SlotsOfLevel;
    bool isNewCrowd = false;
    if (level == 0) {
        const bool isOccupied = m_occupied[WordsOfWindow] >> digit & 1;
        m_arrivals[digit] = isOccupied ? m_arrivals[digit] + 1 : 1;
        isNewCrowd = m_arrivals[digit] == Crowd;
    }
    append(SlotsOfWindow + level * SlotsOfLevel + digit, node);
    return isNewCrowd;
}

/*
    A node that is set now. If the running turn would bring it up it is kept aside: before others
    that are due it would end the turn, each time.
*/
inline bool TimingWheel::place(Node *node) noexcept
{
    if (node->m_deadline > m_turnTime)
        return link(node);
    append(NextTurnSlot, node);
    return false;
}

inline void TimingWheel::unlink(Node *node) noexcept
{
    node->m_previous->m_next = node->m_next;
    node->m_next->m_previous = node->m_previous;
    if (node->m_previous == node->m_next) // the head
        clear(node->m_slot);
}

inline void TimingWheel::setTimes(Node *node, std::int64_t deadline, std::int64_t latest) noexcept
{
    static constexpr std::uint64_t LongestSlack = std::numeric_limits<std::uint32_t>::max();
    const auto slack = static_cast<std::uint64_t>(latest) - static_cast<std::uint64_t>(deadline);
    node->m_deadline = deadline;
    node->m_slack = static_cast<std::uint32_t>(std::min(slack, LongestSlack));
    node->m_serial = ++m_lastSerial;
}

inline bool TimingWheel::insert(Node *node, std::int64_t deadline, std::int64_t latest) noexcept
{
    setTimes(node, deadline, latest);
    ++m_size;
    return place(node);
}

inline bool TimingWheel::reschedule(Node *node, std::int64_t deadline, std::int64_t latest) noexcept
{
    const std::int64_t previousDeadline = node->m_deadline;
    setTimes(node, deadline, latest);
    if (deadline >= previousDeadline && node->m_slot < DueSlot) {
        std::int64_t &latestOfSlot = m_slots[node->m_slot].latest;
        latestOfSlot = std::min(latestOfSlot, node->latest());
        return false;
    }
    unlink(node);
    return place(node);
}

inline void TimingWheel::remove(Node *node) noexcept
{
    --m_size;
    unlink(node);
}

/*
    Together with a node comes what lies around it: it is part of something larger, and what that
    needs when it is due has mostly been allocated a moment before or after. Where it has not, little
    is lost.
*/
inline void TimingWheel::prefetchDue() const noexcept
{
    static constexpr int Ahead = 2;
    static constexpr std::ptrdiff_t Before = 192;
    static constexpr std::ptrdiff_t After = 640;
    static constexpr std::ptrdiff_t CacheLine = 64;

    const Link *soon = &m_slots[DueSlot].head;
    for (int i = 0; i < Ahead; ++i)
        soon = soon->m_next;
    const auto *place = reinterpret_cast<const char *>(soon);
    for (std::ptrdiff_t distance = -Before; distance < After; distance += CacheLine)
        __builtin_prefetch(place + distance);
}

template<typename Function>
void TimingWheel::forEach(Function function) const
{
    for (const Slot &slot : m_slots) {
        for (Link *each = slot.head.m_next; each != &slot.head;) {
            auto *node = static_cast<Node *>(std::exchange(each, each->m_next));
            function(node);
        }
    }
}

} // namespace QTimeout::detail

#endif // QTIMEOUT_TIMINGWHEEL_P_H
