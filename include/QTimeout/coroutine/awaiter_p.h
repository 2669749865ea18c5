// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What co_await means in an abortable coroutine.

#ifndef QTIMEOUT_AWAITER_P_H
#define QTIMEOUT_AWAITER_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "../operation/operation_p.h"
#include "../operation/waitableoperation_p.h"
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

template<WaitableOperation Operation>
class Awaiter final : public CoroutineWait
{
public:
    Awaiter(CoroutineTask &task, Operation &&operation)
        : CoroutineWait(task), m_operation(std::move(operation))
    {
    }

    bool await_ready() const { return m_operation.isReady(); }

    bool await_suspend(std::coroutine_handle<> waiter)
    {
        if constexpr (isShieldedOperation<Operation>)
            return suspendInShield(waiter);
        else
            return suspendCoroutine(waiter);
    }

    typename Operation::Result await_resume()
    {
        checkInterrupted();
        if (!isTaskPending())
            return m_operation.take();
        try {
            return m_operation.take();
        } catch (...) {
            rethrowAwaited();
        }
    }

private:
    void startOperation() override { m_operation.start(this); }
    bool hasOperationEnded() const override { return m_operation.isReady(); }
    bool isOperationEnding() const override
    {
        if constexpr (requires { m_operation.isEnding(); })
            return m_operation.isEnding();
        else
            return false;
    }
    bool canAbandonOperation() const override { return Operation::canAbandon; }
    void abandonOperation() override { m_operation.abandon(); }
    void abortOperation() override { m_operation.abort(); }
    const QObject *operationObject() const override
    {
        if constexpr (requires { m_operation.abortedObject(); })
            return m_operation.abortedObject();
        else
            return nullptr;
    }

    Operation m_operation;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_AWAITER_P_H
