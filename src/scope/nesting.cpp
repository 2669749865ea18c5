// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "scope/life_p.h"

#include <algorithm>
#include <utility>

/*
    Which life encloses which
    =========================

    A life is a member of the list of the one that encloses it while both are active. When it has ended it
    still refers to that one, so that what goes on after its end finds the nearest around that is active
    (S10).

    The enclosing life is that of the QObject parent, if that is a scope; of a scope without a parent, that
    under which the coroutine runs that has made it.
*/

namespace QTimeout::detail {

Life *Life::nearestActiveEnclosing() const noexcept
{
    Life *life = m_enclosing;
    while (life && !life->isActive())
        life = life->m_enclosing;
    return life;
}

/*
    The life whose deadline is the effective one of this.
*/
const Life *Life::decisive() const noexcept
{
    const Life *decisive = this;
    if (!isActive())
        return decisive;
    for (const Life *life = nearestActiveEnclosing(); life; life = life->nearestActiveEnclosing()) {
        if (life->deadline() < decisive->deadline())
            decisive = life;
    }
    return decisive;
}

qint64 Life::earliestDeadline() const noexcept
{
    qint64 earliest = ownDeadline();
    const Life *life = isActive() ? nearestActiveEnclosing() : nullptr;
    for (; life; life = life->nearestActiveEnclosing())
        earliest = std::min(earliest, life->ownDeadline());
    return earliest;
}

// How many lives can abort what runs under this one.
quint32 Life::depth() const noexcept
{
    quint32 depth = 0;
    for (const Life *life = this; life; life = life->m_enclosing)
        ++depth;
    return depth;
}

bool Life::isNestedIn(const Life *outer) const noexcept
{
    const Life *life = m_enclosing;
    while (life && life != outer)
        life = life->m_enclosing;
    return life;
}

/*
    The scope has no parent, and is made by what runs under another: it will be nested in that.
*/
void Life::setCreator(Life *creator) noexcept
{
    m_enclosing = creator ? creator->nearestActive() : nullptr;
    if (m_enclosing)
        m_enclosing->ref();
}

void Life::enclose(Life *enclosing) noexcept
{
    enclosing->ref();
    leaveEnclosing();
    m_enclosing = enclosing;
    enclosing->m_nested.prepend(this);
}

void Life::forgetEnclosing() noexcept
{
    unlinkNested();
    std::exchange(m_enclosing, nullptr)->deref();
}

/*
    The enclosing life ends without this one, which is under the nearest around that from now on.
*/
void Life::moveOut() noexcept
{
    if (Life *active = nearestActiveEnclosing())
        enclose(active);
    else
        leaveEnclosing();
}

/*
    What runs under this one runs under the nearest around it from now on, or under none.
*/
void Life::handOver() noexcept
{
    Life *heir = m_scope ? nearestActiveEnclosing() : nullptr;
    while (Work *work = m_work.last()) {
        const QObject *object = work->kind() == Work::Watch ? work->object() : nullptr;
        remove(work);
        if (heir && !(object && heir->findWatch(object))) {
            const bool hasWatched = heir->m_hasWatched;
            heir->add(work);
            heir->m_hasWatched = hasWatched;
        } else {
            work->dismiss();
        }
    }
    while (Life *inner = m_nested.last())
        inner->moveOut();
}

/*
    The scope that encloses the children of \a object: itself, or the nearest of the scopes that are its
    parents, that is active.
*/
Life *Life::nearestActiveOf(QObject *object) noexcept
{
    auto *scope = qobject_cast<QTimeoutScope *>(object);
    while (scope && !scope->isActive())
        scope = qobject_cast<QTimeoutScope *>(scope->parent());
    return scope ? scope->d : nullptr;
}

/*
    Scopes whose QObject parent is this one's, or an inactive one's below it, are nested in this one.
*/
void Life::adoptChildren(const QObject *parent) noexcept
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
void Life::abandonChildren(const QObject *parent) noexcept
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

void Life::childAdded(QTimeoutScope *inner) noexcept
{
    Life *enclosing = nearestActiveOf(m_scope);
    if (!enclosing)
        return;
    if (inner->isActive())
        inner->d->enclose(enclosing);
    else
        enclosing->adoptChildren(inner);
}

void Life::childRemoved(QTimeoutScope *inner) noexcept
{
    inner->d->leaveEnclosing();
    if (!inner->isActive())
        abandonChildren(inner);
}

} // namespace QTimeout::detail
