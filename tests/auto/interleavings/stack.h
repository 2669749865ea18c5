// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef STACK_H
#define STACK_H

#include "model.h"

#include <vector>

struct Frame
{
    enum Kind { Running, Outside, Loop, Call, Slot, Destructor, Emission, AbortFunction };

    Kind kind = Running;
    Task *task = nullptr; // that runs, or that ends its own scope by the call
    const Scope *scope = nullptr; // that is destroyed or called
    QByteArray object = {};
};

/*
    What is on the stack, as far as it matters who is running, and who may be resumed.
*/
class Stack
{
public:
    size_t depth() const { return m_frames.size(); }
    void push(const Frame &frame);
    void truncate(size_t depth);

    int slotDepth() const { return m_slots; } // of scopes
    bool isIn(Frame::Kind kind, const QByteArray &object = {}) const;
    bool isOf(const Task *task) const;
    Task *running() const;
    bool mayResume(const Task &task) const;

private:
    std::vector<Frame> m_frames;
    int m_slots = 0;
};

#endif // STACK_H
