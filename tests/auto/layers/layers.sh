#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Checks that the files in src/ and include/ keep to the layers, and that a file can be read in one sitting:
#
# - A file belongs to the layer that its folder is named after, and includes only from its own or a lower one. A public
#   header may include from any layer after its last declaration, which is where it gets what its templates need.
# - A file has at most 600 lines, except for the public class with its manual.
# - The first comment of a private header says in one line, or in a short sentence, what the header holds. The notice
#   that it is no API follows.
#
# Usage: tests/auto/layers/layers.sh [ROOT]
#
# Prints what is wrong as file:line: message, and exits with 1 if there is anything.

set -euo pipefail
export LC_ALL=C

cd -- "${1:-$(dirname -- "${BASH_SOURCE[0]}")/../../..}"

# From bottom to top. Those on the same line do not know of each other.
layers='
    global
    thread
    deadline
    error
    scope
    task
    wait
    operation
    run
    coroutine
    all
    qml testclock
    docs
'

# Folders that are not named after their layer. In include/QTimeout itself are the camel-case headers.
folders='
    include/QTimeout all
    include/QTimeoutQml qml
    include/QTimeoutTest testclock
'

# Headers that are made when the project is configured.
generated='
    include/QTimeout/global/qtimeoutversion.h
'

longest=600
may_be_longer=src/scope/qtimeoutscope.cpp

mapfile -t files < <(find src include -type f ! -name '*.png' | sort)
[ "${#files[@]}" -gt 0 ] || exit 2

awk -v layers="$layers" -v folders="$folders" -v generated="$generated" \
    -v longest="$longest" -v may_be_longer="$may_be_longer" '
BEGIN {
    count = split(layers, line, "\n")
    for (i = 1; i <= count; ++i) {
        names = split(line[i], name, " ")
        for (j = 1; j <= names; ++j)
            level[name[j]] = i
    }
    count = split(folders, word, " ")
    for (i = 1; i < count; i += 2)
        layer_of_folder[word[i]] = word[i + 1]
    count = split(generated, word, " ")
    for (i = 1; i <= count; ++i)
        exists[word[i]] = 1
    for (i = 1; i < ARGC; ++i)
        exists[ARGV[i]] = 1
    # Where the compiler looks for headers.
    roots = split("src include include/QTimeout include/QTimeoutQml include/QTimeoutTest", root, " ")
}

function complain(number, text)
{
    printf "%s:%d: %s\n", path, number, text
    failed = 1
}

function folder_of(file)
{
    sub(/\/[^\/]*$/, "", file)
    return file
}

# The layer of a file, or nothing.
function layer_of(file,    folder)
{
    folder = folder_of(file)
    if (folder in layer_of_folder)
        return layer_of_folder[folder]
    if (!sub(/^(src|include\/QTimeout)\//, "", file))
        return ""
    if (!sub(/\/.*/, "", file) || !(file in level))
        return ""
    return file
}

# A path without the parts that lead up again.
function normalized(file)
{
    while (sub(/[^\/.]+\/\.\.\//, "", file))
        ;
    gsub(/(^|\/)\.\//, "/", file)
    sub(/^\//, "", file)
    return file
}

# The file of the project that is included, or nothing.
function resolved(name, quoted,    i, file)
{
    if (quoted) {
        file = normalized(folder_of(path) "/" name)
        if (file in exists)
            return file
    }
    for (i = 1; i <= roots; ++i) {
        file = normalized(root[i] "/" name)
        if (file in exists)
            return file
    }
    return ""
}

# The line without its comments. Those and raw strings go on over lines.
function code_of(line,    code, i, character, two, end)
{
    code = ""
    for (i = 1; i <= length(line); ++i) {
        if (until != "") {
            end = index(substr(line, i), until)
            if (!end)
                break
            i += end - 1 + length(until) - 1
            until = ""
            continue
        }
        character = substr(line, i, 1)
        two = substr(line, i, 2)
        if (two == "//")
            break
        if (two == "/*") {
            until = "*/"
            ++i
            continue
        }
        if (two == "R\"" && code !~ /[A-Za-z0-9_]$/) {
            end = index(substr(line, i), "(")
            until = ")" substr(line, i + 2, end - 3) "\""
            code = code "\"\""
            i += end - 1
            continue
        }
        code = code character
        if (character == "\"" || (character == "\047" && code !~ /[A-Za-z0-9_].$/)) {
            for (++i; i <= length(line); ++i) {
                code = code substr(line, i, 1)
                if (substr(line, i, 1) == character)
                    break
                if (substr(line, i, 1) == "\\")
                    code = code substr(line, ++i, 1)
            }
        }
    }
    return code
}

function begin()
{
    path = FILENAME
    layer = layer_of(path)
    is_code = path ~ /\.(h|cpp)$/ || path ~ /^include\/.*\/Q[A-Za-z]*$/
    is_public = path ~ /^include\/.*\.h$/ && path !~ /_p\.h$/
    is_private = path ~ /_p\.h$/
    until = ""
    includes = first_line = last_code = last_endif = 0
    comment_state = "before"
    comment_lines = comment_line = notice_line = 0
}

function read_code(code,    name)
{
    if (code ~ /^[ \t]*#[ \t]*include[ \t]*["<]/) {
        name = code
        sub(/^[^"<]*/, "", name)
        included_quoted[++includes] = name ~ /^"/
        name = substr(name, 2)
        sub(/[">].*/, "", name)
        included_name[includes] = name
        included_line[includes] = lines
    } else if (code ~ /^[ \t]*#[ \t]*endif/) {
        last_endif = lines
    } else if (code ~ /^[ \t]*$/) {
        return
    } else if (code !~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)([^a-z]|$)/) {
        last_code = lines
    }
    if (!first_line && (code !~ /^[ \t]*#/ || code ~ /include/))
        first_line = lines
}

# Finds the first paragraph of comments after those on the licence, and the notice.
function read_comment(line,    text)
{
    if (line ~ /We mean it\.$/ && !notice_line)
        notice_line = lines
    if (comment_state == "after" || line ~ /^\/\/ SPDX-/)
        return
    sub(/^[ \t]+/, "", line)
    text = line
    gsub(/^(\/\/|\/\*)[!*]*|\*\/.*|[ \t]+/, "", text)
    if (comment_state == "before") {
        if (line !~ /^\/[\/*]/)
            return
        comment_state = line ~ /^\/\*/ ? "block" : "lines"
    } else if (comment_state == "lines" && line !~ /^\/\//) {
        comment_state = comment_lines ? "after" : "before"
        return
    }
    if (text != "") {
        ++comment_lines
        if (!comment_line)
            comment_line = lines
    } else if (comment_lines) {
        comment_state = "after"
    }
    if (comment_state == "block" && line ~ /\*\//)
        comment_state = comment_lines ? "after" : "before"
}

function judge_include(i,    name, target, target_layer)
{
    name = included_name[i]
    target = resolved(name, included_quoted[i])
    if (target == "") {
        if (included_quoted[i] ? name !~ /(^|\/)moc_[^\/]*\.cpp$|\.moc$/ : name ~ /^QTimeout(Qml|Test)?\//)
            complain(included_line[i], "includes " name ", which is not there")
        return
    }
    if (target == path) {
        complain(included_line[i], "includes itself")
        return
    }
    target_layer = layer_of(target)
    if (layer == "" || target_layer == "" || target_layer == layer || level[target_layer] < level[layer])
        return
    if (is_public && last_code && included_line[i] > last_code && included_line[i] < last_endif)
        return
    complain(included_line[i], "includes " name " of the layer " target_layer ", which is not below " layer)
}

function judge(    i)
{
    if (lines > longest && path != may_be_longer)
        complain(lines, "has more than " longest " lines")
    if (!is_code)
        return
    if (layer == "")
        complain(1, "is in no folder of a layer")
    for (i = 1; i <= includes; ++i)
        judge_include(i)
    if (!is_private)
        return
    if (!notice_line)
        complain(1, "has no notice that it is no API")
    else if (first_line && notice_line > first_line)
        complain(notice_line, "has its notice below what it includes or declares")
    if (!comment_lines || comment_line == notice_line || (first_line && comment_line > first_line))
        complain(1, "does not begin by saying what it holds, before the notice")
    else if (comment_lines > 2)
        complain(comment_line, "takes more than two lines to say what it holds")
}

FNR == 1 {
    if (NR > 1)
        judge()
    begin()
}

{
    lines = FNR
    if (is_code)
        read_code(code_of($0))
    if (is_private)
        read_comment($0)
}

END {
    if (NR > 0)
        judge()
    exit failed
}
' "${files[@]}"
