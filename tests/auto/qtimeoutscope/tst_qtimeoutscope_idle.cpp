// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scopetest.h"
#include "testsupport.h"

#include <QtCore/qlocale.h>
#include <QtCore/qsemaphore.h>
#include <QtTest/qsignalspy.h>

using namespace std::chrono_literals;
using QTimeout::detail::DeadlineQueue;

namespace {

QCoro::Task<> sleepIn(QTimeoutScope &scope, std::chrono::milliseconds duration)
{
    Q_UNUSED(scope)
    co_await QTimeout::sleepFor(duration);
}

QCoro::Task<> runIn(QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    co_await QTimeout::run(5h, &sleepIn, 2h);
}

QCoro::Task<> scopeIn(QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    QTimeoutScope inner(5h);
    co_await inner.run(&sleepIn, 2h);
}

} // namespace

/*
    Idle timeouts (I1), and what a scope says of its end (T3).
*/
class tst_QTimeoutScope_Idle : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void isNoneByDefault()
    {
        QTimeoutScope scope(1h);
        QCOMPARE(scope.idleTimeout(), 0ms);
        QVERIFY(!scope.hasExpiredIdle());
        scope.touch();
        clock().advance(30min);
        QVERIFY(scope.isActive());
    }
    void expiresWhenNothingComes()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        clock().advance(999ms);
        QVERIFY(scope.isActive());
        clock().advance(1ms);
        QCOMPARE(scope.state(), QTimeoutScope::Expired);
        QVERIFY(scope.hasExpired());
        QVERIFY(scope.hasExpiredIdle());
    }
    void touchBeginsAnew()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        for (int i = 0; i < 100; ++i) {
            clock().advance(900ms);
            scope.touch();
        }
        QVERIFY(scope.isActive());
        clock().advance(1s);
        QVERIFY(scope.hasExpiredIdle());
    }
    void touchIsASlot()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(-1);
        Job job;
        connect(&job, &Job::finished, &scope, &QTimeoutScope::touch);
        clock().advance(700ms);
        Q_EMIT job.finished();
        clock().advance(700ms);
        QVERIFY(scope.isActive());
        QVERIFY(QMetaObject::invokeMethod(&scope, "touch"));
        clock().advance(700ms);
        QVERIFY(scope.isActive());
        clock().advance(300ms);
        QVERIFY(scope.hasExpiredIdle());
    }
    void deadlineComesFirst()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(5s);
        for (int i = 0; i < 5; ++i) {
            clock().advance(900ms);
            scope.touch();
        }
        QVERIFY(scope.isActive());
        clock().advance(500ms);
        QVERIFY(scope.hasExpired());
        QVERIFY(!scope.hasExpiredIdle());
    }
    // The deadline, if both pass together.
    void bothTogether()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1s);
        clock().advance(1s);
        QVERIFY(scope.hasExpired());
        QVERIFY(!scope.hasExpiredIdle());
    }
    void bothTogetherInRealTime()
    {
        realTime();
        QTimeoutScope scope;
        scope.setIdleTimeout(5ms);
        scope.start(5ms);
        QTRY_VERIFY_WITH_TIMEOUT(scope.hasExpired(), 20000);
        QVERIFY(!scope.hasExpiredIdle());
    }
    void setInALifeCountsAsATouch()
    {
        QTimeoutScope scope(1h);
        clock().advance(10s);
        scope.setIdleTimeout(1s);
        clock().advance(900ms);
        scope.setIdleTimeout(1s); // also if it is the same
        clock().advance(900ms);
        QVERIFY(scope.isActive());
        clock().advance(100ms);
        QVERIFY(scope.hasExpiredIdle());
    }
    void zeroOrLessIsNone_data()
    {
        QTest::addColumn<int>("msecs");
        QTest::newRow("zero") << 0;
        QTest::newRow("negative") << -5;
    }
    void zeroOrLessIsNone()
    {
        QFETCH(int, msecs);
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        scope.setIdleTimeout(std::chrono::milliseconds(msecs));
        QCOMPARE(scope.idleTimeout(), 0ms);
        clock().advance(59min);
        QVERIFY(scope.isActive());
        clock().advance(1min);
        QVERIFY(scope.hasExpired());
        QVERIFY(!scope.hasExpiredIdle());
    }
    void longestIsForever()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(std::chrono::milliseconds::max());
        scope.start(1h);
        scope.touch();
        QCOMPARE(scope.remainingTime(), 1h);
        clock().advance(1h);
        QVERIFY(!scope.hasExpiredIdle());
    }
    void tellsOfChanges()
    {
        QTimeoutScope scope;
        QSignalSpy changed(&scope, &QTimeoutScope::idleTimeoutChanged);
        QSignalSpy deadline(&scope, &QTimeoutScope::deadlineChanged);
        scope.setIdleTimeout(0ms);
        QCOMPARE(changed.size(), 0);
        scope.setIdleTimeout(2s);
        QCOMPARE(changed.size(), 1);
        scope.setIdleTimeout(2s);
        QCOMPARE(changed.size(), 1);
        QCOMPARE(scope.property("idleTimeout").value<std::chrono::milliseconds>(), 2s);
        scope.start(1h);
        deadline.clear();
        scope.touch();
        QCOMPARE(deadline.size(), 0);
        QVERIFY(scope.setProperty("idleTimeout", QVariant::fromValue(3000ms)));
        QCOMPARE(scope.idleTimeout(), 3s);
        QCOMPARE(changed.size(), 2);
    }
    void holdsForAllLives()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        clock().advance(1s);
        QVERIFY(scope.hasExpiredIdle());
        QVERIFY(scope.start(1h));
        QVERIFY(!scope.hasExpiredIdle());
        QCOMPARE(scope.idleTimeout(), 1s);
        clock().advance(1s);
        QVERIFY(scope.hasExpiredIdle());
        QVERIFY(scope.start(500ms));
        clock().advance(500ms);
        QVERIFY(scope.hasExpired());
        QVERIFY(!scope.hasExpiredIdle());
    }
    void isKeptAfterTheEnd()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        clock().advance(1s);
        scope.setIdleTimeout(0ms);
        QVERIFY(scope.hasExpiredIdle());
        QCOMPARE(scope.errorString(), QString("Nothing came for 1 s"));
    }

    void setAfterTheEndIsForTheNextLife()
    {
        const auto secondsLeft = [](const QTimeoutScope &scope) {
            return std::chrono::ceil<std::chrono::seconds>(
                           scope.deadline().remainingTimeAsDuration())
                    .count();
        };
        QTimeoutScope scope(5s);
        scope.finish();
        scope.setIdleTimeout(1s);
        QCOMPARE(secondsLeft(scope), 5);
        scope.start(8s);
        scope.finish();
        scope.setIdleTimeout(0ms);
        QCOMPARE(secondsLeft(scope), 8);
        scope.start(3s);
        bool isForever = true;
        connect(&scope, &QTimeoutScope::expired, &scope, [&] {
            scope.setIdleTimeout(1s);
            isForever = scope.deadline().isForever();
        });
        clock().advance(3s);
        QVERIFY(!isForever);
        QVERIFY(!scope.hasExpiredIdle());
    }
    // S2
    void inactiveIsSilent()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.touch();
        QVERIFY(scope.deadline().isForever());
        QVERIFY(scope.effectiveDeadline().isForever());
        scope.start(1h);
        scope.finish();
        scope.touch();
        clock().advance(2s);
        QCOMPARE(scope.state(), QTimeoutScope::Finished);
    }
    void ownDeadlineStays()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        // In real time what remains at the call, or a little less.
        const auto secondsLeft = [](const QDeadlineTimer &deadline) {
            return std::chrono::ceil<std::chrono::seconds>(deadline.remainingTimeAsDuration())
                    .count();
        };
        QCOMPARE(secondsLeft(scope.deadline()), 3600);
        QCOMPARE(secondsLeft(scope.effectiveDeadline()), 1);
        scope.touch();
        QCOMPARE(secondsLeft(scope.deadline()), 3600);
        QCOMPARE(scope.remainingTime(), 1s);
        scope.setIdleTimeout(0ms);
        QCOMPARE(scope.remainingTime(), 1h);
        QCOMPARE(secondsLeft(scope.deadline()), 3600);
        scope.setIdleTimeout(1s);
        clock().advance(1s);
        QVERIFY(scope.hasExpiredIdle());
        QCOMPARE(secondsLeft(scope.deadline()), 3599);
    }
    void rescheduleShiftAndReject()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(10s);
        scope.start(20s);
        clock().advance(5s);
        QVERIFY(scope.reschedule(2s)); // is no touch
        QCOMPARE(scope.remainingTime(), 2s);
        QVERIFY(scope.shift(10s));
        QCOMPARE(scope.remainingTime(), 5s);
        scope.reject();
        QVERIFY(scope.deadline().isForever());
        QCOMPARE(scope.remainingTime(), 5s);
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression("QTimeoutScope::shift: .* no deadline"));
        QVERIFY(!scope.shift(1s));
        clock().advance(5s);
        QVERIFY(scope.hasExpiredIdle());
    }

    // S5
    void orderIsThatOfTheTimes()
    {
        QStringList order;
        QTimeoutScope first;
        QTimeoutScope second(2s);
        QTimeoutScope third;
        first.setIdleTimeout(1s);
        third.setIdleTimeout(3s);
        third.start(1h);
        first.start(1h);
        const auto note = [&order](QTimeoutScope &scope, const QString &name) {
            connect(&scope, &QTimeoutScope::expired, &scope, [&order, name] { order << name; });
        };
        note(first, "first");
        note(second, "second");
        note(third, "third");
        clock().advance(5s);
        QCOMPARE(order, QStringList({"first", "second", "third"}));
    }
    // S10
    void outerTakesInnerAlong()
    {
        QTimeoutScope outer;
        outer.setIdleTimeout(2s);
        outer.start(1h);
        QTimeoutScope inner(&outer);
        inner.setIdleTimeout(2s);
        QTimeoutScope other(1h, &outer);
        inner.start(1h);
        QCOMPARE(other.remainingTime(), 2s);
        clock().advance(2s);
        QVERIFY(outer.hasExpiredIdle());
        QVERIFY(inner.hasExpiredIdle()); // its own had passed, too
        QCOMPARE(other.state(), QTimeoutScope::Cancelled);
        QVERIFY(!other.hasExpiredIdle());
    }
    void innerTouchIsNoneOfTheOuter()
    {
        QTimeoutScope outer;
        outer.setIdleTimeout(2s);
        outer.start(1h);
        QTimeoutScope inner(1h, &outer);
        inner.setIdleTimeout(2s);
        clock().advance(1s);
        inner.touch();
        clock().advance(1s);
        QVERIFY(outer.hasExpiredIdle());
        QCOMPARE(inner.state(), QTimeoutScope::Cancelled);
    }
    // S9
    void checkpointLooksAtIt()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(5ms);
        scope.start(1h);
        scope.throwIfAborted();
        QDeadlineTimer patience(20s);
        bool hasThrown = false;
        realTime();
        scope.touch();
        while (!hasThrown && !patience.hasExpired()) {
            try {
                scope.throwIfAborted();
            } catch (const QTimeoutError &) {
                hasThrown = true;
            }
        }
        QVERIFY(hasThrown);
        QVERIFY(scope.hasExpiredIdle());
    }
    // S3
    void shortestExpiresLater()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1ms);
        scope.start(1h);
        clock().advance(1ms);
        QVERIFY(scope.hasExpiredIdle());
    }
    void abortsCoroutines()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        const auto task = observe(scope.run(&sleepIn, 30min));
        clock().advance(900ms);
        scope.touch();
        clock().advance(900ms);
        QCOMPARE(task->end, End::Pending);
        clock().advance(100ms);
        QCOMPARE(task->end, End::TimedOut);
    }
    void errorSaysWhich_data()
    {
        QTest::addColumn<QString>("form");
        QTest::addColumn<bool>("isIdle");
        for (const char *form :
             {"run", "call", "nested run", "nested scope", "coroutine", "checkpoint", "ended"}) {
            QTest::newRow(qPrintable(QString("%1, idle").arg(form))) << form << true;
            QTest::newRow(qPrintable(QString("%1, deadline").arg(form))) << form << false;
        }
    }
    void errorSaysWhich()
    {
        QFETCH(QString, form);
        QFETCH(bool, isIdle);
        QTimeoutScope scope;
        scope.setIdleTimeout(isIdle ? 1s : 1h);
        scope.start(isIdle ? 1h : 1s);
        QTimeoutError error;
        QVERIFY(!error.isIdleTimeout());
        bool hasThrown = false;
        const auto note = [&](auto task) -> QCoro::Task<> {
            try {
                co_await task;
            } catch (const QTimeoutError &thrown) {
                error = thrown;
                hasThrown = true;
            }
        };
        if (form == "run")
            note(scope.run(QTimeout::sleepFor(2h)));
        else if (form == "call")
            note(scope.run(&sleepIn, 2h));
        else if (form == "nested run")
            note(scope.run(&runIn));
        else if (form == "nested scope")
            note(scope.run(&scopeIn));
        else if (form == "coroutine")
            note(runIn(scope));
        clock().advance(1s);
        if (form == "checkpoint") {
            try {
                scope.throwIfAborted();
            } catch (const QTimeoutError &thrown) {
                error = thrown;
                hasThrown = true;
            }
        } else if (form == "ended") {
            note(scope.run(QTimeout::sleepFor(2h)));
        }
        QVERIFY(hasThrown);
        QCOMPARE(error.isIdleTimeout(), isIdle);
        QCOMPARE(QByteArray(error.what()).contains("idle"), isIdle);
    }
    void touchedInItsOwnSlots()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        connect(&scope, &QTimeoutScope::expired, &scope, [&scope] {
            scope.touch(); // comes too late
            scope.setIdleTimeout(5s);
            QVERIFY(scope.start(1h));
        });
        clock().advance(1s);
        QVERIFY(scope.isActive());
        QCOMPARE(scope.remainingTime(), 5s);
    }
    void changedHandlerMayDelete()
    {
        auto *scope = new QTimeoutScope(1h);
        connect(scope, &QTimeoutScope::idleTimeoutChanged, scope, [scope] { delete scope; });
        scope->setIdleTimeout(1s);
        clock().advance(1s);
    }
    void otherThreadIsRefused()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        const std::unique_ptr<QThread> thread(QThread::create([&scope] {
            QTest::ignoreMessage(QtWarningMsg,
                                 QRegularExpression("QTimeoutScope::touch: .* another thread"));
            scope.touch();
            QTest::ignoreMessage(QtWarningMsg,
                                 QRegularExpression(
                                         "QTimeoutScope::setIdleTimeout: .* another thread"));
            scope.setIdleTimeout(5s);
        }));
        clock().advance(900ms);
        thread->start();
        QVERIFY(thread->wait());
        QCOMPARE(scope.idleTimeout(), 1s);
        clock().advance(100ms);
        QVERIFY(scope.hasExpiredIdle());
    }
    void goesToAnotherThread()
    {
        realTime();
        QThread thread;
        thread.start();
        auto *scope = new QTimeoutScope;
        scope->setIdleTimeout(20ms);
        scope->start(1h);
        std::atomic<bool> isIdle = false;
        std::atomic<bool> isEnded = false;
        connect(
                scope, &QTimeoutScope::expired, scope,
                [&, scope] {
                    isIdle = scope->hasExpiredIdle();
                    isEnded = true;
                },
                Qt::DirectConnection);
        scope->moveToThread(&thread);
        QTRY_VERIFY_WITH_TIMEOUT(isEnded.load(), 20000);
        QVERIFY(isIdle.load());
        connect(&thread, &QThread::finished, scope, &QObject::deleteLater);
        thread.quit();
        QVERIFY(thread.wait());
    }

    // From real time to a thread whose clock is far ahead, and on before it has arrived.
    void goesOnBeforeItHasArrived()
    {
        realTime();
        QThread first;
        QThread second;
        first.start();
        second.start();
        QObject inFirst;
        inFirst.moveToThread(&first);
        auto *scope = new QTimeoutScope;
        scope->setIdleTimeout(1000s);
        scope->start(2000s);
        auto *rescheduled = new QTimeoutScope;
        rescheduled->setIdleTimeout(1000s);
        rescheduled->start(QDeadlineTimer::Forever);
        QSemaphore isReady;
        QSemaphore hasCome;
        const auto secondsLeft = [](std::chrono::nanoseconds time) {
            return std::chrono::round<std::chrono::seconds>(time / 100).count() * 100;
        };
        std::chrono::nanoseconds left(0);
        QMetaObject::invokeMethod(
                &inFirst,
                [&] {
                    QTimeoutTestClock frozen;
                    frozen.advance(100h);
                    isReady.release();
                    hasCome.acquire();
                    rescheduled->reschedule(5000s);
                    left = rescheduled->remainingTime();
                    scope->moveToThread(&second);
                },
                Qt::QueuedConnection);
        isReady.acquire();
        scope->moveToThread(&first);
        rescheduled->moveToThread(&first);
        hasCome.release();
        QMetaObject::invokeMethod(
                &inFirst, [&] { delete rescheduled; }, Qt::BlockingQueuedConnection);
        QCOMPARE(secondsLeft(left), 1000);
        std::chrono::nanoseconds own(0);
        QMetaObject::invokeMethod(
                scope,
                [&] {
                    left = scope->remainingTime();
                    own = scope->deadline().remainingTimeAsDuration();
                    delete scope;
                },
                Qt::BlockingQueuedConnection);
        QCOMPARE(secondsLeft(left), 1000);
        QCOMPARE(secondsLeft(own), 2000);
        for (QThread *thread : {&first, &second}) {
            thread->quit();
            QVERIFY(thread->wait(20000));
        }
    }

    // A thousand touches a second for a minute move nothing and arm no timer.
    void touchesAreCheap()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(2min);
        scope.start(1h);
        clock().advance(1ms); // which arms the timer
        const DeadlineQueue *queue = DeadlineQueue::current();
        const quint64 starts = queue->timerStarts();
        const quint64 events = queue->timerEvents();
        const size_t size = queue->size();
        for (int i = 0; i < 60'000; ++i) {
            clock().advance(1ms);
            scope.touch();
        }
        QCOMPARE(queue->timerStarts(), starts);
        QCOMPARE(queue->timerEvents(), events);
        QCOMPARE(queue->size(), size);
        QCOMPARE(scope.remainingTime(), 2min);
    }

    void errorString_data()
    {
        QTest::addColumn<int>("msecs");
        QTest::addColumn<QString>("seconds");
        QTest::newRow("seconds") << 2000 << "2";
        QTest::newRow("tenths") << 1500 << "1.5";
        QTest::newRow("hundredths") << 250 << "0.25";
        QTest::newRow("milliseconds") << 1 << "0.001";
        QTest::newRow("many") << 90'120 << "90.12";
    }
    void errorString()
    {
        QFETCH(int, msecs);
        QFETCH(QString, seconds);
        const std::chrono::milliseconds time(msecs);
        QTimeoutScope scope(time);
        QVERIFY(scope.errorString().isEmpty());
        QString inSlot;
        connect(&scope, &QTimeoutScope::stateChanged, &scope,
                [&] { inSlot = scope.property("errorString").toString(); });
        clock().advance(time);
        QCOMPARE(scope.errorString(), "Timed out after " + seconds + " s");
        QCOMPARE(inSlot, scope.errorString());
        scope.setObjectName("load profile");
        QCOMPARE(scope.errorString(), "load profile: Timed out after " + seconds + " s");
        scope.setIdleTimeout(time);
        scope.start(1h);
        QVERIFY(scope.errorString().isEmpty());
        clock().advance(time);
        QCOMPARE(scope.errorString(), "load profile: Nothing came for " + seconds + " s");
    }
    void errorStringHasTheLengthThatWasSetLast()
    {
        QTimeoutScope scope(10s);
        clock().advance(4s);
        scope.reschedule(2s);
        clock().advance(1s);
        scope.shift(500ms);
        clock().advance(1500ms);
        QCOMPARE(scope.errorString(), QString("Timed out after 2.5 s"));
        QVERIFY(scope.start(std::chrono::steady_clock::now() + 3s));
        QVERIFY(scope.reschedule(QDeadlineTimer(3s)));
        clock().advance(3s);
        QVERIFY2(QRegularExpression("^Timed out after (3|2\\.9\\d*) s$")
                         .match(scope.errorString())
                         .hasMatch(),
                 qPrintable(scope.errorString()));
        QVERIFY(scope.start(-5));
        clock().advance(0ms);
        QCOMPARE(scope.errorString(), QString("Timed out after 0 s"));
    }
    void errorStringIsOfTheLocale()
    {
        const auto restore = qScopeGuard([] { QLocale::setDefault(QLocale::c()); });
        QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
        QTimeoutScope scope(1500ms);
        clock().advance(1500ms);
        QCOMPARE(scope.errorString(), QString("Timed out after 1,5 s"));
    }
    void errorStringOfOtherEnds()
    {
        QTimeoutScope scope;
        QVERIFY(scope.errorString().isEmpty());
        scope.start(1h);
        scope.cancel();
        QCOMPARE(scope.errorString(), QString("Cancelled"));
        scope.start(1h);
        QVERIFY(scope.errorString().isEmpty());
        scope.finish();
        QVERIFY(scope.errorString().isEmpty());
        scope.start(1h);
        QTimeoutScope inner(1h, &scope);
        scope.cancelBecause("The user has logged out");
        QCOMPARE(scope.state(), QTimeoutScope::Cancelled);
        QCOMPARE(scope.errorString(), QString("The user has logged out"));
        QCOMPARE(inner.errorString(), QString("The user has logged out"));
        scope.cancelBecause("once more");
        QCOMPARE(scope.errorString(), QString("The user has logged out"));
        scope.start(1h);
        scope.cancelBecause(QString());
        QCOMPARE(scope.errorString(), QString("Cancelled"));
    }
};

QTEST_GUILESS_MAIN(tst_QTimeoutScope_Idle)

#include "tst_qtimeoutscope_idle.moc"
