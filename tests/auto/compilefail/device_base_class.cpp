// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: this class has not what is waited for.

QCoro::Task<bool> wait(QTimeoutScope &scope, QIODevice *device)
{
    const bool isConnected = co_await QTimeout::waitForConnected(scope, device);
    co_return isConnected;
}
