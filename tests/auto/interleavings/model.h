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

// When, and how many were set before.
using Time = std::optional<std::pair<std::chrono::nanoseconds, int>>;

struct Task;
struct Scope;
struct Abort;

struct Life
{
    Scope *scope = nullptr;
    Life *enclosing = nullptr;
    QTimeoutScope::State state = QTimeoutScope::Active;
    const Abort *abort = nullptr; // that has ended it
    bool isTold = false; // the slots know of the end

    bool isUnder(const Life *outer) const
    {
        return this == outer || (enclosing && enclosing->isUnder(outer));
    }
};

struct Scope
{
    QByteArray name;
    QPointer<QTimeoutScope> object = {};
    Scope *parent = nullptr;
    Life *life = nullptr;
    Time due = {};
    const Task *callee = nullptr; // whose own scope it is: of a run, a shield or a detach
    bool isEndDue = false; // somebody calls cancel() or finish()
    bool isDying = false;
    bool isGone = false;
};

struct Abort
{
    const Life *life = nullptr;
    Outcome cause = Outcome::Cancelled; // TimedOut by an expiry
    Time due = {}; // of the deadline that has come up
    int number = 0;
    int slotDepth = 0; // when it came
    bool hasArrived = false; // the slots have been told
    bool isByDestructor = false;
};

struct Wait
{
    const Step *step = nullptr;
    Task *task = nullptr; // or an operation:
    std::function<bool()> hasEnded = {};
    std::function<bool()> isGone; // the object was destroyed
    std::function<bool()> isLeft; // the object has neither ended nor been aborted
    QByteArray object; // that emits
    Time due = {}; // of a sleep or a run
    bool isOver = false; // had ended before this turn

    bool hasGone() const { return isGone && isGone(); }
    bool isIdle() const { return isLeft && isLeft(); }
};

struct Task
{
    enum Kind { Coroutine, Plain, Run };
    enum Decision { Open, Result, Soon, Interrupt };
    struct Entry
    {
        const Abort *abort;
        bool isPending = true;
        bool isInherited = false; // was delivered when it was called
        bool isCompleted = false; // by a destructor, whatever the slots have been told
    };

    QList<const Abort *> pending() const
    {
        QList<const Abort *> list;
        for (const Entry &entry : aborts) {
            if (entry.isPending)
                list.append(entry.abort);
        }
        return list;
    }
    bool has(const Abort *abort) const
    {
        return std::ranges::any_of(aborts,
                                   [abort](const Entry &entry) { return entry.abort == abort; });
    }
    template<typename List>
    bool hasAny(const List &list) const
    {
        return std::ranges::any_of(list, [this](const Abort *each) { return has(each); });
    }

    // Under the scope or a child of it; and that has ended with this abort.
    bool isUnder(const Scope *outer, const Abort *abort = nullptr) const
    {
        for (const Life *each = life; each; each = each->enclosing) {
            for (const Scope *above = each->scope; above; above = above->parent) {
                if (above == outer && (!abort || each->abort == abort))
                    return true;
            }
        }
        return false;
    }
    // The scope goes, since the coroutine that it was for has ended.
    bool isLeftOver() const;
    bool isToEndWith(const Scope *outer) const
    {
        return std::ranges::any_of(aborts, [&](const Entry &entry) {
            return entry.isPending && isUnder(outer, entry.abort);
        });
    }
    bool isStartedBy(const Task *outer, bool isAlive = false) const
    {
        return this == outer
                || (parent && !(isAlive && parent->hasEnded)
                    && parent->isStartedBy(outer, isAlive));
    }

    QByteArray name;
    Kind kind = Coroutine;
    bool isRun = false; // made by run(), so it ends with the last that awaits it
    bool isTry = false;
    bool isLate = false; // its caller was to be interrupted already (A7)
    Task *parent = nullptr;
    Life *life = nullptr;
    Scope *scope = nullptr; // that it has taken
    QList<Entry> aborts = {};
    bool isWaiting = false;
    Wait wait = {};
    Decision decision = Open;
    int decidedIn = 0; // which turn
    bool wasHeld = false; // back
    bool isAbandoned = false;
    bool hasEnded = false;
    std::optional<Outcome> result = {}; // of the body
    Outcome outcome = Outcome::Value; // what those who await it see
    QList<const Abort *> carried = {}; // by the exception
    int locals = 0;
};

inline bool Task::isLeftOver() const
{
    for (const Life *each = life; each; each = each->enclosing) {
        const Scope *own = each->scope;
        if (own->callee && own->callee->hasEnded && own->object)
            return true;
    }
    return false;
}

#endif // MODEL_H
