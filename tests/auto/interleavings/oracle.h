// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef ORACLE_H
#define ORACLE_H

#include "model.h"
#include "stack.h"

#include <deque>

/*
    What ought to happen
    ====================

    The oracle is told what the program does and what comes of it, and objects to what the contract does not
    allow. A life of a scope knows the life around it (S10). A task (a coroutine or a run) knows the task that
    was running when it was made, and the life that would abort it; a shield and detached work have neither (A8,
    A17). An abort is an identity: it is put into the list of each task under the life, and of what these start
    before they are interrupted (A7), first pending, then delivered.

    A wait is looked at once, which decides it: the result stands, or it is interrupted (A2, A16). That is when
    the slots have been told; for a task that is running when it waits next (A7); for one that is held
    back when nothing holds it any more (A6). The last cannot be seen from outside, so it is "soon", and the
    next thing to happen is a turn of the event loop.

    Judged are S1 (one end for each life; what a clean-up makes), S4, S5 (sleeps), S6, S8 and A6 (before the call
    returns, they are resumed, with the result if that beats the abort, and interrupted), S10 (states), A1 (which
    objects are aborted), A2, A3, A4 (which exception, by the cause of the first abort), A5 (once by each abort,
    several in one), A6, A7, A8, A10 (a run ends when an abort looks at the last wait for it), A11, A14, A16 (where
    a coroutine is resumed; objects are aborted before cancel() returns; interruptions precede deadlines), A17.

    There is no "either". What the clauses leave open is an open question; a run of a program that comes to one
    is not judged from there on (undecided()).
*/
class Oracle
{
public:
    explicit Oracle(std::function<std::chrono::nanoseconds()> clock) : m_clock(std::move(clock)) {}

    const QByteArray &objection() const { return m_objection; } // the first
    const QByteArray &question() const { return m_question; }
    void object(const QByteArray &text);
    void undecided(const QByteArray &question);

    Stack &stack() { return m_stack; }
    const Stack &stack() const { return m_stack; }

    int lastAbort() const { return int(m_aborts.size()); }
    bool hasPassed(const Time &time) const { return time && time->first <= m_clock(); }
    Time timeIn(std::chrono::nanoseconds time) { return std::pair(m_clock() + time, ++m_order); }

    Scope *addScope(const QByteArray &name, QTimeoutScope *object, Scope *parent, Time due);
    Scope *scope(const QByteArray &name) const { return m_scopeNames.value(name); }
    std::deque<Scope> &scopes() { return m_scopes; }
    const std::deque<Scope> &scopes() const { return m_scopes; }
    void stateChanged(Scope *scope, QTimeoutScope::State state);
    void dies(Scope *scope)
    {
        dies(scope, lastAbort());
    } // about to be destroyed, with its children
    void settle();
    void returned(const Frame &frame); // from cancel() or a destructor

    Task *begin(Task::Kind kind, const QByteArray &name, Scope *scope);
    Task *taskNamed(const QByteArray &name);
    const std::deque<Task> &tasks() const { return m_tasks; }
    void suspend(Task *task, const Wait &wait);
    void resumed(Task *task, Outcome outcome);
    void ended(Task *task);
    void aborted(const QByteArray &object);

    void check(bool hasTurned); // nothing of the program is on the stack
    bool mustTurn() const;
    bool isForsaken(const Task *run, Task::Decision least, const Task *but = nullptr) const;

private:
    bool hasEnded(const Task &task) const;
    bool hasComeUp(const Task &task);
    const Task *holder(const Task &task);
    bool isHeld(const Task &task); // since it was looked at
    void dies(Scope *scope, int lastAbort);
    void abort(Life *life, QTimeoutScope::State state);
    void look(Task &task);
    void runEnds(Task *run, const Task *waiter, Outcome outcome);
    void interrupted(Task *task);
    static void deliver(Task *task);
    void abandon(Task *run);
    void end(Life *life, QTimeoutScope::State state, const Abort *abort);
    void complete(const Scope *scope, int lastAbort);
    Outcome leave(const Task *task);
    Outcome leave(const Task *task, const QList<const Abort *> &carried);

    void checkPlace(const Task *task, const Task *waiter);
    void checkScope(Scope &scope, bool hasTurned);
    void checkTask(Task &task, bool hasTurned);

    std::function<std::chrono::nanoseconds()> m_clock;
    QByteArray m_objection;
    QByteArray m_question;
    Stack m_stack;
    std::deque<Scope> m_scopes;
    std::deque<Life> m_lives;
    std::deque<Abort> m_aborts;
    std::deque<Task> m_tasks;
    QHash<QByteArray, Scope *> m_scopeNames;

    int m_order = 0;
};

#endif // ORACLE_H
