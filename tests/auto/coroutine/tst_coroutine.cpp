// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "coroutinesupport.h"

#include <QtTest/qtest.h>

#include <memory>

using namespace std::chrono_literals;

namespace {

class DerivedScope : public QTimeoutScope
{
public:
    using QTimeoutScope::QTimeoutScope;

    // Takes the scope as this.
    QCoro::Task<int> member(Gate &gate) { return waitAt(*this, gate, "member"); }
    QCoro::Task<int> ownCoroutine(Gate &gate)
    {
        const Local local("own");
        co_return co_await valueAfter(gate, 7);
    }
};

class Window
{
public:
    explicit Window(int number) : m_number(number) {}
    Q_DISABLE_COPY_MOVE(Window)
    virtual ~Window() = default;

    QCoro::Task<int> load(QTimeoutScope &, Gate &gate)
    {
        const Local local("member");
        co_await passThrough(gate);
        co_return m_number;
    }
    QCoro::Task<int> loadConst(QTimeoutScope &, Gate &gate) const
    {
        const Local local("const member");
        co_await passThrough(gate);
        co_return m_number;
    }
    static QCoro::Task<int> loadStatic(QTimeoutScope &, Gate &gate)
    {
        const Local local("static member");
        co_await passThrough(gate);
        co_return 3;
    }
    virtual QCoro::Task<int> loadVirtual(QTimeoutScope &scope, Gate &gate) = 0;

private:
    const int m_number;
};

class DerivedWindow final : public Window
{
public:
    using Window::Window;

    QCoro::Task<int> loadVirtual(QTimeoutScope &, Gate &gate) override
    {
        const Local local("virtual member");
        co_await passThrough(gate);
        co_return 4;
    }
};

template<typename T>
QCoro::Task<T> templated(T value, QTimeoutScope &, Gate &gate)
{
    const Local local("template");
    co_await passThrough(gate);
    co_return value;
}

QCoro::Task<int> scopeLast(Gate &gate, std::unique_ptr<int> number, QTimeoutScope &)
{
    const Local local("last");
    co_await passThrough(gate);
    co_return *number;
}

QCoro::Task<int> withDerivedScope(Gate &gate, DerivedScope &)
{
    const Local local("derived");
    co_await passThrough(gate);
    co_return 9;
}

struct Functor
{
    QCoro::Task<int> operator()(QTimeoutScope &, Gate &gate) const
    {
        const Local local("functor");
        co_await passThrough(gate);
        co_return number;
    }

    int number;
};

// Stays plain.
QCoro::Task<int> withPointer(QTimeoutScope *, Gate &gate)
{
    co_await passThrough(gate);
    co_return 1;
}

// With the scope, the gate and, if the coroutine is to be awaited, what it gives.
using Start = std::function<QCoro::Task<int>(DerivedScope &, Gate &)>;

struct NotDefaultConstructible
{
    NotDefaultConstructible(int first, int second) : sum(first + second) {}
    int sum;
};

QCoro::Task<NotDefaultConstructible> braced(QTimeoutScope &, Gate &gate)
{
    co_await passThrough(gate);
    co_return {1, 2};
}

QCoro::Task<std::unique_ptr<int>> moveOnly(QTimeoutScope &, Gate &gate)
{
    co_await passThrough(gate);
    co_return std::make_unique<int>(5);
}

QCoro::Task<> nothing(QTimeoutScope &, Gate &gate)
{
    co_await passThrough(gate);
}

// What is aligned more strictly is not for frames of coroutines: the compilers forget it.
struct alignas(16) Aligned
{
    int value = 0;
};

QCoro::Task<Aligned> aligned(QTimeoutScope &, Gate &gate)
{
    Aligned result;
    co_await passThrough(gate);
    result.value = quintptr(&result) % 16 == 0 ? 1 : 2;
    co_return result;
}

QCoro::Task<int> throws(QTimeoutScope &, Gate &gate)
{
    const Local local("throws");
    co_await passThrough(gate);
    throw std::runtime_error("broken");
}

QCoro::Task<int> returnsAtOnce(QTimeoutScope &)
{
    co_return 11;
}

} // namespace

Q_DECLARE_METATYPE(Start)

/*
    What is an abortable coroutine, and what it gives.
*/
class tst_Coroutine : public CoroutineTest
{
    Q_OBJECT

private Q_SLOTS:
    void kinds_data();
    void kinds();
    void returnsAtOnce();
    void pointerStaysPlain();
    void results();
    void exceptionIsPassedOn();
    void exceptionInsteadOfTheInterruptionIsPassedOn();
    void valueInsteadOfTheInterruptionIsPassedOn();
    void then();
    void taskIsDroppedAndTheCoroutineGoesOn();
    void inactiveScopeIsJoined();
    void scopeWaitsForTheCoroutine();
    void scopeFinishesByItselfAfterTheCoroutine();
};

void tst_Coroutine::kinds_data()
{
    static DerivedWindow window(2);
    static const int captured = 6;
    static const auto withCapture =
            [number = std::make_shared<int>(captured)](QTimeoutScope &,
                                                       Gate &gate) -> QCoro::Task<int> {
        const Local local("capture");
        co_await passThrough(gate);
        co_return *number;
    };
    static const auto generic = [](auto &, auto &gate) -> QCoro::Task<int> {
        const Local local("generic");
        co_await passThrough(gate);
        co_return 8;
    };
    static const auto plainLambda = [](QTimeoutScope &, Gate &gate) -> QCoro::Task<int> {
        const Local local("lambda");
        co_await passThrough(gate);
        co_return 5;
    };
    static const Functor functor{10};

    QTest::addColumn<Start>("start");
    QTest::addColumn<int>("value");
    QTest::newRow("free function")
            << Start([](auto &scope, auto &gate) { return waitAt(scope, gate, "free"); }) << 42;
    QTest::newRow("member") << Start([](auto &scope, auto &gate) {
        return window.load(scope, gate);
    }) << 2;
    QTest::newRow("const member") << Start([](auto &scope, auto &gate) {
        return std::as_const(window).loadConst(scope, gate);
    }) << 2;
    QTest::newRow("static member")
            << Start([](auto &scope, auto &gate) { return Window::loadStatic(scope, gate); }) << 3;
    QTest::newRow("virtual member") << Start([](auto &scope, auto &gate) {
        return static_cast<Window &>(window).loadVirtual(scope, gate);
    }) << 4;
    QTest::newRow("lambda") << Start([](auto &scope, auto &gate) {
        return plainLambda(scope, gate);
    }) << 5;
    QTest::newRow("lambda with a capture")
            << Start([](auto &scope, auto &gate) { return withCapture(scope, gate); }) << 6;
    QTest::newRow("generic lambda")
            << Start([](QTimeoutScope &scope, auto &gate) { return generic(scope, gate); }) << 8;
    QTest::newRow("template") << Start([](auto &scope, auto &gate) {
        return templated(7, scope, gate);
    }) << 7;
    QTest::newRow("functor") << Start([](auto &scope, auto &gate) { return functor(scope, gate); })
                             << 10;
    QTest::newRow("scope last") << Start([](auto &scope, auto &gate) {
        return scopeLast(gate, std::make_unique<int>(12), scope);
    }) << 12;
    QTest::newRow("derived scope")
            << Start([](auto &scope, auto &gate) { return withDerivedScope(gate, scope); }) << 9;
    QTest::newRow("member of a derived scope")
            << Start([](auto &scope, auto &gate) { return scope.ownCoroutine(gate); }) << 7;
}

void tst_Coroutine::kinds()
{
    QFETCH(Start, start);
    QFETCH(int, value);
    {
        Gate gate;
        DerivedScope scope(1s);
        const auto result = observe(start(scope, gate));
        QCOMPARE(result->end, End::Pending);
        gate.open();
        QCOMPARE(result->end, End::Returned);
        QCOMPARE(result->value, value);
    }
    events().clear();
    {
        Gate gate;
        DerivedScope scope(1s);
        const auto result = observe(start(scope, gate));
        clock().advance(999ms);
        QCOMPARE(result->end, End::Pending);
        QVERIFY(events().isEmpty());
        clock().advance(1ms);
        QCOMPARE(result->end, End::TimedOut);
        QVERIFY(!events().isEmpty()); // the local has gone
        gate.open();
    }
}

void tst_Coroutine::returnsAtOnce()
{
    QTimeoutScope scope(1s);
    QCoro::Task<int> task = ::returnsAtOnce(scope);
    QVERIFY(task.isReady());
    QCOMPARE(observe(std::move(task))->value, 11);
}

void tst_Coroutine::pointerStaysPlain()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(withPointer(&scope, gate));
    scope.cancel();
    QCOMPARE(result->end, End::Pending);
    gate.open();
    QCOMPARE(result->end, End::Returned);
}

void tst_Coroutine::results()
{
    QTimeoutScope scope(1s);
    Gate gates[4];
    const auto fromBraces = observe(braced(scope, gates[0]));
    const auto pointer = observe(moveOnly(scope, gates[1]));
    const auto none = observe(nothing(scope, gates[2]));
    const auto overAligned = observe(aligned(scope, gates[3]));
    for (Gate &gate : gates)
        gate.open();
    QCOMPARE(fromBraces->value->sum, 3);
    QCOMPARE(**pointer->value, 5);
    QCOMPARE(none->end, End::Returned);
    QCOMPARE(overAligned->value->value, 1);
}

void tst_Coroutine::exceptionIsPassedOn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto result = observe(throws(scope, gate));
    gate.open();
    QCOMPARE(result->end, End::Failed);
    QCOMPARE(result->what, "broken");
    COMPARE_EVENTS({"~throws"});
}

void tst_Coroutine::exceptionInsteadOfTheInterruptionIsPassedOn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto other = [](QTimeoutScope &inner, Gate &closed) -> QCoro::Task<int> {
        try {
            co_await waitAt(inner, closed, "inner");
        } catch (const QTimeoutCancelled &) {
            throw std::runtime_error("instead");
        }
        co_return 1;
    };
    const auto result = observe(other(scope, gate));
    clock().advance(1s);
    QCOMPARE(result->end, End::Failed);
    QCOMPARE(result->what, "instead");
    gate.open();
}

void tst_Coroutine::valueInsteadOfTheInterruptionIsPassedOn()
{
    Gate gate;
    QTimeoutScope scope(1s);
    const auto swallow = [](QTimeoutScope &inner, Gate &closed) -> QCoro::Task<int> {
        try {
            co_return co_await waitAt(inner, closed, "inner");
        } catch (const QTimeoutCancelled &) {
            co_return -1;
        }
    };
    const auto result = observe(swallow(scope, gate));
    clock().advance(1s);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, -1);
    gate.open();
}

void tst_Coroutine::then()
{
    Gate gate;
    QTimeoutScope scope(1s);
    auto task = waitAt(scope, gate, "first");
    const auto result = observe(task.then([](int value) { return value + 1; }));
    gate.open();
    QCOMPARE(result->value, 43);

    Gate closed;
    bool failed = false;
    auto late = waitAt(scope, closed, "late");
    const auto handled = observe(late.then([](int value) { return value; },
                                           [&failed](const std::exception &error) {
                                               failed = dynamic_cast<const QTimeoutError *>(&error);
                                           }));
    clock().advance(1s);
    QVERIFY(failed);
    closed.open();
}

void tst_Coroutine::taskIsDroppedAndTheCoroutineGoesOn()
{
    Gate first;
    Gate second;
    QTimeoutScope scope(1s);
    std::ignore = waitAt(scope, first, "first");
    std::ignore = waitAt(scope, second, "second");
    first.open();
    COMPARE_EVENTS({"first: passed", "~first"});
    clock().advance(1s);
    COMPARE_EVENTS({"first: passed", "~first", "second: cancelled", "~second"});
    second.open();
}

void tst_Coroutine::inactiveScopeIsJoined()
{
    Gate gate;
    QTimeoutScope scope;
    const auto result = observe(waitAt(scope, gate, "early"));
    QVERIFY(scope.start(1s));
    clock().advance(1s);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_Coroutine::scopeWaitsForTheCoroutine()
{
    Gate gate;
    QObject object;
    QTimeoutScope scope(1s);
    scope.watch(&object);
    const auto result = observe(waitAt(scope, gate, "work"));
    scope.unwatch(&object);
    clock().advance(10ms);
    QCOMPARE(scope.state(), QTimeoutScope::Active);
    clock().advance(1s);
    QCOMPARE(scope.state(), QTimeoutScope::Expired);
    QCOMPARE(result->end, End::TimedOut);
    gate.open();
}

void tst_Coroutine::scopeFinishesByItselfAfterTheCoroutine()
{
    Gate gate;
    QObject object;
    QTimeoutScope scope(1s);
    scope.watch(&object);
    const auto result = observe(waitAt(scope, gate, "work"));
    scope.unwatch(&object);
    gate.open();
    QCOMPARE(scope.state(), QTimeoutScope::Active);
    clock().advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

QTEST_GUILESS_MAIN(tst_Coroutine)
#include "tst_coroutine.moc"
