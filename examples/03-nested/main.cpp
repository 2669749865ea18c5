// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 03: Nested deadlines.
//
// What an abortable coroutine runs is under its own deadline and under those of its callers. A handler for
// QTimeoutError sees those deadlines only that were set inside its own try block, so it cannot mistake one
// for the other.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>

#include <cstdio>

using namespace std::chrono_literals;

namespace {

//! [nested]
QCoro::Task<> loadPicture(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(1h); // never comes
}

// The page is of use without its picture.
QCoro::Task<> loadPage(QTimeoutScope &, std::chrono::milliseconds forThePicture)
{
    try {
        co_await QTimeout::run(forThePicture, &loadPicture);
    } catch (const QTimeoutError &) {
        std::puts("the picture has timed out");
    }
    std::puts("here is the page");
}
//! [nested]

//! [wait]
void show(std::chrono::milliseconds forThePage, std::chrono::milliseconds forThePicture)
{
    try {
        QTimeout::waitFor(forThePage, &loadPage, forThePicture);
    } catch (const QTimeoutError &) {
        std::puts("the page has timed out");
    }
}
//! [wait]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    show(1min, 50ms);
    show(50ms, 1min);
    return 0;
}
