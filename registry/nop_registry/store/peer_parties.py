"""Whose objects a connection may deliver: agreed at onboarding, or quarantined until approved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from typing import NamedTuple

import msgspec
from psycopg.rows import class_row

from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store.party_names import renaming
from nop_registry.store.peers import Peer, agreed_parties
from nop_registry.store.sites import refresh_sites
from nop_registry.store.sources import ask_for_all

_SILENT = ("OFFLINE", "SUSPENDED")


class Noted(Enum):
    """What became of a word about a party."""

    NEW = "new"
    UPDATED = "updated"
    STALE = "stale"
    """We know something newer."""


class NamedParty(NamedTuple):
    """A party as a peer names it."""

    country_code: str
    party_id: str
    role: str | None = None
    name: str | None = None


class PartyInfo(msgspec.Struct, frozen=True):
    """A party of a connection."""

    country_code: str
    party_id: str
    state: str
    role: str | None
    name: str | None
    connection: str | None
    """What a hub says of it: CONNECTED, OFFLINE, PLANNED, SUSPENDED."""
    last_updated: datetime | None
    seen_objects: int


_COLUMNS = ", ".join(PartyInfo.__struct_fields__)


def parse_party(text: str) -> tuple[str, str]:
    """`IN*ABC`, `IN-ABC` or `INABC` as (country_code, party_id). Raises InvalidInput."""
    plain = text.strip().upper().replace("*", "").replace("-", "")
    if len(plain) != 5 or not plain.isascii() or not plain.isalnum() or not plain[:2].isalpha():
        raise InvalidInput(f"write a party as country and id, such as IN*ABC, not {text!r}")
    return plain[:2], plain[2:]


def parse_binding(text: str) -> tuple[str, str]:
    """A party, or `FR*` for every party of a country: then without a party_id. Raises InvalidInput.

    >>> parse_binding("fr-abc"), parse_binding("FR*")
    (('FR', 'ABC'), ('FR', ''))
    """
    country = text.strip().upper().removesuffix("*")
    if len(country) == 2 and country.isascii() and country.isalpha() and "*" in text:
        return country, ""
    return parse_party(text)


def agree(connection: Connection, peer: Peer, parties: Iterable[tuple[str, str]]) -> None:
    """A person says that this peer may deliver these parties' objects."""
    agreed = list(parties)
    with _letting_in(connection, peer, agreed), connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO peer_party (peer_id, country_code, party_id, state)
               VALUES (%s, %s, %s, 'agreed')
               ON CONFLICT (peer_id, country_code, party_id) DO UPDATE SET state = 'agreed'""",
            [(peer.id, country, party) for country, party in agreed],
        )


def note_parties(connection: Connection, peer: Peer, parties: Iterable[NamedParty]) -> list[str]:
    """Parties that the peer names of itself; returns those in quarantine, such as `IN*ABC`.

    One that was not agreed on is quarantined (CR-13). What a hub lists is agreed on (RT-5), unless
    another connection, or a feed without one, delivers that party already: a hub must not take over
    a neighbour's objects. Of a party's roles the CPO's name counts: it is the operator's.
    """
    named = sorted(parties, key=lambda party: party.role == "CPO")  # the last one stays
    keys = [(party.country_code, party.party_id) for party in named]
    with _letting_in(connection, peer, keys), connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO peer_party AS p (peer_id, country_code, party_id, state, role, name)
               SELECT %(peer)s, %(country)s, %(party)s,
                      CASE WHEN %(hub)s AND NOT EXISTS (
                          SELECT FROM peer_party o WHERE o.peer_id <> %(peer)s
                            AND (o.country_code, o.party_id, o.state)
                                = (%(country)s, %(party)s, 'agreed'))
                        AND NOT EXISTS (
                          SELECT FROM emission_count c
                          WHERE c.source_id IS DISTINCT FROM %(source)s AND c.listed > 0
                            AND (c.country_code, c.party_id) = (%(country)s, %(party)s))
                      THEN 'agreed' ELSE 'quarantined' END, %(role)s, %(name)s
               ON CONFLICT (peer_id, country_code, party_id) DO UPDATE
               SET role = coalesce(excluded.role, p.role),
                   name = coalesce(excluded.name, p.name)""",
            [
                {"peer": peer.id, "source": peer.source_id, "hub": peer.is_hub,
                 "country": found.country_code, "party": found.party_id,
                 "role": found.role, "name": found.name}
                for found in named
            ],
        )  # fmt: skip
    waiting = {(p.country_code, p.party_id) for p in list_parties(connection, peer)
               if p.state == "quarantined"}  # fmt: skip
    return sorted({f"{p.country_code}*{p.party_id}" for p in named
                   if (p.country_code, p.party_id) in waiting})  # fmt: skip


def approve(connection: Connection, peer: Peer, party: tuple[str, str]) -> None:
    """A person lets a quarantined party in. Raises NotFound."""
    with _letting_in(connection, peer, [party]):
        done = connection.execute(
            """UPDATE peer_party SET state = 'agreed'
               WHERE (peer_id, country_code, party_id) = (%s, %s, %s)""",
            (peer.id, *party),
        )
    if done.rowcount == 0:
        raise NotFound(
            f"{peer.name} has named no party {'*'.join(party)}; `nop peer show {peer.name}` lists "
            "those it has"
        )


@contextmanager
def _letting_in(
    connection: Connection, peer: Peer, parties: Collection[tuple[str, str]]
) -> Iterator[None]:
    """Around what may let parties in: what of theirs was passed over is then asked for."""
    before = agreed_parties(connection, peer)
    with renaming(connection, peer, parties):
        yield
    if peer.source_id is not None and agreed_parties(connection, peer) - before:
        ask_for_all(connection, peer.source_id)


def withdraw(connection: Connection, peer: Peer, party: tuple[str, str]) -> None:
    """A person no longer agrees on a party: its objects are refused from now on, until approved.

    What was delivered stays, and goes by absence as any object that comes no more. Raises NotFound.
    """
    with renaming(connection, peer, [party]):
        done = connection.execute(
            """UPDATE peer_party SET state = 'quarantined', seen_objects = 0
               WHERE (peer_id, country_code, party_id, state) = (%s, %s, %s, 'agreed')""",
            (peer.id, *party),
        )
    if done.rowcount == 0:
        raise NotFound(
            f"{'*'.join(party)} is not agreed on with {peer.name}; `nop peer show {peer.name}` "
            "lists those that are"
        )


def list_parties(connection: Connection, peer: Peer) -> list[PartyInfo]:
    """All parties of a connection."""
    with connection.cursor(row_factory=class_row(PartyInfo)) as cursor:
        return cursor.execute(
            f"""SELECT {_COLUMNS} FROM peer_party WHERE peer_id = %s
                ORDER BY country_code, party_id""",  # noqa: S608 - our own column names
            (peer.id,),
        ).fetchall()


def note_client_info(
    connection: Connection,
    peer: Peer,
    party: NamedParty,
    status: str,
    last_updated: datetime,
) -> Noted:
    """Keep what a hub says of one of its parties (RT-4).

    While the party is OFFLINE or SUSPENDED, its EVSEs are not confirmed by pulls: their statuses
    become stale, and nothing is deleted (RT-5).
    """
    key = (peer.id, party.country_code, party.party_id)
    before = connection.execute(
        """SELECT connection FROM peer_party
           WHERE (peer_id, country_code, party_id) = (%s, %s, %s)""",
        key,
    ).fetchone()
    note_parties(connection, peer, [party])
    applied = connection.execute(
        """UPDATE peer_party SET connection = %s, last_updated = %s
           WHERE (peer_id, country_code, party_id) = (%s, %s, %s)
             AND (last_updated IS NULL OR last_updated <= %s)""",
        (status, last_updated, *key, last_updated),
    )
    if applied.rowcount == 0:
        return Noted.STALE
    if peer.source_id is not None:
        act = _FALL_SILENT if status in _SILENT else _SPEAK_AGAIN
        moved = [n for (n,) in connection.execute(act, (peer.source_id, *key[1:]))]
        if moved:
            announce(connection, moved, (), refresh_sites(connection, moved))
    return Noted.UPDATED if before and before[0] else Noted.NEW


# `missing_since` is what the one rule of staleness (view evse_status_now) goes by: while it is set,
# a complete pull of the source says nothing about the location.
_FALL_SILENT = """
UPDATE location SET missing_since = now()
WHERE source_id = %s AND country_code = %s AND party_id = %s
  AND missing_since IS NULL AND retired_at IS NULL RETURNING id"""

_SPEAK_AGAIN = """
UPDATE location l SET missing_since = NULL FROM source_object o
WHERE l.source_id = %s AND l.country_code = %s AND l.party_id = %s
  AND o.id = l.id AND o.missing_pulls = 0 AND l.missing_since IS NOT NULL RETURNING l.id"""
