#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
"""Makes tables and a plot of what tests/run benchmark has measured.

Usage: report.py RESULTS BUILD

RESULTS is the folder with the JSON files of Google Benchmark, one for each program and round; BUILD is where the
programs have been built. What is compared is compared within each round; of the rounds, the median is shown.
"""

import csv
import html
import json
import math
import pathlib
import re
import subprocess
import sys
from collections import defaultdict
from statistics import median

NUMBERS = [0, 1_000, 10_000, 100_000, 1_000_000]
IN_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# The counters of the benchmarks, and what they count.
COUNTERS = {
    "p50": "ms", "p99": "ms", "max": "ms", "earliest": "ms",
    "bytes": "bytes", "blocks": "blocks", "wakeups": "", "timer events": "", "intervals": "", "expired": "",
    "longest turn": "µs",
}


class Results:
    """What was measured: a value for each round of each quantity of each benchmark."""

    def __init__(self):
        self.values = defaultdict(dict)  # (workload, contender, pending, quantity): {round: value}
        self.context = {}
        self.loads = []

    def read(self, path):
        round_number = int(path.stem.rsplit("-", 1)[1])
        data = json.loads(path.read_text(encoding="utf-8"))
        self.context = data["context"]
        self.loads.append(data["context"].get("load_avg", [0])[0])
        for run in data["benchmarks"]:
            if run.get("error_occurred"):
                print(f"{run['name']}: {run['error_message']}", file=sys.stderr)
                continue
            parts = [part for part in run["name"].split("/") if not re.match(r"iterations:|manual_time", part)]
            *names, pending = parts
            key = (names[0], "/".join(names[1:]), int(pending))
            is_manual = "manual_time" in run["name"]
            if is_manual or run["iterations"] > 1:
                time = run["real_time"] if is_manual else run["cpu_time"]
                self.values[(*key, "time")][round_number] = time * IN_NS[run["time_unit"]]
            for counter in COUNTERS.keys() & run.keys():
                self.values[(*key, counter)][round_number] = run[counter]

    def median(self, *key):
        rounds = self.values.get(key)
        return median(rounds.values()) if rounds else None

    def least(self, *key):
        rounds = self.values.get(key)
        return min(rounds.values()) if rounds else None

    def compare(self, function, *keys):
        """The median of function(values...) over the rounds that have them all."""
        rounds = [self.values.get(key, {}) for key in keys]
        common = set.intersection(*(set(each) for each in rounds))
        return median(function(*(each[i] for each in rounds)) for i in common) if common else None

    def contenders(self, workload, quantity="time"):
        found = dict.fromkeys(key[1] for key in self.values if key[0] == workload and key[3] == quantity)
        return list(found)


def number(value):
    if value is None:
        return "–"
    if value != 0 and abs(value) < 100:
        return f"{value:.1f}"
    return f"{value:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| --: " * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def time_tables(results, workloads):
    heads = [f"N = {n:,}" for n in NUMBERS]
    for workload in workloads:
        rows = [[contender] + [number(results.median(workload, contender, n, "time")) for n in NUMBERS]
                for contender in results.contenders(workload)]
        if rows:
            yield table([workload, *heads], rows)


def run_cost(results, workload, contender, base, n):
    """What a contender adds to awaiting the same thing plainly, side by side."""
    return results.compare(lambda a, b: a - b, (workload, contender, n, "time"), (workload, base, n, "time"))


def added_table(results):
    rows = []
    for workload, contender, base in (
            ("await finished", "QTimeout::run", "co_await"), ("await next turn", "QTimeout::run", "co_await"),
            ("await signal", "QTimeout::run", "QCoro"), ("call", "abortable coroutine", "plain coroutine"),
            ("await", "abortable coroutine", "plain coroutine")):
        costs = [run_cost(results, workload, contender, base, n) for n in NUMBERS]
        if any(cost is not None for cost in costs):
            rows.append([f"{workload}: {contender} over {base}"] + [number(cost) for cost in costs])
    costs = [qcoro_timeout(results, n) for n in NUMBERS]
    rows.append(["await signal: QCoro with timeout over QCoro"] + [number(cost) for cost in costs])
    return table(["added", *(f"N = {n:,}" for n in NUMBERS)], rows)


def qcoro_timeout(results, n):
    return run_cost(results, "await signal", "QCoro with timeout", "QCoro", n)


def counter_table(results, workload, counters, with_time=False):
    keys = sorted({key[:3] for key in results.values if key[0] == workload and key[3] in counters},
                  key=lambda key: (key[2], results.contenders(workload, counters[0]).index(key[1])))
    heads = [workload, "N"] + (["ns each"] if with_time else [])
    heads += [c if c == COUNTERS[c] else f"{c} {COUNTERS[c]}".strip() for c in counters]
    rows = []
    for key in keys:
        row = [key[1], f"{key[2]:,}"] + ([number(results.median(*key, "time"))] if with_time else [])
        rows.append(row + [number(results.median(*key, counter)) for counter in counters])
    return table(heads, rows) if rows else ""


def worst(values):
    values = [value for value in values if value is not None]
    return max(values) if values else None


class Targets:
    """Each with its limit, what was measured, and whether that is within the limit."""

    def __init__(self, results):
        self.results = results
        self.rows = []

    def add(self, what, measured, limit, unit=""):
        if measured is None:
            return
        if measured <= limit:
            verdict = "met"
        else:
            verdict = f"missed by {100 * (measured / limit - 1):.0f} %" if limit else "missed"
        self.rows.append([what, f"{measured:,.2f} {unit}".strip(), f"{limit:,.2f} {unit}".strip(), verdict])

    def time(self, workload, contender, n=0):
        return (workload, contender, n, "time")

    def compute(self):
        r = self.results
        clock = self.time("clock read", "yardstick")
        empty = self.time("empty QObject", "yardstick")
        guard = [self.time("guard", "QTimeoutScope", n) for n in NUMBERS]
        self.add("guard at N = 0, over clock read + empty QObject",
                 r.compare(lambda g, c, o: g / (c + o), guard[0], clock, empty), 1.5, "times")
        self.add("guard at N = 1,000,000, over N = 0", r.compare(lambda a, b: a / b, guard[-1], guard[0]), 1.5, "times")
        self.add("run of a finished task adds, at the worst N",
                 worst(run_cost(r, "await finished", "QTimeout::run", "co_await", n) for n in NUMBERS), 60, "ns")
        self.add("run of a task of the next turn adds, at the worst N",
                 worst(run_cost(r, "await next turn", "QTimeout::run", "co_await", n) for n in NUMBERS), 300, "ns")
        self.add("run of a signal, over QCoro's await without a timeout, at the worst N",
                 worst(r.compare(lambda a, b: a / b, self.time("await signal", "QTimeout::run", n),
                                 self.time("await signal", "QCoro", n)) for n in NUMBERS), 1, "times")
        for workload in ("reschedule later", "reschedule earlier", "shift later", "shift earlier"):
            self.add(f"{workload}, less a clock read, at the worst N",
                     worst(r.compare(lambda a, c: a - c, self.time(workload, "QTimeoutScope", n), clock)
                           for n in NUMBERS), 15, "ns")
        self.add("expiry of 100,000: processor time each",
                 r.median("expiry", "QTimeoutScope", 100_000, "time"), 500, "ns")
        # Others on the machine can only make it later.
        self.add("expiry of 100,000: p99 of lateness, in the quietest round",
                 r.least("expiry", "QTimeoutScope", 100_000, "p99"), 2, "ms")
        self.add("expiry of 1,000: p99 of lateness, in the quietest round",
                 r.least("expiry", "QTimeoutScope", 1_000, "p99"), 1.2, "ms")
        early = worst(-value for n in (1_000, 100_000)
                      for value in r.values.get(("expiry", "QTimeoutScope", n, "earliest"), {}).values())
        self.add("expiry: earliest, before its deadline", early and max(early, 0), 0, "ms")
        self.add("bytes of a pending scope", r.median("pending", "QTimeoutScope", 100_000, "bytes"), 320)
        self.add("bytes of a scope that has been pending for long",
                 r.median("pending for long", "QTimeoutScope", 100_000, "bytes"), 320)
        self.add("bytes of a pending run of a signal",
                 r.median("pending signal", "QTimeout::run", 100_000, "bytes"), 700)
        self.add("bytes of a run of a signal that has been pending for long",
                 r.median("pending signal for long", "QTimeout::run", 100_000, "bytes"), 700)
        self.add("wake-ups in 500 ms when nothing is pending any more, over those of the event loop",
                 r.compare(lambda a, b: a - b, ("idle for 500 ms", "QTimeoutScope", 0, "wakeups"),
                           ("idle for 500 ms", "nothing", 0, "wakeups")), 0)
        self.add("growth after a million lives, bytes", r.median("growth", "QTimeoutScope", 0, "bytes"), 0)
        self.add("timer events per armed interval, in a million lives",
                 r.compare(lambda a, b: a / b, ("million lives", "QTimeoutScope", 0, "timer events"),
                           ("million lives", "QTimeoutScope", 0, "intervals")), 1)
        self.add("timer events for two coarse deadlines 5 ms apart",
                 r.median("two coarse deadlines", "QTimeoutScope", 0, "timer events"), 1)
        self.add("call of an abortable coroutine adds, at the worst N",
                 worst(run_cost(r, "call", "abortable coroutine", "plain coroutine", n) for n in NUMBERS), 20, "ns")
        self.add("await in an abortable coroutine adds, at the worst N",
                 worst(run_cost(r, "await", "abortable coroutine", "plain coroutine", n) for n in NUMBERS), 100, "ns")
        return table(["target", "measured", "at most", ""], self.rows) if self.rows else ""


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def environment(results, build):
    cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.MULTILINE)[1]
    versions = [output_of(compiler, "--version").splitlines()[0]]
    for package in ("qt6-base-dev", "qcoro-qt6-dev", "libuv1-dev", "libasio-dev", "libbenchmark-dev"):
        version = output_of("dpkg-query", "-W", "-f", "${Version}", package)
        if version:
            versions.append(f"{package} {version}")
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    context = results.context
    return (f"{cpu[1] if cpu else 'A processor'}, {context['num_cpus']} of its cores at {context['mhz_per_cpu']} MHz; "
            f"{'; '.join(versions)}. Others made use of the machine too: its load was {min(results.loads):.1f} to "
            f"{max(results.loads):.1f}.")


def markdown(results, build, rounds):
    yield "# What timeouts cost\n"
    yield environment(results, build) + "\n"
    yield (f"Medians of {rounds} {'round' if rounds == 1 else 'rounds'}, of which each runs everything once; "
           "what is compared is compared within a round. Times are processor time, in nanoseconds for each "
           "operation. N is how many others are pending, with timeouts of minutes to hours: scopes beside "
           "QTimeout, and so on; QTimers beside QCoro's timeouts, which are made of those.\n")
    yield ("Where the cost is in proportion to N, few operations are measured in a round, 20 with a million "
           "pending; and the expiry of 100,000 in one round only. The million QTimers, and those that "
           "expire, have been started in the order of their deadlines, since that takes minutes in any "
           "other; so they lie in memory in the order in which Qt searches them, which is kind to them.\n")
    yield "## Targets\n"
    yield Targets(results).compute()
    yield "## Single operations\n"
    yield ("*guard*: create, arm, finish early, destroy. *reschedule*: give one timer another timeout. "
           "*postpone any*: the same for one after the other of all, in no order. libuv and Asio need their "
           "event loop to tidy up, which is included, once in 1,024 operations.\n")
    yield from time_tables(results, ("guard", "reschedule later", "reschedule earlier", "shift later", "shift earlier",
                                     "postpone any"))
    yield table(["yardstick", "ns"], [[w, number(results.median(w, "yardstick", 0, "time"))]
                                      for w in ("clock read", "empty QObject", "malloc and free")])
    yield "## Awaiting\n"
    yield from time_tables(results, ("await finished", "await next turn", "await signal", "call", "await"))
    yield added_table(results)
    yield "## Expiry\n"
    yield ("N are due at random within 100 ms, a slot or function connected to each: processor time for "
           "each, and how late they come up. Precise timers, but for QCoro's, which are coarse.\n")
    yield counter_table(results, "expiry", ["p50", "p99", "max", "earliest"], with_time=True)
    yield "## Wake-ups\n"
    yield counter_table(results, "idle for 500 ms", ["wakeups"])
    yield counter_table(results, "million lives", ["timer events", "intervals"])
    yield counter_table(results, "two coarse deadlines", ["timer events"])
    yield "## Memory\n"
    yield "All that is allocated for something that is pending, as large as the allocator makes it.\n"
    for workload in ("pending", "pending for long", "pending signal", "pending signal for long"):
        yield counter_table(results, workload, ["bytes", "blocks"])
    yield counter_table(results, "growth", ["bytes"])
    yield "## Structures for the queue\n"
    yield "The longest turn is the longest that the event loop is held up by the structure.\n"
    yield from time_tables(results, ("queue: guard", "queue: postpone any", "queue: cancel all", "queue: expire all"))
    yield counter_table(results, "queue: life", ["longest turn", "wakeups", "bytes"], with_time=True)
    yield counter_table(results, "queue: burst", ["longest turn"], with_time=True)


def write_csv(results, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["workload", "contender", "pending", "quantity", "unit", "median", "minimum", "maximum",
                         "rounds"])
        for (*key, quantity), rounds in results.values.items():
            values = rounds.values()
            unit = "ns" if quantity == "time" else COUNTERS[quantity]
            writer.writerow([*key, quantity, unit, f"{median(values):.6g}", f"{min(values):.6g}", f"{max(values):.6g}",
                             len(values)])


class Plot:
    """Two panels, log-log, on a white card that can be read on any background."""

    WIDTH, HEIGHT = 860, 470
    TOP, BOTTOM = 86, 410
    LOW, HIGH = 0, 8  # powers of ten
    COLOURS = {"QTimeoutScope": "#1f6fb8", "QTimer": "#c0392b", "QCoro's timeout": "#8e44ad", "libuv": "#2b7a4d",
               "Asio": "#9a6a00"}

    def __init__(self):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.WIDTH} {self.HEIGHT}" '
            'font-family="DejaVu Sans, Verdana, sans-serif" font-size="14">',
            "  <!-- SPDX-FileCopyrightText: 2026 The QTimeout developers -->",
            "  <!-- SPDX-License-Identifier: MIT -->",
            "  <title>What a timeout costs while others are pending</title>",
            f'  <rect width="{self.WIDTH}" height="{self.HEIGHT}" rx="10" fill="#ffffff" stroke="#c8ccd4"/>',
        ]

    def text(self, x, y, text, **attributes):
        attributes = {"fill": "#1b2a41", **attributes}
        rest = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.parts.append(f'  <text x="{x:.1f}" y="{y:.1f}"{rest}>{html.escape(text)}</text>')

    def line(self, points, colour, width, dashes=None):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'  <polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def y(self, nanoseconds):
        share = (math.log10(max(nanoseconds, 1)) - self.LOW) / (self.HIGH - self.LOW)
        return self.BOTTOM - share * (self.BOTTOM - self.TOP)

    def panel(self, left, right, title, series):
        columns = {n: left + (right - left) * i / (len(NUMBERS) - 1) for i, n in enumerate(NUMBERS)}
        self.text(left - 44, 38, title, font_size=17, font_weight="bold")
        self.text(left - 44, 60, "time of each, on a logarithmic scale", font_size=13, fill="#5b6577")
        for power in range(self.LOW, self.HIGH + 1):
            y = self.y(10 ** power)
            self.line([(left, y), (right, y)], "#e3e6ec", 1)
            label = {0: "1 ns", 1: "10 ns", 2: "100 ns", 3: "1 µs", 4: "10 µs", 5: "100 µs", 6: "1 ms", 7: "10 ms",
                     8: "100 ms"}[power]
            self.text(left - 8, y + 4.5, label, font_size=12, text_anchor="end", fill="#5b6577")
        for n, x in columns.items():
            self.line([(x, self.BOTTOM), (x, self.BOTTOM + 5)], "#5b6577", 1)
            label = {1_000: "1,000", 10_000: "10,000", 100_000: "100,000", 1_000_000: "million"}.get(n, "0")
            self.text(x, self.BOTTOM + 21, label, font_size=12, text_anchor="middle", fill="#5b6577")
        self.text((left + right) / 2, self.BOTTOM + 43, "others pending", font_size=13, text_anchor="middle")
        labels = []
        for name, values in series.items():
            points = [(columns[n], self.y(v)) for n, v in values.items() if v is not None and v > 0]
            if not points:
                continue
            colour = self.COLOURS[name]
            width = 3.5 if name.startswith("QTimeout") else 2
            # From none to a thousand is no step of the scale.
            first = 1 if points[0][0] == columns[0] else 0
            self.line(points[:first + 1], colour, width, "2 5")
            self.line(points[first:], colour, width)
            for x, y in points:
                self.parts.append(f'  <circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="{colour}"/>')
            labels.append([points[-1][1], name, colour])
        self.labels(right + 10, sorted(labels))

    def labels(self, x, labels):
        """At the ends of the lines, and not on one another."""
        gap = 16
        for _ in range(100):
            for upper, lower in zip(labels, labels[1:]):
                overlap = gap - (lower[0] - upper[0])
                if overlap > 0.01:
                    upper[0] -= overlap / 2
                    lower[0] += overlap / 2
        for y, name, colour in labels:
            self.text(x, y + 4.5, name, fill=colour, font_size=13,
                      font_weight="bold" if name.startswith("QTimeout") else "normal")

    def write(self, path):
        path.write_text("\n".join([*self.parts, "</svg>", ""]), encoding="utf-8")


def draw(results, path):
    def series(workload, contender):
        return {n: results.median(workload, contender, n, "time") for n in NUMBERS}

    order = ("QTimer", "libuv", "Asio", "QTimeoutScope")
    guard = {"QCoro's timeout": {n: qcoro_timeout(results, n) for n in NUMBERS}}
    guard |= {name: series("guard", name) for name in order}
    reschedule = {name: series("reschedule later", name) for name in order}
    if not any(value for values in guard.values() for value in values.values()):
        return False
    plot = Plot()
    plot.panel(72, 298, "A timeout that ends early", guard)
    plot.panel(492, 718, "To move a deadline", reschedule)
    plot.write(path)
    return True


def main():
    folder, build = (pathlib.Path(argument) for argument in sys.argv[1:])
    results = Results()
    files = sorted(folder.glob("*-*.json"))
    if not files:
        sys.exit("report.py: nothing has been measured")
    for path in files:
        results.read(path)
    rounds = max(len(values) for values in results.values.values())
    text = "\n".join(part for part in markdown(results, build, rounds) if part)
    (folder / "results.md").write_text(text, encoding="utf-8")
    write_csv(results, folder / "results.csv")
    if not draw(results, folder / "results.svg"):
        print("report.py: no plot, since the guards have not been measured", file=sys.stderr)


if __name__ == "__main__":
    main()
