// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DEMOPAGES_H
#define DEMOPAGES_H

#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <chrono>

struct DemoPage
{
    QString name; // for people
    QString target; // for the slow server
    std::chrono::milliseconds timeout;
};

QList<DemoPage> demoPages();

#endif // DEMOPAGES_H
