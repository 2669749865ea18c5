// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What has been asked to end, and is forced when a grace period has passed.

#ifndef QTIMEOUT_FORCELATER_P_H
#define QTIMEOUT_FORCELATER_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "deadline/deadlinequeue_p.h"
#include "operation/objectrule_p.h"
#include "scope/work_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qobject.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

namespace QTimeout::detail {

class EndOfObject;
class ForceLater;

// The object's signal finished(), if it has one, whatever its arguments are.
QMetaMethod finishedSignal(const QObject *object);
// It is a QProcess, whatever is known of its type.
bool isProcessObject(const QObject *object) noexcept;
// Calls the function when the object is a process and fails to start.
QMetaObject::Connection onFailureToStart(QObject *object, QObject *context,
                                         const std::function<void()> &function);

/*
    Whether an object has ended since it was aborted, for its thread and that of the scope.
*/
struct EndState
{
    std::atomic<bool> hasEnded = false;
    EndOfObject *watcher = nullptr; // touched only in the thread of the object
    Mailbox::Pointer home; // of the scope's thread
    ForceLater *later = nullptr; // touched only there; null when it has gone
};

/*
    Notices the end of an object, of which it is a child.
*/
class EndOfObject final : public QObject
{
    Q_OBJECT

public:
    EndOfObject(QObject *object, std::shared_ptr<EndState> state);
    ~EndOfObject() override;

    bool hasSignal() const { return m_hasSignal; }
    bool isAnotherProcess() const;

public Q_SLOTS:
    void ended();

private:
    void tell() const;

    bool m_hasSignal = false;
    qint64 m_processId = 0; // if it is one
    const std::shared_ptr<EndState> m_state;
};

/*
    Lives in the thread of the scope, as a child of the queue, and goes when the object has ended or been forced; or
    with the thread, which destroys an object that was passed in.
*/
class ForceLater final : public QObject, public DeadlineEntry
{
    Q_OBJECT

public:
    ForceLater(DeadlineQueue *queue, QObject *object, ObjectGuard &&guard, const ObjectRule &rule,
               Owner &&owner);
    ~ForceLater() override;

    void begin(std::chrono::milliseconds gracePeriod);
    // It has been asked, or forced, by another one.
    void wait(std::chrono::milliseconds period, bool isForced);
    void objectEnded();

protected:
    void due() override;

private:
    void step(ObjectRule::Function function);
    static void endWithApplication();

    QObject *const m_object;
    ObjectGuard m_guard;
    const ObjectRule &m_rule;
    Owner m_owner; // null if it was not passed in
    std::chrono::milliseconds m_period{};
    bool m_isForced = false;
    const std::shared_ptr<EndState> m_state;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_FORCELATER_P_H
