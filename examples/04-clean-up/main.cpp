// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 04: Clean-up that may wait.
//
// A coroutine that has been interrupted may take the time to clean up. The same abort does not interrupt it
// a second time, which is why the clean-up needs deadlines of its own.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>

#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

namespace {

QCoro::Task<> rollBack(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(10ms);
    std::puts("rolled back");
}

QCoro::Task<> notify(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(1h); // nobody listens
    std::puts("this line is never reached");
}

//! [clean-up]
QCoro::Task<> transfer(QTimeoutScope &)
{
    std::puts("the transfer begins");
    std::exception_ptr error;
    try {
        co_await QTimeout::sleepFor(1h);
    } catch (...) {
        error = std::current_exception(); // C++ has no co_await in a handler
    }
    if (error) {
        co_await QTimeout::run(1min, &rollBack);
        const bool isTold = co_await QTimeout::tryRun(50ms, &notify);
        if (!isTold)
            std::puts("nobody was told");
        std::rethrow_exception(error);
    }
    std::puts("the transfer is complete");
}
//! [clean-up]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    try {
        QTimeout::waitFor(50ms, &transfer);
    } catch (const QTimeoutError &) {
        std::puts("timed out");
    }
    return 0;
}
