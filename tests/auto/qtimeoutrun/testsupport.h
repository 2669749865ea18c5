// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef TESTSUPPORT_H
#define TESTSUPPORT_H

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroTask>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

/*
    What has become of a task.
*/
enum class End { Pending, Returned, TimedOut, Cancelled, Failed };

inline char *toString(End end)
{
    static constexpr const char *names[] = {"Pending", "Returned", "TimedOut", "Cancelled",
                                            "Failed"};
    return qstrdup(names[static_cast<int>(end)]);
}

template<typename T>
struct Observed
{
    End end = End::Pending;
    std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> value;
    QByteArray what; // of the exception
    QThread *thread = nullptr; // in which it ended
};

template<typename T>
using ObservedPointer = std::shared_ptr<Observed<T>>;

template<typename T>
QCoro::Task<> observeInto(QCoro::Task<T> task, ObservedPointer<T> observed)
{
    End end = End::Returned;
    try {
        if constexpr (std::is_void_v<T>)
            co_await task;
        else
            observed->value.emplace(co_await task);
    } catch (const QTimeoutError &) {
        end = End::TimedOut;
    } catch (const QTimeoutCancelled &) {
        end = End::Cancelled;
    } catch (const std::exception &error) {
        end = End::Failed;
        observed->what = error.what();
    } catch (...) {
        end = End::Failed;
        observed->what = "not a std::exception";
    }
    observed->end = end;
    observed->thread = QThread::currentThread();
}

// Awaits the task from a plain coroutine, and notes how that ends.
template<typename T>
ObservedPointer<T> observe(QCoro::Task<T> task)
{
    auto observed = std::make_shared<Observed<T>>();
    observeInto(std::move(task), observed);
    return observed;
}

inline size_t queuedDeadlines()
{
    return QTimeout::detail::DeadlineQueue::current()->size();
}

/*
    Counts its instances: a local of a coroutine, or a result, that is still there shows in a leak.
*/
class Tracked
{
public:
    explicit Tracked(int number = 0) : value(number) { ++s_alive; }
    Tracked(const Tracked &other) : value(other.value) { ++s_alive; }
    Tracked(Tracked &&other) noexcept : value(std::exchange(other.value, -1)) { ++s_alive; }
    Tracked &operator=(const Tracked &) = default;
    Tracked &operator=(Tracked &&) = default;
    ~Tracked() { --s_alive; }

    static int alive() { return s_alive; }

    int value;

private:
    static inline int s_alive = 0;
};

/*
    Something to wait for, which the test opens by hand. It is awaited by one at a time.
*/
class Gate
{
public:
    Gate() = default;
    Q_DISABLE_COPY_MOVE(Gate)

    // g++ 12 copies an awaiter that is no temporary.
    auto operator co_await() noexcept
    {
        struct Awaiter
        {
            bool await_ready() const noexcept { return gate->isOpen(); }
            void await_suspend(std::coroutine_handle<> waiter) { gate->setWaiter(waiter); }
            void await_resume() const noexcept {}

            Gate *gate;
        };
        return Awaiter{this};
    }

    bool isOpen() const noexcept { return m_isOpen; }
    bool hasWaiter() const noexcept { return bool(m_waiter); }
    void setWaiter(std::coroutine_handle<> waiter) noexcept { m_waiter = waiter; }
    void open()
    {
        m_isOpen = true;
        if (auto waiter = std::exchange(m_waiter, nullptr))
            waiter.resume();
    }

private:
    std::coroutine_handle<> m_waiter;
    bool m_isOpen = false;
};

// Plain coroutines, which nobody can interrupt.
inline QCoro::Task<> passThrough(Gate &gate)
{
    const Tracked local;
    co_await gate;
}

template<typename T>
QCoro::Task<T> valueAfter(Gate &gate, T value)
{
    const Tracked local;
    co_await gate;
    co_return value;
}

template<typename Exception>
QCoro::Task<int> throwAfter(Gate &gate, Exception exception)
{
    const Tracked local;
    co_await gate;
    throw exception;
}

template<typename T>
QCoro::Task<T> valueAtOnce(T value)
{
    co_return value;
}

/*
    The signals of an object that are connected, without those that it connects to itself.
*/
inline QByteArrayList connectedSignals(const QObject *object)
{
    struct Access : QObject
    {
        static bool isConnected(const QObject *sender, const QMetaMethod &signal)
        {
            return (sender->*(&Access::isSignalConnected))(signal);
        }
    };
    QByteArrayList result;
    const QMetaObject *metaObject = object->metaObject();
    for (int i = 0; i < metaObject->methodCount(); ++i) {
        const QMetaMethod method = metaObject->method(i);
        // A signal with a default argument has a clone without it.
        if (method.methodType() == QMetaMethod::Signal
            && !(method.attributes() & QMetaMethod::Cloned) && Access::isConnected(object, method))
            result.append(method.methodSignature());
    }
    return result;
}

/*
    A test whose time stands still, and that checks after each function that nothing has been left.
*/
class TestWithClock : public QObject
{
    Q_OBJECT

protected:
    QTimeoutTestClock &clock() { return *m_clock; }
    void realTime() { m_clock.reset(); }

protected Q_SLOTS:
    void init() { m_clock.emplace(); }
    void cleanup()
    {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QCOMPARE(queuedDeadlines(), size_t(0));
        QCOMPARE(Tracked::alive(), 0);
        m_clock.reset();
    }

private:
    std::optional<QTimeoutTestClock> m_clock;
};

#endif // TESTSUPPORT_H
