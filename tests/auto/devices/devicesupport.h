// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the tests of devices share: their waits, and devices of a program's own.

#ifndef DEVICESUPPORT_H
#define DEVICESUPPORT_H

#include "testsupport.h"

#include <QtCore/qeventloop.h>
#include <QtCore/qiodevice.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <cstring>

using namespace std::chrono_literals;

// Generous, for a busy machine: only a test that fails waits as long.
inline constexpr int Patience = 20000;

// As many turns as anything can take whose time has come.
inline void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
}

// It has ended so already, or does so with what comes through the event loop.
#define VERIFY_RESULT(observed, result) \
    do { \
        QTRY_COMPARE_WITH_TIMEOUT((observed)->end, End::Returned, Patience); \
        QCOMPARE((observed)->value, std::optional(result)); \
    } while (false)

/*
    A device whose other end is the test.
*/
class Wire : public QIODevice
{
    Q_OBJECT

public:
    explicit Wire(OpenMode mode = ReadWrite) { open(mode | Unbuffered); }

    bool isSequential() const override { return true; }
    qint64 bytesAvailable() const override { return m_received.size(); }
    qint64 bytesToWrite() const override { return m_toWrite; }
    bool canReadLine() const override { return m_received.contains('\n'); }

    void receive(const QByteArray &data)
    {
        m_received += data;
        Q_EMIT readyRead();
    }
    void transmit()
    {
        const qint64 bytes = std::exchange(m_toWrite, 0);
        Q_EMIT bytesWritten(bytes);
    }
    // QTimeoutAbort would call it.
    void abort() { ++aborts; }

    int aborts = 0;

protected:
    qint64 readData(char *data, qint64 maxSize) override
    {
        const auto size = qsizetype(std::min(maxSize, qint64(m_received.size())));
        std::memcpy(data, m_received.constData(), size_t(size));
        m_received.remove(0, size);
        return size;
    }
    qint64 writeData(const char *, qint64 size) override
    {
        m_toWrite += size;
        return size;
    }

private:
    QByteArray m_received;
    qint64 m_toWrite = 0;
};

/*
    Has what a socket has, without being a device or anything else of Qt's.
*/
class Link : public QObject
{
    Q_OBJECT

public:
    enum State { UnconnectedState, ConnectingState, ConnectedState, ClosingState };
    Q_ENUM(State)
    enum Error { NoError, RefusedError };

    explicit Link(State state = UnconnectedState) : m_state(state) {}

    State state() const { return m_state; }
    qint64 bytesToWrite() const { return toWrite; }
    // As Qt's sockets do it.
    void setState(State state)
    {
        const State before = std::exchange(m_state, state);
        Q_EMIT stateChanged(state);
        if (state == ConnectedState)
            Q_EMIT connected();
        else if (state == UnconnectedState && before != ConnectingState)
            Q_EMIT disconnected();
    }

    qint64 toWrite = 0;

Q_SIGNALS:
    void connected();
    void disconnected();
    void stateChanged(Link::State state);
    void errorOccurred(Link::Error error);
    void readyRead();
    void bytesWritten(qint64 bytes);

private:
    State m_state;
};

/*
    Has what a process has.
*/
class Job : public QObject
{
    Q_OBJECT

public:
    enum class State { NotRunning, Starting, Running };

    explicit Job(State state = State::NotRunning) : m_state(state) {}

    State state() const { return m_state; }
    void setState(State state) { m_state = state; }

Q_SIGNALS:
    void started();
    void finished(int code);

private:
    State m_state;
};

/*
    Ends once, and says whether it has.
*/
class Transfer : public QObject
{
    Q_OBJECT

public:
    bool isFinished() const { return m_isFinished; }
    void finish()
    {
        m_isFinished = true;
        Q_EMIT finished();
    }

Q_SIGNALS:
    void finished();

private:
    bool m_isFinished = false;
};

/*
    Is not over while it has no connection.
*/
class Upload : public Link
{
    Q_OBJECT

public:
    static bool isFinished() { return false; }

Q_SIGNALS:
    void finished();
};

// A line, or what there is when no more comes.
template<typename Device>
QCoro::Task<QByteArray> readLine(QTimeoutScope &scope, Device *device, int *waits = nullptr)
{
    const Tracked local;
    while (!device->canReadLine()) {
        if (waits)
            ++*waits;
        const bool isReady = co_await QTimeout::waitForReadyRead(scope, device);
        if (!isReady)
            co_return device->readAll();
    }
    co_return device->readLine();
}

#endif // DEVICESUPPORT_H
