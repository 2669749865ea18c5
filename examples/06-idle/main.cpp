// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 06: An idle timeout.
//
// Whenever something has come the idle time begins anew. However long the whole takes, up to the deadline of an hour, it
// ends when nothing has come for five seconds. With signals and slots it is one line:
//
//     connect(reply, &QNetworkReply::readyRead, scope, &QTimeoutScope::touch);

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QtCore/qcoreapplication.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

namespace {

//! [idle]
QCoro::Task<> listen(QTimeoutScope &scope)
{
    scope.setIdleTimeout(5s);
    for (const std::chrono::seconds pause : {1s, 4s, 2s, 4s, 3600s}) {
        co_await QTimeout::sleepFor(pause); // stands for the next message
        std::printf("a message, %d s after the one before\n", int(pause.count()));
        scope.touch();
    }
}
//! [idle]

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    QTimeoutTestClock clock; // nobody has to sit through these seconds: see 09
    clock.setAutoAdvance(true);
    try {
        QTimeout::waitFor(1h, &listen);
    } catch (const QTimeoutError &) {
        const auto elapsed = std::chrono::round<std::chrono::seconds>(clock.elapsed());
        std::printf("nothing for 5 s: timed out after %d s in all\n", int(elapsed.count()));
    }
    return 0;
}
