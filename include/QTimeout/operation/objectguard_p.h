// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Keeps an eye on an object that may go, in whichever thread it lives.

#ifndef QTIMEOUT_OBJECTGUARD_P_H
#define QTIMEOUT_OBJECTGUARD_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"

#include <QtCore/qobject.h>

#include <functional>
#include <memory>
#include <utility>

namespace QTimeout::detail {

/*
    Keeps an eye on an object, of this thread or of another, that may be destroyed at any moment in
    its own thread, or be moved to another one first.
*/
class QTIMEOUT_EXPORT ObjectGuard
{
public:
    using Notify = void (*)(void *owner);

    ObjectGuard() = default;
    ObjectGuard(ObjectGuard &&other) noexcept
        : m_shared(std::move(other.m_shared)), m_destroyed(std::exchange(other.m_destroyed, {}))
    {
    }
    ~ObjectGuard() { release(); }
    Q_DISABLE_COPY(ObjectGuard)
    ObjectGuard &operator=(ObjectGuard &&) = delete;

    // The owner is notified in this thread when the object has been destroyed.
    void watch(QObject *object, void *owner = nullptr, Notify notify = nullptr);
    void mute() noexcept;
    void release();
    // Null if it has been destroyed.
    QThread *threadOf(const QObject *object) const;
    bool isWatching() const noexcept { return bool(m_shared); }

    // The object may be read and written by the calling thread.
    static bool isHere(const QObject *object) noexcept;

    // It has been destroyed, though perhaps the news has not arrived yet.
    bool isGone() const;
    // False, without the call, if the object lives in another thread or has been destroyed.
    bool ask(const QObject *object, const std::function<bool()> &question) const;
    // Calls the function in the thread of the object, unless it has been destroyed.
    void invoke(QObject *object, const std::function<void()> &function) const;
    // The same, and stops watching before, so that the function may destroy this.
    void invokeLast(QObject *object, const std::function<void()> &function);

private:
    struct Shared;

    bool postUnlessHere(QObject *object, const std::function<void()> &function) const;

    std::shared_ptr<Shared> m_shared; // with the connection
    QMetaObject::Connection m_destroyed;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_OBJECTGUARD_P_H
