"""Vector tiles of the public stations: cells with counts at low zooms, stations above.

Layer `locations`. A feature with an id is one station: `state`, `n_evse`, `n_available`, and from
zoom 12 on `max_power_w` and `simulated`. A feature without an id stands for `n` stations: `n_evse`
and counts by state (absent = 0) as n_available, n_busy, n_out, n_unknown, n_planned.
"""

from __future__ import annotations

from typing import Any

from nop_registry.database import AsyncConnection
from nop_registry.geo import WORLD_HALF_M, TileAddress
from nop_registry.queries.matching import StationFilter, sites_sql
from nop_registry.queries.states import STATE_SQL

LAYER = "locations"
LAST_CELL_ZOOM = 11
"""Up to this zoom a tile shows prepared cells; above it stations."""

_CELLS_A_SIDE = 8  # of a low tile: 64 pixels apart, room for a ring with its number
_MOST_STATIONS = 1000  # about 25 kB gzipped; a tile with more shows cells
_CROWDED_CELLS_A_SIDE = 16


async def get_tile(
    connection: AsyncConnection, address: TileAddress, wanted: StationFilter | None = None
) -> bytes:
    """The tile as Mapbox Vector Tile 2.1; empty when nothing is there."""
    wanted = wanted or StationFilter()
    if wanted == StationFilter() and address.z <= LAST_CELL_ZOOM:
        sql, parameters = _PREPARED, _cells_of(address)
    else:
        sites, parameters = sites_sql(wanted, _PLACE)
        sql = _COUNTED.format(sites=sites)
        low = address.z <= LAST_CELL_ZOOM
        parameters["side"] = _CELLS_A_SIDE if low else _CROWDED_CELLS_A_SIDE
        parameters["most"] = 0 if low else _MOST_STATIONS
    cursor = await connection.execute(sql, {**_bounds(address), **parameters}, binary=True)
    row = await cursor.fetchone()
    return bytes(row[0]) if row and row[0] else b""


def _bounds(address: TileAddress) -> dict[str, float]:
    size = 2 * WORLD_HALF_M / (1 << address.z)

    # Neighbours compute their common line by the same sum: no station falls between or on both.
    def line(number: int) -> float:
        return number * size - WORLD_HALF_M

    return {
        "west": line(address.x),
        "east": line(address.x + 1),
        "north": -line(address.y),
        "south": -line(address.y + 1),
    }


def _cells_of(address: TileAddress) -> dict[str, Any]:
    """Which prepared cells the tile shows: a quarter of its parent's 16 by 16, so 8 by 8."""
    z, x, y = address
    if z == 0:
        return {"z": 0, "x": 0, "y": 0, "left": 0, "right": 15, "top": 0, "bottom": 15}
    left, top = (x & 1) * _CELLS_A_SIDE, (y & 1) * _CELLS_A_SIDE
    return {
        "z": z - 1, "x": x >> 1, "y": y >> 1,
        "left": left, "right": left + _CELLS_A_SIDE - 1,
        "top": top, "bottom": top + _CELLS_A_SIDE - 1,
    }  # fmt: skip


_BOX = "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)"
# Half open: a station on the line between two tiles is in one of them.
_PLACE = f"""s.geom && {_BOX}
    AND ST_X(s.geom) >= %(west)s AND ST_X(s.geom) < %(east)s
    AND ST_Y(s.geom) > %(south)s AND ST_Y(s.geom) <= %(north)s"""

# ST_AsMVT leaves NULL attributes out: what is 0 or does not apply costs no byte.
_CELL_FEATURE = f"""
SELECT CASE WHEN n_location = 1 THEN location_id END AS id,
    ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(sum_x / n_location, sum_y / n_location), 3857),
        {_BOX}::box2d, 4096, 0, false) AS geom,
    nullif(n_location, 1)::int AS n, n_evse::int, nullif(n_available, 0)::int AS n_available,
    CASE WHEN n_location > 1 THEN nullif(n_busy, 0) END::int AS n_busy,
    CASE WHEN n_location > 1 THEN nullif(n_out, 0) END::int AS n_out,
    CASE WHEN n_location > 1 THEN nullif(n_unknown, 0) END::int AS n_unknown,
    CASE WHEN n_location > 1 THEN nullif(n_planned, 0) END::int AS n_planned,
    CASE WHEN n_location = 1 THEN {STATE_SQL} END AS state"""

_PREPARED = f"""
SELECT ST_AsMVT(f, '{LAYER}', 4096, 'geom', 'id') FROM ({_CELL_FEATURE}
    FROM tile_cell
    WHERE z = %(z)s AND x = %(x)s AND y = %(y)s
      AND i >> 4 BETWEEN %(top)s AND %(bottom)s AND i & 15 BETWEEN %(left)s AND %(right)s) f"""  # noqa: S608 - constants

_COUNTED = f"""
WITH found AS MATERIALIZED ({{sites}}),
crowd AS (SELECT count(*) > %(most)s AS is_crowded FROM found),
cell AS (
    SELECT count(*) AS n_location, sum(n_evse) AS n_evse, sum(n_available) AS n_available,
        sum(n_busy) AS n_busy, sum(n_out) AS n_out, sum(n_unknown) AS n_unknown,
        sum(n_planned) AS n_planned, sum(ST_X(geom)) AS sum_x, sum(ST_Y(geom)) AS sum_y,
        min(location_id) AS location_id
    FROM found WHERE (SELECT is_crowded FROM crowd)
    GROUP BY floor((ST_X(geom) - %(west)s) / (%(east)s - %(west)s) * %(side)s),
        floor((ST_Y(geom) - %(south)s) / (%(north)s - %(south)s) * %(side)s))
SELECT ST_AsMVT(f, '{LAYER}', 4096, 'geom', 'id') FROM (
    {_CELL_FEATURE}, NULL::int AS max_power_w, NULL::boolean AS simulated FROM cell
    UNION ALL
    SELECT location_id, ST_AsMVTGeom(geom, {_BOX}::box2d, 4096, 0, false), NULL, n_evse::int,
        nullif(n_available, 0)::int, NULL, NULL, NULL, NULL, {STATE_SQL}, max_power_w,
        nullif(simulated, false)
    FROM found WHERE NOT (SELECT is_crowded FROM crowd)) f"""  # noqa: S608 - constants
