// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "qtimeoutqmlscope_p.h"

#include <QTimeout/operation/qtimeoutabort.h>

#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>
#include <QtQml/qjsengine.h>
#include <QtQml/qqml.h>
#include <QtQml/qqmlengine.h>
#include <QtQml/qqmlinfo.h>

#include <utility>

/*
    What a TimeoutScope watches: objects, values of JavaScript, tasks.
*/

using QTimeout::detail::WatchedRequest;
using QTimeout::detail::WatchedTask;

/*
    Null if it is not watched, or not any more.
*/
template<typename Watched>
static std::shared_ptr<Watched> find(QList<std::weak_ptr<Watched>> *watched, const QJSValue &value)
{
    watched->removeIf([](const std::weak_ptr<Watched> &item) { return item.expired(); });
    for (const std::weak_ptr<Watched> &item : std::as_const(*watched)) {
        const std::shared_ptr<Watched> candidate = item.lock();
        if (candidate->isFor(value))
            return candidate;
    }
    return nullptr;
}

static bool hasFinished(QObject *object)
{
    const QMetaObject *metaObject = object->metaObject();
    const QMetaMethod isFinished = metaObject->method(metaObject->indexOfMethod("isFinished()"));
    bool finished = false;
    return object->thread() == QThread::currentThread() && isFinished.isValid()
            && isFinished.access() == QMetaMethod::Public
            && isFinished.returnMetaType() == QMetaType::fromType<bool>()
            && isFinished.invoke(object, Qt::DirectConnection, Q_RETURN_ARG(bool, finished))
            && finished;
}

/*!
    \qmlmethod var TimeoutScope::watch(var object)

    Puts \a object under the scope: it is aborted when the scope expires or is cancelled. The scope finishes by itself
    when the last thing that it watches has ended. Under a scope that is not started yet, \a object waits
    for start(); under one that has ended, it is aborted at once.

    \table
    \header \li object \li is aborted by \li has ended
    \row \li from C++ or QML \li the first that it has of \c abort(), \c cancel() and \c kill()
         \li with its signal \c finished(), when it is destroyed, or already if QML can call its \c isFinished()
    \row \li an XMLHttpRequest \li \c abort() \li when its \c readyState is \c DONE
    \row \li of JavaScript \li \c abort() \li when it is unwatched
    \row \li a \c QCoro::QmlTask \li nobody: see below \li with its result
    \endtable

    For a task, returns a task that gives the result if it comes in time, and nothing otherwise:

    \snippet qml/Task.qml watch

    A task from QCoro cannot be interrupted from outside. Give the C++ function the scope, and let it run its work
    there (see \l {In QML}). If the task is made from a run under this scope, what it throws finishes the scope, and is
    told by failed(). Of any other task QCoro does not say that it has failed: the scope waits for it until the deadline.

    Anything else gets a warning.

    \sa unwatch(), QTimeoutScope::watch()
*/
QVariant QTimeoutQmlScope::watch(const QJSValue &object)
{
    if (QObject *qobject = object.toQObject()) {
        if (QTimeout::detail::canAbortByMetaObject(qobject)) {
            const QPointer<QTimeoutQmlScope> self(this); // abort() may delete it
            const QPointer<QObject> watched(qobject);
            const bool ended = hasFinished(qobject);
            watch(qobject);
            if (ended && self && watched)
                QTimeoutScope::unwatch(watched);
            return {};
        }
    } else if (WatchedRequest::canAbort(object)) {
        WatchedRequest::Pointer request = find(&d->requests, object);
        if (!request) {
            request = WatchedRequest::make(object, qjsEngine(this), this);
            d->requests.append(request);
        }
        watch(request.get(), [request] { request->abort(); });
        request->readyStateChanged();
        return {};
    } else if (WatchedTask::isTask(object)) {
        const QPointer<QTimeoutQmlScope> self(this);
        const WatchedTask::Pointer task = WatchedTask::make(object, qjsEngine(this), this);
        const QVariant inTime = task->listen(qjsEngine(this));
        if (self) {
            d->tasks.append(task);
            watch(task.get(), [task] { task->abort(); });
        }
        return inTime;
    }
    qmlWarning(this).noquote().nospace()
            << "TimeoutScope.watch: " << object.toString()
            << " cannot be aborted. Pass an object that has a function abort(), cancel() or kill() "
               "which QML can call, an XMLHttpRequest, or a QCoro::QmlTask.";
    return {};
}

/*!
    \qmlmethod void TimeoutScope::unwatch(var object)

    Stops watching \a object: it is no longer aborted with the scope. Does nothing if it is not watched.
*/
void QTimeoutQmlScope::unwatch(const QJSValue &object)
{
    if (QObject *qobject = object.toQObject()) {
        QTimeoutScope::unwatch(qobject);
    } else if (const WatchedRequest::Pointer request = find(&d->requests, object)) {
        QTimeoutScope::unwatch(request.get());
    } else if (const WatchedTask::Pointer task = find(&d->tasks, object)) {
        QTimeoutScope::unwatch(task.get());
    }
}
