"""Debian's PostgreSQL and PostGIS in a user's cache: no root, no change to the system."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from nop import apt, binaries
from nop.binaries import Binaries

# The lists and the packages are the user's own; what the system has installed is not fetched again.
_APT_CONFIGURATION = """\
Dir::State "{cache}/apt/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{cache}/apt/cache";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def cache() -> Path:
    """Where the user's programs are unpacked."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nop/postgresql"


def find(version: int | None = None) -> Binaries | None:
    """What was unpacked before, if it still runs."""
    root = cache() / "root"
    if not root.is_dir():
        return None
    return binaries.newest(root.glob("usr/lib/postgresql/*/bin"), version, _environment(root))


def unpack(version: int | None = None) -> Binaries | None:
    """Fetch and unpack. Raises LookupError, OSError or subprocess.CalledProcessError."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once: the second finds the first one's work
        return find(version) or _unpack(version)


def _unpack(version: int | None) -> Binaries | None:
    fetched = cache() / "apt"
    for directory in ("state/lists/partial", "cache/archives/partial"):
        (fetched / directory).mkdir(parents=True, exist_ok=True)
    configuration = cache() / "apt.conf"
    configuration.write_text(_APT_CONFIGURATION.format(cache=cache()))
    packages = apt.server_packages(version, configuration)
    options = ["-y", "--download-only", "--no-install-recommends"]
    apt.run("apt-get", "install", *options, *packages, configuration=configuration)
    unfinished = cache() / "root.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    for package in sorted((fetched / "cache/archives").glob("*.deb")):
        command = ["dpkg-deb", "-x", str(package), str(unfinished)]
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    # Debian's installer would set these links by update-alternatives.
    for control in unfinished.glob("usr/share/postgresql/*/extension/*-3.control"):
        control.with_name(control.name.replace("-3.", ".")).symlink_to(control.name)
    shutil.rmtree(cache() / "root", ignore_errors=True)
    unfinished.rename(cache() / "root")
    shutil.rmtree(fetched)
    return find(version)


def _environment(root: Path) -> dict[str, str]:
    libraries = sorted(
        {str(path.parent) for path in root.glob("usr/lib/*-linux-gnu*/**/lib*.so.*")}
    )
    return {
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PROJ_DATA": str(root / "usr/share/proj"),
        "GDAL_DATA": str(root / "usr/share/gdal"),
    }
