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
#include <QtCore/qvariant.h>
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
    // Runs under the scope, and throws after so long, or at once if that is 0.
    Q_INVOKABLE QCoro::QmlTask failUnder(QTimeoutScope *scope, int msecs);
    // A plain coroutine that handles what a run under the scope throws.
    Q_INVOKABLE QCoro::QmlTask recoverUnder(QTimeoutScope *scope, int msecs);
    Q_INVOKABLE QCoro::QmlTask variantUnder(QTimeoutScope *scope, int msecs);
    Q_INVOKABLE int asking() const { return m_asking; }
    Q_INVOKABLE QTimeoutScope *makeScope(int msecs);

private:
    QCoro::Task<QString> wait();

    int m_asking = 0;

Q_SIGNALS:
    void answered(const QString &answer, bool ok);
};

/*
    100, in all types of number that C++ has.
*/
class Numbers : public QObject
{
    Q_OBJECT
    Q_PROPERTY(double aDouble MEMBER m_double CONSTANT FINAL)
    Q_PROPERTY(float aFloat MEMBER m_float CONSTANT FINAL)
    Q_PROPERTY(int anInt MEMBER m_int CONSTANT FINAL)
    Q_PROPERTY(uint aUInt MEMBER m_uint CONSTANT FINAL)
    Q_PROPERTY(long aLong MEMBER m_long CONSTANT FINAL)
    Q_PROPERTY(ulong aULong MEMBER m_ulong CONSTANT FINAL)
    Q_PROPERTY(short aShort MEMBER m_short CONSTANT FINAL)
    Q_PROPERTY(ushort aUShort MEMBER m_ushort CONSTANT FINAL)
    Q_PROPERTY(char aChar MEMBER m_char CONSTANT FINAL)
    Q_PROPERTY(signed char anSChar MEMBER m_schar CONSTANT FINAL)
    Q_PROPERTY(uchar aUChar MEMBER m_uchar CONSTANT FINAL)
    Q_PROPERTY(qint64 aQInt64 MEMBER m_qint64 CONSTANT FINAL)
    Q_PROPERTY(quint64 aQUInt64 MEMBER m_quint64 CONSTANT FINAL)
    Q_PROPERTY(bool aBool MEMBER m_bool CONSTANT FINAL)
    QML_ELEMENT

public:
    using QObject::QObject;

    Q_INVOKABLE QVariant variant(const QString &name) const { return property(name.toUtf8()); }

private:
    double m_double = 100;
    float m_float = 100;
    int m_int = 100;
    uint m_uint = 100;
    long m_long = 100;
    ulong m_ulong = 100;
    short m_short = 100;
    ushort m_ushort = 100;
    char m_char = 100;
    signed char m_schar = 100;
    uchar m_uchar = 100;
    qint64 m_qint64 = 100;
    quint64 m_quint64 = 100;
    bool m_bool = true;
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
