// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "wait/coroutineabi_p.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace QTimeout::detail {

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

OwnWait *KnownCoroutine::find(std::coroutine_handle<> frame)
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

bool isAwaitedBy(const OwnWait::Suspension &suspension, std::coroutine_handle<> frame) noexcept
{
    const Awaiters &awaiters = awaitersOf(
            *static_cast<const QCoro::detail::TaskPromiseBase *>(suspension.promise));
    return std::find(awaiters.begin(), awaiters.end(), frame) != awaiters.end();
}

size_t awaitersOf(const OwnWait::Suspension &suspension) noexcept
{
    return awaitersOf(*static_cast<const QCoro::detail::TaskPromiseBase *>(suspension.promise))
            .size();
}

} // namespace QTimeout::detail
