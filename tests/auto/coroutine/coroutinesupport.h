// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef COROUTINESUPPORT_H
#define COROUTINESUPPORT_H

#include "testsupport.h"

#include <QtCore/qstringlist.h>

/*
    What has happened, in order.
*/
inline QStringList &events()
{
    static QStringList list;
    return list;
}

inline void note(const QString &event)
{
    events().append(event);
}

/*
    A local of a coroutine, which notes its destruction.
*/
class Local
{
public:
    explicit Local(const QString &name) : m_name(name) {}
    Q_DISABLE_COPY_MOVE(Local)
    ~Local() { note(QLatin1Char('~') + m_name); }

private:
    const Tracked m_tracked;
    const QString m_name;
};

/*
    Notes the exception that is being handled.
*/
inline void noteException(const QString &name)
{
    try {
        throw;
    } catch (const QTimeoutError &) {
        note(name + QLatin1String(": timed out"));
    } catch (const QTimeoutCancelled &) {
        note(name + QLatin1String(": cancelled"));
    } catch (...) {
        note(name + QLatin1String(": failed"));
    }
}

/*
    Waits at the gate, which is no abortable coroutine itself, and notes what becomes of that.
*/
inline QCoro::Task<int> waitAt(QTimeoutScope &scope, Gate &gate, QString name)
{
    Q_UNUSED(scope)
    const Local local(name);
    try {
        co_await passThrough(gate);
    } catch (...) {
        noteException(name);
        throw;
    }
    note(name + QLatin1String(": passed"));
    co_return 42;
}

class CoroutineTest : public TestWithClock
{
    Q_OBJECT

protected Q_SLOTS:
    void init()
    {
        events().clear();
        TestWithClock::init();
    }
};

#define COMPARE_EVENTS(...) QCOMPARE(events(), QStringList(__VA_ARGS__))

#endif // COROUTINESUPPORT_H
