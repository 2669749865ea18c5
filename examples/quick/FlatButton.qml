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

    // Where the focus goes when this button goes, or can no longer be pressed: to the first of them that can.
    property list<Item> successors

    function passFocusOn() {
        if (!focus || visible && enabled)
            return;
        for (let i = 0; i < successors.length; ++i) {
            if (successors[i].visible && successors[i].enabled) {
                successors[i].forceActiveFocus(focusReason);
                return;
            }
        }
    }

    Accessible.name: description
    leftPadding: Sizes.em(1.2)
    rightPadding: Sizes.em(1.2)
    implicitHeight: Math.max(Sizes.em(2.8), implicitContentHeight + topPadding + bottomPadding)
    implicitWidth: Math.max(Sizes.em(6.3), implicitContentWidth + leftPadding + rightPadding)
    opacity: enabled ? 1 : 0.45
    onVisibleChanged: later.start()
    onEnabledChanged: later.start()

    // When the others have followed the same change.
    Timer {
        id: later

        interval: 0
        onTriggered: button.passFocusOn()
    }

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
        // In many a palette a button has the colour of what it lies on: this is what shows it then.
        border.width: button.visualFocus ? 3 : 1
        border.color: button.visualFocus ? button.palette.highlight : Qt.tint(button.palette.window, Qt.alpha(button.palette.windowText, 0.55))
    }
}
