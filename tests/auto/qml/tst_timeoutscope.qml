// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QTimeoutTestSupport
import QtQuick
import QtTest

// The type, its properties and its slots. Time stands still unless the clock is advanced.
TestCase {
    id: testCase
    name: "TimeoutScope"

    property var log: []

    TestClock { id: clock }

    Component {
        id: plain
        TimeoutScope {}
    }

    Component {
        id: signalSpy
        SignalSpy {}
    }

    function make(component, properties) {
        const object = createTemporaryObject(component, testCase, properties);
        verify(object);
        clock.advance(0); // what its creation has to tell
        return object;
    }

    // Writes down what the scope says, and what one sees at that moment.
    function makeLogged(properties) {
        const scope = make(plain, properties);
        const add = text => log.push(text);
        scope.runningChanged.connect(() => add("running " + scope.running));
        scope.stateChanged.connect(() => add("state " + scope.state + " " + scope.remainingTime + " " + scope.progress));
        scope.expired.connect(() => add("expired " + scope.running + " " + scope.remainingTime + " " + scope.progress));
        scope.cancelled.connect(() => add("cancelled"));
        scope.finished.connect(() => add("finished"));
        scope.timeoutChanged.connect(() => add("timeout " + scope.timeout));
        scope.deadlineChanged.connect(() => add("deadline " + scope.remainingTime));
        return scope;
    }

    function spyOn(target, signalName) {
        return make(signalSpy, { target: target, signalName: signalName });
    }

    function init() {
        failOnWarning(/.?/);
        log = [];
    }

    function test_defaults() {
        const scope = make(plain, {});
        compare(scope.timeout, Infinity);
        compare(scope.running, false);
        compare(scope.state, TimeoutScope.Inactive);
        compare(scope.remainingTime, Infinity);
        compare(scope.progress, 0);
        compare(scope.updateInterval, 0);
    }

    // S1, S6: in this order, with everything up to date.
    function test_runsFromTheBeginning() {
        const scope = makeLogged({ timeout: 1500, running: true });
        compare(scope.running, true);
        compare(scope.state, TimeoutScope.Active);
        compare(scope.remainingTime, 1500);
        log = [];
        clock.advance(1499);
        compare(log, []);
        compare(scope.remainingTime, 1);
        fuzzyCompare(scope.progress, 1499 / 1500, 1e-9);
        clock.advance(1);
        compare(log, ["running false", "state " + TimeoutScope.Expired + " 0 1", "expired false 0 1"]);
        compare(scope.remainingTime, 0);
        compare(scope.progress, 1);
    }

    // Handlers in QML are called before anything else, and find everything up to date too.
    Component {
        id: handlers
        TimeoutScope {
            id: scope
            property var log: []
            timeout: 200
            running: true
            onStateChanged: state => scope.log.push(state + " " + scope.running + " " + scope.remainingTime + " " + scope.progress)
        }
    }

    function test_handlersFindEverythingUpToDate() {
        const scope = make(handlers, {});
        clock.advance(50);
        scope.finish();
        compare(scope.log, ["1 true 200 0", "4 false 150 0.25"]);
        clock.advance(1000);
        scope.log = [];
        scope.start();
        clock.advance(200);
        compare(scope.log, ["1 true 200 0", "2 false 0 1"]);
    }

    function test_orderOfPropertiesDoesNotMatter() {
        const scope = make(plain, { running: true, timeout: 200 });
        compare(scope.remainingTime, 200);
    }

    function test_runningFalseFinishes() {
        const scope = makeLogged({ timeout: 1000, running: true });
        clock.advance(250);
        log = [];
        scope.running = false;
        compare(log, ["running false", "state " + TimeoutScope.Finished + " " + scope.remainingTime + " " + scope.progress, "finished"]);
        compare(scope.remainingTime, 750);
        compare(scope.progress, 0.25);
        clock.advance(5000);
        compare(scope.remainingTime, 750);
        compare(scope.state, TimeoutScope.Finished);
    }

    function test_runningTrueStartsAgain() {
        const scope = makeLogged({ timeout: 1000, running: true });
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
        log = [];
        scope.running = true;
        compare(log, ["running true", "state " + TimeoutScope.Active + " 1000 0", "deadline 1000"]);
        compare(scope.progress, 0);
        clock.advance(600);
        compare(scope.progress, 0.6);
        scope.running = true;
        compare(scope.remainingTime, 400);
        clock.advance(400);
        compare(scope.state, TimeoutScope.Expired);
    }

    function test_startedInExpired() {
        const scope = make(plain, { timeout: 100, running: true });
        let expiries = 0;
        scope.expired.connect(() => {
            if (++expiries < 3)
                scope.running = true;
        });
        clock.advance(299);
        compare(expiries, 2);
        compare(scope.running, true);
        clock.advance(1);
        compare(expiries, 3);
        compare(scope.running, false);
    }

    Component {
        id: destroysItself
        TimeoutScope {
            id: scope
            timeout: 100
            running: true
            updateInterval: 10
            signal gone()
            onExpired: scope.destroy()
            Component.onDestruction: scope.gone()
        }
    }

    function test_destroyedInExpired() {
        make(destroysItself, {}).gone.connect(() => log.push("destroyed"));
        clock.advance(100);
        wait(0); // destroy() takes an event loop of its own
        clock.advance(0);
        compare(log, ["destroyed"]);
    }

    // S3
    function test_zeroExpiresFromTheEventLoop() {
        const scope = make(plain, { timeout: 0 });
        scope.running = true;
        compare(scope.state, TimeoutScope.Active);
        compare(scope.progress, 1);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Expired);
    }

    function test_changedTimeoutReschedules() {
        const scope = makeLogged({ timeout: 1000, running: true });
        clock.advance(600);
        log = [];
        scope.timeout = 2000;
        compare(log, ["deadline 2000", "timeout 2000"]);
        compare(scope.remainingTime, 2000);
        fuzzyCompare(scope.progress, 600 / 2600, 1e-9);
        clock.advance(1999);
        compare(scope.running, true);
        scope.timeout = 2000; // no change
        clock.advance(1);
        compare(scope.state, TimeoutScope.Expired);
        log = [];
        scope.timeout = 300;
        compare(log, ["timeout 300"]);
        compare(scope.remainingTime, 0); // what was left when it ended
    }

    function test_infiniteTimeoutIsNoLimit() {
        const scope = make(plain, { timeout: 1000, running: true });
        scope.timeout = Infinity;
        clock.advance(1e9);
        compare(scope.running, true);
        compare(scope.remainingTime, Infinity);
        compare(scope.progress, 0);
        scope.timeout = 50;
        clock.advance(50);
        compare(scope.state, TimeoutScope.Expired);
    }

    function test_fractionsOfMilliseconds() {
        const scope = make(plain, { timeout: 1.5, running: true });
        clock.advance(1.25);
        compare(scope.running, true);
        compare(scope.remainingTime, 0.25);
        clock.advance(0.25);
        compare(scope.running, false);
    }

    function test_startUsesTimeout() {
        const scope = make(plain, { timeout: 700 });
        compare(scope.start(), true);
        compare(scope.remainingTime, 700);
    }

    function test_startWithItsOwn() {
        const scope = make(plain, { timeout: 700 });
        compare(scope.start(300), true);
        compare(scope.remainingTime, 300);
        compare(scope.timeout, 700);
        scope.cancel();
        compare(scope.start(Infinity), true);
        compare(scope.remainingTime, Infinity);
        scope.cancel();
        compare(scope.start(undefined), true); // the same as to pass nothing
        compare(scope.remainingTime, 700);
    }

    function test_startTwice() {
        const scope = make(plain, { objectName: "download", timeout: 700, running: true });
        ignoreWarning(/QTimeoutScope::start: QTimeoutQmlScope\(0x[0-9a-f]+, "download"\) is Active already/);
        compare(scope.start(), false);
        ignoreWarning(/QTimeoutScope::start: .* is Active already/);
        compare(scope.start(100), false);
        compare(scope.remainingTime, 700);
    }

    function test_slots() {
        const scope = makeLogged({ timeout: 1000, running: true });
        compare(scope.shift(500), true);
        compare(scope.remainingTime, 1500);
        compare(scope.shift(-700), true);
        compare(scope.remainingTime, 800);
        compare(scope.reschedule(100), true);
        compare(scope.remainingTime, 100);
        scope.reject();
        compare(scope.remainingTime, Infinity);
        compare(scope.reschedule(Infinity), true);
        compare(scope.reschedule(20), true);
        compare(scope.shift(Infinity), true);
        compare(scope.remainingTime, Infinity);
        compare(scope.reschedule(20), true);
        log = [];
        scope.cancel();
        compare(log, ["running false", "state " + TimeoutScope.Cancelled + " 20 0", "cancelled"]);
        scope.cancel();
        scope.finish();
        compare(log.length, 3);
        compare(scope.remainingTime, 20);
        scope.start();
        log = [];
        scope.finish();
        compare(log, ["running false", "state " + TimeoutScope.Finished + " " + scope.remainingTime + " " + scope.progress, "finished"]);
    }

    function test_shiftFarBackExpiresLater() {
        const scope = make(plain, { timeout: 1000, running: true });
        compare(scope.shift(-Infinity), true);
        compare(scope.running, true);
        compare(scope.remainingTime, 0);
        clock.advance(0);
        compare(scope.state, TimeoutScope.Expired);
    }

    // S2
    function test_slotsOfWhatDoesNotRun() {
        const scope = make(plain, { objectName: "download", timeout: 1000 });
        for (const state of ["Inactive", "Finished"]) {
            const text = " QTimeoutQmlScope\\(0x[0-9a-f]+, \"download\"\\) is " + state + "\\.";
            ignoreWarning(new RegExp("QTimeoutScope::shift:" + text));
            compare(scope.shift(500), false);
            ignoreWarning(new RegExp("QTimeoutScope::reschedule:" + text));
            compare(scope.reschedule(500), false);
            ignoreWarning(new RegExp("QTimeoutScope::reject:" + text));
            scope.reject();
            scope.running = true;
            scope.running = false;
        }
    }

    function test_shiftWithoutDeadline() {
        const scope = make(plain, { running: true });
        ignoreWarning(/QTimeoutScope::shift: .* has no deadline to move/);
        compare(scope.shift(500), false);
    }

    function test_badInput_data() {
        return [
            { tag: "negative", value: -1, text: "-1", signed: true },
            { tag: "-Infinity", value: -Infinity, text: "-inf", signed: true },
            { tag: "NaN", value: NaN, text: "NaN" },
            { tag: "undefined", value: undefined, text: "undefined" },
            { tag: "null", value: null, text: "null" },
            { tag: "string", value: "soon", text: "\"soon\"" },
            { tag: "number in a string", value: "500", text: "\"500\"" },
            { tag: "bool", value: true, text: "true" },
            { tag: "object", value: { a: 1 }, text: ".*" },
            { tag: "list", value: [500], text: ".*" },
        ];
    }

    function test_badInput(data) {
        const scope = makeLogged({ timeout: 1000, updateInterval: 50 });
        const expect = what => ignoreWarning(new RegExp(
            "^.*/tst_timeoutscope\\.qml:\\d+:\\d+: QML TimeoutScope: TimeoutScope\\." + what + ": " + data.text + " is no time\\."));
        log = [];
        expect("timeout");
        scope.timeout = data.value;
        compare(scope.timeout, 1000);
        expect("updateInterval");
        scope.updateInterval = data.value;
        compare(scope.updateInterval, 50);
        if (data.value !== undefined) { // which is the same as to pass nothing
            expect("start");
            compare(scope.start(data.value), false);
        }
        compare(log, []);
        compare(scope.running, false);

        scope.running = true;
        log = [];
        expect("timeout");
        scope.timeout = data.value;
        expect("reschedule");
        compare(scope.reschedule(data.value), false);
        if (!data.signed) {
            expect("shift");
            compare(scope.shift(data.value), false);
        }
        compare(log, []);
        compare(scope.remainingTime, 1000);
    }

    Component {
        id: boundToBadInput
        TimeoutScope {
            property var input
            timeout: input
            running: true
        }
    }

    function test_badInputByBinding(data) {
        const scope = make(boundToBadInput, { input: 1000 });
        clock.advance(400);
        ignoreWarning(new RegExp("tst_timeoutscope\\.qml:\\d+:\\d+: QML TimeoutScope: TimeoutScope\\.timeout: " + data.text));
        scope.input = data.value;
        compare(scope.timeout, 1000);
        compare(scope.remainingTime, 600);
        scope.input = 2000;
        compare(scope.remainingTime, 2000);
    }

    function test_badInputByBinding_data() {
        return test_badInput_data();
    }

    function test_tooFewArguments() {
        const scope = make(plain, { timeout: 1000, running: true });
        let error = null;
        try {
            scope.shift();
        } catch (e) {
            error = e;
        }
        verify(error);
        compare(scope.remainingTime, 1000);
    }

    function test_updateInterval() {
        const scope = make(plain, { timeout: 1000, running: true });
        const progress = spyOn(scope, "progressChanged");
        const remaining = spyOn(scope, "remainingTimeChanged");
        clock.advance(500);
        compare(progress.count, 0);
        scope.updateInterval = 100;
        clock.advance(99);
        compare(progress.count, 0);
        clock.advance(1);
        compare(progress.count, 1);
        compare(remaining.count, 1);
        clock.advance(300);
        compare(progress.count, 4);
        scope.updateInterval = 0;
        clock.advance(99);
        compare(progress.count, 4);
        clock.advance(1); // the end
        compare(progress.count, 5);
        compare(remaining.count, 5);
    }

    function test_ticksOnlyWhileRunning() {
        const scope = make(plain, { timeout: 1000, updateInterval: 100 });
        const progress = spyOn(scope, "progressChanged");
        clock.advance(1000);
        compare(progress.count, 0);
        scope.running = true;
        clock.advance(250);
        scope.cancel();
        progress.clear();
        clock.advance(5000);
        compare(progress.count, 0);
        scope.start(Infinity);
        progress.clear();
        clock.advance(5000);
        compare(progress.count, 0);
        scope.reschedule(300);
        progress.clear();
        clock.advance(300);
        compare(progress.count, 3); // one of them is the end
    }

    Component {
        id: bar
        Item {
            id: item
            property alias scope: inner
            readonly property real value: inner.progress
            readonly property int seconds: Math.ceil(inner.remainingTime / 1000)
            readonly property bool busy: inner.running
            readonly property string text: inner.state === TimeoutScope.Expired ? "timed out" : inner.running ? "running" : ""
            TimeoutScope {
                id: inner
                timeout: 4000
                updateInterval: inner.running ? 1000 : 0
            }
        }
    }

    function test_bindings() {
        const item = make(bar, {});
        compare(item.seconds, 4);
        compare(item.busy, false);
        item.scope.running = true;
        clock.advance(0);
        compare(item.busy, true);
        compare(item.text, "running");
        clock.advance(1000);
        compare(item.value, 0.25);
        compare(item.seconds, 3);
        item.scope.shift(4000);
        compare(item.value, 0.125);
        compare(item.seconds, 7);
        clock.advance(7000);
        compare(item.value, 1);
        compare(item.seconds, 0);
        compare(item.busy, false);
        compare(item.text, "timed out");
    }

    // The compiler of QML reports a loop as a warning, which fails any test here.
    Component {
        id: circular
        TimeoutScope {
            id: scope
            property bool wanted: false
            timeout: scope.remainingTime > 500 || !scope.running ? 1000 : 2000
            running: scope.wanted && scope.progress < 1
            updateInterval: scope.running && scope.remainingTime < 5000 ? 100 : 0
        }
    }

    function test_bindingsNeverLoop() {
        const scope = make(circular, {});
        scope.wanted = true;
        compare(scope.running, true);
        clock.advance(400);
        compare(scope.remainingTime, 600);
        clock.advance(100); // 500 left: timeout becomes 2000
        compare(scope.timeout, 1000); // and 1000 again, since more than 500 are left then
        compare(scope.remainingTime, 1000);
        scope.wanted = false;
        compare(scope.state, TimeoutScope.Finished);
    }

    Component {
        id: switched
        TimeoutScope {
            property bool on: false
            timeout: running ? 100 : 300
            running: on
        }
    }

    function test_bindingOfRunning() {
        const scope = make(switched, {});
        scope.on = true;
        compare(scope.running, true);
        compare(scope.remainingTime, 100);
        clock.advance(100);
        compare(scope.state, TimeoutScope.Expired);
        scope.on = false; // the binding is still there
        scope.on = true;
        compare(scope.running, true);
    }

    Component {
        id: onlineItem
        TimeoutScope {
            id: scope
            property bool online: false
            timeout: 1000
            running: scope.online && scope.state !== TimeoutScope.Expired
        }
    }

    function test_bindingOfRunningToState() {
        const scope = make(onlineItem, {});
        scope.online = true;
        compare(scope.running, true);
        clock.advance(500);
        scope.online = false;
        compare(scope.state, TimeoutScope.Finished);
        scope.online = true;
        compare(scope.remainingTime, 1000);
        clock.advance(1000);
        compare(scope.state, TimeoutScope.Expired);
        compare(scope.running, false);
    }

    Component {
        id: oneAfterTheOther
        QtObject {
            id: pair
            property bool wanted: false
            property TimeoutScope first: TimeoutScope {
                timeout: 1000
                running: pair.wanted && pair.second.state === TimeoutScope.Inactive
            }
            property TimeoutScope second: TimeoutScope {
                timeout: 1000
                running: pair.first.running && pair.wanted
            }
        }
    }

    // They are set one inside the other.
    function test_bindingThroughAnotherScope() {
        const pair = make(oneAfterTheOther, {});
        pair.wanted = true;
        compare(pair.second.running, true);
        clock.advance(0); // the first one finishes, and with it the second
        compare(pair.first.state, TimeoutScope.Finished);
        compare(pair.second.state, TimeoutScope.Finished);
    }

    // S10
    Component {
        id: nested
        TimeoutScope {
            property alias inner: innerScope
            property alias innermost: innermostScope
            timeout: 1000
            running: true
            TimeoutScope {
                id: innerScope
                timeout: 5000
                running: true
                updateInterval: 100
                TimeoutScope {
                    id: innermostScope
                    timeout: 300
                    running: true
                }
            }
        }
    }

    function test_nested() {
        const scope = make(nested, {});
        compare(scope.inner.remainingTime, 1000);
        compare(scope.innermost.remainingTime, 300);
        clock.advance(300);
        compare(scope.innermost.state, TimeoutScope.Expired);
        compare(scope.inner.running, true);
        clock.advance(700);
        compare(scope.state, TimeoutScope.Expired);
        compare(scope.inner.state, TimeoutScope.Cancelled);
        compare(scope.inner.running, false);
        compare(scope.inner.remainingTime, 0); // not of its own deadline
        compare(scope.inner.progress, 1);
        clock.advance(1000);
        compare(scope.inner.remainingTime, 0);
        compare(scope.inner.progress, 1);
    }

    function test_nestedShowsAtItsEndWhatItHasShownBefore_data() {
        return [
            { tag: "finished", end: scope => scope.inner.finish(), state: TimeoutScope.Finished },
            { tag: "cancelled", end: scope => scope.inner.cancel(), state: TimeoutScope.Cancelled },
            { tag: "outer cancelled", end: scope => scope.cancel(), state: TimeoutScope.Cancelled },
            { tag: "outer started again", end: scope => {
                scope.cancelled.connect(() => scope.start(7000));
                scope.cancel();
            }, state: TimeoutScope.Cancelled },
        ];
    }

    function test_nestedShowsAtItsEndWhatItHasShownBefore(data) {
        const scope = make(nested, {});
        clock.advance(250);
        compare(scope.inner.remainingTime, 750);
        compare(scope.inner.progress, 0.25);
        data.end(scope);
        compare(scope.inner.state, data.state);
        compare(scope.inner.remainingTime, 750);
        compare(scope.inner.progress, 0.25);
        if (scope.running)
            scope.shift(-500); // that of others is no business of one that has ended
        compare(scope.inner.remainingTime, 750);
        scope.finish();
        scope.inner.start();
        clock.advance(1000);
        scope.inner.finish();
        compare(scope.inner.remainingTime, 4000);
        compare(scope.inner.progress, 0.2);
    }

    function test_nestedEndsAfterTheOuterDeadlineHasMoved() {
        const scope = make(nested, {});
        clock.advance(250);
        scope.shift(3000); // nobody looks
        scope.cancel();
        compare(scope.inner.remainingTime, 3750);
        compare(scope.inner.progress, 0.0625);
    }

    function test_nestedExpiresByItself() {
        const scope = make(nested, {});
        scope.reschedule(5000); // the same: the outermost goes first
        clock.advance(5000);
        compare(scope.state, TimeoutScope.Expired);
        compare(scope.inner.state, TimeoutScope.Expired);
        compare(scope.inner.remainingTime, 0);
        compare(scope.inner.progress, 1);
        compare(scope.innermost.state, TimeoutScope.Expired);
    }

    Component {
        id: parentOfMany
        TimeoutScope {
            QtObject { objectName: "first" }
            TimeoutScope { objectName: "second" }
            QtObject { objectName: "third" }
        }
    }

    function test_dataForgetsWhatIsDestroyed() {
        const scope = make(parentOfMany, {});
        const names = () => Array.from(scope.data).map(object => object.objectName).join();
        compare(names(), "first,second,third");
        scope.data[1].destroy();
        wait(0); // destroy() takes an event loop of its own
        compare(scope.data.length, 2);
        compare(names(), "first,third");
        scope.data.push(plain.createObject(scope, { objectName: "fourth" }));
        compare(names(), "first,third,fourth");
        scope.data[0].destroy();
        scope.data[2].destroy();
        wait(0);
        compare(names(), "third");
        scope.data = [];
        compare(scope.data.length, 0);
    }

    Numbers { id: numbers }

    function test_numbersOfCpp_data() {
        return [
            { tag: "aDouble" },
            { tag: "aFloat" },
            { tag: "anInt" },
            { tag: "aUInt" },
            { tag: "aLong" },
            { tag: "aULong" },
            { tag: "aShort" },
            { tag: "aUShort" },
            { tag: "aChar" },
            { tag: "anSChar" },
            { tag: "aUChar" },
            { tag: "aQInt64" },
            { tag: "aQUInt64" },
        ];
    }

    // As the property has it, and as C++ passes it in a QVariant.
    function test_numbersOfCpp(data) {
        for (const value of [numbers[data.tag], numbers.variant(data.tag)]) {
            const scope = make(plain, { timeout: value, updateInterval: value });
            compare(scope.timeout, 100);
            compare(scope.updateInterval, 100);
            compare(scope.start(value), true);
            compare(scope.remainingTime, 100);
            compare(scope.shift(value), true);
            compare(scope.remainingTime, 200);
            compare(scope.reschedule(value), true);
            compare(scope.remainingTime, 100);
        }
    }

    Component {
        id: boundToNumber
        TimeoutScope {
            timeout: inside.aLong // qmllint disable
            Numbers { id: inside }
        }
    }

    function test_boundToNumberOfCpp() {
        compare(make(boundToNumber, {}).timeout, 100);
    }

    function test_boolOfCppIsNoTime() {
        const scope = make(plain, { timeout: 1000 });
        ignoreWarning(/TimeoutScope\.timeout: true is no time/);
        scope.timeout = numbers.variant("aBool");
        compare(scope.timeout, 1000);
    }

    function test_nestedEndsWithOuter() {
        const scope = make(nested, {});
        scope.inner.cancel();
        compare(scope.innermost.state, TimeoutScope.Cancelled);
        compare(scope.running, true);
        scope.inner.start();
        scope.finish();
        compare(scope.inner.running, true);
        compare(scope.inner.remainingTime, 5000);
    }

    function test_nestedTicksByTheEffectiveDeadline() {
        const scope = make(nested, {});
        scope.inner.reject();
        clock.advance(0);
        const progress = spyOn(scope.inner, "progressChanged");
        clock.advance(500);
        compare(scope.inner.progress, 0.5);
        compare(progress.count, 5);
    }

    function test_nestedFollowsTheOuterDeadline() {
        const scope = make(nested, {});
        scope.reject();
        scope.inner.reject();
        clock.advance(0);
        const progress = spyOn(scope.inner, "progressChanged");
        clock.advance(1e9);
        compare(progress.count, 0); // nothing can come closer
        compare(scope.inner.remainingTime, Infinity);
        scope.reschedule(1000);
        compare(scope.inner.remainingTime, 1000);
        compare(progress.count, 1);
        clock.advance(200);
        compare(progress.count, 3);
        scope.finish();
        compare(scope.inner.remainingTime, Infinity);
        compare(progress.count, 4);
        clock.advance(1000);
        compare(progress.count, 4);
        scope.start(500);
        compare(scope.inner.remainingTime, 500);
        clock.advance(500);
        compare(scope.inner.state, TimeoutScope.Cancelled);
    }

    Backend { id: backend }

    function test_scopeFromCpp() {
        const scope = backend.makeScope(100);
        compare(scope.state, TimeoutScope.Active);
        const expired = spyOn(scope, "expired");
        clock.advance(100);
        compare(expired.count, 1);
        compare(scope.state, TimeoutScope.Expired);
        scope.destroy();
    }
}
