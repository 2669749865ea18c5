// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Which operation is made of what is passed to run().

#ifndef QTIMEOUT_OPERATION_P_H
#define QTIMEOUT_OPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "futureoperation_p.h"
#include "objectoperation_p.h"
#include "ownedoperation_p.h"
#include "processoperation_p.h"
#include "shieldedoperation_p.h"
#include "signaloperation_p.h"
#include "taskoperation_p.h"
#include "waitableoperation_p.h"

namespace QTimeout::detail {

template<typename>
inline constexpr bool alwaysFalse = false;

template<typename T>
inline constexpr bool isFuture = false;
template<typename T>
inline constexpr bool isFuture<QFuture<T>> = true;

template<typename T>
using Pointee = std::remove_cv_t<std::remove_pointer_t<std::remove_reference_t<T>>>;

template<typename T>
concept PointerToClass =
        std::is_pointer_v<std::remove_reference_t<T>> && std::is_class_v<Pointee<T>>;

template<typename T>
concept PointerToIncomplete = PointerToClass<T> && !Complete<Pointee<T>>;

template<typename T>
concept PointerToObject =
        PointerToClass<T> && Complete<Pointee<T>> && std::is_base_of_v<QObject, Pointee<T>>;

template<typename T>
concept HasOwnAwaiter = requires(T &object)
{
    object.operator co_await();
}
|| requires(T &object)
{
    operator co_await(object);
}
|| requires(T &object)
{
    object.await_ready();
};

// An object by its name stands for its address, unless it says itself how it is awaited.
template<typename T>
concept NamedObject = std::is_lvalue_reference_v<T> && Complete<std::remove_cvref_t<T>> && std::
        is_base_of_v<QObject, std::remove_cvref_t<T>> && !HasOwnAwaiter<std::remove_cvref_t<T>>;

// Returned where a static_assert has said all there is to say.
struct NoOperation
{
    using Result = void;
    static constexpr bool canAbandon = true;

    bool isReady() const { return true; }
    void start(Wait *) {}
    void abandon() {}
    void abort() {}
    void take() {}
};

template<typename Object>
auto objectOperation(Object *object)
{
    if constexpr (std::is_base_of_v<QTimer, Object>) {
        return TimerOperation(object);
    } else if constexpr (std::is_base_of_v<QProcess, Object>) {
        return ProcessOperation<Object>(object);
    } else if constexpr (Finishable<Object>) {
        return FinishOperation<Object>(object);
    } else if constexpr (HasQCoroAwaiter<Object *>) {
        return AwaitedObjectOperation<Object>(object);
    } else {
        static_assert(alwaysFalse<Object>,
                      "QTimeout::run: this QObject has no isFinished() and finished(), and QCoro "
                      "cannot await it. Include QCoro's header for it, or name a signal: "
                      "run(deadline, sender, &Class::signal).");
        return NoOperation();
    }
}

template<typename Operation>
auto makeOperation(Operation &&operation)
{
    using Type = std::remove_cvref_t<Operation>;
    if constexpr (WaitableOperation<Type>) {
        return Type(std::move(operation));
    } else if constexpr (isTask<Type> && std::is_lvalue_reference_v<Operation>) {
        static_assert(alwaysFalse<Operation>,
                      "QTimeout::run: a task is passed by moving it: run(deadline, "
                      "std::move(task)).");
        return NoOperation();
    } else if constexpr (isTask<Type>) {
        return TaskOperation(std::move(operation));
    } else if constexpr (isShielded<Type>) {
        return ShieldedOperation(operation);
    } else if constexpr (isFuture<Type>) {
        return FutureOperation(std::forward<Operation>(operation));
    } else if constexpr (PointerToIncomplete<Operation>) {
        static_assert(alwaysFalse<Operation>,
                      "QTimeout::run: the class of the object is only declared here. Include its "
                      "header.");
        return NoOperation();
    } else if constexpr (PointerToObject<Operation>) {
        return objectOperation(operation);
    } else if constexpr (NamedObject<Operation>) {
        return objectOperation(std::addressof(operation));
    } else if constexpr (isUniquePointer<Type> && std::is_lvalue_reference_v<Operation>) {
        static_assert(alwaysFalse<Operation>,
                      "QTimeout::run: a std::unique_ptr is passed by moving it: run(deadline, "
                      "std::move(pointer)).");
        return NoOperation();
    } else if constexpr (isUniquePointer<Type>) {
        if constexpr (PointerToObject<typename Type::pointer>) {
            static_assert(
                    !std::is_base_of_v<QThread, typename Type::element_type>,
                    "QTimeout::run: a thread cannot be aborted, and must not be destroyed while it is "
                    "running: keep it outside, and pass a pointer.");
            using Inner = decltype(objectOperation(operation.get()));
            return OwnedOperation<Inner, Type>(objectOperation(operation.get()),
                                               std::move(operation));
        } else {
            static_assert(alwaysFalse<Operation>,
                          "QTimeout::run: takes a std::unique_ptr to a QObject whose header is "
                          "included.");
            return NoOperation();
        }
    } else if constexpr (std::is_base_of_v<QTimer, Type>) {
        static_assert(alwaysFalse<Operation>,
                      "QTimeout::run: a timer that is a temporary would be destroyed before it "
                      "times out.");
        return NoOperation();
    } else if constexpr (HasQCoroAwaiter<Type> && std::is_copy_constructible_v<Type>) {
        return AwaitableOperation<Type>(std::in_place, std::forward<Operation>(operation));
    } else if constexpr (HasQCoroAwaiter<Type> || QCoro::Awaitable<Type>) {
        // A temporary is moved in and an lvalue is referred to.
        return AwaitableOperation<Operation>(std::in_place, std::forward<Operation>(operation));
    } else {
        static_assert(alwaysFalse<Operation>,
                      "QTimeout::run: this cannot be awaited. Pass a QCoro::Task, a QFuture, a "
                      "QNetworkReply *, anything else for which a QCoro header is included, a "
                      "sender and a signal, or a coroutine function that takes a QTimeoutScope &.");
        return NoOperation();
    }
}

template<typename Signal>
concept SignalPointer = requires
{
    typename SignalTraits<Signal>::Type;
};

template<typename Sender, typename Signal>
auto makeOperation(Sender *sender, Signal signal)
{
    if constexpr (!Complete<Sender>) {
        static_assert(alwaysFalse<Sender>,
                      "QTimeout::run: the class of the sender is only declared here. Include its "
                      "header.");
        return NoOperation();
    } else if constexpr (!std::is_base_of_v<QObject, Sender>) {
        static_assert(alwaysFalse<Sender>, "QTimeout::run: the sender of a signal is a QObject.");
        return NoOperation();
    } else if constexpr (!SignalPointer<Signal>) {
        static_assert(alwaysFalse<Sender>,
                      "QTimeout::run: expected a signal after the sender, as in run(deadline, "
                      "sender, &Class::signal); choose among overloads with qOverload.");
        return NoOperation();
    } else if constexpr (!std::is_base_of_v<typename SignalTraits<Signal>::Class, Sender>) {
        static_assert(alwaysFalse<Sender>,
                      "QTimeout::run: the signal is one of another class than the sender's.");
        return NoOperation();
    } else {
        return SignalOperation<Sender, Signal>(sender, signal);
    }
}

template<typename First, typename Second, typename... More>
    requires(!std::is_pointer_v<std::remove_reference_t<First>> || sizeof...(More) > 0)
auto makeOperation(First &&, Second &&, More &&...)
{
    static_assert(
            alwaysFalse<First>,
            "QTimeout::run: takes one operation, a sender and a signal, or a coroutine function that "
            "takes a QTimeoutScope & with its further arguments.");
    return NoOperation();
}

} // namespace QTimeout::detail

#endif // QTIMEOUT_OPERATION_P_H
