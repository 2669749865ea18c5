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

static QCoro::Task<int> failAfter(QTimeoutScope &scope, int msecs)
{
    Q_UNUSED(scope)
    if (msecs > 0)
        co_await QTimeout::sleepFor(std::chrono::milliseconds(msecs));
    throw std::runtime_error("the disk is full");
}

static QCoro::Task<QVariant> failWithVariant(QTimeoutScope &scope, int msecs)
{
    co_return co_await failAfter(scope, msecs);
}

static QCoro::Task<QString> recover(QTimeoutScope *scope, int msecs)
{
    auto task = scope->run(&failAfter, msecs);
    try {
        co_await task;
    } catch (const std::runtime_error &) {
        // is not fatal
    }
    co_await QTimeout::sleepFor(std::chrono::milliseconds(msecs));
    co_return QStringLiteral("recovered");
}

QCoro::QmlTask Backend::failUnder(QTimeoutScope *scope, int msecs)
{
    return scope->run(&failAfter, msecs);
}

QCoro::QmlTask Backend::recoverUnder(QTimeoutScope *scope, int msecs)
{
    return recover(scope, msecs);
}

QCoro::QmlTask Backend::variantUnder(QTimeoutScope *scope, int msecs)
{
    return scope->run(&failWithVariant, msecs);
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
