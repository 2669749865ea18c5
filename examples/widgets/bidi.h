// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef BIDI_H
#define BIDI_H

#include <QtCore/qstring.h>

/*
    The text with its own direction, for a button, a bar and a spin box. These give their texts the direction of the
    layout: from right to left, "+5 s" would become "s 5+".
*/
QString isolated(const QString &text);

// What stands before and after such a text.
QString isolateBegin();
QString isolateEnd();

// Where lines begin. Labels and spin boxes go by the direction of the text otherwise.
Qt::Alignment leadingEdge();

#endif // BIDI_H
