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
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from nop import packages, tuning
from nop.account import own_directory, run_as, server_account
from nop.binaries import Binaries
from nop.processes import Process, identify, is_alive
from nop_registry.database import connect
from nop_registry.errors import DatabaseUnavailable, SettingsError
from nop_registry.settings import Settings

DATABASE = "nop"
SUPERUSER = "nop"

_SOCKET_PATH_LIMIT = 103
"""Bytes of a Unix socket's path on the strictest system (macOS; Linux allows 107)."""
_START_SECONDS = 600
"""A server that replays its log after a crash may need minutes; one that failed ends sooner."""
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
    return Cluster(settings.home).stop()


class Cluster:
    """One data directory and its server."""

    def __init__(self, home: Path, replacements: Mapping[str, str] | None = None) -> None:
        """`replacements` are server settings (names of postgresql.conf) in place of our own."""
        self.home = home.absolute()
        self._replacements = dict(replacements or {})

    @property
    def socket_directory(self) -> Path:
        """Where the socket lies: NOP_HOME/run, or a short directory if no client could use that.

        A comma separates hosts for libpq, so that a path with one cannot be named.
        """
        inside = self.home / "run"
        length = len(os.fsencode(inside / ".s.PGSQL.5432"))
        if length <= _SOCKET_PATH_LIMIT and "," not in str(inside):
            return inside
        # Not TMPDIR: every process must find the same place. own_directory refuses a squatter.
        short = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"nop-{short}"  # noqa: S108 - the same place for all, as said

    @property
    def log_directory(self) -> Path:
        """The server's own log files."""
        return self.home / "log/postgresql"

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
                data = self._data()
                self._start(packages.provide(int(data.name[2:]) if data else None, say))
            self._create_database()
            return started

    def stop(self) -> bool:
        """End the server in good order; False when it was not running."""
        if not self.home.is_dir():
            return False
        with self._lock():
            data, pid = self._data(), self._postmaster()
            if data is None or pid is None:
                return False
            # "Fast" shutdown; if that hangs, "immediate": then the next start replays the log.
            for request in (signal.SIGINT, signal.SIGQUIT):
                with suppress(ProcessLookupError):
                    os.kill(pid, request)
                if _is_gone(pid, data):
                    break
            return True

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time starts or stops this cluster; the others wait and look again."""
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

    def _start(self, binaries: Binaries) -> None:
        data = self._data()
        account = server_account(data)
        self._make_directories(account)
        if data is None:
            data = self._initialise(binaries, account)
        configuration = self.home / "postgresql.conf"
        configuration.write_text(
            tuning.configuration(self.socket_directory, self.log_directory, self._replacements)
        )
        configuration.chmod(0o644)
        pid = self._postmaster()  # that of a server whose starter did not live to see it ready
        server = identify("database", pid) if pid else self._launch(data, binaries, account)
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready("postgres"):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"PostgreSQL is not ready yet:\n{self._log_tail()}")
            if not is_alive(server):
                if "shared memory block" not in self._first_words():
                    raise DatabaseUnavailable(f"PostgreSQL did not start:\n{self._log_tail()}")
                # Sessions of a server that was killed are about to end.
                server = self._launch(data, binaries, account)
            time.sleep(0.1)

    def _make_directories(self, account: pwd.struct_passwd) -> None:
        lent = account.pw_uid != os.geteuid()
        (self.home / "log").mkdir(exist_ok=True)
        if lent:
            # The server's account passes through root's directories on the way to its own.
            for directory in (self.home, self.home / "log"):
                directory.chmod(directory.stat().st_mode | 0o011)
        for directory in (self.socket_directory, self.log_directory):
            own_directory(directory, account)
        if lent and run_as(account, ["test", "-w", self.log_directory], {}).returncode:
            raise SettingsError(
                f"PostgreSQL runs as the account {account.pw_name}, which cannot reach "
                f"{self.home}: set NOP_HOME to a directory such as /var/lib/nop"
            )

    def _data(self) -> Path | None:
        """The data directory, if there is one; the newest when PostgreSQL was upgraded by hand."""
        found = [path for path in self.home.glob("pg[0-9]*") if path.suffix != ".new"]
        return max(found, key=lambda path: int(path.name[2:]), default=None)

    def _initialise(self, binaries: Binaries, account: pwd.struct_passwd) -> Path:
        """Make the data directory beside its final place, so that a half-made one is never used."""
        data = self.home / f"pg{binaries.version}"
        unfinished = data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        own_directory(unfinished, account)
        # trust: the socket directory is closed to everyone but its owner and root.
        arguments = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        arguments += ["--data-checksums", "--no-instructions", "-D", str(unfinished)]
        initdb = binaries.directory / "initdb"
        done = run_as(account, [initdb, *arguments], binaries.environment)
        if done.returncode:
            raise DatabaseUnavailable(f"PostgreSQL's initdb failed: {done.stderr.strip()}")
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("include_if_exists = '../postgresql.conf'\n")
        unfinished.rename(data)
        return data

    def _launch(self, data: Path, binaries: Binaries, account: pwd.struct_passwd) -> Process:
        """Start the server as nobody's child. (pg_ctl breaks on some paths: it uses a shell.)"""
        if (data / "postmaster.pid").exists() and _pid_is_taken(data):
            (data / "postmaster.pid").unlink()
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.socket_directory / name).unlink(missing_ok=True)
        script = 'log=$1; shift; "$@" >"$log" 2>&1 & echo $!'
        arguments = (self._start_log, binaries.directory / "postgres", "-D", data)
        done = run_as(account, ["sh", "-c", script, "sh", *arguments], binaries.environment)
        return identify("database", int(done.stdout))

    @property
    def _start_log(self) -> Path:
        return self.log_directory / "start.log"

    def _first_words(self) -> str:
        return self._start_log.read_text("utf-8", "replace") if self._start_log.exists() else ""

    def _postmaster(self) -> int | None:
        """Process number of the running server of this data directory, never of another one."""
        data = self._data()
        if data is None:
            return None
        try:
            pid = _recorded_pid(data)
            return pid if _works_in(pid, data) else None
        except (OSError, ValueError):
            return None

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
        logs = sorted(self.log_directory.glob("*.log"), key=lambda path: path.stat().st_mtime)
        text = "\n".join(path.read_text("utf-8", "replace").strip() for path in logs[-2:])
        return "\n".join(text.splitlines()[-15:])


def _recorded_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split("\n", 1)[0])


def _works_in(pid: int, data: Path) -> bool:
    """True if that process is alive and, where the system tells, works in this data directory."""
    try:
        if Path("/proc/self").exists():
            return os.path.samefile(f"/proc/{pid}/cwd", data)
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _is_gone(pid: int, data: Path) -> bool:
    """Wait for the end of that server; False when it takes too long."""
    deadline = time.monotonic() + _STOP_SECONDS
    while _works_in(pid, data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _pid_is_taken(data: Path) -> bool:
    """After a crash the recorded number may be another process (or an unreaped one) by now.

    PostgreSQL would give up. A free number is left to it: it then also looks for old sessions.
    """
    try:
        os.kill(_recorded_pid(data), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        pass
    return True
