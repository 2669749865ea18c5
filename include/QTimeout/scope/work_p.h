// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUT_WORK_P_H
#define QTIMEOUT_WORK_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because work under a scope is part of
// coroutine frames, and may change from version to version. We mean it.
//

#include "../global/qtimeoutglobal.h"

#include <QtCore/qobject.h>

class QTimeoutScope;
class QTimeoutScopePrivate;

namespace QTimeout::detail {

class Branch;

// Why work is aborted.
enum class Cause : quint8 { Expired, Cancelled };

/*
    Something that runs under a scope, and is aborted with it. A member of a list of the life of the
    scope in which it was put there; it takes itself out when it goes.
*/
class QTIMEOUT_EXPORT Work
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
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;

    Kind kind() const noexcept { return m_kind; }
    bool isUnderScope() const noexcept { return m_life != nullptr; }
    // Puts the work under the scope, or says what to do instead. The function is named in warnings.
    Admission join(QTimeoutScope *scope, const char *function);
    // The work has ended. The scope finishes if it was the last thing that it watched.
    void leave()
    {
        if (m_life)
            leaveLife();
    }
    // Puts another that counts as this one does under the scope in the place of this one.
    void replaceBy(Work *other);

protected:
    ~Work() { leave(); }

    // The work has been taken out of its scope and is to end. May do anything.
    virtual void abort(Cause cause) = 0;
    // The work is under the scope now, which may be another one than before.
    virtual void joined(QTimeoutScope *) {}
    // The scope is about to move to another thread.
    virtual void scopeLeavesThread() {}
    virtual const QObject *watchedObject() const { return nullptr; }
    // The work has been taken out of the scope and goes on by itself.
    virtual void dismiss() {}
    // This, if it is interrupted innermost first.
    virtual Branch *branch() noexcept { return nullptr; }

    ::QTimeoutScopePrivate *life() const noexcept { return m_life; }

private:
    friend class ::QTimeoutScopePrivate;
    friend class ::QTimeoutScope;

    void leaveLife();

    ::QTimeoutScopePrivate *m_life = nullptr;
    Work *m_previous = nullptr;
    Work *m_next = nullptr;
    const Kind m_kind;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WORK_P_H
