// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: expected a signal after the sender

QCoro::Task<> run(QTimer *timer)
{
    co_await QTimeout::run(1s, timer, 5);
}
