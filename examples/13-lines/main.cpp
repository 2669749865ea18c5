// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 13: A line protocol over a socket and over a serial port, each answer under a deadline.
//
// A wait that is over leaves the device alone: the next question is asked over the same connection.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>

#ifdef HAS_SERIAL_PORT
#    include <QtCore/qfile.h>
#    include <QtCore/qsocketnotifier.h>
#    include <QtCore/qtemporarydir.h>
#    include <QtSerialPort/qserialport.h>

#    include <cstdlib>
#    include <fcntl.h>
#    include <unistd.h>
#endif

#include <chrono>
#include <cstdio>
#include <utility>

using namespace std::chrono_literals;

namespace {

//! [ask]
// Whatever has lines: a QTcpSocket, a QSerialPort, a QLocalSocket, a QProcess.
template<typename Device>
QCoro::Task<QByteArray> ask(QTimeoutScope &scope, Device *device, QByteArray question)
{
    device->write(question + '\n');
    bool isFine = true;
    while (isFine && !device->canReadLine())
        isFine = co_await QTimeout::waitForReadyRead(scope, device);
    co_return device->readLine().trimmed(); // empty if the other end has closed
}
//! [ask]

//! [talk]
template<typename Device>
QCoro::Task<> talk(QTimeoutScope &, Device *device)
{
    for (const char *question : {"name?", "secret?", "version?", "bye!"}) {
        const auto patience = question[0] == 's' ? 50ms : 30s;
        const auto answer = co_await QTimeout::tryRun(patience, &ask<Device>, device,
                                                      QByteArray(question));
        if (!answer)
            std::printf("%-8s is not answered in time\n", question);
        else if (answer->isEmpty())
            std::printf("%-8s closes\n", question);
        else
            std::printf("%-8s %s\n", question, answer->constData());
    }
}
//! [talk]

// What the other end says to a line, in two parts: nothing to what it does not know.
QByteArrayList answerTo(const QByteArray &question)
{
    if (question == "name?\n")
        return {"my name ", "is Echo\n"};
    if (question == "version?\n")
        return {"13\n"};
    return {};
}

QCoro::Task<> talkOverTcp(QTimeoutScope &scope)
{
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    const auto welcome = [&server] {
        QTcpSocket *peer = server.nextPendingConnection();
        QObject::connect(peer, &QTcpSocket::readyRead, peer, [peer] {
            while (peer->canReadLine()) {
                const QByteArray question = peer->readLine();
                for (const QByteArray &part : answerTo(question)) {
                    peer->write(part);
                    peer->flush();
                }
                if (question == "bye!\n")
                    peer->close();
            }
        });
    };
    QObject::connect(&server, &QTcpServer::newConnection, welcome);

    QTcpSocket socket;
    socket.connectToHost(server.serverAddress(), server.serverPort());
    const bool isConnected = co_await QTimeout::waitForConnected(scope, &socket);
    std::printf("over TCP (%s):\n", isConnected ? "connected" : "not connected");
    co_await talk(scope, &socket);
}

#ifdef HAS_SERIAL_PORT
// The other end of the line is a pseudo terminal.
QCoro::Task<> talkOverSerialPort(QTimeoutScope &scope)
{
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    ::grantpt(terminal);
    ::unlockpt(terminal);
    const QTemporaryDir folder; // for a name of its own, by which QSerialPort locks it
    const QString name = folder.filePath("line");
    QFile::link(QFile::decodeName(::ptsname(terminal)), name);
    QSerialPort port(name);
    const bool isOpen = port.open(QIODevice::ReadWrite);

    QSocketNotifier notifier(terminal, QSocketNotifier::Read);
    QByteArray received;
    const auto reply = [terminal, &notifier, &received] {
        char data[64];
        const auto size = ::read(terminal, data, sizeof(data));
        received.append(data, qsizetype(size));
        if (!received.endsWith('\n'))
            return;
        const QByteArray question = std::exchange(received, QByteArray());
        // Not every version of QSerialPort tells that the other end hangs up.
        const QByteArrayList answer = question == "bye!\n" ? QByteArrayList{"good bye\n"}
                                                           : answerTo(question);
        for (const QByteArray &part : answer) {
            if (::write(terminal, part.constData(), size_t(part.size())) < 0)
                std::perror("13-lines");
        }
    };
    QObject::connect(&notifier, &QSocketNotifier::activated, reply);
    std::printf("over a serial port (%s):\n", isOpen ? "open" : "not open");
    co_await talk(scope, &port);
    ::close(terminal);
}
#endif

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QTimeout::waitFor(2min, &talkOverTcp);
#ifdef HAS_SERIAL_PORT
    QTimeout::waitFor(2min, &talkOverSerialPort);
#endif
    return 0;
}
