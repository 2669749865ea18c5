// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QTimeoutTestSupport
import QtQuick
import QtTest

// Idle timeouts, and what a scope says of its end. Time stands still.
TestCase {
    id: testCase
    name: "TimeoutScope_idle"

    TestClock { id: clock }
    Job { id: job }

    Component {
        id: scopeComponent
        TimeoutScope {
            timeout: 10000
            idleTimeout: 1000
            running: true
        }
    }
    Component {
        id: boundComponent
        Item {
            id: bound
            property real idle: 500
            readonly property string text: scope.errorString
            readonly property bool isIdle: scope.idleTimeout > 0
            readonly property TimeoutScope scope: TimeoutScope {
                timeout: 10000
                idleTimeout: bound.idle
                running: true
            }
        }
    }
    SignalSpy { id: changed; signalName: "idleTimeoutChanged" }

    function make(component, properties) {
        const object = createTemporaryObject(component, testCase, properties);
        verify(object);
        return object;
    }

    function test_default() {
        const scope = make(scopeComponent, { idleTimeout: 0 });
        compare(scope.idleTimeout, 0);
        clock.advance(9999);
        compare(scope.running, true);
    }

    function test_expires() {
        const scope = make(scopeComponent);
        clock.advance(999);
        compare(scope.running, true);
        clock.advance(1);
        compare(scope.state, TimeoutScope.Expired);
        compare(scope.errorString, `Nothing came for ${Number(1).toLocaleString(Qt.locale(), "f", 0)} s`);
    }

    function test_touch() {
        const scope = make(scopeComponent);
        job.finished.connect(scope.touch);
        for (let i = 0; i < 5; ++i) {
            clock.advance(900);
            job.finished();
        }
        compare(scope.running, true);
        job.finished.disconnect(scope.touch);
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
    }

    // These are about the deadline.
    function test_remainingTimeAndProgress() {
        const scope = make(scopeComponent);
        compare(scope.remainingTime, 10000);
        clock.advance(500);
        scope.touch();
        clock.advance(500);
        compare(scope.remainingTime, 9000);
        compare(scope.progress, 0.1);
        clock.advance(500);
        compare(scope.state, TimeoutScope.Expired);
        compare(scope.remainingTime, 8500);
        compare(scope.progress, 0.15);
    }

    function test_binding() {
        const bound = make(boundComponent);
        changed.target = bound.scope;
        changed.clear();
        compare(bound.isIdle, true);
        bound.idle = 2000;
        compare(changed.count, 1);
        clock.advance(1999);
        compare(bound.scope.running, true);
        bound.idle = 0;
        compare(bound.isIdle, false);
        clock.advance(5000);
        compare(bound.scope.running, true);
        bound.scope.cancelBecause("no more");
        compare(bound.text, "no more");
        bound.scope.start();
        compare(bound.text, "");
    }

    function test_numbers_data() {
        return [
            { tag: "fraction", value: 1.5, result: 2 },
            { tag: "Infinity", value: Infinity, result: 0 },
            { tag: "huge", value: 1e300, result: 0 },
        ];
    }

    function test_numbers(data) {
        const scope = make(scopeComponent, { idleTimeout: data.value });
        compare(scope.idleTimeout, data.result);
    }

    function test_noNumbers_data() {
        return [
            { tag: "negative", value: -1 },
            { tag: "text", value: "soon" },
            { tag: "null", value: null },
        ];
    }

    function test_noNumbers(data) {
        const scope = make(scopeComponent);
        ignoreWarning(/TimeoutScope: TimeoutScope\.idleTimeout: .* is no time/);
        scope.idleTimeout = data.value;
        compare(scope.idleTimeout, 1000);
    }

    function test_errorString() {
        const scope = make(scopeComponent, { idleTimeout: 0, timeout: 1500, objectName: "page" });
        let text = "";
        scope.expired.connect(() => { text = scope.errorString; });
        clock.advance(1500);
        compare(text, `page: Timed out after ${Number(1.5).toLocaleString(Qt.locale(), "f", 1)} s`);
    }
}
