"""Public locations that match a question, a page at a time by keyset.

The answers are ids with their cursors; what is told of each is up to the caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from psycopg.types.numeric import Int8

from nop_registry.database import AsyncConnection, fetch_one
from nop_registry.errors import InvalidInput
from nop_registry.geo import EARTH_RADIUS_M, MAX_LATITUDE, WORLD_HALF_M, BBox, Point
from nop_registry.queries.cursors import centre_mark, cursor_text, parse_cursor
from nop_registry.queries.json_rows import read_json_at_once
from nop_registry.queries.offer import Offer, offer_conditions

MAX_PAGE = 100
MAX_RADIUS_M = 100_000.0
_WIDE_BOX_DEG2 = 4.0
_MANY = 20_000
"""A wide box with so many locations is walked in order of id, any other by the index on places."""


class Order(StrEnum):
    """How a list is sorted. DISTANCE needs `near`."""

    ID = "ID"
    DISTANCE = "DISTANCE"


class Near(NamedTuple):
    """A circle on the ground."""

    centre: Point
    radius_m: float


class LocationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which locations are asked for, and which page of them."""

    offer: Offer = Offer()
    bbox: BBox | None = None
    near: Near | None = None
    order: Order | None = None
    """None: DISTANCE with `near`, else ID."""
    first: int = 20
    after: str | None = None
    """Cursor of the row before the page."""

    def checked(self) -> LocationQuery:
        """Itself, or InvalidInput that says what makes no sense."""
        if not 0 <= self.first <= MAX_PAGE:
            raise InvalidInput(f"first must be 0 to {MAX_PAGE}, not {self.first}")
        if self.near and self.bbox:
            raise InvalidInput("give near or bbox, not both")
        if self.order is Order.DISTANCE and not self.near:
            raise InvalidInput("orderBy DISTANCE needs near")
        if self.bbox:
            self.bbox.checked()
        if self.near:
            (lon, lat), radius = self.near
            if not (-180 <= lon <= 180 and abs(lat) <= MAX_LATITUDE):
                raise InvalidInput(
                    f"near needs -180 ≤ lon ≤ 180 and -{MAX_LATITUDE} ≤ lat ≤ {MAX_LATITUDE}"
                )
            if not 0 < radius <= MAX_RADIUS_M:
                raise InvalidInput(
                    f"radiusM must be more than 0 and at most {MAX_RADIUS_M:.0f} metres"
                )
        return self


class LocationHit(NamedTuple):
    """One row of a page: its place in the list, and the columns that the caller wanted of it."""

    location_id: int
    distance_m: float | None
    columns: tuple[bytes | None, ...] = ()


class LocationPage(NamedTuple):
    """A page, and whether there are rows after it and before it."""

    hits: list[LocationHit]
    has_next: bool
    has_previous: bool
    centre_mark: str | None
    """Of a list ordered by distance."""

    def cursor(self, hit: LocationHit) -> str:
        """The cursor of a row of this page."""
        return cursor_text(hit.location_id, hit.distance_m, self.centre_mark)


async def list_location_page(
    connection: AsyncConnection,
    query: LocationQuery,
    columns: Sequence[str] = (),
    joins: str = "",
) -> LocationPage:
    """The page of public locations. Raises InvalidInput when the question makes no sense.

    `columns` are SQL texts on `joins` and the page `p` (of `site`, and distance_m), for every hit.
    """
    search = _Search(query, walk=await _is_crowded(connection, query.checked().bbox))
    order = "p.location_id" if search.mark is None else "p.distance_m, p.location_id"
    rows = await read_json_at_once(
        connection,
        ["p.location_id", "p.distance_m", *columns],
        f"FROM ({search.page()}) p {joins} ORDER BY {order}",
        search.values,
    )
    hits = [LocationHit(row[0], row[1], row[2:]) for row in rows[: query.first]]
    return LocationPage(hits, len(rows) > query.first, query.after is not None, search.mark)


async def count_locations(connection: AsyncConnection, query: LocationQuery) -> int:
    """How many public locations match, on all pages. Raises InvalidInput."""
    search = _Search(query)
    row = await fetch_one(connection, search.count(), search.values)
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return int(row["n"])


class _Search:
    """A question as SQL. The same form of question gives the same text, so it is planned once."""

    def __init__(self, query: LocationQuery, walk: bool = False) -> None:
        self._query, self._walk = query.checked(), walk
        self.values: dict[str, Any] = {}
        self._rows = "site s"
        self._distance = "NULL::float8"
        self._centre = self._latitude = ""
        self._matches = offer_conditions(query.offer, self._put)
        self.mark: str | None = None
        if query.bbox:
            self._matches.append(self._inside(query.bbox))
        if query.near:
            self._matches += self._around(query.near)
            if query.order is not Order.ID:
                self.mark = centre_mark(query.near.centre)
        self._after = parse_cursor(query.after, self.mark) if query.after else None

    def _put(self, name: str, value: object) -> str:
        self.values[name] = value
        return f"%({name})s"

    def count(self) -> str:
        """The number `n` of all that match."""
        return self._select("count(*) AS n", self._matches)

    def page(self) -> str:
        """The page and one row more, in order: `site`, and distance_m (NULL in order of id)."""
        rows = self._put("rows", Int8(self._query.first + 1))
        if self.mark is not None:
            return self._nearest(rows)
        conditions = list(self._matches)
        if self._after:
            conditions.append(
                f"s.location_id > {self._put('after', Int8(self._after.location_id))}"
            )
        page = self._select(f"s.*, {self._distance} AS distance_m", conditions)
        return f"{page} ORDER BY s.location_id LIMIT {rows}"

    def _nearest(self, rows: str) -> str:
        """Nearest on the ground: the map stretches with latitude, so its order is only a guide.

        The index gives as many rows as are wanted by distance on the map; the farthest of them on
        the ground is how far one must look for the true order.
        """
        conditions = list(self._matches)
        if self._after:
            metres = self._put("after_m", self._after.distance_m)
            number = self._put("after", Int8(self._after.location_id))
            conditions.append(f"(d.distance, s.location_id) > ({metres}, {number})")
        guide = self._select("d.distance", conditions)
        reach = f"""(SELECT max(distance) FROM (
            {guide} ORDER BY s.geom <-> {self._centre} LIMIT {rows}) guide)"""  # noqa: S608 - constants
        box = self._circle("(SELECT metres FROM reach)")
        page = self._select("s.*, d.distance AS distance_m", [f"s.geom && {box}", *conditions])
        return f"""WITH reach AS MATERIALIZED (SELECT {reach} AS metres)
            {page} ORDER BY d.distance, s.location_id LIMIT {rows}"""

    def _select(self, columns: str, conditions: list[str]) -> str:
        where = " AND ".join(conditions) or "true"
        return f"SELECT {columns} FROM {self._rows} WHERE {where}"  # noqa: S608 - constants

    def _inside(self, box: BBox) -> str:
        west, south = _on_map(box.west, box.south)
        east, north = _on_map(box.east, box.north)
        corners = {"west": west, "south": south, "east": east, "north": north}
        w, s, e, n = (self._put(name, value) for name, value in corners.items())
        if self._walk:
            return f"ST_X(s.geom) BETWEEN {w} AND {e} AND ST_Y(s.geom) BETWEEN {s} AND {n}"
        return f"s.geom && ST_MakeEnvelope({w}, {s}, {e}, {n}, 3857)"

    def _around(self, near: Near) -> list[str]:
        (lon, lat), radius_m = near
        x, y = _on_map(lon, lat)
        self._centre = f"ST_SetSRID(ST_MakePoint({self._put('x', x)}, {self._put('y', y)}), 3857)"
        self._latitude = self._put("latitude", abs(lat))
        here = f"ST_MakePoint({self._put('lon', lon)}, {self._put('lat', lat)})"
        radius = self._put("radius_m", radius_m)
        self._rows = f"""site s JOIN location l ON l.id = s.location_id CROSS JOIN LATERAL (
            SELECT ST_DistanceSphere(ST_MakePoint(l.lon, l.lat), {here}) AS distance) d"""
        self._distance = "d.distance"
        return [f"s.geom && {self._circle(radius)}", f"d.distance <= {radius}"]

    def _circle(self, ground_m: str) -> str:
        """A box on the map that holds the circle: scaled for its edge nearest to a pole, +1 %."""
        edge = f"least({self._latitude} + {ground_m} / 110000.0, 85.06)"
        return f"ST_Expand({self._centre}, {ground_m} * 1.01 / cos(radians({edge})))"


async def _is_crowded(connection: AsyncConnection, box: BBox | None) -> bool:
    """Whether a wide box holds very many locations, as the map's cells have counted them.

    The planner cannot know: it plans once for boxes of every size.
    """
    if box is None or (box.east - box.west) * (box.north - box.south) <= _WIDE_BOX_DEG2:
        return False
    west, south = _on_map(box.west, box.south)
    east, north = _on_map(box.east, box.north)
    zoom = max(0, int(math.log2(2 * WORLD_HALF_M / max(east - west, north - south))))
    tile = 2 * WORLD_HALF_M / 2**zoom
    row = await fetch_one(
        connection,
        """SELECT coalesce(sum(n_location), 0) >= %(many)s AS is_crowded FROM tile_cell
           WHERE z = %(z)s AND x BETWEEN %(left)s AND %(right)s AND y BETWEEN %(top)s AND %(bottom)s
             AND sum_x / n_location BETWEEN %(west)s AND %(east)s
             AND sum_y / n_location BETWEEN %(south)s AND %(north)s""",
        {
            "many": _MANY,
            "z": zoom,
            "left": int((west + WORLD_HALF_M) / tile),
            "right": int((east + WORLD_HALF_M) / tile),
            "top": int((WORLD_HALF_M - north) / tile),
            "bottom": int((WORLD_HALF_M - south) / tile),
            "west": west,
            "south": south,
            "east": east,
            "north": north,
        },
    )
    return bool(row and row["is_crowded"])


def _on_map(lon: float, lat: float) -> tuple[float, float]:
    """Web Mercator metres; latitudes beyond the map's edge are its edge."""
    lat = min(max(lat, -MAX_LATITUDE), MAX_LATITUDE)
    return (
        EARTH_RADIUS_M * math.radians(lon),
        EARTH_RADIUS_M * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)),
    )
