// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: the function has to take a QTimeoutScope & and then the arguments that are passed here

QCoro::Task<int> load(QTimeoutScope &, int number)
{
    co_return number;
}

QCoro::Task<> run()
{
    co_await QTimeout::run(1s, &load);
}
