// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/forcelater_p.h"

#include "thread/resumption_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qprocess.h>
#include <QtCore/qthread.h>

#include <utility>

/*
    The grace period
    ================

    An abort asks an object to end, and does not wait for that. Whoever has a second step in its rule is forced
    when the grace period of the scope has passed, by the clock of the scope's thread (D3). It is not if it has ended
    since: then it may be running again, for somebody else. A child of the object notices that, in whichever thread the
    object lives, and also that the object goes.

    An object that was passed in, in a std::unique_ptr, is destroyed when it has ended. If it has not after it was
    forced, it gets as much time once more; a process gets all the time it takes.
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

static qint64 processIdOf(const QObject *object)
{
#if QT_CONFIG(process)
    const auto *process = qobject_cast<const QProcess *>(object);
    return process ? process->processId() : 0;
#else
    Q_UNUSED(object)
    return 0;
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

/*
    Owns what was passed in, and is deleted as by deleteLater(): not in a nested event loop of a slot of the object, and
    when the thread ends at the latest.
*/
class Heir final : public QObject
{
public:
    explicit Heir(Owner &&owner) noexcept : m_owner(std::move(owner)) {}

private:
    const Owner m_owner;
};

void destroyLater(QThread *thread, Owner &&owner)
{
    Owner last = std::move(owner);
    const bool isHere = thread == QThread::currentThread();
    if (!last || !thread || thread->isFinished() || (isHere && Resumption::isLoopOver()))
        return;
    auto *heir = new Heir(std::move(last));
    heir->moveToThread(thread);
    heir->deleteLater();
}

void abortObject(QObject *object, ObjectGuard &&guard, const ObjectRule &staticRule,
                 std::chrono::milliseconds gracePeriod, Owner &&owner)
{
    const ObjectRule &rule = *ruleOf(object, &staticRule);
    if (DeadlineQueue *queue = rule.force ? DeadlineQueue::current() : nullptr) {
        auto *later = new ForceLater(queue, object, std::move(guard), rule, std::move(owner));
        later->begin(gracePeriod);
        return;
    }
    ObjectGuard here = std::move(guard);
    if (owner && !here.isWatching())
        here.watch(object);
    Owner last = std::move(owner); // this may be destroyed by the function
    here.invoke(object, [object, &rule] { rule.abort(object); });
    if (last)
        destroyLater(here.threadOf(object), std::move(last));
}

EndOfObject::EndOfObject(QObject *object, std::shared_ptr<EndState> state)
    : QObject(object), m_state(std::move(state))
{
    m_state->watcher = this;
    if (const QMetaMethod finished = finishedSignal(object); finished.isValid()) {
        const int slot = metaObject()->indexOfSlot("ended()");
        m_hasSignal = bool(connect(object, finished, this, metaObject()->method(slot)));
    }
    onFailureToStart(object, this, [this] { ended(); });
    m_processId = processIdOf(object);
}

// The slots that were connected before this one may have started it again, and not have returned yet.
bool EndOfObject::isAnotherProcess() const
{
    return processIdOf(parent()) != m_processId;
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
                       const ObjectRule &rule, Owner &&owner)
    : QObject(queue),
      m_object(object),
      m_guard(std::move(guard)),
      m_rule(rule),
      m_owner(std::move(owner)),
      m_state(std::make_shared<EndState>())
{
    m_state->home = queue->mailbox();
    m_state->later = this;
    m_guard.mute();
    if (!m_guard.isWatching())
        m_guard.watch(object);
    endWithApplication();
}

/*
    The thread of the scope ends first. An object of another thread is looked after there from now on. One of this thread
    that was passed in is forced, and goes; of a process that is destroyed while it is running Qt would warn.
*/
ForceLater::~ForceLater()
{
    if (std::exchange(m_state->later, nullptr) == nullptr)
        return;
    QThread *thread = m_guard.threadOf(m_object);
    if (thread && thread != QThread::currentThread()) {
        const auto moved = std::make_shared<std::pair<ObjectGuard, Owner>>(std::move(m_guard),
                                                                           std::move(m_owner));
        const auto goOn = [moved, object = m_object, &rule = m_rule, period = m_period,
                           state = m_state, isForced = m_isForced] {
            DeadlineQueue *queue = DeadlineQueue::current();
            if (state->hasEnded || !queue)
                return destroyLater(QThread::currentThread(), std::move(moved->second));
            delete state->watcher;
            auto *later = new ForceLater(queue, object, std::move(moved->first), rule,
                                         std::move(moved->second));
            later->wait(period, isForced);
        };
        moved->first.invoke(m_object, goOn);
        return;
    }
    if (thread && m_owner && !m_state->hasEnded) {
        m_rule.force(m_object);
#if QT_CONFIG(process)
        if (auto *process = m_guard.threadOf(m_object) ? qobject_cast<QProcess *>(m_object)
                                                       : nullptr)
            process->waitForFinished();
#endif
    }
}

/*
    What is still there when the application object goes is ended before that.
*/
void ForceLater::endWithApplication()
{
    static std::atomic<bool> isRegistered = false;
    if (isRegistered.exchange(true))
        return;
    qAddPostRoutine([] {
        isRegistered = false;
        const DeadlineQueue *queue = DeadlineQueue::existing();
        while (auto *later = queue ? queue->findChild<ForceLater *>() : nullptr)
            delete later;
    });
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

void ForceLater::wait(std::chrono::milliseconds period, bool isForced)
{
    m_isForced = isForced;
    m_period = period;
    step([](QObject *) {});
}

void ForceLater::due()
{
    if (!std::exchange(m_isForced, true))
        step(m_rule.force);
    else if (!isProcessObject(
                     m_object)) // the end of which comes for certain, and must not be waited for
        objectEnded();
}

// This may be deleted meanwhile, by a nested event loop.
void ForceLater::step(ObjectRule::Function function)
{
    const std::shared_ptr<EndState> state = m_state;
    const bool isLast = m_isForced && !m_owner;
    m_guard.invoke(m_object,
                   [state, object = m_object, &rule = m_rule, function, isLast,
                    isForced = m_isForced] {
                       if (state->hasEnded)
                           return;
                       const bool isFirst = !state->watcher;
                       if (isFirst)
                           new EndOfObject(object, state);
                       else if (state->watcher->isAnotherProcess())
                           return delete state->watcher;
                       function(object);
                       // It has gone, or was not running at all, or nobody can say when it ends, or is interested.
                       if (state->watcher
                           && (isLast || (rule.isOver && rule.isOver(object))
                               || (isForced && !rule.isOver && !state->watcher->hasSignal())))
                           delete state->watcher;
                   });
    if (state->later != this || state->hasEnded)
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
    destroyLater(m_guard.threadOf(m_object), std::move(m_owner));
    m_guard.release();
    deleteLater();
}

} // namespace QTimeout::detail
