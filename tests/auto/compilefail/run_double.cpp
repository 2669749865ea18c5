// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: deleted

// asyncio.timeout(1.5) is run(1500ms, …) here.
QCoro::Task<int> run(QFuture<int> future)
{
    co_return co_await QTimeout::run(1.5, future);
}
