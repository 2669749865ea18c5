// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_FRAME_P_H
#define QTIMEOUT_FRAME_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because frames of abortable coroutines
// and work under a scope are part of coroutine frames, and may change from version to version.
// We mean it.
//

#include "work_p.h"

#include <QtCore/qshareddata.h>
#include <QtCore/qvarlengtharray.h>

struct QTimeoutScopeAnchor;

namespace QTimeout::detail {

class Frame;

// Which frame is running, on which level of event loops.
struct RunningFrame
{
    Frame *frame = nullptr;
    int loopLevel = 0;
};

/*
    Finds a frame for as long as it exists.
*/
struct FrameToken : QSharedData
{
    using Pointer = QExplicitlySharedDataPointer<FrameToken>;

    Frame *frame = nullptr; // null when it has ended; touched only in its thread
};

/*
    Work that may have been started by a frame, and is then interrupted before that frame. See the
    essay in frame.cpp.
*/
class QTIMEOUT_EXPORT Branch : public Work
{
public:
    // Of the coroutine that this is the core of.
    virtual const void *address() const noexcept = 0;
    // Whether the coroutine at this address awaits it.
    virtual bool isAwaitedBy(const void *coroutine) const noexcept = 0;

protected:
    Branch(Kind kind, Frame *starter) noexcept;
    ~Branch();

    Branch *branch() noexcept final { return this; }
    virtual Frame *frame() noexcept { return nullptr; }

    // It waits for an abort that may arrive now.
    virtual bool isDue() const noexcept = 0;
    // Only if it is due. May do anything.
    virtual void interrupt() = 0;
    void interruptIfDue()
    {
        if (isDue())
            interrupt();
    }
    void abort(Cause) override { interruptIfDue(); }

    // Puts it under the nearest active scope around its starter.
    void joinScopeOfStarter();
    Frame *starter() const noexcept { return m_starter; }
    // A frame above is being aborted by the same abort, and has not been interrupted yet.
    bool isAbortedWithStarter() const noexcept { return isAbortedWithStarter(m_marked); }
    bool isAbortedWithStarter(quint64 serial) const noexcept;
    // Somebody shields it from the abort that it is marked with.
    bool isShielded() const noexcept;
    bool isMarked() const noexcept { return m_marked != 0; }
    // That of the first abort.
    Cause cause() const noexcept { return m_cause; }
    [[noreturn]] void throwTimeout() const;

    void mark(quint64 serial, Cause cause) noexcept;

    // It has ended.
    void leave()
    {
        Work::leave();
        if (m_distance)
            leaveRemotely();
    }
    void scopeLeavesThread() override;
    // Its scope lives in another thread, and perhaps is not the one that it has joined.
    virtual void abortedRemotely(Cause cause, bool isHandedOver) = 0;

private:
    struct Distance;
    class Remote;
    friend class Departure;
    friend class Frame;
    friend class ::QTimeoutScopePrivate;

    virtual bool hasSeenMarks() const noexcept { return !isMarked(); }
    bool isShieldedFrom(quint64 serial) const noexcept;
    void leaveStarter() noexcept;
    void goTo(Frame *above) noexcept;
    void linkTo(Frame *starter) noexcept;
    void leaveRemotely();

    Frame *m_starter; // null when it has ended
    Branch *m_previousBranch = nullptr;
    Branch *m_nextBranch = nullptr;
    quint64 m_marked = 0; // the newest abort that is to interrupt it
    quint64 m_oldestMark = 0; // of those that have not interrupted it yet
    QExplicitlySharedDataPointer<Distance> m_distance; // when its scope has gone to another thread
    quint32 m_born = 0; // the stretch of its starter
    Cause m_cause = Cause::Cancelled; // of the first abort
    bool m_isAdopted = false; // the starter has ended, and this is the one above it
};

/*
    On the stack while a branch ends: when those who await it have been resumed, its starter may
    be interrupted, if it is still suspended.
*/
class QTIMEOUT_EXPORT Departure
{
public:
    explicit Departure(Branch &branch)
    {
        if (branch.m_starter)
            leave(branch);
    }
    ~Departure()
    {
        if (m_starter)
            interruptStarter();
    }
    Q_DISABLE_COPY_MOVE(Departure)

private:
    void leave(Branch &branch);
    void interruptStarter();

    FrameToken::Pointer m_starter; // only if that waits to be interrupted
};

/*
    The part of an abortable coroutine's frame that scopes know.
*/
class QTIMEOUT_EXPORT Frame : public Branch
{
public:
    // The one that is running on this level of event loops.
    static Frame *running() noexcept;
    class Outside;
    class Calls;

    // The scope that the coroutine has taken; null when it has been destroyed.
    QTimeoutScope *scope() const noexcept;
    const FrameToken::Pointer &token();
    quint32 stretch() const noexcept { return m_stretch; }

    // An abort has not reached it yet.
    bool isPending() const noexcept { return m_marked > m_seen; }
    void setInterrupted() noexcept
    {
        m_seen = m_marked;
        ++m_stretch; // what cleans up is made after that
    }
    // Its scope has expired, and nobody above is being aborted with it.
    bool isTimedOut() const noexcept;
    // In a handler: throws what is to leave the coroutine if it is timed out.
    [[noreturn]] void rethrowTimedOut() const;
    // In a handler: throws what arrives at a frame that is pending.
    [[noreturn]] void rethrowAwaited(bool isShielded);

    // Aborts it with all that it has started.
    void cancel();
    // What is called now is called by a frame that is about to be interrupted.
    static bool isRunningPending() noexcept;

    // What is awaited in a shield.
    struct Shield
    {
        const void *task = nullptr; // the coroutine, if it is a task
        const void *callee = nullptr; // that a run has called
        const QTimeoutScope *scope = nullptr; // that a run has made
        bool isExact = false; // nothing but what is named here is shielded
        quint64 seen = 0; // the abort that had interrupted it before
    };

protected:
    // Takes the scope, and runs from now on.
    Frame(QTimeoutScope *scope, const void *address);
    ~Frame();

    void enter() noexcept;
    void leave() noexcept;
    // The body has ended.
    void finish() noexcept;
    // The same, while it runs.
    void end() noexcept;

    Frame *frame() noexcept final { return this; }

    void beginShield(const Shield &shield) noexcept;
    // Returns false if there was none.
    bool endShield();

    bool isInterruptible() const noexcept
    {
        return isPending() && m_markedBranches == 0 && !m_isShielding && !isShielded();
    }
    void abortedRemotely(Cause cause, bool isHandedOver) override;

private:
    bool hasSeenMarks() const noexcept override { return !isPending(); }
    friend class Branch;
    friend class ::QTimeoutScopePrivate;
    using Anchor = QExplicitlySharedDataPointer<QTimeoutScopeAnchor>;

    void take(QTimeoutScope *scope);
    void outlive(const Anchor &scope) noexcept;
    void outliveAborted(const Anchor &scope) noexcept;
    bool isPlain() const noexcept;
    QTimeoutScopePrivate *nearestActiveLife() const noexcept;
    bool isUnder(const QTimeoutScopePrivate *outer) const noexcept;
    bool isCreatedInShield(const QTimeoutScopePrivate *created,
                           const QTimeoutScopePrivate *outer) const noexcept;

    void unlinkShield() noexcept;
    bool isAwaitedInShield(const Branch *branch) const noexcept;
    bool hasShieldedSeenAbort() const noexcept;
    bool hasSeen(quint64 abort) const noexcept;
    bool holds(const Branch *branch) const noexcept;
    bool holds(const QTimeoutScopePrivate *life) const noexcept;
    bool hasBranchAt(const void *address) const noexcept;
    bool interruptBranch();
    void markTree(quint64 serial) noexcept;

    RunningFrame m_before; // what ran when this was resumed
    Branch *m_firstBranch = nullptr; // the newest first
    quint32 m_markedBranches = 0;
    quint32 m_stretch = 0; // counts from one suspension to the next
    quint64 m_seen = 0; // the newest abort that has interrupted it
    Anchor m_scope; // that it took, when that has ended
    Anchor m_aborter; // the first scope that has aborted it
    FrameToken::Pointer m_token; // made when somebody asks
    Shield m_shield;
    bool m_isShielding = false;
    bool m_hasFinished = false;
    Frame *m_previousShielding = nullptr;
    Frame *m_nextShielding = nullptr;
};

// In a handler: whether it is the deadline of this scope that has passed.
QTIMEOUT_EXPORT bool isTimeoutOf(const QTimeoutScopeAnchor *scope);

/*
    The frames that take a scope and are started, while this exists, by whoever is running now.
*/
class QTIMEOUT_EXPORT Frame::Calls
{
public:
    explicit Calls(const QTimeoutScope *scope) noexcept;
    ~Calls();
    Q_DISABLE_COPY_MOVE(Calls)

    bool contain(const void *address) const noexcept { return m_addresses.contains(address); }
    static void forget(const void *address);

private:
    friend class Frame;

    const QTimeoutScope *m_scope;
    const Frame *m_caller;
    Calls *m_outer;
    QVarLengthArray<const void *, 2> m_addresses;
};

/*
    What runs while this exists has been called by no frame: slots, for example.
*/
class QTIMEOUT_EXPORT Frame::Outside
{
public:
    Outside() noexcept;
    ~Outside();
    Q_DISABLE_COPY_MOVE(Outside)

private:
    const RunningFrame m_before;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_FRAME_P_H
