// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for what a device, a connection or a process tells by a signal.

#ifndef QTIMEOUT_DEVICEOPERATION_P_H
#define QTIMEOUT_DEVICEOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "objectoperation_p.h"

#include <QtCore/qiodevice.h>

#include <concepts>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/*
    Nothing here knows a class of Qt Network or SerialPort: a class is asked for what it has. Which state ends which
    wait is said by DeviceState, and which signal does so by DeviceOperation::start().
*/

namespace QTimeout::detail {

enum class DeviceEvent : quint8 {
    ReadyRead,
    BytesWritten,
    Connected,
    Disconnected,
    Started,
    Finished,
};

template<typename Device>
concept HasConnection = requires(Device *device)
{
    decltype(device->state())::ConnectedState;
    decltype(device->state())::UnconnectedState;
};

template<typename Device>
concept HasProcess = requires(Device *device)
{
    decltype(device->state())::Running;
    decltype(device->state())::NotRunning;
};

template<typename Device>
concept HasEnd = requires(Device *device)
{
    {
        device->isFinished()
        } -> std::convertible_to<bool>;
};

/*
    The signal that is waited for, if the class has that and what is asked with it.
*/
template<DeviceEvent event, typename Device>
struct DeviceSignal
{
};

template<typename Device>
    requires requires
    {
        &Device::readyRead;
    }
struct DeviceSignal<DeviceEvent::ReadyRead, Device>
{
    static constexpr auto signal = &Device::readyRead;
};

template<typename Device>
    requires requires(Device *device)
    {
        &Device::bytesWritten;
        device->bytesToWrite();
    }
struct DeviceSignal<DeviceEvent::BytesWritten, Device>
{
    static constexpr auto signal = &Device::bytesWritten;
};

template<HasConnection Device>
    requires requires
    {
        &Device::connected;
    }
struct DeviceSignal<DeviceEvent::Connected, Device>
{
    static constexpr auto signal = &Device::connected;
};

template<HasConnection Device>
    requires requires
    {
        &Device::disconnected;
    }
struct DeviceSignal<DeviceEvent::Disconnected, Device>
{
    static constexpr auto signal = &Device::disconnected;
};

template<HasProcess Device>
    requires requires
    {
        &Device::started;
    }
struct DeviceSignal<DeviceEvent::Started, Device>
{
    static constexpr auto signal = &Device::started;
};

template<typename Device>
    requires(HasProcess<Device> || HasEnd<Device>)
&&requires
{
    &Device::finished;
}
struct DeviceSignal<DeviceEvent::Finished, Device>
{
    static constexpr auto signal = &Device::finished;
};

template<typename Device>
class DeviceState
{
public:
    // What is known without waiting: that it is so already, or that it will not be.
    template<DeviceEvent event>
    static std::optional<bool> answerAtOnce(Device *device)
    {
        if constexpr (event == DeviceEvent::BytesWritten) {
            if (device->bytesToWrite() == 0)
                return false;
        }
        return answer<event>(device);
    }

    // The same while somebody listens. What is no longer to be written may be about to be signalled.
    template<DeviceEvent event>
    static std::optional<bool> answer(Device *device)
    {
        if constexpr (event == DeviceEvent::Connected || event == DeviceEvent::Started) {
            if (isUp(device))
                return true;
            if (isIdle(device) || isClosing(device))
                return false;
        } else if constexpr (event == DeviceEvent::Finished && !HasProcess<Device>) {
            if (device->isFinished())
                return true;
        } else if constexpr (event == DeviceEvent::Disconnected || event == DeviceEvent::Finished) {
            if (isIdle(device))
                return true;
        } else if constexpr (event == DeviceEvent::ReadyRead) {
            if (isIdle(device) || isClosing(device) || !canRead(device))
                return false;
        } else if (isIdle(device) || !isOpen(device)) {
            return false;
        }
        return std::nullopt;
    }

    static bool isUp(Device *device)
    {
        if constexpr (HasConnection<Device>)
            return device->state() == decltype(device->state())::ConnectedState;
        else if constexpr (HasProcess<Device>)
            return device->state() == decltype(device->state())::Running;
        else
            return false;
    }

    // It sends what is left, and reads no more.
    static bool isClosing(Device *device)
    {
        if constexpr (requires { decltype(device->state())::ClosingState; })
            return device->state() == decltype(device->state())::ClosingState;
        else
            return false;
    }

    // There is no connection, no process is running, all has come.
    static bool isIdle(Device *device)
    {
        if constexpr (HasConnection<Device>)
            return device->state() == decltype(device->state())::UnconnectedState;
        else if constexpr (HasProcess<Device>)
            return device->state() == decltype(device->state())::NotRunning;
        else if constexpr (HasEnd<Device>)
            return device->isFinished();
        else
            return false;
    }

private:
    static constexpr bool isDevice = std::is_base_of_v<QIODevice, Device>;

    // Not every socket is an open device while it is being connected, and none while it is only bound.
    static bool isOpen(Device *device)
    {
        if constexpr (isDevice && !HasConnection<Device>)
            return device->isOpen();
        else
            return true;
    }

    // All that a file has is there, and it has no signal for what others append.
    static bool canRead(Device *device)
    {
        if constexpr (isDevice) {
            if (device->isOpen() ? !device->isReadable() : !HasConnection<Device>)
                return false;
            if (!device->isSequential() || device->inherits("QFileDevice"))
                return false;
        }
        if constexpr (std::is_same_v<Device, QIODevice>) {
            // A socket whose class is not known says in this way only that its connection has ended.
            char next;
            return device->readChannelCount() == 0 || device->bytesAvailable() > 0
                    || device->peek(&next, 1) >= 0;
        }
        return true;
    }
};

template<typename Device, DeviceEvent event>
class DeviceOperation final : public ObjectOperation<DeviceOperation<Device, event>, Device>
{
    using Base = ObjectOperation<DeviceOperation, Device>;
    using DeviceListener = SignalListener<DeviceOperation, std::tuple<bool>>;
    using State = DeviceState<Device>;

    // As in SignalOperation: it goes with the connection.
    struct Receiver
    {
        explicit Receiver(const typename DeviceListener::Pointer &listening) : listener(listening)
        {
        }
        Receiver(Receiver &&other) noexcept = default;
        ~Receiver()
        {
            if (listener)
                listener->lost();
        }
        void operator()() const { listener->emitted(true); }

        typename DeviceListener::Pointer listener;
    };

public:
    using Result = bool;
    using Base::Base;
    // Only before it is started.
    DeviceOperation(DeviceOperation &&other) noexcept : Base(std::move(other)) {}
    ~DeviceOperation() { abandon(); }

    bool isReady() const
    {
        const auto question = [this](Device *device) {
            m_answer = m_listener ? State::template answer<event>(device)
                                  : State::template answerAtOnce<event>(device);
            return m_answer.has_value();
        };
        return Base::hasEnded() || isReceived() || (m_listener && m_listener->isLost()) || m_answer
                || Base::ask(question);
    }

    void start(Wait *wait)
    {
        m_listener = new DeviceListener(this, DeadlineQueue::current()->mailbox());
        listenFor(DeviceSignal<event, Device>::signal, Receiver(m_listener));
        if constexpr (event != DeviceEvent::Disconnected && event != DeviceEvent::Finished)
            listenForEnd();
        listenForState();
        listenForError();
        Base::listen(wait);
        Base::callElsewhere([listener = m_listener](Device *device) {
            if (const auto answer = State::template answerAtOnce<event>(device))
                listener->emitted(*answer);
        });
    }

    void received() { Base::end()->operationEnded(); }
    void gone() { abandon(); }

    void abandon()
    {
        Base::abandon();
        if (m_listener)
            m_listener->mute();
        for (const QMetaObject::Connection &connection : m_connections)
            QObject::disconnect(connection);
        m_connections.clear();
    }

    // The device is left alone.
    void abort() const noexcept {}

    Result take() const
    {
        Q_UNUSED(Base::object())
        if (isReceived())
            return std::get<bool>(m_listener->arguments());
        if (!m_answer) // somebody has disconnected the device from everything
            throw QTimeoutCancelled();
        return *m_answer;
    }

private:
    using Base::abortedObject;

    bool isReceived() const { return m_listener && m_listener->isReceived(); }

    template<typename Signal, typename Slot>
    void listenFor(Signal signal, Slot slot)
    {
        m_connections.push_back(QObject::connect(Base::object(), signal, DeadlineQueue::current(),
                                                 std::move(slot), Qt::DirectConnection));
    }

    // Nothing will come any more.
    void listenForEnd()
    {
        const auto ended = [listener = m_listener] { listener->emitted(false); };
        if constexpr (requires { &Device::aboutToClose; })
            listenFor(&Device::aboutToClose, ended);
        if constexpr (requires { &Device::disconnected; })
            listenFor(&Device::disconnected, ended);
        if constexpr (requires { &Device::finished; })
            listenFor(&Device::finished, ended);
        if constexpr (event == DeviceEvent::ReadyRead && requires { &Device::readChannelFinished; })
            listenFor(&Device::readChannelFinished, ended);
    }

    void listenForState()
    {
        if constexpr (event == DeviceEvent::Finished || !requires { &Device::stateChanged; }) {
            return; // what has not started tells that by an error
        } else if constexpr (event == DeviceEvent::Disconnected) {
            // A connection that never was has not been disconnected.
            Device *device = Base::object();
            const bool isUp = !ObjectGuard::isHere(device) || State::isUp(device)
                    || State::isClosing(device);
            listenFor(&Device::stateChanged,
                      [listener = m_listener, device, wasUp = isUp]() mutable {
                          if (State::isIdle(device))
                              listener->emitted(wasUp);
                          wasUp = wasUp || State::isUp(device);
                      });
        } else {
            listenFor(&Device::stateChanged, [listener = m_listener, device = Base::object()] {
                if (const auto answer = State::template answer<event>(device))
                    listener->emitted(*answer);
            });
        }
    }

    void listenForError()
    {
        if constexpr (requires { &Device::errorOccurred; }) {
            const auto failed = [listener = m_listener, device = Base::object()](auto error) {
                if (isFailure(device, error))
                    listener->emitted(false);
            };
            listenFor(&Device::errorOccurred, failed);
        }
    }

    template<typename Error>
    static bool isFailure([[maybe_unused]] Device *device, [[maybe_unused]] Error error)
    {
        if constexpr (event == DeviceEvent::Disconnected)
            return !State::isUp(device) && !State::isClosing(device);
        else if constexpr (event == DeviceEvent::Started || event == DeviceEvent::Finished) {
            if constexpr (requires { Error::FailedToStart; })
                return error == Error::FailedToStart;
            else
                return event == DeviceEvent::Started;
        } else if constexpr (requires { Error::NoError; }) // a serial port that is reset
            return error != Error::NoError;
        else
            return true;
    }

    mutable std::optional<bool> m_answer;
    typename DeviceListener::Pointer m_listener;
    std::vector<QMetaObject::Connection> m_connections;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_DEVICEOPERATION_P_H
