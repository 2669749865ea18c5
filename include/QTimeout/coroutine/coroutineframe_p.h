// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_COROUTINEFRAME_P_H
#define QTIMEOUT_COROUTINEFRAME_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "../operation/coroutineabi_p.h"
#include "../operation/wait_p.h"
#include "../scope/frame_p.h"

#include <coroutine>

namespace QTimeout::detail {

class FrameWait;

/*
    The part of an abortable coroutine's promise that does not depend on the type of the result.
*/
class QTIMEOUT_EXPORT CoroutineFrame final : public Frame
{
public:
    CoroutineFrame(QTimeoutScope *scope, std::coroutine_handle<> coroutine,
                   const QCoro::detail::TaskPromiseBase &promise)
        : Frame(scope, coroutine.address()), m_address(coroutine.address()), m_promise(promise)
    {
    }

    const void *address() const noexcept override { return m_address; }
    bool isAwaitedBy(const void *coroutine) const noexcept override;

    // The body has ended, and those who await it are about to be resumed.
    using Frame::end;

protected:
    bool isDue() const noexcept override;
    void interrupt() override;

private:
    friend class FrameWait;

    FrameWait *m_wait = nullptr; // in which it is suspended
    const void *const m_address;
    const QCoro::detail::TaskPromiseBase &m_promise;
};

/*
    The wait of an abortable coroutine for what it awaits.
*/
class QTIMEOUT_EXPORT FrameWait : public Wait
{
public:
    void interruptFrame();

protected:
    explicit FrameWait(CoroutineFrame &frame) noexcept : m_frame(frame) {}
    ~FrameWait() = default;

    bool suspendFrame(std::coroutine_handle<> waiter) { return suspendFrame(waiter, nullptr); }
    // What is awaited is a shielded task.
    bool suspendInShield(std::coroutine_handle<> waiter, std::coroutine_handle<> task);
    bool endShield() { return m_frame.endShield(); }
    // Throws if it has been interrupted.
    void checkInterrupted() const
    {
        if (outcome() == Outcome::Cancelled)
            throwInterrupted();
    }
    bool isFramePending() const noexcept { return m_frame.isPending(); }
    // In a handler: an exception has come from what was awaited.
    [[noreturn]] void rethrowAwaited(bool isShielded) { m_frame.rethrowAwaited(isShielded); }

private:
    friend class CoroutineFrame;

    bool suspendFrame(std::coroutine_handle<> waiter, const Frame::Shield *shield);
    // It is certain to end, so an abort comes too late (A2).
    virtual bool isOperationEnding() const = 0;
    bool interruptAtOnce();
    [[noreturn]] static void throwInterrupted();
    void resume() override;

    CoroutineFrame &m_frame;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_COROUTINEFRAME_P_H
