"""Public locations that match a question, a page at a time by keyset.

The answers are ids with their cursors; what is told of each is up to the caller.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from psycopg.types.numeric import Int8

from nop_registry.database import AsyncConnection, fetch_all, fetch_one
from nop_registry.errors import InvalidInput
from nop_registry.geo import EARTH_RADIUS_M, MAX_LATITUDE, BBox, Point
from nop_registry.queries.cursors import (
    CURSOR_BY_ID_SQL,
    centre_mark,
    cursor_by_distance_sql,
    parse_cursor,
)
from nop_registry.queries.offer import Offer, offer_conditions

MAX_PAGE = 100
MAX_RADIUS_M = 100_000.0
_WIDE_BOX_DEG2 = 4.0
"""A larger box is walked in order of id, a smaller one by the index on places."""


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
    """One row of a page; `distance_m` in whole metres from the point asked for."""

    location_id: int
    cursor: str
    distance_m: int | None


class LocationPage(NamedTuple):
    """A page, and whether there are rows after it and before it."""

    hits: list[LocationHit]
    has_next: bool
    has_previous: bool


async def list_location_page(connection: AsyncConnection, query: LocationQuery) -> LocationPage:
    """The page of public locations. Raises InvalidInput when the question makes no sense."""
    values: dict[str, Any] = {}
    searches = search_sql(query, values)
    rows = await fetch_all(
        connection,
        f"WITH {searches} SELECT location_id, cursor, distance_m, is_extra FROM hit ORDER BY place",  # noqa: S608 - constants
        values,
    )
    hits = [
        LocationHit(row["location_id"], row["cursor"], row["distance_m"])
        for row in rows
        if not row["is_extra"]
    ]
    return LocationPage(hits, len(rows) > len(hits), query.after is not None)


async def count_locations(connection: AsyncConnection, query: LocationQuery) -> int:
    """How many public locations match, on all pages."""
    values: dict[str, Any] = {}
    searches = search_sql(query, values)
    row = await fetch_one(connection, f"WITH {searches} SELECT count(*) AS n FROM matching", values)  # noqa: S608 - constants
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return int(row["n"])


def search_sql(query: LocationQuery, values: dict[str, Any], suffix: str = "") -> str:
    """The question as common tables, without WITH; its parameters are added to `values`.

    matching: location_id of all that match. hit: the page and one row more, as location_id,
    distance_m, cursor, place (1 = first), is_extra (the row beyond the page). asked: is_continued.
    The same form of question gives the same text; `suffix` tells two questions of one statement
    apart. Raises InvalidInput.
    """
    return _Search(query.checked(), values, suffix).sql()


class _Search:
    def __init__(self, query: LocationQuery, values: dict[str, Any], suffix: str) -> None:
        self._query, self._values, self._suffix = query, values, suffix
        self._rows = "site s"
        self._matches = offer_conditions(query.offer, self._put)
        if query.bbox:
            self._matches.append(self._inside(query.bbox))
        if query.near:
            self._matches += self._around(query.near)

    def _put(self, name: str, value: object) -> str:
        self._values[name + self._suffix] = value
        return f"%({name}{self._suffix})s"

    def sql(self) -> str:
        query = self._query
        matching = self._select("s.location_id", self._matches)
        first = self._put("first", Int8(query.first))
        rows = self._put("rows", Int8(query.first + 1))
        by_distance = query.near and query.order is not Order.ID
        tables, page, cursor = self._by_distance(rows) if by_distance else self._by_id(rows)
        continued = self._put("continued", query.after is not None)
        return f"""matching AS ({matching}), {tables}
            asked AS (SELECT {continued}::boolean AS is_continued),
            hit AS MATERIALIZED (
                SELECT location_id, distance_m, {cursor} AS cursor, row_number() OVER () AS place,
                    row_number() OVER () > {first} AS is_extra
                FROM ({page}) found)"""  # noqa: S608 - constants

    def _by_id(self, rows: str) -> tuple[str, str, str]:
        conditions = list(self._matches)
        if self._query.after:
            after = parse_cursor(self._query.after, None)
            conditions.append(f"s.location_id > {self._put('after', Int8(after.location_id))}")
        distance = "round(d.distance)::int" if self._query.near else "NULL::int"
        page = self._select(f"s.location_id, {distance} AS distance_m", conditions)
        return "", f"{page} ORDER BY s.location_id LIMIT {rows}", CURSOR_BY_ID_SQL

    def _by_distance(self, rows: str) -> tuple[str, str, str]:
        """Nearest on the ground: the map stretches with latitude, so its order is only a guide.

        The index gives as many rows as are wanted by distance on the map; the farthest of them on
        the ground is how far one must look for the true order.
        """
        assert self._query.near  # noqa: S101 - the caller's condition
        (lon, lat), _ = self._query.near
        mark = centre_mark(lon, lat)
        conditions = list(self._matches)
        if self._query.after:
            after = parse_cursor(self._query.after, mark)
            last = f"{self._put('after_m', after.distance_m)}, {self._put('after', Int8(after.location_id))}"
            conditions.append(f"(d.distance, s.location_id) > ({last})")
        nearest = self._select("d.distance", conditions)
        reach = f"""reach AS MATERIALIZED (SELECT max(distance) AS ground_m FROM (
            {nearest} ORDER BY s.geom <-> {self._centre} LIMIT {rows}) nearest),"""  # noqa: S608 - constants
        box = self._circle("(SELECT ground_m FROM reach)")
        page = self._select(
            "s.location_id, d.distance, round(d.distance)::int AS distance_m",
            [f"s.geom && {box}", *conditions],
        )
        cursor = cursor_by_distance_sql(self._put("mark", mark))
        return reach, f"{page} ORDER BY d.distance, s.location_id LIMIT {rows}", cursor

    def _select(self, columns: str, conditions: list[str]) -> str:
        where = " AND ".join(conditions) or "true"
        return f"SELECT {columns} FROM {self._rows} WHERE {where}"  # noqa: S608 - constants

    def _inside(self, box: BBox) -> str:
        west, south = _on_map(box.west, box.south)
        east, north = _on_map(box.east, box.north)
        corners = {"west": west, "south": south, "east": east, "north": north}
        w, s, e, n = (self._put(name, value) for name, value in corners.items())
        if (box.east - box.west) * (box.north - box.south) <= _WIDE_BOX_DEG2:
            return f"s.geom && ST_MakeEnvelope({w}, {s}, {e}, {n}, 3857)"
        return f"ST_X(s.geom) BETWEEN {w} AND {e} AND ST_Y(s.geom) BETWEEN {s} AND {n}"

    def _around(self, near: Near) -> list[str]:
        (lon, lat), radius_m = near
        x, y = _on_map(lon, lat)
        self._centre = f"ST_SetSRID(ST_MakePoint({self._put('x', x)}, {self._put('y', y)}), 3857)"
        self._latitude = self._put("latitude", abs(lat))
        here = f"ST_MakePoint({self._put('lon', lon)}, {self._put('lat', lat)})"
        radius = self._put("radius_m", radius_m)
        self._rows = f"""site s JOIN location l ON l.id = s.location_id CROSS JOIN LATERAL (
            SELECT ST_DistanceSphere(ST_MakePoint(l.lon, l.lat), {here}) AS distance) d"""
        return [f"s.geom && {self._circle(radius)}", f"d.distance <= {radius}"]

    def _circle(self, ground_m: str) -> str:
        """A box on the map that holds the circle: scaled for its edge nearest to a pole, +1 %."""
        edge = f"least({self._latitude} + {ground_m} / 110000.0, 85.06)"
        return f"ST_Expand({self._centre}, {ground_m} * 1.01 / cos(radians({edge})))"


def _on_map(lon: float, lat: float) -> tuple[float, float]:
    """Web Mercator metres; latitudes beyond the map's edge are its edge."""
    lat = min(max(lat, -MAX_LATITUDE), MAX_LATITUDE)
    return (
        EARTH_RADIUS_M * math.radians(lon),
        EARTH_RADIUS_M * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)),
    )
