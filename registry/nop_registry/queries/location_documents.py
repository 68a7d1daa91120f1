"""Locations and EVSEs as ready JSON: any selection of their fields, written by SQL.

One statement for an object; for a list one that finds the page and one that writes its objects.
"""

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
from nop_registry.queries.fragments import Fragments, token_sql
from nop_registry.queries.location_search import (
    LocationHit,
    LocationPage,
    LocationQuery,
    count_locations,
    list_location_page,
)
from nop_registry.queries.public_shapes import LIVE_EVSE, SHAPES
from nop_registry.queries.selection import NotSelectable, Pick, object_sql

_encode = msgspec.json.Encoder().encode

ONE_LOCATION = "FROM location l JOIN site ON site.location_id = l.id"
"""Public locations."""

BEST_EVSE = f"""FROM evse e
JOIN evse_status_now n ON n.evse_id = e.id AND n.location_id = e.location_id
JOIN site ON site.location_id = e.location_id
WHERE e.evse_id_canonical = %(canonical)s AND {LIVE_EVSE}
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


async def read_documents(
    connection: AsyncConnection, wanted: Sequence[Wanted], fragments: Fragments | None = None
) -> list[bytes]:
    """A JSON object with one member for each, in order, in pieces to be joined once.

    A list is a Relay connection. `fragments` spares writing what has not changed since. Raises
    NotSelectable for a field that SQL cannot answer, InvalidInput for a question without sense.
    """
    out: list[bytes] = []
    for number, member in enumerate(wanted):
        out.append(_key(number, member.key))
        match member.question:
            case LocationQuery() as query:
                await _read_list(connection, query, member.picks, fragments, out)
            case LocationById(id_text):
                found = f"{ONE_LOCATION} WHERE l.id = %(id)s"
                values = {"id": Int8(location_number(id_text) or 0)}
                out.append(await _read_one(connection, "location", member.picks, found, values))
            case EvseByEvseId(evse_id):
                canonical = {"canonical": canonical_evse_id(evse_id)}
                out.append(await _read_one(connection, "evse", member.picks, BEST_EVSE, canonical))
    out.append(b"}")
    return out


def _key(number: int, key: str) -> bytes:
    """What stands before a member of an object: its key, and what opens or goes on."""
    return f'{"," if number else "{"}"{key}":'.encode()


def location_number(text: str) -> int | None:
    """The number that a public location id stands for; None when it is no such id."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number else None


async def _read_one(
    connection: AsyncConnection,
    shape: str,
    picks: tuple[Pick, ...],
    found: str,
    values: dict[str, Any],
) -> bytes:
    rows = await _read(connection, f"SELECT {_object(shape, picks)} {found}", values)
    return rows[0][0] if rows else b"null"


async def _read_list(
    connection: AsyncConnection,
    query: LocationQuery,
    picks: tuple[Pick, ...],
    fragments: Fragments | None,
    out: list[bytes],
) -> None:
    nodes = [node for edges in picks for node in edges.picks if edges.name == "edges"]
    token = token_sql(tuple(p for node in nodes for p in node.picks)) if fragments else None
    page = await list_location_page(connection, query, token or "NULL")
    for number, pick in enumerate(picks):
        out.append(_key(number, pick.key))
        match pick.name:
            case "edges":
                kept = fragments if token else None
                await _read_edges(connection, page, pick.picks, kept, out)
            case "page_info":
                out.append(_encode(_page_info(page, pick.picks)))
            case "total_count":
                out.append(_encode(await count_locations(connection, query)))
            case "__typename":
                out.append(b'"LocationConnection"')
            case _:
                raise NotSelectable(f"a list has no {pick.name}")
    out.append(b"}")


async def _read_edges(
    connection: AsyncConnection,
    page: LocationPage,
    picks: tuple[Pick, ...],
    fragments: Fragments | None,
    out: list[bytes],
) -> None:
    hits, columns = page.hits, []
    for number, pick in enumerate(picks):
        match pick.name:
            case "node":
                nodes = await _read_nodes(connection, hits, pick.picks, fragments)
                columns.append((_key(number, pick.key), nodes))
            case "cursor":
                cursors = {h.location_id: f'"{page.cursor(h)}"'.encode() for h in hits}
                columns.append((_key(number, pick.key), cursors))
            case "__typename":
                names = dict.fromkeys((h.location_id for h in hits), b'"LocationEdge"')
                columns.append((_key(number, pick.key), names))
            case _:
                raise NotSelectable(f"an edge has no {pick.name}")
    opening = b"["
    for hit in hits:
        values = [(key, column.get(hit.location_id)) for key, column in columns]
        if any(value is None for _, value in values):
            continue  # gone since the page was found
        out.append(opening)
        for key, value in values:
            out += (key, value or b"")
        opening = b"},"
    out.append(b"[]" if opening == b"[" else b"}]")


async def _read_nodes(
    connection: AsyncConnection,
    hits: Sequence[LocationHit],
    picks: tuple[Pick, ...],
    fragments: Fragments | None,
) -> dict[int, bytes]:
    """The objects of these hits; without those that have gone since the page was found."""
    text_sql = _object("found_location", picks)
    written: dict[int, bytes] = {}
    if fragments is not None:
        for hit in hits:
            kept = fragments.find(text_sql, hit.location_id, hit.token or "")
            if kept is not None:
                written[hit.location_id] = kept
    missing = [hit for hit in hits if hit.location_id not in written]
    if not missing:
        return written
    rows = await _read(
        connection,
        f"""SELECT l.id, {text_sql}
            FROM unnest(%(ids)s::int8[], %(distances)s::float8[]) AS p (location_id, distance_m)
            JOIN location l ON l.id = p.location_id JOIN site ON site.location_id = l.id""",  # noqa: S608 - constants
        {"ids": [h.location_id for h in missing], "distances": [h.distance_m for h in missing]},
    )
    written |= dict(rows)
    if fragments is not None:
        for hit in missing:
            if hit.location_id in written:
                # Written after its token was read: if it changed between, the token is unknown
                # from then on, and the newer text is written again. Never older than its token.
                fragments.keep(text_sql, hit.location_id, hit.token or "", written[hit.location_id])
    return written


def _page_info(page: LocationPage, picks: tuple[Pick, ...]) -> dict[str, object]:
    values = {
        "has_next_page": page.has_next,
        "has_previous_page": page.has_previous,
        "start_cursor": page.cursor(page.hits[0]) if page.hits else None,
        "end_cursor": page.cursor(page.hits[-1]) if page.hits else None,
        "__typename": "PageInfo",
    }
    return {pick.key: values[pick.name] for pick in picks}


async def _read(
    connection: AsyncConnection, sql: str, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Rows, with text as the bytes that the server sent: they go into the answer as they are."""
    async with connection.cursor() as cursor:
        cursor.adapters.register_loader("text", _Bytes)
        await cursor.execute(sql, values, prepare=True)
        return await cursor.fetchall()


class _Bytes(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


@lru_cache(maxsize=512)
def _object(shape: str, picks: tuple[Pick, ...]) -> str:
    return object_sql(SHAPES, shape, picks)
