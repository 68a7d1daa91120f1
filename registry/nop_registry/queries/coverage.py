"""What the register covers, by area, operator, power class and status.

Everything is counted from public locations (site_now); each list is one statement. Rows carry
`as_of`. What cannot be computed is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import nop_registry.coverage
from nop_registry.coverage.metric import Metric
from nop_registry.coverage.power_classes import AC_PLUGS, DC_PLUGS, POWER_CLASSES
from nop_registry.database import AsyncConnection, fetch_all
from nop_registry.discovery import find_parts
from nop_registry.queries.places import STATES, place_values, places_sql

Rows = list[dict[str, Any]]

METRICS: tuple[Metric, ...] = tuple(
    sorted(find_parts(nop_registry.coverage, "METRIC"), key=lambda metric: metric.position)
)
"""All metrics in the order in which they are shown."""

AVAILABILITIES = ("available", "busy", "out", "unknown", "planned")


class Overview(NamedTuple):
    """All figures of a country or of one state, counted in one pass."""

    totals: dict[str, Any]
    areas: Rows
    operators: Rows


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

    code        of the area; `~…` for a declared name that is no known area; None: none known
    name        None where code is None
    area_id     None where no polygon of it is loaded
    official    whether the polygon is an official one; None without polygon
    parent_code, parent_name   the state (level 2)
    as_declared        locations placed by the declared name instead of a polygon
    declared_elsewhere locations whose publisher names another area than the polygon
    as_of       instant of the figures
    and the figures: `sources` and `places` (how many), EVSEs `available`, `busy`, `out`, `unknown`,
    `planned` by the status in force now, `silent` (those unknown because their source is stale),
    `simulated` (those in service of simulated sources), and the value of each of METRICS under its
    code; for a share also <code>_numerator and <code>_denominator; <code>_left_out: EVSEs that the
    value does not cover. kW are Decimals, shares floats from 0 to 1.
    """
    sql = _figures_sql(level == 2, parent is not None)
    return await _read(connection, sql, place_values(country, include_simulated, parent))


async def get_overview(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
) -> Overview:
    """Totals, areas (states, or the districts of `parent`) and operators, which sum up alike.

    `elsewhere` of the totals: public locations of other countries (or states), in no figure here.
    """
    sql = _figures_sql(parent is not None, parent is not None, summed=True)
    rows = await _read(connection, sql, place_values(country, include_simulated, parent))
    by_kind: dict[str, Rows] = {"total": [], "area": [], "operator": []}
    for row in rows:
        by_kind[row["kind"]].append(row)
    return Overview(by_kind["total"][0], by_kind["area"], by_kind["operator"])


def sum_figures(rows: Rows) -> dict[str, Any]:
    """The figures of several rows together; a value is None where it is for all of them."""
    total: dict[str, Any] = {}
    for name in (*_COUNTS, *(f"{m.code}_left_out" for m in METRICS if m.left_out)):
        total[name] = sum(row[name] for row in rows)
    for metric in METRICS:
        if metric.denominator:
            part = sum(row[f"{metric.code}_numerator"] for row in rows)
            whole = sum(row[f"{metric.code}_denominator"] for row in rows)
            total[f"{metric.code}_numerator"], total[f"{metric.code}_denominator"] = part, whole
            total[metric.code] = part / whole if whole else None
        else:
            known = [row[metric.code] for row in rows if row[metric.code] is not None]
            total[metric.code] = sum(known) if known or not rows else None
    return total


async def list_by_power_class(
    connection: AsyncConnection,
    country: str,
    parent: str | None = None,
    include_simulated: bool = True,
) -> Rows:
    """EVSEs in service in every class of every scheme of coverage.power_classes, 0 included.

    Columns: scheme, code, title, evses, power_kw (None where the power is unknown), as_of. An EVSE
    is DC when one of its connectors is; its power is that of its strongest connector.
    """
    values = place_values(country, include_simulated, parent) | {
        "schemes": [c.scheme for c in POWER_CLASSES],
        "class_codes": [c.code for c in POWER_CLASSES],
        "titles": [c.title for c in POWER_CLASSES],
        "currents": [c.current for c in POWER_CLASSES],
        "above": [c.above_w for c in POWER_CLASSES],
        "up_to": [c.up_to_w for c in POWER_CLASSES],
        "dc_plugs": list(DC_PLUGS),
        "ac_plugs": list(AC_PLUGS),
    }
    return await _read(connection, _power_class_sql(parent is not None), values)


def statuses_of(figures: Mapping[str, Any]) -> Rows:
    """From one row of figures the EVSEs by the status in force now (enums.Availability).

    Columns: status, evses, of_silent_sources (those UNKNOWN because their source is stale), as_of.
    """
    return [
        {
            "status": name.upper(),
            "evses": figures[name],
            "of_silent_sources": figures["silent"] if name == "unknown" else 0,
            "as_of": figures["as_of"],
        }
        for name in AVAILABILITIES
    ]


async def list_source_freshness(
    connection: AsyncConnection, include_simulated: bool = True
) -> Rows:
    """Every source: when it was last heard of, whether it is stale, when it last failed.

    The texts of errors are for the operator: they quote peers and name hosts.

    Columns: name, kind, country_code, simulated, state, is_stale, seen_at, age_s
    (None: never heard), status_ttl_s, last_attempt_at, last_success_at, last_error_at, failures,
    locations, evses, as_of.
    """
    return await _read(connection, _SOURCES, {"include_simulated": include_simulated})


async def find_state_name(connection: AsyncConnection, country: str, code: str) -> str | None:
    """The name of the state with this `code`, whether or not a location lies in it."""
    rows = await _read(connection, _STATE_NAME, place_values(country, parent=code))
    return rows[0]["name"] if rows else None


async def list_undrawn(connection: AsyncConnection, country: str) -> list[str]:
    """Names of the known states of a country of which no polygon is loaded."""
    return [row["name"] for row in await _read(connection, _UNDRAWN, place_values(country))]


async def _read(connection: AsyncConnection, sql: str, values: Mapping[str, Any]) -> Rows:
    # A national count sorts and hashes a million rows: in memory, and longer than a page's read.
    async with connection.transaction():
        await connection.execute(
            "SELECT set_config('work_mem', '64MB', true),"
            " set_config('statement_timeout', '60s', true), set_config('jit', 'off', true)"
        )
        return await fetch_all(connection, sql, values)


_COUNTS = (*AVAILABILITIES, "silent", "simulated", "places")


def _figures() -> tuple[list[str], str]:
    """The select list of all figures of a group of places `p`, and the joins that it needs."""
    columns = [
        "count(DISTINCT p.source_id) AS sources",
        "count(p.location_id) AS places",
        *(f"coalesce(sum(p.n_{s}), 0) AS {s}" for s in AVAILABILITIES),
        "coalesce(sum(p.n_unknown) FILTER (WHERE p.is_stale), 0) AS silent",
        "coalesce(sum(p.n_evse - p.n_planned) FILTER (WHERE p.simulated), 0) AS simulated",
    ]
    joins = []
    for metric in METRICS:
        if metric.denominator:
            columns += [
                f"({metric.numerator})::float8 / nullif({metric.denominator}, 0) AS {metric.code}",
                f"({metric.numerator})::bigint AS {metric.code}_numerator",
                f"coalesce({metric.denominator}, 0)::bigint AS {metric.code}_denominator",
            ]
        else:
            columns.append(f"{metric.numerator} AS {metric.code}")
        if metric.left_out:
            columns.append(f"({metric.left_out})::bigint AS {metric.code}_left_out")
        if metric.per_location:
            joins.append(
                f"LEFT JOIN ({metric.per_location}) {metric.code} "
                f"ON {metric.code}.location_id = p.location_id"
            )
    return columns, "\n".join(joins)


def _drawn_sql(by_district: bool, within_state: bool) -> str:
    """The areas that have an outline, with their state where they are districts."""
    if not by_district:
        return "SELECT s.*, NULL AS parent_code, NULL AS parent_name FROM state_area s"
    within = "WHERE s.code = %(parent)s" if within_state else ""
    return (
        "SELECT d.*, s.code AS parent_code, s.name AS parent_name FROM district_area d "  # noqa: S608 - constants
        f"LEFT JOIN state_area s ON s.id = d.parent_id {within}"
    )


@cache
def _figures_sql(by_district: bool, within_state: bool, *, summed: bool = False) -> str:
    """One pass over the places, by area; `summed`: also by operator and in one row (`kind`)."""
    columns, joins = _figures()
    names = [column.rsplit(" AS ", 1)[1] for column in columns]
    shares = {metric.code for metric in METRICS if metric.denominator}
    area = "district" if by_district else "state"
    prefix = "district_" if by_district else ""
    keys = "(p.state_code, p.district_code)" if by_district else "(p.state_code)"
    kind, operator = "'area'", "NULL::text"
    if summed:
        keys += ", (p.operator), ()"
        kind = """CASE WHEN grouping(p.operator) = 0 THEN 'operator'
        WHEN grouping(p.state_code) = 0 THEN 'area' ELSE 'total' END"""
        operator = "p.operator"
    parent = "p.state_code" if by_district else "NULL::text"
    parent_name = (
        "coalesce(a.parent_name, c.parent_name)" if within_state or by_district else "NULL"
    )
    shown = [
        f"c.{name}"
        if name in shares
        else f"CASE WHEN c.kind IS NULL THEN 0 ELSE c.{name} END AS {name}"
        for name in ("as_declared", "declared_elsewhere", *names)
    ]
    return f"""{places_sql(by_district=by_district, within_state=within_state)},
counted AS (
    SELECT {kind} AS kind, {operator} AS operator,
        p.{area}_code AS code, min(p.{area}_name) AS name,
        {parent} AS parent_code, min(p.state_name) AS parent_name,
        count(*) FILTER (WHERE p.{prefix}as_declared) AS as_declared,
        count(*) FILTER (WHERE p.{prefix}declared_elsewhere) AS declared_elsewhere,
        {", ".join(columns)}
    FROM place p {joins}
    GROUP BY GROUPING SETS ({keys})),
drawn AS ({_drawn_sql(by_district, within_state)})
SELECT coalesce(c.kind, 'area') AS kind, c.operator, coalesce(a.code, c.code) AS code,
    CASE WHEN a.code IS NOT NULL THEN a.name WHEN c.kind = 'area' THEN c.name END AS name,
    a.id AS area_id, a.official, coalesce(a.parent_code, c.parent_code) AS parent_code,
    {parent_name} AS parent_name, {", ".join(shown)},
    CASE WHEN c.kind = 'total' THEN (SELECT count(*) FROM site_now t
        WHERE %(include_simulated)s OR NOT t.simulated) - c.places END AS elsewhere,
    now() AS as_of
FROM counted c FULL JOIN (SELECT 'area' AS kind, * FROM drawn) a
    ON a.kind = c.kind AND a.code = c.code
    AND coalesce(a.parent_code, '') = coalesce(c.parent_code, '')
ORDER BY evses DESC, name, operator"""  # noqa: S608 - constants


@cache
def _power_class_sql(within_state: bool) -> str:
    return f"""{places_sql(within_state=within_state)},
connected AS (
    SELECT c.evse_id, coalesce(max('DC') FILTER (WHERE c.power_type = 'DC'
               OR c.power_type IS NULL AND c.standard = ANY(%(dc_plugs)s)),
           max('AC') FILTER (WHERE c.power_type LIKE 'AC%%' OR c.power_type IS NULL
               AND (c.standard = ANY(%(ac_plugs)s) OR c.standard ~ '^(DOMESTIC|IEC_60309|NEMA)_'))
           ) AS current
    FROM connector c GROUP BY c.evse_id),
counted AS (
    SELECT c.current, e.max_power_w, count(*) AS n
    FROM place p JOIN evse e ON e.location_id = p.location_id AND e.retired_at IS NULL
    LEFT JOIN connected c ON c.evse_id = e.id
    WHERE NOT EXISTS (SELECT FROM evse_status s
                      WHERE s.evse_id = e.id AND s.status IN ('PLANNED', 'REMOVED'))
    GROUP BY c.current, e.max_power_w),
class AS (
    SELECT * FROM unnest(%(schemes)s::text[], %(class_codes)s::text[], %(titles)s::text[],
        %(currents)s::text[], %(above)s::int[], %(up_to)s::int[])
        WITH ORDINALITY AS c(scheme, code, title, current, above_w, up_to_w, position))
SELECT k.scheme, k.code, k.title, coalesce(sum(c.n), 0)::bigint AS evses,
    CASE WHEN k.above_w IS NOT NULL
         THEN coalesce(sum(c.n * c.max_power_w), 0) / 1000.0 END AS power_kw, now() AS as_of
FROM class k LEFT JOIN counted c ON c.current IS NOT DISTINCT FROM k.current
    AND CASE WHEN k.above_w IS NULL THEN c.max_power_w IS NULL
             ELSE c.max_power_w > k.above_w AND c.max_power_w <= k.up_to_w END
GROUP BY k.scheme, k.code, k.title, k.above_w, k.position ORDER BY k.position"""  # noqa: S608 - constants


_SOURCES = """
SELECT s.name, s.kind, s.country_code, s.simulated, s.state, s.is_stale, s.seen_at,
    extract(epoch FROM now() - s.seen_at)::bigint AS age_s, s.status_ttl_s, s.last_attempt_at,
    s.last_success_at, s.last_error_at, s.failures,
    count(t.location_id) AS locations, coalesce(sum(t.n_evse - t.n_planned), 0) AS evses,
    now() AS as_of
FROM source_now s LEFT JOIN site t ON t.source_id = s.id
WHERE %(include_simulated)s OR NOT s.simulated
GROUP BY s.id, s.name, s.kind, s.country_code, s.simulated, s.state, s.is_stale, s.seen_at,
    s.status_ttl_s, s.last_attempt_at, s.last_success_at, s.last_error_at, s.failures
ORDER BY s.is_stale DESC, s.name"""

_STATE_NAME = f"""WITH {STATES}
SELECT name FROM state_area WHERE code = %(parent)s
UNION ALL SELECT name FROM known WHERE code = %(parent)s LIMIT 1"""  # noqa: S608 - constants

_UNDRAWN = f"""WITH {STATES}
SELECT DISTINCT k.name FROM known k
WHERE EXISTS (SELECT FROM state_area) AND k.code NOT IN (SELECT key FROM state_area)
ORDER BY k.name"""  # noqa: S608 - constants
