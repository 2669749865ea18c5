// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Ties an operation, which knows its type, to a wait, which does not.

#ifndef QTIMEOUT_OPERATIONWAIT_P_H
#define QTIMEOUT_OPERATIONWAIT_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/waitableoperation_p.h"
#include "../wait/coroutineabi_p.h"
#include "runtask_p.h"

#include <coroutine>
#include <type_traits>
#include <utility>

namespace QTimeout::detail {

/*
    What a wait asks of its operation, which is kept by value or by reference.
*/
template<typename Base, typename Kept>
class WaitForOperation : public Base
{
    using Operation = std::remove_reference_t<Kept>;
    static_assert(WaitableOperation<Operation>);

protected:
    template<typename... Args>
    explicit WaitForOperation(Kept &&operation, Args &&...args)
        : Base(std::forward<Args>(args)...), m_operation(static_cast<Kept &&>(operation))
    {
    }

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
    void abortOperation() override { abortWith(m_operation, this->gracePeriod()); }
    const QObject *operationObject() const override
    {
        if constexpr (requires { m_operation.abortedObject(); })
            return m_operation.abortedObject();
        else
            return nullptr;
    }

    Kept m_operation;
};

/*
    The wait of a coroutine function of ours, which names itself by the tag. The operation stands in the same
    frame.
*/
template<typename Tag, typename Base, typename Operation>
class OperationWait : public WaitForOperation<Base, Operation &>
{
    using Outcome = Wait::Outcome;

public:
    template<typename... Limits>
    explicit OperationWait(Operation &operation, const Limits &...limits)
        : WaitForOperation<Base, Operation &>(operation)
    {
        this->begin(limits...);
        check();
    }

    bool await_ready() const noexcept { return this->outcome() != Outcome::Pending; }
    template<typename Promise>
    Q_DECL_HIDDEN bool await_suspend(std::coroutine_handle<Promise> waiter)
    {
        if constexpr (std::is_base_of_v<OwnWait, Base>)
            setSuspendedIn<OperationWait>(waiter, this);
        return this->suspend(waiter);
    }
    void await_resume() const noexcept {}

    using Base::outcome;

    // Perhaps the operation has ended already, or is not to be waited for.
    void check()
    {
        if (this->outcome() != Outcome::Pending)
            this->abortOperation();
        else if (this->m_operation.isReady())
            this->settle(Outcome::Ended);
    }
};

/*
    A wait that has no limit, and that nobody can end.
*/
class KeepWait : public Wait
{
protected:
    void begin() const noexcept {}
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_OPERATIONWAIT_P_H
