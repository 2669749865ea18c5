// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 02: Time out without an error.
//
// tryRun() gives an empty optional when its deadline has passed, or false if there is no result. All other
// errors still are exceptions.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>

#include <cstdio>
#include <optional>

using namespace std::chrono_literals;

namespace {

QCoro::Task<int> countStars(QTimeoutScope &, std::chrono::milliseconds needed)
{
    co_await QTimeout::sleepFor(needed);
    co_return 42;
}

void show(std::optional<int> stars)
{
    if (stars)
        std::printf("%d stars\n", *stars);
    else
        std::puts("more stars than there is time to count");
}

//! [try]
QCoro::Task<> watchTheSky()
{
    show(co_await QTimeout::tryRun(1min, &countStars, 1ms));
    show(co_await QTimeout::tryRun(50ms, &countStars, 1h));

    const bool sleptEnough = co_await QTimeout::tryRun(50ms, QTimeout::sleepFor(1h));
    std::puts(sleptEnough ? "slept enough" : "woken up before the time");
}
//! [try]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QTimeout::waitFor(QDeadlineTimer::Forever, watchTheSky());
    return 0;
}
