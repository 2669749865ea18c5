#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Checks that blocks.sh has nothing to say about a small tree that is in order, and that it finds each of the things
# that can be wrong.

set -euo pipefail

blocks=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/blocks.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
failures=0

# put FILE LINE...
put()
{
    mkdir -p "$(dirname -- "$1")"
    printf '%s\n' "${@:2}" >"$1"
}

# shellcheck disable=SC2016
put_tree()
{
    rm -rf ./*
    put README.md 'Text.' '' '- a list' '' '    of two paragraphs' '' '```cpp call' 'call();' '```' '' \
        '```sh' 'x' '```' 'Text.'
    sed -i 's/^```sh$/```sh try/' README.md
    put tests/auto/snippets/tst_snippets_readme.cpp '#include "readme/call.cpp"'
    put tests/auto/examples/CMakeLists.txt 'add_test("${BLOCKS}/readme/try.sh")'
    put tests/auto/snippets/tst_snippets_some.cpp '//! [one part]' 'call();' '//! [one part]'
    put tests/auto/snippets/CMakeLists.txt 'qtimeout_add_test(snippets_some LIBRARIES x)'
    put tests/auto/snippets/qml/Page.qml '    //! [page]' 'Item {}' '    //! [page]'
    put tests/auto/snippets/tst_snippets_qml.cpp 'open("Page.qml");'
    put examples/01-first/main.cpp '//! [first]' 'call();' '//! [first]'
    put examples/01-first/output.txt 'called'
    put examples/CMakeLists.txt 'foreach(example IN ITEMS' '    01-first' ')'
    put src/docs/snippets/fetchquick/main.cpp '//! [all]' 'call();' '//! [all]'
    put tests/auto/consumer/CMakeLists.txt '    add_snippet_test(quick)'
    put src/docs/page.qdoc '/*!' '    \snippet tst_snippets_some.cpp one part' '    \snippet 01-first/main.cpp first' \
        '    \snippet fetchquick/main.cpp all' '    \quotefile fetchquick/main.cpp' '    \qmltype X, \c {code}, \codec' '*/'
    put src/some.cpp '/*!' '    \snippet qml/Page.qml page' '*/'
    put include/some_p.h '/*!' '    \snippet tst_snippets_some.cpp one part' '*/'
}

# finds MESSAGE: blocks.sh complains with that message, and with no other.
finds()
{
    local output status=0
    output=$("$blocks" "$tree") || status=$?
    if [ "$status" -ne 1 ] || [ "$output" != "$1" ]; then
        printf 'expected: %s\ngot (%s): %s\n\n' "$1" "$status" "$output" >&2
        failures=$((failures + 1))
    fi
    put_tree
}

put_tree
if ! output=$("$blocks" "$tree") || [ -n "$output" ]; then
    printf 'the tree should be in order, but: %s\n' "$output" >&2
    failures=1
fi

# README.md
printf '%s\n' '```cpp' 'x' '```' >>README.md
finds 'README.md:15: a block needs a language and a name of small letters, as in ```cpp cleanup'
printf '%s\n' '~~~' 'x' '~~~' >>README.md
finds 'README.md:15: a block needs a language and a name of small letters, as in ```cpp cleanup'
printf '%s\n' '' '  ```' 'x' '  ```' >>README.md
finds 'README.md:16: a block needs a language and a name of small letters, as in ```cpp cleanup'
printf '%s\n' '```cpp new' 'x' '```' >>README.md
finds 'README.md:15: no test names readme/new.cpp, the file that this block makes'
printf '%s\n' '```cpp call' 'x' '```' >>README.md
finds 'README.md:15: there are two blocks with the name call'
printf '%s\n' '' '    x();' >>README.md
finds 'README.md:16: code that no test runs: write it between fences, with a language and a name'
printf '%s\n' '<pre>x();</pre>' >>README.md
finds 'README.md:15: code that no test runs: write it between fences, with a language and a name'
rm tests/auto/examples/CMakeLists.txt
finds 'README.md:11: no test names readme/try.sh, the file that this block makes'

# The manual.
literal='code that no test runs: quote it with \snippet from tests/auto/snippets'
printf '%s\n' '    \code' 'x' '    \endcode' >>src/docs/page.qdoc
finds "src/docs/page.qdoc:8: $literal"
printf '%s\n' '/*! \code' 'x \endcode */' >>src/some.cpp
finds "src/some.cpp:4: $literal"
printf '%s\n' '/*! \qml' 'x \endqml */' >>include/some_p.h
finds "include/some_p.h:4: $literal"
printf '%s\n' '\quotefromfile x.cpp' >>src/docs/page.qdoc
finds "src/docs/page.qdoc:8: $literal"
printf '%s\n' '\snippet none.cpp x' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: there is no none.cpp to quote'
printf '%s\n' '\snippet tst_snippets_some.cpp other' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: tests/auto/snippets/tst_snippets_some.cpp has no part that begins and ends with //! [other]'
put tests/auto/snippets/tst_snippets_other.cpp '//! [x]' '//! [x]'
printf '%s\n' '\snippet tst_snippets_other.cpp x' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: no test runs tests/auto/snippets/tst_snippets_other.cpp, which is quoted here'
put tests/auto/snippets/qml/Other.qml '//! [x]' '//! [x]'
printf '%s\n' '\snippet qml/Other.qml x' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: no test runs tests/auto/snippets/qml/Other.qml, which is quoted here'
put examples/02-second/main.cpp '//! [x]' '//! [x]'
printf '%s\n' '\snippet 02-second/main.cpp x' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: no test runs examples/02-second/main.cpp, which is quoted here'
put examples/fetch/main.cpp '//! [x]' '//! [x]'
printf '%s\n' '\snippet fetch/main.cpp x' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: no test runs examples/fetch/main.cpp, which is quoted here'
put src/docs/snippets/fetchother/main.cpp 'x'
printf '%s\n' '\quotefile fetchother/main.cpp' >>src/docs/page.qdoc
finds 'src/docs/page.qdoc:8: no test runs src/docs/snippets/fetchother/main.cpp, which is quoted here'

exit "$failures"
