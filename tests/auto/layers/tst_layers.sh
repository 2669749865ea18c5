#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Checks that layers.sh has nothing to say about a small tree that is in order, and that it finds each of the things
# that can be wrong.

set -euo pipefail

layers=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"

licence='// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT'
notice='//
// Not part of the API. We mean it.'

# put FILE LINE...: writes a source file.
put()
{
    mkdir -p "$(dirname -- "$1")"
    printf '%s\n' "$licence" '' "${@:2}" >"$1"
}

# put_private FILE LINE...: writes a private header that has what it needs at its top.
put_private()
{
    put "$1" '#ifndef GUARD' '#define GUARD' '' '// What it holds.' '' "$notice" '' "${@:2}" '' '#endif // GUARD'
}

put_tree()
{
    rm -rf src include
    put include/QTimeout/global/global.h '#define NOTHING' '#include <QTimeout/global/qtimeoutversion.h>'
    put_private include/QTimeout/deadline/queue_p.h '#include "../global/global.h"' '#include <vector>' 'class Queue;'
    put include/QTimeout/scope/scope.h '#ifndef GUARD' '#define GUARD' '#include "../deadline/queue_p.h"' \
        'class Scope; // of all' '#if 1' '#include "../coroutine/promise_p.h"' '#endif' '' '#endif // GUARD'
    put_private include/QTimeout/coroutine/promise_p.h '#include "../scope/scope.h"' 'class Promise;'
    put include/QTimeout/Scope '#include "coroutine/promise_p.h"' '#include "scope/scope.h"'
    put include/QTimeoutQml/qml.h '#include <QTimeout/scope/scope.h>'
    put include/QTimeoutTest/clock.h '#include <QTimeout/deadline/queue_p.h>'
    put src/scope/scope.cpp '#include "scope/scope.h"' '#include "deadline/queue_p.h"' \
        '/*' '#include "coroutine/promise_p.h"' '*/' \
        'auto address = "https://example.org/*"; // /*' \
        'auto many = 10'\''000; /*' '#include "coroutine/promise_p.h"' '*/' \
        'auto quote = '\''"'\''; /*' '#include "coroutine/promise_p.h"' '*/' \
        'auto text = R"x(' '#include "coroutine/promise_p.h"' ')" )x";' '#include "moc_scope.cpp"'
    put src/scope/qtimeoutscope.cpp "$(seq 700 | sed 's/.*/int i;/')"
    put src/qml/qml.cpp '#include "qml.h"' '#include <QTimeout/coroutine/promise_p.h>' '#include "../scope/scope_p.h"'
    put_private src/scope/scope_p.h 'class ScopePrivate;'
    put src/testclock/clock.cpp '#include "clock.h"'
    put src/docs/docs.h '#include <clock.h>' '#include <qml.h>' '#include <Scope>'
    put src/scope/long.cpp "$(seq 597 | sed 's/.*/int i;/')"
}

failed=0

# expect TEXT: what the checker says about the tree, which then is put in order again. Nothing but that.
expect()
{
    local output status=0 expected_status=1
    [ -n "$1" ] || expected_status=0
    output=$("$layers" "$tree") || status=$?
    if [ "$output" != "$1" ] || [ "$status" -ne "$expected_status" ]; then
        printf 'Expected: %s\nFound (%s): %s\n\n' "$1" "$status" "$output"
        failed=1
    fi
    put_tree
}

put_tree
expect ''

put src/deadline/queue.cpp '#include "scope/scope.h"'
expect 'src/deadline/queue.cpp:4: includes scope/scope.h of the layer scope, which is not below deadline'

put_private include/QTimeout/thread/address_p.h '#include "../error/error.h"'
put include/QTimeout/error/error.h 'class Error;'
expect 'include/QTimeout/thread/address_p.h:12: includes ../error/error.h of the layer error, which is not below thread'

put src/global/global.cpp '#    include <QTimeout/deadline/queue_p.h>'
expect 'src/global/global.cpp:4: includes QTimeout/deadline/queue_p.h of the layer deadline, which is not below global'

put src/coroutine/promise.cpp '/* A */ #include <Scope> // which is for users'
expect 'src/coroutine/promise.cpp:4: includes Scope of the layer all, which is not below coroutine'

put src/qml/qml.cpp '#include <QTimeoutTest/clock.h>'
expect 'src/qml/qml.cpp:4: includes QTimeoutTest/clock.h of the layer testclock, which is not below qml'

put src/testclock/clock.cpp '#include "qml.h"'
expect 'src/testclock/clock.cpp:4: includes qml.h of the layer qml, which is not below testclock'

put src/testclock/clock.cpp '#include "docs/docs.h"'
expect 'src/testclock/clock.cpp:4: includes docs/docs.h of the layer docs, which is not below testclock'

put include/QTimeout/error/error.h '#ifndef GUARD' '#define GUARD' '#include "../scope/scope.h"' 'class Error;' '#endif'
expect 'include/QTimeout/error/error.h:6: includes ../scope/scope.h of the layer scope, which is not below error'

put include/QTimeout/error/error.h '#ifndef GUARD' '#define GUARD' 'class Error;' '#endif' '#include "../scope/scope.h"'
expect 'include/QTimeout/error/error.h:8: includes ../scope/scope.h of the layer scope, which is not below error'

put include/QTimeout/error/error.h '#include "../scope/scope.h"' '#if 1' '#endif'
expect 'include/QTimeout/error/error.h:4: includes ../scope/scope.h of the layer scope, which is not below error'

put_private include/QTimeout/error/error_p.h 'class Error;' '#include "../scope/scope.h"'
expect 'include/QTimeout/error/error_p.h:13: includes ../scope/scope.h of the layer scope, which is not below error'

put src/error/error.h '#ifndef GUARD' 'class Error;' '#include "scope/scope.h"' '#endif'
expect 'src/error/error.h:6: includes scope/scope.h of the layer scope, which is not below error'

put src/error/error.cpp '#include "eror.h"'
expect 'src/error/error.cpp:4: includes eror.h, which is not there'

put src/error/error.cpp '#include <QTimeout/error/eror.h>'
expect 'src/error/error.cpp:4: includes QTimeout/error/eror.h, which is not there'

put src/helper/helper.cpp ''
expect 'src/helper/helper.cpp:1: is in no folder of a layer'

put src/helper.cpp ''
expect 'src/helper.cpp:1: is in no folder of a layer'

put src/scope/long.cpp "$(seq 598 | sed 's/.*/int i;/')"
expect 'src/scope/long.cpp:601: has more than 600 lines'

put src/docs/manual.qdoc "$(seq 600)"
expect 'src/docs/manual.qdoc:603: has more than 600 lines'

put src/scope/life_p.h '// What it holds, which' '// takes two lines.' "$notice" '#include <vector>'
expect ''

put src/scope/life_p.h '/* What it holds. */' '' "$notice"
expect ''

put src/scope/life_p.h "$notice" '' '// What it holds.'
expect 'src/scope/life_p.h:1: does not begin by saying what it holds, before the notice'

put src/scope/life_p.h '#include <vector>' '// What it holds.' "$notice"
expect 'src/scope/life_p.h:7: has its notice below what it includes or declares
src/scope/life_p.h:1: does not begin by saying what it holds, before the notice'

put src/scope/life_p.h '// What it holds.' 'class Life;'
expect 'src/scope/life_p.h:1: has no notice that it is no API'

put src/scope/life_p.h '// What it holds.' 'class Life;' "$notice"
expect 'src/scope/life_p.h:7: has its notice below what it includes or declares'

put src/scope/life_p.h '/*' '    What' '    it' '    holds.' '*/' '' "$notice"
expect 'src/scope/life_p.h:5: takes more than two lines to say what it holds'

exit "$failed"
