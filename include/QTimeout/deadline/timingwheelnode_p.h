// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// TimingWheelNode: what a timing wheel keeps in each thing that it holds.

#ifndef QTIMEOUT_TIMINGWHEELNODE_P_H
#define QTIMEOUT_TIMINGWHEELNODE_P_H

// Not part of the QTimeout API, though installed. It may change from version to version. We mean it.

#include <cstdint>
#include <limits>

namespace QTimeout::detail {

/*
    A place in a ring.
*/
struct TimingWheelLink
{
    TimingWheelLink *m_previous;
    TimingWheelLink *m_next;
};

/*
    Something with a deadline. It belongs to whoever has derived from it, and has to be taken out of
    the wheel before it is destroyed. Times are in nanoseconds, on any scale.
*/
class TimingWheelNode : private TimingWheelLink
{
public:
    static constexpr std::int64_t Never = std::numeric_limits<std::int64_t>::max();

    TimingWheelNode() = default;
    TimingWheelNode(const TimingWheelNode &) = delete;
    TimingWheelNode &operator=(const TimingWheelNode &) = delete;

    std::int64_t deadline() const noexcept { return m_deadline; }
    std::int64_t latest() const noexcept { return m_deadline + m_slack; }
    std::uint64_t serial() const noexcept { return m_serial; }

protected:
    ~TimingWheelNode() = default;

    // While it is in no wheel.
    void setDeadline(std::int64_t deadline) noexcept { m_deadline = deadline; }

private:
    friend class TimingWheel;

    std::int64_t m_deadline = Never; // not before this
    std::uint64_t m_serial = 0; // the order in which deadlines were set
    std::uint32_t m_slack = 0; // a wake-up is asked for so much later
    std::uint16_t m_slot = 0; // in which it is, while it is in a wheel
};

} // namespace QTimeout::detail

#endif // QTIMEOUT_TIMINGWHEELNODE_P_H
