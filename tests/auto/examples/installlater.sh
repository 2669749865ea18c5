#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# Usage: installlater.sh SOURCE FOLDER
#
# Builds an example, and then, in the same build folder, one for which QML is installed only now. FOLDER is where this
# is done, with the sources from SOURCE. Its PATH leads to the programs in debianlater.

set -euo pipefail

source=$1
folder=$2
export QML_IS_INSTALLED=$folder/qml

rm -rf "$folder"
mkdir -p "$folder/tree"
cd "$folder/tree"
ln -s "$source"/{CMakeLists.txt,CMakePresets.json,README.md,examples,include,src,tests} .

examples/run 01-deadline
if [ -e "$QML_IS_INSTALLED" ] || compgen -G "build/*/qml" >/dev/null; then
    echo "there should be no QML yet" >&2
    exit 1
fi
examples/run quick --help
examples/run 01-deadline
