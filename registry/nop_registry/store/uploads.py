"""Deliveries that were files: the same again, their EVSEs before and after, what is not listed."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from psycopg import sql

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store.deliveries import Delivery


class Absent(NamedTuple):
    """What a source had and a file does not list."""

    objects: int
    evses: int
    known: int
    """How many it had."""


class Committed(NamedTuple):
    """A file that was taken."""

    number: int
    """Of the upload."""
    version: int | None
    """The source's version that it became; None: it held statuses only."""


def find_committed(
    connection: Connection, source_id: int, checksum: bytes, parser: str, *, whole: bool
) -> Committed | None:
    """The same file, if it was taken whole, read by this parser, and nothing came since.

    A commit that was cut off or broke counts as something: a part of it may be stored.
    """
    row = connection.execute(
        """SELECT coalesce(u.id, d.id), v.number,
               d.state = 'complete' AND d.checksum = %s AND d.report->>'parser' = %s
                   AND coalesce((d.report->>'whole')::boolean, true) = %s
           FROM delivery d LEFT JOIN upload u ON u.delivery_id = d.id
           LEFT JOIN source_version v ON v.delivery_id = d.id
           WHERE d.source_id = %s AND d.module = 'upload'
             AND (d.state IN ('complete', 'held', 'running') OR d.error IS NOT NULL)
           ORDER BY d.id DESC LIMIT 1""",
        (checksum, parser, whole, source_id),
    ).fetchone()
    return Committed(row[0], row[1]) if row and row[2] else None


def evse_digests(connection: Connection, locations: Sequence[int]) -> dict[int, bytes]:
    """Content digests of the live EVSEs of these Locations, by EVSE number."""
    return dict(
        connection.execute(
            """SELECT id, content_hash FROM evse
               WHERE location_id = ANY(%s) AND retired_at IS NULL""",
            (list(locations),),
        ).fetchall()
    )


def count_absent(
    connection: Connection, source_id: int, kind: ObjectKind, seen: Set[int]
) -> Absent:
    """Live Locations or Tariffs of a source that are not among `seen`, and their EVSEs."""
    table = sql.Identifier(kind.value)
    live = connection.execute(
        sql.SQL("SELECT id FROM {} WHERE source_id = %s AND retired_at IS NULL").format(table),
        (source_id,),
        binary=True,
    ).fetchall()
    # Compared here: without fresh statistics the planner may compare each with each.
    absent = [number for (number,) in live if number not in seen]
    evses = evse_digests(connection, absent) if kind is ObjectKind.LOCATION else {}
    return Absent(len(absent), len(evses), len(live))


def forget_refused_rows(connection: Connection, delivery: Delivery) -> None:
    """Findings about rows without a Location stand until the next file of the source."""
    connection.execute(
        "DELETE FROM finding WHERE source_id = %s AND object_id IS NULL AND delivery_id <> %s",
        (delivery.source_id, delivery.id),
    )
