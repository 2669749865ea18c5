// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "thread/currentthread_p.h"

#include "thread/resumption_p.h"

namespace QTimeout::detail {

constinit thread_local QThread *t_thread = nullptr;
static constinit thread_local bool t_hasFinished = false;

// Whoever remembers it has to hear of its end.
QThread *rememberThread() noexcept
{
    if (!t_hasFinished && Resumption::prepare())
        t_thread = QThread::currentThread();
    return t_thread;
}

void threadHasFinished() noexcept
{
    t_hasFinished = true;
    t_thread = nullptr;
}

} // namespace QTimeout::detail
