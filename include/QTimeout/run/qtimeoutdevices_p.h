// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// The abortable coroutines that wait for devices, connections and processes.

#ifndef QTIMEOUTDEVICES_P_H
#define QTIMEOUTDEVICES_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../operation/operation_p.h"
#include "qtimeoutdevices.h"

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForReadyRead(QTimeoutScope &scope, Device *device)

    Waits until \a device emits readyRead() the next time, and gives \c true; it does so whatever is
    buffered already, so that a loop that waits for the rest of a line always lets the event loop run.

    This is a function object: in an abortable coroutine it is called with the \a scope, and elsewhere
    it is given to run() with the device.

    \snippet tst_snippets_devices.cpp read line
    \snippet tst_snippets_devices.cpp elsewhere

    It gives \c false if nothing more will come: when the device is closed, the connection or the stream
    ends, the process or the reply finishes, or an error occurs. What has come before can still be read.
    If any of that is so already it is \c false at once. So it is for a device that is not open for
    reading, and for one that is not sequential, such as a file, since all that it has can be read.

    The device may be a QIODevice, a socket, a QProcess, a QSerialPort, a QNetworkReply, or of a class of
    your own with such a signal. If it is destroyed meanwhile, QTimeoutCancelled is thrown. If \a scope ends,
    the wait ends, and the device is left as it is. It may be owned by the coroutine that waits.

    \sa waitForBytesWritten(), {Devices, connections and processes}
*/

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForBytesWritten(QTimeoutScope &scope, Device *device)

    Waits until \a device emits bytesWritten() the next time, and gives \c true. It gives \c false at once
    if there is nothing to write, and when the device is closed, the connection or the process ends, or an
    error occurs. The \a scope is treated as by waitForReadyRead().

    \snippet tst_snippets_devices.cpp write

    \sa waitForReadyRead()
*/

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForConnected(QTimeoutScope &scope, Device *device)

    Waits until the socket \a device is connected. It gives \c true, at once if it is so already; and
    \c false if the connection fails, is aborted, or was not begun. The \a scope is treated as by
    waitForReadyRead().

    \snippet tst_snippets_devices.cpp connect

    The class needs the signal connected() and a function state() that can be \c ConnectedState or
    \c UnconnectedState, as QAbstractSocket and QLocalSocket have them. That a QSslSocket is encrypted is
    another signal: \c{run(5s, socket, &QSslSocket::encrypted)}.

    \sa waitForDisconnected()
*/

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForDisconnected(QTimeoutScope &scope, Device *device)

    Waits until the socket \a device is no longer connected, whichever end has closed the connection. It
    gives \c true, at once if there is no connection; and \c false if the connection that was being
    established has failed or was aborted. It does not disconnect the socket itself. The \a scope is treated
    as by waitForReadyRead().

    \sa waitForConnected()
*/

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForStarted(QTimeoutScope &scope, Device *device)

    Waits until the process \a device runs. It gives \c true, at once if it does so already; and \c false if it
    has failed to start, is not running any more, or was not started. The \a scope is treated as by
    waitForReadyRead().

    \snippet tst_snippets_devices.cpp process

    \sa waitForFinished()
*/

/*!
    \fn template <typename Device> QCoro::Task<bool> QTimeout::waitForFinished(QTimeoutScope &scope, Device *device)

    Waits until the process \a device has finished, whether well or by a crash. It gives \c true, at once if no
    process is running; and \c false if the process that was starting has failed to start. A QNetworkReply, or
    whatever else has finished() and isFinished(), is waited for in the same way, and it is \c true that it
    has finished if it did so with an error.

    The \a scope is treated as by waitForReadyRead(): when it ends the process goes on. To end it with its
    time, give the process itself to run().

    \sa waitForStarted(), run()
*/

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
