// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

import QTimeout
import QtQuick

Item {
    id: page

    required property url address
    property alias scope: scope
    property var request: null

    function fetch() {
        // qmllint disable unqualified
        //! [request]
        const request = new XMLHttpRequest();
        request.open("GET", address);
        request.send();
        scope.running = true;
        scope.watch(request);
        //! [request]
        // qmllint enable unqualified
        page.request = request;
    }

    TimeoutScope {
        id: scope

        timeout: 5000
    }
}
