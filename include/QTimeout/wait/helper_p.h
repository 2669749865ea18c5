// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The helper that awaits what cannot be told that nobody waits for it any more.

#ifndef QTIMEOUT_HELPER_P_H
#define QTIMEOUT_HELPER_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "wait_p.h"

#include <QCoroTask>

#include <atomic>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

/*
    Tasks, and other things that QCoro awaits in a way of its own, keep the handle of the coroutine that awaits
    them, and resume it. So it is a coroutine of our own that awaits them, a helper, which owns what it
    awaits. If it is abandoned it stays until the operation has
    ended, and then goes without telling anybody.
*/

namespace QCoro::detail {
class IteratorAwaitableBase; // a step of an AsyncGenerator
}

namespace QTimeout::detail {

template<typename T>
inline constexpr bool isTask = false;
template<typename T>
inline constexpr bool isTask<QCoro::Task<T>> = true;

// A type that QCoro can await although it is no awaitable itself.
template<typename T>
concept HasQCoroAwaiter = requires
{
    typename QCoro::detail::awaiter_type<T>::type;
};

/*
    The helper's side of its wait, which does not depend on the type of the result.
*/
class QTIMEOUT_EXPORT HelperState
{
public:
    // Who awaits a task is resumed when that ends; for anything else the event loop does so.
    enum Kind : quint8 { OfTask, OfOther };
    void setWait(Wait *wait, Kind kind);
    bool hasEnded() const noexcept { return m_state.load(std::memory_order_acquire) == Ended; }
    // The wait is not told any more.
    void mute() noexcept { m_wait = nullptr; }
    // Returns true if the helper has ended and is to be destroyed; else it will do so itself.
    bool release() noexcept;

    // Called by the helper, in whichever thread it ends.
    void ended(std::coroutine_handle<> helper) noexcept;

private:
    enum State : quint8 { Waiting, Ended, Released };

    void deliver(std::coroutine_handle<> helper);

    Wait *m_wait = nullptr; // touched only in its thread
    Mailbox::Pointer m_home;
    std::atomic<State> m_state = Waiting;
    Kind m_kind = OfOther;
    bool m_posted = false; // the news is on its way through the event loop
};

template<typename T>
class HelperResult
{
public:
    template<typename U>
    void return_value(U &&value)
    {
        m_result.template emplace<1>(std::forward<U>(value));
    }
    void unhandled_exception() { m_result.template emplace<2>(std::current_exception()); }

    T take()
    {
        if (m_result.index() == 2)
            std::rethrow_exception(std::get<2>(std::move(m_result)));
        return std::get<1>(std::move(m_result));
    }

private:
    std::variant<std::monostate, T, std::exception_ptr> m_result;
};

template<>
class HelperResult<void>
{
public:
    void return_void() noexcept {}
    void unhandled_exception() noexcept { m_exception = std::current_exception(); }

    void take()
    {
        if (m_exception)
            std::rethrow_exception(std::move(m_exception));
    }

private:
    std::exception_ptr m_exception;
};

template<typename T>
class HelperResult<T &>
{
public:
    void return_value(T &value) noexcept { m_value = &value; }
    void unhandled_exception() noexcept { m_exception = std::current_exception(); }

    T &take()
    {
        if (m_exception)
            std::rethrow_exception(std::move(m_exception));
        return *m_value;
    }

private:
    T *m_value = nullptr;
    std::exception_ptr m_exception;
};

template<typename T>
class Helper
{
public:
    struct promise_type : HelperResult<T>
    {
        struct FinalSuspend
        {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> helper) const noexcept
            {
                helper.promise().state.ended(helper);
            }
            void await_resume() const noexcept {}
        };

        Helper get_return_object() noexcept
        {
            return Helper(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        FinalSuspend final_suspend() const noexcept { return {}; }

        HelperState state;
    };
    using Handle = std::coroutine_handle<promise_type>;

    explicit Helper(Handle handle) noexcept : m_handle(handle) {}

    Handle handle() const noexcept { return m_handle; }

private:
    Handle m_handle;
};

template<typename T, typename Awaited>
Helper<T> help(Awaited awaited, std::remove_reference_t<Awaited> **where)
{
    if (where)
        *where = &awaited;
    if constexpr (HasQCoroAwaiter<std::remove_cvref_t<Awaited>>) {
        typename QCoro::detail::awaiter_type<std::remove_cvref_t<Awaited>>::type awaiter{awaited};
        if constexpr (std::is_void_v<T>)
            co_await awaiter;
        else
            co_return co_await awaiter;
    } else if constexpr (requires { awaited.await_ready(); }) {
        // g++ 12 would move an awaiter that is an rvalue.
        if constexpr (std::is_void_v<T>)
            co_await awaited;
        else
            co_return co_await awaited;
    } else {
        if constexpr (std::is_void_v<T>)
            co_await static_cast<Awaited &&>(awaited);
        else
            co_return co_await static_cast<Awaited &&>(awaited);
    }
}

/*
    What co_await gives for an operation of this type.
*/
template<typename Awaited>
struct AwaitedType
{
    static decltype(auto) awaiter(Awaited &&awaited)
    {
        using Value = Awaited &&;
        if constexpr (HasQCoroAwaiter<std::remove_cvref_t<Awaited>>)
            return typename QCoro::detail::awaiter_type<std::remove_cvref_t<Awaited>>::type{
                    awaited};
        else if constexpr (requires { static_cast<Value>(awaited).operator co_await(); })
            return static_cast<Value>(awaited).operator co_await();
        else if constexpr (requires { operator co_await(static_cast<Value>(awaited)); })
            return operator co_await(static_cast<Value>(awaited));
        else
            return (awaited);
    }
    using Exact = decltype(awaiter(std::declval<Awaited>()).await_resume());
    using Type = std::decay_t<Exact>;
    // An lvalue is kept as one, as co_await gives it.
    using Kept = std::conditional_t<std::is_lvalue_reference_v<Exact>, Exact, Type>;
};

/*
    Owns a helper that has been started, until the helper is abandoned.
*/
template<typename Result_>
class HelperOwner
{
public:
    using Result = Result_;

    HelperOwner() noexcept = default;
    HelperOwner(HelperOwner &&other) noexcept : m_helper(std::exchange(other.m_helper, nullptr)) {}
    ~HelperOwner() { release(); }

    // Stores where what is awaited is from now on, for as long as the helper exists.
    template<typename Awaited>
    void start(Wait *wait, Awaited &&awaited, HelperState::Kind kind,
               std::remove_reference_t<Awaited> **where = nullptr)
    {
        m_helper = help<Result, Awaited>(std::forward<Awaited>(awaited), where).handle();
        m_helper.promise().state.setWait(wait, kind);
        m_helper.resume();
    }

    bool hasEnded() const noexcept { return m_helper && m_helper.promise().state.hasEnded(); }

    // A result that is there already can still be taken.
    void abandon() noexcept
    {
        if (hasEnded())
            m_helper.promise().state.mute();
        else
            release();
    }

    // What the helper awaits has been destroyed, and will not resume it.
    void destroy() noexcept
    {
        if (auto helper = std::exchange(m_helper, nullptr))
            helper.destroy();
    }

    Result take() { return m_helper.promise().take(); }

private:
    void release() noexcept
    {
        if (auto helper = std::exchange(m_helper, nullptr);
            helper && helper.promise().state.release())
            helper.destroy();
    }

    typename Helper<Result>::Handle m_helper;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_HELPER_P_H
