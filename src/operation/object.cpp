// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/objectoperation_p.h"
#include "scope/qtimeoutscope_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qmutex.h>
#include <QtCore/qthread.h>

namespace QTimeout::detail {

void ObjectLink::disconnect()
{
    // Most operations never connect anything.
    if (signal)
        QObject::disconnect(signal);
    if (destroyed)
        QObject::disconnect(destroyed);
}

void warnOfNull()
{
    qCWarning(lcQTimeout,
              "QTimeout::run: There is nothing to wait for: the pointer is null, or the task is "
              "empty. Check it before the call; QTimeoutCancelled is thrown.");
}

struct AbortTarget::Remote
{
    QMutex mutex;
    QObject *object; // null when it has been destroyed
};

AbortTarget::~AbortTarget()
{
    if (m_destroyed)
        QObject::disconnect(m_destroyed);
}

void AbortTarget::setObject(QObject *object)
{
    if (object->thread() != QThread::currentThread())
        setRemoteObject(object);
}

void AbortTarget::setRemoteObject(QObject *object)
{
    if (m_remote)
        return;
    m_remote = std::make_shared<Remote>();
    m_remote->object = object;
    m_destroyed = QObject::connect(object, &QObject::destroyed, [remote = m_remote] {
        const QMutexLocker lock(&remote->mutex);
        remote->object = nullptr;
    });
}

bool AbortTarget::ask(const std::function<bool()> &question) const
{
    if (!m_remote)
        return question();
    const QMutexLocker lock(&m_remote->mutex);
    return m_remote->object && question();
}

bool AbortTarget::isGone() const
{
    if (!m_remote)
        return false;
    const QMutexLocker lock(&m_remote->mutex);
    return !m_remote->object;
}

void AbortTarget::invoke(QObject *object, const std::function<void()> &abort) const
{
    if (m_remote) {
        // The object cannot go while the mutex is locked; if it goes later, Qt drops the call.
        const QMutexLocker lock(&m_remote->mutex);
        if (!m_remote->object)
            return;
        if (object->thread() != QThread::currentThread()) {
            QMetaObject::invokeMethod(object, abort, Qt::QueuedConnection);
            return;
        }
    }
    if (object->thread() == QThread::currentThread())
        abort();
    else
        QMetaObject::invokeMethod(object, abort, Qt::QueuedConnection);
}

} // namespace QTimeout::detail
