// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "quickwindow.h"

#include "slowserverthread.h"

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeoutTestClock>

#include <QtCore/QLocale>
#include <QtCore/QRegularExpression>
#include <QtCore/QScopeGuard>
#include <QtGui/QAccessible>
#include <QtGui/QFont>
#include <QtGui/QGuiApplication>
#include <QtGui/QImage>
#include <QtGui/QPalette>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using QTimeout::detail::DeadlineQueue;

/*
    The example as people use it, with the real server. The time of its deadlines is the test's.
*/
class tst_QuickExample : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void downloads();
    void timesOut();
    void moreTime();
    void noLimit();
    void cancels_data();
    void cancels();
    void again();
    void totalExpires();
    void moreTimeForAll();
    void cancelAll();
    void startAllAgain();
    void failureIsExplained();
    void cancelledCardSaysSo();
    void focusStaysInTheCard_data();
    void focusStaysInTheCard();
    void focusFollowsTheButtons();
    void buttonsHaveAShape_data();
    void buttonsHaveAShape();
    void unitOfTheRing_data();
    void unitOfTheRing();
    void rightToLeft();
    void buttonsOfWhatHasEnded();
    void closedInTheMiddle_data();
    void closedInTheMiddle();
    void closedAfterAgain();
    void accessibleNames();
    void nothingIsCutOff_data();
    void nothingIsCutOff();

private:
    void open(const QList<DemoPage> &pages);
    QQuickItem *card(int index) const;
    QString outcome(int index = 0) const { return text(card(index), "outcome"); }
    QString message() const { return text(m_quick->window()->contentItem(), "message"); }
    double remaining(int index = 0) const;
    static QString text(QQuickItem *in, const char *name);
    static QQuickItem *find(QQuickItem *in, const char *name);
    void click(QQuickItem *in, const char *name) const;
    void click(const char *name) const { click(m_quick->window()->contentItem(), name); }
    void activate() const;
    bool waitForFrame() const;
    void checkTexts() const;
    void checkButtons(int count) const;
    static void collect(QQuickItem *in, const char *type, QList<QQuickItem *> *items);
    bool waitForRequests(int count) const;
    bool waitForOutcome(int index, const QString &expected) const;

    static constexpr int Patience = 20000; // for a busy machine

    std::unique_ptr<SlowServerThread> m_server;
    std::unique_ptr<QTimeoutTestClock> m_clock;
    std::unique_ptr<QuickWindow> m_quick;
};

static const DemoPage Never{u"Never"_s, u"/never"_s, 3s};
static const DemoPage Good{u"Good"_s, u"/good?bytes=2048"_s, 3s};

void tst_QuickExample::init()
{
    // A platform without windows may say so, whatever the program does.
    QTest::failOnWarning(QRegularExpression(u"^(?!This plugin does not support)"_s));
    m_server = std::make_unique<SlowServerThread>();
    QVERIFY(m_server->isListening());
    m_clock = std::make_unique<QTimeoutTestClock>();
}

void tst_QuickExample::cleanup()
{
    m_quick.reset();
    QCOMPARE(DeadlineQueue::current()->size(), 0U);
    m_clock.reset();
    m_server.reset();
}

void tst_QuickExample::open(const QList<DemoPage> &pages)
{
    m_quick = std::make_unique<QuickWindow>(pages, [this](const QString &target) {
        return m_server->url(target);
    });
    QVERIFY(m_quick->window());
    QVERIFY(QTest::qWaitForWindowExposed(m_quick->window()));
}

QQuickItem *tst_QuickExample::find(QQuickItem *in, const char *name)
{
    if (in->objectName() == QLatin1String(name))
        return in;
    for (QQuickItem *child : in->childItems()) {
        if (QQuickItem *found = find(child, name))
            return found;
    }
    return nullptr;
}

QString tst_QuickExample::text(QQuickItem *in, const char *name)
{
    const QQuickItem *item = find(in, name);
    return item ? item->property("text").toString() : u"there is no %1"_s.arg(QLatin1String(name));
}

QQuickItem *tst_QuickExample::card(int index) const
{
    return find(m_quick->window()->contentItem(), qPrintable(u"card%1"_s.arg(index)));
}

double tst_QuickExample::remaining(int index) const
{
    return card(index)->property("scope").value<QObject *>()->property("remainingTime").toDouble();
}

void tst_QuickExample::click(QQuickItem *in, const char *name) const
{
    QQuickItem *item = find(in, name);
    QVERIFY2(item && item->isVisible() && item->isEnabled(), name);
    QTRY_VERIFY(item->width() > 0); // laid out
    const QPointF center = item->mapToScene(QPointF(item->width() / 2, item->height() / 2));
    QTest::mouseClick(m_quick->window(), Qt::LeftButton, {}, center.toPoint());
}

void tst_QuickExample::activate() const
{
    m_quick->window()->requestActivate();
    QVERIFY(QTest::qWaitForWindowActive(m_quick->window()));
}

bool tst_QuickExample::waitForRequests(int count) const
{
    return QTest::qWaitFor([&] { return m_server->server()->requestCount() >= count; }, Patience);
}

bool tst_QuickExample::waitForOutcome(int index, const QString &expected) const
{
    return QTest::qWaitFor([&] { return outcome(index) == expected; }, Patience);
}

void tst_QuickExample::downloads()
{
    open({Good});
    QVERIFY2(waitForOutcome(0, u"done, 2.00 KiB"_s), qPrintable(outcome()));
    QCOMPARE(remaining(), 3000.0);
    QCOMPARE(message(), u"Good is complete."_s);
    QCOMPARE(m_quick->counts().done, 1);
    QCOMPARE(m_quick->counts().running, 0);
}

void tst_QuickExample::timesOut()
{
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never});
    QVERIFY(waitForRequests(1));
    m_clock->advance(2999ms);
    QCOMPARE(outcome(), u"running"_s);
    m_clock->advance(1ms);
    QCOMPARE(outcome(), u"timed out"_s);
    QCOMPARE(message(), u"Never has timed out."_s);
    QCOMPARE(m_quick->counts().timedOut, 1);
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, Patience); // it has reached the network
}

void tst_QuickExample::moreTime()
{
    open({Never});
    m_clock->advance(2s);
    click(card(0), "moreTime");
    QCOMPARE(remaining(), 6000.0);
    m_clock->advance(5999ms);
    QCOMPARE(outcome(), u"running"_s);
    m_clock->advance(1ms);
    QCOMPARE(outcome(), u"timed out"_s);
}

void tst_QuickExample::noLimit()
{
    open({Never});
    click(card(0), "noLimit");
    QCOMPARE(remaining(), 60000.0); // of the total
    click("noLimitForAll");
    m_clock->advance(1000h);
    QCOMPARE(outcome(), u"running"_s);
    QVERIFY(qIsInf(remaining()));
    QVERIFY(!find(card(0), "moreTime")->isEnabled()); // there is nothing to add to
    click(card(0), "cancel");
    QCOMPARE(outcome(), u"cancelled"_s);
}

void tst_QuickExample::cancels_data()
{
    QTest::addColumn<bool>("byKey");

    QTest::newRow("mouse") << false;
    QTest::newRow("key") << true;
}

void tst_QuickExample::cancels()
{
    QFETCH(const bool, byKey);
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never, Never});
    QVERIFY(waitForRequests(2));
    if (byKey) {
        activate();
        find(card(1), "cancel")->forceActiveFocus(Qt::TabFocusReason);
        QTest::keyClick(m_quick->window(), Qt::Key_Space);
    } else {
        click(card(1), "cancel");
    }
    QCOMPARE(outcome(0), u"running"_s);
    QCOMPARE(outcome(1), u"cancelled"_s);
    QCOMPARE(message(), u"Never was cancelled."_s);
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, Patience);
}

void tst_QuickExample::again()
{
    open({Never});
    m_clock->advance(3s);
    QCOMPARE(outcome(), u"timed out"_s);
    click(card(0), "again");
    QCOMPARE(outcome(), u"running"_s);
    QVERIFY(waitForRequests(1));
    m_clock->advance(2999ms);
    QCOMPARE(outcome(), u"running"_s);
    m_clock->advance(1ms);
    QCOMPARE(outcome(), u"timed out"_s);
}

void tst_QuickExample::totalExpires()
{
    open({{u"Long"_s, u"/never"_s, 90s}, {u"Endless"_s, u"/never"_s, 90s}, Good});
    click(card(1), "noLimit");
    QVERIFY(waitForOutcome(2, u"done, 2.00 KiB"_s));
    m_clock->advance(60s);
    QCOMPARE(outcome(0), u"too late: the time for all is over"_s);
    QCOMPARE(outcome(1), u"too late: the time for all is over"_s);
    QCOMPARE(outcome(2), u"done, 2.00 KiB"_s);
    QCOMPARE(message(), u"The time for all is over."_s);
    QCOMPARE(m_quick->counts().timedOut, 2);
}

void tst_QuickExample::moreTimeForAll()
{
    open({{u"Long"_s, u"/never"_s, 90s}});
    click("moreTimeForAll");
    QCOMPARE(remaining(), 65000.0);
    m_clock->advance(64999ms);
    QCOMPARE(outcome(), u"running"_s);
    m_clock->advance(1ms);
    QCOMPARE(outcome(), u"too late: the time for all is over"_s);
}

void tst_QuickExample::cancelAll()
{
    open({Never, Never});
    click("cancelAll");
    QCOMPARE(outcome(0), u"cancelled"_s);
    QCOMPARE(outcome(1), u"cancelled"_s);
    QVERIFY(!find(m_quick->window()->contentItem(), "cancelAll")->isVisible());
}

void tst_QuickExample::startAllAgain()
{
    open({Never, Good});
    QVERIFY(waitForOutcome(1, u"done, 2.00 KiB"_s));
    m_clock->advance(3s);
    click(card(0), "again"); // by itself, until it comes under the total again
    QVERIFY(waitForRequests(3));
    click("startAll");
    QVERIFY(waitForRequests(4)); // the good one again
    click("cancelAll");
    QCOMPARE(outcome(0), u"cancelled"_s);
    QCOMPARE(m_server->server()->requestCount(), 4);
}

void tst_QuickExample::failureIsExplained()
{
    open({{u"Broken"_s, u"/reset"_s, 3s}});
    QVERIFY2(QTest::qWaitFor([this] { return outcome().startsWith("failed: "_L1); }, Patience),
             qPrintable(outcome()));
    QCOMPARE_GE(outcome().size(), 15);
    QCOMPARE(message(), u"Broken has "_s + outcome());
}

void tst_QuickExample::cancelledCardSaysSo()
{
    open({Never, Never});
    click(card(1), "cancel");
    QCOMPARE(outcome(1), u"cancelled"_s);
    QCOMPARE(outcome(0), u"running"_s);
    QCOMPARE(message(), u"Never was cancelled."_s);
    click("cancelAll");
    QCOMPARE(outcome(0), u"cancelled"_s);
}

void tst_QuickExample::focusStaysInTheCard_data()
{
    QTest::addColumn<QString>("focused");

    for (const char *name : {"moreTime", "noLimit", "cancel"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void tst_QuickExample::focusStaysInTheCard()
{
    QFETCH(const QString, focused);
    open({Never, {u"Long"_s, u"/never"_s, 50s}});
    activate();
    find(card(0), qPrintable(focused))->forceActiveFocus(Qt::TabFocusReason);
    m_clock->advance(3s);
    QTRY_COMPARE(m_quick->window()->activeFocusItem(), find(card(0), "again"));
    QTest::keyClick(m_quick->window(), Qt::Key_Space);
    QCOMPARE(outcome(0), u"running"_s);
    QCOMPARE(outcome(1), u"running"_s);
}

void tst_QuickExample::focusFollowsTheButtons()
{
    open({Never});
    activate();
    QQuickWindow *window = m_quick->window();
    find(card(0), "noLimit")->forceActiveFocus(Qt::TabFocusReason);
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(card(0), "cancel"));
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(card(0), "again"));
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(card(0), "cancel"));
    QQuickItem *root = window->contentItem();
    click("startAll"); // as all were done
    find(root, "noLimitForAll")->forceActiveFocus(Qt::TabFocusReason);
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(root, "cancelAll"));
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(root, "startAll"));
    QTest::keyClick(window, Qt::Key_Space);
    QTRY_COMPARE(window->activeFocusItem(), find(root, "cancelAll"));
}

void tst_QuickExample::buttonsHaveAShape_data()
{
    QTest::addColumn<QPalette>("palette");

    QTest::newRow("the system's") << QPalette();
    QTest::newRow("black on white")
            << QPalette(Qt::black, Qt::white, Qt::white, Qt::gray, Qt::gray, Qt::black, Qt::white);
    QTest::newRow("white on black")
            << QPalette(Qt::white, Qt::black, Qt::black, Qt::gray, Qt::gray, Qt::white, Qt::black);
    // A button has the colour of the window in it.
    QTest::newRow("Fusion") << QPalette(Qt::black, QColor(0xefefef), Qt::white, Qt::gray, Qt::gray,
                                        Qt::black, Qt::white, Qt::white, QColor(0xefefef));
    QTest::newRow("dark") << QPalette(QColor(0xe8eaed), QColor(0x1b1f24), Qt::white, Qt::black,
                                      Qt::gray, QColor(0xe8eaed), Qt::white, QColor(0x1b1f24),
                                      QColor(0x1b1f24));
}

static double luminance(QColor color)
{
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF())
            + 0.0722 * linear(color.blueF());
}

// As the guidelines for accessibility define it.
static double contrast(QColor one, QColor other)
{
    const double first = luminance(one) + 0.05;
    const double second = luminance(other) + 0.05;
    return std::max(first, second) / std::min(first, second);
}

// One can see where a button is, whatever the colours are.
void tst_QuickExample::buttonsHaveAShape()
{
    constexpr double Enough = 2.9; // 3 is asked for; colours are rounded
    QFETCH(const QPalette, palette);
    const QPalette usual = QGuiApplication::palette();
    QGuiApplication::setPalette(palette);
    const auto restore = qScopeGuard([&usual] { QGuiApplication::setPalette(usual); });
    open({Never, {u"Long"_s, u"/never"_s, 50s}});
    QVERIFY(waitForFrame());
    const QImage picture = m_quick->window()->grabWindow();
    const double scale = picture.width() / double(m_quick->window()->width());
    QList<QQuickItem *> buttons;
    collect(m_quick->window()->contentItem(), "QQuickButton", &buttons);
    QCOMPARE(buttons.size(), 3 + 2 * 3);
    for (const QQuickItem *button : std::as_const(buttons)) {
        const QRectF place = button->mapRectToScene(button->boundingRect());
        const auto pixel = [&](double x) {
            return picture.pixelColor(int(x * scale), int(place.center().y() * scale));
        };
        const QColor around = pixel(place.left() - 3);
        double best = 1;
        for (double x = place.left() - 1; x < place.left() + 3; ++x)
            best = std::max(best, contrast(pixel(x), around));
        QVERIFY2(best >= Enough,
                 qPrintable(u"%1: %2"_s.arg(button->property("text").toString()).arg(best)));
    }
}

void tst_QuickExample::unitOfTheRing_data()
{
    QTest::addColumn<QLocale>("locale");
    QTest::addColumn<QString>("atFirst");
    QTest::addColumn<QString>("later");
    QTest::addColumn<QString>("spoken");

    QTest::newRow("English") << QLocale(QLocale::English) << u"3.0 s"_s << u"153 s"_s
                             << u"3 seconds"_s;
    QTest::newRow("German") << QLocale(QLocale::German) << u"3,0 s"_s << u"153 s"_s
                            << u"3 seconds"_s;
    // Digits and all.
    const QLocale persian(QLocale::Persian, QLocale::Iran);
    QTest::newRow("Persian") << persian << persian.toString(3.0, 'f', 1) + u" s"_s
                             << persian.toString(153) + u" s"_s
                             << persian.toString(3) + u" seconds"_s;
}

void tst_QuickExample::unitOfTheRing()
{
    QFETCH(const QLocale, locale);
    QFETCH(const QString, atFirst);
    QFETCH(const QString, later);
    QFETCH(const QString, spoken);
    const QLocale usual;
    QLocale::setDefault(locale);
    const auto restore = qScopeGuard([&usual] { QLocale::setDefault(usual); });
    QAccessible::setActive(true);
    open({Never});
    QCOMPARE(text(card(0), "time"), atFirst);
    QAccessibleInterface *ring = QAccessible::queryAccessibleInterface(
            find(card(0), "time")->parentItem());
    QCOMPARE(ring->text(QAccessible::Description), spoken);
    QAccessible::setActive(false);
    click("noLimitForAll");
    for (int i = 0; i < 30; ++i)
        click(card(0), "moreTime");
    QCOMPARE(text(card(0), "time"), later);
}

// As a person sees it: the ring, the name, and then what can be done, from right to left.
void tst_QuickExample::rightToLeft()
{
    for (const bool mirrored : {false, true}) {
        QGuiApplication::setLayoutDirection(mirrored ? Qt::RightToLeft : Qt::LeftToRight);
        const auto restore = qScopeGuard(
                [] { QGuiApplication::setLayoutDirection(Qt::LeftToRight); });
        open({{u"Long"_s, u"/never"_s, 40s}});
        QVERIFY(waitForFrame());
        const QQuickItem *ring = find(card(0), "time")->parentItem();
        double last = mirrored ? m_quick->window()->width() : 0;
        for (const QQuickItem *item :
             {ring, static_cast<const QQuickItem *>(find(card(0), "outcome")),
              static_cast<const QQuickItem *>(find(card(0), "moreTime")),
              static_cast<const QQuickItem *>(find(card(0), "noLimit")),
              static_cast<const QQuickItem *>(find(card(0), "cancel"))}) {
            const double x = item->mapRectToScene(item->boundingRect()).center().x();
            QVERIFY2(mirrored ? x < last : x > last, qPrintable(item->objectName()));
            last = x;
        }
        QQuickItem *root = m_quick->window()->contentItem();
        for (const QQuickItem *text : {find(card(0), "outcome"), find(root, "message")}) {
            const int alignment = text->property("effectiveHorizontalAlignment").toInt();
            QCOMPARE(alignment, int(mirrored ? Qt::AlignRight : Qt::AlignLeft));
        }

        // A quarter of the time has gone, from the top to that side where one does not begin to read.
        m_clock->advance(10s);
        QVERIFY(waitForFrame());
        const QImage picture = m_quick->window()->grabWindow();
        const double scale = picture.width() / double(m_quick->window()->width());
        const auto isLeft = [&](int direction) {
            const QRectF place = ring->mapRectToScene(ring->boundingRect());
            const double radius = place.width() / 2 * 0.93 * std::sqrt(0.5);
            const QPointF point = place.center() + QPointF(direction * radius, -radius);
            return picture.pixelColor((point * scale).toPoint())
                    == QGuiApplication::palette().color(QPalette::Highlight);
        };
        QCOMPARE(isLeft(-1), mirrored);
        QCOMPARE(isLeft(1), !mirrored);
        m_quick.reset();
    }
}

void tst_QuickExample::buttonsOfWhatHasEnded()
{
    open({Never});
    QVERIFY(!find(card(0), "again")->isVisible());
    m_clock->advance(3s);
    QVERIFY(!find(card(0), "cancel")->isVisible());
    QVERIFY(!find(card(0), "moreTime")->isEnabled());
    QVERIFY(!find(card(0), "noLimit")->isEnabled());
}

void tst_QuickExample::closedInTheMiddle_data()
{
    QTest::addColumn<bool>("close");

    QTest::newRow("closed") << true;
    QTest::newRow("destroyed") << false;
}

void tst_QuickExample::closedInTheMiddle()
{
    QFETCH(const bool, close);
    QSignalSpy closed(m_server->server(), &SlowServer::connectionClosed);
    open({Never, {u"Drip"_s, u"/drip?ms=50"_s, 60s}, Never});
    QVERIFY(waitForRequests(3));
    if (close)
        QVERIFY(m_quick->window()->close());
    else
        m_quick.reset();
    QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 3, Patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->server()->openConnections(), 0, Patience);
}

void tst_QuickExample::closedAfterAgain()
{
    open({Never});
    QVERIFY(waitForRequests(1));
    m_clock->advance(3s);
    click(card(0), "again"); // the total has ended
    QVERIFY(waitForRequests(2));
    QVERIFY(m_quick->window()->close());
    QCOMPARE(outcome(), u"cancelled"_s);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->server()->openConnections(), 0, Patience);
}

static void collectNames(QAccessibleInterface *interface, QStringList *names, int *nameless)
{
    const QAccessible::Role role = interface->role();
    if (role == QAccessible::Button || role == QAccessible::ProgressBar) {
        QString name = interface->text(QAccessible::Name);
        if (!name.isEmpty() && role == QAccessible::ProgressBar)
            name += u": "_s + interface->text(QAccessible::Description);
        if (name.isEmpty())
            ++*nameless;
        else
            names->append(name);
    }
    for (int i = 0; i < interface->childCount(); ++i) {
        if (QAccessibleInterface *child = interface->child(i))
            collectNames(child, names, nameless);
    }
}

// As a screen reader gets them.
void tst_QuickExample::accessibleNames()
{
    QAccessible::setActive(true);
    open({Never, {u"Good"_s, u"/slow?ms=100000"_s, 3s}});
    QAccessibleInterface *window = QAccessible::queryAccessibleInterface(m_quick->window());
    QVERIFY(window);
    QStringList names;
    int nameless = 0;
    collectNames(window, &names, &nameless);
    QAccessible::setActive(false);
    QCOMPARE(nameless, 0);
    for (const QString &name :
         {u"5 seconds more for Never"_s, u"No limit for Never"_s, u"Cancel Never"_s,
          u"Time left for Never: 3 seconds"_s, u"5 seconds more for Good"_s,
          u"5 seconds more for all downloads"_s, u"No limit for all together"_s, u"Cancel all"_s,
          u"Time left for all downloads: 60 seconds"_s})
        QVERIFY2(names.contains(name),
                 qPrintable(name + u" is not among "_s + names.join(u", "_s)));
    const qsizetype count = names.size();
    QCOMPARE(names.removeDuplicates(), 0);
    QCOMPARE_GE(count, 12);
}

void tst_QuickExample::collect(QQuickItem *in, const char *type, QList<QQuickItem *> *items)
{
    if (in->inherits(type) && in->isVisible() && in->opacity() > 0)
        items->append(in);
    for (QQuickItem *child : in->childItems())
        collect(child, type, items);
}

void tst_QuickExample::nothingIsCutOff_data()
{
    QTest::addColumn<double>("fontSize");
    QTest::addColumn<bool>("smallest");

    QTest::newRow("as it opens") << 1.0 << false;
    QTest::newRow("smallest") << 1.0 << true;
    QTest::newRow("large font") << 2.0 << false;
    QTest::newRow("large font, smallest") << 2.0 << true;
}

// Whatever the font of the system is, and however small the window is made.
void tst_QuickExample::nothingIsCutOff()
{
    QFETCH(const double, fontSize);
    QFETCH(const bool, smallest);
    const QFont usual = QGuiApplication::font();
    const auto restore = qScopeGuard([&usual] { QGuiApplication::setFont(usual); });
    QFont font = usual;
    font.setPointSizeF(usual.pointSizeF() * fontSize);
    QGuiApplication::setFont(font);

    open({Good,
          Never,
          {u"Broken"_s, u"/reset"_s, 3s},
          Never,
          {u"Photographs of the year"_s, u"/never"_s, 3s}});
    QVERIFY(waitForOutcome(0, u"done, 2.00 KiB"_s));
    QVERIFY(QTest::qWaitFor([this] { return outcome(2).startsWith("failed: "_L1); }, Patience));
    QQuickWindow *window = m_quick->window();
    QVERIFY(window->minimumWidth() > 0 && window->minimumHeight() > 0);
    if (smallest) {
        // Where texts take more lines the smallest height is another.
        QVERIFY(QTest::qWaitFor([window] {
            window->resize(window->minimumSize());
            return window->contentItem()->size() == QSizeF(window->minimumSize());
        }));
    }
    QQuickItem *scroller = find(window->contentItem(), "scroller");
    QTRY_COMPARE(scroller->property("contentHeight").toReal() > scroller->height(), smallest);
    QVERIFY(waitForFrame());
    checkTexts();
    checkButtons(3 + 5 * 3);
    if (QTest::currentTestFailed())
        return;
    click("cancelAll"); // there are other buttons then
    QVERIFY(waitForFrame());
    checkTexts();
    checkButtons(3 + 5 * 3);
}

// Everything is where it belongs then.
bool tst_QuickExample::waitForFrame() const
{
    QSignalSpy frames(m_quick->window(), &QQuickWindow::frameSwapped);
    m_quick->window()->update();
    return QTest::qWaitFor([&frames] { return !frames.isEmpty(); }, Patience);
}

static QRectF sceneRect(const QQuickItem *item)
{
    return item->mapRectToScene(item->boundingRect());
}

// They have room enough, and do not lie one over the other.
void tst_QuickExample::checkTexts() const
{
    QQuickItem *root = m_quick->window()->contentItem();
    const QQuickItem *scroller = find(root, "scroller");
    QList<QQuickItem *> texts;
    collect(root, "QQuickText", &texts);
    QCOMPARE_GE(texts.size(), 2 + 4 + 5 * 6);
    for (const QQuickItem *text : std::as_const(texts)) {
        const QString what = text->property("text").toString();
        QVERIFY2(!text->property("truncated").toBool(), qPrintable(what));
        QVERIFY2(text->property("contentWidth").toReal() <= text->width() + 1, qPrintable(what));
        QVERIFY2(text->property("contentHeight").toReal() <= text->height() + 1, qPrintable(what));
        const QRectF place = sceneRect(text);
        QVERIFY2(place.left() >= 0 && place.right() <= root->width(), qPrintable(what));
        for (const QQuickItem *other : std::as_const(texts)) {
            const bool apart = other == text || !place.intersects(sceneRect(other))
                    || scroller->isAncestorOf(other) != scroller->isAncestorOf(text);
            QVERIFY2(apart, qPrintable(what + u" and "_s + other->property("text").toString()));
        }
    }
}

// They are in the window, if need be when one has gone to them with the keyboard.
void tst_QuickExample::checkButtons(int count) const
{
    QQuickItem *root = m_quick->window()->contentItem();
    const QQuickItem *scroller = find(root, "scroller");
    QList<QQuickItem *> buttons;
    collect(root, "QQuickButton", &buttons);
    QCOMPARE(buttons.size(), count);
    for (QQuickItem *button : std::as_const(buttons)) {
        const QString what = button->property("description").toString();
        QVERIFY2(sceneRect(button).left() >= 0 && sceneRect(button).right() <= root->width(),
                 qPrintable(what));
        if (!button->isEnabled())
            continue;
        button->forceActiveFocus(Qt::TabFocusReason);
        const QRectF visible = sceneRect(scroller->isAncestorOf(button) ? scroller : root);
        QVERIFY2(visible.contains(sceneRect(button)), qPrintable(what));
    }
}

QTEST_MAIN(tst_QuickExample)
#include "tst_quickexample.moc"
