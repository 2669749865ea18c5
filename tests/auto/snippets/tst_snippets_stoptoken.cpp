// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The same work with a std::stop_token that is passed by hand, and with a scope.

#include "slowserverthread.h"
#include "testsupport.h"

#include <QCoroNetworkReply>
#include <QCoroTimer>

#include <QtCore/qscopedpointer.h>
#include <QtCore/qtimer.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>

#include <stop_token>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

namespace byhand {

//! [by hand]
using Reply = QScopedPointer<QNetworkReply, QScopedPointerDeleteLater>; // goes with the coroutine

class Stopped
{
};

void check(const std::stop_token &stop)
{
    if (stop.stop_requested())
        throw Stopped();
}

// A timer that is stopped would never resume who awaits it, so it is made to fire.
QCoro::Task<> pause(std::stop_token stop, std::chrono::milliseconds duration)
{
    QTimer timer;
    timer.setSingleShot(true);
    timer.start(duration);
    const auto fire = [&timer] { timer.start(0ms); };
    const std::stop_callback callback(stop, fire);
    check(stop);
    co_await timer;
    check(stop);
}

QCoro::Task<QByteArray> download(std::stop_token stop, QNetworkAccessManager *manager, QUrl url)
{
    const Reply reply(manager->get(QNetworkRequest(url)));
    const auto abort = [&reply] { reply->abort(); };
    const std::stop_callback callback(stop, abort);
    check(stop);
    co_await reply.get();
    check(stop);
    co_return reply->readAll();
}

QCoro::Task<QByteArray> downloadLater(std::stop_token stop, QNetworkAccessManager *manager,
                                      QUrl url)
{
    co_await pause(stop, 10ms);
    co_return co_await download(stop, manager, url);
}

QCoro::Task<QString> show(QNetworkAccessManager *manager, QUrl url)
{
    std::stop_source source;
    QTimer deadline;
    deadline.setSingleShot(true);
    QObject::connect(&deadline, &QTimer::timeout, &deadline,
                     [source]() mutable { source.request_stop(); });
    deadline.start(300ms);
    try {
        const QByteArray page = co_await downloadLater(source.get_token(), manager, url);
        co_return QString::fromUtf8(page);
    } catch (const Stopped &) {
        co_return u"timed out"_s; // or stopped by whoever else has the source
    }
}
//! [by hand]

} // namespace byhand

namespace withscope {

//! [with a scope]
using Reply = QScopedPointer<QNetworkReply, QScopedPointerDeleteLater>; // goes with the coroutine

QCoro::Task<QByteArray> download(QTimeoutScope &, QNetworkAccessManager *manager, QUrl url)
{
    const Reply reply(manager->get(QNetworkRequest(url)));
    co_await reply.get();
    co_return reply->readAll();
}

QCoro::Task<QByteArray> downloadLater(QTimeoutScope &scope, QNetworkAccessManager *manager,
                                      QUrl url)
{
    co_await QTimeout::sleepFor(10ms);
    co_return co_await download(scope, manager, url);
}

QCoro::Task<QString> show(QNetworkAccessManager *manager, QUrl url)
{
    try {
        const QByteArray page = co_await QTimeout::run(300ms, &downloadLater, manager, url);
        co_return QString::fromUtf8(page);
    } catch (const QTimeoutError &) {
        co_return u"timed out"_s;
    }
}
//! [with a scope]

} // namespace withscope

} // namespace

class tst_SnippetsStopToken : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void timesOut_data();
    void timesOut();
    void inTime();

private:
    using Show = QCoro::Task<QString> (*)(QNetworkAccessManager *, QUrl);

    SlowServerThread m_server;
    QNetworkAccessManager m_manager;
};

void tst_SnippetsStopToken::init()
{
    QVERIFY(m_server.isListening());
}

void tst_SnippetsStopToken::timesOut_data()
{
    QTest::addColumn<bool>("isByHand");
    QTest::newRow("by hand") << true;
    QTest::newRow("with a scope") << false;
}

void tst_SnippetsStopToken::timesOut()
{
    QFETCH(bool, isByHand);
    const Show show = isByHand ? &byhand::show : &withscope::show;
    const auto result = observe(show(&m_manager, m_server.url("/never")));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, "timed out");
}

void tst_SnippetsStopToken::inTime()
{
    QTimeoutScope scope(1min);
    std::stop_source source;
    const QUrl url = m_server.url("/good?bytes=5");
    const auto first = observe(byhand::downloadLater(source.get_token(), &m_manager, url));
    const auto second = observe(withscope::downloadLater(scope, &m_manager, url));
    QTRY_COMPARE(first->end, End::Returned);
    QTRY_COMPARE(second->end, End::Returned);
    QCOMPARE(first->value, "xxxxx");
    QCOMPARE(second->value, "xxxxx");
}

QTEST_GUILESS_MAIN(tst_SnippetsStopToken)
#include "tst_snippets_stoptoken.moc"
