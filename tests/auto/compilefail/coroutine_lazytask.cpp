// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout: a LazyTask cannot be an abortable coroutine.

QCoro::LazyTask<int> load(QTimeoutScope &scope)
{
    Q_UNUSED(scope)
    co_return 1;
}
