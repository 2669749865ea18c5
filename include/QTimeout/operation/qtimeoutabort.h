// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTABORT_H
#define QTIMEOUTABORT_H

#include "../global/qtimeoutglobal.h"

#include <QtCore/qobject.h>

template<typename T>
struct QTimeoutAbort
{
    static void abort(T &operation);
};

#include "qtimeoutabort_p.h"

#endif // QTIMEOUTABORT_H
