# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT

# Takes the blocks of code out of README.md, for the tests that compile and run them. The fence of a block names its
# language and the block: ```cpp cleanup becomes <QTIMEOUT_README_BLOCKS>/readme/cleanup.cpp. blocks.sh checks that each
# is used.

set(QTIMEOUT_README_BLOCKS "${PROJECT_BINARY_DIR}/tests")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md")

function(qtimeout_extract_blocks file folder)
    file(READ "${file}" rest)
    set(line 1)
    set(cpp)
    set(qml)
    while(TRUE)
        # From one opening fence to the next.
        string(FIND "${rest}" "\n```" begin)
        if(begin EQUAL -1)
            break()
        endif()
        math(EXPR begin "${begin} + 4")
        string(SUBSTRING "${rest}" 0 ${begin} before)
        string(SUBSTRING "${rest}" ${begin} -1 rest)
        string(FIND "${rest}" "\n" end)
        string(SUBSTRING "${rest}" 0 ${end} info)
        string(FIND "${rest}" "\n```" length)
        math(EXPR begin "${end} + 1")
        math(EXPR length "${length} - ${end}")
        string(SUBSTRING "${rest}" ${begin} ${length} block)
        math(EXPR begin "${end} + ${length} + 4")
        string(SUBSTRING "${rest}" ${begin} -1 rest)

        string(REGEX REPLACE "[^\n]" "" before "${before}")
        string(LENGTH "${before}" count)
        math(EXPR line "${line} + ${count} + 1")
        if(info MATCHES "^([a-z]+) ([a-z]+)$")
            set(language ${CMAKE_MATCH_1})
            set(name ${CMAKE_MATCH_2})
            list(APPEND ${language} "\"readme/${name}.${language}\"")
            if(language STREQUAL "cpp")
                # Indented as what is around it in a function, for compilers that care.
                string(REPLACE "\n" "\n    " block "    ${block}")
                string(PREPEND block "#line ${line} \"${file}\"\n")
            endif()
            set(old)
            if(EXISTS "${folder}/${name}.${language}")
                file(READ "${folder}/${name}.${language}" old)
            endif()
            if(NOT old STREQUAL block)
                file(WRITE "${folder}/${name}.${language}" "${block}")
            endif()
        endif()
        string(REGEX REPLACE "[^\n]" "" block "${block}")
        string(LENGTH "${block}" count)
        if(language STREQUAL "cpp")
            math(EXPR count "${count} - 1") # that of #line
        endif()
        math(EXPR line "${line} + ${count}")
    endwhile()
    # As lists of strings in C++.
    list(JOIN cpp "," cpp)
    list(JOIN qml "," qml)
    set(QTIMEOUT_README_CPP "${cpp}" PARENT_SCOPE)
    set(QTIMEOUT_README_QML "${qml}" PARENT_SCOPE)
endfunction()

qtimeout_extract_blocks("${PROJECT_SOURCE_DIR}/README.md" "${QTIMEOUT_README_BLOCKS}/readme")
