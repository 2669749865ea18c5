// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Which work is running.

#ifndef QTIMEOUT_CURRENT_P_H
#define QTIMEOUT_CURRENT_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"

namespace QTimeout::detail {

class Work;

/*
    The work that is running in this thread: an abortable coroutine, or a run that calls a function. What
    is made now is made by it. A nested event loop hides it: what that delivers is made by nobody.
*/
class QTIMEOUT_EXPORT Current
{
public:
    // Null if nobody is running.
    static Work *work() noexcept;
    // Returns what was running before, to be given back to restore(). Strictly last in, first out.
    [[nodiscard]] static Current enter(Work *work) noexcept;
    static void restore(const Current &before) noexcept;

private:
    friend class Outside;

    Work *m_work = nullptr;
    int m_loopLevel = 0;
};

/*
    Nobody is running while this exists: what is made then is outside of all scopes, like what slots make.
*/
class QTIMEOUT_EXPORT Outside
{
public:
    Outside() noexcept;
    ~Outside() { Current::restore(m_before); }
    Q_DISABLE_COPY_MOVE(Outside)

private:
    const Current m_before;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_CURRENT_P_H
