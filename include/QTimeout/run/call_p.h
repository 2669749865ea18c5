// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Calling a coroutine function that takes the scope.

#ifndef QTIMEOUT_CALL_P_H
#define QTIMEOUT_CALL_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/taskoperation_p.h"
#include "runtask_p.h"

#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace QTimeout::detail {

/*
    The run of a function, which gets the scope whose member function run() is called, or one of the run's own.
    What the function has started under that and is left over is aborted when the own scope goes.
*/
class QTIMEOUT_EXPORT CallTask : public RunTask
{
public:
    QTimeoutScope &scope() const noexcept { return *m_scope; }

protected:
    CallTask() = default;
    ~CallTask() override { endTask(); }

    void begin(const Limit &limit);
    void abandoned() override;

private:
    QTimeoutScope *m_scope = nullptr;
    std::optional<QTimeoutScope> m_own;
};

/*
    Calls a function with the scope before the arguments, or, if it is a member, behind the object.
*/
template<typename Function, typename... Args>
concept TakesScopeFirst = std::is_invocable_v<Function &, QTimeoutScope &, Args...>;

template<typename Function, typename Object, typename... Args>
inline constexpr bool takesScopeSecond =
        std::is_invocable_v<Function &, Object, QTimeoutScope &, Args...>;

template<typename Function, typename... Args>
inline constexpr bool isMemberTakingScope = false;
template<typename Function, typename Object, typename... Args>
    requires std::is_member_function_pointer_v<Function>
inline constexpr bool isMemberTakingScope<Function, Object, Args...> =
        takesScopeSecond<Function, Object, Args...>;

// The arguments as they are stored.
template<typename Function, typename... Args>
concept CallableWithScope =
        TakesScopeFirst<Function, Args...> || isMemberTakingScope<Function, Args...>;

/*
    How an argument is stored. It decays, as for a std::thread; but where the function takes a reference to
    something that the argument must be converted to, it is that which is kept, since a temporary would be gone
    when the coroutine is suspended.
*/
template<typename T>
inline constexpr bool isReferenceWrapper = false;
template<typename T>
inline constexpr bool isReferenceWrapper<std::reference_wrapper<T>> = true;

template<typename Parameter, typename Arg>
struct Stored
{
    using Decayed = std::decay_t<Arg>;
    using Value = std::remove_cvref_t<Parameter>;
    static constexpr bool bindsToTemporary =
            (std::is_rvalue_reference_v<
                     Parameter> || (std::is_lvalue_reference_v<Parameter> && std::is_const_v<std::remove_reference_t<Parameter>>))
            && !std::is_convertible_v<
                    Decayed *,
                    const Value
                            *> && !isReferenceWrapper<Decayed> && std::is_convertible_v<Arg, Value>;
    using Type = std::conditional_t<bindsToTemporary, Value, Decayed>;
};

template<typename... Types>
struct TypeList
{
};

// The parameters after the scope, of a function that has but one signature.
template<typename Function>
struct Parameters
{
    using Unknown = void;
};
template<typename Function>
    requires requires
    {
        &Function::operator();
    }
struct Parameters<Function> : Parameters<decltype(&Function::operator())>
{
};
template<typename R, typename Scope, typename... Args, bool IsNoexcept>
struct Parameters<R (*)(Scope, Args...) noexcept(IsNoexcept)>
{
    using List = TypeList<Args...>;
};
template<typename R, typename Class, typename Scope, typename... Args, bool IsNoexcept>
struct Parameters<R (Class::*)(Scope, Args...) noexcept(IsNoexcept)>
    : Parameters<R (*)(Scope, Args...)>
{
};
template<typename R, typename Class, typename Scope, typename... Args, bool IsNoexcept>
struct Parameters<R (Class::*)(Scope, Args...) const noexcept(IsNoexcept)>
    : Parameters<R (*)(Scope, Args...)>
{
};

template<typename Parameters, typename Args>
struct StoredList;
template<typename... Parameters, typename... Args>
    requires(sizeof...(Parameters) == sizeof...(Args))
struct StoredList<TypeList<Parameters...>, TypeList<Args...>>
{
    using Tuple = std::tuple<typename Stored<Parameters, Args>::Type...>;
};

template<typename Function, typename... Args>
struct StoredArguments
{
    using Tuple = std::tuple<std::decay_t<Args>...>;
};
template<typename Function, typename... Args>
    requires(!std::is_member_function_pointer_v<Function>)
&&requires
{
    typename StoredList<typename Parameters<Function>::List, TypeList<Args...>>::Tuple;
}
struct StoredArguments<Function, Args...>
    : StoredList<typename Parameters<Function>::List, TypeList<Args...>>
{
};
template<typename Function, typename Object, typename... Args>
    requires std::is_member_function_pointer_v<Function> && requires
    {
        typename StoredList<typename Parameters<Function>::List, TypeList<Args...>>::Tuple;
    }
struct StoredArguments<Function, Object, Args...>
{
    using Tuple =
            decltype(std::tuple_cat(std::declval<std::tuple<std::decay_t<Object>>>(),
                                    std::declval<
                                            typename StoredList<typename Parameters<Function>::List,
                                                                TypeList<Args...>>::Tuple>()));
};

template<typename Function, typename... Args>
decltype(auto) callWithScope(QTimeoutScope &scope, Function &function, std::tuple<Args...> &args)
{
    return std::apply(
            [&](auto &...stored) -> decltype(auto) {
                if constexpr (TakesScopeFirst<Function, Args...>) {
                    return std::invoke(function, scope, std::forward<Args>(stored)...);
                } else {
                    const auto call = [&](auto &object, auto &...rest) -> decltype(auto) {
                        return std::invoke(function, object, scope, std::move(rest)...);
                    };
                    return call(stored...);
                }
            },
            args);
}

template<typename Function, typename... Args>
using CalledTask = std::remove_cvref_t<
        decltype(callWithScope(std::declval<QTimeoutScope &>(), std::declval<Function &>(),
                               std::declval<std::tuple<Args...> &>()))>;

template<typename Result>
struct CallResult
{
    static_assert(isTask<Result>,
                  "QTimeout::run: the function has to be a coroutine that returns a QCoro::Task.");
    using Type = void;
};

template<typename T>
struct CallResult<QCoro::Task<T>>
{
    using Type = T;
};

template<typename Function, typename... Args>
using CalledType = typename CallResult<CalledTask<Function, Args...>>::Type;

/*
    What a function has returned, once it has been called.
*/
template<typename T>
class CalledOperation
{
public:
    using Result = T;
    static constexpr bool canAbandon = true;

    void called(QCoro::Task<T> &&task) { m_task.emplace(std::move(task)); }

    bool isReady() const { return m_task && m_task->isReady(); }
    bool isEnding() const { return m_task->isEnding(); }
    void start(Wait *wait) { m_task->start(wait); }
    void abandon() { m_task->abandon(); }
    void abort()
    {
        if (m_task)
            m_task->abort();
    }
    Result take() { return m_task->take(); }

private:
    std::optional<TaskOperation<QCoro::Task<T>>> m_task;
};

template<typename Run, typename Operation, typename Function, typename... Args>
void call(Run &run, Operation &operation, Function &function, std::tuple<Args...> &args)
{
    if (run.isOver()) // nothing is to be called
        return;
    {
        const RunTask::Calling calling(run);
        operation.called(callWithScope(run.scope(), function, args));
    }
    run.check();
}

} // namespace QTimeout::detail

#endif // QTIMEOUT_CALL_P_H
