// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Takes the first emission of a signal.

#ifndef QTIMEOUT_SIGNALLISTENER_P_H
#define QTIMEOUT_SIGNALLISTENER_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../thread/mailbox_p.h"
#include "../wait/wait_p.h"

#include <QtCore/qshareddata.h>

#include <atomic>
#include <optional>
#include <tuple>
#include <utility>

namespace QTimeout::detail {

QTIMEOUT_EXPORT void warnOfNull(const char *function = "run");

/*
    Shared by something that waits and by the functors that are connected for it. A functor may be
    called after the one who waits has gone, where the call was queued.
*/
template<typename Owner>
class Listener : public QSharedData
{
public:
    using Pointer = QExplicitlySharedDataPointer<Listener>;

    explicit Listener(Owner *listening) noexcept : owner(listening) {}
    virtual ~Listener() = default;

    Owner *owner; // touched only in the thread in which it waits
};

/*
    Takes the first emission of a signal, in whichever thread it happens, so that it counts from that
    moment on, and not only when the news has arrived. Or is told that none will come.

    The operation's received() is called in its own thread in either case.
*/
template<typename Operation, typename Arguments>
class SignalListener final : public Listener<Operation>
{
public:
    using Pointer = QExplicitlySharedDataPointer<SignalListener>;

    SignalListener(Operation *operation, const Mailbox::Pointer &home)
        : Listener<Operation>(operation), m_home(home)
    {
    }

    template<typename... Args>
    void emitted(const Args &...args)
    {
        if (!advance(State::Taking))
            return;
        m_arguments.emplace(args...);
        m_state.store(State::Received, std::memory_order_release);
        tell();
    }

    // Nothing is connected any more.
    void lost()
    {
        if (advance(State::Lost))
            tell();
    }

    // Nobody listens any more.
    void mute() noexcept
    {
        this->owner = nullptr;
        advance(State::Lost);
    }

    bool isReceived() const noexcept { return state() == State::Received; }
    bool isLost() const noexcept { return state() == State::Lost; }
    Arguments &arguments() { return *m_arguments; }

private:
    enum class State : quint8 { Listening, Taking, Received, Lost };

    State state() const noexcept { return m_state.load(std::memory_order_acquire); }
    // False if it is not listening any more; that is found out without writing.
    bool advance(State next) noexcept
    {
        State expected = m_state.load(std::memory_order_relaxed);
        return expected == State::Listening
                && m_state.compare_exchange_strong(expected, next, std::memory_order_relaxed);
    }
    void tell()
    {
        if (m_home->isHere()) {
            if (this->owner)
                this->owner->received();
        } else {
            m_home->post([self = Pointer(this)] {
                if (self->owner)
                    self->owner->received();
            });
        }
    }

    const Mailbox::Pointer m_home;
    std::atomic<State> m_state = State::Listening;
    std::optional<Arguments> m_arguments;
};

/*
    What is connected to the signal. QObject keeps it for as long as the connection is there.
*/
template<typename Operation, typename Arguments>
struct SignalReceiver;

template<typename Operation, typename... Args>
struct SignalReceiver<Operation, std::tuple<Args...>>
{
    typename SignalListener<Operation, std::tuple<Args...>>::Pointer listener;

    void operator()(const Args &...args) const { listener->emitted(args...); }
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_SIGNALLISTENER_P_H
