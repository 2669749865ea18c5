// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QuickExample
import QtQuick
import QtQuick.Controls.Basic

Button {
    id: button

    property color color: palette.button
    property color textColor: palette.buttonText

    // What a screen reader says
    property string description: text

    Accessible.name: description
    leftPadding: Sizes.em(1.2)
    rightPadding: Sizes.em(1.2)
    implicitHeight: Math.max(Sizes.em(2.8), implicitContentHeight + topPadding + bottomPadding)
    implicitWidth: Math.max(Sizes.em(6.3), implicitContentWidth + leftPadding + rightPadding)
    opacity: enabled ? 1 : 0.45

    contentItem: Text {
        text: button.text
        font: button.font
        color: button.textColor
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
    }

    background: Rectangle {
        radius: 8
        color: button.down ? Qt.darker(button.color, 1.15) : button.hovered ? Qt.lighter(button.color, 1.06) : button.color
        border.width: button.visualFocus ? 2 : 0
        border.color: button.palette.highlight
    }
}
