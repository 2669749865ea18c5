// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef BACKEND_H
#define BACKEND_H

//! [backend]
#include <QCoroNetworkReply>
#include <QCoroQmlTask>
#include <QTimeout>

#include <QtNetwork/QNetworkAccessManager>
#include <QtNetwork/QNetworkReply>
#include <QtQml/qqmlregistration.h>

#include <memory>
#include <stdexcept>

class Backend : public QObject
{
    Q_OBJECT
    QML_ELEMENT

public:
    // For QML: the scope that it passes is the one under which the coroutine runs.
    Q_INVOKABLE QCoro::QmlTask sizeOf(QTimeoutScope *scope, const QUrl &url)
    {
        return scope->run(&Backend::load, this, url);
    }

private:
    QCoro::Task<qint64> load(QTimeoutScope &, QUrl url)
    {
        const std::unique_ptr<QNetworkReply> reply(m_manager.get(QNetworkRequest(url)));
        co_await reply.get();
        if (reply->error() != QNetworkReply::NoError)
            throw std::runtime_error(reply->errorString().toStdString());
        co_return reply->bytesAvailable();
    }

    QNetworkAccessManager m_manager;
};
//! [backend]

#endif // BACKEND_H
