// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroNetworkReply>

#include <QtCore/qfuture.h>
#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>
#include <QtHttpServer/qhttpserver.h>
#include <QtHttpServer/qhttpserverresponse.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qtcpserver.h>
#include <QtTest/qsignalspy.h>

#include <memory>
#include <vector>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

namespace {

/*
    A QHttpServer that answers, or never does.
*/
class Server
{
public:
    Server()
    {
        m_server.route("/now", [] { return QHttpServerResponse("hello"); });
        m_server.route("/never", [this] {
            // Qt 6.4 crashes when such a promise ends after its client has gone.
            static auto *const kept = new std::vector<QPromise<QHttpServerResponse>>;
            ++m_pending;
            kept->emplace_back().start();
            return kept->back().future();
        });
        auto *sockets = new QTcpServer;
        m_isListening = sockets->listen(QHostAddress::LocalHost);
        m_port = sockets->serverPort();
        m_server.bind(sockets);
    }
    bool isListening() const { return m_isListening; }
    QNetworkReply *get(const QString &path)
    {
        QNetworkRequest request(QUrl(QString("http://127.0.0.1:%1%2").arg(m_port).arg(path)));
        return manager.get(request);
    }
    bool waitForRequests(int count)
    {
        return QTest::qWaitFor([this, count] { return m_pending >= count; }, Patience);
    }

    QNetworkAccessManager manager;

private:
    int m_pending = 0;
    QHttpServer m_server;
    bool m_isListening = false;
    quint16 m_port = 0;
};

using ReplyPointer = std::unique_ptr<QNetworkReply>;

QCoro::Task<QByteArray> load(QTimeoutScope &scope, Server *server, QString path)
{
    Q_UNUSED(scope)
    const ReplyPointer reply = co_await ReplyPointer(server->get(path));
    co_return reply->readAll();
}

} // namespace

/*
    Real replies of a QHttpServer, and who deletes them.
*/
class tst_HttpServer : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        TestWithClock::init();
        m_server = std::make_unique<Server>();
        QVERIFY(m_server->isListening());
    }
    void cleanup()
    {
        QCoreApplication::processEvents();
        m_server.reset();
        TestWithClock::cleanup();
    }

    void replyIsGivenBack()
    {
        const auto task = observe(QTimeout::run(1h, ReplyPointer(m_server->get("/now"))));
        QTRY_COMPARE_WITH_TIMEOUT(task->end, End::Returned, Patience);
        QCOMPARE((*task->value)->readAll(), QByteArray("hello"));
    }
    void replyIsDeletedWithTheTimeout()
    {
        QNetworkReply *reply = m_server->get("/never");
        const QPointer<QNetworkReply> pointer(reply);
        const auto task = observe(QTimeout::run(1500ms, ReplyPointer(reply)));
        QVERIFY(m_server->waitForRequests(1));
        clock().advance(1500ms);
        QCOMPARE(task->end, End::TimedOut);
        QTRY_VERIFY_WITH_TIMEOUT(!pointer, Patience);
    }
    void coroutineOwnsTheReply()
    {
        const auto good = observe(QTimeout::run(1h, &load, m_server.get(), QString("/now")));
        QTRY_COMPARE_WITH_TIMEOUT(good->end, End::Returned, Patience);
        QCOMPARE(*good->value, QByteArray("hello"));
        const auto late = observe(QTimeout::run(2s, &load, m_server.get(), QString("/never")));
        QVERIFY(m_server->waitForRequests(1));
        clock().advance(2s);
        QCOMPARE(late->end, End::TimedOut);
    }
    void nothingComes()
    {
        QTimeoutScope scope;
        scope.setIdleTimeout(1s);
        scope.start(1h);
        QNetworkReply *reply = m_server->get("/never");
        connect(reply, &QNetworkReply::readyRead, &scope, &QTimeoutScope::touch);
        const auto task = observe(scope.run(ReplyPointer(reply)));
        QVERIFY(m_server->waitForRequests(1));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
        QVERIFY(scope.hasExpiredIdle());
    }
    void watchedReplyIsAborted()
    {
        const ReplyPointer reply(m_server->get("/never"));
        QSignalSpy finished(reply.get(), &QNetworkReply::finished);
        QTimeoutScope scope(1s);
        scope.watch(reply.get());
        QVERIFY(m_server->waitForRequests(1));
        clock().advance(1s);
        QCOMPARE(finished.size(), 1);
        QCOMPARE(reply->error(), QNetworkReply::OperationCanceledError);
        QCOMPARE(scope.errorString(), "Timed out after " + QLocale().toString(1) + " s");
    }
    void managerHasNoChildMoreThanBefore()
    {
        const auto children = [this] {
            return m_server->manager.findChildren<QNetworkReply *>().size();
        };
        for (int i = 0; i < 200; ++i) {
            const auto task = observe(QTimeout::run(10ms, ReplyPointer(m_server->get("/never"))));
            clock().advance(10ms);
            QCOMPARE(task->end, End::TimedOut);
        }
        QTRY_COMPARE_WITH_TIMEOUT(children(), qsizetype(0), Patience);
    }

private:
    std::unique_ptr<Server> m_server;
};

QTEST_GUILESS_MAIN(tst_HttpServer)

#include "tst_httpserver.moc"
