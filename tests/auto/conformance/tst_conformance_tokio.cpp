// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "blocks.h"

#include <QtCore/qpromise.h>

/*
    The cases of tokio's tests/time_timeout.rs. A future that somebody completes is a QFuture.
*/
class tst_ConformanceTokio : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void finishedOperationBeatsADeadlineOfNow();
    void finishedOperationBeatsADeadlineInThePast();
    void operationThatFinishesBeforeThePointInTimeGivesItsResult();
    void operationThatFinishesInTimeGivesItsResult();
    void veryLargeTimeoutIsForever_data();
    void veryLargeTimeoutIsForever();
    void deadlineOfNowExpires();
    void deadlineInTheFutureExpires();
    void blockThatIsAlwaysReadyIsEndedByItsCheckpoint();
    void blockThatYieldsIsEndedByItsDeadline();
};

namespace {

/*
    A channel for one message, which says nothing.
*/
class OneShot
{
public:
    OneShot() { m_promise.start(); }

    QFuture<void> receiver() const { return m_promise.future(); }
    void send() { m_promise.finish(); }

private:
    QPromise<void> m_promise;
};

std::chrono::steady_clock::time_point now()
{
    return std::chrono::steady_clock::now();
}

QCoro::Task<> nothing()
{
    co_return;
}

QCoro::Task<> finish(QTimeoutScope &)
{
    co_return;
}

// A source that always has something to read.
QCoro::Task<> readWithoutEnd(QTimeoutScope &scope)
{
    for (;;) {
        co_await nothing();
        compute(100us);
        scope.throwIfAborted();
    }
}

QCoro::Task<> readAndYieldWithoutEnd(QTimeoutScope &)
{
    for (;;) {
        co_await nothing();
        compute(100us);
        co_await yielding();
    }
}

} // namespace

// time_timeout.rs: simultaneous_deadline_future_completion
void tst_ConformanceTokio::finishedOperationBeatsADeadlineOfNow()
{
    QVERIFY(QTimeout::run(now(), nothing()).isReady());
    QCOMPARE(observe(QTimeout::run(now(), nothing()))->end, End::Returned);
    const auto coroutine = observe(QTimeout::run(now(), &finish));
    QCOMPARE(coroutine->end, End::Returned);
}

// time_timeout.rs: completed_future_past_deadline
void tst_ConformanceTokio::finishedOperationBeatsADeadlineInThePast()
{
    QVERIFY(QTimeout::run(now() - 1s, nothing()).isReady());
    QCOMPARE(observe(QTimeout::run(now() - 1s, nothing()))->end, End::Returned);
    const auto coroutine = observe(QTimeout::run(now() - 1s, &finish));
    QCOMPARE(coroutine->end, End::Returned);
}

// time_timeout.rs: future_and_deadline_in_future
void tst_ConformanceTokio::operationThatFinishesBeforeThePointInTimeGivesItsResult()
{
    OneShot channel;
    // Hours, since real time goes on between the call of now() and the run.
    const auto observed = observe(QTimeout::run(now() + 100h, channel.receiver()));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(90h);
    QCOMPARE(observed->end, End::Pending);
    channel.send();
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
}

// time_timeout.rs: future_and_timeout_in_future
void tst_ConformanceTokio::operationThatFinishesInTimeGivesItsResult()
{
    OneShot channel;
    const auto observed = observe(QTimeout::run(100ms, channel.receiver()));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(90ms);
    QCOMPARE(observed->end, End::Pending);
    channel.send();
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
}

void tst_ConformanceTokio::veryLargeTimeoutIsForever_data()
{
    using namespace std::chrono;
    QTest::addColumn<QTimeout::Deadline>("deadline");
    QTest::newRow("nanoseconds") << QTimeout::Deadline(nanoseconds::max());
    QTest::newRow("milliseconds") << QTimeout::Deadline(milliseconds::max());
    QTest::newRow("seconds") << QTimeout::Deadline(seconds::max());
    QTest::newRow("hours") << QTimeout::Deadline(hours::max());
    QTest::newRow("floating point") << QTimeout::Deadline(duration<double>::max());
}

// time_timeout.rs: very_large_timeout
void tst_ConformanceTokio::veryLargeTimeoutIsForever()
{
    QFETCH(const QTimeout::Deadline, deadline);
    OneShot channel;
    const auto observed = observe(QTimeout::run(deadline, channel.receiver()));
    QCOMPARE(observed->end, End::Pending);
    QCOMPARE(queuedDeadlines(), size_t(0));
    clock().advance(24h * 365 * 10);
    QCOMPARE(observed->end, End::Pending);
    channel.send();
    clock().advance(0s);
    QCOMPARE(observed->end, End::Returned);
}

// time_timeout.rs: deadline_now_elapses
void tst_ConformanceTokio::deadlineOfNowExpires()
{
    OneShot channel;
    const auto observed = observe(QTimeout::run(now(), channel.receiver()));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(channel.receiver().isCanceled());
}

// time_timeout.rs: deadline_future_elapses
void tst_ConformanceTokio::deadlineInTheFutureExpires()
{
    OneShot channel;
    const auto observed = observe(QTimeout::run(now() + 300h, channel.receiver()));
    clock().advance(299h);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1h);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(channel.receiver().isCanceled());
}

// time_timeout.rs: timeout_is_not_exhausted_by_future; differs
void tst_ConformanceTokio::blockThatIsAlwaysReadyIsEndedByItsCheckpoint()
{
    const auto observed = observe(QTimeout::run(1ms, &readWithoutEnd));
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(clock().elapsed(), 1ms);
}

// time_timeout.rs: timeout_is_not_exhausted_by_future; differs
void tst_ConformanceTokio::blockThatYieldsIsEndedByItsDeadline()
{
    const auto observed = observe(QTimeout::run(1ms, &readAndYieldWithoutEnd));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(clock().elapsed(), 1ms);
}

QTEST_GUILESS_MAIN(tst_ConformanceTokio)

#include "tst_conformance_tokio.moc"
