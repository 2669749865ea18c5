// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QtCore/qfile.h>
#include <QtCore/qpointer.h>
#include <QtCore/qprocess.h>
#include <QtCore/qscopedpointer.h>
#include <QtCore/qtimer.h>
#include <QtTest/qsignalspy.h>

#include <atomic>
#include <functional>
#include <memory>

using namespace std::chrono_literals;

static constexpr int Patience = 20000;

/*
    Has what QNetworkReply has, and a manager.
*/
class Reply : public QObject
{
    Q_OBJECT

public:
    explicit Reply(QObject *manager = nullptr) : QObject(manager) { ++s_alive; }
    ~Reply() override
    {
        --s_alive;
        if (s_isEmitting)
            ++s_destroyedInEmission;
    }

    static int alive() { return s_alive; }
    static int destroyedInEmission() { return s_destroyedInEmission; }

    bool isFinished() const { return m_isFinished; }
    void abort()
    {
        ++aborts;
        if (onAbort)
            onAbort();
        else
            finish();
    }
    void finish()
    {
        s_isEmitting = true;
        m_isFinished = true;
        Q_EMIT finished();
        s_isEmitting = false;
    }

    int aborts = 0;
    std::function<void()> onAbort;

Q_SIGNALS:
    void finished();

private:
    bool m_isFinished = false;
    static inline std::atomic<int> s_alive = 0;
    static inline bool s_isEmitting = false;
    static inline int s_destroyedInEmission = 0;
};

/*
    Does not end by being asked.
*/
class ForcedReply : public Reply
{
    Q_OBJECT

public:
    using Reply::Reply;
    int forced() const { return s_forced; }
    void force() { ++s_forced; }

    static inline std::atomic<int> s_forced = 0;
};

template<>
struct QTimeoutAbort<ForcedReply>
{
    static void abort(ForcedReply &reply)
    {
        ++reply.aborts;
        if (reply.onAbort)
            reply.onAbort();
    }
    static void force(ForcedReply &reply) { reply.force(); }
};

struct CountingDeleter
{
    int *count;
    QThread **thread = nullptr;

    void operator()(QObject *object) const
    {
        ++*count;
        if (thread)
            *thread = QThread::currentThread();
        delete object;
    }
};

using ReplyPointer = std::unique_ptr<Reply>;

namespace {

QCoro::Task<int> fetch(QTimeoutScope &scope, Reply *reply)
{
    Q_UNUSED(scope)
    auto task = QTimeout::run(1h, ReplyPointer(reply));
    const ReplyPointer given = co_await task;
    co_return given->aborts;
}

QCoro::Task<bool> awaitDirectly(QTimeoutScope &scope, Reply *reply)
{
    Q_UNUSED(scope)
    ReplyPointer pointer(reply);
    const ReplyPointer given = co_await std::move(pointer);
    co_return given.get() == reply;
}

void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::processEvents();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

} // namespace

/*
    What is passed in as a std::unique_ptr is given back, or destroyed when it was aborted.
*/
class tst_Ownership : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        TestWithClock::init();
        QCOMPARE(Reply::alive(), 0);
    }
    void cleanup()
    {
        settle();
        QCOMPARE(Reply::alive(), 0);
        QCOMPARE(Reply::destroyedInEmission(), 0);
        TestWithClock::cleanup();
    }

    void isGivenBack()
    {
        auto *reply = new Reply;
        const auto task = observe(QTimeout::run(1s, ReplyPointer(reply)));
        QCOMPARE(task->end, End::Pending);
        reply->finish();
        settle();
        QCOMPARE(task->end, End::Returned);
        QCOMPARE(task->value->get(), reply);
        QCOMPARE(reply->aborts, 0);
        task->value.reset();
        QCOMPARE(Reply::alive(), 0);
    }
    void isGivenBackIfItHasFinished()
    {
        auto *reply = new Reply;
        reply->finish();
        const auto task = observe(QTimeout::run(1s, ReplyPointer(reply)));
        QCOMPARE(task->end, End::Returned);
        QCOMPARE(task->value->get(), reply);
    }
    void isDestroyedAfterTheTimeout()
    {
        auto *reply = new Reply;
        const QPointer<Reply> pointer(reply);
        const auto task = observe(QTimeout::run(1s, ReplyPointer(reply)));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
        settle();
        QVERIFY(!pointer);
    }
    void tryRun()
    {
        auto *reply = new Reply;
        const auto task = observe(QTimeout::tryRun(1s, ReplyPointer(reply)));
        clock().advance(1s);
        QCOMPARE(task->end, End::Returned);
        QVERIFY(!*task->value);
        auto *other = new Reply;
        const auto otherTask = observe(QTimeout::tryRun(1s, ReplyPointer(other)));
        other->finish();
        settle();
        QCOMPARE((*otherTask->value)->get(), other);
    }
    void waitFor()
    {
        auto *reply = new Reply;
        QMetaObject::invokeMethod(
                reply, [reply] { reply->finish(); }, Qt::QueuedConnection);
        const ReplyPointer given = QTimeout::waitFor(1h, ReplyPointer(reply));
        QCOMPARE(given.get(), reply);
    }
    void inACoroutine()
    {
        QTimeoutScope scope(1s);
        auto *reply = new Reply;
        const auto task = observe(fetch(scope, reply));
        reply->finish();
        settle();
        QCOMPARE(task->end, End::Returned);
        const auto aborted = observe(fetch(scope, new Reply));
        clock().advance(1s);
        QCOMPARE(aborted->end, End::TimedOut);
    }
    void awaitedDirectly()
    {
        QTimeoutScope scope(1s);
        auto *reply = new Reply;
        const auto task = observe(awaitDirectly(scope, reply));
        reply->finish();
        settle();
        QCOMPARE(task->end, End::Returned);
        QVERIFY(*task->value);
        const auto aborted = observe(awaitDirectly(scope, new Reply));
        scope.cancel();
        settle();
        QCOMPARE(aborted->end, End::Cancelled);
    }
    void ownDeleters()
    {
        int count = 0;
        using Pointer = std::unique_ptr<Reply, CountingDeleter>;
        auto *reply = new Reply;
        {
            const auto task = observe(QTimeout::run(1s, Pointer(reply, {&count})));
            reply->finish();
            settle();
            QCOMPARE(count, 0);
            QCOMPARE(task->value->get(), reply);
        }
        settle();
        QCOMPARE(count, 1);
        const auto task = observe(QTimeout::run(1s, Pointer(new Reply, {&count})));
        clock().advance(1s);
        settle();
        QCOMPARE(count, 2);
    }
    void scopedPointerDeleteLater()
    {
        using Pointer = std::unique_ptr<Reply, QScopedPointerDeleteLater>;
        const auto task = observe(QTimeout::run(1s, Pointer(new Reply)));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
        settle();
        QCOMPARE(Reply::alive(), 0);
    }
    void nullPointer()
    {
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression("QTimeout::run: There is nothing to wait for"));
        const auto task = observe(QTimeout::run(1s, ReplyPointer()));
        QCOMPARE(task->end, End::Cancelled);
    }
    // A11
    void destroyedBySomebodyElse()
    {
        QObject manager;
        auto *reply = new Reply(&manager);
        const auto task = observe(QTimeout::run(1s, ReplyPointer(reply)));
        delete reply;
        settle();
        QCOMPARE(task->end, End::Cancelled);
        clock().advance(1s);
    }
    void destroyedByTheScopesSlot()
    {
        auto *reply = new Reply;
        QTimeoutScope scope(1s);
        connect(&scope, &QTimeoutScope::expired, this, [reply] { delete reply; });
        const auto task = observe(scope.run(ReplyPointer(reply)));
        clock().advance(1s);
        QCOMPARE(task->end, End::Cancelled);
    }
    void underAnEndedScope()
    {
        QTimeoutScope scope(1s);
        scope.cancel();
        const auto task = observe(scope.run(ReplyPointer(new Reply)));
        QCOMPARE(task->end, End::Cancelled);
        settle();
        QCOMPARE(Reply::alive(), 0);
    }
    void scopeIsDestroyed()
    {
        ObservedPointer<ReplyPointer> task;
        {
            QTimeoutScope scope(1s);
            task = observe(scope.run(ReplyPointer(new Reply)));
        }
        QCOMPARE(task->end, End::Cancelled);
        settle();
        QCOMPARE(Reply::alive(), 0);
    }
    void cancelledInItsOwnSignal()
    {
        auto *reply = new Reply;
        QTimeoutScope scope(1s);
        connect(reply, &Reply::finished, &scope, &QTimeoutScope::cancel);
        const auto task = observe(scope.run(ReplyPointer(reply)));
        reply->finish();
        settle();
        QVERIFY(task->end != End::Pending);
    }
    void timerIsDestroyed()
    {
        auto *timer = new QTimer;
        const QPointer<QTimer> pointer(timer);
        timer->start(1h);
        const auto task = observe(QTimeout::run(1s, std::unique_ptr<QTimer>(timer)));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
        settle();
        QVERIFY(!pointer);
    }
    void otherThread()
    {
        realTime();
        QThread thread;
        thread.start();
        auto *reply = new Reply;
        reply->moveToThread(&thread);
        int count = 0;
        QThread *deletedIn = nullptr;
        using Pointer = std::unique_ptr<Reply, CountingDeleter>;
        const auto task = observe(QTimeout::run(5ms, Pointer(reply, {&count, &deletedIn})));
        QTRY_COMPARE_WITH_TIMEOUT(task->end, End::TimedOut, Patience);
        // Behind what has been posted to that thread.
        thread.quit();
        QVERIFY(thread.wait(Patience));
        QCOMPARE(count, 1);
        QCOMPARE(deletedIn, &thread);
    }
    void abortDestroysIt_data()
    {
        QTest::addColumn<bool>("isForced");
        QTest::newRow("without force") << false;
        QTest::newRow("with force") << true;
    }
    // Not by the owner.
    void abortDestroysIt()
    {
        QFETCH(const bool, isForced);
        auto *manager = new QObject;
        auto *reply = isForced ? new ForcedReply(manager) : new Reply(manager);
        reply->onAbort = [manager] { delete manager; };
        QTimeoutScope scope(1h);
        const auto task = isForced ? nullptr : observe(scope.run(ReplyPointer(reply)));
        const auto forced = isForced
                ? observe(
                        scope.run(std::unique_ptr<ForcedReply>(static_cast<ForcedReply *>(reply))))
                : nullptr;
        scope.cancel();
        settle();
        QCOMPARE(isForced ? forced->end : task->end, End::Cancelled);
        clock().advance(1h);
    }
    void endsInALoopOfAbort()
    {
        auto *reply = new ForcedReply;
        reply->onAbort = [reply] {
            QEventLoop loop;
            QMetaObject::invokeMethod(reply, &Reply::finish, Qt::QueuedConnection);
            QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
            loop.exec();
            settle();
        };
        QTimeoutScope scope(1h);
        const auto task = observe(scope.run(std::unique_ptr<ForcedReply>(reply)));
        scope.cancel();
        settle();
        QCOMPARE(task->end, End::Cancelled);
    }
    // As by deleteLater(): a slot that shows a message box does not lose the sender.
    void notInALoopOfItsOwnSlot()
    {
        auto *reply = new Reply;
        const QPointer<Reply> pointer(reply);
        QTimeoutScope scope(1h);
        bool isThere = false;
        connect(reply, &Reply::finished, &scope, [&] {
            scope.cancel();
            QEventLoop loop;
            QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
            loop.exec();
            isThere = pointer;
        });
        const auto task = observe(scope.run(ReplyPointer(reply)));
        QMetaObject::invokeMethod(reply, &Reply::finish, Qt::QueuedConnection);
        settle();
        QVERIFY(isThere);
        QVERIFY(task->end != End::Pending);
    }
    void scopesThreadEndsFirst()
    {
        realTime();
        ForcedReply::s_forced = 0;
        auto *reply = new ForcedReply; // of this thread
        const QPointer<ForcedReply> pointer(reply);
        const std::unique_ptr<QThread> thread(QThread::create([reply] {
            QTimeoutScope scope(1h);
            scope.setGracePeriod(20ms);
            observe(scope.run(std::unique_ptr<ForcedReply>(reply)));
        }));
        thread->start();
        QVERIFY(thread->wait(Patience));
        QTRY_COMPARE_WITH_TIMEOUT(ForcedReply::s_forced.load(), 1, Patience);
        QTRY_VERIFY_WITH_TIMEOUT(!pointer, Patience);
    }
    void itsThreadHasEnded()
    {
        QThread thread;
        thread.start();
        auto *reply = new Reply;
        reply->moveToThread(&thread);
        thread.quit();
        QVERIFY(thread.wait(Patience));
        const auto task = observe(QTimeout::run(1s, ReplyPointer(reply)));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
    }
    void alwaysInItsThread()
    {
        realTime();
        QThread thread;
        thread.start();
        QThread *deletedIn = nullptr;
        using Pointer = std::unique_ptr<Reply, CountingDeleter>;
        for (int i = 0; i < 500; ++i) {
            auto *reply = new Reply;
            reply->moveToThread(&thread);
            int count = 0;
            QTimeoutScope scope(1h);
            observe(scope.run(Pointer(reply, {&count, &deletedIn})));
            scope.cancel();
            while (Reply::alive() > 0)
                QThread::yieldCurrentThread();
            QCOMPARE(deletedIn, &thread);
        }
        thread.quit();
        QVERIFY(thread.wait(Patience));
    }
    void managerHasNoChildMoreThanBefore()
    {
        QObject manager;
        for (int i = 0; i < 10'000; ++i) {
            const auto task = observe(QTimeout::run(1ms, ReplyPointer(new Reply(&manager))));
            clock().advance(1ms);
            QCOMPARE(task->end, End::TimedOut);
        }
        settle();
        QCOMPARE(manager.children().size(), 0);
    }

    // A process is destroyed when it has ended, without a warning.
    void processIsDestroyedWhenItHasEnded_data()
    {
        QTest::addColumn<QString>("script");
        QTest::newRow("that ends when asked") << "echo ready; exec sleep 1000";
        QTest::newRow("that has to be killed") << "trap '' TERM; echo ready; exec sleep 1000";
    }
    void processIsDestroyedWhenItHasEnded()
    {
        QFETCH(QString, script);
        QTest::failOnWarning(QRegularExpression(".*"));
        auto process = std::make_unique<QProcess>();
        process->start("sh", {"-c", script});
        QVERIFY(process->waitForReadyRead(Patience));
        const QPointer<QProcess> pointer(process.get());
        int exits = 0;
        connect(process.get(), &QProcess::finished, this, [&exits] { ++exits; });
        const auto task = observe(QTimeout::run(1s, std::move(process)));
        clock().advance(1s);
        QCOMPARE(task->end, End::TimedOut);
        QVERIFY(pointer);
        clock().advance(5s);
        QTRY_VERIFY_WITH_TIMEOUT(!pointer, Patience);
        QCOMPARE(exits, 1);
    }
    void processIsKilledWhenTheThreadEnds()
    {
        QTest::failOnWarning(QRegularExpression(".*"));
        realTime();
        QPointer<QProcess> pointer;
        qint64 id = 0;
        const std::unique_ptr<QThread> thread(QThread::create([&pointer, &id] {
            auto process = std::make_unique<QProcess>();
            process->start("sh", {"-c", "trap '' TERM; echo ready; exec sleep 1000"});
            process->waitForReadyRead(Patience);
            pointer = process.get();
            id = process->processId();
            QTimeoutScope scope(1h);
            observe(scope.run(std::move(process)));
        }));
        thread->start();
        QVERIFY(thread->wait(Patience));
        QTRY_VERIFY_WITH_TIMEOUT(!pointer, Patience);
        QVERIFY(id > 0);
        QVERIFY(!QFile::exists(QString("/proc/%1/exe").arg(id)));
    }
    void processIsGivenBack()
    {
        auto process = std::make_unique<QProcess>();
        process->start("true", QStringList());
        const auto given = QTimeout::waitFor(QDeadlineTimer::Forever, std::move(process));
        QCOMPARE(given->exitCode(), 0);
    }
};

QTEST_GUILESS_MAIN(tst_Ownership)

#include "tst_ownership.moc"
