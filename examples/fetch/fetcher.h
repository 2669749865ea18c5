// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef FETCHER_H
#define FETCHER_H

#include <QCoroTask>
#include <QTimeoutScope>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qlist.h>
#include <QtCore/qobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qurl.h>
#include <QtNetwork/qnetworkaccessmanager.h>

#include <chrono>
#include <vector>

struct FetchLimits
{
    static constexpr auto None = std::chrono::milliseconds::max();

    std::chrono::milliseconds timeout = std::chrono::seconds(2); // of each attempt
    std::chrono::milliseconds idle = std::chrono::seconds(1); // while nothing comes
    std::chrono::milliseconds total = std::chrono::seconds(10); // of everything
    int retries = 1;
};

struct Transfer
{
    enum State { Waiting, Requesting, Receiving, Pausing, Ok, TimedOut, Cancelled, Failed };

    bool isDone() const { return state >= Ok; }
    bool isWorthAnotherAttempt() const;

    QUrl url;
    State state = Waiting;
    QString reason; // why the last attempt was not ok
    int attempts = 0;
    int httpStatus = 0;
    qint64 bytes = 0; // of the last attempt
    std::chrono::milliseconds elapsed =
            {}; // since the start of all, at the last change of the state
    QPointer<const QTimeoutScope> scope; // of the attempt under way
};

class Fetcher : public QObject
{
    Q_OBJECT

public:
    explicit Fetcher(const FetchLimits &limits, QObject *parent = nullptr);

    QCoro::Task<> fetchAll(QList<QUrl> urls);

    const FetchLimits &limits() const;
    const std::vector<Transfer> &transfers() const;

public Q_SLOTS:
    void cancel();

Q_SIGNALS:
    void stateChanged(const Transfer &transfer);

private:
    QCoro::Task<> fetch(Transfer *transfer);
    QCoro::Task<> attempt(Transfer *transfer);
    void endWithTotal(Transfer *transfer);
    void setState(Transfer *transfer, Transfer::State state, const QString &reason = {});

    const FetchLimits m_limits;
    QElapsedTimer m_timer;
    std::vector<Transfer> m_transfers;
    QNetworkAccessManager m_manager;
    QTimeoutScope m_total;
};

#endif // FETCHER_H
