"""The list of what OCPI consumers are told: pages in a stable order, by last_updated as emitted.

last_updated of a location is the newest of: the clock in `location_emission`; its EVSEs' newest
claims; the moment its source fell silent (its statuses are then told as UNKNOWN) or was heard
again; for 2.1.1, which names tariffs only while they are in force, when the validity of one of its
owner's began or ended. A status never writes to `location_emission`: its claim is looked up here.
Claims have no index: on PostgreSQL 15 an index on a column that each status changes ends HOT
updates, and a status would cost several times as much. Where many locations match, the walk in list
order finds a page at once (`evse_status_by_location`). Where few do, one scan of the narrow
`evse_status` finds all that changed lately (0.1 s for a million EVSEs). With a date_to no claim can
be passed over and that scan takes seconds: it is made once, for the total, and each further page
walks on from its place, so that a whole crawl costs one walk of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from nop_registry.consumers import LATE, Scope
from nop_registry.database import Connection

_WALKED = 5000
"""Places of the list that are looked at in one go."""


class Window(NamedTuple):
    """A filter on last_updated as emitted: from (inclusive), to (exclusive)."""

    date_from: datetime | None = None
    date_to: datetime | None = None

    @property
    def is_open(self) -> bool:
        """No filter."""
        return self.date_from is None and self.date_to is None


class Place(NamedTuple):
    """A place in the list; the next page begins after it."""

    listed_at: datetime
    number: int


class Listing(NamedTuple):
    """An object on the list."""

    number: int
    listed_at: datetime
    clock: datetime
    """last_updated, but for what its EVSEs' statuses add (`read_evse_words`)."""
    withdrawn_at: datetime | None
    """It is told as REMOVED since then."""
    source_id: int
    lat: float
    """As last public."""
    lon: float
    matching: int | None = None
    """How many match in all, where finding these told it."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.listed_at, self.number)


class EvseWord(NamedTuple):
    """What is told of an EVSE's status, and since when."""

    status: str
    at: datetime


_LATE = f"interval '{LATE.total_seconds():.0f} seconds'"

# The rule of staleness is that of the view evse_status_now, written out for rows by the million.
# `at`: when all that is told of a source changed at once: it fell silent, or was heard again.
_SOURCES = """
WITH word AS MATERIALIZED (
    SELECT id, seen_at, recovered_at, ttl, now() - ttl AS believed_from,
           CASE WHEN now() - seen_at > ttl THEN seen_at + ttl ELSE recovered_at END AS at
    FROM source, LATERAL (SELECT status_ttl_s * interval '1 second' AS ttl) t)"""
_SOURCE = "JOIN word s ON s.id = e.source_id"
_OWN_WORD = "coalesce(es.fresh_at, es.received_at)"
_HEARD = f"greatest({_OWN_WORD}, s.seen_at)"
_AGES = "es.status NOT IN ('PLANNED', 'REMOVED')"
_STALE = f"((e.missing OR es.lapsed_at IS NOT NULL OR {_HEARD} < s.believed_from) AND {_AGES})"
# Not to be believed: told as UNKNOWN, since the moment it became so. A late claim (SE-5) counts
# from when it reached us, unless it came with the location itself. What was told as UNKNOWN or
# REMOVED meanwhile has a new date when it holds again: a consumer would discard an older one.
_WORD_AT = f"""greatest(CASE WHEN {_STALE} AND e.missing THEN e.emitted_at
    WHEN {_STALE} THEN coalesce(es.lapsed_at, {_HEARD} + s.ttl)
    WHEN es.received_at - es.claimed_at > {_LATE} AND es.received_at > e.listed_at
    THEN es.received_at ELSE es.claimed_at END,
    e.returned_at,
    CASE WHEN {_AGES} AND {_OWN_WORD} + s.ttl < s.recovered_at THEN s.recovered_at END)"""
_CLOCK = """greatest(e.emitted_at,
    CASE WHEN e.withdrawn_at IS NULL THEN greatest(s.at, turn.at) END)"""
# 2.1.1 cannot say when a tariff is valid: as one begins or ends, connectors name another. By owner:
# that is one look at its few tariffs with dates, and never misses a location.
_SOURCES_AND_TURNS = f"""{_SOURCES}, turn AS MATERIALIZED (
    SELECT t.source_id, t.country_code, t.party_id, max(turned.at) AS at
    FROM tariff t, LATERAL (VALUES ((t.document->>'start_date_time')::timestamptz),
                                   ((t.document->>'end_date_time')::timestamptz)) turned (at)
    WHERE %(dated)s AND t.document ?| ARRAY['start_date_time', 'end_date_time']
      AND t.retired_at IS NULL AND turned.at <= now()
    GROUP BY t.source_id, t.country_code, t.party_id)"""  # noqa: S608 - constants
_OWNER = f"""{_SOURCE} LEFT JOIN turn ON turn.source_id = e.source_id
    AND turn.country_code = e.country_code AND turn.party_id = e.party_id"""
_COLUMNS = (
    f"e.location_id, e.listed_at, {_CLOCK} AS clock, e.withdrawn_at, e.source_id, e.lat, e.lon"
)


def list_locations(
    connection: Connection,
    scope: Scope,
    window: Window,
    *,
    after: Place | None,
    offset: int,
    limit: int,
    dated: bool = False,
) -> list[Listing]:
    """The next `limit` locations after a place, or from an offset, oldest listing first.

    `dated`: the beginning and the end of a tariff's validity count as changes.
    """
    where, values = place_conditions(scope, after)
    values |= {"offset": offset, "limit": limit, "dated": dated, **_times(window)}
    if window.is_open:
        return _listings(connection, _OPEN.format(where=where), values)
    if not offset:
        found, end = _walk(connection, where, values)
        if after is not None and window.date_to is not None:
            while end is not None and len(found) < limit:
                where, further = place_conditions(scope, end)
                missing = values | further | {"limit": limit - len(found)}
                more, end = _walk(connection, where, missing)
                found += more
            return found
        if len(found) == limit or (end is None and after is not None):
            return found
    counted = _COLUMNS if after else f"{_COLUMNS}, count(*) OVER ()"
    recent = _RECENT.format(columns=counted, where=where)
    return _listings(connection, f"{recent} {_IN_ORDER}", values)


def _walk(
    connection: Connection, where: str, values: dict[str, Any]
) -> tuple[list[Listing], Place | None]:
    """Those that match of the next places, and the last of these; None: the list ends with them."""
    values = values | {"walked": _WALKED}
    found = _listings(connection, _WALK.format(where=where), values)
    if len(found) == values["limit"]:
        return found, found[-1].place
    row = connection.execute(_END.format(where=where), values).fetchone()
    return found, Place(*row) if row else None


def count_locations(
    connection: Connection, scope: Scope, window: Window, *, dated: bool = False
) -> int:
    """How many locations match: a sum of counters; with a filter a scan, for once a crawl."""
    if window.is_open and not scope.restricts_place:
        return _count(
            connection,
            """SELECT coalesce(sum(listed), 0) FROM emission_count
               WHERE (%(parties)s::text[] = '{}'
                      OR country_code || '-' || party_id = ANY(%(parties)s))
                 AND (%(simulated)s OR source_id NOT IN (SELECT id FROM source WHERE simulated))""",
            {"parties": list(scope.parties), "simulated": scope.simulated},
        )
    where, values = place_conditions(scope, None)
    if window.is_open:
        return _count(
            connection,
            f"SELECT count(*) FROM location_emission e WHERE {where}",  # noqa: S608 - constants
            values,
        )
    return _count(
        connection,
        _RECENT.format(columns="count(*)", where=where),
        values | {"dated": dated, **_times(window)},
    )


_IN_ORDER = "ORDER BY e.listed_at, e.location_id OFFSET %(offset)s LIMIT %(limit)s"

# Nothing but the index is read of what an offset passes over.
_OPEN = f"""{_SOURCES_AND_TURNS}
SELECT {_COLUMNS}
FROM (SELECT location_id FROM location_emission e WHERE {{where}} {_IN_ORDER}) page
JOIN location_emission e USING (location_id) {_OWNER}
ORDER BY e.listed_at, e.location_id"""  # noqa: S608 - constants

# Both bounds on the exact value. `live.at` may be NULL: greatest() passes over it.
_MATCHES = f"""(%(from)s::timestamptz IS NULL OR greatest({_CLOCK}, live.at) >= %(from)s)
    AND (%(to)s::timestamptz IS NULL OR greatest({_CLOCK}, live.at) < %(to)s)"""

_WALK = f"""{_SOURCES_AND_TURNS}
SELECT {_COLUMNS}
FROM (SELECT * FROM location_emission e WHERE {{where}}
      ORDER BY e.listed_at, e.location_id LIMIT %(walked)s) e
{_OWNER}
LEFT JOIN LATERAL (SELECT max({_WORD_AT}) AS at FROM evse_status es
                   WHERE es.location_id = e.location_id AND e.withdrawn_at IS NULL) live ON true
WHERE {_MATCHES} {_IN_ORDER}"""  # noqa: S608 - constants

_END = """
SELECT e.listed_at, e.location_id FROM location_emission e WHERE {where}
ORDER BY e.listed_at, e.location_id OFFSET %(walked)s - 1 LIMIT 1"""

_TOUCHED = "greatest(es.received_at, es.lapsed_at)"
# A claim is at most 5 minutes ahead of its arrival, and stale one time-to-live after it: what
# arrived earlier than that before date_from cannot matter. Nor do statuses where the location's own
# clock already suffices.
_RECENT = f"""{_SOURCES_AND_TURNS}, live AS (
    SELECT es.location_id, max({_WORD_AT}) AS at
    FROM evse_status es JOIN location_emission e ON e.location_id = es.location_id {_OWNER}
    WHERE e.withdrawn_at IS NULL AND (%(from)s::timestamptz IS NULL OR (
          {_TOUCHED} >= %(from)s - interval '5 minutes' - (SELECT max(ttl) FROM word)
          AND {_TOUCHED} >= %(from)s - interval '5 minutes' - s.ttl
          AND (%(to)s::timestamptz IS NOT NULL OR {_CLOCK} < %(from)s)))
    GROUP BY es.location_id)
SELECT {{columns}} FROM location_emission e {_OWNER}
LEFT JOIN live ON live.location_id = e.location_id
WHERE {{where}} AND {_MATCHES}"""  # noqa: S608 - constants


REAL = "NOT IN (SELECT id FROM source WHERE simulated)"
"""Of a source's number: its data are not simulated."""


def place_conditions(scope: Scope, after: Place | None) -> tuple[str, dict[str, Any]]:
    """Conditions on `location_emission e`, and their values."""
    conditions = ["true"] if scope.simulated else [f"e.source_id {REAL}"]
    values: dict[str, Any] = {}
    if after is not None:
        conditions.append("(e.listed_at, e.location_id) > (%(after_at)s, %(after_id)s::bigint)")
        values |= {"after_at": after.listed_at, "after_id": after.number}
    if scope.parties:
        conditions.append("e.country_code || '-' || e.party_id = ANY(%(parties)s)")
        values["parties"] = list(scope.parties)
    if scope.countries:
        conditions.append(
            "(e.country = ANY(%(alpha_3)s)"
            " OR (e.country IS NULL AND e.country_code = ANY(%(alpha_2)s)))"
        )
        values |= {"alpha_3": scope.countries_alpha_3, "alpha_2": list(scope.countries)}
    if scope.bbox is not None:
        conditions.append(
            "e.lon BETWEEN %(west)s AND %(east)s AND e.lat BETWEEN %(south)s AND %(north)s"
        )
        values |= dict(zip(("west", "south", "east", "north"), scope.bbox, strict=True))
    return " AND ".join(conditions), values


def _times(window: Window) -> dict[str, datetime | None]:
    return {"from": window.date_from, "to": window.date_to}


def _listings(connection: Connection, sql: str, values: dict[str, Any]) -> list[Listing]:
    rows = connection.execute(sql, values).fetchall()
    return [Listing(*row) for row in rows]


def _count(connection: Connection, sql: str, values: dict[str, Any]) -> int:
    row = connection.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


def find_locations(
    connection: Connection,
    scope: Scope,
    ocpi_id: str,
    party: tuple[str, str] | None,
    *,
    dated: bool = False,
) -> list[Listing]:
    """Listed locations of this id in any spelling; of one party, if given."""
    where, values = place_conditions(scope, None)
    return _listings(
        connection,
        f"""{_SOURCES_AND_TURNS}, named AS MATERIALIZED (  -- by its index, whatever is estimated
                SELECT id, country_code, party_id FROM location
                WHERE lower(ocpi_id) = lower(%(ocpi_id)s))
            SELECT {_COLUMNS} FROM named l
            JOIN location_emission e ON e.location_id = l.id {_OWNER}
            WHERE {where}
              AND (%(party)s::text IS NULL OR l.country_code || '-' || l.party_id = %(party)s)
            ORDER BY l.id LIMIT 50""",  # noqa: S608 - constants
        values | {"ocpi_id": ocpi_id, "party": "-".join(party) if party else None, "dated": dated},
    )


def is_party(connection: Connection, country_code: str, party_id: str) -> bool:
    """Do we list objects of this party?"""
    return bool(
        _count(
            connection,
            """SELECT count(*) FROM emission_count
               WHERE country_code = %(country)s AND party_id = %(party)s""",
            {"country": country_code, "party": party_id},
        )
    )


def read_evse_words(
    connection: Connection, locations: Sequence[int]
) -> dict[int, dict[str, EvseWord]]:
    """By location and uid, the status told of each live EVSE."""
    words: dict[int, dict[str, EvseWord]] = {}
    for number, uid, status, at in connection.execute(
        f"""{_SOURCES} SELECT es.location_id, v.uid,
                   CASE WHEN {_STALE} THEN 'UNKNOWN' ELSE es.status END::text, {_WORD_AT}
            FROM location_emission e {_SOURCE}
            JOIN evse_status es ON es.location_id = e.location_id
            JOIN evse v ON v.id = es.evse_id
            WHERE e.location_id = ANY(%s::bigint[])""",  # noqa: S608 - constants
        (list(locations),),
    ):
        words.setdefault(number, {})[uid] = EvseWord(status, at)
    return words


def list_withheld(connection: Connection) -> dict[int, frozenset[str]]:
    """By source, the fields that its licence keeps from others."""
    rows = connection.execute("SELECT id, withheld FROM source WHERE withheld <> '{}'")
    return {number: frozenset(fields) for number, fields in rows}


def list_shown_operators(connection: Connection, locations: Sequence[int]) -> dict[int, str]:
    """The operator shown of those of these locations that are public."""
    return dict(
        connection.execute(
            """SELECT location_id, operator_name FROM site
               WHERE location_id = ANY(%s::bigint[]) AND operator_name IS NOT NULL""",
            (list(locations),),
        ).fetchall()
    )
