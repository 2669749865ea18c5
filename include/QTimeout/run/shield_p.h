// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What is done outside of all scopes: shield() and detach().

#ifndef QTIMEOUT_SHIELD_P_H
#define QTIMEOUT_SHIELD_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/operation_p.h"
#include "../scope/current_p.h"
#include "call_p.h"
#include "operationwait_p.h"
#include "qtimeoutrun.h"

#include <optional>
#include <tuple>
#include <utility>

/*!
    \fn template <typename Function, typename... Args> auto QTimeout::shield(Function &&function, Args &&...args)

    Calls \a function with \a args outside of all scopes, and returns what waits for it. The
    \l{Abortable coroutines}{abortable coroutine} that awaits this is not interrupted meanwhile: an
    abort arrives at its next \c co_await after the shield that suspends. If there is none, the
    coroutine ends as if nothing had happened.

    \snippet tst_snippets_abortable.cpp shield

    A function that takes a \c{QTimeoutScope &} first gets a scope that is nested in nothing and has no
    deadline; what it leaves over there is aborted when it ends. To set a limit, run something inside:
    \c{shield([&] { return QTimeout::run(5s, &save, data); })}. QTimeoutScope::effectiveDeadline() inside is
    that of what was set inside. What names an outer scope itself, as in \c{outer.run(...)}, is under that
    scope, shield or not.

    \c{shield(operation)} and \c{shield(sender, signal)} wait in the same way for what QTimeout::run()
    takes. A task does not compile: it was started when it was called, under the scopes that were there
    then, so pass the function. A clean-up needs no shield: a coroutine is interrupted only once by the
    same abort.

    This is Trio's \c{CancelScope(shield=True)} around one call. Unlike \c{asyncio.shield()}, the
    coroutine stays there and waits.

    \sa run(), detach()
*/

/*!
    \fn template <typename Function, typename... Args> auto QTimeout::detach(Function &&function, Args &&...args)

    Calls \a function with \a args outside of all scopes, and returns a QCoro::Task with what it gives.
    Nothing around aborts what it starts. Who awaits the task may be interrupted: that ends the wait, and not
    the work. The task may be dropped. The function and \a args are copied or moved, and kept until the
    work has ended.

    A function that takes a \c{QTimeoutScope &} first gets a scope that is nested in nothing and has no
    deadline.

    Begin in this way what several wait for, such as the filling of a cache: otherwise the deadline of
    the first who asks would be everybody's.

    \snippet tst_snippets_abortable.cpp detach

    This is Go's \c{context.WithoutCancel()}.

    \sa shield()
*/

namespace QTimeout {

namespace detail {

/*
    Waits for an operation that nobody aborts.
*/
template<typename Operation>
QCoro::Task<typename Operation::Result> keep(Limit, Operation operation)
{
    if (!operation.isReady()) {
        OperationWait<struct KeepTag, KeepWait, Operation> wait(operation);
        co_await wait;
    }
    co_return operation.take();
}

/*
    Calls a function, and keeps it with its arguments until what it has returned has ended. Whatever that is,
    it is awaited by this coroutine and by nobody else, so it does not end when others stop waiting.
*/
template<typename Function, typename... Args>
QCoro::Task<CalledType<Function, Args...>> callWithOwnScope(Limit limit, Function function,
                                                            std::tuple<Args...> args)
{
    QTimeoutScope scope(limit.deadline);
    auto task = callWithScope(scope, function, args);
    co_return co_await task;
}

template<typename Function, typename... Args>
concept PlainCallable = requires(Function &function, Args &...args)
{
    std::invoke(function, std::forward<Args>(args)...);
};

template<typename Function, typename... Args>
using PlainResult = typename CallResult<std::remove_cvref_t<
        decltype(std::invoke(std::declval<Function &>(), std::declval<Args>()...))>>::Type;

template<typename Function, typename... Args>
QCoro::Task<PlainResult<Function, Args...>> callPlain(Limit, Function function,
                                                      std::tuple<Args...> args)
{
    auto task = std::apply(
            [&](auto &...stored) { return std::invoke(function, std::forward<Args>(stored)...); },
            args);
    co_return co_await task;
}

template<typename Function, typename... Args>
inline constexpr bool isCallable =
        CallableWithScope<
                std::decay_t<Function>,
                std::decay_t<
                        Args>...> || PlainCallable<std::decay_t<Function>, std::decay_t<Args>...>;

// Nobody is running meanwhile, so what it starts has neither a parent nor a life.
template<typename Function, typename... Args>
auto callOutside(const char *name, Function &&function, Args &&...args)
{
    const Outside outside;
    const Limit limit{QDeadlineTimer::Forever, nullptr, name};
    using Stored = std::decay_t<Function>;
    if constexpr (CallableWithScope<Stored, std::decay_t<Args>...>) {
        using Arguments = typename StoredArguments<Stored, Args...>::Tuple;
        return callWithOwnScope(limit, Stored(std::forward<Function>(function)),
                                Arguments(std::forward<Args>(args)...));
    } else {
        return callPlain(limit, Stored(std::forward<Function>(function)),
                         std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
    }
}

} // namespace detail

template<typename Function, typename... Args>
auto detach(Function &&function, Args &&...args)
{
    using namespace detail;
    if constexpr (isTask<std::remove_cvref_t<Function>>) {
        static_assert(
                alwaysFalse<Function>,
                "QTimeout::detach: pass the function, not the task: it has been started under "
                "the scope already.");
    } else if constexpr (!isCallable<Function, Args...>) {
        static_assert(alwaysFalse<Function>,
                      "QTimeout::detach: pass a function and what it is to be called with; it may "
                      "take a QTimeoutScope & first.");
    } else {
        return callOutside("detach", std::forward<Function>(function), std::forward<Args>(args)...);
    }
}

template<typename Function, typename... Args>
auto shield(Function &&function, Args &&...args)
{
    using namespace detail;
    if constexpr (isTask<std::remove_cvref_t<Function>>) {
        static_assert(
                alwaysFalse<Function>,
                "QTimeout::shield: pass the function, not the task: it has been started under "
                "the scope already.");
        return Shielded(QCoro::Task<>());
    } else if constexpr (isCallable<Function, Args...>) {
        return Shielded(callOutside("shield", std::forward<Function>(function),
                                    std::forward<Args>(args)...));
    } else {
        const Outside outside;
        return Shielded(
                keep({QDeadlineTimer::Forever, nullptr, "shield"},
                     makeOperation(std::forward<Function>(function), std::forward<Args>(args)...)));
    }
}

} // namespace QTimeout

#endif // QTIMEOUT_SHIELD_P_H
