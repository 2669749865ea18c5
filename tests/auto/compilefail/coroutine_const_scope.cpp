// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout: an abortable coroutine takes the scope as QTimeoutScope &, not as const.

QCoro::Task<> load(const QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    co_await QTimeout::sleepFor(1s);
}
