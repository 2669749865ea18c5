// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QuickExample
import QtQuick
import QtQuick.Layouts

// One download with a deadline.
Rectangle {
    id: card

    required property string name
    required property url url
    required property int timeout

    readonly property TimeoutScope total: Total
    // Nested in the total one: it ends with it.
    readonly property TimeoutScope scope: scopeComponent.createObject(total) as TimeoutScope
    property var result: null // of the download that is done
    property bool limited: true
    property bool tooLate: false // cancelled because the time for all is over

    readonly property bool isRunning: scope.running
    readonly property bool isDone: scope.state === TimeoutScope.Finished && result !== null && result.ok
    readonly property bool isTimedOut: scope.state === TimeoutScope.Expired || scope.state === TimeoutScope.Cancelled && tooLate

    readonly property string outcome: {
        switch (scope.state) {
        case TimeoutScope.Active:
            return qsTr("running");
        case TimeoutScope.Expired:
            return qsTr("timed out");
        case TimeoutScope.Cancelled:
            return tooLate ? qsTr("too late: the time for all is over") : qsTr("cancelled");
        case TimeoutScope.Finished:
            if (result !== null && result.ok)
                return qsTr("done, %1").arg(Qt.locale().formattedDataSize(result.bytes));
            return result !== null ? qsTr("failed: %1").arg(result.error) : "";
        default:
            return qsTr("waiting");
        }
    }

    readonly property bool dark: palette.window.hslLightness < 0.5
    readonly property color outcomeColor: {
        if (isDone)
            return dark ? "#7ad08f" : "#1b7a37";
        if (isTimedOut)
            return dark ? "#f0a35e" : "#a34a00";
        if (scope.state === TimeoutScope.Finished)
            return dark ? "#f28b82" : "#b3261e";
        return palette.windowText;
    }

    signal ended(string message)

    function start() {
        result = null;
        limited = true;
        tooLate = false;
        scope.start(timeout);
        scope.watch(Downloader.fetch(scope, url)).then(fetched => {
            card.result = fetched;
        });
    }

    implicitWidth: row.implicitWidth + row.anchors.leftMargin + row.anchors.rightMargin
    implicitHeight: row.implicitHeight + row.anchors.topMargin + row.anchors.bottomMargin
    radius: Sizes.em(1)
    color: palette.base
    Accessible.role: Accessible.Grouping
    Accessible.name: name
    Component.onDestruction: scope.destroy()

    Component {
        id: scopeComponent

        TimeoutScope {
            updateInterval: 50
        }
    }

    Connections {
        target: card.scope

        function onExpired() {
            card.ended(qsTr("%1 has timed out.").arg(card.name));
        }
        function onCancelled() {
            card.tooLate = card.total.state === TimeoutScope.Expired;
            card.ended(card.tooLate ? qsTr("The time for all is over.") : qsTr("%1 was cancelled.").arg(card.name));
        }
        function onFinished() {
            card.ended(card.isDone ? qsTr("%1 is complete.").arg(card.name) : qsTr("%1 has failed: %2").arg(card.name).arg(card.result.error));
        }
    }

    RowLayout {
        id: row

        anchors.fill: parent
        anchors.leftMargin: Sizes.em(1.2)
        anchors.rightMargin: Sizes.em(1.2)
        anchors.topMargin: Sizes.em(1)
        anchors.bottomMargin: Sizes.em(1)
        spacing: Sizes.em(1.2)

        DeadlineRing {
            scope: card.scope
            color: card.isRunning ? card.palette.highlight : card.palette.mid
            Accessible.name: qsTr("Time left for %1").arg(card.name)
        }

        ColumnLayout {
            Layout.fillWidth: true
            Layout.preferredWidth: Sizes.em(11)
            spacing: Sizes.em(0.3)

            Text {
                text: card.name
                color: card.palette.windowText
                font.bold: true
                font.pixelSize: Sizes.em(1.4)
                wrapMode: Text.Wrap
                horizontalAlignment: Text.AlignLeft // of the text's own direction otherwise
                Layout.fillWidth: true
            }
            Text {
                objectName: "outcome"
                text: card.outcome
                color: card.outcomeColor
                font.pixelSize: Sizes.em(1.2)
                wrapMode: Text.Wrap
                horizontalAlignment: Text.AlignLeft
                Layout.fillWidth: true
                Accessible.role: Accessible.StaticText
                Accessible.name: qsTr("State of %1: %2").arg(card.name).arg(text)
            }
        }

        FlatButton {
            id: moreTime

            objectName: "moreTime"
            successors: [cancel, again]
            text: qsTr("+5 s")
            description: qsTr("5 seconds more for %1").arg(card.name)
            enabled: card.isRunning && card.limited
            onClicked: card.scope.shift(5000)
        }
        FlatButton {
            id: noLimit

            objectName: "noLimit"
            successors: [cancel, again]
            text: qsTr("No limit")
            description: qsTr("No limit for %1").arg(card.name)
            enabled: card.isRunning && card.limited
            onClicked: {
                card.limited = false;
                card.scope.reject();
            }
        }
        FlatButton {
            id: cancel

            objectName: "cancel"
            successors: [again]
            text: qsTr("Cancel")
            description: qsTr("Cancel %1").arg(card.name)
            visible: card.isRunning
            onClicked: card.scope.cancel()
        }
        FlatButton {
            id: again

            objectName: "again"
            successors: [cancel]
            text: qsTr("Again")
            description: qsTr("Download %1 again").arg(card.name)
            visible: !card.isRunning
            onClicked: card.start()
        }
    }
}
