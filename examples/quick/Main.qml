// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

ApplicationWindow {
    id: window

    required property var pages // with name, url and timeout

    property int runningCount: 0
    property int timedOutCount: 0
    property int doneCount: 0
    property int otherCount: 0
    property string message: ""

    property bool totalLimited: true

    function startAll() {
        totalLimited = true;
        Total.start();
        for (const card of cards()) {
            if (!card.isRunning)
                card.start();
        }
        message = qsTr("Downloading…");
    }

    function cards() {
        const list = [];
        for (let i = 0; i < repeater.count; ++i)
            list.push(repeater.itemAt(i) as DownloadCard);
        return list;
    }

    function add(card) {
        card.isRunningChanged.connect(count);
        card.isDoneChanged.connect(count);
        card.ended.connect(text => {
            message = text;
            count();
            if (runningCount === 0)
                Total.finish();
        });
    }

    function count() {
        const list = cards().filter(card => card !== null);
        runningCount = list.filter(card => card.isRunning).length;
        timedOutCount = list.filter(card => card.isTimedOut).length;
        doneCount = list.filter(card => card.isDone).length;
        otherCount = list.length - runningCount - timedOutCount - doneCount;
    }

    width: 700
    height: content.implicitHeight + content.anchors.margins * 2
    minimumWidth: 620
    minimumHeight: 300
    visible: true
    title: qsTr("Downloads with deadlines")
    color: palette.window

    palette {
        window: system.window
        windowText: system.windowText
        base: system.base
        button: system.button
        buttonText: system.buttonText
        highlight: system.highlight
        mid: Qt.alpha(system.windowText, 0.16)
    }
    Component.onCompleted: startAll()
    onClosing: {
        Total.cancel();
        for (const card of cards())
            card.scope.cancel(); // one that was started when the total had ended
    }

    SystemPalette {
        id: system
    }

    ColumnLayout {
        id: content

        anchors.fill: parent
        anchors.margins: 16
        spacing: 10

        RowLayout {
            spacing: 14
            Layout.leftMargin: 14
            Layout.rightMargin: 14
            Layout.bottomMargin: 4

            DeadlineRing {
                scope: Total
                Accessible.name: qsTr("Time left for all downloads")
            }
            Text {
                text: qsTr("All downloads")
                color: window.palette.windowText
                font.bold: true
                font.pixelSize: 20
                elide: Text.ElideRight
                Layout.fillWidth: true
            }
            FlatButton {
                objectName: "moreTimeForAll"
                text: qsTr("+5 s")
                description: qsTr("5 seconds more for all downloads")
                enabled: Total.running && window.totalLimited
                onClicked: Total.shift(5000)
            }
            FlatButton {
                objectName: "noLimitForAll"
                text: qsTr("No limit")
                description: qsTr("No limit for all together")
                enabled: Total.running && window.totalLimited
                onClicked: {
                    window.totalLimited = false;
                    Total.reject();
                }
            }
            FlatButton {
                objectName: "cancelAll"
                text: qsTr("Cancel all")
                visible: Total.running
                onClicked: Total.cancel()
            }
            FlatButton {
                objectName: "startAll"
                text: qsTr("Start all")
                visible: !Total.running
                color: window.palette.highlight
                textColor: "white"
                onClicked: window.startAll()
            }
        }

        Repeater {
            id: repeater

            model: window.pages

            delegate: DownloadCard {
                required property var modelData
                required property int index

                objectName: "card" + index
                name: modelData.name
                url: modelData.url
                timeout: modelData.timeout
                Layout.fillWidth: true
            }
            onItemAdded: (index, item) => window.add(item as DownloadCard)
        }

        Text {
            objectName: "message"
            text: window.message
            color: window.palette.windowText
            font.pixelSize: 14
            elide: Text.ElideRight
            Layout.fillWidth: true
            Layout.leftMargin: 14
            Accessible.role: Accessible.StaticText
            Accessible.name: text
        }
    }
}
