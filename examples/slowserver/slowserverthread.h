// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef SLOWSERVERTHREAD_H
#define SLOWSERVERTHREAD_H

#include "slowserver.h"

#include <QtCore/qthread.h>

class SlowServerThread
{
public:
    SlowServerThread();
    ~SlowServerThread();

    bool isListening() const;
    SlowServer *server() const;
    QUrl url(const QString &target) const;

private:
    Q_DISABLE_COPY_MOVE(SlowServerThread)

    QThread m_thread;
    SlowServer *m_server;
};

#endif // SLOWSERVERTHREAD_H
