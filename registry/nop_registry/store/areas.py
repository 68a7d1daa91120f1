"""Countries, states and districts, and which of them each site lies in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg

from nop_registry.areas_data.files import Outline, read_outlines
from nop_registry.areas_data.names import FOLD
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput

BUILTIN_ORIGIN = "Natural Earth 4.1, reduced (public domain): unofficial outline"

AREAS_OF_PLACE = """
LEFT JOIN LATERAL (SELECT p.area_id, a.parent_id
    FROM area_part p JOIN area a ON a.id = p.area_id
    WHERE p.level = 2 AND ST_Intersects(p.geom, place.wgs84)
    ORDER BY p.area_id LIMIT 1) district ON true
LEFT JOIN LATERAL (SELECT p.area_id FROM area_part p
    WHERE p.level = 1 AND district.parent_id IS NULL AND ST_Intersects(p.geom, place.wgs84)
    ORDER BY p.area_id LIMIT 1) state ON true
CROSS JOIN LATERAL (SELECT coalesce(district.parent_id, state.area_id) AS state_area_id,
    district.area_id AS district_area_id) areas
"""
"""SQL joins that give `areas.state_area_id` and `areas.district_area_id` of `place.wgs84`, a point
in EPSG:4326. The state is that of the district where there is one, so that districts sum up to
their state. On a border the area loaded first has the point."""


class AreaReport(msgspec.Struct, frozen=True):
    """What a load of areas did."""

    country_code: str
    level: int
    areas: int
    removed: int
    """Areas of that country and level which the file does not have."""
    mended: int
    """Outlines that were not valid polygons and were repaired."""
    coded: int
    """Areas without a code of their own: theirs was made from state and name."""
    without_parent: int
    sites_moved: int
    """Sites whose state or district changed."""


class AreaSet(msgspec.Struct, frozen=True):
    """The areas of a country and level that came from one file."""

    country_code: str
    level: int
    areas: int
    vertices: int
    official: bool
    origin: str


class _Incoming(NamedTuple):
    country_code: str
    code: str
    name: str
    geometry: str


def load_areas(
    connection: Connection,
    file: Path,
    *,
    country: str,
    level: int,
    origin: str,
    code_property: str = "code",
    name_property: str = "name",
    layer: str | None = None,
    official: bool = False,
) -> AreaReport:
    """Replace all areas of a country and level by those of a GeoJSON or TopoJSON file.

    Sites are assigned anew. The caller's transaction. Raises InvalidInput with what to change.
    """
    if level not in (1, 2):
        raise InvalidInput("the level of an area is 1 (state) or 2 (district)")
    rows = (
        _Incoming(
            country,
            str(outline.properties.get(code_property) or ""),
            _name_of(outline, name_property),
            outline.geometry.decode(),
        )
        for outline in read_outlines(file, layer)
    )
    _stage(connection, rows)
    coded = connection.execute(_MAKE_CODES, {"country": country, "level": level}).rowcount
    return _replace(connection, country, level, origin, official, coded)


def load_builtin(connection: Connection, country: str) -> int:
    """Load the outlines that come with the platform: all countries, and the states of `country`.

    Areas that someone loaded are never replaced. Does nothing the second time. Returns the number
    of areas loaded. The caller's transaction.
    """
    loaded = 0
    for level, name in ((0, "countries"), (1, "states")):
        if connection.execute(_HELD, {"country": country, "level": level}).fetchone():
            continue
        file = Path(__file__).parent.parent / "areas_data" / f"{name}.topojson.gz"
        rows = (
            _Incoming(
                outline.properties["country"],
                outline.properties["code"],
                outline.properties["name"],
                outline.geometry.decode(),
            )
            for outline in read_outlines(file)
            if level == 0 or outline.properties["country"] == country
        )
        _stage(connection, rows)
        loaded += _replace(connection, None, level, BUILTIN_ORIGIN, False, 0).areas
    return loaded


def assign_sites(connection: Connection, location_ids: Sequence[int] | None = None) -> int:
    """Set state and district of these sites (None: all) by where they lie; how many moved.

    Not announced as a change: no map tile and no live view shows a site's area.
    """
    chosen = "true" if location_ids is None else "t.location_id = ANY(%(locations)s)"
    return connection.execute(
        _ASSIGN.format(chosen=chosen), {"locations": list(location_ids or ())}
    ).rowcount


def list_areas(connection: Connection) -> list[AreaSet]:
    """The sets that are loaded."""
    rows = connection.execute(
        "SELECT country_code, level, count(*), sum(ST_NPoints(geom)), official, origin FROM area "
        "WHERE level > 0 GROUP BY country_code, level, official, origin "
        "ORDER BY country_code, level"
    ).fetchall()
    return [AreaSet(*row) for row in rows]


def _name_of(outline: Outline, name_property: str) -> str:
    name = str(outline.properties.get(name_property) or "").strip()
    if not name:
        has = ", ".join(sorted(outline.properties)) or "no properties at all"
        raise InvalidInput(
            f"an outline has no {name_property!r}. It has: {has}. "
            "Say which is the name with --name-property, and which the code with --code-property"
        )
    return name


def _stage(connection: Connection, rows: Iterable[_Incoming]) -> None:
    connection.execute(
        "DROP TABLE IF EXISTS pg_temp.incoming_area;"
        "CREATE TEMP TABLE incoming_area (position int GENERATED ALWAYS AS IDENTITY, "
        "country_code text, code text, name text, geom geometry, mended boolean) ON COMMIT DROP"
    )
    number = 0
    for number, row in enumerate(rows, 1):
        try:
            connection.execute(_STAGE, row._asdict(), prepare=True)
        except (psycopg.InternalError, psycopg.DataError) as error:
            reason = str(error).splitlines()[0]
            raise InvalidInput(
                f"outline {number} ({row.name}) is not a GeoJSON polygon: {reason}"
            ) from None
    if not number:
        raise InvalidInput("the file has no polygons")
    wrong = connection.execute(_WRONG).fetchall()
    if wrong:
        raise InvalidInput(
            f"{len(wrong)} outlines are empty or not in WGS 84 degrees (longitude, latitude), "
            f"first {wrong[0][0]}: convert the file to EPSG:4326"
        )


def _replace(
    connection: Connection,
    country: str | None,
    level: int,
    origin: str,
    official: bool,
    coded: int,
) -> AreaReport:
    values = {"level": level, "origin": origin, "official": official}
    areas = connection.execute(_UPSERT, values).rowcount
    mended = connection.execute("SELECT count(*) FROM incoming_area WHERE mended").fetchone()
    connection.execute(_ORPHAN, values)
    removed = connection.execute(_REMOVE, values).rowcount
    connection.execute(_CUT, values)
    connection.execute(_ADOPT)
    alone = connection.execute(_ALONE, values).fetchone()
    connection.execute("DROP TABLE incoming_area; ANALYZE area; ANALYZE area_part")
    return AreaReport(
        country_code=country or "",
        level=level,
        areas=areas,
        removed=removed,
        mended=mended[0] if mended else 0,
        coded=coded,
        without_parent=alone[0] if alone else 0,
        sites_moved=assign_sites(connection) if level else 0,
    )


# Held: the built-in set of this version, or any set that a person loaded.
_HELD = f"""
SELECT 1 FROM area WHERE level = %(level)s AND country_code = %(country)s
  AND (origin = '{BUILTIN_ORIGIN}' OR origin NOT LIKE 'Natural Earth%%unofficial outline')
LIMIT 1"""  # noqa: S608 - a constant

_STAGE = """
INSERT INTO incoming_area (country_code, code, name, geom, mended)
SELECT %(country_code)s, %(code)s, %(name)s,
       ST_Multi(ST_CollectionExtract(ST_MakeValid(given.geom), 3)), NOT ST_IsValid(given.geom)
FROM (SELECT ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(%(geometry)s)), 4326) AS geom) given"""

_WRONG = """
SELECT name FROM incoming_area WHERE NOT coalesce(ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180
    AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90, false) ORDER BY position"""

# A code that is empty or borne by areas of different names is no code: it is made from the code of
# the state around and the name. Pieces of one area (same code, same name) become one.
_MAKE_CODES = f"""
UPDATE incoming_area i
SET code = coalesce((SELECT a.code FROM area_part p JOIN area a ON a.id = p.area_id
                     WHERE %(level)s = 2 AND p.level = 1 AND a.country_code = %(country)s
                     ORDER BY p.geom <-> ST_PointOnSurface(i.geom), a.id LIMIT 1), %(country)s)
           || '-' || {FOLD.format("i.name")}
WHERE i.code = '' OR i.code IN (SELECT code FROM incoming_area
                                GROUP BY code HAVING count(DISTINCT name) > 1)"""  # noqa: S608 - a constant

_UPSERT = """
INSERT INTO area (country_code, level, code, name, official, origin, geom)
SELECT country_code, %(level)s, code, min(name), %(official)s, %(origin)s, ST_Multi(ST_Union(geom))
FROM incoming_area GROUP BY country_code, code ORDER BY min(position)
ON CONFLICT (country_code, level, code) DO UPDATE SET name = excluded.name, parent_id = NULL,
    official = excluded.official, origin = excluded.origin, geom = excluded.geom"""

_GONE = """
    a.level = %(level)s AND a.country_code IN (SELECT country_code FROM incoming_area)
    AND NOT EXISTS (SELECT FROM incoming_area i
                    WHERE i.country_code = a.country_code AND i.code = a.code)"""

_ORPHAN = f"""
UPDATE area child SET parent_id = NULL FROM area a WHERE child.parent_id = a.id AND {_GONE}"""  # noqa: S608 - a constant

_REMOVE = f"DELETE FROM area a WHERE {_GONE}"  # noqa: S608 - a constant

_CUT = """
WITH loaded AS (SELECT id, level, geom FROM area
    WHERE level = %(level)s AND country_code IN (SELECT country_code FROM incoming_area)),
old AS (DELETE FROM area_part WHERE area_id IN (SELECT id FROM loaded))
INSERT INTO area_part (area_id, level, geom)
SELECT loaded.id, loaded.level, piece.geom
FROM loaded, ST_Subdivide(loaded.geom, 64) cut, ST_Dump(ST_CollectionExtract(cut, 3)) piece"""

# The parent is the area around (or, for an islet outside a reduced outline, the nearest).
_ADOPT = """
UPDATE area child
SET parent_id = (SELECT a.id FROM area_part p JOIN area a ON a.id = p.area_id
                 WHERE p.level = child.level - 1 AND a.country_code = child.country_code
                 ORDER BY p.geom <-> ST_PointOnSurface(child.geom), a.id LIMIT 1)
WHERE child.parent_id IS NULL AND child.level > 0"""

_ALONE = "SELECT count(*) FROM area WHERE level = %(level)s AND level > 0 AND parent_id IS NULL"

_ASSIGN = f"""
UPDATE site t SET state_area_id = found.state_area_id, district_area_id = found.district_area_id
FROM (SELECT l.id, areas.state_area_id, areas.district_area_id
      FROM site t JOIN location l ON l.id = t.location_id
      CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(l.lon, l.lat), 4326) AS wgs84) place
      {AREAS_OF_PLACE}
      WHERE {{chosen}}) found
WHERE found.id = t.location_id AND (t.state_area_id, t.district_area_id)
  IS DISTINCT FROM (found.state_area_id, found.district_area_id)"""  # noqa: S608 - constants
