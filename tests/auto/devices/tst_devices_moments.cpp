// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waits for devices that are aborted, and devices that go or change at awkward moments.

#include "devicesupport.h"

namespace {

using Answer = std::optional<bool>;

QCoro::Task<int> countSignals(QTimeoutScope &scope, Wire *wire, int count)
{
    int received = 0;
    while (received < count) {
        const bool isReady = co_await QTimeout::waitForReadyRead(scope, wire);
        received += isReady;
    }
    co_return received;
}

QCoro::Task<QByteArray> ownAsLocal(QTimeoutScope &scope, QPointer<Wire> *address)
{
    Wire wire;
    *address = &wire;
    const QByteArray line = co_await readLine(scope, &wire);
    co_return line;
}

QCoro::Task<QByteArray> ownByPointer(QTimeoutScope &scope, QPointer<Wire> *address)
{
    const auto wire = std::make_unique<Wire>();
    *address = wire.get();
    const QByteArray line = co_await readLine(scope, wire.get());
    co_return line;
}

QCoro::Task<bool> flushWhenInterrupted(QTimeoutScope &scope, Wire *wire)
{
    bool isInterrupted = false;
    try {
        co_await QTimeout::waitForReadyRead(scope, wire);
    } catch (const QTimeoutCancelled &) {
        isInterrupted = true;
    }
    wire->write("bye");
    const bool isWritten = co_await QTimeout::waitForBytesWritten(scope, wire);
    co_return isInterrupted &&isWritten;
}

} // namespace

class tst_DevicesMoments : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void deadlinePasses();
    void tryRunOut();
    void cancelledInASlot();
    void cancelledInAnEarlierSlot();
    void cancelledWhileItIsWritten();
    void cancelledWhenSoAlready();
    void signalBeatsTheDeadline();
    void deletedWhileAwaited();
    void deletedInASlot_data();
    void deletedInASlot();
    void deletedAfterTheSignal();
    void disconnectedFromEverything();
    void closedInASlot();
    void severalWaitForOne();
    void halfALineSuspends();
    void coroutineOwnsTheDevice_data();
    void coroutineOwnsTheDevice();
    void ownerIsCancelledByTheDevice_data();
    void ownerIsCancelledByTheDevice();
    void scopeDestroyed();
    void cleanUp();
    void endedScope();
    void startedBeforeItIsAwaited();
    void watchedDeviceIsAborted();
    void waitForBlocks();
    void shieldAndDetach();
    void otherThread();
};

void tst_DevicesMoments::deadlinePasses()
{
    Wire wire;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(wire.aborts, 0);
    QVERIFY(wire.isOpen());
    QCOMPARE(connectedSignals(&wire), QByteArrayList());
    wire.receive("too late");
    QCOMPARE(wire.readAll(), "too late");
}

void tst_DevicesMoments::tryRunOut()
{
    Wire wire;
    const auto observed = observe(QTimeout::tryRun(1s, QTimeout::waitForReadyRead, &wire));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(observed->value && !observed->value->has_value());
    const auto inTime = observe(QTimeout::tryRun(1s, QTimeout::waitForReadyRead, &wire));
    wire.receive("in time");
    settle();
    QCOMPARE(inTime->value, std::optional(Answer(true)));
}

// What has happened beats the abort.
void tst_DevicesMoments::cancelledInASlot()
{
    Wire wire;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, &wire));
    connect(&wire, &QIODevice::readyRead, &scope, &QTimeoutScope::cancel);
    wire.receive("something");
    QVERIFY(scope.isCancelled());
    VERIFY_RESULT(observed, true);
}

// A signal that has not arrived has not happened, but a state has.
void tst_DevicesMoments::cancelledInAnEarlierSlot()
{
    Wire wire;
    QTimeoutScope scope(1s);
    connect(&wire, &QIODevice::readyRead, &scope, &QTimeoutScope::cancel);
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, &wire));
    wire.receive("something");
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(wire.aborts, 0);
}

// The buffer is empty then, which does not mean that there was nothing to write.
void tst_DevicesMoments::cancelledWhileItIsWritten()
{
    Wire wire;
    wire.write("something");
    QTimeoutScope scope(1s);
    connect(&wire, &QIODevice::bytesWritten, &scope, &QTimeoutScope::cancel);
    const auto observed = observe(scope.run(QTimeout::waitForBytesWritten, &wire));
    wire.transmit();
    settle();
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_DevicesMoments::cancelledWhenSoAlready()
{
    Link link(Link::ConnectingState);
    QTimeoutScope scope(1s);
    connect(&link, &Link::stateChanged, &scope, &QTimeoutScope::cancel);
    const auto observed = observe(scope.run(QTimeout::waitForConnected, &link));
    link.setState(Link::ConnectedState);
    link.setState(Link::UnconnectedState);
    VERIFY_RESULT(observed, true);
}

void tst_DevicesMoments::signalBeatsTheDeadline()
{
    Wire wire;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    wire.receive("something");
    clock().advance(1h);
    VERIFY_RESULT(observed, true);
}

void tst_DevicesMoments::deletedWhileAwaited()
{
    QTimeoutScope scope(1s);
    auto wire = std::make_unique<Wire>();
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, wire.get()));
    wire.reset();
    QCOMPARE(observed->end, End::Pending);
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_DevicesMoments::deletedInASlot_data()
{
    QTest::addColumn<bool>("isFirst");
    QTest::newRow("an earlier one") << true;
    QTest::newRow("a later one") << false;
}

void tst_DevicesMoments::deletedInASlot()
{
    QFETCH(bool, isFirst);
    QTimeoutScope scope(1s);
    auto *link = new Link(Link::ConnectedState);
    if (isFirst)
        connect(link, &Link::readyRead, [link] { delete link; });
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, link));
    if (!isFirst)
        connect(link, &Link::readyRead, [link] { delete link; });
    Q_EMIT link->readyRead();
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_DevicesMoments::deletedAfterTheSignal()
{
    auto wire = std::make_unique<Wire>();
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, wire.get()));
    wire->receive("something");
    wire.reset();
    settle();
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_DevicesMoments::disconnectedFromEverything()
{
    QTimeoutScope scope(1s);
    auto wire = std::make_unique<Wire>();
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, wire.get()));
    wire->disconnect();
    QCOMPARE(observed->end, End::Pending);
    wire.reset();
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
}

void tst_DevicesMoments::closedInASlot()
{
    Wire wire;
    connect(&wire, &QIODevice::readyRead, &wire, &QIODevice::close);
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    wire.receive("something");
    VERIFY_RESULT(observed, false);
}

void tst_DevicesMoments::severalWaitForOne()
{
    Wire wire;
    wire.write("something");
    const auto one = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    const auto two = observe(QTimeout::run(2s, QTimeout::waitForReadyRead, &wire));
    const auto late = observe(QTimeout::run(3s, &countSignals, &wire, 2));
    const auto written = observe(QTimeout::run(3s, QTimeout::waitForBytesWritten, &wire));
    clock().advance(1s);
    QCOMPARE(one->end, End::TimedOut);
    wire.receive("something");
    settle();
    QCOMPARE(two->value, Answer(true));
    QCOMPARE(late->end, End::Pending);
    QCOMPARE(written->end, End::Pending);
    wire.receive("more");
    wire.transmit();
    settle();
    QCOMPARE(late->value, std::optional(2));
    QCOMPARE(written->value, Answer(true));
}

void tst_DevicesMoments::halfALineSuspends()
{
    Wire wire;
    int waits = 0;
    const auto observed = observe(QTimeout::run(1s, &readLine<Wire>, &wire, &waits));
    for (int i = 1; i <= 3; ++i) {
        wire.receive("half ");
        settle();
        QCOMPARE(waits, i + 1);
    }
    wire.receive("line\nmore");
    settle();
    QCOMPARE(observed->value, std::optional(QByteArray("half half half line\n")));
    QCOMPARE(waits, 4);
}

using Owner = QCoro::Task<QByteArray> (*)(QTimeoutScope &, QPointer<Wire> *);

void tst_DevicesMoments::coroutineOwnsTheDevice_data()
{
    QTest::addColumn<Owner>("owner");
    QTest::newRow("as a local") << Owner(&ownAsLocal);
    QTest::newRow("by a pointer") << Owner(&ownByPointer);
}

void tst_DevicesMoments::coroutineOwnsTheDevice()
{
    QFETCH(Owner, owner);
    QPointer<Wire> wire;
    const auto observed = observe(QTimeout::run(1s, owner, &wire));
    wire->receive("a line\n");
    QVERIFY(wire);
    settle();
    QCOMPARE(observed->value, std::optional(QByteArray("a line\n")));
    QVERIFY(!wire);

    const auto late = observe(QTimeout::run(1s, owner, &wire));
    clock().advance(1s);
    QCOMPARE(late->end, End::TimedOut);
    QVERIFY(!wire);
}

void tst_DevicesMoments::ownerIsCancelledByTheDevice_data()
{
    coroutineOwnsTheDevice_data();
}

void tst_DevicesMoments::ownerIsCancelledByTheDevice()
{
    QFETCH(Owner, owner);
    QPointer<Wire> wire;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(owner, &wire));
    connect(wire, &QIODevice::aboutToClose, &scope, &QTimeoutScope::cancel);
    connect(wire, &QIODevice::readyRead, &scope, &QTimeoutScope::cancel);
    wire->receive("half"); // beats the abort, which comes where it waits next
    QVERIFY(wire);
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(!wire);
}

void tst_DevicesMoments::scopeDestroyed()
{
    Wire wire;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto observed = observe(scope->run(QTimeout::waitForReadyRead, &wire));
    scope.reset();
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(wire.aborts, 0);
    wire.receive("something");
    settle();
}

void tst_DevicesMoments::cleanUp()
{
    Wire wire;
    const auto observed = observe(QTimeout::run(1s, &flushWhenInterrupted, &wire));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Pending);
    wire.transmit();
    VERIFY_RESULT(observed, true);
}

// What is so already does not suspend.
void tst_DevicesMoments::endedScope()
{
    Link link(Link::ConnectedState);
    QTimeoutScope scope(1s);
    scope.cancel();
    QCOMPARE(observe(scope.run(QTimeout::waitForReadyRead, &link))->end, End::Cancelled);
    const auto observed = observe(QTimeout::waitForReadyRead(scope, &link));
    settle();
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observe(QTimeout::waitForConnected(scope, &link))->value, Answer(true));
}

void tst_DevicesMoments::startedBeforeItIsAwaited()
{
    Wire wire;
    QTimeoutScope scope(1s);
    QCoro::Task<bool> task = QTimeout::waitForReadyRead(scope, &wire);
    wire.receive("something");
    const auto observed = observe(std::move(task));
    VERIFY_RESULT(observed, true);
}

void tst_DevicesMoments::watchedDeviceIsAborted()
{
    Wire wire;
    QTimeoutScope scope(1s);
    scope.watch(&wire);
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, &wire));
    scope.cancel();
    QCOMPARE(wire.aborts, 1);
    settle();
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_DevicesMoments::waitForBlocks()
{
    Wire wire;
    QMetaObject::invokeMethod(
            &wire, [&wire] { wire.receive("x"); }, Qt::QueuedConnection);
    QVERIFY(QTimeout::waitFor(1s, QTimeout::waitForReadyRead, &wire));
    auto *gone = new Wire;
    gone->deleteLater();
    QVERIFY_THROWS_EXCEPTION(QTimeoutCancelled,
                             QTimeout::waitFor(1s, QTimeout::waitForReadyRead, gone));
}

void tst_DevicesMoments::shieldAndDetach()
{
    Wire wire;
    const auto detached = observe(QTimeout::detach(QTimeout::waitForReadyRead, &wire));
    const auto reader = [](QTimeoutScope &, Wire *device) -> QCoro::Task<bool> {
        const bool result = co_await QTimeout::shield(QTimeout::waitForReadyRead, device);
        co_return result;
    };
    const auto shielded = observe(QTimeout::run(1s, reader, &wire));
    clock().advance(1s);
    QCOMPARE(shielded->end, End::Pending);
    wire.receive("something");
    VERIFY_RESULT(detached, true);
    VERIFY_RESULT(shielded, true);
}

void tst_DevicesMoments::otherThread()
{
    QThread thread;
    auto *wire = new Wire;
    auto *link = new Link(Link::ConnectedState);
    wire->moveToThread(&thread);
    link->moveToThread(&thread);
    connect(&thread, &QThread::finished, wire, &QObject::deleteLater);
    connect(&thread, &QThread::finished, link, &QObject::deleteLater);
    thread.start();
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, wire));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, wire));
    const auto connected = observe(QTimeout::run(1s, QTimeout::waitForConnected, link));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, link));
    const auto closed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, link));
    QMetaObject::invokeMethod(wire, [wire] { wire->receive("something"); });
    VERIFY_RESULT(written, false);
    VERIFY_RESULT(read, true);
    VERIFY_RESULT(connected, true);
    QCOMPARE(disconnected->end, End::Pending);
    QMetaObject::invokeMethod(link, [link] { link->setState(Link::UnconnectedState); });
    VERIFY_RESULT(disconnected, true);
    VERIFY_RESULT(closed, false);
    QCOMPARE(read->thread, QThread::currentThread());
    const auto gone = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, wire));
    thread.quit();
    QVERIFY(thread.wait());
    QTRY_COMPARE_WITH_TIMEOUT(gone->end, End::Cancelled, Patience);
}

QTEST_GUILESS_MAIN(tst_DevicesMoments)
#include "tst_devices_moments.moc"
