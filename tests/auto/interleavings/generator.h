// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef GENERATOR_H
#define GENERATOR_H

#include "random.h"

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearraylist.h>
#include <QtCore/qlist.h>

#include <utility>

/*
    Makes up programs.
*/
class Generator
{
public:
    explicit Generator(unsigned seed) : m_random(seed) {}

    QByteArray program();

private:
    int below(int count) { return m_random.below(count); }
    QByteArray oneOf(const QByteArrayList &list) { return list[below(int(list.size()))]; }
    QByteArray oneOfEach(const QByteArrayList &first, const QByteArrayList &second);
    QByteArray newGate();
    QByteArray newJob();
    QByteArray oneJob();
    QByteArray callee(const QByteArray &caller, bool hasScope);
    QByteArray step(const QByteArray &caller);
    QByteArray awaiting(const QByteArray &caller);
    QByteArray shielded(const QByteArray &caller);
    QByteArray named(const QByteArray &caller);
    QByteArray awaitable(const QByteArray &caller);
    QByteArray steps(const QByteArray &caller, int count);
    QByteArray coroutine(const QByteArray &name);
    QByteArray event();

    Random m_random;
    QByteArrayList m_gates;
    QByteArrayList m_jobs;
    QByteArrayList m_scopes;
    QByteArrayList m_own;
    QByteArrayList m_called;
    QList<std::pair<QByteArray, QByteArray>> m_named; // tasks, and the coroutines that they call
};

#endif // GENERATOR_H
