#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Checks that no code is shown in README.md and in the manual that no test compiles and runs:
#
# - A block of README.md has a language and a name, as in ```cpp cleanup. It is taken from there at configuration
#   (readme.cmake), and a test names the file that it makes, readme/cleanup.cpp. That the test runs it is checked by the
#   test (cleanupTestCase() of tst_snippets_readme.cpp and tst_snippets_qml.cpp).
# - The manual, which includes the comments in the sources, quotes its code by \snippet and \quotefile. What it quotes
#   belongs to a program that a test runs.
#
# Usage: tests/auto/snippets/blocks.sh [ROOT]
#
# Prints what is wrong as file:line: message, and exits with 1 if there is anything.

set -euo pipefail
export LC_ALL=C

cd -- "${1:-$(dirname -- "${BASH_SOURCE[0]}")/../../..}"
status=0

# complain FILE:LINE MESSAGE
complain()
{
    printf '%s: %s\n' "$1" "$2"
    status=1
}

# The opening fences of a file, and what else shows code there, as "line kind rest".
list_blocks()
{
    awk '
        fence != "" {
            if (match($0, "^ *" fence "+ *$"))
                fence = ""
            next
        }
        match($0, /^[> ]*(```+|~~~+)/) {
            start = $0
            sub(/^[> ]*/, "", start)
            fence = substr(start, 1, 3)
            info = start
            sub(/^[`~]+/, "", info)
            printf "%d fence %s\n", NR, info
            next
        }
        /^(    |\t)/ && blank && !list { printf "%d indented\n", NR }
        /<pre/ { printf "%d pre\n", NR }
        { blank = ($0 ~ /^ *$/) }
        !blank { list = /^ *([-*+]|[0-9]+\.) / || (list && /^ /) }
        BEGIN { blank = 1 }
    ' "$1"
}

# is_used FILE: whether a test names the file that a block makes.
is_used()
{
    grep -rqF --include='*.cpp' --include='*.sh' --include='*.cmake' --include=CMakeLists.txt --exclude=blocks.sh \
        --exclude=tst_blocks.sh -- "$1" tests/auto
}

check_readme()
{
    local line kind info language name names=' '
    while read -r line kind info; do
        if [ "$kind" != fence ]; then
            complain "README.md:$line" "code that no test runs: write it between fences, with a language and a name"
        elif [[ ! $info =~ ^([a-z]+)\ ([a-z]+)$ ]]; then
            complain "README.md:$line" "a block needs a language and a name of small letters, as in \`\`\`cpp cleanup"
        else
            language=${BASH_REMATCH[1]}
            name=${BASH_REMATCH[2]}
            [[ $names != *" $name "* ]] || complain "README.md:$line" "there are two blocks with the name $name"
            names+="$name "
            is_used "readme/$name.$language" \
                || complain "README.md:$line" "no test names readme/$name.$language, the file that this block makes"
        fi
    done < <(list_blocks README.md)
}

# find_quoted FILE: the quoted file, where qdoc looks for it (exampledirs of qtimeout.qdocconf).
find_quoted()
{
    local folder
    for folder in src/docs/snippets examples tests/auto/snippets; do
        if [ -f "$folder/$1" ]; then
            printf '%s' "$folder/$1"
            return
        fi
    done
}

# is_run FILE: whether the file belongs to a program that a test runs.
is_run()
{
    local name
    case $1 in
    tests/auto/snippets/tst_*.cpp)
        name=$(basename "$1" .cpp)
        grep -qE "qtimeout_add_test\(${name#tst_}[ )]" tests/auto/snippets/CMakeLists.txt
        ;;
    tests/auto/snippets/qml/*.qml) grep -qF "$(basename "$1")" tests/auto/snippets/tst_snippets_qml.cpp ;;
    examples/[0-9]*/main.cpp)
        name=$(basename "$(dirname "$1")")
        [ -f "examples/$name/output.txt" ] && grep -qE "^ *$name\$" examples/CMakeLists.txt
        ;;
    src/docs/snippets/fetch*/*)
        name=$(basename "$(dirname "$1")")
        grep -qE "add_snippet_test\(${name#fetch}\)" tests/auto/consumer/CMakeLists.txt
        ;;
    *) false ;;
    esac
}

# check_quotation PLACE COMMAND FILE TAG
check_quotation()
{
    local place=$1 command=$2 name=$3 tag=$4 file
    file=$(find_quoted "$name")
    if [ -z "$file" ]; then
        complain "$place" "there is no $name to quote"
        return
    fi
    is_run "$file" || complain "$place" "no test runs $file, which is quoted here"
    if [ "$command" = snippet ] && [ "$(grep -cxE " *//! \[$tag\]" "$file")" -ne 2 ]; then
        complain "$place" "$file has no part that begins and ends with //! [$tag]"
    fi
}

check_manual()
{
    local file line text
    local literal='\\(code|badcode|oldcode|newcode|qml|js|quotefromfile|codeline|dots|printline|printto|printuntil)([^a-z]|$)'
    while IFS=: read -r file line text; do
        if [[ $text =~ \\(snippet|quotefile)\ +([^ ]+)\ *(.*)$ ]]; then
            check_quotation "$file:$line" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]%"${BASH_REMATCH[3]##*[! ]}"}"
        else
            complain "$file:$line" "code that no test runs: quote it with \\snippet from tests/auto/snippets"
        fi
    done < <(grep -rnE --include='*.h' --include='*.cpp' --include='*.qdoc' --exclude-dir=snippets \
        "\\\\(snippet|quotefile) |$literal" src include || true)
}

check_readme
check_manual
exit "$status"
