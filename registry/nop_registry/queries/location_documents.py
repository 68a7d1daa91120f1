"""Locations and EVSEs as ready JSON: any selection of their fields, written by SQL.

One statement for an object and for a list whose documents were shown before; two for others.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg.types.numeric import Int8

from nop_registry.database import AsyncConnection
from nop_registry.identifiers import canonical_evse_id
from nop_registry.queries.json_rows import member, read_json, selected_sql
from nop_registry.queries.location_lists import read_list
from nop_registry.queries.location_search import LocationQuery
from nop_registry.shapes.public import LIVE_EVSE
from nop_registry.shapes.selection import Pick

ONE_LOCATION = "FROM location l JOIN site ON site.location_id = l.id"
"""Public locations."""

BEST_EVSE = f"""FROM evse e
JOIN evse_status_now n ON n.evse_id = e.id AND n.location_id = e.location_id
JOIN site ON site.location_id = e.location_id
WHERE e.evse_id_canonical = %(canonical)s::text AND {LIVE_EVSE}
ORDER BY n.is_stale, n.last_seen_at DESC, e.id LIMIT 1"""
"""Of the public EVSEs with one canonical id, the one heard of last."""


class LocationById(msgspec.Struct, frozen=True):
    """One location by its number as text; null when there is none."""

    id: str


class EvseByEvseId(msgspec.Struct, frozen=True):
    """The EVSE of this public id in any spelling; of several the one heard of last, else null."""

    evse_id: str


class Wanted(msgspec.Struct, frozen=True):
    """One member of the answer: its key, the question, and the fields wanted."""

    key: str
    question: LocationQuery | LocationById | EvseByEvseId
    picks: tuple[Pick, ...]


async def read_documents(connection: AsyncConnection, wanted: Sequence[Wanted]) -> list[bytes]:
    """A JSON object with one member for each, in order, in pieces to be joined once.

    A list is a Relay connection. Raises NotSelectable for a field that SQL cannot answer,
    InvalidInput for a question without sense.
    """
    out: list[bytes] = []
    for number, one in enumerate(wanted):
        out.append(member(number, one.key))
        match one.question:
            case LocationQuery() as query:
                out += await read_list(connection, query, one.picks)
            case LocationById(id):
                out.append(await _read_location(connection, id, one.picks))
            case EvseByEvseId(evse_id):
                out.append(await _read_evse(connection, evse_id, one.picks))
    out.append(b"}" if wanted else b"{}")
    return out


def location_number(text: str) -> int | None:
    """The number that a public location id stands for; None when it is no such id."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number else None


async def _read_location(connection: AsyncConnection, id: str, picks: tuple[Pick, ...]) -> bytes:
    sql = f"SELECT {selected_sql('location', picks)} {ONE_LOCATION} WHERE l.id = %(id)s"
    rows = await read_json(connection, sql, {"id": Int8(location_number(id) or 0)})
    return rows[0][0] if rows else b"null"


async def _read_evse(connection: AsyncConnection, evse_id: str, picks: tuple[Pick, ...]) -> bytes:
    sql = f"SELECT {selected_sql('evse', picks)} {BEST_EVSE}"
    rows = await read_json(connection, sql, {"canonical": canonical_evse_id(evse_id)})
    return rows[0][0] if rows else b"null"
