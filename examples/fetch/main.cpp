// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// fetch: fetches URLs, all at the same time, each with a deadline of its own and all of them with a total one.
// How that is done with QTimeout stands in fetcher.cpp.

#include "fetcher.h"
#include "interrupt.h"
#include "options.h"
#include "progress.h"
#include "report.h"

#include "slowserver.h"

#include <QTimeout>

#include <QtCore/qcoreapplication.h>

#include <algorithm>
#include <array>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace {

enum ExitStatus { AllOk = 0, NotAllOk = 1, BadUsage = 2, Interrupted = 130 };

// One for each thing that can become of a request. The first that drips takes longer than a pause may, but is
// never as long without a byte; the second takes longer than an attempt may.
constexpr std::array Pages = {
        "/good"_L1,  "/slow?ms=400"_L1,  "/drip?bytes=12"_L1,
        "/stall"_L1, "/never"_L1,        "/drip?bytes=200"_L1,
        "/reset"_L1, "/flaky?fail=1"_L1, "/status?code=404"_L1,
};

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    app.setApplicationName(u"fetch"_s);
    app.setApplicationVersion(QStringLiteral(QTIMEOUT_VERSION_STR));

    std::optional<Options> options = parseOptions(app.arguments());
    if (!options)
        return BadUsage;

    // A server for each page: QNetworkAccessManager opens at most six connections to one, and a request that
    // waits for a connection may go down with it when that is reset.
    std::array<SlowServer, Pages.size()> servers;
    if (options->urls.isEmpty()) {
        for (std::size_t i = 0; i < Pages.size(); ++i) {
            if (!servers[i].listen()) {
                std::fprintf(stderr, "fetch: cannot start a server: %s\n",
                             qPrintable(servers[i].errorString()));
                return NotAllOk;
            }
            options->urls.append(servers[i].url(Pages[i]));
        }
        std::fputs("No URL given: fetching from servers that misbehave.\n", stderr);
    }

    Fetcher fetcher(options->limits);
    Interrupt interrupt;
    QObject::connect(&interrupt, &Interrupt::came, &fetcher, &Fetcher::cancel);
    Progress progress(&fetcher);
    QTimeout::waitFor(QDeadlineTimer::Forever, fetcher.fetchAll(options->urls));
    progress.finish();

    const std::vector<Transfer> &transfers = fetcher.transfers();
    const QByteArray report = options->json ? jsonReport(transfers).toJson()
                                            : tableReport(transfers).toLocal8Bit();
    std::fputs(report.constData(), stdout);
    if (interrupt.hasCome())
        return Interrupted;
    const auto isOk = [](const Transfer &transfer) { return transfer.state == Transfer::Ok; };
    return std::all_of(transfers.begin(), transfers.end(), isOk) ? AllOk : NotAllOk;
}
