// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 05: A retry with a total deadline.
//
// Each attempt has its own deadline, all together have another one. The loop does not look at the time:
// the outer deadline interrupts it wherever it is, in an attempt or in a pause.

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/qcoreapplication.h>

#include <chrono>
#include <cstdio>
#include <optional>

using namespace std::chrono_literals;

namespace {

// Answers the attempt of that number, and no other.
class Server
{
public:
    explicit Server(int answered) : m_answered(answered) {}

    QCoro::Task<int> ask(QTimeoutScope &)
    {
        ++m_attempts;
        co_await QTimeout::sleepFor(m_attempts == m_answered ? 100ms : 1h);
        co_return m_attempts;
    }

private:
    int m_attempts = 0;
    const int m_answered;
};

//! [retry]
QCoro::Task<int> askUntilAnswered(QTimeoutScope &total, Server *server)
{
    for (std::chrono::seconds pause = 1s;; pause *= 2) {
        if (const auto answer = co_await QTimeout::tryRun(2s, &Server::ask, server))
            co_return *answer;
        const auto left = std::chrono::floor<std::chrono::seconds>(total.remainingTime());
        std::printf("no answer in 2 s; %d s are left\n", int(left.count()));
        co_await QTimeout::sleepFor(pause);
    }
}
//! [retry]

void ask(Server server)
{
    try {
        const int attempts = QTimeout::waitFor(10s, &askUntilAnswered, &server);
        std::printf("answered at attempt %d\n", attempts);
    } catch (const QTimeoutError &) {
        std::puts("given up after 10 s");
    }
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QTimeoutTestClock clock; // nobody has to sit through these seconds: see 09
    clock.setAutoAdvance(true);
    ask(Server(3));
    ask(Server(100));
    return 0;
}
