// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/qtimeoutscope.h"

#include "error/qtimeoutcancelled.h"
#include "operation/forcelater_p.h"
#include "operation/futureoperation_p.h"
#include "run/watchedobject_p.h"
#include "scope/abort_p.h"
#include "scope/life_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qmutex.h>
#include <QtCore/qpointer.h>
#include <QtCore/qset.h>
#include <QtCore/qthread.h>

#include <memory>
#include <utility>

namespace QTimeout::detail {

void tellNotAbortable(const QObject *object)
{
    static QMutex mutex;
    static QSet<const QMetaObject *> told;
    if (canAbortByMetaObject(object))
        return;
    const QMutexLocker lock(&mutex);
    const QMetaObject *metaObject = object->metaObject();
    if (told.contains(metaObject))
        return;
    told.insert(metaObject);
    qCInfo(lcQTimeout,
           "QTimeoutScope::watch: %s has none of abort(), cancel() and kill(), so an abort only ends the wait "
           "for it. Specialise QTimeoutAbort for the class, or pass a function that aborts the object.",
           metaObject->className());
}

void warnOfFailedWatch(const char *what)
{
    qCWarning(lcQTimeout,
              "QTimeoutScope::watch: A task or future that was watched has failed: %s. "
              "Catch the exception in it, or await it with run() where it can be handled.",
              what);
}

/*
    Watched futures and tasks
*/

void WatchWait::begin(const Limit &limit)
{
    switch (canRun() ? join(limit.scope, limit.function) : Admission::Cancelled) {
    case Admission::Joined:
    case Admission::Unlimited: // called in another thread
        break;
    case Admission::Expired:
    case Admission::Cancelled:
        settle(Outcome::Cancelled);
        break;
    }
}

void WatchWait::resume()
{
    abortBeforeResuming();
    leave();
    Wait::resume();
}

/*
    Watched objects
*/

WatchedObject::WatchedObject(QObject *object, const ObjectRule *rule, std::function<void()> abort)
    : Work(Work::Watch), m_object(object), m_rule(rule), m_abort(std::move(abort))
{
    m_guard.watch(object);
}

WatchedObject::~WatchedObject()
{
    setParent(nullptr); // the function may own the scope, and goes with this
    if (m_mailbox)
        m_mailbox->close();
    leave(); // while it still knows the object
}

/*
    Listens first, and asks then, so that no end is missed. Only the thread of the object may ask it.
*/
void WatchedObject::watch()
{
    m_destroyed = connect(m_object, &QObject::destroyed, this, &WatchedObject::ended);
    if (const QMetaMethod finished = finishedSignal(m_object); finished.isValid()) {
        const int ended = metaObject()->indexOfSlot("ended()");
        m_finished = connect(m_object, finished, this, metaObject()->method(ended));
    }
    m_failed = onFailureToStart(m_object, this, [this] { ended(); });
    // A thread that has finished may be started again, and was perhaps not started yet; so may a process.
    const bool mayStart = qobject_cast<QThread *>(m_object) || isProcessObject(m_object);
    const auto isOver = m_rule && !mayStart ? m_rule->isOver : nullptr;
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

void WatchedObject::replaceAbort(const ObjectRule *rule, std::function<void()> abort)
{
    m_rule = rule;
    m_abort = std::move(abort);
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

void WatchedObject::abort()
{
    abortNow(Life::of(m_scope)->gracePeriod());
}

/*
    Disconnects first, since to abort the object may well emit finished(). Deleted last, since that
    is what keeps an eye on an object in another thread.
*/
void WatchedObject::abortNow(std::chrono::milliseconds gracePeriod)
{
    m_aborting = true;
    disconnect(m_finished);
    disconnect(m_destroyed);
    disconnect(m_failed);
    setParent(nullptr); // the function may delete the scope
    const std::unique_ptr<WatchedObject> self(this);
    if (m_rule) {
        abortObject(m_object, std::move(m_guard), *m_rule, gracePeriod);
    } else if (m_abort) {
        m_guard.invoke(m_object, [function = std::move(m_abort), object = m_object] {
            callAbort(object, function);
        });
    }
}

void WatchedObject::joined(QTimeoutScope *scope)
{
    // Moves to other threads with the scope, and goes with it at the latest.
    setParent(scope);
    m_scope = scope;
}

void WatchedObject::dismiss()
{
    delete this;
}

WatchedFuture::WatchedFuture(const QFuture<void> &future, std::function<void()> abort)
    : Work(Work::Watch), m_future(future), m_watcher(this), m_abort(std::move(abort))
{
}

WatchedFuture::~WatchedFuture()
{
    leave();
}

void WatchedFuture::watch()
{
    if (hasEnded())
        return ended();
    connect(&m_watcher, &QFutureWatcherBase::finished, this, &WatchedFuture::ended);
    connect(&m_watcher, &QFutureWatcherBase::canceled, this, [this] {
        if (hasEnded()) // else an exception is being stored
            ended();
    });
    m_watcher.setFuture(m_future);
}

bool WatchedFuture::hasEnded() const
{
    return m_future.isFinished() || FutureLink::isAbandoned(m_future);
}

// The watcher may be emitting.
void WatchedFuture::stopListening()
{
    m_watcher.disconnect(this);
    leave();
    setParent(nullptr);
    deleteLater();
}

void WatchedFuture::ended()
{
    stopListening();
    if (!m_future.isFinished())
        return;
    try {
        m_future.waitForFinished(); // throws what is stored
    } catch (const std::exception &error) {
        warnOfFailedWatch(error.what());
    } catch (const QTimeoutCancelled &) {
        // Somebody has cancelled it.
    } catch (...) {
        warnOfFailedWatch("an exception that is not a std::exception");
    }
}

void WatchedFuture::abort()
{
    if (m_isOver)
        abortNow();
    else
        ended();
}

void WatchedFuture::abortNow()
{
    const std::function<void()> function = std::move(
            m_abort); // an event loop in it may delete this
    stopListening();
    callAbort(nullptr, function);
}

void WatchedFuture::joined(QTimeoutScope *scope)
{
    setParent(scope);
}

void WatchedFuture::dismiss()
{
    stopListening();
}

} // namespace QTimeout::detail

/*!
    \overload

    Watches \a object, for which \a abort is called if the scope expires or is cancelled. It is
    called in the thread of the object. What it throws is logged, as QTimeoutAbort describes.

    \snippet tst_snippets_reference.cpp watch

    To watch an object again replaces the function.
*/
void QTimeoutScope::watch(QObject *object, std::function<void()> abort)
{
    watchObject(object, nullptr, std::move(abort));
}

void QTimeoutScope::watchObject(QObject *object, const QTimeout::detail::ObjectRule *rule,
                                std::function<void()> abort)
{
    using QTimeout::detail::WatchedObject;
    if (!object) {
        qCWarning(lcQTimeout).noquote().nospace() << "QTimeoutScope::watch: The object that "
                                                  << QTimeout::detail::Life::describe(this)
                                                  << " is to watch is null. Pass one that exists.";
        return;
    }
    if (!d->checkThread("watch"))
        return;
    if (rule)
        rule = QTimeout::detail::ruleOf(object, rule);
    if (QTimeout::detail::Work *known = d->findWatch(object)) {
        static_cast<WatchedObject *>(known)->replaceAbort(rule, std::move(abort));
        return;
    }
    QTimeout::detail::Abort::spare(this, object);
    auto *watched = new WatchedObject(object, rule, std::move(abort));
    switch (watched->join(this, "watch")) {
    case WatchedObject::Admission::Joined:
        watched->watch();
        break;
    case WatchedObject::Admission::Expired:
    case WatchedObject::Admission::Cancelled:
        watched->abortNow(gracePeriod());
        break;
    case WatchedObject::Admission::Unlimited: // called in another thread
        delete watched;
        break;
    }
}

void QTimeoutScope::watchFuture(const QFuture<void> &future, std::function<void()> abort)
{
    using QTimeout::detail::WatchedFuture;
    if (!d->checkThread("watch"))
        return;
    auto *watched = new WatchedFuture(future, std::move(abort));
    if (watched->join(this, "watch") == WatchedFuture::Admission::Joined)
        watched->watch();
    else
        watched->abortNow();
}
