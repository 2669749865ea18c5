// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_WATCHEDOBJECT_P_H
#define QTIMEOUT_WATCHEDOBJECT_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It may change from version to version without notice,
// or even be removed. We mean it.
//

#include "deadline/deadlinequeue_p.h"
#include "operation/objectoperation_p.h"
#include "scope/work_p.h"

#include <QtCore/qobject.h>

#include <functional>

namespace QTimeout::detail {

/*
    A QObject that a scope watches.
*/
class WatchedObject final : public QObject, public Work
{
    Q_OBJECT

public:
    WatchedObject(QObject *object, std::function<void()> abort);
    ~WatchedObject() override;

    // The function says whether the object has ended already. Null if nobody can tell.
    void watch(bool (*isOver)(QObject *));
    void abortNow();
    void replaceAbort(std::function<void()> abort) { m_abort = std::move(abort); }

public Q_SLOTS:
    void ended();

protected:
    void abort(Cause cause) override;
    void joined(QTimeoutScope *scope) override;
    const QObject *watchedObject() const override { return m_object; }
    void dismiss() override;

private:
    QObject *const m_object;
    ObjectGuard m_guard;
    QMetaObject::Connection m_finished;
    QMetaObject::Connection m_destroyed;
    Mailbox::Pointer m_mailbox; // for an answer from another thread
    std::function<void()> m_abort;
    bool m_aborting = false;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WATCHEDOBJECT_P_H
