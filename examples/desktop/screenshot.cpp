// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "screenshot.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qtimer.h>

#include <chrono>

using namespace std::chrono_literals;

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
            const bool written = grab().save(fileName, "PNG", 0); // as small as possible
            if (!written)
                qWarning() << "The picture could not be written:" << fileName;
            QCoreApplication::exit(written ? 0 : 1);
        }
    });
    timer->start(150ms);
}
