// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QFileInfo>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>
#include <QtGui/QImage>
#include <QtTest/QTest>

using namespace Qt::StringLiterals;

/*
    The programs with windows, as they are started from the command line. Each of these tests is for
    all of them.
*/
class tst_Desktop : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();

    void help();
    void refuses_data();
    void refuses();
    void onlyTriesToWriteFirst();
    void diskIsFull();
    void screenshot_data();
    void screenshot();
    void qtOptions_data();
    void qtOptions();

private:
    struct Result
    {
        int status = -1;
        QString output;
        QString errors;
    };
    static Result run(const QStringList &arguments, const QString &platform = u"offscreen"_s,
                      const QString &locale = u"C.UTF-8"_s);
};

void tst_Desktop::initTestCase_data()
{
    QTest::addColumn<QString>("program");

    for (const char *program : {PROGRAMS})
        QTest::newRow(qPrintable(QFileInfo(QString::fromLocal8Bit(program)).fileName()))
                << QString::fromLocal8Bit(program);
}

tst_Desktop::Result tst_Desktop::run(const QStringList &arguments, const QString &platform,
                                     const QString &locale)
{
    constexpr int Patience = 90000; // for a busy machine
    QFETCH_GLOBAL(const QString, program);
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"QT_QPA_PLATFORM"_s, platform);
    environment.insert(u"LC_ALL"_s, locale);
    const QTemporaryDir runtimeFolder; // Qt has something to say if there is none
    environment.insert(u"XDG_RUNTIME_DIR"_s, runtimeFolder.path());
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
    const bool ended = process.waitForFinished(Patience);
    const bool left = ended && process.exitStatus() == QProcess::NormalExit;
    return {left ? process.exitCode() : -1, QString::fromLocal8Bit(process.readAllStandardOutput()),
            QString::fromLocal8Bit(process.readAllStandardError())};
}

void tst_Desktop::help()
{
    for (const QString &option : {u"--help"_s, u"-h"_s}) {
        const Result result = run({option});
        QCOMPARE(result.errors, QString());
        QCOMPARE(result.status, 0);
        for (const QString &text : {u"Usage: "_s, u"Downloads from a slow server"_s,
                                    u"--screenshot <FILE>"_s, u"--theme <THEME>"_s})
            QVERIFY2(result.output.contains(text), qPrintable(result.output));
    }
}

void tst_Desktop::refuses_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("message");

    QTest::newRow("argument") << QStringList{u"fast"_s}
                              << u"Unexpected argument \"fast\". See --help."_s;
    QTest::newRow("empty argument")
            << QStringList{QString()} << u"Unexpected argument \"\". See --help."_s;
    QTest::newRow("arguments") << QStringList{u"--theme"_s, u"dark"_s, u"a"_s, u"b"_s}
                               << u"Unexpected argument \"a\". See --help."_s;
    QTest::newRow("unknown option")
            << QStringList{u"--fast"_s} << u"Unknown option 'fast'. See --help."_s;
    QTest::newRow("unknown theme")
            << QStringList{u"--theme"_s, u"pink"_s} << u"There is no theme \"pink\". See --help."_s;
    QTest::newRow("empty theme") << QStringList{u"--theme"_s, QString()}
                                 << u"There is no theme \"\". See --help."_s;
    QTest::newRow("no theme") << QStringList{u"--theme"_s}
                              << u"Missing value after '--theme'. See --help."_s;
    const QString noFile = u"--screenshot needs the name of a file. See --help."_s;
    QTest::newRow("empty file") << QStringList{u"--screenshot"_s, QString()} << noFile;
    QTest::newRow("empty file, in one") << QStringList{u"--screenshot="_s} << noFile;
    QTest::newRow("no folder")
            << QStringList{u"--screenshot"_s, u"/no/such/folder/picture.png"_s}
            << u"The picture cannot be written to \"/no/such/folder/picture.png\": "
               "No such file or directory"_s;
    const QString folder = QDir::rootPath();
    QTest::newRow("folder") << QStringList{u"--screenshot"_s, folder}
                            << u"The picture cannot be written to \"%1\": Is a directory"_s.arg(
                                       folder);
}

// With one line that says what is wrong, and at once.
void tst_Desktop::refuses()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, message);
    const Result result = run(arguments);
    QCOMPARE(result.errors, message + u'\n');
    QCOMPARE(result.output, QString());
    QCOMPARE(result.status, 2);
}

// A picture that is there is not touched before there is another one, and no empty one is left.
void tst_Desktop::onlyTriesToWriteFirst()
{
    const QTemporaryDir folder;
    QFile old(folder.filePath(u"old.png"_s));
    QVERIFY(old.open(QIODevice::WriteOnly));
    old.write("old");
    old.close();
    for (const QString &name : {old.fileName(), folder.filePath(u"new.png"_s)}) {
        const Result result = run({u"--screenshot"_s, name}, u"nosuchplatform"_s);
        QVERIFY2(result.errors.contains("nosuchplatform"_L1), qPrintable(result.errors));
    }
    QVERIFY(old.open(QIODevice::ReadOnly));
    QCOMPARE(old.readAll(), QByteArray("old"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{u"old.png"_s});
}

void tst_Desktop::diskIsFull()
{
    const QString full = u"/dev/full"_s;
    if (!QFileInfo::exists(full))
        QSKIP("This system has no device that is always full.");
    const Result result = run({u"--screenshot"_s, full});
    QCOMPARE(result.status, 2);
    QStringList lines = result.errors.split(u'\n', Qt::SkipEmptyParts);
    // A platform without windows may say so.
    lines.removeIf(
            [](const QString &line) { return line.startsWith("This plugin does not support"_L1); });
    QCOMPARE(lines,
             QStringList{
                     u"The picture cannot be written to \"/dev/full\": No space left on device"_s});
}

void tst_Desktop::screenshot_data()
{
    QTest::addColumn<QString>("theme");
    QTest::addColumn<bool>("dark");

    QTest::newRow("light") << u"light"_s << false;
    QTest::newRow("dark") << u"dark"_s << true;
}

void tst_Desktop::screenshot()
{
    QFETCH(const QString, theme);
    QFETCH(const bool, dark);
    const QTemporaryDir folder;
    const QString file = folder.filePath(u"picture.png"_s);
    const Result result = run({u"--screenshot"_s, file, u"--theme"_s, theme});
    QVERIFY2(result.status == 0, qPrintable(result.errors));
    const QImage picture(file);
    QCOMPARE_GE(picture.width(), 1000);
    QCOMPARE_GE(picture.height(), 600);
    QCOMPARE(qGray(picture.pixel(2, 2)) < 128, dark);
}

void tst_Desktop::qtOptions_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("locale");
    QTest::addColumn<bool>("mirrored");

    QTest::newRow("platform") << QStringList{u"-platform"_s, u"offscreen"_s} << u"C.UTF-8"_s
                              << false;
    QTest::newRow("reverse") << QStringList{u"-platform"_s, u"offscreen"_s, u"-reverse"_s}
                             << u"C.UTF-8"_s << true;
    QTest::newRow("style") << QStringList{u"-style"_s, u"Fusion"_s, u"-platform"_s, u"offscreen"_s}
                           << u"C.UTF-8"_s << false;
    QTest::newRow("in one, twice a dash")
            << QStringList{u"--platform"_s, u"offscreen"_s, u"-style=Fusion"_s} << u"C.UTF-8"_s
            << false;
    QTest::newRow("from the right")
            << QStringList{u"-platform"_s, u"offscreen"_s} << u"ar_EG.UTF-8"_s << true;
}

// Wherever they stand among those of the program.
void tst_Desktop::qtOptions()
{
    QFETCH(const QStringList, options);
    QFETCH(const QString, locale);
    QFETCH(const bool, mirrored);
    const QTemporaryDir folder;
    const QString file = folder.filePath(u"picture.png"_s);
    const Result result = run(options
                                      + QStringList{u"--screenshot"_s, file, u"--theme"_s,
                                                    u"light"_s},
                              u"nosuchplatform"_s, locale);
    QVERIFY2(result.status == 0, qPrintable(result.errors));

    // The bars and rings are nearer to that side where one begins to read.
    const QImage picture(file);
    double sum = 0;
    int count = 0;
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x) {
            const QColor color = picture.pixelColor(x, y);
            if (color.blue() > color.red() + 100) {
                sum += x;
                ++count;
            }
        }
    }
    QCOMPARE_GE(count, 100);
    QCOMPARE(sum / count > picture.width() / 2.0, mirrored);
}

QTEST_GUILESS_MAIN(tst_Desktop)
#include "tst_desktop.moc"
