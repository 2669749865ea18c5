// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTSCOPE_H
#define QTIMEOUTSCOPE_H

#include "../deadline/qtimeoutdeadline.h"

#include <QtCore/qobject.h>

#include <chrono>
#include <functional>
#include <stop_token>

QT_FORWARD_DECLARE_CLASS(QDebug)
template<typename T>
class QFuture;

namespace QCoro {
template<typename T>
class Task;
}

namespace QTimeout::detail {
class Life;
struct ObjectRule;
} // namespace QTimeout::detail

class QTimeoutQmlScopePrivate;

class QTIMEOUT_EXPORT QTimeoutScope : public QObject
{
    Q_OBJECT
    Q_PROPERTY(State state READ state NOTIFY stateChanged)
    Q_PROPERTY(QDeadlineTimer deadline READ deadline NOTIFY deadlineChanged)
    Q_PROPERTY(std::chrono::milliseconds idleTimeout READ idleTimeout WRITE setIdleTimeout NOTIFY
                       idleTimeoutChanged)
    Q_PROPERTY(QString errorString READ errorString NOTIFY stateChanged)
    Q_PROPERTY(QTimeoutScope *enclosingScope READ enclosingScope NOTIFY stateChanged)

public:
    enum State { Inactive, Active, Expired, Cancelled, Finished };
    Q_ENUM(State)

    explicit QTimeoutScope(QObject *parent = nullptr);
    explicit QTimeoutScope(QTimeout::Deadline deadline, QObject *parent = nullptr);
    template<QTimeout::detail::MillisecondCount Int>
    explicit QTimeoutScope(Int, QObject * = nullptr) = delete; // give a unit: 1500ms
    ~QTimeoutScope() override;

    State state() const;
    bool isActive() const;
    bool hasExpired() const;
    bool isCancelled() const;
    QDeadlineTimer deadline() const;
    QDeadlineTimer effectiveDeadline() const;
    std::chrono::nanoseconds remainingTime() const;
    QTimeoutScope *enclosingScope() const;
    std::stop_token stopToken() const;
    void throwIfAborted();

    std::chrono::milliseconds idleTimeout() const;
    void setIdleTimeout(std::chrono::milliseconds timeout);
    bool hasExpiredIdle() const;
    std::chrono::milliseconds gracePeriod() const;
    void setGracePeriod(std::chrono::milliseconds period);
    QString errorString() const;

    template<typename Operation, typename... Args>
    auto run(Operation &&operation, Args &&...args);
    template<typename Operation, typename... Args>
    auto tryRun(Operation &&operation, Args &&...args);
    template<typename Object>
    void watch(Object *object);
    template<typename T>
    void watch(const QFuture<T> &future);
    template<typename T>
    void watch(QCoro::Task<T> &&task);
    template<typename T>
    void watch(QCoro::Task<T> &task); // refused: move it in
    void watch(QObject *object, std::function<void()> abort);
    void unwatch(QObject *object);

public Q_SLOTS:
    bool start(QTimeout::Deadline deadline);
    bool reschedule(QTimeout::Deadline deadline);
    bool shift(std::chrono::milliseconds by);
    void reject();
    void touch();
    void cancel();
    void cancelBecause(const QString &reason);
    void finish();

Q_SIGNALS:
    void expired();
    void cancelled();
    void finished();
    void stateChanged(QTimeoutScope::State state);
    void deadlineChanged();
    void idleTimeoutChanged();

protected:
    bool event(QEvent *event) override;
    void childEvent(QChildEvent *event) override;

private:
    Q_DISABLE_COPY_MOVE(QTimeoutScope)
    friend class QTimeout::detail::Life;
    friend class QTimeoutQmlScopePrivate;

    std::chrono::nanoseconds remainingOfDeadlines() const;
    void watchFuture(const QFuture<void> &future, std::function<void()> abort);
    void watchObject(QObject *object, const QTimeout::detail::ObjectRule *rule,
                     std::function<void()> abort);

    QTimeout::detail::Life *d; // counted
};

namespace QTimeout {
QTIMEOUT_EXPORT QTimeoutScope *currentScope();
}

QTIMEOUT_EXPORT QDebug operator<<(QDebug debug, const QTimeoutScope *scope);

// What its templates need, and what makes coroutines that take a scope abortable.
#include "../coroutine/qtimeoutcoroutine_p.h"
#include "../run/qtimeoutrun_p.h"
#include "../run/watch_p.h"

#endif // QTIMEOUTSCOPE_H
