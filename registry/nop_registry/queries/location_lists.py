"""A page of locations as a Relay connection in JSON."""

from __future__ import annotations

import msgspec

from nop_registry.database import AsyncConnection
from nop_registry.queries.fragments import Fragments, stamp_sql
from nop_registry.queries.json_rows import member, read_json, selected_sql
from nop_registry.queries.location_search import (
    LocationHit,
    LocationPage,
    LocationQuery,
    count_locations,
    list_location_page,
)
from nop_registry.queries.public_shapes import STAMP_ROWS
from nop_registry.queries.selection import NotSelectable, Pick

_encode = msgspec.json.Encoder().encode


async def read_list(
    connection: AsyncConnection,
    query: LocationQuery,
    picks: tuple[Pick, ...],
    fragments: Fragments | None,
) -> list[bytes]:
    """The connection with these fields, in pieces. Raises NotSelectable and InvalidInput."""
    nodes = [node for edges in picks for node in edges.picks if edges.name == "edges"]
    stamp = stamp_sql(tuple(pick for node in nodes for pick in node.picks))
    kept = None if fragments is None or stamp is None else (fragments, stamp)
    page = await list_location_page(connection, query, stamp if kept else None)
    out: list[bytes] = []
    for number, pick in enumerate(picks):
        out.append(member(number, pick.key))
        match pick.name:
            case "edges":
                out += await _read_edges(connection, page, pick.picks, kept)
            case "page_info":
                out.append(_encode(_page_info(page, pick.picks)))
            case "total_count":
                out.append(_encode(await count_locations(connection, query)))
            case "__typename":
                out.append(b'"LocationConnection"')
            case _:
                raise NotSelectable(f"a list has no {pick.name}")
    out.append(b"}")
    return out


_Kept = tuple[Fragments, str] | None
"""Where written objects are kept, and the SQL of their stamps."""


async def _read_edges(
    connection: AsyncConnection, page: LocationPage, picks: tuple[Pick, ...], kept: _Kept
) -> list[bytes]:
    columns: list[list[bytes | None]] = []
    for pick in picks:
        match pick.name:
            case "node":
                nodes = await _read_nodes(connection, page.hits, pick.picks, kept)
                columns.append([nodes.get(hit.location_id) for hit in page.hits])
            case "cursor":
                columns.append([f'"{page.cursor(hit)}"'.encode() for hit in page.hits])
            case "__typename":
                columns.append([b'"LocationEdge"'] * len(page.hits))
            case _:
                raise NotSelectable(f"an edge has no {pick.name}")
    keys = [member(number, pick.key) for number, pick in enumerate(picks)]
    out: list[bytes] = []
    for values in zip(*columns, strict=True):
        if None in values:
            continue  # gone since the page was found
        out.append(b"}," if out else b"[")
        for key, value in zip(keys, values, strict=True):
            out += (key, value)
    out.append(b"}]" if out else b"[]")
    return out


async def _read_nodes(
    connection: AsyncConnection, hits: list[LocationHit], picks: tuple[Pick, ...], kept: _Kept
) -> dict[int, bytes]:
    """The objects of these hits, kept or written now; without those that have gone meanwhile."""
    text_sql = selected_sql("found_location", picks)
    fragments, stamp_sql = kept or (None, "''")
    found: dict[int, bytes] = {}
    if fragments is not None:
        for number, _, stamp in hits:
            text = fragments.find(text_sql, number, stamp)
            if text is not None:
                found[number] = text
    missing = [hit for hit in hits if hit.location_id not in found]
    if not missing:
        return found
    rows = await read_json(
        connection,
        f"""SELECT l.id, {text_sql}, {stamp_sql}
            FROM unnest(%(ids)s::int8[], %(distances)s::float8[]) AS p (location_id, distance_m)
            JOIN location l ON l.id = p.location_id {STAMP_ROWS}""",  # noqa: S608 - constants
        {
            "ids": [hit.location_id for hit in missing],
            "distances": [hit.distance_m for hit in missing],
        },
    )
    for number, text, stamp in rows:
        found[number] = text
        if fragments is not None:  # under the stamp of now: it may differ from the page's
            fragments.keep(text_sql, number, stamp.decode(), text)
    return found


def _page_info(page: LocationPage, picks: tuple[Pick, ...]) -> dict[str, object]:
    values = {
        "has_next_page": page.has_next,
        "has_previous_page": page.has_previous,
        "start_cursor": page.cursor(page.hits[0]) if page.hits else None,
        "end_cursor": page.cursor(page.hits[-1]) if page.hits else None,
        "__typename": "PageInfo",
    }
    return {pick.key: values[pick.name] for pick in picks}
