// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: a task is passed by moving it: run(deadline, std::move(task)).

QCoro::Task<> run(QTimeoutScope &scope, QCoro::Task<> task)
{
    co_await scope.tryRun(task);
}
