// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QUICKWINDOW_H
#define QUICKWINDOW_H

#include "demopages.h"
#include "screenshot.h"

#include <QtCore/qurl.h>
#include <QtQml/qqmlapplicationengine.h>

#include <functional>

QT_FORWARD_DECLARE_CLASS(QQuickWindow)

// Main.qml, with what it needs.
class QuickWindow
{
public:
    using Locate = std::function<QUrl(const QString &target)>;

    QuickWindow(const QList<DemoPage> &pages, const Locate &locate);

    QQuickWindow *window() const; // null if the QML could not be loaded
    DownloadCounts counts() const;

private:
    Q_DISABLE_COPY_MOVE(QuickWindow)

    QQmlApplicationEngine m_engine;
};

#endif // QUICKWINDOW_H
