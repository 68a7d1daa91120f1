"""Search rows: one per public location, derived from location, evse and evse_status."""

from __future__ import annotations

from collections.abc import Sequence

from nop_registry.database import Connection
from nop_registry.store.areas import AREAS_OF_PLACE
from nop_registry.store.emissions import emit_locations
from nop_registry.store.operators import OPERATOR_SHOWN
from nop_registry.store.site_documents import refresh_documents
from nop_registry.store.staging import number_array


def refresh_sites(connection: Connection, locations: Sequence[int]) -> list[int]:
    """Rebuild the rows and documents of these locations; returns the map cells they have left.

    OCPI consumers are told what became public, changed or is public no more.
    """
    before: dict[int, int] = dict(
        connection.execute(
            "SELECT location_id, cell FROM site WHERE location_id = ANY(%s)", (locations,)
        ).fetchall()
    )
    connection.execute(_UPSERT, {"locations": locations})
    after: dict[int, int] = dict(connection.execute(_DROP, {"locations": locations}).fetchall())
    refresh_documents(connection, locations)
    emit_locations(connection, locations)
    return sorted({cell for number, cell in before.items() if after.get(number) != cell})


def recount_sites(connection: Connection, locations: Sequence[int]) -> None:
    """Count the EVSEs of these locations anew, where nothing else of them has changed."""
    connection.execute(_RECOUNT, {"locations": number_array(locations)})


# evse_status holds live EVSEs only: a retired one has left it. One that lapsed is not planned.
_COUNTERS = """
    count(*) FILTER (WHERE s.status <> 'REMOVED') AS n_evse,
    count(*) FILTER (WHERE s.status = 'AVAILABLE' AND s.lapsed_at IS NULL) AS n_available,
    count(*) FILTER (WHERE s.status IN ('CHARGING', 'RESERVED', 'BLOCKED')
                       AND s.lapsed_at IS NULL) AS n_busy,
    count(*) FILTER (WHERE s.status IN ('INOPERATIVE', 'OUTOFORDER')
                       AND s.lapsed_at IS NULL) AS n_out,
    count(*) FILTER (WHERE s.status = 'UNKNOWN' OR s.lapsed_at IS NOT NULL) AS n_unknown,
    count(*) FILTER (WHERE s.status = 'PLANNED') AS n_planned"""

# LATERAL: counted in a group of their own, the planner may join each with each while a table is too
# new for statistics. Web Mercator by its formula: ST_Transform costs ten times as much per point.
_PUBLIC = f"""
SELECT l.id AS location_id, l.source_id, l.country, c.*, place.geom,
    {OPERATOR_SHOWN} AS operator_name,
    l.missing_since IS NOT NULL AS missing,
    cell_at(place.geom) AS cell, areas.state_area_id, areas.district_area_id
FROM location l
CROSS JOIN LATERAL (SELECT bit_or(e.class_mask) AS class_mask, max(e.max_power_w) AS max_power_w,
        {_COUNTERS}
    FROM evse e JOIN evse_status s ON s.evse_id = e.id
    WHERE e.location_id = l.id HAVING bool_or(s.status <> 'REMOVED')) c
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(radians(l.lon) * 6378137.0,
    6378137.0 * ln(tan(pi() / 4 + radians(l.lat) / 2))), 3857) AS geom,
    ST_SetSRID(ST_MakePoint(l.lon, l.lat), 4326) AS wgs84) place
{AREAS_OF_PLACE}
WHERE l.id = ANY(%(locations)s) AND l.publish AND l.retired_at IS NULL"""  # noqa: S608 - constants

_COUNTED = ("n_evse", "n_available", "n_busy", "n_out", "n_unknown", "n_planned")
_COLUMNS = (
    "source_id", "geom", "cell", "country", "operator_name", "state_area_id", "district_area_id",
    "class_mask", "max_power_w", *_COUNTED, "missing",
)  # fmt: skip
_NAMES = ", ".join(_COLUMNS)

_UPSERT = f"""
INSERT INTO site AS t (location_id, {_NAMES})
SELECT location_id, {_NAMES} FROM ({_PUBLIC}) fresh
ON CONFLICT (location_id) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _COLUMNS)}
WHERE ({", ".join(f"t.{n}" for n in _COLUMNS)})
   IS DISTINCT FROM ({", ".join(f"excluded.{n}" for n in _COLUMNS)})"""  # noqa: S608 - constants

_RECOUNT = f"""
UPDATE site t SET {", ".join(f"{n} = c.{n}" for n in _COUNTED)}
FROM (SELECT s.location_id, {_COUNTERS} FROM evse_status s
      WHERE s.location_id = ANY(%(locations)s::bigint[]) GROUP BY s.location_id) c
WHERE t.location_id = c.location_id
  AND ({", ".join(f"t.{n}" for n in _COUNTED)})
   IS DISTINCT FROM ({", ".join(f"c.{n}" for n in _COUNTED)})"""  # noqa: S608 - constants

# A location without a live EVSE, withdrawn or not for publication is not shown.
_DROP = """
WITH gone AS (
    DELETE FROM site t USING location l
    WHERE t.location_id = ANY(%(locations)s) AND l.id = t.location_id
      AND (NOT l.publish OR l.retired_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM evse_status s WHERE s.location_id = l.id AND s.status <> 'REMOVED'))
    RETURNING t.location_id)
SELECT location_id, cell FROM site
WHERE location_id = ANY(%(locations)s) AND location_id NOT IN (SELECT location_id FROM gone)"""
