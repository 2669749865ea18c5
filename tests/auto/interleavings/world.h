// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef WORLD_H
#define WORLD_H

#include "chooser.h"
#include "oracle.h"
#include "program.h"
#include "things.h"

#include "testsupport.h"

#include <map>
#include <memory>
#include <variant>
#include <vector>

/*
    One run of a program. Events are delivered between turns of the event loop, and, a few times, from
    within slots, abort functions, coroutines that have just been resumed, and destructors of their locals.
*/
class World
{
public:
    enum Tracing { NoTrace, Trace, TraceAtOnce };

    World(const Program &program, Chooser &chooser, int synchronous, Tracing tracing);
    ~World();
    Q_DISABLE_COPY_MOVE(World)

    // Returns the first objection to what has happened.
    QByteArray run();
    // At which it was not judged any further.
    const QByteArray &question() const { return m_oracle.question; }
    const QByteArrayList &trace() const { return m_trace; }

private:
    class Activation;
    class Local;
    class Place;
    class StackScopes;
    struct Named
    {
        std::variant<QCoro::Task<>, QCoro::Task<int>, QCoro::Task<Job *>> task;
        Wait *wait = nullptr;
    };

    // interpreter.cpp
    static QCoro::Task<int> interpret(QTimeoutScope &scope, World *world, const Coroutine *code,
                                      Tracked argument);
    static QCoro::Task<int> interpretPlain(World *world, const Step *step, Wait *wait,
                                           const Task *caller);
    QCoro::Task<int> makeTask(const Task *caller, const Step &step);
    QCoro::Task<std::optional<int>> makeOptionalTask(const Step &step);
    QCoro::Task<Job *> makeJobTask(const Step &step);
    void makeNamed(const Task *caller, const Step &step);
    QCoro::Task<int> callNow(const Step &step, const Task *caller);
    QCoro::Task<int> runNow(const Step &step);
    QCoro::Task<int> detachNow(const Step &step);
    template<typename... Args>
    auto shield(Args &&...args);
    bool canDo(const Task *caller, const Step &step) const;
    bool mayCall(const Task *caller, const Scope *scope, bool isShielded = false) const;
    Scope *scopeFor(const Step &step, const Task *caller) const;
    void suspend(Task *task, const Step &step);
    template<typename Run>
    auto runOf(const Step &step, Run run);
    Wait operationOf(const Step &step);
    const Coroutine *code(const QByteArray &name) const;
    void startRoots();

    Scope *addScope(const QByteArray &name, QTimeoutScope *object, Scope *parent, Time due);
    Scope *ownScope(QTimeoutScope &scope, const QByteArray &name);
    Scope *makeStackScope(const Step &step);
    void destroyScope(Scope *scope);
    Time timeIn(int time) const;

    void turn();
    bool mustTurn() const;
    bool isShared(const QByteArray &job) const;
    void nestedTurn();
    void hook(const char *where, const QByteArray &name);
    QList<int> enabledEvents(bool inHook) const;
    bool isEnabled(const Event &event, bool inHook) const;
    bool isScopeEventEnabled(const Event &event, bool inHook) const;
    bool isJobEventEnabled(const Event &event) const;
    void deliver(int index, bool inHook);
    void perform(const Event &event, bool inHook);
    void performOnJob(const Event &event);
    void performOnScope(const QByteArray &verb, Scope *scope, bool inHook);
    void expireNow(Scope *scope);
    void letEverythingEnd();
    void checkRoots();
    void checkNothingIsLeft();
    void note(const QByteArray &text);

    struct Root
    {
        const Task *record;
        ObservedPointer<int> observed;
    };

    const Program &m_program;
    Chooser &m_chooser;
    QTimeoutTestClock m_clock;
    Oracle m_oracle;
    int m_synchronous; // events that may still be delivered from within something
    const Tracing m_tracing;
    bool m_isEnding = false;
    QList<bool> m_isDelivered;
    std::map<QByteArray, std::unique_ptr<Door>> m_gates;
    std::map<QByteArray, QPointer<Job>> m_jobs;
    std::map<QByteArray, Named> m_named;
    QHash<QByteArray, Scope *> m_scopes;
    QHash<QByteArray, Task *> m_callees; // the last of each name
    std::vector<Root> m_roots;
    Task *m_last = nullptr; // that was called
    Wait *m_wait = nullptr; // for what was made last
    int m_ownTime = -1; // of the run that is about to make a scope
    QByteArrayList m_trace;
    int m_indent = 0;
};

/*
    Puts something on the oracle's stack, and takes off what has come on top of it.
*/
class World::Place
{
public:
    explicit Place(Oracle &oracle) : m_oracle(oracle), m_depth(oracle.stack.depth()) {}
    Place(Oracle &oracle, const Frame &frame) : Place(oracle) { oracle.stack.push(frame); }
    ~Place() { m_oracle.stack.truncate(m_depth); }
    Q_DISABLE_COPY_MOVE(Place)

private:
    Oracle &m_oracle;
    const size_t m_depth;
};

#endif // WORLD_H
