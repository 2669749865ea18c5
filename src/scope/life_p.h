// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// One life of a scope, from its start to its end.

#ifndef QTIMEOUT_LIFE_P_H
#define QTIMEOUT_LIFE_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "deadline/deadlinequeue_p.h"
#include "scope/qtimeoutscope.h"
#include "scope/work_p.h"
#include "thread/intrusivelist_p.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qhash.h>
#include <QtCore/qloggingcategory.h>

#include <chrono>
#include <stop_token>

Q_DECLARE_LOGGING_CATEGORY(lcQTimeout)

namespace QTimeout::detail {

class Abort;

/*
    A scope that is started again gets a new life, so that whatever happens to the work of the old one
    does not touch the new one. It is counted: by the scope for as long as it is the current one, by nested
    lives, by the coroutines that were called in it, and by whoever is emitting or aborting at the moment.
    All of these live in the scope's thread.
*/
class Life final : public DeadlineEntry, public ListNode<Life>
{
public:
    using State = QTimeoutScope::State;
    class Ref;

    // The scope is not owned.
    explicit Life(QTimeoutScope *scope) noexcept : m_scope(scope) {}

    // One block is kept in each thread for the next life.
    static void *operator new(size_t size);
    static void operator delete(void *block) noexcept;

    static Life *of(const QTimeoutScope *scope) noexcept { return scope->d; }

    void ref() noexcept { ++m_refCount; }
    // Not inlined: g++ 12 takes a second use of the same life for a use after free.
    Q_NEVER_INLINE void deref() noexcept;

    // Null when it has been destroyed. Of a former life it is the scope still.
    QTimeoutScope *scope() const noexcept { return m_scope; }
    State state() const noexcept { return m_state; }
    bool isActive() const noexcept { return m_state == QTimeoutScope::Active; }
    // It has ended by an abort that is under way.
    bool isAborting() const noexcept { return m_isAborting; }
    bool isAborted() const noexcept
    {
        return m_state == QTimeoutScope::Expired || m_state == QTimeoutScope::Cancelled;
    }
    AbortId abortId() const noexcept { return m_abortId; } // by which it has ended, or 0
    Qt::TimerType timerType() const noexcept { return m_type; }
    Cause cause() const noexcept
    {
        if (m_state != QTimeoutScope::Expired)
            return Cause::Cancelled;
        return expiredIdleTimeout() > 0 ? Cause::ExpiredIdle : Cause::Expired;
    }

    // From start to end
    Life *startNext();
    void begin(QTimeout::Deadline deadline);
    void setDeadline(QTimeout::Deadline deadline);
    void shiftDeadline(qint64 by);
    // The deadline that was set; deadline() is when it ends, by that or by the idle timeout.
    qint64 ownDeadline() const noexcept { return hasIdle() ? m_extra->own.deadline : deadline(); }
    QDeadlineTimer deadlineTimer() const noexcept { return toTimer(ownDeadline(), m_type); }
    QDeadlineTimer effectiveTimer() const noexcept
    {
        return toTimer(deadline(), isIdleFirst() ? Qt::CoarseTimer : m_type);
    }
    qint64 remaining() const noexcept { return remainingUntil(deadline()); }
    qint64 remainingUntil(qint64 time) const noexcept;
    void checkDeadlines();
    void finish();
    void abort(State state, const QString &reason = QString());
    void destroyScope();
    bool handleEvent(QEvent *event);

    // The idle timeout
    qint64 idleTimeout() const noexcept { return m_extra ? m_extra->idleTimeout : 0; }
    void setIdleTimeout(qint64 nsecs);
    void touch()
    {
        if (hasIdle() && isActive())
            beginIdleTime();
    }
    // It has expired by the idle timeout, which was this; else 0.
    qint64 expiredIdleTimeout() const noexcept { return m_extra ? m_extra->expiredIdleTimeout : 0; }

    // How long it was given when the deadline was last set, shifts included.
    qint64 length() const noexcept { return m_length; }
    QString reason() const { return m_extra ? m_extra->reason : QString(); }
    std::chrono::milliseconds gracePeriod() const noexcept
    {
        return m_extra ? m_extra->gracePeriod : DefaultGracePeriod;
    }
    void setGracePeriod(std::chrono::milliseconds period) { extra().gracePeriod = period; }

    // Nesting
    Life *nearestActive() noexcept { return isActive() ? this : nearestActiveEnclosing(); }
    Life *nearestActiveEnclosing() const noexcept;
    const Life *decisive() const noexcept;
    // Of this and those that enclose it, idle timeouts left aside.
    qint64 earliestDeadline() const noexcept;
    quint32 depth() const noexcept;
    bool isNestedIn(const Life *outer) const noexcept;
    void setCreator(Life *creator) noexcept;
    void childAdded(QTimeoutScope *inner) noexcept;
    static void childRemoved(QTimeoutScope *inner) noexcept;

    // Work
    Work::Admission admit(Work::Kind kind, const char *function) const;
    void add(Work *work) noexcept;
    void remove(Work *work) noexcept;
    void workEnded(Work *work);
    const IntrusiveList<Work, Work> &work() const noexcept { return m_work; }
    Work *findWatch(const QObject *object) const;
    void unwatch(const QObject *object);
    std::stop_token stopToken();
    void setNoticed() noexcept { m_isNoticed = true; }

    // Threads
    void leaveThread();
    void enterThread();

    // They warn in the name of the function.
    bool checkThread(const char *function) const;
    bool checkActive(const char *function) const;
    void warn(const char *function, const char *text) const;

    static QString describe(const QTimeoutScope *scope);
    static const char *nameOf(State state);

protected:
    void due() override;

private:
    friend class Abort;

    /*
        What few lives need.
    */
    struct Extra
    {
        QHash<const QObject *, Work *> watchedObjects;
        std::stop_source stopSource{std::nostopstate}; // made when somebody asks
        qint64 idleTimeout = 0; // nanoseconds; zero is none
        qint64 idleTimeoutOfLife = 0; // the same, as it was when the life ended
        qint64 expiredIdleTimeout = 0;
        // While there is an idle timeout: when the deadline comes up, and when the idle time is over.
        DeadlineQueue::Time own;
        DeadlineQueue::Time idle;
        std::chrono::milliseconds gracePeriod = DefaultGracePeriod;
        QString reason; // of the cancellation
    };

    ~Life();

    Extra &extra();
    bool hasIdle() const noexcept { return m_extra && m_extra->idleTimeoutOfLife > 0; }
    bool isIdleFirst() const noexcept
    {
        return hasIdle() && m_extra->idle.deadline < m_extra->own.deadline;
    }
    void startIdleTime();
    void beginIdleTime();
    void setTime(DeadlineQueue *threadQueue, DeadlineQueue::Time own);
    void noteEnd(const QString &reason);
    QDeadlineTimer toTimer(qint64 time, Qt::TimerType type) const noexcept;
    bool isIdle() const noexcept { return m_watches == 0 && m_runs == 0; }
    bool isFinishDue() const;
    void finishWhenIdle();
    quint32 &countOf(const Work *work) noexcept;
    void end();
    template<typename Predicate>
    void expireOutermost(Predicate isWanted);
    bool isUnnoticed() const;
    void dropFormer(Life *former) noexcept;

    void enclose(Life *enclosing) noexcept;
    void leaveEnclosing() noexcept
    {
        if (m_enclosing)
            forgetEnclosing();
    }
    void forgetEnclosing() noexcept;
    // The enclosing life is still remembered.
    void unlinkNested() noexcept
    {
        if (isLinked())
            m_enclosing->m_nested.remove(this);
    }
    void moveOut() noexcept;
    void handOver() noexcept;
    void adoptChildren(const QObject *parent) noexcept;
    static void abandonChildren(const QObject *parent) noexcept;
    static Life *nearestActiveOf(QObject *object) noexcept;

    void interruptWork();
    void stayBehind();
    static QEvent::Type arrivedEvent();

    State m_state : 8 = QTimeoutScope::Inactive;
    Qt::TimerType m_type : 8 = Qt::CoarseTimer;
    quint32 m_refCount = 1;
    QTimeoutScope *m_scope;
    Life *m_former = nullptr; // of the same scope, the newest that somebody refers to; not counted
    Extra *m_extra = nullptr; // made when it is needed
    IntrusiveList<Work, Work> m_work; // the newest first
    Life *m_enclosing = nullptr; // counted; stays when this has ended
    IntrusiveList<Life, Life> m_nested; // the newest first; a member while both are active
    AbortId m_abortId = 0;
    qint64 m_length = 0;
    quint32 m_watches = 0;
    quint32 m_runs = 0;
    bool m_isInTransit = false; // between two threads; the deadline is in real time
    bool m_isFinishPosted = false; // the event that finishes it is on its way
    bool m_hasWatched = false;
    bool m_isNoticed = false; // somebody has made use of it
    bool m_isAborting = false; // ended, and the work has not been aborted yet
    bool m_isStopRequested = false;
};

class Life::Ref
{
public:
    explicit Ref(Life *life) noexcept : m_life(life) { m_life->ref(); }
    Ref(const Ref &) = delete;
    Ref &operator=(const Ref &) = delete;
    ~Ref() { m_life->deref(); }

    Life *operator->() const noexcept { return m_life; }

private:
    Life *const m_life;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_LIFE_P_H
