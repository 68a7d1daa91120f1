"""Debian's package tool, without questions: as root for the system, as a user for a cache."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CREATE_CLUSTER_D = Path("/etc/postgresql-common/createcluster.d")
_POSTGIS = re.compile(r"^postgresql-(\d+)-postgis-3$", re.MULTILINE)


def run(program: str, *arguments: str, configuration: Path | None = None) -> str:
    """What apt-get or apt-cache prints. Raises subprocess.CalledProcessError.

    `configuration` is an apt.conf that is read last, so that it wins over the system's.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    if configuration:
        environment["APT_CONFIG"] = str(configuration)
    done = subprocess.run(  # noqa: S603 - our own command
        [program, "-q", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def server_packages(version: int | None, configuration: Path | None = None) -> list[str]:
    """The packages of the newest PostgreSQL (or of that major version) on offer with PostGIS.

    Refreshes the package lists first. Raises LookupError when none is on offer.
    """
    # One broken source of many is no reason to stop; what cannot be had is found out below.
    with suppress(subprocess.CalledProcessError):
        run("apt-get", "update", configuration=configuration)
    names = run("apt-cache", "pkgnames", "postgresql-", configuration=configuration)
    majors = [int(found) for found in _POSTGIS.findall(names)]
    majors = [major for major in majors if version in (None, major)]
    if not majors:
        raise LookupError("the package lists of this system do not offer it")
    return [f"postgresql-{max(majors)}", f"postgresql-{max(majors)}-postgis-3"]


def install(packages: list[str]) -> None:
    """Install system packages as root; a PostgreSQL server gets no system cluster."""
    with _without_system_cluster():
        # A fresh machine may be updating itself just now: wait for its lock.
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        run("apt-get", "install", "-y", "--no-install-recommends", *wait, *packages)


@contextmanager
def _without_system_cluster() -> Iterator[None]:
    """Only for this installation: an administrator's own settings stay as they are."""
    setting = _CREATE_CLUSTER_D / "nop.conf"
    setting.parent.mkdir(parents=True, exist_ok=True)
    setting.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        setting.unlink(missing_ok=True)
