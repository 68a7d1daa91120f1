"""A page of locations as a Relay connection in JSON."""

from __future__ import annotations

from collections.abc import Sequence

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
    if stamp is None or fragments is None:
        writer = _NodeWriter(connection)
    else:
        writer = _NodeWriter(connection, stamp, fragments)
    page = await list_location_page(connection, query, writer.stamp)
    out: list[bytes] = []
    for number, pick in enumerate(picks):
        out.append(member(number, pick.key))
        match pick.name:
            case "edges":
                out += await _read_edges(writer, page, pick.picks)
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


class _NodeWriter:
    """Writes locations, or finds what was written before. `stamp` is SQL, see fragments."""

    def __init__(
        self,
        connection: AsyncConnection,
        stamp: str = "NULL::text",
        fragments: Fragments | None = None,
    ) -> None:
        self._connection, self.stamp, self._fragments = connection, stamp, fragments

    async def nodes(self, hits: Sequence[LocationHit], picks: tuple[Pick, ...]) -> dict[int, bytes]:
        """The objects of these hits; without those that have gone since the page was found."""
        text_sql = selected_sql("found_location", picks)
        written: dict[int, bytes] = {}
        if self._fragments is not None:
            for number, _, stamp in hits:
                kept = self._fragments.find(text_sql, number, stamp)
                if kept is not None:
                    written[number] = kept
        missing = [hit for hit in hits if hit.location_id not in written]
        if missing:
            written |= await self._write(missing, text_sql)
        return written

    async def _write(self, hits: Sequence[LocationHit], text_sql: str) -> dict[int, bytes]:
        rows = await read_json(
            self._connection,
            f"""SELECT l.id, {text_sql}, {self.stamp}
                FROM unnest(%(ids)s::int8[], %(distances)s::float8[]) AS p (location_id, distance_m)
                JOIN location l ON l.id = p.location_id
                JOIN site ON site.location_id = l.id""",  # noqa: S608 - constants
            {
                "ids": [hit.location_id for hit in hits],
                "distances": [hit.distance_m for hit in hits],
            },
        )
        if self._fragments is not None:  # under the stamp of now: it may differ from the page's
            for number, text, stamp in rows:
                self._fragments.keep(text_sql, number, stamp.decode(), text)
        return {number: text for number, text, _ in rows}


async def _read_edges(
    writer: _NodeWriter, page: LocationPage, picks: tuple[Pick, ...]
) -> list[bytes]:
    columns: list[tuple[bytes, dict[int, bytes]]] = []
    for number, pick in enumerate(picks):
        match pick.name:
            case "node":
                column = await writer.nodes(page.hits, pick.picks)
            case "cursor":
                column = {h.location_id: f'"{page.cursor(h)}"'.encode() for h in page.hits}
            case "__typename":
                column = dict.fromkeys((h.location_id for h in page.hits), b'"LocationEdge"')
            case _:
                raise NotSelectable(f"an edge has no {pick.name}")
        columns.append((member(number, pick.key), column))
    out: list[bytes] = []
    for hit in page.hits:
        values = [column.get(hit.location_id) for _, column in columns]
        if None in values:
            continue  # gone since the page was found
        out.append(b"}," if out else b"[")
        for (key, _), value in zip(columns, values, strict=True):
            out += (key, value or b"")
    out.append(b"}]" if out else b"[]")
    return out


def _page_info(page: LocationPage, picks: tuple[Pick, ...]) -> dict[str, object]:
    values = {
        "has_next_page": page.has_next,
        "has_previous_page": page.has_previous,
        "start_cursor": page.cursor(page.hits[0]) if page.hits else None,
        "end_cursor": page.cursor(page.hits[-1]) if page.hits else None,
        "__typename": "PageInfo",
    }
    return {pick.key: values[pick.name] for pick in picks}
