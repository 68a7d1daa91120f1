"""Whose data each source brings: what a person bound it to, and what is agreed with its peer."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from psycopg.rows import class_row

from nop_registry.access import Principal, reaches
from nop_registry.database import Connection
from nop_registry.store.peer_parties import parse_binding


class OwnedSource(msgspec.Struct, frozen=True):
    """A source as a decision about access needs it."""

    id: int
    name: str
    parties: frozenset[str]
    """Texts such as `IN*ABC`, or `FR*`: every party of the country."""


_SELECT = """
SELECT s.id, s.name, coalesce(o.parties, '{}') AS parties
FROM source s LEFT JOIN source_owners o ON o.source_id = s.id """


class _Row(msgspec.Struct):
    id: int
    name: str
    parties: list[str]


def find_owned(connection: Connection, name: str) -> OwnedSource | None:
    """The source of that name with its parties."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        row = cursor.execute(_SELECT + "WHERE s.name = %s", (name,)).fetchone()
    return _owned(row) if row else None


def find_owned_by_id(connection: Connection, source_id: int) -> OwnedSource | None:
    """The source of that number with its parties."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        row = cursor.execute(_SELECT + "WHERE s.id = %s", (source_id,)).fetchone()
    return _owned(row) if row else None


def list_reachable(connection: Connection, principal: Principal) -> list[OwnedSource]:
    """Every source that the principal may see, by name."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        rows = cursor.execute(_SELECT + "ORDER BY s.name").fetchall()
    return [source for source in map(_owned, rows) if reaches(principal, source)]


def bind_source(connection: Connection, source_id: int, parties: Iterable[str]) -> None:
    """Say whose data the source brings, besides what was said before. Raises InvalidInput."""
    for party in parties:
        country, party_id = parse_binding(party)
        connection.execute(
            """INSERT INTO source_party (source_id, country_code, party_id) VALUES (%s, %s, %s)
               ON CONFLICT DO NOTHING""",
            (source_id, country, party_id),
        )


def _owned(row: _Row) -> OwnedSource:
    return OwnedSource(row.id, row.name, frozenset(row.parties))
