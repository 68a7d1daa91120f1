"""SQL: in which state and district each public location of a country counts.

The polygon decides. The name that the publisher declared decides where no polygon is around the
location, or where the declared state is known to have none (an outline older than the state).
"""

from __future__ import annotations

from typing import Any

import pycountry

from nop_registry.areas_data.names import FOLD, spellings_of


def place_values(
    country: str, include_simulated: bool = True, parent: str | None = None
) -> dict[str, Any]:
    """The parameters of `places_sql`. `country` is ISO 3166 alpha-2."""
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


def places_sql(*, by_district: bool = False, within_state: bool = False) -> str:
    """WITH … `place`: site_now, state_code, state_name, as_declared, declared_elsewhere; with
    `by_district` also district_code, district_name, district_as_declared and
    district_declared_elsewhere.
    """
    districts = _DISTRICTS if by_district else ""
    columns = _DISTRICT_COLUMNS if by_district else ""
    joins = _DISTRICT_JOINS if by_district else ""
    within = f"AND {_STATE_CODE} = %(parent)s" if within_state else ""
    return f"""WITH {STATES}, {_DECLARED}{districts},
place AS (
    SELECT t.*, {_STATE_CODE} AS state_code,
        CASE WHEN ds.undrawn OR sa.id IS NULL THEN ds.name ELSE sa.name END AS state_name,
        ds.code IS NOT NULL AND (ds.undrawn OR sa.id IS NULL) AS as_declared,
        ds.area_id IS DISTINCT FROM sa.id AND sa.id IS NOT NULL AND ds.code IS NOT NULL
            AND NOT ds.undrawn AS declared_elsewhere,
        t.operator_name AS operator{columns}
    FROM site_now t JOIN location l ON l.id = t.location_id
    LEFT JOIN state_area sa ON sa.id = t.state_area_id
    LEFT JOIN declared_state ds ON ds.state = l.state{joins}
    WHERE CASE WHEN t.country IS NOT NULL THEN t.country = %(alpha_3)s
               WHEN sa.id IS NOT NULL THEN true ELSE l.country_code = %(country)s END
      AND (%(include_simulated)s OR NOT t.simulated) {within})"""  # noqa: S608 - constants


_STATE_CODE = "CASE WHEN ds.undrawn OR sa.id IS NULL THEN ds.code ELSE sa.code END"

STATES = f"""known AS (
    SELECT * FROM unnest(%(folded)s::text[], %(known_codes)s::text[], %(known_names)s::text[])
        AS k(folded, code, name)),
state_area AS (
    SELECT a.id, a.code, a.name, a.official, coalesce(k.code, {FOLD.format("a.name")}) AS key
    FROM area a LEFT JOIN known k ON k.folded = {FOLD.format("a.name")}
    WHERE a.country_code = %(country)s AND a.level = 1)"""  # noqa: S608 - constants
"""CTEs: the known spellings of states, and the states of which a polygon is loaded."""

# Each spelling is interpreted once, not once a location.
_DECLARED = f"""declared_state AS MATERIALIZED (
    SELECT d.state, a.id AS area_id, coalesce(a.code, k.code, '~' || d.key) AS code,
           coalesce(a.name, k.name, d.state) AS name, a.id IS NULL AND k.code IS NOT NULL AS undrawn
    FROM (SELECT state, {FOLD.format("state")} AS key
          FROM (SELECT DISTINCT state FROM location) every) d
    LEFT JOIN known k ON k.folded = d.key
    LEFT JOIN LATERAL (SELECT * FROM state_area a WHERE a.key = coalesce(k.code, d.key)
        ORDER BY a.id LIMIT 1) a ON true
    WHERE d.key <> '')"""  # noqa: S608 - constants

_DISTRICTS = f""",
district_area AS (
    SELECT a.id, a.code, a.name, a.official, a.parent_id, {FOLD.format("a.name")} AS key
    FROM area a WHERE a.country_code = %(country)s AND a.level = 2),
declared_district AS MATERIALIZED (
    SELECT d.district, d.key
    FROM (SELECT district, {FOLD.format("district")} AS key
          FROM (SELECT DISTINCT district FROM location) every) d
    WHERE d.key <> ''),
named_district AS (
    SELECT DISTINCT ON (parent_id, key) * FROM district_area ORDER BY parent_id, key, id)"""  # noqa: S608 - constants

# A polygon of a district in another state than the one counted (undrawn) does not place it.
_DISTRICT_COLUMNS = """,
        coalesce(da.code, dn.code, '~' || dd.key) AS district_code,
        coalesce(da.name, dn.name, l.district) AS district_name,
        da.id IS NULL AND dd.key IS NOT NULL AS district_as_declared,
        da.id IS NOT NULL AND dd.key <> da.key AS district_declared_elsewhere"""
_DISTRICT_JOINS = """
    LEFT JOIN district_area da ON da.id = t.district_area_id AND da.parent_id = sa.id
        AND ds.undrawn IS NOT TRUE
    LEFT JOIN declared_district dd ON dd.district = l.district
    LEFT JOIN named_district dn ON da.id IS NULL AND dn.key = dd.key
        AND dn.parent_id = coalesce(sa.id, ds.area_id)"""
