// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "slowserver.h"
#include "slowserverthread.h"

#include <QtCore/qelapsedtimer.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace Qt::StringLiterals;

class tst_SlowServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void answers_data();
    void answers();
    void keepsConnectionsAlive();
    void takesRequestBodies();
    void slowWaits();
    void dripSendsBitByBit();
    void silentPages_data();
    void silentPages();
    void resetBreaksTheConnection();
    void flakyGetsWell_data();
    void flakyGetsWell();
    void largeObeysTheClient();
    void closesWhenAsked();
    void refusesNonsense();
    void diesWithSocketsOpen();
    void threadServesBlockedClients();

private:
    QNetworkReply *get(const QString &target); // owned by the manager
    static bool waitForFinished(QNetworkReply *reply);
    static int statusOf(QNetworkReply *reply);

    std::unique_ptr<QNetworkAccessManager> m_manager;
    std::unique_ptr<SlowServer> m_server;
};

void tst_SlowServer::init()
{
    m_manager = std::make_unique<QNetworkAccessManager>();
    m_server = std::make_unique<SlowServer>();
    QVERIFY2(m_server->listen(), qPrintable(m_server->errorString()));
}

void tst_SlowServer::cleanup()
{
    m_manager.reset();
    m_server.reset();
}

QNetworkReply *tst_SlowServer::get(const QString &target)
{
    return m_manager->get(QNetworkRequest(m_server->url(target)));
}

// Generous, for a busy machine: only a test that fails waits as long.
bool tst_SlowServer::waitForFinished(QNetworkReply *reply)
{
    return QTest::qWaitFor([reply] { return reply->isFinished(); }, 20000);
}

int tst_SlowServer::statusOf(QNetworkReply *reply)
{
    return reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
}

void tst_SlowServer::answers_data()
{
    QTest::addColumn<QString>("target");
    QTest::addColumn<int>("status");
    QTest::addColumn<qint64>("size");

    QTest::newRow("good") << u"/good"_s << 200 << qint64(4096);
    QTest::newRow("good-bytes") << u"/good?bytes=7"_s << 200 << qint64(7);
    QTest::newRow("good-empty") << u"/good?bytes=0"_s << 200 << qint64(0);
    QTest::newRow("slow") << u"/slow?ms=1"_s << 200 << qint64(4096);
    QTest::newRow("drip") << u"/drip?bytes=25&ms=1&chunk=10"_s << 200 << qint64(25);
    QTest::newRow("drip-empty") << u"/drip?bytes=0"_s << 200 << qint64(0);
    QTest::newRow("drip-at-once") << u"/drip?bytes=100&ms=0"_s << 200 << qint64(100);
    QTest::newRow("status-default") << u"/status"_s << 503 << qint64(0);
    QTest::newRow("status") << u"/status?code=418"_s << 418 << qint64(0);
    QTest::newRow("redirect") << u"/redirect"_s << 200 << qint64(4096);
    QTest::newRow("redirect-to") << u"/redirect?to=/status?code=410"_s << 410 << qint64(0);
    QTest::newRow("large") << u"/large?bytes=3000000"_s << 200 << qint64(3000000);
    QTest::newRow("negative-number") << u"/good?bytes=-1"_s << 200 << qint64(4096);
    QTest::newRow("unknown") << u"/nothing/here"_s << 404 << qint64(0);
}

void tst_SlowServer::answers()
{
    QFETCH(const QString, target);
    QFETCH(const int, status);
    QFETCH(const qint64, size);

    QSignalSpy received(m_server.get(), &SlowServer::requestReceived);
    QSignalSpy closed(m_server.get(), &SlowServer::connectionClosed);
    QNetworkReply *reply = get(target);
    QVERIFY(waitForFinished(reply));
    QCOMPARE(statusOf(reply), status);
    QCOMPARE(reply->error() == QNetworkReply::NoError, status == 200);
    QCOMPARE(reply->readAll().size(), size);
    QCOMPARE(received.first().first().toString(), target);
    QCOMPARE(m_server->requestCount(), int(received.size()));

    // Going away after the end is nothing to report.
    m_manager.reset();
    QTRY_COMPARE(m_server->openConnections(), 0);
    QCOMPARE(closed.size(), 0);
}

void tst_SlowServer::keepsConnectionsAlive()
{
    for (int i = 0; i < 5; ++i) {
        QNetworkReply *reply = get(u"/good"_s);
        QVERIFY(waitForFinished(reply));
        QCOMPARE(reply->error(), QNetworkReply::NoError);
    }
    QCOMPARE(m_server->requestCount(), 5);
    QCOMPARE(m_server->openConnections(), 1);
}

void tst_SlowServer::takesRequestBodies()
{
    QNetworkRequest request(m_server->url(u"/good"_s));
    request.setHeader(QNetworkRequest::ContentTypeHeader, "text/plain");
    for (const qsizetype size : {0, 10, 1'000'000}) {
        QNetworkReply *reply = m_manager->post(request, QByteArray(size, 'x'));
        QVERIFY(waitForFinished(reply));
        QCOMPARE(reply->error(), QNetworkReply::NoError);
        QCOMPARE(reply->readAll().size(), 4096);
    }
    QNetworkReply *reply = m_manager->head(request);
    QVERIFY(waitForFinished(reply));
    QCOMPARE(reply->error(), QNetworkReply::NoError);
    QCOMPARE(reply->header(QNetworkRequest::ContentLengthHeader).toInt(), 4096);
}

void tst_SlowServer::slowWaits()
{
    QElapsedTimer timer;
    timer.start();
    QNetworkReply *reply = get(u"/slow?ms=300"_s);
    QVERIFY(waitForFinished(reply));
    QCOMPARE_GE(timer.elapsed(), 300);
    QCOMPARE(reply->readAll().size(), 4096);
}

void tst_SlowServer::dripSendsBitByBit()
{
    QElapsedTimer timer;
    timer.start();
    QNetworkReply *reply = get(u"/drip?bytes=50&chunk=10&ms=60"_s);
    QSignalSpy readyRead(reply, &QNetworkReply::readyRead);
    QVERIFY(waitForFinished(reply));
    QCOMPARE_GE(timer.elapsed(), 5 * 60);
    QCOMPARE_GE(readyRead.size(), 2); // 5, unless the machine was busy
    QCOMPARE(reply->readAll().size(), 50);
}

void tst_SlowServer::silentPages_data()
{
    QTest::addColumn<QString>("target");
    QTest::addColumn<qint64>("size");

    QTest::newRow("stall") << u"/stall"_s << qint64(1000);
    QTest::newRow("stall-bytes") << u"/stall?bytes=10"_s << qint64(10);
    QTest::newRow("stall-headers") << u"/stall?bytes=10&ms=1"_s << qint64(10);
    QTest::newRow("drip") << u"/drip?bytes=100000&ms=100000"_s << qint64(0);
    QTest::newRow("slow") << u"/slow?ms=100000"_s << qint64(0);
    QTest::newRow("never") << u"/never"_s << qint64(0);
    QTest::newRow("large") << u"/large?bytes=100000000000"_s << qint64(1);
}

void tst_SlowServer::silentPages()
{
    QFETCH(const QString, target);
    QFETCH(const qint64, size);

    QSignalSpy received(m_server.get(), &SlowServer::requestReceived);
    QSignalSpy closed(m_server.get(), &SlowServer::connectionClosed);
    QNetworkReply *reply = get(target);
    reply->setReadBufferSize(100'000);
    QTRY_COMPARE_WITH_TIMEOUT(received.size(), 1, 20000);
    QTRY_VERIFY_WITH_TIMEOUT(reply->bytesAvailable() >= size, 20000);
    QVERIFY(!reply->isFinished());
    QCOMPARE(closed.size(), 0);
    QCOMPARE(m_server->openConnections(), 1);

    reply->abort();
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, 20000);
    QCOMPARE(closed.first().first().toString(), target);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->openConnections(), 0, 20000);
}

void tst_SlowServer::resetBreaksTheConnection()
{
    QSignalSpy closed(m_server.get(), &SlowServer::connectionClosed);
    QNetworkReply *reply = get(u"/reset"_s);
    QVERIFY(waitForFinished(reply));
    QCOMPARE_NE(reply->error(), QNetworkReply::NoError);
    QTRY_COMPARE(m_server->openConnections(), 0);
    QCOMPARE(closed.size(), 0);

    // It is a reset, not an orderly end: the network access manager does not tell.
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, m_server->port());
    socket.write("GET /reset?bytes=10 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::UnconnectedState, 20000);
    QVERIFY(socket.readAll().endsWith("\r\n\r\nxxxxxxxxxx"));
}

void tst_SlowServer::flakyGetsWell_data()
{
    QTest::addColumn<QString>("query");

    QTest::newRow("status") << u"fail=2"_s;
    QTest::newRow("reset") << u"fail=2&how=reset"_s;
}

void tst_SlowServer::flakyGetsWell()
{
    QFETCH(const QString, query);

    for (const QString &key : {u"a"_s, u"b"_s}) {
        // The network access manager may try again by itself.
        const int before = m_server->requestCount();
        QNetworkReply *reply = nullptr;
        do {
            reply = get("/flaky?%1&key=%2"_L1.arg(query, key));
            QVERIFY(waitForFinished(reply));
        } while (reply->error() != QNetworkReply::NoError && m_server->requestCount() < before + 3);
        QCOMPARE(reply->error(), QNetworkReply::NoError);
        QCOMPARE(reply->readAll().size(), 4096);
        QCOMPARE(m_server->requestCount(), before + 3);
    }
}

void tst_SlowServer::largeObeysTheClient()
{
    // Sent only as it is read, this takes little memory and no time until it is aborted.
    QNetworkReply *reply = get(u"/large?bytes=1000000000000"_s);
    reply->setReadBufferSize(1'000'000);
    qint64 read = 0;
    QTRY_VERIFY_WITH_TIMEOUT((read += reply->readAll().size()) > 20'000'000, 30000);
    reply->abort();
    QTRY_COMPARE_WITH_TIMEOUT(m_server->openConnections(), 0, 20000);
}

void tst_SlowServer::closesWhenAsked()
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, m_server->port());
    socket.write("GET /good?bytes=5 HTTP/1.1\r\nconnection: Close\r\n\r\n");
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::UnconnectedState, 20000);
    QVERIFY(socket.readAll().endsWith("\r\n\r\nxxxxx"));
}

void tst_SlowServer::refusesNonsense()
{
    for (const QByteArray &nonsense :
         {QByteArray("nonsense\r\n\r\n"), QByteArray("GET  \r\n\r\n"), QByteArray("\r\n\r\n"),
          QByteArray(100'000, 'x'), QByteArray("x\r\n").repeated(50'000)}) {
        QTcpSocket socket;
        socket.connectToHost(QHostAddress::LocalHost, m_server->port());
        socket.write(nonsense);
        QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::UnconnectedState, 20000);
    }
    QCOMPARE(m_server->requestCount(), 0);
    QTRY_COMPARE(m_server->openConnections(), 0);
}

void tst_SlowServer::diesWithSocketsOpen()
{
    QNetworkReply *stalled = get(u"/stall"_s);
    QNetworkReply *dripping = get(u"/drip"_s);
    QNetworkReply *silent = get(u"/never"_s);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->requestCount(), 3, 20000);
    m_server.reset();
    for (QNetworkReply *reply : {stalled, dripping, silent}) {
        QVERIFY(waitForFinished(reply));
        QCOMPARE_NE(reply->error(), QNetworkReply::NoError);
    }
}

void tst_SlowServer::threadServesBlockedClients()
{
    SlowServerThread thread;
    QVERIFY(thread.isListening());
    QCOMPARE_NE(thread.server()->thread(), QThread::currentThread());
    QStringList received;
    connect(thread.server(), &SlowServer::requestReceived, this,
            [&received](const QString &target) { received.append(target); });

    // No event loop runs here.
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, thread.server()->port());
    QVERIFY(socket.waitForConnected(20000));
    socket.write("GET /good?bytes=5 HTTP/1.1\r\nConnection: close\r\n\r\n");
    QVERIFY(socket.waitForDisconnected(20000));
    QVERIFY(socket.readAll().endsWith("\r\n\r\nxxxxx"));
    QTRY_COMPARE(received, QStringList(u"/good?bytes=5"_s));

    QTcpSocket open;
    open.connectToHost(QHostAddress::LocalHost, thread.server()->port());
    QVERIFY(open.waitForConnected(20000));
    QTRY_COMPARE(thread.server()->openConnections(), 1);
}

QTEST_GUILESS_MAIN(tst_SlowServer)
#include "tst_slowserver.moc"
