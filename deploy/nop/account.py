"""The account the private server runs as: one's own, or, as root, one that root lends it."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from nop_registry.errors import SettingsError


def server_account(data: Path | None) -> pwd.struct_passwd:
    """Who owns, or shall own, the data directory. PostgreSQL refuses to run as root.

    Raises SettingsError when that account is not one that this process can act for.
    """
    owner = data.stat().st_uid if data else os.geteuid()
    if os.geteuid() not in (0, owner):
        raise SettingsError(f"{data} belongs to another user: run as that user, or set NOP_HOME")
    candidates: list[int | str] = [owner] if owner else ["postgres", "nobody"]
    for candidate in candidates:
        try:
            if isinstance(candidate, int):
                return pwd.getpwuid(candidate)
            return pwd.getpwnam(candidate)
        except KeyError:
            continue
    raise SettingsError(
        f"PostgreSQL needs an account that has a name and is not root, not number {owner}: "
        "run `nop` as an ordinary user, or set NOP_DATABASE_URL"
    )


def own_directory(path: Path, account: pwd.struct_passwd) -> None:
    """A directory that only `account` (and root) may enter. Raises if it is somebody else's."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.lstat().st_uid
    if path.is_symlink() or owner not in (account.pw_uid, os.geteuid()):
        raise SettingsError(f"{path} belongs to another user: remove it, or set NOP_HOME")
    if owner != account.pw_uid:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    path.chmod(0o700)


def run_as(
    account: pwd.struct_passwd, command: Sequence[str | Path], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program as `account`; the answer has its exit code and what it said.

    The output goes to files: a pipe would stay open as long as a server that the program starts.
    """
    lent = os.geteuid() == 0
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(part) for part in command],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            user=account.pw_uid if lent else None,
            group=account.pw_gid if lent else None,
            extra_groups=[] if lent else None,
            check=False,
        )
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
        return subprocess.CompletedProcess(done.args, done.returncode, *said)
