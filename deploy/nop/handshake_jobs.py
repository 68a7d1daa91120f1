"""What the worker does for OCPI connections: put-off call-backs, hubs' lists, new tokens."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Literal

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued

from nop_ingest.ocpi import client_info, handshake
from nop_ingest.ocpi.credentials_object import our_party
from nop_registry.database import Connection, connect
from nop_registry.errors import NopError
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import handshakes, peers

log = structlog.get_logger()
_CALL_BACK_AGAIN = timedelta(minutes=10)
_READ_AGAIN = timedelta(hours=1)
Act = Literal["call_back", "rotate", "read_parties"]


def add_task(jobs: App, url: str, settings: Settings) -> None:
    """Teach the queue the task `handshake`."""
    key = load_key(settings)

    @jobs.task(name="handshake", queue="handshake")
    def shake_hands(name: str, act: Act) -> None:
        with connect(url) as connection:
            do(connection, settings, key, name, act)


def do(connection: Connection, settings: Settings, key: bytes, name: str, act: Act) -> None:
    """One handshake that is due. What the peer does wrong is told in its transcript and the log."""
    peer = peers.get_peer(connection, name)
    connection.commit()
    try:
        if act == "call_back":
            handshake.call_back(connection, peer, key=key)
        elif act == "read_parties":
            client_info.read_hub(connection, peer, key=key)
        else:
            handshake.rotate(connection, peer, us=our_party(settings), key=key)
    except NopError as error:
        log.warning("handshake failed", peer=name, act=act, reason=str(error))
        with connection.transaction():
            if act == "call_back":
                handshakes.put_callback_off(connection, peer, _CALL_BACK_AGAIN)
            elif act == "read_parties":
                again = datetime.now(UTC) - timedelta(days=1) + _READ_AGAIN
                handshakes.note_parties_read(connection, peer, again)
            else:
                handshakes.put_rotation_off(connection, name, settings.rotate_days or 30)


def list_due(
    connection: psycopg.Connection[tuple[object, ...]], settings: Settings
) -> list[tuple[str, Act]]:
    """Names of the connections, and what is due with them. Renewal is off unless set (CR-31)."""
    due: list[tuple[str, Act]] = [
        (name, "call_back") for name in handshakes.list_callbacks_due(connection)
    ]
    due += [(name, "read_parties") for name in handshakes.list_hubs_to_read(connection)]
    if settings.rotate_days is not None:
        names = handshakes.list_to_rotate(connection, settings.rotate_days)
        due += [(name, "rotate") for name in names]
    return due


async def enqueue(jobs: App, due: list[tuple[str, Act]]) -> None:
    """Each once: a queued or running handshake is not doubled."""
    for name, act in due:
        lock = f"handshake:{name}"
        with contextlib.suppress(AlreadyEnqueued):
            await jobs.configure_task("handshake", lock=lock, queueing_lock=lock).defer_async(
                name=name, act=act
            )
