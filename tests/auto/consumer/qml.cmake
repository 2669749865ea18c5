# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT

# The part of a user's project that is about QML.

if(NOT TARGET QTimeout::Qml)
    return()
endif()

find_package(Qt6 6.4 REQUIRED COMPONENTS Qml)
add_executable(consumer_qml "${CMAKE_CURRENT_LIST_DIR}/qmlclass.cpp")
target_link_libraries(consumer_qml PRIVATE QTimeout::Qml QTimeout::Test)
target_sources(myapp PRIVATE "${CMAKE_CURRENT_LIST_DIR}/qml.cpp")
target_compile_definitions(myapp PRIVATE CONSUMER_QML)
get_target_property(type QTimeout::Qmlplugin TYPE)
if(type STREQUAL "STATIC_LIBRARY")
    target_link_libraries(myapp PRIVATE QTimeout::Qml QTimeout::Qmlplugin)
    target_compile_definitions(myapp PRIVATE CONSUMER_QML_STATIC)
else()
    # The plugin is found at run time, with all that it needs.
    target_link_libraries(myapp PRIVATE Qt6::Qml)
    target_compile_definitions(myapp PRIVATE CONSUMER_QML_DIR="${QTimeout_QML_DIR}")
endif()
