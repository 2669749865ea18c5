// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DOWNLOADER_H
#define DOWNLOADER_H

#include <QCoroQmlTask>
#include <QTimeoutScope>

#include <QtCore/qobject.h>
#include <QtCore/qurl.h>
#include <QtCore/qvariant.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtQml/qqmlregistration.h>

class Downloader : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_SINGLETON

public:
    using QObject::QObject;

    // Gives ok, bytes and error.
    Q_INVOKABLE QCoro::QmlTask fetch(QTimeoutScope *scope, const QUrl &url);

private:
    QCoro::Task<QVariantMap> load(QTimeoutScope &scope, QUrl url);

    QNetworkAccessManager m_manager;
};

#endif // DOWNLOADER_H
