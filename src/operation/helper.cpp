// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/taskoperation_p.h"

#include <QtCore/qmetaobject.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace QTimeout::detail {

/*
    Helpers
*/

void HelperState::setWait(Wait *wait) noexcept
{
    m_wait = wait;
    m_home = wait->home()->mailbox();
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
    else if (m_wait)
        m_wait->operationEnded();
}

/*
    Known coroutines
*/

static std::mutex &knownMutex()
{
    static std::mutex mutex;
    return mutex;
}

static KnownCoroutine *s_firstKnown = nullptr;

KnownCoroutine::KnownCoroutine(std::coroutine_handle<> frame, WaitOf waitOf)
    : m_resumeFunction(resumeFunction(frame)), m_waitOf(waitOf)
{
    const std::lock_guard lock(knownMutex());
    m_next = std::exchange(s_firstKnown, this);
}

// When a plugin is unloaded.
KnownCoroutine::~KnownCoroutine()
{
    const std::lock_guard lock(knownMutex());
    KnownCoroutine **link = &s_firstKnown;
    while (*link != this)
        link = &(*link)->m_next;
    *link = m_next;
}

LimitedWait *KnownCoroutine::find(std::coroutine_handle<> frame)
{
    const void *function = resumeFunction(frame);
    const std::lock_guard lock(knownMutex());
    for (const KnownCoroutine *known = s_firstKnown; known; known = known->m_next) {
        if (known->m_resumeFunction == function)
            return known->m_waitOf(frame);
    }
    return nullptr;
}

/*
    Who awaits a task is private to QCoro. An explicit instantiation may name what is private.
*/
using Awaiters = std::vector<std::coroutine_handle<>>;
static const Awaiters &awaitersOf(const QCoro::detail::TaskPromiseBase &promise);

template<auto Member>
struct PromiseAwaiters
{
    friend const Awaiters &awaitersOf(const QCoro::detail::TaskPromiseBase &promise)
    {
        return promise.*Member;
    }
};
template struct PromiseAwaiters<&QCoro::detail::TaskPromiseBase::mAwaitingCoroutines>;

bool isAwaitedBy(const QCoro::detail::TaskPromiseBase &promise, const void *coroutine) noexcept
{
    const Awaiters &awaiters = awaitersOf(promise);
    return std::any_of(awaiters.cbegin(), awaiters.cend(),
                       [coroutine](std::coroutine_handle<> each) {
                           return each.address() == coroutine;
                       });
}

} // namespace QTimeout::detail
