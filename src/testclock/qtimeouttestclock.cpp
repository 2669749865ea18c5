// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "qtimeouttestclock.h"

#include <QTimeout/deadline/deadlinequeue_p.h>

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qpointer.h>

#include <algorithm>
#include <utility>

using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;
using QTimeout::detail::saturatedSum;

/*
    Time is an input of the deadline queue. A frozen queue has its own time and arms its timer only
    for what is due at that time, so everything comes up from the event loop, in the order and in
    the manner in which it does in earnest.

    To advance automatically is to jump whenever the thread would sleep. An event dispatcher says so
    with aboutToBlock(), but some say it also while events are waiting. So the clock posts
    an event of low priority to itself, and jumps only if no other event has been delivered in the thread
    between that and the next time when the thread would sleep.
*/
class QTimeoutTestClockPrivate final : public QObject
{
public:
    bool event(QEvent *event) override;

    void turnEventLoop();
    void jumpTo(qint64 time);
    void aboutToBlock();

    // Null if another clock is in force.
    QPointer<DeadlineQueue> queue;
    qint64 beginning = 0;
    QMetaObject::Connection blocking;
    bool isQuiet = false;
    bool isMarkerPosted = false;
};

/*
    Enough for whatever a test does in one instant, while a timeout of zero that starts itself anew
    cannot hold up the clock.
*/
static constexpr int MostTurns = 100;

// The end of time, with room for deadlines that are set then.
static constexpr qint64 LatestTime = ForeverNSecs / 2;

// Something has been delivered in this thread.
static constinit thread_local bool t_isBusy = false;

/*
    Qt's event dispatcher that does without GLib calls a turn idle in which a timer has fired.
*/
void QTimeoutTestClockPrivate::turnEventLoop()
{
    QEventLoop loop;
    for (int turn = 0; turn < MostTurns; ++turn) {
        t_isBusy = false;
        if (!loop.processEvents() && !t_isBusy && queue->earliestDeadline() > queue->now())
            break;
    }
    t_isBusy = true; // for a turn that this is part of
}

void QTimeoutTestClockPrivate::jumpTo(qint64 time)
{
    if (time > queue->now())
        queue->setFrozenTime(time);
}

// The clock of this thread that advances automatically.
static constinit thread_local QTimeoutTestClockPrivate *t_automatic = nullptr;

/*
    Sees the events of all threads; a filter of the application's sees only those of its own. It is
    registered when the library is loaded, since that is not thread-safe.
*/
static bool noticeEvent(void **data)
{
    if (t_automatic && data[0] == static_cast<QObject *>(t_automatic))
        return false;
    t_isBusy = true;
    if (t_automatic)
        t_automatic->isQuiet = false;
    return false;
}

static void registerNotice()
{
    QInternal::registerCallback(QInternal::EventNotifyCallback, noticeEvent);
}
Q_CONSTRUCTOR_FUNCTION(registerNotice)

bool QTimeoutTestClockPrivate::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return QObject::event(event);
    isMarkerPosted = false;
    return true;
}

void QTimeoutTestClockPrivate::aboutToBlock()
{
    if (isMarkerPosted || queue->earliestDeadline() == ForeverNSecs)
        return;
    if (std::exchange(isQuiet, true)) {
        isQuiet = false;
        jumpTo(queue->earliestDeadline());
    } else {
        isMarkerPosted = true;
        QCoreApplication::postEvent(this, new QEvent(QEvent::User), Qt::LowEventPriority);
    }
}

/*!
    \class QTimeoutTestClock
    \inmodule QTimeout
    \brief Replaces time by a clock that the test moves.

    While an object of this class exists, the time of all scopes, sleeps and runs of its thread
    stands still. advance() moves it:

    \code
    QTimeoutTestClock clock;
    Downloader downloader; // gives up after 30 seconds
    QSignalSpy gaveUp(&downloader, &Downloader::gaveUp);
    clock.advance(29999ms);
    QCOMPARE(gaveUp.count(), 0);
    clock.advance(1ms);
    QCOMPARE(gaveUp.count(), 1);
    \endcode

    Such a test takes no time, and does not depend on how busy the machine is.

    Timer types do not matter while time stands still: everything is due exactly at its
    deadline. A QDeadlineTimer and a point in time that are passed to a function count as what
    remains of them at that moment; a QDeadlineTimer that is returned is such that what remains of
    it is right. QTimer and what else does not belong to this component is not affected.

    When the clock is destroyed time goes on from where it stands, and what is pending has as much
    time left as it had.

    There is one clock in a thread at a time. The models are Trio's \c MockClock, tokio's
    \c{time::pause()} and Kotlin's \c runTest.
*/

/*!
    Stops the time of this thread.
*/
QTimeoutTestClock::QTimeoutTestClock() : d(new QTimeoutTestClockPrivate)
{
    DeadlineQueue *queue = DeadlineQueue::current();
    if (!queue || queue->isFrozen()) {
        qWarning(
                "QTimeoutTestClock: There is a clock in this thread already. Use that one; this has no effect.");
        return;
    }
    queue->freeze();
    d->queue = queue;
    d->beginning = queue->now();
}

/*!
    Lets time go on.
*/
QTimeoutTestClock::~QTimeoutTestClock()
{
    setAutoAdvance(false);
    if (d->queue)
        d->queue->thaw();
}

/*!
    Moves time \a by nanoseconds, and lets everything that falls due on the way happen in order,
    with the event loop turned in between until nothing is left to do at that instant.

    What is started on the way takes part. If the event loop still has something to do after a hundred turns at one
    instant, time goes on nevertheless. Must not be negative.
*/
void QTimeoutTestClock::advance(std::chrono::nanoseconds by)
{
    if (!d->queue)
        return;
    if (by.count() < 0) {
        qWarning(
                "QTimeoutTestClock::advance: Time does not go back. Pass a duration that is not negative.");
        return;
    }
    const qint64 target = std::min(saturatedSum(d->queue->now(), by.count()), LatestTime);
    d->turnEventLoop();
    for (;;) {
        const qint64 next = d->queue->earliestDeadline();
        if (next > target || next == ForeverNSecs)
            break;
        if (next <= d->queue->now()) // starts itself anew at once, for ever
            break;
        d->jumpTo(next);
        d->turnEventLoop();
    }
    d->jumpTo(target);
    d->turnEventLoop();
}

/*!
    Returns how far time has been moved since the clock was made.
*/
std::chrono::nanoseconds QTimeoutTestClock::elapsed() const
{
    return std::chrono::nanoseconds(d->queue ? d->queue->now() - d->beginning : 0);
}

/*!
    If \a enable is true, time jumps to the next deadline whenever the thread would sleep in its
    event loop.

    A thread that waits for a network or for another thread would sleep too, and time would then
    jump ahead of the answer.
*/
void QTimeoutTestClock::setAutoAdvance(bool enable)
{
    if (!d->queue || enable == autoAdvance())
        return;
    if (!enable) {
        QObject::disconnect(d->blocking);
        d->blocking = {};
        t_automatic = nullptr;
        return;
    }
    QAbstractEventDispatcher *dispatcher = QAbstractEventDispatcher::instance();
    if (!dispatcher) {
        qWarning("QTimeoutTestClock::setAutoAdvance: The thread has no event loop yet. Make the "
                 "application object first.");
        return;
    }
    d->blocking = QObject::connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, d.data(),
                                   [this] { d->aboutToBlock(); });
    t_automatic = d.data();
}

/*!
    Returns true if time jumps whenever the thread would sleep.
*/
bool QTimeoutTestClock::autoAdvance() const
{
    return bool(d->blocking);
}
