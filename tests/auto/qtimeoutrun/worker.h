// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef WORKER_H
#define WORKER_H

#include <QtCore/qmetaobject.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthread.h>

#include <functional>
#include <utility>

/*
    A thread with an event loop, in which functions can be called.
*/
class Worker
{
public:
    Worker() : m_context(new QObject)
    {
        m_context->moveToThread(&thread);
        thread.start();
    }
    ~Worker() { stop(); }
    Q_DISABLE_COPY_MOVE(Worker)

    // Returns when the function has, and with it all that was posted to the thread before.
    void call(const std::function<void()> &function)
    {
        QMetaObject::invokeMethod(m_context, function, Qt::BlockingQueuedConnection);
    }
    void post(const std::function<void()> &function)
    {
        QMetaObject::invokeMethod(m_context, function, Qt::QueuedConnection);
    }
    void stop()
    {
        if (QObject *context = std::exchange(m_context, nullptr))
            context->deleteLater();
        thread.quit();
        thread.wait();
    }

    QThread thread;

private:
    QObject *m_context;
};

/*
    Holds up a worker, which does what is to be done last, and then comes to what was posted meanwhile.
*/
class Pause
{
public:
    explicit Pause(
            Worker &worker, const std::function<void()> &last = [] {})
    {
        worker.post([this, last] {
            m_begun.release();
            m_ended.acquire();
            last();
            m_done.release();
        });
        m_begun.acquire();
    }
    ~Pause() { end(); }
    Q_DISABLE_COPY_MOVE(Pause)

    void end()
    {
        if (std::exchange(m_isOver, true))
            return;
        m_ended.release();
        m_done.acquire();
    }

private:
    QSemaphore m_begun;
    QSemaphore m_ended;
    QSemaphore m_done;
    bool m_isOver = false;
};

#endif // WORKER_H
