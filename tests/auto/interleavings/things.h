// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef THINGS_H
#define THINGS_H

#include <QtCore/qobject.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

/*
    Like a network reply: it finishes once, also when it is aborted.
*/
class Job : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return m_isFinished; }
    bool isAborting() const { return m_isAborting; }
    int aborts() const { return m_aborts; }
    const std::shared_ptr<int> &changes() const { return m_changes; } // outlives it

    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }
    void change()
    {
        ++*m_changes;
        Q_EMIT changed(*m_changes);
    }
    void abort();

    std::function<std::shared_ptr<void>()> onAbort; // what it returns lives as long as the call

Q_SIGNALS:
    void finished();
    void changed(int number);

private:
    bool m_isFinished = false;
    bool m_isAborting = false;
    int m_aborts = 0;
    const std::shared_ptr<int> m_changes = std::make_shared<int>(0);
};

inline void Job::abort()
{
    ++m_aborts;
    m_isAborting = true;
    const std::shared_ptr<void> place = onAbort();
    if (!m_isFinished)
        finish();
    m_isAborting = false;
}

/*
    What plain coroutines wait for.
*/
class Door
{
public:
    Door() = default;
    Q_DISABLE_COPY_MOVE(Door)

    auto operator co_await() noexcept
    {
        struct Awaiter
        {
            bool await_ready() const noexcept { return door->isOpen(); }
            void await_suspend(std::coroutine_handle<> waiter)
            {
                door->m_waiters.push_back(waiter);
            }
            void await_resume() const noexcept {}

            Door *door;
        };
        return Awaiter{this};
    }

    bool isOpen() const noexcept { return m_isOpen; }
    void open()
    {
        m_isOpen = true;
        for (auto waiter : std::exchange(m_waiters, {}))
            waiter.resume();
    }

private:
    std::vector<std::coroutine_handle<>> m_waiters;
    bool m_isOpen = false;
};

#endif // THINGS_H
