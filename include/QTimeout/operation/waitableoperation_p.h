// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What every kind of operation offers to the wait that is about it.

#ifndef QTIMEOUT_WAITABLEOPERATION_P_H
#define QTIMEOUT_WAITABLEOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../wait/wait_p.h"

#include <chrono>
#include <concepts>

namespace QTimeout::detail {

template<typename Operation>
void abortWith(Operation &operation, std::chrono::milliseconds gracePeriod)
{
    if constexpr (requires { operation.abort(gracePeriod); })
        operation.abort(gracePeriod);
    else
        operation.abort();
}

/*
    An operation stands in the frame of the coroutine that waits, and may be moved before it is started.

    isReady()   It has ended: take() has the result or throws. May be asked at any time.
    start()     From now on it calls Wait::operationEnded() once when it ends, in the thread of the wait,
                unless it is abandoned before. May end in this call.
    canAbandon  Whether it can be abandoned before it has ended. If not, an abort arrives when it ends (A15).
    abandon()   It tells nobody any more, and leaves no connection behind. What has ended can still be taken.
    abort()     Applies QTimeoutAbort, once, to what has not ended. May be called without start(). What may have
                to be forced takes the grace period for that.
    take()      The result, once. Throws QTimeoutCancelled if what was awaited has gone (A11).

    Two members are optional: isEnding() says that it is certain to end although it is not ready, and
    abortedObject() which object it is that abort() aborts.
*/
template<typename T>
concept WaitableOperation = std::move_constructible<T> && requires(T &operation, const T &constant,
                                                                   Wait *wait)
{
    typename T::Result;
    {
        constant.isReady()
        } -> std::same_as<bool>;
    {
        T::canAbandon
        } -> std::convertible_to<bool>;
    operation.start(wait);
    operation.abandon();
    abortWith(operation, std::chrono::milliseconds());
    {
        operation.take()
        } -> std::same_as<typename T::Result>;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WAITABLEOPERATION_P_H
