// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "progress.h"

#include "fetcher.h"
#include "report.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr int BarWidth = 10;

bool isTerminal()
{
    return ::isatty(STDERR_FILENO) != 0 && qgetenv("TERM") != "dumb";
}

struct Size
{
    int rows = 24;
    int columns = 80;
};

Size terminalSize()
{
    winsize size = {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col < 2)
        return {};
    return {size.ws_row, size.ws_col};
}

void print(const QString &text)
{
    std::fputs(qPrintable(text), stderr);
    std::fflush(stderr);
}

QString elided(const QString &text, qsizetype width)
{
    if (text.size() <= width)
        return text;
    const qsizetype kept = qMax<qsizetype>(0, width - 3);
    return text.first(kept / 2) + "..."_L1 + text.last(kept - kept / 2);
}

// What is left until the first of the deadlines that the attempt is under.
QString countdown(const QTimeoutScope &scope, milliseconds budget)
{
    const std::chrono::nanoseconds left = scope.remainingTime();
    if (left == std::chrono::nanoseconds::max())
        return u"no deadline"_s;
    const double share = std::chrono::duration<double>(left)
            / std::chrono::duration<double>(budget);
    const int filled = std::clamp(qRound(share * BarWidth), 0, BarWidth);
    return "[%1%2] %3"_L1.arg(QString(filled, '#'_L1), QString(BarWidth - filled, '.'_L1),
                              formatSeconds(std::chrono::duration_cast<milliseconds>(left), 1));
}

QString row(const Transfer &transfer, const FetchLimits &limits, int columns)
{
    QString detail = transfer.reason;
    if (transfer.state == Transfer::Ok)
        detail = "in %1"_L1.arg(formatSeconds(transfer.elapsed, 2));
    else if (transfer.scope)
        detail = countdown(*transfer.scope, qMin(limits.timeout, limits.total));
    const QString start = "%1  %2  %3  "_L1.arg(stateName(transfer.state).leftJustified(10),
                                                elided(detail, 24).leftJustified(24),
                                                formatBytes(transfer.bytes).rightJustified(9));
    return start + elided(transfer.url.toString(QUrl::FullyEncoded), columns - 1 - start.size());
}

} // namespace

Progress::Progress(const Fetcher *fetcher, QObject *parent)
    : QObject(parent), m_fetcher(fetcher), m_timer(this)
{
    if (isTerminal()) {
        connect(&m_timer, &QTimer::timeout, this, &Progress::redraw);
        m_timer.start(100ms);
    } else {
        connect(fetcher, &Fetcher::stateChanged, this, &Progress::printLine);
    }
}

void Progress::finish()
{
    m_timer.stop();
    print(takeRowsAway());
}

void Progress::printLine(const Transfer &transfer)
{
    if (transfer.state == Transfer::Receiving)
        return;
    QString line = "%1  %2  %3"_L1.arg(formatSeconds(transfer.elapsed, 2).rightJustified(6),
                                       stateName(transfer.state).leftJustified(10),
                                       transfer.url.toString(QUrl::FullyEncoded));
    if (!transfer.reason.isEmpty())
        line += ": "_L1 + transfer.reason;
    print(line + '\n'_L1);
}

// All transfers if there is room for them, else the first that are under way and how many others there are.
void Progress::redraw()
{
    const Size size = terminalSize();
    const std::vector<Transfer> &transfers = m_fetcher->transfers();
    const auto room = static_cast<std::size_t>(size.rows - 2);
    const bool isCrowded = transfers.size() > room;

    QString text = takeRowsAway();
    std::size_t shown = 0;
    std::size_t done = 0;
    for (const Transfer &transfer : transfers) {
        done += transfer.isDone();
        if (isCrowded && (transfer.isDone() || shown == room))
            continue;
        text += row(transfer, m_fetcher->limits(), size.columns) + '\n'_L1;
        ++shown;
    }
    m_rows = static_cast<int>(shown);
    if (isCrowded) {
        text += "%1 done, %2 more under way\n"_L1.arg(QString::number(done),
                                                      QString::number(transfers.size() - done
                                                                      - shown));
        ++m_rows;
    }
    print(text);
}

// Goes back to the first row, and clears from there on.
QString Progress::takeRowsAway()
{
    const int rows = std::exchange(m_rows, 0);
    return rows > 0 ? "\r\x1b[%1A\x1b[J"_L1.arg(QString::number(rows)) : QString();
}
