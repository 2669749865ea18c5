// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The calling thread, and its end.

#ifndef QTIMEOUT_CURRENTTHREAD_P_H
#define QTIMEOUT_CURRENTTHREAD_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "global/qtimeoutglobal.h"

#include <QtCore/qobject.h>
#include <QtCore/qthread.h>

namespace QTimeout::detail {

// Remembered, since Qt is slower to tell. Null if it is not known yet, or has finished.
extern constinit thread_local QThread *t_thread;
QThread *rememberThread() noexcept;

// Whether the object lives in the calling thread.
inline bool isOfThisThread(const QObject *object) noexcept
{
    const QThread *current = t_thread ? t_thread : rememberThread();
    return object->thread() == (current ? current : QThread::currentThread());
}
// How many event loops are running in this thread, one inside the other.
inline int loopLevel() noexcept
{
    const QThread *current = t_thread ? t_thread : rememberThread();
    return current ? current->loopLevel() : 0;
}
// QThread::finished() has been emitted, after which the QThread may go at any moment, although this thread
// is still running.
void threadHasFinished() noexcept;

} // namespace QTimeout::detail

#endif // QTIMEOUT_CURRENTTHREAD_P_H
