"""Stations as people see them: the list of a view, one station's sheet, and live states."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from nop_registry.database import AsyncConnection, fetch_all, fetch_one
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.geo import BBox
from nop_registry.pricing import PriceNow, headline
from nop_registry.queries.matching import StationFilter, sites_sql
from nop_registry.queries.states import STATE_SQL
from nop_registry.records import TariffRecord

_NUMBER = re.compile(r"[0-9]{1,16}")
_read_tariff = msgspec.json.Decoder(TariffRecord).decode


class Page(NamedTuple):
    """A page of a list; `after` asks for the next one, None at the end."""

    rows: list[dict[str, Any]]
    after: str | None


async def list_stations(
    connection: AsyncConnection,
    bbox: BBox,
    wanted: StationFilter,
    *,
    limit: int = 25,
    after: str | None = None,
) -> Page:
    """Matching stations in the box, those nearest to its middle first.

    Raises InvalidInput when `after` is not what an earlier page gave.
    """
    sites, parameters = sites_sql(wanted, _IN_VIEW)
    parameters |= _view(bbox) | {"limit": limit + 1, "distance": None, "id": None}
    if after is not None:
        parameters["distance"], parameters["id"] = _parse_place(after)
    rows = await fetch_all(connection, _LIST.format(sites=sites), parameters)
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, f"{rows[-1]['distance']!r},{rows[-1]['id']}" if more else None)


async def count_stations(
    connection: AsyncConnection, bbox: BBox, wanted: StationFilter
) -> dict[str, int]:
    """How many stations and EVSEs match in the box, EVSEs also by state."""
    sites, parameters = sites_sql(wanted, _IN_VIEW)
    row = await fetch_one(
        connection,
        f"""SELECT count(*) AS n_location, coalesce(sum(n_evse), 0)::bigint AS n_evse,
                coalesce(sum(n_available), 0)::bigint AS n_available,
                coalesce(sum(n_busy), 0)::bigint AS n_busy,
                coalesce(sum(n_out), 0)::bigint AS n_out,
                coalesce(sum(n_unknown), 0)::bigint AS n_unknown,
                coalesce(sum(n_planned), 0)::bigint AS n_planned
            FROM ({sites}) found""",  # noqa: S608 - made of constants
        parameters | _view(bbox),
    )
    return row or {}


async def get_station(connection: AsyncConnection, location_id: int) -> dict[str, Any]:
    """A public station with `evses`, each with `connectors` that carry their `price`.

    Raises NotFound also for what exists and is not public.
    """
    station = await fetch_one(connection, _STATION, {"id": location_id})
    if station is None:
        raise NotFound(f"There is no public station {location_id}.")
    evses = await fetch_all(connection, _EVSES, {"id": location_id})
    connectors = [connector for evse in evses for connector in evse["connectors"]]
    tariffs = await _tariffs_of(connection, connectors)
    now = datetime.now(UTC)
    for connector in connectors:
        connector["price"] = _price(connector, tariffs, now, station["time_zone"])
    return {**station, "evses": evses, "as_of": now}


async def list_states(
    connection: AsyncConnection, location_ids: Collection[int]
) -> list[dict[str, Any]]:
    """State and counters of those of the stations that are public now."""
    return await fetch_all(
        connection,
        f"""SELECT s.location_id AS id, l.lon, l.lat, {STATE_SQL} AS state, s.n_evse, s.n_available,
                s.n_busy, s.n_out, s.n_unknown, s.n_planned
            FROM site_now s JOIN location l ON l.id = s.location_id
            WHERE s.location_id = ANY(%(ids)s::bigint[])""",  # noqa: S608 - made of constants
        {"ids": list(location_ids)},
    )


async def list_evse_states(
    connection: AsyncConnection, location_ids: Collection[int]
) -> list[dict[str, Any]]:
    """Status of each EVSE of those of the stations that are public now."""
    return await fetch_all(
        connection,
        """SELECT k.location_id, k.evse_id AS id, k.status, k.changed_at, k.last_seen_at, k.is_stale
           FROM evse_status_now k JOIN site_now s USING (location_id)
           JOIN evse e ON e.id = k.evse_id
           WHERE k.location_id = ANY(%(ids)s::bigint[]) AND e.retired_at IS NULL
             AND k.status <> 'REMOVED'
           ORDER BY k.location_id, e.position""",
        {"ids": list(location_ids)},
    )


async def list_operators(connection: AsyncConnection, limit: int = 300) -> list[dict[str, Any]]:
    """Names of operators with public stations and how many they have, most first."""
    return await fetch_all(
        connection,
        """SELECT operator_name, count(*) AS n_location FROM site WHERE operator_name IS NOT NULL
           GROUP BY operator_name ORDER BY n_location DESC, operator_name LIMIT %(limit)s""",
        {"limit": limit},
    )


async def get_overview(connection: AsyncConnection) -> dict[str, Any]:
    """What a reader must know of all data shown: `has_simulated`, newest `seen_at`, `n_source`."""
    row = await fetch_one(
        connection,
        """SELECT coalesce(bool_or(simulated), false) AS has_simulated, max(seen_at) AS seen_at,
               count(*) AS n_source, count(*) FILTER (WHERE is_stale) AS n_stale, now() AS as_of
           FROM source_now WHERE state <> 'disabled'""",
    )
    return row or {}


def _view(bbox: BBox) -> dict[str, Any]:
    return {
        "west": bbox.west, "south": bbox.south, "east": bbox.east, "north": bbox.north,
        "middle_lon": (bbox.west + bbox.east) / 2, "middle_lat": (bbox.south + bbox.north) / 2,
    }  # fmt: skip


def _parse_place(after: str) -> tuple[float, int]:
    distance, _, number = after.partition(",")
    try:
        if not _NUMBER.fullmatch(number):
            raise ValueError
        return float(distance), int(number)
    except ValueError:
        raise InvalidInput("after must come from the page before") from None


async def _tariffs_of(
    connection: AsyncConnection, connectors: Sequence[dict[str, Any]]
) -> dict[int, TariffRecord]:
    numbers = {number for connector in connectors for number in connector["tariff_numbers"]}
    rows = await fetch_all(
        connection,
        """SELECT id, document::text AS document FROM tariff
           WHERE id = ANY(%(numbers)s::bigint[]) AND retired_at IS NULL""",
        {"numbers": list(numbers)},
    )
    return {row["id"]: _read_tariff(row["document"]) for row in rows}


def _price(
    connector: dict[str, Any], tariffs: dict[int, TariffRecord], now: datetime, zone: str | None
) -> PriceNow:
    own = [tariffs[number] for number in connector["tariff_numbers"] if number in tariffs]
    return headline(own, now, zone, connector["max_electric_power_w"])


# Latitudes beyond the Mercator square are cut to it; the box of degrees is a box there too.
_IN_VIEW = """s.geom && ST_Transform(ST_MakeEnvelope(%(west)s, greatest(%(south)s, -85.06),
    %(east)s, least(%(north)s, 85.06), 4326), 3857)"""
_MIDDLE = "ST_Transform(ST_SetSRID(ST_MakePoint(%(middle_lon)s, %(middle_lat)s), 4326), 3857)"

_LIST = f"""
SELECT f.location_id AS id, f.geom <-> {_MIDDLE} AS distance, {STATE_SQL} AS state,
    f.n_evse, f.n_available, f.n_busy, f.n_out, f.n_unknown, f.n_planned, f.max_power_w,
    f.is_stale, f.simulated, f.operator_name, l.name, l.address, l.city, l.state AS region,
    l.lat, l.lon
FROM ({{sites}}) f JOIN location l ON l.id = f.location_id
WHERE %(id)s::bigint IS NULL
   OR (f.geom <-> {_MIDDLE}, f.location_id) > (%(distance)s::float8, %(id)s::bigint)
ORDER BY f.geom <-> {_MIDDLE}, f.location_id LIMIT %(limit)s"""  # noqa: S608 - constants

_STATION = f"""
SELECT l.id, l.name, l.address, l.city, l.postal_code, l.district, l.state AS region, l.country,
    l.lat, l.lon, s.operator_name, l.time_zone, l.parking_type, l.details, l.last_updated,
    l.received_at, l.country_code, l.party_id, l.ocpi_id, s.n_evse, s.n_available, s.n_busy,
    s.n_out, s.n_unknown, s.n_planned, s.is_stale, s.simulated, {STATE_SQL} AS availability,
    source.name AS source_name, source.kind AS source_kind, source.seen_at
FROM site_now s JOIN location l ON l.id = s.location_id JOIN source ON source.id = s.source_id
WHERE s.location_id = %(id)s"""  # noqa: S608 - constants

_EVSES = """
SELECT e.id, e.uid, e.evse_id, e.physical_reference, e.floor_level, e.max_power_w, e.capabilities,
    e.parking_restrictions, k.status, k.last_known_status, k.changed_at, k.last_seen_at, k.is_stale,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'standard', c.standard,
        'format', c.format, 'power_type', c.power_type,
        'max_electric_power_w', c.max_electric_power_w, 'power_derived', c.power_derived,
        'tariff_numbers', c.tariff_numbers) ORDER BY c.position)
      FROM connector c WHERE c.evse_id = e.id), '[]') AS connectors
FROM evse e JOIN evse_status_now k ON k.evse_id = e.id
WHERE e.location_id = %(id)s AND e.retired_at IS NULL AND k.status <> 'REMOVED'
ORDER BY e.position, e.id"""
