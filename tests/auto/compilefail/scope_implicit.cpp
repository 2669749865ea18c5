// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutScope

// A scope is made on purpose.
void guard(const QTimeoutScope &);

void call()
{
    guard(1500ms);
}
