// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for what a QProcess tells.

#include "devicesupport.h"

#include <QtCore/qprocess.h>

namespace {

using Answer = std::optional<bool>;

/*
    Repeats what it reads, and dies with the test.
*/
class Cat : public QProcess
{
public:
    Cat() { start("cat", QStringList()); }
    ~Cat() override
    {
        kill();
        QProcess::waitForFinished(Patience);
    }
    bool isStarted() { return QProcess::waitForStarted(Patience); }
};

QCoro::Task<QByteArray> askCat(QTimeoutScope &scope, QByteArray question)
{
    Cat cat;
    const bool isStarted = co_await QTimeout::waitForStarted(scope, &cat);
    if (!isStarted)
        co_return "not started";
    cat.write(question);
    const bool isWritten = co_await QTimeout::waitForBytesWritten(scope, &cat);
    if (!isWritten)
        co_return "not written";
    const QByteArray answer = co_await readLine(scope, &cat);
    cat.closeWriteChannel();
    const bool isFinished = co_await QTimeout::waitForFinished(scope, &cat);
    co_return isFinished ? answer : "not finished";
}

QCoro::Task<int> countWaits(QTimeoutScope &scope, QProcess *process, int *waits)
{
    bool isReady = true;
    while (isReady) {
        ++*waits;
        isReady = co_await QTimeout::waitForReadyRead(scope, process);
    }
    co_return int(process->bytesAvailable());
}

QCoro::Task<bool> ownAndKill(QTimeoutScope &scope, QPointer<QProcess> *address)
{
    Cat cat;
    *address = &cat;
    co_await QTimeout::waitForStarted(scope, &cat);
    QObject::connect(&cat, &QProcess::readyRead, &cat, &QProcess::kill);
    cat.write("something\n");
    const bool isRead = co_await QTimeout::waitForReadyRead(scope, &cat);
    const bool isFinished = co_await QTimeout::waitForFinished(scope, &cat);
    co_return isRead &&isFinished;
}

} // namespace

class tst_DevicesProcess : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void conversation();
    void notRunning();
    void running();
    void starts();
    void doesNotStart_data();
    void doesNotStart();
    void finishes_data();
    void finishes();
    void endsWithDataBuffered();
    void endsWithoutOutput();
    void closed();
    void readChannelClosedForWriting();
    void deadlineLeavesItRunning();
    void deletedInASlot();
    void ownerKills();
    void ownerIsInterrupted();
    void finishedWhenCancelled();
    void severalWaits();
    void asDevice();
};

void tst_DevicesProcess::conversation()
{
    const auto observed = observe(QTimeout::run(1s, &askCat, QByteArray("how are you?\n")));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("how are you?\n")));
}

void tst_DevicesProcess::notRunning()
{
    QProcess process;
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForStarted, &process))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForFinished, &process))->value, Answer(true));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process))->value,
             Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &process))->value,
             Answer(false));
}

void tst_DevicesProcess::running()
{
    Cat cat;
    QVERIFY(cat.isStarted());
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForStarted, &cat))->value, Answer(true));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &cat))->value, Answer(false));
}

void tst_DevicesProcess::starts()
{
    Cat cat;
    QCOMPARE(cat.state(), QProcess::Starting);
    const auto started = observe(QTimeout::run(1s, QTimeout::waitForStarted, &cat));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &cat));
    cat.write("early\n"); // goes when it runs
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &cat));
    QCOMPARE(started->end, End::Pending);
    VERIFY_RESULT(started, true);
    VERIFY_RESULT(written, true);
    VERIFY_RESULT(read, true);
}

void tst_DevicesProcess::doesNotStart_data()
{
    QTest::addColumn<bool>("isAwaitedBefore");
    QTest::newRow("awaited before") << true;
    QTest::newRow("awaited afterwards") << false;
}

void tst_DevicesProcess::doesNotStart()
{
    QFETCH(bool, isAwaitedBefore);
    QProcess process;
    process.start("/nowhere/at/all", QStringList());
    if (!isAwaitedBefore)
        QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, Patience);
    const auto started = observe(QTimeout::run(1s, QTimeout::waitForStarted, &process));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, &process));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process));
    VERIFY_RESULT(started, false);
    VERIFY_RESULT(finished, !isAwaitedBefore); // then no process was running
    VERIFY_RESULT(read, false);
}

void tst_DevicesProcess::finishes_data()
{
    QTest::addColumn<QString>("command");
    QTest::newRow("well") << "exit 0";
    QTest::newRow("with an error") << "exit 3";
    QTest::newRow("by a crash") << "kill -9 $$";
}

void tst_DevicesProcess::finishes()
{
    QFETCH(QString, command);
    QProcess process;
    process.start("sh", {"-c", "read line; " + command});
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, &process));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process));
    const auto started = observe(QTimeout::run(1s, QTimeout::waitForStarted, &process));
    VERIFY_RESULT(started, true);
    QCOMPARE(finished->end, End::Pending);
    process.write("end\n");
    VERIFY_RESULT(finished, true);
    VERIFY_RESULT(read, false);
}

// What it has said can be read, but no more will come.
void tst_DevicesProcess::endsWithDataBuffered()
{
    QProcess process;
    int waits = 0;
    process.start("sh", {"-c", "printf half; read line; printf more"});
    const auto observed = observe(QTimeout::run(1s, &countWaits, &process, &waits));
    QTRY_COMPARE_WITH_TIMEOUT(waits, 2, Patience);
    process.write("\n");
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(8));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process))->value,
             Answer(false));
    QCOMPARE(process.readAll(), "halfmore");
}

void tst_DevicesProcess::endsWithoutOutput()
{
    QProcess process;
    process.start("true", QStringList());
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process));
    VERIFY_RESULT(observed, false);
}

// close() kills it before it returns.
void tst_DevicesProcess::closed()
{
    Cat cat;
    QVERIFY(cat.isStarted());
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &cat));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, &cat));
    cat.close();
    QCOMPARE(read->end, End::Pending);
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(finished, true);
}

void tst_DevicesProcess::readChannelClosedForWriting()
{
    QProcess process;
    process.start("cat", QStringList(), QIODevice::WriteOnly);
    QVERIFY(process.waitForStarted(Patience));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &process))->value,
             Answer(false));
    process.closeWriteChannel();
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForFinished, &process));
    VERIFY_RESULT(observed, true);
}

void tst_DevicesProcess::deadlineLeavesItRunning()
{
    Cat cat;
    QVERIFY(cat.isStarted());
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &cat));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, &cat));
    clock().advance(1s);
    QCOMPARE(read->end, End::TimedOut);
    QCOMPARE(finished->end, End::TimedOut);
    QCOMPARE(cat.state(), QProcess::Running);
    QCOMPARE(connectedSignals(&cat), QByteArrayList());
    const auto next = observe(QTimeout::run(1s, &readLine<Cat>, &cat, nullptr));
    cat.write("still there\n");
    QTRY_COMPARE_WITH_TIMEOUT(next->end, End::Returned, Patience);
    QCOMPARE(next->value, std::optional(QByteArray("still there\n")));
}

void tst_DevicesProcess::deletedInASlot()
{
    auto *cat = new Cat;
    QVERIFY(cat->isStarted());
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, cat));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, cat));
    connect(cat, &QProcess::finished, cat, &QObject::deleteLater);
    cat->kill();
    QPointer<Cat> gone(cat);
    QTRY_VERIFY_WITH_TIMEOUT(!gone, Patience);
    // The resumption overtakes the deferred delete.
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(finished, true);
}

void tst_DevicesProcess::ownerKills()
{
    QPointer<QProcess> process;
    const auto observed = observe(QTimeout::run(1s, &ownAndKill, &process));
    VERIFY_RESULT(observed, true);
    QVERIFY(!process);
}

void tst_DevicesProcess::ownerIsInterrupted()
{
    QPointer<QProcess> process;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&ownAndKill, &process));
    connect(process, &QProcess::started, &scope, &QTimeoutScope::cancel);
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Cancelled, Patience);
    QVERIFY(!process);
}

// The state says that it is over before the signal does.
void tst_DevicesProcess::finishedWhenCancelled()
{
    Cat cat;
    QVERIFY(cat.isStarted());
    QTimeoutScope scope(1s);
    connect(&cat, &QProcess::stateChanged, &scope, &QTimeoutScope::cancel);
    const auto observed = observe(scope.run(QTimeout::waitForFinished, &cat));
    cat.kill();
    VERIFY_RESULT(observed, true);
    QVERIFY(scope.isCancelled());
}

void tst_DevicesProcess::severalWaits()
{
    Cat cat;
    const auto one = observe(QTimeout::run(1s, QTimeout::waitForStarted, &cat));
    const auto two = observe(QTimeout::run(1s, QTimeout::waitForStarted, &cat));
    const auto end = observe(QTimeout::run(1s, static_cast<QProcess *>(&cat)));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, &cat));
    VERIFY_RESULT(one, true);
    VERIFY_RESULT(two, true);
    cat.closeWriteChannel();
    VERIFY_RESULT(finished, true);
    QTRY_COMPARE_WITH_TIMEOUT(end->end, End::Returned, Patience);
}

// Of a QIODevice only that is known which this class says.
void tst_DevicesProcess::asDevice()
{
    Cat cat;
    QIODevice *const device = &cat;
    const auto observed = observe(QTimeout::run(1s, &readLine<QIODevice>, device, nullptr));
    cat.write("a line\n");
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("a line\n")));
    const auto end = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, device));
    cat.closeWriteChannel();
    VERIFY_RESULT(end, false);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, device))->value, Answer(false));
}

QTEST_GUILESS_MAIN(tst_DevicesProcess)
#include "tst_devices_process.moc"
