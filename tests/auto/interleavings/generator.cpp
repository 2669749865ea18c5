// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "generator.h"

static const QByteArrayList coroutineNames = {"a", "b", "c", "d"};

// The first is drawn first.
QByteArray Generator::oneOfEach(const QByteArrayList &first, const QByteArrayList &second)
{
    QByteArray result = oneOf(first);
    result += oneOf(second);
    return result;
}

QByteArray Generator::newGate()
{
    m_gates.append("g" + QByteArray::number(m_gates.size()));
    return m_gates.last();
}

QByteArray Generator::newJob()
{
    m_jobs.append("j" + QByteArray::number(m_jobs.size()));
    return m_jobs.last();
}

// Mostly a new one, since to await one again that has ended teaches little.
QByteArray Generator::oneJob()
{
    return !m_jobs.isEmpty() && below(4) == 0 ? oneOf(m_jobs) : newJob();
}

// One that is called for the first time, if there is any; each is called once at most.
QByteArray Generator::callee(const QByteArray &caller, bool hasScope)
{
    for (const QByteArray &name : coroutineNames) {
        if (name > caller && !m_called.contains(name)) {
            m_called.append(name);
            if (!hasScope) {
                m_own.append('@' + name);
                return name;
            }
            return below(2) ? name : name + '(' + oneOf(m_scopes) + ')';
        }
    }
    return {};
}

QByteArray Generator::awaiting(const QByteArray &caller)
{
    QByteArray name;
    switch (below(10)) {
    case 0:
    case 1:
        name = callee(caller, true);
        return name.isEmpty() ? "gate " + newGate() : "call " + name;
    case 2:
        name = callee(caller, true);
        return name.isEmpty() ? "gate " + newGate() : "plain " + name;
    case 3:
        name = callee(caller, false);
        return name.isEmpty() ? "run " + newGate() + " 5"
                              : oneOfEach({"runcall " + name, "trycall " + name}, {"", " 5"});
    case 4:
        return "job " + oneJob();
    case 5:
        return "signal " + oneJob();
    case 6:
        return "sleep " + oneOf({"0", "3", "5"});
    case 7:
        if (below(2))
            return "run " + oneJob() + " 5";
        return oneOf({"run ", "tryrun "}) + newGate() + " 5";
    case 8:
        name = awaitable(caller);
        return name.isEmpty() ? "gate " + newGate() : "await " + name;
    default:
        return "gate " + newGate();
    }
}

// In a shield. Under which scope it calls is written down: not decided is what holds if that is the caller's (A8).
QByteArray Generator::shielded(const QByteArray &caller)
{
    QByteArray name;
    switch (below(7)) {
    case 0:
    case 1:
        name = callee(caller, false);
        return name.isEmpty() ? "shield gate " + newGate() : "shieldcall " + name;
    case 2:
        name = callee(caller, false);
        return name.isEmpty()
                ? "shield run " + newGate() + " 5"
                : oneOfEach({"shield runcall " + name, "shield trycall " + name}, {"", " 5"});
    case 3:
        return "shield job " + oneJob();
    case 4:
        return "shield signal " + oneJob();
    case 5:
        return "shield sleep " + oneOf({"0", "3", "5"});
    default:
        return "shield gate " + newGate();
    }
}

/*
    A task with a name. It awaits nobody who awaits it: what it calls has a later name than
    all that may await it.
*/
QByteArray Generator::named(const QByteArray &caller)
{
    const QByteArray name = "r" + QByteArray::number(m_named.size());
    QByteArray what;
    switch (below(5)) {
    case 0:
        what = callee(caller, false);
        if (!what.isEmpty()) {
            m_named.append({name, what.left(1)});
            return "task " + name + oneOf({" runcall ", " detach "}) + what;
        }
        break;
    case 1:
        what = "sleep 5";
        break;
    case 2:
        what = "run " + oneJob() + " 5";
        break;
    default:
        break;
    }
    if (what.isEmpty())
        what = "run " + newGate() + " 5";
    m_named.append({name, "z"});
    return "task " + name + ' ' + what;
}

QByteArray Generator::awaitable(const QByteArray &caller)
{
    QByteArrayList names;
    for (const auto &[name, callee] : std::as_const(m_named)) {
        if (caller < callee)
            names.append(name);
    }
    return names.isEmpty() ? QByteArray() : oneOf(names);
}

QByteArray Generator::step(const QByteArray &caller)
{
    switch (below(10)) {
    case 0: {
        const QByteArray name = callee(caller, true);
        if (name.isEmpty())
            break;
        return "spawn " + name;
    }
    case 1: {
        const QByteArray name = callee(caller, true);
        if (name.isEmpty())
            break;
        return "start " + name + "; " + awaiting(caller) + "; join " + name.left(1);
    }
    case 2:
        return shielded(caller);
    case 3:
        if (m_scopes.size() > 3)
            break;
        m_scopes.append("v" + QByteArray::number(m_scopes.size()));
        return "scope " + m_scopes.last() + oneOf({"", " 5"});
    case 4: {
        const QByteArray name = callee(caller, false);
        if (name.isEmpty())
            break;
        return "detach " + name;
    }
    case 5:
        if (m_named.size() > 2)
            break;
        return named(caller);
    default:
        break;
    }
    return awaiting(caller);
}

QByteArray Generator::steps(const QByteArray &caller, int count)
{
    QByteArrayList result;
    for (int i = 0; i < count; ++i)
        result.append(step(caller));
    return result.join("; ");
}

QByteArray Generator::coroutine(const QByteArray &name)
{
    QByteArray result = name + ": " + steps(name, 1 + below(3));
    if (below(2)) {
        result += " | ";
        result += steps(name, 1 + below(2));
        result += below(4) ? "" : " !";
    }
    return result;
}

QByteArray Generator::event()
{
    switch (below(6)) {
    case 0:
        if (!m_gates.isEmpty())
            return "open " + oneOf(m_gates);
        return "time 5";
    case 1:
        if (!m_jobs.isEmpty())
            return oneOfEach({"finish ", "emit ", "destroy "}, m_jobs);
        return "time 5";
    case 2:
        if (!m_own.isEmpty())
            return oneOfEach({"expire ", "cancel "}, m_own);
        return "time 3";
    default:
        return oneOfEach({"expire ", "expire ", "cancel ", "delete ", "finish ", "start "},
                         m_scopes);
    }
}

QByteArray Generator::program()
{
    m_scopes = {"s", "t"};
    const QByteArray scopes = oneOf({"s t<s", "s t"});
    QByteArrayList roots;
    if (below(4) == 0)
        roots.append(named("b"));
    m_called.append("a");
    roots.append(oneOf({"call a(s)", "call a(t)"}));
    if (below(2)) {
        m_called.append("b");
        roots.append(oneOf({"call b(s)", "call b(t)", "run b 5"}));
        if (roots.last().startsWith("run"))
            m_own.append("@b");
    }
    QByteArrayList lines = {"scopes " + scopes, "start " + roots.join("; ")};
    for (const QByteArray &name : coroutineNames)
        lines.append(coroutine(name));
    QByteArrayList events;
    for (int count = 3 + below(4); count > 0; --count) {
        const QByteArray text = event();
        if (!events.contains(text))
            events.append(text);
    }
    lines.append("events " + events.join("; "));
    return lines.join('\n');
}
