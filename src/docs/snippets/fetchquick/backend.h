// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef BACKEND_H
#define BACKEND_H

//! [backend]
#include <QCoroNetworkReply>
#include <QCoroQmlTask>
#include <QTimeout>

#include <QtCore/QPointer>
#include <QtCore/QScopeGuard>
#include <QtNetwork/QNetworkAccessManager>
#include <QtNetwork/QNetworkReply>
#include <QtQml/qqmlregistration.h>

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
    // Gives the number of bytes, or undefined if there is none.
    QCoro::Task<QVariant> load(QTimeoutScope &, QUrl url)
    {
        const QPointer<QNetworkReply> reply = m_manager.get(QNetworkRequest(url));
        // When it is interrupted, too.
        const auto cleanUp = qScopeGuard([reply] {
            if (reply)
                reply->deleteLater();
        });
        co_await reply.data();
        if (reply->error() != QNetworkReply::NoError)
            co_return QVariant();
        co_return reply->bytesAvailable();
    }

    QNetworkAccessManager m_manager;
};
//! [backend]

#endif // BACKEND_H
