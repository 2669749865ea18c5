// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

#include "operation/qtimeoutabort.h"

#include <QtCore/qmetaobject.h>

namespace QTimeout::detail {

void abortByMetaObject(QObject *object)
{
    const QMetaObject *metaObject = object->metaObject();
    for (const char *signature : {"abort()", "cancel()", "kill()"}) {
        const QMetaMethod method = metaObject->method(metaObject->indexOfMethod(signature));
        if (method.isValid() && method.methodType() != QMetaMethod::Signal
            && method.access() == QMetaMethod::Public) {
            method.invoke(object, Qt::DirectConnection);
            return;
        }
    }
}

} // namespace QTimeout::detail
