// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef OPTIONS_H
#define OPTIONS_H

#include "fetcher.h"

#include <QtCore/qlist.h>
#include <QtCore/qstringlist.h>
#include <QtCore/qurl.h>

#include <optional>

struct Options
{
    FetchLimits limits;
    bool json = false;
    QList<QUrl> urls;
};

// The command line; or nothing, after saying on stderr what is wrong with it. Ends the program for --help and --version.
std::optional<Options> parseOptions(const QStringList &arguments);

#endif // OPTIONS_H
