"""What the worker does for access: hourly seals over the audit log, and forgetting what is over."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec
import structlog

from nop_registry.database import Connection
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import rates, sessions
from nop_registry.store.audit_seals import LogBusy, Seal, list_seals, seal_events

log = structlog.get_logger()
_TRIES = 5


def seals_file(settings: Settings) -> Path:
    """Where seals are kept outside the database: copy it to where the database's owner cannot."""
    return settings.home / "audit-seals.jsonl"


def seal(connection: Connection, settings: Settings) -> Seal | None:
    """Seal what was written since the last time; None: nothing, or somebody writes all the time."""
    made = _seal(connection, load_key(settings))
    _keep_copies(list_seals(connection), seals_file(settings))
    return made


def _seal(connection: Connection, key: bytes) -> Seal | None:
    for _ in range(_TRIES):
        with contextlib.suppress(LogBusy):
            return seal_events(connection, key)
    log.warning("the audit log is busy: it is sealed the next time")
    return None


def _keep_copies(seals: list[Seal], path: Path) -> None:
    """Append to the file what it lacks: also what an earlier time, cut short, did not write."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    last = msgspec.json.decode(lines[-1])["number"] if lines else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "ab") as file:
        file.writelines(seal.line() for seal in seals if seal.number > last)
        file.flush()
        os.fsync(file.fileno())


def tidy(connection: Connection) -> None:
    """Forget sessions that are over and callers who have not come back."""
    sessions.tidy(connection)
    rates.tidy(connection)
