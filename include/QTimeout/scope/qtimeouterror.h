// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTERROR_H
#define QTIMEOUTERROR_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qexception.h>

class QTIMEOUT_EXPORT QTimeoutError : public QException
{
public:
    QTimeoutError() noexcept = default;
    QTimeoutError(const QTimeoutError &) noexcept = default;
    QTimeoutError &operator=(const QTimeoutError &) noexcept = default;
    ~QTimeoutError() noexcept override;

    const char *what() const noexcept override;
    void raise() const override;
    QTimeoutError *clone() const override;
};

#endif // QTIMEOUTERROR_H
