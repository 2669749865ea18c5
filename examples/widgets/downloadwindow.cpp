// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A window full of downloads, each with a deadline, and all of them with a total one. No coroutine: a scope
// is wired to buttons and spin boxes like anything else. How stands in DownloadRow::wire().

#include "downloadwindow.h"

#include "bidi.h"
#include "deadlinebar.h"
#include "downloadrow.h"

#include <QtGui/qevent.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qstatusbar.h>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

static constexpr auto TotalTime = 60s;

DownloadWindow::DownloadWindow(const QList<DemoPage> &pages, const Locate &locate, QWidget *parent)
    : QMainWindow(parent)
{
    setWindowTitle(tr("Downloads with deadlines"));
    m_total.setObjectName("total"_L1);

    auto *central = new QWidget(this);
    auto *layout = new QVBoxLayout(central);
    layout->addWidget(createTotal());
    for (const DemoPage &page : pages) {
        auto *row = new DownloadRow(page, locate(page.target), &m_manager, &m_total, central);
        connect(row, &DownloadRow::ended, this, &DownloadWindow::rowEnded);
        layout->addWidget(row);
        m_rows.append(row);
    }
    layout->addStretch();
    setCentralWidget(central);

    connect(&m_total, &QTimeoutScope::stateChanged, this, &DownloadWindow::updateButtons);
    connect(&m_total, &QTimeoutScope::deadlineChanged, this, &DownloadWindow::updateButtons);
    connect(m_moreTime, &QPushButton::clicked, &m_total, [this] { m_total.shift(5s); });
    connect(m_noLimit, &QPushButton::clicked, &m_total, &QTimeoutScope::reject);
    connect(m_cancelAll, &QPushButton::clicked, &m_total, &QTimeoutScope::cancel);
    connect(m_startAll, &QPushButton::clicked, this, &DownloadWindow::startAll);
    updateButtons();
    statusBar()->showMessage(isolated(tr("Ready.")));
}

DownloadWindow::~DownloadWindow() = default;

QWidget *DownloadWindow::createTotal()
{
    auto *total = new QWidget(this);
    auto *label = new QLabel(tr("All downloads"), total);
    auto *bar = new DeadlineBar(&m_total, total);
    bar->setAccessibleName(tr("Time left for all downloads"));
    bar->setObjectName("totalBar"_L1);
    const auto addButton = [total](const QString &objectName, const QString &text,
                                   const QString &accessibleName) {
        auto *button = new QPushButton(isolated(text), total);
        button->setObjectName(objectName);
        button->setAccessibleName(accessibleName);
        return button;
    };
    m_moreTime = addButton(u"moreTimeForAll"_s, tr("+&5 s"),
                           tr("5 seconds more for all downloads"));
    m_noLimit = addButton(u"noLimitForAll"_s, tr("No &limit"), tr("No limit for all together"));
    m_cancelAll = addButton(u"cancelAll"_s, tr("Cancel &all"), tr("Cancel all downloads"));
    m_startAll = addButton(u"startAll"_s, tr("Start &all"), tr("Start all downloads"));

    auto *layout = new QHBoxLayout(total);
    layout->addWidget(label);
    layout->addWidget(bar, 1);
    for (QPushButton *button : {m_moreTime, m_noLimit, m_cancelAll, m_startAll})
        layout->addWidget(button);
    return total;
}

void DownloadWindow::startAll()
{
    m_total.start(TotalTime);
    for (DownloadRow *row : std::as_const(m_rows)) {
        if (row->outcome() != DownloadRow::Running)
            row->start();
    }
    statusBar()->showMessage(isolated(tr("Downloading…")));
}

// The total is done when the last of the rows is.
void DownloadWindow::rowEnded(const QString &message)
{
    statusBar()->showMessage(isolated(message));
    if (counts().running == 0)
        m_total.finish();
}

void DownloadWindow::updateButtons()
{
    const bool running = m_total.isActive();
    const bool limited = running && !m_total.deadline().isForever();
    // As in DownloadRow::updateButtons(): the focus stays here.
    QWidget *focused = focusWidget();
    (running ? m_cancelAll : m_startAll)->show();
    if (focused == m_startAll || focused == m_cancelAll
        || (!limited && (focused == m_moreTime || focused == m_noLimit)))
        (running ? m_cancelAll : m_startAll)->setFocus();
    m_moreTime->setEnabled(limited);
    m_noLimit->setEnabled(limited);
    (running ? m_startAll : m_cancelAll)->hide();
}

DownloadCounts DownloadWindow::counts() const
{
    const auto count = [this](DownloadRow::Outcome outcome) {
        return static_cast<int>(
                std::count_if(m_rows.cbegin(), m_rows.cend(), [outcome](const DownloadRow *row) {
                    return row->outcome() == outcome;
                }));
    };
    DownloadCounts result;
    result.running = count(DownloadRow::Running);
    result.timedOut = count(DownloadRow::TimedOut);
    result.done = count(DownloadRow::Done);
    result.others = static_cast<int>(m_rows.size()) - result.running - result.timedOut
            - result.done;
    return result;
}

void DownloadWindow::closeEvent(QCloseEvent *event)
{
    m_total.cancel();
    for (DownloadRow *row : std::as_const(m_rows))
        row->cancel(); // one that was started when the total had ended
    event->accept();
}
