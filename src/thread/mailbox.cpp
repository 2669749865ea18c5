// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "thread/mailbox_p.h"

namespace QTimeout::detail {

// That of the thread. Trivial, so that it can be read after the thread's end.
static constinit thread_local const Mailbox *t_here = nullptr;

bool Mailbox::isHere() const noexcept
{
    return t_here == this;
}

void Mailbox::setHere() noexcept
{
    t_here = this;
}

void Mailbox::post(const std::function<void()> &function)
{
    const QMutexLocker lock(&m_mutex);
    if (m_object)
        QMetaObject::invokeMethod(m_object, function, Qt::QueuedConnection);
}

void Mailbox::close()
{
    if (isHere())
        t_here = nullptr;
    const QMutexLocker lock(&m_mutex);
    m_object = nullptr;
}

} // namespace QTimeout::detail
