// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: takes one operation, a sender and a signal, or a coroutine function

QCoro::Task<> run(QFuture<int> first, QFuture<int> second)
{
    co_await QTimeout::run(1s, first, second);
}
