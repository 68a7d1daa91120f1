"""What was refused, byte for byte, until the object is good: its publisher looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nop_registry.database import Connection
from nop_registry.store.deliveries import Delivery

_LONGEST = 16 << 10
_MOST = 500  # of one source: more of the same teach nobody more


def replace_refused(
    connection: Connection,
    delivery: Delivery,
    objects: Sequence[int],
    refused: Iterable[tuple[int, bytes]],
) -> None:
    """Of these objects, those in `refused` (number, what was sent) are refused; others no more."""
    connection.execute("DELETE FROM refused_object WHERE object_id = ANY(%s)", (list(objects),))
    kept = [(number, bytes(raw[:_LONGEST])) for number, raw in refused]
    if not kept:
        return
    row = connection.execute(
        "SELECT count(*) FROM refused_object WHERE source_id = %s", (delivery.source_id,)
    ).fetchone()
    room = max(0, _MOST - (row[0] if row else 0))
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO refused_object (object_id, source_id, delivery_id, raw)
               VALUES (%s, %s, %s, %s) ON CONFLICT (object_id) DO UPDATE
               SET delivery_id = excluded.delivery_id, refused_at = now(), raw = excluded.raw""",
            [(number, delivery.source_id, delivery.id, raw) for number, raw in kept[:room]],
        )


def find_refused(connection: Connection, source_id: int, object_id: int) -> bytes | None:
    """What a source sent and was refused, cut to 16 KiB."""
    row = connection.execute(
        "SELECT raw FROM refused_object WHERE source_id = %s AND object_id = %s",
        (source_id, object_id),
    ).fetchone()
    return bytes(row[0]) if row else None
