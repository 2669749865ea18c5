// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "oracle.h"

#include <algorithm>

using State = QTimeoutScope::State;

static constexpr int bit(Outcome outcome)
{
    return static_cast<int>(outcome);
}

static constexpr int Either = bit(Outcome::Cancelled) | bit(Outcome::TimedOut);
static constexpr int ByExpiry = 1;
static constexpr int ByCancellation = 2;

static constexpr bool isRunKind(Step::Kind kind)
{
    return kind == Step::Run || kind == Step::TryRun || kind == Step::Signal;
}

const char *nameOf(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Value:
        return "a value";
    case Outcome::Cancelled:
        return "QTimeoutCancelled";
    case Outcome::TimedOut:
        return "QTimeoutError";
    case Outcome::Empty:
        return "an empty result";
    }
    return nullptr;
}

void Oracle::object(const QByteArray &text)
{
    if (m_objection.isEmpty())
        m_objection = text;
}

CoroutineRecord *Oracle::running() const
{
    for (auto each = m_running.rbegin(); each != m_running.rend(); ++each) {
        if (!*each)
            return nullptr;
        if (!(*each)->hasEnded && !(*each)->isAwaiting)
            return *each;
    }
    return nullptr;
}

/*
    Lives
*/

Life *Oracle::nearestActive(Life *life)
{
    while (life && life->state != QTimeoutScope::Active)
        life = life->enclosing;
    return life;
}

Life *Oracle::nearestActive(CoroutineRecord *coroutine) const
{
    return coroutine && !isPlain(coroutine) ? nearestActive(coroutine->life) : nullptr;
}

bool Oracle::isUnder(const Life *inner, const Life *outer) const
{
    while (inner && inner != outer)
        inner = inner->enclosing;
    return inner;
}

bool Oracle::hasPassed(const ScopeRecord *scope) const
{
    return scope->deadline && *scope->deadline <= m_clock();
}

// It has outlived the scope that has aborted it (A14).
bool Oracle::isPlain(const CoroutineRecord *coroutine) const
{
    return coroutine->aborter && coroutine->aborter == coroutine->scope
            && coroutine->scope->isDestroyed;
}

ScopeRecord *Oracle::addScope(const QByteArray &name, QTimeoutScope *object, ScopeRecord *parent,
                              std::optional<std::chrono::nanoseconds> deadline)
{
    ScopeRecord &scope = m_scopes.emplace_back();
    scope.name = name;
    scope.object = object;
    scope.parent = parent;
    scope.deadline = deadline;
    scope.creator = parent ? nullptr : running();
    scope.life = newLife(&scope);
    if (scope.creator)
        scope.born = scope.creator->stretch;
    if (!parent)
        scope.life->enclosing = nearestActive(scope.creator);
    m_scopeNames.insert(name, &scope);
    return &scope;
}

ScopeRecord *Oracle::scopeOf(const QTimeoutScope *object) const
{
    for (const ScopeRecord &scope : m_scopes) {
        if (!scope.isDestroyed && scope.object == object)
            return const_cast<ScopeRecord *>(&scope);
    }
    return nullptr;
}

Life *Oracle::newLife(ScopeRecord *scope)
{
    Life &life = m_lives.emplace_back();
    life.scope = scope;
    life.state = QTimeoutScope::Active;
    if (scope->parent)
        life.enclosing = nearestActive(scope->parent->life);
    else if (scope->life)
        life.enclosing = nearestActive(scope->life->enclosing);
    return &life;
}

void Oracle::scopeStarted(ScopeRecord *scope)
{
    scope->life = newLife(scope);
    for (ScopeRecord &child : m_scopes) {
        if (child.parent == scope && !child.isDestroyed
            && child.life->state == QTimeoutScope::Active)
            child.life->enclosing = scope->life;
    }
}

bool Oracle::mayBeCancelled(const ScopeRecord *scope) const
{
    if (scope->isCancelDue || scope->isDying)
        return true;
    // A run that is awaited by one that is interrupted is abandoned.
    const CoroutineRecord *creator = scope->creator;
    return scope->callee
            && (!creator || creator->hasEnded
                || (creator->isAwaiting && creator->isPending()
                    && creator->await.awaited() == scope->callee));
}

void Oracle::scopeStateChanged(ScopeRecord *scope, State state)
{
    Life *life = scope->life;
    if (life->state == state)
        return;
    if (life->state != QTimeoutScope::Active) {
        object("Scope " + scope->name + " ends for the second time");
    } else if (state == QTimeoutScope::Expired) {
        if (!hasPassed(scope))
            object("S4: Scope " + scope->name + " expires before its deadline");
        abortLife(life, state);
    } else if (state == QTimeoutScope::Cancelled) {
        if (abortDying(life->enclosing) && life->state == state)
            return;
        if (!mayBeCancelled(scope))
            object("S10: Scope " + scope->name + " is cancelled by nobody");
        abortLife(life, state);
    } else if (state == QTimeoutScope::Finished) {
        finishLife(life);
    }
}

void Oracle::scopeDies(ScopeRecord *scope)
{
    for (ScopeRecord &child : m_scopes) {
        if (child.parent == scope && !child.isDestroyed)
            scopeMayDie(&child);
    }
    scope->isDying = true;
    // Else the destructor completes what is under way, for the scope that has aborted.
    if (scope->life->state == QTimeoutScope::Active) {
        abortLife(scope->life, QTimeoutScope::Cancelled);
        scope->isDestroyed = true;
        return;
    }
    // The children, which are destroyed after it, are still active if it has finished.
    for (ScopeRecord &child : m_scopes) {
        if (child.parent == scope && !child.isDestroyed
            && child.life->state == QTimeoutScope::Active)
            scopeDies(&child);
    }
}

void Oracle::scopeMayDie(ScopeRecord *scope)
{
    scope->isDying = true;
    for (ScopeRecord &child : m_scopes) {
        if (child.parent == scope && !child.isDestroyed)
            scopeMayDie(&child);
    }
}

bool Oracle::isChildDying(const ScopeRecord *scope) const
{
    return std::any_of(m_scopes.begin(), m_scopes.end(), [scope](const ScopeRecord &each) {
        return each.parent == scope && each.isDying && each.object;
    });
}

void Oracle::finishLife(Life *life)
{
    life->state = QTimeoutScope::Finished;
    Life *heir = nearestActive(life->enclosing);
    for (CoroutineRecord &coroutine : m_coroutines) {
        if (coroutine.life == life)
            coroutine.life = heir;
    }
    for (Life &inner : m_lives) {
        if (inner.enclosing == life && inner.state == QTimeoutScope::Active)
            inner.enclosing = heir;
    }
}

/*
    The scopes that end with this one, outer before inner, with their states.
*/
void Oracle::collect(Life *life, State state, std::vector<Life *> &lives) const
{
    life->state = state;
    lives.push_back(life);
    for (const Life &each : m_lives) {
        auto *inner = const_cast<Life *>(&each);
        if (inner->enclosing != life || inner->state != QTimeoutScope::Active)
            continue;
        if (isCreatedInShield(inner->scope, lives.front()))
            inner->enclosing = nearestActive(life->enclosing);
        else if (hasPassed(inner->scope))
            collect(inner, QTimeoutScope::Expired, lives);
        else
            collect(inner, QTimeoutScope::Cancelled, lives);
    }
}

void Oracle::abortLife(Life *life, State state)
{
    std::vector<Life *> lives;
    collect(life, state, lives);
    const quint64 abort = ++m_lastAbort;
    for (Life *each : lives)
        each->abort = abort;
    for (Life *each : lives) {
        for (CoroutineRecord &coroutine : m_coroutines) {
            if (coroutine.life == each && !coroutine.hasEnded)
                mark(&coroutine, each);
        }
    }
}

void Oracle::mark(CoroutineRecord *coroutine, Life *life)
{
    if (isPlain(coroutine))
        return;
    // One interruption is for both.
    if (coroutine->isPending())
        coroutine->isForeign = true;
    coroutine->marked = life->abort;
    coroutine->unseen.append(life->abort);
    coroutine->causes |= life->state == QTimeoutScope::Expired ? ByExpiry : ByCancellation;
    if (!coroutine->aborter)
        coroutine->aborter = life->scope;
    coroutine->life = nearestActive(life->enclosing);
}

/*
    Coroutines
*/

CoroutineRecord *Oracle::begin(const QByteArray &name, ScopeRecord *scope)
{
    CoroutineRecord *starter = running();
    CoroutineRecord &coroutine = m_coroutines.emplace_back();
    coroutine.name = name;
    coroutine.scope = scope;
    coroutine.starter = starter;
    if (starter) {
        coroutine.seen = starter->seen;
        coroutine.maybeSeen = starter->maybeSeen;
        coroutine.born = starter->stretch;
    }
    Life *life = scope->life;
    coroutine.life = life;
    if (life->abort > coroutine.seen) {
        mark(&coroutine, life);
    } else if (life->abort && life->abort == coroutine.maybeSeen) {
        mark(&coroutine, life);
        coroutine.unseen.clear();
    } else if (life->abort) {
        coroutine.aborter = scope;
        coroutine.life = nearestActive(life->enclosing);
    } else {
        coroutine.life = nearestActive(life);
    }
    m_running.push_back(&coroutine);
    return &coroutine;
}

void Oracle::suspending(CoroutineRecord *coroutine, const Await &await)
{
    coroutine->await = await;
    if (coroutine->isPending() && hasSeen(await.awaited(), coroutine->marked))
        coroutine->await.seen = coroutine->marked;
    coroutine->hasSuspended = !await.hasEnded();
    coroutine->isAwaiting = true;
}

bool Oracle::isStartedBy(const CoroutineRecord *inner, const CoroutineRecord *outer) const
{
    while (inner && inner != outer)
        inner = inner->starter;
    return inner;
}

// It, or what it has started.
bool Oracle::hasSeen(const CoroutineRecord *callee, quint64 abort) const
{
    return callee
            && std::any_of(m_coroutines.begin(), m_coroutines.end(),
                           [&](const CoroutineRecord &each) {
                               return !each.hasEnded && each.seen == abort
                                       && isStartedBy(&each, callee);
                           });
}

// The one that is awaited in a shield.
const CoroutineRecord *Oracle::shielded(const CoroutineRecord &coroutine)
{
    if (coroutine.hasEnded || !coroutine.isAwaiting || !coroutine.await.step->isShielded)
        return nullptr;
    const CoroutineRecord *held = coroutine.await.awaited();
    return held && !held->hasEnded ? held : nullptr;
}

/*
    What is awaited in a shield, and all that started, is shielded from the aborts that concern
    the one which awaits it.
*/
bool Oracle::isShielded(const CoroutineRecord *coroutine, quint64 abort) const
{
    return std::any_of(m_coroutines.begin(), m_coroutines.end(), [&](const CoroutineRecord &each) {
        const CoroutineRecord *held = shielded(each);
        return held && each.unseen.contains(abort) && isStartedBy(coroutine, held);
    });
}

// From all aborts that are to interrupt it.
bool Oracle::isHeldBack(const CoroutineRecord *coroutine) const
{
    return std::all_of(coroutine->unseen.begin(), coroutine->unseen.end(),
                       [&](quint64 abort) { return isShielded(coroutine, abort); });
}

/*
    What is started in the same stretch as a shielded plain task cannot be told from what that task
    has started.
*/
bool Oracle::isPerhapsHeldBack(const CoroutineRecord *coroutine) const
{
    for (; coroutine; coroutine = coroutine->starter) {
        const CoroutineRecord *starter = coroutine->starter;
        if (starter && !starter->hasEnded && starter->isAwaiting && starter->await.step->isShielded
            && !starter->await.callee && coroutine->born == starter->stretch)
            return true;
    }
    return false;
}

// The same with a scope.
bool Oracle::isTakenForShielded(const ScopeRecord *scope, const CoroutineRecord &creator)
{
    if (scope->creator != &creator || creator.hasEnded || !creator.isAwaiting
        || !creator.await.step->isShielded || scope->born != creator.stretch)
        return false;
    const Step::Kind kind = creator.await.step->kind;
    return kind == Step::Gate || kind == Step::Plain;
}

bool Oracle::isCreatedInShield(const ScopeRecord *scope, const Life *outer) const
{
    return std::any_of(m_coroutines.begin(), m_coroutines.end(), [&](const CoroutineRecord &each) {
        const CoroutineRecord *held = shielded(each);
        if (!isUnder(each.life, outer))
            return false;
        if (isTakenForShielded(scope, each))
            return true;
        if (!held)
            return false;
        return scope->callee ? isStartedBy(scope->callee, held)
                             : scope->creator && isStartedBy(scope->creator, held);
    });
}

const CoroutineRecord *Oracle::abortedBranch(const CoroutineRecord *coroutine) const
{
    for (const CoroutineRecord &each : m_coroutines) {
        if (each.starter == coroutine && !each.hasEnded && each.marked)
            return &each;
    }
    return nullptr;
}

// The destructor of a scope does not say that it aborts.
bool Oracle::abortDying(Life *life)
{
    for (; life; life = life->enclosing) {
        if (life->state == QTimeoutScope::Active && life->scope->isDying) {
            abortLife(life, QTimeoutScope::Cancelled);
            life->scope->isDestroyed = true;
            return true;
        }
    }
    return false;
}

void Oracle::interrupted(CoroutineRecord *coroutine)
{
    if (!std::exchange(coroutine->isBeingInterrupted, false))
        checkInterruption(coroutine);
}

void Oracle::checkInterruption(CoroutineRecord *coroutine)
{
    if (!coroutine->isPending() && !coroutine->maybeSeen)
        abortDying(coroutine->life);
    const QByteArray name = coroutine->name;
    // A run that has begun before stays under the scope around.
    if (!coroutine->isPending() && isPlain(coroutine) && isRunKind(coroutine->await.step->kind))
        return;
    if (!coroutine->isPending()
        && !(coroutine->marked && coroutine->maybeSeen == coroutine->marked)) {
        object(coroutine->marked ? "A5: " + name + " is interrupted twice"
                                 : "A4: " + name + " is interrupted by nothing");
        return;
    }
    if (coroutine->await.step->isShielded || (coroutine->isPending() && isHeldBack(coroutine)))
        object("A8: " + name + " is interrupted in a shield");
    // From a run, the exception comes through what is inner.
    const CoroutineRecord *branch = abortedBranch(coroutine);
    // One that is interrupted when it begins to await a run cancels the run by that.
    const bool isCancelled = branch && branch == coroutine->await.callee
            && branch->scope->callee == branch;
    const bool isDoubtful = branch && !branch->isPending() && branch->maybeSeen == branch->marked;
    if (branch && !isRunKind(coroutine->await.step->kind) && !isCancelled && !isDoubtful)
        object("A6: " + name + " is interrupted before " + branch->name);
    const CoroutineRecord *callee = coroutine->await.callee;
    const bool isOwn = callee && callee->scope->callee == callee;
    if (coroutine->await.hasEnded() && !isOwn)
        object("A2: " + name + " is interrupted though what it awaits has ended");
    coroutine->maybeSeen = 0;
    for (quint64 abort : std::as_const(coroutine->unseen)) {
        if (isShielded(coroutine, abort))
            coroutine->maybeSeen = coroutine->marked;
    }
    coroutine->seen = coroutine->marked;
    coroutine->unseen.clear();
}

/*
    The exception has come from what was awaited. In a shield, that is not the abort's unless something had
    been interrupted by it before; so the abort arrives at the next co_await (A8).
*/
void Oracle::cameThrough(CoroutineRecord *coroutine, bool isForeign)
{
    if (isForeign)
        coroutine->isForeign = true;
    if (!coroutine->isPending())
        return;
    const Await &await = coroutine->await;
    if (await.step->isShielded && coroutine->hasSuspended && await.seen != coroutine->marked)
        return;
    coroutine->seen = coroutine->marked;
    coroutine->unseen.clear();
    if (isForeign)
        coroutine->maybeSeen = coroutine->marked;
}

void Oracle::resumed(CoroutineRecord *coroutine, Outcome outcome)
{
    coroutine->isAwaiting = false;
    if (coroutine->hasSuspended)
        ++coroutine->stretch;
    m_running.push_back(coroutine);
    if (coroutine->await.callee || coroutine->await.plain)
        resumedFromCallee(coroutine, outcome);
    else
        resumedFromOther(coroutine, outcome);
}

void Oracle::resumedFromCallee(CoroutineRecord *coroutine, Outcome outcome)
{
    const Await &await = coroutine->await;
    const CoroutineRecord *callee = await.awaited();
    // To abandon a run may end it, and it has not ended while its scope is being destroyed.
    const bool isAbandoned = outcome == Outcome::Cancelled && callee && coroutine->isPending()
            && callee->scope->callee == callee
            && (callee->scope->life->state == QTimeoutScope::Cancelled || callee->scope->object)
            && !(callee->expected & bit(Outcome::Cancelled));
    const bool hasEnded = !isAbandoned
            && (await.plain ? await.plain->outcome.has_value() : callee->hasEnded);
    if (!hasEnded) {
        if (outcome == Outcome::Cancelled)
            interrupted(coroutine);
        else
            object("A4: " + coroutine->name + " gets " + nameOf(outcome)
                   + " from what has not ended");
        return;
    }
    // A run destroys its scope before it gives a result.
    if (callee && !callee->scope->object && !callee->scope->isDestroyed) {
        callee->scope->isDestroyed = true;
        if (callee->scope->life->state == QTimeoutScope::Active)
            abortLife(callee->scope->life, QTimeoutScope::Cancelled);
    }
    const QByteArray from = callee ? callee->name : QByteArray("a plain coroutine");
    int expected = await.plain ? bit(*await.plain->outcome) : callee->expected;
    const bool isOwn = callee && callee->aborter && callee->aborter == callee->scope;
    if (await.step->kind == Step::TryCall && isOwn && (expected & bit(Outcome::TimedOut)))
        expected = (expected & ~bit(Outcome::TimedOut)) | bit(Outcome::Empty);
    const bool isSameAbort = callee && callee->marked && !callee->isForeign
            && callee->seen == coroutine->marked;
    if (isSameAbort && coroutine->isPending() && (expected & bit(Outcome::TimedOut))) {
        if (outcome == Outcome::TimedOut)
            object("A4: " + coroutine->name
                   + " sees the QTimeoutError of the deadline that aborts it");
        expected |= bit(Outcome::Cancelled);
    }
    if (!(expected & bit(outcome)))
        object("A4: " + coroutine->name + " gets " + nameOf(outcome) + " from " + from);
    if (outcome == Outcome::Cancelled)
        cameThrough(coroutine, !isSameAbort);
}

void Oracle::resumedFromOther(CoroutineRecord *coroutine, Outcome outcome)
{
    const Await &await = coroutine->await;
    const bool hasPassed = await.deadline && *await.deadline <= m_clock();
    const bool isRun = await.step->kind == Step::Run || await.step->kind == Step::TryRun;
    switch (outcome) {
    case Outcome::Value:
        if (!(await.step->kind == Step::Sleep ? hasPassed : await.hasEnded()))
            object("A4: " + coroutine->name + " gets a value from what has not ended");
        break;
    case Outcome::Empty:
    case Outcome::TimedOut:
        if (!isRun || !hasPassed)
            object("A3: " + coroutine->name + " gets " + nameOf(outcome) + " before the deadline");
        if ((await.step->kind == Step::Run) != (outcome == Outcome::TimedOut))
            object("A3: " + coroutine->name + " gets " + nameOf(outcome) + " for its own deadline");
        break;
    case Outcome::Cancelled:
        if (await.isGone())
            cameThrough(coroutine, true);
        else
            interrupted(coroutine);
        break;
    }
}

/*
    What those who await the coroutine see.
*/
int Oracle::expectedFrom(const CoroutineRecord *coroutine) const
{
    const Outcome result = coroutine->result.value_or(Outcome::Cancelled);
    if (result != Outcome::Cancelled || !coroutine->marked)
        return bit(result);
    if (coroutine->isPending() || coroutine->isForeign || coroutine->maybeSeen)
        return Either;
    bool isLeftBehind = false; // by one that has ended; nobody above it awaits this
    for (const CoroutineRecord *above = coroutine->starter; above; above = above->starter) {
        if (above->hasEnded)
            isLeftBehind = true;
        else if (above->isPending())
            return above->marked == coroutine->marked && !isLeftBehind ? bit(Outcome::Cancelled)
                                                                       : Either;
    }
    switch (coroutine->causes) {
    case ByExpiry:
        return bit(Outcome::TimedOut);
    case ByCancellation:
        return bit(Outcome::Cancelled);
    default:
        return Either;
    }
}

void Oracle::ended(CoroutineRecord *coroutine)
{
    if (coroutine->locals != 0)
        object("A4: the locals of " + coroutine->name + " are not destroyed once each");
    coroutine->expected = expectedFrom(coroutine);
    coroutine->hasEnded = true;
    if (coroutine->scope->callee == coroutine)
        scopeMayDie(coroutine->scope);
}

void Oracle::jobAborted(const QByteArray &name)
{
    for (CoroutineRecord &coroutine : m_coroutines) {
        if (!coroutine.isAwaiting || coroutine.hasEnded || coroutine.await.step->target != name)
            continue;
        if (coroutine.await.deadline && *coroutine.await.deadline <= m_clock())
            return;
        if (!coroutine.isPending())
            abortDying(coroutine.life);
        if (!coroutine.isPending() && !coroutine.maybeSeen)
            continue;
        // A later abort interrupts it once more.
        if (coroutine.await.step->kind == Step::Job) {
            checkInterruption(&coroutine);
            coroutine.isBeingInterrupted = true;
        }
        return;
    }
    object("A1: " + name + " is aborted, but nobody who awaits it");
}

/*
    What is left
*/

void Oracle::checkQuiescent(bool hasTurned)
{
    for (ScopeRecord &scope : m_scopes) {
        if (!scope.object)
            scope.isDestroyed = true;
        if (scope.isDestroyed && scope.life->state == QTimeoutScope::Active)
            abortLife(scope.life, QTimeoutScope::Cancelled);
        if (scope.isDestroyed)
            continue;
        if (scope.object->state() != scope.life->state)
            object("S10: Scope " + scope.name + " is in state "
                   + QByteArray::number(scope.object->state()) + " instead of "
                   + QByteArray::number(scope.life->state));
        if (hasTurned && scope.life->state == QTimeoutScope::Active && hasPassed(&scope))
            object("S4: Scope " + scope.name + " has not expired");
    }
    for (const CoroutineRecord &coroutine : m_coroutines) {
        if (coroutine.hasEnded)
            continue;
        if (!coroutine.isAwaiting) {
            object(coroutine.name + " is neither running nor suspended");
            continue;
        }
        const bool hasEnded = coroutine.await.hasEnded();
        const bool isDue = coroutine.await.deadline && *coroutine.await.deadline <= m_clock();
        if (hasTurned && (hasEnded || isDue))
            object(coroutine.name + " awaits what has ended");
        if (coroutine.isPending() && coroutine.maybeSeen != coroutine.marked && !hasEnded
            && !coroutine.await.step->isShielded && !isHeldBack(&coroutine)
            && !isPerhapsHeldBack(&coroutine) && !abortedBranch(&coroutine))
            object("A4: " + coroutine.name + " has not been interrupted");
    }
}

bool Oracle::haveAllEnded() const
{
    return std::all_of(m_coroutines.begin(), m_coroutines.end(),
                       [](const CoroutineRecord &each) { return each.hasEnded; });
}

void Oracle::checkEnded()
{
    for (const CoroutineRecord &coroutine : m_coroutines) {
        if (!coroutine.hasEnded)
            object(coroutine.name + " has not ended when all it can wait for has");
    }
}
