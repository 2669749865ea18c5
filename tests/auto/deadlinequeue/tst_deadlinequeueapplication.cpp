// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What becomes of deadlines before, after and between application objects (S12).

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeoutScope>
#include <QTimeoutTestClock>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

using namespace std::chrono_literals;
using QTimeout::detail::DeadlineEntry;
using QTimeout::detail::DeadlineQueue;

namespace {

class Entry final : public DeadlineEntry
{
public:
    explicit Entry(std::function<void()> function) : m_function(std::move(function)) {}

    void set(QTimeout::Deadline deadline)
    {
        DeadlineQueue *queue = DeadlineQueue::current();
        queue->set(this, queue->resolve(deadline));
    }

protected:
    void due() override { m_function(); }

private:
    const std::function<void()> m_function;
};

class Application
{
public:
    // Until somebody quits, or for a long time if nobody does: then the test fails.
    void run()
    {
        QTimer::singleShot(10s, &m_application, &QCoreApplication::quit);
        QCoreApplication::exec();
    }

private:
    int m_argc = 1;
    char m_name[5] = "test";
    char *m_argv[2] = {m_name, nullptr};
    QCoreApplication m_application{m_argc, m_argv};
};

} // namespace

class tst_DeadlineQueueApplication : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();

    void setBeforeTheApplication();
    void manySetBeforeTheApplication();
    void scopeStartedBeforeTheApplication();
    void pendingWhenTheApplicationEnds();
    void pendingBetweenApplications();
    void dueWhenTheApplicationEnds();
    void setBetweenApplications();
    void scopeOutlivesTheApplication();
    void testClockOutlivesTheApplication();
};

void tst_DeadlineQueueApplication::initTestCase()
{
    QVERIFY(!QCoreApplication::instance());
    // Nothing warns.
    qputenv("QT_FATAL_WARNINGS", "1");
}

void tst_DeadlineQueueApplication::setBeforeTheApplication()
{
    int count = 0;
    Entry entry([&] {
        ++count;
        QCoreApplication::quit();
    });
    entry.set(1ms);
    QVERIFY(entry.isQueued());
    Application application;
    QCOMPARE(count, 0);
    application.run();
    QCOMPARE(count, 1);
}

void tst_DeadlineQueueApplication::manySetBeforeTheApplication()
{
    QString order;
    Entry b([&] {
        order += 'b';
        QCoreApplication::quit();
    });
    Entry a([&] { order += 'a'; });
    Entry gone([&] { order += 'g'; });
    Entry later([&] { order += 'l'; });
    b.set({2ms, Qt::PreciseTimer});
    a.set({1ms, Qt::PreciseTimer});
    later.set(1h);
    gone.set(0ms);
    gone.set(QDeadlineTimer::Forever);
    Application application;
    application.run();
    QCOMPARE(order, "ab");
}

void tst_DeadlineQueueApplication::scopeStartedBeforeTheApplication()
{
    QTimeoutScope scope(1ms);
    connect(&scope, &QTimeoutScope::expired, &scope, [] { QCoreApplication::quit(); });
    Application application;
    QVERIFY(scope.isActive());
    application.run();
    QVERIFY(scope.hasExpired());
}

void tst_DeadlineQueueApplication::pendingWhenTheApplicationEnds()
{
    bool due = false;
    Entry outside([&] { due = true; });
    {
        Application application;
        Entry inside([&] { due = true; });
        outside.set(1h);
        inside.set(1h);
        QTimer::singleShot(0, qApp, &QCoreApplication::quit);
        application.run();
        QVERIFY(inside.isQueued());
    }
    QVERIFY(outside.isQueued());
    QVERIFY(!due);
    outside.set(QDeadlineTimer::Forever);
}

void tst_DeadlineQueueApplication::pendingBetweenApplications()
{
    int count = 0;
    Entry entry([&] {
        ++count;
        QCoreApplication::quit();
    });
    for (int i = 0; i < 3; ++i) {
        Application application;
        entry.set(10min);
        QTimer::singleShot(0, qApp, &QCoreApplication::quit);
        application.run();
    }
    QCOMPARE(count, 0);
    {
        Application application;
        entry.set(20ms); // in the timer when its dispatcher goes
    }
    QVERIFY(entry.isQueued());
    Application application;
    application.run();
    QCOMPARE(count, 1);
}

void tst_DeadlineQueueApplication::dueWhenTheApplicationEnds()
{
    int count = 0;
    Entry entry([&] {
        ++count;
        QCoreApplication::quit();
    });
    {
        Application application;
        entry.set(0ms);
    }
    QCOMPARE(count, 0);
    Application application;
    application.run();
    QCOMPARE(count, 1);
}

void tst_DeadlineQueueApplication::setBetweenApplications()
{
    {
        Application application;
        Entry entry([] { QCoreApplication::quit(); });
        entry.set(0ms);
        application.run();
    }
    int count = 0;
    Entry entry([&] {
        ++count;
        QCoreApplication::quit();
    });
    entry.set(1ms);
    Application application;
    application.run();
    QCOMPARE(count, 1);
}

void tst_DeadlineQueueApplication::scopeOutlivesTheApplication()
{
    auto scope = std::make_unique<QTimeoutScope>();
    {
        Application application;
        scope->start(10ms);
        scope->watch(scope.get(), [] {});
    }
    QVERIFY(scope->isActive());
    QCOMPARE_GT(scope->deadline().deadlineNSecs(), 0);
    scope->cancel();
    QVERIFY(scope->isCancelled());
    scope.reset();
}

void tst_DeadlineQueueApplication::testClockOutlivesTheApplication()
{
    std::optional<QTimeoutTestClock> clock;
    {
        Application application;
        clock.emplace();
        clock->setAutoAdvance(true);
    }
    // The event loop that it has listened to has gone.
    QVERIFY(!clock->autoAdvance());
    clock.reset();
    int count = 0;
    Entry entry([&] {
        ++count;
        QCoreApplication::quit();
    });
    entry.set(1ms);
    Application application;
    application.run();
    QCOMPARE(count, 1);
}

QTEST_APPLESS_MAIN(tst_DeadlineQueueApplication)

#include "tst_deadlinequeueapplication.moc"
