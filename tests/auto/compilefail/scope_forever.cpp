// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: Forever is a number to Qt 6.4, but not to a scope.
QTimeoutScope scope(QDeadlineTimer::Forever);
QTimeoutScope *nested = new QTimeoutScope(QDeadlineTimer::Forever, &scope);
