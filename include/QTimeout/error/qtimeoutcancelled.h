// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTCANCELLED_H
#define QTIMEOUTCANCELLED_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qshareddata.h>

namespace QTimeout::detail {
struct AbortRecord;
}

class QTIMEOUT_EXPORT QTimeoutCancelled
{
public:
    QTimeoutCancelled() noexcept;
    QTimeoutCancelled(const QTimeoutCancelled &) noexcept;
    QTimeoutCancelled &operator=(const QTimeoutCancelled &) noexcept;
    ~QTimeoutCancelled();

private:
    friend struct QTimeout::detail::AbortRecord;
    explicit QTimeoutCancelled(QTimeout::detail::AbortRecord *record) noexcept;

    QExplicitlySharedDataPointer<QTimeout::detail::AbortRecord> m_record;
};

#endif // QTIMEOUTCANCELLED_H
