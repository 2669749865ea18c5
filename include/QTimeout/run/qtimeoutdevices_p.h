// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The abortable coroutines that wait for devices, connections and processes.

#ifndef QTIMEOUTDEVICES_P_H
#define QTIMEOUTDEVICES_P_H

//
//  W A R N I N G
//  -------------
//
// This file is not part of the QTimeout API. It is installed because templates need it, and may
// change from version to version. We mean it.
//

#include "../operation/operation_p.h"
#include "qtimeoutdevices.h"

namespace QTimeout::detail {

constexpr const char *nameOf(DeviceEvent event)
{
    constexpr const char *names[] = {"waitForReadyRead", "waitForBytesWritten",
                                     "waitForConnected", "waitForDisconnected",
                                     "waitForStarted",   "waitForFinished"};
    return names[int(event)];
}

template<DeviceEvent event, typename Device>
QCoro::Task<bool> waitForDevice(QTimeoutScope &, Device *device)
{
    DeviceOperation<Device, event> operation(device, nameOf(event));
    const bool result = co_await std::move(operation);
    co_return result;
}

template<DeviceEvent event>
template<typename Device>
QCoro::Task<bool> WaitForDevice<event>::operator()(QTimeoutScope &scope, Device *device) const
{
    if constexpr (!Complete<Device>) {
        static_assert(
                alwaysFalse<Device>,
                "QTimeout::waitFor...: the class of the device is only declared here. Include "
                "its header.");
        return QCoro::Task<bool>();
    } else if constexpr (!std::is_base_of_v<QObject, Device> || std::is_const_v<Device>) {
        static_assert(alwaysFalse<Device>,
                      "QTimeout::waitFor...: the device is a QObject, and not const.");
        return QCoro::Task<bool>();
    } else if constexpr (!requires { DeviceSignal<event, Device>::signal; }) {
        static_assert(
                alwaysFalse<Device>,
                "QTimeout::waitFor...: this class has not what is waited for. waitForReadyRead() needs "
                "the signal readyRead(); waitForBytesWritten() bytesWritten() and the function "
                "bytesToWrite(); waitForConnected() and waitForDisconnected() connected() or "
                "disconnected() and a state() that may be ConnectedState; waitForStarted() started() and "
                "a state() that may be Running; waitForFinished() finished() and such a state() or "
                "isFinished(). Pass a pointer to the class of the device, not to a base class.");
        return QCoro::Task<bool>();
    } else {
        return waitForDevice<event>(scope, device);
    }
}

template<DeviceEvent event>
template<typename Other>
    requires(std::is_lvalue_reference_v<
                     Other> || !std::is_base_of_v<QObject, std::remove_cv_t<Other>>)
QCoro::Task<bool> WaitForDevice<event>::operator()(QTimeoutScope &, Other &&) const
{
    static_assert(alwaysFalse<Other>, "QTimeout::waitFor...: pass a plain pointer to the device.");
    return QCoro::Task<bool>();
}

// Called by run() for what cannot be called.
template<DeviceEvent event, typename Other, typename... More>
auto makeOperation(const WaitForDevice<event> &, Other &&, More &&...)
{
    static_assert(alwaysFalse<Other>, "QTimeout::waitFor...: pass a plain pointer to the device.");
    return NoOperation();
}

} // namespace QTimeout::detail

#endif // QTIMEOUTDEVICES_P_H
