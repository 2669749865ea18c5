// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the event loop of a thread is to resume.

#ifndef QTIMEOUT_RESUMPTION_P_H
#define QTIMEOUT_RESUMPTION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "intrusivelist_p.h"

namespace QTimeout::detail {

class Life;

/*
    Something that waits, and is resumed by the event loop of its thread when that comes to it: see the
    essay in resumption.cpp. Everything happens in that thread.
*/
class QTIMEOUT_EXPORT Resumption : public ListNode<Resumption>
{
public:
    // Those that an abort concerns, and which were started in a life or in one that is nested in it; or, if
    // that is null, those to which the abort is urgent.
    struct Selection
    {
        quint64 abort;
        const Life *life;
    };

    Resumption() noexcept = default;
    Resumption(const Resumption &) = delete;
    Resumption &operator=(const Resumption &) = delete;

    // The event loop of the calling thread has ended: nothing that is scheduled arrives by itself.
    static bool isLoopOver() noexcept;
    // Makes room for what resumes. Returns false if the thread is past running anything.
    static bool prepare();
    // Resumes what has been scheduled before the call, in that order.
    static void deliver();
    // Resumes what is selected, also if that is scheduled meanwhile.
    static void deliver(const Selection &selection);
    // Does so with all if no event loop will.
    static void deliverIfLoopIsOver();

protected:
    virtual ~Resumption()
    {
        if (isLinked())
            unschedule();
    }

    bool isScheduled() const noexcept { return isLinked(); }
    void schedule() noexcept;
    void unschedule() noexcept;

    // May do anything, and destroy this.
    virtual void resume() = 0;
    virtual bool isSelected(const Selection &) const { return false; }

private:
    friend class ResumptionLoop;

    quint32 m_turn = 0; // in which it was scheduled
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_RESUMPTION_P_H
