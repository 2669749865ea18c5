// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// One page for each thing that can become of a download, see slowserver.cpp. Only the one that is to time out
// is short of time: the others come to their end on a slow machine too.

#include "demopages.h"

#include <QtCore/qcoreapplication.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

static QString tr(const char *text)
{
    return QCoreApplication::translate("DemoPages", text);
}

QList<DemoPage> demoPages()
{
    return {
            {tr(QT_TRANSLATE_NOOP("DemoPages", "News")), u"/slow?ms=900"_s, 15s},
            {tr(QT_TRANSLATE_NOOP("DemoPages", "Weather map")), u"/stall?bytes=2000"_s, 3s},
            {tr(QT_TRANSLATE_NOOP("DemoPages", "Radio archive")), u"/drip?bytes=40&ms=250"_s, 50s},
            {tr(QT_TRANSLATE_NOOP("DemoPages", "Timetable")), u"/never"_s, 40s},
            {tr(QT_TRANSLATE_NOOP("DemoPages", "Photo album")), u"/reset?bytes=9000"_s, 20s},
    };
}
