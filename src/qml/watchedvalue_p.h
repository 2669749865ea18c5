// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What a scope watches for QML.

#ifndef QTIMEOUT_WATCHEDVALUE_P_H
#define QTIMEOUT_WATCHEDVALUE_P_H

// Not part of the QTimeout API. It may change from version to version. We mean it.

#include <QtCore/qobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qvariant.h>
#include <QtQml/qjsvalue.h>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QJSEngine)
class QTimeoutQmlScope;

namespace QTimeout::detail {

/*
    Stands for a value of JavaScript that a scope watches: it is what the scope sees, has finished()
    as an operation must, and goes when the value has ended or has been aborted.
*/
class WatchedValue : public QObject
{
    Q_OBJECT

public:
    explicit WatchedValue(const QJSValue &value, QObject *parent = nullptr);

    bool isFor(const QJSValue &value) const { return !m_over && m_value.strictlyEquals(value); }
    void abort();
    void dismiss();

Q_SIGNALS:
    void finished();

protected:
    virtual void abortValue() = 0;
    virtual void over() {} // nobody is interested in the value any more
    void end();
    bool isOver() const { return m_over; }
    const QJSValue &value() const { return m_value; }

private:
    QJSValue m_value;
    bool m_over = false;
};

/*
    An object with a function abort(). If it is an XMLHttpRequest it has ended when its readyState
    says so.

    It belongs to the functions with which scopes abort it: whichever scope watches it, after others
    have finished, and not longer.
*/
class WatchedRequest final : public WatchedValue
{
    Q_OBJECT

public:
    using Pointer = std::shared_ptr<WatchedRequest>;

    static Pointer make(const QJSValue &value, QJSEngine *engine, const QObject *scope);
    static bool canAbort(const QJSValue &value);

    bool hasEnded() const;
    Q_INVOKABLE void readyStateChanged();
    // The scope goes: when this is aborted by it, no handler is called.
    void silence(const QObject *scope);

protected:
    void abortValue() override;
    void over() override;

private:
    WatchedRequest(const QJSValue &value, QObject *parent, const QObject *scope);
    void listen(QJSEngine *engine);

    QPointer<const QObject> m_scope; // for warnings
    QJSValue m_stopListening;
    bool m_isSilent = false;
};

/*
    A QCoro::QmlTask. It cannot be aborted; what it gives is passed on unless the scope has been
    aborted before. If it is made from a run under the scope, and fails, the scope is told (T3).

    It belongs to the functions with which scopes abort it, as a request does. When no scope watches it
    any more, what it gives is still passed on while the scope that has brought it exists.
*/
class WatchedTask final : public WatchedValue
{
    Q_OBJECT

public:
    using Pointer = std::shared_ptr<WatchedTask>;

    static Pointer make(const QJSValue &value, QJSEngine *engine, QTimeoutQmlScope *scope);
    static bool isTask(const QJSValue &value);

    // A task that ends with the result of the one that is watched, if that comes in time.
    QVariant listen(QJSEngine *engine);
    void deliver(const QVariant &result);
    void fail(const QString &error);

Q_SIGNALS:
    void arrived(const QVariant &result);

protected:
    void abortValue() override {}

private:
    WatchedTask(const QJSValue &value, QObject *parent, QTimeoutQmlScope *scope);
    void abandon();

    const QPointer<QTimeoutQmlScope> m_scope; // that has brought it
    QString m_place; // of the call of watch()
    bool m_isOfRun = false; // under that scope
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_WATCHEDVALUE_P_H
