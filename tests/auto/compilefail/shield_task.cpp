// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: pass the function, not the task: it has been started under the scope already

QCoro::Task<> save(QTimeoutScope &scope);

QCoro::Task<> close(QTimeoutScope &scope)
{
    co_await QTimeout::shield(save(scope));
}
