// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "world.h"

#include <QtCore/qeventloop.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <cstdio>

using namespace std::chrono_literals;

/*
    Scopes
*/

Scope *World::addScope(const QByteArray &name, QTimeoutScope *object, Scope *parent, Time due)
{
    const Task *running = m_oracle.stack.running();
    Life *enclosing = parent ? parent->life : running ? running->life : nullptr; // S10
    Scope *scope = &m_oracle.scopes.emplace_back(Scope{name, object, parent, due});
    scope->life = &m_oracle.lives.emplace_back(Life{scope, enclosing});
    m_scopes[name] = scope;
    const auto slot = [this, scope](const char *where) {
        const Place place(m_oracle, {Frame::Slot});
        hook(where, scope->name);
    };
    QObject::connect(object, &QTimeoutScope::stateChanged, object,
                     [this, scope, slot](QTimeoutScope::State state) {
                         note("  scope " + scope->name + " is in state "
                              + QByteArray::number(state));
                         if (scope->object->state() == state) // of this life
                             m_oracle.stateChanged(scope, state);
                         slot("in stateChanged of");
                     });
    QObject::connect(object, &QTimeoutScope::expired, object, [slot] { slot("in expired of"); });
    QObject::connect(object, &QTimeoutScope::cancelled, object,
                     [slot] { slot("in cancelled of"); });
    QObject::connect(object, &QTimeoutScope::finished, object, [slot] { slot("in finished of"); });
    return scope;
}

// That a run, a shield or a detach has made.
Scope *World::ownScope(QTimeoutScope &scope, const QByteArray &name)
{
    return addScope(name, &scope, nullptr, timeIn(std::exchange(m_ownTime, -1)));
}

Scope *World::makeStackScope(const Step &step)
{
    return addScope(step.target, new QTimeoutScope(QTimeout::Deadline(step.time)), nullptr,
                    timeIn(step.time));
}

void World::destroyScope(Scope *scope)
{
    const Frame frame{Frame::Destructor, nullptr, scope};
    const Place place(m_oracle, frame);
    for (Scope &each : m_oracle.scopes)
        each.isDying = each.isDying || each.isUnder(scope);
    m_oracle.dies(scope);
    delete scope->object;
    m_oracle.returned(frame);
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
            m_oracle.settle();
            m_oracle.ask(isShared(name),
                         "A1: does the abort of an object end it for others who await it?");
            const auto place = std::make_shared<Place>(m_oracle,
                                                       Frame{Frame::AbortFunction, nullptr, nullptr,
                                                             name});
            hook("while it aborts", name);
            return place;
        };
    }
    for (const ScopeSpec &spec : program.scopes) {
        Scope *parent = spec.parent.isEmpty() ? nullptr : m_scopes.value(spec.parent);
        auto *object = new QTimeoutScope(QDeadlineTimer::Forever,
                                         parent ? parent->object.data() : nullptr);
        addScope(spec.name, object, parent, std::nullopt);
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

/*
    Not decided, so it does not happen: whether a parent that is started again encloses a child that is active
    already (S1, S10); whether a coroutine that is running ends "its own scope" if it cancels one further out, or
    from a slot (A6).
*/
bool World::isScopeEventEnabled(const Event &event, bool inHook) const
{
    const Scope *scope = m_scopes.value(event.target);
    if (!scope || !scope->object || scope->isDying || scope->isHidden())
        return false;
    const auto isChild = [scope](const Scope &each) { return each.parent == scope && each.object; };
    const auto &scopes = m_oracle.scopes;
    // A parent cannot be deleted by its child's destructor.
    if (event.verb == "delete")
        return std::none_of(scopes.begin(), scopes.end(),
                            [&](const Scope &each) { return isChild(each) && each.isDying; });
    if (event.verb == "start")
        return !scope->object->isActive()
                && std::none_of(scopes.begin(), scopes.end(), [&](const Scope &each) {
                       return isChild(each) && each.object->isActive();
                   });
    if (!scope->object->isActive() || event.verb == "finish")
        return scope->object->isActive();
    for (const Life *each = scope->life->enclosing; each && inHook; each = each->enclosing) {
        if (each->state == QTimeoutScope::Active && m_oracle.hasPassed(each->scope->due))
            return false; // it would expire as well
    }
    const auto &tasks = m_oracle.tasks;
    return std::none_of(tasks.begin(), tasks.end(), [&](const Task &task) {
        return inHook && !task.wait && !task.hasEnded && task.life->isUnder(scope->life)
                && !(&task == m_oracle.stack.running() && task.scope == scope
                     && task.life == scope->life);
    });
}

bool World::isJobEventEnabled(const Event &event) const
{
    const QPointer<Job> &job = m_jobs.at(event.target);
    if (!job || job->isAborting())
        return false;
    if (event.verb != "destroy")
        return event.verb == "emit" || !job->isFinished();
    return !m_oracle.stack.isIn(Frame::Emission, event.target);
}

bool World::isEnabled(const Event &event, bool inHook) const
{
    if (event.verb == "time")
        return !inHook;
    // Not decided: who is running in an abort function, when a plain coroutine calls there.
    if (event.verb == "open")
        return !m_gates.at(event.target)->isOpen()
                && !(m_program.callingGates.contains(event.target)
                     && m_oracle.stack.isIn(Frame::AbortFunction));
    return m_program.jobs.contains(event.target) ? isJobEventEnabled(event)
                                                 : isScopeEventEnabled(event, inHook);
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

// By others than the one whose abort or deadline it is; so one with a deadline of its own counts half.
bool World::isShared(const QByteArray &job) const
{
    int count = 0;
    for (const Task &task : m_oracle.tasks) {
        if (task.wait && task.wait->object == job
            && (task.decision != Task::Interrupt || task.wasHeld))
            count += m_oracle.hasPassed(task.wait->due) ? 1 : 2;
    }
    return count > 1 && m_program.countWaits(job) > 1;
}

// The next thing to happen: when one that was held back is looked at cannot be seen from outside (A6).
bool World::mustTurn() const
{
    return std::ranges::any_of(m_oracle.tasks, [](const Task &task) {
        return task.wait && task.decision == Task::Interrupt && task.wasHeld;
    });
}

/*
    A place where an event may be delivered synchronously, or a nested event loop be run.
*/
void World::hook(const char *where, const QByteArray &name)
{
    if (m_isEnding || m_synchronous == 0 || mustTurn() || !m_oracle.isJudged())
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
    QEventLoop loop;
    for (int i = 0; i < 2; ++i) {
        const Place place(m_oracle, {Frame::Loop});
        QTimer::singleShot(0, &loop, &QEventLoop::quit);
        loop.exec();
    }
}

void World::deliver(int index, bool inHook)
{
    m_isDelivered[index] = true;
    note(m_program.events[index].text());
    const Place place(m_oracle);
    ++m_indent;
    perform(m_program.events[index], inHook);
    --m_indent;
}

void World::perform(const Event &event, bool inHook)
{
    m_oracle.settle();
    if (event.verb == "open") {
        m_gates[event.target]->open();
    } else if (event.verb == "time") {
        const Place place(m_oracle, {Frame::Loop});
        m_clock.advance(std::chrono::milliseconds(event.target.toInt()));
    } else if (m_program.jobs.contains(event.target)) {
        performOnJob(event);
    } else {
        performOnScope(event.verb, m_scopes.value(event.target), inHook);
    }
}

// The slots are called after those of the ones who wait.
void World::performOnJob(const Event &event)
{
    const Place place(m_oracle, {Frame::Emission, nullptr, nullptr, event.target});
    Job *job = m_jobs[event.target];
    if (event.verb == "destroy") {
        delete job;
        return;
    }
    QObject context;
    const auto slot = [this, event] { hook("in a slot of", event.target); };
    QObject::connect(job, &Job::finished, &context, slot);
    QObject::connect(job, &Job::changed, &context, slot);
    if (event.verb == "emit")
        job->change();
    else
        job->finish();
}

void World::performOnScope(const QByteArray &verb, Scope *scope, bool inHook)
{
    if (verb == "delete")
        return destroyScope(scope);
    QTimeoutScope *object = scope->object;
    Task *running = m_oracle.stack.running();
    const bool isOwn = running && running->scope == scope;
    const Frame frame{Frame::Call, isOwn && verb == "cancel" ? running : nullptr, scope,
                      scope->name};
    const Place place(m_oracle, frame);
    if (verb == "cancel") {
        object->cancel();
    } else if (verb == "finish") {
        object->finish();
    } else if (verb == "start") {
        scope->due.reset();
        object->start(QDeadlineTimer::Forever);
    } else if (verb == "expire") {
        scope->due = timeIn(0);
        object->reschedule(0ns);
        // In its own coroutine that would interrupt.
        if (inHook && !isOwn)
            expireNow(scope);
    } else {
        qFatal("There is no event \"%s\"", verb.constData());
    }
    m_oracle.returned(frame);
}

void World::expireNow(Scope *scope)
{
    try {
        scope->object->throwIfAborted();
        m_oracle.rule(false, "S9: throwIfAborted() does not throw", scope->name);
    } catch (const QTimeoutError &) {
    } catch (const QTimeoutCancelled &) {
    }
}

// As many as it takes until nobody posts another event.
void World::turn()
{
    const Place place(m_oracle, {Frame::Loop});
    for (int i = 0; i < 3; ++i)
        m_clock.advance(0ns);
}

QByteArray World::run()
{
    startRoots();
    bool canTurn = true;
    while (m_oracle.isJudged()) {
        const QList<int> events = mustTurn() ? QList<int>() : enabledEvents(false);
        if (events.isEmpty() && !mustTurn())
            break;
        const int choice = m_chooser.choose(int(events.size())
                                            + (canTurn && !events.isEmpty() ? 1 : 0));
        canTurn = choice < events.size();
        const bool isTime = canTurn && m_program.events[events[choice]].verb == "time";
        if (canTurn)
            deliver(events[choice], false);
        else
            note("turn");
        m_oracle.settle();
        if (isTime || !canTurn) {
            turn();
            m_oracle.turned();
        }
    }
    note("turn");
    turn();
    m_oracle.turned();
    note("end");
    m_isEnding = true;
    letEverythingEnd();
    return m_oracle.objection;
}

void World::letEverythingEnd()
{
    static constexpr int MostRounds = 30;
    const auto &tasks = m_oracle.tasks;
    for (int round = 0; round < MostRounds; ++round) {
        for (const auto &[name, door] : m_gates)
            perform({"open", name}, false);
        for (const auto &[name, job] : m_jobs) {
            if (job && !job->isFinished())
                perform({"finish", name}, false);
            if (job)
                perform({"emit", name}, false);
        }
        m_oracle.settle();
        const Place place(m_oracle, {Frame::Loop});
        m_clock.advance(1min);
        if (std::ranges::all_of(tasks, &Task::hasEnded))
            break;
    }
    turn();
    m_oracle.turned();
    for (const Task &task : tasks)
        m_oracle.rule(task.hasEnded, "not ended when all it can wait for has", task.name);
    checkRoots();
    m_named.clear();
    checkNothingIsLeft();
}

void World::checkNothingIsLeft()
{
    for (const auto &[name, job] : m_jobs) {
        m_oracle.rule(!job || connectedSignals(job).isEmpty(), "A10: still connected", name);
        // Not decided: whether an object for which several wait is aborted once for each of them.
        m_oracle.rule(!job || job->aborts() < 2 || m_program.countWaits(name) > 1,
                      "A1: aborted twice", name);
    }
    for (const ScopeSpec &spec : m_program.scopes) {
        Scope *scope = m_scopes.value(spec.name);
        if (scope->object && !scope->isDying)
            destroyScope(scope);
    }
    turn();
    m_oracle.rule(queuedDeadlines() == 0, "A10: deadlines are left", "the queue");
}

void World::checkRoots()
{
    for (const Root &root : m_roots) {
        const End expected = root.record->outcome == Outcome::Cancelled ? End::Cancelled
                : root.record->outcome == Outcome::TimedOut             ? End::TimedOut
                                                                        : End::Returned;
        if (root.record->hasEnded && !root.record->isOpen && root.observed->end != expected)
            m_oracle.rule(false, "A4: this is not what it has to end with",
                          root.record->name + " -> " + nameOf(root.record->outcome));
    }
}
