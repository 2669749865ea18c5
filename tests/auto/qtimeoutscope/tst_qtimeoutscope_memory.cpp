// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/QPromise>
#include <QtTest/QTest>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

/*
    A10: what scopes leave behind. Blocks are counted, because what the system says about memory
    depends on the allocator, and on what else the process does. The blocks of Qt's own classes are
    allocated with new as well, in whichever library.
*/

using namespace std::chrono_literals;
using QTimeout::detail::DeadlineQueue;

static std::atomic<qint64> s_blocks = 0;

// Not inlined: g++ 16 takes malloc() and delete for a mismatch where it sees only half of this.
Q_NEVER_INLINE void *operator new(std::size_t size)
{
    if (void *block = std::malloc(size ? size : 1)) {
        s_blocks.fetch_add(1, std::memory_order_relaxed);
        return block;
    }
    throw std::bad_alloc();
}

Q_NEVER_INLINE void operator delete(void *block) noexcept
{
    if (block)
        s_blocks.fetch_sub(1, std::memory_order_relaxed);
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    operator delete(block);
}

class Job : public QObject
{
    Q_OBJECT

public Q_SLOTS:
    void abort() { Q_EMIT finished(); }

Q_SIGNALS:
    void finished();
};

class tst_QTimeoutScopeMemory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void blocksAreCounted();
    void startedAndFinished();
    void startedAndFinishedOneAfterTheOther();
    void restarted();
    void restartedInSlot();
    void outerRestartedWhileEndedInnerStays();
    void expired();
    void postponed();
    void watchedObject();
    void watchedObjectAborted();
    void watchedFuture();
    void nested();
    void queueTakesNothing();
};

static constexpr int Many = 100'000;

/*
    Calls the function often, and returns by how many blocks that has grown what is allocated. The first calls fill
    what is allocated once.
*/
template<typename Function>
static qint64 growth(int times, Function function)
{
    for (int i = 0; i < 100; ++i)
        function();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCoreApplication::processEvents();
    const qint64 before = s_blocks;
    for (int i = 0; i < times; ++i)
        function();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCoreApplication::processEvents();
    return s_blocks - before;
}

// A few that come and go with the event loop, however often the function was called.
static constexpr qint64 Few = 20;

void tst_QTimeoutScopeMemory::blocksAreCounted()
{
    std::vector<std::unique_ptr<QTimeoutScope>> scopes;
    QVERIFY(growth(1000, [&] { scopes.push_back(std::make_unique<QTimeoutScope>(1h)); }) >= 2000);
}

void tst_QTimeoutScopeMemory::startedAndFinished()
{
    const size_t pending = DeadlineQueue::current()->size();
    std::vector<std::unique_ptr<QTimeoutScope>> scopes;
    scopes.reserve(Many);
    const qint64 before = s_blocks;
    for (int i = 0; i < Many; ++i)
        scopes.push_back(std::make_unique<QTimeoutScope>(1h));
    QCOMPARE(DeadlineQueue::current()->size(), pending + size_t(Many));
    for (const auto &scope : scopes)
        scope->finish();
    QCOMPARE(DeadlineQueue::current()->size(), pending);
    scopes.clear();
    QVERIFY2(s_blocks - before <= Few, qPrintable(QString::number(s_blocks - before)));
}

void tst_QTimeoutScopeMemory::startedAndFinishedOneAfterTheOther()
{
    const size_t pending = DeadlineQueue::current()->size();
    const qint64 grown = growth(Many, [] {
        QTimeoutScope scope(1h);
        scope.finish();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
    QCOMPARE(DeadlineQueue::current()->size(), pending);
}

void tst_QTimeoutScopeMemory::restarted()
{
    QTimeoutScope scope;
    const qint64 grown = growth(Many, [&] {
        scope.start(1h);
        scope.stopToken();
        scope.cancel();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::restartedInSlot()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1ms);
    connect(&scope, &QTimeoutScope::expired, &scope, [&scope] { scope.start(1ms); });
    const qint64 grown = growth(1000, [&] { clock.advance(1ms); });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
    QVERIFY(scope.isActive());
}

/*
    A scope that has ended remembers the life of the scope that enclosed it. That must not keep all
    the lives alive which that one has had since.
*/
void tst_QTimeoutScopeMemory::outerRestartedWhileEndedInnerStays()
{
    QTimeoutScope outer(1h);
    QTimeoutScope inner(1h, &outer);
    outer.cancel();
    const qint64 grown = growth(1000, [&] {
        outer.start(1h);
        outer.finish();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::expired()
{
    QTimeoutTestClock clock;
    const qint64 grown = growth(1000, [&] {
        QTimeoutScope scope(1ms);
        scope.stopToken();
        clock.advance(1ms);
        if (!scope.hasExpired())
            qFatal("has not expired");
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::postponed()
{
    QTimeoutTestClock clock;
    QTimeoutScope scope(1s);
    const size_t pending = DeadlineQueue::current()->size();
    const qint64 grown = growth(10'000, [&] {
        scope.reschedule(1s);
        scope.shift(1s);
        scope.reschedule(10ms);
        scope.reject();
        scope.reschedule(1s);
        QCoreApplication::processEvents();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
    QCOMPARE(DeadlineQueue::current()->size(), pending);
}

void tst_QTimeoutScopeMemory::watchedObject()
{
    Job job;
    const qint64 grown = growth(1000, [&] {
        QTimeoutScope scope(1h);
        scope.watch(&job);
        Q_EMIT job.finished();
        QCoreApplication::processEvents();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::watchedObjectAborted()
{
    Job job;
    QTimeoutScope scope;
    const qint64 grown = growth(1000, [&] {
        scope.start(1h);
        scope.watch(&job);
        scope.cancel();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::watchedFuture()
{
    QTimeoutScope scope;
    const qint64 grown = growth(1000, [&] {
        QPromise<int> promise;
        promise.start();
        scope.start(1h);
        scope.watch(promise.future());
        scope.cancel();
        promise.finish();
        QCoreApplication::processEvents();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

void tst_QTimeoutScopeMemory::nested()
{
    QTimeoutScope outer;
    const qint64 grown = growth(10'000, [&] {
        outer.start(1h);
        QTimeoutScope inner(1h, &outer);
        QTimeoutScope innermost(1h, &inner);
        inner.finish();
        outer.cancel();
    });
    QVERIFY2(grown <= Few, qPrintable(QString::number(grown)));
}

// Memory is proportional to what is pending now.
void tst_QTimeoutScopeMemory::queueTakesNothing()
{
    QTimeoutTestClock clock;
    std::vector<std::unique_ptr<QTimeoutScope>> idle;
    idle.reserve(Many);
    for (int i = 0; i < Many; ++i)
        idle.push_back(std::make_unique<QTimeoutScope>());
    const qint64 before = s_blocks;
    for (const auto &scope : idle)
        scope->start(1h);
    clock.advance(1h - 1ms);
    QVERIFY2(s_blocks - before <= Few, qPrintable(QString::number(s_blocks - before)));
}

QTEST_GUILESS_MAIN(tst_QTimeoutScopeMemory)

#include "tst_qtimeoutscope_memory.moc"
