// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QTimeoutTestSupport
import QtQuick
import QtTest

// What a scope watches: objects from C++ and QML, requests, tasks. Time stands still, except for the server's.
TestCase {
    id: testCase
    name: "TimeoutScope_watch"

    // The readyState of an XMLHttpRequest
    readonly property int unsent: 0
    readonly property int loading: 3
    readonly property int done: 4

    TestClock { id: clock }
    Server { id: server }
    Backend { id: backend }

    Component {
        id: scopeComponent
        TimeoutScope {
            timeout: 1000
            running: true
        }
    }
    Component {
        id: jobComponent
        Job {}
    }
    Component {
        id: finishedJobComponent
        FinishedJob {}
    }
    Component {
        id: privatelyFinishedJobComponent
        PrivatelyFinishedJob {}
    }
    Component {
        id: cancellerComponent
        Canceller {}
    }
    Component {
        id: qmlObjectComponent
        QtObject {
            property int aborts: 0
            function abort() { aborts += 1; }
        }
    }
    Component {
        id: plainComponent
        QtObject {}
    }

    function make(component, properties) {
        const object = createTemporaryObject(component, testCase, properties);
        verify(object);
        clock.advance(0);
        return object;
    }

    function init() {
        failOnWarning(/.?/);
    }

    function test_abortsObjectOfCpp() {
        const scope = make(scopeComponent);
        const job = make(jobComponent);
        compare(scope.watch(job), undefined);
        clock.advance(999);
        compare(job.aborts, 0);
        clock.advance(1);
        compare(job.aborts, 1);
        compare(scope.state, TimeoutScope.Expired);
    }

    function test_abortsByInvokableCancel() {
        const scope = make(scopeComponent);
        const canceller = make(cancellerComponent);
        scope.watch(canceller);
        scope.cancel();
        compare(canceller.cancels, 1);
    }

    function test_abortsObjectOfQml() {
        const scope = make(scopeComponent);
        const object = make(qmlObjectComponent);
        scope.watch(object);
        scope.cancel();
        compare(object.aborts, 1);
    }

    // S7
    function test_finishesWithTheLast() {
        const scope = make(scopeComponent);
        const jobs = [make(jobComponent), make(jobComponent)];
        jobs.forEach(job => scope.watch(job));
        jobs[0].finished();
        clock.advance(10);
        compare(scope.running, true);
        jobs[1].finished();
        compare(scope.running, true);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
        compare(jobs[0].aborts + jobs[1].aborts, 0);
    }

    function test_finishesWithWhatHasFinishedAlready() {
        const scope = make(scopeComponent);
        scope.watch(make(finishedJobComponent));
        compare(scope.running, true);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_onlyPublicFunctionsAreAsked() {
        const scope = make(scopeComponent);
        const job = make(privatelyFinishedJobComponent);
        scope.watch(job);
        clock.advance(0);
        compare(scope.running, true);
        scope.cancel();
        compare(job.aborts, 1);
    }

    function test_finishesWhenDestroyed() {
        const scope = make(scopeComponent);
        const job = jobComponent.createObject(testCase);
        scope.watch(job);
        job.destroy();
        wait(0);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_unwatch() {
        const scope = make(scopeComponent);
        const job = make(jobComponent);
        scope.watch(job);
        scope.unwatch(job);
        scope.unwatch(job);
        scope.unwatch(null);
        scope.unwatch(undefined);
        scope.unwatch(3);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
        compare(job.aborts, 0);
    }

    function test_inactiveScopeWatchesInItsNextLife() {
        const scope = make(scopeComponent, { running: false });
        const job = make(jobComponent);
        scope.watch(job);
        clock.advance(5000);
        compare(job.aborts, 0);
        scope.start();
        clock.advance(1000);
        compare(job.aborts, 1);
    }

    function test_endedScopeAbortsAtOnce() {
        const scope = make(scopeComponent);
        const job = make(jobComponent);
        clock.advance(1000);
        scope.watch(job);
        compare(job.aborts, 1);
    }

    function test_whatCannotBeAborted_data() {
        return [
            { tag: "null", value: null, text: "null" },
            { tag: "undefined", value: undefined, text: "undefined" },
            { tag: "number", value: 1500, text: "1500" },
            { tag: "NaN", value: NaN, text: "NaN" },
            { tag: "string", value: "abort", text: "abort" },
            { tag: "function", value: () => {}, text: ".*" },
            { tag: "object of JavaScript", value: { cancel: 1, abort: 2 }, text: "\\[object Object\\]" },
            { tag: "promise", value: new Promise(() => {}), text: "\\[object Promise\\]" },
            { tag: "object of QML", component: plainComponent, text: "Q.*Object.*" },
        ];
    }

    function test_whatCannotBeAborted(data) {
        const scope = make(scopeComponent);
        const value = data.component ? make(data.component) : data.value;
        ignoreWarning(new RegExp("/tst_watch\\.qml:\\d+:\\d+: QML TimeoutScope: TimeoutScope\\.watch: "
                                 + data.text + " cannot be aborted\\."));
        compare(scope.watch(value), undefined);
        clock.advance(100);
        compare(scope.running, true);
        compare(scope.remainingTime, 900);
    }

    function test_objectOfJavaScript() {
        const scope = make(scopeComponent);
        let aborts = 0;
        const transfer = { abort() { aborts += 1; } };
        scope.watch(transfer);
        scope.watch(transfer);
        scope.cancel();
        compare(aborts, 1);
        scope.watch(transfer);
        compare(aborts, 2);
    }

    function test_objectOfJavaScriptInTheNextLife() {
        const scope = make(scopeComponent);
        let aborts = 0;
        const transfer = { abort() { aborts += 1; } };
        scope.watch(transfer);
        scope.finish();
        scope.start();
        scope.watch(transfer);
        compare(aborts, 0);
        scope.cancel();
        compare(aborts, 1);
    }

    function test_taskGoesOnAfterFinish() {
        const scope = make(scopeComponent);
        const results = [];
        scope.watch(backend.ask()).then(result => results.push(result));
        scope.finish();
        backend.answer("hello");
        clock.advance(0);
        compare(results, ["hello"]);
    }

    function test_taskIsUnwatched() {
        const scope = make(scopeComponent);
        const results = [];
        const task = backend.ask();
        scope.watch(task).then(result => results.push(result));
        scope.unwatch(task);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
        backend.answer("hello");
        clock.advance(0);
        compare(results, ["hello"]);
    }

    function test_objectOfJavaScriptIsUnwatched() {
        const scope = make(scopeComponent);
        const transfers = [{ abort() { fail("aborted"); } }, { abort() {} }];
        transfers.forEach(transfer => scope.watch(transfer));
        scope.unwatch(transfers[0]);
        clock.advance(0);
        compare(scope.running, true);
        scope.unwatch(transfers[1]);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_abortThatThrows() {
        const scope = make(scopeComponent);
        const job = make(jobComponent);
        scope.watch(job);
        scope.watch({ abort() { throw new Error("broken"); } });
        ignoreWarning(/tst_watch\.qml:\d+:\d+: QML TimeoutScope: TimeoutScope: abort\(\) of what it watched has failed: Error: broken/);
        scope.cancel();
        compare(job.aborts, 1);
    }

    function request(target) {
        const xhr = new XMLHttpRequest(); // qmllint disable unqualified
        xhr.open("GET", server.url(target));
        return xhr;
    }

    function test_requestIsAborted() {
        const scope = make(scopeComponent);
        const xhr = request("/stall?n=1");
        const states = [];
        xhr.onreadystatechange = () => states.push(xhr.readyState);
        xhr.send();
        scope.watch(xhr);
        tryVerify(() => xhr.readyState === testCase.loading, 20000);
        compare(scope.running, true);
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
        compare(states[states.length - 1], testCase.done);
        compare(xhr.readyState, testCase.unsent); // the connection is left to Qt, which takes its time
    }

    function test_requestInTime_data() {
        return [
            { tag: "handler set before", before: true, after: false },
            { tag: "handler set after", before: false, after: true },
            { tag: "handler replaced", before: true, after: true },
            { tag: "no handler", before: false, after: false },
        ];
    }

    function test_requestInTime(data) {
        const scope = make(scopeComponent);
        const xhr = request("/good");
        let calls = "";
        if (data.before)
            xhr.onreadystatechange = () => calls += "before ";
        scope.watch(xhr);
        if (data.after)
            xhr.onreadystatechange = () => calls += "after ";
        xhr.send();
        tryCompare(scope, "state", TimeoutScope.Finished, 20000);
        compare(xhr.status, 200);
        compare(xhr.responseText.length, 4096);
        compare(calls.includes("before"), data.before && !data.after);
        compare(calls.includes("after"), data.after);
        clock.advance(10000);
        compare(xhr.status, 200);
    }

    function test_requestThatIsDone() {
        const xhr = request("/good");
        xhr.send();
        tryVerify(() => xhr.readyState === testCase.done, 20000);
        const scope = make(scopeComponent);
        scope.watch(xhr);
        compare(scope.running, true);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
        compare(xhr.status, 200);
    }

    function test_requestFails() {
        const scope = make(scopeComponent);
        const xhr = request("/reset");
        scope.watch(xhr);
        xhr.send();
        tryCompare(scope, "state", TimeoutScope.Finished, 20000);
    }

    function test_handlerOfRequestThrows() {
        const scope = make(scopeComponent);
        const xhr = request("/good");
        xhr.onreadystatechange = () => {
            if (xhr.readyState === testCase.done)
                throw new Error("in the handler");
        };
        scope.watch(xhr);
        ignoreWarning(/tst_watch\.qml:\d+: Error: in the handler/);
        xhr.send();
        tryCompare(scope, "state", TimeoutScope.Finished, 20000);
    }

    function test_requestAgain() {
        const scope = make(scopeComponent);
        const xhr = request("/good");
        scope.watch(xhr);
        xhr.send();
        tryCompare(scope, "state", TimeoutScope.Finished, 20000);
        scope.start();
        xhr.open("GET", server.url("/never"));
        scope.watch(xhr);
        xhr.send();
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
        compare(xhr.readyState, testCase.unsent);
    }

    function test_requestUnderTwoScopes() {
        const scopes = [make(scopeComponent), make(scopeComponent), make(scopeComponent)];
        const xhr = request("/slow?ms=10");
        const handler = () => {};
        xhr.onreadystatechange = handler;
        scopes.forEach(scope => scope.watch(xhr));
        scopes[1].unwatch(xhr);
        clock.advance(0);
        compare(scopes[1].state, TimeoutScope.Finished);
        xhr.send();
        tryCompare(scopes[0], "state", TimeoutScope.Finished, 20000);
        tryCompare(scopes[2], "state", TimeoutScope.Finished, 20000);
        verify(xhr.onreadystatechange === handler); // nothing is left
    }

    // A page that is unloaded: its handlers would run in a context that is going.
    function test_requestOfPageThatGoes_data() {
        return [
            { tag: "handler first", watchFirst: false },
            { tag: "watched first", watchFirst: true },
        ];
    }

    function test_requestOfPageThatGoes(data) {
        const page = createTemporaryQmlObject(`
            import QTimeout
            import QtQuick
            Loader {
                id: loader
                property int calls: 0
                property var transfer
                property string url
                property bool watchFirst
                sourceComponent: Item {
                    id: inner
                    property string text: "page"
                    TimeoutScope { id: scope; timeout: 60000; running: true }
                    Component.onCompleted: {
                        const xhr = new XMLHttpRequest();
                        xhr.open("GET", loader.url);
                        const transfer = {
                            aborts: 0,
                            calls: 0,
                            onaborted() { this.calls += 1; },
                            abort() { this.aborts += 1; if (this.onaborted) this.onaborted(); }
                        };
                        loader.transfer = transfer;
                        if (loader.watchFirst)
                            scope.watch(xhr);
                        xhr.onreadystatechange = () => { loader.calls += inner.text.length; };
                        if (!loader.watchFirst)
                            scope.watch(xhr);
                        scope.watch(transfer);
                        xhr.send();
                        loader.calls = 0;
                    }
                }
            }`, testCase);
        page.active = false;
        page.url = server.url("/never");
        page.watchFirst = data.watchFirst;
        page.active = true;
        wait(0);
        page.calls = 0;
        page.active = false;
        wait(0);
        compare(page.transfer.aborts, 1);
        compare(page.transfer.calls, 0);
        compare(page.calls, 0);
    }

    function test_requestThatIsCancelledTellsItsHandlers() {
        const scope = make(scopeComponent);
        const xhr = request("/never");
        let calls = 0;
        scope.watch(xhr);
        xhr.send();
        xhr.onreadystatechange = () => { calls += 1; };
        scope.cancel();
        verify(calls > 0);
    }

    function test_taskInTime() {
        const scope = make(scopeComponent);
        const results = [];
        scope.watch(backend.ask()).then(result => results.push(result));
        compare(backend.asking(), 1);
        clock.advance(900);
        compare(results, []);
        backend.answer("hello");
        clock.advance(0);
        compare(results, ["hello"]);
        compare(backend.asking(), 0);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_taskTooLate_data() {
        return [
            { tag: "expired", end: scope => clock.advance(1000) },
            { tag: "cancelled", end: scope => scope.cancel() },
        ];
    }

    function test_taskTooLate(data) {
        const scope = make(scopeComponent);
        const results = [];
        scope.watch(backend.ask()).then(result => results.push(result));
        data.end(scope);
        compare(scope.running, false);
        compare(backend.asking(), 1); // nobody can interrupt it
        backend.answer("hello");
        clock.advance(100);
        compare(results, []);
        compare(backend.asking(), 0);
    }

    function test_taskUnderEndedScope() {
        const scope = make(scopeComponent);
        scope.cancel();
        const results = [];
        scope.watch(backend.ask()).then(result => results.push(result));
        backend.answer("hello");
        clock.advance(0);
        compare(results, []);
    }

    function test_tasksTogether() {
        const scope = make(scopeComponent);
        const results = [];
        scope.watch(backend.sleep(1500)).then(() => results.push("late"));
        scope.watch(backend.sleep(500)).then(() => results.push("early"));
        clock.advance(2000);
        compare(results, ["early"]);
        compare(scope.state, TimeoutScope.Expired);
    }

    SignalSpy { id: failed; signalName: "failed" }

    function test_runThatFails_data() {
        return [
            { tag: "later", load: scope => backend.failUnder(scope, 100) },
            { tag: "at once", load: scope => backend.failUnder(scope, 0) },
            { tag: "with a variant", load: scope => backend.variantUnder(scope, 100) },
        ];
    }

    function test_runThatFails(data) {
        const scope = make(scopeComponent);
        failed.target = scope;
        failed.clear();
        let stateInHandler = -1;
        scope.failed.connect(() => { stateInHandler = scope.state; });
        ignoreWarning(/tst_watch\.qml:\d+: TimeoutScope.watch: The task has failed: the disk is full/);
        scope.watch(data.load(scope)).then(() => fail("there is no result"));
        clock.advance(99);
        if (data.tag !== "at once")
            compare(scope.running, true);
        clock.advance(1);
        compare(scope.state, TimeoutScope.Finished);
        compare(failed.count, 1);
        compare(failed.signalArguments[0][0], "the disk is full");
        compare(stateInHandler, TimeoutScope.Finished);
        compare(scope.errorString, "");
        clock.advance(2000);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_runThatFailsAfterTheEnd() {
        const scope = make(scopeComponent);
        failed.target = scope;
        failed.clear();
        scope.watch(backend.failUnder(scope, 500));
        scope.cancel();
        clock.advance(2000);
        compare(failed.count, 0);
        compare(scope.state, TimeoutScope.Cancelled);
        compare(scope.errorString, "Cancelled");
    }

    function test_runThatFailsIsTriedAgain() {
        const scope = make(scopeComponent);
        failed.target = scope;
        failed.clear();
        let attempts = 1;
        scope.failed.connect(() => {
            if (++attempts <= 3) {
                scope.start();
                scope.watch(backend.failUnder(scope, 100));
            }
        });
        for (let i = 0; i < 3; ++i)
            ignoreWarning(/The task has failed: the disk is full/);
        scope.watch(backend.failUnder(scope, 100));
        clock.advance(300);
        compare(failed.count, 3);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_runThatFailsDestroysTheScope() {
        const scope = scopeComponent.createObject(testCase);
        scope.failed.connect(() => scope.destroy());
        ignoreWarning(/The task has failed: the disk is full/);
        scope.watch(backend.failUnder(scope, 100));
        clock.advance(100);
        wait(0);
    }

    // What has been handled in C++ is no failure.
    function test_runThatIsHandledFails() {
        const scope = make(scopeComponent);
        failed.target = scope;
        failed.clear();
        const results = [];
        scope.watch(backend.recoverUnder(scope, 100)).then(result => results.push(result));
        clock.advance(150);
        compare(scope.running, true);
        clock.advance(100);
        compare(results, ["recovered"]);
        compare(failed.count, 0);
        compare(scope.state, TimeoutScope.Finished);
    }

    // QCoro does not say that another task has failed.
    function test_taskThatFails() {
        const scope = make(scopeComponent);
        scope.watch(backend.ask()).then(() => fail("there is no result"));
        backend.fail();
        clock.advance(999);
        compare(scope.running, true);
        clock.advance(1);
        compare(scope.state, TimeoutScope.Expired);
    }

    function test_resultOfTaskThatNobodyWants() {
        const scope = make(scopeComponent);
        scope.watch(backend.ask());
        backend.answer("hello");
        clock.advance(0);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_scopeIsDestroyedInThen() {
        const scope = scopeComponent.createObject(testCase);
        let called = false;
        scope.watch(backend.ask()).then(() => {
            scope.destroy();
            called = true;
        });
        backend.answer("hello");
        clock.advance(0);
        verify(called);
        wait(0);
    }

    // C++ that is given the scope can do everything under it that scopes can do.
    function test_scopeForCpp() {
        const scope = make(scopeComponent);
        const results = [];
        backend.sleepUnder(scope, 500).then(() => results.push("early"));
        backend.sleepUnder(scope, 1500).then(() => results.push("late"));
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
        clock.advance(1000);
        compare(results, ["early"]);
    }

    function test_twoScopes() {
        const first = make(scopeComponent);
        const second = make(scopeComponent, { timeout: 500 });
        let aborts = 0;
        const transfer = { abort() { aborts += 1; } };
        first.watch(transfer);
        second.watch(transfer);
        clock.advance(500);
        compare(aborts, 1);
        first.unwatch(transfer);
        clock.advance(500);
        compare(first.state, TimeoutScope.Finished);
        compare(aborts, 1);
    }
}
