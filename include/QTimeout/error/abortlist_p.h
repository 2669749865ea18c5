// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The identity of an abort, and lists of the aborts that concern something.

#ifndef QTIMEOUT_ABORTLIST_P_H
#define QTIMEOUT_ABORTLIST_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"

#include <QtCore/qshareddata.h>

class QTimeoutCancelled;
class QTimeoutError;

namespace QTimeout::detail {

// Each abort has its own; they are compared for equality only. Zero is none.
using AbortId = quint64;

// Why work is aborted.
enum class Cause : quint8 { Expired, ExpiredIdle, Cancelled };

QTIMEOUT_EXPORT AbortId newAbort() noexcept;

/*
    The aborts that concern a task, each pending or delivered, in the order in which they came (A5). Or
    those that an exception tells of.

    Room is made when a task starts, so that an abort needs no memory. If there is none all the same,
    because scopes were given other parents meanwhile, what was delivered is forgotten first.
*/
class AbortList
{
public:
    class Item
    {
    public:
        Item() noexcept = default;
        Item(AbortId id, Cause cause) noexcept
            : m_bits(id << 4 | IsPending | (cause != Cause::Cancelled ? IsExpiry : 0)
                     | (cause == Cause::ExpiredIdle ? IsIdle : 0))
        {
        }

        AbortId id() const noexcept { return m_bits >> 4; }
        bool isPending() const noexcept { return m_bits & IsPending; }
        bool isExpiry() const noexcept { return m_bits & IsExpiry; }
        bool isIdle() const noexcept { return m_bits & IsIdle; } // by an idle timeout
        // It is to arrive before the call that aborts returns (A6).
        bool isUrgent() const noexcept { return m_bits & IsUrgent; }
        void deliver() noexcept { m_bits &= ~IsPending; }
        void setUrgent() noexcept { m_bits |= IsUrgent; }

    private:
        static constexpr quint64 IsPending = 1;
        static constexpr quint64 IsExpiry = 2;
        static constexpr quint64 IsUrgent = 4;
        static constexpr quint64 IsIdle = 8;

        quint64 m_bits;
    };

    AbortList() noexcept {}
    AbortList(const AbortList &) = delete;
    AbortList &operator=(const AbortList &) = delete;
    ~AbortList()
    {
        if (isOnHeap())
            delete[] m_heap;
    }

    bool isEmpty() const noexcept { return m_size == 0; }
    quint32 size() const noexcept { return m_size; }
    const Item *begin() const noexcept { return isOnHeap() ? m_heap : m_inline; }
    const Item *end() const noexcept { return begin() + m_size; }

    const Item *find(AbortId id) const noexcept
    {
        for (const Item &item : *this) {
            if (item.id() == id)
                return &item;
        }
        return nullptr;
    }
    bool contains(AbortId id) const noexcept { return find(id); }
    bool isPending(AbortId id) const noexcept
    {
        const Item *item = find(id);
        return item && item->isPending();
    }
    const Item *firstPending() const noexcept
    {
        for (const Item &item : *this) {
            if (item.isPending())
                return &item;
        }
        return nullptr;
    }
    bool hasPending() const noexcept { return m_size != 0 && firstPending(); }
    bool containsAnyOf(const AbortList &other) const noexcept
    {
        for (const Item &item : other) {
            if (contains(item.id()))
                return true;
        }
        return false;
    }
    bool hasPendingOf(const AbortList &other) const noexcept
    {
        for (const Item &item : other) {
            if (isPending(item.id()))
                return true;
        }
        return false;
    }

    // May throw std::bad_alloc.
    void reserve(quint32 capacity)
    {
        if (capacity > m_capacity)
            grow(capacity);
    }
    // Pending. Does nothing if it is known.
    void add(AbortId id, Cause cause) noexcept
    {
        if (!contains(id))
            append(Item(id, cause));
    }
    QTIMEOUT_EXPORT void append(const Item &item) noexcept;
    void setUrgent(AbortId id) noexcept
    {
        if (const Item *item = find(id))
            const_cast<Item *>(item)->setUrgent();
    }
    // All have arrived.
    void deliver() noexcept
    {
        for (quint32 i = 0; i < m_size; ++i)
            items()[i].deliver();
    }
    void copy(const AbortList &other) noexcept
    {
        for (const Item &item : other)
            append(item);
    }

private:
    static constexpr quint32 InlineCapacity = 2;

    bool isOnHeap() const noexcept { return m_capacity > InlineCapacity; }
    Item *items() noexcept { return isOnHeap() ? m_heap : m_inline; }
    QTIMEOUT_EXPORT void grow(quint32 capacity);
    void moveTo(Item *heap, quint32 capacity) noexcept;

    quint32 m_size = 0;
    quint32 m_capacity = InlineCapacity;
    union {
        Item m_inline[InlineCapacity];
        Item *m_heap;
    };
};

/*
    By which aborts an exception has come. Copies of an exception share it; null if it came by none.
*/
struct AbortRecord : QSharedData
{
    AbortList aborts;
    bool isIdle = false; // of an error: by an idle timeout

    // Throws what has come by those that are pending, which are delivered by that. Without memory the
    // exception tells of none.
    [[noreturn]] QTIMEOUT_EXPORT static void throwCancelled(AbortList &aborts);
    [[noreturn]] QTIMEOUT_EXPORT static void throwError(AbortList &aborts);
    [[noreturn]] QTIMEOUT_EXPORT static void throwCancelled(AbortId id);
    [[noreturn]] QTIMEOUT_EXPORT static void throwError(AbortId id, Cause cause);
    // The error that has come by the same aborts.
    [[noreturn]] QTIMEOUT_EXPORT static void throwErrorOf(const QTimeoutCancelled &exception,
                                                          bool isIdle);
    QTIMEOUT_EXPORT static const AbortList &of(const QTimeoutCancelled &exception) noexcept;
    QTIMEOUT_EXPORT static const AbortList &of(const QTimeoutError &exception) noexcept;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_ABORTLIST_P_H
