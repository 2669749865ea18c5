// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "world.h"

#include <QtCore/qeventloop.h>
#include <QtCore/qtimer.h>

#include <cstdio>

using namespace std::chrono_literals;

void Job::abort()
{
    ++m_aborts;
    m_isAborting = true;
    if (onAbort)
        onAbort();
    m_isAborting = false;
    if (!m_isFinished)
        finish();
}

/*
    The coroutine, as the oracle sees it. The first of its locals.
*/
class World::Activation
{
public:
    Activation(World &world, QTimeoutScope &scope, const Coroutine &code) : m_world(world)
    {
        ScopeRecord *record = world.m_oracle.scopeOf(&scope);
        ScopeRecord *own = record ? nullptr : world.ownScope(scope, code);
        m_record = world.m_oracle.begin(code.name, record ? record : own);
        if (own)
            own->callee = m_record;
        world.note("  " + code.name + " begins");
        checkCurrentScope();
    }
    ~Activation()
    {
        m_world.note("  " + m_record->name + " ends");
        m_world.m_oracle.ended(m_record);
    }
    Q_DISABLE_COPY_MOVE(Activation)

    CoroutineRecord *record() const { return m_record; }

    void suspend(const Step &step)
    {
        m_world.m_oracle.suspending(m_record, m_world.awaitOf(*this, step));
    }
    void resumed(Outcome outcome)
    {
        m_world.note("  " + m_record->name + ": " + m_record->await.step->text + " gives "
                     + nameOf(outcome));
        m_world.m_oracle.resumed(m_record, outcome);
        checkCurrentScope();
        m_world.hook("when resumed, in", m_record->name);
    }
    void setResult(Outcome outcome) { m_record->result = outcome; }

private:
    void checkCurrentScope() const
    {
        const ScopeRecord *scope = m_record->scope;
        const QTimeoutScope *expected = scope->isDestroyed ? nullptr : scope->object.data();
        if (QTimeout::currentScope() != expected && !scope->isDying)
            m_world.m_oracle.object("A14: currentScope() is wrong in " + m_record->name);
    }

    World &m_world;
    CoroutineRecord *m_record;
};

class World::Local
{
public:
    Local(World &world, const Activation &activation)
        : m_world(world), m_record(activation.record()), m_index(m_record->locals++)
    {
    }
    ~Local()
    {
        if (m_index == 0)
            m_world.hook("in a destructor of", m_record->name);
        if (--m_record->locals != m_index)
            m_world.m_oracle.object("A4: the locals of " + m_record->name
                                    + " are destroyed out of order");
    }
    Q_DISABLE_COPY_MOVE(Local)

private:
    const Tracked m_tracked;
    World &m_world;
    CoroutineRecord *const m_record;
    const int m_index;
};

/*
    The scopes that a coroutine makes on its stack, unless they have been destroyed before.
*/
class World::StackScopes
{
public:
    explicit StackScopes(World &world) : m_world(world) {}
    ~StackScopes()
    {
        for (; !m_scopes.isEmpty(); m_scopes.removeLast()) {
            if (m_scopes.last()->object && !m_scopes.last()->isDying)
                m_world.destroyScope(m_scopes.last());
        }
    }
    Q_DISABLE_COPY_MOVE(StackScopes)

    void add(ScopeRecord *scope) { m_scopes.append(scope); }

private:
    World &m_world;
    QList<ScopeRecord *> m_scopes;
};

/*
    Coroutines
*/

static QCoro::Task<int> pass(Door &door)
{
    const Tracked local;
    co_await door;
    co_return 1;
}

QCoro::Task<int> World::interpret(QTimeoutScope &scope, World *world, const Coroutine *code,
                                  Tracked argument)
{
    Q_UNUSED(argument)
    Activation self(*world, scope, *code);
    const Local first(*world, self);
    const Local second(*world, self);
    std::map<QByteArray, std::pair<QCoro::Task<int>, CoroutineRecord *>> started;
    StackScopes stackScopes(*world);
    const QList<Step> *steps = &code->body;
    std::exception_ptr interruption;
    bool isSwallowed = false;

    for (qsizetype i = 0; i < steps->size(); ++i) {
        const Step &step = steps->at(i);
        if (!world->canDo(self, step)
            || (step.kind == Step::Join && started.find(step.target) == started.end()))
            continue;
        Outcome outcome = Outcome::Value;
        bool hasAwaited = true;
        try {
            switch (step.kind) {
            case Step::Gate:
            case Step::Signal:
            case Step::Call:
            case Step::Plain:
            case Step::RunCall: {
                QCoro::Task<int> task = world->makeTask(self, step);
                self.suspend(step);
                if (step.isShielded)
                    co_await QTimeout::shield(std::move(task));
                else
                    co_await std::move(task);
                break;
            }
            case Step::TryRun:
            case Step::TryCall: {
                QCoro::Task<std::optional<int>> task = world->makeOptionalTask(self, step);
                self.suspend(step);
                std::optional<int> result;
                if (step.isShielded)
                    result = co_await QTimeout::shield(std::move(task));
                else
                    result = co_await std::move(task);
                outcome = result ? Outcome::Value : Outcome::Empty;
                break;
            }
            case Step::Run: {
                if (Job *job = world->m_jobs[step.target]) {
                    QCoro::Task<Job *> task = QTimeout::run(step.time, job);
                    self.suspend(step);
                    if (step.isShielded)
                        co_await QTimeout::shield(std::move(task));
                    else
                        co_await std::move(task);
                } else {
                    QCoro::Task<int> task = world->makeTask(self, step);
                    self.suspend(step);
                    if (step.isShielded)
                        co_await QTimeout::shield(std::move(task));
                    else
                        co_await std::move(task);
                }
                break;
            }
            case Step::Job: {
                Job *job = world->m_jobs[step.target];
                self.suspend(step);
                if (step.isShielded)
                    co_await QTimeout::shield(job);
                else
                    co_await job;
                break;
            }
            case Step::Sleep: {
                QCoro::Task<> task = QTimeout::sleepFor(std::chrono::milliseconds(step.time));
                self.suspend(step);
                if (step.isShielded)
                    co_await QTimeout::shield(std::move(task));
                else
                    co_await std::move(task);
                break;
            }
            case Step::Start: {
                QCoro::Task<int> task = world->callNow(step, self.record());
                started[step.target] = {std::move(task), world->m_lastBegun};
                hasAwaited = false;
                break;
            }
            case Step::Join: {
                auto &joined = started[step.target];
                world->m_lastBegun = joined.second;
                self.suspend(step);
                if (step.isShielded)
                    co_await QTimeout::shield(joined.first);
                else
                    co_await joined.first;
                break;
            }
            case Step::Spawn:
                world->callNow(step, self.record());
                hasAwaited = false;
                break;
            case Step::Scope:
                stackScopes.add(world->makeStackScope(step));
                hasAwaited = false;
                break;
            }
        } catch (const QTimeoutCancelled &) {
            outcome = Outcome::Cancelled;
            isSwallowed = code->isSwallowing && !interruption;
            interruption = std::current_exception();
        } catch (const QTimeoutError &) {
            outcome = Outcome::TimedOut;
        }
        if (hasAwaited)
            self.resumed(outcome);
        if (outcome == Outcome::Cancelled) {
            if (steps != &code->body)
                break;
            steps = &code->cleanup;
            i = -1;
        }
    }
    if (interruption && !isSwallowed) {
        self.setResult(Outcome::Cancelled);
        std::rethrow_exception(std::exchange(interruption, nullptr));
    }
    self.setResult(Outcome::Value);
    co_return 1;
}

QCoro::Task<int> World::interpretPlain(World *world, const Step *step, PlainRecord *record,
                                       CoroutineRecord *caller)
{
    const Tracked local;
    if (!step->gate.isEmpty())
        co_await *world->m_gates[step->gate];
    if (!world->scopeFor(*step, caller)) {
        record->outcome = Outcome::Value;
        co_return 0;
    }
    QCoro::Task<int> task = world->callNow(*step, caller);
    CoroutineRecord *callee = world->m_lastBegun;
    record->callee = callee;
    Outcome outcome = Outcome::Value;
    std::exception_ptr exception;
    try {
        co_await task;
    } catch (const QTimeoutCancelled &) {
        outcome = Outcome::Cancelled;
        exception = std::current_exception();
    } catch (const QTimeoutError &) {
        outcome = Outcome::TimedOut;
        exception = std::current_exception();
    }
    if (!(callee->expected & int(outcome)))
        world->m_oracle.object("A4: a plain coroutine gets " + QByteArray(nameOf(outcome))
                               + " from " + callee->name);
    record->outcome = outcome;
    if (exception)
        std::rethrow_exception(std::exchange(exception, nullptr));
    co_return 1;
}

// The callee has run up to where it is suspended.
QCoro::Task<int> World::callNow(const Step &step, CoroutineRecord *caller)
{
    const size_t depth = m_oracle.depth();
    QTimeoutScope *scope = scopeFor(step, caller)->object;
    const size_t index = m_oracle.count();
    QCoro::Task<int> task = interpret(*scope, this, code(step.target), Tracked());
    m_lastBegun = m_oracle.at(index);
    m_oracle.truncate(depth);
    return task;
}

QCoro::Task<int> World::runNow(const Step &step)
{
    const size_t index = m_oracle.count();
    m_ownTime = step.time;
    auto task = QTimeout::run(step.time, &World::interpret, this, code(step.target), Tracked());
    m_lastBegun = m_oracle.at(index);
    return task;
}

QCoro::Task<int> World::plainNow(const Step &step, CoroutineRecord *caller)
{
    PlainRecord *record = m_oracle.addPlain();
    auto task = interpretPlain(this, &step, record, caller);
    m_lastPlain = record;
    return task;
}

QCoro::Task<int> World::makeTask(Activation &caller, const Step &step)
{
    const size_t depth = m_oracle.depth();
    auto task = [&] {
        switch (step.kind) {
        case Step::Signal:
            return QTimeout::run(QDeadlineTimer::Forever, m_jobs[step.target].data(),
                                 &Job::changed);
        case Step::Call:
            return callNow(step, caller.record());
        case Step::Plain:
            return plainNow(step, caller.record());
        case Step::RunCall:
            return runNow(step);
        case Step::Run:
            return QTimeout::run(step.time, pass(*m_gates[step.target]));
        default:
            return pass(*m_gates[step.target]);
        }
    }();
    m_oracle.truncate(depth);
    return task;
}

QCoro::Task<std::optional<int>> World::makeOptionalTask(Activation &, const Step &step)
{
    const size_t depth = m_oracle.depth();
    const size_t index = m_oracle.count();
    m_ownTime = step.time;
    auto task = step.kind == Step::TryCall
            ? QTimeout::tryRun(step.time, &World::interpret, this, code(step.target), Tracked())
            : QTimeout::tryRun(step.time, pass(*m_gates[step.target]));
    if (step.kind == Step::TryCall)
        m_lastBegun = m_oracle.at(index);
    m_oracle.truncate(depth);
    return task;
}

const Coroutine *World::code(const QByteArray &name) const
{
    const auto found = m_program.coroutines.constFind(name);
    if (found == m_program.coroutines.constEnd())
        qFatal("There is no coroutine \"%s\"", name.constData());
    return &*found;
}

QTimeoutScope *World::usableScope(const QByteArray &name) const
{
    const ScopeRecord *record = m_oracle.scope(name);
    return record && !record->isDying && !record->isDestroyed ? record->object.data() : nullptr;
}

// That a callee gets; null if it has gone.
ScopeRecord *World::scopeFor(const Step &step, const CoroutineRecord *caller) const
{
    ScopeRecord *record = step.scope.isEmpty() && caller ? caller->scope
                                                         : m_oracle.scope(step.scope);
    return record && record->object && !record->isDying && !record->isDestroyed ? record : nullptr;
}

bool World::canDo(const Activation &caller, const Step &step) const
{
    switch (step.kind) {
    case Step::Call:
    case Step::Plain:
    case Step::Start:
    case Step::Spawn:
        return scopeFor(step, caller.record());
    case Step::Job:
    case Step::Signal:
    case Step::Run:
        return !m_program.jobs.contains(step.target) || m_jobs.at(step.target);
    default:
        return true;
    }
}

std::chrono::nanoseconds World::deadlineIn(int time) const
{
    return m_clock.elapsed() + std::chrono::milliseconds(time);
}

Await World::awaitOf(const Activation &, const Step &step) const
{
    Await await;
    await.step = &step;
    await.hasEnded = [] { return false; };
    await.isGone = [] { return false; };
    const bool isJob = m_program.jobs.contains(step.target);
    const Door *door = isJob                ? nullptr
            : m_gates.contains(step.target) ? m_gates.at(step.target).get()
                                            : nullptr;
    switch (step.kind) {
    case Step::Job:
    case Step::Signal:
    case Step::Run:
    case Step::TryRun:
    case Step::Gate:
        if (step.time >= 0)
            await.deadline = deadlineIn(step.time);
        if (!isJob) {
            await.hasEnded = [door] { return door->isOpen(); };
            break;
        }
        await.isGone = [job = m_jobs.at(step.target)] { return !job; };
        if (step.kind == Step::Signal) {
            await.hasEnded = [job = m_jobs.at(step.target),
                              before = m_jobs.at(step.target)->changes()] {
                return !job || job->changes() > before;
            };
        } else {
            await.hasEnded = [job = m_jobs.at(step.target)] {
                return !job || (job->isFinished() && job->aborts() == 0);
            };
        }
        break;
    case Step::Sleep:
        await.deadline = deadlineIn(step.time);
        break;
    case Step::Plain:
        await.plain = m_lastPlain;
        await.hasEnded = [plain = m_lastPlain] { return plain->outcome.has_value(); };
        break;
    default:
        await.callee = m_lastBegun;
        await.hasEnded = [callee = m_lastBegun] { return callee->hasEnded; };
        break;
    }
    return await;
}

/*
    Scopes
*/

void World::connectScope(ScopeRecord *scope)
{
    const auto slot = [this](const char *where, const QByteArray &name) {
        const size_t depth = m_oracle.depth();
        m_oracle.pushBarrier();
        hook(where, name);
        m_oracle.truncate(depth);
    };
    QTimeoutScope *object = scope->object;
    QObject::connect(object, &QTimeoutScope::stateChanged, object,
                     [this, scope, slot](QTimeoutScope::State state) {
                         note("  scope " + scope->name + " is in state "
                              + QByteArray::number(state));
                         if (state == QTimeoutScope::Active)
                             m_oracle.scopeStarted(scope);
                         else if (scope->object->state() == state) // of this life
                             m_oracle.scopeStateChanged(scope, state);
                         slot("in stateChanged of", scope->name);
                     });
    QObject::connect(object, &QTimeoutScope::expired, object,
                     [scope, slot] { slot("in expired of", scope->name); });
    QObject::connect(object, &QTimeoutScope::cancelled, object,
                     [scope, slot] { slot("in cancelled of", scope->name); });
    QObject::connect(object, &QTimeoutScope::finished, object,
                     [scope, slot] { slot("in finished of", scope->name); });
}

// That a run has made.
ScopeRecord *World::ownScope(QTimeoutScope &scope, const Coroutine &code)
{
    std::optional<std::chrono::nanoseconds> deadline;
    if (m_ownTime >= 0)
        deadline = deadlineIn(m_ownTime);
    ScopeRecord *record = m_oracle.addScope('@' + code.name, &scope, nullptr, deadline);
    connectScope(record);
    return record;
}

ScopeRecord *World::makeStackScope(const Step &step)
{
    std::optional<std::chrono::nanoseconds> deadline;
    if (step.time >= 0)
        deadline = deadlineIn(step.time);
    ScopeRecord *record = m_oracle.addScope(step.target,
                                            new QTimeoutScope(QTimeout::Deadline(step.time)),
                                            nullptr, deadline);
    connectScope(record);
    return record;
}

void World::destroyScope(ScopeRecord *scope)
{
    const size_t depth = m_oracle.depth();
    m_oracle.pushBarrier();
    m_oracle.scopeDies(scope);
    delete scope->object;
    m_oracle.scopeDestroyed(scope);
    m_oracle.truncate(depth);
}

/*
    Events
*/

World::World(const Program &program, Chooser &chooser, int synchronous, Tracing tracing)
    : m_program(program),
      m_chooser(chooser),
      m_oracle([this] { return m_clock.elapsed(); }),
      m_synchronous(synchronous),
      m_tracing(tracing),
      m_isDelivered(program.events.size(), false)
{
    for (const QByteArray &name : program.gates)
        m_gates[name] = std::make_unique<Door>();
    for (const QByteArray &name : program.jobs) {
        auto *job = new Job;
        m_jobs[name] = job;
        job->onAbort = [this, name] {
            note("  " + name + " is aborted");
            m_oracle.jobAborted(name);
            hook("while it aborts", name);
        };
    }
    for (const ScopeSpec &spec : program.scopes) {
        ScopeRecord *parent = spec.parent.isEmpty() ? nullptr : m_oracle.scope(spec.parent);
        auto *object = new QTimeoutScope(QDeadlineTimer::Forever,
                                         parent ? parent->object.data() : nullptr);
        connectScope(m_oracle.addScope(spec.name, object, parent, std::nullopt));
    }
}

World::~World()
{
    for (const auto &[name, job] : m_jobs)
        delete job;
}

void World::note(const QByteArray &text)
{
    if (m_tracing == NoTrace)
        return;
    const QByteArray line = QByteArray(2 * m_indent, ' ') + text;
    if (m_tracing == TraceAtOnce)
        fprintf(stderr, "%s\n", line.constData());
    else
        m_trace.append(line);
}

void World::startRoots()
{
    for (const Step &step : m_program.roots) {
        if (step.kind == Step::Call && !scopeFor(step, nullptr)) // an event has deleted it
            continue;
        const size_t depth = m_oracle.depth();
        QCoro::Task<int> task = step.kind == Step::Call ? callNow(step, nullptr) : runNow(step);
        CoroutineRecord *record = m_lastBegun;
        m_oracle.truncate(depth);
        m_roots.push_back({&step, record, observe(std::move(task))});
    }
}

bool World::isScopeEventEnabled(const Event &event) const
{
    const QTimeoutScope *scope = usableScope(event.target);
    if (!scope)
        return false;
    // A parent cannot be deleted by its child's destructor.
    if (event.verb == "delete")
        return !m_oracle.isChildDying(m_oracle.scope(event.target));
    return scope->isActive() != (event.verb == "start");
}

bool World::isEnabled(const Event &event, bool inHook) const
{
    if (event.verb == "time")
        return !inHook;
    if (event.verb == "open")
        return !m_gates.at(event.target)->isOpen();
    if (!m_program.jobs.contains(event.target))
        return isScopeEventEnabled(event);
    const QPointer<Job> &job = m_jobs.at(event.target);
    if (!job || job->isAborting())
        return false;
    return event.verb != "finish" || !job->isFinished();
}

QList<int> World::enabledEvents(bool inHook) const
{
    QList<int> result;
    for (int i = 0; i < m_program.events.size(); ++i) {
        if (!m_isDelivered[i] && isEnabled(m_program.events[i], inHook))
            result.append(i);
    }
    return result;
}

/*
    A place where an event may be delivered synchronously, or a nested event loop be run.
*/
void World::hook(const char *where, const QByteArray &name)
{
    if (m_isEnding || m_synchronous == 0)
        return;
    const QList<int> events = enabledEvents(true);
    const int choice = m_chooser.chooseRarely(int(events.size()) + 2);
    if (choice == 0)
        return;
    --m_synchronous;
    note(QByteArray("  ") + where + ' ' + name + ':');
    ++m_indent;
    if (choice <= events.size())
        deliver(events[choice - 1], true);
    else
        nestedTurn();
    --m_indent;
}

void World::nestedTurn()
{
    note("nested event loop");
    const size_t depth = m_oracle.depth();
    m_oracle.pushBarrier();
    QEventLoop loop;
    for (int i = 0; i < 2; ++i) {
        QTimer::singleShot(0, &loop, &QEventLoop::quit);
        loop.exec();
    }
    m_oracle.truncate(depth);
}

void World::deliver(int index, bool inHook)
{
    m_isDelivered[index] = true;
    note(m_program.events[index].text());
    const size_t depth = m_oracle.depth();
    ++m_indent;
    perform(m_program.events[index], inHook);
    --m_indent;
    m_oracle.truncate(depth);
}

void World::perform(const Event &event, bool inHook)
{
    const QPointer<Job> job = m_program.jobs.contains(event.target) ? m_jobs[event.target]
                                                                    : nullptr;
    if (event.verb == "open")
        m_gates[event.target]->open();
    else if (event.verb == "time")
        m_clock.advance(std::chrono::milliseconds(event.target.toInt()));
    else if (event.verb == "emit")
        job->change();
    else if (event.verb == "destroy")
        delete job;
    else if (job)
        job->finish();
    else
        performOnScope(event.verb, m_oracle.scope(event.target), inHook);
}

void World::performOnScope(const QByteArray &verb, ScopeRecord *scope, bool inHook)
{
    QTimeoutScope *object = scope->object;
    if (verb == "delete")
        return destroyScope(scope);
    const CoroutineRecord *running = m_oracle.running();
    const size_t depth = m_oracle.depth();
    m_oracle.pushBarrier();
    if (verb == "cancel") {
        scope->isCancelDue = true;
        object->cancel();
        scope->isCancelDue = false;
    } else if (verb == "finish") {
        object->finish();
    } else if (verb == "start") {
        scope->deadline.reset();
        object->start(QDeadlineTimer::Forever);
    } else if (verb == "expire") {
        scope->deadline = m_clock.elapsed();
        object->reschedule(0ns);
        // In its own coroutine that would interrupt.
        if (inHook && !(running && running->scope == scope))
            expireNow(scope);
    } else {
        qFatal("There is no event \"%s\"", verb.constData());
    }
    m_oracle.truncate(depth);
}

void World::expireNow(ScopeRecord *scope)
{
    try {
        scope->object->throwIfAborted();
        m_oracle.object("S9: throwIfAborted() does not throw");
    } catch (const QTimeoutError &) {
    } catch (const QTimeoutCancelled &) {
    }
}

void World::turn()
{
    m_clock.advance(0ns);
}

QByteArray World::run()
{
    startRoots();
    m_oracle.truncate(0);
    m_oracle.checkQuiescent(false);
    bool canTurn = true;
    while (m_oracle.objection().isEmpty()) {
        const QList<int> events = enabledEvents(false);
        if (events.isEmpty())
            break;
        const int choice = m_chooser.choose(int(events.size()) + (canTurn ? 1 : 0));
        const bool isTurn = choice == events.size();
        if (isTurn) {
            note("turn");
            turn();
        } else {
            deliver(events[choice], false);
        }
        m_oracle.truncate(0);
        m_oracle.checkQuiescent(isTurn);
        canTurn = !isTurn;
    }
    note("turn");
    turn();
    m_oracle.truncate(0);
    m_oracle.checkQuiescent(true);
    note("end");
    m_isEnding = true;
    letEverythingEnd();
    return m_oracle.objection();
}

void World::letEverythingEnd()
{
    static constexpr int MostRounds = 30;
    for (int round = 0; round < MostRounds; ++round) {
        for (const auto &[name, door] : m_gates) {
            door->open();
            m_oracle.truncate(0);
        }
        for (const auto &[name, job] : m_jobs) {
            if (job && !job->isFinished())
                job->finish();
            m_oracle.truncate(0);
            if (job)
                job->change();
            m_oracle.truncate(0);
        }
        m_clock.advance(1min);
        m_oracle.truncate(0);
        if (m_oracle.haveAllEnded())
            break;
    }
    m_oracle.checkQuiescent(true);
    m_oracle.checkEnded();
    checkRoots();
    for (const auto &[name, job] : m_jobs) {
        if (job && !connectedSignals(job).isEmpty())
            m_oracle.object("A10: " + name
                            + " is still connected: " + connectedSignals(job).join(", "));
        if (job && job->aborts() > 1)
            m_oracle.object("A1: " + name + " is aborted twice");
    }
    for (const ScopeSpec &spec : m_program.scopes) {
        ScopeRecord *scope = m_oracle.scope(spec.name);
        if (scope->object && !scope->isDying)
            destroyScope(scope);
    }
    turn();
    if (queuedDeadlines() != 0)
        m_oracle.object("A10: deadlines are left in the queue");
}

void World::checkRoots()
{
    for (const Root &root : m_roots) {
        static constexpr int NoOutcome = 0;
        const int end = root.observed->end == End::Returned ? int(Outcome::Value)
                : root.observed->end == End::Cancelled      ? int(Outcome::Cancelled)
                : root.observed->end == End::TimedOut       ? int(Outcome::TimedOut)
                                                            : NoOutcome;
        if (!(end & root.record->expected))
            m_oracle.object("A4: " + root.record->name + " ends with "
                            + (end ? nameOf(Outcome(end)) : "nothing"));
    }
}
