// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "screenshot.h"

#include "desktopoptions.h"

#include <QtCore/qbuffer.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qfile.h>
#include <QtCore/qtimer.h>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

// In memory first: libpng has words of its own about files that it cannot write.
static bool write(const QImage &picture, const QString &fileName)
{
    QBuffer png;
    constexpr int SmallestFile = 0;
    png.open(QIODevice::WriteOnly);
    picture.save(&png, "PNG", SmallestFile);

    QFile file(fileName);
    if (file.open(QIODevice::WriteOnly) && file.write(png.data()) == png.size() && file.flush())
        return true;
    std::fprintf(stderr, "%s\n", qPrintable(DesktopOptions::unwritable(file)));
    return false;
}

// Writes what \a grab gives to a file and ends the program, when the window shows something of each kind.
void takeScreenshot(const QString &fileName, const std::function<DownloadCounts()> &count,
                    const std::function<QImage()> &grab)
{
    constexpr auto Patience = 60s; // on a very busy machine
    auto *timer = new QTimer(QCoreApplication::instance());
    QElapsedTimer elapsed;
    elapsed.start();
    QObject::connect(timer, &QTimer::timeout, timer, [=] {
        if (elapsed.hasExpired(std::chrono::milliseconds(Patience).count())) {
            qWarning("There was nothing worth a picture.");
            QCoreApplication::exit(1);
        } else if (count().isWorthAPicture()) {
            timer->stop();
            QCoreApplication::exit(write(grab(), fileName) ? 0 : DesktopOptions::ErrorStatus);
        }
    });
    timer->start(150ms);
}
