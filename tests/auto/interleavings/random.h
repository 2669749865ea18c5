// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef RANDOM_H
#define RANDOM_H

#include <QtCore/qglobal.h>

#include <random>

/*
    A seed gives the same numbers everywhere, which the standard's distributions do not promise. Whoever
    draws twice does so in two statements, since the compiler chooses the order within an expression.
*/
class Random
{
public:
    explicit Random(unsigned seed) : m_engine(seed) {}

    int below(int count) { return int((quint64(m_engine()) * quint64(count)) >> 32); }

private:
    std::mt19937 m_engine;
};

#endif // RANDOM_H
