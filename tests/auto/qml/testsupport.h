// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef TESTSUPPORT_H
#define TESTSUPPORT_H

#include "slowserver.h"

#include <QCoroQmlTask>
#include <QTimeoutScope>
#include <QTimeoutTestClock>

#include <QtCore/qobject.h>
#include <QtCore/qpromise.h>
#include <QtQml/qqmlregistration.h>

#include <memory>

/*
    Time stands still while there is one.
*/
class TestClock : public QObject
{
    Q_OBJECT
    QML_ELEMENT

public:
    using QObject::QObject;
    Q_INVOKABLE void advance(double msecs);

private:
    QTimeoutTestClock m_clock;
};

/*
    Work in C++: an object like QNetworkReply, and coroutines.
*/
class Job : public QObject
{
    Q_OBJECT
    Q_PROPERTY(int aborts READ aborts NOTIFY abortsChanged FINAL)
    QML_ELEMENT

public:
    using QObject::QObject;

    int aborts() const { return m_aborts; }

public Q_SLOTS:
    void abort();

Q_SIGNALS:
    void abortsChanged();
    void finished();

private:
    int m_aborts = 0;
};

class FinishedJob : public Job
{
    Q_OBJECT
    QML_ELEMENT

public:
    using Job::Job;
    Q_INVOKABLE bool isFinished() const { return true; }
};

class PrivatelyFinishedJob : public Job
{
    Q_OBJECT
    QML_ELEMENT

public:
    using Job::Job;

private:
    Q_INVOKABLE bool isFinished() const { return true; }
};

class Canceller : public QObject
{
    Q_OBJECT
    Q_PROPERTY(int cancels MEMBER m_cancels NOTIFY cancelsChanged FINAL)
    QML_ELEMENT

public:
    using QObject::QObject;
    Q_INVOKABLE int cancel();

Q_SIGNALS:
    void cancelsChanged();

private:
    int m_cancels = 0;
};

class Backend : public QObject
{
    Q_OBJECT
    QML_ELEMENT

public:
    using QObject::QObject;
    ~Backend() override;

    // Ends when answer() or fail() is called; knows nothing of scopes.
    Q_INVOKABLE QCoro::QmlTask ask();
    Q_INVOKABLE void answer(const QString &answer);
    Q_INVOKABLE void fail();
    // Ends by itself after so long.
    Q_INVOKABLE QCoro::QmlTask sleep(int msecs);
    // Takes the scope, as the C++ of a program does.
    Q_INVOKABLE QCoro::QmlTask sleepUnder(QTimeoutScope *scope, int msecs);
    Q_INVOKABLE int asking() const { return m_asking; }
    Q_INVOKABLE QTimeoutScope *makeScope(int msecs);

private:
    QCoro::Task<QString> wait();

    int m_asking = 0;

Q_SIGNALS:
    void answered(const QString &answer, bool ok);
};

class Server : public QObject
{
    Q_OBJECT
    QML_ELEMENT

public:
    explicit Server(QObject *parent = nullptr);
    Q_INVOKABLE QString url(const QString &target) const;

private:
    SlowServer m_server;
};

#endif // TESTSUPPORT_H
