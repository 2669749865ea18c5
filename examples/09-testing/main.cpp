// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 09: Testing with the test clock.
//
// While a QTimeoutTestClock exists, the time of the thread's deadlines stands still, and moves when the
// test says so. The test of a timeout of half an hour takes no time, and passes on a busy machine, too.

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

namespace {

// What is tested: after half an hour without a key press, the session is locked.
class Session : public QObject
{
public:
    Session()
    {
        connect(&m_idle, &QTimeoutScope::expired, this, [this] { m_isLocked = true; });
        m_idle.start(30min);
    }

    void pressKey() { m_idle.reschedule(30min); }
    bool isLocked() const { return m_isLocked; }

private:
    bool m_isLocked = false;
    QTimeoutScope m_idle;
};

void expect(bool condition, const char *what)
{
    std::printf("%s: %s\n", condition ? "pass" : "FAIL", what);
}

//! [advance]
void testSession(QTimeoutTestClock &clock)
{
    Session session;
    clock.advance(20min);
    session.pressKey();
    clock.advance(30min - 1ms);
    expect(!session.isLocked(), "a key press puts off the lock");
    clock.advance(1ms);
    expect(session.isLocked(), "the session is locked 30 min after the last key press");
}
//! [advance]

QCoro::Task<> nap(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(8h);
}

//! [auto]
void testNap(QTimeoutTestClock &clock)
{
    clock.setAutoAdvance(true); // jumps to the next deadline instead of waiting for it
    const std::chrono::nanoseconds before = clock.elapsed();
    QTimeout::waitFor(24h, &nap);
    expect(clock.elapsed() - before == 8h, "a nap takes 8 h");
}
//! [auto]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QTimeoutTestClock clock;
    testSession(clock);
    testNap(clock);
    return 0;
}
