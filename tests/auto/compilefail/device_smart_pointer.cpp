// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: pass a plain pointer to the device.

#include <QPointer>

QCoro::Task<> wait(QPointer<QIODevice> device)
{
    co_await QTimeout::run(1s, QTimeout::waitForReadyRead, device);
}
