// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "program.h"

#include <QtCore/qdebug.h>

#include <algorithm>
#include <array>
#include <iterator>

static QByteArrayList words(const QByteArray &text)
{
    return text.simplified().split(' ');
}

// "b(t)" or "b"
static void parseCallee(const QByteArray &text, Step &step)
{
    const qsizetype bracket = text.indexOf('(');
    step.target = bracket < 0 ? text : text.left(bracket);
    if (bracket >= 0)
        step.scope = text.mid(bracket + 1, text.size() - bracket - 2);
}

static Step::Kind kindOf(const QByteArray &word)
{
    static constexpr std::array names = {"gate",   "job",   "signal", "sleep",   "run",
                                         "tryrun", "call",  "plain",  "runcall", "trycall",
                                         "scope",  "start", "join",   "spawn",   "shieldcall",
                                         "detach", "await"};
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end())
        qFatal("There is no step \"%s\"", word.constData());
    return Step::Kind(std::distance(names.begin(), found));
}

static Step parseStep(const QByteArray &text)
{
    QByteArrayList parts = words(text);
    Step step;
    step.text = text.simplified();
    if (parts.first() == "shield") {
        step.isShielded = true;
        parts.removeFirst();
    } else if (parts.first() == "task") {
        step.task = parts.value(1);
        parts.remove(0, 2);
    }
    step.kind = kindOf(parts.takeFirst());
    if (step.kind == Step::ShieldCall)
        step.isShielded = true;
    if (step.kind == Step::Sleep)
        step.time = parts.takeFirst().toInt();
    else
        parseCallee(parts.takeFirst(), step);
    if (step.kind == Step::Plain && !parts.isEmpty())
        step.gate = parts.takeFirst();
    else if (!parts.isEmpty())
        step.time = parts.takeFirst().toInt();
    if (!parts.isEmpty())
        qFatal("Too many words in \"%s\"", text.constData());
    return step;
}

static QList<Step> parseSteps(const QByteArray &text)
{
    QList<Step> result;
    for (const QByteArray &part : text.split(';')) {
        if (!part.trimmed().isEmpty())
            result.append(parseStep(part));
    }
    return result;
}

static Coroutine parseCoroutine(const QByteArray &name, QByteArray text)
{
    Coroutine result;
    result.name = name;
    text = text.trimmed();
    if (text.endsWith('!')) {
        result.isSwallowing = true;
        text.chop(1);
    }
    const QByteArrayList parts = text.split('|');
    result.body = parseSteps(parts.value(0));
    result.cleanup = parseSteps(parts.value(1));
    return result;
}

static void collectTargets(const QList<Step> &steps, Program &program)
{
    const auto add = [&program](const QByteArray &name) {
        QByteArrayList &list = name.startsWith('j') ? program.jobs : program.gates;
        if (!name.isEmpty() && !list.contains(name))
            list.append(name);
    };
    for (const Step &step : steps) {
        if (step.kind == Step::Gate || step.kind == Step::Job || step.kind == Step::Signal
            || step.kind == Step::Run || step.kind == Step::TryRun)
            add(step.target);
        add(step.gate);
        if (!step.gate.isEmpty())
            program.callingGates.append(step.gate);
    }
}

Program Program::parse(const QByteArray &text)
{
    Program result;
    for (const QByteArray &each : text.split('\n')) {
        const QByteArray line = each.trimmed();
        const QByteArray first = words(line).first();
        const QByteArray rest = line.mid(first.size()).trimmed();
        if (line.isEmpty())
            continue;
        if (first == "scopes") {
            for (const QByteArray &word : words(rest)) {
                const QByteArrayList names = word.split('<');
                result.scopes.append({names.value(0), names.value(1)});
            }
        } else if (first == "start") {
            // "run a 5" stands for "runcall a 5"
            for (Step step : parseSteps(rest)) {
                if (step.kind == Step::Run && step.task.isEmpty())
                    step.kind = Step::RunCall;
                result.roots.append(step);
            }
        } else if (first == "events") {
            for (const QByteArray &part : rest.split(';'))
                result.events.append({words(part).value(0), words(part).value(1)});
        } else {
            const QByteArray name = first.chopped(1);
            result.coroutines.insert(name, parseCoroutine(name, rest));
        }
    }
    for (const Coroutine &coroutine : std::as_const(result.coroutines)) {
        collectTargets(coroutine.body, result);
        collectTargets(coroutine.cleanup, result);
    }
    collectTargets(result.roots, result);
    std::sort(result.gates.begin(), result.gates.end());
    std::sort(result.jobs.begin(), result.jobs.end());
    return result;
}

int Program::countWaits(const QByteArray &job) const
{
    QList<Step> steps = roots;
    for (const Coroutine &coroutine : coroutines)
        steps += coroutine.body + coroutine.cleanup;
    return int(std::count_if(steps.begin(), steps.end(), [&](const Step &step) {
        return step.target == job && step.kind != Step::Signal;
    }));
}
