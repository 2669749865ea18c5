# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT

# Included by a program's project(): links closewhenshown.cpp into the program, when that is there.

string(TOLOWER ${PROJECT_NAME} program)
cmake_language(EVAL CODE
    "cmake_language(DEFER CALL target_sources ${program} PRIVATE \"${CMAKE_CURRENT_LIST_DIR}/closewhenshown.cpp\")"
)
