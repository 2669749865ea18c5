// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qtimer.h>

#include <functional>
#include <memory>

using namespace std::chrono_literals;

struct Counted
{
    Counted() = default;
    Counted(const Counted &other) : copies(other.copies + 1), moves(other.moves) {}
    Counted(Counted &&other) noexcept : copies(other.copies), moves(other.moves + 1) {}
    Counted &operator=(const Counted &) = default;
    Counted &operator=(Counted &&) = default;

    int copies = 0;
    int moves = 0;
};

/*
    Could be aborted; but who waits for a signal has only stopped waiting.
*/
class Sender : public QObject
{
    Q_OBJECT

public:
    void abort() { ++aborts; }
    void emitPrivate() { Q_EMIT privately(QPrivateSignal()); }
    void emitPrivate(int value) { Q_EMIT privatelyOne(value, QPrivateSignal()); }

    int aborts = 0;

Q_SIGNALS:
    void none();
    void one(int value);
    void two(int value, const QString &text);
    void reference(const QString &text);
    void mutableReference(int &value);
    void pointer(const char *text);
    void constant(int value) const;
    void counted(const Counted &counted);
    void privately(QPrivateSignal);
    void privatelyOne(int value, QPrivateSignal);
    void overloaded(int value);
    void overloaded(const QString &text);
    void tracked(const Tracked &tracked);
};

/*
    Does something whenever its signal is connected.
*/
class EagerSender : public Sender
{
public:
    std::function<void()> onConnect = [this] { Q_EMIT one(42); };

protected:
    void connectNotify(const QMetaMethod &signal) override
    {
        if (signal == QMetaMethod::fromSignal(&Sender::one))
            onConnect();
    }
};

namespace {

QCoro::Task<> deleteAfterSignal(Sender *sender, int *result)
{
    const int value = co_await QTimeout::run(1s, sender, &Sender::one);
    delete sender;
    *result = value;
}

QCoro::Task<> emitAfter(std::chrono::nanoseconds delay, Sender *sender)
{
    co_await QTimeout::sleepFor(delay);
    Q_EMIT sender->one(42);
}

template<typename Function>
void inAnotherThread(Function function)
{
    const std::unique_ptr<QThread> thread(QThread::create(function));
    thread->start();
    thread->wait();
}

} // namespace

class tst_QTimeoutRunSignal : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    // results
    void noArgumentIsVoid();
    void oneArgumentIsAValue();
    void severalArgumentsAreATuple();
    void referencesBecomeValues();
    void privateSignalIsLeftOut();
    void privateSignalsOfQt();
    void constSignal();
    void overloadedSignal();
    void tryRunOfSignals();
    void argumentsAreCopiedOnce();

    // ends
    void emittedSignalReturnsFromTheEventLoop();
    void emittedWhileItIsConnected();
    void firstEmissionCounts();
    void signalThatDoesNotComeTimesOut();
    void cancelledScope();
    void endedScope();
    void senderIsNotAborted();
    void nullSenderIsACancellation();
    void severalWaitForOneSignal();
    void innerRunIsAborted();

    // deletion
    void destroyedSenderIsACancellation();
    void destroyedSenderEndsTheWaitOnTheNextTurn();
    void senderDestroyedInASlotOfAnotherSignal();
    void disconnectedSignalIsACancellation();
    void senderDeletedInTheContinuationOfItsDisconnection();
    void disconnectedInASlotOfTheSignal();
    void disconnectedSenderAfterTheEmission();
    void destroyedSignalIsASignal();
    void senderDeletedInTheContinuation();
    void senderDeletedInASlotOfTheSameSignal();
    void senderDeletedAfterTheEmission();
    void scopeDeletedAfterTheEmission();
    void scopeDeletedInASlotOfTheSameSignal();

    // the signal or the deadline
    void emissionBeatsADeadlineThatPassesBeforeTheNews();
    void emissionBeatsACancellation();
    void emissionInASlotOfTheScopeBeatsTheAbort();
    void emissionInTheTurnOfTheDeadline();

    // threads
    void emittedInAnotherThread();
    void emittedInAnotherThreadBeatsTheDeadline();
    void emittedInAnotherThreadBeatsACancellation();
    void emittedInAnotherThreadAfterTheWaitWasAbandoned();
    void destroyedInAnotherThread();
};

void tst_QTimeoutRunSignal::noArgumentIsVoid()
{
    Sender sender;
    const ObservedPointer<void> observed = observe(QTimeout::run(1s, &sender, &Sender::none));
    Q_EMIT sender.none();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRunSignal::oneArgumentIsAValue()
{
    Sender sender;
    const ObservedPointer<int> observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.one(42);
    clock().advance(0ms);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::severalArgumentsAreATuple()
{
    Sender sender;
    const ObservedPointer<std::tuple<int, QString>> observed = observe(
            QTimeout::run(1s, &sender, &Sender::two));
    Q_EMIT sender.two(42, "text");
    clock().advance(0ms);
    QCOMPARE(*observed->value, std::tuple(42, QString("text")));
}

void tst_QTimeoutRunSignal::referencesBecomeValues()
{
    Sender sender;
    const ObservedPointer<QString> text = observe(QTimeout::run(1s, &sender, &Sender::reference));
    const ObservedPointer<int> number = observe(
            QTimeout::run(1s, &sender, &Sender::mutableReference));
    const ObservedPointer<const char *> pointer = observe(
            QTimeout::run(1s, &sender, &Sender::pointer));
    {
        const QString temporary("text");
        Q_EMIT sender.reference(temporary);
        int value = 42;
        Q_EMIT sender.mutableReference(value);
        value = 0;
        Q_EMIT sender.pointer("literal");
    }
    clock().advance(0ms);
    QCOMPARE(*text->value, "text");
    QCOMPARE(*number->value, 42);
    QCOMPARE(*pointer->value, "literal");
}

void tst_QTimeoutRunSignal::privateSignalIsLeftOut()
{
    Sender sender;
    const ObservedPointer<void> none = observe(QTimeout::run(1s, &sender, &Sender::privately));
    const ObservedPointer<int> one = observe(QTimeout::run(1s, &sender, &Sender::privatelyOne));
    sender.emitPrivate();
    sender.emitPrivate(42);
    clock().advance(0ms);
    QCOMPARE(none->end, End::Returned);
    QCOMPARE(*one->value, 42);
}

void tst_QTimeoutRunSignal::privateSignalsOfQt()
{
    QTimer timer;
    timer.start(0);
    const ObservedPointer<void> timeout = observe(QTimeout::run(1s, &timer, &QTimer::timeout));
    const ObservedPointer<QString> name = observe(
            QTimeout::run(1s, &timer, &QObject::objectNameChanged));
    timer.setObjectName("timer");
    QTRY_COMPARE(timeout->end, End::Returned);
    QCOMPARE(*name->value, "timer");
}

void tst_QTimeoutRunSignal::constSignal()
{
    Sender sender;
    const ObservedPointer<int> observed = observe(QTimeout::run(1s, &sender, &Sender::constant));
    Q_EMIT std::as_const(sender).constant(42);
    clock().advance(0ms);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::overloadedSignal()
{
    Sender sender;
    const ObservedPointer<int> number = observe(
            QTimeout::run(1s, &sender, qOverload<int>(&Sender::overloaded)));
    const ObservedPointer<QString> text = observe(
            QTimeout::run(1s, &sender, qOverload<const QString &>(&Sender::overloaded)));
    Q_EMIT sender.overloaded(QString("text"));
    clock().advance(0ms);
    QCOMPARE(number->end, End::Pending);
    QCOMPARE(*text->value, "text");
    Q_EMIT sender.overloaded(42);
    clock().advance(0ms);
    QCOMPARE(*number->value, 42);
}

void tst_QTimeoutRunSignal::tryRunOfSignals()
{
    Sender sender;
    const ObservedPointer<bool> none = observe(QTimeout::tryRun(1s, &sender, &Sender::none));
    const ObservedPointer<std::optional<int>> one = observe(
            QTimeout::tryRun(1s, &sender, &Sender::one));
    const auto two = observe(QTimeout::tryRun(2s, &sender, &Sender::two));
    clock().advance(1s);
    QCOMPARE(none->end, End::Returned);
    QCOMPARE(*none->value, false);
    QCOMPARE(one->end, End::Returned);
    QCOMPARE(*one->value, std::optional<int>());
    Q_EMIT sender.two(42, "text");
    clock().advance(0ms);
    QCOMPARE(*two->value, std::optional(std::tuple(42, QString("text"))));
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::argumentsAreCopiedOnce()
{
    Sender sender;
    int copies = -1;
    const auto task = QTimeout::run(1s, &sender, &Sender::counted)
                              .then([&copies](const Counted &counted) { copies = counted.copies; });
    Q_EMIT sender.counted(Counted());
    clock().advance(0ms);
    QCOMPARE(copies, 1);
}

void tst_QTimeoutRunSignal::emittedSignalReturnsFromTheEventLoop()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    QCOMPARE(connectedSignals(&sender), QByteArrayList({"one(int)"}));
    Q_EMIT sender.one(42);
    QCOMPARE(observed->end, End::Pending); // the sender is still emitting
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
    QCOMPARE(queuedDeadlines(), size_t(0));
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
}

// What some senders do is to tell whoever connects what they know already.
void tst_QTimeoutRunSignal::emittedWhileItIsConnected()
{
    EagerSender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
    QTimeoutScope scope(1s);
    sender.onConnect = [&scope] { scope.cancel(); };
    QCOMPARE(observe(scope.run(&sender, &Sender::one))->end, End::Cancelled);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::firstEmissionCounts()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.one(42);
    Q_EMIT sender.one(43);
    clock().advance(0ms);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::signalThatDoesNotComeTimesOut()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.none();
    clock().advance(999ms);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
    Q_EMIT sender.one(42);
    clock().advance(0ms);
    QVERIFY(!observed->value);
}

void tst_QTimeoutRunSignal::cancelledScope()
{
    Sender sender;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sender, &Sender::one));
    const auto tried = observe(scope.tryRun(&sender, &Sender::one));
    scope.cancel();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(tried->end, End::Cancelled);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::endedScope()
{
    Sender sender;
    QTimeoutScope scope(1s);
    scope.cancel();
    QCOMPARE(observe(scope.run(&sender, &Sender::one))->end, End::Cancelled);
    scope.start(0ms);
    (void)scope.stopToken();
    clock().advance(0ms);
    QCOMPARE(observe(scope.run(&sender, &Sender::one))->end, End::TimedOut);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
    QCOMPARE(sender.aborts, 0);
}

void tst_QTimeoutRunSignal::senderIsNotAborted()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(sender.aborts, 0);
}

void tst_QTimeoutRunSignal::nullSenderIsACancellation()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^QTimeout::run: .*null"));
    const auto observed = observe(QTimeout::run(1s, static_cast<Sender *>(nullptr), &Sender::one));
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_QTimeoutRunSignal::severalWaitForOneSignal()
{
    Sender sender;
    const auto first = observe(QTimeout::run(1s, &sender, &Sender::one));
    const auto second = observe(QTimeout::run(2s, &sender, &Sender::one));
    const auto third = observe(QTimeout::run(3s, &sender, &Sender::one));
    clock().advance(1s);
    Q_EMIT sender.one(42);
    clock().advance(0ms);
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(*second->value, 42);
    QCOMPARE(*third->value, 42);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::innerRunIsAborted()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, QTimeout::run(2s, &sender, &Sender::one)));
    clock().advance(1s);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
    QCOMPARE(queuedDeadlines(), size_t(0));
}

void tst_QTimeoutRunSignal::destroyedSenderIsACancellation()
{
    auto sender = std::make_unique<Sender>();
    QTimeoutScope scope(1s);
    const auto under = observe(scope.run(sender.get(), &Sender::one));
    const auto tried = observe(QTimeout::tryRun(1s, sender.get(), &Sender::none));
    sender.reset();
    clock().advance(0ms);
    QCOMPARE(under->end, End::Cancelled);
    QCOMPARE(tried->end, End::Cancelled);
    QVERIFY(scope.isActive());
    QCOMPARE(queuedDeadlines(), size_t(1));
}

void tst_QTimeoutRunSignal::destroyedSenderEndsTheWaitOnTheNextTurn()
{
    auto sender = std::make_unique<Sender>();
    const auto observed = observe(QTimeout::run(1s, sender.get(), &Sender::one));
    sender.reset();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_QTimeoutRunSignal::senderDestroyedInASlotOfAnotherSignal()
{
    auto *sender = new Sender;
    connect(sender, &Sender::none, this, [sender] { delete sender; });
    const auto observed = observe(QTimeout::run(1s, sender, &Sender::one));
    Q_EMIT sender->none();
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(queuedDeadlines(), size_t(0));
}

/*
    Nobody can hear the signal any more.
*/
void tst_QTimeoutRunSignal::disconnectedSignalIsACancellation()
{
    Sender sender;
    const auto all = observe(QTimeout::run(1s, &sender, &Sender::one));
    sender.disconnect();
    clock().advance(0ms);
    QCOMPARE(all->end, End::Cancelled);
    const auto one = observe(QTimeout::run(1s, &sender, &Sender::one));
    const auto other = observe(QTimeout::run(1s, &sender, &Sender::none));
    disconnect(&sender, &Sender::one, nullptr, nullptr);
    clock().advance(0ms);
    QCOMPARE(one->end, End::Cancelled);
    QCOMPARE(other->end, End::Pending);
    QCOMPARE(queuedDeadlines(), size_t(1));
    Q_EMIT sender.none();
    clock().advance(0ms);
    QCOMPARE(other->end, End::Returned);
}

// QObject::disconnect() still calls a function of the sender's then.
void tst_QTimeoutRunSignal::senderDeletedInTheContinuationOfItsDisconnection()
{
    const auto owner = [](std::unique_ptr<Sender> sender) -> QCoro::Task<> {
        co_await QTimeout::run(1s, sender.get(), &Sender::one);
    };
    auto owned = std::make_unique<Sender>();
    const QPointer<Sender> sender = owned.get();
    const auto observed = observe(owner(std::move(owned)));
    sender->disconnect();
    QVERIFY(sender);
    clock().advance(0ms);
    QVERIFY(!sender);
    QCOMPARE(observed->end, End::Cancelled);
}

// The one who emits still uses the sender then.
void tst_QTimeoutRunSignal::disconnectedInASlotOfTheSignal()
{
    Sender sender;
    connect(&sender, &Sender::one, this, [&sender] { sender.disconnect(); });
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.one(42);
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
}

void tst_QTimeoutRunSignal::disconnectedSenderAfterTheEmission()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.one(42);
    sender.disconnect();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::destroyedSignalIsASignal()
{
    auto sender = std::make_unique<Sender>();
    QObject *const pointer = sender.get();
    const auto observed = observe(QTimeout::run(1s, sender.get(), &QObject::destroyed));
    sender.reset();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, pointer);
}

void tst_QTimeoutRunSignal::senderDeletedInTheContinuation()
{
    auto *sender = new Sender;
    int result = 0;
    deleteAfterSignal(sender, &result);
    Q_EMIT sender->one(42);
    clock().advance(0ms);
    QCOMPARE(result, 42);
}

void tst_QTimeoutRunSignal::senderDeletedInASlotOfTheSameSignal()
{
    // One that is told before, and one after.
    auto *first = new Sender;
    connect(first, &Sender::one, this, [first] { delete first; });
    const auto before = observe(QTimeout::run(1s, first, &Sender::one));
    Q_EMIT first->one(42);
    auto *second = new Sender;
    const auto after = observe(QTimeout::run(1s, second, &Sender::one));
    connect(second, &Sender::one, this, [second] { delete second; });
    Q_EMIT second->one(42);
    clock().advance(0ms);
    QCOMPARE(before->end, End::Cancelled);
    QCOMPARE(after->end, End::Returned);
    QCOMPARE(*after->value, 42);
}

void tst_QTimeoutRunSignal::senderDeletedAfterTheEmission()
{
    auto sender = std::make_unique<Sender>();
    const auto observed = observe(QTimeout::run(1s, sender.get(), &Sender::one));
    Q_EMIT sender->one(42);
    sender.reset();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::scopeDeletedAfterTheEmission()
{
    Sender sender;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    const auto observed = observe(scope->run(&sender, &Sender::one));
    Q_EMIT sender.one(42);
    scope.reset();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
}

void tst_QTimeoutRunSignal::scopeDeletedInASlotOfTheSameSignal()
{
    Sender sender;
    auto scope = std::make_unique<QTimeoutScope>(1s);
    connect(&sender, &Sender::one, this, [&scope] { scope.reset(); });
    const auto observed = observe(scope->run(&sender, &Sender::one));
    Q_EMIT sender.one(42);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(connectedSignals(&sender), QByteArrayList({"one(int)"}));
}

void tst_QTimeoutRunSignal::emissionBeatsADeadlineThatPassesBeforeTheNews()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::one));
    Q_EMIT sender.one(42);
    clock().advance(1s);
    QCOMPARE(observed->end, End::Returned);
    // Really late, with the thread blocked.
    realTime();
    const auto blocked = observe(
            QTimeout::run(QDeadlineTimer(5, Qt::PreciseTimer), &sender, &Sender::one));
    Q_EMIT sender.one(43);
    QThread::msleep(20);
    QTRY_VERIFY(blocked->end != End::Pending);
    QCOMPARE(blocked->end, End::Returned);
    QCOMPARE(*blocked->value, 43);
}

void tst_QTimeoutRunSignal::emissionBeatsACancellation()
{
    Sender sender;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sender, &Sender::one));
    Q_EMIT sender.one(42);
    scope.cancel();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::emissionInASlotOfTheScopeBeatsTheAbort()
{
    Sender sender;
    QTimeoutScope scope(1s);
    connect(&scope, &QTimeoutScope::expired, &sender, [&sender] { Q_EMIT sender.one(42); });
    const auto observed = observe(scope.run(&sender, &Sender::one));
    clock().advance(1s);
    QVERIFY(scope.hasExpired());
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::emissionInTheTurnOfTheDeadline()
{
    Sender first;
    emitAfter(1s, &first);
    const auto emittedFirst = observe(QTimeout::run(1s, &first, &Sender::one));
    Sender second;
    const auto dueFirst = observe(QTimeout::run(1s, &second, &Sender::one));
    emitAfter(1s, &second);
    clock().advance(1s);
    QCOMPARE(emittedFirst->end, End::Returned);
    QCOMPARE(dueFirst->end, End::TimedOut);
}

void tst_QTimeoutRunSignal::emittedInAnotherThread()
{
    Sender sender;
    const auto one = observe(QTimeout::run(1s, &sender, &Sender::one));
    const auto two = observe(QTimeout::run(1s, &sender, &Sender::two));
    inAnotherThread([&sender] {
        Q_EMIT sender.one(42);
        Q_EMIT sender.two(43, "text");
    });
    QCOMPARE(one->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(*one->value, 42);
    QCOMPARE(*two->value, std::tuple(43, QString("text")));
    QCOMPARE(one->thread, QThread::currentThread());
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::emittedInAnotherThreadBeatsTheDeadline()
{
    realTime();
    Sender sender;
    const auto observed = observe(
            QTimeout::run(QDeadlineTimer(5, Qt::PreciseTimer), &sender, &Sender::one));
    inAnotherThread([&sender] { Q_EMIT sender.one(42); });
    QThread::msleep(20);
    QTRY_VERIFY(observed->end != End::Pending);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::emittedInAnotherThreadBeatsACancellation()
{
    Sender sender;
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(&sender, &Sender::one));
    inAnotherThread([&sender] { Q_EMIT sender.one(42); });
    scope.cancel();
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Returned);
    QCOMPARE(*observed->value, 42);
}

void tst_QTimeoutRunSignal::emittedInAnotherThreadAfterTheWaitWasAbandoned()
{
    Sender sender;
    const auto observed = observe(QTimeout::run(1s, &sender, &Sender::none));
    clock().advance(1s);
    inAnotherThread([&sender] { Q_EMIT sender.none(); });
    clock().advance(0ms);
    QCOMPARE(observed->end, End::TimedOut);
    QCOMPARE(connectedSignals(&sender), QByteArrayList());
}

void tst_QTimeoutRunSignal::destroyedInAnotherThread()
{
    QThread thread;
    thread.start();
    auto *sender = new Sender;
    sender->moveToThread(&thread);
    QTimeoutScope scope(1s);
    const auto observed = observe(scope.run(sender, &Sender::one));
    const auto abandoned = observe(QTimeout::run(500ms, sender, &Sender::one));
    clock().advance(500ms);
    QCOMPARE(abandoned->end, End::TimedOut);
    sender->deleteLater();
    thread.quit();
    QVERIFY(thread.wait());
    QCOMPARE(observed->end, End::Pending);
    clock().advance(0ms);
    QCOMPARE(observed->end, End::Cancelled);
    QCOMPARE(observed->thread, QThread::currentThread());
    QVERIFY(scope.isActive());
}

QTEST_GUILESS_MAIN(tst_QTimeoutRunSignal)
#include "tst_qtimeoutrun_signal.moc"
