// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DOWNLOADROW_H
#define DOWNLOADROW_H

#include "demopages.h"

#include <QtCore/qpointer.h>
#include <QtCore/qurl.h>
#include <QtWidgets/qframe.h>

class DeadlineBar;
QT_FORWARD_DECLARE_CLASS(QLabel)
QT_FORWARD_DECLARE_CLASS(QNetworkAccessManager)
QT_FORWARD_DECLARE_CLASS(QNetworkReply)
QT_FORWARD_DECLARE_CLASS(QPushButton)
QT_FORWARD_DECLARE_CLASS(QSpinBox)
class QTimeoutScope;

// One download with a deadline.
class DownloadRow : public QFrame
{
    Q_OBJECT

public:
    enum Outcome { Waiting, Running, Done, Failed, TimedOut, Cancelled };
    Q_ENUM(Outcome)

    DownloadRow(const DemoPage &page, const QUrl &url, QNetworkAccessManager *manager,
                QTimeoutScope *total, QWidget *parent = nullptr);

    QString name() const { return m_name; }
    Outcome outcome() const { return m_outcome; }

public Q_SLOTS:
    void start();
    void cancel();

Q_SIGNALS:
    void ended(const QString &message);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void createWidgets(const DemoPage &page);
    void wire();
    void updateButtons();
    void receive();
    void end(Outcome outcome, const QString &text, const QString &message);
    void showOutcome(Outcome outcome, const QString &text);
    void makeRoom();

    const QString m_name;
    const QUrl m_url;
    QNetworkAccessManager *const m_manager;
    QTimeoutScope *const m_total;
    QTimeoutScope *const m_scope; // nested in the total one, and its child
    QPointer<QNetworkReply> m_reply;
    qint64 m_bytes = 0;
    Outcome m_outcome = Waiting;

    QLabel *m_result;
    DeadlineBar *m_bar;
    QSpinBox *m_timeout;
    QPushButton *m_moreTime;
    QPushButton *m_noLimit;
    QPushButton *m_cancel;
    QPushButton *m_again;
};

#endif // DOWNLOADROW_H
