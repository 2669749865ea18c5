// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutinesupport.h"

#include <QtTest/qtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

/*
    A10: what coroutines leave behind, and what awaiting costs. Blocks are counted.
*/

using namespace std::chrono_literals;

static std::atomic<qint64> s_blocks = 0;
static std::atomic<qint64> s_allocations = 0;

// Not inlined: g++ 16 takes malloc() and delete for a mismatch where it sees only half of this.
Q_NEVER_INLINE void *operator new(std::size_t size)
{
    if (void *block = std::malloc(size ? size : 1)) {
        s_blocks.fetch_add(1, std::memory_order_relaxed);
        s_allocations.fetch_add(1, std::memory_order_relaxed);
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

namespace {

QCoro::Task<int> sleeper(QTimeoutScope &, std::chrono::milliseconds duration)
{
    co_await QTimeout::sleepFor(duration);
    co_return 1;
}

QCoro::Task<int> chain(QTimeoutScope &scope, int levels, std::chrono::milliseconds duration)
{
    if (levels == 0)
        co_return co_await sleeper(scope, duration);
    co_return co_await chain(scope, levels - 1, duration) + 1;
}

QCoro::Task<qint64> awaitReady(QTimeoutScope &)
{
    auto first = valueAtOnce(1);
    auto second = valueAtOnce(2);
    const qint64 before = s_allocations;
    co_await first;
    co_await std::move(second);
    co_return s_allocations - before;
}

} // namespace

class tst_CoroutineMemory : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void blocksAreCounted();
    void awaitingReadyAllocatesNothing();
    void nothingIsLeft_data();
    void nothingIsLeft();
    void aScopeForManyCoroutines();

private:
    // What is allocated only once, and what the event loop still has to delete.
    qint64 blocks()
    {
        clock().advance(0s);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return s_blocks;
    }
};

void tst_CoroutineMemory::blocksAreCounted()
{
    const qint64 blocks = s_blocks;
    const qint64 allocations = s_allocations;
    QTimeoutScope scope(1h);
    std::ignore = chain(scope, 3, 1h);
    QVERIFY(s_blocks - blocks >= 4);
    QVERIFY(s_allocations - allocations >= 4);
}

void tst_CoroutineMemory::awaitingReadyAllocatesNothing()
{
    QTimeoutScope scope(1s);
    QCOMPARE(observe(awaitReady(scope))->value, qint64(0));
}

void tst_CoroutineMemory::nothingIsLeft_data()
{
    using Work = std::function<void(QTimeoutTestClock &)>;
    QTest::addColumn<Work>("work");
    QTest::newRow("ends in time") << Work([](QTimeoutTestClock &clock) {
        QTimeoutScope scope(1s);
        std::ignore = chain(scope, 3, 1ms);
        clock.advance(1ms);
    });
    QTest::newRow("expires") << Work([](QTimeoutTestClock &clock) {
        QTimeoutScope scope(1s);
        std::ignore = chain(scope, 3, 1h);
        clock.advance(1s);
    });
    QTest::newRow("scope is destroyed") << Work([](QTimeoutTestClock &) {
        QTimeoutScope scope(1s);
        std::ignore = chain(scope, 3, 1h);
    });
    QTest::newRow("run ends in time") << Work([](QTimeoutTestClock &clock) {
        std::ignore = QTimeout::run(1s, &chain, 3, 1ms);
        clock.advance(1ms);
    });
    QTest::newRow("run expires") << Work([](QTimeoutTestClock &clock) {
        std::ignore = QTimeout::tryRun(1s, &chain, 3, 1h);
        clock.advance(1s);
    });
    QTest::newRow("nested") << Work([](QTimeoutTestClock &clock) {
        static const auto outer = [](QTimeoutScope &) -> QCoro::Task<> {
            try {
                co_await QTimeout::run(1s, &chain, 2, 1h);
            } catch (const QTimeoutError &) {
            }
            co_await QTimeout::shield([] { return QTimeout::run(1h, &chain, 2, 2000ms); });
            co_await QTimeout::sleepFor(1h);
        };
        std::ignore = QTimeout::run(2s, outer);
        clock.advance(4s);
    });
}

void tst_CoroutineMemory::nothingIsLeft()
{
    QFETCH(std::function<void(QTimeoutTestClock &)>, work);
    for (int i = 0; i < 10; ++i)
        work(clock());
    const qint64 before = blocks();
    for (int i = 0; i < 100; ++i)
        work(clock());
    QCOMPARE(blocks(), before);
}

void tst_CoroutineMemory::aScopeForManyCoroutines()
{
    QTimeoutScope scope(1h);
    const auto work = [this, &scope] {
        std::ignore = chain(scope, 2, 1ms);
        clock().advance(1ms);
    };
    for (int i = 0; i < 10; ++i)
        work();
    const qint64 before = blocks();
    for (int i = 0; i < 1000; ++i)
        work();
    QCOMPARE(blocks(), before);
    scope.finish();
}

QTEST_GUILESS_MAIN(tst_CoroutineMemory)
#include "tst_coroutine_memory.moc"
