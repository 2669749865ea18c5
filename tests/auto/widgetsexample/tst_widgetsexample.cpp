// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "downloadrow.h"
#include "downloadwindow.h"

#include "slowserverthread.h"

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeoutTestClock>

#include <QtCore/QPointer>
#include <QtCore/QRegularExpression>
#include <QtCore/QScopeGuard>
#include <QtGui/QImage>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>
#include <QtWidgets/QAbstractButton>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QStatusBar>

#include <memory>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using QTimeout::detail::DeadlineQueue;

/*
    The example as people use it, with the real server. The time of its deadlines is the test's.
*/
class tst_WidgetsExample : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void downloads();
    void unusedTimeOfTheTotal();
    void timesOut();
    void moreTime();
    void noLimit();
    void spinBoxReschedules();
    void cancels_data();
    void cancels();
    void again();
    void totalExpires();
    void moreTimeForAll();
    void cancelAll();
    void startAllAgain();
    void failureIsExplained();
    void longReasonHasRoom();
    void cancelledRowSaysSo();
    void focusStaysInTheRow_data();
    void focusStaysInTheRow();
    void focusFollowsTheButtons();
    void mnemonics();
    void rightToLeft();
    void buttonsOfWhatHasEnded();
    void closedInTheMiddle_data();
    void closedInTheMiddle();
    void closedAfterAgain();
    void accessibleNames();
    void accessibleTexts();

private:
    void open(const QList<DemoPage> &pages);
    DownloadRow *row(int index = 0) const
    {
        return m_window->findChildren<DownloadRow *>().at(index);
    }
    QString result(int index = 0) const
    {
        return row(index)->findChild<QLabel *>(u"result"_s)->text();
    }
    QString bar(int index = 0) const
    {
        return row(index)->findChild<QProgressBar *>(u"bar"_s)->text();
    }
    QString totalBar() const { return m_window->findChild<QProgressBar *>(u"totalBar"_s)->text(); }
    QString status() const { return m_window->statusBar()->currentMessage(); }
    static QAbstractButton *button(const QWidget *in, const char *name);
    static void click(const QWidget *in, const char *name);
    void activate() const;
    static bool hasColor(const QImage &picture, QPalette::ColorRole role);
    bool waitForRequests(int count) const;

    static constexpr int Patience = 20000; // for a busy machine

    std::unique_ptr<SlowServerThread> m_server;
    std::unique_ptr<QTimeoutTestClock> m_clock;
    QPointer<DownloadWindow> m_window;
};

static const DemoPage Never{u"Never"_s, u"/never"_s, 3s};
static const DemoPage Good{u"Good"_s, u"/good?bytes=2048"_s, 3s};

void tst_WidgetsExample::init()
{
    // A platform without windows may say so, whatever the program does.
    QTest::failOnWarning(QRegularExpression(u"^(?!This plugin does not support)"_s));
    m_server = std::make_unique<SlowServerThread>();
    QVERIFY(m_server->isListening());
    m_clock = std::make_unique<QTimeoutTestClock>();
}

void tst_WidgetsExample::cleanup()
{
    delete m_window;
    QCOMPARE(DeadlineQueue::current()->size(), 0U);
    m_clock.reset();
    m_server.reset();
}

void tst_WidgetsExample::open(const QList<DemoPage> &pages)
{
    m_window = new DownloadWindow(pages,
                                  [this](const QString &target) { return m_server->url(target); });
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window));
    m_window->startAll();
}

QAbstractButton *tst_WidgetsExample::button(const QWidget *in, const char *name)
{
    return in->findChild<QAbstractButton *>(QString::fromLatin1(name));
}

void tst_WidgetsExample::click(const QWidget *in, const char *name)
{
    QAbstractButton *target = button(in, name);
    QVERIFY2(target && target->isVisible() && target->isEnabled(), name);
    QTest::mouseClick(target, Qt::LeftButton);
}

void tst_WidgetsExample::activate() const
{
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window));
}

bool tst_WidgetsExample::hasColor(const QImage &picture, QPalette::ColorRole role)
{
    const QRgb color = QApplication::palette().color(role).rgb();
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x) {
            if ((picture.pixel(x, y) & RGB_MASK) == (color & RGB_MASK))
                return true;
        }
    }
    return false;
}

bool tst_WidgetsExample::waitForRequests(int count) const
{
    return QTest::qWaitFor([&] { return m_server->server()->requestCount() >= count; }, Patience);
}

void tst_WidgetsExample::downloads()
{
    open({Good});
    QCOMPARE(status(), u"Downloading…"_s);
    QCOMPARE(bar(), u"3.0 s left"_s);
    QTRY_COMPARE_WITH_TIMEOUT(row()->outcome(), DownloadRow::Done, Patience);
    QCOMPARE(result(), u"done, 2.00 KiB"_s);
    QCOMPARE(bar(), u"3.0 s unused"_s);
    QCOMPARE(status(), u"Good is complete."_s);
    QCOMPARE(totalBar(), u"60.0 s unused"_s);
}

// What is shown does not jump at the end.
void tst_WidgetsExample::unusedTimeOfTheTotal()
{
    open({{u"Long"_s, u"/good?bytes=2048"_s, 90s}, {u"Endless"_s, u"/slow?ms=300"_s, 90s}, Never});
    click(row(1), "noLimit");
    for (const int i : {0, 1})
        QCOMPARE(bar(i), u"60.0 s left"_s);
    for (const int i : {0, 1}) {
        QTRY_COMPARE_WITH_TIMEOUT(row(i)->outcome(), DownloadRow::Done, Patience);
        QCOMPARE(bar(i), u"60.0 s unused"_s);
    }
}

void tst_WidgetsExample::timesOut()
{
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never});
    QVERIFY(waitForRequests(1));
    m_clock->advance(2999ms);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    m_clock->advance(1ms);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
    QCOMPARE(result(), u"timed out"_s);
    QCOMPARE(bar(), u"time is up"_s);
    QCOMPARE(status(), u"Never has timed out."_s);
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, Patience); // it has reached the network
}

void tst_WidgetsExample::moreTime()
{
    open({Never});
    m_clock->advance(2s);
    click(row(), "moreTime");
    QCOMPARE(bar(), u"6.0 s left"_s);
    m_clock->advance(5999ms);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    m_clock->advance(1ms);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
}

void tst_WidgetsExample::noLimit()
{
    open({Never});
    click(row(), "noLimit");
    QCOMPARE(bar(), u"60.0 s left"_s); // of the total
    click(m_window, "noLimitForAll");
    m_clock->advance(1000h);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    QTRY_COMPARE(bar(), u"no limit"_s);
    QVERIFY(!button(row(), "moreTime")->isEnabled()); // there is nothing to add to

    // A new deadline can be set any time.
    row()->findChild<QSpinBox *>(u"timeout"_s)->stepUp();
    QCOMPARE(bar(), u"4.0 s left"_s);
    QVERIFY(button(row(), "moreTime")->isEnabled());
    m_clock->advance(4s);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
}

void tst_WidgetsExample::spinBoxReschedules()
{
    open({Never});
    m_clock->advance(1s);
    auto *spinBox = row()->findChild<QSpinBox *>(u"timeout"_s);
    spinBox->setFocus();
    spinBox->selectAll();
    QTest::keyClicks(spinBox, u"700"_s);
    QTest::keyClick(spinBox, Qt::Key_Return);
    m_clock->advance(699ms);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    m_clock->advance(1ms);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
}

void tst_WidgetsExample::cancels_data()
{
    QTest::addColumn<bool>("byKey");

    QTest::newRow("mouse") << false;
    QTest::newRow("key") << true;
}

void tst_WidgetsExample::cancels()
{
    QFETCH(const bool, byKey);
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never, Never});
    QVERIFY(waitForRequests(2));
    if (byKey)
        QTest::keyClick(button(row(1), "cancel"), Qt::Key_Space);
    else
        click(row(1), "cancel");
    QCOMPARE(row(0)->outcome(), DownloadRow::Running);
    QCOMPARE(row(1)->outcome(), DownloadRow::Cancelled);
    QCOMPARE(status(), u"Never was cancelled."_s);
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, Patience);
}

void tst_WidgetsExample::again()
{
    open({Never});
    m_clock->advance(3s);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
    click(row(), "again");
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    QVERIFY(waitForRequests(1));
    m_clock->advance(2999ms);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    m_clock->advance(1ms);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
}

void tst_WidgetsExample::totalExpires()
{
    open({{u"Long"_s, u"/never"_s, 90s}, {u"Endless"_s, u"/never"_s, 90s}, Good});
    click(row(1), "noLimit");
    QTRY_COMPARE_WITH_TIMEOUT(row(2)->outcome(), DownloadRow::Done, Patience);
    m_clock->advance(60s);
    for (const int i : {0, 1}) {
        QCOMPARE(row(i)->outcome(), DownloadRow::TimedOut);
        QCOMPARE(result(i), u"too late: the time for all is over"_s);
        QCOMPARE(bar(i), u"time is up"_s);
    }
    QCOMPARE(row(2)->outcome(), DownloadRow::Done);
    QCOMPARE(status(), u"The time for all is over."_s);
    QCOMPARE(totalBar(), u"time is up"_s);
}

void tst_WidgetsExample::moreTimeForAll()
{
    open({{u"Long"_s, u"/never"_s, 90s}});
    click(m_window, "moreTimeForAll");
    QCOMPARE(totalBar(), u"65.0 s left"_s);
    m_clock->advance(64999ms);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    m_clock->advance(1ms);
    QCOMPARE(row()->outcome(), DownloadRow::TimedOut);
}

void tst_WidgetsExample::cancelAll()
{
    open({Never, Never});
    click(m_window, "cancelAll");
    QCOMPARE(row(0)->outcome(), DownloadRow::Cancelled);
    QCOMPARE(row(1)->outcome(), DownloadRow::Cancelled);
    QVERIFY(!button(m_window, "cancelAll")->isVisible());
}

void tst_WidgetsExample::startAllAgain()
{
    open({Never, Good});
    QTRY_COMPARE_WITH_TIMEOUT(row(1)->outcome(), DownloadRow::Done, Patience);
    m_clock->advance(3s);
    click(row(0), "again"); // by itself, until it comes under the total again
    QVERIFY(waitForRequests(3));
    click(m_window, "startAll");
    QVERIFY(waitForRequests(4)); // the good one again
    click(m_window, "cancelAll");
    QCOMPARE(row(0)->outcome(), DownloadRow::Cancelled);
    QCOMPARE(m_server->server()->requestCount(), 4);
}

void tst_WidgetsExample::failureIsExplained()
{
    open({{u"Broken"_s, u"/reset"_s, 3s}});
    QTRY_COMPARE_WITH_TIMEOUT(row()->outcome(), DownloadRow::Failed, Patience);
    const QString failed = u"failed: "_s;
    QVERIFY2(result().startsWith(failed), qPrintable(result()));
    const QString reason = result().mid(failed.size());
    QVERIFY(!reason.isEmpty());
    QCOMPARE(status(), u"Broken has failed: "_s + reason);
    QCOMPARE(row()->findChild<QLabel *>(u"result"_s)->toolTip(), status());
}

void tst_WidgetsExample::longReasonHasRoom()
{
    open({{u"Missing"_s, u"/status?code=404"_s, 3s}});
    const auto *label = row()->findChild<QLabel *>(u"result"_s);
    QTRY_COMPARE_WITH_TIMEOUT(row()->outcome(), DownloadRow::Failed, Patience);
    QVERIFY2(result().contains(u"Not Found"_s), qPrintable(result()));
    QVERIFY(label->heightForWidth(label->width()) > 2 * label->fontMetrics().height());
    QTRY_VERIFY(label->height() >= label->heightForWidth(label->width()));
}

void tst_WidgetsExample::cancelledRowSaysSo()
{
    open({Never, Never});
    m_clock->advance(1s);
    click(row(1), "cancel");
    QCOMPARE(result(1), u"cancelled"_s);
    QCOMPARE(bar(1), u"cancelled"_s);
    QTRY_COMPARE(bar(0), u"2.0 s left"_s);
    click(m_window, "cancelAll");
    QCOMPARE(bar(0), u"cancelled"_s);
    QCOMPARE(totalBar(), u"cancelled"_s);
}

void tst_WidgetsExample::focusStaysInTheRow_data()
{
    QTest::addColumn<QString>("focused");
    QTest::addColumn<bool>("cancel");

    for (const char *name : {"timeout", "moreTime", "noLimit", "cancel"}) {
        for (const bool cancel : {false, true})
            QTest::addRow("%s, %s", name, cancel ? "cancelled" : "timed out")
                    << QString::fromLatin1(name) << cancel;
    }
}

// Who is typing into one row does not find himself in another.
void tst_WidgetsExample::focusStaysInTheRow()
{
    QFETCH(const QString, focused);
    QFETCH(const bool, cancel);
    open({Never, {u"Long"_s, u"/never"_s, 50s}});
    activate();
    row()->findChild<QWidget *>(focused)->setFocus();
    QCOMPARE(m_window->focusWidget()->objectName(), focused);
    if (cancel)
        row()->cancel();
    else
        m_clock->advance(3s);
    QCOMPARE(m_window->focusWidget(), button(row(), "again"));
    QTest::keyClicks(m_window->focusWidget(), u"1"_s);
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Return);
    QCOMPARE(row(1)->findChild<QSpinBox *>(u"timeout"_s)->value(), 50000);
    QCOMPARE(row(1)->outcome(), DownloadRow::Running);
}

void tst_WidgetsExample::focusFollowsTheButtons()
{
    open({Never, {u"Long"_s, u"/never"_s, 50s}});
    activate();
    button(row(), "noLimit")->setFocus();
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(m_window->focusWidget(), row()->findChild<QSpinBox *>(u"timeout"_s));
    button(row(), "cancel")->setFocus();
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(m_window->focusWidget(), button(row(), "again"));
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(row()->outcome(), DownloadRow::Running);
    QCOMPARE(m_window->focusWidget(), button(row(), "cancel"));

    button(m_window, "cancelAll")->setFocus();
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(m_window->focusWidget(), button(m_window, "startAll"));
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(m_window->focusWidget(), button(m_window, "cancelAll"));
    button(m_window, "noLimitForAll")->setFocus();
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(m_window->focusWidget(), button(m_window, "cancelAll"));
}

void tst_WidgetsExample::mnemonics()
{
    open({{u"Alpha & Beta"_s, u"/never"_s, 3s}, {u"Gamma"_s, u"/never"_s, 50s}});
    activate();
    const auto alt = [this](Qt::Key key) { QTest::keyClick(m_window, key, Qt::AltModifier); };
    alt(Qt::Key_G);
    QCOMPARE(m_window->focusWidget(), row(1)->findChild<QSpinBox *>(u"timeout"_s));
    // From row to row, and from there with the space bar.
    alt(Qt::Key_C);
    QCOMPARE(m_window->focusWidget(), button(row(0), "cancel"));
    alt(Qt::Key_C);
    QCOMPARE(m_window->focusWidget(), button(row(1), "cancel"));
    QTest::keyClick(m_window->focusWidget(), Qt::Key_Space);
    QCOMPARE(row(1)->outcome(), DownloadRow::Cancelled);
    // What is there only once is pressed at once.
    alt(Qt::Key_C);
    QTRY_COMPARE(row(0)->outcome(), DownloadRow::Cancelled);

    for (const QAbstractButton *each : m_window->findChildren<QAbstractButton *>()) {
        if (!each->text().isEmpty())
            QVERIFY2(!each->shortcut().isEmpty(), qPrintable(each->objectName()));
    }
}

// As a person sees it: the name, what is left of the time, and then what can be done, from right to left.
void tst_WidgetsExample::rightToLeft()
{
    QApplication::setLayoutDirection(Qt::RightToLeft);
    const QPalette usual = QApplication::palette();
    QPalette colors = usual;
    colors.setColor(QPalette::Text, Qt::red);
    colors.setColor(QPalette::HighlightedText, Qt::green);
    colors.setColor(QPalette::Highlight, Qt::blue);
    colors.setColor(QPalette::Base, Qt::white);
    QApplication::setPalette(colors);
    const auto restore = qScopeGuard([&usual] {
        QApplication::setLayoutDirection(Qt::LeftToRight);
        QApplication::setPalette(usual);
    });
    QApplication::setStyle(u"Fusion"_s);
    open({{u"Long"_s, u"/never"_s, 60s}});

    int right = m_window->width();
    for (const char *name : {"result", "bar", "timeout", "moreTime", "noLimit", "cancel"}) {
        const auto *widget = row()->findChild<QWidget *>(QString::fromLatin1(name));
        QVERIFY2(widget->geometry().right() < right, name);
        right = widget->geometry().left();
    }
    const auto *label = row()->findChild<QLabel *>(u"result"_s);
    QVERIFY(label->alignment().testFlags(Qt::AlignRight | Qt::AlignAbsolute));
    const auto *spinBox = row()->findChild<QSpinBox *>(u"timeout"_s);
    QVERIFY(spinBox->alignment().testFlags(Qt::AlignRight | Qt::AlignAbsolute));
    QCOMPARE(spinBox->value(), 60000);

    // Isolated from the direction around.
    QCOMPARE(bar(), u"\u206860.0 s left\u2069"_s);
    QCOMPARE(button(row(), "moreTime")->text(), u"\u2068+&5 s\u2069"_s);
    QCOMPARE(spinBox->text(), u"\u206860000 ms\u2069"_s);
    QCOMPARE(status(), u"\u2068Downloading…\u2069"_s);

    // The bar shrinks to the right, and the text can be read where it is, and where it is not.
    m_clock->advance(45s);
    auto *progress = row()->findChild<QProgressBar *>(u"bar"_s);
    QTRY_COMPARE(bar(), u"\u206815.0 s left\u2069"_s);
    progress->setValue(progress->maximum());
    QImage picture = progress->grab().toImage();
    QVERIFY(hasColor(picture, QPalette::HighlightedText));
    QVERIFY(!hasColor(picture, QPalette::Text));
    progress->setValue(progress->maximum() / 4);
    picture = progress->grab().toImage();
    QVERIFY(hasColor(picture, QPalette::Text));
    const auto colorAt = [&picture](double x) {
        return picture.pixelColor(int(picture.width() * x), picture.height() - 6);
    };
    QVERIFY(colorAt(0.95).blue() > 2 * colorAt(0.95).red());
    QCOMPARE(colorAt(0.05), QColor(Qt::white));
}

void tst_WidgetsExample::buttonsOfWhatHasEnded()
{
    open({Never});
    QVERIFY(!button(row(), "again")->isVisible());
    m_clock->advance(3s);
    QVERIFY(!button(row(), "cancel")->isVisible());
    for (const char *name : {"moreTime", "noLimit"})
        QVERIFY(!button(row(), name)->isEnabled());
    QVERIFY(!row()->findChild<QSpinBox *>(u"timeout"_s)->isEnabled());
}

void tst_WidgetsExample::closedInTheMiddle_data()
{
    QTest::addColumn<bool>("close");

    QTest::newRow("closed") << true;
    QTest::newRow("destroyed") << false;
}

void tst_WidgetsExample::closedInTheMiddle()
{
    QFETCH(const bool, close);
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never, {u"Drip"_s, u"/drip?ms=50"_s, 60s}, Never});
    QVERIFY(waitForRequests(3));
    if (close) {
        m_window->setAttribute(Qt::WA_DeleteOnClose);
        QVERIFY(m_window->close());
        QTRY_VERIFY(!m_window);
    } else {
        delete m_window;
    }
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 3, Patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->server()->openConnections(), 0, Patience);
}

void tst_WidgetsExample::closedAfterAgain()
{
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never});
    QVERIFY(waitForRequests(1));
    m_clock->advance(3s);
    click(row(), "again"); // the total has ended
    QVERIFY(waitForRequests(2));
    QVERIFY(m_window->close());
    QCOMPARE(row()->outcome(), DownloadRow::Cancelled);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->server()->openConnections(), 0, Patience);
}

void tst_WidgetsExample::accessibleTexts()
{
    open({Never});
    const auto *label = row()->findChild<QLabel *>(u"result"_s);
    const auto *progress = row()->findChild<QProgressBar *>(u"bar"_s);
    QCOMPARE(label->accessibleName(), u"State of Never: running"_s);
    QCOMPARE(progress->accessibleDescription(), u"3 s left"_s);
    m_clock->advance(1200ms);
    click(row(), "moreTime"); // it is shown at once
    QCOMPARE(bar(), u"6.8 s left"_s);
    QCOMPARE(progress->accessibleDescription(), u"7 s left"_s);
    m_clock->advance(7s);
    QCOMPARE(label->accessibleName(), u"State of Never: timed out"_s);
    QCOMPARE(progress->accessibleDescription(), u"time is up"_s);
}

void tst_WidgetsExample::accessibleNames()
{
    open({Never, Good});
    QStringList names;
    for (const char *type : {"QAbstractButton", "QSpinBox", "QProgressBar"}) {
        for (const QWidget *widget : m_window->findChildren<QWidget *>()) {
            if (!widget->inherits(type))
                continue;
            QVERIFY2(!widget->accessibleName().isEmpty(), qPrintable(widget->objectName()));
            QVERIFY2(!names.contains(widget->accessibleName()),
                     qPrintable(widget->accessibleName()));
            names.append(widget->accessibleName());
        }
    }
    QCOMPARE(names.size(), 2 * 6 + 5);
}

QTEST_MAIN(tst_WidgetsExample)
#include "tst_widgetsexample.moc"
