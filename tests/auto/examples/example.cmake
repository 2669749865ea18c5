# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT

# Runs PROGRAM and compares what it prints with the file EXPECTED, but for the lines at its top that begin with #.

file(READ "${EXPECTED}" expected)
string(REGEX REPLACE "^(#[^\n]*\n)+" "" expected "${expected}")

execute_process(COMMAND "${PROGRAM}"
    OUTPUT_VARIABLE output
    ERROR_VARIABLE errors
    RESULT_VARIABLE status
)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "The example ended with: ${status}\n${output}\n${errors}")
endif()
if(NOT errors STREQUAL "")
    message(FATAL_ERROR "The example has something to say about itself:\n${errors}")
endif()
if(NOT output STREQUAL expected)
    message(FATAL_ERROR "The example printed\n\n${output}\ninstead of\n\n${expected}")
endif()
