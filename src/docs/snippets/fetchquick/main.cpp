// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

//! [main]
#include <QtGui/QGuiApplication>
#include <QtQml/QQmlApplicationEngine>

int main(int argc, char *argv[])
{
    QGuiApplication application(argc, argv);
    QQmlApplicationEngine engine;
    engine.addImportPath(
            QStringLiteral(QTIMEOUT_QML_DIR)); // if it is not where Qt's own modules are
    engine.load(QStringLiteral("qrc:/qt/qml/Fetch/Main.qml"));
    return engine.rootObjects().isEmpty() ? 1 : application.exec();
}
//! [main]
