// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/objectguard_p.h"
#include "operation/signallistener_p.h"
#include "scope/life_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qmutex.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

#include <mutex>

namespace QTimeout::detail {

void warnOfNull(const char *function)
{
    qCWarning(lcQTimeout,
              "QTimeout::%s: There is nothing to wait for: the pointer is null, or the task is "
              "empty. Check it before the call; QTimeoutCancelled is thrown.",
              function);
}

struct ObjectGuard::Shared
{
    QMutex mutex;
    QObject *object; // null when it has been destroyed
    QPointer<QObject> pointer; // the same, if somebody has disconnected the object from everything

    bool isThere() const { return object && pointer; }

    // Touched only at home.
    Mailbox::Pointer home;
    void *owner;
    Notify notify;

    void tell() const
    {
        if (owner)
            notify(owner);
    }
};

void ObjectGuard::watch(QObject *object, void *owner, Notify notify)
{
    m_shared = std::make_shared<Shared>();
    m_shared->object = object;
    m_shared->pointer = object;
    m_shared->owner = owner;
    m_shared->notify = notify;
    if (owner)
        m_shared->home = DeadlineQueue::current()->mailbox();
    m_destroyed = QObject::connect(object, &QObject::destroyed, [shared = m_shared] {
        {
            const QMutexLocker lock(&shared->mutex);
            shared->object = nullptr;
        }
        if (!shared->home)
            return;
        if (shared->home->isHere())
            shared->tell();
        else
            shared->home->post([shared] { shared->tell(); });
    });
}

void ObjectGuard::mute() noexcept
{
    if (m_shared)
        m_shared->owner = nullptr;
}

void ObjectGuard::release()
{
    if (!m_shared)
        return;
    mute();
    QObject::disconnect(m_destroyed);
    m_shared.reset();
}

bool ObjectGuard::isGone() const
{
    if (!m_shared)
        return false;
    const QMutexLocker lock(&m_shared->mutex);
    return !m_shared->isThere();
}

QThread *ObjectGuard::threadOf(const QObject *object) const
{
    if (!m_shared)
        return object->thread();
    const QMutexLocker lock(&m_shared->mutex);
    return m_shared->isThere() ? object->thread() : nullptr;
}

/*
    An object that lives in no thread, since its own has gone, is not written by anybody.
*/
bool ObjectGuard::isHere(const QObject *object) noexcept
{
    const QThread *thread = object->thread();
    return !thread || thread == QThread::currentThread();
}

bool ObjectGuard::ask(const QObject *object, const std::function<bool()> &question) const
{
    if (!m_shared)
        return isHere(object) && question();
    const QMutexLocker lock(&m_shared->mutex);
    return m_shared->isThere() && isHere(object) && question();
}

void ObjectGuard::invoke(QObject *object, const std::function<void()> &function) const
{
    if (postUnlessHere(object, function))
        function();
}

void ObjectGuard::invokeLast(QObject *object, const std::function<void()> &function)
{
    const bool isToBeCalled = postUnlessHere(object, function);
    release();
    if (isToBeCalled)
        function();
}

/*
    Returns true if the function is to be called here. The object cannot go while the mutex is locked; if
    it goes later, Qt drops the call.
*/
bool ObjectGuard::postUnlessHere(QObject *object, const std::function<void()> &function) const
{
    std::unique_lock<QMutex> lock;
    if (m_shared) {
        lock = std::unique_lock(m_shared->mutex);
        if (!m_shared->isThere())
            return false;
    }
    if (isHere(object))
        return true;
    QMetaObject::invokeMethod(object, function, Qt::QueuedConnection);
    return false;
}

} // namespace QTimeout::detail
