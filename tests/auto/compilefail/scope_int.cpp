// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: deleted

// Who reads this takes it for a parent that is null or for seconds.
QTimeoutScope scope(1500);
