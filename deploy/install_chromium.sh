#!/bin/sh
# What the browser tests need: installed as root, else named as what is missing.
# Playwright brings its own Node.js, which needs libatomic.
set -eu
if command -v chromium >/dev/null && /sbin/ldconfig -p | grep -q libatomic.so.1; then
    exit
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's Chromium for the browser tests"
    apt-get -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        install --no-install-recommends chromium fonts-dejavu-core libatomic1 >/dev/null
else
    echo "No Chromium: browser tests are skipped (Debian: sudo apt-get install chromium libatomic1)"
fi
