// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTGLOBAL_H
#define QTIMEOUTGLOBAL_H

#include <QTimeout/global/qtimeoutversion.h>

#include <QtCore/qglobal.h>

#if defined(QTIMEOUT_STATIC)
#    define QTIMEOUT_EXPORT
#    define QTIMEOUT_QML_EXPORT
#    define QTIMEOUT_TEST_EXPORT
#else
#    if defined(QTIMEOUT_CORE_LIBRARY)
#        define QTIMEOUT_EXPORT Q_DECL_EXPORT
#    else
#        define QTIMEOUT_EXPORT Q_DECL_IMPORT
#    endif
#    if defined(QTIMEOUT_QML_LIBRARY)
#        define QTIMEOUT_QML_EXPORT Q_DECL_EXPORT
#    else
#        define QTIMEOUT_QML_EXPORT Q_DECL_IMPORT
#    endif
#    if defined(QTIMEOUT_TEST_LIBRARY)
#        define QTIMEOUT_TEST_EXPORT Q_DECL_EXPORT
#    else
#        define QTIMEOUT_TEST_EXPORT Q_DECL_IMPORT
#    endif
#endif

#endif // QTIMEOUTGLOBAL_H
