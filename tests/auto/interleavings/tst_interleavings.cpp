// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "generator.h"
#include "world.h"

#include <QtCore/qcryptographichash.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qfile.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qmap.h>
#include <QtTest/qtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

/*
    Runs small coroutine programs with everything that can happen to them at every point and in every order.

    A run is described by its choices, which a failure prints. To have that run alone, with a trace:

        QTIMEOUT_INTERLEAVING=0,2,1 tst_interleavings "runs:chain"

    A crash prints "seed N" instead, where the choices were made at random; that can be given in the same way. A
    program that was made up has QTIMEOUT_PROGRAM=N and the function "generated"; QTIMEOUT_PROGRAM=file runs
    one that somebody has written.

    Other environment variables:

        QTIMEOUT_INTERLEAVINGS=100  so many runs of each program, chosen at random, instead of all
        QTIMEOUT_SEED=1             the seed of the first of these
        QTIMEOUT_PROGRAMS=100       so many programs are made up
        QTIMEOUT_QUESTIONS=1        says which open questions the runs have come to, from where on they are not judged
        QTIMEOUT_SYNCHRONOUS=2      how many events of a run are delivered from within something
*/

namespace {

constexpr unsigned DefaultPrograms = 1000;

char s_current[4096];

// For those who find the remains.
void sayWhere(const QByteArray &program, const QByteArray &choices)
{
    std::snprintf(s_current, sizeof s_current, "\nIn the run QTIMEOUT_INTERLEAVING=%s %s\n",
                  choices.constData(), program.constData());
}

void printCurrent()
{
    if (write(STDERR_FILENO, s_current, qstrlen(s_current)) < 0)
        return;
}

void die(int signal)
{
    printCurrent();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

} // namespace

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

class tst_Interleavings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void runs_data();
    void runs();
    void isReproducible();
    void generated();

private:
    bool runGiven(const Program &program);
    void runAll(const Program &program);
    void runSome(const Program &program, int count);
    bool runOne(const Program &program, Chooser &chooser);
    void report(const Program &program, const std::vector<int> &choices,
                const QByteArray &objection);

    int m_synchronous = 1;
    bool m_isTraced = false; // at once, since the program may crash
    qint64 m_runs = 0;
    QMap<QByteArray, int> m_questions; // and how many runs came to them
    QByteArray m_which; // the variable and the test that give this program
};

void tst_Interleavings::initTestCase()
{
    QLoggingCategory::setFilterRules(QStringLiteral("qtimeout.info=false"));
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(printCurrent);
    } else {
        std::signal(SIGABRT, die);
        std::signal(SIGSEGV, die);
    }
    if (qEnvironmentVariableIsSet("QTIMEOUT_SYNCHRONOUS"))
        m_synchronous = qEnvironmentVariableIntValue("QTIMEOUT_SYNCHRONOUS");
}

// Runs that are not judged to their end.
void tst_Interleavings::cleanup()
{
    if (m_isTraced || qEnvironmentVariableIsSet("QTIMEOUT_QUESTIONS")) {
        for (auto each = m_questions.cbegin(); each != m_questions.cend(); ++each)
            qInfo("Not decided in %d of %lld runs: %s", each.value(), m_runs,
                  each.key().constData());
    }
    m_questions.clear();
    m_runs = 0;
}

void tst_Interleavings::runs_data()
{
    QTest::addColumn<QByteArray>("text");

    const auto add = [](const char *name, const char *text) {
        QTest::newRow(name) << QByteArray(text);
    };

    add("one",
        "scopes s\n"
        "start call a(s)\n"
        "a: gate g1; gate g2\n"
        "events expire s; open g1; open g2; delete s");
    add("chain",
        "scopes s\n"
        "start call a(s)\n"
        "a: call b; gate g2\n"
        "b: call c; gate g1\n"
        "c: gate g\n"
        "events expire s; open g; open g1; cancel s");
    add("chain and clean-up",
        "scopes s\n"
        "start call a(s)\n"
        "a: call b | gate g2\n"
        "b: gate g | gate g1\n"
        "events expire s; open g; open g1; open g2");
    add("plain between",
        "scopes s\n"
        "start call a(s)\n"
        "a: plain b; gate g2\n"
        "b: plain c; gate g1\n"
        "c: gate g\n"
        "events expire s; open g; open g1; finish s");
    add("plain that calls later",
        "scopes s\n"
        "start call a(s)\n"
        "a: plain b g; gate g2\n"
        "b: gate g1\n"
        "events expire s; open g; open g1; cancel s");
    add("swallowed",
        "scopes s\n"
        "start call a(s)\n"
        "a: call b; gate g1\n"
        "b: gate g | gate g2 !\n"
        "events expire s; open g; open g1; open g2");
    add("siblings",
        "scopes s\n"
        "start call a(s)\n"
        "a: start b; start c; join b; join c\n"
        "b: gate g1\n"
        "c: gate g2\n"
        "events cancel s; open g1; open g2; expire s");
    add("siblings that clean up",
        "scopes s\n"
        "start call a(s)\n"
        "a: start b; start c; join c\n"
        "b: gate g1 | gate g3\n"
        "c: gate g2 | gate g4\n"
        "events cancel s; open g1; open g3; open g4");
    add("fire and forget",
        "scopes s\n"
        "start call a(s)\n"
        "a: spawn b; gate g1\n"
        "b: gate g2 | gate g3\n"
        "events cancel s; open g1; open g2; open g3");
    add("fire and forget in another scope",
        "scopes s t<s\n"
        "start call a(s)\n"
        "a: spawn b(t); gate g1\n"
        "b: gate g2\n"
        "events cancel s; open g1; expire t; delete t");
    add("nested scope",
        "scopes s\n"
        "start call a(s)\n"
        "a: scope t; call b(t); gate g1\n"
        "b: gate g\n"
        "events expire s; expire t; open g; open g1");
    add("nested scope that goes",
        "scopes s\n"
        "start call a(s)\n"
        "a: scope t; spawn b(t); gate g1\n"
        "b: gate g | gate g2\n"
        "events expire s; delete t; open g1; open g2");
    add("three scopes",
        "scopes s t<s u<t\n"
        "start call a(s); call b(t); call c(u)\n"
        "a: gate g1\n"
        "b: gate g2\n"
        "c: gate g3\n"
        "events expire s; expire t; cancel u; delete t; finish t");
    add("run in a coroutine",
        "scopes s\n"
        "start call a(s)\n"
        "a: runcall b 5; gate g1\n"
        "b: gate g\n"
        "events expire s; expire @b; open g; time 5");
    add("tryRun in a coroutine",
        "scopes s\n"
        "start call a(s)\n"
        "a: trycall b 5; gate g1\n"
        "b: gate g\n"
        "events expire s; expire @b; open g; cancel s");
    add("run outside",
        "start run a\n"
        "a: runcall b; gate g1\n"
        "b: gate g\n"
        "events expire @a; expire @b; cancel @b; open g");
    add("run and clean-up",
        "start run a\n"
        "a: trycall b | gate g1\n"
        "b: gate g | gate g2\n"
        "events expire @a; expire @b; open g1; open g2");
    add("run of a task",
        "scopes s\n"
        "start call a(s)\n"
        "a: run g 5; tryrun g1 5\n"
        "events expire s; time 5; open g; open g1");
    add("job",
        "scopes s\n"
        "start call a(s)\n"
        "a: job j1; job j2\n"
        "events cancel s; finish j1; destroy j1; finish j2");
    add("job under run",
        "scopes s\n"
        "start call a(s)\n"
        "a: run j1 5; run j2 5\n"
        "events expire s; finish j1; destroy j2; time 5");
    add("job and clean-up",
        "scopes s\n"
        "start call a(s); call b(s)\n"
        "a: job j1 | job j2\n"
        "b: gate g\n"
        "events delete s; finish j1; destroy j1; destroy j2; open g");
    add("signal",
        "scopes s\n"
        "start call a(s)\n"
        "a: signal j1; signal j2\n"
        "events cancel s; emit j1; destroy j1; emit j2");
    add("signal that is destroyed",
        "scopes s\n"
        "start call a(s)\n"
        "a: call b; gate g\n"
        "b: signal j1\n"
        "events expire s; emit j1; destroy j1; delete s");
    add("sleeps",
        "scopes s\n"
        "start call a(s)\n"
        "a: sleep 5; sleep 0 | sleep 3\n"
        "events expire s; time 5; time 3; delete s");
    add("clean-up with a deadline",
        "scopes s t<s\n"
        "start call a(t)\n"
        "a: gate g | tryrun g1 5; runcall b 5\n"
        "b: gate g2\n"
        "events expire t; cancel s; time 5; open g1");
    add("shielded task",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield gate g; gate g1\n"
        "events expire s; open g; open g1; delete s");
    add("shielded coroutine",
        "scopes s\n"
        "start call a(s)\n"
        "a: shieldcall b; gate g1\n"
        "b: gate g; call c\n"
        "c: gate g2\n"
        "events expire s; open g; open g1; open g2");
    add("shielded coroutine whose own scope ends",
        "scopes s\n"
        "start call a(s)\n"
        "a: shieldcall b; gate g1\n"
        "b: call c | gate g2\n"
        "c: gate g\n"
        "events cancel s; expire @b; open g; open g2");
    add("shielded run",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield runcall b; gate g1\n"
        "b: gate g; runcall c 5\n"
        "c: gate g2\n"
        "events expire s; open g; expire @b; time 5");
    add("shielded run of a task",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield run g 5; shield tryrun g1 5; gate g2\n"
        "events expire s; time 5; open g; open g1");
    add("shielded sleep",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield sleep 5; sleep 5\n"
        "events expire s; time 5; delete s; cancel s");
    add("shield names another scope",
        "scopes s t\n"
        "start call a(s)\n"
        "a: shield call b(t); gate g1\n"
        "b: gate g | gate g2\n"
        "events expire s; expire t; open g; open g2");
    add("shielded job",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield job j1; gate g1\n"
        "events cancel s; finish j1; destroy j1; open g1");
    add("shielded signal",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield signal j1; gate g1\n"
        "events cancel s; emit j1; destroy j1; delete s");
    add("shielded clean-up",
        "scopes s t<s\n"
        "start call a(t)\n"
        "a: gate g | shield gate g1; gate g2\n"
        "events expire t; cancel s; open g1; open g2");
    add("shield in a callee",
        "scopes s\n"
        "start call a(s)\n"
        "a: call b; gate g1\n"
        "b: shieldcall c; gate g2\n"
        "c: gate g\n"
        "events expire s; open g; open g2; delete s");
    add("shield leaves something over",
        "scopes s\n"
        "start call a(s)\n"
        "a: shieldcall b; gate g1\n"
        "b: spawn c; gate g\n"
        "c: gate g2\n"
        "events expire s; open g; open g2; open g1");
    add("shield and deadline inside",
        "scopes s\n"
        "start call a(s)\n"
        "a: shield runcall b 5; gate g1\n"
        "b: gate g | gate g2\n"
        "events expire s; time 5; open g2; open g1");
    add("detached",
        "scopes s\n"
        "start call a(s)\n"
        "a: detach b; gate g1\n"
        "b: gate g; gate g2\n"
        "events cancel s; open g; cancel @b; delete s");
    add("detached and awaited by two",
        "scopes s t\n"
        "start task r detach c; call a(s); call b(t)\n"
        "a: await r; gate g1\n"
        "b: await r; gate g2\n"
        "c: gate g\n"
        "events expire s; cancel t; open g; cancel @c");
    add("run that two await",
        "scopes s t\n"
        "start task r run g 5; call a(s); call b(t)\n"
        "a: await r; gate g1\n"
        "b: await r; gate g2\n"
        "events expire s; cancel t; open g; time 5");
    add("run of a job that two await",
        "scopes s t\n"
        "start task r run j1 5; call a(s); call b(t)\n"
        "a: await r; gate g1\n"
        "b: await r; gate g2\n"
        "events expire s; cancel t; finish j1; time 5");
    add("run of a coroutine that two await",
        "scopes s t\n"
        "start task r runcall c 5; call a(s); call b(t)\n"
        "a: await r; gate g1\n"
        "b: await r; gate g2\n"
        "c: gate g | gate g3\n"
        "events expire s; cancel t; open g; open g3");
    add("sleep that two await",
        "scopes s t\n"
        "start task r sleep 5; call a(s); call b(t)\n"
        "a: await r; gate g1\n"
        "b: await r; gate g2\n"
        "events expire s; cancel t; time 5; delete t");
    add("run that was started and is not awaited",
        "scopes s\n"
        "start call a(s)\n"
        "a: task r run j1 5; gate g1; await r\n"
        "events expire s; finish j1; open g1; time 5");
    add("run whose scope ends before it is suspended",
        "scopes s\n"
        "start call a(s)\n"
        "a: trycall b; gate g3\n"
        "b: gate g; gate g1 | gate g2\n"
        "events open g; cancel @b; open g1; open g2");
    add("named",
        "scopes s\n"
        "start call a(s)\n"
        "a: start b; start c; join b; join c\n"
        "b: gate g1\n"
        "c: gate g2\n"
        "events expire s; open g1; open g2; cancel s");
    add("outlives its scope",
        "scopes s t<s\n"
        "start call a(t)\n"
        "a: gate g | gate g1; gate g2\n"
        "events delete t; expire s; open g1; open g2");
    add("finished and handed over",
        "scopes s t<s\n"
        "start call a(t); call b(s)\n"
        "a: call c\n"
        "b: gate g1\n"
        "c: gate g | gate g2\n"
        "events finish t; expire s; delete t; open g2");
    add("started again",
        "scopes s\n"
        "start call a(s)\n"
        "a: gate g | call b\n"
        "b: gate g1\n"
        "events expire s; start s; cancel s; open g1");
    add("started again below another",
        "scopes s t<s\n"
        "start call a(t); call b(t)\n"
        "a: gate g | gate g1\n"
        "b: gate g2\n"
        "events expire t; start t; expire s; delete t");
    add("two that wait for each other's end",
        "scopes s t\n"
        "start call a(s); call b(t)\n"
        "a: call c(t)\n"
        "b: call d(s)\n"
        "c: gate g1 | gate g3\n"
        "d: gate g2 | gate g4\n"
        "events expire s; cancel t; open g3; open g4");
    add("callee in an outer scope",
        "scopes s t<s\n"
        "start call a(t)\n"
        "a: call b(s); gate g1\n"
        "b: gate g | gate g2\n"
        "events expire t; cancel s; open g; open g2");
    add("member scope of the awaited",
        "scopes s t\n"
        "start call a(s)\n"
        "a: call b(t); gate g1\n"
        "b: job j1\n"
        "events delete t; destroy j1; expire s; finish j1");
}

void tst_Interleavings::runs()
{
    QFETCH(const QByteArray, text);
    const Program program = Program::parse(text);
    QElapsedTimer timer;
    timer.start();
    m_which = QByteArray("\"runs:") + QTest::currentDataTag() + '"';
    if (runGiven(program))
        return;
    if (qEnvironmentVariableIsSet("QTIMEOUT_INTERLEAVINGS")) {
        runSome(program, qEnvironmentVariableIntValue("QTIMEOUT_INTERLEAVINGS"));
    } else {
        runAll(program);
    }
    if (!QTest::currentTestFailed())
        qInfo("%lld runs in %lld ms", m_runs, timer.elapsed());
}

/*
    What a seed means depends neither on the compiler nor on the standard library. Whoever changes the
    generator changes the hash.
*/
void tst_Interleavings::isReproducible()
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (unsigned seed = 0; seed < DefaultPrograms; ++seed) {
        hash.addData(Generator(seed).program());
        Chooser chooser(seed);
        for (int count = 2; count < 10; ++count) {
            chooser.choose(count);
            chooser.chooseRarely(count);
        }
        hash.addData(toText(chooser.taken()));
    }
    QCOMPARE(hash.result().toHex(),
             QByteArray("14bf9300c00b725638cad0965e1a2af8b5b6fcaea4b05e9abdab996e5c6bc7c5"));
}

/*
    Programs that are made up, a few runs each.
*/
void tst_Interleavings::generated()
{
    const bool isOne = qEnvironmentVariableIsSet("QTIMEOUT_PROGRAM");
    QFile file(qEnvironmentVariable("QTIMEOUT_PROGRAM"));
    if (file.open(QIODevice::ReadOnly)) {
        m_which = "QTIMEOUT_PROGRAM=" + file.fileName().toLocal8Bit() + " generated";
        const Program program = Program::parse(file.readAll());
        if (!runGiven(program))
            runAll(program);
        return;
    }
    const auto first = unsigned(
            qEnvironmentVariableIntValue(isOne ? "QTIMEOUT_PROGRAM" : "QTIMEOUT_SEED"));
    const unsigned count = isOne ? 1
            : qEnvironmentVariableIsSet("QTIMEOUT_PROGRAMS")
            ? unsigned(qEnvironmentVariableIntValue("QTIMEOUT_PROGRAMS"))
            : DefaultPrograms;
    for (unsigned seed = first; seed < first + count; ++seed) {
        const QByteArray text = Generator(seed).program();
        const Program program = Program::parse(text);
        m_which = "QTIMEOUT_PROGRAM=" + QByteArray::number(seed) + " generated";
        if (runGiven(program))
            return;
        for (unsigned i = 0; i < 50; ++i) {
            Chooser chooser(1000 * seed + i);
            if (!runOne(program, chooser)) {
                qInfo("%s", text.constData());
                break;
            }
        }
    }
}

/*
    The run that was asked for, if there is one.
*/
bool tst_Interleavings::runGiven(const Program &program)
{
    if (!qEnvironmentVariableIsSet("QTIMEOUT_INTERLEAVING"))
        return false;
    const QByteArray given = qgetenv("QTIMEOUT_INTERLEAVING");
    m_isTraced = true;
    if (given.startsWith("seed ")) {
        Chooser chooser(given.mid(5).toUInt());
        runOne(program, chooser);
        return true;
    }
    Chooser chooser(toChoices(given));
    runOne(program, chooser);
    return true;
}

void tst_Interleavings::runAll(const Program &program)
{
    std::optional<std::vector<int>> next = std::vector<int>();
    while (next) {
        Chooser chooser(*next);
        if (!runOne(program, chooser))
            return;
        next = chooser.next();
    }
}

void tst_Interleavings::runSome(const Program &program, int count)
{
    const auto seed = unsigned(qEnvironmentVariableIntValue("QTIMEOUT_SEED"));
    for (unsigned i = 0; i < unsigned(count); ++i) {
        Chooser chooser(seed + i);
        if (!runOne(program, chooser))
            return;
    }
}

bool tst_Interleavings::runOne(const Program &program, Chooser &chooser)
{
    ++m_runs;
    sayWhere(m_which, chooser.origin());
    QByteArray objection;
    const int before = Tracked::alive();
    {
        World world(program, chooser, m_synchronous,
                    m_isTraced ? World::TraceAtOnce : World::NoTrace);
        objection = world.run();
        if (!world.question().isEmpty())
            ++m_questions[world.question()];
    }
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    if (objection.isEmpty() && Tracked::alive() != before)
        objection = "A10: " + QByteArray::number(Tracked::alive() - before)
                + " locals or arguments are left";
    if (!objection.isEmpty())
        report(program, chooser.taken(), objection);
    return objection.isEmpty();
}

/*
    Runs it once more, with a trace.
*/
void tst_Interleavings::report(const Program &program, const std::vector<int> &choices,
                               const QByteArray &objection)
{
    QByteArray trace;
    {
        Chooser again(choices);
        World world(program, again, m_synchronous, World::Trace);
        world.run();
        trace = world.trace().join('\n');
    }
    const QByteArray text = objection + "\nQTIMEOUT_INTERLEAVING=" + toText(choices) + ' ' + m_which
            + '\n' + trace;
    QTest::qFail(text.constData(), __FILE__, __LINE__);
}

QTEST_GUILESS_MAIN(tst_Interleavings)
#include "tst_interleavings.moc"
