// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTERROR_H
#define QTIMEOUTERROR_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qexception.h>
#include <QtCore/qshareddata.h>

namespace QTimeout::detail {
struct AbortRecord;
}

class QTIMEOUT_EXPORT QTimeoutError : public QException
{
public:
    QTimeoutError() noexcept;
    QTimeoutError(const QTimeoutError &) noexcept;
    QTimeoutError &operator=(const QTimeoutError &) noexcept;
    ~QTimeoutError() noexcept override;

    bool isIdleTimeout() const;
    const char *what() const noexcept override;
    void raise() const override;
    QTimeoutError *clone() const override;

private:
    friend struct QTimeout::detail::AbortRecord;
    explicit QTimeoutError(QTimeout::detail::AbortRecord *record) noexcept;

    QExplicitlySharedDataPointer<QTimeout::detail::AbortRecord> m_record;
};

#endif // QTIMEOUTERROR_H
