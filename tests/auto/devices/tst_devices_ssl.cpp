// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for TLS sockets.

#include "connectiontests.h"
#include "selfsigned.h"

#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslconfiguration.h>
#include <QtNetwork/qsslkey.h>
#include <QtNetwork/qsslserver.h>
#include <QtNetwork/qsslsocket.h>
#include <QtNetwork/qtcpserver.h>

using connectiontests::Answer;

namespace {

class SslConnection : public connectiontests::Connection<QSslServer, QSslSocket>
{
public:
    SslConnection()
    {
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setPrivateKey(QSslKey(SelfSignedKey, QSsl::Ec));
        configuration.setLocalCertificate(QSslCertificate(SelfSignedCertificate));
        server.setSslConfiguration(configuration);
        server.listen(QHostAddress::LocalHost);
    }

    void connectToPeer(Socket *socket)
    {
        socket->setPeerVerifyMode(QSslSocket::VerifyNone);
        socket->connectToHostEncrypted("127.0.0.1", server.serverPort());
    }
    static void disconnectFromPeer(Socket *socket) { socket->disconnectFromHost(); }
};

} // namespace

class tst_DevicesSsl : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void conversation() { connectiontests::conversation<SslConnection>(); }
    void connectedAlready() { connectiontests::connectedAlready<SslConnection>(); }
    void unconnected() { connectiontests::unconnected<SslConnection>(); }
    void buffered() { connectiontests::buffered<SslConnection>(); }
    void closedThere() { connectiontests::closedThere<SslConnection>(false); }
    void closedThereBefore() { connectiontests::closedThere<SslConnection>(true); }
    void closedHere() { connectiontests::closedHere<SslConnection>(); }
    void abortedInASlot() { connectiontests::abortedInASlot<SslConnection>(); }
    void abandonedAndGone() { connectiontests::abandonedAndGone<SslConnection>(clock(), false); }
    void abandonedAndReceives() { connectiontests::abandonedAndGone<SslConnection>(clock(), true); }
    void abandonedAndLivesOn() { connectiontests::abandonedAndLivesOn<SslConnection>(clock()); }
    void readyAtTheDeadline() { connectiontests::readyAtTheDeadline<SslConnection>(clock()); }
    void deletedInASlot() { connectiontests::deletedInASlot<SslConnection>(); }
    void deletedWhileAwaited() { connectiontests::deletedWhileAwaited<SslConnection>(); }
    void ownerIsInterrupted() { connectiontests::ownerIsInterrupted<SslConnection>(clock()); }
    void encrypted();
    void certificateIsRefused();
    void peerSpeaksNoTls();
};

void tst_DevicesSsl::initTestCase()
{
    QVERIFY2(QSslSocket::supportsSsl(), "This Qt finds no TLS library: install OpenSSL");
}

// That it is encrypted is a signal of its own.
void tst_DevicesSsl::encrypted()
{
    SslConnection connection;
    QSslSocket socket;
    connection.connectToPeer(&socket);
    const auto connected = observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket));
    const auto encrypted = observe(QTimeout::run(1s, &socket, &QSslSocket::encrypted));
    VERIFY_RESULT(connected, true);
    QTRY_COMPARE_WITH_TIMEOUT(encrypted->end, End::Returned, Patience);
    QVERIFY(socket.isEncrypted());
    const std::unique_ptr<QSslSocket> peer(connection.waitForPeer());
}

void tst_DevicesSsl::certificateIsRefused()
{
    SslConnection connection;
    QSslSocket socket;
    connection.connectToPeer(&socket);
    socket.setPeerVerifyMode(QSslSocket::VerifyPeer);
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, &socket));
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(disconnected, true);
}

void tst_DevicesSsl::peerSpeaksNoTls()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    connect(&server, &QTcpServer::newConnection, &server,
            [&server] { server.nextPendingConnection()->write("220 who are you?\r\n"); });
    QSslSocket socket;
    socket.connectToHostEncrypted("127.0.0.1", server.serverPort());
    socket.write("something"); // when it is encrypted
    const auto written = observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &socket));
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &socket));
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(written, false);
}

QTEST_GUILESS_MAIN(tst_DevicesSsl)
#include "tst_devices_ssl.moc"
