// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_TASKOPERATION_P_H
#define QTIMEOUT_TASKOPERATION_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "../scope/qtimeoutcancelled.h"
#include "coroutineabi_p.h"
#include "objectoperation_p.h"
#include "qtimeoutabort.h"
#include "wait_p.h"

#include <QCoroTask>

#include <atomic>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <variant>

/*
    Waiting for a task, or for anything else that QCoro can await.

    None of these can be told that nobody waits for them any more: they keep the handle of the
    coroutine that awaits them, and resume it. So it is a coroutine of our own that awaits them, a
    helper, which owns what it awaits. If it is abandoned it stays until the operation has
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
    void setWait(Wait *wait) noexcept;
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
    void start(Wait *wait, Awaited &&awaited, std::remove_reference_t<Awaited> **where = nullptr)
    {
        m_helper = help<Result, Awaited>(std::forward<Awaited>(awaited), where).handle();
        m_helper.promise().state.setWait(wait);
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

/*
    A task that is moved in, or one that has a name, which is referred to until it is awaited. QCoro resumes
    those who await a task before it destroys the frame, whoever has the task then.
*/
template<typename Stored>
class TaskOperation
{
    using Task = std::remove_cvref_t<Stored>;

public:
    using Result = typename Task::value_type;
    static constexpr bool canAbandon = true;

    explicit TaskOperation(Stored &&task) noexcept : m_task(static_cast<Stored &&>(task)) {}
    TaskOperation(TaskOperation &&) noexcept = default;

    bool isReady() const { return m_started ? m_helper.hasEnded() : m_task.isReady(); }

    // It is one of ours, and what that waits for has ended.
    bool isEnding() const
    {
        const LimitedWait *wait = isReady() ? nullptr : findWait(m_frame);
        return wait && wait->hasEnded();
    }

    void start(Wait *wait)
    {
        m_frame = frame();
        m_started = true;
        m_helper.start(wait, static_cast<Stored &&>(m_task));
    }

    void abandon()
    {
        // A plain task may end in another thread as soon as it has been released.
        if (m_started && !m_helper.hasEnded())
            m_wait = findWait(m_frame);
        m_helper.abandon();
    }

    // One of ours ends when nobody waits for it; a plain one cannot be interrupted by anybody.
    void abort()
    {
        if (!m_started)
            m_wait = findWait(frame());
        if (m_wait)
            m_wait->abandonedByWaiter();
    }

    Result take()
    {
        if (m_started)
            return m_helper.take();
        if (!frame()) { // default-constructed or moved from
            warnOfNull();
            throw QTimeoutCancelled();
        }
        return m_task.operator co_await().await_resume();
    }

    // Null once it has been started.
    std::coroutine_handle<> frame() const noexcept
    {
        return m_started ? std::coroutine_handle<>() : handleOf(m_task);
    }

private:
    static LimitedWait *findWait(std::coroutine_handle<> frame)
    {
        return frame ? KnownCoroutine::find(frame) : nullptr;
    }

    Stored m_task; // until it is started
    LimitedWait *m_wait = nullptr; // of a task of ours that has been abandoned
    std::coroutine_handle<> m_frame;
    HelperOwner<Result> m_helper;
    bool m_started = false;
};

template<typename T>
TaskOperation(QCoro::Task<T> &&) -> TaskOperation<QCoro::Task<T>>;

/*
    A QObject that QCoro awaits in a way of its own.
*/
template<typename Object>
class AwaitedObjectOperation final : public ObjectOperation<AwaitedObjectOperation<Object>, Object>
{
    using Base = ObjectOperation<AwaitedObjectOperation, Object>;

public:
    using Result = typename AwaitedType<Object *>::Type;
    using Base::Base;

    bool isReady() const noexcept { return Base::hasEnded() || m_helper.hasEnded(); }
    void start(Wait *wait)
    {
        Base::listen(wait);
        m_helper.start(wait, Base::object());
    }
    void abandon()
    {
        Base::abandon();
        m_helper.abandon();
    }
    void gone() noexcept { m_helper.destroy(); }
    Result take()
    {
        Q_UNUSED(Base::object())
        return m_helper.take();
    }

private:
    HelperOwner<Result> m_helper;
};

/*
    Anything else. An awaitable that is not owned, or that steps an AsyncGenerator, refers to
    something that may go as soon as the coroutine goes on, so the wait for it cannot be given up.
*/
template<typename Awaited, typename Result_ = typename AwaitedType<Awaited>::Type>
class AwaitableOperation
{
    using Type = std::remove_reference_t<Awaited>;

public:
    using Result = Result_;
    static constexpr bool isStep = std::is_base_of_v<QCoro::detail::IteratorAwaitableBase, Type>;
    static constexpr bool canAbandon = !std::is_reference_v<Awaited> && !isStep;

    template<typename A>
    explicit AwaitableOperation(std::in_place_t, A &&awaited) : m_awaited(std::forward<A>(awaited))
    {
    }
    // By hand, for what is referred to by an rvalue reference.
    AwaitableOperation(AwaitableOperation &&other)
        : m_awaited(static_cast<Awaited &&>(other.m_awaited))
    {
    }

    bool isReady() const noexcept { return m_helper.hasEnded(); }
    void start(Wait *wait)
    {
        m_helper.template start<Awaited>(wait, static_cast<Awaited &&>(m_awaited), &m_where);
    }
    void abandon() noexcept { m_helper.abandon(); }
    // Only what has not ended is aborted, so the helper is still there, abandoned or not.
    void abort() { abortOperation(m_where ? *m_where : m_awaited); }
    Result take() { return m_helper.take(); }

private:
    Awaited m_awaited; // until it is started
    Type *m_where = nullptr; // in the helper
    HelperOwner<Result> m_helper;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_TASKOPERATION_P_H
