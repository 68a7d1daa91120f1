"""What keeps the tables healthy without changing what they say."""

from __future__ import annotations

from datetime import timedelta

from psycopg.errors import CheckViolation

from nop_registry.database import Connection
from nop_registry.store.emissions import forget_tombstones

CHANGE_LOG_KEPT = "1 day"
_MONTHS = 3  # this one and the next two


def lead(connection: Connection) -> bool:
    """Become the one worker that does the upkeep; the session keeps the lead until it ends."""
    row = connection.execute("SELECT pg_try_advisory_lock(7305, 1)").fetchone()
    return bool(row and row[0])


def tidy(connection: Connection, tombstones_kept: timedelta = timedelta(days=90)) -> None:
    """Make the next months' partitions; forget changes that every follower has long read.

    Forget too what OCPI consumers have been told is gone, after `tombstones_kept`.
    """
    forget_tombstones(connection, tombstones_kept)
    for months in range(_MONTHS):
        _make_partition(connection, months)
    connection.execute(
        """DELETE FROM change c WHERE c.at < now() - %s::interval AND NOT EXISTS (
               SELECT FROM follower f WHERE (c.xid, c.seq) > (f.xid, f.seq))""",
        (CHANGE_LOG_KEPT,),
    )
    # A poll that brought nothing is worth a day; a delivery with content is kept.
    connection.execute(
        """DELETE FROM delivery d
           WHERE d.started_at < now() - interval '1 day' AND d.mode = 'incremental'
             AND d.state = 'complete' AND coalesce((d.report->>'objects')::int, 0)
                 = coalesce((d.report->>'unchanged')::int, 0)"""
    )


def _make_partition(connection: Connection, months_ahead: int) -> None:
    try:
        with connection.transaction():
            connection.execute(
                "SELECT ensure_status_partitions((now() + make_interval(months => %s))::date, 1)",
                (months_ahead,),
            )
    except CheckViolation:
        pass  # events came before anyone made it (no worker ran): that month stays with the others
