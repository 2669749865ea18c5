// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for TCP and UDP sockets, and for network replies as devices.

#include "connectiontests.h"

#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtNetwork/qudpsocket.h>

using connectiontests::Answer;

namespace {

class TcpConnection : public connectiontests::Connection<QTcpServer, QTcpSocket>
{
public:
    TcpConnection() { server.listen(QHostAddress::LocalHost); }

    void connectToPeer(Socket *socket)
    {
        socket->connectToHost(QHostAddress::LocalHost, server.serverPort());
    }
    static void disconnectFromPeer(Socket *socket) { socket->disconnectFromHost(); }
    QUrl url() const
    {
        return QUrl(QStringLiteral("http://127.0.0.1:%1").arg(server.serverPort()));
    }
    // Nobody listens there any more.
    quint16 close()
    {
        const quint16 port = server.serverPort();
        server.close();
        return port;
    }
};

// More than fits between the two ends.
const QByteArray large(64 * 1024 * 1024, 'x');

} // namespace

class tst_DevicesTcp : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void conversation() { connectiontests::conversation<TcpConnection>(); }
    void connectedAlready() { connectiontests::connectedAlready<TcpConnection>(); }
    void unconnected() { connectiontests::unconnected<TcpConnection>(); }
    void buffered() { connectiontests::buffered<TcpConnection>(); }
    void closedThere() { connectiontests::closedThere<TcpConnection>(false); }
    void closedThereBefore() { connectiontests::closedThere<TcpConnection>(true); }
    void closedHere() { connectiontests::closedHere<TcpConnection>(); }
    void abortedInASlot() { connectiontests::abortedInASlot<TcpConnection>(); }
    void abandonedAndGone() { connectiontests::abandonedAndGone<TcpConnection>(clock(), false); }
    void abandonedAndReceives() { connectiontests::abandonedAndGone<TcpConnection>(clock(), true); }
    void abandonedAndLivesOn() { connectiontests::abandonedAndLivesOn<TcpConnection>(clock()); }
    void readyAtTheDeadline() { connectiontests::readyAtTheDeadline<TcpConnection>(clock()); }
    void deletedInASlot() { connectiontests::deletedInASlot<TcpConnection>(); }
    void deletedWhileAwaited() { connectiontests::deletedWhileAwaited<TcpConnection>(); }
    void ownerIsInterrupted() { connectiontests::ownerIsInterrupted<TcpConnection>(clock()); }
    void refused();
    void abortedWhileConnecting();
    void closesWhenAllIsWritten();
    void closedWithBytesToWrite();
    void asDevice();
    void datagrams();
    void reply();
    void replyThatFails();
};

void tst_DevicesTcp::refused()
{
    TcpConnection connection;
    const quint16 port = connection.close();
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, port);
    const auto connected = observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, &socket));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &socket));
    VERIFY_RESULT(connected, false);
    VERIFY_RESULT(disconnected, false);
    VERIFY_RESULT(read, false);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket))->value, Answer(false));
}

void tst_DevicesTcp::abortedWhileConnecting()
{
    TcpConnection connection;
    QTcpSocket socket;
    connection.connectToPeer(&socket);
    const auto connected = observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, &socket));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &socket));
    socket.abort();
    QCOMPARE(connected->end, End::Pending);
    VERIFY_RESULT(connected, false);
    VERIFY_RESULT(disconnected, false);
    VERIFY_RESULT(read, false);
}

// In ClosingState a socket still writes, but does not read.
void tst_DevicesTcp::closesWhenAllIsWritten()
{
    TcpConnection connection;
    connectiontests::Pair<TcpConnection> pair(connection);
    QVERIFY(pair.isConnected);
    QTcpSocket *socket = pair.socket.get();
    pair.peer->setReadBufferSize(1);
    socket->write(large);
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    socket->disconnectFromHost();
    QCOMPARE(socket->state(), QAbstractSocket::ClosingState);
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    VERIFY_RESULT(read, false);
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForConnected, socket))->value, Answer(false));
    pair.peer->setReadBufferSize(0);
    connect(pair.peer, &QTcpSocket::readyRead, pair.peer, &QTcpSocket::readAll);
    pair.peer->readAll();
    VERIFY_RESULT(written, true);
    VERIFY_RESULT(disconnected, true);
}

void tst_DevicesTcp::closedWithBytesToWrite()
{
    TcpConnection connection;
    connectiontests::Pair<TcpConnection> pair(connection);
    QVERIFY(pair.isConnected);
    pair.peer->setReadBufferSize(1);
    pair.socket->write(large);
    const auto written = observe(
            QTimeout::run(1s, QTimeout::waitForBytesWritten, pair.socket.get()));
    pair.socket->abort();
    VERIFY_RESULT(written, false);
}

// Of a QIODevice only that is known which this class says.
void tst_DevicesTcp::asDevice()
{
    TcpConnection connection;
    connectiontests::Pair<TcpConnection> pair(connection);
    QVERIFY(pair.isConnected);
    QIODevice *const device = pair.socket.get();
    const auto observed = observe(QTimeout::run(1s, &readLine<QIODevice>, device, nullptr));
    QVERIFY(pair.deliver("half"));
    pair.peer->disconnectFromHost();
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("half")));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, device))->value, Answer(false));

    QTcpSocket connecting;
    connection.connectToPeer(&connecting);
    const auto waiting = observe(
            QTimeout::run(1s, QTimeout::waitForReadyRead, static_cast<QIODevice *>(&connecting)));
    QCOMPARE(waiting->end, End::Pending);
    const std::unique_ptr<QTcpSocket> peer(connection.waitForPeer());
    peer->write("something");
    VERIFY_RESULT(waiting, true);
}

// A socket that is bound is not open.
void tst_DevicesTcp::datagrams()
{
    QUdpSocket receiver;
    QVERIFY(receiver.bind(QHostAddress::LocalHost));
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &receiver));
    QCOMPARE(observed->end, End::Pending);
    QUdpSocket sender;
    sender.writeDatagram("something", QHostAddress::LocalHost, receiver.localPort());
    VERIFY_RESULT(observed, true);
    QVERIFY(receiver.hasPendingDatagrams());
}

void tst_DevicesTcp::reply()
{
    TcpConnection connection;
    QNetworkAccessManager manager;
    const std::unique_ptr<QNetworkReply> reply(manager.get(QNetworkRequest(connection.url())));
    const auto first = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, reply.get()));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, reply.get()));
    const std::unique_ptr<QTcpSocket> peer(connection.waitForPeer());
    QVERIFY(peer);
    QTRY_VERIFY_WITH_TIMEOUT(peer->bytesAvailable() > 0, Patience);
    peer->write("HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    VERIFY_RESULT(first, true);
    QCOMPARE(finished->end, End::Pending);
    const auto line = observe(QTimeout::run(1s, &readLine<QNetworkReply>, reply.get(), nullptr));
    QCOMPARE(line->end, End::Pending);
    peer->write("more");
    QTRY_COMPARE_WITH_TIMEOUT(line->end, End::Returned, Patience);
    QCOMPARE(line->value, std::optional(QByteArray("halfmore")));
    VERIFY_RESULT(finished, true);
    QVERIFY(reply->isFinished());
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, reply.get()))->value,
             Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForFinished, reply.get()))->value,
             Answer(true));
}

// It has finished all the same.
void tst_DevicesTcp::replyThatFails()
{
    TcpConnection connection;
    QNetworkAccessManager manager;
    const std::unique_ptr<QNetworkReply> reply(manager.get(QNetworkRequest(connection.url())));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, reply.get()));
    const auto finished = observe(QTimeout::run(1s, QTimeout::waitForFinished, reply.get()));
    reply->abort();
    QCOMPARE(read->end, End::Pending);
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(finished, true);
}

QTEST_GUILESS_MAIN(tst_DevicesTcp)
#include "tst_devices_tcp.moc"
