// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A program of a user of the library, that uses something of each layer.

#include <QTimeout/QTimeoutScope>
#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QtDebug>

#include <optional>

using namespace std::chrono_literals;

static_assert(QTIMEOUT_VERSION >= QT_VERSION_CHECK(0, 1, 0));

#ifdef CONSUMER_QML
void useQml(QTimeoutTestClock *clock);
#endif

static QCoro::Task<int> answer()
{
    co_await QTimeout::sleepUntil(QDeadlineTimer(10, Qt::PreciseTimer));
    co_return 42;
}

static QCoro::Task<bool> timesOut()
{
    const QDeadlineTimer deadline(20);
    const std::optional<int> result = co_await QTimeout::tryRun(deadline, answer());
    if (result != 42)
        qFatal("the answer should have come in time");
    try {
        co_await QTimeout::run(30ms, QTimeout::sleepFor(10s));
    } catch (const QTimeoutError &error) {
        qInfo() << error.what();
        co_return true;
    }
    co_return false;
}

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    QTimeoutTestClock clock;

    bool slotTimedOut = false;
    QTimeoutScope scope(1500ms);
    scope.watch(&application, [] {});
    QObject::connect(&scope, &QTimeoutScope::expired, &scope, [&] { slotTimedOut = true; });

    bool coroutineTimedOut = false;
    timesOut().then([&](bool timedOut) { coroutineTimedOut = timedOut; });

    clock.advance(50ms);
    if (slotTimedOut || !coroutineTimedOut)
        qFatal("the coroutine should have timed out, and nothing else");
    clock.advance(1450ms);
    if (!slotTimedOut || !scope.hasExpired())
        qFatal("the scope should have expired");

    qInfo() << &scope << QTimeout::Deadline(scope.deadline()).toDeadlineTimer().hasExpired();
#ifdef CONSUMER_QML
    useQml(&clock);
#endif
    qInfo("QTimeout " QTIMEOUT_VERSION_STR " works");
    return 0;
}
