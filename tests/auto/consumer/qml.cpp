// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The part of a user's program that is about QML.

#include <QTimeout/QTimeoutScope>
#include <QTimeoutTestClock>
#ifdef CONSUMER_QML_STATIC
#    include <QTimeoutQml/QTimeoutQmlScope>
#endif

#include <QQmlComponent>
#include <QQmlEngine>
#include <QtDebug>

#include <memory>

using namespace std::chrono_literals;

void useQml(QTimeoutTestClock *clock)
{
    QQmlEngine engine;
#ifdef CONSUMER_QML_DIR
    engine.addImportPath(CONSUMER_QML_DIR);
#endif
    QQmlComponent component(&engine);
    component.setData("import QTimeout; TimeoutScope { timeout: 1500; running: true }", {});
    const std::unique_ptr<QObject> object(component.create());
    if (!object)
        qFatal("%s", qPrintable(component.errorString()));
    auto *scope = qobject_cast<QTimeoutScope *>(object.get());
    if (!scope || !scope->isActive())
        qFatal("the scope should run");
#ifdef CONSUMER_QML_STATIC
    if (!qobject_cast<QTimeoutQmlScope *>(scope))
        qFatal("the scope should be one of QML's");
#endif
    clock->advance(1500ms);
    if (!scope->hasExpired())
        qFatal("the scope should have expired");
    qInfo() << "and in QML" << scope;
}
