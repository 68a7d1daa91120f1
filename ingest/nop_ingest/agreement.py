"""What was agreed with whoever delivers a source: version, parties, and who is at both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.ocpi.quirks import party_in
from nop_ingest.ocpi.routing import Party, Routing
from nop_registry.database import Connection
from nop_registry.settings import load
from nop_registry.store.peers import Peer, agreed_parties, find_peer_of_source
from nop_registry.store.sources import Source


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A source without a connection (an open feed, a static token) has agreed on nothing."""

    peer: Peer | None
    version: str | None
    """The only one to read; None: the best one that is offered."""
    parties: frozenset[Party] | None
    """Whose objects are taken; None: whoever's."""
    owner: Party | None
    """Of objects that name none, as in OCPI 2.1.1."""
    routing: Routing

    def quirks(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """A source's quirks, with the version that was agreed on unless a person chose another."""
        agreed = {"version": self.version} if self.version else {}
        return {**agreed, **known}

    def has_grown(self, connection: Connection) -> bool:
        """A party was let in since: what came of it until then was passed over."""
        if self.peer is None or self.parties is None:
            return False
        return bool(agreed_parties(connection, self.peer) - self.parties)


def find_agreement(connection: Connection, source: Source, country: str) -> Agreement:
    """The agreement behind a source. `country` is that of the nation served."""
    us = (country, load().party_id)
    named, hub = party_in(source.quirks, "party"), party_in(source.quirks, "hub")
    peer = find_peer_of_source(connection, source.id)
    if peer is None:
        routing = Routing(us=us, party=named, hub=hub)
        return Agreement(peer=None, version=None, parties=None, owner=named, routing=routing)
    parties = frozenset(agreed_parties(connection, peer))
    first = _party_of_role(peer, "CPO")
    if first is None and len(parties) == 1:
        (first,) = parties
    return Agreement(
        peer=peer,
        version=peer.version,
        parties=parties,
        owner=named or first,
        routing=Routing(us=us, party=first or named, hub=hub or _hub_of(peer)),
    )


def _hub_of(peer: Peer) -> Party | None:
    """The hub's own party. 2.2.1: its role HUB; 2.3.0: hub_party_id."""
    return _party_of_role(peer, "HUB") if peer.is_hub else None


def _party_of_role(peer: Peer, wanted: str) -> Party | None:
    for role in peer.roles:
        if str(role.get("role") or wanted).upper() == wanted:  # 2.1.1 names no role
            country = country_code_of(role.get("country_code"))
            party = party_id_of(role.get("party_id"))
            if country and party:
                return country, party
    return None
