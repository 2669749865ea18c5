#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Runs the commands of README.md, as they stand there, in a tree where everything is installed and built already: the
# programs in the folder readme play what would do that again, and note how they are called.
#
# Usage: readme.sh SOURCE EXAMPLES FOLDER TRY OUTPUT INSTALL
#
#   SOURCE    the sources
#   EXAMPLES  the folder where the examples were built
#   FOLDER    where to run it all
#   TRY       the block that tries the examples, as a file
#   OUTPUT    what the first of them ends with
#   INSTALL   the block that builds and installs the library

set -euo pipefail

source=$1
examples=$2
folder=$3
fakes=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/readme" && pwd)
export LOG=$folder/log
export PATH=$fakes:$PATH
export QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software
unset CXX CMAKE_PREFIX_PATH

rm -rf "$folder"
mkdir -p "$folder/tree/build/release"
cd "$folder/tree"
ln -s "$source"/{CMakeLists.txt,CMakePresets.json,README.md,examples,include,src,tests} .
ln -s "$examples" build/release/examples

fail() { printf '%s\n' "$*" >&2; exit 1; }

# Numbers differ from run to run, and with them the width of columns.
normalised() { sed -E 's/127\.0\.0\.1:[0-9]+/127.0.0.1:…/; s/[0-9]+(\.[0-9]+)?/N/g; s/ +/ /g' "$@"; }

ends_as_shown()
{
    local output=$1
    bash -c "$2" >"$folder/output" 2>&1
    tail -n "$(wc -l <"$output")" "$folder/output" >"$folder/end"
    diff <(normalised "$output") <(normalised "$folder/end")
}

count=0
while read -r command; do
    command=${command%%#*}
    command=${command%"${command##*[! ]}"}
    : >"$LOG"
    case $command in
    examples/run)
        # A busy machine may be slow: then more than usual times out.
        ends_as_shown "$5" "$command" || ends_as_shown "$5" "$command" || ends_as_shown "$5" "$command" \
            || fail "$command does not end as README.md shows"
        ;;
    "examples/run quick" | "examples/run widgets")
        program=${command##* }
        [ -x "$examples/$program/$program" ] || continue # there is no Qt for it
        bash -c "$command --screenshot $folder/$program.png"
        [ -s "$folder/$program.png" ] || fail "$command has shown nothing"
        ;;
    "examples/run 01") bash -c "$command" | diff <(sed '/^#/d' "$source/examples/01-deadline/output.txt") - ;;
    tests/run)
        bash -c "$command"
        grep -q "^ctest --test-dir .*/build/checked " "$LOG" || fail "$command has run no tests"
        ;;
    *) fail "this script does not know how to check the command: $command" ;;
    esac
    count=$((count + 1))
done <"$4"
[ "$count" -ge 3 ] || fail "only $count commands were run"

: >"$LOG"
bash -e "$6"
grep -q "^cmake --install build/release" "$LOG" || fail "nothing was installed"
