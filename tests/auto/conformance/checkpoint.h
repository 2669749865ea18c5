// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "testsupport.h"

#include <chrono>

/*
    What the suites of Trio and AnyIO are made of, in the words of QTimeout.

    Their "with CancelScope()" is a coroutine that runs under a scope: scope.run(block). Where a
    cancelled block is left there without a word, run() throws QTimeoutCancelled here (A3). Their
    move_on_after() is tryRun(), their fail_after() is run(). A coroutine that is called and not
    awaited is what they start in a nursery or task group.
*/

// Suspends for one turn of the event loop.
inline QCoro::Task<> checkpoint()
{
    return QTimeout::sleepFor(std::chrono::nanoseconds(0));
}

inline QCoro::Task<> sleepForever()
{
    return QTimeout::sleepUntil(QDeadlineTimer(QDeadlineTimer::Forever));
}

// Does nothing until it is interrupted.
inline QCoro::Task<> sleeper(QTimeoutScope &)
{
    const Tracked local;
    co_await sleepForever();
}

// Does nothing until it is interrupted, and writes that down.
inline QCoro::Task<> recordingSleeper(QTimeoutScope &, QByteArray name, QByteArrayList *record)
{
    const Tracked local;
    try {
        co_await sleepForever();
    } catch (const QTimeoutCancelled &) {
        *record << name;
        throw;
    }
}

#endif // CHECKPOINT_H
