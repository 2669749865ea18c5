// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// All that the manual describes, for qdoc.

#ifndef QTIMEOUTDOCS_H
#define QTIMEOUTDOCS_H

#include <QTimeout>
#include <QTimeoutTestClock>

#endif // QTIMEOUTDOCS_H
