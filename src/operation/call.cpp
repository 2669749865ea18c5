// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/call_p.h"

#include "scope/qtimeouterror.h"
#include "scope/qtimeoutscope_p.h"

namespace QTimeout::detail {

CallScope::CallScope(const Limit &limit) : m_scope(limit.scope), m_function(limit.function)
{
    if (!m_scope) {
        m_scope = &m_own.emplace(limit.deadline);
        return;
    }
    switch (QTimeoutScopePrivate::of(m_scope)->admit(Work::Run, m_function)) {
    case Work::Admission::Joined:
        break;
    case Work::Admission::Unlimited:
        m_isLimited = false;
        break;
    case Work::Admission::Expired:
        if (!Frame::isRunningPending())
            throw QTimeoutError();
        [[fallthrough]];
    case Work::Admission::Cancelled:
        throw QTimeoutCancelled();
    }
}

CallScope::~CallScope() = default;

std::optional<Limit> CallScope::limit() const
{
    if (!m_isLimited || m_isTaken)
        return {};
    return Limit{QDeadlineTimer::Forever, m_scope, m_function};
}

void CallScope::abandon(std::coroutine_handle<> callee)
{
    if (isOwn())
        m_own->cancel();
    else if (Frame *frame = QTimeoutScopePrivate::of(m_scope)->frameAt(callee.address()))
        frame->cancel();
}

void CallScope::distinguishTimeout()
{
    m_anchor = QTimeoutScopePrivate::of(m_scope)->anchor();
}

} // namespace QTimeout::detail
