"""What the register covers, by area, operator, power class, status and source.

Everything is counted from public locations (site_now); each list is one statement. Rows carry
`as_of`. Values that cannot be computed are None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pycountry

import nop_registry.coverage
from nop_registry.areas_data.names import FOLD, spellings_of
from nop_registry.coverage.metric import Metric
from nop_registry.coverage.power_classes import POWER_CLASSES
from nop_registry.database import AsyncConnection, fetch_all, fetch_one
from nop_registry.discovery import find_parts

Rows = list[dict[str, Any]]

METRICS: tuple[Metric, ...] = tuple(
    sorted(find_parts(nop_registry.coverage, "METRIC"), key=lambda metric: metric.position)
)
"""All metrics in the order in which they are shown."""


async def list_coverage(
    connection: AsyncConnection,
    country: str,
    level: int,
    parent: str | None = None,
    include_simulated: bool = True,
) -> Rows:
    """The figures of every state (level 1) or district (level 2) of a country (alpha-2).

    `parent` is the `code` of a state. Areas without a location are rows with 0; locations outside
    every loaded polygon stand under the name that their publisher gave. Columns of a row:

    code        of the area; `~…` for a declared name that is no known area; None: no area known
    name        None where code is None
    area_id     None where no polygon of it is loaded
    parent_code, parent_name   the state (level 2)
    official    whether the polygon is an official one; None without polygon
    sources     how many sources have locations there
    as_declared        locations placed by the declared name instead of a polygon
    declared_elsewhere locations whose publisher names another area than the polygon
    available, busy, out, unknown, planned   EVSEs by status in force now
    <metric>    value of each of METRICS; for a share also <metric>_numerator, <metric>_denominator;
                where some EVSEs are not covered <metric>_left_out
    as_of       instant of the figures
    """
    sql = _coverage_sql(level, parent is not None)
    return await fetch_all(connection, sql, _values(country, include_simulated, parent))


async def get_totals(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
) -> dict[str, Any]:
    """The same columns for the whole country (or one state), and `simulated`, `elsewhere`.

    `simulated` counts EVSEs of simulated sources among them, `elsewhere` public locations in other
    countries, which are in no figure here.
    """
    values = _values(country, include_simulated, parent)
    row = await fetch_one(connection, _totals_sql(parent is not None), values)
    return row or {}


async def list_by_operator(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
    top: int | None = None,
) -> Rows:
    """EVSEs, locations and kW by operator as published; all but the first `top` in one row.

    Columns: operator (None: none named, or the row of the others), operators (how many it stands
    for), evses, locations, power_kw, power_kw_left_out, known, as_of.
    """
    values = _values(country, include_simulated, parent) | {"top": top}
    return await fetch_all(connection, _operator_sql(parent is not None), values)


async def list_by_power_class(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
) -> Rows:
    """EVSEs and kW in every class of every scheme; a class without EVSEs is a row with 0.

    Columns: scheme, code, title, evses, power_kw (None where the power is unknown), as_of.
    """
    values = _values(country, include_simulated, parent) | {
        "schemes": [c.scheme for c in POWER_CLASSES],
        "class_codes": [c.code for c in POWER_CLASSES],
        "titles": [c.title for c in POWER_CLASSES],
        "currents": [c.current for c in POWER_CLASSES],
        "above": [c.above_w for c in POWER_CLASSES],
        "up_to": [c.up_to_w for c in POWER_CLASSES],
    }
    return await fetch_all(connection, _power_class_sql(parent is not None), values)


async def list_by_status(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
) -> Rows:
    """EVSEs by the status in force now (enums.Availability), UNKNOWN apart.

    Columns: status, evses, of_silent_sources (those UNKNOWN because their source is stale), as_of.
    """
    values = _values(country, include_simulated, parent)
    return await fetch_all(connection, _status_sql(parent is not None), values)


async def list_source_freshness(
    connection: AsyncConnection, include_simulated: bool = True
) -> Rows:
    """Every source: when it was last heard of, whether it is stale, its last error.

    Columns: name, kind, country_code, simulated, state, is_stale, seen_at, age_s (None: never
    heard), status_ttl_s, last_attempt_at, last_success_at, last_error_at, last_error, failures,
    locations, evses, as_of.
    """
    return await fetch_all(connection, _SOURCES, {"include_simulated": include_simulated})


async def list_outlines(
    connection: AsyncConnection, country: str, parent: str | None = None
) -> Rows:
    """Outlines for a map of the states of a country, or of the districts of a state.

    Columns: code, name, official, origin, path (SVG path data in a square of 1000 units, y down;
    Web Mercator; None for an area outside the square). Far islands do not shrink the map: the
    square is that of the largest land mass and what is near it.
    """
    level = 1 if parent is None else 2
    values = {"country": country, "level": level, "parent": parent}
    return await fetch_all(connection, _OUTLINES, values)


async def list_undrawn(connection: AsyncConnection, country: str) -> list[str]:
    """Names of the known states of a country of which no polygon is loaded."""
    rows = await fetch_all(connection, _UNDRAWN, _values(country, True, None))
    return [row["name"] for row in rows]


def _values(country: str, include_simulated: bool, parent: str | None) -> dict[str, Any]:
    spellings = spellings_of(country)
    nation = pycountry.countries.get(alpha_2=country)
    return {
        "country": country,
        "alpha_3": nation.alpha_3 if nation else None,
        "include_simulated": include_simulated,
        "parent": parent,
        "folded": [s.folded for s in spellings],
        "known_codes": [s.code for s in spellings],
        "known_names": [s.name for s in spellings],
    }


def _known_areas(with_districts: bool = False) -> str:
    """CTEs: known spellings, loaded states, and every declared spelling with what it means."""
    districts = f""",
district_area AS (
    SELECT a.id, a.code, a.name, a.official, a.parent_id, {FOLD.format("a.name")} AS key
    FROM area a WHERE a.country_code = %(country)s AND a.level = 2),
declared_district AS MATERIALIZED (
    SELECT d.district, {FOLD.format("d.district")} AS key
    FROM (SELECT DISTINCT district FROM location) d
    WHERE {FOLD.format("d.district")} <> '')"""  # noqa: S608 - constants
    return f"""
WITH known AS (
    SELECT * FROM unnest(%(folded)s::text[], %(known_codes)s::text[], %(known_names)s::text[])
        AS k(folded, code, name)),
state_area AS (
    SELECT a.id, a.code, a.name, a.official, coalesce(k.code, {FOLD.format("a.name")}) AS key
    FROM area a LEFT JOIN known k ON k.folded = {FOLD.format("a.name")}
    WHERE a.country_code = %(country)s AND a.level = 1),
declared_state AS MATERIALIZED (
    SELECT d.state, a.id AS area_id, coalesce(a.code, k.code, '~' || d.key) AS code,
           coalesce(a.name, k.name, d.state) AS name, a.id IS NULL AND k.code IS NOT NULL AS undrawn
    FROM (SELECT state, {FOLD.format("state")} AS key
          FROM (SELECT DISTINCT state FROM location) every) d
    LEFT JOIN known k ON k.folded = d.key
    LEFT JOIN state_area a ON a.key = coalesce(k.code, d.key)
    WHERE d.key <> ''){districts if with_districts else ""}"""  # noqa: S608 - constants


def _places(by_district: bool, within_state: bool) -> str:
    """CTE `place`: every public location of the country with its state (and district).

    The polygon decides; the declared name where there is none, or where the declared state is
    known to have no polygon (an outline older than the state).
    """
    district = """
    , coalesce(da.code, dn.code, '~' || dd.key) AS district_code
    , coalesce(da.name, dn.name, l.district) AS district_name
    , da.id IS NULL AND dd.key IS NOT NULL AS district_as_declared
    , da.id IS NOT NULL AND dd.key <> da.key AS district_elsewhere"""
    district_joins = """
    LEFT JOIN district_area da ON da.id = t.district_area_id
    LEFT JOIN declared_district dd ON dd.district = l.district
    LEFT JOIN LATERAL (SELECT n.code, n.name FROM district_area n
        WHERE da.id IS NULL AND n.key = dd.key AND n.parent_id = coalesce(sa.id, ds.area_id)
        ORDER BY n.id LIMIT 1) dn ON true"""
    state_code = "CASE WHEN ds.undrawn OR sa.id IS NULL THEN ds.code ELSE sa.code END"
    return f""",
place AS (
    SELECT t.*, {state_code} AS state_code,
        CASE WHEN ds.undrawn OR sa.id IS NULL THEN ds.name ELSE sa.name END AS state_name,
        ds.code IS NOT NULL AND (ds.undrawn OR sa.id IS NULL) AS as_declared,
        ds.area_id IS DISTINCT FROM sa.id AND sa.id IS NOT NULL AND ds.code IS NOT NULL
            AND NOT ds.undrawn AS declared_elsewhere
        {district if by_district else ""}
    FROM site_now t JOIN location l ON l.id = t.location_id
    LEFT JOIN state_area sa ON sa.id = t.state_area_id
    LEFT JOIN declared_state ds ON ds.state = l.state
    {district_joins if by_district else ""}
    WHERE CASE WHEN t.country IS NOT NULL THEN t.country = %(alpha_3)s
               WHEN sa.id IS NOT NULL THEN true ELSE l.country_code = %(country)s END
      AND (%(include_simulated)s OR NOT t.simulated)
      {f"AND {state_code} = %(parent)s" if within_state else ""})"""  # noqa: S608 - constants


def _figures(metrics: Sequence[Metric]) -> tuple[str, str]:
    """The select list of all figures of a group of places, and the joins that it needs."""
    columns = [
        "count(DISTINCT p.source_id) AS sources",
        *(f"coalesce(sum(p.n_{s}), 0) AS {s}" for s in _AVAILABILITIES),
    ]
    joins = []
    for metric in metrics:
        if metric.denominator:
            columns += [
                f"({metric.numerator})::float8 / nullif({metric.denominator}, 0) AS {metric.code}",
                f"{metric.numerator} AS {metric.code}_numerator",
                f"coalesce({metric.denominator}, 0) AS {metric.code}_denominator",
            ]
        else:
            columns.append(f"{metric.numerator} AS {metric.code}")
        if metric.left_out:
            columns.append(f"{metric.left_out} AS {metric.code}_left_out")
        if metric.per_location:
            joins.append(
                f"LEFT JOIN ({metric.per_location}) {metric.code} "
                f"ON {metric.code}.location_id = p.location_id"
            )
    return ",\n    ".join(columns), "\n".join(joins)


_AVAILABILITIES = ("available", "busy", "out", "unknown", "planned")


@cache
def _coverage_sql(level: int, within_state: bool) -> str:
    columns, joins = _figures(METRICS)
    counts = ["sources", "as_declared", "declared_elsewhere", *_AVAILABILITIES]
    for metric in METRICS:
        if metric.denominator:
            counts += [f"{metric.code}_numerator", f"{metric.code}_denominator"]
        else:
            counts.append(metric.code)
        if metric.left_out:
            counts.append(f"{metric.code}_left_out")
    shares = [metric.code for metric in METRICS if metric.denominator]
    if level == 1:
        codes, declared = "p.state_code AS code, NULL AS parent_code", "p.as_declared"
        names, elsewhere = "min(p.state_name) AS name, NULL AS parent_name", "p.declared_elsewhere"
        areas = "SELECT s.*, NULL::text AS parent_code, NULL::text AS parent_name FROM state_area s"
        grouping = "p.state_code"
    else:
        codes, declared = "p.district_code AS code, p.state_code AS parent_code", "p.district_as_declared"
        names = "min(p.district_name) AS name, min(p.state_name) AS parent_name"
        elsewhere, grouping = "p.district_elsewhere", "p.state_code, p.district_code"
        areas = f"""SELECT d.*, s.code AS parent_code, s.name AS parent_name
            FROM district_area d LEFT JOIN state_area s ON s.id = d.parent_id
            {"WHERE s.code = %(parent)s" if within_state else ""}"""  # noqa: S608 - constants
    # A district code may return under another state only for declared names, so both are the key.
    return f"""{_known_areas(level == 2)}{_places(level == 2, within_state)},
counted AS (
    SELECT {codes}, {names}, true AS present, count(*) FILTER (WHERE {declared}) AS as_declared,
    count(*) FILTER (WHERE {elsewhere}) AS declared_elsewhere,
    {columns}
    FROM place p {joins} GROUP BY {grouping}),
drawn AS ({areas})
SELECT coalesce(a.code, c.code) AS code, coalesce(a.name, c.name) AS name, a.id AS area_id,
    coalesce(c.parent_code, a.parent_code) AS parent_code,
    coalesce(c.parent_name, a.parent_name) AS parent_name, a.official,
    {", ".join(f"CASE WHEN c.present THEN c.{n} ELSE 0 END AS {n}" for n in counts)},
    {", ".join(f"c.{n}" for n in shares)}, now() AS as_of
FROM counted c FULL JOIN drawn a
  ON a.code = c.code AND a.parent_code IS NOT DISTINCT FROM c.parent_code
ORDER BY evses DESC, name"""  # noqa: S608 - constants


@cache
def _totals_sql(within_state: bool) -> str:
    columns, joins = _figures(METRICS)
    return f"""{_known_areas()}{_places(False, within_state)}
SELECT count(*) FILTER (WHERE p.as_declared) AS as_declared,
    count(*) FILTER (WHERE p.declared_elsewhere) AS declared_elsewhere,
    coalesce(sum(p.n_evse - p.n_planned) FILTER (WHERE p.simulated), 0) AS simulated,
    min(p.state_name) AS name,
    (SELECT count(*) FROM site_now t WHERE %(include_simulated)s OR NOT t.simulated)
        - count(p.location_id) AS elsewhere,
    {columns}, now() AS as_of
FROM place p {joins}"""  # noqa: S608 - constants
