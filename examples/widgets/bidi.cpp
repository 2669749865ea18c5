// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "bidi.h"

#include <QtGui/qguiapplication.h>

static QString ifMirrored(char16_t character)
{
    return QGuiApplication::isRightToLeft() ? QString(QChar(character)) : QString();
}

QString isolateBegin()
{
    constexpr char16_t FirstStrongIsolate = 0x2068;
    return ifMirrored(FirstStrongIsolate);
}

QString isolateEnd()
{
    constexpr char16_t PopDirectionalIsolate = 0x2069;
    return ifMirrored(PopDirectionalIsolate);
}

QString isolated(const QString &text)
{
    return text.isEmpty() ? text : isolateBegin() + text + isolateEnd();
}

Qt::Alignment leadingEdge()
{
    return Qt::AlignAbsolute | (QGuiApplication::isRightToLeft() ? Qt::AlignRight : Qt::AlignLeft);
}
