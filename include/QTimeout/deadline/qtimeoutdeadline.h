// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTDEADLINE_H
#define QTIMEOUTDEADLINE_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qmetatype.h>

#include <chrono>
#include <concepts>
#include <type_traits>

namespace QTimeout {

namespace detail {
class DeadlineQueue;

template<typename T, typename... Types>
inline constexpr bool isOneOf = (std::is_same_v<T, Types> || ...);

template<typename Int>
concept MillisecondCount =
        std::integral<Int> && !isOneOf<Int, bool, char, wchar_t, char8_t, char16_t, char32_t>;
} // namespace detail

class Deadline
{
public:
    template<typename Rep, typename Period>
    constexpr Deadline(std::chrono::duration<Rep, Period> timeout,
                       Qt::TimerType type = Qt::CoarseTimer) noexcept;
    template<typename Duration>
    constexpr Deadline(std::chrono::time_point<std::chrono::steady_clock, Duration> when,
                       Qt::TimerType type = Qt::CoarseTimer) noexcept;
    template<detail::MillisecondCount Int>
    constexpr Deadline(Int msecs) noexcept;
    constexpr Deadline(QDeadlineTimer::ForeverConstant) noexcept;
    QTIMEOUT_EXPORT Deadline(QDeadlineTimer deadline) noexcept;
    Deadline(double) = delete; // give a unit: std::chrono::duration<double>(seconds)
    Deadline(bool) = delete;
    Deadline(Qt::TimerType) = delete;

    constexpr bool isForever() const noexcept;
    constexpr Qt::TimerType timerType() const noexcept;
    QTIMEOUT_EXPORT QDeadlineTimer toDeadlineTimer() const noexcept;

private:
    friend class detail::DeadlineQueue;

    enum class Kind : quint8 { Remaining, Absolute };

    qint64 m_nsecs; // from now or since the epoch of steady_clock; the maximum is forever
    Kind m_kind;
    Qt::TimerType m_type;
};

} // namespace QTimeout

#include "qtimeoutdeadline_p.h"

#endif // QTIMEOUTDEADLINE_H
