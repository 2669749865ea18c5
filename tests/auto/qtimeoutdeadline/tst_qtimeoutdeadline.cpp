// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeoutDeadline>
#include <QTimeoutScope>
#include <QTimeoutTestClock>

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <limits>
#include <type_traits>

using namespace std::chrono_literals;
using QTimeout::Deadline;
using QTimeout::detail::DeadlineQueue;
using std::chrono::duration;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// The whole range, that of the slots included: what is not convertible is refused where a Deadline is asked for.
template<typename T>
constexpr bool isAccepted = std::is_convertible_v<T, Deadline>;

static_assert(isAccepted<std::chrono::milliseconds>);
static_assert(isAccepted<std::chrono::hours>);
static_assert(isAccepted<duration<double>>);
static_assert(isAccepted<duration<float, std::ratio<60>>>);
static_assert(isAccepted<duration<quint64, std::pico>>);
static_assert(isAccepted<steady_clock::time_point>);
static_assert(isAccepted<std::chrono::time_point<steady_clock, std::chrono::seconds>>);
static_assert(isAccepted<QDeadlineTimer>);
static_assert(isAccepted<QDeadlineTimer::ForeverConstant>);
static_assert(isAccepted<int> && isAccepted<short> && isAccepted<qint64> && isAccepted<quint32>);

static_assert(!isAccepted<double> && !isAccepted<float> && !isAccepted<long double>);
static_assert(!isAccepted<bool> && !isAccepted<char> && !isAccepted<char16_t>);
static_assert(!isAccepted<Qt::TimerType>);
static_assert(!isAccepted<std::chrono::system_clock::time_point>);
static_assert(!isAccepted<std::nullptr_t> && !isAccepted<void *> && !isAccepted<const char *>);
static_assert(!std::is_constructible_v<Deadline, double>);
static_assert(!std::is_constructible_v<Deadline, bool>);
static_assert(!std::is_constructible_v<Deadline, Qt::TimerType>);

static_assert(!std::is_constructible_v<QTimeoutScope, int>);
static_assert(!std::is_constructible_v<QTimeoutScope, int, QObject *>);
static_assert(!std::is_constructible_v<QTimeoutScope, double>);
static_assert(!std::is_constructible_v<QTimeoutScope, Qt::TimerType>);
static_assert(std::is_constructible_v<QTimeoutScope, std::chrono::milliseconds>);
static_assert(std::is_constructible_v<QTimeoutScope, std::chrono::milliseconds, QObject *>);
static_assert(std::is_constructible_v<QTimeoutScope, QObject *>);
static_assert(!std::is_convertible_v<std::chrono::milliseconds, QTimeoutScope>);

// A deadline is passed by value, and a constant one costs nothing.
static_assert(std::is_trivially_copyable_v<Deadline>);
static_assert(Deadline(std::chrono::hours::max()).isForever());
static_assert(!Deadline(1500ms).isForever());
static_assert(Deadline(1500ms, Qt::PreciseTimer).timerType() == Qt::PreciseTimer);

// As QSpinBox has it.
class SpinBox : public QObject
{
    Q_OBJECT

Q_SIGNALS:
    void valueChanged(int value);
};

class tst_QTimeoutDeadline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void durationIsCountedFromItsUse_data();
    void durationIsCountedFromItsUse();
    void durationThatDoesNotFitIsForever_data();
    void durationThatDoesNotFitIsForever();
    void durationFarInThePastHasPassed_data();
    void durationFarInThePastHasPassed();
    void durationIsNotCountedFromItsConstruction();
    void integerIsMilliseconds_data();
    void integerIsMilliseconds();
    void minusOneIsForever_data();
    void minusOneIsForever();
    void timePointIsKept_data();
    void timePointIsKept();
    void timePointMaximumIsForever();
    void timePointOutOfRangeSaturates();
    void foreverConstantIsForever();
    void deadlineTimerIsKept_data();
    void deadlineTimerIsKept();
    void foreverDeadlineTimerKeepsItsType();
    void deadlineTimerThatHasExpiredHasPassed();
    void timerTypeIsCoarseUnlessGiven();
    void toDeadlineTimerOfADuration();
    void toDeadlineTimerOfForever();
    void convertsImplicitlyAtACall();
    void isAMetaType();
    void integerSignalReschedulesAScope();
    void integerSignalReschedulesAScopeInAnotherThread();
    void metaObjectCallReschedulesAScope();
};

void tst_QTimeoutDeadline::durationIsCountedFromItsUse_data()
{
    QTest::addColumn<Deadline>("deadline");
    QTest::addColumn<qint64>("nsecs");

    QTest::newRow("zero") << Deadline(0ms) << qint64(0);
    QTest::newRow("milliseconds") << Deadline(1500ms) << qint64(1'500'000'000);
    QTest::newRow("nanoseconds") << Deadline(1ns) << qint64(1);
    QTest::newRow("hours") << Deadline(2h) << qint64(7'200'000'000'000);
    QTest::newRow("negative") << Deadline(-5ms) << qint64(-5'000'000);
    QTest::newRow("short") << Deadline(duration<short, std::milli>(-7)) << qint64(-7'000'000);
    QTest::newRow("unsigned") << Deadline(duration<quint64, std::milli>(3)) << qint64(3'000'000);
    QTest::newRow("seconds as a double")
            << Deadline(duration<double>(1.5)) << qint64(1'500'000'000);
    QTest::newRow("minutes as a float")
            << Deadline(duration<float, std::ratio<60>>(0.5F)) << qint64(30'000'000'000);
    QTest::newRow("negative double") << Deadline(duration<double>(-0.25)) << qint64(-250'000'000);
    QTest::newRow("a fraction rounds up")
            << Deadline(duration<double, std::nano>(2.25)) << qint64(3);
    QTest::newRow("a tiny fraction rounds up") << Deadline(duration<double>(1e-300)) << qint64(1);
    QTest::newRow("a negative fraction rounds up")
            << Deadline(duration<double, std::nano>(-2.25)) << qint64(-2);
    QTest::newRow("picoseconds round up")
            << Deadline(duration<qint64, std::pico>(1001)) << qint64(2);
    QTest::newRow("whole picoseconds") << Deadline(duration<qint64, std::pico>(3000)) << qint64(3);
    QTest::newRow("a third of a second rounds up")
            << Deadline(duration<qint64, std::ratio<1, 3>>(1)) << qint64(333'333'334);
    QTest::newRow("the longest that fits")
            << Deadline(std::chrono::hours(2'000'000)) << qint64(7'200'000'000'000'000'000);
    QTest::newRow("negative zero") << Deadline(duration<double>(-0.0)) << qint64(0);
}

void tst_QTimeoutDeadline::durationIsCountedFromItsUse()
{
    QFETCH(const Deadline, deadline);
    QFETCH(const qint64, nsecs);

    QTimeoutTestClock clock;
    const DeadlineQueue *queue = DeadlineQueue::current();
    QVERIFY(!deadline.isForever());
    QCOMPARE(queue->resolve(deadline).deadline - queue->now(), nsecs);
}

void tst_QTimeoutDeadline::durationThatDoesNotFitIsForever_data()
{
    QTest::addColumn<Deadline>("deadline");

    using Limits = std::numeric_limits<double>;
    QTest::newRow("nanoseconds::max") << Deadline(nanoseconds::max());
    QTest::newRow("milliseconds::max") << Deadline(std::chrono::milliseconds::max());
    QTest::newRow("hours::max") << Deadline(std::chrono::hours::max());
    QTest::newRow("just too long") << Deadline(std::chrono::hours(2'562'048));
    QTest::newRow("unsigned") << Deadline(
            duration<quint64, std::nano>(std::numeric_limits<quint64>::max()));
    QTest::newRow("infinity") << Deadline(duration<double>(Limits::infinity()));
    QTest::newRow("not a number") << Deadline(duration<double>(Limits::quiet_NaN()));
    QTest::newRow("huge") << Deadline(duration<double>(Limits::max()));
    QTest::newRow("long double") << Deadline(
            duration<long double>(std::numeric_limits<long double>::max()));
    QTest::newRow("double::max of hours") << Deadline(duration<double, std::ratio<3600>>(1e30));
    QTest::newRow("2^63 nanoseconds")
            << Deadline(duration<double, std::nano>(9223372036854775808.0));
    QTest::newRow("milliseconds of qint64") << Deadline(std::numeric_limits<qint64>::max());
    QTest::newRow("milliseconds of quint64") << Deadline(std::numeric_limits<quint64>::max());
}

void tst_QTimeoutDeadline::durationThatDoesNotFitIsForever()
{
    QFETCH(const Deadline, deadline);

    QVERIFY(deadline.isForever());
    QVERIFY(deadline.toDeadlineTimer().isForever());
    QTimeoutScope scope(deadline);
    QVERIFY(scope.isActive());
    QVERIFY(scope.deadline().isForever());
    QCOMPARE(scope.remainingTime(), nanoseconds::max());
}

void tst_QTimeoutDeadline::durationFarInThePastHasPassed_data()
{
    QTest::addColumn<Deadline>("deadline");

    using Limits = std::numeric_limits<double>;
    QTest::newRow("nanoseconds::min") << Deadline(nanoseconds::min());
    QTest::newRow("hours::min") << Deadline(std::chrono::hours::min());
    QTest::newRow("minus infinity") << Deadline(duration<double>(-Limits::infinity()));
    QTest::newRow("lowest") << Deadline(duration<double>(Limits::lowest()));
    QTest::newRow("milliseconds of qint64") << Deadline(std::numeric_limits<qint64>::min());
    QTest::newRow("int") << Deadline(std::numeric_limits<int>::min());
    QTest::newRow("time_point::min") << Deadline(steady_clock::time_point::min());
}

void tst_QTimeoutDeadline::durationFarInThePastHasPassed()
{
    QFETCH(const Deadline, deadline);

    QTimeoutTestClock clock;
    QVERIFY(!deadline.isForever());
    QVERIFY(deadline.toDeadlineTimer().hasExpired());
    QTimeoutScope scope(deadline);
    QVERIFY(scope.isActive()); // S3
    QCOMPARE(scope.remainingTime(), 0ns);
    QVERIFY(scope.shift(-1ms));
    QCOMPARE(scope.remainingTime(), 0ns);
    scope.setObjectName("unused"); // the hint about it is not what is tested
    connect(&scope, &QTimeoutScope::expired, this, [] {});
    clock.advance(0ns);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutDeadline::durationIsNotCountedFromItsConstruction()
{
    QTimeoutTestClock clock;
    const Deadline deadline = 1s;
    clock.advance(10s);
    QTimeoutScope scope(deadline);
    QCOMPARE(scope.remainingTime(), nanoseconds(1s));
}

void tst_QTimeoutDeadline::integerIsMilliseconds_data()
{
    QTest::addColumn<Deadline>("deadline");
    QTest::addColumn<qint64>("msecs");

    QTest::newRow("int") << Deadline(1500) << qint64(1500);
    QTest::newRow("zero") << Deadline(0) << qint64(0);
    QTest::newRow("int maximum") << Deadline(std::numeric_limits<int>::max()) << qint64(2147483647);
    QTest::newRow("unsigned maximum")
            << Deadline(std::numeric_limits<quint32>::max()) << qint64(4294967295); // not -1
    QTest::newRow("qint64") << Deadline(qint64(5'000'000'000)) << qint64(5'000'000'000);
    QTest::newRow("short") << Deadline(short(20)) << qint64(20);
    QTest::newRow("-2") << Deadline(-2) << qint64(-2);
    QTest::newRow("-1000") << Deadline(-1000) << qint64(-1000);
}

void tst_QTimeoutDeadline::integerIsMilliseconds()
{
    QFETCH(const Deadline, deadline);
    QFETCH(const qint64, msecs);

    QTimeoutTestClock clock;
    const DeadlineQueue *queue = DeadlineQueue::current();
    QVERIFY(!deadline.isForever());
    QCOMPARE(queue->resolve(deadline).deadline - queue->now(), msecs * 1'000'000);
}

void tst_QTimeoutDeadline::minusOneIsForever_data()
{
    QTest::addColumn<Deadline>("deadline");

    QTest::newRow("int") << Deadline(-1);
    QTest::newRow("short") << Deadline(short(-1));
    QTest::newRow("qint64") << Deadline(qint64(-1));
}

void tst_QTimeoutDeadline::minusOneIsForever()
{
    QFETCH(const Deadline, deadline);

    QVERIFY(deadline.isForever());
}

void tst_QTimeoutDeadline::timePointIsKept_data()
{
    QTest::addColumn<Deadline>("deadline");
    QTest::addColumn<qint64>("nsecs");

    const auto when = steady_clock::now() + 1500ms;
    const qint64 nsecs = nanoseconds(when.time_since_epoch()).count();
    QTest::newRow("in the future") << Deadline(when) << nsecs;
    QTest::newRow("in the past") << Deadline(when - 1h) << nsecs - qint64(3'600'000'000'000);
    QTest::newRow("seconds") << Deadline(
            std::chrono::time_point<steady_clock, std::chrono::seconds>(5s))
                             << qint64(5'000'000'000);
    QTest::newRow("double") << Deadline(
            std::chrono::time_point<steady_clock, duration<double>>(duration<double>(2.5)))
                            << qint64(2'500'000'000);
    QTest::newRow("epoch") << Deadline(steady_clock::time_point()) << qint64(0);
}

void tst_QTimeoutDeadline::timePointIsKept()
{
    QFETCH(const Deadline, deadline);
    QFETCH(const qint64, nsecs);

    QVERIFY(!deadline.isForever());
    QCOMPARE(deadline.toDeadlineTimer().deadlineNSecs(), nsecs);
    QTimeoutScope scope(deadline);
    QCOMPARE(scope.deadline().deadlineNSecs(), nsecs);
}

void tst_QTimeoutDeadline::timePointMaximumIsForever()
{
    using Seconds = std::chrono::time_point<steady_clock, std::chrono::seconds>;
    using DoubleSeconds = std::chrono::time_point<steady_clock, duration<double>>;
    QVERIFY(Deadline(steady_clock::time_point::max()).isForever());
    QVERIFY(Deadline(Seconds::max()).isForever());
    QVERIFY(Deadline(DoubleSeconds::max()).isForever());
}

void tst_QTimeoutDeadline::timePointOutOfRangeSaturates()
{
    using Hours = std::chrono::time_point<steady_clock, std::chrono::hours>;
    QVERIFY(Deadline(Hours::max() - 1h).isForever());
    const Deadline past(Hours::min());
    QVERIFY(!past.isForever());
    QVERIFY(past.toDeadlineTimer().hasExpired());
}

void tst_QTimeoutDeadline::foreverConstantIsForever()
{
    const Deadline deadline = QDeadlineTimer::Forever; // not the int 0 that Qt 6.4 makes of it
    QVERIFY(deadline.isForever());
    QVERIFY(deadline.toDeadlineTimer().isForever());
    QTimeoutScope scope(deadline);
    QVERIFY(scope.isActive());
    QVERIFY(scope.deadline().isForever());
}

void tst_QTimeoutDeadline::deadlineTimerIsKept_data()
{
    QTest::addColumn<int>("type");

    QTest::newRow("precise") << int(Qt::PreciseTimer);
    QTest::newRow("coarse") << int(Qt::CoarseTimer);
    QTest::newRow("very coarse") << int(Qt::VeryCoarseTimer);
}

void tst_QTimeoutDeadline::deadlineTimerIsKept()
{
    QFETCH(const int, type);

    const QDeadlineTimer timer(1500, Qt::TimerType(type));
    const Deadline deadline = timer;
    QVERIFY(!deadline.isForever());
    QCOMPARE(deadline.timerType(), timer.timerType());
    QCOMPARE(deadline.toDeadlineTimer(), timer);
    QCOMPARE(deadline.toDeadlineTimer().timerType(), timer.timerType());
    QTimeoutScope scope(timer);
    QCOMPARE(scope.deadline(), timer);
    QCOMPARE(scope.deadline().timerType(), timer.timerType());
}

void tst_QTimeoutDeadline::foreverDeadlineTimerKeepsItsType()
{
    const QDeadlineTimer timer(QDeadlineTimer::Forever, Qt::PreciseTimer);
    const Deadline deadline = timer;
    QVERIFY(deadline.isForever());
    QCOMPARE(deadline.timerType(), Qt::PreciseTimer);
    QVERIFY(deadline.toDeadlineTimer().isForever());
    QCOMPARE(deadline.toDeadlineTimer().timerType(), Qt::PreciseTimer);
}

void tst_QTimeoutDeadline::deadlineTimerThatHasExpiredHasPassed()
{
    const Deadline deadline = QDeadlineTimer(); // the default has expired
    QVERIFY(!deadline.isForever());
    QVERIFY(deadline.toDeadlineTimer().hasExpired());
    QTimeoutScope scope(deadline);
    QVERIFY(scope.isActive());
    QCOMPARE(scope.remainingTime(), 0ns);
}

void tst_QTimeoutDeadline::timerTypeIsCoarseUnlessGiven()
{
    QCOMPARE(Deadline(1s).timerType(), Qt::CoarseTimer);
    QCOMPARE(Deadline(1500).timerType(), Qt::CoarseTimer);
    QCOMPARE(Deadline(steady_clock::now()).timerType(), Qt::CoarseTimer);
    QCOMPARE(Deadline(QDeadlineTimer::Forever).timerType(), Qt::CoarseTimer);
    QCOMPARE(Deadline(1s, Qt::PreciseTimer).timerType(), Qt::PreciseTimer);
    QCOMPARE(Deadline(steady_clock::now(), Qt::VeryCoarseTimer).timerType(), Qt::VeryCoarseTimer);
}

void tst_QTimeoutDeadline::toDeadlineTimerOfADuration()
{
    const QDeadlineTimer before = QDeadlineTimer::current();
    const QDeadlineTimer timer = Deadline(1500ms, Qt::PreciseTimer).toDeadlineTimer();
    const QDeadlineTimer after = QDeadlineTimer::current();
    QCOMPARE_GE(timer.deadlineNSecs(), before.deadlineNSecs() + 1'500'000'000);
    QCOMPARE_LE(timer.deadlineNSecs(), after.deadlineNSecs() + 1'500'000'000);
    QCOMPARE(timer.timerType(), Qt::PreciseTimer);
}

void tst_QTimeoutDeadline::toDeadlineTimerOfForever()
{
    // What would be after the end of time is forever too.
    QVERIFY(Deadline(nanoseconds(std::numeric_limits<qint64>::max() - 1))
                    .toDeadlineTimer()
                    .isForever());
    QVERIFY(!Deadline(2'000'000h).toDeadlineTimer().isForever());
}

static qint64 remainingMSecs(Deadline deadline)
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    return deadline.isForever() ? -1
                                : (queue->resolve(deadline).deadline - queue->now()) / 1'000'000;
}

void tst_QTimeoutDeadline::convertsImplicitlyAtACall()
{
    QTimeoutTestClock clock;
    QCOMPARE(remainingMSecs(1500ms), 1500);
    QCOMPARE(remainingMSecs(2s), 2000);
    QCOMPARE(remainingMSecs(1500), 1500);
    QCOMPARE(remainingMSecs(-1), -1);
    QCOMPARE(remainingMSecs(QDeadlineTimer::Forever), -1);
    QCOMPARE(remainingMSecs({1500ms, Qt::PreciseTimer}), 1500);
    // Real time goes on between the clock read and the call.
    for (const qint64 msecs :
         {remainingMSecs(QDeadlineTimer(3'600'000)), remainingMSecs(steady_clock::now() + 1h)}) {
        QCOMPARE_GT(msecs, 3'000'000);
        QCOMPARE_LE(msecs, 3'600'000);
    }
}

void tst_QTimeoutDeadline::isAMetaType()
{
    QVERIFY(QMetaType::fromType<Deadline>().isValid());
    QVERIFY(QMetaType::fromName("QTimeout::Deadline").isValid());
}

void tst_QTimeoutDeadline::integerSignalReschedulesAScope()
{
    QTimeoutTestClock clock;
    SpinBox spinBox;
    QTimeoutScope scope(1s);
    QVERIFY(connect(&spinBox, &SpinBox::valueChanged, &scope, &QTimeoutScope::reschedule));
    Q_EMIT spinBox.valueChanged(2500);
    QCOMPARE(scope.remainingTime(), nanoseconds(2500ms));
    Q_EMIT spinBox.valueChanged(-1);
    QVERIFY(scope.deadline().isForever());
    scope.cancel();
    disconnect(&spinBox, nullptr, &scope, nullptr);
    QVERIFY(connect(&spinBox, &SpinBox::valueChanged, &scope, &QTimeoutScope::start));
    Q_EMIT spinBox.valueChanged(10);
    QCOMPARE(scope.remainingTime(), nanoseconds(10ms));
}

void tst_QTimeoutDeadline::integerSignalReschedulesAScopeInAnotherThread()
{
    QTimeoutTestClock clock;
    SpinBox spinBox;
    QTimeoutScope scope(1s);
    QVERIFY(connect(&spinBox, &SpinBox::valueChanged, &scope, &QTimeoutScope::reschedule));
    const std::unique_ptr<QThread> thread(
            QThread::create([&spinBox] { Q_EMIT spinBox.valueChanged(2500); }));
    thread->start();
    QVERIFY(thread->wait());
    QCOMPARE(scope.remainingTime(), nanoseconds(1s));
    clock.advance(0ns);
    QCOMPARE(scope.remainingTime(), nanoseconds(2500ms));
}

void tst_QTimeoutDeadline::metaObjectCallReschedulesAScope()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    QVERIFY(QMetaObject::invokeMethod(&scope, "reschedule", Qt::QueuedConnection,
                                      Q_ARG(QTimeout::Deadline, Deadline(2500ms))));
    clock.advance(0ns);
    QCOMPARE(scope.remainingTime(), nanoseconds(2500ms));
}

QTEST_GUILESS_MAIN(tst_QTimeoutDeadline)

#include "tst_qtimeoutdeadline.moc"
