// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/qtimeoutabort.h"
#include "scope/life_p.h"

#include <QtCore/qmetaobject.h>

#include <exception>

namespace QTimeout::detail {

/*
    To be called where the exception is caught.
*/
void warnOfFailedAbort(const char *className) noexcept
{
    const auto warn = [className](const char *what) {
        qCWarning(
                lcQTimeout,
                "QTimeoutAbort: The function that aborts %s has thrown: %s. The abort goes on with "
                "what is left; catch the exception in the function.",
                className, what);
    };
    try {
        throw;
    } catch (const std::exception &error) {
        warn(error.what());
    } catch (...) {
        warn("an exception that is not a std::exception");
    }
}

static QMetaMethod abortMethod(const QObject *object)
{
    const QMetaObject *metaObject = object->metaObject();
    for (const char *signature : {"abort()", "cancel()", "kill()"}) {
        const QMetaMethod method = metaObject->method(metaObject->indexOfMethod(signature));
        if (method.isValid() && method.methodType() != QMetaMethod::Signal
            && method.access() == QMetaMethod::Public) {
            return method;
        }
    }
    return {};
}

bool canAbortByMetaObject(const QObject *object)
{
    return abortMethod(object).isValid();
}

void abortByMetaObject(QObject *object)
{
    if (const QMetaMethod method = abortMethod(object); method.isValid())
        method.invoke(object, Qt::DirectConnection);
}

} // namespace QTimeout::detail
