"""The log of changes: told inside the write's transaction, followed by everything that shows data.

A follower reads the rows after its cursor whose transaction is older than every transaction still
running. Thus a transaction that began early and commits late is never skipped, whatever the order
of commits; a transaction that stays open holds all followers back (`nop_change_lag_seconds`).
NOTIFY only wakes: a lost notification costs a second, never a change.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

import psycopg

from nop_registry.database import AsyncConnection, Connection
from nop_registry.errors import InvalidInput

_CURSOR = re.compile(r"([0-9]{1,19})-([0-9]{1,18})")
BATCH = 5000
"""Rows of the log read at once."""
_CALM_S = 0.1  # at most ten batches a second: subscribers are many, changes come in bursts
_POLL_S = 1.0
_RETRY_S = 1.0


class Cursor(NamedTuple):
    """A place in the log: all changes up to it have been read."""

    xid: int
    seq: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str(cursor)` gave. Raises InvalidInput."""
        found = _CURSOR.fullmatch(text)
        if not found:
            raise InvalidInput("the cursor must be two numbers such as 1234-56")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.xid}-{self.seq}"


class Changes(NamedTuple):
    """What changed between two cursors, each thing named once."""

    cursor: Cursor
    location_ids: frozenset[int]
    evse_ids: frozenset[int]
    """EVSEs whose status changed."""
    cells: frozenset[int]
    """Map cells that a location left (it moved, or is no longer published)."""
    complete: bool
    """False when more changes wait after the cursor."""


def announce(
    connection: Connection,
    location_ids: Sequence[int],
    evse_ids: Sequence[int] = (),
    cells: Sequence[int] = (),
) -> None:
    """Tell all followers, when this transaction commits, what it changed. Nothing: no row."""
    if location_ids or evse_ids or cells:
        connection.execute(
            "INSERT INTO change (location_ids, evse_ids, cells)"
            " VALUES (%s::bigint[], %s::bigint[], %s::int[])",
            # text arrays: the driver takes ten times as long to build binary ones
            tuple("{" + ",".join(map(str, ids)) + "}" for ids in (location_ids, evse_ids, cells)),
        )


NEXT_CHANGES = """
SELECT xid::text::bigint, seq, location_ids, evse_ids, cells FROM change
WHERE (xid, seq) > (%(xid)s::text::xid8, %(seq)s::bigint)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, seq LIMIT %(limit)s"""
"""Rows after a cursor that can no longer be overtaken."""

NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""Every change of a transaction before this number can be seen by now."""


def conflate(cursor: Cursor, rows: Iterable[Sequence[Any]]) -> Changes:
    """All rows of NEXT_CHANGES as one."""
    rows = list(rows)
    if rows:
        cursor = Cursor(rows[-1][0], rows[-1][1])
    return Changes(
        cursor,
        frozenset(number for row in rows for number in row[2]),
        frozenset(number for row in rows for number in row[3]),
        frozenset(number for row in rows for number in row[4]),
        complete=len(rows) < BATCH,
    )


async def list_changes(connection: AsyncConnection, since: Cursor) -> Changes | None:
    """What changed after `since`; None when the log no longer reaches back that far."""
    known = await connection.execute(
        "SELECT EXISTS (SELECT FROM change WHERE (xid, seq) <= (%s::text::xid8, %s::bigint))",
        (str(since.xid), since.seq),
    )
    row = await known.fetchone()
    if not row or not row[0]:
        return None
    return await _read(connection, since)


async def watch(conninfo: str) -> AsyncIterator[Changes]:
    """Everything that changes from now on, conflated to at most ten items a second, for ever.

    The first item is empty and gives the cursor at which the watching began. Lost connections are
    made anew; what changed meanwhile comes with the next item.
    """
    cursor: Cursor | None = None
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                conninfo, autocommit=True, application_name="nop follower"
            ) as connection:
                await connection.execute("LISTEN nop_change")
                if cursor is None:
                    cursor = await _now(connection)
                    yield conflate(cursor, [])
                while True:
                    changes = await _read(connection, cursor)
                    if changes.cursor != cursor:
                        cursor = changes.cursor
                        yield changes
                        await asyncio.sleep(_CALM_S)
                    if changes.complete:
                        await _wait_for_news(connection)
        except psycopg.OperationalError:
            await asyncio.sleep(_RETRY_S)


async def _now(connection: AsyncConnection) -> Cursor:
    row = await (await connection.execute(NOW)).fetchone()
    return Cursor(row[0] if row else 0, 0)


async def _read(connection: AsyncConnection, cursor: Cursor) -> Changes:
    rows = await connection.execute(
        NEXT_CHANGES, {"xid": str(cursor.xid), "seq": cursor.seq, "limit": BATCH}
    )
    return conflate(cursor, await rows.fetchall())


async def _wait_for_news(connection: AsyncConnection) -> None:
    # The time-out finds what was announced while an older transaction held the horizon back.
    async for _ in connection.notifies(timeout=_POLL_S, stop_after=1):
        pass
