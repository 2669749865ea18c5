// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Something that runs under a scope, as the scope sees it.

#ifndef QTIMEOUT_WORK_P_H
#define QTIMEOUT_WORK_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/abortlist_p.h"
#include "../thread/intrusivelist_p.h"

#include <chrono>

class QObject;
class QTimeoutScope;

namespace QTimeout::detail {

class Life;

// For what a scope aborts; also for a run that is under none.
inline constexpr std::chrono::milliseconds DefaultGracePeriod = std::chrono::seconds(5);

/*
    A member of a list of the life under which it runs: the one whose end aborts it. It is owned by
    whoever waits, and takes itself out when it goes. Everything happens in the scope's thread.

    An abort comes in three steps, each for all work that it concerns before the next one (see abort.cpp):
    notify(), look(), abort().
*/
class QTIMEOUT_EXPORT Work : public ListNode<Work>
{
public:
    enum Kind : quint8 {
        Run, // somebody awaits it
        Call, // a coroutine that has taken the scope
        Watch // the scope finishes when the last of these has ended
    };
    // What becomes of work that is to be put under a scope.
    enum class Admission : quint8 {
        Joined, // it is under the scope
        Unlimited, // the scope is not there for it: goes on without
        Expired, // the scope has expired already
        Cancelled // the scope has been cancelled already
    };

    explicit Work(Kind kind) noexcept : m_kind(kind) {}

    Kind kind() const noexcept { return m_kind; }
    Life *life() const noexcept { return m_life; }
    // Those that concern it; null if it is no task.
    virtual AbortList *aborts() noexcept { return nullptr; }
    // Puts the work under the scope, or says what to do instead. The function is named in warnings.
    Admission join(QTimeoutScope *scope, const char *function);
    // The work has ended. The scope finishes if it was the last thing that it watched.
    void leave()
    {
        if (m_life)
            leaveLife();
    }

    // The abort is urgent to what it has started.
    virtual void hurry(AbortId) noexcept {}
    // An abort concerns it. Calls nobody.
    virtual void notify(AbortId, Cause) noexcept {}
    // Decides whether it has ended, which beats the abort, or is over by it. Nothing is aborted yet.
    virtual void look() {}

protected:
    virtual ~Work() { leave(); }

    // Aborts what is over, after it was taken out of the life. May do anything, and destroy this.
    virtual void abort() = 0;
    // It goes on after the abort, under the next life around that is active.
    virtual bool outlivesAbort() const noexcept { return false; }

    // What it waits for has ended, though the news may be on its way.
    virtual bool hasEnded() const { return false; }
    // The object that is aborted with it; null if there is none.
    virtual const QObject *object() const { return nullptr; }
    // That object is somebody else's now, and is not aborted. May destroy this.
    virtual void spareObject() {}
    // It is under the scope now, which may be another one than before.
    virtual void joined(QTimeoutScope *) {}
    // It is under no scope any more, and nobody waits for it. May destroy this.
    virtual void dismiss() {}
    // The scope goes to another thread. Returns true if this goes with it.
    virtual bool movesWithScope() const { return false; }

private:
    friend class Life;
    friend class Abort;

    void leaveLife();

    Life *m_life = nullptr;
    const Kind m_kind;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WORK_P_H
