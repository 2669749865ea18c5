// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroDBusPendingCall>

#include <QtCore/qprocess.h>
#include <QtCore/qstandardpaths.h>
#include <QtDBus/qdbusconnection.h>
#include <QtDBus/qdbuscontext.h>
#include <QtDBus/qdbusmessage.h>
#include <QtDBus/qdbuspendingcall.h>

#include <utility>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
static constexpr int Patience = 20000;

/*
    Answers when the test says so.
*/
class Service : public QObject, protected QDBusContext
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.example.Service")

public:
    bool isCalled() const { return m_call.type() == QDBusMessage::MethodCallMessage; }
    void answer(QDBusConnection bus) { bus.send(std::exchange(m_call, {}).createReply(42)); }

public Q_SLOTS:
    int ask()
    {
        setDelayedReply(true);
        m_call = message();
        return 0;
    }

private:
    QDBusMessage m_call;
};

class tst_QTimeoutRunDBus : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

    void callReturnsTheReply();
    void namedCallReturnsTheReply();
    void callThatIsNotAnsweredTimesOut();
    void callInAnAbortableCoroutine();

private:
    QDBusPendingCall ask()
    {
        m_asked = m_client.asyncCall(QDBusMessage::createMethodCall(m_bus.baseService(), "/",
                                                                    "org.example.Service", "ask"));
        return m_asked;
    }

    QProcess m_daemon;
    QDBusConnection m_bus{"none"}; // of the service
    QDBusConnection m_client{"none"}; // a call to oneself would be a mere function call
    QDBusPendingCall m_asked = QDBusPendingCall::fromError({}); // the newest
};

void tst_QTimeoutRunDBus::initTestCase()
{
    if (QStandardPaths::findExecutable("dbus-daemon").isEmpty())
        QSKIP("There is no dbus-daemon.");
    m_daemon.start("dbus-daemon", {"--session", "--nofork", "--print-address"});
    QVERIFY(m_daemon.waitForReadyRead(Patience));
    const QString address = QString::fromLocal8Bit(m_daemon.readLine()).trimmed();
    m_bus = QDBusConnection::connectToBus(address, "test");
    m_client = QDBusConnection::connectToBus(address, "client");
    QVERIFY(m_bus.isConnected() && m_client.isConnected());
}

void tst_QTimeoutRunDBus::cleanupTestCase()
{
    m_bus = QDBusConnection("none");
    m_client = QDBusConnection("none");
    QDBusConnection::disconnectFromBus("client");
    QDBusConnection::disconnectFromBus("test");
    m_daemon.kill();
    m_daemon.waitForFinished(Patience);
}

void tst_QTimeoutRunDBus::callReturnsTheReply()
{
    Service service;
    QVERIFY(m_bus.registerObject("/", &service, QDBusConnection::ExportAllSlots));
    const auto observed = observe(QTimeout::run(1s, ask()));
    QTRY_VERIFY_WITH_TIMEOUT(service.isCalled(), Patience);
    QCOMPARE(observed->end, End::Pending);
    service.answer(m_bus);
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE(observed->value->arguments(), QVariantList{42});
}

void tst_QTimeoutRunDBus::namedCallReturnsTheReply()
{
    Service service;
    QVERIFY(m_bus.registerObject("/", &service, QDBusConnection::ExportAllSlots));
    ObservedPointer<std::optional<QDBusMessage>> observed;
    {
        const QDBusPendingCall call = ask(); // it is copied
        observed = observe(QTimeout::tryRun(1s, call));
    }
    QTRY_VERIFY_WITH_TIMEOUT(service.isCalled(), Patience);
    service.answer(m_bus);
    QTRY_COMPARE_WITH_TIMEOUT(observed->end, End::Returned, Patience);
    QCOMPARE((*observed->value)->arguments(), QVariantList{42});
}

void tst_QTimeoutRunDBus::callThatIsNotAnsweredTimesOut()
{
    Service service;
    QVERIFY(m_bus.registerObject("/", &service, QDBusConnection::ExportAllSlots));
    const QDBusPendingCall call = ask();
    const auto observed = observe(QTimeout::run(1s, call));
    QTRY_VERIFY_WITH_TIMEOUT(service.isCalled(), Patience);
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    service.answer(m_bus); // to nobody
    QTRY_VERIFY_WITH_TIMEOUT(call.isFinished(), Patience);
    clock().advance(0ms);
    QVERIFY(!observed->value);
}

void tst_QTimeoutRunDBus::callInAnAbortableCoroutine()
{
    Service service;
    QVERIFY(m_bus.registerObject("/", &service, QDBusConnection::ExportAllSlots));
    const auto coroutine = [this](QTimeoutScope &) -> QCoro::Task<QVariantList> {
        const Tracked local;
        const QDBusMessage reply = co_await ask();
        co_return reply.arguments();
    };
    const auto answered = observe(QTimeout::run(1s, coroutine));
    QTRY_VERIFY_WITH_TIMEOUT(service.isCalled(), Patience);
    service.answer(m_bus);
    QTRY_COMPARE_WITH_TIMEOUT(answered->end, End::Returned, Patience);
    QCOMPARE(answered->value, QVariantList{42});

    const auto late = observe(QTimeout::run(1s, coroutine));
    clock().advance(1s);
    QCOMPARE(late->end, End::TimedOut);
    QCOMPARE(Tracked::alive(), 0);

    // What was abandoned is freed when it is answered.
    QTRY_VERIFY_WITH_TIMEOUT(service.isCalled(), Patience);
    service.answer(m_bus);
    QTRY_VERIFY_WITH_TIMEOUT(m_asked.isFinished(), Patience);
    clock().advance(0ms);
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunDBus)
#include "tst_qtimeoutrun_dbus.moc"
