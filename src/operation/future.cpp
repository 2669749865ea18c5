// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/futureoperation_p.h"

#include "thread/resumption_p.h"

namespace QTimeout::detail {

/*
    The interface of a future is private in some versions of Qt. An explicit instantiation may name
    what is private.
*/
static const QFutureInterfaceBase &interfaceOf(const QFuture<void> &future);

template<auto Member>
struct FutureInterface
{
    friend const QFutureInterfaceBase &interfaceOf(const QFuture<void> &future)
    {
        return future.*Member;
    }
};
template struct FutureInterface<&QFuture<void>::d>;

bool FutureLink::isAbandoned(const QFuture<void> &future)
{
    return future.isCanceled() && !interfaceOf(future).hasException();
}

FutureLink::~FutureLink()
{
    disconnect();
}

void FutureLink::connect(const QFuture<void> &future, Wait *wait)
{
    m_watcher = std::make_unique<QFutureWatcher<void>>();
    // A cancelled future may run on for long: the wait ends with the first of both.
    const auto ended = [this, wait] {
        disconnect();
        wait->operationEndedInLoop(); // the watcher is ours, and has an event
    };
    QObject::connect(m_watcher.get(), &QFutureWatcherBase::finished, m_watcher.get(), ended);
    QObject::connect(m_watcher.get(), &QFutureWatcherBase::canceled, m_watcher.get(),
                     [future, ended] {
                         if (isAbandoned(future))
                             ended();
                     });
    m_watcher->setFuture(future);
}

void FutureLink::disconnect() noexcept
{
    if (!m_watcher)
        return;
    m_watcher->QObject::disconnect();
    // It may be emitting at the moment, if there is an event loop.
    if (Resumption::isLoopOver())
        m_watcher.reset();
    else
        m_watcher.release()->deleteLater();
}

void cancelWith(const QFuture<void> &derived, const QFuture<void> &source)
{
    auto *watcher = new QFutureWatcher<void>;
    QObject::connect(watcher, &QFutureWatcherBase::canceled, watcher,
                     [future = source]() mutable { future.cancel(); });
    QObject::connect(watcher, &QFutureWatcherBase::finished, watcher, &QObject::deleteLater);
    watcher->setFuture(derived);
}

} // namespace QTimeout::detail
