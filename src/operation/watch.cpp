// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/watch_p.h"
#include "operation/watchedobject_p.h"
#include "scope/qtimeoutscope_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

#include <memory>
#include <utility>

namespace QTimeout::detail {

void warnOfFailedWatch(const char *what)
{
    qCWarning(lcQTimeout,
              "QTimeoutScope::watch: A task or future that was watched has failed: %s. "
              "Catch the exception in it, or await it with run() where it can be handled.",
              what);
}

/*
    The object's signal finished(), if it has one, whatever its arguments are.
*/
static QMetaMethod finishedSignal(const QObject *object)
{
    const QMetaObject *metaObject = object->metaObject();
    for (int i = metaObject->methodCount(); i-- > 0;) {
        const QMetaMethod method = metaObject->method(i);
        if (method.methodType() == QMetaMethod::Signal && method.name() == "finished")
            return method;
    }
    return {};
}

WatchedObject::WatchedObject(QObject *object, std::function<void()> abort)
    : Work(Work::Watch), m_object(object), m_abort(std::move(abort))
{
    m_guard.watch(object);
}

WatchedObject::~WatchedObject()
{
    if (m_mailbox)
        m_mailbox->close();
    leave(); // while it still knows the object
}

/*
    Listens first, and asks then, so that no end is missed. Only the thread of the object may ask it.
*/
void WatchedObject::watch(bool (*isOver)(QObject *))
{
    m_destroyed = connect(m_object, &QObject::destroyed, this, &WatchedObject::ended);
    if (const QMetaMethod finished = finishedSignal(m_object); finished.isValid()) {
        const int ended = metaObject()->indexOfSlot("ended()");
        m_finished = connect(m_object, finished, this, metaObject()->method(ended));
    }
    if (!isOver)
        return;
    if (ObjectGuard::isHere(m_object)) {
        const QPointer<WatchedObject> self(this);
        if (isOver(m_object) && self)
            ended();
        return;
    }
    m_mailbox = new Mailbox(this);
    m_guard.invoke(m_object, [this, isOver, object = m_object, mailbox = m_mailbox] {
        if (isOver(object))
            mailbox->post([this] { ended(); }); // where it exists if that arrives
    });
}

/*
    What another thread has posted may still arrive while the object is being aborted.
*/
void WatchedObject::ended()
{
    if (m_aborting)
        return;
    leave();
    delete this;
}

void WatchedObject::abort(Cause)
{
    abortNow();
}

/*
    Disconnects first, since to abort the object may well emit finished(). Deleted last, since that
    is what keeps an eye on an object in another thread.
*/
void WatchedObject::abortNow()
{
    m_aborting = true;
    disconnect(m_finished);
    disconnect(m_destroyed);
    setParent(nullptr); // the function may delete the scope
    const std::unique_ptr<WatchedObject> self(this);
    if (!m_abort)
        return;
    m_guard.invoke(m_object, [function = std::move(m_abort), object = m_object] {
        callAbort(object, function);
    });
}

void WatchedObject::joined(QTimeoutScope *scope)
{
    // Moves to other threads with the scope, and goes with it at the latest.
    setParent(scope);
}

void WatchedObject::dismiss()
{
    delete this;
}

} // namespace QTimeout::detail

/*!
    \overload

    Watches \a object, for which \a abort is called if the scope expires or is cancelled. It is
    called in the thread of the object. What it throws is logged, as QTimeoutAbort describes.

    \code
    scope->watch(player, [player] { player->stop(); });
    \endcode

    To watch an object again replaces the function.
*/
void QTimeoutScope::watch(QObject *object, std::function<void()> abort)
{
    watchObject(object, std::move(abort), nullptr);
}

void QTimeoutScope::watchObject(QObject *object, std::function<void()> abort,
                                bool (*isOver)(QObject *))
{
    using QTimeout::detail::WatchedObject;
    if (!object) {
        qCWarning(lcQTimeout).noquote().nospace()
                << "QTimeoutScope::watch: The object that " << QTimeoutScopePrivate::describe(this)
                << " is to watch is null. Pass one that exists.";
        return;
    }
    if (!d->checkThread("watch"))
        return;
    if (QTimeout::detail::Work *known = d->findWatch(object)) {
        static_cast<WatchedObject *>(known)->replaceAbort(std::move(abort));
        return;
    }
    auto *watched = new WatchedObject(object, std::move(abort));
    switch (watched->join(this, "watch")) {
    case WatchedObject::Admission::Joined:
        watched->watch(isOver);
        break;
    case WatchedObject::Admission::Expired:
    case WatchedObject::Admission::Cancelled:
        watched->abortNow();
        break;
    case WatchedObject::Admission::Unlimited: // called in another thread
        delete watched;
        break;
    }
}
