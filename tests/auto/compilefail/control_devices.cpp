// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: what waits for devices.
#include <QProcess>

QCoro::Task<bool> devices(QTimeoutScope &scope, QIODevice *device, QProcess *process)
{
    co_await QTimeout::waitForReadyRead(scope, device);
    co_await QTimeout::waitForBytesWritten(scope, device);
    co_await QTimeout::run(1s, QTimeout::waitForReadyRead, device);
    co_await scope.tryRun(QTimeout::waitForStarted, process);
    const bool isFinished = co_await QTimeout::waitForFinished(scope, process);
    co_return isFinished;
}
