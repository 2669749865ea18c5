// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTABORT_H
#define QTIMEOUTABORT_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qobject.h>

#include <type_traits>

QT_FORWARD_DECLARE_CLASS(QProcess)

namespace QTimeout::detail {
template<typename T>
inline constexpr bool isProcess = std::is_base_of_v<QProcess, T>;

// Tells the rule for all types from specialisations.
struct DefaultAbort
{
};
} // namespace QTimeout::detail

template<typename T>
struct QTimeoutAbort : QTimeout::detail::DefaultAbort
{
    static void abort(T &operation);
    static void force(T &object) requires QTimeout::detail::isProcess<T>;
};

#include "qtimeoutabort_p.h"

#endif // QTIMEOUTABORT_H
