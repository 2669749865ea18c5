// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the pages on classes and functions quote does what they say.

#include "slowserverthread.h"
#include "testsupport.h"

#include <QCoroFuture>
#include <QCoroNetworkReply>

#include <QtConcurrent/QtConcurrentRun>
#include <QtCore/QSemaphore>
#include <QtCore/QThreadPool>
#include <QtGui/QImage>
#include <QtNetwork/QNetworkAccessManager>
#include <QtNetwork/QNetworkReply>
#include <QtNetwork/QNetworkRequest>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>
#include <QtWidgets/QDialog>
#include <QtWidgets/QMainWindow>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QStatusBar>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

struct Profile
{
    QByteArray name;
};

struct Answer
{
    int number;
};

namespace {

QStringList s_log;
QNetworkRequest s_pictureRequest;

//! [error]
QCoro::Task<> ask(QNetworkAccessManager *manager, QNetworkRequest request)
{
    manager->setAutoDeleteReplies(true); // when they have finished or have been aborted
    try {
        co_await QTimeout::run(1500ms, manager->get(request));
    } catch (const QTimeoutError &) {
        qInfo() << "no answer in time";
    }
}
//! [error]

QNetworkRequest pictureRequest(const QByteArray &page)
{
    s_log.append(QString::fromUtf8(page));
    return s_pictureRequest;
}

//! [scope in a coroutine]
QCoro::Task<QByteArray> loadPicture(QNetworkAccessManager *manager, QNetworkRequest request)
{
    manager->setAutoDeleteReplies(true); // so what is needed of a reply is taken at once
    QTimeoutScope scope(5s);
    QNetworkReply *page = co_await scope.run(manager->get(request));
    const QNetworkRequest next = pictureRequest(page->readAll());
    QNetworkReply *picture = co_await scope.run(manager->get(next));
    co_return picture->readAll();
}
//! [scope in a coroutine]

QCoro::Task<Profile> loadProfile(QTimeoutScope &, QByteArray name)
{
    co_await QTimeout::sleepFor(1ms);
    co_return Profile{name};
}

QCoro::Task<int> runThree(QNetworkAccessManager *manager, QNetworkRequest request, QDialog *dialog)
{
    const QByteArray url = "Ada";
    //! [run]
    using Reply = std::unique_ptr<QNetworkReply>;
    const Reply reply = co_await QTimeout::run(1500ms, Reply(manager->get(request)));
    const auto error = reply->error();
    const int code = co_await QTimeout::run(30s, dialog, &QDialog::finished);
    const Profile profile = co_await QTimeout::run(1500ms, &loadProfile, url);
    //! [run]
    s_log.append(QString::fromUtf8(profile.name));
    co_return error == QNetworkReply::NoError ? code : -1;
}

QCoro::Task<Answer> ask(std::chrono::milliseconds needed)
{
    co_await QTimeout::sleepFor(needed);
    co_return Answer{42};
}

void show(Answer answer)
{
    s_log.append(QString::number(answer.number));
}

QCoro::Task<> tryToAsk(std::chrono::milliseconds needed)
{
    //! [try]
    if (const std::optional<Answer> answer = co_await QTimeout::tryRun(200ms, ask(needed)))
        show(*answer);
    //! [try]
}

int sumOf(QTimeoutScope &scope, QList<int> rows, const std::function<int(int)> &expensive)
{
    int sum = 0;
    //! [checkpoint]
    while (!rows.isEmpty()) {
        scope.throwIfAborted();
        sum += expensive(rows.takeFirst());
    }
    //! [checkpoint]
    return sum;
}

class Player : public QObject
{
public:
    void stop() { s_log.append(u"stopped"_s); }
};

void watchPlayer(QTimeoutScope *scope, Player *player)
{
    //! [watch]
    scope->watch(player, [player] { player->stop(); });
    //! [watch]
}

class Upload : public QObject
{
public:
    enum Reason { Timeout };
    void giveUp(Reason) { s_log.append(u"given up"_s); }
};

} // namespace

//! [rule]
template<>
struct QTimeoutAbort<Upload>
{
    static void abort(Upload &upload) { upload.giveUp(Upload::Timeout); }
};
//! [rule]

class Server : public QObject
{
    Q_OBJECT

public:
    void finishRequests() { s_log.append(u"asked"_s); }
    void dropConnections() { s_log.append(u"forced"_s); }

Q_SIGNALS:
    void finished();
};

//! [rule with force]
template<>
struct QTimeoutAbort<Server>
{
    static void abort(Server &server)
    {
        server.finishRequests();
    } // emits finished() when that is done
    static void force(Server &server) { server.dropConnections(); }
};
//! [rule with force]

static void touchWithEachByte(QTimeoutScope *scope, QNetworkReply *reply)
{
    //! [idle]
    scope->setIdleTimeout(5s);
    QObject::connect(reply, &QNetworkReply::readyRead, scope, &QTimeoutScope::touch);
    //! [idle]
}

// Tells whether anybody waits for it.
class Dialog : public QDialog
{
public:
    int listeners() const { return receivers(SIGNAL(finished(int))); }
};

class Window : public QMainWindow
{
    Q_OBJECT

public:
    QTimeoutScope *fetch(QNetworkReply *reply)
    {
        //! [scope and slots]
        auto *scope = new QTimeoutScope(1500ms, this);
        scope->watch(reply);
        connect(scope, &QTimeoutScope::expired, this,
                [this] { statusBar()->showMessage(tr("Timed out")); });
        connect(moreTime, &QPushButton::clicked, scope, [scope] { scope->shift(5s); });
        connect(giveUp, &QPushButton::clicked, scope, &QTimeoutScope::cancel);
        //! [scope and slots]
        return scope;
    }

    QPushButton *moreTime = new QPushButton(this);
    QPushButton *giveUp = new QPushButton(this);
};

class Viewer : public QObject
{
public:
    void decodeInTime(const std::function<QImage(QByteArray)> &decode, const QByteArray &data)
    {
        //! [future]
        QTimeout::withTimeout(QtConcurrent::run(decode, data), 2s)
                .then(this, [this](const QImage &image) { show(image); })
                .onFailed(this, [this](const QTimeoutError &) { showHourglass(); });
        //! [future]
    }

    void show(const QImage &image) { s_log.append(u"%1 wide"_s.arg(image.width())); }
    void showHourglass() { s_log.append(u"hourglass"_s); }
};

class Downloader : public QObject
{
    Q_OBJECT

public:
    Downloader()
    {
        m_scope.watch(this, [] {});
        connect(&m_scope, &QTimeoutScope::expired, this, &Downloader::gaveUp);
    }

Q_SIGNALS:
    void gaveUp();

private:
    QTimeoutScope m_scope{30s};
};

class tst_SnippetsReference : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();

    void errorIsHandled();
    void scopeInACoroutine();
    void scopeAndSlots();
    void run();
    void tryRun();
    void checkpoint();
    void watchWithAFunction();
    void ruleForAType();
    void ruleWithForce();
    void idleTimeout();
    void deadlines();
    void futureInTime();
    void futureTooLate();
    void testClock();

private:
    QNetworkRequest request(const QString &target) const
    {
        return QNetworkRequest(m_server.url(target));
    }
    bool hasNoReply() const { return m_manager.findChildren<QNetworkReply *>().isEmpty(); }

    SlowServerThread m_server;
    QNetworkAccessManager m_manager;
};

void tst_SnippetsReference::initTestCase()
{
    QVERIFY(m_server.isListening());
}

void tst_SnippetsReference::init()
{
    TestWithClock::init();
    s_log.clear();
    m_manager.setAutoDeleteReplies(false); // as it is by default
}

void tst_SnippetsReference::cleanup()
{
    QTRY_VERIFY(hasNoReply());
    TestWithClock::cleanup();
}

void tst_SnippetsReference::errorIsHandled()
{
    const auto result = observe(ask(&m_manager, request(u"/never"_s)));
    QTest::ignoreMessage(QtInfoMsg, "no answer in time");
    clock().advance(1500ms);
    QCOMPARE(result->end, End::Returned);
}

void tst_SnippetsReference::scopeInACoroutine()
{
    s_pictureRequest = request(u"/good?bytes=5"_s);
    const auto result = observe(loadPicture(&m_manager, request(u"/good?bytes=3"_s)));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(s_log, QStringList(u"xxx"_s));
    QCOMPARE(result->value, "xxxxx");
}

void tst_SnippetsReference::ruleWithForce()
{
    Server server;
    QTimeoutScope scope(1s);
    scope.watch(&server);
    clock().advance(1s);
    QCOMPARE(s_log, QStringList(u"asked"_s));
    clock().advance(5s);
    QCOMPARE(s_log, QStringList({u"asked"_s, u"forced"_s}));
}

void tst_SnippetsReference::idleTimeout()
{
    m_manager.setAutoDeleteReplies(true);
    QTimeoutScope scope(1h);
    auto *reply = m_manager.get(request(u"/never"_s));
    scope.watch(reply);
    touchWithEachByte(&scope, reply);
    clock().advance(4s);
    Q_EMIT reply->readyRead();
    clock().advance(4s);
    QVERIFY(scope.isActive());
    clock().advance(1s);
    QVERIFY(scope.hasExpiredIdle());
}

void tst_SnippetsReference::scopeAndSlots()
{
    m_manager.setAutoDeleteReplies(true);
    Window window;
    const auto *first = window.fetch(m_manager.get(request(u"/never"_s)));
    window.moreTime->click();
    clock().advance(6499ms);
    QVERIFY(first->isActive());
    clock().advance(1ms);
    QVERIFY(first->hasExpired());
    QCOMPARE(window.statusBar()->currentMessage(), u"Timed out"_s);
    const auto *second = window.fetch(m_manager.get(request(u"/never"_s)));
    window.giveUp->click();
    QVERIFY(second->isCancelled());
}

void tst_SnippetsReference::run()
{
    Dialog dialog;
    const auto result = observe(runThree(&m_manager, request(u"/good"_s), &dialog));
    QTRY_COMPARE(dialog.listeners(), 1);
    QCOMPARE(result->end, End::Pending);
    dialog.done(7);
    QTRY_COMPARE(queuedDeadlines(), size_t(2)); // that of the profile, and the sleep in it
    clock().advance(1ms);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 7);
    QCOMPARE(s_log, QStringList(u"Ada"_s));
}

void tst_SnippetsReference::tryRun()
{
    const auto inTime = observe(tryToAsk(199ms));
    clock().advance(199ms);
    QCOMPARE(inTime->end, End::Returned);
    QCOMPARE(s_log, QStringList(u"42"_s));
    const auto late = observe(tryToAsk(201ms));
    clock().advance(200ms);
    QCOMPARE(late->end, End::Returned);
    QCOMPARE(s_log.size(), 1);
    clock().advance(1ms);
}

void tst_SnippetsReference::checkpoint()
{
    QTimeoutScope scope(1h);
    QList<int> seen;
    const auto expensive = [&](int row) {
        seen.append(row);
        if (row == 2)
            scope.reschedule(0ms);
        return row;
    };
    QCOMPARE(sumOf(scope, {1, 1, 1}, expensive), 3);
    seen.clear();
    QVERIFY_THROWS_EXCEPTION(QTimeoutError, sumOf(scope, {1, 2, 3}, expensive));
    QCOMPARE(seen, QList<int>({1, 2}));
}

void tst_SnippetsReference::watchWithAFunction()
{
    Player player;
    QTimeoutScope scope(1s);
    watchPlayer(&scope, &player);
    clock().advance(1s);
    QCOMPARE(s_log, QStringList(u"stopped"_s));
}

void tst_SnippetsReference::ruleForAType()
{
    Upload upload;
    QTimeoutScope scope(1s);
    scope.watch(&upload);
    clock().advance(1s);
    QCOMPARE(s_log, QStringList(u"given up"_s));
}

void tst_SnippetsReference::deadlines()
{
    QObject owner;
    auto *scope = new QTimeoutScope(&owner);
    QList<std::chrono::nanoseconds> set;
    connect(scope, &QTimeoutScope::deadlineChanged, this, [&] {
        if (!scope->isActive())
            return;
        set.append(scope->remainingTime());
        scope->finish(); // so that it can be started again
    });
    connect(scope, &QTimeoutScope::stateChanged, this, [&](QTimeoutScope::State state) {
        if (state == QTimeoutScope::Active && scope->deadline().isForever()) {
            set.append(scope->remainingTime());
            scope->finish();
        }
    });
    //! [deadline]
    using namespace std::chrono_literals;

    scope->start(1500ms); // a time from now
    scope->start(std::chrono::steady_clock::now() + 2s); // a point in time
    scope->start(QDeadlineTimer(500, Qt::PreciseTimer)); // Qt's own type, with a timer type
    scope->start(QDeadlineTimer::Forever); // no deadline
    scope->start(1500); // milliseconds, -1 means forever
    //! [deadline]
    QCOMPARE(set.size(), 5);
    QCOMPARE(set.at(0), 1500ms);
    QVERIFY(set.at(1) <= 2s && set.at(1) > 1s);
    QVERIFY(set.at(2) <= 500ms && set.at(2) > 0ms);
    QCOMPARE(set.at(3), std::chrono::nanoseconds::max());
    QCOMPARE(set.at(4), 1500ms);
}

void tst_SnippetsReference::futureInTime()
{
    Viewer viewer;
    viewer.decodeInTime(
            [](const QByteArray &data) {
                return QImage(int(data.size()), 1, QImage::Format_RGB32);
            },
            "xyz");
    QTRY_COMPARE(s_log, QStringList(u"3 wide"_s));
}

void tst_SnippetsReference::futureTooLate()
{
    QSemaphore go;
    Viewer viewer;
    viewer.decodeInTime(
            [&go](const QByteArray &) {
                go.acquire();
                return QImage();
            },
            "xyz");
    clock().advance(2s);
    go.release();
    QTRY_COMPARE(s_log, QStringList(u"hourglass"_s));
    QThreadPool::globalInstance()->waitForDone();
}

void tst_SnippetsReference::testClock()
{
    realTime(); // one clock at a time
    //! [test clock]
    QTimeoutTestClock clock;
    Downloader downloader; // gives up after 30 seconds
    QSignalSpy gaveUp(&downloader, &Downloader::gaveUp);
    clock.advance(29999ms);
    QCOMPARE(gaveUp.count(), 0);
    clock.advance(1ms);
    QCOMPARE(gaveUp.count(), 1);
    //! [test clock]
}

QTEST_MAIN(tst_SnippetsReference)
#include "tst_snippets_reference.moc"
