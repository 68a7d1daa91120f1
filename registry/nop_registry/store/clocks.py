"""When objects were last heard of: a page that was asked for earlier must not undo a push."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind


class Clock(NamedTuple):
    """An object that is held, or was."""

    last_updated: datetime | None
    """What its publisher said."""
    received_at: datetime
    """When its newest version came."""
    retired_at: datetime | None
    """Since when it is gone: deleted, or no longer listed."""


def lock_newcomers(connection: Connection, source_id: int, *, pushed: bool) -> None:
    """Objects that are not held yet have no row to lock: pages bring such, or pushes, in turns.

    Until the transaction ends. Whoever waited looks again at what is held.
    """
    lock = "pg_advisory_xact_lock_shared" if pushed else "pg_advisory_xact_lock"
    connection.execute(f"SELECT {lock}(7308, %s)", (source_id,))


def lock_clocks(
    connection: Connection, kind: ObjectKind, numbers: Sequence[int]
) -> dict[int, Clock]:
    """Those of these objects that are known. Nobody else changes them till the transaction ends."""
    rows = connection.execute(
        f"""SELECT id, last_updated, received_at, retired_at FROM {kind} WHERE id = ANY(%s)
            ORDER BY id FOR NO KEY UPDATE""",  # noqa: S608 - location or tariff
        (list(numbers),),
    )
    return {number: Clock(*clock) for number, *clock in rows}


def lock_newer_claims(
    connection: Connection, source_id: int, evse_numbers: Sequence[int], since: datetime
) -> dict[int, datetime]:
    """Of these EVSEs those heard of after `since`, with the time of the newest claim.

    No other status of this source is written until the transaction ends (store_statuses).
    """
    connection.execute("SELECT pg_advisory_xact_lock(7306, %s)", (source_id,))
    rows = connection.execute(
        "SELECT evse_id, claimed_at FROM evse_status WHERE evse_id = ANY(%s) AND received_at > %s",
        (list(evse_numbers), since),
    )
    return dict(rows.fetchall())
