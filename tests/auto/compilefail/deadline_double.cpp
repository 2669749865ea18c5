// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: deleted

// Seconds or milliseconds?
void start(QTimeoutScope &scope)
{
    scope.start(1.5);
}
