// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "quickwindow.h"

#include <QtQuick/qquickwindow.h>

using namespace Qt::StringLiterals;

QuickWindow::QuickWindow(const QList<DemoPage> &pages, const Locate &locate)
{
    QVariantList list;
    for (const DemoPage &page : pages) {
        list.append(QVariantMap{{u"name"_s, page.name},
                                {u"url"_s, locate(page.target)},
                                {u"timeout"_s, static_cast<int>(page.timeout.count())}});
    }
    m_engine.addImportPath(QStringLiteral(QTIMEOUT_QML_DIR));
    m_engine.setInitialProperties({{u"pages"_s, list}});
    m_engine.load(u"qrc:/qt-project.org/imports/QuickExample/Main.qml"_s);
}

QQuickWindow *QuickWindow::window() const
{
    const QObjectList roots = m_engine.rootObjects();
    return roots.isEmpty() ? nullptr : qobject_cast<QQuickWindow *>(roots.constFirst());
}

DownloadCounts QuickWindow::counts() const
{
    const QObject *root = window();
    return {root->property("runningCount").toInt(), root->property("timedOutCount").toInt(),
            root->property("doneCount").toInt(), root->property("otherCount").toInt()};
}
