// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "downloadrow.h"

#include "bidi.h"
#include "deadlinebar.h"

#include <QTimeout>

#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtWidgets/qgridlayout.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qspinbox.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

static constexpr int NameWidth = 30; // in characters

// The first letter is the mnemonic.
static QString withMnemonic(const QString &name)
{
    return u'&' + QString(name).replace(u'&', "&&"_L1);
}

DownloadRow::DownloadRow(const DemoPage &page, const QUrl &url, QNetworkAccessManager *manager,
                         QTimeoutScope *total, QWidget *parent)
    : QFrame(parent),
      m_name(page.name),
      m_url(url),
      m_manager(manager),
      m_total(total),
      m_scope(new QTimeoutScope(total))
{
    setFrameShape(QFrame::StyledPanel);
    m_scope->setObjectName(page.name);
    createWidgets(page);
    wire();
    showOutcome(Waiting, tr("waiting"));
    updateButtons();
}

// All that there is to say about deadlines.
void DownloadRow::wire()
{
    connect(m_timeout, &QSpinBox::valueChanged, m_scope, &QTimeoutScope::reschedule);
    connect(m_moreTime, &QPushButton::clicked, m_scope, [this] { m_scope->shift(5s); });
    connect(m_noLimit, &QPushButton::clicked, m_scope, &QTimeoutScope::reject);
    connect(m_cancel, &QPushButton::clicked, this, &DownloadRow::cancel);
    connect(m_again, &QPushButton::clicked, this, &DownloadRow::start);

    connect(m_scope, &QTimeoutScope::stateChanged, this, &DownloadRow::updateButtons);
    connect(m_scope, &QTimeoutScope::deadlineChanged, this, &DownloadRow::updateButtons);
    connect(m_scope, &QTimeoutScope::expired, this,
            [this] { end(TimedOut, tr("timed out"), tr("%1 has timed out.").arg(m_name)); });
    connect(m_scope, &QTimeoutScope::cancelled, this, [this] {
        if (m_total->hasExpired())
            end(TimedOut, tr("too late: the time for all is over"),
                tr("The time for all is over."));
        else
            end(Cancelled, tr("cancelled"), tr("%1 was cancelled.").arg(m_name));
    });
    connect(m_scope, &QTimeoutScope::finished, this, [this] {
        if (m_reply->error() == QNetworkReply::NoError) {
            end(Done, tr("done, %1").arg(locale().formattedDataSize(m_bytes)),
                tr("%1 is complete.").arg(m_name));
        } else {
            end(Failed, tr("failed: %1").arg(m_reply->errorString()),
                tr("%1 has failed: %2").arg(m_name, m_reply->errorString()));
        }
    });
}

// The scope finishes when the reply does, and aborts it when the time is up.
void DownloadRow::start()
{
    m_bytes = 0;
    m_reply = m_manager->get(QNetworkRequest(m_url));
    connect(m_reply, &QNetworkReply::readyRead, this, &DownloadRow::receive);
    showOutcome(Running, tr("running"));
    m_scope->start(m_timeout->value());
    m_scope->watch(m_reply.get());
}

void DownloadRow::cancel()
{
    m_scope->cancel();
}

void DownloadRow::receive()
{
    m_bytes += m_reply->skip(m_reply->bytesAvailable());
    showOutcome(Running, tr("running, %1").arg(locale().formattedDataSize(m_bytes)));
}

void DownloadRow::end(Outcome outcome, const QString &text, const QString &message)
{
    m_reply->disconnect(this);
    m_reply->deleteLater();
    showOutcome(outcome, text);
    m_result->setToolTip(message);
    Q_EMIT ended(message);
}

void DownloadRow::showOutcome(Outcome outcome, const QString &text)
{
    m_outcome = outcome;
    m_result->setText(text);
    makeRoom();
    m_result->setAccessibleName(tr("State of %1: %2").arg(m_name, text));
    m_result->setToolTip({});
    QPalette colors = palette();
    const bool dark = colors.color(QPalette::Window).lightness() < 128;
    if (outcome == Done)
        colors.setColor(QPalette::WindowText, dark ? QColor(0x7ad08f) : QColor(0x1b7a37));
    else if (outcome == TimedOut)
        colors.setColor(QPalette::WindowText, dark ? QColor(0xf0a35e) : QColor(0xa34a00));
    else if (outcome == Failed)
        colors.setColor(QPalette::WindowText, dark ? QColor(0xf28b82) : QColor(0xb3261e));
    m_result->setPalette(colors);
}

// A label that wraps its text gets no room for all the lines by itself.
void DownloadRow::makeRoom()
{
    m_result->setMinimumHeight(m_result->heightForWidth(m_result->width()));
}

void DownloadRow::resizeEvent(QResizeEvent *event)
{
    QFrame::resizeEvent(event);
    makeRoom();
}

void DownloadRow::updateButtons()
{
    const bool running = m_scope->isActive();
    const bool limited = running && !m_scope->deadline().isForever();
    QWidget *focused = window()->focusWidget(); // that of this window, be it active or not
    // What is needed next first, and then the focus, which would jump into the next row otherwise: what
    // people type would change the deadline there.
    (running ? m_cancel : m_again)->show();
    if (running)
        m_timeout->setEnabled(true);
    if (!running && isAncestorOf(focused))
        m_again->setFocus();
    else if (focused == m_again)
        m_cancel->setFocus();
    else if (!limited && (focused == m_moreTime || focused == m_noLimit))
        m_timeout->setFocus();
    m_timeout->setEnabled(running);
    m_moreTime->setEnabled(limited);
    m_noLimit->setEnabled(limited);
    (running ? m_again : m_cancel)->hide();
}

void DownloadRow::createWidgets(const DemoPage &page)
{
    const Qt::Alignment leading = leadingEdge();
    // The mnemonic leads to the spin box. Those of the buttons lead from row to row.
    auto *name = new QLabel(withMnemonic(m_name), this);
    QFont bold = name->font();
    bold.setBold(true);
    name->setFont(bold);
    name->setAlignment(leading | Qt::AlignVCenter);

    m_result = new QLabel(this);
    m_result->setObjectName("result"_L1);
    m_result->setWordWrap(true);
    m_result->setTextFormat(Qt::PlainText);
    m_result->setAlignment(leading | Qt::AlignTop);
    m_result->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    m_bar = new DeadlineBar(m_scope, this);
    m_bar->setObjectName("bar"_L1);
    m_bar->setAccessibleName(tr("Time left for %1").arg(m_name));

    m_timeout = new QSpinBox(this);
    m_timeout->setObjectName("timeout"_L1);
    m_timeout->setRange(0, 99'000);
    m_timeout->setSingleStep(1000);
    m_timeout->setAlignment(leading | Qt::AlignVCenter);
    m_timeout->setPrefix(isolateBegin());
    m_timeout->setSuffix(tr(" ms") + isolateEnd());
    m_timeout->setKeyboardTracking(false); // a new deadline when the number is complete
    m_timeout->setValue(static_cast<int>(page.timeout.count()));
    m_timeout->setToolTip(tr("So many milliseconds from now"));
    m_timeout->setAccessibleName(tr("New deadline of %1, in milliseconds from now").arg(m_name));

    const auto addButton = [this](const QString &objectName, const QString &text,
                                  const QString &accessibleName) {
        auto *button = new QPushButton(isolated(text), this);
        button->setObjectName(objectName);
        button->setAccessibleName(accessibleName);
        return button;
    };
    m_moreTime = addButton(u"moreTime"_s, tr("+&5 s"), tr("5 seconds more for %1").arg(m_name));
    m_noLimit = addButton(u"noLimit"_s, tr("No &limit"), tr("No limit for %1").arg(m_name));
    m_cancel = addButton(u"cancel"_s, tr("&Cancel"), tr("Cancel %1").arg(m_name));
    m_again = addButton(u"again"_s, tr("A&gain"), tr("Download %1 again").arg(m_name));

    name->setBuddy(m_timeout);

    auto *layout = new QGridLayout(this);
    layout->addWidget(name, 0, 0);
    layout->addWidget(m_result, 1, 0);
    layout->setColumnMinimumWidth(0, fontMetrics().averageCharWidth() * NameWidth);
    layout->addWidget(m_bar, 0, 1, 2, 1);
    layout->setColumnStretch(1, 1);
    int column = 2;
    for (QWidget *widget : {static_cast<QWidget *>(m_timeout), static_cast<QWidget *>(m_moreTime),
                            static_cast<QWidget *>(m_noLimit), static_cast<QWidget *>(m_cancel)})
        layout->addWidget(widget, 0, column++, 2, 1);
    layout->addWidget(m_again, 0, column - 1, 2, 1);
}
