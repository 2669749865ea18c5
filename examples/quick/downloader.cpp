// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "downloader.h"

#include <QCoroNetworkReply>
#include <QTimeout>

#include <QtCore/qpointer.h>
#include <QtCore/qscopeguard.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>

using namespace Qt::StringLiterals;

// A scope from QML is a scope like any other: what runs under it ends with it.
QCoro::QmlTask Downloader::fetch(QTimeoutScope *scope, const QUrl &url)
{
    return scope->run(&Downloader::load, this, url);
}

// It takes the scope and can thus be interrupted where it waits: the reply is aborted, what it has on its
// stack is cleaned up, and nothing is returned. Nobody has to be told: QML sees the state of the scope.
QCoro::Task<QVariantMap> Downloader::load(QTimeoutScope &, QUrl url)
{
    const QPointer<QNetworkReply> reply = m_manager.get(QNetworkRequest(url));
    const auto cleanUp = qScopeGuard([reply] {
        if (reply) // it goes with the manager when the program ends in the middle
            reply->deleteLater();
    });
    co_await reply.data();
    const bool ok = reply->error() == QNetworkReply::NoError;
    const QByteArray data = reply->readAll();
    QVariantMap result;
    result.insert(u"ok"_s, ok);
    result.insert(u"bytes"_s, data.size());
    result.insert(u"error"_s, ok ? QString() : reply->errorString());
    co_return result;
}
