// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef SCOPETEST_H
#define SCOPETEST_H

#include <QTimeoutScope>

#include <QtCore/QMetaEnum>
#include <QtCore/QRegularExpression>
#include <QtCore/QStringList>
#include <QtTest/QTest>

#include <functional>

/*
    Work that a scope can watch: it has finished() and abort(), as a network reply has.
*/
class Job : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    using QObject::receivers;
    int finishedReceivers() const { return receivers(SIGNAL(finished())); }
    int destroyedReceivers() const
    {
        return receivers(SIGNAL(destroyed(QObject *))) + receivers(SIGNAL(destroyed()));
    }

    int aborts = 0;
    std::function<void()> onAbort;

public Q_SLOTS:
    void abort()
    {
        ++aborts;
        if (onAbort)
            onAbort();
    }

Q_SIGNALS:
    void finished();
};

/*
    Has the functions and the signal of a QProcess.
*/
class ProcessLike : public QObject
{
    Q_OBJECT

public:
    enum ExitStatus { NormalExit, CrashExit };
    Q_ENUM(ExitStatus)

    using QObject::QObject;

    int kills = 0;

public Q_SLOTS:
    void kill() { ++kills; }

Q_SIGNALS:
    void finished(int exitCode, ProcessLike::ExitStatus status);
};

/*
    Signals of the kinds that are wired to the slots of a scope.
*/
class Knob : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

Q_SIGNALS:
    void triggered();
    void valueChanged(int value);
    void deadlineChosen(QDeadlineTimer deadline);
    void moreTime(std::chrono::milliseconds by);
};

/*
    Writes down what the signals of scopes say, and in which order.
*/
class Log
{
public:
    void watch(QTimeoutScope *scope, const QString &name)
    {
        QObject::connect(scope, &QTimeoutScope::stateChanged, scope,
                         [this, name](QTimeoutScope::State state) {
                             add(name,
                                 QLatin1String(
                                         QMetaEnum::fromType<QTimeoutScope::State>().valueToKey(
                                                 state)));
                         });
        QObject::connect(scope, &QTimeoutScope::expired, scope,
                         [this, name] { add(name, QStringLiteral("expired")); });
        QObject::connect(scope, &QTimeoutScope::cancelled, scope,
                         [this, name] { add(name, QStringLiteral("cancelled")); });
        QObject::connect(scope, &QTimeoutScope::finished, scope,
                         [this, name] { add(name, QStringLiteral("finished")); });
    }
    void add(const QString &entry) { entries += entry; }
    void add(const QString &name, const QString &what) { add(name + QLatin1Char(' ') + what); }

    QString text() const { return entries.join(QStringLiteral(", ")); }
    qsizetype count(const QString &entry) const { return entries.count(entry); }

    QStringList entries;
};

inline QByteArray described(const QTimeoutScope *scope)
{
    QByteArray result = "QTimeoutScope(0x" + QByteArray::number(quintptr(scope), 16);
    if (!scope->objectName().isEmpty())
        result += ", \"" + scope->objectName().toUtf8() + '"';
    return result + ')';
}

inline void expectWarning(const char *function, const QTimeoutScope *scope, const char *rest)
{
    const QByteArray text = QByteArray("QTimeoutScope::") + function + ": " + described(scope)
            + rest;
    QTest::ignoreMessage(QtWarningMsg, text.constData());
}

inline void expectNotActiveWarning(const char *function, const QTimeoutScope *scope)
{
    const QByteArray state = QMetaEnum::fromType<QTimeoutScope::State>().valueToKey(scope->state());
    const QByteArray rest = " is " + state
            + ". Only an active scope has a deadline to change; call start() first.";
    expectWarning(function, scope, rest.constData());
}

// Newer versions of Qt warn of who disconnects an object from everything, which some tests do.
inline void failOnAnyWarning()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!QObject::disconnect: wildcard)")));
}

#endif // SCOPETEST_H
