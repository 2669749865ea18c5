// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeoutScope>

#include <QtCore/QCoreApplication>
#include <QtCore/QProcess>
#include <QtCore/QTimer>
#include <QtTest/QTest>

#include <cstdio>
#include <string_view>

using namespace std::chrono_literals;

/*
    S12: scopes before the application object, after it, and when it ends. Each case is a life of a
    process, so the program starts itself with the name of the case. In real time, because a test
    clock would be one more thing that is there before the application.
*/

static int s_messages = 0;

static void countMessages(QtMsgType type, const QMessageLogContext &, const QString &text)
{
    if (type != QtInfoMsg)
        ++s_messages;
    std::fprintf(stderr, "%s\n", qPrintable(text));
}

static QTimeoutScope *staticScope()
{
    static QTimeoutScope scope;
    return &scope;
}

// Quits the application when the scope expires, or has had far more time than it needs.
static int expectExpiry(QCoreApplication &application, QTimeoutScope &scope)
{
    bool expired = scope.hasExpired();
    QObject::connect(&scope, &QTimeoutScope::expired, &application, [&] {
        expired = true;
        application.quit();
    });
    QTimer::singleShot(10s, &application, &QCoreApplication::quit);
    if (!expired)
        application.exec();
    return expired && scope.hasExpired() && s_messages == 0 ? 0 : 1;
}

static int startedBeforeApplication(int &argc, char **argv)
{
    QTimeoutScope scope(1ms);
    QCoreApplication application(argc, argv);
    return expectExpiry(application, scope);
}

static int pastBeforeApplication(int &argc, char **argv)
{
    QTimeoutScope scope(-1h);
    QTimeoutScope rescheduled(1h);
    rescheduled.reschedule(1ms);
    QCoreApplication application(argc, argv);
    if (!scope.isActive())
        return 2;
    const int result = expectExpiry(application, scope);
    return result ? result : expectExpiry(application, rescheduled);
}

static int finishedBeforeApplication(int &argc, char **argv)
{
    {
        QTimeoutScope scope(1ms);
        scope.finish();
        QTimeoutScope cancelled(1ms);
        cancelled.cancel();
        QTimeoutScope destroyed(1ms);
    }
    QCoreApplication application(argc, argv);
    QTimeoutScope scope(1ms);
    return expectExpiry(application, scope);
}

static int endsWithScopesPending(int &argc, char **argv)
{
    QCoreApplication application(argc, argv);
    new QTimeoutScope(1h, &application);
    staticScope()->start(1ms);
    auto *outer = new QTimeoutScope(1h, &application);
    new QTimeoutScope(0ms, outer);
    QMetaObject::invokeMethod(&application, &QCoreApplication::quit, Qt::QueuedConnection);
    application.exec();
    return s_messages;
}

static int outlivesApplication(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        QCoreApplication application(argc, argv);
        QCoreApplication::processEvents();
        scope.reschedule(1ms);
    }
    if (!scope.isActive())
        return 2;
    scope.reschedule(2ms);
    scope.finish();
    QTimeoutScope after(1ms);
    return s_messages;
}

static int secondApplication(int &argc, char **argv)
{
    QTimeoutScope scope(1h);
    {
        QCoreApplication application(argc, argv);
        QTimeoutScope first(1ms);
        if (const int result = expectExpiry(application, first))
            return result;
        scope.reschedule(1ms);
    }
    QCoreApplication application(argc, argv);
    return expectExpiry(application, scope);
}

static int newScopeInSecondApplication(int &argc, char **argv)
{
    QTimeoutScope pending(1h);
    {
        QCoreApplication application(argc, argv);
        QCoreApplication::processEvents();
    }
    QCoreApplication application(argc, argv);
    QTimeoutScope scope(1ms);
    return expectExpiry(application, scope);
}

struct Case
{
    const char *name;
    int (*run)(int &argc, char **argv);
};

static constexpr Case Cases[] = {
        {"startedBeforeApplication", startedBeforeApplication},
        {"pastBeforeApplication", pastBeforeApplication},
        {"finishedBeforeApplication", finishedBeforeApplication},
        {"endsWithScopesPending", endsWithScopesPending},
        {"outlivesApplication", outlivesApplication},
        {"secondApplication", secondApplication},
        {"newScopeInSecondApplication", newScopeInSecondApplication},
};

class tst_QTimeoutScopeApplication : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lifeOfProcess_data();
    void lifeOfProcess();
};

void tst_QTimeoutScopeApplication::lifeOfProcess_data()
{
    QTest::addColumn<QString>("name");
    for (const Case &each : Cases)
        QTest::newRow(each.name) << QString::fromLatin1(each.name);
}

void tst_QTimeoutScopeApplication::lifeOfProcess()
{
    QFETCH(QString, name);
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--case"), name});
    QVERIFY(process.waitForFinished(30000));
    const QByteArray output = process.readAll();
    QVERIFY2(process.exitStatus() == QProcess::NormalExit, output.constData());
    QVERIFY2(process.exitCode() == 0, output.constData());
}

int main(int argc, char **argv)
{
    if (argc == 3 && std::string_view(argv[1]) == "--case") {
        qInstallMessageHandler(countMessages);
        for (const Case &each : Cases) {
            if (std::string_view(argv[2]) == each.name)
                return each.run(argc, argv);
        }
        return 99;
    }
    QCoreApplication application(argc, argv);
    tst_QTimeoutScopeApplication test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_qtimeoutscope_application.moc"
