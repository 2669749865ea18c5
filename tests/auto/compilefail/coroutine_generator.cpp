// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout: a generator cannot be an abortable coroutine.

QCoro::Generator<int> count(QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    co_yield 1;
}
