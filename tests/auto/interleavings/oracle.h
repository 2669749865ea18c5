// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef ORACLE_H
#define ORACLE_H

#include "program.h"

#include <QTimeoutScope>

#include <QtCore/qpointer.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

/*
    What ought to happen
    ====================

    The oracle is told what the program does, and knows nothing of how the library does it. It keeps
    for each scope its life, and for each abortable coroutine the scope it is under, who has started
    it, what it awaits, and which aborts concern it; and objects to what the clauses of the contract
    do not allow:

    - A coroutine is interrupted only by an abort of a scope that it was under when that ended (S6,
      S10), at most once by each (A5), and only while it is suspended in something that has not ended
      (A2) and is not shielded (A8).
    - It is not interrupted while an abortable coroutine which it has started, and which is
      being aborted, is alive (A6).
    - Once the call or the turn of the event loop that has ended a scope has returned, all that are
      to be interrupted have been, unless one of the above holds them back; and nobody awaits
      what has ended.
    - A QTimeoutCancelled that leaves a coroutine becomes QTimeoutError exactly if the cause was an
      expiry and nobody above is being aborted too (A4). tryRun() tells its own deadline
      from others (A3).
    - The state of a scope is what its end says, and that of nested ones is Expired if their own
      deadline has passed by then, else Cancelled (S10).
    - Locals are destroyed once, the last first.

    When slots have been told of an abort but the work has not been aborted yet, or the
    exception has another origin than the abort, the clauses leave open what is seen; then either is
    accepted.
*/

// As bits, for sets.
enum class Outcome { Value = 1, Cancelled = 2, TimedOut = 4, Empty = 8 };
const char *nameOf(Outcome outcome);

struct ScopeRecord;
struct CoroutineRecord;

struct Life
{
    ScopeRecord *scope = nullptr;
    Life *enclosing = nullptr;
    QTimeoutScope::State state = QTimeoutScope::Inactive;
    quint64 abort = 0; // the number of the abort that has ended it
};

struct ScopeRecord
{
    QByteArray name;
    QPointer<QTimeoutScope> object;
    ScopeRecord *parent = nullptr;
    CoroutineRecord *creator = nullptr;
    int born = 0; // the stretch of the creator
    CoroutineRecord *callee = nullptr; // of the run that has made it
    Life *life = nullptr;
    std::optional<std::chrono::nanoseconds> deadline;
    bool isCancelDue = false; // somebody is allowed to cancel it
    bool isDying = false; // its destructor may abort it from now on
    bool isDestroyed = false;
};

// A task of a plain coroutine.
struct PlainRecord
{
    CoroutineRecord *callee = nullptr;
    std::optional<Outcome> outcome;
};

struct Await
{
    const Step *step = nullptr;
    CoroutineRecord *callee = nullptr;
    PlainRecord *plain = nullptr;
    std::optional<std::chrono::nanoseconds> deadline; // of a sleep or of a run for a gate or job
    int emissions = 0; // of the job before
    quint64 seen = 0; // the pending abort, if it had interrupted what is awaited before that
    // Set by hand.
    std::function<bool()> hasEnded;
    std::function<bool()> isGone; // has ended because the object was destroyed

    CoroutineRecord *awaited() const { return plain ? plain->callee : callee; }
};

struct CoroutineRecord
{
    bool isPending() const { return !unseen.isEmpty(); }

    QByteArray name;
    ScopeRecord *scope = nullptr; // that it has taken
    CoroutineRecord *starter = nullptr;
    Life *life = nullptr; // that it is under
    ScopeRecord *aborter = nullptr; // the first
    quint64 marked = 0; // the newest abort that concerns it
    QList<quint64> unseen; // those that are to interrupt it
    quint64 seen = 0; // the newest that has interrupted it
    quint64 maybeSeen = 0; // the same, but perhaps it has not
    int causes = 0; // of the aborts that concern it
    bool isBeingInterrupted = false; // what it awaits is being aborted
    bool isForeign = false; // the exception has perhaps another origin than the newest abort
    bool hasEnded = false;
    bool isAwaiting = false;
    Await await;
    std::optional<Outcome> result; // of the body
    int expected = 0; // what those who await it may see
    int locals = 0;
    bool hasSuspended = false;
    int stretch = 0; // counts from one suspension to the next
    int born = 0; // the stretch of the starter
};

class Oracle
{
public:
    using Clock = std::function<std::chrono::nanoseconds()>;

    explicit Oracle(Clock clock) : m_clock(std::move(clock)) {}

    // The first objection.
    const QByteArray &objection() const { return m_objection; }
    void object(const QByteArray &text);

    // Who is running. A barrier hides those below.
    size_t depth() const { return m_running.size(); }
    void truncate(size_t depth) { m_running.resize(depth); }
    void pushBarrier() { m_running.push_back(nullptr); }
    CoroutineRecord *running() const;

    ScopeRecord *addScope(const QByteArray &name, QTimeoutScope *object, ScopeRecord *parent,
                          std::optional<std::chrono::nanoseconds> deadline);
    ScopeRecord *scope(const QByteArray &name) const { return m_scopeNames.value(name); }
    ScopeRecord *scopeOf(const QTimeoutScope *object) const;
    void scopeStateChanged(ScopeRecord *scope, QTimeoutScope::State state);
    void scopeStarted(ScopeRecord *scope);
    void scopeDies(ScopeRecord *scope); // about to be destroyed
    bool isChildDying(const ScopeRecord *scope) const;
    void scopeMayDie(ScopeRecord *scope); // by itself
    void scopeDestroyed(ScopeRecord *scope) { scope->isDestroyed = true; }

    // Those that have begun, in this order.
    size_t count() const { return m_coroutines.size(); }
    CoroutineRecord *at(size_t index) { return &m_coroutines.at(index); }
    CoroutineRecord *begin(const QByteArray &name, ScopeRecord *scope);
    PlainRecord *addPlain() { return &m_plains.emplace_back(); }
    void suspending(CoroutineRecord *coroutine, const Await &await);
    void resumed(CoroutineRecord *coroutine, Outcome outcome);
    void ended(CoroutineRecord *coroutine);

    void jobAborted(const QByteArray &name);
    // Nothing of the program is on the stack.
    void checkQuiescent(bool hasTurned);
    bool haveAllEnded() const;
    void checkEnded();

private:
    bool isUnder(const Life *inner, const Life *outer) const;
    bool isStartedBy(const CoroutineRecord *inner, const CoroutineRecord *outer) const;
    static Life *nearestActive(Life *life);
    Life *nearestActive(CoroutineRecord *coroutine) const;
    bool isPlain(const CoroutineRecord *coroutine) const;
    bool isPerhapsHeldBack(const CoroutineRecord *coroutine) const;
    bool isHeldBack(const CoroutineRecord *coroutine) const;
    bool isShielded(const CoroutineRecord *coroutine, quint64 abort) const;
    bool hasSeen(const CoroutineRecord *callee, quint64 abort) const;
    static const CoroutineRecord *shielded(const CoroutineRecord &coroutine);
    static bool isTakenForShielded(const ScopeRecord *scope, const CoroutineRecord &creator);
    bool isCreatedInShield(const ScopeRecord *scope, const Life *outer) const;
    const CoroutineRecord *abortedBranch(const CoroutineRecord *coroutine) const;
    void mark(CoroutineRecord *coroutine, Life *life);
    void abortLife(Life *life, QTimeoutScope::State state);
    void collect(Life *life, QTimeoutScope::State state, std::vector<Life *> &lives) const;
    void finishLife(Life *life);
    Life *newLife(ScopeRecord *scope);
    bool hasPassed(const ScopeRecord *scope) const;
    bool mayBeCancelled(const ScopeRecord *scope) const;
    bool abortDying(Life *life);
    int expectedFrom(const CoroutineRecord *coroutine) const;
    void resumedFromCallee(CoroutineRecord *coroutine, Outcome outcome);
    void resumedFromOther(CoroutineRecord *coroutine, Outcome outcome);
    void interrupted(CoroutineRecord *coroutine);
    void checkInterruption(CoroutineRecord *coroutine);
    void cameThrough(CoroutineRecord *coroutine, bool isForeign);

    Clock m_clock;
    QByteArray m_objection;
    std::vector<CoroutineRecord *> m_running;
    std::deque<ScopeRecord> m_scopes;
    std::deque<Life> m_lives;
    std::deque<CoroutineRecord> m_coroutines;
    std::deque<PlainRecord> m_plains;
    QHash<QByteArray, ScopeRecord *> m_scopeNames;
    quint64 m_lastAbort = 0;
};

#endif // ORACLE_H
