"""Processes known by number and start time, so that a number used again is never mistaken."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Process(msgspec.Struct, frozen=True):
    """A process that nop started."""

    name: str
    pid: int
    started: str
    """Its start time, as the system spells it."""


def identify(name: str, pid: int) -> Process:
    """The process that now has this number; `started` is empty if there is none."""
    return Process(name, pid, _started(pid))


def is_alive(process: Process) -> bool:
    """False too when another process has got the number since."""
    return bool(process.started) and _started(process.pid) == process.started


def stop(processes: Sequence[Process], seconds: float) -> list[Process]:
    """Ask these processes to end, then after `seconds` end them with all they started.

    Returns those that were alive.
    """
    alive = [process for process in processes if is_alive(process)]
    for process in alive:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(map(is_alive, alive)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in alive:
        if is_alive(process):
            _signal(process, signal.SIGKILL)
    while any(map(is_alive, alive)) and time.monotonic() < deadline + 5:
        time.sleep(0.05)
    return alive


def _signal(process: Process, number: signal.Signals) -> None:
    """To the process; a deadly signal also to its group, if it leads one."""
    try:
        if number == signal.SIGKILL and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
    except ProcessLookupError:
        pass  # it ended just now


def _started(pid: int) -> str:
    """Empty when there is no such process, or when it has ended and waits to be reaped."""
    if Path("/proc/self/stat").exists():
        try:
            # The name in brackets may hold any bytes; after it come the state and 18 more fields.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == b"Z" else fields[19].decode()
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own command
