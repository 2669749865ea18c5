// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTQMLSCOPE_H
#define QTIMEOUTQMLSCOPE_H

#include <QTimeout/scope/qtimeoutscope.h>

#include <QtCore/qscopedpointer.h>
#include <QtCore/qvariant.h>
#include <QtQml/qjsvalue.h>
#include <QtQml/qqmllist.h>
#include <QtQml/qqmlparserstatus.h>
#include <QtQml/qqmlregistration.h>

class QTimeoutQmlScopePrivate;

class QTIMEOUT_QML_EXPORT QTimeoutQmlScope : public QTimeoutScope, public QQmlParserStatus
{
    Q_OBJECT
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(QVariant timeout READ timeout WRITE setTimeout NOTIFY timeoutChanged FINAL)
    Q_PROPERTY(bool running READ isRunning WRITE setRunning NOTIFY runningChanged FINAL)
    Q_PROPERTY(QTimeoutScope::State state READ state NOTIFY stateNoticed FINAL)
    Q_PROPERTY(double remainingTime READ remainingMilliseconds NOTIFY remainingTimeChanged FINAL)
    Q_PROPERTY(double progress READ progress NOTIFY progressChanged FINAL)
    Q_PROPERTY(QVariant updateInterval READ updateInterval WRITE setUpdateInterval NOTIFY
                       updateIntervalChanged FINAL)
    Q_PROPERTY(QVariant idleTimeout READ idleMilliseconds WRITE setIdleMilliseconds NOTIFY
                       idleTimeoutChanged FINAL)
    Q_PROPERTY(QQmlListProperty<QObject> data READ data CONSTANT FINAL)
    Q_CLASSINFO("DefaultProperty", "data")
    QML_NAMED_ELEMENT(TimeoutScope)

public:
    explicit QTimeoutQmlScope(QObject *parent = nullptr);
    ~QTimeoutQmlScope() override;

    QVariant timeout() const;
    void setTimeout(const QVariant &timeout);
    bool isRunning() const;
    void setRunning(bool running);
    double remainingMilliseconds() const;
    double progress() const;
    QVariant updateInterval() const;
    void setUpdateInterval(const QVariant &interval);
    QVariant idleMilliseconds() const;
    void setIdleMilliseconds(const QVariant &timeout);
    QQmlListProperty<QObject> data();

    using QTimeoutScope::reschedule;
    using QTimeoutScope::shift;
    using QTimeoutScope::start;
    using QTimeoutScope::watch;
    template<QTimeout::detail::MillisecondCount Int>
    bool start(Int msecs)
    {
        return QTimeoutScope::start(msecs);
    }
    template<QTimeout::detail::MillisecondCount Int>
    bool reschedule(Int msecs)
    {
        return QTimeoutScope::reschedule(msecs);
    }
    Q_INVOKABLE bool start();
    Q_INVOKABLE bool start(const QVariant &timeout);
    Q_INVOKABLE bool reschedule(const QVariant &timeout);
    Q_INVOKABLE bool shift(const QVariant &by);
    Q_INVOKABLE QVariant watch(const QJSValue &object);
    Q_INVOKABLE void unwatch(const QJSValue &object);

    void classBegin() override;
    void componentComplete() override;

Q_SIGNALS:
    void timeoutChanged();
    void runningChanged();
    void stateNoticed();
    void remainingTimeChanged();
    void progressChanged();
    void updateIntervalChanged();
    void failed(const QString &error);

protected:
    bool event(QEvent *event) override;

private:
    Q_DISABLE_COPY_MOVE(QTimeoutQmlScope)
    friend class QTimeoutQmlScopePrivate;

    const QScopedPointer<QTimeoutQmlScopePrivate> d;
};

#endif // QTIMEOUTQMLSCOPE_H
