// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/current_p.h"

#include "thread/currentthread_p.h"

#include <utility>

namespace QTimeout::detail {

static constinit thread_local Current t_current;

Work *Current::work() noexcept
{
    const Current &current = t_current;
    return current.m_work && current.m_loopLevel == loopLevel() ? current.m_work : nullptr;
}

Current Current::enter(Work *work) noexcept
{
    const Current before = t_current;
    t_current.m_work = work;
    t_current.m_loopLevel = loopLevel();
    return before;
}

void Current::restore(const Current &before) noexcept
{
    t_current = before;
}

Outside::Outside() noexcept : m_before(std::exchange(t_current, Current()))
{
}

} // namespace QTimeout::detail
