// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: error:

QCoro::Task<> run(QObject *object)
{
    co_await QTimeout::run(1s, object, &QTimer::timeout);
}
