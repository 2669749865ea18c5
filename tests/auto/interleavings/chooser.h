// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef CHOOSER_H
#define CHOOSER_H

#include "random.h"

#include <QtCore/qbytearraylist.h>

#include <optional>
#include <vector>

/*
    Takes the choices of one run: those that are given, and then the first of each, or at random.
    So the choices that were taken describe the run completely.
*/
class Chooser
{
public:
    explicit Chooser(std::vector<int> given) : m_given(std::move(given)) {}
    explicit Chooser(unsigned seed) : m_random(seed), m_seed(seed) {}

    // The first is mostly taken.
    int chooseRarely(int count) { return choose(count, 5); }

    // Takes the first, but one time in so many any of them.
    int choose(int count, int rarity = 1)
    {
        if (count <= 1)
            return 0;
        const size_t index = m_taken.size();
        int choice = 0;
        if (index < m_given.size())
            choice = m_given[index] < count ? m_given[index] : 0;
        else if (m_random && m_random->below(rarity) == 0)
            choice = m_random->below(count);
        m_taken.push_back(choice);
        m_counts.push_back(count);
        return choice;
    }
    // What it was made with, or "seed N".
    QByteArray origin() const;

    // The run after this one, in the order of all runs; empty if this was the last.
    std::optional<std::vector<int>> next() const
    {
        for (size_t i = m_taken.size(); i-- > 0;) {
            if (m_taken[i] + 1 < m_counts[i]) {
                std::vector<int> result(m_taken.begin(), m_taken.begin() + ptrdiff_t(i));
                result.push_back(m_taken[i] + 1);
                return result;
            }
        }
        return std::nullopt;
    }

    const std::vector<int> &taken() const { return m_taken; }

private:
    std::vector<int> m_given;
    std::optional<Random> m_random;
    unsigned m_seed = 0;
    std::vector<int> m_taken;
    std::vector<int> m_counts;
};

inline QByteArray toText(const std::vector<int> &choices)
{
    QByteArray result;
    for (int choice : choices)
        result += (result.isEmpty() ? "" : ",") + QByteArray::number(choice);
    return result;
}

inline std::vector<int> toChoices(const QByteArray &text)
{
    std::vector<int> result;
    for (const QByteArray &choice : text.split(','))
        result.push_back(choice.toInt());
    return result;
}

inline QByteArray Chooser::origin() const
{
    return m_random ? "seed " + QByteArray::number(m_seed) : toText(m_given);
}

#endif // CHOOSER_H
