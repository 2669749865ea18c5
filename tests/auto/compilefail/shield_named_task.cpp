// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: pass the function, not the task: it has been started under the scope already

QCoro::Task<int> close(QTimeoutScope &, QCoro::Task<int> saving)
{
    co_return co_await QTimeout::shield(saving);
}
