// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Nothing else must be included here.
#include <QTimeoutQmlScope>

#include <QCoroTask>

QCoro::Task<> waitUnder(QTimeoutScope &scope, QCoro::Task<> task, bool *isCurrent,
                        bool *isInterrupted)
{
    *isCurrent = QTimeout::currentScope() == &scope;
    try {
        co_await task;
    } catch (...) {
        *isInterrupted = true;
        throw;
    }
}
