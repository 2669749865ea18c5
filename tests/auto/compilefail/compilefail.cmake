# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT

# Runs COMPILE, a list, on the source file CASE, and checks that it fails as the lines `// expect: <text>` in CASE say, or
# that it succeeds if there is none.

file(STRINGS "${CASE}" expectations REGEX "^ *// expect: ")

set(ENV{LC_ALL} C)
execute_process(COMMAND ${COMPILE} "${CASE}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)

function(fail message)
    message("${output}")
    message(FATAL_ERROR "${CASE} ${message}")
endfunction()

if(NOT expectations AND NOT status EQUAL 0)
    fail("should compile, but does not")
endif()
if(expectations AND status EQUAL 0)
    fail("should not compile, but does")
endif()
foreach(expectation IN LISTS expectations)
    string(REGEX REPLACE "^ *// expect: " "" text "${expectation}")
    string(FIND "${output}" "${text}" position)
    if(position EQUAL -1)
        fail("does not compile, as it should, but the compiler does not say: ${text}")
    endif()
endforeach()
