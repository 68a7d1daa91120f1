"""Uploads: deliveries that were files, their EVSEs before and after, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.store.deliveries import Delivery


class Upload(msgspec.Struct, frozen=True):
    """A file that was received."""

    id: int
    source_id: int
    source: str
    state: str
    filename: str | None
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    report: dict[str, Any]


class Absent(NamedTuple):
    """What a source had and a file does not list."""

    locations: int
    evses: int


def find_committed(
    connection: Connection, source_id: int, checksum: bytes, parser: str
) -> int | None:
    """The delivery that brought this file whole, read by this parser, and nothing came since."""
    row = connection.execute(
        """SELECT id, state = 'complete' AND checksum = %s AND report->>'parser' = %s
           FROM delivery
           WHERE source_id = %s AND module = 'upload' AND state IN ('complete', 'held')
           ORDER BY id DESC LIMIT 1""",
        (checksum, parser, source_id),
    ).fetchone()
    return row[0] if row and row[1] else None


def find_upload(connection: Connection, delivery_id: int) -> Upload | None:
    """A file's delivery with its report."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(
            """SELECT d.id, d.source_id, s.name AS source, d.state, d.filename, d.started_at,
                   d.finished_at, d.error, d.report
               FROM delivery d JOIN source s ON s.id = d.source_id
               WHERE d.id = %s AND d.module = 'upload'""",
            (delivery_id,),
        ).fetchone()


def evse_digests(connection: Connection, locations: Sequence[int]) -> dict[int, bytes]:
    """Content digests of the live EVSEs of these Locations, by EVSE number."""
    return dict(
        connection.execute(
            """SELECT id, content_hash FROM evse
               WHERE location_id = ANY(%s) AND retired_at IS NULL""",
            (list(locations),),
        ).fetchall()
    )


def count_absent(connection: Connection, source_id: int, seen: Set[int]) -> Absent:
    """Live Locations of a source that are not among `seen`, and their EVSEs."""
    live = connection.execute(
        "SELECT id FROM location WHERE source_id = %s AND retired_at IS NULL",
        (source_id,),
        binary=True,
    )
    # Compared here: without fresh statistics the planner may compare each with each.
    absent = [number for (number,) in live if number not in seen]
    return Absent(len(absent), len(evse_digests(connection, absent)))


def forget_refused_rows(connection: Connection, delivery: Delivery) -> None:
    """Findings about rows without a Location stand until the next file of the source."""
    connection.execute(
        "DELETE FROM finding WHERE source_id = %s AND object_id IS NULL AND delivery_id <> %s",
        (delivery.source_id, delivery.id),
    )
