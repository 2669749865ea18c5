// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// What the page on abortable coroutines quotes does what the page says.

#include "slowserverthread.h"
#include "testsupport.h"

#include <QCoroFuture>
#include <QCoroNetworkReply>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qscopedpointer.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtTest/qtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>

using namespace std::chrono_literals;

namespace {

namespace plain {

//! [plain]
using Reply = QScopedPointer<QNetworkReply, QScopedPointerDeleteLater>; // goes with the coroutine

QCoro::Task<QByteArray> download(QNetworkAccessManager *manager, QUrl url)
{
    const Reply reply(manager->get(QNetworkRequest(url)));
    co_await reply.get();
    co_return reply->readAll();
}
//! [plain]

} // namespace plain

//! [abortable]
using Reply = QScopedPointer<QNetworkReply, QScopedPointerDeleteLater>; // goes with the coroutine

QCoro::Task<QByteArray> download(QTimeoutScope &, QNetworkAccessManager *manager, QUrl url)
{
    const Reply reply(manager->get(QNetworkRequest(url)));
    co_await reply.get();
    co_return reply->readAll();
}
//! [abortable]

//! [pass on]
QCoro::Task<qsizetype> downloadBoth(QTimeoutScope &scope, QNetworkAccessManager *manager,
                                    QUrl first, QUrl second)
{
    const QByteArray one = co_await download(scope, manager, first);
    co_await QTimeout::sleepFor(1ms);
    const QByteArray two = co_await download(scope, manager, second);
    co_return one.size() + two.size();
}
//! [pass on]

//! [calls]
QCoro::Task<qsizetype> callIt(QNetworkAccessManager *manager, QUrl url)
{
    // With a deadline for this one: throws QTimeoutError when it has passed.
    const QByteArray page = co_await QTimeout::run(30s, &download, manager, url);

    // The same without an error: an empty optional when the deadline has passed.
    const auto picture = co_await QTimeout::tryRun(30s, &download, manager, url);

    // Several under one deadline.
    QTimeoutScope scope(30s);
    const QByteArray first = co_await download(scope, manager, url);
    const QByteArray second = co_await scope.run(&download, manager, url);

    co_return page.size() + picture->size() + first.size() + second.size();
}
//! [calls]

//! [member]
class Browser : public QObject
{
public:
    QCoro::Task<> open(QUrl url)
    {
        const bool inTime = co_await QTimeout::tryRun(30s, &Browser::load, this, url);
        m_title = inTime ? "ready" : "too late";
    }
    QString title() const { return m_title; }

private:
    QCoro::Task<> load(QTimeoutScope &scope, QUrl url)
    {
        m_page = co_await download(scope, &m_manager, url);
    }

    QNetworkAccessManager m_manager;
    QByteArray m_page;
    QString m_title;
};
//! [member]

//! [inner scope]
QCoro::Task<> waitTwice(QTimeoutScope &)
{
    QTimeoutScope inner(1s);
    co_await QTimeout::sleepFor(2s); // is not interrupted when `inner` expires
    inner.start(1s);
    co_await inner.run(QTimeout::sleepFor(2s)); // is, and throws QTimeoutError
}
//! [inner scope]

//! [checkpoint]
QCoro::Task<int> sum(QTimeoutScope &scope, QList<int> rows, std::function<int(int)> expensive)
{
    int result = 0;
    for (const int row : rows) {
        scope.throwIfAborted();
        result += expensive(row);
    }
    co_return result;
}
//! [checkpoint]

//! [swallow]
QCoro::Task<int> bestEffort(QTimeoutScope &, int fallback)
{
    try {
        co_await QTimeout::sleepFor(1h);
    } catch (const QTimeoutCancelled &) {
        co_return fallback; // has returned: to the caller, this is a success
    }
    co_return 42;
}
//! [swallow]

//! [shield]
QCoro::Task<> save(QTimeoutScope &, QByteArray *file, QByteArray document)
{
    *file = "half of it";
    co_await QTimeout::sleepFor(1s);
    *file = document;
}

QCoro::Task<> edit(QTimeoutScope &, QByteArray *file)
{
    co_await QTimeout::shield(&save, file, "all of it"); // is done, deadline or not
    co_await QTimeout::sleepFor(1h); // here it is interrupted, if the deadline has passed meanwhile
}
//! [shield]

//! [detach]
QCoro::Task<> load(QTimeoutScope &, std::shared_ptr<QByteArray> page)
{
    co_await QTimeout::sleepFor(1s);
    *page = "the page";
}

class Cache
{
public:
    QCoro::Task<QByteArray> page(QTimeoutScope &)
    {
        if (!m_loading)
            m_loading = QTimeout::detach(&load, m_page); // no deadline around ends it
        co_await *m_loading; // the deadline of the one who asks ends this
        co_return *m_page;
    }

private:
    const std::shared_ptr<QByteArray> m_page = std::make_shared<QByteArray>();
    std::optional<QCoro::Task<>> m_loading;
};
//! [detach]

//! [remedy]
// Some other library has a hook that has to be a plain coroutine.
QCoro::Task<QByteArray> hook(QTimeoutScope *scope, QNetworkAccessManager *manager, QUrl url)
{
    const Reply reply(manager->get(QNetworkRequest(url))); // which deletes it
    co_await scope->run(reply.get()); // can be interrupted
    co_await scope->run(QTimeout::sleepFor(1ms)); // so can this
    co_return reply->readAll();
}
//! [remedy]

//! [outlive]
QCoro::Task<> farewell(QTimeoutScope &scope, QStringList *log)
{
    std::exception_ptr error;
    try {
        co_await scope.run(QTimeout::sleepFor(1h));
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        co_await QTimeout::sleepFor(1s);
        // The scope may be gone by now, so `scope` must not be used. This can be asked:
        log->append(QTimeout::currentScope() ? "the scope is there" : "the scope is gone");
        std::rethrow_exception(error);
    }
}
//! [outlive]

//! [thread]
QCoro::Task<int> compute(QTimeoutScope &)
{
    const int result = co_await QtConcurrent::run([] { return 6 * 7; }); // in another thread
    co_return result; // in the thread of the scope
}
//! [thread]

//! [closure]
QCoro::Task<QString> greet(QString name)
{
    const auto greeting = [name](QTimeoutScope &) -> QCoro::Task<QString> {
        co_await QTimeout::sleepFor(1ms);
        co_return "hello " + name;
    };
    co_return co_await QTimeout::run(1s, greeting);
}
//! [closure]

//! [named task]
QCoro::Task<QString> greetToo(QString name)
{
    auto task = QTimeout::run(1s, [name](QTimeoutScope &) -> QCoro::Task<QString> {
        co_await QTimeout::sleepFor(1ms);
        co_return "hello " + name;
    });
    co_return co_await task;
}
//! [named task]

//! [arguments]
QCoro::Task<QString> greetAgain(QString name)
{
    co_return co_await QTimeout::run(
            1s,
            [](QTimeoutScope &, QString whom) -> QCoro::Task<QString> {
                co_await QTimeout::sleepFor(1ms);
                co_return "hello " + whom;
            },
            name);
}
//! [arguments]

QCoro::Task<qsizetype> count(QTimeoutScope &, QList<int> numbers)
{
    co_await QTimeout::sleepFor(1ms);
    co_return numbers.size();
}

//! [braces]
QCoro::Task<qsizetype> countThree(QTimeoutScope &scope)
{
    const QList<int> numbers = {1, 2, 3};
    co_return co_await count(scope, numbers);
}
//! [braces]

QCoro::Task<bool> isReady(QTimeoutScope &)
{
    co_await QTimeout::sleepFor(1ms);
    co_return true;
}

//! [condition]
QCoro::Task<> noteIfReady(QTimeoutScope &scope, QStringList *log)
{
    const bool ready = co_await isReady(scope);
    if (ready)
        log->append("ready");
}
//! [condition]

} // namespace

class tst_SnippetsAbortable : public TestWithClock
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();

    void plainIsAbandoned();
    void abortableIsInterrupted();
    void scopeIsPassedOn();
    void calls();
    void member();
    void innerScope();
    void checkpoint();
    void swallow();
    void swallowInTryRun();
    void shield();
    void shieldInTime();
    void shieldAtTheEnd();
    void detach();
    void detachWhenAllHaveGivenUp();
    void remedy();
    void outlivesItsScope();
    void currentScopeInAPlainCoroutine();
    void resumesInTheThreadOfTheScope();
    void safeFormsForGcc12();

private:
    QUrl url(const QString &target) const { return m_server.url(target); }

    SlowServerThread m_server;
    QNetworkAccessManager m_manager;
    QStringList m_received; // targets of requests
    QStringList m_closed; // those whose client has gone away
};

void tst_SnippetsAbortable::initTestCase()
{
    QVERIFY(m_server.isListening());
    connect(m_server.server(), &SlowServer::requestReceived, this,
            [this](const QString &target) { m_received.append(target); });
    connect(m_server.server(), &SlowServer::connectionClosed, this,
            [this](const QString &target) { m_closed.append(target); });
}

void tst_SnippetsAbortable::plainIsAbandoned()
{
    realTime();
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto result = observe(scope.run(plain::download(&m_manager, url("/slow?ms=200"))));
    scope.cancel();
    QTRY_COMPARE(result->end, End::Cancelled);
    QCOMPARE(m_manager.findChildren<QNetworkReply *>().size(), 1); // goes on
    QTRY_COMPARE(m_manager.findChildren<QNetworkReply *>().size(), 0);
    QVERIFY(m_closed.isEmpty());
}

void tst_SnippetsAbortable::abortableIsInterrupted()
{
    realTime();
    const QString target = "/never?interrupted";
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto result = observe(download(scope, &m_manager, url(target)));
    QTRY_VERIFY(m_received.contains(target));
    scope.reschedule(0ms);
    QTRY_COMPARE(result->end, End::TimedOut);
    QTRY_VERIFY(m_closed.contains(target));
}

void tst_SnippetsAbortable::scopeIsPassedOn()
{
    realTime();
    const auto complete = observe(QTimeout::run(1min, &downloadBoth, &m_manager,
                                                url("/good?bytes=1"), url("/good?bytes=2")));
    QTRY_COMPARE(complete->end, End::Returned);
    QCOMPARE(complete->value, 3);

    const QString target = "/never?second";
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto result = observe(
            scope.run(&downloadBoth, &m_manager, url("/good?bytes=1"), url(target)));
    QTRY_VERIFY(m_received.contains(target));
    scope.cancel();
    QTRY_COMPARE(result->end, End::Cancelled);
    QTRY_VERIFY(m_closed.contains(target));
}

void tst_SnippetsAbortable::calls()
{
    realTime();
    const auto result = observe(callIt(&m_manager, url("/good?bytes=1")));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 4);
}

void tst_SnippetsAbortable::member()
{
    realTime();
    Browser browser;
    const auto result = observe(browser.open(url("/good")));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(browser.title(), "ready");
}

void tst_SnippetsAbortable::innerScope()
{
    const auto result = observe(QTimeout::run(1h, &waitTwice));
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression("has expired without ever having had work"));
    clock().advance(2999ms);
    QCOMPARE(result->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(result->end, End::TimedOut);
}

// Rows that take at least twenty times as long as there is time for, without the event loop.
void tst_SnippetsAbortable::checkpoint()
{
    realTime();
    const QList<int> rows(1000, 1);
    const auto fast = [](int row) { return row; };
    const auto complete = observe(QTimeout::run(1min, &sum, rows, fast));
    QCOMPARE(complete->end, End::Returned);
    QCOMPARE(complete->value, 1000);

    int done = 0;
    const auto slow = [&done](int row) {
        QThread::msleep(1);
        ++done;
        return row;
    };
    const auto result = observe(QTimeout::run(50ms, &sum, rows, slow));
    QCOMPARE(result->end, End::TimedOut);
    QVERIFY(done < 1000);
}

void tst_SnippetsAbortable::swallow()
{
    const auto result = observe(QTimeout::run(1s, &bestEffort, 5));
    clock().advance(1s);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 5);
}

void tst_SnippetsAbortable::swallowInTryRun()
{
    const auto result = observe(QTimeout::tryRun(1s, &bestEffort, 5));
    clock().advance(1s);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value->value_or(-1), 5);
}

void tst_SnippetsAbortable::shield()
{
    QByteArray file;
    const auto result = observe(QTimeout::run(500ms, &edit, &file));
    clock().advance(999ms);
    QCOMPARE(result->end, End::Pending);
    QCOMPARE(file, "half of it");
    clock().advance(1ms);
    QCOMPARE(result->end, End::TimedOut);
    QCOMPARE(file, "all of it");
}

void tst_SnippetsAbortable::shieldInTime()
{
    QByteArray file;
    const auto result = observe(QTimeout::run(5s, &edit, &file));
    clock().advance(1s);
    QCOMPARE(file, "all of it");
    clock().advance(3999ms);
    QCOMPARE(result->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(result->end, End::TimedOut);
}

void tst_SnippetsAbortable::shieldAtTheEnd()
{
    const auto justSave = [](QTimeoutScope &, QByteArray *file) -> QCoro::Task<int> {
        co_await QTimeout::shield(&save, file, "all of it");
        co_return 42;
    };
    QByteArray file;
    const auto result = observe(QTimeout::run(500ms, justSave, &file));
    clock().advance(999ms);
    QCOMPARE(result->end, End::Pending);
    clock().advance(1ms);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 42);
    QCOMPARE(file, "all of it");
}

void tst_SnippetsAbortable::detach()
{
    Cache cache;
    const auto first = observe(QTimeout::run(500ms, &Cache::page, &cache));
    const auto second = observe(QTimeout::run(5s, &Cache::page, &cache));
    const auto third = observe(QTimeout::run(5s, &Cache::page, &cache));
    clock().advance(500ms);
    QCOMPARE(first->end, End::TimedOut);
    QCOMPARE(second->end, End::Pending);
    clock().advance(500ms); // loaded once, from the first who has asked
    QCOMPARE(second->value, "the page");
    QCOMPARE(third->value, "the page");
    const auto late = observe(QTimeout::run(5s, &Cache::page, &cache));
    QCOMPARE(late->value, "the page");
}

void tst_SnippetsAbortable::detachWhenAllHaveGivenUp()
{
    Cache cache;
    QTimeoutScope scope(1h);
    const auto first = observe(scope.run(&Cache::page, &cache));
    const auto second = observe(QTimeout::run(500ms, &Cache::page, &cache));
    scope.cancel();
    clock().advance(1s);
    QCOMPARE(first->end, End::Cancelled);
    QCOMPARE(second->end, End::TimedOut);
    const auto late = observe(QTimeout::run(5s, &Cache::page, &cache));
    QCOMPARE(late->value, "the page");
}

void tst_SnippetsAbortable::remedy()
{
    realTime();
    QTimeoutScope scope(QDeadlineTimer::Forever);
    const auto complete = observe(hook(&scope, &m_manager, url("/good?bytes=7")));
    QTRY_COMPARE(complete->end, End::Returned);
    QCOMPARE(complete->value->size(), 7);

    const QString target = "/never?hook";
    const auto result = observe(hook(&scope, &m_manager, url(target)));
    QTRY_VERIFY(m_received.contains(target));
    scope.reschedule(0ms);
    QTRY_COMPARE(result->end, End::TimedOut);
    QTRY_VERIFY(m_closed.contains(target));
}

void tst_SnippetsAbortable::outlivesItsScope()
{
    QStringList log;
    auto scope = std::make_unique<QTimeoutScope>(1h);
    const auto result = observe(farewell(*scope, &log));
    scope.reset();
    QCOMPARE(result->end, End::Pending);
    clock().advance(1s);
    QCOMPARE(result->end, End::Cancelled);
    QCOMPARE(log, QStringList("the scope is gone"));
}

void tst_SnippetsAbortable::currentScopeInAPlainCoroutine()
{
    QList<const QTimeoutScope *> seen;
    const auto look = [](QList<const QTimeoutScope *> *scopes) -> QCoro::Task<> {
        scopes->append(QTimeout::currentScope());
        co_await QTimeout::sleepFor(1ms);
        scopes->append(QTimeout::currentScope());
    };
    const auto outer = [](QTimeoutScope &, auto inner, auto *scopes) -> QCoro::Task<> {
        co_await inner(scopes);
        scopes->append(QTimeout::currentScope());
    };
    QTimeoutScope scope(1h);
    const auto result = observe(outer(scope, look, &seen));
    clock().advance(1ms);
    QCOMPARE(result->end, End::Returned);
    QCOMPARE(seen, QList<const QTimeoutScope *>({&scope, nullptr, &scope}));
}

void tst_SnippetsAbortable::resumesInTheThreadOfTheScope()
{
    realTime();
    const auto result = observe(QTimeout::run(1min, &compute));
    QTRY_COMPARE(result->end, End::Returned);
    QCOMPARE(result->value, 42);
    QCOMPARE(result->thread, QThread::currentThread());
}

void tst_SnippetsAbortable::safeFormsForGcc12()
{
    QStringList log;
    QTimeoutScope scope(1min);
    const auto closure = observe(greet("Ada"));
    const auto task = observe(greetToo("Ada"));
    const auto arguments = observe(greetAgain("Ada"));
    const auto braces = observe(countThree(scope));
    const auto condition = observe(noteIfReady(scope, &log));
    clock().advance(2ms);
    QCOMPARE(closure->value, "hello Ada");
    QCOMPARE(task->value, "hello Ada");
    QCOMPARE(arguments->value, "hello Ada");
    QCOMPARE(braces->value, 3);
    QCOMPARE(condition->end, End::Returned);
    QCOMPARE(log, QStringList("ready"));
}

QTEST_GUILESS_MAIN(tst_SnippetsAbortable)
#include "tst_snippets_abortable.moc"
