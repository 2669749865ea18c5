// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DESKTOPOPTIONS_H
#define DESKTOPOPTIONS_H

#include <QtCore/qcoreapplication.h>
#include <QtCore/qstring.h>

QT_FORWARD_DECLARE_CLASS(QFile)

struct DesktopOptions
{
    Q_DECLARE_TR_FUNCTIONS(DesktopOptions)

public:
    enum Theme { FollowSystem, Light, Dark };
    static constexpr int ErrorStatus = 2; // with which the program ends

    // To be called before the application object is made; ends the program if there is nothing to do.
    static DesktopOptions fromCommandLine(int argc, char *argv[]);
    // To be called after it has been made.
    void applyTheme() const;
    // What to say of a picture that could not be written to the file.
    static QString unwritable(const QFile &file);

    QString screenshot; // the file to write; empty: none
    Theme theme = FollowSystem;
};

#endif // DESKTOPOPTIONS_H
