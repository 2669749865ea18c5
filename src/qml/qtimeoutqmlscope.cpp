// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "qtimeoutqmlscope_p.h"

#include <QCoroQml>
#include <QTimeout>

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qthread.h>
#include <QtQml/qjsengine.h>
#include <QtQml/qqmlengine.h>
#include <QtQml/qqmlinfo.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

using QTimeout::Deadline;
using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;
using QTimeout::detail::WatchedRequest;
using QTimeout::detail::WatchedTask;

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

template<typename... Arithmetic>
bool isOneOf(QMetaType type)
{
    return ((type == QMetaType::fromType<Arithmetic>()) || ...);
}

/*
    JavaScript has numbers of one type only, properties and functions of C++ have all of them.
*/
bool isNumber(const QVariant &value)
{
    return isOneOf<double, float, int, uint, long, ulong, qlonglong, qulonglong, short, ushort,
                   char, signed char, uchar>(value.metaType())
            && !std::isnan(value.toDouble());
}

QString describe(const QVariant &value)
{
    if (!value.isValid())
        return QStringLiteral("undefined");
    if (value.typeId() == QMetaType::Nullptr || value.isNull())
        return QStringLiteral("null");
    if (value.typeId() == QMetaType::Double && std::isnan(value.toDouble()))
        return QStringLiteral("NaN");
    if (value.typeId() == QMetaType::QString)
        return QLatin1Char('"') + value.toString() + QLatin1Char('"');
    return value.canConvert<QString>() ? value.toString()
                                       : QString::fromLatin1(value.metaType().name());
}

/*
    The number of milliseconds that \a value is, from zero to Infinity. Anything else gets a warning
    on behalf of \a what.
*/
std::optional<double> toMilliseconds(const QTimeoutQmlScope *scope, const char *what,
                                     const QVariant &value)
{
    if (isNumber(value) && value.toDouble() >= 0)
        return value.toDouble();
    qmlWarning(scope).noquote().nospace()
            << "TimeoutScope." << what << ": " << describe(value)
            << " is no time. Pass a number of milliseconds that is not negative; Infinity means no limit.";
    return std::nullopt;
}

} // namespace

/*
    When what is told
    =================

    stateChanged(), expired() and the other signals are the scope's own, and keep its order (S6);
    running and what bindings are told of state, remainingTime and progress come between
    stateChanged() and the signal that says how it ended. QML's handlers of stateChanged() are called before this class is, so the times of start and end
    are taken when somebody asks for them, if nobody has done it before.

    While a property of a scope is being set, bindings are told of state, remainingTime and progress
    from the event loop: a binding of timeout or running may then depend on them, and is not evaluated
    again while its own value is on the way, however many scopes it went through.
*/

namespace {

constinit thread_local int t_settings = 0;

class Setting
{
public:
    Setting() noexcept { ++t_settings; }
    ~Setting() { --t_settings; }
    Q_DISABLE_COPY_MOVE(Setting)

    static bool isRunning() noexcept { return t_settings > 0; }
};

} // namespace

void QTimeoutQmlScopePrivate::stateChanged(State state)
{
    if (state == QTimeoutScope::Active && q->isActive()) // a handler may have ended it
        begin();
    else
        noticeState();
    stateUntold = true;
    observeEnclosing();
    updateTicks();
    const QPointer<QTimeoutQmlScope> self(q);
    Q_EMIT q->runningChanged();
    if (self)
        timeChanged();
}

void QTimeoutQmlScopePrivate::noticeState()
{
    if (q->state() != noticedState) {
        if (q->isActive())
            begin();
        else
            freeze();
    } else if (q->isActive()) {
        noteEnclosing();
        if (outermost && outermost->parent()) {
            outermost = nullptr;
            observeEnclosingLater();
        }
    }
}

void QTimeoutQmlScopePrivate::timeChanged()
{
    if (Setting::isRunning())
        tellLater();
    else
        tell();
}

/*
    What is declared inside a TimeoutScope. It may be destroyed before the scope is.
*/

static QTimeoutQmlScopePrivate *dataOwner(const QQmlListProperty<QObject> *list)
{
    auto *owner = static_cast<QTimeoutQmlScopePrivate *>(list->data);
    owner->data.removeIf([](const QPointer<QObject> &object) { return !object; });
    return owner;
}

void QTimeoutQmlScopePrivate::appendData(QQmlListProperty<QObject> *list, QObject *object)
{
    dataOwner(list)->data.append(object);
}

qsizetype QTimeoutQmlScopePrivate::dataCount(QQmlListProperty<QObject> *list)
{
    return dataOwner(list)->data.size();
}

QObject *QTimeoutQmlScopePrivate::dataAt(QQmlListProperty<QObject> *list, qsizetype index)
{
    return dataOwner(list)->data.value(index);
}

void QTimeoutQmlScopePrivate::clearData(QQmlListProperty<QObject> *list)
{
    dataOwner(list)->data.clear();
}

/*!
    \qmltype TimeoutScope
    \inqmlmodule QTimeout
    \brief Puts a deadline around asynchronous work, and aborts the work when it passes.

    A TimeoutScope is a QTimeoutScope, with properties to bind to. C++ that is given one can do with it whatever it
    does with any scope.

    \snippet qml/Bindings.qml scope

    A TimeoutScope that is declared inside another one is nested in it: it ends with it at the latest.

    Numbers of milliseconds may have fractions. One that is negative or no number at all gets a warning, with the file
    and the line of the scope, and changes nothing. \c Infinity means no limit.

    \sa {In QML}
*/

/*!
    \qmlproperty real TimeoutScope::timeout

    The time that the scope has from its start, in milliseconds. \c Infinity by default: no limit.

    To change it while the scope is running sets a new deadline, this long from now.

    \sa reschedule()
*/

/*!
    \qmlproperty bool TimeoutScope::running

    Whether the scope is running. To set it to true starts the scope with \l timeout, also if it has ended before; to
    set it to false finishes it. It becomes false by itself when the scope ends.

    \sa start(), finish(), state
*/

/*!
    \qmlproperty enumeration TimeoutScope::state
    \readonly

    Where the scope is in its life: one of \c TimeoutScope.Inactive, \c TimeoutScope.Active,
    \c TimeoutScope.Expired, \c TimeoutScope.Cancelled and \c TimeoutScope.Finished.

    \sa QTimeoutScope::State
*/

/*!
    \qmlproperty real TimeoutScope::remainingTime
    \readonly

    The milliseconds that are left until the deadline, or that of the scope around this one if that is earlier. If the
    scope has ended, what was left of the same at its end: 0 if it has expired, or has been ended by a scope around it that
    has. \l timeout if the scope has not been started. \c Infinity if there is no limit.

    It is exact whenever it is read. Bindings are told when the scope starts and ends, when the deadline is
    moved, and every updateInterval.

    \sa progress
*/

/*!
    \qmlproperty real TimeoutScope::progress
    \readonly

    The part that has passed of the time from the start of the scope to its deadline, or that of the scope around this one
    if that is earlier: from 0 to 1. It is 0 while there is no limit. To move the deadline later makes it smaller.

    When the scope ends it stays where it is, which is at 1 if the time is up.

    It is told as often as remainingTime is.
*/

/*!
    \qmlproperty real TimeoutScope::updateInterval

    How often bindings of remainingTime and progress are told while the scope is running, in milliseconds. 0 by default:
    never. Fractions of a millisecond count as one. Nothing ticks while the scope does not run or has no limit.
*/

/*!
    \qmlproperty real TimeoutScope::idleTimeout

    How long nothing may happen before the scope expires, in milliseconds. 0, the default, and \c Infinity mean that there
    is no such limit. What happens is said by touch(). To set it while the scope is running counts as a touch.

    \l remainingTime and \l progress are about the deadline alone.

    \sa QTimeoutScope::idleTimeout, {QTimeoutScope::}{hasExpiredIdle()}
*/

/*!
    \qmlproperty string TimeoutScope::errorString
    \readonly

    What has become of the scope, in a sentence for people: after how many seconds it has timed out, or why it was
    cancelled. Empty while it is running, and if it has finished.

    \sa QTimeoutScope::errorString
*/

/*!
    \qmlsignal TimeoutScope::failed(string error)

    Emitted when a \c QCoro::QmlTask that is watched, and was made from a QTimeoutScope::run() under this scope, has ended
    by an exception, of which \a error tells. The scope has finished by then: it does not wait for its deadline. The
    failure is also logged as a warning, with the file and the line of the call of watch().

    Of any other task QCoro does not say that it has failed. The handlers that a task was given by \c then() are never
    called when it fails.
*/

/*!
    \qmlmethod void TimeoutScope::touch()

    Something has happened: \l idleTimeout begins anew.
*/

/*!
    \qmlsignal TimeoutScope::expired()

    Emitted when the deadline or the \l idleTimeout has passed, before the work is aborted.
*/

/*!
    \qmlsignal TimeoutScope::cancelled()

    Emitted when the scope is cancelled, or ended by the one around it, before the work is aborted.
*/

/*!
    \qmlsignal TimeoutScope::finished()

    Emitted when the scope has ended without aborting anything.
*/

/*!
    \qmlmethod void TimeoutScope::reject()

    Drops the deadline of the running scope. The work goes on without one, until reschedule() sets another.
*/

/*!
    \qmlmethod void TimeoutScope::cancel()

    Ends the running scope and aborts its work.
*/

/*!
    \qmlmethod void TimeoutScope::finish()

    Ends the running scope. Its work goes on.
*/
QTimeoutQmlScope::QTimeoutQmlScope(QObject *parent)
    : QTimeoutScope(parent), d(new QTimeoutQmlScopePrivate(this))
{
    static const bool registered = [] {
        QCoro::Qml::registerTypes();
        return true;
    }();
    Q_UNUSED(registered)

    connect(this, &QTimeoutScope::stateChanged, this,
            [this](State state) { d->stateChanged(state); });
    connect(this, &QTimeoutScope::deadlineChanged, this, [this] {
        d->updateTicks();
        d->timeChanged();
    });
}

/*
    The base class would abort the work when the properties are gone, for which the work may ask. Nor is there anybody to
    whom a request could say that it was aborted: the page goes with the scope.
*/
QTimeoutQmlScope::~QTimeoutQmlScope()
{
    const QSignalBlocker tellNobody(this);
    for (const std::weak_ptr<WatchedRequest> &item : std::as_const(d->requests)) {
        if (const WatchedRequest::Pointer request = item.lock())
            request->silence(this);
    }
    if (isActive() && thread() == QThread::currentThread())
        cancel();
}

QVariant QTimeoutQmlScope::timeout() const
{
    return d->timeout;
}

void QTimeoutQmlScope::setTimeout(const QVariant &timeout)
{
    const std::optional<double> msecs = toMilliseconds(this, "timeout", timeout);
    if (!msecs || *msecs == d->timeout)
        return;
    const QPointer<QTimeoutQmlScope> self(this);
    d->timeout = *msecs;
    {
        const Setting setting;
        if (isActive())
            reschedule(Milliseconds(*msecs));
        else if (state() == Inactive)
            d->timeChanged();
    }
    if (self)
        Q_EMIT timeoutChanged();
}

bool QTimeoutQmlScope::isRunning() const
{
    return d->complete ? isActive() : d->startWhenComplete || isActive();
}

void QTimeoutQmlScope::setRunning(bool running)
{
    if (running == isRunning())
        return;
    if (!d->complete && !isActive()) {
        d->startWhenComplete = running;
        Q_EMIT runningChanged();
        return;
    }
    d->startWhenComplete = false;
    const Setting setting;
    if (running)
        start();
    else
        finish();
}

double QTimeoutQmlScope::remainingMilliseconds() const
{
    d->noticeState();
    if (state() == Inactive)
        return d->timeout;
    return isActive() ? d->remaining() : d->lastRemaining;
}

double QTimeoutQmlScope::progress() const
{
    d->noticeState();
    return isActive() ? d->progress(d->remaining()) : d->lastProgress;
}

QVariant QTimeoutQmlScope::updateInterval() const
{
    return d->updateInterval;
}

void QTimeoutQmlScope::setUpdateInterval(const QVariant &interval)
{
    const std::optional<double> msecs = toMilliseconds(this, "updateInterval", interval);
    if (!msecs || *msecs == d->updateInterval)
        return;
    d->updateInterval = *msecs;
    d->updateTicks();
    Q_EMIT updateIntervalChanged();
}

QVariant QTimeoutQmlScope::idleMilliseconds() const
{
    return static_cast<double>(idleTimeout().count());
}

void QTimeoutQmlScope::setIdleMilliseconds(const QVariant &timeout)
{
    using std::chrono::milliseconds;
    const std::optional<double> msecs = toMilliseconds(this, "idleTimeout", timeout);
    if (!msecs)
        return;
    const Setting setting;
    const auto most = static_cast<double>(milliseconds::max().count() / 2);
    setIdleTimeout(*msecs < most ? milliseconds(static_cast<qint64>(std::ceil(*msecs)))
                                 : milliseconds::zero());
}

QQmlListProperty<QObject> QTimeoutQmlScope::data()
{
    return QQmlListProperty<QObject>(this, d.get(), &QTimeoutQmlScopePrivate::appendData,
                                     &QTimeoutQmlScopePrivate::dataCount,
                                     &QTimeoutQmlScopePrivate::dataAt,
                                     &QTimeoutQmlScopePrivate::clearData);
}

/*!
    \qmlmethod bool TimeoutScope::start(real milliseconds)

    Starts the scope with a deadline so many \a milliseconds from now, or without an argument with \l timeout, and returns
    true. If it is running already, returns false, changes nothing and warns.

    JavaScript's \c undefined is no argument: with it the scope starts with \l timeout, too.
*/
bool QTimeoutQmlScope::start()
{
    return start(Milliseconds(d->timeout));
}

bool QTimeoutQmlScope::start(const QVariant &timeout)
{
    const std::optional<double> msecs = toMilliseconds(this, "start", timeout);
    return msecs && start(Milliseconds(*msecs));
}

/*!
    \qmlmethod bool TimeoutScope::reschedule(real milliseconds)

    Sets the deadline of the running scope to so many \a milliseconds from now, and returns true. If the scope is not
    running, returns false, changes nothing and warns. Does not change \l timeout.
*/
bool QTimeoutQmlScope::reschedule(const QVariant &timeout)
{
    const std::optional<double> msecs = toMilliseconds(this, "reschedule", timeout);
    return msecs && reschedule(Milliseconds(*msecs));
}

/*!
    \qmlmethod bool TimeoutScope::shift(real milliseconds)

    Moves the deadline of the running scope by so many \a milliseconds, which may be negative, and returns true. If the
    scope is not running or has no deadline, returns false, changes nothing and warns.
*/
bool QTimeoutQmlScope::shift(const QVariant &by)
{
    using std::chrono::milliseconds;
    if (!isNumber(by)) {
        qmlWarning(this).noquote().nospace()
                << "TimeoutScope.shift: " << describe(by)
                << " is no time. Pass a number of milliseconds, which may be negative.";
        return false;
    }
    // What does not fit means forever, in either direction.
    constexpr auto Most = static_cast<double>(milliseconds::max().count() / 2);
    return shift(milliseconds(static_cast<qint64>(std::clamp(by.toDouble(), -Most, Most))));
}

void QTimeoutQmlScope::classBegin()
{
    d->complete = false;
}

void QTimeoutQmlScope::componentComplete()
{
    d->complete = true;
    if (std::exchange(d->startWhenComplete, false) && !isActive())
        start();
}

bool QTimeoutQmlScope::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange) {
        if (d->isQueued())
            d->queue()->remove(d.get());
        d->observer.reset(); // it stays where it was made
        const auto updateThere = [this] {
            d->observeEnclosing();
            d->updateTicks();
        };
        QMetaObject::invokeMethod(this, updateThere, Qt::QueuedConnection);
    }
    return QTimeoutScope::event(event);
}
