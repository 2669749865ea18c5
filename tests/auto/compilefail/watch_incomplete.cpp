// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeoutScope::watch: the class of the object is only declared here. Include its header.

class QNetworkReply;

void watch(QTimeoutScope &scope, QNetworkReply *reply)
{
    scope.watch(reply);
}
