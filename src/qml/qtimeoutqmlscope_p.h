// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The private part of the QML type.

#ifndef QTIMEOUTQMLSCOPE_P_H
#define QTIMEOUTQMLSCOPE_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include "qtimeoutqmlscope.h"
#include "watchedvalue_p.h"

#include <QTimeout/deadline/deadlinequeue_p.h>

#include <QtCore/qlist.h>
#include <QtCore/qpointer.h>

#include <limits>
#include <memory>

/*
    What a TimeoutScope has in addition to a scope: how long it is to run, and what it tells about
    the time. The ticks of updateInterval are an entry of the thread's deadline queue, which exists
    only while the scope runs.
*/
class QTimeoutQmlScopePrivate final : public QTimeout::detail::DeadlineEntry
{
public:
    using State = QTimeoutScope::State;
    static constexpr double Forever = std::numeric_limits<double>::infinity();

    explicit QTimeoutQmlScopePrivate(QTimeoutQmlScope *scope) noexcept : q(scope) {}

    void stateChanged(State state);
    void noticeState();
    void begin();
    void freeze();
    void noteEnclosing();
    void timeChanged();
    void tell();
    void tellLater();
    void updateTicks();
    void observeEnclosing();
    void observeEnclosingLater();
    void enclosingChanged();

    static void appendData(QQmlListProperty<QObject> *list, QObject *object);
    static qsizetype dataCount(QQmlListProperty<QObject> *list);
    static QObject *dataAt(QQmlListProperty<QObject> *list, qsizetype index);
    static void clearData(QQmlListProperty<QObject> *list);

    double remaining() const;
    double progress(double left) const;

    QTimeoutQmlScope *const q;
    double timeout = Forever;
    double updateInterval = 0;
    bool complete = true; // false while QML sets up the object
    bool startWhenComplete = false;
    bool stateUntold = false;
    bool tellingLater = false;
    State noticedState = QTimeoutScope::Inactive;
    qint64 startTime = 0; // on the scale of the queue
    qint64 enclosingDeadline = QTimeout::detail::ForeverNSecs; // on the same
    double lastRemaining = 0; // what was left at the end
    double lastProgress = 0;
    QList<QPointer<QObject>> data;
    QList<std::weak_ptr<QTimeout::detail::WatchedRequest>> requests;
    QList<std::weak_ptr<QTimeout::detail::WatchedTask>> tasks;
    std::unique_ptr<QObject> observer; // of enclosing scopes, while this one runs
    QPointer<QTimeoutScope> outermost; // of them and this one, if it has no parent

protected:
    void due() override;
};

#endif // QTIMEOUTQMLSCOPE_P_H
