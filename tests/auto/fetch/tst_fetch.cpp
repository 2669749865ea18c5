// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Runs the program against a server of this test. The limits are generous, so that a busy machine only makes it
// slower.

#include "slowserver.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qmap.h>
#include <QtCore/qprocess.h>
#include <QtCore/qscopeguard.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace {

// No limit but those that a test sets.
const QStringList Patient = {u"--timeout"_s, u"none"_s, u"--idle"_s,    u"none"_s,
                             u"--total"_s,   u"none"_s, u"--retries"_s, u"0"_s};

} // namespace

class tst_Fetch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void badUsage_data();
    void badUsage();
    void help();
    void ownServer();
    void fetchesManyAtOnce();
    void printsATable();
    void jsonFields();
    void failures_data();
    void failures();
    void unreachable();
    void attemptTimesOut();
    void idleIsResetByBytes();
    void totalEndsEverything();
    void retries_data();
    void retries();
    void interrupt_data();
    void interrupt();
    void interruptsAPause();
    void liveDisplay();

private:
    void start(const QStringList &arguments);
    bool waitForEnd();
    QString out();
    QString err();
    QJsonObject json();
    QJsonObject result(qsizetype index = 0);
    QString url(const QString &target) const { return m_server->url(target).toString(); }

    std::unique_ptr<SlowServer> m_server;
    std::unique_ptr<QProcess> m_process;
    QByteArray m_out;
    QByteArray m_err;
};

void tst_Fetch::init()
{
    m_server = std::make_unique<SlowServer>();
    QVERIFY2(m_server->listen(), qPrintable(m_server->errorString()));
    m_process = std::make_unique<QProcess>();
    m_process->setProgram(QStringLiteral(FETCH_PROGRAM));
    m_out.clear();
    m_err.clear();
}

void tst_Fetch::cleanup()
{
    m_process->kill();
    m_process->waitForFinished();
    m_process.reset();
    m_server.reset();
}

void tst_Fetch::start(const QStringList &arguments)
{
    m_process->setArguments(arguments);
    m_process->start();
    QVERIFY2(m_process->waitForStarted(), qPrintable(m_process->errorString()));
}

bool tst_Fetch::waitForEnd()
{
    return QTest::qWaitFor([this] { return m_process->state() == QProcess::NotRunning; }, 60000)
            && m_process->exitStatus() == QProcess::NormalExit;
}

QString tst_Fetch::out()
{
    m_out += m_process->readAllStandardOutput();
    return QString::fromLocal8Bit(m_out);
}

QString tst_Fetch::err()
{
    m_err += m_process->readAllStandardError();
    return QString::fromLocal8Bit(m_err);
}

QJsonObject tst_Fetch::json()
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(out().toUtf8(), &error);
    if (error.error != QJsonParseError::NoError)
        qWarning("not JSON: %s", qPrintable(out()));
    return document.object();
}

QJsonObject tst_Fetch::result(qsizetype index)
{
    return json()["results"_L1].toArray().at(index).toObject();
}

void tst_Fetch::badUsage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("message");

    const auto row = [](const char *name, const QStringList &arguments, const QString &message) {
        QTest::newRow(name) << arguments << message;
    };
    row("word", {u"--timeout"_s, u"abc"_s}, u"--timeout: \"abc\" is no duration"_s);
    row("no unit", {u"--total"_s, u"1500"_s}, u"--total: \"1500\" has no unit"_s);
    row("negative", {u"--idle"_s, u"-1s"_s}, u"--idle: \"-1s\" is negative"_s);
    row("negative=", {u"--idle=-1s"_s}, u"--idle: \"-1s\" is negative"_s);
    row("zero", {u"--timeout"_s, u"0s"_s}, u"--timeout: \"0s\" is too short"_s);
    row("empty", {u"--timeout="_s}, u"--timeout: \"\" is no duration"_s);
    row("option as value", {u"--timeout"_s, u"--json"_s}, u"\"--json\" is no duration"_s);
    row("no value", {u"--timeout"_s}, u"Missing value"_s);
    row("retries", {u"--retries"_s, u"x"_s}, u"--retries: \"x\" is no number"_s);
    row("negative retries", {u"--retries"_s, u"-1"_s}, u"--retries: \"-1\" is no number"_s);
    row("unknown option", {u"--bogus"_s}, u"Unknown option"_s);
    row("unknown options", {u"--bogus"_s, u"-x"_s, u"--timeout=x"_s}, u"Unknown option"_s);
    row("no scheme", {u"example.org/a"_s}, u"\"example.org/a\" is a URL without a scheme"_s);
    row("port", {u"localhost:80"_s}, u"\"localhost:80\" is a URL without a scheme"_s);
    row("empty URL", {QString()}, u"\"\" is a URL without a scheme"_s);
    row("other scheme", {u"ftp://example.org/"_s}, u"neither http nor https"_s);
    row("file", {u"file:///etc/hosts"_s}, u"is not a valid URL"_s);
    row("no host", {u"http:///x"_s}, u"is not a valid URL"_s);
    row("bad port", {u"http://localhost:x/"_s}, u"is not a valid URL"_s);
    row("second URL", {u"http://localhost/"_s, u"x"_s}, u"\"x\" is a URL without a scheme"_s);
    row("line break", {u"--timeout"_s, u"a\nb"_s}, u"is no duration"_s);
}

void tst_Fetch::badUsage()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, message);

    start(arguments);
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 2);
    QCOMPARE(out(), QString());
    QVERIFY2(err().startsWith("fetch: "_L1) && err().contains(message), qPrintable(err()));
    QCOMPARE(err().count('\n'_L1), 1);
    QVERIFY(err().endsWith('\n'_L1));
}

void tst_Fetch::help()
{
    start({u"--help"_s});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 0);
    for (const QLatin1StringView option :
         {"--timeout"_L1, "--idle"_L1, "--total"_L1, "--retries"_L1, "--json"_L1, "URL"_L1}) {
        QVERIFY(out().contains(option));
    }
    QCOMPARE(err(), QString());
}

// Without a URL each kind of outcome is shown.
void tst_Fetch::ownServer()
{
    start({u"--json"_s, u"--timeout"_s, u"4s"_s, u"--idle"_s, u"2s"_s, u"--total"_s, u"50s"_s});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QVERIFY(err().contains("No URL given"_L1));

    QMap<QString, QJsonObject> results;
    for (const QJsonValue value : json()["results"_L1].toArray()) {
        const QUrl url(value["url"_L1].toString());
        results.insert(url.path() + (url.query().contains("bytes=200"_L1) ? u"-long"_s : QString()),
                       value.toObject());
    }
    const auto verify = [&](const QString &page, const QString &expected, const QString &reason) {
        const QJsonObject object = results.take(page);
        QCOMPARE(object["result"_L1].toString(), expected);
        QVERIFY2(object["reason"_L1].toString().contains(reason),
                 qPrintable(object["reason"_L1].toString()));
    };
    verify(u"/good"_s, u"ok"_s, {});
    verify(u"/slow"_s, u"ok"_s, {});
    verify(u"/drip"_s, u"ok"_s, {});
    verify(u"/drip-long"_s, u"timed out"_s, u"not done in 4s"_s);
    verify(u"/stall"_s, u"timed out"_s, u"nothing came for 2s"_s);
    verify(u"/never"_s, u"timed out"_s, u"nothing came for 2s"_s);
    verify(u"/reset"_s, u"failed"_s, {});
    QCOMPARE(results["/flaky"_L1]["attempts"_L1].toInt(), 2);
    verify(u"/flaky"_s, u"ok"_s, {});
    verify(u"/status"_s, u"failed"_s, u"HTTP 404"_s);
    QVERIFY2(results.isEmpty(), qPrintable(results.keys().join(' '_L1)));
}

void tst_Fetch::fetchesManyAtOnce()
{
    QStringList urls;
    for (int i = 0; i < 40; ++i)
        urls.append(url("/slow?ms=10&n=%1"_L1.arg(QString::number(i))));
    start(Patient + urls + QStringList(u"--json"_s));
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 0);
    QVERIFY(json()["ok"_L1].toBool());
    const QJsonArray results = json()["results"_L1].toArray();
    QCOMPARE(results.size(), urls.size());
    for (qsizetype i = 0; i < urls.size(); ++i)
        QCOMPARE(results.at(i)["url"_L1].toString(),
                 urls.at(i)); // in the order of the command line
    QCOMPARE(m_server->requestCount(), 40);
}

void tst_Fetch::printsATable()
{
    start(Patient + QStringList{url(u"/good"_s), url(u"/status?code=500"_s)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    const QStringList lines = out().split('\n'_L1);
    QCOMPARE(lines.size(), 5);
    QVERIFY(lines.at(0).startsWith("RESULT "_L1));
    QVERIFY(lines.at(1).startsWith("ok "_L1) && lines.at(1).contains(url(u"/good"_s)));
    QVERIFY(lines.at(2).startsWith("failed "_L1) && lines.at(2).contains(" HTTP 500 "_L1));
    QVERIFY(lines.at(3).startsWith("2 URLs in "_L1) && lines.at(3).endsWith("1 ok, 1 failed"_L1));

    // As things happen, line by line, where there is no terminal.
    QVERIFY(!err().contains('\x1b'_L1));
    QVERIFY(err().contains("requesting  %1\n"_L1.arg(url(u"/good"_s))));
    QVERIFY(err().contains("failed      %1: HTTP 500\n"_L1.arg(url(u"/status?code=500"_s))));
}

void tst_Fetch::jsonFields()
{
    start(Patient + QStringList{u"--json"_s, url(u"/good?bytes=1234"_s), url(u"/redirect"_s)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 0);
    QCOMPARE(json().keys(), QStringList({u"milliseconds"_s, u"ok"_s, u"results"_s}));
    QCOMPARE(json()["ok"_L1], QJsonValue(true));
    QVERIFY(json()["milliseconds"_L1].isDouble());
    QJsonObject first = result();
    QCOMPARE(first.take("url"_L1), QJsonValue(url(u"/good?bytes=1234"_s)));
    QCOMPARE(first.take("result"_L1), QJsonValue(u"ok"_s));
    QCOMPARE(first.take("reason"_L1), QJsonValue(QString()));
    QCOMPARE(first.take("httpStatus"_L1), QJsonValue(200));
    QCOMPARE(first.take("bytes"_L1), QJsonValue(1234));
    QCOMPARE(first.take("attempts"_L1), QJsonValue(1));
    QVERIFY(first.take("milliseconds"_L1).isDouble());
    QVERIFY(first.isEmpty());
    QCOMPARE(result(1)["bytes"_L1], QJsonValue(4096));
}

void tst_Fetch::failures_data()
{
    QTest::addColumn<QString>("target");
    QTest::addColumn<QJsonValue>("httpStatus");
    QTest::addColumn<QString>("reason");

    QTest::newRow("404") << u"/nothing"_s << QJsonValue(404) << u"HTTP 404"_s;
    QTest::newRow("503") << u"/status"_s << QJsonValue(503) << u"HTTP 503"_s;
    QTest::newRow("reset") << u"/reset"_s << QJsonValue(200) << u"closed"_s;
}

void tst_Fetch::failures()
{
    QFETCH(const QString, target);
    QFETCH(const QJsonValue, httpStatus);
    QFETCH(const QString, reason);

    start(Patient + QStringList{u"--json"_s, url(target)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QCOMPARE(result()["result"_L1].toString(), u"failed"_s);
    if (!httpStatus.isNull())
        QCOMPARE(result()["httpStatus"_L1], httpStatus);
    QVERIFY2(result()["reason"_L1].toString().contains(reason),
             qPrintable(result()["reason"_L1].toString()));
}

void tst_Fetch::unreachable()
{
    const QString dead = url(u"/"_s);
    m_server = std::make_unique<SlowServer>();
    start(Patient + QStringList{u"--json"_s, dead});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QCOMPARE(result()["result"_L1].toString(), u"failed"_s);
    QVERIFY(result()["httpStatus"_L1].isNull());
    QVERIFY(!result()["reason"_L1].toString().isEmpty());
}

void tst_Fetch::attemptTimesOut()
{
    QSignalSpy closed(m_server.get(), &SlowServer::connectionClosed);
    start(Patient
          + QStringList{u"--json"_s, u"--timeout"_s, u"300ms"_s, u"--retries"_s, u"1"_s,
                        url(u"/never"_s)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QCOMPARE(result()["result"_L1].toString(), u"timed out"_s);
    QCOMPARE(result()["reason"_L1].toString(), u"not done in 300ms"_s);
    QCOMPARE(result()["attempts"_L1].toInt(), 2);
    QCOMPARE_GE(result()["milliseconds"_L1].toInt(), 2 * 300 + 100); // and the pause between them
    QTRY_COMPARE(closed.size(), 2); // the server noticed
}

void tst_Fetch::idleIsResetByBytes()
{
    start(Patient
          + QStringList{u"--json"_s, u"--idle"_s, u"2s"_s, url(u"/drip?bytes=30&ms=100"_s),
                        url(u"/stall?bytes=77"_s)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QCOMPARE(result(0)["result"_L1].toString(), u"ok"_s);
    QCOMPARE_GE(result(0)["milliseconds"_L1].toInt(), 3000);
    QCOMPARE(result(1)["result"_L1].toString(), u"timed out"_s);
    QCOMPARE(result(1)["reason"_L1].toString(), u"nothing came for 2s"_s);
    QCOMPARE(result(1)["bytes"_L1].toInt(), 77);
}

// Attempts under way, those that QNetworkAccessManager has not sent yet, and pauses.
void tst_Fetch::totalEndsEverything()
{
    QStringList arguments = Patient
            + QStringList{u"--json"_s, u"--total"_s,    u"1500ms"_s,       u"--retries"_s,
                          u"1000"_s,   url(u"/good"_s), url(u"/status"_s), url(u"/drip?ms=1000"_s)};
    for (int i = 0; i < 10; ++i)
        arguments.append(url(u"/never"_s));
    start(arguments);
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 1);
    QCOMPARE(result(0)["result"_L1].toString(), u"ok"_s);
    const QJsonArray results = json()["results"_L1].toArray();
    for (qsizetype i = 1; i < results.size(); ++i) {
        QCOMPARE(results.at(i)["result"_L1].toString(), u"timed out"_s);
        QCOMPARE(results.at(i)["reason"_L1].toString(), u"the total of 1.5s is over"_s);
        QCOMPARE_GE(results.at(i)["milliseconds"_L1].toInt(), 1490);
    }
    QTRY_COMPARE(m_server->openConnections(), 0);
}

void tst_Fetch::retries_data()
{
    QTest::addColumn<QString>("target");
    QTest::addColumn<QString>("retries");
    QTest::addColumn<bool>("ok");
    QTest::addColumn<int>("attempts");

    QTest::newRow("enough") << u"/flaky?fail=2"_s << u"2"_s << true << 3;
    QTest::newRow("more than enough") << u"/flaky?fail=2"_s << u"9"_s << true << 3;
    QTest::newRow("not enough") << u"/flaky?fail=2"_s << u"1"_s << false << 2;
    QTest::newRow("none") << u"/flaky?fail=1"_s << u"0"_s << false << 1;
    QTest::newRow("hopeless") << u"/status?code=404"_s << u"3"_s << false << 1;
}

void tst_Fetch::retries()
{
    QFETCH(const QString, target);
    QFETCH(const QString, retries);
    QFETCH(const bool, ok);
    QFETCH(const int, attempts);

    start(Patient + QStringList{u"--json"_s, u"--retries"_s, retries, url(target)});
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), ok ? 0 : 1);
    QCOMPARE(result()["result"_L1].toString(), ok ? u"ok"_s : u"failed"_s);
    QCOMPARE(result()["attempts"_L1].toInt(), attempts);
    QCOMPARE(m_server->requestCount(), attempts);
}

void tst_Fetch::interrupt_data()
{
    QTest::addColumn<int>("signal");

    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
}

void tst_Fetch::interrupt()
{
    QFETCH(const int, signal);

    QSignalSpy closed(m_server.get(), &SlowServer::connectionClosed);
    start(Patient
          + QStringList{u"--json"_s, url(u"/good"_s), url(u"/stall"_s), url(u"/never"_s),
                        url(u"/drip?ms=1000"_s)});
    QTRY_VERIFY_WITH_TIMEOUT(m_server->requestCount() == 4 && err().contains("ok "_L1), 60000);
    ::kill(static_cast<pid_t>(m_process->processId()), signal);
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 130);
    QCOMPARE(json()["ok"_L1], QJsonValue(false));
    QCOMPARE(result(0)["result"_L1].toString(), u"ok"_s);
    for (int i = 1; i < 4; ++i) {
        QCOMPARE(result(i)["result"_L1].toString(), u"cancelled"_s);
        QCOMPARE(result(i)["reason"_L1].toString(), u"interrupted"_s);
    }
    QTRY_COMPARE(closed.size(), 3);
}

void tst_Fetch::interruptsAPause()
{
    start(Patient + QStringList{u"--json"_s, u"--retries"_s, u"1000"_s, url(u"/status"_s)});
    QTRY_VERIFY_WITH_TIMEOUT(err().contains("again in 400ms"_L1), 60000);
    ::kill(static_cast<pid_t>(m_process->processId()), SIGINT);
    QVERIFY(waitForEnd());
    QCOMPARE(m_process->exitCode(), 130);
    QCOMPARE(result()["result"_L1].toString(), u"cancelled"_s);
}

// With a terminal for stderr.
void tst_Fetch::liveDisplay()
{
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
        QSKIP("there are no pseudo terminals here");
    const auto close = qScopeGuard([terminal] { ::close(terminal); });
    winsize size = {};
    size.ws_row = 10;
    size.ws_col = 70;
    QCOMPARE(::ioctl(terminal, TIOCSWINSZ, &size), 0);
    const char *const name = ::ptsname(terminal);
    const int otherEnd = ::open(name,
                                O_RDWR | O_NOCTTY | O_CLOEXEC); // or the terminal would hang up
    const auto closeOther = qScopeGuard([otherEnd] { ::close(otherEnd); });

    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"TERM"_s, u"xterm"_s);
    m_process->setProcessEnvironment(environment);
    m_process->setStandardErrorFile(QString::fromLocal8Bit(name), QIODevice::Append);
    QStringList arguments = Patient
            + QStringList{u"--timeout"_s, u"60s"_s, url(u"/good"_s),
                          url(u"/drip?bytes=20&ms=100"_s)};
    for (int i = 0; i < 20; ++i)
        arguments.append(url(u"/slow?ms=300"_s));
    start(arguments);

    QByteArray screen;
    const auto read = [&] {
        char buffer[4096];
        for (ssize_t count; (count = ::read(terminal, buffer, sizeof buffer)) > 0;)
            screen.append(buffer, count);
    };
    QVERIFY(QTest::qWaitFor(
            [&] {
                read();
                return m_process->state() == QProcess::NotRunning;
            },
            60000));
    read();
    QCOMPARE(m_process->exitCode(), 0);
    QVERIFY(out().contains("22 URLs in "_L1)); // the table

    QVERIFY(screen.contains("receiving   [#########"));
    QVERIFY(screen.contains("more under way"));
    // Each picture fits, and the next one takes it away; so does the end.
    const QList<QByteArray> pictures = screen.split('\r');
    QVERIFY(pictures.last().endsWith("\x1b[J"));
    int rows = 0;
    for (const QByteArray &line : screen.replace("\r\n", "\n").split('\n')) {
        QCOMPARE_LE(line.sliced(line.lastIndexOf('J') + 1).size(), 70);
        rows = line.contains('\x1b') ? 1 : rows + 1;
        QCOMPARE_LE(rows, 10);
    }
}

QTEST_GUILESS_MAIN(tst_Fetch)
#include "tst_fetch.moc"
