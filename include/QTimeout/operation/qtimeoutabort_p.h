// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// How an operation is aborted.

#ifndef QTIMEOUTABORT_P_H
#define QTIMEOUTABORT_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

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

template<typename T>
concept HasAbortFunction = requires(T &operation)
{
    operation.abort();
}
|| requires(T &operation)
{
    operation.cancel();
}
|| requires(T &operation)
{
    operation.kill();
};

// The rule for T has a second step.
template<typename T>
concept HasForce = requires(T &operation)
{
    QTimeoutAbort<T>::force(operation);
};

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
    static_assert(
            std::is_base_of_v<QObject, T> || !HasForce<T>,
            "QTimeoutAbort: only a QObject can be forced: who else could tell whether it is still "
            "there when the grace period has passed?");
    const QObject *object = nullptr;
    if constexpr (std::is_base_of_v<QObject, T>)
        object = &operation;
    callAbort(object, [&operation] { applyRule(operation); });
}

template<HasForce T>
void forceOperation(T &object) noexcept
{
    callAbort(&object, [&object] { QTimeoutAbort<T>::force(object); });
}

} // namespace QTimeout::detail

/*!
    \class QTimeoutAbort
    \inmodule QTimeout
    \brief Says how an operation of the type T is aborted.

    The default calls the first that the operation has of \c abort(), \c cancel() and \c kill(),
    which are to be public and callable without arguments. That is right for QNetworkReply,
    QAbstractSocket, QWebSocket, QFuture and many more. A QObject whose static type has
    none of them is asked for them through its meta-object, so that a \c{QObject *} works too. What
    has none of them is simply no longer waited for.

    Specialise it for your own types:

    \snippet tst_snippets_reference.cpp rule

    \section2 A grace period

    A QProcess is asked to end by \c terminate(). If it has not ended when the gracePeriod() of the scope has
    passed it is forced, by \c kill(): also if the scope, the coroutine or the window has gone by then, but not if the
    process has finished, and perhaps been started anew, since it was aborted. A rule for a QObject of your own has
    such a second step if it has a function \c force():

    \snippet tst_snippets_reference.cpp rule with force

    An object that was passed in as a std::unique_ptr is destroyed when it has ended or has been forced. A process that
    is a local variable of the coroutine is killed by its own destructor, which waits for that: pass a std::unique_ptr,
    or keep the process outside.

    \section2 Where it has to be

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
    if constexpr (QTimeout::detail::isProcess<T>)
        operation.terminate();
    else if constexpr (requires { operation.abort(); })
        operation.abort();
    else if constexpr (requires { operation.cancel(); })
        operation.cancel();
    else if constexpr (requires { operation.kill(); })
        operation.kill();
    else if constexpr (std::is_base_of_v<QObject, T>)
        QTimeout::detail::abortByMetaObject(&operation);
}

/*!
    \fn template <typename T> void QTimeoutAbort<T>::force(T &object)

    The second step for a process: kills \a object when the grace period has passed. Other types have none
    unless a specialisation adds it.
*/
template<typename T>
void QTimeoutAbort<T>::force(T &object) requires QTimeout::detail::isProcess<T>
{
    object.kill();
}

#endif // QTIMEOUTABORT_P_H
