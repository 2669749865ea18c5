// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QCoroSignal>
#include <QTimeout>

#include <QtCore/qscopeguard.h>

#include <stdexcept>

void TestClock::advance(double msecs)
{
    const std::chrono::duration<double, std::milli> by(msecs);
    m_clock.advance(std::chrono::ceil<std::chrono::nanoseconds>(by));
}

void Job::abort()
{
    ++m_aborts;
    Q_EMIT abortsChanged();
}

int Canceller::cancel()
{
    ++m_cancels;
    Q_EMIT cancelsChanged();
    return m_cancels;
}

Backend::~Backend() = default;

QCoro::Task<QString> Backend::wait()
{
    ++m_asking;
    const QPointer<Backend> self(this);
    const auto done = qScopeGuard([self] {
        if (self)
            --self->m_asking;
    });
    auto answer = QTimeout::run(QDeadlineTimer::Forever, this, &Backend::answered);
    const std::tuple<QString, bool> result = co_await answer;
    if (!std::get<1>(result))
        throw std::runtime_error("failed");
    co_return std::get<0>(result);
}

QCoro::QmlTask Backend::ask()
{
    return wait();
}

void Backend::answer(const QString &answer)
{
    Q_EMIT answered(answer, true);
}

void Backend::fail()
{
    Q_EMIT answered({}, false);
}

QCoro::QmlTask Backend::sleep(int msecs)
{
    return QTimeout::sleepFor(std::chrono::milliseconds(msecs));
}

QCoro::QmlTask Backend::sleepUnder(QTimeoutScope *scope, int msecs)
{
    return scope->run(QTimeout::sleepFor(std::chrono::milliseconds(msecs)));
}

QTimeoutScope *Backend::makeScope(int msecs)
{
    return new QTimeoutScope(std::chrono::milliseconds(msecs), this);
}

Server::Server(QObject *parent) : QObject(parent)
{
    if (!m_server.listen())
        qFatal("%s", qPrintable(m_server.errorString()));
}

QString Server::url(const QString &target) const
{
    return m_server.url(target).toString();
}
