// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef GENERATOR_H
#define GENERATOR_H

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearraylist.h>

#include <random>

/*
    Makes up programs.
*/
class Generator
{
public:
    explicit Generator(unsigned seed) : m_random(seed) {}

    QByteArray program();

private:
    int below(int count) { return std::uniform_int_distribution<int>(0, count - 1)(m_random); }
    QByteArray oneOf(const QByteArrayList &list) { return list[below(int(list.size()))]; }
    QByteArray newGate();
    QByteArray newJob();
    QByteArray callee(const QByteArray &caller, bool hasScope);
    QByteArray step(const QByteArray &caller);
    QByteArray awaiting(const QByteArray &caller);
    QByteArray steps(const QByteArray &caller, int count);
    QByteArray coroutine(const QByteArray &name);
    QByteArray event();

    std::mt19937 m_random;
    QByteArrayList m_gates;
    QByteArrayList m_jobs;
    QByteArrayList m_scopes;
    QByteArrayList m_own;
    QByteArrayList m_called;
};

#endif // GENERATOR_H
