"""Where the map should look: the nation, and places that a person names."""

from __future__ import annotations

from typing import Any, NamedTuple

from nop_registry.database import AsyncConnection, fetch_all, fetch_one
from nop_registry.geo import BBox
from nop_registry.identifiers import canonical_evse_id

WORLD = BBox(-170.0, -55.0, 170.0, 72.0)
_LEAST_DEGREES = 0.02  # a view of about 2 km around a single point
_LONGEST_QUESTION = 100


class Place(NamedTuple):
    """Something on the map that answers to a name."""

    kind: str
    """state, district, city, station or evse."""
    name: str
    detail: str
    bbox: BBox
    location_id: int | None
    """Of a station or EVSE."""


async def get_nation_bbox(connection: AsyncConnection, country_code: str) -> BBox:
    """The box of the nation's largest piece of land; without outlines, of its stations.

    `country_code` is ISO 3166 alpha-2.
    """
    row = await fetch_one(
        connection,
        """SELECT ST_XMin(g) AS west, ST_YMin(g) AS south, ST_XMax(g) AS east, ST_YMax(g) AS north
           FROM (SELECT (ST_Dump(geom)).geom AS g FROM area
                 WHERE country_code = %(country)s AND level = 0) piece
           ORDER BY ST_Area(g) DESC LIMIT 1""",
        {"country": country_code},
    )
    row = row or await fetch_one(
        connection,
        """SELECT ST_XMin(g) AS west, ST_YMin(g) AS south, ST_XMax(g) AS east, ST_YMax(g) AS north
           FROM (SELECT ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, 3857), 4326) AS g
                 FROM site) extent WHERE g IS NOT NULL""",
    )
    return _box(row) if row else WORLD


async def find_places(
    connection: AsyncConnection, question: str, country_code: str, *, limit: int = 8
) -> list[Place]:
    """Areas, cities, stations and EVSE-IDs that begin with the text, larger ones first."""
    question = question.strip()[:_LONGEST_QUESTION].replace("\0", "")
    if len(question) < 2:
        return []
    rows = await fetch_all(
        connection,
        _FIND,
        {
            "like": question.translate({ord(c): f"\\{c}" for c in "\\%_"}) + "%",
            "evse_id": canonical_evse_id(question),
            "country": country_code,
            "limit": limit,
        },
    )
    return [
        Place(row["kind"], row["name"], row["detail"] or "", _box(row), row["location_id"])
        for row in rows
    ]


def _box(row: dict[str, Any]) -> BBox:
    lon, lat = (row["west"] + row["east"]) / 2, (row["south"] + row["north"]) / 2
    half_width = max((row["east"] - row["west"]) / 2, _LEAST_DEGREES / 2)
    half_height = max((row["north"] - row["south"]) / 2, _LEAST_DEGREES / 2)
    return BBox(
        max(lon - half_width, -180.0),
        max(lat - half_height, -90.0),
        min(lon + half_width, 180.0),
        min(lat + half_height, 90.0),
    )


# Every branch is limited by itself: a short question must not sort the nation.
# A city is the middle nine tenths of its stations: one wrong coordinate must not stretch it.
_FIND = """
SELECT * FROM (
    (SELECT 0 AS rank, NULL::bigint AS location_id, name,
        CASE level WHEN 1 THEN 'state' ELSE 'district' END AS kind, NULL AS detail,
        ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north
     FROM area WHERE country_code = %(country)s AND level > 0 AND name ILIKE %(like)s
     ORDER BY level, name LIMIT %(limit)s)
    UNION ALL
    (SELECT 1, s.location_id, coalesce(e.evse_id, e.uid), 'evse', l.name,
        l.lon, l.lat, l.lon, l.lat
     FROM evse e JOIN site s USING (location_id) JOIN location l ON l.id = e.location_id
     WHERE e.evse_id_canonical = %(evse_id)s AND e.retired_at IS NULL LIMIT %(limit)s)
    UNION ALL
    (SELECT 2, NULL, min(l.city), 'city', min(l.state),
        percentile_cont(0.05) WITHIN GROUP (ORDER BY l.lon),
        percentile_cont(0.05) WITHIN GROUP (ORDER BY l.lat),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY l.lon),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY l.lat)
     FROM location l JOIN site s ON s.location_id = l.id WHERE l.city ILIKE %(like)s
     GROUP BY lower(l.city) ORDER BY count(*) DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT 3, l.id, l.name, 'station', l.city, l.lon, l.lat, l.lon, l.lat
     FROM location l JOIN site s ON s.location_id = l.id WHERE l.name ILIKE %(like)s
     LIMIT %(limit)s)) found
ORDER BY rank, name LIMIT %(limit)s"""
