// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QtQuick

Item {
    id: page

    required property var backend
    required property url url
    property alias scope: scope
    property string shown: ""

    function show(page: string) {
        shown = page;
    }

    function load() {
        //! [watch]
        scope.watch(backend.load(url)).then(page => show(page));
        //! [watch]
    }

    TimeoutScope {
        id: scope

        timeout: 5000
        running: true
    }
}
