// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "testsupport.h"

#include <QTimeout/deadline/deadlinequeue_p.h>
#include <QTimeout>
#include <QTimeoutQmlScope>

#include <QtCore/QPointer>
#include <QtCore/QRegularExpression>
#include <QtCore/QThread>
#include <QtQml/QQmlComponent>
#include <QtQml/QQmlContext>
#include <QtQml/QQmlEngine>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <utility>

using namespace std::chrono_literals;
using namespace Qt::StringLiterals;
using QTimeout::detail::DeadlineQueue;

/*
    What tests in QML cannot show: cost, lifetimes, threads, and the class as C++ sees it.
*/
class tst_QTimeoutQmlScope : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void isAScope();
    void propertiesFromCpp();
    void numbersFromCpp_data();
    void numbersFromCpp();
    void nestedInAScopeOfCpp();
    void costsNothingWithoutUpdateInterval();
    void ticksAreOneEntry();
    void shortestInterval();
    void warningsHaveFileAndLine();
    void loopIsReported();
    void destroyedBySlot_data();
    void destroyedBySlot();
    void destroyedWithWorkUnderIt();
    void workAsksWhatIsBeingDestroyed();
    void abortOfWhatIsWatchedDeletesTheScope();
    void endedByHandlerOfTheStart();
    void finishedBeforeItIsComplete();
    void engineGoesFirst();
    void watchLeavesNothingBehind_data();
    void watchLeavesNothingBehind();
    void requestIsHandedOver();
    void taskLeavesNothingBehind();
    void taskIsHandedOver_data();
    void taskIsHandedOver();
    void abandonedTaskGoesWithTheScope();
    void engineGoesBeforeTheTask();
    void nothingWatchedOutlivesTheEngine_data();
    void nothingWatchedOutlivesTheEngine();
    void watchIsNotNestedInWhoCallsIt();
    void movesToAnotherThread();
    void followsTheOuterScopeToAnotherThread();
    void followsAnotherOuterScope();
    void comesUnderAnOuterScope_data();
    void comesUnderAnOuterScope();
    void comesUnderAnOuterScopeWithoutHavingHadAParent();
    void followsTheScopeOfTheCoroutineThatHasMadeIt();

private:
    template<typename T = QTimeoutQmlScope>
    T *create(const QByteArray &body, QObject *parent = nullptr);
    QJSValue evaluate(const QString &program) { return m_engine->evaluate(program); }

    std::unique_ptr<QQmlEngine> m_engine;
    std::unique_ptr<QTimeoutTestClock> m_clock;
};

void tst_QTimeoutQmlScope::init()
{
    QTest::failOnWarning(QRegularExpression(u".?"_s));
    m_clock = std::make_unique<QTimeoutTestClock>();
    m_engine = std::make_unique<QQmlEngine>();
}

void tst_QTimeoutQmlScope::cleanup()
{
    m_engine.reset();
    m_clock.reset();
    QCOMPARE(DeadlineQueue::current()->size(), 0U);
}

template<typename T>
T *tst_QTimeoutQmlScope::create(const QByteArray &body, QObject *parent)
{
    QQmlComponent component(m_engine.get());
    component.setData("import QtQml\nimport QTimeout\n" + body, QUrl(u"file:///test.qml"_s));
    QObject *object = component.beginCreate(m_engine->rootContext());
    if (!object)
        qFatal("%s", qPrintable(component.errorString()));
    object->setParent(parent ? parent : m_engine.get());
    component.completeCreate();
    return qobject_cast<T *>(object);
}

void tst_QTimeoutQmlScope::isAScope()
{
    QTimeoutScope *scope = create("TimeoutScope { timeout: 1500; running: true }");
    QVERIFY(scope);
    QCOMPARE(scope->remainingTime(), 1500ms);
    QSignalSpy expired(scope, &QTimeoutScope::expired);
    scope->shift(500ms);
    auto task = scope->tryRun(QTimeout::sleepFor(10s));
    bool ended = false;
    task.then([&ended](bool inTime) { ended = !inTime; });
    m_clock->advance(1999ms);
    QCOMPARE(expired.size(), 0);
    m_clock->advance(1ms);
    QCOMPARE(expired.size(), 1);
    QVERIFY(ended);
    QCOMPARE(scope->property("progress").toDouble(), 1.0);
}

void tst_QTimeoutQmlScope::propertiesFromCpp()
{
    QTimeoutQmlScope scope;
    QVERIFY(qIsInf(scope.timeout().toDouble()));
    QVERIFY(scope.setProperty("timeout", 1500));
    QVERIFY(scope.setProperty("running", true));
    QCOMPARE(scope.remainingMilliseconds(), 1500.0);
    QVERIFY(scope.reschedule(2s));
    QVERIFY(scope.shift(-500ms));
    QCOMPARE(scope.remainingTime(), 1500ms);
    QCOMPARE(scope.timeout(), QVariant(1500.0));
    m_clock->advance(750ms);
    QCOMPARE(scope.progress(), 0.5);
    QVERIFY(scope.setProperty("running", false));
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
    QVERIFY(scope.start(10ms));
    QCOMPARE(scope.progress(), 0.0);
    m_clock->advance(10ms);
    QVERIFY(scope.hasExpired());
}

void tst_QTimeoutQmlScope::numbersFromCpp_data()
{
    QTest::addColumn<QVariant>("number");

    QTest::newRow("long") << QVariant::fromValue(100L);
    QTest::newRow("ulong") << QVariant::fromValue(100UL);
    QTest::newRow("short") << QVariant::fromValue<short>(100);
    QTest::newRow("ushort") << QVariant::fromValue<ushort>(100);
    QTest::newRow("char") << QVariant::fromValue<char>(100);
    QTest::newRow("signed char") << QVariant::fromValue<signed char>(100);
    QTest::newRow("uchar") << QVariant::fromValue<uchar>(100);
    QTest::newRow("float") << QVariant::fromValue(100.0F);
    QTest::newRow("qint64") << QVariant::fromValue<qint64>(100);
    QTest::newRow("quint64") << QVariant::fromValue<quint64>(100);
}

void tst_QTimeoutQmlScope::numbersFromCpp()
{
    QFETCH(const QVariant, number);
    QTimeoutQmlScope scope;
    scope.setTimeout(number);
    QCOMPARE(scope.timeout(), QVariant(100.0));
    scope.setUpdateInterval(number);
    QCOMPARE(scope.updateInterval(), QVariant(100.0));
    QVERIFY(scope.start(number));
    QVERIFY(scope.shift(number));
    QCOMPARE(scope.remainingMilliseconds(), 200.0);
    QVERIFY(scope.reschedule(number));
    QCOMPARE(scope.remainingMilliseconds(), 100.0);
}

void tst_QTimeoutQmlScope::nestedInAScopeOfCpp()
{
    QTimeoutScope outer(1s);
    auto *inner = create("TimeoutScope { timeout: 5000; running: true }", &outer);
    QCOMPARE(inner->enclosingScope(), &outer);
    QCOMPARE(inner->remainingMilliseconds(), 1000.0);
    m_clock->advance(1s);
    QVERIFY(inner->isCancelled());
    delete inner;
}

void tst_QTimeoutQmlScope::costsNothingWithoutUpdateInterval()
{
    const DeadlineQueue *queue = DeadlineQueue::current();
    auto *scope = create("TimeoutScope { timeout: 1000; updateInterval: 10 }");
    QCOMPARE(queue->size(), 0U);
    scope->setRunning(true);
    QCOMPARE(queue->size(), 2U);
    scope->setUpdateInterval(0);
    QCOMPARE(queue->size(), 1U);
    scope->setUpdateInterval(10);
    scope->reject(); // nothing can come closer
    QCOMPARE(queue->size(), 0U);
    scope->reschedule(1s);
    QCOMPARE(queue->size(), 2U);
    scope->setRunning(false);
    QCOMPARE(queue->size(), 0U);
    scope->setRunning(true);
    scope->setUpdateInterval(qInf());
    QCOMPARE(queue->size(), 1U);
    m_clock->advance(1s);
    QCOMPARE(queue->size(), 0U);
}

void tst_QTimeoutQmlScope::ticksAreOneEntry()
{
    auto *scope = create("TimeoutScope { timeout: 1000; updateInterval: 10; running: true }");
    m_clock->advance(0ms);
    QSignalSpy ticks(scope, &QTimeoutQmlScope::progressChanged);
    for (int i = 0; i < 50; ++i) {
        m_clock->advance(10ms);
        QCOMPARE(DeadlineQueue::current()->size(), 2U);
    }
    QCOMPARE(ticks.size(), 50);
}

// S13: not even one that asks for it can starve the event loop.
void tst_QTimeoutQmlScope::shortestInterval()
{
    auto *scope = create("TimeoutScope { timeout: 100; updateInterval: 1e-9; running: true }");
    m_clock->advance(0ms);
    QSignalSpy ticks(scope, &QTimeoutQmlScope::progressChanged);
    m_clock->advance(50ms);
    QCOMPARE(ticks.size(), 50);
}

void tst_QTimeoutQmlScope::warningsHaveFileAndLine()
{
    QTest::ignoreMessage(
            QtWarningMsg,
            "file:///test.qml:4:1: QML TimeoutScope: TimeoutScope.timeout: -1 is no time. Pass a number "
            "of milliseconds that is not negative; Infinity means no limit.");
    auto *scope = create("\nTimeoutScope { timeout: -1 }");
    QVERIFY(qIsInf(scope->timeout().toDouble()));

    QTest::ignoreMessage(
            QtWarningMsg,
            QRegularExpression(
                    u"^file:///test.qml:3:1: QML TimeoutScope: TimeoutScope\\.watch: .* cannot be aborted"_s));
    create("TimeoutScope { Component.onCompleted: watch(Qt.point(1, 2)) }");
}

// The tests in QML rely on it.
void tst_QTimeoutQmlScope::loopIsReported()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"Binding loop detected"_s));
    create<QObject>("QtObject { property int a: b + 1; property int b: a + 1 }");
}

using Change = std::function<void(QTimeoutQmlScope *)>;

template<typename Signal>
static Change deletedBy(Signal signal)
{
    return [signal](QTimeoutQmlScope *scope) {
        QObject::connect(scope, signal, scope, [scope] { delete scope; });
    };
}

void tst_QTimeoutQmlScope::destroyedBySlot_data()
{
    QTest::addColumn<Change>("connectDeleter");

    QTest::newRow("stateChanged") << deletedBy(&QTimeoutScope::stateChanged);
    QTest::newRow("runningChanged") << deletedBy(&QTimeoutQmlScope::runningChanged);
    QTest::newRow("remainingTimeChanged") << deletedBy(&QTimeoutQmlScope::remainingTimeChanged);
    QTest::newRow("progressChanged") << deletedBy(&QTimeoutQmlScope::progressChanged);
    QTest::newRow("deadlineChanged") << deletedBy(&QTimeoutScope::deadlineChanged);
    QTest::newRow("timeoutChanged") << deletedBy(&QTimeoutQmlScope::timeoutChanged);
}

// In whatever is emitted, at whatever change: the sanitizers look on.
void tst_QTimeoutQmlScope::destroyedBySlot()
{
    QFETCH(const Change, connectDeleter);
    const QList<std::pair<bool, Change>> changes = {
            {false, [](QTimeoutQmlScope *scope) { scope->start(); }},
            {false, [](QTimeoutQmlScope *scope) { scope->setRunning(true); }},
            {false, [](QTimeoutQmlScope *scope) { scope->setTimeout(500); }},
            {true, [](QTimeoutQmlScope *scope) { scope->setRunning(false); }},
            {true, [](QTimeoutQmlScope *scope) { scope->setTimeout(500); }},
            {true, [](QTimeoutQmlScope *scope) { scope->reschedule(500); }},
            {true, [](QTimeoutQmlScope *scope) { scope->cancel(); }},
            {true, [](QTimeoutQmlScope *) {}}, // it ticks and expires
    };
    int deleted = 0;
    for (const auto &[running, change] : changes) {
        const QPointer<QTimeoutQmlScope> scope = create(
                "TimeoutScope { timeout: 1000; updateInterval: 100 }");
        scope->setRunning(running);
        m_clock->advance(0ms);
        connectDeleter(scope);
        change(scope);
        m_clock->advance(1s);
        deleted += scope ? 0 : 1;
    }
    QCOMPARE_GE(deleted, 2);
}

void tst_QTimeoutQmlScope::destroyedWithWorkUnderIt()
{
    auto *scope = create("TimeoutScope { timeout: 1000; running: true }");
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    const QJSValue transfer = evaluate(
            u"const transfer = { aborts: 0, abort() { this.aborts += 1; } }; scope.watch(transfer); transfer"_s);
    Job job;
    scope->watch(&job);
    QCOMPARE(transfer.property(u"aborts"_s).toInt(), 0);
    delete scope;
    QCOMPARE(transfer.property(u"aborts"_s).toInt(), 1);
    QCOMPARE(job.aborts(), 1);
}

// One that QML has made says nothing any more by then.
void tst_QTimeoutQmlScope::workAsksWhatIsBeingDestroyed()
{
    auto *scope = new QTimeoutQmlScope;
    QJSEngine::setObjectOwnership(scope, QJSEngine::CppOwnership);
    scope->setTimeout(1000);
    scope->setRunning(true);
    QSignalSpy told(scope, &QTimeoutScope::stateChanged);
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    const QJSValue transfer = evaluate(
            u"var transfer = { abort() { this.seen = [scope.running, scope.remainingTime, scope.progress, scope.timeout].join(); } };"
            "scope.watch(transfer); transfer"_s);
    m_clock->advance(750ms);
    delete scope;
    QCOMPARE(transfer.property(u"seen"_s).toString(), u"false,250,0.75,1000"_s);
    QCOMPARE(told.size(), 0);
}

class Deleter : public Job
{
    Q_OBJECT

public:
    explicit Deleter(QTimeoutQmlScope *scope) : m_scope(scope) {}
    Q_INVOKABLE bool isFinished() const { return true; }

public Q_SLOTS:
    void abort() { delete m_scope; }

private:
    const QPointer<QTimeoutQmlScope> m_scope;
};

void tst_QTimeoutQmlScope::abortOfWhatIsWatchedDeletesTheScope()
{
    const QPointer<QTimeoutQmlScope> scope = create(
            "TimeoutScope { timeout: 1000; running: true }");
    scope->cancel();
    Deleter deleter(scope);
    QJSEngine::setObjectOwnership(&deleter, QJSEngine::CppOwnership);
    scope->watch(m_engine->newQObject(&deleter));
    QVERIFY(!scope);
}

void tst_QTimeoutQmlScope::endedByHandlerOfTheStart()
{
    auto *scope = create(
            "TimeoutScope {"
            "    timeout: 1000;"
            "    onStateChanged: state => { if (state === TimeoutScope.Active) finish() }"
            "}");
    scope->start();
    QCOMPARE(scope->state(), QTimeoutScope::Finished);
    m_clock->advance(400ms);
    QCOMPARE(scope->remainingMilliseconds(), 1000.0);
}

void tst_QTimeoutQmlScope::finishedBeforeItIsComplete()
{
    QTimeoutQmlScope scope;
    scope.classBegin();
    scope.setRunning(true);
    scope.start();
    scope.setRunning(false);
    scope.componentComplete();
    QCOMPARE(scope.state(), QTimeoutScope::Finished);
}

void tst_QTimeoutQmlScope::engineGoesFirst()
{
    auto scope = std::make_unique<QTimeoutQmlScope>();
    scope->start(1s);
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope.get()));
    QJSEngine::setObjectOwnership(scope.get(), QJSEngine::CppOwnership);
    QVERIFY(!evaluate(u"scope.watch({ readyState: 1, abort() {} })"_s).isError());
    m_engine.reset();
    m_clock->advance(1s);
    QVERIFY(!scope->isActive());
}

void tst_QTimeoutQmlScope::watchLeavesNothingBehind_data()
{
    QTest::addColumn<QString>("end");

    QTest::newRow("expiry") << u""_s;
    QTest::newRow("cancel") << u"scope.cancel()"_s;
    QTest::newRow("unwatch") << u"scope.unwatch(transfer)"_s;
    QTest::newRow("finish") << u"scope.finish()"_s;
    QTest::newRow("ended before") << u"scope.cancel(); scope.watch(transfer)"_s;
}

void tst_QTimeoutQmlScope::watchLeavesNothingBehind()
{
    QFETCH(const QString, end);
    auto *scope = create("TimeoutScope { timeout: 1000; running: true }");
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    const QJSValue result = evaluate(
            u"var transfer = { readyState: 1, abort() {} }; var before = Object.keys(transfer).join(); scope.watch(transfer)"_s);
    QVERIFY2(!result.isError(), qPrintable(result.toString()));
    QCOMPARE(scope->children().size(), 1);
    evaluate(end);
    m_clock->advance(1s);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(scope->children().size(), 0);
    QVERIFY(evaluate(u"Object.getOwnPropertySymbols(transfer).length === 0"_s).toBool());
}

// S7: finish() leaves the work to the scope around it, which can outlive the one that brought it.
void tst_QTimeoutQmlScope::requestIsHandedOver()
{
    auto *outer = create("TimeoutScope { timeout: 1000; running: true }");
    auto *inner = create("TimeoutScope { timeout: 500; running: true }", outer);
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(inner));
    const QJSValue transfer = evaluate(
            u"const transfer = { aborts: 0, abort() { this.aborts += 1; } }; scope.watch(transfer); transfer"_s);
    inner->finish();
    delete inner;
    m_clock->advance(999ms);
    QCOMPARE(transfer.property(u"aborts"_s).toInt(), 0);
    m_clock->advance(1ms);
    QCOMPARE(outer->state(), QTimeoutScope::Expired);
    QCOMPARE(transfer.property(u"aborts"_s).toInt(), 1);
}

static qsizetype countTasks(const QObject *owner)
{
    return std::count_if(owner->children().cbegin(), owner->children().cend(),
                         [](const QObject *child) {
                             return child->inherits("QTimeout::detail::WatchedTask");
                         });
}

void tst_QTimeoutQmlScope::taskLeavesNothingBehind()
{
    auto *scope = create("TimeoutScope { timeout: 1000; running: true }");
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    Backend backend;
    QJSEngine::setObjectOwnership(&backend, QJSEngine::CppOwnership);
    m_engine->globalObject().setProperty(u"backend"_s, m_engine->newQObject(&backend));
    evaluate(
            u"scope.watch(backend.ask()).then(() => { throw new Error() }); scope.watch(backend.sleep(500)); 0"_s);
    QCOMPARE(scope->children().size(), 2); // of the scope itself
    QCOMPARE(countTasks(m_engine.get()), 2);
    m_clock->advance(1s);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(scope->children().size(), 0);
    QCOMPARE(countTasks(m_engine.get()), 0);
    QCOMPARE(backend.asking(), 1);
    backend.answer(u"late"_s);
    m_clock->advance(0ms);
    QCOMPARE(backend.asking(), 0);
}

void tst_QTimeoutQmlScope::taskIsHandedOver_data()
{
    QTest::addColumn<bool>("expires");
    QTest::addColumn<QString>("answer");

    QTest::newRow("in time") << false << u"hello"_s;
    QTest::newRow("too late") << true << u"none"_s;
}

// S7, as with a request
void tst_QTimeoutQmlScope::taskIsHandedOver()
{
    QFETCH(const bool, expires);
    QFETCH(const QString, answer);
    auto *outer = create("TimeoutScope { timeout: 1000; running: true }");
    auto *inner = create("TimeoutScope { timeout: 500; running: true }", outer);
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(inner));
    Backend backend;
    QJSEngine::setObjectOwnership(&backend, QJSEngine::CppOwnership);
    m_engine->globalObject().setProperty(u"backend"_s, m_engine->newQObject(&backend));
    evaluate(
            u"var answer = 'none'; scope.watch(backend.ask()).then(result => { answer = result; }); 0"_s);
    inner->finish();
    delete inner;
    m_clock->advance(expires ? 1000ms : 999ms);
    QCOMPARE(outer->hasExpired(), expires);
    backend.answer(u"hello"_s);
    m_clock->advance(0ms);
    QCOMPARE(evaluate(u"answer"_s).toString(), answer);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(countTasks(m_engine.get()), 0);
}

void tst_QTimeoutQmlScope::abandonedTaskGoesWithTheScope()
{
    auto *scope = create("TimeoutScope { timeout: 1000; running: true }");
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    Backend backend;
    QJSEngine::setObjectOwnership(&backend, QJSEngine::CppOwnership);
    m_engine->globalObject().setProperty(u"backend"_s, m_engine->newQObject(&backend));
    evaluate(u"scope.watch(backend.ask()); 0"_s);
    scope->finish();
    QCOMPARE(countTasks(scope), 1);
    delete scope;
    QCOMPARE(countTasks(m_engine.get()), 0);
    backend.answer(u"hello"_s);
    m_clock->advance(0ms);
}

void tst_QTimeoutQmlScope::engineGoesBeforeTheTask()
{
    Backend backend;
    QTimeoutQmlScope scope;
    scope.start(1s);
    for (QObject *object : {static_cast<QObject *>(&backend), static_cast<QObject *>(&scope)})
        QJSEngine::setObjectOwnership(object, QJSEngine::CppOwnership);
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(&scope));
    m_engine->globalObject().setProperty(u"backend"_s, m_engine->newQObject(&backend));
    evaluate(u"scope.watch(backend.ask()); 0"_s);
    m_engine.reset();
    m_clock->advance(0ms);
    QCOMPARE(scope.state(), QTimeoutScope::Finished); // there is nothing left to watch
}

void tst_QTimeoutQmlScope::nothingWatchedOutlivesTheEngine_data()
{
    QTest::addColumn<bool>("engineFirst");
    QTest::addColumn<QString>("watched");

    for (const bool engineFirst : {false, true}) {
        const char *order = engineFirst ? "engine first" : "scope first";
        QTest::addRow("request, %s", order)
                << engineFirst
                << u"{ const xhr = new XMLHttpRequest(); xhr.open('GET', url); xhr.send(); scope.watch(xhr); }"_s;
        QTest::addRow("object of JavaScript, %s", order)
                << engineFirst << u"scope.watch({ abort() {} })"_s;
        QTest::addRow("object of C++, %s", order) << engineFirst << u"scope.watch(job)"_s;
        QTest::addRow("task, %s", order) << engineFirst << u"scope.watch(backend.ask())"_s;
    }
}

static QList<QPointer<QObject>> watchedValues(const QObject *owner)
{
    QList<QPointer<QObject>> values;
    for (QObject *child : owner->children()) {
        if (child->inherits("QTimeout::detail::WatchedValue"))
            values.append(child);
    }
    return values;
}

// At the end of a program no event loop comes that would delete anything later.
void tst_QTimeoutQmlScope::nothingWatchedOutlivesTheEngine()
{
    QFETCH(const bool, engineFirst);
    QFETCH(const QString, watched);
    SlowServer server;
    QVERIFY(server.listen());
    Backend backend;
    Job job;
    auto scope = std::make_unique<QTimeoutQmlScope>();
    for (QObject *object : {static_cast<QObject *>(&backend), static_cast<QObject *>(&job),
                            static_cast<QObject *>(scope.get())})
        QJSEngine::setObjectOwnership(object, QJSEngine::CppOwnership);
    QJSValue global = m_engine->globalObject();
    global.setProperty(u"backend"_s, m_engine->newQObject(&backend));
    global.setProperty(u"job"_s, m_engine->newQObject(&job));
    global.setProperty(u"scope"_s, m_engine->newQObject(scope.get()));
    global.setProperty(u"url"_s, server.url(u"/never"_s).toString());
    scope->start(1s);
    const QJSValue result = evaluate(watched);
    QVERIFY2(!result.isError(), qPrintable(result.toString()));
    const QList<QPointer<QObject>> values = watchedValues(m_engine.get());
    QCOMPARE(values.size(), watched.contains("job"_L1) ? 0 : 1);
    if (engineFirst)
        m_engine.reset();
    scope.reset();
    m_engine.reset();
    for (const QPointer<QObject> &value : values)
        QVERIFY(!value);
    if (watched.contains("job"_L1))
        QCOMPARE(job.aborts(), 1);
}

static QCoro::Task<> evaluateUnder(QTimeoutScope &, QJSEngine *engine, QString program)
{
    engine->evaluate(program);
    co_await QTimeout::sleepFor(10s);
}

void tst_QTimeoutQmlScope::watchIsNotNestedInWhoCallsIt()
{
    auto *scope = create("TimeoutScope { timeout: 1000; running: true }");
    m_engine->globalObject().setProperty(u"scope"_s, m_engine->newQObject(scope));
    Backend backend;
    QJSEngine::setObjectOwnership(&backend, QJSEngine::CppOwnership);
    m_engine->globalObject().setProperty(u"backend"_s, m_engine->newQObject(&backend));
    evaluate(u"var answer = ''; var task = backend.ask()"_s);
    QTimeoutScope caller(500ms);
    const auto call = caller.tryRun(&evaluateUnder, static_cast<QJSEngine *>(m_engine.get()),
                                    u"scope.watch(task).then(result => { answer = result; })"_s);
    m_clock->advance(500ms);
    QVERIFY(caller.hasExpired());
    backend.answer(u"hello"_s);
    m_clock->advance(0ms);
    QCOMPARE(evaluate(u"answer"_s).toString(), u"hello"_s);
}

// S11
void tst_QTimeoutQmlScope::movesToAnotherThread()
{
    m_clock.reset(); // another thread has another clock
    QTimeoutQmlScope scope;
    scope.setTimeout(60'000);
    scope.setUpdateInterval(5);
    scope.setRunning(true);
    std::atomic<int> ticks = 0;
    QThread *const here = QThread::currentThread();
    connect(
            &scope, &QTimeoutQmlScope::progressChanged, &scope,
            [&] { ticks += QThread::currentThread() == here ? 0 : 1; }, Qt::DirectConnection);
    QThread thread;
    scope.moveToThread(&thread);
    QCOMPARE(DeadlineQueue::current()->size(), 0U);
    thread.start();
    QTRY_COMPARE_GE_WITH_TIMEOUT(ticks.load(), 3, 20000);
    QMetaObject::invokeMethod(
            &scope,
            [&scope, here] {
                scope.cancel();
                scope.moveToThread(here);
            },
            Qt::BlockingQueuedConnection);
    thread.quit();
    QVERIFY(thread.wait());
    QVERIFY(scope.isCancelled());
}

void tst_QTimeoutQmlScope::followsTheOuterScopeToAnotherThread()
{
    m_clock.reset(); // another thread has another clock
    QTimeoutScope outer;
    auto *inner = new QTimeoutQmlScope(&outer);
    outer.start(1h);
    inner->start();
    std::atomic<int> toldThere = 0;
    int toldAtOnce = 0;
    QThread thread;
    connect(
            inner, &QTimeoutQmlScope::remainingTimeChanged, inner,
            [&] { toldThere += QThread::currentThread() == &thread ? 1 : 0; },
            Qt::DirectConnection);
    outer.moveToThread(&thread);
    thread.start();
    QThread *const here = QThread::currentThread();
    QMetaObject::invokeMethod(
            &outer,
            [&] {
                toldThere = 0;
                outer.reschedule(2h);
                toldAtOnce = toldThere;
                outer.cancel();
                outer.moveToThread(here);
            },
            Qt::BlockingQueuedConnection);
    thread.quit();
    QVERIFY(thread.wait());
    QCOMPARE(toldAtOnce, 1);
}

void tst_QTimeoutQmlScope::followsAnotherOuterScope()
{
    QTimeoutScope first;
    QTimeoutScope second;
    first.start(10s);
    second.start(5s);
    QTimeoutScope between(&first);
    QTimeoutQmlScope inner(&between);
    inner.start();
    QSignalSpy told(&inner, &QTimeoutQmlScope::remainingTimeChanged);
    between.setParent(&second);
    m_clock->advance(0ms);
    QCOMPARE(told.size(), 1);
    QCOMPARE(inner.remainingMilliseconds(), 5000.0);
    first.reschedule(1s);
    QCOMPARE(told.size(), 1);
    second.reschedule(2s);
    QCOMPARE(told.size(), 2);
    QCOMPARE(inner.remainingMilliseconds(), 2000.0);
    inner.cancel();
    between.setParent(nullptr);
}

void tst_QTimeoutQmlScope::comesUnderAnOuterScope_data()
{
    QTest::addColumn<bool>("running");

    QTest::newRow("running") << true;
    QTest::newRow("not yet") << false;
}

// S10: a scope is nested as soon as its parent is a scope, and bindings are told.
void tst_QTimeoutQmlScope::comesUnderAnOuterScope()
{
    QFETCH(const bool, running);
    QTimeoutScope outer;
    QObject owner;
    auto *inner = create("TimeoutScope { timeout: 5000; updateInterval: 0; running: true }",
                         &owner);
    if (running)
        outer.start(1s);
    m_clock->advance(0ms);
    QSignalSpy told(inner, &QTimeoutQmlScope::remainingTimeChanged);
    inner->setParent(&outer);
    if (running)
        QCOMPARE(inner->enclosingScope(), &outer);
    QCOMPARE(inner->remainingTime(), running ? 1s : 5s);
    m_clock->advance(0ms);
    QCOMPARE(told.size(), 1);
    if (running)
        QVERIFY(outer.reschedule(2s));
    else
        QVERIFY(outer.start(2s));
    QCOMPARE_GE(told.size(), 2);
    QCOMPARE(inner->remainingMilliseconds(), 2000.0);
    m_clock->advance(1s);
    outer.cancel();
    QVERIFY(inner->isCancelled());
    QCOMPARE(inner->remainingMilliseconds(), 1000.0);
    QCOMPARE(inner->progress(), 0.5);
}

// Nobody is told of that: it is seen when somebody looks, and when it ticks.
void tst_QTimeoutQmlScope::comesUnderAnOuterScopeWithoutHavingHadAParent()
{
    QTimeoutScope outer(10s);
    for (const bool ticks : {false, true}) {
        auto *inner = new QTimeoutQmlScope;
        inner->setTimeout(60'000);
        inner->setUpdateInterval(ticks ? 100 : 0);
        inner->setRunning(true);
        m_clock->advance(0ms);
        inner->setParent(&outer);
        if (ticks)
            m_clock->advance(100ms);
        else
            QCOMPARE_LE(inner->remainingMilliseconds(), 10'000.0);
        m_clock->advance(0ms);
        QSignalSpy told(inner, &QTimeoutQmlScope::remainingTimeChanged);
        QVERIFY(outer.reschedule(5s));
        QCOMPARE(told.size(), 1);
        QCOMPARE(inner->remainingMilliseconds(), 5000.0);
        delete inner;
    }
}

static QCoro::Task<> makeScope(QTimeoutScope &, std::unique_ptr<QTimeoutQmlScope> *made)
{
    *made = std::make_unique<QTimeoutQmlScope>();
    (*made)->start(1h);
    co_await QTimeout::sleepFor(2h);
}

void tst_QTimeoutQmlScope::followsTheScopeOfTheCoroutineThatHasMadeIt()
{
    std::unique_ptr<QTimeoutQmlScope> inner;
    QTimeoutScope outer(10s);
    const auto task = outer.tryRun(&makeScope, &inner);
    QCOMPARE(inner->enclosingScope(), &outer);
    QCOMPARE(inner->remainingMilliseconds(), 10'000.0);
    QSignalSpy told(inner.get(), &QTimeoutQmlScope::remainingTimeChanged);
    QVERIFY(outer.reschedule(4s));
    QCOMPARE(told.size(), 1);
    m_clock->advance(1s);
    inner->finish();
    QCOMPARE(inner->remainingMilliseconds(), 3000.0);
    QCOMPARE(inner->progress(), 0.25);
    outer.cancel();
    m_clock->advance(0ms);
}

QTEST_GUILESS_MAIN(tst_QTimeoutQmlScope)
#include "tst_qtimeoutqmlscope.moc"
