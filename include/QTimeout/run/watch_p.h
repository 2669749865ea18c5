// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What a scope watches.

#ifndef QTIMEOUT_WATCH_P_H
#define QTIMEOUT_WATCH_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/operation_p.h"
#include "operationwait_p.h"

#include <exception>

namespace QTimeout::detail {

QTIMEOUT_EXPORT void warnOfFailedWatch(const char *what);
QTIMEOUT_EXPORT void tellNotAbortable(const QObject *object);

/*
    Says so once for each class if nothing is known that would abort the object (A1).
*/
template<typename Object>
void warnIfNotAbortable(Object *object)
{
    if constexpr (std::is_base_of_v<DefaultAbort,
                                    QTimeoutAbort<Object>> && !HasAbortFunction<Object>) {
        if (object)
            tellNotAbortable(object);
    }
}

/*
    The wait of what a scope watches and nobody awaits.
*/
class QTIMEOUT_EXPORT WatchWait : public OwnWait, public Work
{
public:
    void look() override { decide(Outcome::Cancelled); }

protected:
    WatchWait() noexcept : Work(Watch) {}
    ~WatchWait() override = default;

    void begin(const Limit &limit);
    void resume() override;
    void abandoned() override {}

    void abort() override { abortIfOver(); }
    bool hasEnded() const override { return hasOperationEnded(); }
};

/*
    Awaits on behalf of a scope what nobody else awaits.
*/
template<typename Operation>
QCoro::Task<> watchOperation(Limit limit, Operation operation)
{
    OperationWait<struct WatchTag, WatchWait, Operation> wait(operation, limit);
    co_await wait;
    if (wait.outcome() != Wait::Outcome::Ended)
        co_return;
    try {
        operation.take();
    } catch (const std::exception &error) {
        warnOfFailedWatch(error.what());
    } catch (const QTimeoutCancelled &) {
        // Somebody else has cancelled it.
    } catch (...) {
        warnOfFailedWatch("an exception that is not a std::exception");
    }
}

} // namespace QTimeout::detail

/*!
    \fn template <typename Object> void QTimeoutScope::watch(Object *object)

    Puts \a object under the scope: if the scope expires or is cancelled, the object is aborted by
    the rule that QTimeoutAbort has for its type. Scope and object may be destroyed in either
    order; the scope does not own the object.

    The scope finishes by itself on the turn of the event loop after the last of what it watches
    has ended, unless a run() is still under way. An object with a signal \c finished() ends with
    it; any object ends when it is destroyed or unwatched. One that says by \c isFinished() that it has
    finished before has ended, too. An object that lives in another thread is asked and aborted there.

    Under an inactive scope, the object waits for start(). Under a scope that has ended, it is
    aborted at once.

    To watch an object again replaces the way in which it is aborted.

    \sa unwatch(), run()
*/
template<typename Object>
void QTimeoutScope::watch(Object *object)
{
    using namespace QTimeout::detail;
    if constexpr (!Complete<Object>) {
        static_assert(
                alwaysFalse<Object>,
                "QTimeoutScope::watch: the class of the object is only declared here. Include its header.");
    } else {
        static_assert(std::is_base_of_v<QObject, Object>,
                      "QTimeoutScope::watch: takes a QObject, a QFuture or a QCoro::Task.");
        warnIfNotAbortable<Object>(object);
        watchObject(object, &objectRule<Object>, nullptr);
    }
}

/*!
    \fn template <typename T> void QTimeoutScope::watch(const QFuture<T> &future)
    \overload

    Watches \a future, which is cancelled if the scope expires or is cancelled.
*/
template<typename T>
void QTimeoutScope::watch(const QFuture<T> &future)
{
    using namespace QTimeout::detail;
    watchFuture(QFuture<void>(future), [copy = future]() mutable { abortOperation(copy); });
}

/*!
    \fn template <typename T> void QTimeoutScope::watch(QCoro::Task<T> &&task)
    \overload

    Watches \a task, whose result is discarded; an exception that leaves it is logged.

    A plain coroutine cannot be interrupted by anybody. If the scope ends it is no longer
    waited for, and goes on by itself. What run(), tryRun(), sleepFor() and sleepUntil() give ends
    when the scope expires or is cancelled.
*/
template<typename T>
void QTimeoutScope::watch(QCoro::Task<T> &&task)
{
    using namespace QTimeout::detail;
    watchOperation({QDeadlineTimer::Forever, this, "watch"}, TaskOperation(std::move(task)));
}

template<typename T>
void QTimeoutScope::watch(QCoro::Task<T> &)
{
    static_assert(QTimeout::detail::alwaysFalse<T>,
                  "QTimeoutScope::watch: a task is passed by moving it: watch(std::move(task)).");
}

#endif // QTIMEOUT_WATCH_P_H
