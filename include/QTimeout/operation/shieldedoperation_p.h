// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What a shield gives to be awaited.

#ifndef QTIMEOUT_SHIELDEDOPERATION_P_H
#define QTIMEOUT_SHIELDEDOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "taskoperation_p.h"

#include <utility>

namespace QTimeout::detail {

/*
    A task that nobody who awaits it aborts.
*/
template<typename T>
class [[nodiscard]] Shielded
{
public:
    explicit Shielded(QCoro::Task<T> &&task) noexcept : m_task(std::move(task)) {}

    // For plain coroutines.
    auto operator co_await() const noexcept { return m_task.operator co_await(); }

    QCoro::Task<T> &&take() noexcept { return std::move(m_task); }

private:
    QCoro::Task<T> m_task;
};

template<typename>
inline constexpr bool isShielded = false;
template<typename T>
inline constexpr bool isShielded<Shielded<T>> = true;

template<typename T>
class ShieldedOperation final : public TaskOperation<QCoro::Task<T>>
{
public:
    explicit ShieldedOperation(Shielded<T> &shielded) noexcept
        : TaskOperation<QCoro::Task<T>>(shielded.take())
    {
    }

    void abort() const noexcept {}
};

template<typename>
inline constexpr bool isShieldedOperation = false;
template<typename T>
inline constexpr bool isShieldedOperation<ShieldedOperation<T>> = true;

} // namespace QTimeout::detail

#endif // QTIMEOUT_SHIELDEDOPERATION_P_H
