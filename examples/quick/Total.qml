// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

pragma Singleton

import QTimeout

// The deadline of all downloads together. Those of the single ones are nested in it.
TimeoutScope {
    timeout: 60000
    updateInterval: 50
}
