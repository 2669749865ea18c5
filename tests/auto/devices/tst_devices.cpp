// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Which signals and states end which wait, of devices of a program's own and of files.

#include "devicesupport.h"

#include <QtCore/qbuffer.h>
#include <QtCore/qtemporaryfile.h>

#include <functional>

namespace {

using Answer = std::optional<bool>;

// The first three are the states in which a wait begins, then what happens, then how it ends.
struct LinkCase
{
    const char *name;
    Link::State state;
    std::function<void(Link &)> event;
    std::optional<bool> result;
};

template<typename Function>
void runLinkCase(const Function &waitFor, const LinkCase &test)
{
    Link link(test.state);
    link.toWrite = 1;
    const auto observed = observe(QTimeout::run(1s, waitFor, &link));
    if (test.event) {
        QCOMPARE(observed->end, End::Pending);
        test.event(link);
        QCOMPARE(observed->end, End::Pending); // not inside the signal
        settle();
    }
    if (test.result) {
        QCOMPARE(observed->end, End::Returned);
        QCOMPARE(observed->value, test.result);
        QCOMPARE(connectedSignals(&link), QByteArrayList());
    } else {
        QCOMPARE(observed->end, End::Pending);
    }
}

template<typename Function>
void runLinkCases(const Function &waitFor, std::initializer_list<LinkCase> tests)
{
    for (const LinkCase &test : tests) {
        runLinkCase(waitFor, test);
        if (QTest::currentTestFailed())
            qWarning("in the case: %s", test.name);
    }
}

template<Link::State state>
void change(Link &link)
{
    link.setState(state);
}

void fail(Link &link)
{
    Q_EMIT link.errorOccurred(Link::RefusedError);
}

void clearError(Link &link)
{
    Q_EMIT link.errorOccurred(Link::NoError);
}

void failToConnect(Link &link)
{
    link.setState(Link::UnconnectedState);
    Q_EMIT link.errorOccurred(Link::RefusedError);
}

// The other end has closed.
void failAndDisconnect(Link &link)
{
    Q_EMIT link.errorOccurred(Link::RefusedError);
    link.setState(Link::ClosingState);
    link.setState(Link::UnconnectedState);
}

} // namespace

class tst_Devices : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void readyReadWaitsForTheNext();
    void readyReadEnds_data();
    void readyReadEnds();
    void nothingToReadFrom_data();
    void nothingToReadFrom();
    void bytesWritten();
    void nothingToWrite();
    void bytesWrittenEnds();
    void connected();
    void disconnected();
    void readyReadOfALink();
    void bytesWrittenOfALink();
    void started();
    void finished();
    void transfer();
    void transferWithoutConnection();
    void asDevice();
    void nullPointer_data();
    void nullPointer();
};

void tst_Devices::readyReadWaitsForTheNext()
{
    Wire wire;
    wire.receive("is buffered");
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    settle();
    QCOMPARE(observed->end, End::Pending);
    wire.receive("comes");
    QCOMPARE(observed->end, End::Pending);
    settle();
    VERIFY_RESULT(observed, true);
    QCOMPARE(connectedSignals(&wire), QByteArrayList());
}

void tst_Devices::readyReadEnds_data()
{
    QTest::addColumn<bool>("isClosed");
    QTest::newRow("closed") << true;
    QTest::newRow("end of the stream") << false;
}

void tst_Devices::readyReadEnds()
{
    QFETCH(bool, isClosed);
    Wire wire;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &wire));
    if (isClosed)
        wire.close();
    else
        Q_EMIT wire.readChannelFinished();
    QCOMPARE(observed->end, End::Pending);
    VERIFY_RESULT(observed, false);
}

void tst_Devices::nothingToReadFrom_data()
{
    QTest::addColumn<QIODevice *>("device");
    auto *closed = new Wire;
    closed->setParent(this);
    closed->close();
    QTest::newRow("closed") << static_cast<QIODevice *>(closed);
    auto *onlyWritten = new Wire(QIODevice::WriteOnly);
    onlyWritten->setParent(this);
    QTest::newRow("only written") << static_cast<QIODevice *>(onlyWritten);
    auto *file = new QTemporaryFile(this);
    QVERIFY(file->open());
    QTest::newRow("file") << static_cast<QIODevice *>(file);
    auto *sequential = new QFile("/dev/zero", this);
    QVERIFY(sequential->open(QIODevice::ReadOnly));
    QTest::newRow("sequential file") << static_cast<QIODevice *>(sequential);
    auto *buffer = new QBuffer(this);
    QVERIFY(buffer->open(QIODevice::ReadWrite));
    QTest::newRow("buffer") << static_cast<QIODevice *>(buffer);
}

void tst_Devices::nothingToReadFrom()
{
    QFETCH(QIODevice *, device);
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, device));
    QCOMPARE(read->end, End::Returned);
    QCOMPARE(read->value, Answer(false));
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, device));
    QCOMPARE(written->value, Answer(false));
}

void tst_Devices::bytesWritten()
{
    Wire wire;
    wire.write("something");
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &wire));
    settle();
    QCOMPARE(observed->end, End::Pending);
    wire.transmit();
    QCOMPARE(observed->end, End::Pending);
    VERIFY_RESULT(observed, true);
    QCOMPARE(connectedSignals(&wire), QByteArrayList());
}

void tst_Devices::nothingToWrite()
{
    Wire wire;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &wire));
    QCOMPARE(observed->value, Answer(false));
}

void tst_Devices::bytesWrittenEnds()
{
    Wire wire;
    wire.write("something");
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &wire));
    Q_EMIT wire.readChannelFinished(); // who is no longer answered can still write
    settle();
    QCOMPARE(observed->end, End::Pending);
    wire.close();
    VERIFY_RESULT(observed, false);
    const auto next = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &wire));
    QCOMPARE(next->value, Answer(false));
}

void tst_Devices::connected()
{
    runLinkCases(QTimeout::waitForConnected,
                 {{"is so", Link::ConnectedState, nullptr, true},
                  {"is not", Link::UnconnectedState, nullptr, false},
                  {"is closing", Link::ClosingState, nullptr, false},
                  {"connects", Link::ConnectingState, change<Link::ConnectedState>, true},
                  {"only the signal", Link::ConnectingState, [](Link &link) { link.connected(); },
                   true},
                  {"aborted", Link::ConnectingState, change<Link::UnconnectedState>, false},
                  {"refused", Link::ConnectingState, failToConnect, false},
                  {"error", Link::ConnectingState, fail, false},
                  {"no error", Link::ConnectingState, clearError, std::nullopt},
                  {"looked up", Link::ConnectingState, change<Link::ConnectingState>,
                   std::nullopt}});
}

void tst_Devices::disconnected()
{
    const auto connectAndDisconnect = [](Link &link) {
        link.setState(Link::ConnectedState);
        link.setState(Link::UnconnectedState);
    };
    runLinkCases(QTimeout::waitForDisconnected,
                 {{"is so", Link::UnconnectedState, nullptr, true},
                  {"disconnects", Link::ConnectedState, change<Link::UnconnectedState>, true},
                  {"has closed", Link::ClosingState, change<Link::UnconnectedState>, true},
                  {"closes", Link::ConnectedState, change<Link::ClosingState>, std::nullopt},
                  {"closed there", Link::ConnectedState, failAndDisconnect, true},
                  {"error", Link::ConnectedState, fail, std::nullopt},
                  {"connects", Link::ConnectingState, change<Link::ConnectedState>, std::nullopt},
                  {"connects first", Link::ConnectingState, connectAndDisconnect, true},
                  {"refused", Link::ConnectingState, failToConnect, false},
                  {"error at first", Link::ConnectingState, fail, false},
                  {"aborted", Link::ConnectingState, change<Link::UnconnectedState>, false},
                  {"only the signal", Link::ConnectedState, [](Link &link) { link.disconnected(); },
                   true}});
}

void tst_Devices::readyReadOfALink()
{
    runLinkCases(QTimeout::waitForReadyRead,
                 {{"unconnected", Link::UnconnectedState, nullptr, false},
                  {"closing", Link::ClosingState, nullptr, false},
                  {"connecting", Link::ConnectingState, change<Link::ConnectedState>, std::nullopt},
                  {"reads", Link::ConnectedState, [](Link &link) { link.readyRead(); }, true},
                  {"closes", Link::ConnectedState, change<Link::ClosingState>, false},
                  {"disconnects", Link::ConnectedState, change<Link::UnconnectedState>, false},
                  {"closed there", Link::ConnectedState, failAndDisconnect, false},
                  {"error", Link::ConnectedState, fail, false},
                  {"only the signal", Link::ConnectedState, [](Link &link) { link.disconnected(); },
                   false},
                  {"no error", Link::ConnectedState, clearError, std::nullopt}});
}

void tst_Devices::bytesWrittenOfALink()
{
    runLinkCases(QTimeout::waitForBytesWritten,
                 {{"unconnected", Link::UnconnectedState, nullptr, false},
                  {"connecting", Link::ConnectingState, change<Link::ConnectedState>, std::nullopt},
                  {"writes", Link::ConnectedState, [](Link &link) { link.bytesWritten(1); }, true},
                  {"closing", Link::ClosingState, [](Link &link) { link.bytesWritten(1); }, true},
                  {"closes", Link::ConnectedState, change<Link::ClosingState>, std::nullopt},
                  {"has closed", Link::ClosingState, change<Link::UnconnectedState>, false},
                  {"error", Link::ConnectedState, fail, false}});
}

void tst_Devices::started()
{
    Job job;
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForStarted, &job))->value, Answer(false));
    job.setState(Job::State::Running);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForStarted, &job))->value, Answer(true));
    job.setState(Job::State::Starting);
    const auto ending = observe(QTimeout::run(1s, QTimeout::waitForStarted, &job));
    Q_EMIT job.finished(1);
    VERIFY_RESULT(ending, false);
    const auto starting = observe(QTimeout::run(1s, QTimeout::waitForStarted, &job));
    QCOMPARE(starting->end, End::Pending);
    Q_EMIT job.started();
    VERIFY_RESULT(starting, true);
    QCOMPARE(connectedSignals(&job), QByteArrayList());
}

void tst_Devices::finished()
{
    Job job;
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForFinished, &job))->value, Answer(true));
    job.setState(Job::State::Running);
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForFinished, &job));
    QCOMPARE(observed->end, End::Pending);
    Q_EMIT job.finished(1);
    job.setState(Job::State::Running); // again
    VERIFY_RESULT(observed, true);
}

void tst_Devices::transfer()
{
    Transfer transfer;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForFinished, &transfer));
    QCOMPARE(observed->end, End::Pending);
    transfer.finish();
    VERIFY_RESULT(observed, true);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForFinished, &transfer))->value, Answer(true));
}

void tst_Devices::transferWithoutConnection()
{
    Upload upload;
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForFinished, &upload));
    QCOMPARE(observed->end, End::Pending);
    Q_EMIT upload.finished();
    VERIFY_RESULT(observed, true);
}

// Looking for the end of the stream takes nothing out of it.
void tst_Devices::asDevice()
{
    Wire wire;
    QIODevice *const device = &wire;
    const auto observed = observe(QTimeout::run(1s, &readLine<QIODevice>, device, nullptr));
    wire.receive("half ");
    settle();
    QCOMPARE(wire.bytesAvailable(), 5);
    wire.receive("a line\n");
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("half a line\n")));
}

void tst_Devices::nullPointer_data()
{
    QTest::addColumn<std::function<QCoro::Task<bool>()>>("wait");
    QTest::addColumn<QByteArray>("name");
    const auto add = [](const char *name, const auto &function, auto *null) {
        QTest::newRow(name) << std::function<QCoro::Task<bool>()>([function, null] {
            return QTimeout::run(1s, function, null);
        }) << QByteArray(name);
    };
    Wire *const wire = nullptr;
    Link *const link = nullptr;
    Job *const job = nullptr;
    add("waitForReadyRead", QTimeout::waitForReadyRead, wire);
    add("waitForBytesWritten", QTimeout::waitForBytesWritten, wire);
    add("waitForConnected", QTimeout::waitForConnected, link);
    add("waitForDisconnected", QTimeout::waitForDisconnected, link);
    add("waitForStarted", QTimeout::waitForStarted, job);
    add("waitForFinished", QTimeout::waitForFinished, job);
}

void tst_Devices::nullPointer()
{
    QFETCH(std::function<QCoro::Task<bool>()>, wait);
    QFETCH(QByteArray, name);
    const QByteArray warning = "QTimeout::" + name
            + ": There is nothing to wait for: the pointer is null, or the task is empty. Check it "
              "before the call; QTimeoutCancelled is thrown.";
    QTest::ignoreMessage(QtWarningMsg, warning);
    QCOMPARE(observe(wait())->end, End::Cancelled);
}

QTEST_GUILESS_MAIN(tst_Devices)
#include "tst_devices.moc"
