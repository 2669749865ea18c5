// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for an object that is passed in, and given back when it has ended.

#ifndef QTIMEOUT_OWNEDOPERATION_P_H
#define QTIMEOUT_OWNEDOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "objectrule_p.h"

#include "../wait/wait_p.h"

#include <QtCore/qpointer.h>

#include <chrono>
#include <memory>
#include <utility>

namespace QTimeout::detail {

template<typename>
inline constexpr bool isUniquePointer = false;
template<typename T, typename Deleter>
inline constexpr bool isUniquePointer<std::unique_ptr<T, Deleter>> = true;

/*
    Waits as the inner operation does. An object that somebody else has destroyed is not destroyed again.
*/
template<typename Inner, typename Pointer>
class OwnedOperation final
{
    struct Owned
    {
        explicit Owned(Pointer &&pointer) : object(std::move(pointer)), isThere(object.get()) {}
        ~Owned()
        {
            if (!isThere)
                Q_UNUSED(object.release())
        }
        Q_DISABLE_COPY_MOVE(Owned)

        Pointer object;
        const QPointer<QObject> isThere;
    };

public:
    using Result = Pointer;
    static constexpr bool canAbandon = Inner::canAbandon;

    OwnedOperation(Inner &&inner, Pointer &&pointer)
        : m_inner(std::move(inner)),
          m_owned(pointer ? std::make_shared<Owned>(std::move(pointer)) : nullptr)
    {
    }
    OwnedOperation(OwnedOperation &&) = default;
    ~OwnedOperation()
    {
        if (m_owned)
            drop();
    }

    bool isReady() const { return m_inner.isReady(); }
    void start(Wait *wait) { m_inner.start(wait); }
    void abandon() { m_inner.abandon(); }
    // May destroy this.
    void abort(std::chrono::milliseconds gracePeriod)
    {
        m_inner.abort(gracePeriod, std::move(m_owned));
    }
    const QObject *abortedObject() const { return m_inner.abortedObject(); }

    Result take()
    {
        m_inner.take();
        return std::move(std::exchange(m_owned, nullptr)->object);
    }

private:
    // Perhaps in an emission of the object. Not inlined: g++ 12 warns of a null pointer that was asked for.
    Q_NEVER_INLINE void drop()
    {
        if (const QObject *object = m_owned->isThere)
            destroyLater(object->thread(), std::move(m_owned));
    }

    Inner m_inner;
    std::shared_ptr<Owned> m_owned;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_OWNEDOPERATION_P_H
