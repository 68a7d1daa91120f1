"""Locations and EVSEs as ready JSON: any selection of their fields, one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8

from nop_registry.database import AsyncConnection
from nop_registry.identifiers import canonical_evse_id
from nop_registry.queries.location_search import LocationQuery, search_sql
from nop_registry.queries.public_shapes import LIVE_EVSE, SHAPES
from nop_registry.queries.selection import Pick, object_sql


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


async def read_documents(connection: AsyncConnection, wanted: Sequence[Wanted]) -> bytes:
    """A JSON object with one member for each, in order, read by one statement.

    Raises NotSelectable for a field that SQL cannot answer, InvalidInput for a wrong question.
    """
    values: dict[str, Any] = {}
    members = [
        f"""'{"," if number else "{"}"{member.key}":', {_member_sql(member, values, f"_{number}")}"""
        for number, member in enumerate(wanted)
    ]
    async with connection.cursor() as cursor:
        cursor.adapters.register_loader("text", _Bytes)
        await cursor.execute(f"SELECT concat({', '.join(members)}, '}}')", values, prepare=True)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - no FROM: one row
    return bytes(row[0])


class _Bytes(Loader):
    """Text as the bytes that the server sent: they go into the answer as they are."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


def _member_sql(member: Wanted, values: dict[str, Any], suffix: str) -> str:
    match member.question:
        case LocationQuery() as query:
            page = _object("location_connection", member.picks)
            return f"(WITH {search_sql(query, values, suffix)} SELECT {page})"
        case LocationById(text):
            values[f"id{suffix}"] = Int8(location_number(text) or 0)
            found = f"{ONE_LOCATION} WHERE l.id = %(id{suffix})s"
            return f"coalesce((SELECT {_object('location', member.picks)} {found}), 'null')"
        case EvseByEvseId(text):
            values[f"evse_id{suffix}"] = canonical_evse_id(text)
            found = f"{BEST_EVSE.format(canonical=f'%(evse_id{suffix})s::text')}"
            return f"coalesce((SELECT {_object('evse', member.picks)} {found}), 'null')"


ONE_LOCATION = "FROM location l JOIN site ON site.location_id = l.id"
"""Public locations."""

BEST_EVSE = f"""FROM evse e
JOIN evse_status_now n ON n.evse_id = e.id AND n.location_id = e.location_id
JOIN site ON site.location_id = e.location_id
WHERE e.evse_id_canonical = {{canonical}} AND {LIVE_EVSE}
ORDER BY n.is_stale, n.last_seen_at DESC, e.id LIMIT 1"""
"""Of the public EVSEs with one canonical id, the one heard of last."""


def location_number(text: str) -> int | None:
    """The number that a public location id stands for; None when it is no such id."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number else None


@lru_cache(maxsize=512)
def _object(shape: str, picks: tuple[Pick, ...]) -> str:
    return object_sql(SHAPES, shape, picks)
