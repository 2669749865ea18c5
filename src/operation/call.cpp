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
    m_anchor = QTimeoutScopePrivate::of(m_scope)->anchor(); // it may go before the run does
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
    if (!isOwn() && !m_anchor->scope) // the function has destroyed it
        throw QTimeoutCancelled();
    return Limit{QDeadlineTimer::Forever, m_scope, m_function};
}

void CallScope::abandon(std::coroutine_handle<> callee)
{
    if (isOwn()) {
        m_own->cancel();
    } else if (const QTimeoutScope *scope = m_anchor->scope) {
        if (Frame *frame = QTimeoutScopePrivate::of(scope)->frameAt(callee.address()))
            frame->cancel();
    }
}

void CallScope::distinguishTimeout()
{
    if (isOwn())
        m_anchor = QTimeoutScopePrivate::of(m_scope)->anchor();
}

bool CallScope::hasExpired(const Limit &limit)
{
    return limit.scope && limit.scope->hasExpired() && !Frame::isRunningPending();
}

} // namespace QTimeout::detail
