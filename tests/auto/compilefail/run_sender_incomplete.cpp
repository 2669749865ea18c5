// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: the class of the sender is only declared here. Include its header.

class Dialog;

template<typename Signal>
QCoro::Task<> run(Dialog *dialog, Signal signal)
{
    co_await QTimeout::run(1s, dialog, signal);
}

template QCoro::Task<> run(Dialog *, void (QTimer::*)());
