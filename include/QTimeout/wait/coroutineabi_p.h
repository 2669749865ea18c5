// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// All that is assumed about coroutine frames and about QCoro's task.

#ifndef QTIMEOUT_COROUTINEABI_P_H
#define QTIMEOUT_COROUTINEABI_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "wait_p.h"

#include <QCoroTask>

#include <coroutine>
#include <type_traits>

/*
    A QCoro::Task<T> holds a coroutine handle for the promise TaskPromise<T>, and nothing can be
    derived from that promise in all versions of QCoro. To have a promise of our own behind a
    QCoro::Task<T> we rely on how g++ and clang lay out a coroutine frame (they agree, so that a
    debugger can walk frames of both):

        word 0      the function that resumes the coroutine, null when it has ended
        word 1      the function that destroys it
        from word 2 the promise, as its alignment asks

    - A promise whose first member is a TaskPromise<T>, and whose alignment is the same, has that
      member where a handle for TaskPromise<T> looks for it.
    - All frames of one coroutine function have the same resume function while they are suspended,
      so a task can be recognised as one of ours by its first word.
*/

namespace QTimeout::detail {

/*
    The part of TaskPromise<T>'s interface that the compiler uses, passed on to a TaskPromise<T>.
*/
template<typename T>
class TaskPromiseBase
{
public:
    using Task = QCoro::Task<T>;
    using Promise = QCoro::detail::TaskPromise<T>;
    using Handle = std::coroutine_handle<Promise>;

    Task get_return_object() noexcept { return m_promise.get_return_object(); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    void unhandled_exception() { m_promise.unhandled_exception(); }
    const QCoro::detail::TaskPromiseBase &taskPromise() const noexcept { return m_promise; }

    auto final_suspend() noexcept
    {
        using Inner = decltype(m_promise.final_suspend());
        struct FinalSuspend
        {
            Inner inner;

            bool await_ready() const noexcept { return inner.await_ready(); }
            void await_suspend(std::coroutine_handle<> finished) noexcept
            {
                inner.await_suspend(Handle::from_address(finished.address()));
            }
            void await_resume() const noexcept {}
        };
        return FinalSuspend{m_promise.final_suspend()};
    }

protected:
    Promise m_promise;
};

template<typename T>
class TaskPromise : public TaskPromiseBase<T>
{
public:
    template<typename U>
        requires std::is_constructible_v<T, U &&>
    void return_value(U &&value) { this->m_promise.return_value(T(std::forward<U>(value))); }
    // For a braced list.
    void return_value(T &&value) { this->m_promise.return_value(std::move(value)); }
};

template<>
class TaskPromise<void> : public TaskPromiseBase<void>
{
public:
    void return_void() noexcept { m_promise.return_void(); }
};

/*
    Gets at the handle in a task.
*/
template<typename Task>
std::coroutine_handle<> handleOf(const Task &task) noexcept
{
    using Awaiter = decltype(task.operator co_await());
    struct Access : Awaiter
    {
        static auto handle(const Awaiter &awaiter) { return awaiter.*(&Access::mAwaitedCoroutine); }
    };
    return Access::handle(task.operator co_await());
}

/*
    A coroutine function of ours whose suspended frames can be recognised.
*/
class QTIMEOUT_EXPORT KnownCoroutine
{
public:
    // What a suspended frame of this function waits for.
    using WaitOf = OwnWait *(*)(std::coroutine_handle<> frame);

    KnownCoroutine(std::coroutine_handle<> frame, WaitOf waitOf);
    ~KnownCoroutine();

    // Null if the frame is not one of ours.
    static OwnWait *find(std::coroutine_handle<> frame);

private:
    Q_DISABLE_COPY_MOVE(KnownCoroutine)

    static void *resumeFunction(std::coroutine_handle<> frame) noexcept
    {
        return *static_cast<void **>(frame.address());
    }

    void *m_resumeFunction;
    WaitOf m_waitOf;
    KnownCoroutine *m_next;
};

/*
    The promise of our own coroutines that wait for something, and can be told that nobody is
    interested any more.
*/
template<typename T>
class WaitPromise final : public TaskPromise<T>
{
public:
    static OwnWait *waitOf(std::coroutine_handle<> frame)
    {
        static_assert(alignof(WaitPromise) == alignof(typename TaskPromise<T>::Promise));
        return std::coroutine_handle<WaitPromise>::from_address(frame.address())
                .promise()
                .suspension.wait;
    }

    OwnWait::Suspension suspension;
};

// Who awaits the coroutine with this suspension.
QTIMEOUT_EXPORT bool isAwaitedBy(const OwnWait::Suspension &suspension,
                                 std::coroutine_handle<> frame) noexcept;
// How many do, those who have been abandoned included.
QTIMEOUT_EXPORT size_t awaitersOf(const OwnWait::Suspension &suspension) noexcept;

// A coroutine function of ours takes it first.
struct Limit;

/*
    Makes it known what a coroutine is suspended in. The compilers set the resume function at
    different times, but have done so by now. The tag is to be one of the coroutine function's own, because
    different functions can have the same promise. Hidden, because each library has its own copy of the
    coroutine function.
*/
template<typename Tag, typename Promise>
Q_DECL_HIDDEN void setSuspendedIn(std::coroutine_handle<Promise> frame, OwnWait *wait)
{
    static const KnownCoroutine known(frame, &Promise::waitOf);
    Promise &promise = frame.promise();
    promise.suspension.promise = &promise.taskPromise();
    wait->setSuspension(&promise.suspension);
}

} // namespace QTimeout::detail

// Coroutines that take a Limit first are ours.
template<typename T, typename... Args>
struct std::coroutine_traits<QCoro::Task<T>, QTimeout::detail::Limit, Args...>
{
    using promise_type = QTimeout::detail::WaitPromise<T>;
};

#endif // QTIMEOUT_COROUTINEABI_P_H
