// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Waiting for a QObject: until it has finished, or until a timer times out.

#ifndef QTIMEOUT_OBJECTOPERATION_P_H
#define QTIMEOUT_OBJECTOPERATION_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include "../error/qtimeoutcancelled.h"
#include "objectguard_p.h"
#include "objectrule_p.h"
#include "signallistener_p.h"

#include <QtCore/qtimer.h>

#include <chrono>
#include <type_traits>

namespace QTimeout::detail {

/*
    Derived classes have received(), called with the arguments of the signal.
*/
template<typename Derived, typename Object>
class ObjectOperation
{
public:
    static constexpr bool canAbandon = true;

    explicit ObjectOperation(Object *object, const char *function = "run") : m_object(object)
    {
        if (!object)
            warnOfNull(function);
    }
    ObjectOperation(ObjectOperation &&other) noexcept : m_object(other.m_object)
    {
        Q_ASSERT(!other.m_wait);
    }
    ~ObjectOperation() { end(); }

    // Still guards the object for abort().
    void abandon()
    {
        if (m_listener)
            m_listener->owner = nullptr;
        if (m_signal)
            QObject::disconnect(m_signal);
        m_guard.mute();
    }

    // May destroy this: the coroutine may be resumed by an event loop in the function.
    void abort(std::chrono::milliseconds gracePeriod, Owner &&owner = {})
    {
        if (m_object) {
            abortObject(m_object, std::move(m_guard), objectRule<Object>, gracePeriod,
                        std::move(owner));
        }
    }

    const QObject *abortedObject() const noexcept { return m_object; }

protected:
    // The signal first: it may be destroyed() itself.
    template<typename Signal, typename Receiver>
    void listen(Wait *wait, Signal signal, const Receiver &receiver, Listener<Derived> *listener,
                Qt::ConnectionType type = Qt::AutoConnection)
    {
        m_listener = listener;
        m_signal = QObject::connect(m_object, signal, DeadlineQueue::current(), receiver, type);
        listen(wait);
    }

    void listen(Wait *wait)
    {
        m_wait = wait;
        m_guard.watch(m_object, this,
                      [](void *self) { static_cast<ObjectOperation *>(self)->objectDestroyed(); });
    }

    // The operation has ended, whether well or not. The object is still guarded: it may go before the
    // coroutine is resumed (A11).
    Wait *end()
    {
        m_ended = true;
        abandon();
        return m_wait;
    }

    bool hasEnded() const { return m_ended || isGone(); }
    bool isGone() const { return !m_object || m_guard.isGone(); }

    template<typename Question>
    bool ask(Question question) const
    {
        return m_guard.ask(m_object, [this, question] { return question(m_object); });
    }

    // Calls the function, with the object, in the other thread in which that lives.
    template<typename Function>
    void callElsewhere(Function function)
    {
        if (!ObjectGuard::isHere(m_object))
            m_guard.invoke(m_object, [object = m_object, function] { function(object); });
    }

    // Throws if it has been destroyed.
    Object *object() const
    {
        if (isGone())
            throw QTimeoutCancelled();
        return m_object;
    }

    // The object has been destroyed. For derived classes.
    void gone() const noexcept {}

private:
    void objectDestroyed()
    {
        m_object = nullptr;
        static_cast<Derived *>(this)->gone();
        end()->operationEnded();
    }

    Object *m_object; // null when it has been destroyed
    Wait *m_wait = nullptr;
    typename Listener<Derived>::Pointer m_listener;
    QMetaObject::Connection m_signal;
    ObjectGuard m_guard;
    bool m_ended = false;
};

/*
    Waits for the signal by which an object tells that something is over. Derived classes have
    isOver(object), which asks for it.

    That is asked only in the thread of the object, which may write the answer at any moment. If it is
    another thread, the question is posted there when somebody listens already, and the operation has
    ended from the moment when the signal is emitted or the answer is yes.
*/
template<typename Derived, typename Object>
class EndOperation : public ObjectOperation<Derived, Object>
{
    using Base = ObjectOperation<Derived, Object>;
    using EndListener = SignalListener<Derived, std::tuple<>>;

public:
    using Base::Base;

    bool isReady() const
    {
        return Base::hasEnded() || (m_listener && m_listener->isReceived())
                || Base::ask(&Derived::isOver);
    }
    void received() { Base::end()->operationEnded(); }

protected:
    // A signal that ends it too, if it comes with what is a failure. Before the other.
    template<typename Signal, typename Predicate>
    QMetaObject::Connection listenForFailure(Signal signal, Predicate isFailure)
    {
        const auto receiver = [listener = this->makeListener(), isFailure](auto argument) {
            if (isFailure(argument))
                listener->emitted();
        };
        return QObject::connect(Base::object(), signal, DeadlineQueue::current(), receiver,
                                Qt::DirectConnection);
    }

    template<typename Signal>
    void listenForEnd(Wait *wait, Signal signal)
    {
        makeListener();
        Base::listen(wait, signal, SignalReceiver<Derived, std::tuple<>>{m_listener},
                     m_listener.data(), Qt::DirectConnection);
        Base::callElsewhere([listener = m_listener](Object *object) {
            if (Derived::isOver(object))
                listener->emitted();
        });
    }

private:
    const typename EndListener::Pointer &makeListener()
    {
        if (!m_listener) {
            m_listener = new EndListener(static_cast<Derived *>(this),
                                         DeadlineQueue::current()->mailbox());
        }
        return m_listener;
    }

    typename EndListener::Pointer m_listener;
};

template<typename Object>
class FinishOperation final : public EndOperation<FinishOperation<Object>, Object>
{
    using Base = EndOperation<FinishOperation, Object>;

public:
    using Result = Object *;
    using Base::Base;

    static bool isOver(Object *object) { return object->isFinished(); }
    void start(Wait *wait) { Base::listenForEnd(wait, &Object::finished); }
    Result take() const { return Base::object(); }
};

/*
    A timer that somebody else has started. It is left running.
*/
class TimerOperation final : public EndOperation<TimerOperation, QTimer>
{
public:
    using Result = void;
    using EndOperation::EndOperation;

    static bool isOver(QTimer *timer) { return !timer->isActive(); }
    void start(Wait *wait) { listenForEnd(wait, &QTimer::timeout); }
    void abort(std::chrono::milliseconds, Owner &&owner = {}) const
    {
        if (owner && !isGone())
            destroyLater(object()->thread(), std::move(owner));
    }
    void take() const { Q_UNUSED(object()) }
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_OBJECTOPERATION_P_H
