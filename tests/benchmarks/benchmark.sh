#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Measures QTimeout beside QTimer, QCoro's own timeouts, libuv and Asio, and writes results.md (tables), results.csv and
# results.svg (a plot) into build/benchmarks. Missing Debian packages are installed, as root or with sudo.
#
# Usage: tests/run benchmark [--rounds N] [--filter REGEX]
#
#   --rounds N      how often everything is measured (default: 5). Each round runs all of it once, so that whatever else
#                   the machine does meanwhile is spread over all; what takes very long is only in the first round
#   --filter REGEX  measure only the benchmarks whose names (workload/contender/N) match
#
# A round takes about a minute and half a GiB of memory. The environment variable CXX chooses another compiler.

# shellcheck source=tests/setup.sh disable=SC2154
source "$(dirname -- "${BASH_SOURCE[0]}")/../setup.sh"
script="tests/run benchmark"

rounds=5
filter=.
while [ $# -gt 0 ]; do
    case $1 in
    --rounds | --filter)
        [ $# -ge 2 ] || die "$1 needs a value (see --help)"
        [ "$1" = --rounds ] && rounds=$2 || filter=$2
        shift
        ;;
    --help | -h) usage; exit ;;
    *) die "unknown argument '$1' (see --help)" ;;
    esac
    shift
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds needs a positive number, not '$rounds'"

install_packages "${packages[@]}" libbenchmark-dev libuv1-dev libasio-dev python3
choose_build release

# A cost in proportion to the number pending makes these take half a minute together.
long='expiry/(QTimer|QCoro with timeout)/100000'

say "configuring and building in ${build#"$root/"}"
cd "$root"
quietly cmake "${configure[@]}" -DQTIMEOUT_BUILD_BENCHMARKS=ON || die "configuring failed"
quietly cmake --build "$build" --parallel "$jobs" --target benchmarks || die "building failed"

results=$root/build/benchmarks
rm -rf "$results"
mkdir -p "$results"
export QT_LOGGING_RULES='qtimeout.debug=false;qtimeout.info=false'

# The benchmarks of a program that are to be run: their names, as a regular expression.
select_benchmarks()
{
    local names
    names=$("$1" --benchmark_list_tests "--benchmark_filter=$filter" 2>/dev/null) || true
    [ "$2" -eq 1 ] || names=$(grep -vE "$long" <<<"$names" || true)
    names=$(grep / <<<"$names" || true)
    [ -z "$names" ] || printf '^(%s)$' "$(paste -sd '|' <<<"$names")"
}

for ((round = 1; round <= rounds; ++round)); do
    for name in timers run coroutine expiry memory queue; do
        program=$build/tests/benchmarks/bench_$name
        [ -x "$program" ] || continue
        selection=$(select_benchmarks "$program" "$round")
        [ -n "$selection" ] || continue
        say "round $round of $rounds: $name"
        log=$results/$name-$round.log
        if ! "$program" "--benchmark_filter=$selection" --benchmark_out_format=json \
            "--benchmark_out=$results/$name-$round.json" >"$log" 2>&1 </dev/null; then
            cat "$log" >&2
            die "$program failed"
        fi
    done
done

python3 "$root/tests/benchmarks/report.py" "$results" "$build"
say "written: build/benchmarks/results.md, results.csv and results.svg"
