// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A list whose members carry their own links.

#ifndef QTIMEOUT_INTRUSIVELIST_P_H
#define QTIMEOUT_INTRUSIVELIST_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"

namespace QTimeout::detail {

/*
    A place in a list. The tag tells the lists apart of which a class can be a member. A member must
    be taken out of its list before it is destroyed.
*/
template<typename Tag>
class ListNode
{
public:
    ListNode() noexcept = default;
    ListNode(const ListNode &) = delete;
    ListNode &operator=(const ListNode &) = delete;

    bool isLinked() const noexcept { return m_next != nullptr; }

private:
    template<typename, typename>
    friend class IntrusiveList;

    ListNode *m_previous = nullptr;
    ListNode *m_next = nullptr; // null if it is in no list
};

/*
    Owns nothing and allocates nothing. Each operation takes constant time.
*/
template<typename T, typename Tag>
class IntrusiveList
{
    using Node = ListNode<Tag>;

public:
    constexpr IntrusiveList() noexcept = default;
    IntrusiveList(const IntrusiveList &) = delete;
    IntrusiveList &operator=(const IntrusiveList &) = delete;

    bool isEmpty() const noexcept { return !m_first; }
    T *first() const noexcept { return static_cast<T *>(m_first); }
    T *last() const noexcept { return m_first ? static_cast<T *>(m_first->m_previous) : nullptr; }
    // Null at the end.
    T *after(const T *member) const noexcept
    {
        Node *next = node(member)->m_next;
        return next == m_first ? nullptr : static_cast<T *>(next);
    }
    T *before(const T *member) const noexcept
    {
        const Node *each = node(member);
        return each == m_first ? nullptr : static_cast<T *>(each->m_previous);
    }

    void append(T *member) noexcept { link(member); }
    void prepend(T *member) noexcept
    {
        link(member);
        m_first = member;
    }
    void remove(T *member) noexcept
    {
        Node *each = member;
        if (each->m_next == each) {
            m_first = nullptr;
        } else {
            each->m_previous->m_next = each->m_next;
            each->m_next->m_previous = each->m_previous;
            if (m_first == each)
                m_first = each->m_next;
        }
        each->m_previous = nullptr;
        each->m_next = nullptr;
    }
    T *takeFirst() noexcept
    {
        T *member = first();
        if (member)
            remove(member);
        return member;
    }
    // All members of the other, which are not asked.
    void takeAll(IntrusiveList &other) noexcept
    {
        Q_ASSERT(isEmpty());
        m_first = other.m_first;
        other.m_first = nullptr;
    }

private:
    static const Node *node(const T *member) noexcept { return member; }

    // Between the last and the first: the ring is closed.
    void link(T *member) noexcept
    {
        Node *each = member;
        Q_ASSERT(!each->m_next);
        if (!m_first) {
            each->m_previous = each;
            each->m_next = each;
            m_first = each;
        } else {
            each->m_previous = m_first->m_previous;
            each->m_next = m_first;
            each->m_previous->m_next = each;
            m_first->m_previous = each;
        }
    }

    Node *m_first = nullptr;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_INTRUSIVELIST_P_H
