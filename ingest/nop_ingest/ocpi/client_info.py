"""HubClientInfo: which parties a hub reaches, as pushed and as listed (ocpi.md RT-4)."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from nop_ingest.normalise.text import clean
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.envelope import parse_clock
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import handshakes, peer_parties
from nop_registry.store.peer_parties import NamedParty, parse_party
from nop_registry.store.peers import Peer

STATUSES = ("CONNECTED", "OFFLINE", "PLANNED", "SUSPENDED")
_AHEAD = timedelta(minutes=5)  # as RE-8: a wrong clock must not block a party for ever


class ClientInfo(msgspec.Struct, frozen=True):
    """One party as a hub sees it."""

    party: NamedParty
    status: str
    last_updated: datetime


def read_client_info(raw: bytes | msgspec.Raw, received_at: datetime) -> ClientInfo:
    """Read a ClientInfo object; without last_updated it is of now. Raises InvalidInput."""
    try:
        data: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidInput("the body must be a ClientInfo object in JSON")
    country, party = parse_party(f"{data.get('country_code')}*{data.get('party_id')}")
    status = str(data.get("status", "")).strip().upper()
    if status not in STATUSES:
        raise InvalidInput(f"status must be one of {', '.join(STATUSES)}")
    role = data.get("role")
    said = data.get("last_updated")
    at = parse_clock(said) if isinstance(said, str) else None
    if at is None or at > received_at + _AHEAD:
        at = received_at
    named = NamedParty(country, party, (clean(role) or "").upper()[:20] or None
                       if isinstance(role, str) else None)  # fmt: skip
    return ClientInfo(named, status, at)


def read_hub(connection: Connection, peer: Peer, *, key: bytes) -> int:
    """Take a hub's whole list from its Sender interface; returns how many parties it names.

    Commits by itself, page by page. Raises an OcpiError.
    """
    received_at = datetime.now(UTC)
    with connection.transaction():
        quirks = handshakes.peer_quirks(connection, peer)  # a copy: the pull keeps what is learnt
    count = 0
    with OcpiPeer(
        peer.versions_url or "", peer.token(key), allow_loopback=peer.allow_loopback,
        quirks={"version": peer.version, **quirks},
    ) as reader:  # fmt: skip
        for page in reader.pages("hubclientinfo"):
            with connection.transaction():
                for item in page.items:
                    with contextlib.suppress(InvalidInput):  # must not cost the others
                        _note(connection, peer, read_client_info(item, received_at))
                        count += 1
    with connection.transaction():
        handshakes.note_parties_read(connection, peer, received_at)
    return count


def _note(connection: Connection, peer: Peer, info: ClientInfo) -> None:
    peer_parties.note_client_info(connection, peer, info.party, info.status, info.last_updated)
