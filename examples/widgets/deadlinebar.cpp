// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadlinebar.h"

#include <QTimeoutScope>

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

DeadlineBar::DeadlineBar(QTimeoutScope *scope, QWidget *parent)
    : QProgressBar(parent), m_scope(scope)
{
    setRange(0, 1000);
    setMinimumWidth(180);
    m_ticks.setInterval(50ms);
    connect(&m_ticks, &QTimer::timeout, this, &DeadlineBar::showTime);
    connect(scope, &QTimeoutScope::stateChanged, this, &DeadlineBar::stateChanged);
    connect(scope, &QTimeoutScope::deadlineChanged, this, &DeadlineBar::showTime);
    showTime();
}

void DeadlineBar::stateChanged()
{
    setEnabled(m_scope->isActive());
    if (m_scope->isActive()) {
        m_elapsed.start();
        m_ticks.start();
        showTime();
    } else {
        m_ticks.stop();
        showEnd();
    }
}

void DeadlineBar::showTime()
{
    if (!m_scope->isActive()) {
        describe({});
        setValue(0);
    } else if (m_scope->effectiveDeadline().isForever()) {
        describe(tr("no limit"));
        setValue(maximum());
    } else {
        const Seconds left = m_scope->remainingTime();
        const Seconds passed = std::chrono::milliseconds(m_elapsed.elapsed());
        //: What is left of a deadline, in seconds
        setFormat(tr("%L1 s left").arg(left.count(), 0, 'f', 1));
        setAccessibleDescription(tr("%L1 s left").arg(std::ceil(left.count()), 0, 'f', 0));
        const Seconds total = left + passed;
        setValue(total.count() > 0 ? static_cast<int>(maximum() * (left / total)) : 0);
    }
}

void DeadlineBar::showEnd()
{
    const std::chrono::nanoseconds unused = unusedTime();
    if (m_scope->hasExpired()) {
        setValue(0);
        describe(tr("time is up"));
    } else if (m_scope->state() == QTimeoutScope::Finished
               && unused != std::chrono::nanoseconds::max()) {
        const Seconds left = unused;
        //: What was left of a deadline when the work had ended, in seconds
        setFormat(tr("%L1 s unused").arg(left.count(), 0, 'f', 1));
        setAccessibleDescription(tr("%L1 s unused").arg(std::floor(left.count()), 0, 'f', 0));
    } else {
        describe({});
    }
}

// What was left when the scope finished, as it was shown before: until the earliest of its own deadline and
// those of the scopes around it.
std::chrono::nanoseconds DeadlineBar::unusedTime() const
{
    std::chrono::nanoseconds unused =
            m_scope->remainingTime(); // of a scope that has ended: its own
    const QTimeoutScope *outer = m_scope->enclosingScope();
    if (outer && outer->isActive())
        unused = std::min(unused, outer->remainingTime());
    return unused;
}

// A screen reader is told of whole seconds only: it says whatever changes.
void DeadlineBar::describe(const QString &text)
{
    setFormat(text);
    setAccessibleDescription(text);
}
