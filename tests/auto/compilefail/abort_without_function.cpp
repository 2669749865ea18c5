// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutAbort: a specialisation needs a function static void abort(T &operation).

class Reply : public QObject
{
};

template<>
struct QTimeoutAbort<Reply>
{
    static void cancel(Reply &) {}
};

void watch(QTimeoutScope &scope, Reply *reply)
{
    scope.watch(reply);
}
