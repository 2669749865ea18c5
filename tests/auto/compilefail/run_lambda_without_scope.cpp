// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: or a coroutine function that takes a QTimeoutScope &

QCoro::Task<> run()
{
    const auto load = []() -> QCoro::Task<int> { co_return 1; };
    co_await QTimeout::run(1s, load);
}
