// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: this cannot be awaited.

QCoro::Task<> load(QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    co_await 5;
}
