// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "options.h"

#include "duration.h"

#include <QtCore/qcommandlineparser.h>

#include <cstdio>

using namespace Qt::StringLiterals;
using std::chrono::milliseconds;

namespace {

struct BadUsage
{
    QString message;
};

milliseconds durationOption(const QCommandLineParser &parser, const QCommandLineOption &option)
{
    const QString text = parser.value(option);
    if (text == "none"_L1)
        return FetchLimits::None;
    QString error;
    const std::optional<milliseconds> duration = parseDuration(text, &error);
    if (!duration)
        throw BadUsage{"--%1: %2"_L1.arg(option.names().constFirst(), error)};
    return *duration;
}

int retriesOption(const QString &text)
{
    bool ok = false;
    const int retries = text.toInt(&ok);
    if (!ok || retries < 0)
        throw BadUsage{"--retries: \"%1\" is no number of retries, like 0 or 3"_L1.arg(text)};
    return retries;
}

QUrl urlArgument(const QString &text)
{
    if (!text.contains("://"_L1)) {
        throw BadUsage{
                "\"%1\" is a URL without a scheme: write http://%1 or https://%1"_L1.arg(text)};
    }
    const QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty())
        throw BadUsage{"\"%1\" is not a valid URL"_L1.arg(text)};
    if (url.scheme() != "http"_L1 && url.scheme() != "https"_L1) {
        throw BadUsage{
                "\"%1\" cannot be fetched: its scheme is neither http nor https"_L1.arg(text)};
    }
    return url;
}

} // namespace

std::optional<Options> parseOptions(const QStringList &arguments)
{
    const FetchLimits defaults;
    const QString duration = u"duration"_s;
    const QCommandLineOption timeout(u"timeout"_s,
                                     u"How long an attempt to fetch a URL may take."_s, duration,
                                     formatDuration(defaults.timeout));
    const QCommandLineOption idle(u"idle"_s, u"How long nothing may come."_s, duration,
                                  formatDuration(defaults.idle));
    const QCommandLineOption total(u"total"_s, u"How long everything may take together."_s,
                                   duration, formatDuration(defaults.total));
    const QCommandLineOption retries(u"retries"_s,
                                     u"How often to try again what failed or timed out."_s,
                                     u"number"_s, QString::number(defaults.retries));
    const QCommandLineOption json(u"json"_s, u"Print the results as a JSON document."_s);

    QCommandLineParser parser;
    parser.setApplicationDescription(
            u"Fetches URLs, all at the same time, each with a deadline of its own and all of them"
            " with a total one.\nWithout a URL it starts servers that misbehave, and fetches their"
            " pages.\n\nA duration is a number with a unit (1500ms, 1.5s, 2m), or none for no limit.\n"
            "The exit status is 0 if all were fetched, 1 if not, 2 for a bad command line, and 130"
            " when interrupted."_s);
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOptions({timeout, idle, total, retries, json});
    parser.addPositionalArgument(u"URL"_s, u"What to fetch: http:// or https://."_s, u"[URL...]"_s);

    try {
        if (!parser.parse(arguments))
            throw BadUsage{parser.errorText()};
        if (parser.isSet(u"help"_s))
            parser.showHelp();
        if (parser.isSet(u"version"_s))
            parser.showVersion();

        Options options;
        options.limits.timeout = durationOption(parser, timeout);
        options.limits.idle = durationOption(parser, idle);
        options.limits.total = durationOption(parser, total);
        options.limits.retries = retriesOption(parser.value(retries));
        options.json = parser.isSet(json);
        for (const QString &argument : parser.positionalArguments())
            options.urls.append(urlArgument(argument));
        return options;
    } catch (const BadUsage &usage) {
        std::fprintf(stderr, "fetch: %s\n", qPrintable(usage.message.simplified()));
        return std::nullopt;
    }
}
