// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/life_p.h"

#include "scope/abort_p.h"
#include "scope/current_p.h"
#include "thread/currentthread_p.h"
#include "thread/resumption_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>

#include <algorithm>
#include <utility>

Q_LOGGING_CATEGORY(lcQTimeout, "qtimeout")

namespace QTimeout::detail {

/*
    Memory
*/

/*
    Most scopes are there for a moment, one after the other. Who looks for uses after the end is not to be
    misled.
*/
#if defined(__SANITIZE_ADDRESS__)
static constexpr bool ReusesBlocks = false;
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
static constexpr bool ReusesBlocks = false;
#    else
static constexpr bool ReusesBlocks = true;
#    endif
#else
static constexpr bool ReusesBlocks = true;
#endif

static constinit thread_local void *t_spareBlock = nullptr;
static constinit thread_local bool t_keepsBlock = false;

struct SpareBlock
{
    SpareBlock() noexcept { t_keepsBlock = ReusesBlocks; }
    ~SpareBlock()
    {
        t_keepsBlock = false;
        ::operator delete(std::exchange(t_spareBlock, nullptr));
    }
};

void *Life::operator new(size_t size)
{
    Q_ASSERT(size == sizeof(Life));
    if (t_spareBlock)
        return std::exchange(t_spareBlock, nullptr);
    static thread_local const SpareBlock spareBlock;
    return ::operator new(size);
}

void Life::operator delete(void *block) noexcept
{
    if (t_keepsBlock && !t_spareBlock)
        t_spareBlock = block;
    else
        ::operator delete(block);
}

void Life::deref() noexcept
{
    if (--m_refCount == 0)
        delete this;
}

Life::~Life()
{
    Q_ASSERT(m_work.isEmpty() && m_nested.isEmpty());
    if (m_scope && m_scope->d != this)
        m_scope->d->dropFormer(this);
    leaveEnclosing();
    delete m_extra;
}

Life::Extra &Life::extra()
{
    if (!m_extra)
        m_extra = new Extra;
    return *m_extra;
}

void Life::dropFormer(Life *former) noexcept
{
    Life *each = this;
    while (each->m_former != former)
        each = each->m_former;
    each->m_former = former->m_former;
}

/*
    From start to end
*/

/*
    The scope has a new life from now on, and this one goes when nobody refers to it any more.
*/
Life *Life::startNext()
{
    auto *next = new Life(m_scope);
    next->m_enclosing = nearestActiveEnclosing();
    if (next->m_enclosing)
        next->m_enclosing->ref();
    next->m_former = this;
    if (idleTimeout() > 0 || gracePeriod() != DefaultGracePeriod) {
        Extra &extra = next->extra();
        extra.idleTimeout = m_extra->idleTimeout;
        extra.gracePeriod = m_extra->gracePeriod;
    }
    m_scope->d = next;
    deref();
    return next;
}

void Life::begin(Deadline deadline)
{
    m_state = QTimeoutScope::Active;
    // One that has no parent may have been made by a coroutine.
    Life *enclosing = m_scope->parent() ? nearestActiveOf(m_scope->parent())
                                        : nearestActiveEnclosing();
    if (enclosing)
        enclose(enclosing);
    else
        leaveEnclosing();
    if (!m_scope->children().isEmpty())
        adoptChildren(m_scope);
    setDeadline(deadline);
    if (m_extra && m_extra->idleTimeout > 0)
        startIdleTime();
    if (m_hasWatched)
        finishWhenIdle();
}

void Life::setDeadline(Deadline deadline)
{
    enterThread();
    m_type = deadline.timerType();
    if (auto *threadQueue = DeadlineQueue::current()) {
        m_length = threadQueue->lengthOf(deadline);
        setTime(threadQueue, threadQueue->resolve(deadline));
    }
}

void Life::shiftDeadline(qint64 by)
{
    if (auto *threadQueue = DeadlineQueue::current()) {
        enterThread();
        m_length = std::max<qint64>(saturatedSum(m_length, by), 0);
        setTime(threadQueue, threadQueue->resolve(saturatedSum(ownDeadline(), by), m_type));
    }
}

QDeadlineTimer Life::toTimer(qint64 time, Qt::TimerType type) const noexcept
{
    const DeadlineQueue *threadQueue = DeadlineQueue::existing();
    return toDeadlineTimer(threadQueue && !m_isInTransit ? threadQueue->toReal(time) : time, type);
}

// Nanoseconds, at least zero; ForeverNSecs if that is the time.
qint64 Life::remainingUntil(qint64 time) const noexcept
{
    if (time == ForeverNSecs)
        return ForeverNSecs;
    const DeadlineQueue *threadQueue = DeadlineQueue::existing();
    const qint64 now = threadQueue && !m_isInTransit ? threadQueue->now()
                                                     : QDeadlineTimer::current().deadlineNSecs();
    return std::max<qint64>(saturatedSum(time, -now), 0);
}

/*
    The deadline has come up. The outermost enclosing scope with the same deadline goes first (S5).
*/
void Life::due()
{
    const qint64 passed = deadline();
    expireOutermost([passed](const Life *life) { return life->deadline() == passed; });
}

/*
    Lets this and those that enclose it expire, if their deadlines have passed (S9).
*/
void Life::checkDeadlines()
{
    enterThread(); // if the event loop has not run yet
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    if (!isActive() || !threadQueue)
        return;
    const qint64 now = threadQueue->now();
    expireOutermost([now](const Life *life) { return life->deadline() <= now; });
}

/*
    Lets the outermost life that is wanted expire, which takes along what is nested in it, until this one has
    ended or none is wanted.
*/
template<typename Predicate>
void Life::expireOutermost(Predicate isWanted)
{
    const Ref self(this);
    while (isActive()) {
        Life *outermost = isWanted(this) ? this : nullptr;
        for (Life *life = nearestActiveEnclosing(); life; life = life->nearestActiveEnclosing()) {
            if (isWanted(life))
                outermost = life;
        }
        if (!outermost)
            return;
        outermost->end();
    }
}

void Life::end()
{
    if (isFinishDue())
        finish();
    else
        abort(QTimeoutScope::Expired);
}

/*
    What it watches has ended, though the news may be on its way: then it finishes, even if its deadline has
    passed (S7).
*/
bool Life::isFinishDue() const
{
    if (!m_hasWatched || m_runs > 0)
        return false;
    if (m_watches == 0)
        return m_isFinishPosted;
    for (const Work *work = m_work.first(); work; work = m_work.after(work)) {
        if (!work->hasEnded())
            return false;
    }
    return true;
}

void Life::finish()
{
    const Outside outside;
    const Ref self(this);
    m_state = QTimeoutScope::Finished;
    if (isQueued())
        queue()->remove(this);
    if (!m_work.isEmpty() || !m_nested.isEmpty())
        handOver();
    unlinkNested();
    if (m_scope)
        Q_EMIT m_scope->stateChanged(QTimeoutScope::Finished);
    if (m_scope)
        Q_EMIT m_scope->finished();
}

/*
    What a running coroutine of this scope has started is interrupted before the call returns (A6). All else
    is interrupted by the event loop.
*/
void Life::abort(State state, const QString &reason)
{
    if (state == QTimeoutScope::Expired && isUnnoticed()) {
        qCInfo(lcQTimeout).noquote().nospace()
                << "QTimeoutScope: " << describe(m_scope)
                << " has expired without ever having had work or a receiver. Pass the work to run() or "
                   "watch(), give the scope to a coroutine, or connect expired().";
    }
    Work *const running = Current::work();
    AbortId id;
    {
        Abort abort(this, state, reason); // counts this
        id = m_abortId;
        abort.emitSignals();
        if (!m_scope) // by the destructor, perhaps in a slot of one inside
            Abort::lookNestedIn(this);
        abort.complete();
    }
    const AbortList *concerning = running ? running->aborts() : nullptr;
    if (concerning && concerning->contains(id)) {
        running->hurry(id);
        Resumption::deliver({id, nullptr});
    }
    Resumption::deliverIfLoopIsOver();
}

/*
    By the destructor of the scope. What still runs is aborted, and interrupted with what an earlier abort has
    not interrupted yet (S8).
*/
void Life::destroyScope()
{
    if (m_work.isEmpty() && m_nested.isEmpty() && !m_extra && !m_former && !m_isAborting) {
        // Nobody is concerned.
        m_scope = nullptr;
        if (isActive()) {
            m_state = QTimeoutScope::Cancelled;
            if (isQueued())
                queue()->remove(this);
            unlinkNested();
        }
        if (m_abortId != 0)
            Resumption::deliver({m_abortId, this});
        deref();
        return;
    }
    Abort::completeFor(m_scope);
    for (Life *each = this; each; each = each->m_former) {
        each->ref();
        each->m_scope = nullptr;
    }
    if (isActive())
        abort(QTimeoutScope::Cancelled);
    else
        handOver(); // what waited for the next life
    for (Life *each = this; each;) {
        Life *const former = std::exchange(each->m_former, nullptr);
        Abort::completeNestedIn(each);
        if (each->m_abortId != 0)
            Resumption::deliver({each->m_abortId, each});
        each->deref();
        each = former;
    }
    deref();
}

/*
    Nobody can have noticed that the scope was there at all.
*/
bool Life::isUnnoticed() const
{
    // Made once, since they are looked up.
    static const QMetaMethod expired = QMetaMethod::fromSignal(&QTimeoutScope::expired);
    static const QMetaMethod stateChanged = QMetaMethod::fromSignal(&QTimeoutScope::stateChanged);
    return !m_isNoticed && m_scope && m_work.isEmpty() && m_nested.isEmpty()
            && !m_scope->isSignalConnected(expired) && !m_scope->isSignalConnected(stateChanged);
}

/*
    Work
*/

/*
    A watch or a run waits for the next life of a scope that is inactive; nothing can be put under a scope
    that has ended (S7, A13).
*/
Work::Admission Life::admit(Work::Kind kind, const char *function) const
{
    using Admission = Work::Admission;
    if (!checkThread(function))
        return m_scope ? Admission::Unlimited : Admission::Cancelled;
    const bool isWatch = kind == Work::Watch;
    switch (m_state) {
    case QTimeoutScope::Active:
        return Admission::Joined;
    case QTimeoutScope::Expired:
        return Admission::Expired;
    case QTimeoutScope::Cancelled:
        return Admission::Cancelled;
    case QTimeoutScope::Inactive:
        if (!isWatch)
            warn(function,
                 ". The operation runs without a deadline until then; call start() first.");
        return Admission::Joined;
    case QTimeoutScope::Finished:
        break;
    }
    warn(function,
         isWatch ? ". What is watched is aborted; call start() first."
                 : ". The operation runs without a deadline; call start() first.");
    return isWatch ? Admission::Cancelled : Admission::Unlimited;
}

Work::Admission Work::join(QTimeoutScope *scope, const char *function)
{
    Life *life = Life::of(scope);
    const Admission admission = life->admit(m_kind, function);
    if (admission == Admission::Joined)
        life->add(this);
    return admission;
}

void Work::leaveLife()
{
    m_life->workEnded(this);
}

void Life::add(Work *work) noexcept
{
    Q_ASSERT(!work->m_life);
    work->m_life = this;
    m_work.prepend(work);
    m_isNoticed = true;
    m_isFinishPosted = false;
    ++countOf(work);
    if (work->m_kind == Work::Call)
        return;
    if (work->m_kind == Work::Watch) {
        m_hasWatched = true;
        if (const QObject *object = work->object())
            extra().watchedObjects.insert(object, work);
    }
    work->joined(m_scope);
}

void Life::remove(Work *work) noexcept
{
    Q_ASSERT(work->m_life == this);
    work->m_life = nullptr;
    m_work.remove(work);
    --countOf(work);
    if (work->m_kind != Work::Watch || !m_extra)
        return;
    if (const QObject *object = work->object())
        m_extra->watchedObjects.remove(object);
}

quint32 &Life::countOf(const Work *work) noexcept
{
    return work->m_kind == Work::Watch ? m_watches : m_runs;
}

void Life::workEnded(Work *work)
{
    remove(work);
    if (m_hasWatched && isActive())
        finishWhenIdle();
}

Work *Life::findWatch(const QObject *object) const
{
    return m_extra ? m_extra->watchedObjects.value(object) : nullptr;
}

void Life::unwatch(const QObject *object)
{
    if (Work *work = findWatch(object)) {
        workEnded(work);
        work->dismiss();
    }
}

static QEvent::Type finishEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

QEvent::Type Life::arrivedEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

void Life::finishWhenIdle()
{
    if (!isIdle() || m_isFinishPosted)
        return;
    m_isFinishPosted = true;
    QCoreApplication::postEvent(m_scope, new QEvent(finishEvent()));
}

bool Life::handleEvent(QEvent *event)
{
    if (event->type() == finishEvent()) {
        if (isActive() && m_isFinishPosted && isIdle())
            finish();
        return true;
    }
    if (event->type() == arrivedEvent()) {
        enterThread();
        return true;
    }
    return false;
}

std::stop_token Life::stopToken()
{
    m_isNoticed = true;
    std::stop_source &source = extra().stopSource;
    if (!source.stop_possible()) {
        source = std::stop_source();
        if (m_isStopRequested || (isAborted() && !m_isAborting))
            source.request_stop();
    }
    return source.get_token();
}

/*
    Warnings
*/

const char *Life::nameOf(State state)
{
    return QMetaEnum::fromType<QTimeoutScope::State>().valueToKey(state);
}

QString Life::describe(const QTimeoutScope *scope)
{
    QString result = QStringLiteral("%1(0x%2")
                             .arg(QLatin1String(scope->metaObject()->className()))
                             .arg(quintptr(scope), 0, 16);
    if (!scope->objectName().isEmpty())
        result += QLatin1String(", \"") + scope->objectName() + QLatin1Char('"');
    return result + QLatin1Char(')');
}

void Life::warn(const char *function, const char *text) const
{
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::" << function << ": " << describe(m_scope) << " is "
            << nameOf(m_state) << text;
}

bool Life::checkThread(const char *function) const
{
    if (!m_scope) // called by what its own destructor aborts
        return false;
    if (isOfThisThread(m_scope))
        return true;
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::" << function << ": " << describe(m_scope)
            << " lives in another thread. Use a queued connection or QMetaObject::invokeMethod().";
    return false;
}

bool Life::checkActive(const char *function) const
{
    if (!checkThread(function))
        return false;
    if (isActive())
        return true;
    warn(function, ". Only an active scope has a deadline to change; call start() first.");
    return false;
}

} // namespace QTimeout::detail
