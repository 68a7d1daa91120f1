#!/bin/sh
# Usage: make_venv.sh DIRECTORY. Makes the virtual environment; says what to install if it cannot.
set -eu
venv=$1
python=${SYSTEM_PYTHON:-python3}

if command -v uv >/dev/null; then
    exec uv venv --quiet --clear --python '>=3.11' "$venv"
fi

# Debian keeps ensurepip, which venv needs, in a package of its own.
usable() { "$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if ! usable && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's python3-venv"
    apt-get -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        install --no-install-recommends python3 python3-venv >/dev/null
fi
if ! usable; then
    echo "Needs Python 3.11 or newer with venv (Debian: sudo apt-get install python3-venv), or uv;" \
        "SYSTEM_PYTHON=... names another Python" >&2
    exit 1
fi
"$python" -m venv --clear "$venv"
