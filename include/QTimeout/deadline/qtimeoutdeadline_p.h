// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Deadline: the inline functions, and arithmetic with times that does not overflow.

#ifndef QTIMEOUTDEADLINE_P_H
#define QTIMEOUTDEADLINE_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "qtimeoutdeadline.h"

#include <limits>
#include <ratio>
#include <type_traits>
#include <utility>

namespace QTimeout {

/*!
    \class QTimeout::Deadline
    \inmodule QTimeout
    \brief Says when: the one type of all parameters that take a time limit.

    A Deadline is made implicitly, where a function asks for one, from whatever the caller has:

    \snippet tst_snippets_reference.cpp deadline

    A time from now that does not fit into 64 bits of nanoseconds is forever; so is a \c
    duration<double> that is not a number. A time that is negative or past is a deadline that has
    passed already.

    A plain \c double, \c bool or \c Qt::TimerType is refused at compile time, because its unit or
    meaning is anybody's guess.

    A time from now begins when the deadline is used, not when the object is made, so that no clock
    is read in vain.

    The timer type says how punctual the expiry must be. It is Qt::CoarseTimer unless something else
    is given.

    \sa QTimeoutScope, QDeadlineTimer
*/

namespace detail {

inline constexpr qint64 ForeverNSecs = std::numeric_limits<qint64>::max();

/*
    Converts to nanoseconds, rounding up (a deadline must never be early) and saturating. The
    comparison is done in long double because the source may be of any type and period.
*/
template<typename Rep, typename Period>
constexpr qint64 saturatedNSecs(std::chrono::duration<Rep, Period> duration) noexcept
{
    if constexpr (std::is_integral_v<Rep> && sizeof(Rep) <= sizeof(qint64)
                  && std::ratio_divide<Period, std::nano>::den == 1) {
        constexpr qint64 factor = std::ratio_divide<Period, std::nano>::num;
        if (std::cmp_greater(duration.count(), ForeverNSecs / factor))
            return ForeverNSecs;
        if (std::cmp_less(duration.count(), -(ForeverNSecs / factor)))
            return -ForeverNSecs;
        return static_cast<qint64>(duration.count()) * factor;
    } else {
        const auto nsecs = std::chrono::duration<long double, std::nano>(duration).count();
        // Written so that a NaN does not fit either.
        if (!(nsecs < static_cast<long double>(ForeverNSecs)))
            return ForeverNSecs;
        if (nsecs <= -static_cast<long double>(ForeverNSecs))
            return -ForeverNSecs;
        const auto truncated = static_cast<qint64>(nsecs);
        return static_cast<long double>(truncated) < nsecs ? truncated + 1 : truncated;
    }
}

/*
    The sum of two times, either of which may be forever or far in the past.
*/
constexpr qint64 saturatedSum(qint64 a, qint64 b) noexcept
{
    if (a == ForeverNSecs || b == ForeverNSecs || (b > 0 && a > ForeverNSecs - b))
        return ForeverNSecs;
    if (b < 0 && a < -ForeverNSecs - b)
        return -ForeverNSecs;
    return a + b;
}

QTIMEOUT_EXPORT QDeadlineTimer toDeadlineTimer(qint64 nsecs, Qt::TimerType type) noexcept;

} // namespace detail

/*!
    \fn template <typename Rep, typename Period> QTimeout::Deadline::Deadline(std::chrono::duration<Rep, Period> timeout, Qt::TimerType type)

    Constructs a deadline \a timeout from the moment of its use, of the timer type \a type.

    What does not fit is forever, zero and negative times have passed already. Fractions of a
    nanosecond are rounded up.
*/
template<typename Rep, typename Period>
constexpr Deadline::Deadline(std::chrono::duration<Rep, Period> timeout,
                             Qt::TimerType type) noexcept
    : m_nsecs(detail::saturatedNSecs(timeout)), m_kind(Kind::Remaining), m_type(type)
{
}

/*!
    \fn template <typename Duration> QTimeout::Deadline::Deadline(std::chrono::time_point<std::chrono::steady_clock, Duration> when, Qt::TimerType type)

    Constructs a deadline at the point in time \a when, of the timer type \a type. The maximum of
    the type is forever.
*/
template<typename Duration>
constexpr Deadline::Deadline(std::chrono::time_point<std::chrono::steady_clock, Duration> when,
                             Qt::TimerType type) noexcept
    : m_nsecs(when == std::remove_cvref_t<decltype(when)>::max()
                      ? detail::ForeverNSecs
                      : detail::saturatedNSecs(when.time_since_epoch())),
      m_kind(Kind::Absolute),
      m_type(type)
{
}

/*!
    \fn template <typename Int> QTimeout::Deadline::Deadline(Int msecs)

    Constructs a deadline \a msecs milliseconds from the moment of its use. As everywhere in Qt, -1 means
    forever; other negative values have passed already.
*/
template<detail::MillisecondCount Int>
constexpr Deadline::Deadline(Int msecs) noexcept
    : m_nsecs(std::cmp_equal(msecs, -1)
                      ? detail::ForeverNSecs
                      : detail::saturatedNSecs(std::chrono::duration<Int, std::milli>(msecs))),
      m_kind(Kind::Remaining),
      m_type(Qt::CoarseTimer)
{
}

/*!
    \fn QTimeout::Deadline::Deadline(QDeadlineTimer::ForeverConstant)

    Constructs a deadline that never comes: \c{asyncio.timeout(None)}.
*/
constexpr Deadline::Deadline(QDeadlineTimer::ForeverConstant) noexcept
    : m_nsecs(detail::ForeverNSecs), m_kind(Kind::Remaining), m_type(Qt::CoarseTimer)
{
}

/*!
    \fn bool QTimeout::Deadline::isForever() const

    Returns true if the deadline never comes.
*/
constexpr bool Deadline::isForever() const noexcept
{
    return m_nsecs == detail::ForeverNSecs;
}

/*!
    \fn Qt::TimerType QTimeout::Deadline::timerType() const

    Returns how punctual the expiry has to be.
*/
constexpr Qt::TimerType Deadline::timerType() const noexcept
{
    return m_type;
}

} // namespace QTimeout

#endif // QTIMEOUTDEADLINE_P_H
