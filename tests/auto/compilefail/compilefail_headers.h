// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the cases include, precompiled.

#ifndef COMPILEFAIL_HEADERS_H
#define COMPILEFAIL_HEADERS_H

#include <QTimeout>

#include <QCoroFuture>
#include <QCoroSignal>
#include <QCoroTask>
#include <QCoroTimer>

#include <QCoreApplication>
#include <QTimer>

#include <optional>

using namespace std::chrono_literals;

#endif // COMPILEFAIL_HEADERS_H
