// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: takes a std::unique_ptr to a QObject whose header is included.

#include <memory>

QCoro::Task<> wait()
{
    co_await QTimeout::run(std::chrono::seconds(1), std::unique_ptr<int>(new int));
}
