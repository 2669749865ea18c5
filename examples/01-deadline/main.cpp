// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 01: A deadline around a block of asynchronous work.
//
// loadProfile() takes a scope. That makes it abortable: when the time is up, it is interrupted at the
// co_await at which it waits, and its locals are destroyed, as they are by any exception. Whether it does
// anything with the scope does not matter.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>

#include <cstdio>

using namespace std::chrono_literals;

namespace {

class Connection
{
public:
    Connection() { std::puts("connected"); }
    Q_DISABLE_COPY_MOVE(Connection)
    ~Connection() { std::puts("disconnected"); }
};

//! [block]
QCoro::Task<> loadProfile(QTimeoutScope &)
{
    const Connection connection;
    co_await QTimeout::sleepFor(10ms); // stands for a request that is answered
    co_await QTimeout::sleepFor(1h); // and for one that is not
    std::puts("this line is never reached");
}
//! [block]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    try {
        QTimeout::waitFor(500ms, &loadProfile); // in a coroutine: co_await QTimeout::run(…)
    } catch (const QTimeoutError &) {
        std::puts("timed out");
    }
    return 0;
}
