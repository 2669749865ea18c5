// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "thread/currentthread_p.h"

#include <QtCore/qthread.h>

namespace QTimeout::detail {

QThread *currentThread() noexcept
{
    static constinit thread_local QThread *thread = nullptr;
    if (!thread)
        thread = QThread::currentThread();
    return thread;
}

} // namespace QTimeout::detail
