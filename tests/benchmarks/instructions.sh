#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Counts the instructions of QTimeout's most frequent operations with valgrind, and compares them with what is
# committed: those counts do not depend on how busy the machine is. They depend on the compiler and on Qt, so there is a
# file in tests/benchmarks/instructions for each Debian release and compiler.
#
# Usage: tests/run instructions [--update] [--annotate]
#
#   --update    write the counts as the new reference
#   --annotate  also print the functions in which the instructions are spent
#
# Exits with 1 if a count is more than 5 % above its reference, or below: then record the improvement with --update.
# Where there is no reference for the combination, or no valgrind, it says so and checks nothing. The environment
# variable CXX chooses another compiler.

# shellcheck source=tests/setup.sh disable=SC2154
source "$(dirname -- "${BASH_SOURCE[0]}")/../setup.sh"
script="tests/run instructions"

update=0
annotate=0
while [ $# -gt 0 ]; do
    case $1 in
    --update) update=1 ;;
    --annotate) annotate=1 ;;
    --help | -h) usage; exit ;;
    *) die "unknown argument '$1' (see --help)" ;;
    esac
    shift
done

tolerance=5
workloads=(guard reschedule shift run-finished run-task run-signal call nested-call await expiry)

install_packages "${packages[@]}" libbenchmark-dev
if ! command -v valgrind >/dev/null; then
    [ "$update" -eq 0 ] || die "valgrind is needed"
    say "nothing was checked: there is no valgrind here"
    exit
fi
choose_build release

say "configuring and building in ${build#"$root/"}"
cd "$root"
quietly cmake "${configure[@]}" -DQTIMEOUT_BUILD_BENCHMARKS=ON || die "configuring failed"
quietly cmake --build "$build" --parallel "$jobs" --target bench_instructions || die "building failed"

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
compiler_name=gcc
[[ $("$compiler" --version) != *clang* ]] || compiler_name=clang
version=$("$compiler" -dumpversion)
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
key=${release:-unknown}-$compiler_name${version%%.*}-$(uname -m)
reference=$root/tests/benchmarks/instructions/$key.txt

counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

# The instructions of one of the thousand operations that the program does.
count()
{
    local log=$counts/$1.log
    # No GLib, whose event loop is not ours, and hashes that are the same each time.
    env -i PATH="$PATH" HOME="$counts" LC_ALL=C.UTF-8 QT_HASH_SEED=0 QT_NO_GLIB=1 valgrind --tool=callgrind \
        --collect-atstart=no --toggle-collect=measure "--callgrind-out-file=$counts/$1.out" \
        "$build/tests/benchmarks/bench_instructions" "$1" >"$log" 2>&1 </dev/null || { cat "$log" >&2; return 1; }
    awk '/Collected :/ { printf "%.0f\n", $NF / 1000; found = $NF > 0 } END { exit !found }' "$log"
}

failed=0
printf '%-14s %8s %10s\n' operation counted reference
for workload in "${workloads[@]}"; do
    counted=$(count "$workload") || die "counting $workload failed"
    echo "$workload $counted" >>"$counts/all"
    expected=$(awk -v name="$workload" '$1 == name { print $2 }' "$reference" 2>/dev/null || true)
    verdict=
    if [ -n "$expected" ] && [ "$update" -eq 0 ]; then
        if [ $((counted * 100)) -gt $((expected * (100 + tolerance))) ]; then
            verdict="more than $tolerance % above"
            failed=1
        elif [ $((counted * 100)) -lt $((expected * (100 - tolerance))) ]; then
            verdict="more than $tolerance % below: record it with --update"
            failed=1
        fi
    elif [ -e "$reference" ] && [ "$update" -eq 0 ]; then
        verdict="no reference: record it with --update"
        failed=1
    fi
    printf '%-14s %8s %10s  %s\n' "$workload" "$counted" "${expected:--}" "$verdict"
    [ "$annotate" -eq 0 ] ||
        callgrind_annotate --auto=no --threshold=95 "$counts/$workload.out" | awk '/file:function/, 0'
done

if [ "$update" -eq 1 ]; then
    mkdir -p "$(dirname -- "$reference")"
    {
        echo "# SPDX-FileCopyrightText: 2026 The QTimeout developers"
        echo "# SPDX-License-Identifier: MIT"
        echo "#"
        echo "# Instructions of one operation, written by tests/run instructions --update with"
        echo "# $compiler_name $version, Qt $(pkg-config --modversion Qt6Core 2>/dev/null || echo ?), QCoro $(
            dpkg-query -W -f '${Version}' qcoro-qt6-dev 2>/dev/null || echo ?)."
        cat "$counts/all"
    } >"$reference"
    say "written: ${reference#"$root/"}"
elif [ ! -e "$reference" ]; then
    say "nothing was checked: there is no reference for this combination, $key"
elif [ "$failed" -eq 1 ]; then
    die "the counts are not those of ${reference#"$root/"}"
fi
