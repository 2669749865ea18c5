// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

//! [all]
import Fetch
import QTimeout
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

ApplicationWindow {
    id: window

    property url address: "https://www.qt.io"
    property string outcome: qsTr("Ready")

    width: 400
    height: 220
    visible: true

    Backend {
        id: backend
    }

    //! [scope]
    TimeoutScope {
        id: scope

        timeout: slider.value
        updateInterval: 50 // of progress and remainingTime
        onExpired: window.outcome = errorString
        onCancelled: window.outcome = errorString
        onFailed: error => window.outcome = error
    }
    //! [scope]

    //! [fetch]
    function fetch() {
        outcome = qsTr("Fetching…");
        scope.running = true;
        scope.watch(backend.sizeOf(scope, address)).then(size => {
            window.outcome = qsTr("%1 bytes").arg(size);
        });
    }
    //! [fetch]

    ColumnLayout {
        anchors.fill: parent
        anchors.margins: 16

        //! [bindings]
        ProgressBar {
            value: scope.progress
            Accessible.name: qsTr("Time that has passed")
            Layout.fillWidth: true
        }
        Label {
            text: scope.running && isFinite(scope.remainingTime) ? qsTr("%1 s left").arg(Math.ceil(scope.remainingTime / 1000)) : window.outcome
        }
        Slider {
            id: slider

            from: 1000
            to: 10000
            value: 5000
            Accessible.name: qsTr("Time limit")
            Layout.fillWidth: true
        }
        //! [bindings]

        //! [buttons]
        RowLayout {
            Button {
                text: qsTr("Fetch")
                enabled: !scope.running
                onClicked: window.fetch()
            }
            Button {
                text: qsTr("+5 s")
                enabled: scope.running && isFinite(scope.remainingTime)
                onClicked: scope.shift(5000)
            }
            Button {
                text: qsTr("Cancel")
                enabled: scope.running
                onClicked: scope.cancel()
            }
        }
        //! [buttons]
    }
}
//! [all]
