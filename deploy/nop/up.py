"""`nop up` and `nop down`: the whole platform as one thing that starts, stays and stops."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import msgspec

from nop import processes
from nop.children import Child
from nop.cluster import Cluster, Say
from nop.migration import bring_schema_forward
from nop.processes import Process
from nop_registry.errors import NopError, SettingsError
from nop_registry.settings import Settings

_READY_SECONDS = 120.0
_WEB_FAILURES = 3
"""So often the web server may end before the start is given up."""
_STOP_SECONDS = 25.0
"""Long enough for a worker to finish the transaction it is in."""


class NotReady(NopError):
    """The platform was started but does not answer; the text has the end of the log."""


class Record(msgspec.Struct):
    """What runs for this NOP_HOME (file up.json): `nop down` stops this and nothing else."""

    supervisor: Process
    address: str
    ready: bool = False
    started_cluster: bool = False
    children: list[Process] = []


def read_record(settings: Settings) -> Record | None:
    """What was started last, running or not."""
    try:
        return msgspec.json.decode(_record_path(settings).read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return None


def running(settings: Settings) -> Record | None:
    """What runs now."""
    record = read_record(settings)
    return record if record and processes.is_alive(record.supervisor) else None


def address(settings: Settings) -> str:
    """The platform's address as a browser on this machine spells it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not listened on
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def bring_up(settings: Settings, say: Say, when_ready: Callable[[Record], None]) -> None:
    """Start everything, call `when_ready`, stay until SIGINT or SIGTERM, stop everything.

    Raises SettingsError when it already runs or the port is taken, NotReady when it does not come
    up, and what the database raises.
    """
    with _only_one(settings):
        _Platform(settings, say).run(when_ready)


def bring_up_detached(settings: Settings, echo: Say) -> Record:
    """Start everything in the background; return when it answers, or when it already does.

    What the background process says until then goes to `echo`, piece by piece. Raises NotReady.
    """
    if other := running(settings):
        return _wait_until_ready(settings, other.supervisor)
    _make_log_directory(settings)
    log = settings.home / "log/up.log"
    with log.open("ab") as errors, log.open("rb") as news:
        news.seek(0, os.SEEK_END)
        started = subprocess.Popen(
            [sys.executable, "-m", "nop", "up"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        supervisor = processes.identify("up", started.pid)
        while started.poll() is None:
            echo(news.read().decode("utf-8", "replace"))
            record = running(settings)
            if record and record.supervisor == supervisor and record.ready:
                return record
            time.sleep(0.1)
        if other := running(settings):
            return _wait_until_ready(settings, other.supervisor)  # the other of two was quicker
        echo(news.read().decode("utf-8", "replace"))
    raise NotReady(f"the platform did not start; the reason is above and in {log}")


def bring_down(settings: Settings) -> list[str]:
    """Stop what was started for this NOP_HOME. Returns the names of what was running."""
    record = read_record(settings)
    stopped: set[str] = set()
    if record is not None:
        # The supervisor stops its children and its cluster; what is left is a crash's.
        if processes.stop([record.supervisor], _STOP_SECONDS * 2):
            stopped.update(child.name for child in record.children)
            stopped.update(["database"] * record.started_cluster)
        stopped.update(child.name for child in processes.stop(record.children, _STOP_SECONDS))
    if Cluster(settings.home).stop():
        stopped.add("database")
    _record_path(settings).unlink(missing_ok=True)
    return sorted(stopped)


class _Platform:
    """The supervisor's state between start and stop."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._children: list[Child] = []
        self._stopping = False
        self._record = Record(processes.identify("up", os.getpid()), address(settings))

    def run(self, when_ready: Callable[[Record], None]) -> None:
        os.umask(0o077)  # logs and keys are the operator's alone
        self._take_over_after_a_crash()
        _refuse_taken_port(self._settings)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish counts
                signal.signal(number, self._on_signal)
        try:
            self._write_record()
            self._start_children(self._prepare_database())
            if self._wait_until_ready():
                self._record.ready = True
                self._write_record()
                when_ready(self._record)
            while not self._stopping:
                self._watch()
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _take_over_after_a_crash(self) -> None:
        """A killed supervisor leaves children, and a cluster that is now ours to stop."""
        left = read_record(self._settings)
        if left is not None:
            self._record.started_cluster = left.started_cluster
            for process in processes.stop(left.children, _STOP_SECONDS):
                self._say(f"stopped {process.name} (process {process.pid}), left by a crash")

    def _prepare_database(self) -> str:
        url = self._settings.database_url
        if url is None:
            cluster = Cluster(self._settings.home)
            if cluster.start(self._say):
                self._record.started_cluster = True
                self._write_record()
            url = cluster.url()
        bring_schema_forward(url, self._settings.country)
        return url

    def _start_children(self, url: str) -> None:
        environment = {**os.environ, "NOP_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
        # The demo's operators listen before the worker pulls from them.
        for name in ("web", "demo", "worker") if self._settings.demo else ("web", "worker"):
            if self._stopping:
                return
            child = Child(name, self._settings.home, environment)
            child.start()
            self._children.append(child)
            self._write_record()

    def _wait_until_ready(self) -> bool:
        """False when a signal came first."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self._stopping:
            if _answers(self._settings):
                return True
            web = self._children[0]
            if time.monotonic() > deadline or web.failures >= _WEB_FAILURES:
                raise NotReady(
                    f"{self._record.address}/health/ready does not answer; "
                    f"the end of {web.log}:\n{web.log_tail(15)}"
                )
            self._watch()
        return False

    def _watch(self) -> None:
        for child in self._children:
            if news := child.check():
                self._say(news)
        if self._running() != self._record.children:
            self._write_record()
        time.sleep(0.2)

    def _running(self) -> list[Process]:
        return [child.process for child in self._children if child.process]

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        processes.stop(self._running(), _STOP_SECONDS)
        for child in self._children:
            child.reap()
        if self._record.started_cluster:
            Cluster(self._settings.home).stop()
        _record_path(self._settings).unlink(missing_ok=True)

    def _write_record(self) -> None:
        self._record.children = self._running()
        path = _record_path(self._settings)
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(self._record))
        unfinished.replace(path)


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Two supervisors of one NOP_HOME at once: the second one is told where the first one is."""
    _make_log_directory(settings)
    with (settings.home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            record = running(settings)
            where = f" at {record.address}" if record else ""
            raise SettingsError(
                f"the platform of {settings.home} already runs{where}: stop it with `nop down`, "
                "or give the second one its own NOP_HOME and NOP_PORT"
            ) from error
        yield


def _wait_until_ready(settings: Settings, supervisor: Process) -> Record:
    while processes.is_alive(supervisor):
        record = running(settings)
        if record and record.ready:
            return record
        time.sleep(0.1)
    raise NotReady(f"the platform that was just starting has ended: see {settings.home}/log")


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"cannot serve on {settings.host} port {settings.port} ({error.strerror}): "
                "stop what uses it, or set NOP_PORT and NOP_HOST"
            ) from error


def _answers(settings: Settings) -> bool:
    host = address(settings).removeprefix("http://").rpartition(":")[0].strip("[]")
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    return False


def _make_log_directory(settings: Settings) -> None:
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (settings.home / "log").mkdir(exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot write to {settings.home} ({error.strerror}): "
            "set NOP_HOME to a directory of your own"
        ) from error


def _record_path(settings: Settings) -> Path:
    return settings.home / "up.json"
