// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

//! [import]
import QTimeout
//! [import]

//! [nested]
TimeoutScope {
    id: total

    timeout: 20000

    TimeoutScope {
        id: firstStep

        timeout: 5000
    }
}
//! [nested]
