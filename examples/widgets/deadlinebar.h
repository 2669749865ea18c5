// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DEADLINEBAR_H
#define DEADLINEBAR_H

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qtimer.h>
#include <QtWidgets/qprogressbar.h>

#include <chrono>

class QTimeoutScope;

// Shows what is left of the time of a scope.
class DeadlineBar : public QProgressBar
{
    Q_OBJECT

public:
    explicit DeadlineBar(QTimeoutScope *scope, QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void stateChanged();
    void showTime();
    void showEnd();
    std::chrono::nanoseconds unusedTime() const;
    void describe(const QString &text);
    void describe(const QString &text, const QString &spoken);

    QTimeoutScope *const m_scope;
    QElapsedTimer m_elapsed; // since the start of the scope
    QTimer m_ticks;
};

#endif // DEADLINEBAR_H
