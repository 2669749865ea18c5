// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "error/abortlist_p.h"

#include "error/qtimeoutcancelled.h"
#include "error/qtimeouterror.h"

#include <algorithm>
#include <atomic>
#include <new>

namespace QTimeout::detail {

AbortId newAbort() noexcept
{
    // Not one a thread, since scopes go from thread to thread.
    static constinit std::atomic<AbortId> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void AbortList::append(const Item &item) noexcept
{
    if (m_size == m_capacity) {
        if (Item *heap = new (std::nothrow) Item[2 * m_capacity]) {
            moveTo(heap, 2 * m_capacity);
        } else {
            // The oldest that has been delivered; else the newest.
            Item *victim = std::find_if(items(), items() + m_size,
                                        [](const Item &each) { return !each.isPending(); });
            if (victim == items() + m_size)
                --victim;
            std::copy(victim + 1, items() + m_size, victim);
            --m_size;
        }
    }
    items()[m_size++] = item;
}

void AbortList::grow(quint32 capacity)
{
    moveTo(new Item[capacity], capacity);
}

void AbortList::moveTo(Item *heap, quint32 capacity) noexcept
{
    std::copy(items(), items() + m_size, heap);
    if (isOnHeap())
        delete[] m_heap;
    m_heap = heap;
    m_capacity = capacity;
}

static AbortRecord *takePending(AbortList &aborts) noexcept
{
    auto *record = new (std::nothrow) AbortRecord;
    if (record) {
        for (const AbortList::Item &item : aborts) {
            if (item.isPending())
                record->aborts.append(item);
        }
        record->isIdle = !record->aborts.isEmpty() && record->aborts.begin()->isIdle();
    }
    aborts.deliver();
    return record;
}

static AbortRecord *recordOf(AbortId id, Cause cause) noexcept
{
    auto *record = new (std::nothrow) AbortRecord;
    if (record) {
        record->aborts.add(id, cause);
        record->isIdle = cause == Cause::ExpiredIdle;
    }
    return record;
}

void AbortRecord::throwCancelled(AbortList &aborts)
{
    throw QTimeoutCancelled(takePending(aborts));
}

void AbortRecord::throwError(AbortList &aborts)
{
    throw QTimeoutError(takePending(aborts));
}

void AbortRecord::throwCancelled(AbortId id)
{
    throw QTimeoutCancelled(recordOf(id, Cause::Cancelled));
}

void AbortRecord::throwError(AbortId id, Cause cause)
{
    throw QTimeoutError(recordOf(id, cause));
}

/*
    Who was interrupted inside may have been so by the end of a scope of its own, so the exception does not know of the
    idle timeout.
*/
void AbortRecord::throwErrorOf(const QTimeoutCancelled &exception, bool isIdle)
{
    AbortRecord *record = exception.m_record.data();
    if (record && record->isIdle != isIdle) {
        if (auto *copy = new (std::nothrow) AbortRecord) {
            copy->aborts.copy(record->aborts);
            copy->isIdle = isIdle;
            record = copy;
        }
    }
    throw QTimeoutError(record);
}

static const AbortList &abortsOf(const AbortRecord *record) noexcept
{
    static const AbortList none;
    return record ? record->aborts : none;
}

const AbortList &AbortRecord::of(const QTimeoutCancelled &exception) noexcept
{
    return abortsOf(exception.m_record.data());
}

const AbortList &AbortRecord::of(const QTimeoutError &exception) noexcept
{
    return abortsOf(exception.m_record.data());
}

} // namespace QTimeout::detail
