// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutScope::watch: takes a QObject, a QFuture or a QCoro::Task.

struct Reply
{
    void abort();
};

void watch(QTimeoutScope &scope, Reply *reply)
{
    scope.watch(reply);
}
