// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/forcelater_p.h"

#include "thread/resumption_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qprocess.h>

#include <utility>

/*
    The grace period
    ================

    An abort asks an object to end, and does not wait for that. Whoever has a second step in its rule is forced
    when the grace period of the scope has passed, by the clock of the scope's thread (D3). It is not if it has ended
    since: then it may be running again, for somebody else. A child of the object notices that, in whichever thread the
    object lives, and also that the object goes.

    An object that was passed in, in a std::unique_ptr, is destroyed when it has ended. If it has not after it was
    forced, it gets as much time once more.
*/

namespace QTimeout::detail {

using namespace std::chrono_literals;

QMetaMethod finishedSignal(const QObject *object)
{
    const QMetaObject *metaObject = object->metaObject();
    for (int i = metaObject->methodCount(); i-- > 0;) {
        const QMetaMethod method = metaObject->method(i);
        if (method.methodType() == QMetaMethod::Signal && method.name() == "finished")
            return method;
    }
    return {};
}

QMetaObject::Connection onFailureToStart(QObject *object, QObject *context,
                                         const std::function<void()> &function)
{
#if QT_CONFIG(process)
    if (auto *process = qobject_cast<QProcess *>(object)) {
        return QObject::connect(process, &QProcess::errorOccurred, context,
                                [function](QProcess::ProcessError error) {
                                    if (error == QProcess::FailedToStart)
                                        function();
                                });
    }
#endif
    return {};
}

bool isProcessObject(const QObject *object) noexcept
{
#if QT_CONFIG(process)
    return qobject_cast<const QProcess *>(object);
#else
    Q_UNUSED(object)
    return false;
#endif
}

const ObjectRule *ruleOf(const QObject *object, const ObjectRule *rule) noexcept
{
#if QT_CONFIG(process)
    if (rule->isForAny && isProcessObject(object))
        return &objectRule<QProcess>;
#else
    Q_UNUSED(object)
#endif
    return rule;
}

void destroyLater(QObject *object, const Owner &owner)
{
    const auto drop = [reference = std::make_shared<Owner>(owner)] { reference->reset(); };
    if (!ObjectGuard::isHere(object))
        QMetaObject::invokeMethod(object, drop, Qt::QueuedConnection);
    else if (DeadlineQueue *queue = DeadlineQueue::current(); queue && !Resumption::isLoopOver())
        queue->mailbox()->post(drop);
}

void abortObject(QObject *object, ObjectGuard &&guard, const ObjectRule &rule,
                 std::chrono::milliseconds gracePeriod, const Owner &owner)
{
    if (DeadlineQueue *queue = rule.force ? DeadlineQueue::current() : nullptr) {
        (new ForceLater(queue, object, std::move(guard), rule, owner))->begin(gracePeriod);
        return;
    }
    ObjectGuard(std::move(guard)).invokeLast(object, [object, &rule] { rule.abort(object); });
    if (owner)
        destroyLater(object, owner);
}

EndOfObject::EndOfObject(QObject *object, std::shared_ptr<EndState> state)
    : QObject(object), m_state(std::move(state))
{
    m_state->watcher = this;
    if (const QMetaMethod finished = finishedSignal(object); finished.isValid())
        connect(object, finished, this, metaObject()->method(metaObject()->indexOfSlot("ended()")));
    onFailureToStart(object, this, [this] { ended(); });
}

EndOfObject::~EndOfObject()
{
    m_state->watcher = nullptr;
    tell();
}

void EndOfObject::ended()
{
    tell();
    deleteLater();
}

void EndOfObject::tell() const
{
    if (m_state->hasEnded.exchange(true))
        return;
    const auto tellLater = [state = m_state] {
        if (state->later)
            state->later->objectEnded();
    };
    if (m_state->home->isHere())
        tellLater();
    else
        m_state->home->post(tellLater);
}

ForceLater::ForceLater(DeadlineQueue *queue, QObject *object, ObjectGuard &&guard,
                       const ObjectRule &rule, const Owner &owner)
    : QObject(queue),
      m_object(object),
      m_guard(std::move(guard)),
      m_rule(rule),
      m_owner(owner),
      m_state(std::make_shared<EndState>())
{
    m_state->home = queue->mailbox();
    m_state->later = this;
    m_guard.mute();
    if (!m_guard.isWatching())
        m_guard.watch(object);
}

ForceLater::~ForceLater()
{
    m_state->later = nullptr;
    destroyObject();
}

// A process is not destroyed while it is running, of which Qt would warn.
void ForceLater::destroyObject()
{
    if (!m_owner)
        return;
#if QT_CONFIG(process)
    if (!m_state->hasEnded && !m_guard.isGone() && ObjectGuard::isHere(m_object)) {
        auto *process = qobject_cast<QProcess *>(m_object);
        if (process && process->state() != QProcess::NotRunning) {
            process->kill();
            process->waitForFinished();
        }
    }
#endif
    destroyLater(m_object, std::exchange(m_owner, nullptr));
}

/*
    May do anything, but does not destroy this, which waits for the event loop.
*/
void ForceLater::begin(std::chrono::milliseconds gracePeriod)
{
    m_isForced = gracePeriod <= 0ms;
    m_period = m_isForced ? DefaultGracePeriod : gracePeriod;
    step(m_isForced ? m_rule.force : m_rule.abort);
}

void ForceLater::due()
{
    if (std::exchange(m_isForced, true))
        objectEnded(); // it is no use to wait for longer
    else
        step(m_rule.force);
}

void ForceLater::step(ObjectRule::Function function)
{
    const bool isLast = m_isForced && !m_owner;
    m_guard.invoke(m_object,
                   [state = m_state, object = m_object, &rule = m_rule, function, isLast] {
                       if (state->hasEnded)
                           return;
                       if (!state->watcher)
                           new EndOfObject(object, state);
                       function(object);
                       // It has gone, or was not running at all, or nobody is interested any more.
                       if (state->watcher && (isLast || (rule.isOver && rule.isOver(object))))
                           delete state->watcher;
                   });
    if (m_state->hasEnded)
        return;
    DeadlineQueue *queue = DeadlineQueue::current();
    if (m_guard.isGone())
        objectEnded();
    else if (queue)
        queue->set(this, queue->resolve(m_period));
}

void ForceLater::objectEnded()
{
    m_state->later = nullptr;
    if (DeadlineEntry::isQueued())
        DeadlineEntry::queue()->remove(this);
    destroyObject();
    m_guard.release();
    deleteLater();
}

} // namespace QTimeout::detail
