// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "stack.h"

#include <algorithm>

void Stack::push(const Frame &frame)
{
    m_slots += frame.kind == Frame::Slot;
    m_frames.push_back(frame);
}

void Stack::truncate(size_t depth)
{
    for (; m_frames.size() > depth; m_frames.pop_back())
        m_slots -= m_frames.back().kind == Frame::Slot;
}

bool Stack::isIn(Frame::Kind kind, const QByteArray &object) const
{
    return std::ranges::any_of(m_frames, [&](const Frame &frame) {
        return frame.kind == kind && (object.isEmpty() || frame.object == object);
    });
}

bool Stack::isOf(const Task *task) const
{
    return std::ranges::any_of(m_frames, [task](const Frame &frame) {
        return frame.kind == Frame::Running && frame.task == task;
    });
}

// S10: nobody is in a slot of a scope, and in what a nested event loop delivers.
Task *Stack::running() const
{
    for (auto each = m_frames.rbegin(); each != m_frames.rend(); ++each) {
        if (each->kind == Frame::Running && !each->task->hasEnded && !each->task->wait)
            return each->task;
        if (each->kind != Frame::Running && each->kind < Frame::Emission)
            return nullptr;
    }
    return nullptr;
}

/*
    A16: by an event loop; or, be it with a result, as a scope around it is destroyed (S8), or as who started it
    ends its own scope (A6).
*/
bool Stack::mayResume(const Task &task) const
{
    // Not decided: when the scope of a run ends with its coroutine, are those left over interrupted at once?
    const Task *maker = task.wait->maker ? task.wait->maker : &task;
    if (task.life->isLeftOver() || maker->life->isLeftOver())
        return true;
    for (auto each = m_frames.rbegin(); each != m_frames.rend(); ++each) {
        switch (each->kind) {
        case Frame::Loop:
            return true;
        case Frame::Running:
            if (each->task == &task) // it has not been suspended
                return true;
            break;
        case Frame::Destructor:
            return task.isUnder(each->scope) || maker->isUnder(each->scope);
        case Frame::Call:
            return each->task && (maker != &task || !task.pending.isEmpty())
                    && (maker == each->task || maker->isStartedBy(each->task, false));
        case Frame::AbortFunction:
            return false;
        case Frame::Emission:
            if (each->object == task.wait->object)
                return false;
            break;
        case Frame::Outside:
        case Frame::Slot:
            break;
        }
    }
    return false;
}
