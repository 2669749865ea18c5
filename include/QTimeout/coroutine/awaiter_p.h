// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What co_await means in an abortable coroutine.

#ifndef QTIMEOUT_AWAITER_P_H
#define QTIMEOUT_AWAITER_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/operation_p.h"
#include "../run/operationwait_p.h"
#include "coroutinetask_p.h"

#include <coroutine>
#include <type_traits>
#include <utility>

namespace QCoro {
template<typename T>
class LazyTask;
}

namespace QTimeout::detail {

template<typename T>
inline constexpr bool isLazyTask = false;
template<typename T>
inline constexpr bool isLazyTask<QCoro::LazyTask<T>> = true;

/*
    Waits for the same operations as run() does. A task may have a name here, and an lvalue that co_await
    gives stays one.
*/
template<typename Awaited>
auto awaitedOperation(Awaited &&awaited)
{
    using Type = std::remove_cvref_t<Awaited>;
    constexpr bool isNamed = std::is_lvalue_reference_v<Awaited>;
    if constexpr (isTask<Type>) {
        using Stored = std::conditional_t<isNamed, Awaited, Type>;
        return TaskOperation<Stored>(static_cast<Stored &&>(awaited));
    } else if constexpr (isLazyTask<Type>) {
        // It cannot be moved, and a temporary is there until the end of the expression.
        using Stored = std::remove_reference_t<Awaited> &;
        return TaskOperation<Stored>(static_cast<Stored>(awaited));
    } else if constexpr (QCoro::Awaitable<Type> && !isShielded<Type> && !NamedObject<Awaited>) {
        // A temporary that cannot be moved stays where it is, until the end of the expression.
        using Stored =
                std::conditional_t<isNamed || std::is_move_constructible_v<Type>, Awaited, Type &&>;
        return AwaitableOperation<Stored, typename AwaitedType<Stored>::Kept>(std::in_place,
                                                                              std::forward<Awaited>(
                                                                                      awaited));
    } else {
        return makeOperation(std::forward<Awaited>(awaited));
    }
}

template<typename Operation>
class Awaiter final : public WaitForOperation<CoroutineWait, Operation>
{
public:
    Awaiter(CoroutineTask &task, Operation &&operation)
        : WaitForOperation<CoroutineWait, Operation>(std::move(operation), task)
    {
    }

    bool await_ready() const { return this->m_operation.isReady(); }

    bool await_suspend(std::coroutine_handle<> waiter)
    {
        if constexpr (isShieldedOperation<Operation>)
            return this->suspendInShield(waiter);
        else
            return this->suspendCoroutine(waiter);
    }

    typename Operation::Result await_resume()
    {
        this->checkInterrupted();
        if (!this->isTaskPending())
            return this->m_operation.take();
        try {
            return this->m_operation.take();
        } catch (...) {
            this->rethrowAwaited();
        }
    }
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_AWAITER_P_H
