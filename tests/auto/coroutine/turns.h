// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef TURNS_H
#define TURNS_H

#include "coroutinesupport.h"

#include <QtCore/qeventloop.h>
#include <QtCore/qtimer.h>

#include <functional>
#include <memory>
#include <utility>

/*
    One turn of the event loop.
*/
inline void turn()
{
    QCoreApplication::processEvents();
}

/*
    As many turns as anything can take whose time has come.
*/
inline void settle()
{
    for (int i = 0; i < 20; ++i)
        turn();
}

/*
    Calls the function from an event loop that makes some more turns afterwards. Only a real event loop carries out
    deferred deletes.
*/
template<typename Function>
void inEventLoop(Function function)
{
    QEventLoop loop;
    QTimer ticks;
    bool isCalled = false;
    int left = 20;
    QObject::connect(&ticks, &QTimer::timeout, &ticks, [&] {
        if (!std::exchange(isCalled, true))
            function();
        else if (--left == 0)
            loop.quit();
    });
    ticks.start(0);
    loop.exec();
}

/*
    The deadline of the scope passes, and is looked at in this call: not by the event loop.
*/
inline void expireNow(QTimeoutScope &scope)
{
    scope.reschedule(0);
    try {
        scope.throwIfAborted();
    } catch (const QTimeoutError &) {
    } catch (const QTimeoutCancelled &) { // in a coroutine
    }
}

/*
    Something to await that is like a network reply. It notes whether it is destroyed by somebody whom it has called.
*/
class Reply : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    ~Reply() override { note(*m_calls > 0 ? "~reply inside its own function" : "~reply"); }

    bool isFinished() const { return m_isFinished; }
    void finish()
    {
        const Call call(m_calls);
        m_isFinished = true;
        Q_EMIT finished();
    }
    void fail()
    {
        const Call call(m_calls);
        Q_EMIT failed();
    }
    void abort()
    {
        const Call call(m_calls);
        ++aborts;
        if (const auto function = onAbort)
            function();
    }

    int aborts = 0;
    std::function<void()> onAbort;

Q_SIGNALS:
    void finished();
    void failed();

private:
    class Call
    {
    public:
        explicit Call(std::shared_ptr<int> calls) : m_calls(std::move(calls)) { ++*m_calls; }
        Q_DISABLE_COPY_MOVE(Call)
        ~Call() { --*m_calls; }

    private:
        const std::shared_ptr<int> m_calls;
    };

    bool m_isFinished = false;
    const std::shared_ptr<int> m_calls = std::make_shared<int>(0);
};

/*
    Waits at the first gate and, interrupted or not, then at the second. Gives the interruption on, or swallows it.
*/
inline QCoro::Task<int> cleanUpAt(QTimeoutScope &scope, Gate &work, Gate &cleaning, QString name,
                                  bool swallows = false)
{
    Q_UNUSED(scope)
    const Local local(name);
    std::exception_ptr interruption;
    try {
        co_await passThrough(work);
    } catch (...) {
        noteException(name);
        interruption = std::current_exception();
    }
    try {
        co_await passThrough(cleaning);
        note(name + QLatin1String(": cleaned up"));
    } catch (...) {
        noteException(name + QLatin1String(" again"));
        throw;
    }
    if (interruption && !swallows)
        std::rethrow_exception(std::exchange(interruption, nullptr));
    co_return 42;
}

/*
    Awaits the task, whichever it is, and notes how that ends.
*/
template<typename T>
QCoro::Task<> noteEnd(QCoro::Task<T> task, QString name)
{
    try {
        co_await task;
        note(name + QLatin1String(": returned"));
    } catch (...) {
        noteException(name);
    }
}

#endif // TURNS_H
