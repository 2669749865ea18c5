// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTCOROUTINE_P_H
#define QTIMEOUTCOROUTINE_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because abortable coroutines are made of
// it, and may change from version to version. We mean it.
//

#include "../operation/coroutineabi_p.h"
#include "../scope/qtimeoutscope.h"
#include "coroutineframe_p.h"
#include "frameawaiter_p.h"

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

/*
    The promise of an abortable coroutine.
*/
template<typename T>
class FramePromise final : public TaskPromise<T>
{
    using Base = TaskPromise<T>;

public:
    // g++ 12 passes some parameters as rvalues.
    template<typename... Parameters>
    explicit FramePromise(Parameters &&...parameters)
        : m_frame(scopeAmong(parameters...),
                  std::coroutine_handle<FramePromise>::from_promise(*this), Base::taskPromise())
    {
        static_assert(alignof(FramePromise) == alignof(typename Base::Promise));
    }

    template<typename Awaited>
    auto await_transform(Awaited &&awaited)
    {
        using Operation = decltype(frameOperation(std::forward<Awaited>(awaited)));
        return FrameAwaiter<Operation>(m_frame, frameOperation(std::forward<Awaited>(awaited)));
    }

    void unhandled_exception()
    {
        if (!m_frame.isTimedOut())
            return Base::unhandled_exception();
        try {
            m_frame.rethrowTimedOut();
        } catch (...) {
            Base::unhandled_exception();
        }
    }

    auto final_suspend() noexcept
    {
        using Inner = decltype(Base::final_suspend());
        struct FinalSuspend
        {
            Inner inner;
            CoroutineFrame *frame;

            bool await_ready() const noexcept { return inner.await_ready(); }
            // Everything may be destroyed in here.
            void await_suspend(std::coroutine_handle<> finished) noexcept
            {
                frame->end();
                const Departure departure(*frame);
                inner.await_suspend(finished);
            }
            void await_resume() const noexcept {}
        };
        return FinalSuspend{Base::final_suspend(), &m_frame};
    }

private:
    CoroutineFrame m_frame;
};

} // namespace QTimeout::detail

template<typename T, typename... Parameters>
    requires QTimeout::detail::TakesScope<Parameters...>
struct std::coroutine_traits<QCoro::Task<T>, Parameters...>
{
    using promise_type = QTimeout::detail::FramePromise<T>;
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
