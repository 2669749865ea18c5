// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QuickExample
import QtQuick
import QtQuick.Shapes

// What is left of the time of a scope.
Item {
    id: ring

    required property TimeoutScope scope
    property color color: palette.highlight
    property real thickness: Sizes.em(0.5)

    readonly property bool limited: isFinite(scope.remainingTime)
    readonly property string text: limited ? qsTr("%1 s").arg(seconds(scope.remainingTime / 1000, 1)) : "∞"

    // As people write numbers here.
    function seconds(value: real, decimals: int): string {
        return value.toLocaleString(Qt.locale(), "f", value < 100 ? decimals : 0);
    }

    implicitWidth: Sizes.em(5.6)
    implicitHeight: Sizes.em(5.6)
    Accessible.role: Accessible.ProgressBar
    // In whole seconds: a screen reader says whatever changes.
    Accessible.description: limited ? qsTr("%1 seconds").arg(seconds(Math.ceil(scope.remainingTime / 1000), 0)) : qsTr("no limit")

    Rectangle {
        anchors.fill: parent
        radius: width / 2
        color: "transparent"
        border.width: ring.thickness
        border.color: ring.palette.mid
    }

    Shape {
        anchors.fill: parent
        visible: ring.limited && ring.scope.progress < 1

        ShapePath {
            strokeColor: ring.color
            strokeWidth: ring.thickness
            fillColor: "transparent"
            capStyle: ShapePath.FlatCap

            PathAngleArc {
                centerX: ring.width / 2
                centerY: ring.height / 2
                radiusX: (ring.width - ring.thickness) / 2
                radiusY: (ring.height - ring.thickness) / 2
                startAngle: -90
                // The other way round where people read from the right.
                sweepAngle: (ring.LayoutMirroring.enabled ? -360 : 360) * (1 - ring.scope.progress)
            }
        }
    }

    Text {
        objectName: "time"
        anchors.centerIn: parent
        width: parent.width - 2 * ring.thickness
        text: ring.text
        color: ring.palette.windowText
        font.pixelSize: Sizes.em(ring.limited ? 1.1 : 2)
        font.bold: true
        fontSizeMode: Text.HorizontalFit
        minimumPixelSize: Sizes.em(0.5)
        horizontalAlignment: Text.AlignHCenter
    }
}
