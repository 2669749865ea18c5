// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef DESKTOPOPTIONS_H
#define DESKTOPOPTIONS_H

#include <QtCore/qcoreapplication.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringlist.h>

QT_FORWARD_DECLARE_CLASS(QFile)

/*
    The command line. Qt takes its own options out of it when the application object is made, and some of the
    others have to be known before that: so it is looked at twice.
*/
class DesktopOptions
{
    Q_DECLARE_TR_FUNCTIONS(DesktopOptions)

public:
    enum Theme { FollowSystem, Light, Dark };
    static constexpr int ErrorStatus = 2; // with which the program ends

    // To be made before the application object; ends the program if only help is wanted.
    DesktopOptions(int argc, char *argv[]);
    // To be called after the application object has been made. Says what is wrong and returns false if something is.
    bool parse(const QStringList &arguments);
    // Sets the palette and the layout direction. To be called after parse().
    void apply() const;

    // What to say of a picture that could not be written to the file.
    static QString unwritable(const QFile &file);

    QString screenshot; // the file to write; empty: none
    Theme theme = FollowSystem;
    bool hasStyle = false; // one of Qt's options says which
};

#endif // DESKTOPOPTIONS_H
