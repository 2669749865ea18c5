// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "error/qtimeouterror.h"

#include "error/abortlist_p.h"
#include "error/qtimeoutcancelled.h"

using QTimeout::detail::AbortRecord;

/*!
    \class QTimeoutError
    \inmodule QTimeout
    \brief The exception that says that a deadline has passed.

    It is thrown to whoever awaits QTimeout::run() or QTimeoutScope::run() when the deadline passes
    before the operation has finished, to whoever awaits an abortable coroutine that the deadline
    has interrupted, and stored in the future that QTimeout::withTimeout() gives.

    \snippet tst_snippets_reference.cpp error

    It is Python's \c TimeoutError. Being a QException it can cross threads in a QFuture.

    \sa QTimeoutCancelled, QTimeout::tryRun()
*/

/*!
    Constructs an error that tells of no deadline.
*/
QTimeoutError::QTimeoutError() noexcept = default;

QTimeoutError::QTimeoutError(AbortRecord *record) noexcept : m_record(record)
{
}

/*!
    Copies \a other; both tell the same.
*/
QTimeoutError::QTimeoutError(const QTimeoutError &other) noexcept = default;

/*!
    Takes over what \a other tells.
*/
QTimeoutError &QTimeoutError::operator=(const QTimeoutError &other) noexcept = default;

QTimeoutError::~QTimeoutError() noexcept = default;

/*!
    Returns true if it was not the deadline of the scope that has passed, but nothing had come for its
    QTimeoutScope::idleTimeout.
*/
bool QTimeoutError::isIdleTimeout() const
{
    return m_record && m_record->isIdle;
}

/*!
    Returns a text for the programmer.
*/
const char *QTimeoutError::what() const noexcept
{
    return isIdleTimeout() ? "QTimeoutError: nothing has come for as long as the idle timeout"
                           : "QTimeoutError: the deadline has passed";
}

/*!
    Throws a copy of this exception.
*/
void QTimeoutError::raise() const
{
    throw *this;
}

/*!
    Returns a copy of this exception, made with new.
*/
QTimeoutError *QTimeoutError::clone() const
{
    return new QTimeoutError(*this);
}

/*!
    \class QTimeoutCancelled
    \inmodule QTimeout
    \brief The exception that says that the work is being aborted.

    It is thrown to whoever awaits QTimeout::run() or QTimeoutScope::run() when the scope is
    cancelled or destroyed, when the QObject that is awaited is destroyed, and when the QFuture that
    is awaited is cancelled. In an \l{Abortable coroutines}{abortable coroutine} it is what every abort
    throws, that of a deadline, too; it is to be rethrown when the coroutine has cleaned up.

    It is not a \c std::exception, so that code which handles errors does not handle it by mistake:
    a cancellation goes up to the one who has cancelled. It is Python's \c CancelledError.

    \sa QTimeoutError
*/

/*!
    Constructs a cancellation of no particular scope.
*/
QTimeoutCancelled::QTimeoutCancelled() noexcept = default;

QTimeoutCancelled::QTimeoutCancelled(AbortRecord *record) noexcept : m_record(record)
{
}

/*!
    Copies \a other; both tell of the same aborts.
*/
QTimeoutCancelled::QTimeoutCancelled(const QTimeoutCancelled &other) noexcept = default;

/*!
    Takes over what \a other tells.
*/
QTimeoutCancelled &QTimeoutCancelled::operator=(const QTimeoutCancelled &other) noexcept = default;

/*!
    Destroys the exception.
*/
QTimeoutCancelled::~QTimeoutCancelled() = default;
