// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The C++ of README.md, included from there, does what README.md says.

#include "slowserverthread.h"
#include "testsupport.h"

#include <QCoroFuture>
#include <QCoroNetworkReply>

#include <QtConcurrent/QtConcurrentRun>
#include <QtCore/QLocale>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtGui/QImage>
#include <QtNetwork/QNetworkAccessManager>
#include <QtNetwork/QNetworkReply>
#include <QtNetwork/QNetworkRequest>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>
#include <QtWidgets/QDialog>
#include <QtWidgets/QMainWindow>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QStatusBar>

#include <exception>
#include <memory>
#include <optional>

using namespace Qt::StringLiterals;

namespace readme {

// What stands around the blocks in a program.

struct Profile
{
    QString name;
    QUrl picture;
};

static QNetworkAccessManager *s_manager = nullptr;
static QUrl s_picture;
static QStringList s_log;

// By name, as in the blocks.
struct Manager
{
    QNetworkReply *get(const QNetworkRequest &request) const { return s_manager->get(request); }
    void setAutoDeleteReplies(bool on) const { s_manager->setAutoDeleteReplies(on); }
};
constexpr Manager manager;

QCoro::Task<Profile> decode(QTimeoutScope &, QByteArray data)
{
    co_return {QString::fromUtf8(data), s_picture};
}

#include "readme/abortable.cpp"

QCoro::Task<QString> call(QUrl url)
{
#include "readme/call.cpp"
    co_return profile.name;
}

void show(const QImage &image)
{
    s_log.append(u"a picture of %1"_s.arg(image.width()));
}

QCoro::Task<int> operations(QNetworkRequest request, QDialog *dialog, QString program,
                            QStringList arguments)
{
    const auto decode = [](const QByteArray &bytes) {
        return QImage(int(bytes.size()), 1, QImage::Format_RGB32);
    };
#include "readme/operations.cpp"
    co_return answer;
}

namespace scope {

void show(const QByteArray &picture)
{
    s_log.append(u"%1 bytes"_s.arg(picture.size()));
}

QCoro::Task<> together(QUrl url)
{
#include "readme/scope.cpp"
}

} // namespace scope

namespace socket {

#include "readme/socket.cpp"

QCoro::Task<QByteArray> askOne(QString host, quint16 port, QByteArray question)
{
#include "readme/ask.cpp"
    co_return answer;
}

} // namespace socket

QCoro::Task<> transfer(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(1h);
}

QCoro::Task<> rollBack(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(1s);
    s_log.append(u"rolled back"_s);
}

QCoro::Task<> cleanup(QTimeoutScope &scope)
{
#include "readme/cleanup.cpp"
}

class Upload : public QObject
{
public:
    void giveUp() { s_log.append(u"given up"_s); }
};

} // namespace readme

using namespace readme;

#include "readme/abortrule.cpp"

class Window : public QMainWindow
{
    Q_OBJECT

public:
    QTimeoutScope *fetch(QNetworkReply *reply)
    {
#include "readme/slots.cpp"
        return scope;
    }

    QPushButton *moreTime = new QPushButton(this);
    QPushButton *noLimit = new QPushButton(this);
    QPushButton *giveUp = new QPushButton(this);
    QSpinBox *spinBox = new QSpinBox(this);
};

// Tells whether anybody waits for it.
class Dialog : public QDialog
{
public:
    int listeners() const { return receivers(SIGNAL(finished(int))); }
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

class tst_SnippetsReadme : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void cleanupTestCase();

    void abortableIsInterrupted();
    void callGivesTheProfile();
    void operationsOfAllKinds();
    void processIsTerminated();
    void socketIsAsked_data();
    void socketIsAsked();
    void severalUnderOneDeadline();
    void slotsAndButtons_data();
    void slotsAndButtons();
    void spinBoxWaitsForTheNumber();
    void cleansUp();
    void ruleForAnUpload();
    void testClockTakesNoTime();

private:
    QUrl url(const QString &target) const { return m_server->url(target); }
    static bool hasNoReply() { return s_manager->findChildren<QNetworkReply *>().isEmpty(); }
    // To be called with the name of a block when it has been run.
    void hasRun(const char *block) { m_run.append(QString::fromLatin1(block)); }

    std::unique_ptr<SlowServerThread> m_server;
    QStringList m_run;
};

void tst_SnippetsReadme::init()
{
    QLocale::setDefault(QLocale::c());
    m_server = std::make_unique<SlowServerThread>();
    QVERIFY(m_server->isListening());
    s_manager = new QNetworkAccessManager(this);
    s_picture = url(u"/good?bytes=3"_s);
    s_log.clear();
}

// A program that does what README.md shows leaves no reply behind.
void tst_SnippetsReadme::cleanup()
{
    QTRY_VERIFY(hasNoReply());
    delete std::exchange(s_manager, nullptr);
    QTRY_COMPARE(queuedDeadlines(), size_t(0));
}

// Whoever adds a block adds its test.
void tst_SnippetsReadme::cleanupTestCase()
{
    QStringList blocks{README_CPP_BLOCKS};
    blocks.sort();
    m_run.sort();
    m_run.removeDuplicates();
    QCOMPARE(m_run, blocks);
}

void tst_SnippetsReadme::abortableIsInterrupted()
{
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto result = observe(loadProfile(scope, url(u"/never"_s)));
    QTRY_COMPARE(m_server->server()->requestCount(), 1);
    scope.reschedule(0ms);
    QTRY_COMPARE(result->end, End::TimedOut);
    QTRY_COMPARE(closed.size(), 1);
    hasRun("readme/abortable.cpp");
}

void tst_SnippetsReadme::callGivesTheProfile()
{
    QTimeoutTestClock clock;
    const auto result = observe(call(url(u"/good?bytes=3"_s)));
    QTRY_COMPARE(queuedDeadlines(), size_t(2)); // the deadline, and the sleep
    clock.advance(100ms); // for which it sleeps
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, u"xxx"_s);
    hasRun("readme/call.cpp");
}

void tst_SnippetsReadme::operationsOfAllKinds()
{
    const QTimeoutTestClock clock;
    Dialog dialog;
    const QNetworkRequest request(url(u"/good?bytes=5"_s));
    const auto result = observe(operations(request, &dialog, u"true"_s, {}));
    QTRY_COMPARE(dialog.listeners(), 1);
    QCOMPARE(result->end, End::Pending);
    dialog.done(7);
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 7);
    QCOMPARE(s_log, QStringList(u"a picture of 5"_s));
    hasRun("readme/operations.cpp");
}

void tst_SnippetsReadme::processIsTerminated()
{
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    QTimeoutTestClock clock;
    QDialog dialog;
    const QNetworkRequest request(url(u"/good?bytes=5"_s));
    const auto result = observe(operations(request, &dialog, u"sleep"_s, {u"1000"_s}));
    // 1500 milliseconds for the reply, and half a minute for the process.
    const auto isRunning = [] {
        return QTimeout::detail::DeadlineQueue::current()->earliestDeadline();
    };
    const qint64 first = isRunning();
    QTRY_VERIFY(isRunning() > first + 10'000'000'000);
    clock.advance(30s);
    QCOMPARE(result->end, End::TimedOut);
    QTRY_COMPARE(queuedDeadlines(), size_t(0)); // it has ended before it is killed
}

void tst_SnippetsReadme::socketIsAsked_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<End>("end");
    QTest::newRow("answer") << QByteArray("fine\n") << End::Returned;
    QTest::newRow("half a line") << QByteArray("fi") << End::TimedOut;
}

void tst_SnippetsReadme::socketIsAsked()
{
    QFETCH(const QByteArray, answer);
    QFETCH(const End, end);
    QTimeoutTestClock clock;
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const auto result = observe(
            socket::askOne(u"127.0.0.1"_s, server.serverPort(), "how are you?"));
    QTRY_VERIFY(server.hasPendingConnections());
    const std::unique_ptr<QTcpSocket> connection(server.nextPendingConnection());
    QTRY_COMPARE(connection->bytesAvailable(), 13);
    connection->write(answer);
    if (end == End::TimedOut)
        clock.advance(5s);
    QTRY_COMPARE(result->end, end);
    if (end == End::Returned)
        QCOMPARE(result->value, "fine");
    hasRun("readme/socket.cpp");
    hasRun("readme/ask.cpp");
}

void tst_SnippetsReadme::severalUnderOneDeadline()
{
    QTimeoutTestClock clock;
    const auto result = observe(scope::together(url(u"/good?bytes=3"_s)));
    QTRY_COMPARE(queuedDeadlines(), size_t(2)); // the deadline, and the sleep
    clock.advance(100ms); // for which the first sleeps
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(s_log, QStringList(u"3 bytes"_s));
    hasRun("readme/scope.cpp");
}

void tst_SnippetsReadme::slotsAndButtons_data()
{
    QTest::addColumn<QByteArray>("button");
    QTest::addColumn<int>("after");
    QTest::addColumn<QTimeoutScope::State>("state");
    QTest::addColumn<QString>("message");

    const auto timedOut = [](const QString &seconds) {
        return u"Timed out after %1 s"_s.arg(seconds);
    };
    QTest::newRow("none") << QByteArray() << 1500 << QTimeoutScope::Expired << timedOut(u"1.5"_s);
    QTest::newRow("more time") << QByteArray("moreTime") << 6500 << QTimeoutScope::Expired
                               << timedOut(u"6.5"_s);
    QTest::newRow("nothing comes") << QByteArray("nothing") << 500 << QTimeoutScope::Expired
                                   << u"Nothing came for 0.5 s"_s;
    QTest::newRow("no limit") << QByteArray("noLimit") << -1 << QTimeoutScope::Cancelled
                              << QString();
    QTest::newRow("given up") << QByteArray("giveUp") << 0 << QTimeoutScope::Cancelled << QString();
}

void tst_SnippetsReadme::slotsAndButtons()
{
    QFETCH(const QByteArray, button);
    QFETCH(const int, after);
    QFETCH(const QTimeoutScope::State, state);
    QFETCH(const QString, message);
    QTimeoutTestClock clock;
    Window window;
    QPointer<QNetworkReply> reply = manager.get(QNetworkRequest(url(u"/never"_s)));
    auto *scope = window.fetch(reply);
    if (button != "nothing")
        scope->setIdleTimeout(0ms);
    if (button == "moreTime")
        window.moreTime->click();
    else if (button == "noLimit")
        window.noLimit->click();
    else if (button == "giveUp")
        window.giveUp->click();
    if (after > 0) {
        clock.advance(std::chrono::milliseconds(after - 1));
        QCOMPARE(scope->state(), QTimeoutScope::Active);
        clock.advance(1ms);
    } else if (after < 0) {
        clock.advance(1000h);
        QCOMPARE(scope->state(), QTimeoutScope::Active);
        window.giveUp->click();
    }
    QCOMPARE(scope->state(), state);
    QCOMPARE(window.statusBar()->currentMessage(), message);
    QTRY_VERIFY(!reply);
    hasRun("readme/slots.cpp");
}

// 3000 is four keys, the first of which would be three milliseconds.
void tst_SnippetsReadme::spinBoxWaitsForTheNumber()
{
    QTimeoutTestClock clock;
    Window window;
    window.spinBox->setRange(0, 10000);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    auto *scope = window.fetch(manager.get(QNetworkRequest(url(u"/never"_s))));
    scope->setIdleTimeout(0ms);
    window.spinBox->selectAll();
    for (const char key : {'3', '0', '0', '0'}) {
        QTest::keyClick(window.spinBox, key);
        clock.advance(10ms);
        QCOMPARE(scope->remainingTime() > 1400ms, true);
    }
    QTest::keyClick(window.spinBox, Qt::Key_Return);
    QCOMPARE(scope->remainingTime(), 3s);
    clock.advance(3s);
    QVERIFY(scope->hasExpired());
}

void tst_SnippetsReadme::cleansUp()
{
    QTimeoutTestClock clock;
    const auto result = observe(QTimeout::run(5s, &readme::cleanup));
    clock.advance(5s);
    QCOMPARE(s_log, QStringList());
    QCOMPARE(result->end, End::Pending);
    clock.advance(1s);
    QCOMPARE(s_log, QStringList(u"rolled back"_s));
    QCOMPARE(result->end, End::TimedOut);
    hasRun("readme/cleanup.cpp");
}

void tst_SnippetsReadme::ruleForAnUpload()
{
    Upload upload;
    QTimeoutScope scope(1h);
    scope.watch(&upload);
    scope.cancel();
    QCOMPARE(s_log, QStringList(u"given up"_s));
    hasRun("readme/abortrule.cpp");
}

void tst_SnippetsReadme::testClockTakesNoTime()
{
#include "readme/testclock.cpp"
    hasRun("readme/testclock.cpp");
}

QTEST_MAIN(tst_SnippetsReadme)
#include "tst_snippets_readme.moc"
