// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "wait/helper_p.h"

#include <QtCore/qmetaobject.h>

#include <utility>

namespace QTimeout::detail {

/*
    Helpers
*/

void HelperState::setWait(Wait *wait, Kind kind)
{
    m_wait = wait;
    m_kind = kind;
    m_home = wait->mailbox();
}

bool HelperState::release() noexcept
{
    if (m_state.exchange(Released, std::memory_order_acq_rel) == Waiting)
        return false;
    m_wait = nullptr;
    return !m_posted;
}

/*
    The helper may be destroyed in here, and this object with it.
*/
void HelperState::ended(std::coroutine_handle<> helper) noexcept
{
    const Mailbox::Pointer home = m_home;
    const bool isHome = home->isHere();
    m_posted = !isHome;
    if (m_state.exchange(Ended, std::memory_order_acq_rel) == Released)
        helper.destroy();
    else if (isHome)
        deliver(helper);
    else
        home->post([this, helper] { deliver(helper); });
}

void HelperState::deliver(std::coroutine_handle<> helper)
{
    m_posted = false;
    if (m_state.load(std::memory_order_relaxed) == Released)
        helper.destroy();
    else if (m_wait && m_kind == OfTask)
        m_wait->operationEndedInLoop();
    else if (m_wait)
        m_wait->operationEnded();
}

} // namespace QTimeout::detail
