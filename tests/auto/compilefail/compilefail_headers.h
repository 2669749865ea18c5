// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the cases include, precompiled.

#ifndef COMPILEFAIL_HEADERS_H
#define COMPILEFAIL_HEADERS_H

#include <QTimeout>

#include <QCoroAsyncGenerator>
#include <QCoroFuture>
#include <QCoroGenerator>
#if __has_include(<QCoroLazyTask>)
#    include <QCoroLazyTask>
#endif
#include <QCoroSignal>
#include <QCoroTask>
#include <QCoroTimer>

#include <QCoreApplication>
#include <QTimer>

#include <optional>

using namespace std::chrono_literals;

#endif // COMPILEFAIL_HEADERS_H
