// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_SHIELD_P_H
#define QTIMEOUT_SHIELD_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "operationwait_p.h"
#include "taskoperation_p.h"

#include <optional>
#include <utility>

namespace QTimeout::detail {

/*
    What shield() gives: a task, moved in or referred to, that is not aborted by those who await it.
*/
template<typename Stored>
class [[nodiscard]] Shielded
{
public:
    explicit Shielded(Stored &&task) noexcept : m_task(static_cast<Stored &&>(task)) {}

    // For plain coroutines.
    auto operator co_await() const noexcept { return m_task.operator co_await(); }

    Stored &&take() noexcept { return static_cast<Stored &&>(m_task); }

private:
    Stored m_task;
};

template<typename>
inline constexpr bool isShielded = false;
template<typename Stored>
inline constexpr bool isShielded<Shielded<Stored>> = true;

template<typename Stored>
class ShieldedOperation final : public TaskOperation<Stored>
{
public:
    using TaskOperation<Stored>::TaskOperation;

    void abort() const noexcept {}
};

template<typename Stored>
auto shieldedOperation(Shielded<Stored> &shielded)
{
    return ShieldedOperation<Stored>(shielded.take());
}

/*
    Makes a task of what is none.
*/
template<typename Operation>
QCoro::Task<typename Operation::Result> keep(Limit, Operation operation)
{
    if (!operation.isReady()) {
        OperationWait<struct KeepTag, Operation> wait(Work::Run, std::nullopt, operation);
        co_await wait;
        wait.checkInterrupted();
    }
    co_return operation.take();
}

} // namespace QTimeout::detail

#endif // QTIMEOUT_SHIELD_P_H
