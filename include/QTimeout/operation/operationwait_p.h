// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_OPERATIONWAIT_P_H
#define QTIMEOUT_OPERATIONWAIT_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "coroutineabi_p.h"
#include "wait_p.h"

#include <optional>

namespace QTimeout::detail {

/*
    Ties an operation, which knows its type, to the wait, which does not. A coroutine function that has one names
    itself by the tag.
*/
template<typename Tag, typename Operation>
class OperationWait : public LimitedWait
{
public:
    // Without a limit it ends with the operation.
    OperationWait(Kind kind, const std::optional<Limit> &limit, Operation &operation)
        : LimitedWait(kind, kind == Run), m_operation(operation)
    {
        if (limit)
            begin(*limit);
        if (outcome() != Outcome::Pending)
            m_operation.abort();
        else if (m_operation.isReady())
            settle(Outcome::Ended);
    }

    bool await_ready() const noexcept { return outcome() != Outcome::Pending; }
    template<typename Promise>
    Q_DECL_HIDDEN bool await_suspend(std::coroutine_handle<Promise> waiter)
    {
        setSuspendedIn<OperationWait>(waiter, this);
        return suspend(waiter);
    }
    void await_resume() const noexcept {}

    using Wait::outcome;

private:
    void startOperation() override { m_operation.start(this); }
    bool hasOperationEnded() const override { return m_operation.isReady(); }
    bool canAbandonOperation() const override { return Operation::canAbandon; }
    void abandonOperation() override { m_operation.abandon(); }
    void abortOperation() override { m_operation.abort(); }

    Operation &m_operation;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_OPERATIONWAIT_P_H
