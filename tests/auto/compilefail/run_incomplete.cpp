// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::run: the class of the object is only declared here. Include its header.

class QNetworkReply;

QCoro::Task<> run(QNetworkReply *reply)
{
    co_await QTimeout::run(1s, reply);
}
