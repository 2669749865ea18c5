// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "duration.h"

#include <QtCore/qregularexpression.h>

#include <array>
#include <cmath>

using namespace Qt::StringLiterals;
using std::chrono::milliseconds;

namespace {

struct Unit
{
    QLatin1StringView name;
    milliseconds length;
};

constexpr std::array Units = {
        Unit{"ms"_L1, milliseconds(1)},
        Unit{"s"_L1, std::chrono::seconds(1)},
        Unit{"m"_L1, std::chrono::minutes(1)},
        Unit{"h"_L1, std::chrono::hours(1)},
};

// Short enough to be added to any point in time.
constexpr std::chrono::hours Longest(24 * 365);

} // namespace

std::optional<milliseconds> parseDuration(const QString &text, QString *error)
{
    static const QRegularExpression syntax(uR"(\A([-+]?)([0-9]+(?:\.[0-9]+)?)([a-z]*)\z)"_s);
    const auto fail = [&](QLatin1StringView what) {
        *error = "\"%1\" %2"_L1.arg(text, what);
        return std::nullopt;
    };

    const QRegularExpressionMatch match = syntax.match(text);
    if (!match.hasMatch())
        return fail("is no duration: write one like 1500ms, 1.5s or 2m"_L1);
    if (match.captured(1) == "-"_L1)
        return fail("is negative: a duration must be longer than zero"_L1);
    if (match.captured(3).isEmpty())
        return fail("has no unit: write a duration like 1500ms, 1.5s or 2m"_L1);
    for (const Unit &unit : Units) {
        if (match.captured(3) != unit.name)
            continue;
        const double value = match.captured(2).toDouble() * double(unit.length.count());
        if (value > double(milliseconds(Longest).count()))
            return fail("is too long: a year is the most"_L1);
        if (value < 1)
            return fail("is too short: a millisecond is the least"_L1);
        return milliseconds(std::llround(value));
    }
    return fail("has an unknown unit: take one of ms, s, m and h"_L1);
}

QString formatDuration(milliseconds duration)
{
    // The largest unit of which it takes a number with one decimal at most.
    Unit best = Units.front();
    for (const Unit &unit : Units) {
        if (duration >= unit.length && (duration * 10) % unit.length == milliseconds(0))
            best = unit;
    }
    return QString::number(double(duration.count()) / double(best.length.count())) + best.name;
}
