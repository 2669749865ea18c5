// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef BLOCKS_H
#define BLOCKS_H

#include "../qtimeoutscope/scopetest.h"
#include "testsupport.h"

#include <QtCore/qdebug.h>

/*
    What the model systems write as a block below a deadline is a coroutine here that takes the
    scope. These are the blocks that the cases of several systems have.
*/

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

inline QCoro::Task<> sleeping(QTimeoutScope &, nanoseconds duration)
{
    const Tracked local;
    co_await QTimeout::sleepFor(duration);
}

// Notes that it has been interrupted, and lets the interruption pass.
inline QCoro::Task<> sleepingNoted(QTimeoutScope &, nanoseconds duration, bool *interrupted)
{
    const Tracked local;
    try {
        co_await QTimeout::sleepFor(duration);
    } catch (const QTimeoutCancelled &) {
        *interrupted = true;
        throw;
    }
}

template<typename T>
QCoro::Task<T> sleepingFor(QTimeoutScope &, nanoseconds duration, T value)
{
    const Tracked local;
    co_await QTimeout::sleepFor(duration);
    co_return value;
}

template<typename T>
QCoro::Task<T> returning(QTimeoutScope &, T value)
{
    co_return value;
}

template<typename Exception>
QCoro::Task<> throwing(QTimeoutScope &, Exception exception)
{
    const Tracked local;
    throw exception;
    co_return;
}

// Lets others run: what the models call yield(), checkpoint() or sleep(0).
inline QCoro::Task<> yielding()
{
    return QTimeout::sleepFor(0ns);
}

/*
    Keeps the thread busy for so long: time passes, and the event loop does not run.
*/
inline void compute(nanoseconds duration)
{
    auto *queue = QTimeout::detail::DeadlineQueue::current();
    queue->setFrozenTime(queue->now() + duration.count());
}

inline QString debugText(const QTimeoutScope &scope)
{
    QString text;
    QDebug(&text) << &scope;
    return text.trimmed();
}

// What debugText() begins with.
inline QString debugHead(const QTimeoutScope &scope)
{
    return QStringLiteral("QTimeoutScope(0x%1, ").arg(quintptr(&scope), 0, 16);
}

#endif // BLOCKS_H
