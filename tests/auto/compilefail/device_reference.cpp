// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: pass a plain pointer to the device.

QCoro::Task<bool> wait(QTimeoutScope &scope, QIODevice &device)
{
    const bool isReady = co_await QTimeout::waitForReadyRead(scope, device);
    co_return isReady;
}
