// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: a std::unique_ptr is passed by moving it: run(deadline, std::move(pointer)).

#include <memory>

QCoro::Task<> wait()
{
    std::unique_ptr<QTimer> timer(new QTimer);
    co_await QTimeout::run(std::chrono::seconds(1), timer);
}
