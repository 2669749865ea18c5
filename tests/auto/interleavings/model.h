// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef MODEL_H
#define MODEL_H

#include "program.h"

#include <QTimeoutScope>

#include <QtCore/qpointer.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

/*
    What the oracle knows of scopes, tasks and aborts. Nothing here judges.
*/

enum class Outcome { Value, Cancelled, TimedOut, Empty };

inline const char *nameOf(Outcome outcome)
{
    static constexpr const char *names[] = {"a value", "QTimeoutCancelled", "QTimeoutError",
                                            "an empty result"};
    return names[int(outcome)];
}

using Time = std::optional<std::chrono::nanoseconds>;

struct Scope;
struct Task;

// From a start of a scope to its end. Who it has aborted knows the abort by its address.
struct Life
{
    Scope *scope = nullptr;
    Life *enclosing = nullptr;
    QTimeoutScope::State state = QTimeoutScope::Active;
    Life *abort = nullptr; // that has ended it: its own, or that of one around it
    int slotDepth = 0; // of its abort, which looks at the waits when this is reached again
    bool isTold = false; // the slots know of the end

    bool isUnder(const Life *outer) const
    {
        return this == outer || (enclosing && enclosing->isUnder(outer));
    }
    bool isAborted() const { return abort || (enclosing && enclosing->isAborted()); }
    bool isLeftOver() const;
};

using Aborts = QList<Life *>;

inline bool meet(const Aborts &some, const Aborts &others)
{
    return std::ranges::any_of(some, [&](Life *each) { return others.contains(each); });
}

struct Scope
{
    QByteArray name;
    QPointer<QTimeoutScope> object = {};
    Scope *parent = nullptr;
    Time due = {};
    Life *life = nullptr;
    const Task *callee = nullptr; // whose own scope it is: of a run, a shield or a detach
    bool isDying = false;

    bool isUnder(const Scope *outer) const
    {
        return this == outer || (parent && parent->isUnder(outer));
    }
    bool isHidden() const;
};

// What one coroutine waits for, or several do: a task, or an operation.
struct Wait
{
    const Step *step = nullptr;
    Task *task = nullptr;
    std::function<bool()> hasEnded = {};
    std::function<bool()> isGone = [] { return false; }; // the object was destroyed
    std::function<bool()> isIdle = [] { return false; }; // it has neither ended nor been aborted
    QByteArray object = {}; // that emits
    Time due = {}; // of a sleep or a run
    const Task *maker = nullptr; // of a run
    int waiters = 0; // whose wait is not over
    bool isEarly = false; // it has ended before its deadline
    bool isGivenUp = false; // an abort has ended it

    bool isOver() const;
    bool isAborted() const; // with the life in which it was made
};

struct Task
{
    enum Decision { Open, Result, Interrupt };

    QByteArray name;
    Task *parent = nullptr;
    Scope *scope = nullptr; // that it has taken
    Life *life = nullptr;
    Aborts pending = {};
    Aborts delivered = {};
    Aborts carried = {}; // by the exception that it has got last
    Wait *wait = nullptr; // while it is suspended
    Decision decision = Open;
    bool wasHeld = false; // back
    bool isLate = false; // its caller was to be interrupted already
    bool hasRun = false; // it has started one of an operation, and not awaited it at once
    bool isRun = false; // made by run(), so it ends with the last that awaits it
    bool isTry = false;
    bool hasEnded = false;
    Outcome outcome = Outcome::Cancelled; // of the body; then what those who await it see
    bool isOpen = false; // what they see
    int locals = 0;

    bool hasAny(const Aborts &aborts) const
    {
        return meet(pending, aborts) || meet(delivered, aborts);
    }
    bool isUnder(const Scope *outer) const
    {
        const Life *each = life;
        while (each && !each->scope->isUnder(outer))
            each = each->enclosing;
        return each;
    }
    // A destructor of the scope completes an abort of it.
    bool endsWith(const Scope *outer) const
    {
        for (const Life *each = life; each; each = each->enclosing) {
            if (each->scope->isUnder(outer) && pending.contains(each->abort))
                return true;
        }
        return false;
    }
    bool isStartedBy(const Task *outer, bool isAlive = true) const
    {
        return parent == outer
                || (parent && !(isAlive && parent->hasEnded)
                    && parent->isStartedBy(outer, isAlive));
    }
    // A4, S10: the cause is how the abort has ended the life around it.
    bool timesOut(const Life *abort) const
    {
        const Life *each = life;
        while (each && each->abort != abort)
            each = each->enclosing;
        return (each ? each : abort)->state == QTimeoutScope::Expired;
    }
};

// The scope goes, since the coroutine that it was for has ended.
inline bool Life::isLeftOver() const
{
    return (scope->callee && scope->callee->hasEnded && scope->object)
            || (enclosing && enclosing->isLeftOver());
}

inline bool Wait::isOver() const
{
    return task ? task->hasEnded : hasEnded();
}

inline bool Wait::isAborted() const
{
    return maker && (maker->life->isAborted() || maker->isLate);
}

// Not decided: the state of a scope that a run makes which is aborted before it is suspended (A7).
inline bool Scope::isHidden() const
{
    return callee && (callee->hasEnded || callee->isLate);
}

#endif // MODEL_H
