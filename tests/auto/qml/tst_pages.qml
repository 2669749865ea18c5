// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QTimeoutTestSupport
import QtQuick
import QtQuick.Controls
import QtTest

// Scopes in what comes and goes: Loader, Repeater, StackView, a component that is loaded anew.
TestCase {
    id: testCase
    name: "TimeoutScope_pages"
    width: 200
    height: 200
    visible: true
    when: windowShown

    TestClock { id: clock }

    component Page: Item {
        id: page
        required property Canceller work
        property int expirations: 0
        readonly property TimeoutScope scope: TimeoutScope {
            timeout: 1000
            running: true
            onExpired: page.expirations += 1
        }
        Component.onCompleted: scope.watch(work)
    }
    Component {
        id: cancellerComponent
        Canceller {}
    }
    Component {
        id: loaderComponent
        Loader {}
    }
    Component {
        id: repeaterComponent
        Item {
            property alias works: works
            property alias repeater: repeater
            ListModel { id: works }
            Repeater {
                id: repeater
                model: works
                Page {} // with the work of its row
            }
        }
    }
    Component {
        id: stackComponent
        StackView {
            width: 100
            height: 100
        }
    }
    Component {
        id: pageWithOwnWork
        Page { work: Canceller {} }
    }
    Component {
        id: pageComponent
        Page {}
    }

    function make(component, properties) {
        const object = createTemporaryObject(component, testCase, properties);
        verify(object);
        return object;
    }

    function test_loader() {
        const work = make(cancellerComponent);
        const loader = make(loaderComponent);
        loader.sourceComponent = pageWithOwnWork;
        loader.item.scope.watch(work);
        compare(loader.item.scope.running, true);
        loader.active = false;
        tryCompare(work, "cancels", 1);
        clock.advance(2000);
        compare(work.cancels, 1);
        loader.active = true;
        clock.advance(1000);
        compare(loader.item.expirations, 1);
    }

    function test_repeater() {
        const works = [make(cancellerComponent), make(cancellerComponent), make(cancellerComponent)];
        const rows = make(repeaterComponent);
        works.forEach(work => rows.works.append({ work: work }));
        compare(rows.repeater.count, 3);
        clock.advance(500);
        rows.works.remove(1);
        tryCompare(works[1], "cancels", 1);
        rows.repeater.itemAt(0).scope.cancel();
        compare(works[0].cancels, 1);
        clock.advance(500);
        compare(rows.repeater.itemAt(1).expirations, 1);
        compare(works.map(work => work.cancels), [1, 1, 1]);
        rows.works.clear();
        wait(0);
        compare(works.map(work => work.cancels), [1, 1, 1]);
    }

    function test_stackView() {
        const work = make(cancellerComponent);
        const stack = make(stackComponent);
        const page = stack.push(pageComponent, { work: work }, StackView.Immediate);
        compare(page.scope.running, true);
        const other = make(cancellerComponent);
        stack.push(pageComponent, { work: other }, StackView.Immediate);
        clock.advance(500);
        compare(page.scope.running, true); // what is covered goes on
        stack.pop(StackView.Immediate);
        tryCompare(other, "cancels", 1);
        compare(page.scope.running, true);
        compare(work.cancels, 0);
        stack.clear(StackView.Immediate);
        tryCompare(work, "cancels", 1);
    }

    // As tools do which show a changed file: the old objects go, those of the new file come.
    function test_hotReload() {
        const work = make(cancellerComponent);
        const source = timeout => `
            import QTimeout
            import QtQuick
            Item {
                property int expirations: 0
                readonly property TimeoutScope scope: TimeoutScope {
                    timeout: ${timeout}
                    running: true
                    onExpired: parent.expirations += 1
                }
            }`.replace("parent.", "");
        const first = createTemporaryQmlObject(source(1000), testCase, "page.qml");
        first.scope.watch(work);
        clock.advance(500);
        first.destroy();
        const second = createTemporaryQmlObject(source(3000), testCase, "page.qml");
        wait(0);
        compare(work.cancels, 1);
        second.scope.watch(work);
        clock.advance(2999);
        compare(second.expirations, 0);
        clock.advance(1);
        compare(second.expirations, 1);
        compare(work.cancels, 2);
    }
}
