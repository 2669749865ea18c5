// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for serial ports, whose other end is played by a pseudo terminal.

#include "devicesupport.h"

#include <QtCore/qfile.h>
#include <QtCore/qlibraryinfo.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qversionnumber.h>
#include <QtSerialPort/qserialport.h>
#include <QtTest/qsignalspy.h>

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace {

using Answer = std::optional<bool>;

/*
    The other end of a line.
*/
class Terminal
{
public:
    Terminal() : m_file(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK))
    {
        // QSerialPort locks a port by its name, and Linux gives the name of a terminal to the next at once.
        m_isUnlocked = m_file >= 0 && ::grantpt(m_file) == 0 && ::unlockpt(m_file) == 0
                && QFile::link(QFile::decodeName(::ptsname(m_file)), m_folder.filePath("line"));
    }
    ~Terminal() { hangUp(); }
    Q_DISABLE_COPY_MOVE(Terminal)

    bool open(QSerialPort &port) const
    {
        if (!m_isUnlocked)
            return false;
        port.setPortName(m_folder.filePath("line"));
        return port.open(QIODevice::ReadWrite);
    }
    bool send(const QByteArray &data) const
    {
        return ::write(m_file, data.constData(), size_t(data.size())) == data.size();
    }
    bool receives(const QByteArray &expected) const
    {
        QByteArray received;
        const auto read = [&] {
            char data[64];
            const ssize_t size = ::read(m_file, data, sizeof(data));
            received.append(data, qsizetype(std::max(size, ssize_t(0))));
            return received.size() >= expected.size();
        };
        return QTest::qWaitFor(read, Patience) && received == expected;
    }
    void hangUp()
    {
        if (m_file >= 0)
            ::close(std::exchange(m_file, -1));
    }

private:
    const QTemporaryDir m_folder;
    int m_file;
    bool m_isUnlocked;
};

class Line : public Terminal
{
public:
    Line() : isOpen(open(port)) {}

    bool deliver(const QByteArray &data)
    {
        return send(data)
                && QTest::qWaitFor([&] { return port.bytesAvailable() >= data.size(); }, Patience);
    }

    QSerialPort port;
    bool isOpen;
};

QCoro::Task<QByteArray> ask(QTimeoutScope &scope, const Terminal *terminal, QByteArray question)
{
    QSerialPort port;
    if (!terminal->open(port))
        co_return "not open";
    port.write(question);
    const bool isWritten = co_await QTimeout::waitForBytesWritten(scope, &port);
    if (!isWritten)
        co_return "not written";
    const QByteArray answer = co_await readLine(scope, &port);
    co_return answer;
}

} // namespace

class tst_DevicesSerial : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void conversation();
    void notOpen();
    void bufferedDataIsNotWaitedFor();
    void clearedError();
    void closed();
    void hungUp();
    void nothingToWrite();
    void abandonedAndGone();
    void abandonedAndLivesOn();
    void cancelledByTheSignal();
    void asDevice();
};

void tst_DevicesSerial::conversation()
{
    const Terminal terminal;
    const auto observed = observe(QTimeout::run(1s, &ask, &terminal, QByteArray("hello\n")));
    QVERIFY(terminal.receives("hello\n"));
    QVERIFY(terminal.send("good bye\n"));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("good bye\n")));
}

void tst_DevicesSerial::notOpen()
{
    QSerialPort port;
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &port))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &port))->value,
             Answer(false));
}

void tst_DevicesSerial::bufferedDataIsNotWaitedFor()
{
    Line line;
    QVERIFY(line.isOpen && line.deliver("half "));
    int waits = 0;
    const auto observed = observe(QTimeout::run(1s, &readLine<QSerialPort>, &line.port, &waits));
    settle();
    QCOMPARE(waits, 1);
    QVERIFY(line.send("a line\n"));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("half a line\n")));
}

// It is signalled by errorOccurred() too, and is none.
void tst_DevicesSerial::clearedError()
{
    Line line;
    QVERIFY(line.isOpen);
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &line.port));
    line.port.clearError();
    settle();
    QCOMPARE(observed->end, End::Pending);
    QVERIFY(line.send("something"));
    VERIFY_RESULT(observed, true);
}

void tst_DevicesSerial::closed()
{
    Line line;
    QVERIFY(line.isOpen);
    line.port.write("something");
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &line.port));
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &line.port));
    line.port.close();
    QCOMPARE(read->end, End::Pending);
    VERIFY_RESULT(read, false);
    QTRY_COMPARE_WITH_TIMEOUT(written->end, End::Returned, Patience);
}

// As if the cable had been pulled out.
void tst_DevicesSerial::hungUp()
{
    Line line;
    QVERIFY(line.isOpen);
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &line.port));
    QSignalSpy errors(&line.port, &QSerialPort::errorOccurred);
    line.hangUp();
    // The QSerialPort of Qt 6.8 says nothing of it, those of 6.4 and 6.11 do: then only the deadline ends the wait.
    const QVersionNumber version = QLibraryInfo::version();
    const bool mayBeSilent = version >= QVersionNumber(6, 5) && version < QVersionNumber(6, 11);
    const bool isTold = QTest::qWaitFor([&errors] { return !errors.isEmpty(); },
                                        mayBeSilent ? 500 : Patience);
    QVERIFY(isTold || mayBeSilent);
    if (isTold) {
        VERIFY_RESULT(observed, false);
    } else {
        clock().advance(1s);
        QCOMPARE(observed->end, End::TimedOut);
    }
}

void tst_DevicesSerial::nothingToWrite()
{
    Line line;
    QVERIFY(line.isOpen);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &line.port))->value,
             Answer(false));
    line.port.write("something");
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &line.port));
    QCOMPARE(observed->end, End::Pending);
    VERIFY_RESULT(observed, true);
    QVERIFY(line.receives("something"));
}

void tst_DevicesSerial::abandonedAndGone()
{
    auto line = std::make_unique<Line>();
    QVERIFY(line->isOpen);
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &line->port));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(line->port.isOpen());
    QVERIFY(line->deliver("too late"));
    line.reset();
    settle();
}

void tst_DevicesSerial::abandonedAndLivesOn()
{
    Line line;
    QVERIFY(line.isOpen);
    const auto late = observe(QTimeout::run(1s, &readLine<QSerialPort>, &line.port, nullptr));
    clock().advance(1s);
    QCOMPARE(late->end, End::TimedOut);
    const auto next = observe(QTimeout::run(1s, &readLine<QSerialPort>, &line.port, nullptr));
    QVERIFY(line.send("an answer\n"));
    QTRY_COMPARE_WITH_TIMEOUT(next->end, End::Returned, Patience);
    QCOMPARE(next->value, std::optional(QByteArray("an answer\n")));
}

void tst_DevicesSerial::cancelledByTheSignal()
{
    Line line;
    QVERIFY(line.isOpen);
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, &line.port));
    connect(&line.port, &QSerialPort::readyRead, &scope, &QTimeoutScope::cancel);
    QVERIFY(line.send("something"));
    VERIFY_RESULT(observed, true);
    QVERIFY(scope.isCancelled());
}

void tst_DevicesSerial::asDevice()
{
    Line line;
    QVERIFY(line.isOpen);
    QIODevice *const device = &line.port;
    const auto observed = observe(QTimeout::run(1s, &readLine<QIODevice>, device, nullptr));
    QVERIFY(line.deliver("half "));
    settle();
    QVERIFY(line.send("a line\n"));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("half a line\n")));
}

QTEST_GUILESS_MAIN(tst_DevicesSerial)
#include "tst_devices_serial.moc"
