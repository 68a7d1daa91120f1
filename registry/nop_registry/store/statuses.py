"""Live statuses in batches: newest claim wins, each change is one event, counters follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import Status

# RE-8: a wrong clock must not block a charger; a claim from further ahead counts as now.
MAX_AHEAD = timedelta(minutes=5)


class StatusWrite(NamedTuple):
    """One claim: this EVSE has had this status since `at` (None: since it was received)."""

    evse_number: int
    location_number: int
    status: Status
    at: datetime | None


class StatusesWritten(NamedTuple):
    """EVSEs and locations whose status changed (first statuses included)."""

    evses: list[int]
    locations: list[int]


def store_statuses(
    connection: Connection, writes: Sequence[StatusWrite], received_at: datetime
) -> StatusesWritten:
    """Apply a batch of claims and append the changes to the history.

    A claim older than the newest one heard does not apply; an equal status only moves the clocks.
    Search rows are not touched here (store.sites.refresh_counters).
    """
    if not writes:
        return StatusesWritten([], [])
    ahead = received_at + MAX_AHEAD
    newest: dict[int, tuple[int, str, datetime]] = {}
    for evse, location, status, at in writes:
        claimed = received_at if at is None or at > ahead else at
        if evse not in newest or claimed >= newest[evse][2]:
            newest[evse] = (location, status.value, claimed)
    evses = sorted(newest)  # one lock order for all writers
    rows = connection.execute(
        _APPLY,
        {
            "evses": evses,
            "locations": [newest[e][0] for e in evses],
            "statuses": [newest[e][1] for e in evses],
            "at": [newest[e][2] for e in evses],
            "received": received_at,
        },
        binary=True,
    ).fetchall()
    return StatusesWritten([row[0] for row in rows], sorted({row[1] for row in rows}))


# After the UPDATE, changed_at = claimed_at only where the status itself moved: a heartbeat's claim
# is newer than the change it confirms.
_APPLY = """
WITH incoming AS (
    SELECT * FROM unnest(%(evses)s::bigint[], %(locations)s::bigint[],
        %(statuses)s::ocpi_status[], %(at)s::timestamptz[]) AS t (evse_id, location_id, status, at)
), known AS (
    UPDATE evse_status s
    SET status = i.status, claimed_at = i.at, received_at = %(received)s,
        changed_at = CASE WHEN s.status = i.status THEN s.changed_at ELSE i.at END
    FROM incoming i
    WHERE s.evse_id = i.evse_id AND i.at >= s.claimed_at
      AND (i.status <> s.status OR i.at > s.claimed_at)
    RETURNING s.evse_id, s.location_id, s.status, s.changed_at, s.changed_at = s.claimed_at AS moved
), new AS (
    INSERT INTO evse_status (evse_id, location_id, status, changed_at, claimed_at, received_at)
    SELECT evse_id, location_id, status, at, at, %(received)s FROM incoming i
    WHERE NOT EXISTS (SELECT FROM evse_status s WHERE s.evse_id = i.evse_id)
    ON CONFLICT DO NOTHING
    RETURNING evse_id, location_id, status, changed_at
), moved AS (
    SELECT evse_id, location_id, status, changed_at FROM known WHERE moved
    UNION ALL SELECT * FROM new
), history AS (
    INSERT INTO status_event (evse_id, status, changed_at, received_at)
    SELECT evse_id, status, changed_at, %(received)s FROM moved
)
SELECT evse_id, location_id FROM moved"""
