// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "watchedvalue_p.h"

#include "qtimeoutqmlscope.h"

#include <QCoroQmlTask>
#include <QTimeout/run/runtask_p.h>
#include <QTimeout/scope/current_p.h>
#include <QTimeout/wait/coroutineabi_p.h>
#include <QTimeout>

#include <QtCore/qdebug.h>
#include <QtCore/qpointer.h>
#include <QtCore/qregularexpression.h>
#include <QtQml/qjsengine.h>
#include <QtQml/qjsvalueiterator.h>
#include <QtQml/qqmlinfo.h>

#include <exception>
#include <optional>
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

void WatchedRequest::silence(const QObject *scope)
{
    m_isSilent = m_isSilent || m_scope == scope;
}

void WatchedRequest::abortValue()
{
    QJSValue request = value();
    if (m_isSilent) {
        QJSValueIterator each(request);
        while (each.next()) {
            if (each.name().startsWith(QLatin1String("on")) && each.value().isCallable())
                request.setProperty(each.name(), QJSValue(QJSValue::NullValue));
        }
    }
    const QJSValue result = request.property(QStringLiteral("abort")).callWithInstance(request);
    if (result.isError() && m_scope)
        qmlWarning(m_scope) << "TimeoutScope: abort() of what it watched has failed: "
                            << result.toString();
}

WatchedTask::WatchedTask(const QJSValue &value, QObject *parent, QTimeoutQmlScope *scope)
    : WatchedValue(value, parent), m_scope(scope)
{
}

/*
    A child of the engine, after which there is nobody to whom anything could be passed on.
*/
WatchedTask::Pointer WatchedTask::make(const QJSValue &value, QJSEngine *engine,
                                       QTimeoutQmlScope *scope)
{
    QObject *const parent = engine ? static_cast<QObject *>(engine) : scope;
    const QPointer<WatchedTask> task(new WatchedTask(value, parent, scope));
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
    What a QCoro::QmlTask holds, and tells nobody of: only of a result can its then() be told. The member is private, which
    an explicit instantiation may name; the class is the same in QCoro 0.8 to 0.13.
*/
struct TaskData : QSharedData
{
    std::optional<QCoro::Task<QVariant>> task;
};

static const void *dataOf(const QCoro::QmlTask &task);

template<auto Member>
struct QmlTaskMember
{
    friend const void *dataOf(const QCoro::QmlTask &task) { return (task.*Member).constData(); }
};
template struct QmlTaskMember<&QCoro::QmlTask::d>;

static QCoro::Task<> follow(QCoro::QmlTask qmlTask, const QCoro::Task<QVariant> *task,
                            QPointer<WatchedTask> watched)
{
    if (task->isReady()) // tell the scope when it watches the task
        co_await QTimeout::sleepFor(std::chrono::nanoseconds::zero());
    QVariant result;
    QString error;
    try {
        result = co_await *task;
    } catch (const std::exception &exception) {
        error = QString::fromUtf8(exception.what());
    } catch (const QTimeoutCancelled &) {
        error = QStringLiteral("what it waited for was cancelled");
    } catch (...) {
        error = QStringLiteral("an exception that is not a std::exception");
    }
    Q_UNUSED(qmlTask) // keeps the task
    if (!watched)
        co_return;
    if (error.isNull())
        watched->deliver(result);
    else
        watched->fail(error);
}

// The line of the program that is calling from JavaScript.
static QString callerOf(QJSEngine *engine)
{
    static const QRegularExpression place(QStringLiteral("@(.+):(\\d+)$"));
    QJSValue stackOf = engine->evaluate(QStringLiteral(
                                                "(function() { return new Error().stack; })"),
                                        QStringLiteral("QTimeout"));
    const QStringList stack = stackOf.call().toString().split(QLatin1Char('\n'));
    for (const QString &line : stack.mid(1)) { // the first is our own
        const QRegularExpressionMatch match = place.match(line);
        if (match.hasMatch())
            return match.captured(1) + QLatin1Char(':') + match.captured(2);
    }
    return QString();
}

QVariant WatchedTask::listen(QJSEngine *engine)
{
    // The wait is the program's in QML, not that of a coroutine which happens to call it.
    const Outside outside;
    if (engine)
        m_place = callerOf(engine);
    auto inTime = QTimeout::run(QDeadlineTimer::Forever, this, &WatchedTask::arrived);
    const auto task = value().toVariant().value<QCoro::QmlTask>();
    if (const auto *data = static_cast<const TaskData *>(dataOf(task)); data->task) {
        m_isOfRun = data->task->isReady() || (m_scope && isOfRun(m_scope, handleOf(*data->task)));
        follow(task, &*data->task, this);
    }
    return QVariant::fromValue(QCoro::QmlTask(std::move(inTime)));
}

/*
    The scope does not wait for its deadline. If it has ended already and this goes on under another one, that only ceases
    to wait.
*/
void WatchedTask::fail(const QString &error)
{
    if (isOver() || !m_isOfRun)
        return;
    const QString place = m_place.isEmpty() ? QString() : m_place + QLatin1String(": ");
    qWarning().noquote().nospace() << place << "TimeoutScope.watch: The task has failed: " << error;
    const QPointer<QTimeoutQmlScope> scope = m_scope;
    if (!scope || !scope->isActive())
        return end();
    dismiss();
    scope->finish();
    if (scope)
        Q_EMIT scope->failed(error);
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
