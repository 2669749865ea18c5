// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "world.h"

/*
    The coroutine, as the oracle sees it. The first of its locals.
*/
class World::Activation
{
public:
    Activation(World &world, QTimeoutScope &scope, const QByteArray &name) : m_world(world)
    {
        Scope *given = nullptr;
        for (Scope &each : world.m_oracle.scopes) {
            if (each.object == &scope)
                given = &each;
        }
        Scope *own = given ? nullptr : world.ownScope(scope, '@' + name);
        m_record = world.m_oracle.begin(name, own ? own : given);
        if (own)
            own->callee = m_record;
        world.m_callees[name] = m_record;
        world.note("  " + name + " begins");
        checkCurrentScope();
    }
    ~Activation()
    {
        if (m_record->scope->callee == m_record)
            m_record->scope->isDying = true;
        m_world.note("  " + m_record->name + " ends");
        m_world.m_oracle.ended(m_record);
    }
    Q_DISABLE_COPY_MOVE(Activation)

    Task *record() const { return m_record; }

    void suspend(const Step &step) { m_world.suspend(m_record, step); }
    void resumed(Outcome outcome)
    {
        m_world.note("  " + m_record->name + ": " + m_record->wait->step->text + " gives "
                     + nameOf(outcome));
        m_world.m_oracle.resumed(m_record, outcome);
        checkCurrentScope();
        m_world.hook("when resumed, in", m_record->name);
    }
    void setResult(Outcome outcome) { m_record->outcome = outcome; }

private:
    void checkCurrentScope() const
    {
        const Scope *scope = m_record->scope;
        if (QTimeout::currentScope() != scope->object && !scope->isDying)
            m_world.m_oracle.rule(false, "A14: currentScope() is wrong", m_record->name);
    }

    World &m_world;
    Task *m_record;
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
        m_world.m_oracle.rule(--m_record->locals == m_index,
                              "A4: its locals are destroyed out of order", m_record->name);
    }
    Q_DISABLE_COPY_MOVE(Local)

private:
    const Tracked m_tracked;
    World &m_world;
    Task *const m_record;
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

    void add(Scope *scope) { m_scopes.append(scope); }

private:
    World &m_world;
    QList<Scope *> m_scopes;
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

// What it is given is called now, outside of everything.
template<typename... Args>
auto World::shield(Args &&...args)
{
    const Place place(m_oracle, {Frame::Outside});
    return QTimeout::shield(std::forward<Args>(args)...);
}

QCoro::Task<int> World::interpret(QTimeoutScope &scope, World *world, const Coroutine *code,
                                  Tracked argument)
{
    Q_UNUSED(argument)
    Activation self(*world, scope, code->name);
    const Local first(*world, self);
    const Local second(*world, self);
    std::map<QByteArray, std::pair<QCoro::Task<int>, Task *>> started;
    StackScopes stackScopes(*world);
    const QList<Step> *steps = &code->body;
    std::exception_ptr interruption;
    bool isSwallowed = false;

    for (qsizetype i = 0; i < steps->size(); ++i) {
        const Step &step = steps->at(i);
        if (!world->canDo(self.record(), step)
            || (step.kind == Step::Join && started.find(step.target) == started.end()))
            continue;
        if (!step.task.isEmpty()) {
            world->makeNamed(self.record(), step);
            continue;
        }
        Outcome outcome = Outcome::Value;
        bool hasAwaited = true;
        try {
            switch (step.kind) {
            case Step::Gate:
            case Step::Call:
            case Step::Plain:
            case Step::RunCall:
                if (step.isShielded) {
                    const auto make = [&] { return world->makeTask(self.record(), step); };
                    auto held = world->shield(make);
                    self.suspend(step);
                    co_await std::move(held);
                } else {
                    QCoro::Task<int> task = world->makeTask(self.record(), step);
                    self.suspend(step);
                    co_await std::move(task);
                }
                break;
            case Step::Signal:
                if (step.isShielded) {
                    auto held = world->shield(world->m_jobs[step.target].data(), &Job::changed);
                    self.suspend(step);
                    co_await std::move(held);
                } else {
                    QCoro::Task<int> task = world->makeTask(self.record(), step);
                    self.suspend(step);
                    co_await std::move(task);
                }
                break;
            case Step::ShieldCall: {
                auto held = world->shield(&World::interpret, world, world->code(step.target),
                                          Tracked());
                world->m_last = world->m_callees[step.target];
                self.suspend(step);
                co_await std::move(held);
                break;
            }
            case Step::TryRun:
            case Step::TryCall: {
                std::optional<int> result;
                if (step.isShielded) {
                    const auto make = [&] { return world->makeOptionalTask(step); };
                    auto held = world->shield(make);
                    self.suspend(step);
                    result = co_await std::move(held);
                } else {
                    QCoro::Task<std::optional<int>> task = world->makeOptionalTask(step);
                    self.suspend(step);
                    result = co_await std::move(task);
                }
                outcome = result ? Outcome::Value : Outcome::Empty;
                break;
            }
            case Step::Run:
                if (world->m_program.jobs.contains(step.target)) {
                    QCoro::Task<Job *> task = world->makeJobTask(step);
                    self.suspend(step);
                    co_await std::move(task);
                } else if (step.isShielded) {
                    const auto make = [&] { return world->makeTask(self.record(), step); };
                    auto held = world->shield(make);
                    self.suspend(step);
                    co_await std::move(held);
                } else {
                    QCoro::Task<int> task = world->makeTask(self.record(), step);
                    self.suspend(step);
                    co_await std::move(task);
                }
                break;
            case Step::Job: {
                Job *job = world->m_jobs[step.target];
                if (step.isShielded) {
                    auto held = world->shield(job);
                    self.suspend(step);
                    co_await std::move(held);
                } else {
                    self.suspend(step);
                    co_await job;
                }
                break;
            }
            case Step::Sleep: {
                const auto make = [&] {
                    return QTimeout::sleepFor(std::chrono::milliseconds(step.time));
                };
                if (step.isShielded) {
                    auto held = world->shield(make);
                    self.suspend(step);
                    co_await std::move(held);
                } else {
                    QCoro::Task<> task = make();
                    self.suspend(step);
                    co_await std::move(task);
                }
                break;
            }
            case Step::Start: {
                QCoro::Task<int> task = world->callNow(step, self.record());
                started[step.target] = {std::move(task), world->m_last};
                hasAwaited = false;
                break;
            }
            case Step::Join: {
                auto &joined = started[step.target];
                world->m_last = joined.second;
                self.suspend(step);
                co_await joined.first;
                break;
            }
            case Step::Await: {
                Named &named = world->m_named[step.target];
                world->m_wait = named.wait;
                self.suspend(step);
                if (auto *task = std::get_if<QCoro::Task<int>>(&named.task))
                    co_await *task;
                else if (auto *jobTask = std::get_if<QCoro::Task<Job *>>(&named.task))
                    co_await *jobTask;
                else
                    co_await std::get<QCoro::Task<>>(named.task);
                break;
            }
            case Step::Spawn:
                world->callNow(step, self.record());
                hasAwaited = false;
                break;
            case Step::Detach:
                world->detachNow(step);
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

QCoro::Task<int> World::interpretPlain(World *world, const Step *step, Wait *wait,
                                       const Task *caller)
{
    const Tracked local;
    if (!step->gate.isEmpty())
        co_await *world->m_gates[step->gate];
    // Without a scope that is still there, it does nothing.
    if (!world->mayCall(world->m_oracle.stack.running(), world->scopeFor(*step, caller))) {
        wait->hasEnded = [] { return true; };
        co_return 0;
    }
    QCoro::Task<int> task = world->callNow(*step, caller);
    wait->task = world->m_last;
    co_await task;
    co_return 1;
}

/*
    Making tasks. A callee has then run up to where it is suspended.
*/

QCoro::Task<int> World::callNow(const Step &step, const Task *caller)
{
    const Place place(m_oracle);
    QTimeoutScope *scope = scopeFor(step, caller)->object;
    QCoro::Task<int> task = interpret(*scope, this, code(step.target), Tracked());
    m_last = m_callees[step.target];
    return task;
}

QCoro::Task<int> World::runNow(const Step &step)
{
    const Place place(m_oracle);
    m_ownTime = step.time;
    auto task = QTimeout::run(step.time, &World::interpret, this, code(step.target), Tracked());
    m_last = m_callees[step.target];
    m_last->isRun = true;
    return task;
}

QCoro::Task<int> World::detachNow(const Step &step)
{
    const Place place(m_oracle, {Frame::Outside});
    auto task = QTimeout::detach(&World::interpret, this, code(step.target), Tracked());
    m_last = m_callees[step.target];
    return task;
}

// Of an operation, which nobody can look into.
template<typename Run>
auto World::runOf(const Step &step, Run run)
{
    Wait *wait = m_oracle.addWait(operationOf(step));
    auto task = run();
    m_wait = wait;
    return task;
}

QCoro::Task<int> World::makeTask(const Task *caller, const Step &step)
{
    const Place place(m_oracle);
    switch (step.kind) {
    case Step::Signal:
        return runOf(step, [&] {
            return QTimeout::run(QDeadlineTimer::Forever, m_jobs[step.target].data(),
                                 &Job::changed);
        });
    case Step::Call:
        return callNow(step, caller);
    case Step::Plain: {
        Wait *wait = m_oracle.addWait({&step});
        wait->hasEnded = [] { return false; };
        auto task = interpretPlain(this, &step, wait, caller);
        m_wait = wait;
        return task;
    }
    case Step::RunCall:
        return runNow(step);
    case Step::Detach:
        return detachNow(step);
    case Step::Run:
        return runOf(step, [&] { return QTimeout::run(step.time, pass(*m_gates[step.target])); });
    default:
        return pass(*m_gates[step.target]);
    }
}

QCoro::Task<std::optional<int>> World::makeOptionalTask(const Step &step)
{
    const Place place(m_oracle);
    if (step.kind == Step::TryRun)
        return runOf(step,
                     [&] { return QTimeout::tryRun(step.time, pass(*m_gates[step.target])); });
    m_ownTime = step.time;
    auto task = QTimeout::tryRun(step.time, &World::interpret, this, code(step.target), Tracked());
    m_last = m_callees[step.target];
    m_last->isRun = true;
    m_last->isTry = true;
    return task;
}

QCoro::Task<Job *> World::makeJobTask(const Step &step)
{
    const Place place(m_oracle);
    return runOf(step, [&] { return QTimeout::run(step.time, m_jobs[step.target].data()); });
}

void World::makeNamed(const Task *caller, const Step &step)
{
    Named &named = m_named[step.task];
    if (step.kind == Step::Sleep) {
        m_wait = m_oracle.addWait(operationOf(step)); // only who awaits it is under a scope
        named.task = QTimeout::sleepFor(std::chrono::milliseconds(step.time));
    } else if (step.kind == Step::Run && m_program.jobs.contains(step.target)) {
        named.task = makeJobTask(step);
    } else {
        named.task = makeTask(caller, step);
    }
    named.wait = m_wait ? m_wait : m_oracle.addWait({&step, m_last});
    m_wait = nullptr;
    if (Task *maker = m_oracle.stack.running(); maker && named.wait->maker)
        maker->hasRun = true;
}

const Coroutine *World::code(const QByteArray &name) const
{
    const auto found = m_program.coroutines.constFind(name);
    if (found == m_program.coroutines.constEnd())
        qFatal("There is no coroutine \"%s\"", name.constData());
    return &*found;
}

// That a callee gets; null if it has gone.
Scope *World::scopeFor(const Step &step, const Task *caller) const
{
    Scope *scope = step.scope.isEmpty() && caller ? caller->scope : m_scopes.value(step.scope);
    return scope && scope->object && !scope->isDying ? scope : nullptr;
}

/*
    Not decided, so it is not done: what aborts a coroutine that takes a scope which has ended, unless the one
    that calls it is aborted too (A7); whether one that cleans up may call by name under a later life
    of its scope (S1); whether a shield holds what is aborted together with the one that awaits it (A8).
*/
bool World::mayCall(const Task *caller, const Scope *scope, bool isShielded) const
{
    if (!scope)
        return false;
    const Life *life = scope->life;
    const bool isAborted = life->abort;
    if (!caller)
        return !isAborted;
    for (const Life *each = caller->life; each; each = each->enclosing) {
        if (isShielded && each->state == QTimeoutScope::Active && life->isUnder(each))
            return false;
        if (each->scope == scope && each != life)
            return false;
    }
    return !isAborted || (caller->hasAny({life->abort}) && !isShielded);
}

bool World::canDo(const Task *caller, const Step &step) const
{
    switch (step.kind) {
    case Step::Plain:
        return step.gate.isEmpty() ? mayCall(caller, scopeFor(step, caller), step.isShielded)
                                   : bool(scopeFor(step, caller));
    case Step::Call:
    case Step::Start:
    case Step::Spawn:
        return mayCall(caller, scopeFor(step, caller), step.isShielded);
    case Step::Job:
    case Step::Signal:
    case Step::Run:
        return !m_program.jobs.contains(step.target) || m_jobs.at(step.target);
    case Step::Await: {
        // Not decided: what it gets that awaits a run which was given up, or whose maker or object was aborted.
        const auto named = m_named.find(step.target);
        if (named == m_named.end() || named->second.wait->isGivenUp)
            return false;
        const Wait &wait = *named->second.wait;
        const bool goesOn = !wait.isEarly && !m_oracle.hasPassed(wait.due)
                && (wait.object.isEmpty() || wait.isIdle());
        return wait.task || (goesOn && !wait.isAborted());
    }
    default:
        return true;
    }
}

Time World::timeIn(int time) const
{
    return time < 0 ? Time() : m_clock.elapsed() + std::chrono::milliseconds(time);
}

void World::suspend(Task *task, const Step &step)
{
    const bool isOperation = step.kind == Step::Gate || step.kind == Step::Job
            || step.kind == Step::Sleep || (step.kind == Step::Signal && step.isShielded);
    Wait *wait = std::exchange(m_wait, nullptr);
    if (!wait)
        wait = m_oracle.addWait(isOperation ? operationOf(step) : Wait{&step, m_last});
    m_oracle.suspend(task, wait);
}

Wait World::operationOf(const Step &step)
{
    Wait wait;
    wait.step = &step;
    wait.due = timeIn(step.time);
    wait.hasEnded = [this, due = wait.due] { return m_oracle.hasPassed(due); };
    if (step.kind == Step::Sleep)
        return wait;
    if (step.kind == Step::Run || step.kind == Step::TryRun || step.kind == Step::Signal)
        wait.maker = m_oracle.stack.running();
    if (!m_program.jobs.contains(step.target)) {
        wait.hasEnded = [door = m_gates.at(step.target).get()] { return door->isOpen(); };
        return wait;
    }
    const QPointer<Job> job = m_jobs.at(step.target);
    wait.object = step.target;
    wait.isGone = [job] { return !job; };
    if (step.kind == Step::Signal) {
        const auto hasCome = [changes = job->changes(), before = *job->changes()] {
            return *changes > before;
        };
        wait.hasEnded = [job, hasCome] { return !job || hasCome(); };
        wait.isGone = [job, hasCome] { return !job && !hasCome(); };
    } else {
        wait.hasEnded = [job, before = job->aborts()] {
            return !job || (job->isFinished() && job->aborts() == before);
        };
        wait.isIdle = [job] { return job && !job->isFinished() && job->aborts() == 0; };
    }
    return wait;
}

void World::startRoots()
{
    for (const Step &step : m_program.roots) {
        if (step.kind == Step::Call
            && !mayCall(nullptr, scopeFor(step, nullptr))) // an event has deleted it
            continue;
        const Place place(m_oracle);
        if (!step.task.isEmpty()) {
            makeNamed(nullptr, step);
        } else if (step.kind == Step::Detach) {
            detachNow(step);
        } else {
            QCoro::Task<int> task = makeTask(nullptr, step);
            const Task *record = m_last;
            m_roots.push_back({record, observe(std::move(task))});
        }
    }
}
