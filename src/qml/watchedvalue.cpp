// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "watchedvalue_p.h"

#include <QCoroQmlTask>
#include <QTimeout/scope/current_p.h>
#include <QTimeout>

#include <QtCore/qpointer.h>
#include <QtQml/qjsengine.h>
#include <QtQml/qqmlinfo.h>

#include <utility>

namespace QTimeout::detail {

WatchedValue::WatchedValue(const QJSValue &value, QObject *parent) : QObject(parent), m_value(value)
{
}

/*
    The scope has ended. What the value says about that is no news any more.
*/
void WatchedValue::abort()
{
    if (m_over)
        return;
    dismiss();
    abortValue(); // may delete this
}

void WatchedValue::dismiss()
{
    if (!std::exchange(m_over, true))
        over();
    deleteLater();
}

void WatchedValue::end()
{
    if (m_over)
        return;
    dismiss();
    Q_EMIT finished();
}

WatchedRequest::WatchedRequest(const QJSValue &value, QObject *parent, const QObject *scope)
    : WatchedValue(value, parent), m_scope(scope)
{
    QJSEngine::setObjectOwnership(this, QJSEngine::CppOwnership);
}

/*
    What is told of the end may be the last that anybody wants of it: so it is not deleted at once.
    As a child of the engine it goes with that at the latest: when the program ends there is no event
    loop any more.
*/
WatchedRequest::Pointer WatchedRequest::make(const QJSValue &value, QJSEngine *engine,
                                             const QObject *scope)
{
    const QPointer<WatchedRequest> made(new WatchedRequest(value, engine, scope));
    const auto abandon = [made](WatchedRequest *) {
        if (made)
            made->dismiss();
    };
    const Pointer request(made.get(), abandon);
    if (value.property(QStringLiteral("readyState")).isNumber())
        request->listen(engine);
    return request;
}

bool WatchedRequest::canAbort(const QJSValue &value)
{
    return value.isObject() && !value.isQObject()
            && value.property(QStringLiteral("abort")).isCallable();
}

bool WatchedRequest::hasEnded() const
{
    constexpr int Done = 4; // XMLHttpRequest.DONE
    return value().property(QStringLiteral("readyState")).toInt() == Done;
}

void WatchedRequest::readyStateChanged()
{
    if (hasEnded())
        end();
}

/*
    QML's XMLHttpRequest has a single handler and no listeners. While it is watched, the property is
    one that calls the watchers after whatever handler the program has set or is going to set.
*/
static const QString listenScript = QStringLiteral(R"((function(request, watched) {
    const key = Symbol.for("QTimeout.watchers");
    if (!request[key]) {
        const watchers = [];
        let handler = request.onreadystatechange;
        const changed = function() {
            try {
                if (typeof handler === "function")
                    handler.apply(request, arguments);
            } finally {
                watchers.slice().forEach(watcher => watcher());
            }
        };
        watchers.restore = function() {
            delete request[key];
            Object.defineProperty(request, "onreadystatechange",
                                  { configurable: true, enumerable: true, writable: true, value: handler });
        };
        Object.defineProperty(request, key, { configurable: true, value: watchers });
        Object.defineProperty(request, "onreadystatechange", {
            configurable: true,
            enumerable: true,
            get: () => changed,
            set: newHandler => { handler = newHandler; }
        });
    }
    const watchers = request[key];
    let watcher = () => watched?.readyStateChanged();
    watchers.push(watcher);
    return function() {
        watched = null;
        watchers.splice(watchers.indexOf(watcher), 1);
        if (watchers.length === 0)
            watchers.restore();
    };
}))");

void WatchedRequest::listen(QJSEngine *engine)
{
    if (!engine)
        return;
    QJSValue listen = engine->evaluate(listenScript);
    m_stopListening = listen.call({value(), engine->newQObject(this)});
}

void WatchedRequest::over()
{
    if (m_stopListening.isCallable())
        m_stopListening.call();
}

void WatchedRequest::abortValue()
{
    QJSValue request = value();
    const QJSValue result = request.property(QStringLiteral("abort")).callWithInstance(request);
    if (result.isError() && m_scope)
        qmlWarning(m_scope) << "TimeoutScope: abort() of what it watched has failed: "
                            << result.toString();
}

WatchedTask::WatchedTask(const QJSValue &value, QObject *parent, QObject *scope)
    : WatchedValue(value, parent), m_scope(scope)
{
}

/*
    A child of the engine, after which there is nobody to whom anything could be passed on.
*/
WatchedTask::Pointer WatchedTask::make(const QJSValue &value, QJSEngine *engine, QObject *scope)
{
    const QPointer<WatchedTask> task(new WatchedTask(value, engine ? engine : scope, scope));
    const auto abandon = [task](WatchedTask *) {
        if (task)
            task->abandon();
    };
    return Pointer(task.get(), abandon);
}

void WatchedTask::abandon()
{
    if (isOver())
        return;
    if (m_scope && m_scope->thread() == thread())
        setParent(m_scope);
    else
        dismiss();
}

bool WatchedTask::isTask(const QJSValue &value)
{
    return value.toVariant().metaType() == QMetaType::fromType<QCoro::QmlTask>();
}

/*
    The task is asked in JavaScript, since a copy of a QCoro::QmlTask cannot be asked for anything
    (QCoro 0.8 to 0.13).
*/
QVariant WatchedTask::listen(QJSEngine *engine)
{
    // The wait is the program's in QML, not that of a coroutine which happens to call it.
    const Outside outside;
    auto inTime = QTimeout::run(QDeadlineTimer::Forever, this, &WatchedTask::arrived);
    if (engine) {
        QJSValue makeCallback = engine->evaluate(QStringLiteral(R"((function(watch) {
            return function(result) { watch.deliver(result); };
        }))"));
        const QJSValue callback = makeCallback.call({engine->newQObject(this)});
        QJSValue task = value();
        task.property(QStringLiteral("then")).callWithInstance(task, {callback});
    }
    return QVariant::fromValue(QCoro::QmlTask(std::move(inTime)));
}

void WatchedTask::deliver(const QVariant &result)
{
    if (isOver())
        return;
    const QPointer<WatchedTask> self(this);
    Q_EMIT arrived(result);
    if (self)
        end();
}

} // namespace QTimeout::detail
