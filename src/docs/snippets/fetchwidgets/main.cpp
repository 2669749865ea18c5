// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

//! [all]
#include <QTimeout>

#include <QtNetwork>
#include <QtWidgets>

using namespace std::chrono_literals;

class FetchWindow : public QWidget
{
    Q_OBJECT

public:
    explicit FetchWindow(const QUrl &url);

private:
    void fetch();
    void showTime();

    const QUrl m_url;
    QNetworkAccessManager m_manager;
    QPointer<QNetworkReply> m_reply;
    QProgressBar *m_timeLeft;
    QLabel *m_status;
    QTimer m_ticks;
    QTimeoutScope m_scope; // the last member: its work ends with the window
};

FetchWindow::FetchWindow(const QUrl &url)
    : m_url(url), m_timeLeft(new QProgressBar), m_status(new QLabel(tr("Ready")))
{
    m_timeLeft->setAccessibleName(tr("Time left"));
    auto *again = new QPushButton(tr("Fetch"));
    auto *moreTime = new QPushButton(tr("+5 s"));
    auto *noLimit = new QPushButton(tr("No limit"));
    auto *cancel = new QPushButton(tr("Cancel"));
    auto *spinBox = new QSpinBox;
    spinBox->setAccessibleName(tr("New deadline, in milliseconds from now"));
    spinBox->setRange(0, 60000);
    spinBox->setSuffix(tr(" ms"));
    spinBox->setValue(5000);
    auto *layout = new QVBoxLayout(this);
    for (QWidget *widget : {static_cast<QWidget *>(m_timeLeft), static_cast<QWidget *>(m_status),
                            static_cast<QWidget *>(again), static_cast<QWidget *>(moreTime),
                            static_cast<QWidget *>(noLimit), static_cast<QWidget *>(spinBox),
                            static_cast<QWidget *>(cancel)})
        layout->addWidget(widget);

    //! [buttons]
    connect(again, &QPushButton::clicked, this, &FetchWindow::fetch);
    connect(moreTime, &QPushButton::clicked, &m_scope, [this] { m_scope.shift(5s); });
    connect(noLimit, &QPushButton::clicked, &m_scope, &QTimeoutScope::reject);
    connect(cancel, &QPushButton::clicked, &m_scope, &QTimeoutScope::cancel);
    //! [buttons]

    //! [spin box]
    spinBox->setKeyboardTracking(false);
    connect(spinBox, &QSpinBox::valueChanged, &m_scope, &QTimeoutScope::reschedule);
    //! [spin box]

    //! [ends]
    connect(&m_scope, &QTimeoutScope::expired, this,
            [this] { m_status->setText(tr("Timed out")); });
    connect(&m_scope, &QTimeoutScope::cancelled, this,
            [this] { m_status->setText(tr("Cancelled")); });
    connect(&m_scope, &QTimeoutScope::finished, this, [this] {
        if (m_reply->error() == QNetworkReply::NoError)
            m_status->setText(tr("%n byte(s)", nullptr, int(m_reply->readAll().size())));
        else
            m_status->setText(m_reply->errorString());
    });
    //! [ends]

    //! [state]
    const auto update = [=, this] {
        const bool running = m_scope.isActive();
        const bool limited = running && !m_scope.deadline().isForever();
        again->setEnabled(!running);
        cancel->setEnabled(running);
        spinBox->setEnabled(running);
        moreTime->setEnabled(limited);
        noLimit->setEnabled(limited);
        limited ? m_ticks.start(50ms) : m_ticks.stop();
        showTime();
    };
    connect(&m_scope, &QTimeoutScope::stateChanged, this, update);
    connect(&m_scope, &QTimeoutScope::deadlineChanged, this, update);
    connect(&m_ticks, &QTimer::timeout, this, &FetchWindow::showTime);
    //! [state]
    fetch();
}

//! [fetch]
void FetchWindow::fetch()
{
    if (m_reply)
        m_reply->deleteLater(); // the last one goes with its manager
    m_reply = m_manager.get(QNetworkRequest(m_url));
    m_status->setText(tr("Fetching…"));
    m_timeLeft->setRange(0, 5000);
    m_scope.start(5s);
    m_scope.watch(m_reply.get());
}
//! [fetch]

//! [time]
void FetchWindow::showTime()
{
    if (m_scope.isActive() && m_scope.deadline().isForever()) {
        m_timeLeft->setRange(0, 0); // busy, for nobody knows how long
        return;
    }
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(m_scope.remainingTime());
    const int value = m_scope.isActive() ? int(left.count()) : 0;
    // There may be more time than before; 0 to 0 would be busy.
    m_timeLeft->setRange(0, std::max({m_timeLeft->maximum(), value, 1}));
    m_timeLeft->setValue(value);
}
//! [time]

int main(int argc, char *argv[])
{
    QApplication application(argc, argv);
    FetchWindow window(QUrl(application.arguments().value(1, QStringLiteral("https://www.qt.io"))));
    window.show();
    return application.exec();
}

#include "main.moc"
//! [all]
