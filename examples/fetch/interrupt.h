// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <QtCore/qobject.h>

// Turns the first SIGINT and the first SIGTERM into a Qt signal; the second of each ends the program at once.
class Interrupt : public QObject
{
    Q_OBJECT

public:
    explicit Interrupt(QObject *parent = nullptr);
    ~Interrupt() override;

    bool hasCome() const { return m_hasCome; }

Q_SIGNALS:
    void came();

private:
    bool m_hasCome = false;
};

#endif // INTERRUPT_H
