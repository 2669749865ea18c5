// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutScope

void watch(QTimeoutScope &scope, QCoro::Task<> task)
{
    scope.watch(task);
}
