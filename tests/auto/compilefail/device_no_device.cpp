// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: this class has not what is waited for.

QCoro::Task<> wait(QTimer *timer)
{
    co_await QTimeout::run(1s, QTimeout::waitForReadyRead, timer);
}
