// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include <QtQuickTest/quicktest.h>

// Runs the tst_*.qml beside this file.
QUICK_TEST_MAIN(qml)
