"""The story of one page: recognise → decode → normalise → check → store → report.

Everything here runs inside the caller's transaction, which also holds the page's checkpoint:
a page is in the registry whole, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.versions.version import Key, Raw
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Severity
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.findings import FindingRow, replace_findings
from nop_registry.store.locations import LocationWrite, Written, evse_number, store_locations
from nop_registry.store.objects import Sent, known_objects, raw_digest, save_objects
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tariffs import TariffWrite, store_tariffs

R = TypeVar("R", LocationRecord, TariffRecord)


class Tally(msgspec.Struct):
    """What became of a delivery. `objects` is the sum of the six outcomes below it."""

    objects: int = 0
    created: int = 0
    changed: int = 0
    """A new version was written."""
    unchanged: int = 0
    """Nothing static changed (a status may have)."""
    stale: int = 0
    """Older than what is held: not applied."""
    repeated: int = 0
    """Came twice in one pull with the same content (pages that overlap, objects that move)."""
    rejected: int = 0
    """Not taken; `rejections` says why."""
    evses: int = 0
    """EVSEs in these objects, but those of unchanged ones, which are not read."""
    evses_rejected: int = 0
    """Of these: refused by themselves or with their location."""
    evses_repeated: int = 0
    """Of these: in locations listed twice."""
    statuses: int = 0
    """EVSEs whose status changed (first statuses included)."""
    missing: int = 0
    retired: int = 0
    rejections: dict[str, int] = {}
    notices: dict[str, int] = {}

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Count findings by code."""
        for found in findings:
            book = self.rejections if isinstance(found, Rejection) else self.notices
            book[found.code] = book.get(found.code, 0) + 1


class Received(NamedTuple):
    """One object as it came."""

    number: int | None
    key: str
    digest: bytes
    raw: Raw


class Decoded(NamedTuple, Generic[R]):
    """One object after decoding, normalising and checking; no record: it was refused."""

    received: Received
    record: R | None
    findings: list[Finding]


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
    received = [_recognise(delivery, module, raw, context) for raw in raws]
    tally.objects += len(received)
    first, again = _split(received, seen)
    numbers = [r.number for r in received if r.number is not None]
    seen.update(numbers)
    for batch, repeat in ((first, False), (again, True)):
        if batch:
            moved = _unseen(connection, batch, tally, repeat=repeat)
            decoded = [Decoded(r, *module.decode(r.raw, context)) for r in moved]
            keep(connection, delivery, module, decoded, tally, context.received_at, repeat=repeat)
    return numbers


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
    remarks = [_remark(d, older, repeat) for d in decoded]
    decoded = [
        d._replace(findings=d.findings + extra) for d, extra in zip(decoded, remarks, strict=True)
    ]
    _count(decoded, written, tally, repeat=repeat)
    _remember(connection, delivery, module.kind, decoded, older, repeat)


def _count(decoded: list[Decoded[R]], written: Written, tally: Tally, *, repeat: bool) -> None:
    stale = set(written.stale) if repeat else set[int]()
    tally.created += len(written.created)
    tally.changed += len(written.changed)
    for item in decoded:
        tally.add_findings(item.findings)
        if item.record is None or item.received.number in stale:
            tally.rejected += 1
            _count_refused_evses(item, tally)
    if repeat:  # an object that moved between pages, and perhaps changed its status meanwhile
        same = set(written.unchanged)
        tally.repeated += len(same)
        tally.evses_repeated += sum(
            len(item.record.evses)
            for item in decoded
            if isinstance(item.record, LocationRecord) and item.received.number in same
        )
    else:
        tally.unchanged += len(written.unchanged)
        tally.stale += len(written.stale)


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
    tally.statuses += len(live.evses)
    rebuilt = sorted({*written.created, *written.changed, *live.unlisted})
    left = refresh_sites(connection, rebuilt) if rebuilt else []
    if rebuilt or live.locations:
        announce(connection, sorted({*rebuilt, *live.locations}), live.evses, left)
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


def _recognise(delivery: Delivery, module: Module[R], raw: Raw, context: Context) -> Received:
    key = module.peek(raw)
    country = key.country_code or context.default_country_code
    party = key.party_id or context.default_party_id
    digest = raw_digest(raw)
    if key.id is None or country is None or party is None:
        return Received(None, "(no id)", digest, raw)
    number = object_number(module.kind, delivery.source_id, country, party, key.id)
    return Received(number, f"{country}*{party}*{key.id}", digest, raw)


def _split(received: list[Received], seen: set[int]) -> tuple[list[Received], list[Received]]:
    """First occurrences of an id in this delivery, and repetitions."""
    first: list[Received] = []
    again: list[Received] = []
    here: set[int] = set()
    for item in received:
        repeated = item.number is not None and (item.number in seen or item.number in here)
        (again if repeated else first).append(item)
        if item.number is not None:
            here.add(item.number)
    return first, again


def _unseen(
    connection: Connection, batch: list[Received], tally: Tally, *, repeat: bool
) -> list[Received]:
    """Those whose bytes differ from what was sent last; the others are counted."""
    known = known_objects(connection, [r.number for r in batch if r.number is not None])
    moved: dict[object, Received] = {}
    for item in batch:
        before = known.get(item.number) if item.number is not None else None
        if before is None or before.digest != item.digest:
            # Of several repetitions in one page the last stands; the others were the same story.
            if item.number is not None and item.number in moved:
                tally.repeated += 1
                tally.evses += (evses := _evse_count(moved[item.number].raw))
                tally.evses_repeated += evses
            moved[item.number if item.number is not None else id(item)] = item
        elif before.rejected:
            tally.rejected += 1
            tally.rejections["unchanged-since-rejected"] = (
                tally.rejections.get("unchanged-since-rejected", 0) + 1
            )
        elif repeat:
            tally.repeated += 1
            tally.evses += (evses := _evse_count(item.raw))
            tally.evses_repeated += evses
        else:
            tally.unchanged += 1
    return list(moved.values())


class _Parts(msgspec.Struct, gc=False):
    evses: list[msgspec.Raw] | None = None


_parts = msgspec.json.Decoder(_Parts)


def _evse_count(raw: Raw) -> int:
    """EVSEs of a location that is not taken (a tariff has none)."""
    try:
        return len(_parts.decode(raw).evses or ())
    except (ValueError, RecursionError):
        return 0


def _count_refused_evses(item: Decoded[R], tally: Tally) -> None:
    if isinstance(item.record, LocationRecord):
        tally.evses_rejected += len(item.record.evses)  # keep_locations counted them as EVSEs
    elif item.record is None:
        evses = _evse_count(item.received.raw)
        tally.evses += evses
        tally.evses_rejected += evses


def _remark(item: Decoded[R], older: set[int], repeat: bool) -> list[Finding]:
    number = item.received.number
    if item.record is None or number is None or number not in older:
        return []
    if repeat:
        return [
            Rejection(
                "duplicate-id",
                "id",
                "the same id came twice with different content and this one is not newer: "
                "give each object its own id, and list it once",
                item.record.id,
            )
        ]
    return [
        Notice(
            "older-than-held",
            Severity.INFO,
            "last_updated",
            "last_updated is older than the version held, which stays published",
            str(item.record.last_updated),
        )
    ]


def _remember(
    connection: Connection,
    delivery: Delivery,
    kind: ObjectKind,
    decoded: list[Decoded[R]],
    older: set[int],
    repeat: bool,
) -> None:
    """Digests of what was sent (not of what was older than it), and the findings that stand."""
    sent = {
        d.received.number: Sent(
            d.received.number, d.received.key, d.received.digest, d.record is None
        )
        for d in decoded
        if d.received.number is not None and d.received.number not in older
    }
    save_objects(connection, delivery.source_id, kind, sent.values())
    rows = [_row(kind, d.received, found) for d in decoded for found in d.findings]
    objects = (
        [] if repeat else [d.received.number for d in decoded if d.received.number is not None]
    )
    replace_findings(connection, delivery, objects, rows)


def _row(kind: ObjectKind, received: Received, found: Finding) -> FindingRow:
    rejected = isinstance(found, Rejection)
    severity = Severity.ERROR if isinstance(found, Rejection) else found.severity
    return FindingRow(
        received.number, kind, received.key, "rejected" if rejected else "notice", severity,
        found.code, found.path, found.value, found.message, found.row_no,
    )  # fmt: skip


def most_common(book: dict[str, int], count: int = 10) -> list[tuple[str, int]]:
    """The most frequent codes of a tally, for a short report."""
    return Counter(book).most_common(count)
