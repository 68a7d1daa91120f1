"""Deliveries: one received page set, push or file, with its checkpoint and report."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from nop_registry.database import Connection

Module = Literal["locations", "tariffs", "upload"]
Mode = Literal["full", "incremental", "push", "file"]


class Delivery(msgspec.Struct, frozen=True):
    """An open delivery."""

    id: int
    source_id: int
    module: Module
    mode: Mode
    started_at: datetime


class Checkpoint(msgspec.Struct, frozen=True):
    """Where a cut pull goes on."""

    delivery: Delivery
    page_no: int
    next_url: str
    report: dict[str, Any]
    seen: frozenset[int]


def open_delivery(
    connection: Connection,
    source_id: int,
    module: Module,
    mode: Mode,
    *,
    date_from: datetime | None = None,
    filename: str | None = None,
    checksum: bytes | None = None,
) -> Delivery:
    """Begin a delivery; an unfinished one of the same module is closed as failed."""
    connection.execute(
        """WITH cut AS (
               UPDATE delivery SET state = 'failed', finished_at = now(), error = 'cut off'
               WHERE source_id = %s AND module = %s AND state = 'running' RETURNING id)
           DELETE FROM delivery_page p USING cut WHERE p.delivery_id = cut.id""",
        (source_id, module),
    )
    row = connection.execute(
        """INSERT INTO delivery (source_id, module, mode, date_from, filename, checksum)
           VALUES (%s, %s, %s, %s, %s, %s) RETURNING id, started_at""",
        (source_id, module, mode, date_from, filename, checksum),
    ).fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row
    return Delivery(row[0], source_id, module, mode, row[1])


def find_checkpoint(
    connection: Connection, source_id: int, module: Module, mode: Mode
) -> Checkpoint | None:
    """The last committed page of a pull of the last hour that was cut off."""
    row = connection.execute(
        """SELECT d.id, d.started_at, p.page_no, p.next_url, p.report
           FROM delivery d JOIN delivery_page p ON p.delivery_id = d.id
           WHERE d.source_id = %s AND d.module = %s AND d.mode = %s AND d.state = 'running'
             AND d.started_at > now() - interval '1 hour'
           ORDER BY p.page_no DESC LIMIT 1""",
        (source_id, module, mode),
    ).fetchone()
    if row is None or row[3] is None:
        return None
    seen = connection.execute(
        "SELECT unnest(seen) FROM delivery_page WHERE delivery_id = %s", (row[0],)
    ).fetchall()
    delivery = Delivery(row[0], source_id, module, mode, row[1])
    return Checkpoint(delivery, row[2], row[3], row[4], frozenset(n for (n,) in seen))


def save_page(
    connection: Connection,
    delivery: Delivery,
    page_no: int,
    next_url: str | None,
    seen: list[int],
    report: dict[str, Any],
) -> None:
    """The checkpoint; commits together with the page's rows."""
    connection.execute(
        """INSERT INTO delivery_page (delivery_id, page_no, next_url, seen, report)
           VALUES (%s, %s, %s, %s, %s::jsonb)""",
        (delivery.id, page_no, next_url, seen, msgspec.json.encode(report).decode()),
    )


def finish_delivery(
    connection: Connection,
    delivery: Delivery,
    state: Literal["complete", "held", "failed", "preview"],
    report: dict[str, Any],
    *,
    total: int | None = None,
    error: str | None = None,
) -> None:
    """Close a delivery with its report; the page checkpoints have served."""
    connection.execute(
        """UPDATE delivery SET state = %s, finished_at = clock_timestamp(), report = %s::jsonb,
               total = %s, error = %s WHERE id = %s""",
        (state, msgspec.json.encode(report).decode(), total, error, delivery.id),
    )
    connection.execute("DELETE FROM delivery_page WHERE delivery_id = %s", (delivery.id,))


def lock_source(connection: Connection, source_id: int, module: Module) -> bool:
    """Take the session's lock on a source's module; False when another process has it."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", (source_id, _LOCK_OF[module])
    ).fetchone()
    return bool(row and row[0])


def unlock_source(connection: Connection, source_id: int, module: Module) -> None:
    """Give the lock back."""
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", (source_id, _LOCK_OF[module]))


_LOCK_OF: dict[str, int] = {"locations": 1, "tariffs": 2, "upload": 1}
