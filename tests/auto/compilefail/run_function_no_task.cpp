// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: the function has to be a coroutine that returns a QCoro::Task.

int load(QTimeoutScope &)
{
    return 1;
}

QCoro::Task<> run()
{
    co_await QTimeout::run(1s, &load);
}
