// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include "slowserver.h"

#include <QCoroAbstractSocket>
#include <QCoroNetworkReply>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>

#include <memory>
#include <vector>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

namespace {

/*
    A server, and a client whose deadlines pass only when the test says so.
*/
class Net
{
public:
    Net() : m_isListening(server.listen()) {}

    QNetworkReply *get(const QString &target)
    {
        return manager.get(QNetworkRequest(server.url(target)));
    }
    bool waitForRequests(int count)
    {
        return m_isListening
                && QTest::qWaitFor([this, count] { return server.requestCount() >= count; },
                                   Patience);
    }
    // Until the client has gone away from every request that it has made.
    bool waitForNoConnection()
    {
        return QTest::qWaitFor([this] { return server.openConnections() == 0; }, Patience);
    }
    bool waitForClosed(int count)
    {
        return QTest::qWaitFor([this, count] { return closed.count() == count; }, Patience);
    }

    SlowServer server;
    QSignalSpy closed{&server, &SlowServer::connectionClosed};
    QNetworkAccessManager manager;

private:
    bool m_isListening;
};

QCoro::Task<> deleteInTheHandler(QNetworkReply *reply, End *end)
{
    try {
        co_await QTimeout::run(1s, reply);
        *end = End::Returned;
    } catch (const QTimeoutError &) {
        *end = End::TimedOut;
    }
    delete reply;
}

QCoro::Task<> deleteWhenReady(QTimeoutScope *scope, QNetworkReply *reply, End *end)
{
    try {
        QNetworkReply *finished = co_await scope->run(reply);
        finished->deleteLater();
        *end = End::Returned;
    } catch (const QTimeoutCancelled &) {
        *end = End::Cancelled;
    }
    delete scope;
}

QCoro::Task<bool> isDisconnected(QTcpSocket *socket)
{
    co_return co_await qCoro(socket).waitForDisconnected(-1);
}

// Owns everything that it needs.
QCoro::Task<> fetchAlone(QTimeoutScope &, QUrl url, int transferTimeout,
                         QPointer<QNetworkReply> &address)
{
    const Tracked local;
    QNetworkAccessManager manager;
    QNetworkRequest request(url);
    request.setTransferTimeout(transferTimeout);
    const std::unique_ptr<QNetworkReply> reply(manager.get(request));
    address = reply.get();
    co_await reply.get();
}

} // namespace

class tst_Network : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void replyReturns();
    void replyThatFailsReturns_data();
    void replyThatFailsReturns();
    void expiredRunAbortsTheReply_data();
    void expiredRunAbortsTheReply();
    void tryRunAbortsTheReply();
    void cancelledScopeAbortsTheReply();
    void watchedReplyIsAborted();
    void watchedReplyFinishesTheScope();
    void watchedReplyThatFailsFinishesTheScope();
    void finishedReplyCanBeWatched();
    void replyUnderAnEndedScopeIsAborted();
    void scopePerRequest();
    void manyAtTheSameTime();
    void replyDeletedWhileAwaited();
    void replyDeletedWhileWatched();
    void managerDeletedWhileAwaited();
    void replyDeletedInTheHandler();
    void scopeDeletedInTheContinuation();
    void replyAbortedBySomebodyElse();
    void runOfARunAbortsTheReply();
    void waitForReply();
    void waitForReplyTimesOut();
    void realDeadline();
    void watchedSocketIsAborted();
    void signalOfASocket();
    void abandonedSocketIsLeftAlone();
    void abortableCoroutine();
    void ownedManagerIsAborted();
    void ownedReplyIsAbortedBySomebodyElse();
    void ownedReplyHasATransferTimeout();
    void ownedReplyCancelsTheScope();
};

void tst_Network::replyReturns()
{
    Net net;
    QNetworkReply *reply = net.get("/good?bytes=4096");
    const auto observed = observe(QTimeout::run(1s, reply));
    QCOMPARE(observed->end, End::Pending);
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(*observed->value, reply);
    QCOMPARE(reply->error(), QNetworkReply::NoError);
    QCOMPARE(reply->readAll().size(), 4096);
    QCOMPARE(*observe(QTimeout::run(0s, reply))->value, reply);
}

void tst_Network::replyThatFailsReturns_data()
{
    QTest::addColumn<QString>("target");
    QTest::newRow("status") << "/status?code=503";
    QTest::newRow("reset") << "/reset";
    QTest::newRow("404") << "/nowhere";
}

void tst_Network::replyThatFailsReturns()
{
    QFETCH(const QString, target);
    Net net;
    const auto observed = observe(QTimeout::run(1s, net.get(target)));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QVERIFY((*observed->value)->error() != QNetworkReply::NoError);
    QVERIFY((*observed->value)->error() != QNetworkReply::OperationCanceledError);
}

void tst_Network::expiredRunAbortsTheReply_data()
{
    QTest::addColumn<QString>("target");
    QTest::newRow("never answered") << "/never";
    QTest::newRow("stalled") << "/stall";
    QTest::newRow("dripping") << "/drip?bytes=100000&ms=10";
    QTest::newRow("slow") << "/slow?ms=3600000";
}

void tst_Network::expiredRunAbortsTheReply()
{
    QFETCH(const QString, target);
    Net net;
    QNetworkReply *reply = net.get(target);
    const QSignalSpy finished(reply, &QNetworkReply::finished);
    const auto observed = observe(QTimeout::run(1s, reply));
    QVERIFY(net.waitForRequests(1));
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(reply->isFinished());
    QCOMPARE(reply->error(), QNetworkReply::OperationCanceledError);
    QCOMPARE(finished.count(), 1);
    QVERIFY(net.waitForClosed(1));
    QCOMPARE(net.closed.at(0).at(0).toString(), target);
    QVERIFY(net.waitForNoConnection());
}

void tst_Network::tryRunAbortsTheReply()
{
    Net net;
    const auto observed = observe(QTimeout::tryRun(1s, net.get("/never")));
    QVERIFY(net.waitForRequests(1));
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    QVERIFY(!*observed->value);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::cancelledScopeAbortsTheReply()
{
    Net net;
    QTimeoutScope scope(1s);
    const auto first = observe(scope.run(net.get("/never")));
    const auto second = observe(scope.tryRun(net.get("/stall")));
    QVERIFY(net.waitForRequests(2));
    scope.cancel();
    QCOMPARE(first->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(first->end, End::Cancelled);
    QCOMPARE(second->end, End::Cancelled);
    QVERIFY(net.waitForClosed(2));
}

void tst_Network::watchedReplyIsAborted()
{
    Net net;
    QTimeoutScope scope(1s);
    QNetworkReply *reply = net.get("/never");
    scope.watch(reply);
    QVERIFY(net.waitForRequests(1));
    clock().advance(999ms);
    QVERIFY(!reply->isFinished());
    clock().advance(1ms);
    QVERIFY(scope.hasExpired());
    QCOMPARE(reply->error(), QNetworkReply::OperationCanceledError);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::watchedReplyFinishesTheScope()
{
    Net net;
    QTimeoutScope scope(1s);
    const QSignalSpy finished(&scope, &QTimeoutScope::finished);
    QNetworkReply *good = net.get("/good");
    QNetworkReply *large = net.get("/large?bytes=1000000");
    scope.watch(good);
    scope.watch(large);
    QTRY_COMPARE_WITH_TIMEOUT(scope.state(), QTimeoutScope::Finished, Patience);
    QCOMPARE(finished.count(), 1);
    QVERIFY(good->isFinished() && large->isFinished());
    QCOMPARE(good->error(), QNetworkReply::NoError);
    QCOMPARE(large->error(), QNetworkReply::NoError);
}

void tst_Network::watchedReplyThatFailsFinishesTheScope()
{
    Net net;
    QTimeoutScope scope(1s);
    scope.watch(net.get("/reset"));
    QTRY_COMPARE_WITH_TIMEOUT(scope.state(), QTimeoutScope::Finished, Patience);
}

void tst_Network::finishedReplyCanBeWatched()
{
    Net net;
    QNetworkReply *reply = net.get("/good");
    QTRY_VERIFY_WITH_TIMEOUT(reply->isFinished(), Patience);
    QTimeoutScope scope(1s);
    scope.watch(reply);
    clock().advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_Network::replyUnderAnEndedScopeIsAborted()
{
    Net net;
    QTimeoutScope scope(1s);
    scope.cancel();
    QNetworkReply *run = net.get("/good");
    const auto task = scope.run(run);
    QVERIFY(task.isReady());
    QCOMPARE(run->error(), QNetworkReply::OperationCanceledError);
    QNetworkReply *watched = net.get("/good");
    scope.watch(watched);
    QCOMPARE(watched->error(), QNetworkReply::OperationCanceledError);
}

void tst_Network::scopePerRequest()
{
    Net net;
    QTimeoutScope total(10s);
    QTimeoutScope good(1s, &total);
    QTimeoutScope slow(5s, &total);
    QTimeoutScope last(20s, &total);
    const auto goodReply = observe(good.run(net.get("/good")));
    const auto slowReply = observe(slow.run(net.get("/never?slow")));
    const auto lastReply = observe(last.run(net.get("/never?last")));
    QTRY_COMPARE_WITH_TIMEOUT(goodReply->end, End::Returned, Patience);
    good.finish();
    QVERIFY(net.waitForRequests(3));
    clock().advance(5s);
    QCOMPARE(slowReply->end, End::TimedOut);
    QCOMPARE(lastReply->end, End::Pending);
    QVERIFY(net.waitForClosed(1));
    QVERIFY(total.isActive());
    clock().advance(5s);
    QVERIFY(total.hasExpired());
    QVERIFY(last.isCancelled());
    QCOMPARE(lastReply->end, End::Cancelled);
    QVERIFY(net.waitForClosed(2));
}

void tst_Network::manyAtTheSameTime()
{
    Net net;
    std::vector<ObservedPointer<std::optional<QNetworkReply *>>> good;
    std::vector<ObservedPointer<std::optional<QNetworkReply *>>> never;
    // No more than the client has connections to one server.
    for (int i = 0; i < 3; ++i) {
        good.push_back(observe(QTimeout::tryRun(1s, net.get(QString("/good?%1").arg(i)))));
        never.push_back(observe(QTimeout::tryRun(1s, net.get(QString("/never?%1").arg(i)))));
    }
    for (const auto &observed : good)
        QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QVERIFY(net.waitForRequests(6));
    clock().advance(1s);
    for (const auto &observed : good)
        QVERIFY(observed->value->has_value());
    for (const auto &observed : never) {
        QCOMPARE(observed->end, End::Returned);
        QVERIFY(!observed->value->has_value());
    }
    QVERIFY(net.waitForClosed(3));
}

void tst_Network::replyDeletedWhileAwaited()
{
    Net net;
    QTimeoutScope scope(1s);
    QNetworkReply *reply = net.get("/never");
    const auto observed = observe(scope.run(reply));
    QVERIFY(net.waitForRequests(1));
    delete reply;
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(scope.isActive());
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::replyDeletedWhileWatched()
{
    Net net;
    QTimeoutScope scope(1s);
    QNetworkReply *reply = net.get("/never");
    scope.watch(reply);
    QVERIFY(net.waitForRequests(1));
    delete reply;
    QVERIFY(scope.isActive());
    clock().advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_Network::managerDeletedWhileAwaited()
{
    Net net;
    auto manager = std::make_unique<QNetworkAccessManager>();
    const auto observed = observe(
            QTimeout::run(1s, manager->get(QNetworkRequest(net.server.url("/never")))));
    QVERIFY(net.waitForRequests(1));
    manager.reset();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::replyDeletedInTheHandler()
{
    Net net;
    End end = End::Pending;
    const QPointer<QNetworkReply> reply = net.get("/stall");
    deleteInTheHandler(reply, &end);
    QVERIFY(net.waitForRequests(1));
    clock().advance(1s);
    QCOMPARE(end, End::TimedOut);
    QVERIFY(!reply);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::scopeDeletedInTheContinuation()
{
    Net net;
    End finished = End::Pending;
    const QPointer<QNetworkReply> good = net.get("/good");
    deleteWhenReady(new QTimeoutScope(1s), good, &finished);
    QTRY_COMPARE_WITH_TIMEOUT(finished, End::Returned, Patience);
    QTRY_VERIFY(!good);
    End cancelled = End::Pending;
    auto *scope = new QTimeoutScope(1s);
    deleteWhenReady(scope, net.get("/never"), &cancelled);
    QVERIFY(net.waitForRequests(2));
    scope->cancel();
    clock().advance(0ms);
    QCOMPARE(cancelled, End::Cancelled);
}

void tst_Network::replyAbortedBySomebodyElse()
{
    Net net;
    QNetworkReply *reply = net.get("/never");
    const auto observed = observe(QTimeout::run(1s, reply));
    QVERIFY(net.waitForRequests(1));
    reply->abort();
    QTRY_COMPARE(observed->end, End::Returned);
    QCOMPARE((*observed->value)->error(), QNetworkReply::OperationCanceledError);
}

void tst_Network::runOfARunAbortsTheReply()
{
    Net net;
    const auto observed = observe(QTimeout::run(1s, QTimeout::run(2s, net.get("/never"))));
    QVERIFY(net.waitForRequests(1));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::waitForReply()
{
    Net net;
    QNetworkReply *reply = QTimeout::waitFor(1h, net.get("/good"));
    QCOMPARE(reply->error(), QNetworkReply::NoError);
}

void tst_Network::waitForReplyTimesOut()
{
    Net net;
    QNetworkReply *reply = net.get("/never");
    QVERIFY(net.waitForRequests(1));
    clock().setAutoAdvance(true);
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, QTimeout::waitFor(1h, reply));
    QCOMPARE(reply->error(), QNetworkReply::OperationCanceledError);
    clock().setAutoAdvance(false);
    QVERIFY(net.waitForClosed(1));
}

void tst_Network::realDeadline()
{
    // The one that needs no clock but the real one: it expires sooner or later, and never before.
    realTime();
    Net net;
    QElapsedTimer elapsed;
    elapsed.start();
    const auto observed = observe(QTimeout::run(100ms, net.get("/never")));
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::TimedOut, Patience);
    QVERIFY(elapsed.elapsed() >= 100);
    QVERIFY(net.waitForNoConnection());
}

void tst_Network::watchedSocketIsAborted()
{
    Net net;
    QTimeoutScope scope(1s);
    QTcpSocket socket;
    socket.connectToHost("127.0.0.1", net.server.port());
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::ConnectedState, Patience);
    scope.watch(&socket);
    clock().advance(1s);
    QCOMPARE(socket.state(), QAbstractSocket::UnconnectedState);
    QVERIFY(net.waitForNoConnection());
}

void tst_Network::signalOfASocket()
{
    Net net;
    QTcpSocket socket;
    const auto connected = observe(QTimeout::run(1s, &socket, &QTcpSocket::connected));
    const auto readable = observe(QTimeout::tryRun(1s, &socket, &QTcpSocket::readyRead));
    socket.connectToHost("127.0.0.1", net.server.port());
    QTRY_COMPARE_WITH_TIMEOUT(connected->end, End::Returned, Patience);
    clock().advance(1s);
    QCOMPARE(readable->end, End::Returned);
    QCOMPARE(*readable->value, false);
    QCOMPARE(socket.state(), QAbstractSocket::ConnectedState); // the sender is not aborted
}

void tst_Network::abandonedSocketIsLeftAlone()
{
    Net net;
    QTcpSocket socket;
    socket.connectToHost("127.0.0.1", net.server.port());
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::ConnectedState, Patience);
    const auto observed = observe(QTimeout::run(1s, isDisconnected(&socket)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(socket.state(), QAbstractSocket::ConnectedState);
    socket.disconnectFromHost(); // ends the plain coroutine
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::UnconnectedState, Patience);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
}

// What it awaits below is aborted, and the server sees it.
void tst_Network::abortableCoroutine()
{
    Net net;
    const auto fetch = [&net](QTimeoutScope &, QByteArray path) -> QCoro::Task<QByteArray> {
        const Tracked local;
        QNetworkReply *reply = co_await net.get(path);
        co_return reply->readAll();
    };
    const auto fetchBoth = [&fetch](QTimeoutScope &scope) -> QCoro::Task<QByteArray> {
        const Tracked local;
        const QByteArray good = co_await fetch(scope, "/good");
        co_return good + co_await fetch(scope, "/never");
    };
    const auto observed = observe(QTimeout::run(1h, fetchBoth));
    QVERIFY(net.waitForRequests(2));
    clock().advance(1h);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 0);
    QVERIFY(net.waitForNoConnection());
}

// A16: the reply ends inside its own abort(), and goes later.
void tst_Network::ownedManagerIsAborted()
{
    Net net;
    QPointer<QNetworkReply> reply;
    QTimeoutScope scope(1h);
    const auto result = observe(fetchAlone(scope, net.server.url("/never"), 0, reply));
    QVERIFY(net.waitForRequests(1));
    scope.cancel();
    QVERIFY(reply);
    QVERIFY(reply->isFinished());
    QCOMPARE(result->end, End::Pending);
    QCoreApplication::processEvents();
    QCOMPARE(result->end, End::Cancelled);
    QVERIFY(!reply);
    QVERIFY(net.waitForNoConnection());
}

void tst_Network::ownedReplyIsAbortedBySomebodyElse()
{
    Net net;
    QPointer<QNetworkReply> reply;
    QTimeoutScope scope(1h);
    const auto result = observe(fetchAlone(scope, net.server.url("/never"), 0, reply));
    QVERIFY(net.waitForRequests(1));
    reply->abort();
    QVERIFY(reply);
    QCOMPARE(result->end, End::Pending);
    QTRY_COMPARE_WITH_TIMEOUT(result->end, End::Returned, Patience);
    QVERIFY(!reply);
    QVERIFY(scope.isActive());
    scope.finish();
}

// That is Qt's own, and takes real time.
void tst_Network::ownedReplyHasATransferTimeout()
{
    Net net;
    QPointer<QNetworkReply> reply;
    QTimeoutScope scope(1h);
    const auto result = observe(fetchAlone(scope, net.server.url("/never"), 1, reply));
    QTRY_COMPARE_WITH_TIMEOUT(result->end, End::Returned, Patience);
    QVERIFY(!reply);
    scope.finish();
}

void tst_Network::ownedReplyCancelsTheScope()
{
    Net net;
    QPointer<QNetworkReply> reply;
    QTimeoutScope scope(1h);
    const auto result = observe(fetchAlone(scope, net.server.url("/never"), 0, reply));
    QVERIFY(net.waitForRequests(1));
    bool isThereAfterwards = false;
    connect(reply, &QNetworkReply::errorOccurred, &scope, [&] {
        scope.cancel();
        isThereAfterwards = reply;
    });
    reply->abort();
    QVERIFY(scope.isCancelled());
    QVERIFY(isThereAfterwards);
    QTRY_VERIFY_WITH_TIMEOUT(result->end != End::Pending, Patience);
    QVERIFY(!reply);
}

QTEST_GUILESS_MAIN(tst_Network)
#include "tst_network.moc"
