#!/bin/sh
# The browser tests' Chromium: installed as root, else named as what is missing.
set -eu
if command -v chromium >/dev/null; then
    exit
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's Chromium for the browser tests"
    apt-get -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        install --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "No Chromium: the browser tests are skipped (Debian: sudo apt-get install chromium)"
fi
