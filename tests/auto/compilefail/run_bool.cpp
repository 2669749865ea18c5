// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: deleted

QCoro::Task<int> run(QFuture<int> future)
{
    co_return co_await QTimeout::run(true, future);
}
