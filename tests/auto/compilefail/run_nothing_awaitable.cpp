// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: this cannot be awaited.

QCoro::Task<> run()
{
    co_await QTimeout::run(1s, QStringLiteral("reply"));
}
