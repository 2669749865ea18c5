// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "deadlinebar.h"

#include "bidi.h"

#include <QTimeoutScope>

#include <QtWidgets/qstyleoption.h>
#include <QtWidgets/qstylepainter.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

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
        describe(tr("%L1 s left").arg(left.count(), 0, 'f', 1),
                 tr("%L1 s left").arg(std::ceil(left.count()), 0, 'f', 0));
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
        describe(tr("%L1 s unused").arg(left.count(), 0, 'f', 1),
                 tr("%L1 s unused").arg(std::floor(left.count()), 0, 'f', 0));
    } else if (m_scope->isCancelled()) {
        const QTimeoutScope *outer = m_scope->enclosingScope();
        describe(outer && outer->hasExpired() ? tr("time is up") : tr("cancelled"));
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

void DeadlineBar::describe(const QString &text)
{
    describe(text, text);
}

// A screen reader is told of whole seconds only: it says whatever changes.
void DeadlineBar::describe(const QString &text, const QString &spoken)
{
    setFormat(isolated(text));
    setAccessibleDescription(spoken);
}

// From right to left, the Fusion style swaps the colours of the text on the bar and beside it (Qt 6.4), so that it
// cannot be read.
void DeadlineBar::paintEvent(QPaintEvent *event)
{
    if (layoutDirection() == Qt::LeftToRight) {
        QProgressBar::paintEvent(event);
        return;
    }
    QStyleOptionProgressBar option;
    initStyleOption(&option);
    option.textVisible = false;
    QStylePainter painter(this);
    painter.drawControl(value() > 0 ? QStyle::CE_ProgressBar : QStyle::CE_ProgressBarGroove,
                        option);

    QRect filled = rect();
    filled.setLeft(filled.right() + 1 - width() * value() / maximum());
    for (const auto &[role, region] : {std::pair(QPalette::Text, QRegion(rect()) - filled),
                                       std::pair(QPalette::HighlightedText, QRegion(filled))}) {
        painter.setClipRegion(region);
        painter.drawItemText(rect(), Qt::AlignCenter | Qt::TextSingleLine, palette(), isEnabled(),
                             text(), role);
    }
}
