// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "report.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qlist.h>
#include <QtCore/qlocale.h>
#include <QtCore/qstringlist.h>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;
using std::chrono::milliseconds;

namespace {

constexpr std::array Outcomes = {Transfer::Ok, Transfer::TimedOut, Transfer::Cancelled,
                                 Transfer::Failed};

QString urlOf(const Transfer &transfer)
{
    return transfer.url.toString(QUrl::FullyEncoded);
}

// All began together, so the last to end took as long as everything.
milliseconds totalTime(const std::vector<Transfer> &transfers)
{
    milliseconds time(0);
    for (const Transfer &transfer : transfers)
        time = std::max(time, transfer.elapsed);
    return time;
}

std::ptrdiff_t countOf(const std::vector<Transfer> &transfers, Transfer::State state)
{
    return std::count_if(transfers.begin(), transfers.end(),
                         [state](const Transfer &transfer) { return transfer.state == state; });
}

bool isNumber(qsizetype column)
{
    return column >= 1 && column <= 3;
}

// Each column as wide as its widest cell, except the last.
QString aligned(const QList<QStringList> &rows)
{
    QList<qsizetype> widths(rows.first().size(), 0);
    for (const QStringList &row : rows) {
        for (qsizetype i = 0; i < row.size() - 1; ++i)
            widths[i] = qMax(widths[i], row[i].size());
    }
    QString text;
    for (const QStringList &row : rows) {
        for (qsizetype i = 0; i < row.size(); ++i) {
            text += isNumber(i) ? row[i].rightJustified(widths[i])
                                : row[i].leftJustified(widths[i]);
            text += i < row.size() - 1 ? "  "_L1 : "\n"_L1;
        }
    }
    return text;
}

} // namespace

QString tableReport(const std::vector<Transfer> &transfers)
{
    QList<QStringList> rows = {
            {u"RESULT"_s, u"TIME"_s, u"BYTES"_s, u"ATTEMPTS"_s, u"REASON"_s, u"URL"_s},
    };
    for (const Transfer &transfer : transfers) {
        rows.append({stateName(transfer.state), formatSeconds(transfer.elapsed, 2),
                     formatBytes(transfer.bytes), QString::number(transfer.attempts),
                     transfer.reason, urlOf(transfer)});
    }
    const QString table = aligned(rows);

    QStringList counts;
    for (const Transfer::State outcome : Outcomes) {
        if (const std::ptrdiff_t count = countOf(transfers, outcome); count > 0)
            counts.append(QString::number(count) + ' '_L1 + stateName(outcome));
    }
    const QString urls = transfers.size() == 1 ? u" URL"_s : u" URLs"_s;
    return table + QString::number(transfers.size()) + urls + " in "_L1
            + formatSeconds(totalTime(transfers), 2) + ": "_L1 + counts.join(", "_L1) + '\n'_L1;
}

QJsonDocument jsonReport(const std::vector<Transfer> &transfers)
{
    QJsonArray results;
    for (const Transfer &transfer : transfers) {
        results.append(QJsonObject{
                {u"url"_s, urlOf(transfer)},
                {u"result"_s, stateName(transfer.state)},
                {u"reason"_s, transfer.reason},
                {u"httpStatus"_s,
                 transfer.httpStatus > 0 ? QJsonValue(transfer.httpStatus) : QJsonValue()},
                {u"bytes"_s, transfer.bytes},
                {u"milliseconds"_s, qint64(transfer.elapsed.count())},
                {u"attempts"_s, transfer.attempts},
        });
    }
    const bool ok = countOf(transfers, Transfer::Ok) == std::ssize(transfers);
    return QJsonDocument(QJsonObject{
            {u"ok"_s, ok},
            {u"milliseconds"_s, qint64(totalTime(transfers).count())},
            {u"results"_s, results},
    });
}

QString stateName(Transfer::State state)
{
    switch (state) {
    case Transfer::Waiting:
        return u"waiting"_s;
    case Transfer::Requesting:
        return u"requesting"_s;
    case Transfer::Receiving:
        return u"receiving"_s;
    case Transfer::Pausing:
        return u"pausing"_s;
    case Transfer::Ok:
        return u"ok"_s;
    case Transfer::TimedOut:
        return u"timed out"_s;
    case Transfer::Cancelled:
        return u"cancelled"_s;
    case Transfer::Failed:
        return u"failed"_s;
    }
    Q_UNREACHABLE();
}

QString formatBytes(qint64 bytes)
{
    return QLocale::c().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat);
}

QString formatSeconds(milliseconds time, int decimals)
{
    return QString::number(double(time.count()) / 1000, 'f', decimals) + 's'_L1;
}
