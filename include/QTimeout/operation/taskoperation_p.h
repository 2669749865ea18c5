// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for a task, or for anything else that QCoro can await.

#ifndef QTIMEOUT_TASKOPERATION_P_H
#define QTIMEOUT_TASKOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/qtimeoutcancelled.h"
#include "../wait/coroutineabi_p.h"
#include "../wait/helper_p.h"
#include "objectoperation_p.h"
#include "qtimeoutabort.h"

#include <QCoroTask>

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

namespace QTimeout::detail {

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
    // Only before it is started.
    TaskOperation(TaskOperation &&other) noexcept : m_task(static_cast<Stored &&>(other.m_task)) {}

    bool isReady() const { return m_started ? m_helper.hasEnded() : m_task.isReady(); }

    // It has ended and is telling those who await it, one after the other; or it is one of ours, and what
    // that waits for has ended.
    bool isEnding() const
    {
        if (isReady() || !m_frame)
            return false;
        if (m_frame.done())
            return true;
        const OwnWait *wait = findWait(m_frame);
        return wait && wait->hasEnded();
    }

    void start(Wait *wait)
    {
        m_frame = frame();
        m_started = true;
        m_helper.start(wait, static_cast<Stored &&>(m_task), HelperState::OfTask);
    }

    void abandon()
    {
        // A plain task may end in another thread as soon as it has been released.
        if (m_started && !m_helper.hasEnded())
            m_wait.emplace(findWait(m_frame));
        m_helper.abandon();
    }

    // One of ours ends when nobody waits for it; a plain one cannot be interrupted by anybody.
    void abort()
    {
        if (!m_started)
            m_wait.emplace(findWait(frame()));
        if (m_wait && *m_wait)
            (*m_wait)->abandonedByWaiter(m_started);
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
    static OwnWait *findWait(std::coroutine_handle<> frame)
    {
        return frame ? KnownCoroutine::find(frame) : nullptr;
    }

    Stored m_task; // until it is started
    std::optional<Weak<OwnWait>> m_wait; // of a task of ours that has been abandoned
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
        m_helper.start(wait, Base::object(), HelperState::OfOther);
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
        m_helper.template start<Awaited>(wait, static_cast<Awaited &&>(m_awaited),
                                         HelperState::OfOther, &m_where);
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
