// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 07: A scope as a member, which ends the coroutines of a window with the window.
//
// The coroutines of a window use its members. The scope is the last member that is declared and thus the
// first that is destroyed, and its destructor aborts what runs under it, while everything else is still
// there.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qobject.h>

#include <cstdio>
#include <memory>

using namespace std::chrono_literals;

namespace {

//! [window]
class Window : public QObject
{
public:
    void open()
    {
        load(m_scope, "messages");
        load(m_scope, "pictures");
    }

private:
    QCoro::Task<> load(QTimeoutScope &, const char *what);

    int m_loading = 0;
    QTimeoutScope m_scope{QDeadlineTimer::Forever}; // last: the coroutines use what is above
};
//! [window]

QCoro::Task<> Window::load(QTimeoutScope &, const char *what)
{
    std::printf("loading %s, %d in all\n", what, ++m_loading);
    try {
        co_await QTimeout::sleepFor(1h);
    } catch (const QTimeoutCancelled &) {
        std::printf("no longer loading %s, %d left\n", what, --m_loading);
        throw;
    }
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    auto window = std::make_unique<Window>();
    window->open();
    QTimeout::waitFor(1min, QTimeout::sleepFor(50ms)); // somebody looks at it
    window.reset();
    std::puts("the window is closed");
    return 0;
}
