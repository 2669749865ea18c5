// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/qtimeoutscope_p.h"

#include "scope/qtimeoutcancelled.h"
#include "scope/qtimeouterror.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <atomic>

Q_LOGGING_CATEGORY(lcQTimeout, "qtimeout")

using namespace std::chrono_literals;
using QTimeout::Deadline;
using QTimeout::detail::Branch;
using QTimeout::detail::Cause;
using QTimeout::detail::DeadlineQueue;
using QTimeout::detail::ForeverNSecs;
using QTimeout::detail::Frame;
using QTimeout::detail::Work;

/*
    How a life ends
    ===============

    An abort (the scope expires, is cancelled or is destroyed) goes through three steps, each of
    which is completed for the scope and all that are nested in it before the next one begins:

    1. Mark. All lives concerned get their final state and leave the queue, and what runs under them
       is marked. From now on nothing can be put under them: what a slot starts or watches belongs
       to a new life.
    2. Tell. The signals are emitted, outer scopes first. A slot may delete any scope.
    3. Abort. Stop is requested on the tokens, outer first; then the work is aborted, that of the
       innermost scope first, the newest first in each; coroutines before those that have started
       them, see frame.cpp. Any of this may delete scopes and work.

    A life is counted and an abort holds those that it is about, so that nothing is touched which
    has gone. If a scope goes in the middle its destructor does what is left of step 3 for it and
    for what is nested in it, because the promise that a window's work ends with the window must
    hold then too.
*/

static const char *stateName(QTimeoutScope::State state)
{
    return QMetaEnum::fromType<QTimeoutScope::State>().valueToKey(state);
}

QString QTimeoutScopePrivate::describe(const QTimeoutScope *scope)
{
    QString result = QStringLiteral("%1(0x%2")
                             .arg(QLatin1String(scope->metaObject()->className()))
                             .arg(quintptr(scope), 0, 16);
    if (!scope->objectName().isEmpty())
        result += QLatin1String(", \"") + scope->objectName() + QLatin1Char('"');
    return result + QLatin1Char(')');
}

// For queued connections and calls by name.
static void registerTypes()
{
    qRegisterMetaType<QTimeout::Deadline>();
    qRegisterMetaType<std::chrono::milliseconds>();
}
Q_CONSTRUCTOR_FUNCTION(registerTypes)

static QEvent::Type finishEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

static QEvent::Type arrivedEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

QTimeoutScopePrivate::~QTimeoutScopePrivate()
{
    Q_ASSERT(!m_firstWork && !m_firstNested);
    leaveEnclosing();
    delete m_rare;
}

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

void *QTimeoutScopePrivate::operator new(size_t size)
{
    Q_ASSERT(size == sizeof(QTimeoutScopePrivate));
    if (t_spareBlock)
        return std::exchange(t_spareBlock, nullptr);
    static thread_local const SpareBlock spareBlock;
    return ::operator new(size);
}

void QTimeoutScopePrivate::operator delete(void *block) noexcept
{
    if (t_keepsBlock && !t_spareBlock)
        t_spareBlock = block;
    else
        ::operator delete(block);
}

void QTimeoutScopePrivate::deref() noexcept
{
    if (--m_refCount == 0)
        delete this;
}

const QTimeoutScopePrivate::Anchor &QTimeoutScopePrivate::anchor()
{
    Anchor &anchor = rare().anchor;
    if (!anchor) {
        anchor = new QTimeoutScopeAnchor;
        anchor->scope = q;
    }
    return anchor;
}

QTimeoutScopePrivate::Rare &QTimeoutScopePrivate::rare()
{
    if (!m_rare)
        m_rare = new Rare;
    return *m_rare;
}

void QTimeoutScopePrivate::beginTelling() noexcept
{
    ref();
    ++m_tellers;
}

void QTimeoutScopePrivate::endTelling() noexcept
{
    --m_tellers;
    deref();
}

/*
    This is the life after another one.
*/
void QTimeoutScopePrivate::continueFrom(QTimeoutScopePrivate *former)
{
    if (former->m_tellers > 0 || former->hasAnchor())
        rare().anchor = former->anchor();
    m_creator = former->m_creator;
    m_born = former->m_born;
    m_enclosing = former->nearestActiveEnclosing();
    if (m_enclosing)
        m_enclosing->ref();
}

/*
    From start to end
*/

void QTimeoutScopePrivate::begin(Deadline deadline)
{
    m_state = QTimeoutScope::Active;
    // One that has no parent may have been made by a coroutine.
    QTimeoutScopePrivate *enclosing = q->parent() ? nearestActive(q->parent())
                                                  : nearestActiveEnclosing();
    if (enclosing)
        enclose(enclosing);
    else
        leaveEnclosing();
    if (!q->children().isEmpty())
        adoptChildren(q);
    setDeadline(deadline);
    if (m_hasWatched)
        finishWhenIdle();
}

void QTimeoutScopePrivate::setDeadline(Deadline deadline)
{
    m_type = deadline.timerType();
    m_inTransit = false;
    if (auto *threadQueue = DeadlineQueue::current())
        threadQueue->set(this, threadQueue->resolve(deadline));
}

void QTimeoutScopePrivate::shiftDeadline(qint64 by)
{
    if (auto *threadQueue = DeadlineQueue::current()) {
        enterThread();
        const qint64 shifted = QTimeout::detail::saturatedSum(deadline(), by);
        threadQueue->set(this, threadQueue->resolve(shifted, m_type));
    }
}

/*
    The deadline has come up. The outermost enclosing scope with the same deadline goes first (S5).
*/
void QTimeoutScopePrivate::due()
{
    const qint64 passed = deadline();
    expireOutermost(
            [passed](const QTimeoutScopePrivate *life) { return life->deadline() == passed; });
}

/*
    Lets the outermost scope that \a isDue expire, which takes along what is nested in it, until
    this one has ended or none is due.
*/
template<typename Predicate>
void QTimeoutScopePrivate::expireOutermost(Predicate isDue)
{
    const Ref self(this);
    while (isActive()) {
        QTimeoutScopePrivate *outermost = isDue(this) ? this : nullptr;
        for (auto *life = nearestActiveEnclosing(); life; life = life->nearestActiveEnclosing()) {
            if (isDue(life))
                outermost = life;
        }
        if (!outermost)
            return;
        outermost->end();
    }
}

/*
    A scope that is about to finish by itself does so, even if its deadline has passed (S7).
*/
void QTimeoutScopePrivate::end()
{
    if (m_finishDue && isIdle())
        finish();
    else
        abort(QTimeoutScope::Expired);
}

void QTimeoutScopePrivate::finish()
{
    const Frame::Outside outside;
    beginTelling();
    m_state = QTimeoutScope::Finished;
    if (isQueued())
        queue()->remove(this);
    if (m_firstWork || m_firstNested)
        handOver(nearestActiveEnclosing());
    unlink();
    Q_EMIT q->stateChanged(QTimeoutScope::Finished);
    if (QTimeoutScope *alive = scope())
        Q_EMIT alive->finished();
    endTelling();
}

void QTimeoutScopePrivate::abort(State state)
{
    if (state == QTimeoutScope::Expired && isUnnoticed()) {
        qCInfo(lcQTimeout).noquote().nospace()
                << "QTimeoutScope: " << describe(q)
                << " has expired without ever having had work or a receiver. Pass the work to run() or "
                   "watch(), give the scope to a coroutine, or connect expired().";
    }
    Abort abort(this, state);
    abort.tell();
    abort.complete();
}

/*
    Nobody can have noticed that the scope was there at all.
*/
bool QTimeoutScopePrivate::isUnnoticed() const
{
    // Made once, since they are looked up.
    static const QMetaMethod expired = QMetaMethod::fromSignal(&QTimeoutScope::expired);
    static const QMetaMethod stateChanged = QMetaMethod::fromSignal(&QTimeoutScope::stateChanged);
    return !m_noticed && q && !m_firstWork && !m_firstNested && !q->isSignalConnected(expired)
            && !q->isSignalConnected(stateChanged);
}

static constinit thread_local QTimeoutScopePrivate::Abort *t_abort = nullptr;

quint64 QTimeoutScopePrivate::nextAbortSerial() noexcept
{
    // Not one a thread, since scopes go from thread to thread.
    static constinit std::atomic<quint64> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

QTimeoutScopePrivate::Abort::Abort(QTimeoutScopePrivate *life, State state)
    : m_outer(std::exchange(t_abort, this)), m_serial(nextAbortSerial())
{
    DeadlineQueue *threadQueue = life->m_firstNested ? DeadlineQueue::current() : nullptr;
    collect(life, state, threadQueue ? threadQueue->now() : 0);
    for (const Ended &ended : std::as_const(m_lives))
        ended.life->markWork(m_serial);
    // Lives inside, which have ended before, and whose work has not been aborted yet.
    for (const Abort *before = m_outer; before; before = before->m_outer) {
        for (const Ended &ended : std::as_const(before->m_lives)) {
            if (ended.life->m_aborting && ended.life->isNestedIn(life)
                && !ended.life->isShieldedFrom(life))
                ended.life->markWork(m_serial);
        }
    }
}

QTimeoutScopePrivate::Abort::~Abort()
{
    t_abort = m_outer;
    for (const Ended &ended : std::as_const(m_lives)) {
        ended.life->m_abort = nullptr;
        ended.life->endTelling();
    }
}

void QTimeoutScopePrivate::Abort::collect(QTimeoutScopePrivate *life, State state, qint64 now)
{
    life->beginTelling();
    life->m_abort = this;
    life->m_abortIndex = static_cast<quint32>(m_lives.size());
    m_lives.append({life, 0});
    life->m_state = state;
    life->m_abortSerial = m_serial;
    life->m_aborting = true;
    if (life->isQueued())
        life->queue()->remove(life);
    life->unlink();
    // The list has the newest first; scopes are told in the order in which they were made.
    QTimeoutScopePrivate *inner = life->m_firstNested;
    while (inner && inner->m_nextNested)
        inner = inner->m_nextNested;
    while (inner) {
        QTimeoutScopePrivate *next = inner->m_previousNested;
        if (inner->isShieldedFrom(m_lives.first().life))
            inner->moveOut();
        else if (inner->m_finishDue && inner->isIdle())
            collect(inner, QTimeoutScope::Finished, now);
        else if (inner->deadline() <= now)
            collect(inner, QTimeoutScope::Expired, now);
        else
            collect(inner, QTimeoutScope::Cancelled, now);
        inner = next;
    }
    m_lives[life->m_abortIndex].end = m_lives.size();
}

void QTimeoutScopePrivate::Abort::tell()
{
    for (const Ended &ended : std::as_const(m_lives)) {
        const QTimeoutScopePrivate *life = ended.life;
        if (QTimeoutScope *scope = life->scope())
            Q_EMIT scope->stateChanged(life->m_state);
        QTimeoutScope *scope = life->scope();
        if (!scope)
            continue;
        if (life->m_state == QTimeoutScope::Expired)
            Q_EMIT scope->expired();
        else if (life->m_state == QTimeoutScope::Cancelled)
            Q_EMIT scope->cancelled();
        else
            Q_EMIT scope->finished();
    }
}

/*
    Does the third step for the life at index \a first and all that are nested in it, unless it has
    been done already.
*/
void QTimeoutScopePrivate::Abort::complete(qsizetype first)
{
    const qsizetype end = m_lives[first].end;
    for (qsizetype i = first; i < end; ++i) {
        if (m_lives[i].life->m_aborting)
            m_lives[i].life->requestStop();
    }
    for (qsizetype i = end; i-- > first;) {
        if (m_lives[i].life->m_aborting)
            m_lives[i].life->abortWork();
    }
}

void QTimeoutScopePrivate::Abort::completeFor(const QTimeoutScope *scope,
                                              QTimeoutScopePrivate *life)
{
    const Frame::Outside outside;
    if (life->m_aborting && life->m_abort)
        life->m_abort->complete(life->m_abortIndex);
    if (!life->hasAnchor())
        return;
    // Former lives that have not been completed either.
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (qsizetype i = 0; i < abort->m_lives.size(); ++i) {
            const QTimeoutScopePrivate *former = abort->m_lives[i].life;
            if (former->m_aborting && former->scope() == scope)
                abort->complete(i);
        }
    }
}

/*
    A slot of the scope's may still save an object from being aborted.
*/
void QTimeoutScopePrivate::Abort::unwatch(const QTimeoutScope *scope, const QObject *object)
{
    for (Abort *abort = t_abort; abort; abort = abort->m_outer) {
        for (const Ended &ended : std::as_const(abort->m_lives)) {
            if (ended.life->scope() == scope)
                ended.life->unwatch(object);
        }
    }
}

/*
    Nesting
*/

QTimeoutScopePrivate *QTimeoutScopePrivate::nearestActiveEnclosing() const noexcept
{
    QTimeoutScopePrivate *life = m_enclosing;
    while (life && !life->isActive())
        life = life->m_enclosing;
    return life;
}

/*
    The scope has no parent, and is made by a coroutine: it will be nested in the coroutine's scope.
*/
void QTimeoutScopePrivate::setCreator(Frame *creator)
{
    m_creator = creator->token();
    m_born = creator->stretch();
    m_enclosing = creator->nearestActiveLife();
    if (m_enclosing)
        m_enclosing->ref();
}

bool QTimeoutScopePrivate::isShieldedFrom(const QTimeoutScopePrivate *outer) const noexcept
{
    const Frame *creator = m_creator ? m_creator->frame : nullptr;
    return creator && creator->isCreatedInShield(this, outer);
}

bool QTimeoutScopePrivate::isNestedIn(const QTimeoutScopePrivate *outer) const noexcept
{
    const QTimeoutScopePrivate *life = m_enclosing;
    while (life && life != outer)
        life = life->m_enclosing;
    return life;
}

void QTimeoutScopePrivate::enclose(QTimeoutScopePrivate *enclosing) noexcept
{
    enclosing->ref();
    leaveEnclosing();
    m_enclosing = enclosing;
    m_isNested = true;
    m_nextNested = enclosing->m_firstNested;
    if (m_nextNested)
        m_nextNested->m_previousNested = this;
    enclosing->m_firstNested = this;
}

/*
    Takes this out of the list of the enclosing life, which is still remembered.
*/
void QTimeoutScopePrivate::unlinkNested() noexcept
{
    m_isNested = false;
    if (m_previousNested)
        m_previousNested->m_nextNested = m_nextNested;
    else
        m_enclosing->m_firstNested = m_nextNested;
    if (m_nextNested)
        m_nextNested->m_previousNested = m_previousNested;
    m_previousNested = nullptr;
    m_nextNested = nullptr;
}

void QTimeoutScopePrivate::forgetEnclosing() noexcept
{
    unlink();
    std::exchange(m_enclosing, nullptr)->deref();
}

/*
    The enclosing life ends without this one, which is under the nearest around that from now on.
*/
void QTimeoutScopePrivate::moveOut() noexcept
{
    if (QTimeoutScopePrivate *active = nearestActiveEnclosing())
        enclose(active);
    else
        leaveEnclosing();
}

/*
    The scope that encloses the children of \a object: itself, or the nearest of the scopes that are
    its parents, that is active.
*/
QTimeoutScopePrivate *QTimeoutScopePrivate::nearestActive(QObject *object) noexcept
{
    auto *scope = qobject_cast<QTimeoutScope *>(object);
    while (scope && !scope->isActive())
        scope = qobject_cast<QTimeoutScope *>(scope->parent());
    return scope ? scope->d : nullptr;
}

/*
    Scopes whose QObject parent is this one's, or an inactive one's below it, are nested in this
    one.
*/
void QTimeoutScopePrivate::adoptChildren(const QObject *parent) noexcept
{
    for (QObject *child : parent->children()) {
        auto *childScope = qobject_cast<QTimeoutScope *>(child);
        if (!childScope)
            continue;
        if (childScope->isActive())
            childScope->d->enclose(this);
        else
            adoptChildren(childScope);
    }
}

/*
    The reverse, for a parent that is inactive and goes elsewhere.
*/
void QTimeoutScopePrivate::abandonChildren(const QObject *parent) noexcept
{
    for (QObject *child : parent->children()) {
        auto *childScope = qobject_cast<QTimeoutScope *>(child);
        if (!childScope)
            continue;
        childScope->d->leaveEnclosing();
        if (!childScope->isActive())
            abandonChildren(childScope);
    }
}

/*
    What runs under this one runs under \a heir from now on, or under none.
*/
void QTimeoutScopePrivate::handOver(QTimeoutScopePrivate *heir) noexcept
{
    Work *oldest = m_firstWork;
    while (oldest && oldest->m_next)
        oldest = oldest->m_next;
    while (Work *work = oldest) {
        oldest = work->m_previous;
        const QObject *object = work->watchedObject();
        remove(work);
        if (Branch *branch = work->branch(); branch && branch->frame())
            branch->frame()->outlive(anchor());
        if (heir && !(object && heir->findWatch(object))) {
            const bool hasWatched = heir->m_hasWatched;
            heir->add(work);
            heir->m_hasWatched = hasWatched;
        } else {
            work->dismiss();
        }
    }
    QTimeoutScopePrivate *nested = m_firstNested;
    while (nested && nested->m_nextNested)
        nested = nested->m_nextNested;
    while (QTimeoutScopePrivate *inner = nested) {
        nested = inner->m_previousNested;
        inner->moveOut();
    }
}

/*
    Work
*/

void QTimeoutScopePrivate::add(Work *work) noexcept
{
    Q_ASSERT(!work->m_life);
    work->m_life = this;
    work->m_next = m_firstWork;
    if (work->m_next)
        work->m_next->m_previous = work;
    m_firstWork = work;
    m_noticed = true;
    m_finishDue = false;
    ++count(work);
    if (work->m_kind == Work::Call)
        return;
    if (work->m_kind == Work::Watch) {
        m_hasWatched = true;
        if (const QObject *object = work->watchedObject())
            rare().watchedObjects.insert(object, work);
    }
    work->joined(q);
}

quint32 &QTimeoutScopePrivate::count(const Work *work) noexcept
{
    return work->m_kind == Work::Watch ? m_watches : m_runs;
}

void QTimeoutScopePrivate::remove(Work *work) noexcept
{
    Q_ASSERT(work->m_life == this);
    work->m_life = nullptr;
    if (work->m_previous)
        work->m_previous->m_next = work->m_next;
    else
        m_firstWork = work->m_next;
    if (work->m_next)
        work->m_next->m_previous = work->m_previous;
    work->m_previous = nullptr;
    work->m_next = nullptr;
    if (const QObject *object = work->m_kind == Work::Watch ? work->watchedObject() : nullptr)
        m_rare->watchedObjects.remove(object);
    --count(work);
}

void QTimeoutScopePrivate::workEnded(Work *work)
{
    remove(work);
    if (m_hasWatched && isActive())
        finishWhenIdle();
}

/*
    The coroutine at this address, if it is under this life.
*/
Frame *QTimeoutScopePrivate::frameAt(const void *address) const noexcept
{
    for (Work *work = m_firstWork; work; work = work->m_next) {
        Branch *branch = work->branch();
        if (branch && branch->frame() && branch->address() == address)
            return branch->frame();
    }
    return nullptr;
}

Work *QTimeoutScopePrivate::findWatch(const QObject *object) const
{
    return m_rare ? m_rare->watchedObjects.value(object) : nullptr;
}

void QTimeoutScopePrivate::unwatch(const QObject *object)
{
    if (Work *work = findWatch(object)) {
        workEnded(work);
        work->dismiss();
    }
}

void QTimeoutScopePrivate::finishWhenIdle()
{
    if (!isIdle() || m_finishDue)
        return;
    m_finishDue = true;
    QCoreApplication::postEvent(q, new QEvent(finishEvent()));
}

void QTimeoutScopePrivate::requestStop()
{
    if (m_state == QTimeoutScope::Finished || std::exchange(m_stopRequested, true) || !m_rare)
        return;
    std::stop_source source = m_rare->stopSource; // a callback may delete the scope
    source.request_stop();
}

void QTimeoutScopePrivate::markWork(quint64 serial)
{
    for (Work *work = m_firstWork; work; work = work->m_next) {
        if (Branch *branch = work->branch())
            mark(branch, serial);
    }
}

void QTimeoutScopePrivate::mark(Branch *branch, quint64 serial)
{
    Frame *frame = branch->frame();
    const Frame *responsible = frame ? frame : branch->starter();
    if (responsible && responsible->isPlain())
        return;
    branch->mark(serial, cause());
    if (frame)
        frame->outliveAborted(anchor());
}

void QTimeoutScopePrivate::abortWork()
{
    while (Work *work = m_firstWork) {
        remove(work);
        if (Branch *branch = work->branch())
            release(branch);
        work->abort(cause());
    }
    m_aborting = false;
}

/*
    What is interrupted later, or goes on after that, is under the next scope around that is active.
*/
void QTimeoutScopePrivate::release(Branch *branch)
{
    const Frame *frame = branch->frame();
    if (frame ? frame->isPlain() && !frame->m_isShielding : !branch->isShielded())
        return;
    if (QTimeoutScopePrivate *active = nearestActiveEnclosing())
        active->add(branch);
}

/*
    A watch waits for the next life of a scope that is inactive; nothing can be put under a scope
    that has ended (S7, A13).
*/
Work::Admission QTimeoutScopePrivate::admit(Work::Kind kind, const char *function) const
{
    using Admission = Work::Admission;
    if (!checkThread(function))
        return q ? Admission::Unlimited : Admission::Cancelled;
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
            break;
        return Admission::Joined;
    case QTimeoutScope::Finished:
        break;
    }
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::" << function << ": " << describe(q) << " is " << stateName(m_state)
            << (isWatch ? ". What is watched is aborted"
                        : ". The operation runs without a deadline")
            << "; call start() first.";
    return isWatch ? Admission::Cancelled : Admission::Unlimited;
}

Work::Admission Work::join(QTimeoutScope *scope, const char *function)
{
    QTimeoutScopePrivate *life = scope->d;
    const Admission admission = life->admit(m_kind, function);
    if (admission == Admission::Joined)
        life->add(this);
    return admission;
}

void Work::leaveLife()
{
    m_life->workEnded(this);
}

void Work::replaceBy(Work *other)
{
    Q_ASSERT((other->m_kind == Watch) == (m_kind == Watch) && !watchedObject());
    QTimeoutScopePrivate *life = std::exchange(m_life, nullptr);
    other->m_life = life;
    other->m_previous = std::exchange(m_previous, nullptr);
    other->m_next = std::exchange(m_next, nullptr);
    (other->m_previous ? other->m_previous->m_next : life->m_firstWork) = other;
    if (other->m_next)
        other->m_next->m_previous = other;
    other->joined(life->q);
}

/*
    Threads
*/

bool QTimeoutScopePrivate::checkThread(const char *function) const
{
    if (!q) // called by what its own destructor aborts
        return false;
    if (q->thread() == QTimeout::detail::currentThread())
        return true;
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::" << function << ": " << describe(q)
            << " lives in another thread. Use a queued connection or QMetaObject::invokeMethod().";
    return false;
}

bool QTimeoutScopePrivate::checkActive(const char *function) const
{
    if (!checkThread(function))
        return false;
    if (isActive())
        return true;
    qCWarning(lcQTimeout).noquote().nospace()
            << "QTimeoutScope::" << function << ": " << describe(q) << " is " << stateName(m_state)
            << ". Only an active scope has a deadline to change; call start() first.";
    return false;
}

/*
    Still in the old thread. A scope with a parent moves with the parent, and stays nested in it;
    other links would reach across threads and are cut.
*/
void QTimeoutScopePrivate::leaveThread()
{
    if (m_aborting && m_abort) // moved by a slot
        Abort::completeFor(q, this);
    for (Work *work = m_firstWork; work;) {
        Work *next = work->m_next;
        work->scopeLeavesThread();
        work = next;
    }
    m_creator.reset();
    if (hasAnchor()) {
        m_rare->anchor->scope = nullptr;
        m_rare->anchor.reset();
    }
    if (!isActive()) {
        if (m_refCount > 1)
            leaveBehind();
        else
            leaveEnclosing();
        return;
    }
    m_inTransit = true;
    if (isQueued())
        queue()->release(this);
    if (m_isNested && nearestActive(q->parent()) != m_enclosing)
        leaveEnclosing();
    quint32 known = 1; // to the scope
    for (QTimeoutScopePrivate *inner = m_firstNested; inner;) {
        QTimeoutScopePrivate *next = inner->m_nextNested;
        if (nearestActive(inner->q->parent()) == this)
            ++known;
        else
            inner->leaveEnclosing();
        inner = next;
    }
    QTimeoutScope *scope = q;
    if (m_refCount > known)
        leaveBehind();
    QCoreApplication::postEvent(scope, new QEvent(arrivedEvent()));
}

/*
    Somebody in the old thread goes on referring to this life: others that were nested in it and have ended,
    or whoever is telling about it. That sees the end of it, unless it has ended already, and the scope takes
    a new one along.
*/
void QTimeoutScopePrivate::leaveBehind()
{
    auto *moved = new QTimeoutScopePrivate(q);
    moved->takeDeadline(*this);
    moved->m_state = m_state;
    moved->m_type = m_type;
    moved->m_rare = std::exchange(m_rare, nullptr);
    moved->m_abortSerial = m_abortSerial;
    moved->m_inTransit = m_inTransit;
    moved->m_finishDue = m_finishDue;
    moved->m_hasWatched = m_hasWatched;
    moved->m_noticed = m_noticed;
    moved->m_stopRequested = m_stopRequested;
    moved->m_watches = std::exchange(m_watches, 0);
    moved->m_runs = std::exchange(m_runs, 0);
    moved->m_firstWork = std::exchange(m_firstWork, nullptr);
    for (Work *work = moved->m_firstWork; work; work = work->m_next)
        work->m_life = moved;
    if (m_isNested) {
        moved->enclose(m_enclosing);
        leaveEnclosing();
    }
    QTimeoutScopePrivate *inner = m_firstNested;
    while (inner && inner->m_nextNested)
        inner = inner->m_nextNested;
    while (inner) {
        QTimeoutScopePrivate *newer = inner->m_previousNested;
        inner->enclose(moved);
        inner = newer;
    }
    if (isActive())
        m_state = QTimeoutScope::Finished;
    q->d = moved;
    q = nullptr;
    deref();
}

void QTimeoutScopePrivate::enterThread()
{
    if (!std::exchange(m_inTransit, false) || !isActive())
        return;
    if (auto *newQueue = DeadlineQueue::current())
        newQueue->set(this, newQueue->resolve(newQueue->fromReal(deadline()), m_type));
}

/*!
    \class QTimeoutScope
    \inmodule QTimeout
    \brief Puts a deadline around asynchronous work, and aborts the work when it passes.

    A scope holds a deadline. Work is put under it with watch() or run(). When the deadline passes
    the scope \e expires: it emits expired() and aborts the work, each kind of operation in its own
    way (see QTimeoutAbort).

    \code
    auto *scope = new QTimeoutScope(1500ms, this);
    scope->watch(reply);
    connect(scope, &QTimeoutScope::expired, this, [this] { statusBar()->showMessage(tr("Timed out")); });
    connect(moreTime, &QPushButton::clicked, scope, [scope] { scope->shift(5s); });
    connect(giveUp, &QPushButton::clicked, scope, &QTimeoutScope::cancel);
    \endcode

    In a coroutine:

    \code
    QTimeoutScope scope(5s);
    QNetworkReply *page = co_await scope.run(manager.get(request));
    QNetworkReply *picture = co_await scope.run(manager.get(pictureRequest(page)));
    \endcode

    Note that a scope does nothing to what has not been put under it. A plain \c{co_await reply}
    between the two lines above would not be interrupted by anything. If a scope expires
    without anybody having made use of it, a message in the category \c qtimeout says so.

    A coroutine that takes the scope as a parameter is put under it as a whole. It is interrupted
    wherever it waits, see \l{Abortable coroutines}:

    \snippet tst_snippets_abortable.cpp abortable

    \section1 States

    A scope is Inactive until it is started, or Active from its construction if it is given a
    deadline. From there it ends in one of three ways, exactly once for each start:

    \table
    \header \li State \li Reason \li The work under it
    \row \li Expired \li the deadline has passed \li is aborted
    \row \li Cancelled \li cancel() was called, or the enclosing scope was aborted \li is aborted
    \row \li Finished \li finish() was called, or all that it watched has ended \li goes on
    \endtable

    start() begins a new life of an ended scope, which has nothing to do with the former one.

    \section1 Deadlines

    A scope never expires before its deadline. How soon after it depends on the timer type
    of the deadline: within a millisecond for Qt::PreciseTimer, within 5 % of the time that was left
    when the deadline was set for Qt::CoarseTimer, which is what you get from a duration, and within
    a second for Qt::VeryCoarseTimer; plus whatever time the thread was busy.

    Deadlines are looked at when the event loop runs. A deadline that has passed already expires
    from the event loop too, never inside the call that sets it.

    \section1 What happens when a scope ends

    On expiry, in this order: state() becomes Expired, stateChanged() and expired() are emitted,
    stop is requested on the stopToken(), and the work is aborted. cancel() does the same with
    cancelled(). What is aborted is what was under the scope when it ended: what a slot starts or
    watches belongs to the scope's next life. Slots and resumed coroutines may delete the scope,
    other scopes and the operations at any of these points. An exception that leaves the function by
    which one operation is aborted is logged, and does not keep the others from being aborted.

    The destructor of an active scope aborts what still runs under it, as cancel() does,
    without emitting anything. A scope that is the last-declared member of a window therefore ends
    the window's work with the window. (A scope that is a QObject child is destroyed after the
    members of its parent: call cancel() in the parent's destructor.)

    \section1 Nesting

    A scope whose parent is a scope is nested in it. When the outer one is aborted, so is the inner:
    it becomes Expired if its own deadline has passed by then, and Cancelled otherwise.

    A scope without a parent that is created by an abortable coroutine while it runs is nested, too:
    in the scope that the coroutine has taken or, if that has ended, in the nearest around it that is
    still active. So is what the coroutine runs by QTimeout::run(). A scope with another parent is not,
    and neither is what a nested event loop does meanwhile or a slot of a scope's own signal. A plain
    coroutine remembers nothing when it is suspended; there, pass the outer scope as the parent.

    \section1 Threads

    A scope lives in the thread of its QObject, and follows moveToThread(). What runs under it stays
    where it is, and under the scope; only coroutines do not know their scope any more, and what they make is
    not nested in it.

    Its functions are called in that thread; from others, connect to its slots, or use
    QMetaObject::invokeMethod(). A direct call from another thread changes nothing, and logs a
    warning.

    The semantics are those of Python's \c asyncio.timeout and \c async-timeout.

    \sa QTimeout::run(), QTimeout::Deadline, QTimeoutTestClock
*/

/*!
    \enum QTimeoutScope::State

    \value Inactive  The scope has not been started yet.
    \value Active    The scope has been started and has not ended.
    \value Expired   Its deadline has passed.
    \value Cancelled It was cancelled, or aborted with the scope that encloses it.
    \value Finished  It has ended without aborting anything.
*/

/*!
    \property QTimeoutScope::state
    \brief where the scope is in its life.

    \sa isActive(), hasExpired(), isCancelled()
*/

/*!
    \property QTimeoutScope::deadline
    \brief when the scope expires, or would have expired if it has ended.

    It is forever if the scope has never been started or has no deadline. This is the \c when() of
    \c asyncio.timeout.

    \sa effectiveDeadline(), remainingTime(), reschedule()
*/

/*!
    Constructs an inactive scope with the parent \a parent.

    If \a parent is a QTimeoutScope, this one is nested in it.

    \sa start()
*/
QTimeoutScope::QTimeoutScope(QObject *parent) : QObject(parent), d(new QTimeoutScopePrivate(this))
{
    if (!parent) {
        if (Frame *creator = Frame::running())
            d->setCreator(creator);
    }
}

/*!
    Constructs an active scope that expires at \a deadline, with the parent \a parent.

    Nothing is emitted. If \a parent is a QTimeoutScope, this one is nested in it.
*/
QTimeoutScope::QTimeoutScope(Deadline deadline, QObject *parent) : QTimeoutScope(parent)
{
    d->begin(deadline);
}

/*!
    Destroys the scope. If it is active, what still runs under it is aborted first, as by cancel();
    the scope itself emits nothing.
*/
QTimeoutScope::~QTimeoutScope()
{
    if (d->m_abort || d->hasAnchor())
        QTimeoutScopePrivate::Abort::completeFor(this, d);
    d->q = nullptr;
    if (d->hasAnchor())
        d->m_rare->anchor->scope = nullptr;
    if (d->isActive())
        d->abort(Cancelled);
    else if (d->m_firstWork || d->m_firstNested)
        d->handOver(nullptr); // what waited for the next life
    d->deref();
}

QTimeoutScope::State QTimeoutScope::state() const
{
    return d->m_state;
}

/*!
    Returns true if the scope has been started and has not ended.
*/
bool QTimeoutScope::isActive() const
{
    return d->isActive();
}

/*!
    Returns true if the scope has ended because its own deadline has passed.
*/
bool QTimeoutScope::hasExpired() const
{
    return d->m_state == Expired;
}

/*!
    Returns true if the scope was cancelled, or aborted with the scope that encloses it before its
    own deadline had passed.
*/
bool QTimeoutScope::isCancelled() const
{
    return d->m_state == Cancelled;
}

static QDeadlineTimer toDeadlineTimer(const QTimeoutScopePrivate *life)
{
    const DeadlineQueue *threadQueue = DeadlineQueue::existing();
    const qint64 deadline = threadQueue && !life->m_inTransit
            ? threadQueue->toReal(life->deadline())
            : life->deadline();
    return QTimeout::detail::toDeadlineTimer(deadline, life->m_type);
}

QDeadlineTimer QTimeoutScope::deadline() const
{
    return toDeadlineTimer(d);
}

/*
    The life whose deadline is the effective one of \a life.
*/
static const QTimeoutScopePrivate *decisiveLife(const QTimeoutScopePrivate *life)
{
    const QTimeoutScopePrivate *decisive = life;
    if (!life->isActive())
        return decisive;
    while (!life->isShieldedFrom(nullptr)) {
        life = life->nearestActiveEnclosing();
        if (!life)
            break;
        if (life->deadline() < decisive->deadline())
            decisive = life;
    }
    return decisive;
}

/*!
    Returns the earliest of the deadlines of this scope and of all active scopes that enclose it, up
    to a QTimeout::shield().

    \sa deadline(), enclosingScope()
*/
QDeadlineTimer QTimeoutScope::effectiveDeadline() const
{
    return toDeadlineTimer(decisiveLife(d));
}

/*!
    Returns what is left until effectiveDeadline(): zero if it has passed, and the maximum of the
    type if it is forever.
*/
std::chrono::nanoseconds QTimeoutScope::remainingTime() const
{
    const QTimeoutScopePrivate *life = decisiveLife(d);
    const DeadlineQueue *threadQueue = DeadlineQueue::existing();
    if (life->deadline() == ForeverNSecs)
        return std::chrono::nanoseconds::max();
    const qint64 now = threadQueue && !life->m_inTransit
            ? threadQueue->now()
            : QDeadlineTimer::current().deadlineNSecs();
    const qint64 remaining = QTimeout::detail::saturatedSum(life->deadline(), -now);
    return std::chrono::nanoseconds(std::max<qint64>(remaining, 0));
}

/*!
    Returns the nearest active scope that this one is nested in; if there is none, the QObject
    parent if that is a scope; or null.

    \sa {Nesting}, QTimeout::currentScope()
*/
QTimeoutScope *QTimeoutScope::enclosingScope() const
{
    if (const QTimeoutScopePrivate *life = d->nearestActiveEnclosing())
        return life->q;
    return qobject_cast<QTimeoutScope *>(parent());
}

/*!
    Returns a token on which stop is requested when the scope is aborted: after cancelled() or
    expired() has been emitted, and before the work is aborted.

    The token of an inactive scope is that of its next life. It can be passed to another thread.
*/
std::stop_token QTimeoutScope::stopToken() const
{
    d->m_noticed = true;
    std::stop_source &source = d->rare().stopSource;
    if (!source.stop_possible()) {
        source = std::stop_source();
        if (d->m_stopRequested)
            source.request_stop();
    }
    return source.get_token();
}

/*!
    A checkpoint for work that computes and does not return to the event loop, where deadlines are
    looked at otherwise: if the deadline of this scope or of one that encloses it has passed, lets
    it expire there and then, with all that belongs to it.

    Throws QTimeoutError if this scope has expired, now or before, and QTimeoutCancelled if it has
    been cancelled. Does nothing on an inactive or finished scope. In an abortable coroutine that has
    taken this scope, it is an interruption like that at a \c co_await, and throws QTimeoutCancelled
    in either case.

    \code
    while (!rows.isEmpty()) {
        scope.throwIfAborted();
        sum += expensive(rows.takeFirst());
    }
    \endcode
*/
void QTimeoutScope::throwIfAborted()
{
    if (!d->checkThread("throwIfAborted"))
        return;
    const QTimeoutScopePrivate::Ref life(d);
    life->m_noticed = true;
    life->enterThread(); // if the event loop has not run yet
    const DeadlineQueue *threadQueue = DeadlineQueue::current();
    if (life->isActive() && threadQueue) {
        const qint64 now = threadQueue->now();
        life->expireOutermost(
                [now](const QTimeoutScopePrivate *each) { return each->deadline() <= now; });
    }
    // In a coroutine of this scope it is an interruption like any other (A4).
    if (Frame *running = Frame::running(); running && running->scope() == this
        && (life->m_state == Expired || life->m_state == Cancelled)) {
        running->setInterrupted();
        throw QTimeoutCancelled();
    }
    if (life->m_state == Expired)
        throw QTimeoutError();
    if (life->m_state == Cancelled)
        throw QTimeoutCancelled();
}

/*!
    Stops watching \a object: it is no longer aborted with the scope. If it was the last that was
    watched, the scope finishes on the next turn of the event loop.

    A slot of the scope's own signals can still save an object in this way. Does nothing if
    \a object is not watched.

    \sa watch()
*/
void QTimeoutScope::unwatch(QObject *object)
{
    if (!d->checkThread("unwatch"))
        return;
    d->unwatch(object);
    QTimeoutScopePrivate::Abort::unwatch(this, object);
}

/*!
    Starts the scope with \a deadline and returns true. If it had ended, this is a new life.

    If it is active already, returns false, changes nothing and warns: use reschedule().

    Emits stateChanged() and deadlineChanged().
*/
bool QTimeoutScope::start(Deadline deadline)
{
    if (!d->checkThread("start"))
        return false;
    if (d->isActive()) {
        qCWarning(lcQTimeout).noquote().nospace()
                << "QTimeoutScope::start: " << QTimeoutScopePrivate::describe(this)
                << " is Active already. Use reschedule() to change its deadline.";
        return false;
    }
    if (d->m_state != Inactive) {
        QTimeoutScopePrivate *former = std::exchange(d, new QTimeoutScopePrivate(this));
        d->continueFrom(former);
        former->q = nullptr;
        former->deref();
    }
    QTimeoutScopePrivate *life = d;
    const Frame::Outside outside;
    life->beginTelling();
    life->begin(deadline);
    Q_EMIT stateChanged(Active);
    if (QTimeoutScope *alive = life->scope())
        Q_EMIT alive->deadlineChanged();
    life->endTelling();
    return true;
}

/*!
    Replaces the deadline of the active scope by \a deadline and returns true. Forever disarms it.

    A time from now is counted from this call. A deadline that has passed makes the scope expire
    from the event loop, not in this call. On a scope that is not active, returns false, changes
    nothing and warns.

    Emits deadlineChanged().
*/
bool QTimeoutScope::reschedule(Deadline deadline)
{
    if (!d->checkActive("reschedule"))
        return false;
    d->setDeadline(deadline);
    const Frame::Outside outside;
    Q_EMIT deadlineChanged();
    return true;
}

/*!
    Moves the deadline of the active scope \a by milliseconds, later or, if negative, earlier, and
    returns true.

    On a scope that is not active or has no deadline to move, returns false, changes nothing and
    warns. A deadline that is moved beyond what can be counted is forever.

    Emits deadlineChanged().
*/
bool QTimeoutScope::shift(std::chrono::milliseconds by)
{
    if (!d->checkActive("shift"))
        return false;
    if (d->deadline() == ForeverNSecs) {
        qCWarning(lcQTimeout).noquote().nospace()
                << "QTimeoutScope::shift: " << QTimeoutScopePrivate::describe(this)
                << " has no deadline to move. Use reschedule() to set one.";
        return false;
    }
    d->shiftDeadline(QTimeout::detail::saturatedNSecs(by));
    const Frame::Outside outside;
    Q_EMIT deadlineChanged();
    return true;
}

/*!
    Drops the deadline of the active scope. The work goes on without one, stays under the scope, and
    a deadline can be set again: this is \c{reschedule(QDeadlineTimer::Forever)}.

    On a scope that is not active, changes nothing and warns. Emits deadlineChanged().
*/
void QTimeoutScope::reject()
{
    if (!d->checkActive("reject"))
        return;
    d->setDeadline(QDeadlineTimer::Forever);
    const Frame::Outside outside;
    Q_EMIT deadlineChanged();
}

/*!
    Aborts the work of the active scope now, and ends the scope as Cancelled. Does nothing on a
    scope that is not active.

    Emits stateChanged() and cancelled() before the work is aborted.
*/
void QTimeoutScope::cancel()
{
    if (d->checkThread("cancel") && d->isActive())
        d->abort(Cancelled);
}

/*!
    Ends the active scope as Finished: the work is done, or is to go on without the scope. What
    still runs under it stays under the scopes that enclose this one. Does nothing on a scope that
    is not active.

    Emits stateChanged() and finished().
*/
void QTimeoutScope::finish()
{
    if (d->checkThread("finish") && d->isActive())
        d->finish();
}

/*!
    \fn void QTimeoutScope::expired()

    Emitted when the deadline has passed, after stateChanged() and before the work is aborted.
*/

/*!
    \fn void QTimeoutScope::cancelled()

    Emitted when the scope is cancelled, or is aborted with an enclosing one, after stateChanged()
    and before the work is aborted.
*/

/*!
    \fn void QTimeoutScope::finished()

    Emitted when the scope has ended without aborting anything, after stateChanged().
*/

/*!
    \fn void QTimeoutScope::stateChanged(QTimeoutScope::State state)

    Emitted when the state has become \a state. A constructor that starts the scope does not emit
    it.
*/

/*!
    \fn void QTimeoutScope::deadlineChanged()

    Emitted when a deadline is set by start(), reschedule(), shift() or reject().
*/

/*!
    \reimp
*/
bool QTimeoutScope::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange) {
        d->leaveThread();
    } else if (event->type() == finishEvent()) {
        if (d->isActive() && d->m_finishDue && d->isIdle())
            d->finish();
        return true;
    } else if (event->type() == arrivedEvent()) {
        d->enterThread();
        return true;
    }
    return QObject::event(event);
}

/*!
    \reimp
*/
void QTimeoutScope::childEvent(QChildEvent *event)
{
    // A child that is being constructed or destroyed is not a scope, and looks after itself.
    if (auto *inner = qobject_cast<QTimeoutScope *>(event->child())) {
        if (event->removed()) {
            inner->d->leaveEnclosing();
            if (!inner->isActive())
                QTimeoutScopePrivate::abandonChildren(inner);
        } else if (QTimeoutScopePrivate *enclosing = event->added()
                           ? QTimeoutScopePrivate::nearestActive(this)
                           : nullptr) {
            if (inner->isActive())
                inner->d->enclose(enclosing);
            else
                enclosing->adoptChildren(inner);
        }
    }
    QObject::childEvent(event);
}

namespace QTimeout {

/*!
    Returns the scope of the \l{Abortable coroutines}{abortable coroutine} that is running, that is
    the one it has taken as a parameter. Returns null if none is running, or if its scope has been
    destroyed: a coroutine that cleans up may outlive its scope, and then must not use the reference
    that it has taken.

    What the coroutine calls directly is run by it, slots included. What a nested event loop delivers
    meanwhile, and slots of scopes' own signals, are not. A plain coroutine is run by it up to its
    first suspension, and by nobody from then on.

    \sa QTimeoutScope::enclosingScope()
*/
QTimeoutScope *currentScope()
{
    const Frame *frame = Frame::running();
    return frame ? frame->scope() : nullptr;
}

} // namespace QTimeout

/*!
    \relates QTimeoutScope

    Writes the class, the object name, the state and what is left until the deadline of \a scope to
    \a debug.
*/
QDebug operator<<(QDebug debug, const QTimeoutScope *scope)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote();
    if (!scope)
        return debug << "QTimeoutScope(0x0)";
    debug << scope->metaObject()->className() << '(' << static_cast<const void *>(scope);
    if (!scope->objectName().isEmpty())
        debug << ", name = \"" << scope->objectName() << '"';
    debug << ", " << stateName(scope->state());
    if (scope->isActive()) {
        const std::chrono::nanoseconds remaining = scope->remainingTime();
        if (remaining == std::chrono::nanoseconds::max())
            debug << ", no deadline";
        else
            debug << ", " << std::chrono::ceil<std::chrono::milliseconds>(remaining).count()
                  << " ms left";
    }
    return debug << ')';
}
