"""Pushes that overtake a page: what came while the page was under way is newer (PU-13).

`last_updated` decides, for the static data by location and for the status by EVSE. Where it is
equal or missing, the page yields to what arrived after the page had been asked for. A DELETE has no
`last_updated`: a page that was asked for before it arrived brings nothing back, however new it
calls itself, and one that was asked for after it is the operator's present word.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from nop_ingest.received import Decoded, R
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.clocks import lock_clocks, lock_newcomers, lock_newer_claims
from nop_registry.store.statuses import StatusWrite

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def yield_to_pushes(
    connection: Connection,
    source_id: int,
    kind: ObjectKind,
    decoded: Sequence[Decoded[R]],
    asked_at: datetime,
) -> tuple[list[Decoded[R]], list[int]]:
    """The objects that may be stored, and the numbers of those that a push has overtaken."""
    numbers = [d.received.number for d in decoded if d.received.number is not None]
    clocks = lock_clocks(connection, kind, numbers)
    if new := [number for number in numbers if number not in clocks]:
        lock_newcomers(connection, source_id, pushed=False)
        clocks |= lock_clocks(connection, kind, new)
    kept: list[Decoded[R]] = []
    overtaken: list[int] = []
    for item in decoded:
        number, record = item.received.number, item.record
        held = None if number is None else clocks.get(number)
        if record is None or number is None or held is None:
            kept.append(item)
            continue
        claimed = newest_claim(record)
        if (held.retired_at is not None and held.retired_at > asked_at) or (
            held.received_at > asked_at and not _is_newer(claimed, held.last_updated)
        ):
            overtaken.append(number)
        elif claimed != record.last_updated and _is_newer(held.last_updated, record.last_updated):
            # The push bumped its parent (RE-4), the page does not: its EVSEs tell its age (P6).
            kept.append(item._replace(record=_dated(record, claimed)))
        else:
            kept.append(item)
    return kept, overtaken


def not_overtaken(
    connection: Connection, source_id: int, claims: Sequence[StatusWrite], asked_at: datetime
) -> list[StatusWrite]:
    """The claims of a page without those that a push has overtaken.

    A claim without a time is as old as the request for the page.
    """
    dated = [claim if claim.at else claim._replace(at=asked_at) for claim in claims]
    newer = lock_newer_claims(connection, source_id, [c.evse_number for c in dated], asked_at)
    return [c for c in dated if _is_newer(c.at, newer.get(c.evse_number, LONG_AGO))]


def newest_claim(record: LocationRecord | TariffRecord) -> datetime | None:
    """What a tariff says of its age, or a location with its EVSEs: not all bump the parent (P6)."""
    if isinstance(record, TariffRecord):
        return record.last_updated
    moments = [record.last_updated, *(evse.last_updated for evse in record.evses)]
    return max((moment for moment in moments if moment is not None), default=None)


def _is_newer(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other


def _dated(record: R, moment: datetime | None) -> R:
    return msgspec.structs.replace(record, last_updated=moment)
