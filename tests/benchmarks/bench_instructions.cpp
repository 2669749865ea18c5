// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

/*
    The operations whose instructions tests/run instructions counts. Callgrind counts what is done
    in measure(), with everything that it calls:

        valgrind --tool=callgrind --collect-atstart=no --toggle-collect=measure \
            bench_instructions guard

    Nothing here depends on the time that passes: deadlines are far away, or on a clock that stands
    still.
*/

#include <QTimeout>
#include <QTimeoutTestClock>

#include <QCoroSignal>
#include <QCoroTask>

#include <QCoreApplication>

#include <cstdio>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

static constexpr int Count = 1'000;

/*
    Something that is done Count times over. Whatever happens only the first time has happened in
    prepare(), and in a run that is not measured.
*/
class Workload
{
public:
    virtual ~Workload() = default;
    virtual void prepare() {}
    virtual void run() = 0;
};

// Callgrind knows it by this name.
extern "C" Q_NEVER_INLINE void measure(Workload &workload)
{
    workload.run();
}

class Guard : public Workload
{
    void run() override
    {
        for (int i = 0; i < Count; ++i) {
            QTimeoutScope scope(30s);
            scope.finish();
        }
    }
};

class Reschedule : public Workload
{
    void run() override
    {
        for (int i = 0; i < Count; ++i)
            m_scope.reschedule(m_timeout += 1ms);
    }

    QTimeoutScope m_earlier{10s};
    QTimeoutScope m_scope{30s};
    std::chrono::milliseconds m_timeout = 30s;
};

class Shift : public Workload
{
    void run() override
    {
        for (int i = 0; i < Count; ++i)
            m_scope.shift(1ms);
    }

    QTimeoutScope m_earlier{10s};
    QTimeoutScope m_scope{30s};
};

static QCoro::Task<int> finishedTask()
{
    co_return 1;
}

class RunFinished : public Workload
{
    void run() override { m_task = await(); }

    static QCoro::Task<> await()
    {
        for (int i = 0; i < Count; ++i)
            co_await QTimeout::run(30s, finishedTask());
    }

    QCoro::Task<> m_task;
};

/*
    What is waited for comes up inside of a call, and not from the event loop, whose instructions
    are not ours.
*/
class RunTask : public Workload
{
    struct Step
    {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) const { *where = waiter; }
        void await_resume() const noexcept {}

        std::coroutine_handle<> *where;
    };

    void run() override
    {
        m_task = await();
        for (int i = 0; i < Count; ++i)
            m_waiter.resume();
    }

    QCoro::Task<int> stepTask()
    {
        const Step step{&m_waiter};
        co_await step;
        co_return 1;
    }

    QCoro::Task<> await()
    {
        for (int i = 0; i < Count; ++i)
            co_await QTimeout::run(30s, stepTask());
    }

    std::coroutine_handle<> m_waiter;
    QCoro::Task<> m_task;
};

class RunSignal : public Workload
{
    void run() override
    {
        m_task = await();
        for (int i = 0; i < Count; ++i) {
            m_object.setObjectName(m_names[i % 2]);
            QCoreApplication::sendPostedEvents();
        }
        if (!m_task.isReady())
            qFatal("The signals have not been received.");
    }

    QCoro::Task<> await()
    {
        for (int i = 0; i < Count; ++i)
            co_await QTimeout::run(30s, &m_object, &QObject::objectNameChanged);
    }

    const QString m_names[2] = {QStringLiteral("one"), QStringLiteral("other")};
    QObject m_object;
    QCoro::Task<> m_task;
};

/*
    An abortable coroutine that returns at once, called by nobody and by another.
*/
static QCoro::Task<int> returnAtOnce(QTimeoutScope &)
{
    co_return 1;
}

class AbortableCall : public Workload
{
    void run() override
    {
        for (int i = 0; i < Count; ++i)
            std::ignore = returnAtOnce(m_scope);
    }

    QTimeoutScope m_scope{30s};
};

class NestedCall : public Workload
{
    void run() override { m_task = call(m_scope); }

    static QCoro::Task<> call(QTimeoutScope &scope)
    {
        for (int i = 0; i < Count; ++i)
            std::ignore = co_await returnAtOnce(scope);
    }

    QTimeoutScope m_scope{30s};
    QCoro::Task<> m_task;
};

/*
    An abortable coroutine waits for a plain task that is resumed inside of a call.
*/
class AbortableAwait : public Workload
{
    struct Step
    {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) const { *where = waiter; }
        void await_resume() const noexcept {}

        std::coroutine_handle<> *where;
    };

    void run() override
    {
        m_task = await(m_scope);
        for (int i = 0; i < Count; ++i)
            m_waiter.resume();
    }

    QCoro::Task<int> stepTask()
    {
        const Step step{&m_waiter};
        co_await step;
        co_return 1;
    }

    QCoro::Task<> await(QTimeoutScope &)
    {
        for (int i = 0; i < Count; ++i)
            std::ignore = co_await stepTask();
    }

    QTimeoutScope m_scope{30s};
    std::coroutine_handle<> m_waiter;
    QCoro::Task<> m_task;
};

/*
    Scopes that have been pending for a while, each with a slot, come up a hundred at a time.
*/
class Expiry : public Workload
{
    void prepare() override
    {
        m_scopes.clear();
        for (int i = 0; i < Count; ++i) {
            auto &scope = m_scopes.emplace_back(std::make_unique<QTimeoutScope>(
                    std::chrono::milliseconds(2 + i * 7919 % 1000 / 100)));
            QObject::connect(scope.get(), &QTimeoutScope::expired, [this] { ++m_expired; });
        }
        m_expired = 0;
        m_clock.advance(1ms);
    }

    void run() override
    {
        m_clock.advance(1s);
        if (m_expired != Count)
            qFatal("Only %d of %d scopes have expired.", m_expired, Count);
    }

    QTimeoutTestClock m_clock;
    std::vector<std::unique_ptr<QTimeoutScope>> m_scopes;
    int m_expired = 0;
};

static std::unique_ptr<Workload> makeWorkload(std::string_view name)
{
    if (name == "guard")
        return std::make_unique<Guard>();
    if (name == "reschedule")
        return std::make_unique<Reschedule>();
    if (name == "shift")
        return std::make_unique<Shift>();
    if (name == "run-finished")
        return std::make_unique<RunFinished>();
    if (name == "run-task")
        return std::make_unique<RunTask>();
    if (name == "run-signal")
        return std::make_unique<RunSignal>();
    if (name == "call")
        return std::make_unique<AbortableCall>();
    if (name == "nested-call")
        return std::make_unique<NestedCall>();
    if (name == "await")
        return std::make_unique<AbortableAwait>();
    if (name == "expiry")
        return std::make_unique<Expiry>();
    return nullptr;
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const std::unique_ptr<Workload> workload = makeWorkload(argc == 2 ? argv[1] : "");
    if (!workload) {
        std::fputs("Usage: bench_instructions guard|reschedule|shift|run-finished|run-task|"
                   "run-signal|call|nested-call|await|expiry\n",
                   stderr);
        return 1;
    }
    workload->prepare();
    workload->run();
    workload->prepare();
    measure(*workload);
}
