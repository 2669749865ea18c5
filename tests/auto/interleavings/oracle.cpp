// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "oracle.h"

#include <algorithm>

using State = QTimeoutScope::State;

static constexpr auto OtherOrigin =
        "A4, A5: which aborts does an exception carry that has another origin than the "
        "interruption before it?";

void Oracle::object(const QByteArray &text)
{
    if (m_objection.isEmpty() && m_question.isEmpty())
        m_objection = text;
}

void Oracle::undecided(const QByteArray &question)
{
    if (m_objection.isEmpty() && m_question.isEmpty())
        m_question = question;
}

// Not decided: when the scope of a run ends with its coroutine, are those left over interrupted at once?
void Oracle::checkPlace(const Task *task, const Task *waiter)
{
    if (!task->isLeftOver() && !m_stack.mayResume(*task, waiter))
        object("A16: " + waiter->name + " is resumed, and not by an event loop");
}

/*
    Scopes
*/

Scope *Oracle::addScope(const QByteArray &name, QTimeoutScope *object, Scope *parent, Time due)
{
    Life *enclosing = parent ? parent->life : m_stack.running() ? m_stack.running()->life : nullptr;
    Scope &scope = m_scopes.emplace_back(Scope{name, object, parent, nullptr, due});
    scope.life = &m_lives.emplace_back(Life{&scope, enclosing});
    m_scopeNames.insert(name, &scope);
    return &scope;
}

void Oracle::stateChanged(Scope *scope, State state)
{
    Life *life = scope->life;
    if (scope->callee && scope->callee->hasEnded)
        return;
    if (state == State::Active) {
        Life *enclosing = scope->parent ? scope->parent->life : life->enclosing;
        scope->life = &m_lives.emplace_back(Life{scope, enclosing});
        return;
    }
    if (life->isTold)
        object("S1: scope " + scope->name + " ends for the second time");
    if (life->state == State::Active)
        settle();
    const bool isActive = life->state == State::Active;
    if (isActive && scope->callee && scope->callee->isLate) {
        if (scope->callee->pending().isEmpty())
            undecided("A7: does the abort of a run that is made late end its scope?");
        end(life, state, scope->callee->aborts.constFirst().abort); // not judged: see checkScope()
        life->isTold = true;
        return;
    }
    if (isActive && state == State::Expired && !hasPassed(scope->due))
        object("S4: scope " + scope->name + " expires before its deadline");
    if (isActive && state != State::Expired && !scope->isEndDue
        && !isForsaken(scope->callee, Task::Soon))
        object("S10: nobody ends scope " + scope->name);
    if (isActive && state == State::Finished)
        life->state = state;
    else if (isActive)
        abort(life, state);
    if (life->state != state)
        object("S10: scope " + scope->name + " ends in the wrong state");
    const Life *outer = life->enclosing;
    if (outer && outer->abort && outer->abort == life->abort && !outer->isTold
        && outer->scope->life == outer && !outer->scope->isDying)
        object("S6: scope " + scope->name + " emits before the one around it");
    life->isTold = true;
}

void Oracle::abort(Life *life, State state)
{
    settle();
    const bool isByLoop = state == State::Expired && m_stack.isExpiring();
    for (const Task &task : m_tasks) {
        if (isByLoop && !m_stack.isIn(Frame::Call) && !m_stack.isIn(Frame::Destructor)
            && !m_stack.isIn(Frame::AbortFunction) && task.isWaiting && task.kind == Task::Coroutine
            && task.decision == Task::Interrupt && task.decidedIn < m_stack.turn() && !isHeld(task))
            object("A16: a deadline comes up before " + task.name + " is interrupted");
    }
    Abort &abort = m_aborts.emplace_back(Abort{life});
    abort.cause = state == State::Expired ? Outcome::TimedOut : Outcome::Cancelled;
    abort.number = int(m_aborts.size());
    abort.slotDepth = m_stack.slotDepth();
    abort.isByDestructor = life->scope->isDying;
    if (isByLoop)
        abort.due = life->scope->due;
    if (abort.due) { // S5: the outermost goes first
        for (const Life &each : m_lives) {
            const Time &due = each.scope->due;
            if (each.state == State::Active && each.isUnder(life) && due
                && due->first == abort.due->first)
                abort.due = std::min(abort.due, due);
        }
    }
    end(life, state, &abort);
    for (Task &task : m_tasks) {
        if (!task.hasEnded && task.life && task.life->isUnder(life))
            task.aborts.append({&abort});
    }
}

// S10
void Oracle::end(Life *life, State state, const Abort *abort)
{
    for (Life &each : m_lives) {
        if (each.state != State::Active || !each.isUnder(life))
            continue;
        each.state = &each == life           ? state
                : hasPassed(each.scope->due) ? State::Expired
                                             : State::Cancelled;
        each.abort = abort;
    }
}

// S6, S8: the destructor completes what is under way.
void Oracle::complete(const Scope *scope, int lastAbort)
{
    for (Task &task : m_tasks) {
        for (Task::Entry &entry : task.aborts)
            entry.isCompleted = entry.isCompleted
                    || (entry.abort->number <= lastAbort && task.isUnder(scope, entry.abort));
    }
}

void Oracle::dies(Scope *scope, int lastAbort)
{
    scope->isDying = true;
    for (Scope &child : m_scopes) {
        if (child.parent == scope && !child.isGone)
            child.isDying = true;
    }
    if (scope->life->state == State::Active)
        abort(scope->life, State::Cancelled);
    complete(scope, lastAbort);
    for (Scope &child : m_scopes) {
        if (child.parent == scope && !child.isGone)
            dies(&child, lastAbort);
    }
}

// S8, A6: those concerned are not interrupted later. A16: and the objects have been aborted.
void Oracle::returned(const Frame &frame)
{
    settle();
    for (const Task &task : m_tasks) {
        if (!task.isWaiting || task.hasEnded || task.decision == Task::Open)
            continue;
        const auto pending = task.pending();
        if (pending.isEmpty())
            continue;
        const bool isByDestructor = frame.kind == Frame::Destructor
                && task.isToEndWith(frame.scope);
        const bool isByCall = frame.kind == Frame::Call
                && pending.first()->number > frame.lastAbort;
        if (task.wait.isIdle() && task.decision == Task::Interrupt && (isByDestructor || isByCall))
            object("A16: what " + task.name + " waits for is not aborted before cancel() returns");
        if (task.kind != Task::Coroutine)
            continue;
        if (isByDestructor && m_stack.isOf(&task))
            undecided("S8: is one interrupted that is about to wait?");
        // One after the other is resumed by a task that has ended, as in QCoro.
        if (isByDestructor && task.decision == Task::Result && task.wait.object.isEmpty())
            undecided(
                    "S8, A16: does a destructor overtake a task that resumes those who await it?");
        if (isByDestructor && pending.first()->number <= frame.lastAbort && !isHeld(task))
            object("S8: " + task.name + " is not resumed before the destructor returns");
        if (isByCall && frame.task && task.isStartedBy(frame.task)) {
            if (!task.isStartedBy(frame.task, true))
                undecided("A6: has it started what one that has ended has started?");
            object("A6: " + task.name + " is not interrupted before the call returns");
        }
    }
}

/*
    Aborts and waits
*/

bool Oracle::hasEnded(const Task &task) const
{
    const Wait &wait = task.wait;
    return wait.task                         ? wait.task->hasEnded
            : wait.step->kind == Step::Sleep ? hasPassed(wait.due)
                                             : wait.hasEnded();
}

void Oracle::settle()
{
    const auto isOpen = [this](const Task &task) {
        bool isCompleted = false;
        bool hasArrived = false;
        bool isToCome = false;
        for (const Task::Entry &each : task.aborts) {
            isCompleted = isCompleted
                    || (each.isPending
                        && (each.isCompleted
                            || (each.abort->hasArrived && each.abort->isByDestructor)));
            hasArrived = hasArrived || (each.isPending && each.abort->hasArrived);
            isToCome = isToCome || (each.isPending && !each.abort->hasArrived);
        }
        if (!task.isWaiting || task.hasEnded || task.decision != Task::Open)
            return false;
        if (hasArrived && isToCome && !isCompleted)
            undecided("S6: does an abort from a slot of another one's wait for that?");
        return isCompleted || hasArrived;
    };
    for (Abort &abort : m_aborts)
        abort.hasArrived = abort.hasArrived || m_stack.slotDepth() <= abort.slotDepth;
    // Those that are held back come last.
    for (auto task = m_tasks.rbegin(); task != m_tasks.rend(); ++task) {
        if (isOpen(*task))
            look(*task);
    }
}

void Oracle::look(Task &task)
{
    if (task.wait.step->isShielded) // A8
        return;
    const Task *held = holder(task);
    task.wasHeld = task.wasHeld || held;
    if (held && (held->kind != Task::Run || held->decision == Task::Open || held == task.wait.task))
        return;
    if (task.wait.task && task.wait.task->hasEnded && task.wait.task->scope
        && task.wait.task->scope->callee == task.wait.task && task.wait.task->scope->object)
        undecided("A2: has a run ended while what is left over under its scope is aborted?");
    if (task.wait.hasGone())
        undecided("A2, A11: does the end of the object beat an abort?");
    const Task *run = task.wait.task && task.wait.task->kind == Task::Run ? task.wait.task
                                                                          : nullptr;
    const bool isRunOver = run && !run->hasEnded && run->decision < Task::Soon && hasEnded(*run);
    if (isRunOver && (!run->wait.object.isEmpty() || run->wait.step->kind == Step::Sleep))
        undecided("A2: is a run over if the news is queued?");
    const bool isSleep = task.wait.step->kind == Step::Sleep && !task.wait.task;
    const bool isOver = (hasPassed(task.wait.due) && hasComeUp(task))
            || (!isSleep && hasEnded(task)) || isRunOver;
    task.decision = isOver ? Task::Result : task.wasHeld ? Task::Soon : Task::Interrupt;
    task.decidedIn = m_stack.turn();
    if (task.wait.task && isForsaken(task.wait.task, Task::Interrupt))
        abandon(task.wait.task);
}

// S5: it was due, and what has aborted it was due later.
bool Oracle::hasComeUp(const Task &task)
{
    const Abort *abort = task.pending().constFirst();
    if (!abort->due && m_stack.isIn(Frame::Loop))
        undecided("S5: has a sleep that is due in this turn come up?");
    return abort->due && task.wait.due < abort->due;
}

// A6
const Task *Oracle::holder(const Task &task)
{
    const auto pending = task.pending();
    const Task *held = nullptr;
    bool isAborted = false;
    for (const Task &each : m_tasks) {
        if (each.hasEnded || each.aborts.isEmpty() || each.isAbandoned || &each == &task
            || !each.isStartedBy(&task)
            || (each.kind == Task::Run && each.isWaiting && each.wait.object.isEmpty()
                && hasEnded(each)))
            continue;
        const bool isSame = each.hasAny(pending);
        if (isSame && each.parent == &task)
            held = held && held->kind == Task::Coroutine ? held : &each;
        else
            isAborted = isAborted || isSame
                    || (each.parent == &task && !each.aborts.first().isInherited);
    }
    if (isAborted && !(held && held->kind == Task::Coroutine))
        undecided("A6: do callees of callees and other aborts hold one back?");
    return held;
}

bool Oracle::isHeld(const Task &task)
{
    const Task *held = task.decision >= Task::Soon ? holder(task) : nullptr;
    return held && held->kind == Task::Coroutine;
}

Task *Oracle::begin(Task::Kind kind, const QByteArray &name, Scope *scope)
{
    settle();
    Task &task = m_tasks.emplace_back(Task{name, kind});
    task.parent = m_stack.running();
    task.scope = scope;
    task.life = scope                          ? scope->life
            : task.parent && kind == Task::Run ? task.parent->life
                                               : nullptr;
    task.isLate = task.parent && !task.parent->pending().isEmpty();
    if (task.parent && kind != Task::Plain) { // A5, A7
        for (const Task::Entry &entry : std::as_const(task.parent->aborts))
            task.aborts.append({entry.abort, entry.isPending, !entry.isPending, entry.isCompleted});
    }
    if (kind == Task::Coroutine)
        m_stack.push({Frame::Running, &task});
    return &task;
}

Task *Oracle::taskNamed(const QByteArray &name)
{
    const auto found = std::find_if(m_tasks.rbegin(), m_tasks.rend(), [&](const Task &task) {
        return task.kind == Task::Coroutine && task.name == name;
    });
    return found == m_tasks.rend() ? nullptr : &*found;
}

void Oracle::suspend(Task *task, const Wait &wait)
{
    settle();
    task->wait = wait;
    task->isWaiting = true;
    task->decision = Task::Open;
    task->wasHeld = false;
    const auto pending = task->pending();
    if (wait.task && !wait.task->hasEnded
        && std::ranges::any_of(pending, [](auto each) { return !each->hasArrived; }))
        undecided("A7: is one interrupted that waits anew in a slot?");
    if (!pending.isEmpty())
        look(*task);
}

void Oracle::resumed(Task *task, Outcome outcome)
{
    settle();
    Task *from = task->wait.task;
    const bool isGone = task->wait.hasGone();
    if (task->decision == Task::Soon && hasEnded(*task))
        undecided("A6: when is one that was held back looked at?");
    if (task->decision < Task::Soon && from && from->kind == Task::Run && !from->hasEnded)
        runEnds(from, task, outcome);
    task->isWaiting = false;
    const bool isResult = hasEnded(*task)
            && !(task->wait.step->kind == Step::Sleep && !from && outcome == Outcome::Cancelled);
    if (task->decision >= Task::Soon || !(isResult || isGone)) {
        if (outcome != Outcome::Cancelled)
            object("A16: " + task->name + " gets " + nameOf(outcome)
                   + ", and its wait was over or has not ended");
        interrupted(task);
    } else {
        const Outcome expected = from ? from->outcome
                : isGone              ? Outcome::Cancelled
                                      : Outcome::Value;
        if (outcome != expected)
            object("A4: " + task->name + " gets " + nameOf(outcome) + " instead of "
                   + nameOf(expected));
        if (!from && !task->wait.object.isEmpty())
            checkPlace(task, task);
        if (outcome == Outcome::Cancelled)
            task->carried.clear();
        if (outcome == Outcome::Cancelled && from) {
            const auto pending = task->pending();
            if (std::ranges::any_of(pending,
                                    [from](auto each) { return from->carried.contains(each); })) {
                if (pending.first()->cause != from->carried.first()->cause)
                    undecided("A5: is the cause that of the exception or of the first abort?");
                deliver(task); // A6: it comes through the inner one
            } else if ((from->kind == Task::Plain ? from->wait.task : from)->hasAny(pending)) {
                undecided(OtherOrigin);
            }
            for (const Abort *each : std::as_const(from->carried)) {
                if (!task->carried.contains(each))
                    task->carried.append(each);
            }
        }
    }
    m_stack.push({Frame::Running, task});
}

void Oracle::runEnds(Task *run, const Task *waiter, Outcome outcome)
{
    const bool isOwn = outcome == Outcome::TimedOut || outcome == Outcome::Empty;
    if (run->decision == Task::Interrupt) {
        checkPlace(run, waiter);
        deliver(run);
        run->result = Outcome::Cancelled;
    } else if (run->wait.hasGone()) {
        run->result = Outcome::Cancelled; // A11
    } else if (run->result) {
        // It has expired already.
    } else if (isOwn && hasPassed(run->wait.due) && !run->wait.isOver) {
        run->result = run->isTry ? Outcome::Empty : Outcome::TimedOut; // A3
    } else if (hasEnded(*run)) {
        run->result = Outcome::Value; // A2
    } else {
        return;
    }
    if (run->decision != Task::Interrupt && !run->wait.object.isEmpty() && !isOwn)
        checkPlace(run, waiter);
    ended(run);
}

void Oracle::interrupted(Task *task)
{
    const Task *held = task->pending().isEmpty() ? nullptr : holder(*task);
    if (task->pending().isEmpty())
        object("A5: " + task->name + " is interrupted by nothing, or for the second time");
    else if (task->wait.step->isShielded)
        object("A8: " + task->name + " is interrupted in a shield");
    else if (held && (held->kind == Task::Coroutine || held->decision == Task::Open))
        object("A6: " + task->name + " is interrupted before " + held->name);
    else if (task->decision == Task::Result)
        object("A2: " + task->name + " is interrupted, and what it waits for had ended");
    else if (task->decision == Task::Open)
        object("S6: " + task->name + " is interrupted before the slots are told");
    if (task->wait.isIdle())
        object("A16: " + task->name + " is interrupted, and what it waits for is not aborted");
    checkPlace(task, task);
    deliver(task);
    if (task->wait.task && isForsaken(task->wait.task, Task::Interrupt, task))
        abandon(task->wait.task);
}

void Oracle::deliver(Task *task)
{
    task->carried = task->pending();
    for (Task::Entry &entry : task->aborts)
        entry.isPending = false;
}

// A10: all that await the run have stopped.
bool Oracle::isForsaken(const Task *run, Task::Decision least, const Task *but) const
{
    int count = but ? 1 : 0;
    for (const Task &task : m_tasks) {
        if (!task.isWaiting || task.hasEnded || task.wait.task != run)
            continue;
        if (task.decision < least)
            return false;
        ++count;
    }
    return run && run->isRun && !run->hasEnded && count;
}

void Oracle::abandon(Task *run)
{
    run->isAbandoned = true;
    if (run->kind == Task::Run)
        run->decision = Task::Interrupt;
    else if (run->life->state == State::Active)
        abort(run->life, State::Cancelled);
}

void Oracle::ended(Task *task)
{
    if (task->locals != 0)
        object("A4: the locals of " + task->name + " are not destroyed once each");
    task->outcome = task->result.value_or(Outcome::Cancelled);
    if (task->outcome == Outcome::Cancelled && task->kind != Task::Plain)
        task->outcome = leave(task);
    if (task->scope && task->scope->callee == task) {
        task->scope->isDying = true;
        complete(task->scope, lastAbort());
        if (task->scope->life->state == State::Active)
            abort(task->scope->life, State::Cancelled);
    }
    // Who awaits it is resumed next, through plain coroutines perhaps, so nobody is looked at now.
    task->hasEnded = true;
    task->isWaiting = false;
}

// A4: as what the exception leaves the task.
Outcome Oracle::leave(const Task *task)
{
    QList<const Abort *> all;
    for (const Task::Entry &entry : task->aborts) {
        if (!entry.isInherited)
            all.append(entry.abort);
    }
    const Outcome outcome = leave(task, task->carried);
    if (!all.isEmpty() && outcome != leave(task, all))
        undecided(OtherOrigin);
    return outcome;
}

Outcome Oracle::leave(const Task *task, const QList<const Abort *> &carried)
{
    if (carried.isEmpty())
        return Outcome::Cancelled;
    const Abort *abort = carried.constFirst();
    const bool isAwaited = std::ranges::any_of(m_tasks, [task](const Task &each) {
        return each.isWaiting && !each.hasEnded && each.wait.task == task;
    });
    bool isBehind = false;
    bool isOther = !task->has(abort);
    for (const Task *above = task->parent; above; above = above->parent) {
        isBehind = isBehind || above->hasEnded;
        if (!above->hasEnded && above->hasAny(carried)) {
            if (isBehind && isAwaited && abort->cause == Outcome::TimedOut)
                undecided("A4: is a coroutine above if the one between has ended?");
            return Outcome::Cancelled;
        }
        isOther = isOther || (!above->hasEnded && !above->pending().isEmpty());
    }
    const Life *life = task->life;
    while (life && life->abort != abort)
        life = life->enclosing;
    if (life && (life->state == State::Expired) != (abort->cause == Outcome::TimedOut))
        undecided("A4, S10: is the cause that of the outermost scope?");
    if (abort->cause == Outcome::Cancelled)
        return Outcome::Cancelled;
    if (isOther)
        undecided("A4: is a coroutine being aborted too if another abort does it?");
    const bool isOwn = task->scope && abort->life == task->scope->life;
    return task->isTry && isOwn ? Outcome::Empty : Outcome::TimedOut;
}

// A1, S6
void Oracle::aborted(const QByteArray &object)
{
    settle();
    for (const Life &life : m_lives) {
        const Scope *scope = life.scope;
        if (life.abort && life.abort->hasArrived && !life.isTold && scope->life == &life
            && !scope->isGone && !scope->isDying && !scope->callee
            && !life.abort->life->scope->isDying)
            this->object("S6: " + object + " is aborted before the slots of " + scope->name
                         + " are told");
    }
    bool isDue = false;
    for (Task &task : m_tasks) {
        if (!task.isWaiting || task.hasEnded || !task.wait.isLeft || task.wait.object != object)
            continue;
        if (task.decision == Task::Open && hasPassed(task.wait.due) && !task.wait.isOver)
            task.result = task.isTry ? Outcome::Empty : Outcome::TimedOut; // A3
        isDue = isDue || task.result || task.decision == Task::Interrupt
                || isForsaken(&task, Task::Soon)
                || (task.decision == Task::Soon
                    && (!holder(task) || task.isLeftOver() || m_stack.mayResume(task, &task)));
    }
    if (!isDue)
        this->object("A1: " + object + " is aborted, and nobody who awaits it");
}

/*
    What is left
*/

bool Oracle::mustTurn() const
{
    return std::ranges::any_of(m_tasks, [](const Task &task) {
        return task.isWaiting && !task.hasEnded && task.decision == Task::Soon;
    });
}

void Oracle::check(bool hasTurned)
{
    settle();
    for (Scope &scope : m_scopes)
        checkScope(scope, hasTurned);
    for (Task &task : m_tasks) {
        if (task.kind == Task::Coroutine && !task.hasEnded)
            checkTask(task, hasTurned);
    }
    for (Task &task : m_tasks) {
        if (task.kind != Task::Run || task.hasEnded)
            continue;
        task.wait.isOver = hasEnded(task);
        const bool isInterrupted = task.decision == Task::Interrupt;
        if (isInterrupted && task.wait.isIdle())
            object("A16: what " + task.name + " waits for is not aborted");
        const bool isOver = task.wait.isOver && (hasTurned || task.wait.object.isEmpty());
        if (!isOver && !(hasTurned && (isInterrupted || hasPassed(task.wait.due))))
            continue;
        if (isInterrupted)
            deliver(&task);
        if (isInterrupted || (task.wait.hasGone()))
            task.result = Outcome::Cancelled;
        else if (!task.result)
            task.result = isOver ? Outcome::Value : task.isTry ? Outcome::Empty : Outcome::TimedOut;
        ended(&task);
    }
}

void Oracle::checkScope(Scope &scope, bool hasTurned)
{
    scope.isGone = scope.isGone || !scope.object;
    // Not decided: the state of a scope that a run makes which is aborted before it is suspended (A7).
    if (scope.isGone || (scope.callee && (scope.callee->hasEnded || scope.callee->isLate)))
        return;
    if (scope.object->state() != scope.life->state)
        object("S10: scope " + scope.name + " is in the wrong state");
    if (hasTurned && scope.life->state == State::Active && hasPassed(scope.due))
        object("S4: scope " + scope.name + " has not expired");
}

void Oracle::checkTask(Task &task, bool hasTurned)
{
    if (!task.isWaiting) {
        object(task.name + " is neither running nor suspended");
        return;
    }
    const Task *run = task.wait.task && task.wait.task->kind == Task::Run ? task.wait.task
                                                                          : nullptr;
    if (!hasTurned) {
        if (task.decision == Task::Interrupt && task.wait.isIdle())
            object("A16: what " + task.name + " waits for is not aborted");
    } else if (task.decision >= Task::Soon) {
        if (!isHeld(task))
            object("A16: " + task.name + " has not been interrupted in the next turn");
    } else if (hasEnded(task)
               || (run
                   && (hasEnded(*run) || run->decision == Task::Interrupt
                       || hasPassed(run->wait.due)))) {
        object(task.name + " awaits what has ended");
    }
}
