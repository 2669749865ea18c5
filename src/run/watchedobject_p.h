// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Objects and futures that a scope watches.

#ifndef QTIMEOUT_WATCHEDOBJECT_P_H
#define QTIMEOUT_WATCHEDOBJECT_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "operation/objectrule_p.h"
#include "scope/work_p.h"
#include "thread/mailbox_p.h"

#include <QtCore/qfuture.h>
#include <QtCore/qfuturewatcher.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <functional>
#include <memory>

namespace QTimeout::detail {

/*
    A QObject that a scope watches.
*/
class WatchedObject final : public QObject, public Work
{
    Q_OBJECT

public:
    // It is aborted by the function, or by its rule if that is not null.
    WatchedObject(QObject *object, const ObjectRule *rule, std::function<void()> abort);
    ~WatchedObject() override;

    void watch();
    void abortNow(std::chrono::milliseconds gracePeriod);
    void replaceAbort(const ObjectRule *rule, std::function<void()> abort);

public Q_SLOTS:
    void ended();

protected:
    void abort() override;
    void joined(QTimeoutScope *scope) override;
    const QObject *object() const override { return m_object; }
    void spareObject() override { ended(); }
    void dismiss() override;
    bool movesWithScope() const override { return true; }

private:
    QObject *const m_object;
    ObjectGuard m_guard;
    QMetaObject::Connection m_finished;
    QMetaObject::Connection m_failed; // of a process that does not start
    QMetaObject::Connection m_destroyed;
    Mailbox::Pointer m_mailbox; // for an answer from another thread
    const QTimeoutScope *m_scope = nullptr; // under which it is
    const ObjectRule *m_rule;
    std::function<void()> m_abort;
    bool m_aborting = false;
};

/*
    A future that a scope watches. Moves to other threads with the scope, and goes with it at the latest.
*/
class WatchedFuture final : public QObject, public Work
{
public:
    WatchedFuture(const QFuture<void> &future, std::function<void()> abort);
    ~WatchedFuture() override;

    void watch();
    void abortNow();
    // It has ended: what it throws is logged.
    void ended();
    void look() override { m_isOver = !hasEnded(); }

protected:
    void abort() override;
    bool hasEnded() const override;
    void joined(QTimeoutScope *scope) override;
    void dismiss() override;
    bool movesWithScope() const override { return true; }

private:
    void stopListening();

    QFuture<void> m_future;
    QFutureWatcher<void> m_watcher;
    std::function<void()> m_abort;
    bool m_isOver = false;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WATCHEDOBJECT_P_H
