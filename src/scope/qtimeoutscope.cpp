// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/qtimeoutscope.h"

#include "error/qtimeoutcancelled.h"
#include "error/qtimeouterror.h"
#include "scope/abort_p.h"
#include "scope/current_p.h"
#include "scope/life_p.h"
#include "thread/resumption_p.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qdebug.h>
#include <QtCore/qlocale.h>
#include <QtCore/qmetaobject.h>

#include <algorithm>
#include <chrono>

using QTimeout::Deadline;
using QTimeout::detail::Abort;
using QTimeout::detail::AbortList;
using QTimeout::detail::AbortRecord;
using QTimeout::detail::Current;
using QTimeout::detail::ForeverNSecs;
using QTimeout::detail::Life;
using QTimeout::detail::Outside;
using QTimeout::detail::Resumption;
using QTimeout::detail::Work;

// For queued connections and calls by name.
static void registerTypes()
{
    qRegisterMetaType<QTimeout::Deadline>();
    qRegisterMetaType<std::chrono::milliseconds>();
}
Q_CONSTRUCTOR_FUNCTION(registerTypes)

/*!
    \class QTimeoutScope
    \inmodule QTimeout
    \brief Puts a deadline around asynchronous work, and aborts the work when it passes.

    A scope holds a deadline. Work is put under it with watch() or run(). When the deadline passes
    the scope \e expires: it emits expired() and aborts the work, each kind of operation in its own
    way (see QTimeoutAbort).

    \snippet tst_snippets_reference.cpp scope and slots

    In a coroutine:

    \snippet tst_snippets_reference.cpp scope in a coroutine

    Note that a scope does nothing to what has not been put under it. A plain \c{co_await reply}
    between the two runs above would not be interrupted by anything. If a scope expires
    without anybody having made use of it, a message in the category \c qtimeout says so.

    A coroutine that takes the scope as a parameter is put under it as a whole. It is interrupted
    wherever it waits, see \l{Abortable coroutines}:

    \snippet tst_snippets_abortable.cpp abortable

    \section1 States

    A scope is Inactive until it is started, or Active from its construction if it is given a
    deadline. From there it ends in one of three ways, exactly once for each start:

    \table
    \header \li State \li Reason \li The work under it
    \row \li Expired \li the deadline has passed \li is aborted
    \row \li Cancelled \li cancel() was called, or the enclosing scope was aborted \li is aborted
    \row \li Finished \li finish() was called, or all that it watched has ended \li goes on
    \endtable

    start() begins a new life of an ended scope, which has nothing to do with the former one.

    \section1 Deadlines

    A scope never expires before its deadline. How soon after it depends on the timer type
    of the deadline: within a millisecond for Qt::PreciseTimer, within 5 % of the time that was left
    when the deadline was set for Qt::CoarseTimer, which is what you get from a duration, and within
    a second for Qt::VeryCoarseTimer; plus whatever time the thread was busy.

    Deadlines are looked at when the event loop runs. A deadline that has passed already expires
    from the event loop too, never inside the call that sets it.

    \section1 What happens when a scope ends

    On expiry, in this order: state() becomes Expired, stateChanged() and expired() are emitted,
    stop is requested on the stopToken(), and the work is aborted. cancel() does the same with
    cancelled(). Coroutines whose wait is over by that are interrupted by the event loop, on its next turn. What is aborted is what was under the scope when it ended: what a slot starts or
    watches belongs to the scope's next life, also an object that the ended one still holds. Slots and resumed coroutines may delete the scope,
    other scopes and the operations at any of these points. An exception that leaves the function by
    which one operation is aborted is logged, and does not keep the others from being aborted.

    The destructor of an active scope aborts what still runs under it, as cancel() does,
    without emitting anything, and interrupts its coroutines before it returns, those too that an earlier
    cancel() has not interrupted yet. A scope that is the last-declared member of a window therefore ends
    the window's work with the window. (A scope that is a QObject child is destroyed after the
    members of its parent: call cancel() in the parent's destructor.) For the same reason do not destroy a
    scope in a slot of an object that one of its coroutines owns: call cancel() and deleteLater().

    \section1 Nesting

    A scope whose parent is a scope is nested in it. When the outer one is aborted, so is the inner:
    it becomes Expired if its own deadline has passed by then, and Cancelled otherwise.

    A scope without a parent that is created by an abortable coroutine while it runs is nested, too:
    in the scope that the coroutine has taken or, if that has ended, in the nearest around it that is
    still active. So is what the coroutine runs by QTimeout::run(). A scope with another parent is not,
    and neither is what a nested event loop does meanwhile or a slot of a scope's own signal. A plain
    coroutine remembers nothing when it is suspended; there, pass the outer scope as the parent.

    \section1 Threads

    A scope lives in the thread of its QObject, and follows moveToThread() with its deadline. It goes on
    watching the same objects and futures, which stay where they are. Runs and coroutines under it are
    interrupted in the old thread, as by a cancellation and with a warning, before moveToThread()
    returns. The link to an enclosing scope of another thread is cut.

    Its functions are called in that thread; from others, connect to its slots, or use
    QMetaObject::invokeMethod(). A direct call from another thread changes nothing, and logs a
    warning.

    The semantics are those of Python's \c asyncio.timeout and \c async-timeout.

    \sa QTimeout::run(), QTimeout::Deadline, QTimeoutTestClock
*/

/*!
    \enum QTimeoutScope::State

    \value Inactive  The scope has not been started yet.
    \value Active    The scope has been started and has not ended.
    \value Expired   Its deadline has passed.
    \value Cancelled It was cancelled, or aborted with the scope that encloses it.
    \value Finished  It has ended without aborting anything.
*/

/*!
    \property QTimeoutScope::state
    \brief where the scope is in its life.

    \sa isActive(), hasExpired(), isCancelled()
*/

/*!
    \property QTimeoutScope::deadline
    \brief when the scope expires, or would have expired if it has ended.

    It is forever if the scope has never been started or has no deadline. This is the \c when() of
    \c asyncio.timeout.

    \sa effectiveDeadline(), remainingTime(), reschedule()
*/

/*!
    \property QTimeoutScope::idleTimeout
    \brief how long nothing may happen before the scope expires, in milliseconds.

    The scope expires when that time has passed since it was started or since the last touch(), or
    when its deadline has passed, whichever is first; if both pass together, it was the deadline.
    Zero, the default, is none, and a negative value counts as zero. hasExpiredIdle() says which of
    the two it was. To set it while the scope is active counts as a touch(). It holds for all lives of
    the scope, and does not change deadline(). It is as coarse as Qt::CoarseTimer.

    \sa touch(), effectiveDeadline()
*/

/*!
    \property QTimeoutScope::errorString
    \brief what has become of the scope, in a sentence for people.

    It is translated. If the scope has expired it says after how many seconds, and begins with the
    objectName() if there is one; if the scope was cancelled it is the reason that was given to
    cancelBecause(), or says that it was cancelled. Else it is empty.

    The time is the one that the last start() or reschedule() has given, with each shift().
*/

/*!
    \property QTimeoutScope::enclosingScope
    \brief the scope that this one is nested in; or null.
*/

/*!
    Constructs an inactive scope with the parent \a parent.

    If \a parent is a QTimeoutScope, this one is nested in it.

    \sa start()
*/
QTimeoutScope::QTimeoutScope(QObject *parent) : QObject(parent), d(new Life(this))
{
    if (!parent) {
        if (const Work *creator = Current::work())
            d->setCreator(creator->life());
    }
}

/*!
    Constructs an active scope that expires at \a deadline, with the parent \a parent.

    Nothing is emitted. If \a parent is a QTimeoutScope, this one is nested in it.
*/
QTimeoutScope::QTimeoutScope(Deadline deadline, QObject *parent) : QTimeoutScope(parent)
{
    d->begin(deadline);
}

/*!
    Destroys the scope. If it is active, what still runs under it is aborted first, as by cancel();
    the scope itself emits nothing.
*/
QTimeoutScope::~QTimeoutScope()
{
    d->destroyScope();
}

QTimeoutScope::State QTimeoutScope::state() const
{
    return d->state();
}

/*!
    Returns true if the scope has been started and has not ended.
*/
bool QTimeoutScope::isActive() const
{
    return d->isActive();
}

/*!
    Returns true if the scope has ended because its own deadline or idle timeout has passed.

    \sa hasExpiredIdle()
*/
bool QTimeoutScope::hasExpired() const
{
    return d->state() == Expired;
}

/*!
    Returns true if the scope was cancelled, or aborted with the scope that encloses it before its
    own deadline had passed.
*/
bool QTimeoutScope::isCancelled() const
{
    return d->state() == Cancelled;
}

QDeadlineTimer QTimeoutScope::deadline() const
{
    return d->deadlineTimer();
}

/*!
    Returns the earliest of the deadlines of this scope and of all active scopes that enclose it. The
    end of an idle timeout counts as a deadline.

    \sa deadline(), enclosingScope()
*/
QDeadlineTimer QTimeoutScope::effectiveDeadline() const
{
    return d->decisive()->effectiveTimer();
}

/*!
    Returns what is left until effectiveDeadline(): zero if it has passed, and the maximum of the
    type if it is forever.
*/
std::chrono::nanoseconds QTimeoutScope::remainingTime() const
{
    return std::chrono::nanoseconds(d->decisive()->remaining());
}

/*
    The same without idle timeouts.
*/
std::chrono::nanoseconds QTimeoutScope::remainingOfDeadlines() const
{
    return std::chrono::nanoseconds(d->remainingUntil(d->earliestDeadline()));
}

/*!
    Returns the nearest active scope that this one is nested in; if there is none, the QObject
    parent if that is a scope; or null.

    \sa {Nesting}, QTimeout::currentScope()
*/
QTimeoutScope *QTimeoutScope::enclosingScope() const
{
    if (const Life *life = d->nearestActiveEnclosing())
        return life->scope();
    return qobject_cast<QTimeoutScope *>(parent());
}

std::chrono::milliseconds QTimeoutScope::idleTimeout() const
{
    return std::chrono::floor<std::chrono::milliseconds>(
            std::chrono::nanoseconds(d->idleTimeout()));
}

void QTimeoutScope::setIdleTimeout(std::chrono::milliseconds timeout)
{
    if (!d->checkThread("setIdleTimeout"))
        return;
    const qint64 nsecs = std::max<qint64>(QTimeout::detail::saturatedNSecs(timeout), 0);
    const bool isOther = nsecs != d->idleTimeout();
    if (!isOther && nsecs == 0)
        return;
    d->setIdleTimeout(nsecs);
    if (isOther) {
        const Outside outside;
        Q_EMIT idleTimeoutChanged();
    }
}

/*!
    Returns true if the scope has expired because nothing has touched it for the idleTimeout.

    \sa touch()
*/
bool QTimeoutScope::hasExpiredIdle() const
{
    return d->expiredIdleTimeout() > 0;
}

/*!
    Returns the time after which what was asked to end when the scope was aborted, and has not ended, is
    forced: a process is killed. The default is 5 seconds.

    \sa setGracePeriod(), QTimeoutAbort
*/
std::chrono::milliseconds QTimeoutScope::gracePeriod() const
{
    return d->gracePeriod();
}

/*!
    Sets the gracePeriod() to \a period, for this life of the scope and for those to come. It is
    looked at when the scope is aborted. If it is zero or less, nothing is asked: what can be forced
    is forced at once.
*/
void QTimeoutScope::setGracePeriod(std::chrono::milliseconds period)
{
    if (d->checkThread("setGracePeriod"))
        d->setGracePeriod(std::max(period, std::chrono::milliseconds::zero()));
}

// With up to three decimals.
static QString secondsOf(qint64 nsecs)
{
    using namespace std::chrono;
    const auto msecs = round<milliseconds>(nanoseconds(nsecs)).count();
    const int decimals = msecs % 1000 == 0 ? 0 : msecs % 100 == 0 ? 1 : msecs % 10 == 0 ? 2 : 3;
    return QLocale().toString(static_cast<double>(msecs) / 1000, 'f', decimals);
}

QString QTimeoutScope::errorString() const
{
    if (d->state() == Cancelled)
        return d->reason().isEmpty() ? tr("Cancelled") : d->reason();
    if (d->state() != Expired)
        return QString();
    const QString text = hasExpiredIdle()
            ? tr("Nothing came for %1 s").arg(secondsOf(d->expiredIdleTimeout()))
            : tr("Timed out after %1 s").arg(secondsOf(d->length()));
    return objectName().isEmpty() ? text : objectName() + QLatin1String(": ") + text;
}

/*!
    Returns a token on which stop is requested when the scope is aborted: after cancelled() or
    expired() has been emitted, and before the work is aborted.

    The token of an inactive scope is that of its next life. It can be passed to another thread.
*/
std::stop_token QTimeoutScope::stopToken() const
{
    return d->stopToken();
}

/*!
    A checkpoint for work that computes and does not return to the event loop, where deadlines are
    looked at otherwise: if the deadline of this scope or of one that encloses it has passed, lets
    it expire there and then, with all that belongs to it.

    Throws QTimeoutError if this scope has expired, now or before, and QTimeoutCancelled if it has
    been cancelled. Does nothing on an inactive or finished scope. In an abortable coroutine that has
    taken this scope, it is an interruption like that at a \c co_await, and throws QTimeoutCancelled
    in either case.

    \snippet tst_snippets_reference.cpp checkpoint
*/
void QTimeoutScope::throwIfAborted()
{
    if (!d->checkThread("throwIfAborted"))
        return;
    const Life::Ref life(d);
    life->setNoticed();
    life->checkDeadlines();
    if (!life->isAborted())
        return;
    // In a coroutine of this scope it is an interruption like any other (A4).
    if (QTimeout::currentScope() == this) {
        Work *running = Current::work();
        running->hurry(life->abortId());
        Resumption::deliver({life->abortId(), nullptr}); // what it has started (A6)
        AbortList &concerning = *running->aborts();
        if (concerning.isPending(life->abortId()))
            AbortRecord::throwCancelled(concerning);
        AbortRecord::throwCancelled(life->abortId());
    }
    if (life->state() == Cancelled)
        AbortRecord::throwCancelled(life->abortId());
    AbortRecord::throwError(life->abortId(), life->cause());
}

/*!
    Stops watching \a object: it is no longer aborted with the scope. If it was the last that was
    watched, the scope finishes on the next turn of the event loop.

    A slot of the scope's own signals can still save an object in this way. Does nothing if
    \a object is not watched.

    \sa watch()
*/
void QTimeoutScope::unwatch(QObject *object)
{
    if (!d->checkThread("unwatch"))
        return;
    d->unwatch(object);
    Abort::unwatch(this, object);
}

/*!
    Starts the scope with \a deadline and returns true. If it had ended, this is a new life.

    If it is active already, returns false, changes nothing and warns: use reschedule().

    Emits stateChanged() and deadlineChanged().
*/
bool QTimeoutScope::start(Deadline deadline)
{
    if (!d->checkThread("start"))
        return false;
    if (d->isActive()) {
        qCWarning(lcQTimeout).noquote().nospace()
                << "QTimeoutScope::start: " << Life::describe(this)
                << " is Active already. Use reschedule() to change its deadline.";
        return false;
    }
    const Life::Ref life(d->state() == Inactive ? d : d->startNext());
    const Outside outside;
    life->begin(deadline);
    Q_EMIT stateChanged(Active);
    if (QTimeoutScope *alive = life->scope())
        Q_EMIT alive->deadlineChanged();
    return true;
}

/*!
    Replaces the deadline of the active scope by \a deadline and returns true. Forever disarms it.

    A time from now is counted from this call. A deadline that has passed makes the scope expire
    from the event loop, not in this call. On a scope that is not active, returns false, changes
    nothing and warns.

    Emits deadlineChanged().
*/
bool QTimeoutScope::reschedule(Deadline deadline)
{
    if (!d->checkActive("reschedule"))
        return false;
    d->setDeadline(deadline);
    const Outside outside;
    Q_EMIT deadlineChanged();
    return true;
}

/*!
    Moves the deadline of the active scope \a by milliseconds, later or, if negative, earlier, and
    returns true.

    On a scope that is not active or has no deadline to move, returns false, changes nothing and
    warns. A deadline that is moved beyond what can be counted is forever.

    Emits deadlineChanged().
*/
bool QTimeoutScope::shift(std::chrono::milliseconds by)
{
    if (!d->checkActive("shift"))
        return false;
    if (d->ownDeadline() == ForeverNSecs) {
        qCWarning(lcQTimeout).noquote().nospace()
                << "QTimeoutScope::shift: " << Life::describe(this)
                << " has no deadline to move. Use reschedule() to set one.";
        return false;
    }
    d->shiftDeadline(QTimeout::detail::saturatedNSecs(by));
    const Outside outside;
    Q_EMIT deadlineChanged();
    return true;
}

/*!
    Drops the deadline of the active scope. The work goes on without one, stays under the scope, and
    a deadline can be set again: this is \c{reschedule(QDeadlineTimer::Forever)}.

    On a scope that is not active, changes nothing and warns. Emits deadlineChanged().
*/
void QTimeoutScope::reject()
{
    if (!d->checkActive("reject"))
        return;
    d->setDeadline(QDeadlineTimer::Forever);
    const Outside outside;
    Q_EMIT deadlineChanged();
}

/*!
    Something has happened: the idleTimeout begins anew. Does nothing on a scope that is not active or has
    no idle timeout. Emits nothing, and costs no more than to reschedule() to a later time.

    \snippet tst_snippets_reference.cpp idle
*/
void QTimeoutScope::touch()
{
    if (d->checkThread("touch"))
        d->touch();
}

/*!
    Aborts the work of the active scope now, as cancel() does, because of \a reason, which is meant for
    people.

    \sa errorString
*/
void QTimeoutScope::cancelBecause(const QString &reason)
{
    if (d->checkThread("cancelBecause") && d->isActive())
        d->abort(Cancelled, reason);
}

/*!
    Aborts the work of the active scope now, and ends the scope as Cancelled. Does nothing on a
    scope that is not active.

    Emits stateChanged() and cancelled() before the work is aborted.
*/
void QTimeoutScope::cancel()
{
    if (d->checkThread("cancel") && d->isActive())
        d->abort(Cancelled);
}

/*!
    Ends the active scope as Finished: the work is done, or is to go on without the scope. What
    still runs under it stays under the scopes that enclose this one. Does nothing on a scope that
    is not active.

    Emits stateChanged() and finished().
*/
void QTimeoutScope::finish()
{
    if (d->checkThread("finish") && d->isActive())
        d->finish();
}

/*!
    \fn void QTimeoutScope::expired()

    Emitted when the deadline has passed, after stateChanged() and before the work is aborted.
*/

/*!
    \fn void QTimeoutScope::cancelled()

    Emitted when the scope is cancelled, or is aborted with an enclosing one, after stateChanged()
    and before the work is aborted.
*/

/*!
    \fn void QTimeoutScope::finished()

    Emitted when the scope has ended without aborting anything, after stateChanged().
*/

/*!
    \fn void QTimeoutScope::stateChanged(QTimeoutScope::State state)

    Emitted when the state has become \a state. A constructor that starts the scope does not emit
    it.
*/

/*!
    \fn void QTimeoutScope::deadlineChanged()

    Emitted when a deadline is set by start(), reschedule(), shift() or reject().
*/

/*!
    \reimp
*/
bool QTimeoutScope::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange)
        d->leaveThread();
    return d->handleEvent(event) || QObject::event(event);
}

/*!
    \reimp
*/
void QTimeoutScope::childEvent(QChildEvent *event)
{
    // A child that is being constructed or destroyed is not a scope, and looks after itself.
    if (auto *inner = qobject_cast<QTimeoutScope *>(event->child())) {
        if (event->removed())
            Life::childRemoved(inner);
        else if (event->added())
            d->childAdded(inner);
    }
    QObject::childEvent(event);
}

/*!
    \relates QTimeoutScope

    Writes the class, the object name, the state and what is left until the deadline of \a scope to
    \a debug.
*/
QDebug operator<<(QDebug debug, const QTimeoutScope *scope)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote();
    if (!scope)
        return debug << "QTimeoutScope(0x0)";
    debug << scope->metaObject()->className() << '(' << static_cast<const void *>(scope);
    if (!scope->objectName().isEmpty())
        debug << ", name = \"" << scope->objectName() << '"';
    debug << ", " << Life::nameOf(scope->state());
    if (scope->isActive()) {
        const std::chrono::nanoseconds remaining = scope->remainingTime();
        if (remaining == std::chrono::nanoseconds::max())
            debug << ", no deadline";
        else
            debug << ", " << std::chrono::ceil<std::chrono::milliseconds>(remaining).count()
                  << " ms left";
    }
    return debug << ')';
}
