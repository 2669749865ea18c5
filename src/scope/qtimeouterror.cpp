// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/qtimeouterror.h"
#include "scope/qtimeoutcancelled.h"

/*!
    \class QTimeoutError
    \inmodule QTimeout
    \brief The exception that says that a deadline has passed.

    It is thrown to whoever awaits QTimeout::run() or QTimeoutScope::run() when the deadline passes
    before the operation has finished, to whoever awaits an abortable coroutine that the deadline
    has interrupted, and stored in the future that QTimeout::withTimeout() gives.

    \code
    try {
        co_await QTimeout::run(1500ms, manager.get(request));
    } catch (const QTimeoutError &) {
        qInfo() << "no answer in time";
    }
    \endcode

    It is Python's \c TimeoutError. Being a QException it can cross threads in a QFuture.

    \sa QTimeoutCancelled, QTimeout::tryRun()
*/

QTimeoutError::~QTimeoutError() noexcept = default;

/*!
    Returns a text for the programmer.
*/
const char *QTimeoutError::what() const noexcept
{
    return "QTimeoutError: the deadline has passed";
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
