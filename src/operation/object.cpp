// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/objectoperation_p.h"
#include "scope/qtimeoutscope_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qmutex.h>
#include <QtCore/qthread.h>

namespace QTimeout::detail {

void warnOfNull()
{
    qCWarning(lcQTimeout,
              "QTimeout::run: There is nothing to wait for: the pointer is null, or the task is "
              "empty. Check it before the call; QTimeoutCancelled is thrown.");
}

struct ObjectGuard::Shared
{
    QMutex mutex;
    QObject *object; // null when it has been destroyed

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
    return !m_shared->object;
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
    return m_shared->object && isHere(object) && question();
}

void ObjectGuard::invoke(QObject *object, const std::function<void()> &function) const
{
    if (m_shared) {
        // The object cannot go while the mutex is locked; if it goes later, Qt drops the call.
        const QMutexLocker lock(&m_shared->mutex);
        if (!m_shared->object)
            return;
        if (object->thread() != QThread::currentThread()) {
            QMetaObject::invokeMethod(object, function, Qt::QueuedConnection);
            return;
        }
    }
    if (object->thread() == QThread::currentThread())
        function();
    else
        QMetaObject::invokeMethod(object, function, Qt::QueuedConnection);
}

} // namespace QTimeout::detail
