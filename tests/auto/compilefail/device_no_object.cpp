// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// expect: QTimeout::waitFor...: the device is a QObject, and not const.

struct Device
{
    void readyRead();
};

QCoro::Task<> wait(Device *device)
{
    co_await QTimeout::run(1s, QTimeout::waitForReadyRead, device);
}
