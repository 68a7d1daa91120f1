"""A page of locations as a Relay connection in JSON."""

from __future__ import annotations

import msgspec

from nop_registry.database import AsyncConnection
from nop_registry.queries.json_rows import member, read_json, selected_sql
from nop_registry.queries.location_search import (
    LocationHit,
    LocationPage,
    LocationQuery,
    count_locations,
    list_location_page,
)
from nop_registry.queries.prepared import Nodes, prepared_nodes
from nop_registry.shapes.public import FOUND
from nop_registry.shapes.selection import NotSelectable, Pick

_encode = msgspec.json.Encoder().encode


async def read_list(
    connection: AsyncConnection, query: LocationQuery, picks: tuple[Pick, ...]
) -> list[bytes]:
    """The connection with these fields, in pieces. Raises NotSelectable and InvalidInput."""
    nodes = [node.picks for edges in picks for node in edges.picks if node.name == "node"]
    prepared = _prepared(nodes)
    columns, joins = (prepared.columns, prepared.joins) if prepared else ((), "")
    page = await list_location_page(connection, query, columns, joins)
    out: list[bytes] = []
    for number, pick in enumerate(picks):
        out.append(member(number, pick.key))
        match pick.name:
            case "edges":
                out.append(await _read_edges(connection, page, pick.picks, prepared))
            case "page_info":
                out.append(_encode(_page_info(page, pick.picks)))
            case "total_count":
                out.append(_encode(await count_locations(connection, query)))
            case "__typename":
                out.append(b'"LocationConnection"')
            case _:
                raise NotSelectable(f"a list has no {pick.name}")
    out.append(b"}" if picks else b"{}")
    return out


def _prepared(nodes: list[tuple[Pick, ...]]) -> Nodes | None:
    """The one selection of locations, where documents hold all of it."""
    if len(nodes) != 1:
        return None
    try:
        return prepared_nodes(nodes[0])
    except NotSelectable:
        return None


async def _read_edges(
    connection: AsyncConnection,
    page: LocationPage,
    picks: tuple[Pick, ...],
    prepared: Nodes | None,
) -> bytes:
    columns: list[list[bytes | None]] = []
    for pick in picks:
        match pick.name:
            case "node":
                nodes = await _read_nodes(connection, page.hits, pick.picks, prepared)
                columns.append([nodes.get(hit.location_id) for hit in page.hits])
            case "cursor":
                columns.append([f'"{page.cursor(hit)}"'.encode() for hit in page.hits])
            case "__typename":
                columns.append([b'"LocationEdge"'] * len(page.hits))
            case _:
                raise NotSelectable(f"an edge has no {pick.name}")
    if not picks:  # directives have left nothing out of which to make an edge
        return b"[%b]" % b",".join([b"{}"] * len(page.hits))
    edge = b"".join(member(number, pick.key) + b"%b" for number, pick in enumerate(picks)) + b"}"
    # A node is None when the location has gone since the page was found.
    edges = [edge % values for values in zip(*columns, strict=True) if None not in values]
    return b"[%b]" % b",".join(edges)


async def _read_nodes(
    connection: AsyncConnection,
    hits: list[LocationHit],
    picks: tuple[Pick, ...],
    prepared: Nodes | None,
) -> dict[int, bytes]:
    """The objects of these hits, cut from documents or written by SQL; without those now gone."""
    found: dict[int, bytes] = {}
    if prepared:
        found = await prepared.write(connection, [(hit.location_id, hit.columns) for hit in hits])
    missing = [hit for hit in hits if hit.location_id not in found]
    if not missing:
        return found
    rows = await read_json(
        connection,
        f"""SELECT l.id, {selected_sql("found_location", picks)}
            FROM (SELECT site.*, hit.distance_m
                  FROM unnest(%(ids)s::int8[], %(distances)s::float8[]) AS hit (id, distance_m)
                  JOIN site ON site.location_id = hit.id) p
            JOIN location l ON l.id = p.location_id {FOUND}""",  # noqa: S608 - constants
        {
            "ids": [hit.location_id for hit in missing],
            "distances": [hit.distance_m for hit in missing],
        },
    )
    return found | dict(rows)


def _page_info(page: LocationPage, picks: tuple[Pick, ...]) -> dict[str, object]:
    values = {
        "has_next_page": page.has_next,
        "has_previous_page": page.has_previous,
        "start_cursor": page.cursor(page.hits[0]) if page.hits else None,
        "end_cursor": page.cursor(page.hits[-1]) if page.hits else None,
        "__typename": "PageInfo",
    }
    return {pick.key: values[pick.name] for pick in picks}
