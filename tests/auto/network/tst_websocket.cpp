// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qpointer.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>
#include <QtWebSockets/qwebsocket.h>
#include <QtWebSockets/qwebsocketserver.h>

#include <memory>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

namespace {

// Owns the socket that it waits for.
QCoro::Task<QString> ask(QTimeoutScope &scope, QUrl url, QString question,
                         QPointer<QWebSocket> &address)
{
    QWebSocket socket;
    address = &socket;
    QObject::connect(&socket, &QWebSocket::disconnected, &scope, &QTimeoutScope::cancel);
    socket.open(url);
    co_await QTimeout::run(1h, &socket, &QWebSocket::connected);
    socket.sendTextMessage(question);
    const QString answer = co_await QTimeout::run(1h, &socket, &QWebSocket::textMessageReceived);
    co_return answer;
}

} // namespace

/*
    WebSockets, which are aborted by their function abort().
*/
class tst_WebSocket : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        TestWithClock::init();
        m_server = std::make_unique<QWebSocketServer>("test", QWebSocketServer::NonSecureMode);
        QVERIFY(m_server->listen(QHostAddress::LocalHost));
        connect(m_server.get(), &QWebSocketServer::newConnection, this, [this] {
            m_connection.reset(m_server->nextPendingConnection());
            connect(m_connection.get(), &QWebSocket::textMessageReceived, this,
                    [this](const QString &question) {
                        ++m_questions;
                        if (question != "never")
                            m_connection->sendTextMessage("answer to " + question);
                    });
        });
        m_questions = 0;
    }
    void cleanup()
    {
        m_connection.reset();
        m_server.reset();
        TestWithClock::cleanup();
    }

    void answerComes()
    {
        QPointer<QWebSocket> socket;
        const auto task = observe(
                QTimeout::run(1h, &ask, m_server->serverUrl(), QString("1"), std::ref(socket)));
        QTRY_COMPARE_WITH_TIMEOUT(task->end, End::Returned, Patience);
        QCOMPARE(*task->value, QString("answer to 1"));
        QVERIFY(!socket);
    }
    void answerDoesNotCome()
    {
        QPointer<QWebSocket> socket;
        const auto task = observe(
                QTimeout::run(1h, &ask, m_server->serverUrl(), QString("never"), std::ref(socket)));
        QTRY_COMPARE_WITH_TIMEOUT(m_questions, 1, Patience);
        clock().advance(1h);
        QCOMPARE(task->end, End::TimedOut);
        QVERIFY(!socket);
    }
    // The signal of a socket of its own cancels the coroutine.
    void serverGoes()
    {
        QPointer<QWebSocket> socket;
        QTimeoutScope scope(1h);
        const auto task = observe(ask(scope, m_server->serverUrl(), QString("never"), socket));
        QTRY_COMPARE_WITH_TIMEOUT(m_questions, 1, Patience);
        m_connection->abort();
        QTRY_COMPARE_WITH_TIMEOUT(task->end, End::Cancelled, Patience);
        QVERIFY(!socket);
        QCOMPARE(scope.state(), QTimeoutScope::Cancelled);
    }
    // A server that accepts, and says nothing of the protocol.
    void serverIsSilent()
    {
        QTcpServer silent;
        QVERIFY(silent.listen(QHostAddress::LocalHost));
        QWebSocket socket;
        QTimeoutScope scope(5s);
        scope.watch(&socket);
        socket.open(QUrl(QString("ws://127.0.0.1:%1").arg(silent.serverPort())));
        QTRY_VERIFY_WITH_TIMEOUT(silent.hasPendingConnections(), Patience);
        const std::unique_ptr<QTcpSocket> connection(silent.nextPendingConnection());
        QSignalSpy disconnected(connection.get(), &QTcpSocket::disconnected);
        clock().advance(5s);
        QCOMPARE(scope.state(), QTimeoutScope::Expired);
        QCOMPARE(socket.state(), QAbstractSocket::UnconnectedState);
        QTRY_COMPARE_WITH_TIMEOUT(disconnected.size(), 1, Patience);
    }

private:
    std::unique_ptr<QWebSocketServer> m_server;
    std::unique_ptr<QWebSocket> m_connection;
    int m_questions = 0;
};

QTEST_GUILESS_MAIN(tst_WebSocket)

#include "tst_websocket.moc"
