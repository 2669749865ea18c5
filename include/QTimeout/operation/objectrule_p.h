// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// How an object is aborted, forced when it does not end, and destroyed if it was passed in.

#ifndef QTIMEOUT_OBJECTRULE_P_H
#define QTIMEOUT_OBJECTRULE_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "objectguard_p.h"
#include "qtimeoutabort.h"

#include <QtCore/qobject.h>

#include <chrono>
#include <concepts>
#include <memory>
#include <type_traits>

QT_FORWARD_DECLARE_CLASS(QProcess)
QT_FORWARD_DECLARE_CLASS(QThread)

namespace QTimeout::detail {

/*
    The rule of QTimeoutAbort for a class of objects, without the class. All is called in the thread of the object.
*/
struct ObjectRule
{
    using Function = void (*)(QObject *);

    Function abort;
    Function force; // null if there is no second step
    bool (*isOver)(QObject *); // whether it has ended; null if nobody can tell
    bool isForAny; // nothing is known of the class, which may be any that is derived from it
};

/*
    An object that has a signal finished() and says with isFinished() whether it has been emitted:
    QNetworkReply, and others of that shape.
*/
template<typename T>
concept Finishable = std::is_base_of_v<QObject, T> && requires(T *object)
{
    {
        object->isFinished()
        } -> std::convertible_to<bool>;
    requires std::is_member_function_pointer_v<decltype(&T::finished)>;
};

template<typename Object>
constexpr ObjectRule makeObjectRule()
{
    ObjectRule rule{[](QObject *object) { abortOperation(*static_cast<Object *>(object)); },
                    nullptr, nullptr,
                    std::is_base_of_v<DefaultAbort,
                                      QTimeoutAbort<Object>> && !HasAbortFunction<Object>};
    if constexpr (HasForce<Object>)
        rule.force = [](QObject *object) { forceOperation(*static_cast<Object *>(object)); };
    if constexpr (std::is_base_of_v<QProcess, Object>) {
        rule.isOver = [](QObject *object) {
            return static_cast<Object *>(object)->state() == Object::NotRunning;
        };
    } else if constexpr (Finishable<Object>) {
        rule.isOver = [](QObject *object) -> bool {
            return static_cast<Object *>(object)->isFinished();
        };
    }
    return rule;
}

template<typename Object>
inline constexpr ObjectRule objectRule = makeObjectRule<Object>();

// The rule of the class that the object is really of, where that matters.
QTIMEOUT_EXPORT const ObjectRule *ruleOf(const QObject *object, const ObjectRule *rule) noexcept;

// Who drops the last reference destroys the object that was passed in.
using Owner = std::shared_ptr<void>;

/*
    Aborts the object, unless it has been destroyed; later it is forced, if it has not ended by then (D3). If it
    was passed in, it is destroyed from the event loop of its thread: at once, or when it has ended or been forced.
    May do anything.
*/
QTIMEOUT_EXPORT void abortObject(QObject *object, ObjectGuard &&guard, const ObjectRule &rule,
                                 std::chrono::milliseconds gracePeriod, Owner &&owner = {});
// Drops the reference as deleteLater() does in this thread; at once if there is none.
QTIMEOUT_EXPORT void destroyLater(QThread *thread, Owner &&owner);

} // namespace QTimeout::detail

#endif // QTIMEOUT_OBJECTRULE_P_H
