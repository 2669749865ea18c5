// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A reference that becomes null when its target goes.

#ifndef QTIMEOUT_WEAK_P_H
#define QTIMEOUT_WEAK_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "intrusivelist_p.h"

namespace QTimeout::detail {

class WeakTarget;

class WeakReference : public ListNode<WeakReference>
{
protected:
    explicit WeakReference(WeakTarget *target) noexcept;
    ~WeakReference();

    WeakTarget *m_target;

private:
    friend class WeakTarget;
};

/*
    What is referred to. Target and references live in one thread; nothing is allocated.
*/
class WeakTarget
{
public:
    WeakTarget() noexcept = default;
    WeakTarget(const WeakTarget &) = delete;
    WeakTarget &operator=(const WeakTarget &) = delete;

protected:
    ~WeakTarget() { dropReferences(); }
    // From now on it counts as gone.
    void dropReferences() noexcept
    {
        while (WeakReference *reference = m_references.takeFirst())
            reference->m_target = nullptr;
    }

private:
    friend class WeakReference;

    IntrusiveList<WeakReference, WeakReference> m_references;
};

inline WeakReference::WeakReference(WeakTarget *target) noexcept : m_target(target)
{
    if (target)
        target->m_references.append(this);
}

inline WeakReference::~WeakReference()
{
    if (m_target)
        m_target->m_references.remove(this);
}

template<typename T>
class Weak final : public WeakReference
{
public:
    explicit Weak(T *target) noexcept : WeakReference(target) {}

    T *get() const noexcept { return static_cast<T *>(m_target); }
    T *operator->() const noexcept { return get(); }
    explicit operator bool() const noexcept { return m_target; }
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WEAK_P_H
