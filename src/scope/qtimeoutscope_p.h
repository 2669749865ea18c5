// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTSCOPE_P_H
#define QTIMEOUTSCOPE_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It may change from version to version without notice,
// or even be removed. We mean it.
//

#include "deadline/deadlinequeue_p.h"
#include "scope/frame_p.h"
#include "scope/qtimeoutscope.h"
#include "scope/work_p.h"
#include "thread/currentthread_p.h"

#include <QtCore/qhash.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qshareddata.h>
#include <QtCore/qvarlengtharray.h>

#include <stop_token>

Q_DECLARE_LOGGING_CATEGORY(lcQTimeout)

/*
    What the lives of a scope share, and with those who may outlive it.
*/
struct QTimeoutScopeAnchor : QSharedData
{
    QTimeoutScope *scope; // null when it has been destroyed
};

/*
    One life of a scope, from start() to its end.

    A scope that is started again gets a new one, so that whatever happens to the work of the old
    life does not touch the new one. It is counted: by the scope for as long as it is the current
    one, by nested lives, and by whoever is telling or aborting at the moment.
*/
class QTimeoutScopePrivate final : public QTimeout::detail::DeadlineEntry
{
public:
    using Cause = QTimeout::detail::Cause;
    using DeadlineQueue = QTimeout::detail::DeadlineQueue;
    using State = QTimeoutScope::State;
    using Work = QTimeout::detail::Work;

    class Abort;
    using Anchor = QExplicitlySharedDataPointer<QTimeoutScopeAnchor>;
    class Ref;

    /*
        What few lives need.
    */
    struct Rare
    {
        Anchor anchor; // if somebody may outlive the scope or this life of it
        QHash<const QObject *, Work *> watchedObjects;
        std::stop_source stopSource{std::nostopstate}; // made when somebody asks
    };

    explicit QTimeoutScopePrivate(QTimeoutScope *scope) noexcept : q(scope) {}
    ~QTimeoutScopePrivate();

    // One block is kept in each thread for the next life.
    static void *operator new(size_t size);
    static void operator delete(void *block) noexcept;

    static quint64 nextAbortSerial() noexcept;
    static QTimeoutScopePrivate *of(const QTimeoutScope *scope) noexcept { return scope->d; }

    void ref() noexcept { ++m_refCount; }
    // Not inlined: g++ 12 takes a second use of the same life for a use after free.
    Q_NEVER_INLINE void deref() noexcept;

    // Null when it has been destroyed, also if it has been started again meanwhile.
    QTimeoutScope *scope() const noexcept { return hasAnchor() ? m_rare->anchor->scope : q; }
    bool hasAnchor() const noexcept { return m_rare && m_rare->anchor; }
    const Anchor &anchor();
    Rare &rare();
    void beginTelling() noexcept;
    void endTelling() noexcept;
    static QString describe(const QTimeoutScope *scope);
    bool isActive() const noexcept { return m_state == QTimeoutScope::Active; }
    bool isIdle() const noexcept { return m_watches == 0 && m_runs == 0; }
    Cause cause() const noexcept
    {
        return m_state == QTimeoutScope::Expired ? Cause::Expired : Cause::Cancelled;
    }

    void continueFrom(QTimeoutScopePrivate *former);
    void begin(QTimeout::Deadline deadline);
    void setDeadline(QTimeout::Deadline deadline);
    void shiftDeadline(qint64 by);
    void end();
    void finish();
    void abort(State state);
    template<typename Predicate>
    void expireOutermost(Predicate isDue);

    // Nesting
    void setCreator(QTimeout::detail::Frame *creator);
    bool isShieldedFrom(const QTimeoutScopePrivate *outer) const noexcept;
    QTimeoutScopePrivate *nearestActiveEnclosing() const noexcept;
    bool isNestedIn(const QTimeoutScopePrivate *outer) const noexcept;
    void enclose(QTimeoutScopePrivate *enclosing) noexcept;
    void unlink() noexcept
    {
        if (m_isNested)
            unlinkNested();
    }
    void leaveEnclosing() noexcept
    {
        if (m_enclosing)
            forgetEnclosing();
    }
    void moveOut() noexcept;
    void adoptChildren(const QObject *parent) noexcept;
    static void abandonChildren(const QObject *parent) noexcept;
    static QTimeoutScopePrivate *nearestActive(QObject *object) noexcept;
    void handOver(QTimeoutScopePrivate *heir) noexcept;

    // Work
    Work::Admission admit(Work::Kind kind, const char *function) const;
    QTimeout::detail::Frame *frameAt(const void *address) const noexcept;
    void add(Work *work) noexcept;
    quint32 &count(const Work *work) noexcept;
    void remove(Work *work) noexcept;
    void workEnded(Work *work);
    Work *findWatch(const QObject *object) const;
    void unwatch(const QObject *object);
    void requestStop();
    void markWork(quint64 serial);
    void mark(QTimeout::detail::Branch *branch, quint64 serial);
    void abortWork();
    void release(QTimeout::detail::Branch *branch);
    void finishWhenIdle();

    // Threads
    void leaveThread();
    void leaveBehind();
    void enterThread();
    bool checkThread(const char *function) const;

    bool checkActive(const char *function) const;
    bool isUnnoticed() const;

    State m_state : 8 = QTimeoutScope::Inactive;
    Qt::TimerType m_type : 8 = Qt::CoarseTimer;
    QTimeoutScope *q;
    Rare *m_rare = nullptr; // made when it is needed
    Work *m_firstWork = nullptr; // the newest first
    QTimeoutScopePrivate *m_enclosing = nullptr; // counted; stays when this has ended
    QTimeoutScopePrivate *m_firstNested = nullptr; // the newest first
    QTimeoutScopePrivate *m_previousNested = nullptr;
    QTimeoutScopePrivate *m_nextNested = nullptr;
    QTimeout::detail::FrameToken::Pointer m_creator; // the frame that has made the scope
    Abort *m_abort = nullptr; // that is under way
    quint64 m_abortSerial = 0; // of the abort that has ended it
    quint32 m_abortIndex = 0; // in that
    quint32 m_born = 0; // the stretch of the creator
    quint32 m_refCount = 1;
    quint32 m_watches = 0;
    quint32 m_runs = 0;
    quint16 m_tellers = 0; // that are emitting signals about this life, or aborting its work
    bool m_inTransit = false; // between two threads; the deadline is in real time
    bool m_finishDue = false; // the event that finishes it is on its way
    bool m_hasWatched = false;
    bool m_noticed = false; // somebody has made use of it
    bool m_aborting = false; // ended, and the work has not been aborted yet
    bool m_stopRequested = false;
    bool m_isNested = false; // in the list of m_enclosing

protected:
    void due() override;

private:
    void unlinkNested() noexcept;
    void forgetEnclosing() noexcept;
};

class QTimeoutScopePrivate::Ref
{
public:
    explicit Ref(QTimeoutScopePrivate *life) noexcept : m_life(life) { m_life->ref(); }
    Ref(const Ref &other) noexcept : Ref(other.m_life) {}
    Ref &operator=(const Ref &) = delete;
    ~Ref() { m_life->deref(); }

    QTimeoutScopePrivate *operator->() const noexcept { return m_life; }
    QTimeoutScopePrivate *get() const noexcept { return m_life; }

private:
    QTimeoutScopePrivate *m_life;
};

/*
    The end of a life and of all that are nested in it, while slots are told and work is aborted.
    These stand on the stack, the innermost first in a list of the thread, where the destructor of
    a scope finds the lives that it has to complete.
*/
class QTimeoutScopePrivate::Abort
{
public:
    Abort(QTimeoutScopePrivate *life, State state);
    ~Abort();

    void tell();
    void complete() { complete(0); }

    // Completes what is under way for the lives of a scope that is being destroyed.
    static void completeFor(const QTimeoutScope *scope, QTimeoutScopePrivate *life);
    static void unwatch(const QTimeoutScope *scope, const QObject *object);

private:
    Q_DISABLE_COPY_MOVE(Abort)
    void collect(QTimeoutScopePrivate *life, State state, qint64 now);
    void complete(qsizetype first);

    struct Ended
    {
        QTimeoutScopePrivate *life; // counted
        qsizetype end; // behind the last that is nested in it
    };

    QVarLengthArray<Ended, 8> m_lives; // outer before inner
    Abort *m_outer;
    const quint64 m_serial;
    const QTimeout::detail::Frame::Outside m_outside;
};

#endif // QTIMEOUTSCOPE_P_H
