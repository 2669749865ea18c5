// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DESKTOPOPTIONS_H
#define DESKTOPOPTIONS_H

#include <QtCore/qstring.h>

struct DesktopOptions
{
    enum Theme { FollowSystem, Light, Dark };

    // To be called before the application object is made; ends the program if there is nothing to do.
    static DesktopOptions fromCommandLine(int argc, char *argv[], const QString &description);
    // To be called after it has been made.
    void applyTheme() const;

    QString screenshot; // the file to write; empty: none
    Theme theme = FollowSystem;
};

#endif // DESKTOPOPTIONS_H
