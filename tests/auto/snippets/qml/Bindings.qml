// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QtQuick
import QtQuick.Controls.Basic

Column {
    id: page

    property alias scope: scope
    property alias bar: bar

    //! [scope]
    TimeoutScope {
        id: scope

        timeout: 5000
        running: true
        updateInterval: 50
        onExpired: console.log("time is up")
    }
    ProgressBar {
        id: bar

        value: scope.progress
    }
    //! [scope]
}
