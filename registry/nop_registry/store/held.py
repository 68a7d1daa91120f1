"""What is held of one object, for a door that changes a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Status


class Held(msgspec.Struct, frozen=True):
    """The newest version of an object that is not retired."""

    raw: bytes
    """What it was made of."""
    ocpi_version: str | None
    """How to read it; None: the delivery does not say."""
    stored_at: datetime
    last_updated: datetime | None
    """The newest claim in it."""
    told_whole_at: datetime | None
    """Claim of the newest message that told it with all its parts; if unknown, last_updated."""


class PartClocks(msgspec.Struct, frozen=True):
    """What is remembered of an EVSE besides its words."""

    gone: bool
    """Its Location no longer lists it."""
    last_updated: datetime | None
    """The newest claim heard of it, its status aside."""
    told_whole_at: datetime | None
    """Claim of the newest message of this EVSE alone that told all its Connectors."""
    connectors: dict[str, datetime]
    """last_updated by id, in small letters."""


class LiveStatus(msgspec.Struct, frozen=True):
    """The newest status heard of an EVSE, and when its publisher said it."""

    status: Status
    claimed_at: datetime


def find_held(
    connection: Connection, kind: ObjectKind, number: int, *, lock: bool = False
) -> Held | None:
    """The object of that number. `lock`: nobody else changes it until this transaction ends."""
    if lock:
        # The number first: there may be no row yet. Then the row, against a pull.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (number,))
        connection.execute(_LOCK[kind], (number,))
    row = connection.execute(_HELD[kind], (number,)).fetchone()
    return None if row is None else Held(bytes(row[0]), *row[1:])


# Not FOR UPDATE: a search row that a pull writes refers to the location meanwhile, and may.
_LOCK = {kind: f"SELECT FROM {kind} WHERE id = %s FOR NO KEY UPDATE" for kind in ObjectKind}
_TOLD_WHOLE_AT = {
    ObjectKind.LOCATION: "coalesce(o.told_whole_at, o.last_updated)",
    ObjectKind.TARIFF: "o.last_updated",
}
_HELD = {
    kind: f"""
SELECT v.raw, d.ocpi_version, v.valid_from, o.last_updated, {_TOLD_WHOLE_AT[kind]}
FROM {kind} o
JOIN LATERAL (SELECT raw, delivery_id, valid_from FROM object_version
              WHERE object_id = o.id AND raw IS NOT NULL ORDER BY version DESC LIMIT 1) v ON true
LEFT JOIN delivery d ON d.id = v.delivery_id
WHERE o.id = %s AND o.retired_at IS NULL"""  # noqa: S608 - our own names
    for kind in ObjectKind
}


def list_live_statuses(connection: Connection, location_number: int) -> dict[int, LiveStatus]:
    """By number, the live EVSEs of a location."""
    rows = connection.execute(
        "SELECT evse_id, status::text, claimed_at FROM evse_status WHERE location_id = %s",
        (location_number,),
    )
    return {number: LiveStatus(Status(status), at) for number, status, at in rows}


def find_tombstone(connection: Connection, kind: ObjectKind, number: int) -> datetime | None:
    """`last_updated` of an object that is gone, as it was last; None: not gone, or it said none."""
    row = connection.execute(
        f"SELECT last_updated FROM {kind} WHERE id = %s AND retired_at IS NOT NULL",  # noqa: S608 - our own names
        (number,),
    ).fetchone()
    return row[0] if row else None


def list_part_clocks(connection: Connection, location_number: int) -> dict[int, PartClocks]:
    """By number, the EVSEs that a location has or had."""
    rows = connection.execute(
        """SELECT e.id, e.retired_at IS NOT NULL, e.last_updated, e.told_whole_at, c.ids, c.ats
           FROM evse e LEFT JOIN LATERAL (
               SELECT array_agg(lower(id)) AS ids, array_agg(last_updated) AS ats
               FROM connector WHERE evse_id = e.id AND last_updated IS NOT NULL) c ON true
           WHERE e.location_id = %s""",
        (location_number,),
    )
    return {
        number: PartClocks(gone, at, whole_at, dict(zip(ids or (), ats or (), strict=True)))
        for number, gone, at, whole_at, ids, ats in rows
    }


def find_claims(connection: Connection, evse_numbers: Sequence[int]) -> dict[int, datetime]:
    """Of these EVSEs those that live, with the time of the newest claim heard of each."""
    rows = connection.execute(
        "SELECT evse_id, claimed_at FROM evse_status WHERE evse_id = ANY(%s::bigint[])",
        ("{" + ",".join(map(str, evse_numbers)) + "}",),
        binary=True,
    )
    return dict(rows.fetchall())


def move_clock(connection: Connection, kind: ObjectKind, number: int, at: datetime | None) -> None:
    """Its publisher said the same again, later: what is older than that is stale from now on."""
    connection.execute(
        f"UPDATE {kind} SET last_updated = %(at)s"  # noqa: S608 - our own names
        " WHERE id = %(number)s AND last_updated < %(at)s",
        {"at": at, "number": number},
    )


def move_part_clocks(
    connection: Connection,
    evses: Sequence[tuple[int, datetime]],
    connectors: Sequence[tuple[int, int, datetime]],
) -> None:
    """The same of EVSEs by number, and of Connectors by EVSE and place in it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """UPDATE evse SET last_updated = %(at)s
               WHERE id = %(number)s AND (last_updated < %(at)s OR last_updated IS NULL)""",
            [{"number": number, "at": at} for number, at in evses],
        )
        cursor.executemany(
            """UPDATE connector SET last_updated = %(at)s
               WHERE evse_id = %(evse)s AND position = %(place)s
                 AND (last_updated < %(at)s OR last_updated IS NULL)""",
            [{"evse": evse, "place": place, "at": at} for evse, place, at in connectors],
        )


def note_told_whole(
    connection: Connection, part: Literal["location", "evse"], number: int, at: datetime
) -> None:
    """A message with this claim told it with all its parts."""
    connection.execute(
        f"""UPDATE {part} SET told_whole_at = %(at)s
            WHERE id = %(number)s AND (told_whole_at < %(at)s OR told_whole_at IS NULL)""",  # noqa: S608 - our own names
        {"at": at, "number": number},
    )
