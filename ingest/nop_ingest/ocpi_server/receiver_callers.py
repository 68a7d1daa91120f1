"""Who pushes to us: a token's connection, source and parties, remembered for less than a second."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from typing import NamedTuple

import msgspec
from litestar import Request
from litestar.types import Scope

from nop_ingest.ocpi_server.doorkeeper import require_admission
from nop_ingest.ocpi_server.envelope import CLIENT_ERROR, INVALID, AnyRequest, OcpiRefusal
from nop_registry.database import Connection
from nop_registry.database_threads import DatabaseThreads
from nop_registry.store.peer_parties import list_parties
from nop_registry.store.peers import Peer, note_token_use
from nop_registry.store.sources import find_source

REMEMBERED_S = 0.8
"""A token that is withdrawn opens nothing more after so long, nor does one that was renewed (CR-30
lets it live on for longer)."""
_NOTE_EVERY_S = 10.0  # that a token is in use
_MOST = 5000


class Caller(msgspec.Struct, frozen=True):
    """A connection that may deliver."""

    peer: Peer
    source_id: int
    source_name: str
    can_be_asked: bool
    """It has an interface that we read."""
    parties: dict[tuple[str, str], str]
    """'agreed' or 'quarantined', by (country_code, party_id)."""

    def require(self, country_code: str, party_id: str) -> None:
        """Raises OcpiRefusal 404 for a party whose objects this connection must not touch."""
        if self.parties.get((country_code, party_id)) != "agreed":
            raise OcpiRefusal(
                404, INVALID, f"{country_code}*{party_id} is not a party of this connection"
            )


class _Known(NamedTuple):
    asked_at: float
    task: asyncio.Task[Caller]


class Callers:
    """Remembers admissions by the digest of the header; one look-up at a time for each."""

    def __init__(self, database: DatabaseThreads) -> None:
        self._database = database
        self._known: dict[bytes, _Known] = {}
        self._next: dict[bytes, asyncio.Task[Caller]] = {}
        self._noted: dict[int, float] = {}

    async def find(self, authorization: bytes, scope: Scope) -> Caller:
        """Whom the request's token admits. Raises OcpiRefusal."""
        key = sha256(authorization).digest()
        known = self._known.get(key)
        age = time.monotonic() - known.asked_at if known else REMEMBERED_S
        if age >= REMEMBERED_S / 2 and key not in self._next:
            self._ask(key, Request(scope))  # in good time, so that a steady caller never waits
        if known is None or age >= REMEMBERED_S:
            return await asyncio.shield(self._next[key])
        return known.task.result()

    def _ask(self, key: bytes, request: AnyRequest) -> None:
        asked_at = time.monotonic()
        task = asyncio.create_task(
            self._database.run(lambda connection: self._look_up(connection, request))
        )
        self._next[key] = task

        def remember(done: asyncio.Task[Caller]) -> None:
            del self._next[key]
            if done.cancelled() or done.exception() is not None:
                self._known.pop(key, None)
                return
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = _Known(asked_at, done)

        task.add_done_callback(remember)

    def _look_up(self, connection: Connection, request: AnyRequest) -> Caller:
        admission = require_admission(connection, request)
        peer, now = admission.peer, time.monotonic()
        if admission.fresh or now - self._noted.get(peer.id, -_NOTE_EVERY_S) >= _NOTE_EVERY_S:
            note_token_use(connection, admission)
            self._noted[peer.id] = now
        source = None if peer.source_id is None else find_source(connection, peer.source_id)
        if source is None or not peer.supplies:
            raise OcpiRefusal(404, CLIENT_ERROR, "this connection delivers no data to us")
        parties = {(p.country_code, p.party_id): p.state for p in list_parties(connection, peer)}
        asked = source.versions_url is not None or bool(source.module_urls)
        return Caller(peer, source.id, source.name, asked, parties)
