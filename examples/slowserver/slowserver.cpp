// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// SlowServer: an HTTP/1.1 server on the loopback interface that misbehaves on request.
//
//     SlowServer server;
//     server.listen();
//     QNetworkReply *reply = manager.get(QNetworkRequest(server.url("/slow?ms=300")));
//
// The path says what happens (the values shown are the defaults):
//
//     /good?bytes=4096             answers at once
//     /slow?ms=1000                waits, then answers
//     /drip?bytes=20&ms=100        promises so many bytes, and sends one every so many milliseconds;
//                                  more at a time with chunk=C
//     /stall?bytes=1000            headers and so many bytes of twice as many, then nothing, for ever
//     /reset?bytes=1000            headers and so many bytes of twice as many, then resets the connection
//     /never                       reads the request and never answers
//     /status?code=503             answers with that status
//     /flaky?fail=1                answers 503 the first times, and well from then on; how=reset resets
//                                  the connection instead; counted for each key=K, or each query if
//                                  there is none
//     /redirect?to=/good           sends the client there
//     /large?bytes=10000000        as fast as the client reads
//
// ms=N delays any of them, and everything else is a 404. What the signals and url() call a target is the
// path with its query. requestReceived() is emitted when a request has been read and before it is
// answered; connectionClosed() when the client has gone away from a request before it had all of the
// answer: so an abort is known to have reached the network.
//
// Once it listens, url() and the counters may be asked from any thread. The signals are emitted by the
// thread that the server lives in, see SlowServerThread for one of its own. It may be deleted with connections
// open, but by none of its own signals' slots: use deleteLater() there.

#include "slowserver.h"

#include <QtCore/qtimer.h>
#include <QtCore/qurlquery.h>
#include <QtNetwork/qtcpsocket.h>

#include <chrono>
#include <utility>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <sys/socket.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr qint64 HighWaterMark = 256 * 1024;
constexpr qsizetype LongestHead = 64 * 1024;

// Everything that can go wrong with an answer, in one description.
struct Page
{
    enum End { KeepAlive, Silence, Reset };

    int status = 200;
    qint64 promised = 4096; // what Content-Length says
    qint64 sent = -1; // what comes of it; -1: all
    qint64 chunk = 64 * 1024;
    std::chrono::milliseconds delay = 0ms; // before the headers
    std::chrono::milliseconds interval = 0ms; // before each chunk
    End end = KeepAlive;
    bool answered = true;
    QByteArray location;
};

qint64 number(const QUrlQuery &query, const QString &key, qint64 defaultValue)
{
    bool ok = false;
    const qint64 value = query.queryItemValue(key).toLongLong(&ok);
    return ok && value >= 0 ? value : defaultValue;
}

Page brokenPage(qint64 bytes, Page::End end)
{
    Page page;
    page.promised = 2 * bytes;
    page.sent = bytes;
    page.end = end;
    return page;
}

Page statusPage(qint64 status)
{
    Page page;
    page.status = static_cast<int>(status);
    page.promised = 0;
    return page;
}

Page pageFor(const QUrl &url, QHash<QString, int> *failures)
{
    const QString path = url.path();
    const QUrlQuery query(url);
    Page page;
    if (path == "/good"_L1) {
        page.promised = number(query, "bytes"_L1, 4096);
    } else if (path == "/slow"_L1) {
        page.delay = 1000ms;
    } else if (path == "/drip"_L1) {
        page.promised = number(query, "bytes"_L1, 20);
        page.chunk = qMax<qint64>(1, number(query, "chunk"_L1, 1));
        page.interval = std::chrono::milliseconds(number(query, "ms"_L1, 100));
        return page;
    } else if (path == "/stall"_L1) {
        page = brokenPage(number(query, "bytes"_L1, 1000), Page::Silence);
    } else if (path == "/reset"_L1) {
        page = brokenPage(number(query, "bytes"_L1, 1000), Page::Reset);
    } else if (path == "/never"_L1) {
        page.answered = false;
    } else if (path == "/status"_L1) {
        page = statusPage(number(query, "code"_L1, 503));
    } else if (path == "/flaky"_L1) {
        const QString key = query.hasQueryItem("key"_L1) ? query.queryItemValue("key"_L1)
                                                         : url.query();
        if ((*failures)[key]++ < number(query, "fail"_L1, 1)) {
            page = query.queryItemValue("how"_L1) == "reset"_L1 ? brokenPage(1000, Page::Reset)
                                                                : statusPage(503);
        }
    } else if (path == "/redirect"_L1) {
        page = statusPage(302);
        page.location = query.hasQueryItem("to"_L1) ? query.queryItemValue("to"_L1).toLatin1()
                                                    : QByteArray("/good");
    } else if (path == "/large"_L1) {
        page.promised = number(query, "bytes"_L1, 10'000'000);
    } else {
        page = statusPage(404);
    }
    page.delay = std::chrono::milliseconds(number(query, "ms"_L1, page.delay.count()));
    return page;
}

QByteArray reasonPhrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 302:
        return "Found";
    case 404:
        return "Not Found";
    case 503:
        return "Service Unavailable";
    default:
        return "Status";
    }
}

// Closing a socket that lingers for no time sends RST instead of FIN.
void resetConnection(QTcpSocket *socket)
{
    linger hard = {};
    hard.l_onoff = 1;
    setsockopt(
#ifdef Q_OS_WIN
            static_cast<SOCKET>(socket->socketDescriptor()),
#else
            static_cast<int>(socket->socketDescriptor()),
#endif
            SOL_SOCKET, SO_LINGER, reinterpret_cast<const char *>(&hard), sizeof hard);
    socket->abort();
}

} // namespace

class SlowServer::Connection : public QObject
{
public:
    Connection(QTcpSocket *socket, SlowServer *server);
    ~Connection() override;

private:
    enum State { ReadingHead, ReadingBody, Answering };

    void read();
    bool readHead();
    void startAnswer();
    void sendHead();
    void sendBody();
    void endAnswer();
    void clientGone();

    SlowServer *m_server;
    QTcpSocket *m_socket;
    QTimer m_timer;
    State m_state = ReadingHead;
    QByteArray m_head;
    QByteArray m_method;
    QByteArray m_target;
    qint64 m_bodyLeft = 0; // of the request
    qint64 m_answerLeft = 0;
    bool m_close = false; // after this answer
    bool m_headSent = false;
    Page m_page;
};

SlowServer::Connection::Connection(QTcpSocket *socket, SlowServer *server)
    : QObject(&server->m_listener), m_server(server), m_socket(socket), m_timer(this)
{
    ++m_server->m_openConnections;
    socket->setParent(this);
    socket->setReadBufferSize(LongestHead);
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, [this] { m_headSent ? sendBody() : sendHead(); });
    connect(socket, &QTcpSocket::readyRead, this, &Connection::read);
    connect(socket, &QTcpSocket::bytesWritten, this, [this] {
        if (m_headSent && !m_timer.isActive())
            sendBody();
    });
    connect(socket, &QTcpSocket::disconnected, this, &Connection::clientGone);
    if (socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(
                this, [this] { read(); }, Qt::QueuedConnection);
}

SlowServer::Connection::~Connection()
{
    m_socket->disconnect(this);
    --m_server->m_openConnections;
}

void SlowServer::Connection::read()
{
    if (m_state == ReadingHead && !readHead())
        return;
    if (m_state == ReadingBody) {
        m_bodyLeft -= m_socket->skip(qMin(m_bodyLeft, m_socket->bytesAvailable()));
        if (m_bodyLeft == 0)
            startAnswer();
    }
}

bool SlowServer::Connection::readHead()
{
    while (!m_head.endsWith("\r\n\r\n")) {
        if (!m_socket->canReadLine() || m_head.size() > LongestHead) {
            if (m_head.size() + m_socket->bytesAvailable() >= LongestHead)
                m_socket->abort();
            return false;
        }
        m_head += m_socket->readLine();
    }

    const QList<QByteArray> lines = std::exchange(m_head, {}).split('\n');
    const QList<QByteArray> request = lines.first().trimmed().split(' ');
    if (request.size() != 3 || !request.at(1).startsWith('/')) {
        m_socket->abort();
        return false;
    }
    m_method = request.at(0);
    m_target = request.at(1);
    m_bodyLeft = 0;
    m_close = false;
    for (const QByteArray &line : lines) {
        const qsizetype colon = line.indexOf(':');
        const QByteArray name = line.first(qMax<qsizetype>(0, colon)).toLower();
        const QByteArray value = line.sliced(colon + 1).trimmed();
        if (name == "content-length")
            m_bodyLeft = qMax<qint64>(0, value.toLongLong());
        else if (name == "connection")
            m_close = value.toLower() == "close";
    }
    m_state = ReadingBody;
    return true;
}

void SlowServer::Connection::startAnswer()
{
    const QUrl url = QUrl::fromEncoded("http://localhost" + m_target);
    m_state = Answering;
    m_headSent = false;
    m_page = pageFor(url, &m_server->m_failures);
    m_answerLeft = m_page.sent < 0 ? m_page.promised : m_page.sent;
    if (m_method == "HEAD")
        m_answerLeft = 0;
    if (m_page.answered)
        m_timer.start(m_page.delay);
    ++m_server->m_requestCount;
    Q_EMIT m_server->requestReceived(QString::fromLatin1(m_target));
}

void SlowServer::Connection::sendHead()
{
    QByteArray head = "HTTP/1.1 " + QByteArray::number(m_page.status) + ' '
            + reasonPhrase(m_page.status) + "\r\nContent-Type: text/plain\r\nContent-Length: "
            + QByteArray::number(m_page.promised) + "\r\n";
    if (!m_page.location.isEmpty())
        head += "Location: " + m_page.location + "\r\n";
    if (m_close)
        head += "Connection: close\r\n";
    m_socket->write(head + "\r\n");
    m_headSent = true;
    if (m_page.interval > 0ms && m_answerLeft > 0)
        m_timer.start(m_page.interval);
    else
        sendBody();
}

void SlowServer::Connection::sendBody()
{
    while (m_answerLeft > 0 && m_socket->bytesToWrite() < HighWaterMark) {
        const qint64 size = qMin(m_answerLeft, m_page.chunk);
        m_socket->write(QByteArray(static_cast<qsizetype>(size), 'x'));
        m_answerLeft -= size;
        if (m_page.interval > 0ms && m_answerLeft > 0) {
            m_timer.start(m_page.interval);
            return;
        }
    }
    if (m_answerLeft == 0 && m_socket->bytesToWrite() == 0)
        endAnswer();
}

void SlowServer::Connection::endAnswer()
{
    if (m_page.end == Page::Silence)
        return;
    m_state = ReadingHead;
    m_headSent = false;
    if (m_page.end == Page::Reset)
        resetConnection(m_socket);
    else if (m_close)
        m_socket->disconnectFromHost();
    else
        read();
}

void SlowServer::Connection::clientGone()
{
    m_timer.stop();
    deleteLater();
    if (std::exchange(m_state, ReadingHead) == Answering)
        Q_EMIT m_server->connectionClosed(QString::fromLatin1(m_target));
}

SlowServer::SlowServer(QObject *parent) : QObject(parent), m_listener(this)
{
    connect(&m_listener, &QTcpServer::newConnection, this, [this] {
        while (QTcpSocket *socket = m_listener.nextPendingConnection())
            new Connection(socket, this);
    });
}

SlowServer::~SlowServer() = default;

bool SlowServer::listen()
{
    if (!m_listener.listen(QHostAddress::LocalHost))
        return false;
    m_port = m_listener.serverPort();
    return true;
}

QString SlowServer::errorString() const
{
    return m_listener.errorString();
}

quint16 SlowServer::port() const
{
    return m_port;
}

QUrl SlowServer::url(const QString &target) const
{
    return QUrl("http://127.0.0.1:%1%2"_L1.arg(QString::number(m_port), target));
}

int SlowServer::requestCount() const
{
    return m_requestCount;
}

int SlowServer::openConnections() const
{
    return m_openConnections;
}
