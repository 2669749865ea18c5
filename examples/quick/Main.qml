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

    readonly property real tallestCard: Math.max(0, ...cards().map(card => card ? card.implicitHeight : 0))

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

    // Scrolls to the card that has the item.
    function reveal(item) {
        let card = item;
        while (card && card.parent !== cardColumn)
            card = card.parent;
        if (card)
            scroller.contentY = Math.max(Math.min(scroller.contentY, card.y), card.y + card.height - scroller.height);
    }

    width: Math.max(Sizes.em(58), minimumWidth)
    minimumWidth: content.implicitWidth + content.anchors.margins * 2
    minimumHeight: content.implicitHeight - scroller.implicitHeight + tallestCard + content.anchors.margins * 2
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
        highlightedText: system.highlightedText
        mid: Qt.alpha(system.windowText, 0.16)
    }
    Component.onCompleted: {
        startAll();
        height = content.implicitHeight + content.anchors.margins * 2; // once: then it is for people to change
    }
    onActiveFocusItemChanged: reveal(activeFocusItem)
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

        LayoutMirroring.enabled: Application.layoutDirection === Qt.RightToLeft
        LayoutMirroring.childrenInherit: true
        anchors.fill: parent
        anchors.margins: Sizes.em(1.3)
        spacing: Sizes.em(0.8)

        // A row that is in the column itself is not laid out again when one of the buttons appears (Qt 6.4).
        Item {
            implicitWidth: header.implicitWidth + header.anchors.leftMargin + header.anchors.rightMargin
            implicitHeight: header.implicitHeight
            Layout.fillWidth: true
            Layout.bottomMargin: Sizes.em(0.3)

            RowLayout {
                id: header

                anchors.fill: parent
                anchors.leftMargin: Sizes.em(1.2)
                anchors.rightMargin: Sizes.em(1.2)
                spacing: Sizes.em(1.2)

                DeadlineRing {
                    scope: Total
                    Accessible.name: qsTr("Time left for all downloads")
                }
                Text {
                    text: qsTr("All downloads")
                    color: window.palette.windowText
                    font.bold: true
                    font.pixelSize: Sizes.em(1.7)
                    wrapMode: Text.Wrap
                    horizontalAlignment: Text.AlignLeft
                    Layout.fillWidth: true
                    Layout.preferredWidth: Sizes.em(11)
                }
                FlatButton {
                    id: moreTimeForAllButton

                    objectName: "moreTimeForAll"
                    successors: [cancelAllButton, startAllButton]
                    text: qsTr("+5 s")
                    description: qsTr("5 seconds more for all downloads")
                    enabled: Total.running && window.totalLimited
                    onClicked: Total.shift(5000)
                }
                FlatButton {
                    id: noLimitForAllButton

                    objectName: "noLimitForAll"
                    successors: [cancelAllButton, startAllButton]
                    text: qsTr("No limit")
                    description: qsTr("No limit for all together")
                    enabled: Total.running && window.totalLimited
                    onClicked: {
                        window.totalLimited = false;
                        Total.reject();
                    }
                }
                FlatButton {
                    id: cancelAllButton

                    objectName: "cancelAll"
                    successors: [startAllButton]
                    text: qsTr("Cancel all")
                    visible: Total.running
                    onClicked: Total.cancel()
                }
                FlatButton {
                    id: startAllButton

                    objectName: "startAll"
                    successors: [cancelAllButton]
                    text: qsTr("Start all")
                    visible: !Total.running
                    color: window.palette.highlight
                    textColor: window.palette.highlightedText
                    onClicked: window.startAll()
                }
            }
        }

        Flickable {
            id: scroller

            objectName: "scroller"
            implicitWidth: cardColumn.implicitWidth
            implicitHeight: cardColumn.implicitHeight
            contentHeight: cardColumn.implicitHeight
            interactive: contentHeight > height
            boundsBehavior: Flickable.StopAtBounds
            clip: true
            Layout.fillWidth: true
            Layout.fillHeight: true

            ScrollBar.vertical: ScrollBar {}

            ColumnLayout {
                id: cardColumn

                width: scroller.width
                spacing: content.spacing

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
            }
        }

        Text {
            objectName: "message"
            text: window.message
            color: window.palette.windowText
            font.pixelSize: Sizes.em(1.2)
            wrapMode: Text.Wrap
            horizontalAlignment: Text.AlignLeft
            Layout.fillWidth: true
            Layout.preferredWidth: Sizes.em(11)
            Layout.leftMargin: Sizes.em(1.2)
            Accessible.role: Accessible.StaticText
            Accessible.name: text
        }
    }
}
