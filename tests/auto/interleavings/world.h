// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef WORLD_H
#define WORLD_H

#include "chooser.h"
#include "oracle.h"
#include "program.h"
#include "testsupport.h"

#include <coroutine>
#include <map>
#include <memory>
#include <vector>

/*
    Like a network reply: it finishes once, also when it is aborted.
*/
class Job : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return m_isFinished; }
    bool isAborting() const { return m_isAborting; }
    int aborts() const { return m_aborts; }
    int changes() const { return m_changes; }

    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }
    void change()
    {
        ++m_changes;
        Q_EMIT changed(m_changes);
    }
    void abort();

    std::function<void()> onAbort;

Q_SIGNALS:
    void finished();
    void changed(int number);

private:
    bool m_isFinished = false;
    bool m_isAborting = false;
    int m_aborts = 0;
    int m_changes = 0;
};

/*
    What plain coroutines wait for.
*/
class Door
{
public:
    Door() = default;
    Q_DISABLE_COPY_MOVE(Door)

    auto operator co_await() noexcept
    {
        struct Awaiter
        {
            bool await_ready() const noexcept { return door->isOpen(); }
            void await_suspend(std::coroutine_handle<> waiter)
            {
                door->m_waiters.push_back(waiter);
            }
            void await_resume() const noexcept {}

            Door *door;
        };
        return Awaiter{this};
    }

    bool isOpen() const noexcept { return m_isOpen; }
    void open()
    {
        m_isOpen = true;
        for (auto waiter : std::exchange(m_waiters, {}))
            waiter.resume();
    }

private:
    std::vector<std::coroutine_handle<>> m_waiters;
    bool m_isOpen = false;
};

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
    const QByteArrayList &trace() const { return m_trace; }

private:
    class Activation;
    class Local;
    class StackScopes;

    static QCoro::Task<int> interpret(QTimeoutScope &scope, World *world, const Coroutine *code,
                                      Tracked argument);
    static QCoro::Task<int> interpretPlain(World *world, const Step *step, PlainRecord *record,
                                           CoroutineRecord *caller);
    QCoro::Task<int> makeTask(Activation &caller, const Step &step);
    QCoro::Task<std::optional<int>> makeOptionalTask(Activation &caller, const Step &step);
    QCoro::Task<int> callNow(const Step &step, CoroutineRecord *caller);
    QCoro::Task<int> plainNow(const Step &step, CoroutineRecord *caller);
    QCoro::Task<int> runNow(const Step &step);
    bool canDo(const Activation &caller, const Step &step) const;
    QTimeoutScope *usableScope(const QByteArray &name) const;
    ScopeRecord *scopeFor(const Step &step, const CoroutineRecord *caller) const;
    Await awaitOf(const Activation &caller, const Step &step) const;
    const Coroutine *code(const QByteArray &name) const;

    void startRoots();
    void connectScope(ScopeRecord *scope);
    ScopeRecord *ownScope(QTimeoutScope &scope, const Coroutine &code);
    ScopeRecord *makeStackScope(const Step &step);
    void destroyScope(ScopeRecord *scope);

    void turn();
    void nestedTurn();
    void hook(const char *where, const QByteArray &name);
    QList<int> enabledEvents(bool inHook) const;
    bool isEnabled(const Event &event, bool inHook) const;
    bool isScopeEventEnabled(const Event &event) const;
    void deliver(int index, bool inHook);
    void perform(const Event &event, bool inHook);
    void performOnScope(const QByteArray &verb, ScopeRecord *scope, bool inHook);
    void expireNow(ScopeRecord *scope);
    void letEverythingEnd();
    void checkRoots();
    void note(const QByteArray &text);
    std::chrono::nanoseconds deadlineIn(int time) const;

    struct Root
    {
        const Step *step;
        CoroutineRecord *record;
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
    std::vector<Root> m_roots;
    CoroutineRecord *m_lastBegun = nullptr;
    PlainRecord *m_lastPlain = nullptr;
    int m_ownTime = -1; // of the run that is about to make a scope
    QByteArrayList m_trace;
    int m_indent = 0;
};

#endif // WORLD_H
