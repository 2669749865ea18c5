// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "interrupt.h"

#include <QtCore/qsocketnotifier.h>

#include <cerrno>
#include <csignal>

#include <sys/socket.h>
#include <unistd.h>

namespace {

// A signal handler may do little more than write to a file: the event loop reads from the other end.
int ends[2] = {-1, -1};

void handleSignal(int)
{
    const int error = errno;
    const char byte = 0;
    [[maybe_unused]] const ssize_t written = ::write(ends[0], &byte, sizeof byte);
    errno = error;
}

void setHandler(void (*handler)(int))
{
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM})
        ::sigaction(signal, &action, nullptr);
}

} // namespace

Interrupt::Interrupt(QObject *parent) : QObject(parent)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        qFatal("Interrupt: cannot make a socket pair");
    auto *notifier = new QSocketNotifier(ends[1], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, [this] {
        char byte = 0;
        [[maybe_unused]] const ssize_t count = ::read(ends[1], &byte, sizeof byte);
        m_hasCome = true;
        Q_EMIT came();
    });
    setHandler(handleSignal);
}

Interrupt::~Interrupt()
{
    setHandler(SIG_DFL);
    ::close(ends[0]);
    ::close(ends[1]);
}
