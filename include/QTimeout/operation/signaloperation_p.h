// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for a signal.

#ifndef QTIMEOUT_SIGNALOPERATION_P_H
#define QTIMEOUT_SIGNALOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/qtimeoutcancelled.h"
#include "signallistener_p.h"

#include <QtCore/qpointer.h>

#include <string_view>
#include <type_traits>
#include <variant>

QT_FORWARD_DECLARE_CLASS(QProcess)

namespace QTimeout::detail {

template<typename Arg>
constexpr bool isPrivateSignal()
{
    return std::string_view(Q_FUNC_INFO).find("::QPrivateSignal") != std::string_view::npos;
}

/*
    What a signal with these arguments gives: nothing, a value or a tuple. A QPrivateSignal is left
    out.
*/
template<typename Taken, typename... Args>
struct SignalResult;

template<typename... Taken>
struct SignalResult<std::tuple<Taken...>>
{
    using Arguments = std::tuple<Taken...>;
    using Type = Arguments;
};

template<>
struct SignalResult<std::tuple<>>
{
    using Arguments = std::tuple<>;
    using Type = void;
};

template<typename Single>
struct SignalResult<std::tuple<Single>>
{
    using Arguments = std::tuple<Single>;
    using Type = Single;
};

template<typename... Taken, typename Arg, typename... Args>
struct SignalResult<std::tuple<Taken...>, Arg, Args...>
    : std::conditional_t<isPrivateSignal<Arg>(), SignalResult<std::tuple<Taken...>>,
                         SignalResult<std::tuple<Taken..., std::decay_t<Arg>>, Args...>>
{
};

template<typename Signal>
struct SignalTraits;

template<typename Class_, typename... Args>
struct SignalTraits<void (Class_::*)(Args...)> : SignalResult<std::tuple<>, Args...>
{
    using Class = Class_;
};

template<typename Class_, typename... Args>
struct SignalTraits<void (Class_::*)(Args...) const> : SignalResult<std::tuple<>, Args...>
{
    using Class = Class_;
};

template<typename Sender>
struct EndOfProcess
{
    struct Status; // no signal has it
};
template<typename Sender>
    requires std::is_base_of_v<QProcess, Sender>
struct EndOfProcess<Sender>
{
    using Status = typename Sender::ExitStatus;
};

/*
    A signal, once. The sender is not aborted: one has stopped waiting for it.

    There is one connection and no other. It ends with the sender, or when somebody disconnects it,
    and with it the functor: that is how one learns that the signal will not come. If the sender is
    destroyed by one of its own slots, Qt keeps the connection until the emission has returned.
*/
template<typename Sender, typename Signal>
class SignalOperation final
{
    using Arguments = typename SignalTraits<Signal>::Arguments;
    using SignalListener = detail::SignalListener<SignalOperation, Arguments>;

    // There is one of these: it is moved, not copied.
    struct Receiver : SignalReceiver<SignalOperation, Arguments>
    {
        explicit Receiver(const typename SignalListener::Pointer &listening) noexcept
            : SignalReceiver<SignalOperation, Arguments>{listening}
        {
        }
        Receiver(Receiver &&other) noexcept = default;
        ~Receiver()
        {
            if (this->listener)
                this->listener->lost();
        }
    };

public:
    using Result = typename SignalTraits<Signal>::Type;
    static constexpr bool canAbandon = true;

    SignalOperation(Sender *sender, Signal signal) : m_sender(sender), m_signal(signal)
    {
        if (!sender)
            warnOfNull();
    }
    SignalOperation(SignalOperation &&other) noexcept
        : m_sender(other.m_sender), m_signal(other.m_signal)
    {
        Q_ASSERT(!other.m_listener);
    }
    ~SignalOperation() { abandon(); }

    bool isReady() const
    {
        return m_listener ? m_listener->isReceived() || m_listener->isLost() : !m_sender;
    }

    void start(Wait *wait)
    {
        m_wait = wait;
        m_listener = new SignalListener(this, DeadlineQueue::current()->mailbox());
        m_connection = QObject::connect(m_sender.data(), m_signal, DeadlineQueue::current(),
                                        Receiver(m_listener), Qt::DirectConnection);
        if constexpr (isEndOfProcess) {
            m_failed = QObject::connect(m_sender.data(), &Sender::errorOccurred,
                                        DeadlineQueue::current(),
                                        [listener = m_listener](auto error) {
                                            if (error == Sender::FailedToStart)
                                                listener->lost();
                                        });
        }
        if (!m_wait) // told by the sender's connectNotify()
            disconnect();
    }

    // By the listener.
    void received()
    {
        Wait *wait = m_wait;
        abandon();
        wait->operationEnded();
    }

    void abandon()
    {
        if (!std::exchange(m_wait, nullptr))
            return;
        m_listener->mute();
        disconnect();
    }

    void abort() const noexcept {}

    Result take()
    {
        if (!m_listener || !m_listener->isReceived())
            throw QTimeoutCancelled();
        if constexpr (std::tuple_size_v<Arguments> == 1)
            return std::get<0>(std::move(m_listener->arguments()));
        else if constexpr (std::tuple_size_v<Arguments> > 1)
            return std::move(m_listener->arguments());
    }

private:
    // A process that does not start does not finish.
    static constexpr bool isEndOfProcess =
            std::is_base_of_v<
                    QProcess,
                    Sender> && std::is_same_v<Signal, void (QProcess::*)(int, typename EndOfProcess<Sender>::Status)>;

    void disconnect()
    {
        QObject::disconnect(m_connection);
        if constexpr (isEndOfProcess)
            QObject::disconnect(m_failed);
    }

    const QPointer<Sender> m_sender;
    const Signal m_signal;
    Wait *m_wait = nullptr; // as long as somebody listens
    typename SignalListener::Pointer m_listener;
    QMetaObject::Connection m_connection;
    [[no_unique_address]] std::conditional_t<isEndOfProcess, QMetaObject::Connection,
                                             std::monostate>
            m_failed;
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_SIGNALOPERATION_P_H
