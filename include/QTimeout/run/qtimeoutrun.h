// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTRUN_H
#define QTIMEOUTRUN_H

#include "../deadline/qtimeoutdeadline.h"
#include "../error/qtimeoutcancelled.h"
#include "../error/qtimeouterror.h"

#include <QCoroTask>

#include <QtCore/qfuture.h>

#include <chrono>

namespace QTimeout {

template<typename Operation, typename... Args>
auto run(Deadline deadline, Operation &&operation, Args &&...args);
template<typename Operation, typename... Args>
auto tryRun(Deadline deadline, Operation &&operation, Args &&...args);
template<typename Operation, typename... Args>
auto waitFor(Deadline deadline, Operation &&operation, Args &&...args);
template<typename T>
QFuture<T> withTimeout(QFuture<T> future, Deadline deadline);

QTIMEOUT_EXPORT QCoro::Task<> sleepFor(std::chrono::nanoseconds duration);
QTIMEOUT_EXPORT QCoro::Task<> sleepUntil(QDeadlineTimer deadline);
template<typename Function, typename... Args>
auto shield(Function &&function, Args &&...args);
template<typename Function, typename... Args>
auto detach(Function &&function, Args &&...args);

} // namespace QTimeout

#include "../scope/qtimeoutscope.h"
#include "qtimeoutrun_p.h"
#include "shield_p.h"

#endif // QTIMEOUTRUN_H
