"""Live statuses in batches: the newest claim wins, each change is one event, counters follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.store import lapses
from nop_registry.store.staging import number_array

# RE-8: a wrong clock must not block a charger; a claim from further ahead counts as now.
MAX_AHEAD = timedelta(minutes=5)


class StatusWrite(NamedTuple):
    """One claim: this EVSE has had this status since `at` (None: since it was received)."""

    evse_number: int
    location_number: int
    status: Status
    at: datetime | None


class StatusesWritten(NamedTuple):
    """What a batch of claims did."""

    changed: int
    """EVSEs whose status changed (first statuses included)."""
    unlisted: list[int]
    """Locations of theirs to rebuild: they lack their search row, or have no EVSE left in it."""


def try_lock_statuses(connection: Connection, source_id: int) -> bool:
    """Become the one who writes statuses of this source until the transaction ends, if it is free.

    store_statuses does the same, and waits.
    """
    row = connection.execute("SELECT pg_try_advisory_xact_lock(7306, %s)", (source_id,)).fetchone()
    return bool(row and row[0])


def store_statuses(
    connection: Connection,
    source_id: int,
    writes: Sequence[StatusWrite],
    received_at: datetime,
    *,
    new: bool = True,
    as_of: datetime | None = None,
) -> StatusesWritten:
    """Apply a batch of claims: history, the search rows' counters and the change log follow.

    A claim older than the newest one heard does not apply; an equal status only moves the clocks.
    Without `new`, EVSEs that had no status yet get none. `as_of`: the claims were true then and not
    when they were received, as those of a file that has lain about.
    One writer a source at a time (a transaction lock): counters move by differences.
    """
    if not writes:
        return StatusesWritten(0, [])
    ahead = received_at + MAX_AHEAD
    claims = [
        (evse, location, status, received_at if at is None or at > ahead else at)
        for evse, location, status, at in writes
    ]
    claims.sort(key=itemgetter(3))  # stable: of equal times the last one said stands
    newest = {claim[0]: claim for claim in claims}
    # By location: EVSEs that are read together then lie on one page of the table.
    by_location = sorted(newest.values(), key=itemgetter(1, 0))
    evses, locations, statuses, ats = zip(*by_location, strict=True)
    values = {
        "evses": number_array(evses),
        "locations": number_array(locations),
        "statuses": "{" + ",".join(statuses) + "}",
        "at": "{" + ",".join(map(datetime.isoformat, ats)) + "}",
        "received": received_at,
        "source": source_id,
        "new": new,
        "fresh": None if as_of is None or as_of >= received_at else as_of,
        "as_of": as_of,
    }
    lapses.lock_statuses(connection, source_id)
    lapses.revive(connection, values)
    if as_of is not None:
        lapses.renew(connection, values)
    row = connection.execute(_APPLY, values, binary=True).fetchone()
    if as_of is not None:
        lapses.lapse_old(connection, values)
    return StatusesWritten(*row) if row else StatusesWritten(0, [])


def append_claims(
    connection: Connection, claims: Sequence[StatusWrite], received_at: datetime
) -> None:
    """Keep claims in the history that are too old to be shown as live. Each has its moment."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO status_event (evse_id, status, changed_at, received_at)
               VALUES (%s, %s, %s, %s)""",
            [(c.evse_number, c.status, c.at, received_at) for c in claims],
        )


def without_status(connection: Connection, evses: Sequence[int]) -> set[int]:
    """Those EVSEs of which no status is held."""
    held = connection.execute(
        "SELECT evse_id FROM evse_status WHERE evse_id = ANY(%s::bigint[])", (number_array(evses),)
    )
    return set(evses) - {number for (number,) in held}


def yield_to_claims(connection: Connection, claims: Sequence[StatusWrite]) -> None:
    """Where nobody has claimed a status yet, an older claim may still come.

    An EVSE of a file without statuses is UNKNOWN as of the file's arrival; that is no claim.
    """
    dated = [(c.evse_number, c.at) for c in claims if c.at is not None]
    connection.execute(
        """UPDATE evse_status s SET claimed_at = i.at
           FROM (SELECT evse_id, min(at) AS at FROM unnest(%s::bigint[], %s::timestamptz[])
                     AS t (evse_id, at) GROUP BY evse_id) i
           WHERE s.evse_id = i.evse_id AND s.status = 'UNKNOWN' AND s.claimed_at > i.at
             AND s.claimed_at = s.received_at""",
        (
            number_array([number for number, _ in dated]),
            "{" + ",".join(at.isoformat() for _, at in dated) + "}",
        ),
    )


# Everything in one statement, each row looked up once. `previous` lets the UPDATE tell what was
# there before. What it did not touch is new, or its claim is older and the INSERT finds it taken.
_APPLY = """
WITH incoming AS (
    SELECT * FROM unnest(%(evses)s::bigint[], %(locations)s::bigint[],
        %(statuses)s::ocpi_status[], %(at)s::timestamptz[]) AS t (evse_id, location_id, status, at)
), known AS (
    UPDATE evse_status s
    SET status = i.status, previous = s.status, claimed_at = i.at, received_at = %(received)s,
        fresh_at = %(fresh)s::timestamptz,
        changed_at = CASE WHEN s.status = i.status THEN s.changed_at ELSE i.at END
    FROM incoming i
    WHERE s.evse_id = i.evse_id AND i.at >= s.claimed_at
      AND (i.status <> s.status OR i.at > s.claimed_at)
    RETURNING s.evse_id, s.location_id, s.status, s.claimed_at AS at, s.previous AS before
), new AS (
    INSERT INTO evse_status
        (evse_id, location_id, status, changed_at, claimed_at, received_at, fresh_at, source_id)
    SELECT evse_id, location_id, status, at, at, %(received)s, %(fresh)s::timestamptz, %(source)s
    FROM incoming
    WHERE %(new)s AND evse_id NOT IN (SELECT evse_id FROM known)
    ON CONFLICT DO NOTHING
    RETURNING evse_id, location_id, status, claimed_at AS at, previous AS before
), moved AS MATERIALIZED (
    SELECT * FROM known WHERE status <> before UNION ALL SELECT * FROM new
), history AS (
    INSERT INTO status_event (evse_id, status, changed_at, received_at)
    SELECT evse_id, status, at, %(received)s FROM moved
), difference AS (
    SELECT location_id,
        count(*) FILTER (WHERE status <> 'REMOVED')
            - count(*) FILTER (WHERE before <> 'REMOVED') AS n_evse,
        count(*) FILTER (WHERE status = 'AVAILABLE')
            - count(*) FILTER (WHERE before = 'AVAILABLE') AS n_available,
        count(*) FILTER (WHERE status IN ('CHARGING', 'RESERVED', 'BLOCKED'))
            - count(*) FILTER (WHERE before IN ('CHARGING', 'RESERVED', 'BLOCKED')) AS n_busy,
        count(*) FILTER (WHERE status IN ('INOPERATIVE', 'OUTOFORDER'))
            - count(*) FILTER (WHERE before IN ('INOPERATIVE', 'OUTOFORDER')) AS n_out,
        count(*) FILTER (WHERE status = 'UNKNOWN')
            - count(*) FILTER (WHERE before = 'UNKNOWN') AS n_unknown,
        count(*) FILTER (WHERE status = 'PLANNED')
            - count(*) FILTER (WHERE before = 'PLANNED') AS n_planned
    FROM moved GROUP BY location_id
), counted AS (
    UPDATE site t
    SET n_evse = t.n_evse + d.n_evse, n_available = t.n_available + d.n_available,
        n_busy = t.n_busy + d.n_busy, n_out = t.n_out + d.n_out,
        n_unknown = t.n_unknown + d.n_unknown, n_planned = t.n_planned + d.n_planned
    FROM difference d WHERE t.location_id = d.location_id
    RETURNING t.location_id, t.n_evse
), log AS (
    INSERT INTO change (location_ids, evse_ids)
    SELECT (SELECT array_agg(location_id) FROM difference), array_agg(evse_id) FROM moved
    HAVING count(*) > 0
)
SELECT (SELECT count(*) FROM moved)::int, coalesce(array_agg(d.location_id), '{}')
FROM difference d LEFT JOIN counted c USING (location_id)
WHERE c.n_evse = 0 OR (c.n_evse IS NULL AND EXISTS (SELECT FROM location l
    WHERE l.id = d.location_id AND l.publish AND l.retired_at IS NULL))"""
