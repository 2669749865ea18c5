// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "oracle.h"

using State = QTimeoutScope::State;

void Oracle::rule(bool isKept, const char *text, const QByteArray &who)
{
    if (!isKept && isJudged())
        objection = QByteArray(text) + ": " + who;
}

void Oracle::ask(bool isOpen, const char *text)
{
    if (isOpen && isJudged())
        question = text;
}

void Oracle::stateChanged(Scope *scope, State state)
{
    Life *life = scope->life;
    if (scope->isHidden())
        return ask(!scope->callee->hasEnded
                           && (scope->callee->pending.isEmpty() || hasPassed(scope->due)),
                   "A7: does the abort of a run that is made late end its scope?");
    if (state == State::Active) {
        Life *enclosing = scope->parent ? scope->parent->life : life->enclosing;
        scope->life = &lives.emplace_back(Life{scope, enclosing});
        return;
    }
    rule(!std::exchange(life->isTold, true), "S1: ends for the second time", scope->name);
    if (life->state == State::Active)
        settle(); // it may be that of a run that is given up
    if (life->state == State::Active) {
        rule(state == State::Expired ? hasPassed(scope->due) : stack.isIn(Frame::Call, scope->name),
             "S4, S10: ends for no reason", scope->name);
        end(life, state, stack.slotDepth());
    }
    life->slotDepth = stack.slotDepth();
    rule(life->state == state, "S10: ends in the wrong state", scope->name);
}

// S10: with the lives around which it is, and what is under them.
void Oracle::end(Life *life, State state, int slotDepth)
{
    life->slotDepth = slotDepth;
    life->state = state;
    if (state == State::Finished)
        return;
    life->abort = life;
    for (Life &each : lives) {
        if (each.state == State::Active && each.isUnder(life)) {
            each.state = hasPassed(each.scope->due) ? State::Expired : State::Cancelled;
            each.abort = life;
        }
    }
    for (Task &task : tasks) {
        if (task.hasEnded || !task.life->isUnder(life))
            continue;
        const Aborts known = task.delivered + task.pending;
        ask(!known.isEmpty()
                    && (known.last()->slotDepth < slotDepth || stack.isIn(Frame::AbortFunction)),
            "S6: does an abort wait for one that is under way?");
        task.pending.append(life);
    }
}

void Oracle::dies(Scope *scope)
{
    settle();
    for (Task &task : tasks) {
        if (task.wait && task.decision == Task::Open && task.endsWith(scope))
            look(task); // S6
    }
    for (Life &life : lives) {
        if (life.state == State::Active && life.scope->isUnder(scope))
            end(&life, State::Cancelled, stack.slotDepth());
    }
}

// Not judged: runs under a scope that is destroyed in a slot.
void Oracle::returned(const Frame &frame)
{
    settle();
    for (const Task &task : tasks) {
        if (!task.wait || task.decision != Task::Interrupt || stack.isOf(&task) || holder(task))
            continue;
        rule(frame.kind != Frame::Destructor || !task.endsWith(frame.scope)
                     || (stack.slotDepth() > 0 && task.life->scope->callee),
             "S8: not interrupted before the destructor returns", task.name);
        rule(!frame.task || !task.isStartedBy(frame.task)
                     || !task.pending.contains(frame.scope->life->abort),
             "A6: not interrupted before the call returns", task.name);
    }
}

Task *Oracle::begin(const QByteArray &name, Scope *scope)
{
    settle();
    Task *caller = stack.running();
    Task &task = tasks.emplace_back(Task{name, caller, scope, scope->life});
    task.pending = caller ? caller->pending : Aborts(); // A7
    task.isLate = !task.pending.isEmpty();
    stack.push({Frame::Running, &task});
    return &task;
}

void Oracle::suspend(Task *task, Wait *wait)
{
    settle();
    ++wait->waiters;
    task->wait = wait;
    task->decision = Task::Open;
    task->wasHeld = false;
    if (!task->pending.isEmpty()) // A7
        look(*task);
}

void Oracle::settle()
{
    for (Wait &wait : m_waits)
        wait.isEarly = wait.isEarly || (!hasPassed(wait.due) && wait.isOver());
    // Those that are held back come last.
    for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
        if (task->wait && task->decision == Task::Open
            && std::ranges::any_of(task->pending, [&](Life *each) {
                   return task->wasHeld || stack.slotDepth() <= each->slotDepth;
               }))
            look(*task);
    }
}

void Oracle::look(Task &task)
{
    Wait &wait = *task.wait;
    if (wait.step->isShielded) // A8
        return;
    const Task *held = wait.maker == &task ? nullptr : holder(task);
    task.wasHeld = task.wasHeld || task.hasRun || (held && held != wait.task);
    if (held)
        return;
    ask((wait.isGone && wait.isGone()) || (hasPassed(wait.due) && stack.isIn(Frame::Loop)),
        "A2, A11, S5: does what happens in the same turn beat an abort?");
    if (wait.step->kind != Step::Sleep && wait.isOver()) {
        task.decision = Task::Result; // A2
        return;
    }
    task.decision = Task::Interrupt;
    --wait.waiters;
    if ((wait.waiters > 0 && wait.maker != &task) || (wait.task && !wait.task->isRun))
        return;
    wait.isGivenUp = true; // A10
    if (wait.task && wait.task->life->state == State::Active)
        end(wait.task->life, State::Cancelled, -1); // until the slots are told
}

const Task *Oracle::holder(const Task &task)
{
    bool isOpen = false;
    for (const Task &each : tasks) {
        if (each.hasEnded || !each.isStartedBy(&task))
            continue;
        const bool isSame = each.hasAny(task.pending);
        if (isSame && each.parent == &task)
            return &each; // A6
        isOpen = isOpen || isSame || !each.pending.isEmpty() || !each.delivered.isEmpty();
    }
    ask(isOpen, "A6: do callees of callees and other aborts hold one back?");
    return nullptr;
}

void Oracle::resumed(Task *task, Outcome outcome)
{
    settle();
    const Wait &wait = *task->wait;
    ask(task->decision != Task::Open && task->wasHeld && wait.isOver(),
        "A6: when is one that was held back looked at?");
    ask(task->decision != Task::Interrupt && wait.maker != task && wait.isAborted(),
        "A4: what does another's run give?");
    const bool isResult = task->decision != Task::Interrupt && isDone(wait);
    const Outcome right = isResult ? expected(wait) : Outcome::Cancelled;
    rule(outcome == right, "A2, A3, A4, A16: this is not what it has to get",
         task->name + " -> " + nameOf(right));
    rule((isResult && wait.object.isEmpty()) || stack.mayResume(*task),
         "A16: resumed, and not by an event loop", task->name);
    if (!isResult)
        interrupted(task);
    else if (outcome == Outcome::Cancelled)
        passOn(task, wait.task);
    task->wait = nullptr;
    stack.push({Frame::Running, task});
}

Outcome Oracle::expected(const Wait &wait)
{
    if (wait.task) {
        ask(wait.task->isOpen, "A4: is one above aborted, if it has ended or by another abort?");
        return wait.task->outcome;
    }
    if (wait.isGone())
        return Outcome::Cancelled; // A11
    if (wait.isEarly || wait.step->kind == Step::Sleep)
        return Outcome::Value;
    ask(wait.isOver(), "A2: has it ended before its deadline came up?");
    return wait.step->kind == Step::TryRun ? Outcome::Empty : Outcome::TimedOut; // A3
}

void Oracle::interrupted(Task *task)
{
    const Wait &wait = *task->wait;
    const bool isOpen = task->decision == Task::Open;
    rule(!task->pending.isEmpty(), "A5: interrupted by nothing, or again", task->name);
    rule(!wait.step->isShielded, "A8: interrupted in a shield", task->name);
    rule(!isOpen || !holder(*task), "A6: interrupted before what it has started", task->name);
    rule(!isOpen, "S6: interrupted before the slots are told", task->name);
    rule(!wait.isGivenUp || !wait.isIdle(), "A10: what it waited for goes on", task->name);
    task->carried = task->pending;
    task->delivered += std::exchange(task->pending, {});
}

// A6: the exception comes through the inner one.
void Oracle::passOn(Task *task, const Task *from)
{
    task->carried = from ? from->carried : Aborts();
    const bool isInner = meet(task->pending, task->carried);
    const bool isMixed = isInner
            ? task->timesOut(task->pending.first()) != task->timesOut(task->carried.first())
            : from && from->hasAny(task->pending);
    ask(isMixed, "A5: what does an exception deliver that is not of this abort alone?");
    if (isInner)
        task->delivered += std::exchange(task->pending, {});
}

// A4
Outcome Oracle::leave(Task *task)
{
    if (task->carried.isEmpty())
        return Outcome::Cancelled;
    Life *abort = task->carried.first();
    task->isOpen = !task->hasAny({abort});
    if (!task->timesOut(abort))
        return Outcome::Cancelled;
    const Task *above = task->parent;
    for (; above && (above->hasEnded || !above->hasAny(task->carried)); above = above->parent)
        task->isOpen = task->isOpen || above->hasEnded || !above->pending.isEmpty();
    return above                                        ? Outcome::Cancelled
            : task->isTry && abort == task->scope->life ? Outcome::Empty
                                                        : Outcome::TimedOut;
}

void Oracle::ended(Task *task)
{
    rule(task->locals == 0, "A4: locals are not destroyed once each", task->name);
    if (task->outcome == Outcome::Cancelled)
        task->outcome = leave(task);
    if (task->scope->callee == task)
        dies(task->scope);
    // Who awaits it is resumed next, so nobody is looked at now.
    task->hasEnded = true;
    task->wait = nullptr;
}

void Oracle::turned()
{
    settle();
    for (const Task &task : tasks) {
        if (!task.wait)
            continue;
        rule(task.decision == Task::Interrupt ? holder(task) != nullptr : !isDone(*task.wait),
             "A16: not resumed in the next turn", task.name);
    }
}
