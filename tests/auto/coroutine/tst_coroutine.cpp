// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtTest/qtest.h>

using namespace std::chrono_literals;

namespace {

QStringList s_log;

void note(const QString &what)
{
    s_log.append(what);
}

// Says when it is destroyed.
class Local
{
public:
    explicit Local(const char *name) : m_name(QLatin1String(name)) {}
    Q_DISABLE_COPY_MOVE(Local)
    ~Local() { note(QLatin1Char('~') + m_name); }

private:
    const Tracked m_tracked;
    const QString m_name;
};

QCoro::Task<int> waitAtGate(QTimeoutScope &scope, Gate &gate)
{
    Q_UNUSED(scope)
    const Local outer("first");
    const Local inner("second");
    try {
        co_await passThrough(gate);
    } catch (const QTimeoutCancelled &) {
        note("cancelled");
        throw;
    }
    co_return 42;
}

QCoro::Task<int> callWaitAtGate(QTimeoutScope &scope, Gate &gate)
{
    const Local local("outer");
    try {
        co_return co_await waitAtGate(scope, gate) + 1;
    } catch (const QTimeoutCancelled &) {
        note("outer cancelled");
        throw;
    }
}

} // namespace

/*
    Abortable coroutines.
*/
class tst_Coroutine : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { s_log.clear(); }
    void cleanup()
    {
        s_log.clear();
        TestWithClock::cleanup();
    }

    void returnsWhatItAwaits();
    void interruptedWhereItIsSuspended();
    void interruptedThroughTwo();
    void timesOutInRun();
};

void tst_Coroutine::returnsWhatItAwaits()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(waitAtGate(scope, gate));
    QCOMPARE(result->end, End::Pending);
    gate.open();
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 42);
    QCOMPARE(s_log, QStringList({"~second", "~first"}));
}

void tst_Coroutine::interruptedWhereItIsSuspended()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(waitAtGate(scope, gate));
    clock().advance(999ms);
    QCOMPARE(result->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(s_log, QStringList({"cancelled", "~second", "~first"}));
    gate.open();
}

void tst_Coroutine::interruptedThroughTwo()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(callWaitAtGate(scope, gate));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(s_log, QStringList({"cancelled", "~second", "~first", "outer cancelled", "~outer"}));
    gate.open();
}

void tst_Coroutine::timesOutInRun()
{
    Gate gate;
    Gate other;
    const auto result = observe(QTimeout::run(1s, &callWaitAtGate, std::ref(gate)));
    const auto tried = observe(QTimeout::tryRun(2s, &callWaitAtGate, std::ref(other)));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    clock().advance(1s);
    QCOMPARE(tried->end, End::Returned);
    QVERIFY(!tried->value->has_value());
    gate.open();
    other.open();
}

QTEST_GUILESS_MAIN(tst_Coroutine)
#include "tst_coroutine.moc"
