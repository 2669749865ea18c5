// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for a QProcess until it is over.

#ifndef QTIMEOUT_PROCESSOPERATION_P_H
#define QTIMEOUT_PROCESSOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "objectoperation_p.h"

#include <utility>

QT_FORWARD_DECLARE_CLASS(QProcess)

namespace QTimeout::detail {

/*
    A process is over when it has finished or has failed to start; one that is not running is over (D2).
*/
template<typename Object>
class ProcessOperation final : public EndOperation<ProcessOperation<Object>, Object>
{
    using Base = EndOperation<ProcessOperation, Object>;

public:
    using Result = Object *;
    using Base::Base;
    // Only before it is started.
    ProcessOperation(ProcessOperation &&other) noexcept : Base(std::move(other)) {}
    ~ProcessOperation() { QObject::disconnect(m_failed); }

    void abandon()
    {
        Base::abandon();
        QObject::disconnect(m_failed);
    }

    static bool isOver(Object *process) { return process->state() == Object::NotRunning; }
    void start(Wait *wait)
    {
        const auto failed = [](auto error) { return error == Object::FailedToStart; };
        m_failed = Base::listenForFailure(&Object::errorOccurred, failed);
        Base::listenForEnd(wait, &Object::finished);
    }
    Result take() const { return Base::object(); }

private:
    QMetaObject::Connection m_failed;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_PROCESSOPERATION_P_H
