// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Mailbox: the address of an object or of a thread, for other threads.

#ifndef QTIMEOUT_MAILBOX_P_H
#define QTIMEOUT_MAILBOX_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../global/qtimeoutglobal.h"

#include <QtCore/qmutex.h>
#include <QtCore/qobject.h>
#include <QtCore/qshareddata.h>

#include <functional>

namespace QTimeout::detail {

/*
    The address of an object, for others who may outlive it. It is shared by all who hold a Pointer,
    in whatever thread; the object owns one of these and closes the mailbox before it is destroyed.

    The mailbox of a thread is that of the object which receives what is posted to the thread. There
    is at most one, and that object lives as long as the thread runs anything.
*/
class QTIMEOUT_EXPORT Mailbox : public QSharedData
{
public:
    using Pointer = QExplicitlySharedDataPointer<Mailbox>;

    explicit Mailbox(QObject *object) noexcept : m_object(object) {}

    // From any thread. The function is called from the event loop of the thread in which the object
    // lives by then, or never, if the object is destroyed before.
    void post(const std::function<void()> &function);

    // From any thread: whether this is the mailbox of the calling thread.
    bool isHere() const noexcept;

    // From the object's thread: this is the thread's mailbox until it is closed.
    void setHere() noexcept;
    // From the object's thread. Nothing arrives any more when it has returned.
    void close();

private:
    QMutex m_mutex; // guards m_object
    QObject *m_object; // null when closed
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_MAILBOX_P_H
