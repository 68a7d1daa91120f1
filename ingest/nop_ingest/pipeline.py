"""The story of one page: recognise → decode → normalise → check → store → report.

Everything here runs inside the caller's transaction, which also holds the page's checkpoint:
a page is in the registry whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple

import msgspec

from nop_ingest.bookkeeping import remark, remember
from nop_ingest.context import Context
from nop_ingest.ocpi.versions import VERSIONS
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.overtaking import LONG_AGO, newest_claim, not_overtaken, yield_to_pushes
from nop_ingest.quarantine import set_aside
from nop_ingest.received import Decoded, R, Received, recognise, split
from nop_ingest.report import Finding, Rejection
from nop_ingest.tally import Tally
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.queries.records import read_tariffs
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.emissions import emit_references
from nop_registry.store.locations import LocationWrite, Written, evse_number, store_locations
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tariffs import TariffWrite, store_tariffs


class Module(NamedTuple, Generic[R]):
    """What differs between locations and tariffs."""

    kind: ObjectKind
    peek: Callable[[Raw], Key]
    decode: Callable[[Raw, Context], tuple[R | None, list[Finding]]]
    keep: Callable[
        [Connection, Delivery, list[Decoded[R]], Tally, datetime, bool, datetime | None], Written
    ]
    """Store decoded objects; the flag: only where they are newer than what is held. The last one
    is Context.asked_at."""


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
    tally.nameless += sum(r.number is None for r in received)
    numbers = [r.number for r in received if r.number is not None]
    if context.agreed_parties is not None:
        received = set_aside(received, context.agreed_parties, tally)
    first, again = split(received, seen)
    again = _unlike(first, again, tally)
    seen.update(numbers)
    for batch, repeat in ((first, False), (again, True)):
        if batch:
            moved = _moved(batch, tally, repeat=repeat)
            decoded = [Decoded(r, *module.decode(r.raw, context)) for r in moved]
            if repeat:
                decoded = _newest(decoded, tally)
            keep(
                connection, delivery, module, decoded, tally, context.received_at,
                repeat=repeat, asked_at=context.asked_at,
            )  # fmt: skip
    return numbers


def _unlike(first: list[Received], again: list[Received], tally: Tally) -> list[Received]:
    """Repetitions with other bytes; the others, of pages that overlap, are counted (P20)."""
    here = {item.digest for item in first}
    for item in again:
        if item.digest in here:
            tally.add_repeated(item.raw)
    return [item for item in again if item.digest not in here]


def _moved(batch: list[Received], tally: Tally, *, repeat: bool) -> list[Received]:
    """Those whose bytes differ from what was sent last; the others are counted."""
    moved: list[Received] = []
    for item in batch:
        if item.known is None:
            moved.append(item)
        elif item.known.rejected:
            tally.add_unchanged_refusal()
        elif repeat:
            tally.add_repeated(item.raw)
        else:
            tally.unchanged += 1
    return moved


def _newest(repetitions: list[Decoded[R]], tally: Tally) -> list[Decoded[R]]:
    """Of several repetitions of one id the newest, or the last of equals; the others are counted.

    One that can be read is better than one that cannot.
    """
    best: dict[int | None, Decoded[R]] = {}  # a repetition has a number
    for item in repetitions:
        number = item.received.number
        other = best.setdefault(number, item)
        if other is item:
            continue
        if _age(item) >= _age(other):
            best[number], item = item, other
        tally.add_repeated(item.received.raw)
    return list(best.values())


def _age(item: Decoded[R]) -> tuple[bool, datetime]:
    moment = newest_claim(item.record) if item.record is not None else None
    return item.record is not None, moment or LONG_AGO


def keep(
    connection: Connection,
    delivery: Delivery,
    module: Module[R],
    decoded: list[Decoded[R]],
    tally: Tally,
    received_at: datetime,
    *,
    repeat: bool = False,
    asked_at: datetime | None = None,
) -> None:
    """Store decoded objects with their findings, and count them.

    `repeat`: another object of the same id came earlier in this delivery; this one counts only
    where it is newer, else it is refused (a publisher's duplicate). `asked_at`: see Context.
    """
    if not decoded:
        return
    readable = [d for d in decoded if d.record is not None]
    overtaken: list[int] = []
    if asked_at is not None:
        readable, overtaken = yield_to_pushes(
            connection, delivery.source_id, module.kind, readable, asked_at
        )
    stored: Written = module.keep(
        connection, delivery, readable, tally, received_at, repeat, asked_at
    )
    written = stored._replace(stale=[*stored.stale, *overtaken])
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
    asked_at: datetime | None = None,
    *,
    choose: Callable[[Connection, list[StatusWrite]], list[StatusWrite]] = lambda _, claims: claims,
    as_of: datetime | None = None,
    pushed: bool = False,
) -> Written:
    """Store locations, then their statuses, then what is derived from both, and announce it.

    `choose`: which of the claims count, where not all do. `as_of`: when they were true, if that was
    before they were received. `pushed`: it may be a part of a location, and the push door notes
    what was told of the whole (late_pushes).
    """
    writes: list[LocationWrite] = []
    statuses: list[StatusWrite] = []
    for item in decoded:
        record, number = item.record, item.received.number
        assert record is not None and number is not None  # noqa: S101 - the caller's filter
        refused = sum(_refuses_evse(found) for found in item.findings)
        unread = any(_refuses_evse(f) and f.code != "evse-uid-duplicate" for f in item.findings)
        tally.evses += len(record.evses) + refused
        tally.evses_rejected += refused
        whole_at = None if pushed else newest_claim(record) or asked_at or as_of or received_at
        writes.append(LocationWrite(number, record, bytes(item.received.raw), unread, whole_at))
        statuses += claims_of(delivery.source_id, number, record)
    written = store_locations(
        connection, delivery, writes, received_at, strictly_newer=strictly_newer
    )
    stale = set(written.stale)
    claims = choose(connection, [s for s in statuses if s.location_number not in stale])
    if asked_at is not None:
        claims = not_overtaken(connection, delivery.source_id, claims, asked_at)
    live = store_statuses(connection, delivery.source_id, claims, received_at, as_of=as_of)
    tally.statuses += live.changed
    show(connection, [*written.created, *written.changed, *live.unlisted])
    return written


def claims_of(source_id: int, number: int, record: LocationRecord) -> list[StatusWrite]:
    """What a Location's record says of its EVSEs' statuses."""
    return [
        StatusWrite(
            evse_number(source_id, record, evse.uid), number, evse.status, evse.last_updated
        )
        for evse in record.evses
    ]


def show(connection: Connection, locations: Iterable[int]) -> None:
    """Rebuild what is derived from these locations and their statuses, and announce it."""
    rebuilt = sorted(set(locations))
    if rebuilt:
        left = refresh_sites(connection, rebuilt)
        announce(connection, rebuilt, (), left)


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
    asked_at: datetime | None = None,
) -> Written:
    """Store tariffs; where locations may now refer to another set of them, consumers are told."""
    writes = [
        TariffWrite(d.received.number, d.record, bytes(d.received.raw))
        for d in decoded
        if d.record is not None and d.received.number is not None
    ]
    before = read_tariffs(connection, [write.number for write in writes])
    written = store_tariffs(
        connection, delivery, writes, received_at, strictly_newer=strictly_newer
    )
    moved = {*written.created, *written.changed}
    after = {write.number: write.record for write in writes if write.number in moved}
    turned = [
        number
        for number, record in after.items()
        if _sayable_in(record, received_at) != _sayable_in(before.get(number), received_at)
    ]
    emit_references(connection, turned)
    return written


def _sayable_in(record: TariffRecord | None, at: datetime) -> list[str]:
    """Numbers of the versions in which consumers are told the tariff at that instant."""
    if record is None:
        return []
    dated = msgspec.structs.replace(record, last_updated=record.last_updated or at)
    return [v.number for v in VERSIONS if v.from_tariff(dated, at).document is not None]
