"""What OCPI consumers are told, and when: the clocks behind `last_updated` and the tombstones.

ocpi.md SE-4 to SE-7. The publisher's last_updated is emitted as it is, with these exceptions:

- it reaches us more than LATE after the fact and the source's first import is over: the moment of
  publication is emitted, else a consumer who asks for changes since yesterday would never see it;
- we changed what is shown (withdrawn, back again, missing, fields withheld, the operator's name
  learnt): that moment;
- the content changed and last_updated did not: the moment of publication;
- a tariff that it refers to can be told now, or no more: that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from nop_registry.consumers import LATE
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store.staging import number_array

WITHHOLDABLE = (
    "capabilities", "directions", "energy_mix", "facilities", "help_phone", "images",
    "opening_times", "owner", "parking_places", "related_locations", "status_schedule",
    "suboperator", "tariff_ids", "terms_and_conditions",
)  # fmt: skip
"""Fields of a Location, an EVSE or a connector that a publisher's licence may keep from others."""


def emit_locations(connection: Connection, locations: Sequence[int]) -> None:
    """Tell consumers of these locations what is true of them now. Idempotent; after refresh_sites.

    A public one is listed, once and for all at its place; one that is public no more gets a
    tombstone. Nothing is written where neither content nor publicity changed.
    """
    parameters = {"locations": number_array(locations)}
    connection.execute(_LIST, parameters)
    connection.execute(_WITHDRAW, parameters)


# Of a source's first import everything is old: bumping it would hide what the operator said. A
# source that only pushes has no import.
_IN_FIRST_IMPORT = """(s.last_success_at IS NULL
    AND (s.kind = 'upload' OR s.versions_url IS NOT NULL OR s.module_urls <> '{}'))"""

_NOW = "statement_timestamp()"


def claim_clock(claim: str) -> str:
    """SQL: the clock of a new version whose publisher says `claim`; `s` is its source."""
    late = f"{_NOW} - interval '{LATE.total_seconds():.0f} seconds'"
    return f"""CASE
        WHEN {claim} IS NULL OR {claim} > {_NOW} + interval '5 minutes' THEN {_NOW}
        WHEN {claim} < {late} AND NOT {_IN_FIRST_IMPORT} THEN {_NOW}
        ELSE {claim} END"""


_LIST = f"""
WITH listed AS (
    INSERT INTO location_emission AS e (location_id, source_id, country_code, party_id, country,
        lat, lon, version, missing, listed_at, emitted_at)
    SELECT l.id, l.source_id, l.country_code, l.party_id, l.country, l.lat, l.lon, l.version,
           l.missing_since IS NOT NULL, {_NOW}, {claim_clock("l.last_updated")}
    FROM location l JOIN site t ON t.location_id = l.id JOIN source s ON s.id = l.source_id
    WHERE l.id = ANY(%(locations)s::bigint[]) ORDER BY l.id
    ON CONFLICT (location_id) DO UPDATE SET country = excluded.country, lat = excluded.lat,
        lon = excluded.lon, version = excluded.version, missing = excluded.missing,
        emitted_at = CASE WHEN e.withdrawn_at IS NULL AND e.missing = excluded.missing
            AND excluded.emitted_at > e.emitted_at
            THEN excluded.emitted_at ELSE greatest(e.emitted_at, {_NOW}) END,
        withdrawn_at = NULL,
        returned_at = CASE WHEN e.withdrawn_at IS NOT NULL OR e.missing AND NOT excluded.missing
            THEN {_NOW} ELSE e.returned_at END
    WHERE e.version <> excluded.version OR e.withdrawn_at IS NOT NULL
       OR e.missing <> excluded.missing
    RETURNING e.source_id, e.country_code, e.party_id, e.xmax = 0 AS is_new
)
INSERT INTO emission_count AS c
SELECT source_id, country_code, party_id, count(*) FROM listed WHERE is_new
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (source_id, country_code, party_id) DO UPDATE SET listed = c.listed + excluded.listed
"""  # noqa: S608 - constants

_WITHDRAW = f"""
UPDATE location_emission e SET withdrawn_at = {_NOW}, emitted_at = greatest(e.emitted_at, {_NOW})
WHERE e.location_id = ANY(%(locations)s::bigint[]) AND e.withdrawn_at IS NULL
  AND NOT EXISTS (SELECT FROM site t WHERE t.location_id = e.location_id)"""  # noqa: S608 - constants


def emit_references(connection: Connection, tariffs: Sequence[int]) -> None:
    """Tell consumers of the locations whose connectors refer to these tariffs.

    For tariffs that appeared, left, or can now be said in another set of versions: what their
    connectors name is another than before.
    """
    if tariffs:
        connection.execute(_EMIT_REFERENCES, {"tariffs": number_array(tariffs)})


_EMIT_REFERENCES = f"""
UPDATE location_emission e SET emitted_at = greatest(e.emitted_at, {_NOW})
FROM (SELECT told.location_id
      FROM location_emission told JOIN source s ON s.id = told.source_id
      WHERE told.withdrawn_at IS NULL AND NOT {_IN_FIRST_IMPORT} AND told.location_id IN (
            SELECT v.location_id FROM connector c JOIN evse v ON v.id = c.evse_id
            WHERE c.tariff_numbers && %(tariffs)s::bigint[] AND v.retired_at IS NULL)
      ORDER BY told.location_id FOR NO KEY UPDATE OF told) held
WHERE e.location_id = held.location_id"""  # noqa: S608 - constants


def emit_anew(connection: Connection, locations: Sequence[int]) -> None:
    """Tell consumers of these locations again: what is shown of them changed, not their version."""
    connection.execute(
        f"""UPDATE location_emission SET emitted_at = greatest(emitted_at, {_NOW})
            WHERE location_id = ANY(%s::bigint[]) AND withdrawn_at IS NULL""",  # noqa: S608 - our own column names
        (number_array(locations),),
    )


def forget_tombstones(connection: Connection, kept: timedelta) -> int:
    """Drop what was withdrawn longer ago than `kept`; returns how many."""
    row = connection.execute(_FORGET, {"kept": kept}).fetchone()
    return int(row[0]) if row else 0


_FORGET = """
WITH forgotten AS (
    DELETE FROM location_emission WHERE withdrawn_at < now() - %(kept)s
    RETURNING source_id, country_code, party_id
), fewer AS (
    UPDATE emission_count c SET listed = c.listed - f.n
    FROM (SELECT source_id, country_code, party_id, count(*) AS n FROM forgotten
          GROUP BY 1, 2, 3) f
    WHERE (c.source_id, c.country_code, c.party_id) = (f.source_id, f.country_code, f.party_id)
)
SELECT count(*) FROM forgotten"""


def withhold_fields(connection: Connection, source: str, fields: Sequence[str]) -> None:
    """Keep these fields of a source from OCPI consumers, as its licence says; tell the change.

    Raises InvalidInput for a field that cannot be left out, NotFound for the source.
    """
    if unknown := sorted(set(fields) - set(WITHHOLDABLE)):
        raise InvalidInput(
            f"cannot withhold {', '.join(unknown)}; possible are {', '.join(WITHHOLDABLE)}"
        )
    row = connection.execute(
        "UPDATE source SET withheld = %s WHERE name = %s RETURNING id",
        (sorted(set(fields)), source),
    ).fetchone()
    if row is None:
        raise NotFound(f"no source named {source!r}; `nop source list` shows those there are")
    connection.execute(
        """UPDATE location_emission SET emitted_at = greatest(emitted_at, now())
           WHERE source_id = %s""",
        row,
    )
