"""Tariffs: one document each, written only when it changed, every version kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from nop_registry.database import Connection
from nop_registry.records import TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.emissions import claim_clock, emit_references
from nop_registry.store.locations import Written
from nop_registry.store.staging import stage

_encode = msgspec.json.Encoder().encode

_TARIFF = {
    "id": "int8", "country_code": "text", "party_id": "text", "ocpi_id": "text", "currency": "text",
    "type": "text", "document": "text", "last_updated": "timestamptz", "content_hash": "bytea",
    "raw": "bytea",
}  # fmt: skip


class TariffWrite(NamedTuple):
    """A tariff to store: its number, its record and the bytes it came from."""

    number: int
    record: TariffRecord
    raw: bytes


def store_tariffs(
    connection: Connection,
    delivery: Delivery,
    writes: Sequence[TariffWrite],
    received_at: datetime,
    *,
    strictly_newer: bool = False,
    overriding: bool = False,
) -> Written:
    """Write what changed, with versions. Newer wins by last_updated, as for locations."""
    if not writes:
        return Written([], [], [], [])
    stage(connection, "stage_tariff", _TARIFF, map(_row, writes))
    written = connection.execute(
        _UPSERT,
        {
            "source": delivery.source_id,
            "delivery": delivery.id,
            "at": received_at,
            "strict": strictly_newer,
            "overriding": overriding,
            "by_file": delivery.module == "upload",
        },
    ).fetchall()
    created = [number for number, version in written if version == 1]
    changed = [number for number, version in written if version > 1]
    untouched = {w.number for w in writes} - {number for number, _ in written}
    # Asked for afterwards: a push or a page may have brought one in the meantime.
    held: dict[int, datetime | None] = dict(
        connection.execute(
            "SELECT id, last_updated FROM tariff WHERE id = ANY(%s)", (list(untouched),)
        ).fetchall()
    )
    stale = [
        w.number
        for w in writes
        if w.number in untouched
        and (before := held[w.number])
        and w.record.last_updated
        and w.record.last_updated < before
    ]
    return Written(created, changed, sorted(untouched - set(stale)), stale)


def retire_tariff(connection: Connection, delivery: Delivery, number: int, at: datetime) -> bool:
    """Withdraw a tariff, keeping its history; False when none of that number is held."""
    row = connection.execute(
        """WITH retired AS (
               UPDATE tariff SET retired_at = %(at)s, version = version + 1
               WHERE id = %(number)s AND retired_at IS NULL RETURNING id, version
           ), forgotten AS (  -- as "sent": should it come back, it is taken anew
               DELETE FROM source_object o USING retired r WHERE o.id = r.id
           )
           INSERT INTO object_version (object_id, version, kind, delivery_id, valid_from, event)
           SELECT id, version, 'tariff', %(delivery)s, %(at)s, 'retired' FROM retired
           RETURNING object_id""",
        {"number": number, "delivery": delivery.id, "at": at},
    ).fetchone()
    if row is not None:
        emit_references(connection, [number])
    return row is not None


def foretell_tariffs(connection: Connection, writes: Sequence[TariffWrite]) -> Written:
    """What store_tariffs would make of them; nothing is written."""
    held = {
        number: (content_hash, last_updated, gone)
        for number, content_hash, last_updated, gone in connection.execute(
            """SELECT id, content_hash, last_updated, retired_at IS NOT NULL FROM tariff
               WHERE id = ANY(%s)""",
            ([w.number for w in writes],),
        )
    }
    told = Written([], [], [], [])
    for write in writes:
        before, claimed = held.get(write.number), write.record.last_updated
        if before is None:
            told.created.append(write.number)
        elif claimed and before[1] and claimed < before[1]:
            told.stale.append(write.number)
        elif before[0] == _content_hash(write.record) and not before[2]:
            told.unchanged.append(write.number)
        else:
            told.changed.append(write.number)
    return told


def _row(write: TariffWrite) -> tuple[object, ...]:
    r = write.record
    return (
        write.number, r.country_code, r.party_id, r.id, r.currency, r.type, _encode(r).decode(),
        r.last_updated, _content_hash(r), write.raw,
    )  # fmt: skip


def _content_hash(record: TariffRecord) -> bytes:
    # last_updated may move without any change (P6): it is not part of the content.
    content = _encode(msgspec.structs.replace(record, last_updated=None))
    return blake2b(content, digest_size=16).digest()


_UPSERT = f"""
WITH written AS (
    INSERT INTO tariff AS t (id, source_id, country_code, party_id, ocpi_id, currency, type,
        document, last_updated, content_hash, version, first_seen_at, received_at, emitted_at)
    SELECT id, %(source)s, country_code, party_id, ocpi_id, currency, type, document::jsonb,
        last_updated, content_hash, 1, %(at)s, %(at)s,
        (SELECT {claim_clock("stage_tariff.last_updated")} FROM source s
         WHERE s.id = %(source)s)
    FROM stage_tariff
    ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, type = excluded.type,
        document = excluded.document, last_updated = excluded.last_updated,
        content_hash = excluded.content_hash, version = t.version + 1,
        received_at = excluded.received_at, retired_at = NULL,
        emitted_at = CASE WHEN t.retired_at IS NULL AND excluded.emitted_at > t.emitted_at
            THEN excluded.emitted_at ELSE greatest(t.emitted_at, statement_timestamp()) END
    WHERE (t.content_hash IS DISTINCT FROM excluded.content_hash OR t.retired_at IS NOT NULL)
      AND CASE WHEN %(overriding)s THEN true
               WHEN %(strict)s THEN coalesce(excluded.last_updated > t.last_updated, false)
               ELSE coalesce(excluded.last_updated >= t.last_updated, true) END
    RETURNING t.id, t.version, t.content_hash
), history AS (
    INSERT INTO object_version
        (object_id, version, kind, delivery_id, valid_from, event, content_hash, raw, record)
    SELECT w.id, w.version, 'tariff', %(delivery)s, %(at)s,
           CASE WHEN w.version = 1 THEN 'created' WHEN before.retired_at IS NULL THEN 'changed'
                ELSE 'returned' END, w.content_hash, s.raw,
           CASE WHEN %(by_file)s THEN convert_to(s.document, 'UTF8') END
    FROM written w JOIN stage_tariff s ON s.id = w.id
    LEFT JOIN tariff before ON before.id = w.id  -- as it was when the statement began
)
SELECT id, version FROM written"""  # noqa: S608 - constants
