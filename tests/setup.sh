# SPDX-FileCopyrightText: 2026 The QTimeout developers
# SPDX-License-Identifier: MIT
#
# What the scripts of the project share: packages and builds. To be sourced by bash.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}
jobs=$(nproc)
packages=(g++ cmake ninja-build pkg-config qt6-base-dev qt6-serialport-dev qcoro-qt6-dev)
# For tests alone.
test_packages=(qt6-httpserver-dev qt6-websockets-dev)
# For the QML module and for windows.
desktop_packages=(
    qt6-declarative-dev qt6-declarative-dev-tools
    qml6-module-qtqml qml6-module-qtqml-models qml6-module-qtqml-workerscript
    qml6-module-qtquick qml6-module-qtquick-controls qml6-module-qtquick-layouts qml6-module-qtquick-shapes
    qml6-module-qtquick-templates qml6-module-qtquick-window
    qml6-module-qttest
    fonts-dejavu-core
)

say() { printf -- '-- %s\n' "$*" >&2; }

die() { printf '%s: %s\n' "$script" "$*" >&2; exit 1; }

# The paragraph of comments in the script that begins with "Usage".
usage() { sed -n '/^# Usage/,/^$/s/^# \{0,1\}//p' "$0"; }

# Runs a command, and shows what it printed only if it fails.
quietly()
{
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

missing_packages()
{
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

# Installs those of the named Debian packages that are missing.
install_packages()
{
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "this is not Debian: expecting to find what these packages contain: $*"
        return
    fi
    local missing as_root=(env)
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "missing packages: $missing(install them, or run this as root or with sudo)"
        as_root=(sudo env)
    fi
    as_root+=(DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)

    say "installing the missing packages: $missing"
    quietly "${as_root[@]}" update || say "apt-get update failed, trying with the package lists that are there"
    # The names are split on purpose.
    # shellcheck disable=SC2086
    quietly "${as_root[@]}" install -y --no-install-recommends $missing || true
    missing=$(missing_packages "$@")
    [ -z "$missing" ] || die "packages that are missing and could not be installed: $missing"
}

# The first clang that is new enough, of Debian's many; bookworm's default is not.
newest_clang()
{
    local candidate major
    for candidate in clang++ clang++-{30..16}; do
        command -v "$candidate" >/dev/null || continue
        major=$("$candidate" -dumpversion)
        [ "${major%%.*}" -lt 16 ] || { echo "$candidate"; return; }
    done
}

# choose_build PRESET: sets $build, the folder, and $configure, the arguments for cmake. A compiler that is given by CXX,
# and a Qt that is given by CMAKE_PREFIX_PATH, which cmake reads, have a folder of their own.
choose_build()
{
    local preset=$1
    if [ "$preset" = clang ] && [ -z "${CXX:-}" ]; then
        [ -n "$(newest_clang)" ] || install_packages clang-19
        CXX=$(newest_clang)
        [ -n "$CXX" ] || die "no clang of version 16 or later was found"
        build=$root/build/$preset
    elif [ -n "${CXX:-}" ]; then
        command -v "${CXX%% *}" >/dev/null || die "the compiler that CXX names was not found: $CXX"
        build=$root/build/$preset-$(basename -- "${CXX//[^A-Za-z0-9+.\/_-]/-}")
    else
        build=$root/build/$preset
    fi
    [ -z "${CMAKE_PREFIX_PATH:-}" ] || build+=${CMAKE_PREFIX_PATH//[^A-Za-z0-9+._-]/-}
    configure=(-S "$root" -B "$build" --preset "$preset")
    # Whatever else was chosen when somebody configured the folder.
    configure+=(-DQTIMEOUT_BUILD_TESTS=ON -DQTIMEOUT_BUILD_EXAMPLES=ON -DQTIMEOUT_BUILD_QML=AUTO)
    if [ ! -e "$build/build.ninja" ] && [ ! -e "$build/Makefile" ]; then
        # What could not be configured, for want of packages perhaps, is begun anew.
        rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
        ! command -v ninja >/dev/null || configure+=(-G Ninja)
    fi
    [ -z "${CXX:-}" ] || configure+=("-DCMAKE_CXX_COMPILER=$CXX")
    return 0
}
