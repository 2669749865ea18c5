// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DURATION_H
#define DURATION_H

#include <QtCore/qstring.h>

#include <chrono>
#include <optional>

// "1500ms", "1.5s", "2m" or "1h"; otherwise nothing, and in *error what is wrong.
std::optional<std::chrono::milliseconds> parseDuration(const QString &text, QString *error);

// The shortest such text, "1.5s" for 1500ms.
QString formatDuration(std::chrono::milliseconds duration);

#endif // DURATION_H
