// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for a QFuture.

#ifndef QTIMEOUT_FUTUREOPERATION_P_H
#define QTIMEOUT_FUTUREOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/qtimeoutcancelled.h"
#include "../wait/wait_p.h"
#include "qtimeoutabort.h"

#include <QtCore/qfuture.h>
#include <QtCore/qfuturewatcher.h>

#include <memory>
#include <type_traits>

/*
    QCoro's own awaiter is not used: it calls result() on a future that was
    cancelled, which crashes.
*/

namespace QTimeout::detail {

/*
    What does not depend on the type of the result.
*/
class QTIMEOUT_EXPORT FutureLink
{
public:
    FutureLink() = default;
    ~FutureLink();
    Q_DISABLE_COPY_MOVE(FutureLink)

    void connect(const QFuture<void> &future, Wait *wait);
    void disconnect() noexcept;

    // Somebody has cancelled it. To store an exception in a future also cancels it, but then it is
    // about to finish.
    static bool isAbandoned(const QFuture<void> &future);

private:
    std::unique_ptr<QFutureWatcher<void>> m_watcher;
};

// Cancels the source when somebody cancels what was derived from it.
QTIMEOUT_EXPORT void cancelWith(const QFuture<void> &derived, const QFuture<void> &source);

template<typename T>
class FutureOperation
{
public:
    using Result = T;
    static constexpr bool canAbandon = true;

    explicit FutureOperation(QFuture<T> future) noexcept : m_future(std::move(future)) {}
    FutureOperation(FutureOperation &&other) noexcept : m_future(std::move(other.m_future)) {}

    bool isReady() const
    {
        return m_future.isFinished() || FutureLink::isAbandoned(QFuture<void>(m_future));
    }
    void start(Wait *wait) { m_link.connect(QFuture<void>(m_future), wait); }
    void abandon() noexcept { m_link.disconnect(); }
    // May destroy this.
    void abort()
    {
        QFuture<T> future = m_future;
        abortOperation(future);
    }

    Result take()
    {
        if (m_future.isFinished())
            m_future.waitForFinished(); // throws what is stored
        if (m_future.isCanceled())
            throw QTimeoutCancelled();
        if constexpr (!std::is_void_v<T>) {
            if (m_future.resultCount() == 0) // finished without a result
                throw QTimeoutCancelled();
            if constexpr (std::is_copy_constructible_v<T>)
                return m_future.result();
            else
                return m_future.takeResult();
        }
    }

private:
    QFuture<T> m_future;
    FutureLink m_link;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_FUTUREOPERATION_P_H
