// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// SlowServerThread: a SlowServer in a thread of its own, which serves clients that block theirs too. It
// listens when it has been constructed. Connect to the signals of its server() with a context object, so that
// the connection is a queued one, and leave deleting to the destructor.

#include "slowserverthread.h"

SlowServerThread::SlowServerThread() : m_server(new SlowServer)
{
    m_thread.setObjectName("slowserver");
    m_server->moveToThread(&m_thread);
    QObject::connect(&m_thread, &QThread::finished, m_server, &QObject::deleteLater);
    m_thread.start();
    QMetaObject::invokeMethod(m_server, &SlowServer::listen, Qt::BlockingQueuedConnection);
}

SlowServerThread::~SlowServerThread()
{
    m_thread.quit();
    m_thread.wait();
}

bool SlowServerThread::isListening() const
{
    return m_server->port() != 0;
}

SlowServer *SlowServerThread::server() const
{
    return m_server;
}

QUrl SlowServerThread::url(const QString &target) const
{
    return m_server->url(target);
}
