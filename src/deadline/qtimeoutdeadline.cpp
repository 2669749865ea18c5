// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadline/qtimeoutdeadline.h"

namespace QTimeout {

/*
    QDeadlineTimer and std::chrono::steady_clock count from the same moment: both read the system's
    monotonic clock.
*/
QDeadlineTimer detail::toDeadlineTimer(qint64 nsecs, Qt::TimerType type) noexcept
{
    QDeadlineTimer result(QDeadlineTimer::Forever, type);
    if (nsecs != ForeverNSecs)
        result.setPreciseDeadline(0, nsecs, type);
    return result;
}

/*!
    Constructs a deadline from Qt's \a deadline, whose timer type it takes over.

    While a QTimeoutTestClock is in force, what counts is the time that remains of \a deadline when
    it is used.
*/
Deadline::Deadline(QDeadlineTimer deadline) noexcept
    : m_nsecs(deadline.deadlineNSecs()), m_kind(Kind::Absolute), m_type(deadline.timerType())
{
}

/*!
    Returns the deadline as a QDeadlineTimer. A time from now is counted from this call.
*/
QDeadlineTimer Deadline::toDeadlineTimer() const noexcept
{
    if (m_kind == Kind::Absolute)
        return detail::toDeadlineTimer(m_nsecs, m_type);
    const qint64 now = QDeadlineTimer::current().deadlineNSecs();
    return detail::toDeadlineTimer(detail::saturatedSum(now, m_nsecs), m_type);
}

} // namespace QTimeout
