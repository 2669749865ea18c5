// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTCANCELLED_H
#define QTIMEOUTCANCELLED_H

#include "../global/qtimeoutglobal.h"

class QTIMEOUT_EXPORT QTimeoutCancelled
{
};

#endif // QTIMEOUTCANCELLED_H
