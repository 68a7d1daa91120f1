"""The last step of a push: what was put together is checked and stored, or does not apply."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple

import msgspec

from nop_ingest.late_pushes import Told
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.overtaking import newest_claim
from nop_ingest.pipeline import Module, keep, keep_locations, keep_tariffs
from nop_ingest.push_rules import Address, Outcome, Push, is_too_large, worse_findings
from nop_ingest.received import Decoded, R, Received
from nop_ingest.report import Finding, Rejection
from nop_ingest.tally import Tally
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import deliveries
from nop_registry.store.clocks import lock_newcomers
from nop_registry.store.held import (
    Held,
    find_held,
    find_tombstone,
    move_clock,
    move_part_clocks,
    note_told_whole,
)
from nop_registry.store.lapses import lock_statuses, note_push
from nop_registry.store.locations import evse_number
from nop_registry.store.objects import raw_digest
from nop_registry.store.sources import find_source


class Part(NamedTuple, Generic[R]):
    """What differs between locations and tariffs."""

    name: deliveries.Module
    version: OcpiVersion
    """In which the whole object is read."""
    module: Module[R]


def location_part(version: OcpiVersion, told: Told) -> Part[LocationRecord]:
    keep_told = partial(keep_locations, choose=told.choose, pushed=True)
    return Part(
        "locations",
        version,
        Module(ObjectKind.LOCATION, version.peek_location, version.to_location, keep_told),
    )


def tariff_part(version: OcpiVersion) -> Part[TariffRecord]:
    return Part(
        "tariffs",
        version,
        Module(ObjectKind.TARIFF, version.peek_tariff, version.to_tariff, keep_tariffs),
    )


def find_or_await(
    connection: Connection, push: Push, address: Address, kind: ObjectKind
) -> Held | None:
    """A whole object that is about to be replaced; nobody else writes it until the end."""
    number = address.number(push.source_id, kind)
    held = find_held(connection, kind, number, lock=True)
    if held is None:
        lock_newcomers(connection, push.source_id, pushed=True)
        held = find_held(connection, kind, number, lock=True)
    return held


def store(
    connection: Connection,
    push: Push,
    address: Address,
    part: Part[R],
    raw: bytes,
    held: Held | None,
    before: bytes | None,
    told: Told | None = None,
) -> Outcome:
    """Check the whole object and store it.

    `before`: what it was, when only a part was sent. `told`: of a Location, what was sent of it.
    """
    context = push.context(address)
    number = address.number(push.source_id, part.module.kind)
    record, findings = part.module.decode(raw, context)
    if record is not None and is_too_large(record):
        return Outcome("too large")
    if before is not None:
        worse = worse_findings(findings, part.module.decode(before, context)[1])
        if worse:
            return Outcome("refused", findings=worse)
    if record is not None:
        claim = newest_claim(record)
        if held is None and _is_buried(connection, part, number, claim):
            return count_stale(connection, push, part)
        if held is not None and claim and held.last_updated and claim < held.last_updated:
            if told is None:
                return count_stale(connection, push, part)
            claim = held.last_updated
        record = msgspec.structs.replace(record, last_updated=claim)  # RE-4
    if find_source(connection, push.source_id) is None:
        return Outcome("unknown")  # withdrawn by a person within the time that callers are known
    key = f"{address.country_code}*{address.party_id}*{address.id}"
    received = Received(number, key, raw_digest(raw), raw, None)
    lock_statuses(connection, push.source_id)
    note_push(connection, push.source_id)
    delivery = deliveries.push_delivery(connection, push.source_id, part.name, part.version.number)
    tally = Tally(objects=1)
    decoded = Decoded(received, record, findings)
    keep(connection, delivery, part.module, [decoded], tally, push.received_at)
    if record is not None:
        _note_clocks(connection, push, number, record, told, is_unchanged=tally.unchanged > 0)
    deliveries.add_to_report(connection, delivery, _counts(tally))
    refused: list[Finding] = [f for f in findings if isinstance(f, Rejection)]
    if record is None:
        return Outcome("refused", findings=refused)
    return Outcome("stale" if tally.stale else "taken", created=held is None, findings=refused)


def _note_clocks(
    connection: Connection,
    push: Push,
    number: int,
    record: LocationRecord | TariffRecord,
    told: Told | None,
    *,
    is_unchanged: bool,
) -> None:
    """What changed nothing is not stored again, but what is older than it is stale from now on."""
    if is_unchanged:
        kind = ObjectKind.TARIFF if isinstance(record, TariffRecord) else ObjectKind.LOCATION
        move_clock(connection, kind, number, record.last_updated)
    if is_unchanged and isinstance(record, LocationRecord):
        parts = [(evse_number(push.source_id, record, evse.uid), evse) for evse in record.evses]
        move_part_clocks(
            connection,
            [(evse, one.last_updated) for evse, one in parts if one.last_updated],
            [
                (evse, place, plug.last_updated)
                for evse, one in parts
                for place, plug in enumerate(one.connectors)
                if plug.last_updated
            ],
        )
    if told is not None and told.whole is not None and told.at is not None:
        note_told_whole(connection, *told.whole, told.at)


def _is_buried(
    connection: Connection, part: Part[Any], number: int, claim: datetime | None
) -> bool:
    """What is gone does not come back by a message from before it went, as a replay is."""
    gone = find_tombstone(connection, part.module.kind, number)
    return claim is not None and gone is not None and claim <= gone


def count_stale(connection: Connection, push: Push, part: Part[Any]) -> Outcome:
    delivery = deliveries.push_delivery(connection, push.source_id, part.name, part.version.number)
    deliveries.add_to_report(connection, delivery, {"objects": 1, "stale": 1})
    return Outcome("stale")


def _counts(tally: Tally) -> dict[str, Any]:
    return {name: count for name, count in msgspec.to_builtins(tally).items() if count}
