// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// currentThread(): QThread::currentThread(), remembered by each thread.

#ifndef QTIMEOUT_CURRENTTHREAD_P_H
#define QTIMEOUT_CURRENTTHREAD_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It may change from version to version without notice,
// or even be removed. We mean it.
//

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QThread)

namespace QTimeout::detail {

// From any thread. Remembered by the thread, since Qt is slower to tell.
QThread *currentThread() noexcept;

} // namespace QTimeout::detail

#endif // QTIMEOUT_CURRENTTHREAD_P_H
