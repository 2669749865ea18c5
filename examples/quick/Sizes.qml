// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

pragma Singleton

import QtQuick

// Whatever has a size has it in ems, from the font of the system: where that is larger there has to be more room.
QtObject {
    id: sizes

    readonly property Text sample: Text {}

    function em(count: real): real {
        return Math.round(count * sizes.sample.fontInfo.pixelSize);
    }
}
