// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: the sender of a signal is a QObject.

struct Dialog
{
    void finished();
};

QCoro::Task<> run(Dialog *dialog)
{
    co_await QTimeout::run(1s, dialog, &Dialog::finished);
}
