// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef SLOWSERVER_H
#define SLOWSERVER_H

#include <QtCore/qhash.h>
#include <QtCore/qobject.h>
#include <QtCore/qurl.h>
#include <QtNetwork/qtcpserver.h>

#include <atomic>

class SlowServer : public QObject
{
    Q_OBJECT

public:
    explicit SlowServer(QObject *parent = nullptr);
    ~SlowServer() override;

    bool listen();
    QString errorString() const;
    quint16 port() const;
    QUrl url(const QString &target) const;

    int requestCount() const;
    int openConnections() const;

Q_SIGNALS:
    void requestReceived(const QString &target);
    void connectionClosed(const QString &target);

private:
    class Connection;

    quint16 m_port = 0;
    std::atomic<int> m_requestCount = 0;
    std::atomic<int> m_openConnections = 0;
    QHash<QString, int> m_failures;
    QTcpServer m_listener; // last: it owns the connections, which use what is above
};

#endif // SLOWSERVER_H
