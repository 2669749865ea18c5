// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    How much memory something takes that is pending: all blocks that are allocated for it and are
    still there, at the size that the allocator gives them. The program's malloc() counts.
*/

#include "contenders.h"

#include <QTimeout>

#include <QCoroSignal>
#include <QCoroTask>

#include <cerrno>
#include <malloc.h>

static thread_local std::ptrdiff_t t_bytes = 0;
static thread_local std::ptrdiff_t t_blocks = 0;

static void *counted(void *block) noexcept
{
    if (block) {
        t_bytes += static_cast<std::ptrdiff_t>(malloc_usable_size(block));
        ++t_blocks;
    }
    return block;
}

static void uncount(void *block) noexcept
{
    if (block) {
        t_bytes -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
        --t_blocks;
    }
}

extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size) noexcept
{
    return counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) noexcept
{
    return counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) noexcept
{
    uncount(block);
    void *moved = __libc_realloc(block, size);
    return counted(moved || size == 0 ? moved : block);
}

void *memalign(size_t alignment, size_t size) noexcept
{
    return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) noexcept
{
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) noexcept
{
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

void free(void *block) noexcept
{
    uncount(block);
    __libc_free(block);
}
}

static constexpr int Count = 100'000;

/*
    What is made by each call of the function, and kept in an array that is not counted.
*/
template<typename Make, typename GrowUp>
static void pending(benchmark::State &state, Make make, GrowUp growUp)
{
    std::vector<Milliseconds> all = timeouts(Count);
    std::sort(all.begin(), all.end());
    for (auto _ : state) {
        std::vector<decltype(make(size_t(), Milliseconds()))> kept;
        kept.reserve(all.size());
        make(0, all[0]); // whatever is made once
        const std::ptrdiff_t bytes = t_bytes;
        const std::ptrdiff_t blocks = t_blocks;
        for (const Milliseconds timeout : all)
            kept.push_back(make(kept.size(), timeout));
        growUp();
        state.counters["bytes"] = static_cast<double>(t_bytes - bytes) / Count;
        state.counters["blocks"] = static_cast<double>(t_blocks - blocks) / Count;
    }
}

static void nothing()
{
}

template<typename Make, typename GrowUp>
static void add(const char *workload, const char *contender, Make make, GrowUp growUp)
{
    benchmark::RegisterBenchmark(benchmarkName(workload, contender, Count).c_str(),
                                 [make, growUp](benchmark::State &state) {
                                     pending(state, make, growUp);
                                 })
            ->Iterations(1);
}

static QCoro::Task<> awaitSignal(QObject *object, Milliseconds timeout)
{
    co_await qCoro(object, &QObject::objectNameChanged, std::move(timeout));
}

static QCoro::Task<> awaitSignalForever(QObject *object)
{
    co_await qCoro(object, &QObject::objectNameChanged);
}

/*
    What is left when a million have come and gone.
*/
static void growth(benchmark::State &state)
{
    for (auto _ : state) {
        Scopes::guard(GuardTimeout);
        const std::ptrdiff_t bytes = t_bytes;
        for (int i = 0; i < 1'000'000; ++i)
            Scopes::guard(GuardTimeout);
        state.counters["bytes"] = static_cast<double>(t_bytes - bytes);
    }
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    std::vector<std::unique_ptr<QObject>> senders;
    for (int i = 0; i < Count; ++i) {
        // The first connection to an object makes lists that stay.
        QObject::disconnect(QObject::connect(senders.emplace_back(new QObject).get(),
                                             &QObject::objectNameChanged, nothing));
    }
    const auto sender = [&senders](size_t i) { return senders[i].get(); };

    forEachContender([]<typename Contender>(Contender) {
        add(
                "pending", Contender::name,
                [](size_t, Milliseconds timeout) { return Contender::start(timeout); }, nothing);
        if (std::is_same_v<Contender, Scopes>) {
            add(
                    "pending for long", Contender::name,
                    [](size_t, Milliseconds timeout) { return Contender::start(timeout); },
                    Contender::growUp);
        }
    });
    const auto run = [sender](size_t i, Milliseconds timeout) {
        return QTimeout::run(timeout, sender(i), &QObject::objectNameChanged);
    };
    add("pending signal", "QTimeout::run", run, nothing);
    add("pending signal for long", "QTimeout::run", run, Scopes::growUp);
    add(
            "pending signal", "QCoro with timeout",
            [sender](size_t i, Milliseconds timeout) { return awaitSignal(sender(i), timeout); },
            nothing);
    add(
            "pending signal", "QCoro",
            [sender](size_t i, Milliseconds) { return awaitSignalForever(sender(i)); }, nothing);
    benchmark::RegisterBenchmark("growth/QTimeoutScope/0", growth)->Iterations(1);
    return runBenchmarks(argc, argv);
}
