// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutAbort: only a QObject can be forced

struct Upload
{
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
};

template<>
struct QTimeoutAbort<Upload>
{
    static void abort(Upload &) {}
    static void force(Upload &) {}
};

QCoro::Task<> wait()
{
    co_await QTimeout::run(std::chrono::seconds(1), Upload());
}
