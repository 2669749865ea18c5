// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the page on devices and the README quote does what they say.

#include "testsupport.h"

#include <QtCore/qprocess.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>

using namespace std::chrono_literals;

namespace {

//! [ask]
QCoro::Task<QByteArray> ask(QTimeoutScope &scope, QString host, quint16 port, QByteArray question)
{
    QTcpSocket socket;
    socket.connectToHost(host, port);
    bool isFine = co_await QTimeout::waitForConnected(scope, &socket);
    socket.write(question + '\n');
    while (isFine && !socket.canReadLine())
        isFine = co_await QTimeout::waitForReadyRead(scope, &socket);
    co_return socket.readLine().trimmed(); // empty if the other end has closed
}
//! [ask]

//! [read]
QCoro::Task<QByteArray> readSome(QTimeoutScope &scope, QTcpSocket *socket)
{
    if (socket->bytesAvailable() == 0)
        co_await QTimeout::waitForReadyRead(scope, socket);
    co_return socket->readAll();
}
//! [read]

//! [read line]
QCoro::Task<QByteArray> readLine(QTimeoutScope &scope, QTcpSocket *socket)
{
    bool isFine = true;
    while (isFine && !socket->canReadLine())
        isFine = co_await QTimeout::waitForReadyRead(scope, socket);
    co_return socket->readLine(); // without a line break if no more has come
}
//! [read line]

//! [read to the end]
QCoro::Task<QByteArray> readToTheEnd(QTimeoutScope &scope, QTcpSocket *socket)
{
    bool isFine = true;
    while (isFine)
        isFine = co_await QTimeout::waitForReadyRead(scope, socket);
    co_return socket->readAll();
}
//! [read to the end]

//! [write]
QCoro::Task<bool> writeAll(QTimeoutScope &scope, QTcpSocket *socket, QByteArray data)
{
    socket->write(data);
    bool isFine = true;
    while (isFine && socket->bytesToWrite() > 0)
        isFine = co_await QTimeout::waitForBytesWritten(scope, socket);
    co_return isFine;
}
//! [write]

//! [connect]
QCoro::Task<bool> connectTo(QTimeoutScope &scope, QTcpSocket *socket, QString host, quint16 port)
{
    socket->connectToHost(host, port);
    co_return co_await QTimeout::waitForConnected(scope, socket);
}
//! [connect]

//! [accept]
QCoro::Task<QTcpSocket *> acceptFrom(QTimeoutScope &, QTcpServer *server)
{
    if (!server->hasPendingConnections())
        co_await QTimeout::run(QDeadlineTimer::Forever, server, &QTcpServer::newConnection);
    co_return server->nextPendingConnection();
}
//! [accept]

//! [process]
QCoro::Task<QByteArray> compress(QTimeoutScope &scope, QProcess *gzip, QByteArray data)
{
    gzip->start("gzip", QStringList());
    const bool isRunning = co_await QTimeout::waitForStarted(scope, gzip);
    if (!isRunning)
        co_return QByteArray();
    gzip->write(data);
    gzip->closeWriteChannel();
    co_await QTimeout::waitForFinished(scope, gzip);
    co_return gzip->readAll();
}
//! [process]

//! [elsewhere]
QCoro::Task<bool> isAnswered(QTcpSocket *socket)
{
    co_return co_await QTimeout::run(5s, QTimeout::waitForReadyRead, socket);
}
//! [elsewhere]

} // namespace

class tst_SnippetsDevices : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void question();
    void questionWithoutAnswer();
    void connection();
    void process();

private:
    // Until something has become of it.
    template<typename Observation>
    static bool hasEnded(const Observation &observed)
    {
        return QTest::qWaitFor([&] { return observed->end != End::Pending; }, 20000);
    }
};

void tst_SnippetsDevices::question()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const auto answer = observe(QTimeout::run(5s, &ask, QString("127.0.0.1"), server.serverPort(),
                                              QByteArray("how are you?")));
    const auto accepted = observe(QTimeout::run(5s, &acceptFrom, &server));
    QVERIFY(hasEnded(accepted));
    QTcpSocket *peer = *accepted->value;
    const auto heard = observe(QTimeout::run(5s, &readLine, peer));
    QVERIFY(hasEnded(heard));
    QCOMPARE(heard->value, std::optional(QByteArray("how are you?\n")));
    peer->write("fine\n");
    QVERIFY(hasEnded(answer));
    QCOMPARE(answer->value, std::optional(QByteArray("fine")));
}

void tst_SnippetsDevices::questionWithoutAnswer()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const auto late = observe(QTimeout::run(5s, &ask, QString("127.0.0.1"), server.serverPort(),
                                            QByteArray("how are you?")));
    const auto closed = observe(QTimeout::run(5h, &ask, QString("127.0.0.1"), server.serverPort(),
                                              QByteArray("and you?")));
    for (int i = 0; i < 2; ++i) {
        const auto accepted = observe(QTimeout::run(5s, &acceptFrom, &server));
        QVERIFY(hasEnded(accepted));
        QTcpSocket *peer = *accepted->value;
        const auto heard = observe(QTimeout::run(5s, &readLine, peer));
        QVERIFY(hasEnded(heard));
        if (*heard->value == "and you?\n")
            peer->close();
    }
    QVERIFY(hasEnded(closed));
    QCOMPARE(closed->value, std::optional(QByteArray()));
    QCOMPARE(late->end, End::Pending);
    clock().advance(5s);
    QCOMPARE(late->end, End::TimedOut);
}

void tst_SnippetsDevices::connection()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket socket;
    const auto connected = observe(
            QTimeout::run(5s, &connectTo, &socket, QString("127.0.0.1"), server.serverPort()));
    const auto accepted = observe(QTimeout::run(5s, &acceptFrom, &server));
    QVERIFY(hasEnded(connected) && hasEnded(accepted));
    QCOMPARE(connected->value, std::optional(true));
    QTcpSocket *peer = *accepted->value;

    const QByteArray large(8 * 1024 * 1024, 'x');
    const auto answered = observe(isAnswered(&socket));
    const auto all = observe(QTimeout::run(5s, &readToTheEnd, &socket));
    const auto written = observe(QTimeout::run(5s, &writeAll, peer, large));
    QVERIFY(hasEnded(written) && hasEnded(answered));
    QCOMPARE(written->value, std::optional(true));
    QCOMPARE(answered->value, std::optional(true));
    QCOMPARE(all->end, End::Pending);

    socket.write("enough");
    const auto heard = observe(QTimeout::run(5s, &readSome, peer));
    QVERIFY(hasEnded(heard));
    QCOMPARE(heard->value, std::optional(QByteArray("enough")));
    peer->close();
    QVERIFY(hasEnded(all));
    QCOMPARE(all->value, std::optional(large));
}

void tst_SnippetsDevices::process()
{
    QProcess gzip;
    const auto observed = observe(QTimeout::run(5s, &compress, &gzip, QByteArray(100000, 'x')));
    QVERIFY(hasEnded(observed));
    QVERIFY(observed->value->startsWith("\x1f\x8b"));
    QVERIFY(observed->value->size() < 10000);
}

QTEST_GUILESS_MAIN(tst_SnippetsDevices)
#include "tst_snippets_devices.moc"
