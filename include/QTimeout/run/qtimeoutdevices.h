// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef QTIMEOUTDEVICES_H
#define QTIMEOUTDEVICES_H

#include "../operation/deviceoperation_p.h"

#include <QCoroTask>

#include <type_traits>

class QTimeoutScope;

namespace QTimeout {

namespace detail {

template<DeviceEvent event>
struct WaitForDevice
{
    template<typename Device>
    QCoro::Task<bool> operator()(QTimeoutScope &scope, Device *device) const;
    // Refuses what is no pointer. (An object that run() would have to copy is refused by makeOperation().)
    template<typename Other>
        requires(std::is_lvalue_reference_v<
                         Other> || !std::is_base_of_v<QObject, std::remove_cv_t<Other>>)
    QCoro::Task<bool>
    operator()(QTimeoutScope &scope, Other &&other) const;
};

} // namespace detail

#ifdef Q_QDOC
template<typename Device>
QCoro::Task<bool> waitForReadyRead(QTimeoutScope &scope, Device *device);
template<typename Device>
QCoro::Task<bool> waitForBytesWritten(QTimeoutScope &scope, Device *device);
template<typename Device>
QCoro::Task<bool> waitForConnected(QTimeoutScope &scope, Device *device);
template<typename Device>
QCoro::Task<bool> waitForDisconnected(QTimeoutScope &scope, Device *device);
template<typename Device>
QCoro::Task<bool> waitForStarted(QTimeoutScope &scope, Device *device);
template<typename Device>
QCoro::Task<bool> waitForFinished(QTimeoutScope &scope, Device *device);
#else
inline constexpr detail::WaitForDevice<detail::DeviceEvent::ReadyRead> waitForReadyRead{};
inline constexpr detail::WaitForDevice<detail::DeviceEvent::BytesWritten> waitForBytesWritten{};
inline constexpr detail::WaitForDevice<detail::DeviceEvent::Connected> waitForConnected{};
inline constexpr detail::WaitForDevice<detail::DeviceEvent::Disconnected> waitForDisconnected{};
inline constexpr detail::WaitForDevice<detail::DeviceEvent::Started> waitForStarted{};
inline constexpr detail::WaitForDevice<detail::DeviceEvent::Finished> waitForFinished{};
#endif

} // namespace QTimeout

#include "../scope/qtimeoutscope.h"
#include "qtimeoutdevices_p.h"

#endif // QTIMEOUTDEVICES_H
