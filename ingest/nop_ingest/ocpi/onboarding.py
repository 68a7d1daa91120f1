"""How a connection begins: by our invitation, by theirs, or with tokens agreed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from nop_ingest.ocpi.tokens import new_token, token_digest
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import seal
from nop_registry.store import handshakes, peer_parties, sources
from nop_registry.store.peers import (
    Peer,
    Purpose,
    add_peer,
    add_token,
    change_terms,
    drop_tokens,
    get_peer,
    token_purpose,
)

_NOT_YET = "not registered yet"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed with a party before anything is exchanged (RO-3)."""

    purpose: Purpose = "supplier"
    parties: tuple[tuple[str, str], ...] = ()
    """(country_code, party_id) of those whose objects it may deliver."""
    country: str
    """Of its source, ISO 3166 alpha-2."""
    simulated: bool = False
    """A new source is labelled so, everywhere and for ever."""
    our_role: str | None = None
    """NAP unless told otherwise. Here and below None: as it was, or as is usual."""
    is_hub: bool | None = None
    allow_loopback: bool | None = None
    deferred_callback: bool | None = None
    scope: dict[str, Any] | None = None
    requests_per_minute: int | None = None


def find_or_add_peer(connection: Connection, name: str, terms: Terms) -> Peer:
    """The connection of that name on these terms; for a known one those that are given.

    Parties are added. A supplier has the source of the same name, which nothing is pulled from
    yet. Raises InvalidInput.
    """
    try:
        peer = get_peer(connection, name)
        if peer.purpose != terms.purpose:
            raise InvalidInput(
                f"{name} is a {peer.purpose}; choose another name for a {terms.purpose}"
            )
        change_terms(
            connection,
            peer,
            is_hub=terms.is_hub,
            our_role=terms.our_role,
            allow_loopback=terms.allow_loopback,
            deferred_callback=terms.deferred_callback,
            scope=terms.scope,
            requests_per_minute=terms.requests_per_minute,
        )
        peer = get_peer(connection, name)
    except NotFound:
        supplies = terms.purpose != "consumer"
        source_id = _find_or_add_source(connection, name, terms) if supplies else None
        peer = add_peer(
            connection,
            name=name,
            purpose=terms.purpose,
            source_id=source_id,
            our_role=terms.our_role or "NAP",
            is_hub=bool(terms.is_hub),
            allow_loopback=bool(terms.allow_loopback),
            deferred_callback=bool(terms.deferred_callback),
            scope=terms.scope,
            requests_per_minute=terms.requests_per_minute or 600,
        )
    peer_parties.agree(connection, peer, terms.parties)
    return peer


def invite(connection: Connection, peer: Peer, *, expires_in: timedelta) -> tuple[str, datetime]:
    """A new token A for a peer, in clear, and when it ends. Earlier ones end now.

    Nothing else changes: a peer that lost our answer is invited again. Raises InvalidInput.
    """
    if peer.state == "static":
        raise InvalidInput(f"{peer.name} has tokens agreed by hand: `nop peer unregister` it first")
    token = new_token()
    expires_at = datetime.now(UTC) + expires_in
    drop_tokens(connection, peer, "registration")
    add_token(connection, peer, token_digest(token), "registration", expires_at=expires_at)
    if peer.state == "unregistered":
        handshakes.set_state(connection, peer, "invited")
    return token, expires_at


def agree_by_hand(
    connection: Connection,
    peer: Peer,
    *,
    they_send: str | None,
    we_send: str | None,
    versions_url: str | None,
    key: bytes,
) -> str | None:
    """Tokens exchanged outside OCPI, without the credentials module (CR-34).

    `they_send` None: one is made and returned, in clear. `we_send` and `versions_url`: also pull
    from them. Given again, the new token replaces the old one with its first use. Raises
    InvalidInput.
    """
    if peer.state == "registered":
        raise InvalidInput(f"{peer.name} is registered: `nop peer unregister {peer.name}` first")
    if they_send is not None and len(they_send) < 16:
        raise InvalidInput("the token they send can be guessed: take at least 16 characters")
    made = new_token() if they_send is None else None
    drop_tokens(connection, peer, "registration")
    add_token(connection, peer, token_digest(they_send or made or ""), "access")
    sealed = seal(we_send, key=key, purpose=token_purpose(peer.name)) if we_send else None
    handshakes.set_static(connection, peer, versions_url=versions_url, token_sealed=sealed)
    if peer.source_id is not None and versions_url:
        handshakes.feed_source(
            connection, peer.source_id, versions_url=versions_url, token=we_send, key=key
        )
    elif peer.source_id is not None:
        handshakes.await_pushes(connection, peer.source_id)
    return made


def _find_or_add_source(connection: Connection, name: str, terms: Terms) -> int:
    """Disabled while there is nothing to pull; a feed that is read already goes on as it is."""
    try:
        found = sources.get_source(connection, name)
    except NotFound:
        found = sources.add_source(
            connection,
            name=name,
            kind="ocpi",
            country_code=terms.country,
            allow_loopback=bool(terms.allow_loopback),
            simulated=terms.simulated,
        )
        handshakes.disable_source(connection, found.id, _NOT_YET)
    if found.kind != "ocpi":
        raise InvalidInput(f"the source {name!r} delivers files; choose another name")
    return found.id


def parties_of(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """`IN*ABC,IN*DEF` and the like, given once or several times. Raises InvalidInput."""
    return tuple(
        peer_parties.parse_party(part) for text in texts for part in text.split(",") if part.strip()
    )
