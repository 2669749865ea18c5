// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The promise that makes a coroutine abortable.

#ifndef QTIMEOUTCOROUTINE_P_H
#define QTIMEOUTCOROUTINE_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../wait/coroutineabi_p.h"
#include "awaiter_p.h"
#include "coroutinetask_p.h"

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

namespace QCoro {
template<typename T>
class AsyncGenerator;
template<typename T>
class Generator;
} // namespace QCoro

namespace QTimeout::detail {

/*
    Is asked for all parameters of all coroutines that return a QCoro::Task, among them closures, which are
    incomplete at that time: pointers to those can be asked for.
*/
template<typename Parameter, typename Scope>
inline constexpr bool refersTo = std::is_lvalue_reference_v<Parameter>
        &&std::is_convertible_v<std::remove_reference_t<Parameter> *, Scope *>;

template<typename... Parameters>
concept TakesScope = (refersTo<Parameters, QTimeoutScope> || ...);

template<typename... Parameters>
concept TakesConstScope = (refersTo<Parameters, const QTimeoutScope> || ...)
        && !TakesScope<Parameters...>;

template<typename First, typename... Others>
QTimeoutScope *scopeAmong(First &first, Others &...others) noexcept
{
    if constexpr (refersTo<First &, QTimeoutScope>)
        return std::addressof(first);
    else
        return scopeAmong(others...);
}

template<typename T>
class AbortablePromise final : public TaskPromise<T>
{
    using Base = TaskPromise<T>;

public:
    // g++ 12 passes some parameters as rvalues.
    template<typename... Parameters>
    explicit AbortablePromise(Parameters &&...parameters) : m_task(scopeAmong(parameters...))
    {
        static_assert(alignof(AbortablePromise) == alignof(typename Base::Promise));
    }

    template<typename Awaited>
    auto await_transform(Awaited &&awaited)
    {
        using Operation = decltype(awaitedOperation(std::forward<Awaited>(awaited)));
        return Awaiter<Operation>(m_task, awaitedOperation(std::forward<Awaited>(awaited)));
    }

    void unhandled_exception()
    {
        if (m_task.aborts()->isEmpty())
            return Base::unhandled_exception();
        try {
            m_task.rethrowTimeout();
        } catch (...) {
            return Base::unhandled_exception();
        }
        Base::unhandled_exception();
    }

    auto final_suspend() noexcept
    {
        using Inner = decltype(Base::final_suspend());
        struct FinalSuspend
        {
            Inner inner;
            CoroutineTask *task;

            bool await_ready() const noexcept { return inner.await_ready(); }
            // Everything may be destroyed in here.
            void await_suspend(std::coroutine_handle<> finished) noexcept
            {
                task->leaveCurrent();
                const Task::Ending ending(*task);
                inner.await_suspend(finished);
            }
            void await_resume() const noexcept {}
        };
        return FinalSuspend{Base::final_suspend(), &m_task};
    }

private:
    CoroutineTask m_task;
};

} // namespace QTimeout::detail

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesScope<Parameters...>
struct std::coroutine_traits<QCoro::Task<T>, Parameters...>
{
    using promise_type = QTimeout::detail::AbortablePromise<T>;
};

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesConstScope<Parameters...>
struct std::coroutine_traits<QCoro::Task<T>, Parameters...>
{
    static_assert(
            QTimeout::detail::alwaysFalse<T>,
            "QTimeout: an abortable coroutine takes the scope as QTimeoutScope &, not as const. To "
            "stay plain, take a pointer.");
    using promise_type = QCoro::detail::TaskPromise<T>;
};

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesScope<Parameters...>
struct std::coroutine_traits<QCoro::LazyTask<T>, Parameters...>
{
    static_assert(
            QTimeout::detail::alwaysFalse<T>,
            "QTimeout: a LazyTask cannot be an abortable coroutine. Return a QCoro::Task, or take a "
            "pointer to the scope.");
    using promise_type = typename QCoro::LazyTask<T>::promise_type;
};

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesScope<Parameters...>
struct std::coroutine_traits<QCoro::AsyncGenerator<T>, Parameters...>
{
    static_assert(
            QTimeout::detail::alwaysFalse<T>,
            "QTimeout: a generator cannot be an abortable coroutine. Take a pointer to the scope.");
    using promise_type = typename QCoro::AsyncGenerator<T>::promise_type;
};

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesScope<Parameters...>
struct std::coroutine_traits<QCoro::Generator<T>, Parameters...>
{
    static_assert(
            QTimeout::detail::alwaysFalse<T>,
            "QTimeout: a generator cannot be an abortable coroutine. Take a pointer to the scope.");
    using promise_type = typename QCoro::Generator<T>::promise_type;
};

#endif // QTIMEOUTCOROUTINE_P_H
