// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: or name a signal: run(deadline, sender, &Class::signal).

class Dialog : public QObject
{
};

QCoro::Task<> run(Dialog *dialog)
{
    co_await QTimeout::run(1s, dialog);
}
