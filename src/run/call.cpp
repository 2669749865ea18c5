// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/qtimeoutscope.h"

#include "scope/life_p.h"

namespace QTimeout::detail {

void CallTask::begin(const Limit &limit)
{
    if (limit.scope || !canRun()) {
        m_scope = limit.scope;
        RunTask::begin(limit);
    } else {
        m_scope = &m_own.emplace(limit.deadline);
        RunTask::begin(m_scope);
    }
}

void CallTask::abandoned()
{
    if (m_own)
        m_own->cancel();
    else
        RunTask::abandoned();
}

} // namespace QTimeout::detail
