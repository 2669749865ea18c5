// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeout>
#include <QTimeoutQmlScope>

#include <QCoroTask>

#include <QtCore/QCoreApplication>
#include <QtTest/QTest>

#include <memory>

using namespace std::chrono_literals;

// In onlyqmlscope.cpp.
QCoro::Task<> waitUnder(QTimeoutScope &scope, QCoro::Task<> task, bool *isCurrent,
                        bool *isInterrupted);

/*
    Any header that declares QTimeoutScope makes coroutines that take one abortable: what a translation unit with
    <QTimeoutQmlScope> alone defines.
*/
class tst_OnlyQmlScope : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isAbortable_data();
    void isAbortable();
    void isAbortableByTheDestructor();
};

void tst_OnlyQmlScope::isAbortable_data()
{
    QTest::addColumn<bool>("byQml");
    QTest::newRow("scope") << false;
    QTest::newRow("scope for QML") << true;
}

void tst_OnlyQmlScope::isAbortable()
{
    QFETCH(const bool, byQml);
    bool isCurrent = false;
    bool isInterrupted = false;
    const std::unique_ptr<QTimeoutScope> scope(byQml ? new QTimeoutQmlScope : new QTimeoutScope);
    QVERIFY(scope->start(1h));
    const auto task = waitUnder(*scope, QTimeout::sleepFor(1h), &isCurrent, &isInterrupted);
    QVERIFY(isCurrent);
    QVERIFY(!isInterrupted);
    scope->cancel();
    QCoreApplication::processEvents();
    QVERIFY(isInterrupted);
    QVERIFY(task.isReady());
}

void tst_OnlyQmlScope::isAbortableByTheDestructor()
{
    bool isCurrent = false;
    bool isInterrupted = false;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto task = waitUnder(*scope, QTimeout::sleepFor(1h), &isCurrent, &isInterrupted);
    scope.reset();
    QVERIFY(isInterrupted);
    QVERIFY(task.isReady());
}

QTEST_GUILESS_MAIN(tst_OnlyQmlScope)
#include "tst_onlyqmlscope.moc"
