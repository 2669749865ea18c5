// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "thread/resumption_p.h"

#include "thread/currentthread_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qbasictimer.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qobject.h>
#include <QtCore/qthread.h>

#include <cstddef>
#include <mutex>
#include <new>

/*
    Resuming from the event loop
    ============================

    A coroutine that waits for an object, a signal or a future, or that is aborted, goes on from the
    event loop and from nowhere else (A16). So it may destroy what it has waited for, whatever that was
    doing when it ended.

    What is to be resumed stands in a list of the thread, in the order in which that was decided. One
    posted event is on its way for all of them: its priority lets it overtake what has been posted
    before. When it arrives, those are resumed that were scheduled by then, one at a time, since each may do
    anything: run a nested event loop (in which the others arrive), schedule more (for which another event is
    posted), or destroy others (which then leave the list). The deadline queue does the same before each
    deadline that is due.

    To schedule and to post allocate nothing of ours: there is always a place for one more event, that of
    a nested event loop being made when the outer one arrives.

    Should somebody remove the event, a timer takes over.

    The end
    -------
    When QThread::finished() is emitted, the event loop has ended. What is still to come is resumed
    then, and whatever is scheduled later has to be resumed by those who schedule it, before they return: see
    deliverIfLoopIsOver(). The main thread's loop is over when the application object goes, until there is
    another one (S12).

    The list is trivial, so that it is there for thread-local and static variables that go last.
*/

namespace QTimeout::detail {

class ResumptionLoop;

static constinit thread_local IntrusiveList<Resumption, Resumption> t_scheduled;
static constinit thread_local quint32 t_turn = 0;
static constinit thread_local ResumptionLoop *t_loop = nullptr;
static constinit thread_local bool t_isLoopOver = false;
static constinit thread_local bool t_isThreadOver = false;

/*
    Receives the events of a thread.
*/
class ResumptionLoop final : public QObject
{
public:
    ResumptionLoop();
    ~ResumptionLoop() override;

    void post();
    static void loopIsOver();
    static void deliverAll();

private:
    class Event;
    struct Place
    {
        alignas(QEvent) std::byte bytes[sizeof(QEvent) + 3 * sizeof(void *)];
        Place *next = nullptr;
    };

    bool event(QEvent *event) override;
    void arrived();
    void eventHasGone(Place *place, bool hasArrived);

    Place m_place;
    Place *m_free = &m_place; // for further events
    bool m_isPosted = false;
    QBasicTimer m_timer; // if an event is lost
};

class ResumptionLoop::Event final : public QEvent
{
public:
    static constexpr auto EventType = QEvent::Type(QEvent::User + 2);

    Event(ResumptionLoop *loop, Place *place) noexcept
        : QEvent(EventType), m_loop(loop), m_place(place)
    {
    }
    ~Event() override
    {
        if (m_loop == t_loop)
            m_loop->eventHasGone(m_place, m_hasArrived);
    }

    static void *operator new(size_t, Place *place) noexcept
    {
        static_assert(sizeof(Event) <= sizeof(Place::bytes));
        return place->bytes;
    }
    static void operator delete(void *, Place *) noexcept {}
    // The place is the loop's.
    static void operator delete(void *) noexcept {}

    void arrive()
    {
        m_hasArrived = true;
        m_loop->arrived();
    }

private:
    ResumptionLoop *const m_loop;
    Place *const m_place;
    bool m_hasArrived = false;
};

// The application object is there, or comes into being.
static void beginApplication()
{
    t_isLoopOver = t_isThreadOver;
    qAddPostRoutine(&ResumptionLoop::loopIsOver);
}

ResumptionLoop::ResumptionLoop()
{
    connect(
            QThread::currentThread(), &QThread::finished, this,
            [] {
                threadHasFinished();
                loopIsOver();
            },
            Qt::DirectConnection);

    static std::once_flag once;
    std::call_once(once, qAddPreRoutine, &beginApplication);
}

ResumptionLoop::~ResumptionLoop()
{
    QCoreApplication::removePostedEvents(this); // gives back its place
    while (Place *place = m_free) {
        m_free = place->next;
        if (place != &m_place)
            delete place;
    }
}

// Called in the thread whose event loop it was.
void ResumptionLoop::loopIsOver()
{
    t_isLoopOver = true;
    deliverAll();
}

void ResumptionLoop::deliverAll()
{
    while (Resumption *first = t_scheduled.first()) {
        first->unschedule();
        first->resume();
    }
}

void ResumptionLoop::post()
{
    Place *place = m_free;
    if (m_isPosted || !place)
        return;
    m_free = place->next;
    m_isPosted = true;
    QCoreApplication::postEvent(this, new (place) Event(this, place), Qt::HighEventPriority);
}

bool ResumptionLoop::event(QEvent *event)
{
    if (event->type() == Event::EventType) {
        static_cast<Event *>(event)->arrive();
        return true;
    }
    if (event->type() == QEvent::Timer) {
        m_timer.stop();
        Resumption::deliver();
        return true;
    }
    return QObject::event(event);
}

void ResumptionLoop::arrived()
{
    m_isPosted = false;
    if (t_scheduled.isEmpty())
        return;
    if (!m_free)
        m_free = new (std::nothrow) Place;
    Resumption::deliver();
}

/*
    Nothing can be posted for one that has not arrived: Qt may be removing what is left of a thread.
*/
void ResumptionLoop::eventHasGone(Place *place, bool hasArrived)
{
    place->next = m_free;
    m_free = place;
    if (hasArrived) {
        if (!t_scheduled.isEmpty())
            post();
        return;
    }
    m_isPosted = false;
    if (!t_scheduled.isEmpty() && !t_isLoopOver && QAbstractEventDispatcher::instance())
        m_timer.start(0, this);
}

struct LoopOfThread
{
    ~LoopOfThread()
    {
        t_isThreadOver = true;
        threadHasFinished();
        ResumptionLoop::loopIsOver();
        delete t_loop;
        t_loop = nullptr;
    }
};

bool Resumption::prepare()
{
    if (t_loop)
        return true;
    if (t_isThreadOver)
        return false;
    static thread_local const LoopOfThread loopOfThread;
    Q_UNUSED(loopOfThread)
    t_loop = new ResumptionLoop;
    return true;
}

bool Resumption::isLoopOver() noexcept
{
    return t_isLoopOver;
}

void Resumption::schedule() noexcept
{
    if (isLinked())
        return;
    m_turn = t_turn;
    t_scheduled.append(this);
    if (!t_isLoopOver && t_loop)
        t_loop->post();
}

void Resumption::unschedule() noexcept
{
    t_scheduled.remove(this);
}

void Resumption::deliver()
{
    if (t_scheduled.isEmpty())
        return;
    const quint32 turn = t_turn++;
    for (;;) {
        Resumption *first = t_scheduled.first();
        if (!first || static_cast<qint32>(first->m_turn - turn) > 0)
            break;
        first->unschedule();
        first->resume();
    }
    if (!t_scheduled.isEmpty() && t_loop)
        t_loop->post();
}

void Resumption::deliver(const Selection &selection)
{
    Resumption *each = t_scheduled.first();
    while (each) {
        if (!each->isSelected(selection)) {
            each = t_scheduled.after(each);
            continue;
        }
        each->unschedule();
        each->resume();
        each = t_scheduled.first(); // anything may have happened
    }
}

void Resumption::deliverIfLoopIsOver()
{
    if (t_isLoopOver)
        ResumptionLoop::deliverAll();
}

} // namespace QTimeout::detail
