// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef SCREENSHOT_H
#define SCREENSHOT_H

#include <QtCore/qstring.h>
#include <QtGui/qimage.h>

#include <functional>

// How many of the downloads have come to which end.
struct DownloadCounts
{
    int running = 0;
    int timedOut = 0;
    int done = 0;
    int others = 0;

    bool isWorthAPicture() const { return running > 0 && timedOut > 0 && done > 0; }
};

void takeScreenshot(const QString &fileName, const std::function<DownloadCounts()> &count,
                    const std::function<QImage()> &grab);

#endif // SCREENSHOT_H
