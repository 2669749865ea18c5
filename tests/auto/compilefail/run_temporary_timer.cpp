// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: a timer that is a temporary would be destroyed before it times out.

QCoro::Task<> run()
{
    co_await QTimeout::run(1s, QTimer());
}
