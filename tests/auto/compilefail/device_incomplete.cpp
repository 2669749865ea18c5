// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: the class of the device is only declared here. Include its header.

class QTcpSocket;

QCoro::Task<> wait(QTcpSocket *socket)
{
    co_await QTimeout::run(1s, QTimeout::waitForConnected, socket);
}
