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

    What is brought up may end the clock, in the middle of advance(), or of one that is nested in
    another. So the private object is shared by all calls of advance() that are under way. It is in
    force for as long as it has a queue: a call that has turned the event loop looks whether that is
    still so, and otherwise returns without touching time again. Another clock that has been made
    meanwhile is none of its business.
*/
class QTimeoutTestClockPrivate final : public QObject
{
public:
    class Marker;

    bool turnEventLoop();
    void advanceTo(qint64 target);
    void jumpTo(qint64 time);
    void aboutToBlock();
    void stopAutoAdvance();
    void end();

    // Null if the clock is not in force: another one was, or it has been destroyed.
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
    Returns false if the clock has ended meanwhile.

    Qt's event dispatcher that does without GLib calls a turn idle in which a timer has fired.
*/
bool QTimeoutTestClockPrivate::turnEventLoop()
{
    QEventLoop loop;
    for (int turn = 0; turn < MostTurns && queue; ++turn) {
        t_isBusy = false;
        if (!loop.processEvents() && !t_isBusy && queue
            && queue->earliestDeadline() > queue->now()) {
            break;
        }
    }
    t_isBusy = true; // for a turn that this is part of
    return queue != nullptr;
}

void QTimeoutTestClockPrivate::advanceTo(qint64 target)
{
    while (turnEventLoop()) {
        const qint64 next = queue->earliestDeadline();
        // Not if it starts itself anew at once, for ever.
        if (next > target || next == ForeverNSecs || next <= queue->now())
            break;
        jumpTo(next);
    }
    if (queue) {
        jumpTo(target);
        turnEventLoop();
    }
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

/*
    It has been delivered, or somebody has removed what was posted.
*/
class QTimeoutTestClockPrivate::Marker final : public QEvent
{
public:
    explicit Marker(QTimeoutTestClockPrivate *clock) noexcept : QEvent(User), m_clock(clock)
    {
        clock->isMarkerPosted = true;
    }
    ~Marker() override { m_clock->isMarkerPosted = false; }

private:
    QTimeoutTestClockPrivate *m_clock; // which removes it before it goes
};

void QTimeoutTestClockPrivate::aboutToBlock()
{
    if (!queue || isMarkerPosted || queue->earliestDeadline() == ForeverNSecs)
        return;
    if (std::exchange(isQuiet, true)) {
        isQuiet = false;
        jumpTo(queue->earliestDeadline());
    } else {
        QCoreApplication::postEvent(this, new Marker(this), Qt::LowEventPriority);
    }
}

/*
    The event dispatcher may have gone before.
*/
void QTimeoutTestClockPrivate::stopAutoAdvance()
{
    QObject::disconnect(blocking);
    blocking = {};
    if (t_automatic == this)
        t_automatic = nullptr;
    QCoreApplication::removePostedEvents(this);
    isQuiet = false;
}

void QTimeoutTestClockPrivate::end()
{
    stopAutoAdvance();
    if (queue)
        queue->thaw();
    queue = nullptr;
}

/*!
    \class QTimeoutTestClock
    \inmodule QTimeout
    \brief Replaces time by a clock that the test moves.

    While an object of this class exists, the time of all scopes, sleeps and runs of its thread
    stands still. advance() moves it:

    \snippet tst_snippets_reference.cpp test clock

    Such a test takes no time, and does not depend on how busy the machine is.

    Timer types do not matter while time stands still: everything is due exactly at its
    deadline. A QDeadlineTimer and a point in time that are passed to a function count as what
    remains of them at that moment; a QDeadlineTimer that is returned is such that what remains of
    it is right. QTimer and what else does not belong to this component is not affected.

    When the clock is destroyed time goes on from where it stands, and what is pending has as much
    time left as it had. It may be destroyed by what it brings up: advance() returns then.

    There is one clock in a thread at a time, and only that thread may use it. The models are Trio's
    \c MockClock, tokio's \c{time::pause()} and Kotlin's \c runTest.
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
    d->end();
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
    const auto clock = d; // this may go meanwhile
    clock->advanceTo(std::min(saturatedSum(clock->queue->now(), by.count()), LatestTime));
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
        d->stopAutoAdvance();
        return;
    }
    QAbstractEventDispatcher *dispatcher = QAbstractEventDispatcher::instance();
    if (!dispatcher) {
        qWarning("QTimeoutTestClock::setAutoAdvance: The thread has no event loop yet. Make the "
                 "application object first.");
        return;
    }
    d->blocking = QObject::connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, d.get(),
                                   [clock = d.get()] { clock->aboutToBlock(); });
    t_automatic = d.get();
}

/*!
    Returns true if time jumps whenever the thread would sleep.
*/
bool QTimeoutTestClock::autoAdvance() const
{
    return bool(d->blocking);
}
