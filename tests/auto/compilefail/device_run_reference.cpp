// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: pass a plain pointer to the device.

#include <QProcess>

QCoro::Task<> wait(QProcess &process)
{
    co_await QTimeout::run(1s, QTimeout::waitForStarted, process);
}
