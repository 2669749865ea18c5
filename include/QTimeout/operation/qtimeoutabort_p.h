// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// How an operation is aborted.

#ifndef QTIMEOUTABORT_P_H
#define QTIMEOUTABORT_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "qtimeoutabort.h"

#include <QtCore/qbytearray.h>
#include <QtCore/qmetaobject.h>

#include <type_traits>

namespace QTimeout::detail {

template<typename T>
concept Complete = requires
{
    sizeof(T);
};

QTIMEOUT_EXPORT bool canAbortByMetaObject(const QObject *object);
QTIMEOUT_EXPORT void abortByMetaObject(QObject *object);
QTIMEOUT_EXPORT void warnOfFailedAbort(const char *className) noexcept;

/*
    Calls a function that aborts an operation, which may be an object. Whatever leaves the function is
    logged, since the rest is to be aborted too, and whoever waits is to be told.
*/
template<typename Function>
void callAbort(const QObject *object, const Function &function) noexcept
{
    char className[64]; // the object may go, and its class with it
    qstrncpy(className, object ? object->metaObject()->className() : "an operation",
             sizeof className);
    try {
        function(); // may delete the object
    } catch (...) {
        warnOfFailedAbort(className);
    }
}

/*
    Applies the rule for T, in whichever of the usual ways a specialisation is written: as a
    function abort() or as a call operator, that takes a reference or a pointer.
*/
template<typename T>
void applyRule(T &operation)
{
    using Rule = QTimeoutAbort<T>;
    if constexpr (requires(Rule rule) { rule.abort(operation); })
        Rule{}.abort(operation);
    else if constexpr (requires(Rule rule) { rule.abort(&operation); })
        Rule{}.abort(&operation);
    else if constexpr (requires(Rule rule) { rule(operation); })
        Rule{}(operation);
    else if constexpr (requires(Rule rule) { rule(&operation); })
        Rule{}(&operation);
    else
        static_assert(
                !Complete<T>,
                "QTimeoutAbort: a specialisation needs a function static void abort(T &operation).");
}

template<typename T>
void abortOperation(T &operation) noexcept
{
    static_assert(
            Complete<T>,
            "QTimeout: the type of the operation is only declared here, so that nobody can know "
            "how to abort it. Include its header.");
    const QObject *object = nullptr;
    if constexpr (std::is_base_of_v<QObject, T>)
        object = &operation;
    callAbort(object, [&operation] { applyRule(operation); });
}

} // namespace QTimeout::detail

/*!
    \class QTimeoutAbort
    \inmodule QTimeout
    \brief Says how an operation of the type T is aborted.

    The default calls the first that the operation has of \c abort(), \c cancel() and \c kill(),
    which are to be public and callable without arguments. That is right for QNetworkReply,
    QAbstractSocket, QWebSocket, QFuture, QProcess and many more. A QObject whose static type has
    none of them is asked for them through its meta-object, so that a \c{QObject *} works too. What
    has none of them is simply no longer waited for.

    Specialise it for your own types:

    \snippet tst_snippets_reference.cpp rule

    The specialisation must be visible wherever an operation of the type is put under a scope. It is
    called in the thread in which the operation lives, at most once for an operation, when nobody
    waits for it any more.

    It is not meant to throw. An exception that leaves it is caught, a warning in the category \c
    qtimeout says so, and the abort goes on with what is left: whoever waits for the operation is
    interrupted as if it had been aborted.

    \sa QTimeoutScope::watch(), QTimeout::run()
*/

/*!
    \fn template <typename T> void QTimeoutAbort<T>::abort(T &operation)

    Aborts \a operation.
*/
template<typename T>
void QTimeoutAbort<T>::abort(T &operation)
{
    if constexpr (requires { operation.abort(); })
        operation.abort();
    else if constexpr (requires { operation.cancel(); })
        operation.cancel();
    else if constexpr (requires { operation.kill(); })
        operation.kill();
    else if constexpr (std::is_base_of_v<QObject, T>)
        QTimeout::detail::abortByMetaObject(&operation);
}

#endif // QTIMEOUTABORT_P_H
