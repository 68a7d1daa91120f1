"""PostgreSQL with PostGIS: found on the machine, else fetched from Debian, else advice."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from nop import apt, binaries, unpack
from nop.binaries import Binaries
from nop_registry.errors import SettingsError

_ADVICE = (
    "install it (Debian 12: apt-get install postgresql-15-postgis-3 · Fedora: dnf install "
    "postgresql-server postgis · macOS: brew install postgis), or set NOP_DATABASE_URL"
)


def provide(version: int | None, say: Callable[[str], None]) -> Binaries:
    """A PostgreSQL with PostGIS, fetched if need be; of that major version, if one is given.

    Raises SettingsError with advice when there is none to be had.
    """
    if found := binaries.find(version) or unpack.find(version):
        return found
    what = f"PostgreSQL {version or ''} with PostGIS".replace("  ", " ")
    if not shutil.which("apt-get"):
        raise SettingsError(f"{what} is not on this machine: {_ADVICE}")
    try:
        if os.geteuid() == 0:
            say(f"{what} is missing: installing Debian's packages, about half a minute")
            apt.install(apt.server_packages(version))
            found = binaries.find(version)
        else:
            say(f"{what} is missing: unpacking Debian's packages in {unpack.cache()} (120 MB)")
            found = unpack.unpack(version)
    except (subprocess.CalledProcessError, OSError, LookupError) as error:
        raise SettingsError(f"cannot fetch {what} ({_reason(error)}): {_ADVICE}") from error
    if found is None:
        raise SettingsError(f"{what} was fetched but does not run here: {_ADVICE}")
    return found


def _reason(error: Exception) -> str:
    """The first line of a program's complaint, or the error's own text."""
    if isinstance(error, subprocess.CalledProcessError):
        complaint = (error.stderr or error.stdout or "").strip()
        return complaint.splitlines()[0] if complaint else f"{error.cmd[0]} failed"
    return str(error)
