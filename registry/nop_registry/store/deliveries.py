"""Deliveries: one received page set, push or file, with its checkpoint and report."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

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


class Pulled(NamedTuple):
    """When the last pulls of a module began that arrived whole; None: there was none."""

    at: datetime | None
    full_at: datetime | None


def last_pulled(connection: Connection, source_id: int, module: Module) -> Pulled:
    """Of a module by itself: another one may have failed in the same pull."""
    row = connection.execute(
        """SELECT max(started_at), max(started_at) FILTER (WHERE mode = 'full') FROM delivery
           WHERE source_id = %s AND module = %s AND mode IN ('full', 'incremental')
             AND state IN ('complete', 'held')""",
        (source_id, module),
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives a row
    return Pulled(*row)


def open_delivery(
    connection: Connection,
    source_id: int,
    module: Module,
    mode: Mode,
    *,
    date_from: datetime | None = None,
    filename: str | None = None,
    checksum: bytes | None = None,
    ocpi_version: str | None = None,
) -> Delivery:
    """Begin a delivery; an unfinished one of the same module is closed as failed.

    `ocpi_version`: how the objects that it brings are to be read when they are read again.
    """
    connection.execute(
        """WITH cut AS (
               UPDATE delivery SET state = 'failed', finished_at = now(), error = 'cut off'
               WHERE source_id = %s AND module = %s AND state = 'running' RETURNING id)
           DELETE FROM delivery_page p USING cut WHERE p.delivery_id = cut.id""",
        (source_id, module),
    )
    row = connection.execute(
        """INSERT INTO delivery
               (source_id, module, mode, date_from, filename, checksum, ocpi_version)
           VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id, started_at""",
        (source_id, module, mode, date_from, filename, checksum, ocpi_version),
    ).fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row
    return Delivery(row[0], source_id, module, mode, row[1])


def push_delivery(
    connection: Connection, source_id: int, module: Module, ocpi_version: str
) -> Delivery:
    """Today's delivery (UTC) for what is pushed: one a source, module and version."""
    row = connection.execute(_TODAYS_PUSH, (source_id, module, ocpi_version)).fetchone()
    if row is None:
        connection.execute("SELECT pg_advisory_xact_lock(7307, %s)", (source_id,))
        row = connection.execute(_TODAYS_PUSH, (source_id, module, ocpi_version)).fetchone()
    if row is None:
        row = connection.execute(
            """INSERT INTO delivery (source_id, module, mode, state, finished_at, ocpi_version)
               VALUES (%s, %s, 'push', 'complete', now(), %s) RETURNING id, started_at""",
            (source_id, module, ocpi_version),
        ).fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row
    return Delivery(row[0], source_id, module, "push", row[1])


_TODAYS_PUSH = """
SELECT id, started_at FROM delivery
WHERE source_id = %s AND module = %s AND ocpi_version = %s AND mode = 'push'
  AND started_at >= date_trunc('day', now(), 'UTC')
ORDER BY id LIMIT 1"""


def add_to_report(connection: Connection, delivery: Delivery, counts: dict[str, Any]) -> None:
    """Add counts (numbers, or books of numbers by code) to a push delivery's report."""
    row = connection.execute(
        # findings of other pushes refer to the row meanwhile: they may
        "SELECT report FROM delivery WHERE id = %s FOR NO KEY UPDATE",
        (delivery.id,),
    ).fetchone()
    report = _added(row[0] if row else {}, counts)
    connection.execute(
        "UPDATE delivery SET report = %s::jsonb, finished_at = now() WHERE id = %s",
        (msgspec.json.encode(report).decode(), delivery.id),
    )


def _added(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = dict(old)
    for name, count in new.items():
        before = both.get(name)
        if isinstance(count, dict):
            both[name] = _added(before or {}, count)
        else:
            both[name] = (before or 0) + count
    return both


def find_checkpoint(
    connection: Connection,
    source_id: int,
    module: Module,
    mode: Mode,
    *,
    ocpi_version: str | None = None,
) -> Checkpoint | None:
    """The last committed page of a pull of the last hour that was cut off, in the same version."""
    row = connection.execute(
        """SELECT d.id, d.started_at, p.page_no, p.next_url, p.report
           FROM delivery d JOIN delivery_page p ON p.delivery_id = d.id
           WHERE d.source_id = %s AND d.module = %s AND d.mode = %s AND d.state = 'running'
             AND d.ocpi_version IS NOT DISTINCT FROM %s
             AND d.started_at > now() - interval '1 hour'
           ORDER BY p.page_no DESC LIMIT 1""",
        (source_id, module, mode, ocpi_version),
    ).fetchone()
    if row is None or row[3] is None:
        return None
    seen = connection.execute(
        "SELECT unnest(seen) FROM delivery_page WHERE delivery_id = %s", (row[0],)
    ).fetchall()
    delivery = Delivery(row[0], source_id, module, mode, row[1])
    return Checkpoint(delivery, row[2], row[3], row[4], frozenset(n for (n,) in seen))


def last_page(
    connection: Connection, delivery: Delivery
) -> tuple[int, dict[str, Any], set[int]] | None:
    """Number and report of the last page that was committed, and all objects seen until then."""
    row = connection.execute(
        """SELECT page_no, report FROM delivery_page WHERE delivery_id = %s
           ORDER BY page_no DESC LIMIT 1""",
        (delivery.id,),
    ).fetchone()
    if row is None:
        return None
    seen = connection.execute(
        "SELECT unnest(seen) FROM delivery_page WHERE delivery_id = %s", (delivery.id,)
    ).fetchall()
    return row[0], row[1], {number for (number,) in seen}


def list_reports(connection: Connection, delivery: Delivery) -> list[dict[str, Any]]:
    """What was kept with each page that was committed, in their order."""
    rows = connection.execute(
        "SELECT report FROM delivery_page WHERE delivery_id = %s ORDER BY page_no", (delivery.id,)
    )
    return [report for (report,) in rows]


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
