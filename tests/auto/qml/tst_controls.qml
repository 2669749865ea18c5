// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QTimeoutTestSupport
import QtQuick
import QtQuick.Controls.Basic
import QtTest

// Declared, without a line of JavaScript, as in most programs: the controls that show a scope.
TestCase {
    id: testCase
    name: "TimeoutScope_controls"

    TestClock { id: clock }

    Component {
        id: download
        Item {
            property alias scope: timeoutScope
            property alias bar: progressBar
            property alias indicator: busyIndicator
            property alias slider: limit

            TimeoutScope {
                id: timeoutScope
                timeout: limit.value
                updateInterval: 100
                running: true
            }
            ProgressBar {
                id: progressBar
                value: timeoutScope.progress
                indeterminate: timeoutScope.running && timeoutScope.remainingTime === Infinity
            }
            BusyIndicator {
                id: busyIndicator
                running: timeoutScope.running
            }
            Slider {
                id: limit
                from: 0
                to: 10000
                value: 1000
            }
        }
    }

    function make() {
        const item = createTemporaryObject(download, testCase);
        verify(item);
        clock.advance(0); // what its creation has to tell
        return item;
    }

    function init() {
        failOnWarning(/.?/);
    }

    function test_barRuns() {
        const item = make();
        compare(item.bar.value, 0);
        compare(item.indicator.running, true);
        for (let i = 1; i < 10; ++i) {
            clock.advance(100);
            fuzzyCompare(item.bar.value, i / 10, 1e-9);
            fuzzyCompare(item.bar.position, i / 10, 1e-9);
        }
        clock.advance(100);
        compare(item.bar.value, 1);
        compare(item.indicator.running, false);
        compare(item.scope.state, TimeoutScope.Expired);
    }

    function test_barStaysWhenFinished() {
        const item = make();
        clock.advance(300);
        item.scope.finish();
        compare(item.indicator.running, false);
        fuzzyCompare(item.bar.value, 0.3, 1e-9);
        clock.advance(5000);
        fuzzyCompare(item.bar.value, 0.3, 1e-9);
        item.scope.running = true;
        clock.advance(0);
        compare(item.bar.value, 0);
        compare(item.indicator.running, true);
    }

    function test_sliderReschedules() {
        const item = make();
        clock.advance(500);
        item.slider.value = 1500;
        clock.advance(0);
        compare(item.bar.value, 0.25);
        clock.advance(1499);
        compare(item.indicator.running, true);
        clock.advance(1);
        compare(item.indicator.running, false);
        compare(item.bar.value, 1);
    }

    function test_withoutLimit() {
        const item = make();
        clock.advance(500);
        item.scope.reject();
        compare(item.bar.indeterminate, true);
        compare(item.bar.value, 0);
        item.scope.reschedule(1500);
        compare(item.bar.indeterminate, false);
        compare(item.bar.value, 0.25);
    }
}
