"""Where this machine keeps a PostgreSQL that has PostGIS."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

OLDEST_VERSION = 14
"""The oldest PostgreSQL major version the schema runs on."""

_PATTERNS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own RPMs
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class Binaries(msgspec.Struct, frozen=True):
    """A PostgreSQL with PostGIS that can run a cluster."""

    directory: Path
    """Holds initdb, pg_ctl and postgres."""
    version: int
    """Major version."""
    environment: Mapping[str, str]
    """What the programs need in their environment (nothing, when they are installed)."""


def find(version: int | None = None) -> Binaries | None:
    """The newest installed PostgreSQL with PostGIS (of that major version, if one is given)."""
    return newest(_installed(), version, {})


def newest(
    directories: Iterable[Path], version: int | None, environment: Mapping[str, str]
) -> Binaries | None:
    """The newest usable one of `directories`; None when there is none."""
    found = [
        Binaries(directory, major, environment)
        for directory in directories
        if (major := _usable(directory, environment)) is not None
        if major >= OLDEST_VERSION and version in (None, major)
    ]
    return max(found, key=lambda binaries: binaries.version, default=None)


def _installed() -> Iterator[Path]:
    for pattern in _PATTERNS:
        yield from Path("/").glob(pattern[1:])
    if config := shutil.which("pg_config"):
        yield Path(_ask(config, "--bindir", {}) or "/nonexistent")


def _usable(directory: Path, environment: Mapping[str, str]) -> int | None:
    """The major version, if the directory holds a server and that server has PostGIS."""
    if not all((directory / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return None
    answer = _ask(directory / "postgres", "--version", environment)  # "postgres (PostgreSQL) 15.18"
    words = answer.split(") ")[-1].split(".")
    share = _ask(directory / "pg_config", "--sharedir", environment) or str(directory).replace(
        "/lib/postgresql", "/share/postgresql"
    ).removesuffix("/bin")
    if not words[0].isdigit() or not (Path(share) / "extension/postgis.control").exists():
        return None
    return int(words[0])


def _ask(program: str | Path, option: str, environment: Mapping[str, str]) -> str:
    """What the program prints; empty when it cannot run."""
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(program), option],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
