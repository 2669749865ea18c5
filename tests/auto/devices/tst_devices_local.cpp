// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for local sockets.

#include "connectiontests.h"

#include <QtCore/quuid.h>
#include <QtNetwork/qlocalserver.h>
#include <QtNetwork/qlocalsocket.h>

using connectiontests::Answer;

namespace {

class LocalConnection : public connectiontests::Connection<QLocalServer, QLocalSocket>
{
public:
    LocalConnection() { server.listen(QUuid::createUuid().toString(QUuid::WithoutBraces)); }

    void connectToPeer(Socket *socket) { socket->connectToServer(server.serverName()); }
    static void disconnectFromPeer(Socket *socket) { socket->disconnectFromServer(); }
};

} // namespace

class tst_DevicesLocal : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void conversation() { connectiontests::conversation<LocalConnection>(); }
    void connectedAlready() { connectiontests::connectedAlready<LocalConnection>(); }
    void unconnected() { connectiontests::unconnected<LocalConnection>(); }
    void buffered() { connectiontests::buffered<LocalConnection>(); }
    void closedThere() { connectiontests::closedThere<LocalConnection>(false); }
    void closedThereBefore() { connectiontests::closedThere<LocalConnection>(true); }
    void closedHere() { connectiontests::closedHere<LocalConnection>(); }
    void abortedInASlot() { connectiontests::abortedInASlot<LocalConnection>(); }
    void abandonedAndGone() { connectiontests::abandonedAndGone<LocalConnection>(clock(), false); }
    void abandonedAndReceives()
    {
        connectiontests::abandonedAndGone<LocalConnection>(clock(), true);
    }
    void abandonedAndLivesOn() { connectiontests::abandonedAndLivesOn<LocalConnection>(clock()); }
    void readyAtTheDeadline() { connectiontests::readyAtTheDeadline<LocalConnection>(clock()); }
    void deletedInASlot() { connectiontests::deletedInASlot<LocalConnection>(); }
    void deletedWhileAwaited() { connectiontests::deletedWhileAwaited<LocalConnection>(); }
    void ownerIsInterrupted() { connectiontests::ownerIsInterrupted<LocalConnection>(clock()); }
    void noServer();
};

// The error has been signalled before anybody can wait.
void tst_DevicesLocal::noServer()
{
    QLocalSocket socket;
    socket.connectToServer("nobody listens there");
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForDisconnected, &socket))->value,
             Answer(true));
}

QTEST_GUILESS_MAIN(tst_DevicesLocal)
#include "tst_devices_local.moc"
