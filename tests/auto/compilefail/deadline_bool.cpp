// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: deleted

void start(QTimeoutScope &scope)
{
    scope.start(true);
}
