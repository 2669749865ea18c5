// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef PROGRESS_H
#define PROGRESS_H

#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qtimer.h>

class Fetcher;
struct Transfer;

// Shows on stderr how the transfers get on: on a terminal as a live display, elsewhere line by line.
class Progress : public QObject
{
    Q_OBJECT

public:
    explicit Progress(const Fetcher *fetcher, QObject *parent = nullptr);

    void finish(); // takes the live display away

private:
    void printLine(const Transfer &transfer);
    void redraw();
    QString takeRowsAway();

    const Fetcher *m_fetcher;
    QTimer m_timer;
    int m_rows = 0; // on the screen
};

#endif // PROGRESS_H
