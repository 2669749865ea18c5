// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "duration.h"

#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

Q_DECLARE_METATYPE(std::chrono::milliseconds)

class tst_FetchDuration : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parses_data();
    void parses();
    void refuses_data();
    void refuses();
    void formats_data();
    void formats();
};

void tst_FetchDuration::parses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<milliseconds>("expected");

    QTest::newRow("ms") << u"1500ms"_s << milliseconds(1500ms);
    QTest::newRow("s") << u"10s"_s << milliseconds(10s);
    QTest::newRow("m") << u"2m"_s << milliseconds(2min);
    QTest::newRow("h") << u"1h"_s << milliseconds(1h);
    QTest::newRow("fraction") << u"1.5s"_s << milliseconds(1500ms);
    QTest::newRow("inexact fraction") << u"0.1s"_s << milliseconds(100ms);
    QTest::newRow("rounded") << u"1.4ms"_s << milliseconds(1ms);
    QTest::newRow("leading zeros") << u"007s"_s << milliseconds(7s);
    QTest::newRow("plus") << u"+1s"_s << milliseconds(1s);
    QTest::newRow("longest") << u"8760h"_s << milliseconds(8760h);
}

void tst_FetchDuration::parses()
{
    QFETCH(const QString, text);
    QFETCH(const milliseconds, expected);

    QString error;
    const std::optional<milliseconds> duration = parseDuration(text, &error);
    QVERIFY2(duration, qPrintable(error));
    QCOMPARE(duration->count(), expected.count());
    QVERIFY(error.isEmpty());
}

void tst_FetchDuration::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("error");

    QTest::newRow("empty") << QString() << u"is no duration"_s;
    QTest::newRow("word") << u"abc"_s << u"is no duration"_s;
    QTest::newRow("unit only") << u"ms"_s << u"is no duration"_s;
    QTest::newRow("no unit") << u"1500"_s << u"has no unit"_s;
    QTest::newRow("unknown unit") << u"1d"_s << u"has an unknown unit"_s;
    QTest::newRow("capital unit") << u"1S"_s << u"is no duration"_s;
    QTest::newRow("negative") << u"-1s"_s << u"is negative"_s;
    QTest::newRow("negative, no unit") << u"-1"_s << u"is negative"_s;
    QTest::newRow("zero") << u"0s"_s << u"is too short"_s;
    QTest::newRow("next to nothing") << u"0.4ms"_s << u"is too short"_s;
    QTest::newRow("too long") << u"8761h"_s << u"is too long"_s;
    QTest::newRow("overflow") << QString(400, u'9') + u's' << u"is too long"_s;
    QTest::newRow("space") << u"1 s"_s << u"is no duration"_s;
    QTest::newRow("line") << u"1s\n"_s << u"is no duration"_s;
    QTest::newRow("two points") << u"1.2.3s"_s << u"is no duration"_s;
    QTest::newRow("comma") << u"1,5s"_s << u"is no duration"_s;
    QTest::newRow("exponent") << u"1e3ms"_s << u"is no duration"_s;
    QTest::newRow("infinity") << u"infs"_s << u"is no duration"_s;
    QTest::newRow("other digits") << u"١s"_s << u"is no duration"_s;
}

void tst_FetchDuration::refuses()
{
    QFETCH(const QString, text);
    QFETCH(const QString, error);

    QString actual;
    QVERIFY(!parseDuration(text, &actual));
    QVERIFY2(actual.startsWith("\"%1\" %2"_L1.arg(text, error)), qPrintable(actual));
}

void tst_FetchDuration::formats_data()
{
    QTest::addColumn<milliseconds>("duration");
    QTest::addColumn<QString>("expected");

    QTest::newRow("ms") << milliseconds(1ms) << u"1ms"_s;
    QTest::newRow("half a second") << milliseconds(500ms) << u"500ms"_s;
    QTest::newRow("seconds") << milliseconds(2s) << u"2s"_s;
    QTest::newRow("seconds and a half") << milliseconds(1500ms) << u"1.5s"_s;
    QTest::newRow("odd") << milliseconds(1234ms) << u"1234ms"_s;
    QTest::newRow("minutes") << milliseconds(2min) << u"2m"_s;
    QTest::newRow("minutes and a half") << milliseconds(90s) << u"1.5m"_s;
    QTest::newRow("odd seconds") << milliseconds(91s) << u"91s"_s;
    QTest::newRow("hours") << milliseconds(1h) << u"1h"_s;
}

void tst_FetchDuration::formats()
{
    QFETCH(const milliseconds, duration);
    QFETCH(const QString, expected);

    const QString text = formatDuration(duration);
    QCOMPARE(text, expected);
    QString error;
    QCOMPARE(parseDuration(text, &error).value_or(0ms).count(), duration.count());
}

QTEST_GUILESS_MAIN(tst_FetchDuration)
#include "tst_fetchduration.moc"
