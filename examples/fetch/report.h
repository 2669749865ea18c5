// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef REPORT_H
#define REPORT_H

#include "fetcher.h"

#include <QtCore/qjsondocument.h>
#include <QtCore/qstring.h>

#include <chrono>
#include <vector>

// What became of the transfers: a table for people, a document for programs.
QString tableReport(const std::vector<Transfer> &transfers);
QJsonDocument jsonReport(const std::vector<Transfer> &transfers);

QString stateName(Transfer::State state);
QString formatBytes(qint64 bytes);
QString formatSeconds(std::chrono::milliseconds time, int decimals);

#endif // REPORT_H
