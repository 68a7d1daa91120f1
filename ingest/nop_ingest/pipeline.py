"""The story of one page: recognise → decode → normalise → check → store → report.

Everything here runs inside the caller's transaction, which also holds the page's checkpoint:
a page is in the registry whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple

from nop_ingest.bookkeeping import remark, remember
from nop_ingest.context import Context
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.received import Decoded, R, Received, recognise, split
from nop_ingest.report import Finding, Rejection
from nop_ingest.tally import Tally
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.locations import LocationWrite, Written, evse_number, store_locations
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tariffs import TariffWrite, store_tariffs


class Module(NamedTuple, Generic[R]):
    """What differs between locations and tariffs."""

    kind: ObjectKind
    peek: Callable[[Raw], Key]
    decode: Callable[[Raw, Context], tuple[R | None, list[Finding]]]
    keep: Callable[[Connection, Delivery, list[Decoded[R]], Tally, datetime, bool], Written]
    """Store decoded objects; the flag: only where they are newer than what is held."""


def take_page(
    connection: Connection,
    delivery: Delivery,
    module: Module[R],
    raws: Sequence[Raw],
    seen: set[int],
    tally: Tally,
    context: Context,
) -> list[int]:
    """Bring one page of raw objects into the registry; returns the numbers of its objects.

    `seen` holds the numbers of the pages before and grows by this one's. Only objects whose bytes
    changed are decoded.
    """
    received = recognise(connection, delivery.source_id, module.kind, module.peek, raws, context)
    tally.objects += len(received)
    first, again = split(received, seen)
    numbers = [r.number for r in received if r.number is not None]
    seen.update(numbers)
    for batch, repeat in ((first, False), (again, True)):
        if batch:
            moved = _moved(batch, tally, repeat=repeat)
            decoded = [Decoded(r, *module.decode(r.raw, context)) for r in moved]
            keep(connection, delivery, module, decoded, tally, context.received_at, repeat=repeat)
    return numbers


def _moved(batch: list[Received], tally: Tally, *, repeat: bool) -> list[Received]:
    """Those whose bytes differ from what was sent last; the others are counted."""
    moved: dict[object, Received] = {}
    for item in batch:
        if item.known is None:
            slot = id(item) if item.number is None else item.number
            if slot in moved:  # of several repetitions in one page the last stands
                tally.add_repeated(moved[slot].raw)
            moved[slot] = item
        elif item.known.rejected:
            tally.add_unchanged_refusal()
        elif repeat:
            tally.add_repeated(item.raw)
        else:
            tally.unchanged += 1
    return list(moved.values())


def keep(
    connection: Connection,
    delivery: Delivery,
    module: Module[R],
    decoded: list[Decoded[R]],
    tally: Tally,
    received_at: datetime,
    *,
    repeat: bool = False,
) -> None:
    """Store decoded objects with their findings, and count them.

    `repeat`: another object of the same id came earlier in this delivery; this one counts only
    where it is newer, else it is refused (a publisher's duplicate).
    """
    if not decoded:
        return
    written = module.keep(
        connection,
        delivery,
        [d for d in decoded if d.record is not None],
        tally,
        received_at,
        repeat,
    )
    older = set(written.stale)
    told = [d._replace(findings=d.findings + remark(d, older, repeat)) for d in decoded]
    tally.add_outcome(told, written, repeat=repeat)
    remember(connection, delivery, module.kind, told, older, repeat)


def keep_locations(
    connection: Connection,
    delivery: Delivery,
    decoded: list[Decoded[LocationRecord]],
    tally: Tally,
    received_at: datetime,
    strictly_newer: bool,
) -> Written:
    """Store locations, then their statuses, then what is derived from both, and announce it."""
    writes, statuses = [], []
    for item in decoded:
        record, number = item.record, item.received.number
        assert record is not None and number is not None  # noqa: S101 - the caller's filter
        refused = sum(_refuses_evse(found) for found in item.findings)
        unread = any(_refuses_evse(f) and f.code != "evse-uid-duplicate" for f in item.findings)
        tally.evses += len(record.evses) + refused
        tally.evses_rejected += refused
        writes.append(LocationWrite(number, record, bytes(item.received.raw), unread))
        for evse in record.evses:
            uid = evse_number(delivery.source_id, record, evse.uid)
            statuses.append(StatusWrite(uid, number, evse.status, evse.last_updated))
    written = store_locations(
        connection, delivery, writes, received_at, strictly_newer=strictly_newer
    )
    stale = set(written.stale)
    live = store_statuses(
        connection,
        delivery.source_id,
        [s for s in statuses if s.location_number not in stale],
        received_at,
    )
    tally.statuses += live.changed
    rebuilt = sorted({*written.created, *written.changed, *live.unlisted})
    if rebuilt:
        left = refresh_sites(connection, rebuilt)
        announce(connection, rebuilt, (), left)
    return written


def _refuses_evse(found: Finding) -> bool:
    whole = found.path.startswith("evses[") and "." not in found.path
    return whole and isinstance(found, Rejection)


def keep_tariffs(
    connection: Connection,
    delivery: Delivery,
    decoded: list[Decoded[TariffRecord]],
    tally: Tally,
    received_at: datetime,
    strictly_newer: bool,
) -> Written:
    """Store tariffs."""
    writes = [
        TariffWrite(d.received.number, d.record, bytes(d.received.raw))
        for d in decoded
        if d.record is not None and d.received.number is not None
    ]
    return store_tariffs(connection, delivery, writes, received_at, strictly_newer=strictly_newer)
