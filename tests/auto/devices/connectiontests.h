// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What holds for connections of every kind.

#ifndef CONNECTIONTESTS_H
#define CONNECTIONTESTS_H

#include "devicesupport.h"

#include <memory>

namespace connectiontests {

using Answer = std::optional<bool>;

/*
    Derived classes make the server listen, and have connectToPeer(socket) and disconnectFromPeer(socket).
*/
template<typename Server, typename Socket_>
class Connection
{
public:
    using Socket = Socket_;

    // The other end of the oldest connection that has not been asked for.
    Socket *waitForPeer()
    {
        if (!QTest::qWaitFor([this] { return server.hasPendingConnections(); }, Patience))
            return nullptr;
        auto *peer = qobject_cast<Socket *>(server.nextPendingConnection());
        if (peer)
            peer->setParent(nullptr);
        return peer;
    }

protected:
    Server server;
};

template<typename Connection, typename Socket = typename Connection::Socket>
QCoro::Task<QByteArray> ask(QTimeoutScope &scope, Connection *connection, QByteArray question)
{
    const Tracked local;
    Socket socket;
    connection->connectToPeer(&socket);
    const bool isConnected = co_await QTimeout::waitForConnected(scope, &socket);
    if (!isConnected)
        co_return "not connected";
    socket.write(question);
    const bool isWritten = co_await QTimeout::waitForBytesWritten(scope, &socket);
    if (!isWritten)
        co_return "not written";
    const QByteArray answer = co_await readLine(scope, &socket);
    connection->disconnectFromPeer(&socket);
    const bool isDisconnected = co_await QTimeout::waitForDisconnected(scope, &socket);
    co_return isDisconnected ? answer : "not disconnected";
}

// A socket that is connected, with its other end.
template<typename Connection>
struct Pair
{
    using Socket = typename Connection::Socket;

    explicit Pair(Connection &connection) : socket(std::make_unique<Socket>())
    {
        connection.connectToPeer(socket.get());
        const auto connected = observe(QTimeout::run(1h, QTimeout::waitForConnected, socket.get()));
        peer = connection.waitForPeer();
        isConnected = QTest::qWaitFor([&] { return connected->end != End::Pending; }, Patience)
                && connected->value == Answer(true);
    }
    ~Pair() { delete peer; }
    Q_DISABLE_COPY_MOVE(Pair)

    bool send(const QByteArray &data) { return peer->write(data) == data.size(); }
    // Until it has come.
    bool deliver(const QByteArray &data)
    {
        return send(data)
                && QTest::qWaitFor([&] { return socket->bytesAvailable() >= data.size(); },
                                   Patience);
    }

    std::unique_ptr<Socket> socket;
    QPointer<Socket> peer;
    bool isConnected;
};

template<typename Connection>
void conversation()
{
    Connection connection;
    const auto observed = observe(
            QTimeout::run(1s, &ask<Connection>, &connection, QByteArray("hello\n")));
    const std::unique_ptr<typename Connection::Socket> peer(connection.waitForPeer());
    QVERIFY(peer);
    const auto heard = observe(
            QTimeout::run(1s, &readLine<typename Connection::Socket>, peer.get(), nullptr));
    QTRY_COMPARE_WITH_TIMEOUT(heard->value, std::optional(QByteArray("hello\n")), Patience);
    peer->write("good ");
    peer->write("bye\n");
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("good bye\n")));
}

template<typename Connection>
void connectedAlready()
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForConnected, socket))->value, Answer(true));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, socket))->value,
             Answer(false));
}

template<typename Connection>
void unconnected()
{
    typename Connection::Socket socket;
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForConnected, &socket))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForDisconnected, &socket))->value,
             Answer(true));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, &socket))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForBytesWritten, &socket))->value,
             Answer(false));
}

template<typename Connection>
void buffered()
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected && pair.deliver("half "));
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, pair.socket.get()));
    settle();
    QCOMPARE(observed->end, End::Pending);
    QVERIFY(pair.send("a line\n"));
    VERIFY_RESULT(observed, true);
    QCOMPARE(pair.socket->readAll(), "half a line\n");
}

// Before the wait, or while it lasts.
template<typename Connection>
void closedThere(bool before)
{
    Connection connection;
    Pair<Connection> pair(connection);
    auto *socket = pair.socket.get();
    QVERIFY(pair.isConnected && pair.deliver("half"));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    if (before) {
        connection.disconnectFromPeer(pair.peer);
        VERIFY_RESULT(disconnected, true);
    }
    const auto observed = observe(
            QTimeout::run(1s, &readLine<typename Connection::Socket>, socket, nullptr));
    if (!before) {
        QCOMPARE(observed->end, End::Pending);
        connection.disconnectFromPeer(pair.peer);
        VERIFY_RESULT(disconnected, true);
    }
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value, std::optional(QByteArray("half")));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket))->value, Answer(false));
    QCOMPARE(observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket))->value,
             Answer(true));
}

template<typename Connection>
void closedHere()
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    socket->close();
    QCOMPARE(read->end, End::Pending);
    QCOMPARE(disconnected->end, End::Pending);
    VERIFY_RESULT(read, false);
    VERIFY_RESULT(disconnected, true);
}

template<typename Connection>
void abortedInASlot()
{
    Connection connection;
    using Socket = typename Connection::Socket;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    const auto before = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    QObject::connect(socket, &Socket::readyRead, socket, &Socket::abort);
    const auto after = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    QVERIFY(pair.send("something"));
    VERIFY_RESULT(before, true);
    VERIFY_RESULT(after, false);
}

// Neither what comes later nor the end of the socket finds anybody.
template<typename Connection>
void abandonedAndGone(QTimeoutTestClock &clock, bool receives)
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    clock.advance(1s);
    QCOMPARE(read->end, End::TimedOut);
    QCOMPARE(disconnected->end, End::TimedOut);
    if (receives)
        QVERIFY(pair.deliver("too late"));
    pair.socket.reset();
    settle();
}

// The answer that comes after the deadline is there for the next who asks.
template<typename Connection>
void abandonedAndLivesOn(QTimeoutTestClock &clock)
{
    Connection connection;
    using Socket = typename Connection::Socket;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    for (int i = 0; i < 3; ++i) {
        const auto late = observe(QTimeout::run(1s, &readLine<Socket>, socket, nullptr));
        QVERIFY(pair.deliver("half "));
        settle();
        clock.advance(1s);
        QCOMPARE(late->end, End::TimedOut);
        const auto next = observe(QTimeout::run(1s, &readLine<Socket>, socket, nullptr));
        QVERIFY(pair.send("a line\n"));
        QTRY_COMPARE_WITH_TIMEOUT(next->end, End::Returned, Patience);
        QCOMPARE(next->value, std::optional(QByteArray("half a line\n")));
    }
}

// At the same moment.
template<typename Connection>
void readyAtTheDeadline(QTimeoutTestClock &clock)
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    QTimeoutScope scope(1s);
    bool isPassed = false;
    const auto observed = observe(scope.run(QTimeout::waitForReadyRead, socket));
    QObject::connect(socket, &QIODevice::readyRead, &scope, [&] {
        isPassed = true;
        scope.reschedule(0s);
    });
    QVERIFY(pair.deliver("something"));
    clock.advance(1s);
    QVERIFY(isPassed);
    VERIFY_RESULT(observed, true);
}

template<typename Connection>
void deletedInASlot()
{
    Connection connection;
    using Socket = typename Connection::Socket;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.release();
    const auto observed = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    QObject::connect(socket, &Socket::disconnected, socket, &QObject::deleteLater);
    const QPointer<Socket> guard(socket);
    // An event loop as programs have it: QTest::qWait() deletes what is to be deleted before anything else.
    QEventLoop loop;
    QObject::connect(socket, &QObject::destroyed, &loop, &QEventLoop::quit);
    QTimer::singleShot(Patience, &loop, &QEventLoop::quit);
    connection.disconnectFromPeer(pair.peer);
    loop.exec();
    QVERIFY(!guard);
    VERIFY_RESULT(observed, true); // the resumption overtakes the deferred delete
}

template<typename Connection>
void deletedWhileAwaited()
{
    Connection connection;
    Pair<Connection> pair(connection);
    QVERIFY(pair.isConnected);
    auto *socket = pair.socket.get();
    const auto read = observe(QTimeout::run(1s, QTimeout::waitForReadyRead, socket));
    const auto disconnected = observe(QTimeout::run(1s, QTimeout::waitForDisconnected, socket));
    pair.socket.reset();
    settle();
    QCOMPARE(read->end, End::Cancelled);
    QCOMPARE(disconnected->end, End::Cancelled);
}

// The socket, a local of the coroutine, cancels what owns it.
template<typename Connection>
void ownerIsInterrupted(QTimeoutTestClock &clock)
{
    Connection connection;
    const auto observed = observe(
            QTimeout::run(1s, &ask<Connection>, &connection, QByteArray("hello\n")));
    const std::unique_ptr<typename Connection::Socket> peer(connection.waitForPeer());
    QVERIFY(peer);
    QTRY_VERIFY_WITH_TIMEOUT(peer->canReadLine(), Patience);
    QCOMPARE(observed->end, End::Pending);
    const auto gone = observe(QTimeout::run(1h, QTimeout::waitForDisconnected, peer.get()));
    clock.advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 0);
    VERIFY_RESULT(gone, true);
}

} // namespace connectiontests

#endif // CONNECTIONTESTS_H
