// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QUEUES_H
#define QUEUES_H

#include <QtCore/qglobal.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

/*
    Prototypes of what the deadline queue could be, each with the same functions:

        set(entry, deadline, latest)  inserts or moves it
        remove(entry)
        wakeUp()                      the time for which a timer is armed, no later than the
                                      earliest of all latest times: not before then need expire()
                                      be called. It is not changed when an entry leaves.
        expire(now, due)              takes out all whose deadline has passed and calls due(entry)
                                      in the order of the deadlines, equal ones in the order in
                                      which they were set
        bytes()                       allocated by itself
        Entry                         what it needs in each entry

    Times are in nanoseconds; expire() is called at whole milliseconds only.
*/

inline constexpr qint64 Never = std::numeric_limits<qint64>::max();

/*
    A 4-ary heap. With Lazy, a deadline that is postponed stays where it is until it comes up. With
    Young, what is inserted, or drawn nearer, stays in an unordered list until the next expire().
*/
template<bool Lazy, bool Young>
class HeapQueue
{
public:
    struct Entry
    {
        struct Links
        {
            Entry *previous;
            Entry *next;
        };

        qint64 deadline = Never;
        qint64 latest = Never;
        quint64 serial = 0;
        union {
            Links links = {};
            size_t index;
        };
        bool queued = false;
        bool young = false;
    };

    qint64 wakeUp() const { return m_wakeUp; }
    size_t bytes() const { return m_heap.capacity() * sizeof(Node); }

    void set(Entry *entry, qint64 deadline, qint64 latest)
    {
        entry->deadline = deadline;
        entry->latest = latest;
        entry->serial = ++m_lastSerial;
        if (entry->queued)
            move(entry);
        else
            insert(entry);
        m_wakeUp = std::min(m_wakeUp, latest);
    }

    void remove(Entry *entry)
    {
        entry->queued = false;
        if (entry->young)
            removeYoung(entry);
        else
            removeFromHeap(entry->index);
    }

    template<typename Function>
    void expire(qint64 now, Function due)
    {
        growUp();
        while (!m_heap.empty() && m_heap.front().deadline <= now) {
            const Node node = m_heap.front();
            if (Lazy && node.serial != node.entry->serial) {
                siftDown(0, nodeOf(node.entry));
                continue;
            }
            removeFromHeap(0);
            node.entry->queued = false;
            due(node.entry);
        }
        m_wakeUp = m_youngWakeUp;
        if (!m_heap.empty() && m_heap.front().deadline < m_wakeUp)
            findWakeUp(0);
    }

private:
    static constexpr size_t Arity = 4;

    struct Node
    {
        qint64 deadline;
        quint64 serial;
        Entry *entry;
    };

    static Node nodeOf(Entry *entry) { return {entry->deadline, entry->serial, entry}; }

    static bool precedes(const Node &a, const Node &b)
    {
        return a.deadline != b.deadline ? a.deadline < b.deadline : a.serial < b.serial;
    }

    void insert(Entry *entry)
    {
        entry->queued = true;
        if (Young) {
            addYoung(entry);
        } else {
            m_heap.emplace_back();
            siftUp(m_heap.size() - 1, nodeOf(entry));
        }
    }

    void move(Entry *entry)
    {
        if (entry->young) {
            m_youngWakeUp = std::min(m_youngWakeUp, entry->latest);
            return;
        }
        const bool earlier = entry->deadline < m_heap[entry->index].deadline;
        if (Young && earlier) {
            removeFromHeap(entry->index);
            addYoung(entry);
        } else if (earlier) {
            siftUp(entry->index, nodeOf(entry));
        } else if (!Lazy) {
            siftDown(entry->index, nodeOf(entry));
        }
    }

    void addYoung(Entry *entry)
    {
        entry->young = true;
        entry->links = {nullptr, m_firstYoung};
        if (m_firstYoung)
            m_firstYoung->links.previous = entry;
        m_firstYoung = entry;
        ++m_youngCount;
        m_youngWakeUp = std::min(m_youngWakeUp, entry->latest);
    }

    void removeYoung(Entry *entry)
    {
        const auto [previous, next] = entry->links;
        (previous ? previous->links.next : m_firstYoung) = next;
        if (next)
            next->links.previous = previous;
        entry->young = false;
        --m_youngCount;
    }

    void growUp()
    {
        if (!Young)
            return;
        const bool many = m_youngCount > m_heap.size() / 8;
        if (m_heap.capacity() < m_heap.size() + m_youngCount)
            m_heap.reserve(std::max(m_heap.size() + m_youngCount, 2 * m_heap.size()));
        for (Entry *entry = m_firstYoung; entry;) {
            Entry *next = entry->links.next;
            entry->young = false;
            m_heap.emplace_back();
            if (many)
                place(m_heap.size() - 1, nodeOf(entry));
            else
                siftUp(m_heap.size() - 1, nodeOf(entry));
            entry = next;
        }
        if (many && m_heap.size() > 1) {
            for (size_t i = (m_heap.size() - 2) / Arity + 1; i-- > 0;)
                siftDown(i, m_heap[i]);
        }
        m_firstYoung = nullptr;
        m_youngCount = 0;
        m_youngWakeUp = Never;
    }

    void place(size_t index, const Node &node)
    {
        m_heap[index] = node;
        node.entry->index = index;
    }

    void siftUp(size_t index, Node node)
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

    void siftDown(size_t index, Node node)
    {
        for (;;) {
            const size_t first = index * Arity + 1;
            if (first >= m_heap.size())
                break;
            size_t earliest = first;
            const size_t end = std::min(first + Arity, m_heap.size());
            for (size_t child = first + 1; child < end; ++child) {
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

    void removeFromHeap(size_t index)
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

    // Only what comes up at the time found is looked at.
    void findWakeUp(size_t index)
    {
        m_wakeUp = std::min(m_wakeUp, m_heap[index].entry->latest);
        const size_t first = index * Arity + 1;
        for (size_t child = first; child < std::min(first + Arity, m_heap.size()); ++child) {
            if (m_heap[child].deadline < m_wakeUp)
                findWakeUp(child);
        }
    }

    std::vector<Node> m_heap;
    Entry *m_firstYoung = nullptr;
    size_t m_youngCount = 0;
    qint64 m_youngWakeUp = Never;
    qint64 m_wakeUp = Never;
    quint64 m_lastSerial = 0;
};

/*
    A hierarchical timing wheel (Varghese and Lauck, 1987): a slot of the lowest level is a
    millisecond, one of the next level 64 of those, and so on. What is in a slot of a higher level
    is distributed over the lower ones when it is met by expire(). Each slot knows a bound of the
    latest times of its entries, so that nobody has to wake up only to distribute them. With Lazy, a
    deadline that is postponed stays in its slot until that comes up: that is the structure of
    TimingWheel, whose slots hold what is due from their beginning on and not up to it, since there
    time is not made of whole milliseconds.
*/
template<bool Lazy>
class WheelQueue
{
public:
    struct Entry
    {
        qint64 deadline = Never;
        qint64 latest = Never;
        quint64 serial = 0;
        Entry *previous = nullptr;
        Entry *next = nullptr;
        bool queued = false;
        quint8 level = 0;
        quint8 slot = 0;
    };

    qint64 wakeUp() const { return m_wakeUp; }
    size_t bytes() const { return sizeof(*this) + m_due.capacity() * sizeof(Due); }

    void set(Entry *entry, qint64 deadline, qint64 latest)
    {
        entry->deadline = deadline;
        entry->latest = latest;
        entry->serial = ++m_lastSerial;
        const quint64 tick = tickOf(deadline);
        if (entry->queued) {
            // What is in a slot may be due later than the slot, but not earlier.
            if (Lazy && tick >= slotTick(entry->level, entry->slot)) {
                bound(entry) = std::min(bound(entry), latest);
                m_wakeUp = std::min(m_wakeUp, latest);
                return;
            }
            unlink(entry);
        }
        link(entry, tick);
        m_wakeUp = std::min(m_wakeUp, latest);
    }

    void remove(Entry *entry) { unlink(entry); }

    template<typename Function>
    void expire(qint64 now, Function due)
    {
        const quint64 nowTick = static_cast<quint64>(now) / TickNSecs;
        m_due.clear();
        int level;
        int slot;
        while (findFirst(level, slot) && slotTick(level, slot) <= nowTick) {
            m_elapsed = std::max(m_elapsed, slotTick(level, slot));
            takeSlot(level, slot, nowTick);
        }
        m_elapsed = std::max(m_elapsed, nowTick);
        std::sort(m_due.begin(), m_due.end());
        for (const Due &each : m_due)
            due(each.entry);
        findWakeUp();
    }

private:
    static constexpr int Levels = 6; // two years
    static constexpr int Bits = 6;
    static constexpr int Slots = 1 << Bits;
    static constexpr quint64 TickNSecs = 1'000'000;

    static quint64 tickOf(qint64 deadline)
    {
        return (static_cast<quint64>(deadline) + TickNSecs - 1) / TickNSecs;
    }

    void link(Entry *entry, quint64 tick)
    {
        // What has passed comes up at the next tick.
        tick = std::max(tick, m_elapsed + 1);
        const quint64 differing = (tick ^ m_elapsed) | (Slots - 1);
        const int level = std::min((63 - std::countl_zero(differing)) / Bits, Levels - 1);
        const int slot = static_cast<int>(tick >> (level * Bits)) & (Slots - 1);
        auto &[first, latest] = m_slots[static_cast<size_t>(level)][static_cast<size_t>(slot)];
        entry->previous = nullptr;
        entry->next = first;
        if (first)
            first->previous = entry;
        first = entry;
        m_occupied[static_cast<size_t>(level)] |= quint64(1) << slot;
        latest = std::min(latest, entry->latest);
        entry->level = static_cast<quint8>(level);
        entry->slot = static_cast<quint8>(slot);
        entry->queued = true;
    }

    void unlink(Entry *entry)
    {
        entry->queued = false;
        if (entry->next)
            entry->next->previous = entry->previous;
        if (entry->previous) {
            entry->previous->next = entry->next;
            return;
        }
        m_slots[entry->level][entry->slot].first = entry->next;
        if (!entry->next)
            clear(entry->level, entry->slot);
    }

    void clear(size_t level, size_t slot)
    {
        m_slots[level][slot] = {};
        m_occupied[level] &= ~(quint64(1) << slot);
    }

    qint64 &bound(const Entry *entry) { return m_slots[entry->level][entry->slot].latest; }

    // The first slot that is not empty: everything on a level comes before all of the next level,
    // and what is on a level is in the slots behind the present one, since it shares the higher
    // digits with the present time.
    bool findFirst(int &level, int &slot) const
    {
        for (level = 0; level < Levels; ++level) {
            if (const quint64 occupied = m_occupied[static_cast<size_t>(level)]) {
                slot = std::countr_zero(occupied);
                return true;
            }
        }
        return false;
    }

    quint64 slotTick(int level, int slot) const
    {
        const int shift = level * Bits;
        const quint64 turn = m_elapsed >> shift >> Bits << Bits << shift;
        return turn + (static_cast<quint64>(slot) << shift);
    }

    void findWakeUp()
    {
        m_wakeUp = Never;
        for (int level = 0; level < Levels; ++level) {
            for (quint64 left = m_occupied[static_cast<size_t>(level)]; left; left &= left - 1) {
                const int slot = std::countr_zero(left);
                if (static_cast<qint64>(slotTick(level, slot) * TickNSecs) >= m_wakeUp)
                    return;
                m_wakeUp = std::min(m_wakeUp,
                                    m_slots[static_cast<size_t>(level)][static_cast<size_t>(slot)]
                                            .latest);
            }
        }
    }

    void takeSlot(int level, int slot, quint64 nowTick)
    {
        Entry *entry = m_slots[static_cast<size_t>(level)][static_cast<size_t>(slot)].first;
        clear(static_cast<size_t>(level), static_cast<size_t>(slot));
        while (entry) {
            Entry *next = entry->next;
            const quint64 tick = tickOf(entry->deadline);
            entry->queued = false;
            if (tick <= nowTick)
                m_due.push_back({entry->deadline, entry->serial, entry});
            else
                link(entry, tick);
            entry = next;
        }
    }

    // A copy of what is compared is quicker to sort than what is scattered all over memory.
    struct Due
    {
        qint64 deadline;
        quint64 serial;
        Entry *entry;

        bool operator<(const Due &other) const
        {
            return deadline != other.deadline ? deadline < other.deadline : serial < other.serial;
        }
    };

    struct Slot
    {
        Entry *first = nullptr;
        qint64 latest = Never; // or earlier than what its entries have
    };

    std::array<std::array<Slot, Slots>, Levels> m_slots = {};
    std::array<quint64, Levels> m_occupied = {};
    quint64 m_elapsed = 0;
    qint64 m_wakeUp = Never;
    quint64 m_lastSerial = 0;
    std::vector<Due> m_due;
};

#endif // QUEUES_H
