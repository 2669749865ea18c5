// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for an operation until a deadline or under a scope.

#ifndef QTIMEOUTRUN_P_H
#define QTIMEOUTRUN_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/operation_p.h"
#include "../scope/current_p.h"
#include "call_p.h"
#include "operationwait_p.h"
#include "qtimeoutrun.h"

#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>

#include <memory>
#include <optional>

/*!
    \fn template <typename Operation, typename... Args> auto QTimeout::run(QTimeout::Deadline deadline, Operation &&operation, Args &&...args)

    Waits for \a operation until \a deadline, and returns a QCoro::Task with what it gives:

    \snippet tst_snippets_reference.cpp run

    If the deadline passes first, the operation is aborted by the rule that QTimeoutAbort has for
    its type, and the task throws QTimeoutError. An operation that has finished by then beats
    the deadline, even if the news is still on its way through the event loop.

    The operation is one of these:

    \list
    \li A QCoro::Task, which is moved in; a QFuture; a QNetworkReply, QTimer or other pointer that
        QCoro can await; or anything else for which a QCoro header is included. A QProcess is waited for
        until it has finished or has failed to start. The name of an object stands for its address.
    \li A \c std::unique_ptr to such an object, with any deleter, which is moved in. It is given back when the object
        has ended. If it is aborted instead it is destroyed by its deleter, from the event loop of its thread. (So do not
        use QNetworkAccessManager::setAutoDeleteReplies() for such a reply.)
    \li A sender and, in \a args, one of its signals. The result is the signal's argument, a tuple
        if it has several, and void if it has none. The sender is not aborted.
    \li A function that takes a \c{QTimeoutScope &} before the further \a args and returns a
        QCoro::Task, or a member function, with the object as the first of \a args. It is called at
        once, with a scope that expires at \a deadline. If it is a coroutine, it is an
        \l{Abortable coroutines}{abortable} one: when the deadline passes it is interrupted wherever
        it waits, with all that it has called, and run() ends when it has cleaned up.
    \endlist

    A function, such as a lambda with captures, and \a args are copied or moved, and kept until the
    coroutine has ended; use \c std::ref() to pass a reference. What else has been started under its
    scope and is still there when it ends is aborted.

    The result is what \c co_await would give for the operation. Exceptions of the operation are
    passed on. If the QObject that is waited for is destroyed, or the QFuture is cancelled by somebody,
    the task throws QTimeoutCancelled at once. (If the sender of a signal is destroyed while it emits
    something, as soon as that emission has returned; but waitFor() returns at once.) It does so from
    the event loop if the signal is disconnected from everything with QObject::disconnect().

    \section1 Threads

    The task ends in the thread that has called run(), which needs an event loop, whichever thread
    the operation ends in. An object that lives in another thread is asked there whether it has
    finished already, and is aborted there, so that thread needs an event loop too.

    \section1 Nesting

    In an abortable coroutine, run() is nested in the coroutine's scope, and ends with that too. The
    task then throws QTimeoutCancelled.

    \section1 What cannot be aborted

    A plain coroutine, one that takes no scope, cannot be interrupted by anybody, since QCoro's tasks
    know no cancellation. Then run() stops waiting for it; it goes on by itself, its result is
    discarded when it comes, and its frame is freed then. The remedy is to let it take a
    \c{QTimeoutScope &}, and to pass the function instead of the task: \c{run(1s, &load, url)} instead
    of \c{run(1s, load(url))}. What run(), tryRun(), sleepFor() and sleepUntil() give does end when
    nobody waits for it any more.

    QCoro's own functions on devices are such coroutines, and go on to read. What to write instead is said
    in \l{Devices, connections and processes}.

    An awaitable that is passed as an lvalue, and a step of a QCoro::AsyncGenerator, cannot be given
    up safely. The expiry arrives when they end.

    A QTimer is left running: it belongs to its owner.

    \section1 Traps of g++ 12

    That compiler destroys the closure of a lambda twice if it has captures and is written inside a
    \c co_await expression, in any coroutine library. Write \c{auto task = run(...); co_await task;}
    there. See \l{What g++ 12 gets wrong} for this and others.

    This is Python's \c{asyncio.wait_for()} and \c{async with timeout(delay)} for one operation, and
    tokio's \c{timeout()}.

    \sa tryRun(), waitFor(), shield(), QTimeoutScope::run(), {Abortable coroutines}
*/

/*!
    \fn template <typename Operation, typename... Args> auto QTimeout::tryRun(QTimeout::Deadline deadline, Operation &&operation, Args &&...args)

    Waits for \a operation (with \a args) until \a deadline like run(), but gives an empty \c
    std::optional instead of throwing when the deadline passes; if the operation has no result, \c
    false instead of \c true.

    \snippet tst_snippets_reference.cpp try

    Only the passing of this very deadline is meant. A QTimeoutError that the operation throws by
    itself, the end of an enclosing scope, a cancellation and other errors go through.

    If \a operation is a function that takes a scope, it is called as by run(). If it returns a value
    in spite of the deadline, because it has caught QTimeoutCancelled, that is the result.

    \snippet 02-without-error/main.cpp try

    This is Trio's \c move_on_after and Kotlin's \c withTimeoutOrNull.
*/

/*!
    \fn template <typename Operation, typename... Args> auto QTimeout::waitFor(QTimeout::Deadline deadline, Operation &&operation, Args &&...args)

    Waits for \a operation (with \a args) until \a deadline like run(), but blocks in a nested event
    loop, and returns the result itself. For \c main(), tests and other places outside of
    coroutines.

    \snippet 03-nested/main.cpp wait

    If the application quits meanwhile, the operation is aborted and QTimeoutCancelled is thrown.
*/

/*!
    \fn template <typename T> QFuture<T> QTimeout::withTimeout(QFuture<T> future, QTimeout::Deadline deadline)

    Returns a future that has the results of \a future, or its exception, when that finishes; or a
    QTimeoutError if \a deadline passes before. Then \a future is cancelled.

    All results are passed on when \a future finishes; of a type that cannot be copied, the first.

    To cancel the returned future cancels \a future, and the other way round. The calling thread
    needs an event loop.

    \snippet tst_snippets_reference.cpp future
*/

/*!
    \fn template <typename Operation, typename... Args> auto QTimeoutScope::run(Operation &&operation, Args &&...args)

    Waits for \a operation (with \a args) under this scope, and returns a QCoro::Task with what it
    gives. If the scope expires, the operation is aborted and the task throws QTimeoutError; if it
    is cancelled or destroyed, QTimeoutCancelled. See QTimeout::run() for what can be waited for. A
    function gets this scope.

    Under a scope that has expired or was cancelled, the operation is aborted at once, a function is
    not called, and the task throws accordingly. Under an inactive one it joins the scope's next life, and
    under a finished one it runs without a deadline; in both cases a warning is logged.

    That a run has ended does not finish the scope: the next one has what is left of the deadline.

    \sa tryRun(), watch()
*/

/*!
    \fn template <typename Operation, typename... Args> auto QTimeoutScope::tryRun(Operation &&operation, Args &&...args)

    Waits for \a operation (with \a args) under this scope like run(), but gives an empty \c
    std::optional, or \c false, when this scope has expired. A cancellation still throws
    QTimeoutCancelled.
*/

namespace QTimeout {

namespace detail {

template<bool IsTry, typename T>
using RunResult = std::conditional_t<
        !IsTry, T,
        std::conditional_t<std::is_void_v<T>, bool,
                           std::optional<std::conditional_t<std::is_void_v<T>, int, T>>>>;

// What run() gives, or tryRun() if nothing has timed out.
template<bool IsTry, typename Operation>
auto takeResult(Operation &operation) -> RunResult<IsTry, typename Operation::Result>
{
    if constexpr (IsTry && std::is_void_v<typename Operation::Result>)
        return operation.take(), true;
    else
        return operation.take();
}

// Names the coroutine functions below.
template<bool IsTry, typename... Types>
struct RunTag;

template<bool IsTry, typename Operation>
QCoro::Task<RunResult<IsTry, typename Operation::Result>> runOperation(Limit limit,
                                                                       Operation operation)
{
    // A finished operation needs neither clock nor queue.
    if (limit.scope || !operation.isReady()) {
        OperationWait<RunTag<IsTry>, RunTask, Operation> run(operation, limit);
        co_await run;
        if constexpr (IsTry) {
            if (run.hasTimedOut())
                co_return {};
        }
        run.checkInterrupted();
    }
    co_return takeResult<IsTry>(operation);
}

/*
    What is called is a child of the run, under the run's scope: the run ends when all of that has.
*/
template<bool IsTry, typename Function, typename... Args>
QCoro::Task<RunResult<IsTry, CalledType<Function, Args...>>> runCall(Limit limit, Function function,
                                                                     std::tuple<Args...> args)
{
    using Operation = CalledOperation<CalledType<Function, Args...>>;
    Operation operation;
    OperationWait<RunTag<IsTry, Function, Args...>, CallTask, Operation> run(operation, limit);
    call(run, operation, function, args);
    co_await run;
    if constexpr (IsTry) {
        if (run.hasTimedOut())
            co_return {};
        run.checkInterrupted();
        try {
            co_return takeResult<IsTry>(operation);
        } catch (...) {
            if (!run.isOwnTimeout())
                throw;
        }
        co_return {};
    } else {
        run.checkInterrupted();
        co_return operation.take();
    }
}

template<typename Operation>
inline constexpr bool isFunction =
        std::is_function_v<std::remove_pointer_t<std::decay_t<
                Operation>>> || std::is_member_function_pointer_v<std::decay_t<Operation>>;

template<typename Operation>
QCoro::Task<> refuseFunction()
{
    static_assert(
            alwaysFalse<Operation>,
            "QTimeout::run: the function has to take a QTimeoutScope & and then the arguments "
            "that are passed here; a member function is followed by its object.");
    return QCoro::Task<>();
}

/*
    Chooses between a function that takes the scope and what is awaited.
*/
template<bool IsTry, typename Operation, typename... Args>
auto runAny(const Limit &limit, Operation &&operation, Args &&...args)
{
    if constexpr (CallableWithScope<std::decay_t<Operation>, std::decay_t<Args>...>) {
        using Function = std::decay_t<Operation>;
        using Stored = typename StoredArguments<Function, Args...>::Tuple;
        return runCall<IsTry>(limit, Function(std::forward<Operation>(operation)),
                              Stored(std::forward<Args>(args)...));
    } else if constexpr (isFunction<Operation>) {
        static_assert(
                alwaysFalse<Operation>,
                "QTimeout::run: the function has to take a QTimeoutScope & and then the arguments "
                "that are passed here; a member function is followed by its object.");
        return QCoro::Task<>();
    } else {
        return runOperation<IsTry>(limit,
                                   makeOperation(std::forward<Operation>(operation),
                                                 std::forward<Args>(args)...));
    }
}

/*
    What a task gives, kept until an event loop has returned.
*/
template<typename T>
QCoro::Task<> collect(QCoro::Task<T> task, QEventLoop *loop, HelperResult<T> *result, bool *ended)
{
    try {
        if constexpr (std::is_void_v<T>)
            co_await task;
        else
            result->return_value(co_await task);
    } catch (...) {
        result->unhandled_exception();
    }
    *ended = true;
    loop->quit();
}

// Whose signal is waited for.
template<typename Operation, typename... Args>
const QObject *senderOf(const Operation &operation, const Args &...args)
{
    if constexpr (PointerToObject<Operation> && sizeof...(args) == 1)
        return operation;
    else
        return nullptr;
}

/*
    What waits for a signal may be called by a slot of the sender's, and then hears of its end only when that
    returns.
*/
template<typename T>
T waitForTask(QTimeoutScope &scope, QCoro::Task<T> task, const QObject *sender)
{
    QEventLoop loop;
    HelperResult<T> result;
    bool ended = false;
    collect(std::move(task), &loop, &result, &ended);
    if (!ended && sender) {
        QObject::connect(sender, &QObject::destroyed, &loop, &QEventLoop::quit,
                         Qt::QueuedConnection);
    }
    if (!ended)
        loop.exec();
    if (!ended) // the application is quitting, or the sender has gone
        scope.cancel();
    while (!ended) // what cannot be abandoned refers to what stands on this stack
        loop.processEvents(QEventLoop::WaitForMoreEvents);
    return result.take();
}

/*
    Passes on what becomes of a future that is under a deadline.
*/
template<typename T>
QCoro::Task<> passOn(QCoro::Task<T> task, QFuture<T> source, std::shared_ptr<QPromise<T>> promise)
{
    try {
        if constexpr (std::is_void_v<T>) {
            co_await task;
        } else {
            promise->addResult(co_await task);
            for (int i = 1; i < source.resultCount(); ++i) {
                if constexpr (std::is_copy_constructible_v<T>)
                    promise->addResult(source.resultAt(i));
            }
        }
    } catch (const QTimeoutCancelled &) {
        promise->future().cancel();
    } catch (...) {
        promise->setException(std::current_exception());
    }
    promise->finish();
}

} // namespace detail

template<typename Operation, typename... Args>
auto run(Deadline deadline, Operation &&operation, Args &&...args)
{
    return detail::runAny<false>({deadline, nullptr, "run"}, std::forward<Operation>(operation),
                                 std::forward<Args>(args)...);
}

template<typename Operation, typename... Args>
auto tryRun(Deadline deadline, Operation &&operation, Args &&...args)
{
    return detail::runAny<true>({deadline, nullptr, "tryRun"}, std::forward<Operation>(operation),
                                std::forward<Args>(args)...);
}

template<typename Operation, typename... Args>
auto waitFor(Deadline deadline, Operation &&operation, Args &&...args)
{
    QTimeoutScope scope(deadline);
    const QObject *const sender = detail::senderOf(operation, args...);
    return detail::waitForTask(scope,
                               scope.run(std::forward<Operation>(operation),
                                         std::forward<Args>(args)...),
                               sender);
}

template<typename T>
QFuture<T> withTimeout(QFuture<T> future, Deadline deadline)
{
    const detail::Outside outside;
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    detail::cancelWith(QFuture<void>(promise->future()), QFuture<void>(future));
    detail::passOn(run(deadline, future), future, promise);
    return promise->future();
}

} // namespace QTimeout

template<typename Operation, typename... Args>
auto QTimeoutScope::run(Operation &&operation, Args &&...args)
{
    return QTimeout::detail::runAny<false>({QDeadlineTimer::Forever, this, "run"},
                                           std::forward<Operation>(operation),
                                           std::forward<Args>(args)...);
}

template<typename Operation, typename... Args>
auto QTimeoutScope::tryRun(Operation &&operation, Args &&...args)
{
    return QTimeout::detail::runAny<true>({QDeadlineTimer::Forever, this, "tryRun"},
                                          std::forward<Operation>(operation),
                                          std::forward<Args>(args)...);
}

#endif // QTIMEOUTRUN_P_H
