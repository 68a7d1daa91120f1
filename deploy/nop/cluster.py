"""A private PostgreSQL + PostGIS in NOP_HOME: Unix socket only, no system service, root or not.

`ensure` is what commands call; it leaves a running server behind that `stop` ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from nop import packages
from nop.binaries import Binaries
from nop_registry.database import connect
from nop_registry.errors import DatabaseUnavailable, SettingsError
from nop_registry.settings import Settings

DATABASE = "nop"
SUPERUSER = "nop"

_SOCKET_PATH_LIMIT = 103
"""Bytes of a Unix socket's path on the strictest system (macOS; Linux allows 107)."""
_START_SECONDS = 600
"""A server that replays its log after a crash may need minutes; one that failed ends at once."""
_STOP_SECONDS = 60

Say = Callable[[str], None]


def say_on_stderr(text: str) -> None:
    """Tell the person what takes so long, without spoiling `--json` on standard output."""
    print(f"nop: {text}", file=sys.stderr, flush=True)


def ensure(settings: Settings, say: Say = say_on_stderr) -> str:
    """URL of the database to use: the given one, else the private cluster's, started if needed.

    Raises SettingsError or DatabaseUnavailable with a text that says what to do.
    """
    if settings.database_url:
        return settings.database_url
    cluster = Cluster(settings.home)
    cluster.start(say)
    return cluster.url()


def stop(settings: Settings) -> bool:
    """Stop the private cluster of this NOP_HOME; False when it was not running."""
    return not settings.database_url and Cluster(settings.home).stop()


class Cluster:
    """One data directory and its server."""

    def __init__(self, home: Path, tuning: Mapping[str, str] | None = None) -> None:
        """`tuning` adds to or replaces the server's settings (postgresql.conf names)."""
        self.home = home
        self._tuning = dict(tuning or {})

    @property
    def socket_directory(self) -> Path:
        """Where the socket lies: NOP_HOME/run, or a short directory if that path is too long."""
        inside = self.home / "run"
        if len(os.fsencode(inside / ".s.PGSQL.5432")) <= _SOCKET_PATH_LIMIT:
            return inside
        # Not TMPDIR: every process must find the same place. _own_directory refuses a squatter.
        return Path("/tmp") / f"nop-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"  # noqa: S108

    def url(self, database: str = DATABASE) -> str:
        """libpq URL of a database of this cluster."""
        host = quote(str(self.socket_directory), safe="/")
        return f"postgresql://{SUPERUSER}@/{database}?host={host}"

    def start(self, say: Say = say_on_stderr) -> bool:
        """Make sure that the server runs and has its database; False when it already ran."""
        with self._lock():
            if self._is_ready(DATABASE):
                return False
            started = not self._is_ready("postgres")
            if started:
                account = self._account()
                self._make_directories(account)
                self._start(account, say)
            self._create_database()
            return started

    def stop(self) -> bool:
        """Stop the server, letting no transaction finish late; False when it was not running."""
        if not self.home.is_dir():
            return False
        with self._lock():
            pid = self._postmaster()
            if pid is None:
                return False
            try:
                os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
                if not self._wait_until_gone(pid, _STOP_SECONDS):
                    os.kill(pid, signal.SIGQUIT)  # "immediate": the next start replays the log
                    self._wait_until_gone(pid, _STOP_SECONDS)
            except ProcessLookupError:
                pass
            except PermissionError as error:
                raise SettingsError(
                    f"the database in {self.home} belongs to another user: stop it as that user"
                ) from error
            return True

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.home / "cluster.lock").open("w")
        except OSError as error:
            raise SettingsError(
                f"cannot write to {self.home} ({error.strerror}): "
                "set NOP_HOME to a directory of your own"
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _account(self) -> pwd.struct_passwd:
        """Whom the server runs as: PostgreSQL refuses root, so root lends it another account."""
        data = self._data()
        owner = data.stat().st_uid if data else os.geteuid()
        if os.geteuid() != 0:
            if owner != os.geteuid():
                raise SettingsError(
                    f"{data} belongs to another user: run as that user, or set NOP_HOME"
                )
            return pwd.getpwuid(owner)
        if owner != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise SettingsError("PostgreSQL refuses to run as root: run `nop` as an ordinary user")

    def _make_directories(self, account: pwd.struct_passwd) -> None:
        own = account.pw_uid == os.geteuid()
        if not own and self.home.stat().st_uid == os.geteuid():
            # The server's account passes through on its way to its own directories.
            self.home.chmod(self.home.stat().st_mode | 0o011)
        (self.home / "log").mkdir(mode=0o755, exist_ok=True)
        for directory in (self.socket_directory, self.home / "log/postgresql"):
            _own_directory(directory, account)
        if not own and _run(["test", "-w", self.socket_directory], account, {}).returncode:
            raise SettingsError(
                f"PostgreSQL runs as the account {account.pw_name}, which cannot reach "
                f"{self.home}: set NOP_HOME to a directory such as /var/lib/nop"
            )

    def _data(self) -> Path | None:
        """The data directory, if there is one; the newest when PostgreSQL was upgraded by hand."""
        found = [path for path in self.home.glob("pg[0-9]*") if path.suffix != ".new"]
        return max(found, key=lambda path: int(path.name[2:]), default=None)

    def _start(self, account: pwd.struct_passwd, say: Say) -> None:
        data = self._data()
        binaries = packages.provide(int(data.name[2:]) if data else None, say)
        if data is None:
            data = self._initialise(binaries, account)
        self._write_configuration()
        if self._postmaster() is None:
            self._remove_stale_pid_file(data)
            self._launch(data, binaries, account)
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready("postgres"):
            if self._postmaster() is None or time.monotonic() > deadline:
                raise DatabaseUnavailable(f"PostgreSQL did not start:\n{self._log_tail()}")
            time.sleep(0.1)

    def _initialise(self, binaries: Binaries, account: pwd.struct_passwd) -> Path:
        """Make the data directory beside its final place, so that a half-made one is never used."""
        data = self.home / f"pg{binaries.version}"
        unfinished = data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _own_directory(unfinished, account)
        # trust: the socket directory is closed to everyone but its owner and root.
        arguments = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        arguments += ["--data-checksums", "--no-instructions", "-D", str(unfinished)]
        done = _run([binaries.directory / "initdb", *arguments], account, binaries.environment)
        if done.returncode:
            raise DatabaseUnavailable(f"PostgreSQL's initdb failed: {done.stderr.strip()}")
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("include_if_exists = '../postgresql.conf'\n")
        unfinished.rename(data)
        return data

    def _write_configuration(self) -> None:
        """Settings of every start; `ALTER SYSTEM` overrides them for good."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(self.socket_directory).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "logging_collector": "on",
            "log_directory": str((self.home / "log/postgresql").absolute()),
            "log_filename": "postgresql-%a.log",  # one week, each day replaces that of last week
            "log_truncate_on_rotation": "on",
            "log_rotation_size": "0",
            **_tuned_to_this_machine(),
            **self._tuning,
        }
        text = "# Written by nop at every start.\n"
        for name, value in settings.items():
            text += "{} = '{}'\n".format(name, value.replace("'", "''"))
        path = self.home / "postgresql.conf"
        path.write_text(text)
        path.chmod(0o644)

    def _launch(self, data: Path, binaries: Binaries, account: pwd.struct_passwd) -> None:
        command = [binaries.directory / "pg_ctl", "start", "-w", "-t", str(_START_SECONDS)]
        command += ["-D", data, "-l", self.home / "log/postgresql/start.log"]
        for _ in range(20):
            done = _run(command, account, binaries.environment)
            # Sessions of a server that was killed end by themselves within moments.
            if done.returncode == 0 or "shared memory block" not in self._log_tail():
                return
            time.sleep(0.5)

    def _remove_stale_pid_file(self, data: Path) -> None:
        """After a crash the recorded number may be another process by now; PostgreSQL would wait.

        A number that is free is left to PostgreSQL, which then also looks for surviving sessions.
        """
        pid_file = data / "postmaster.pid"
        try:
            os.kill(int(pid_file.read_text().split("\n", 1)[0]), 0)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return
        except PermissionError:
            pass
        pid_file.unlink(missing_ok=True)

    def _postmaster(self) -> int | None:
        """Process number of the running server of this data directory, never of another one."""
        data = self._data()
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0]) if data else 0
            return pid if pid and data and _works_in(pid, data) else None
        except (OSError, ValueError):
            return None

    def _wait_until_gone(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._postmaster() == pid:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _is_ready(self, database: str) -> bool:
        try:
            connect(self.url(database) + "&connect_timeout=10").close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        if self._is_ready(DATABASE):
            return
        with connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        with connect(self.url(), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def _log_tail(self) -> str:
        logs = list((self.home / "log/postgresql").glob("*.log"))
        newest = sorted(logs, key=lambda path: path.stat().st_mtime)[-2:]
        lines = [line for path in newest for line in path.read_text("utf-8", "replace").split("\n")]
        return "\n".join(lines[-15:]).strip()


def _tuned_to_this_machine() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{max(128, min(1024, memory // 8))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(256, memory // 16))}MB",
        "max_connections": "200",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",  # compiling costs more than these short statements run
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_duration_statement": "1s",
        "log_lock_waits": "on",
    }


def _own_directory(path: Path, account: pwd.struct_passwd) -> None:
    """A directory that only `account` (and root) may enter. Raises if somebody else made it."""
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and path.lstat().st_uid == 0 and not path.is_symlink():
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    if path.is_symlink() or path.stat().st_uid != account.pw_uid:
        raise SettingsError(f"{path} belongs to another user: remove it, or set NOP_HOME")
    path.chmod(0o700)


def _run(
    command: list[str | Path], account: pwd.struct_passwd, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program as `account`. Its output goes to no pipe that a daemon could keep open."""
    lent = os.geteuid() == 0
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(  # noqa: S603
            [str(part) for part in command],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            check=False,
            user=account.pw_uid if lent else None,
            group=account.pw_gid if lent else None,
            extra_groups=[] if lent else None,
        )
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", errors.read())


def _works_in(pid: int, data: Path) -> bool:
    """True if that process is alive and, where the system tells, works in this data directory."""
    if not Path("/proc/self").exists():
        os.kill(pid, 0)
        return True
    return os.path.realpath(f"/proc/{pid}/cwd") == os.path.realpath(data)
