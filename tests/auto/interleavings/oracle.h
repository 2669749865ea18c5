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

    The lives of scopes are one tree, the coroutines (tasks) another. A life ends those inside of it
    (S10); that is an abort, known by the life with which it began. It is pending in the tasks under
    that life, and in what they call (A7), until it is delivered. When the slots have been told, it
    looks once at each wait, which is over or is interrupted (A2, A16), but later at tasks that are
    running, held back (A6) or in a shield (A8).

    The rules, and the faults that they find:
    interrupted()   A5, S1, A8, A10: by nothing that is pending, but by an abort that was delivered,
                    or is none of its own; A8: in a shield; A6: before what it has started; A10: and
                    the run goes on for which nobody waits any more
    turned()        A5, A7, A8, A10: an abort does not arrive
    returned()      A6, S8: nor before a call or a destructor returns
    resumed()       A2, A3, A4, A11: with what; A16: from where; A5: the abort is passed over
    stateChanged()  S1: ends twice; A8, A10, S4, S10: ends for no reason or in the wrong state

    What the clauses leave open is asked, and the run is not judged from there on.
*/
class Oracle
{
public:
    explicit Oracle(std::function<std::chrono::nanoseconds()> clock) : m_clock(std::move(clock)) {}

    bool isJudged() const { return objection.isEmpty() && question.isEmpty(); }
    void rule(bool isKept, const char *text, const QByteArray &who);
    void ask(bool isOpen, const char *text);
    bool hasPassed(const Time &time) const { return time && *time <= m_clock(); }
    bool isDone(const Wait &wait) const { return wait.isOver() || hasPassed(wait.due); }

    void stateChanged(Scope *scope, QTimeoutScope::State state);
    void dies(Scope *scope); // about to be destroyed, with its children
    void returned(const Frame &frame); // from cancel() or a destructor
    Task *begin(const QByteArray &name, Scope *scope);
    Wait *addWait(const Wait &wait) { return &m_waits.emplace_back(wait); }
    void suspend(Task *task, Wait *wait);
    void resumed(Task *task, Outcome outcome);
    void ended(Task *task);
    void settle(); // before anything happens
    void turned(); // the event loop has, and nothing of the program is on the stack

    QByteArray objection; // the first
    QByteArray question; // at which the judging has ended
    Stack stack;
    std::deque<Scope> scopes;
    std::deque<Life> lives;
    std::deque<Task> tasks;

private:
    void end(Life *life, QTimeoutScope::State state, int slotDepth);
    void look(Task &task);
    const Task *holder(const Task &task);
    Outcome expected(const Wait &wait);
    void interrupted(Task *task);
    void passOn(Task *task, const Task *from);
    Outcome leave(Task *task);

    const std::function<std::chrono::nanoseconds()> m_clock;
    std::deque<Wait> m_waits;
};

#endif // ORACLE_H
