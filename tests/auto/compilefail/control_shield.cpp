// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// Correct use: what is shielded and detached.
class Document
{
public:
    QCoro::Task<int> save(QTimeoutScope &scope, const QString &name);
    QCoro::Task<> savePlainly(const QString &name);
};

QCoro::Task<int> save(QTimeoutScope &scope, int number);
QCoro::Task<> savePlainly(int number);

QCoro::Task<int> close(QTimeoutScope &, Document *document, QTimer *timer, QFuture<int> future)
{
    const auto limited = [] { return QTimeout::run(5s, &save, 1); };
    co_await QTimeout::shield(&savePlainly, 1);
    co_await QTimeout::shield(&QTimeout::sleepFor, 1ms);
    co_await QTimeout::shield(&Document::savePlainly, document, "name");
    co_await QTimeout::shield(timer);
    co_await QTimeout::shield(timer, &QObject::destroyed);
    int sum = co_await QTimeout::shield(&save, 1);
    sum += co_await QTimeout::shield(limited);
    sum += co_await QTimeout::shield(&Document::save, document, "name");
    sum += co_await QTimeout::shield(future);
    co_return sum;
}

QCoro::Task<int> start(Document *document)
{
    QTimeout::detach(&savePlainly, 1);
    QTimeout::detach(&Document::savePlainly, document, "name");
    const QCoro::Task<int> task = QTimeout::detach(&Document::save, document, "name");
    co_return co_await task + co_await QTimeout::detach(&save, 1);
}
