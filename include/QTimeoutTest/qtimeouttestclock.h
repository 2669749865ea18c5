// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTTESTCLOCK_H
#define QTIMEOUTTESTCLOCK_H

#include <QTimeout/global/qtimeoutglobal.h>

#include <QtCore/qglobal.h>

#include <chrono>
#include <memory>

class QTimeoutTestClockPrivate;

class QTIMEOUT_TEST_EXPORT QTimeoutTestClock
{
public:
    QTimeoutTestClock();
    ~QTimeoutTestClock();

    void advance(std::chrono::nanoseconds by);
    std::chrono::nanoseconds elapsed() const;

    void setAutoAdvance(bool enable);
    bool autoAdvance() const;

private:
    Q_DISABLE_COPY_MOVE(QTimeoutTestClock)

    const std::shared_ptr<QTimeoutTestClockPrivate> d;
};

#endif // QTIMEOUTTESTCLOCK_H
