// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DOWNLOADWINDOW_H
#define DOWNLOADWINDOW_H

#include "demopages.h"
#include "screenshot.h"

#include <QTimeoutScope>

#include <QtCore/qurl.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtWidgets/qmainwindow.h>

#include <functional>

class DownloadRow;
QT_FORWARD_DECLARE_CLASS(QPushButton)

class DownloadWindow : public QMainWindow
{
    Q_OBJECT

public:
    using Locate = std::function<QUrl(const QString &target)>;

    DownloadWindow(const QList<DemoPage> &pages, const Locate &locate, QWidget *parent = nullptr);
    ~DownloadWindow() override;

    DownloadCounts counts() const;

public Q_SLOTS:
    void startAll();

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    QWidget *createTotal();
    void rowEnded(const QString &message);
    void updateButtons();

    QNetworkAccessManager m_manager;
    QList<DownloadRow *> m_rows;
    QPushButton *m_moreTime;
    QPushButton *m_noLimit;
    QPushButton *m_cancelAll;
    QPushButton *m_startAll;
    QTimeoutScope m_total; // the last member: the first to go, and all downloads with it
};

#endif // DOWNLOADWINDOW_H
