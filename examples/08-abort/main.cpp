// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// 08: The abort of a type of one's own.
//
// What has a function abort(), cancel() or kill() needs nothing. For other types, a specialisation of
// QTimeoutAbort says what is to be done. This is the way of signals and slots; there is no coroutine here.

#include <QTimeout>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qobject.h>

#include <cstdio>

using namespace std::chrono_literals;

namespace {

//! [type]
class Upload : public QObject
{
public:
    void giveUp(const char *reason) { std::printf("the upload is given up: %s\n", reason); }
};
//! [type]

} // namespace

//! [abort]
template<>
struct QTimeoutAbort<Upload>
{
    static void abort(Upload &upload) { upload.giveUp("no time left"); }
};
//! [abort]

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    Upload upload;
    QTimeoutScope scope(50ms);
    scope.watch(&upload);
    QObject::connect(&scope, &QTimeoutScope::expired, &application, [] {
        std::puts("the time is up");
        QCoreApplication::quit();
    });
    return application.exec();
}
