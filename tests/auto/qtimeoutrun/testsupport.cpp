// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#ifdef Q_CC_CLANG
#    include <QtCore/qprocess.h>

/*
    A QCoro that g++ built has a table of the types of QProcess::finished() whose builtin types are constants; it
    initialises only the others. clang initialises all at run time. A program that has the table too, since it connects
    that signal, replaces QCoro's: it must be the first to use it, or QCoro's queued connection to the signal crashes.
*/
[[maybe_unused]] static const int *const s_typesOfFinished =
        QtPrivate::ConnectionTypes<QtPrivate::List<int, QProcess::ExitStatus>>::types();
#endif
