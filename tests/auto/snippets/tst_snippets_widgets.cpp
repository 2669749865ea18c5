// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The program of the page "In widgets", with a server and a person before it.

#define main fetchWidgets
#include "fetchwidgets/main.cpp"
#undef main

#include "slowserverthread.h"

#include <QTimeoutTestClock>

#include <QtTest/QTest>

#include <memory>

using namespace Qt::StringLiterals;

class tst_SnippetsWidgets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void spinBox();
    void buttons();
    void ends_data();
    void ends();

private:
    static std::unique_ptr<FetchWindow> open(const QUrl &url);
    static void click(const QWidget *window, const QString &text);
    static QString status(const QWidget *window) { return window->findChild<QLabel *>()->text(); }
};

std::unique_ptr<FetchWindow> tst_SnippetsWidgets::open(const QUrl &url)
{
    auto window = std::make_unique<FetchWindow>(url);
    window->show();
    [&] { QVERIFY(QTest::qWaitForWindowExposed(window.get())); }();
    return window;
}

void tst_SnippetsWidgets::click(const QWidget *window, const QString &text)
{
    for (auto *button : window->findChildren<QPushButton *>()) {
        if (button->text() == text) {
            QVERIFY2(button->isEnabled(), qPrintable(text));
            QTest::mouseClick(button, Qt::LeftButton);
            return;
        }
    }
    QFAIL(qPrintable(text));
}

// 3000 is four keys, the first of which would be three milliseconds.
void tst_SnippetsWidgets::spinBox()
{
    const SlowServerThread server;
    QTimeoutTestClock clock;
    const auto window = open(server.url(u"/never"_s));
    auto *spinBox = window->findChild<QSpinBox *>();
    spinBox->selectAll();
    for (const char key : {'3', '0', '0', '0'}) {
        QTest::keyClick(spinBox, key);
        clock.advance(10ms);
        QCOMPARE(status(window.get()), u"Fetching…"_s);
    }
    QTest::keyClick(spinBox, Qt::Key_Return);
    clock.advance(2999ms);
    QCOMPARE(status(window.get()), u"Fetching…"_s);
    clock.advance(1ms);
    QCOMPARE(status(window.get()), u"Timed out"_s);
}

void tst_SnippetsWidgets::buttons()
{
    const SlowServerThread server;
    QTimeoutTestClock clock;
    const auto window = open(server.url(u"/never"_s));
    click(window.get(), u"+5 s"_s);
    clock.advance(9s);
    QCOMPARE(status(window.get()), u"Fetching…"_s);
    click(window.get(), u"No limit"_s);
    clock.advance(1000h);
    QCOMPARE(status(window.get()), u"Fetching…"_s);
    QCOMPARE(window->findChild<QProgressBar *>()->maximum(), 0); // busy
    click(window.get(), u"Cancel"_s);
    QCOMPARE(status(window.get()), u"Cancelled"_s);
    click(window.get(), u"Fetch"_s);
    QCOMPARE(status(window.get()), u"Fetching…"_s);
    clock.advance(5s);
    QCOMPARE(status(window.get()), u"Timed out"_s);
}

void tst_SnippetsWidgets::ends_data()
{
    QTest::addColumn<QString>("target");
    QTest::addColumn<QString>("expected");

    QTest::newRow("complete") << u"/good?bytes=7"_s << u"7 byte(s)"_s;
    QTest::newRow("broken") << u"/reset"_s << u"Connection closed"_s;
}

void tst_SnippetsWidgets::ends()
{
    constexpr int Patience = 20000; // for a busy machine
    QFETCH(const QString, target);
    QFETCH(const QString, expected);
    const SlowServerThread server;
    const QTimeoutTestClock clock;
    const auto window = open(server.url(target));
    QTRY_COMPARE_WITH_TIMEOUT(status(window.get()), expected, Patience);
}

QTEST_MAIN(tst_SnippetsWidgets)
#include "tst_snippets_widgets.moc"
