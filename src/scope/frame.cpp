// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/frame_p.h"

#include "scope/qtimeoutcancelled.h"
#include "scope/qtimeouterror.h"
#include "scope/qtimeoutscope_p.h"

#include <QtCore/qthread.h>

#include <utility>

/*
    How an abort reaches coroutines
    ===============================

    An abort is known by its serial number. It marks all coroutines and runs that are under the
    scopes concerned, before it interrupts any. A frame (that is, an abortable coroutine) that is
    marked with an abort which it has not seen is pending: it has yet to be interrupted.

    A branch is what a frame has started: another frame, or a run. Who is running at the moment
    is known per thread, together with the level of event loops: what a nested event loop delivers
    is started by nobody. The variable is set when a frame begins or is resumed, and set back when
    it is suspended or ends. Since a frame is suspended on the stack on which it was resumed, that is
    strictly last in first out.

    Innermost first
    ---------------
    A frame is interrupted when it is pending, is suspended in something that has not ended, has no
    branch that is marked, and is not in a shield. That is looked at

    - by the abort, for each frame, from the innermost scope to the outermost, the newest first,
    - by each frame that is about to be suspended, for itself,
    - when a branch has ended, for its starter: after those who await the branch have been resumed,
      since mostly the exception reaches the starter through them.
    - when a shield has ended, for all that was started below it.

    So nothing is searched for, and an abort costs as much as what it aborts.

    Each abort interrupts a frame once, because the frame then has seen it. It also has when the
    exception arrives through an awaited branch. What it starts afterwards has seen it, too. A frame
    may wait for several aborts: the newest mark tells what belongs to the same abort, the oldest that
    it has not seen whether one of them may arrive although another is kept off.

    When a frame ends, what it has started goes to the frame above, which does not wait for that: it has
    not started it. It is only still in the shields of those above.

    After the abort
    ---------------
    A frame may go on after its scope has ended, to clean up. It is then under the nearest scope
    around that is still active, and an abort of that one interrupts it again. It still remembers
    the scope that it took, by an anchor, as long as that exists. If the scope that has aborted it is
    destroyed, the frame is a plain one from then on.

    What leaves a frame
    -------------------
    QTimeoutCancelled becomes QTimeoutError if the scope of the frame has expired, unless a frame
    above is pending with the same abort. It is the same abort if both are marked with the same
    number: all that are concerned have been marked by then.

    Shields
    -------
    What is awaited in a shield has been created before, as an argument. So it can only be told from
    what else the frame has started by what is known of it:

    - The shielded task is an abortable coroutine or a run: that is the one, with what the run has
      called, and nothing else is.
    - It is a plain task: what it awaits is shielded. So is what was started in the same stretch (from
      one suspension of the frame to the next), since that is when the task was probably made. What is
      called two plain coroutines further, and later, cannot be known.

    What was started when the abort had come already may have been interrupted before it got into the
    shield. An exception is then taken for that of the abort, as if it came from any awaited branch. Every other
    QTimeoutCancelled from a shield is one of the work's own, and the abort still waits.

    A shield keeps off those aborts that concern the frame which has raised it. Deadlines inside are
    not among those. Scopes that were made inside are not taken along by such an abort; they are under
    the next scope around that is active then. If the frame becomes a plain one in its shield, it stays
    under the scope around, so that it is known what the shield keeps off.
*/

namespace QTimeout::detail {

/*
    Who is running
*/

static constinit thread_local RunningFrame t_running{};

static int loopLevel() noexcept
{
    return currentThread()->loopLevel();
}

Frame *Frame::running() noexcept
{
    const RunningFrame &running = t_running;
    return running.frame && running.loopLevel == loopLevel() ? running.frame : nullptr;
}

void Frame::enter() noexcept
{
    m_before = std::exchange(t_running, {this, loopLevel()});
    ++m_stretch;
}

void Frame::leave() noexcept
{
    t_running = m_before;
}

Frame::Outside::Outside() noexcept : m_before(std::exchange(t_running, {}))
{
}

Frame::Outside::~Outside()
{
    t_running = m_before;
}

/*
    Frames
*/

static constinit thread_local Frame::Calls *t_calls = nullptr;

Frame::Calls::Calls(const QTimeoutScope *scope) noexcept
    : m_scope(scope), m_caller(running()), m_outer(std::exchange(t_calls, this))
{
}

Frame::Calls::~Calls()
{
    t_calls = m_outer;
}

// Another coroutine may get its place.
void Frame::Calls::forget(const void *address)
{
    for (Calls *calls = t_calls; calls; calls = calls->m_outer)
        calls->m_addresses.removeAll(address);
}

Frame::Frame(QTimeoutScope *scope, const void *address) : Branch(Call, running())
{
    if (t_calls && t_calls->m_scope == scope && t_calls->m_caller == starter())
        t_calls->m_addresses.append(address);
    if (starter())
        m_seen = starter()->m_seen;
    take(scope);
    enter();
}

Frame::~Frame()
{
    if (!m_hasFinished)
        finish();
}

void Frame::take(QTimeoutScope *scope)
{
    QTimeoutScopePrivate *life = QTimeoutScopePrivate::of(scope);
    if (!life->checkThread("coroutine"))
        return;
    switch (life->m_state) {
    case QTimeoutScope::Inactive:
    case QTimeoutScope::Active:
        life->add(this);
        break;
    case QTimeoutScope::Expired:
    case QTimeoutScope::Cancelled:
        if (life->m_abortSerial > m_seen)
            life->mark(this, life->m_abortSerial);
        else
            outliveAborted(life->anchor());
        life->release(this);
        break;
    case QTimeoutScope::Finished:
        outlive(life->anchor());
        if (QTimeoutScopePrivate *active = life->nearestActiveEnclosing())
            active->add(this);
        break;
    }
}

void Frame::outlive(const Anchor &scope) noexcept
{
    if (!m_scope)
        m_scope = scope;
}

void Frame::outliveAborted(const Anchor &scope) noexcept
{
    outlive(scope);
    if (!m_aborter)
        m_aborter = scope;
}

void Frame::end() noexcept
{
    leave();
    if (t_calls)
        Calls::forget(address());
    finish();
}

void Frame::finish() noexcept
{
    m_hasFinished = true;
    Branch::leave();
    while (m_firstBranch)
        m_firstBranch->goTo(starter());
    if (m_token)
        std::exchange(m_token, {})->frame = nullptr;
    unlinkShield();
}

QTimeoutScope *Frame::scope() const noexcept
{
    if (m_scope)
        return m_scope->scope;
    return life() ? life()->scope() : nullptr;
}

/*
    Whether it has outlived the scope that has aborted it (A14).
*/
bool Frame::isPlain() const noexcept
{
    return m_aborter && m_aborter == m_scope && !m_scope->scope;
}

QTimeoutScopePrivate *Frame::nearestActiveLife() const noexcept
{
    if (!life() || isPlain())
        return nullptr;
    return life()->isActive() ? life() : life()->nearestActiveEnclosing();
}

const FrameToken::Pointer &Frame::token()
{
    if (!m_token) {
        m_token = new FrameToken;
        m_token->frame = this;
    }
    return m_token;
}

bool Frame::isUnder(const QTimeoutScopePrivate *outer) const noexcept
{
    return life() && (life() == outer || life()->isNestedIn(outer));
}

/*
    What leaves a coroutine or a run when the deadline of its scope has passed.
*/
class ScopeTimeout final : public QTimeoutError
{
public:
    using Anchor = QExplicitlySharedDataPointer<QTimeoutScopeAnchor>;

    ScopeTimeout(const Anchor &scope, quint64 abort) noexcept : m_scope(scope), m_abort(abort) {}

    void raise() const override { throw *this; }
    ScopeTimeout *clone() const override { return new ScopeTimeout(*this); }

    bool isOf(const QTimeoutScopeAnchor *scope) const noexcept { return m_scope.data() == scope; }
    bool isOf(quint64 abort) const noexcept { return m_abort == abort; }

private:
    Anchor m_scope;
    quint64 m_abort;
};

void Branch::throwTimeout() const
{
    throw ScopeTimeout({}, m_marked);
}

bool Frame::isTimedOut() const noexcept
{
    return isMarked() && cause() == Cause::Expired && !isAbortedWithStarter()
            && (m_seen == 0 || !isAbortedWithStarter(m_seen));
}

void Frame::rethrowTimedOut() const
{
    try {
        throw;
    } catch (const QTimeoutCancelled &) {
        throw ScopeTimeout(m_aborter, m_marked);
    }
}

/*
    The exception of an abort mostly comes through what has been interrupted before. If that knows of no
    frame above, being called by a plain coroutine later, it may have left that as an error already.
*/
void Frame::rethrowAwaited(bool isShielded)
{
    try {
        throw;
    } catch (const QTimeoutCancelled &) {
        if (!isShielded || m_shield.seen == m_marked) // else it is one of the work's own
            setInterrupted();
        throw;
    } catch (const ScopeTimeout &error) {
        if (!error.isOf(m_marked))
            throw;
        setInterrupted();
        throw QTimeoutCancelled();
    }
}

bool isTimeoutOf(const QTimeoutScopeAnchor *scope)
{
    try {
        throw;
    } catch (const ScopeTimeout &error) {
        return error.isOf(scope);
    } catch (...) {
        return false;
    }
}

bool Frame::isRunningPending() noexcept
{
    const Frame *frame = running();
    return frame && frame->isPending();
}

void Frame::markTree(quint64 serial) noexcept
{
    mark(serial, Cause::Cancelled);
    for (Branch *branch = m_firstBranch; branch; branch = branch->m_nextBranch) {
        if (Frame *inner = branch->frame())
            inner->markTree(serial);
        else
            branch->mark(serial, Cause::Cancelled);
    }
}

void Frame::cancel()
{
    markTree(QTimeoutScopePrivate::nextAbortSerial());
    const FrameToken::Pointer self = token();
    while (self->frame && interruptBranch()) {}
    if (self->frame)
        interruptIfDue();
}

void Frame::abortedRemotely(Cause cause, bool)
{
    mark(QTimeoutScopePrivate::nextAbortSerial(), cause);
    interruptIfDue();
}

/*
    Shields
*/

// Those that are suspended in one.
static constinit thread_local Frame *t_firstShielding = nullptr;

void Frame::beginShield(const Shield &shield) noexcept
{
    m_shield = shield;
    m_shield.isExact = shield.isExact || hasBranchAt(shield.task);
    if (isPending() && hasShieldedSeenAbort())
        m_shield.seen = m_marked;
    m_isShielding = true;
    m_nextShielding = std::exchange(t_firstShielding, this);
    if (m_nextShielding)
        m_nextShielding->m_previousShielding = this;
}

void Frame::unlinkShield() noexcept
{
    if (!std::exchange(m_isShielding, false))
        return;
    if (m_previousShielding)
        m_previousShielding->m_nextShielding = m_nextShielding;
    else
        t_firstShielding = m_nextShielding;
    if (m_nextShielding)
        m_nextShielding->m_previousShielding = m_previousShielding;
    m_previousShielding = nullptr;
    m_nextShielding = nullptr;
}

/*
    What was shielded and has not ended is interrupted now. To interrupt one may end any of them, so the
    search starts anew after each. Nothing has been kept off that does not concern this frame too.
*/
bool Frame::endShield()
{
    if (!m_isShielding)
        return false;
    unlinkShield();
    while (isPending() && interruptBranch()) {}
    return true;
}

// The innermost first.
bool Frame::interruptBranch()
{
    for (Branch *branch = m_firstBranch; branch; branch = branch->m_nextBranch) {
        if (Frame *frame = branch->frame(); frame && frame->interruptBranch())
            return true;
        if (branch->isDue()) {
            branch->interrupt();
            return true;
        }
    }
    return false;
}

bool Frame::hasBranchAt(const void *address) const noexcept
{
    for (const Branch *branch = m_firstBranch; branch; branch = branch->m_nextBranch) {
        if (branch->address() == address)
            return true;
    }
    return false;
}

bool Frame::isAwaitedInShield(const Branch *branch) const noexcept
{
    return branch->address() == m_shield.task || branch->address() == m_shield.callee
            || branch->isAwaitedBy(m_shield.task);
}

// By the abort that this frame waits for.
bool Frame::hasShieldedSeenAbort() const noexcept
{
    for (Branch *branch = m_shield.task ? m_firstBranch : nullptr; branch;
         branch = branch->m_nextBranch) {
        const Frame *frame = branch->frame();
        if (frame && isAwaitedInShield(branch) && frame->hasSeen(m_marked))
            return true;
    }
    return false;
}

// It, or anything below it, from which the exception may come.
bool Frame::hasSeen(quint64 abort) const noexcept
{
    if (m_seen == abort)
        return true;
    for (Branch *branch = m_firstBranch; branch; branch = branch->m_nextBranch) {
        const Frame *frame = branch->frame();
        if (frame && frame->hasSeen(abort))
            return true;
    }
    return false;
}

bool Frame::holds(const Branch *branch) const noexcept
{
    if (!m_shield.task)
        return false;
    if (isAwaitedInShield(branch))
        return true;
    return !m_shield.isExact && branch->m_starter == this && !branch->m_isAdopted
            && branch->m_born == m_stretch;
}

bool Frame::holds(const QTimeoutScopePrivate *life) const noexcept
{
    if (!m_shield.task)
        return false;
    return (m_shield.scope && life->q == m_shield.scope)
            || (!m_shield.isExact && life->m_born == m_stretch);
}

/*
    All the aborts that it waits for, which may be several, are kept off. A run of a plain frame is not marked.
*/
bool Branch::isShielded() const noexcept
{
    return t_firstShielding && isShieldedFrom(m_marked)
            && (m_oldestMark == m_marked || isShieldedFrom(m_oldestMark));
}

bool Branch::isShieldedFrom(quint64 serial) const noexcept
{
    for (const Frame *each = t_firstShielding; each; each = each->m_nextShielding) {
        const bool keepsOff = serial != 0 ? each->m_marked == serial || each->m_oldestMark == serial
                                          : each->isPlain();
        if (each == this || !keepsOff)
            continue;
        for (const Branch *inner = this; inner && inner != each; inner = inner->m_starter) {
            if (each->holds(inner))
                return true;
        }
    }
    return false;
}

/*
    Whether what this frame has created is in a shield that keeps off the abort of the outer scope,
    or any abort if that is null.
*/
bool Frame::isCreatedInShield(const QTimeoutScopePrivate *created,
                              const QTimeoutScopePrivate *outer) const noexcept
{
    for (const Frame *each = t_firstShielding; each; each = each->m_nextShielding) {
        if (outer && !each->isUnder(outer))
            continue;
        if (each == this && holds(created))
            return true;
        for (const Branch *inner = this; inner && inner != each; inner = inner->m_starter) {
            if (each->holds(inner))
                return true;
        }
    }
    return false;
}

} // namespace QTimeout::detail
