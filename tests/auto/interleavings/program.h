// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef PROGRAM_H
#define PROGRAM_H

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearraylist.h>
#include <QtCore/qhash.h>
#include <QtCore/qlist.h>

/*
    A small coroutine program, and the events that are to happen to it, as text. One line each:

        scopes s t<s            scopes outside of coroutines; t has the parent s
        start call a(s); run b 5
                                what is started, by nobody, in this order: call, run (a coroutine), task, detach
        a: gate g; call b(s)    a coroutine; without a scope in parentheses a callee gets that of its caller
        b: job j | gate h       the part behind | is done when QTimeoutCancelled has arrived, which is rethrown
        c: gate g | gate h !    the same, but it is swallowed
        events expire s; open g

    What a coroutine can do:

        gate g                  await a plain task that ends when the gate is opened
        job j                   await a QObject that has finished() and abort()
        signal j                await its signal changed(), by run()
        sleep 5                 milliseconds
        run g 5, tryrun g 5     await a gate or a job for at most that time
        call b(t)               await an abortable coroutine
        plain b(t)              await a plain coroutine which awaits the abortable one
        plain b(t) g            the plain one awaits the gate before it calls
        runcall b 5, trycall b 5
                                run() and tryRun() of a coroutine function; its scope has the name @b
        scope t                 make a scope on the stack; "scope t 5" with a deadline
        start b(t), join b      call now and await later
        spawn b(t)              call and drop the task
        shieldcall b            shield() of a coroutine function; its scope has the name @b
        shield STEP             shield() of an object, a signal, or a function that does the step
        detach b                detach() a coroutine function and drop the task
        task r STEP, await r    keep the task of a run, a sleep or a detach under a name, where several can await it

    Events: open g, finish j, emit j, destroy j, expire s, cancel s, finish s, delete s, start s, and
    time 5, which advances the clock.
*/

struct Step
{
    enum Kind {
        Gate,
        Job,
        Signal,
        Sleep,
        Run,
        TryRun,
        Call,
        Plain,
        RunCall,
        TryCall,
        Scope,
        Start,
        Join,
        Spawn,
        ShieldCall,
        Detach,
        Await
    };

    Kind kind = Gate;
    bool isShielded = false;
    QByteArray task; // the name under which it is kept
    QByteArray target;
    QByteArray scope; // that a callee gets
    QByteArray gate; // before a plain coroutine calls
    int time = -1;
    QByteArray text;
};

struct Coroutine
{
    QByteArray name;
    QList<Step> body;
    QList<Step> cleanup;
    bool isSwallowing = false;
};

struct Event
{
    QByteArray verb;
    QByteArray target;

    QByteArray text() const { return verb + ' ' + target; }
};

struct ScopeSpec
{
    QByteArray name;
    QByteArray parent;
};

struct Program
{
    static Program parse(const QByteArray &text);

    int countWaits(const QByteArray &job) const; // that abort it

    QList<ScopeSpec> scopes;
    QList<Step> roots;
    QHash<QByteArray, Coroutine> coroutines;
    QList<Event> events;
    QByteArrayList gates;
    QByteArrayList jobs;
    QByteArrayList callingGates; // behind which a plain coroutine calls
};

#endif // PROGRAM_H
