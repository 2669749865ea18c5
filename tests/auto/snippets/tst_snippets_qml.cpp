// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The QML that README.md and the manual show does what they say.

#include "slowserverthread.h"

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroQmlTask>

#include <QtCore/QFile>
#include <QtCore/QLocale>
#include <QtCore/QRegularExpression>
#include <QtQml/QQmlComponent>
#include <QtQml/QQmlEngine>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>
#include <QtTest/QTest>

#include <memory>
#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/*
    The C++ behind the pages. It answers after one second.
*/
class Backend : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    Q_INVOKABLE QCoro::QmlTask load(QTimeoutScope *scope, const QUrl &url)
    {
        return scope->run(&Backend::answer, this, url);
    }
    Q_INVOKABLE QCoro::QmlTask load(const QUrl &url) { return answerAnybody(url); }

    int interrupted = 0;

private:
    QCoro::Task<QString> answer(QTimeoutScope &, QUrl url)
    {
        try {
            co_await QTimeout::sleepFor(url.host().startsWith("late."_L1) ? 1h : 1s);
        } catch (const QTimeoutCancelled &) {
            ++interrupted;
            throw;
        }
        if (url.host().startsWith("bad."_L1))
            throw std::runtime_error("no such page");
        co_return url.host();
    }
    QCoro::Task<QString> answerAnybody(QUrl url)
    {
        co_await QTimeout::sleepFor(1s);
        co_return url.host();
    }
};

class tst_SnippetsQml : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void cleanupTestCase();

    void readmeBindings();
    void readmeWatch_data();
    void readmeWatch();
    void readmePage_data();
    void readmePage();
    void bindings();
    void task_data();
    void task();
    void request();
    void requestTimesOut();
    void nested();

private:
    // A page that has a block of README.md in it.
    void openBlock(const QString &name, const QString &page, const QVariantMap &properties = {});
    void openFile(const QString &name, const QVariantMap &properties = {});
    void open(const QByteArray &qml, const QString &file, const QVariantMap &properties);
    QTimeoutScope *scope() const { return m_page->property("scope").value<QTimeoutScope *>(); }

    std::unique_ptr<QTimeoutTestClock> m_clock;
    std::unique_ptr<QQmlEngine> m_engine;
    std::unique_ptr<QObject> m_page;
    Backend m_backend;
    QStringList m_blocks;
};

void tst_SnippetsQml::init()
{
    QTest::failOnWarning(QRegularExpression(u"^(?!This plugin does not support)"_s));
    m_clock = std::make_unique<QTimeoutTestClock>();
    m_engine = std::make_unique<QQmlEngine>();
    m_backend.interrupted = 0;
}

void tst_SnippetsQml::cleanup()
{
    m_page.reset();
    m_engine.reset();
    m_clock.reset();
}

// Whoever adds a block adds its test.
void tst_SnippetsQml::cleanupTestCase()
{
    QStringList blocks{README_QML_BLOCKS};
    blocks.sort();
    m_blocks.sort();
    m_blocks.removeDuplicates();
    QCOMPARE(m_blocks, blocks);
}

static QByteArray contents(const QString &fileName)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s: %s", qPrintable(fileName), qPrintable(file.errorString()));
    return file.readAll();
}

void tst_SnippetsQml::open(const QByteArray &qml, const QString &file,
                           const QVariantMap &properties)
{
    QQmlComponent component(m_engine.get());
    component.setData(qml, QUrl::fromLocalFile(file));
    m_page.reset(component.createWithInitialProperties(properties));
    QVERIFY2(m_page, qPrintable(component.errorString()));
}

void tst_SnippetsQml::openBlock(const QString &name, const QString &page,
                                const QVariantMap &properties)
{
    const QString file = QStringLiteral(README_BLOCKS) + name;
    const QString block = QString::fromUtf8(contents(file));
    open("import QTimeout; import QtQuick; import QtQuick.Controls.Basic\n"
                 + page.arg(block).toUtf8(),
         file, properties);
    m_blocks.append(name);
}

void tst_SnippetsQml::openFile(const QString &name, const QVariantMap &properties)
{
    const QString file = QStringLiteral(SNIPPETS) + name;
    open(contents(file), file, properties);
}

static QQuickItem *find(const QObject *in, const char *type)
{
    for (auto *item : qobject_cast<const QQuickItem *>(in)->childItems()) {
        if (item->inherits(type))
            return item;
    }
    return nullptr;
}

void tst_SnippetsQml::readmeBindings()
{
    openBlock(u"readme/bindings.qml"_s, uR"(Column {
        id: page
        property bool loading: false
        property string message
        property alias scope: scope
        %1
    })"_s);
    QQuickWindow window;
    qobject_cast<QQuickItem *>(m_page.get())->setParentItem(window.contentItem());
    window.resize(300, 300);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));

    m_page->setProperty("loading", true);
    QVERIFY(scope()->isActive());
    m_clock->advance(4s);
    const QQuickItem *bar = find(m_page.get(), "QQuickProgressBar");
    QTRY_COMPARE(bar->property("value").toDouble(), 0.8);
    const QQuickItem *button = find(m_page.get(), "QQuickButton");
    const QPointF center(button->width() / 2, button->height() / 2);
    QTest::mouseClick(&window, Qt::LeftButton, {}, button->mapToScene(center).toPoint());
    QCOMPARE(scope()->remainingTime(), 6s);
    m_clock->advance(5999ms);
    QCOMPARE(m_page->property("message").toString(), QString());
    m_clock->advance(1ms);
    QCOMPARE(m_page->property("message").toString(), u"Timed out"_s);
}

void tst_SnippetsQml::readmeWatch_data()
{
    QTest::addColumn<int>("timeout");
    QTest::addColumn<QString>("shown");
    QTest::addColumn<int>("interrupted");

    QTest::newRow("in time") << 1001 << u"example.org"_s << 0;
    QTest::newRow("too late") << 999 << QString() << 1;
}

void tst_SnippetsQml::readmeWatch()
{
    QFETCH(const int, timeout);
    QFETCH(const QString, shown);
    QFETCH(const int, interrupted);
    openBlock(u"readme/watch.qml"_s, uR"(Item {
        required property var backend
        property url url: "https://example.org/"
        property string shown
        property alias scope: scope
        function show(page) { shown = page; }
        function load() { %1 }
        TimeoutScope { id: scope; running: true }
    })"_s,
              {{u"backend"_s, QVariant::fromValue(&m_backend)}});
    scope()->reschedule(timeout);
    QVERIFY(QMetaObject::invokeMethod(m_page.get(), "load"));
    m_clock->advance(2s);
    QCOMPARE(m_page->property("shown").toString(), shown);
    QCOMPARE(m_backend.interrupted, interrupted);
}

void tst_SnippetsQml::readmePage_data()
{
    QTest::addColumn<QUrl>("url");
    QTest::addColumn<QString>("shown");
    QTest::addColumn<QString>("message");

    QTest::newRow("in time") << QUrl(u"https://example.org/"_s) << u"example.org"_s << QString();
    QTest::newRow("too late") << QUrl(u"https://late.example.org/"_s) << QString()
                              << u"Timed out after 5 s"_s;
    QTest::newRow("failed") << QUrl(u"https://bad.example.org/"_s) << QString()
                            << u"no such page"_s;
}

void tst_SnippetsQml::readmePage()
{
    QFETCH(const QUrl, url);
    QFETCH(const QString, shown);
    QFETCH(const QString, message);
    QLocale::setDefault(QLocale::c());
    if (message == "no such page"_L1) {
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression(
                                     u"page.qml:\\d+: TimeoutScope.watch: .*no such page"_s));
    }
    openBlock(u"readme/page.qml"_s, uR"(Item {
        required property var backend
        required property url url
        property string shown
        property alias message: label.text
        function show(page) { shown = page; }
        Text { id: label }
        %1
    })"_s,
              {{u"backend"_s, QVariant::fromValue(&m_backend)}, {u"url"_s, url}});
    m_clock->advance(2s);
    QCOMPARE(m_page->property("shown").toString(), shown);
    m_clock->advance(3s);
    QCOMPARE(m_page->property("message").toString(), message);
}

void tst_SnippetsQml::bindings()
{
    openFile(u"Bindings.qml"_s);
    m_clock->advance(2500ms);
    const auto *bar = m_page->property("bar").value<QObject *>();
    QTRY_COMPARE(bar->property("value").toDouble(), 0.5);
    QTest::ignoreMessage(QtDebugMsg, "time is up");
    m_clock->advance(2500ms);
    QCOMPARE(bar->property("value").toDouble(), 1.0);
}

void tst_SnippetsQml::task_data()
{
    QTest::addColumn<int>("timeout");
    QTest::addColumn<QString>("shown");

    QTest::newRow("in time") << 1001 << u"example.org"_s;
    QTest::newRow("too late") << 999 << QString();
}

void tst_SnippetsQml::task()
{
    QFETCH(const int, timeout);
    QFETCH(const QString, shown);
    openFile(u"Task.qml"_s,
             {{u"backend"_s, QVariant::fromValue(&m_backend)},
              {u"url"_s, QUrl(u"https://example.org/"_s)}});
    scope()->reschedule(timeout);
    QVERIFY(QMetaObject::invokeMethod(m_page.get(), "load"));
    m_clock->advance(2s);
    QCOMPARE(m_page->property("shown").toString(), shown);
}

void tst_SnippetsQml::request()
{
    const SlowServerThread server;
    openFile(u"Request.qml"_s, {{u"address"_s, server.url(u"/good?bytes=3"_s)}});
    QVERIFY(QMetaObject::invokeMethod(m_page.get(), "fetch"));
    QTRY_COMPARE(scope()->state(), QTimeoutScope::Finished);
    const auto reply = m_page->property("request").value<QJSValue>();
    QCOMPARE(reply.property(u"responseText"_s).toString(), u"xxx"_s);
}

void tst_SnippetsQml::requestTimesOut()
{
    const SlowServerThread server;
    openFile(u"Request.qml"_s, {{u"address"_s, server.url(u"/never"_s)}});
    QVERIFY(QMetaObject::invokeMethod(m_page.get(), "fetch"));
    QTRY_COMPARE(server.server()->requestCount(), 1);
    m_clock->advance(5s);
    QCOMPARE(scope()->state(), QTimeoutScope::Expired);
    const auto request = m_page->property("request").value<QJSValue>();
    QCOMPARE(request.property(u"readyState"_s).toInt(), 0); // as that of one that was aborted
}

void tst_SnippetsQml::nested()
{
    openFile(u"Nested.qml"_s);
    auto *total = qobject_cast<QTimeoutScope *>(m_page.get());
    const auto scopes = total->findChildren<QTimeoutScope *>();
    QCOMPARE(scopes.size(), 1);
    QTimeoutScope *firstStep = scopes.constFirst();
    total->setProperty("running", true);
    firstStep->setProperty("running", true);
    m_clock->advance(5s);
    QVERIFY(firstStep->hasExpired());
    m_clock->advance(14s);
    firstStep->setProperty("running", true);
    m_clock->advance(1s);
    QVERIFY(total->hasExpired());
    QVERIFY(firstStep->isCancelled());
}

QTEST_MAIN(tst_SnippetsQml)
#include "tst_snippets_qml.moc"
