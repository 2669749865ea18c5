// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The end of a life by an abort, and of all that are nested in it.

#ifndef QTIMEOUT_ABORT_P_H
#define QTIMEOUT_ABORT_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "scope/current_p.h"
#include "scope/life_p.h"

#include <QtCore/qvarlengtharray.h>

namespace QTimeout::detail {

/*
    Stands on the stack while slots are told and work is aborted. Those of a thread form a list, the
    innermost first, in which the destructor of a scope finds the lives that it has to complete.
*/
class Abort
{
public:
    Abort(Life *life, Life::State state, const QString &reason);
    ~Abort();

    void emitSignals();
    void complete() { complete(0); }

    // Completes what is under way for the lives of a scope that is about to go.
    static void completeFor(const QTimeoutScope *scope);
    static void lookNestedIn(const Life *outer);
    static void completeNestedIn(const Life *outer);
    // They keep an object from being aborted with lives of the scope that have ended (S6).
    static void unwatch(const QTimeoutScope *scope, const QObject *object);
    static void spare(const QTimeoutScope *scope, const QObject *object);

private:
    Q_DISABLE_COPY_MOVE(Abort)

    struct Ended
    {
        Life *life; // counted
        qsizetype end; // behind the last that is nested in it
    };

    void collect(Life *life, Life::State state, qint64 now, const QString &reason);
    void notify(const Life *life) const;
    void complete(qsizetype first);
    void requestStop(Life *life) const;
    void look(const Life *life) const;
    void abortWork(Life *life) const;
    template<typename Function>
    static void forEachOf(const QTimeoutScope *scope, Function function);

    QVarLengthArray<Ended, 8> m_lives; // outer before inner
    Abort *const m_outer;
    const AbortId m_id;
    const Outside m_outside;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_ABORT_P_H
