// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Two scopes, one within the other:
//
//     m_total     all transfers together; ends them all when it expires or is cancelled
//       attempt   one attempt at one URL: a deadline, and an idle timeout that begins anew when something arrives
//
// A scope is nested in another by being its QObject child. What runs under the inner one is aborted by the
// first of the two that ends: it throws QTimeoutError where its own scope expires, QTimeoutCancelled where
// the enclosing one ends, for whatever reason, and takes it along.

#include "fetcher.h"

#include "duration.h"

#include <QCoroNetworkReply>
#include <QTimeout>

#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>

#include <memory>
#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds FirstPause = 100ms;
constexpr std::chrono::milliseconds LongestPause = 2s;

} // namespace

Fetcher::Fetcher(const FetchLimits &limits, QObject *parent) : QObject(parent), m_limits(limits)
{
    m_total.setObjectName("total"_L1);
}

// Starts all transfers, and returns when the last of them is done. No exception leaves a transfer.
QCoro::Task<> Fetcher::fetchAll(QList<QUrl> urls)
{
    m_transfers.resize(static_cast<std::size_t>(urls.size()));
    for (std::size_t i = 0; i < m_transfers.size(); ++i)
        m_transfers[i].url = urls[static_cast<qsizetype>(i)];

    m_timer.start();
    m_total.start(m_limits.total); // a duration of milliseconds::max() is no deadline at all
    std::vector<QCoro::Task<>> tasks;
    for (Transfer &transfer : m_transfers)
        tasks.push_back(fetch(&transfer));
    for (QCoro::Task<> &task : tasks)
        co_await task;
    m_total.finish();
}

// Cancels every attempt and every pause between two of them.
void Fetcher::cancel()
{
    m_total.cancel();
}

// One URL: attempts until one is good or hopeless, with a longer pause after each. An attempt deals with
// its own deadlines; what it throws is the end of everything.
QCoro::Task<> Fetcher::fetch(Transfer *transfer)
{
    try {
        auto pause = FirstPause;
        co_await attempt(transfer);
        while (transfer->isWorthAnotherAttempt() && transfer->attempts <= m_limits.retries) {
            setState(transfer, Transfer::Pausing, "again in %1"_L1.arg(formatDuration(pause)));
            co_await m_total.run(QTimeout::sleepFor(pause));
            pause = qMin(2 * pause, LongestPause);
            co_await attempt(transfer);
        }
    } catch (const QTimeoutError &) { // the total has expired in a pause
        endWithTotal(transfer);
    } catch (const QTimeoutCancelled &) { // or in an attempt, or it has been cancelled
        endWithTotal(transfer);
    }
}

void Fetcher::endWithTotal(Transfer *transfer)
{
    if (m_total.hasExpired()) {
        setState(transfer, Transfer::TimedOut,
                 "the total of %1 is over"_L1.arg(formatDuration(m_limits.total)));
    } else {
        setState(transfer, Transfer::Cancelled, u"interrupted"_s);
    }
}

QCoro::Task<> Fetcher::attempt(Transfer *transfer)
{
    QTimeoutScope attempt(&m_total);
    attempt.setIdleTimeout(m_limits.idle);
    attempt.start(m_limits.timeout);
    transfer->scope = &attempt;
    transfer->bytes = 0;
    transfer->httpStatus = 0;
    ++transfer->attempts;
    setState(transfer, Transfer::Requesting);

    std::unique_ptr<QNetworkReply> reply(m_manager.get(QNetworkRequest(transfer->url)));
    connect(reply.get(), &QNetworkReply::metaDataChanged, &attempt, &QTimeoutScope::touch);
    connect(reply.get(), &QNetworkReply::readyRead, &attempt, &QTimeoutScope::touch);
    connect(reply.get(), &QNetworkReply::metaDataChanged, this,
            [this, transfer] { setState(transfer, Transfer::Receiving); });
    connect(reply.get(), &QNetworkReply::readyRead, this, [transfer, device = reply.get()] {
        transfer->bytes += device->skip(device->bytesAvailable());
    });

    try {
        reply = co_await attempt.run(std::move(reply)); // deletes it if that is aborted
    } catch (const QTimeoutError &) {
        setState(transfer, Transfer::TimedOut,
                 attempt.hasExpiredIdle()
                         ? "nothing came for %1"_L1.arg(formatDuration(m_limits.idle))
                         : "not done in %1"_L1.arg(formatDuration(m_limits.timeout)));
        co_return;
    }

    transfer->httpStatus = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (reply->error() == QNetworkReply::NoError) {
        setState(transfer, Transfer::Ok);
    } else if (transfer->httpStatus >= 400) {
        setState(transfer, Transfer::Failed,
                 "HTTP %1"_L1.arg(QString::number(transfer->httpStatus)));
    } else {
        setState(transfer, Transfer::Failed, reply->errorString());
    }
}

void Fetcher::setState(Transfer *transfer, Transfer::State state, const QString &reason)
{
    if (transfer->state == state)
        return;
    transfer->state = state;
    transfer->reason = reason;
    transfer->elapsed = std::chrono::milliseconds(m_timer.elapsed());
    Q_EMIT stateChanged(*transfer);
}

// A request that the server refuses (4xx) stays refused.
bool Transfer::isWorthAnotherAttempt() const
{
    return state == TimedOut || (state == Failed && (httpStatus < 400 || httpStatus >= 500));
}

const FetchLimits &Fetcher::limits() const
{
    return m_limits;
}

const std::vector<Transfer> &Fetcher::transfers() const
{
    return m_transfers;
}
