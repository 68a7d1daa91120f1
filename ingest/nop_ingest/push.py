"""The push door: what operators send by themselves, object by object, into the registry.

No HTTP here. A part is merged into the raw document that is held, with the live statuses in it, and
the whole goes the way of every object: decode, normalise, check, store. Functions work inside the
caller's transaction; the answer to the operator waits for its commit.

Each level has its own clock (RE-8): what is older than what is held at its level does not apply.
The newest claim of all levels stands on the location's row, so that neither a page that was read
before a push (PU-13) nor a whole Location sent before it undoes the push.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple

import msgspec

from nop_ingest import documents
from nop_ingest.documents import Fields, encode
from nop_ingest.held_documents import (
    join_part,
    join_patch,
    join_tariff_patch,
    joint_version,
    open_location,
    pick,
    raise_clock,
    read_held,
    show_live,
    speak_live,
)
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.overtaking import newest_claim
from nop_ingest.pipeline import Module, keep, keep_locations, keep_tariffs
from nop_ingest.push_rules import (
    Address,
    Outcome,
    Push,
    Stale,
    Unknown,
    is_older,
    is_too_large,
    other_identity,
    read_patch,
    unfit_patch,
    without_id,
    worse_findings,
)
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
    LiveStatus,
    find_held,
    find_retirement,
    find_tombstone,
    list_live_statuses,
    move_clock,
)
from nop_registry.store.jobs import defer_job
from nop_registry.store.lapses import note_push
from nop_registry.store.objects import raw_digest
from nop_registry.store.tariffs import retire_tariff

Live = dict[int, LiveStatus]
"""By number, the live EVSEs of a Location."""


class _Part(NamedTuple, Generic[R]):
    """What differs between locations and tariffs."""

    name: deliveries.Module
    version: OcpiVersion
    """In which the whole object is read."""
    module: Module[R]


def put_location(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Create or replace a Location, an EVSE or a Connector. Raises documents.Unreadable."""
    sent = documents.read_object(body)
    wrong = other_identity(address, sent) or without_id(address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    if address.uid is None:
        return _replace(connection, push, address, _locations(push.version), body)

    def change(held: Fields | None, whole: Held, _: Live) -> Fields:
        if (
            is_older(push, sent, held, whole.stored_at)
            if held
            else _returns_late(connection, push, address, sent)
        ):
            raise Stale
        return join_part(push, address, whole, sent)

    return _change_part(connection, push, address, change)


def patch_location(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Change top-level fields of a Location, an EVSE or a Connector. Raises Unreadable."""
    sent = documents.read_object(body)
    wrong = unfit_patch(push, address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    patch = read_patch(push, address, sent)

    def change(held: Fields | None, whole: Held, live: Live) -> Fields:
        if held is None:
            raise Unknown
        if is_older(push, patch, held, whole.stored_at):
            raise Stale
        return join_patch(push, address, whole, held, patch, live)

    return _change_part(connection, push, address, change)


def read_location(connection: Connection, push: Push, address: Address) -> bytes | None:
    """A Location, EVSE or Connector as it is held, with its live statuses; None: unknown."""
    number = address.number(push.source_id)
    held = find_held(connection, ObjectKind.LOCATION, number)
    if held is None:
        return None
    location = read_held(push, address, held, ObjectKind.LOCATION)
    live = list_live_statuses(connection, number)
    show_live(push, address, location, live)
    newest = [live_status.claimed_at for live_status in live.values()]
    raise_clock(
        push.version, location, max([t for t in (held.last_updated, *newest) if t], default=None)
    )
    return pick(location, address)


def put_tariff(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Create or replace a Tariff. Raises documents.Unreadable."""
    sent = documents.read_object(body)
    wrong = other_identity(address, sent) or without_id(address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    return _replace(connection, push, address, _tariffs(push.version), body)


def patch_tariff(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Change top-level fields of a Tariff (OCPI 2.1.1). Raises documents.Unreadable."""
    sent = documents.read_object(body)
    wrong = unfit_patch(push, address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    number = address.number(push.source_id, ObjectKind.TARIFF)
    held = find_held(connection, ObjectKind.TARIFF, number, lock=True)
    if held is None:
        return Outcome("unknown")
    part = _tariffs(joint_version(push, held))
    before, patch = documents.open_stored(held.raw), read_patch(push, address, sent)
    if is_older(push, patch, before, held.stored_at):
        return _count_stale(connection, push, part)
    after = join_tariff_patch(push, address, held, patch)
    return _store(connection, push, address, part, encode(after), held, encode(before))


def read_tariff(connection: Connection, push: Push, address: Address) -> bytes | None:
    """A Tariff as it is held; None: unknown."""
    held = find_held(
        connection, ObjectKind.TARIFF, address.number(push.source_id, ObjectKind.TARIFF)
    )
    if held is None:
        return None
    tariff = read_held(push, address, held, ObjectKind.TARIFF)
    raise_clock(push.version, tariff, held.last_updated)
    return encode(tariff)


def delete_tariff(connection: Connection, push: Push, address: Address) -> Outcome:
    """Withdraw a Tariff. Connectors may still refer to it: their price is then unknown (RE-16).

    A DELETE carries no time, so one that is sent again cannot be told from a new one: it takes away
    what is held, however new that is. An unknown price is right until the operator speaks again; a
    price that it withdrew would be wrong. A newer PUT brings the tariff back, or a page that is
    asked for from now on.
    """
    delivery = deliveries.push_delivery(connection, push.source_id, "tariffs", push.version.number)
    number = address.number(push.source_id, ObjectKind.TARIFF)
    if not retire_tariff(connection, delivery, number, push.received_at):
        return Outcome("unknown")
    deliveries.add_to_report(connection, delivery, {"objects": 1, "retired": 1})
    return Outcome("taken")


def ask_for(connection: Connection, push: Push, address: Address) -> None:
    """Have the worker GET the Location from the operator: something of it came that we lack."""
    country, party, location = address[:3]
    defer_job(
        connection, "repair", lock=f"repair:{push.source_name}:{country}*{party}*{location}",
        name=push.source_name, country_code=country, party_id=party, location_id=location,
    )  # fmt: skip


def _locations(version: OcpiVersion) -> _Part[LocationRecord]:
    return _Part(
        "locations",
        version,
        Module(ObjectKind.LOCATION, version.peek_location, version.to_location, keep_locations),
    )


def _tariffs(version: OcpiVersion) -> _Part[TariffRecord]:
    return _Part(
        "tariffs",
        version,
        Module(ObjectKind.TARIFF, version.peek_tariff, version.to_tariff, keep_tariffs),
    )


def _change_part(
    connection: Connection,
    push: Push,
    address: Address,
    change: Callable[[Fields | None, Held, Live], Fields],
) -> Outcome:
    """Change one level of a Location that is held."""
    number = address.number(push.source_id)
    held = find_held(connection, ObjectKind.LOCATION, number, lock=True)
    if held is None:
        return Outcome("unknown")
    part = _locations(joint_version(push, held))
    location = open_location(push, address, held)
    before = encode(location)
    live = list_live_statuses(connection, number)
    speak_live(push, address, location, live)
    added = False
    try:
        if address.uid is None:
            location = change(location, held, live)
        else:
            added = _change_evse(
                part.version, address, location, lambda evse: change(evse, held, live)
            )
    except Stale:
        return _count_stale(connection, push, part)
    except Unknown:
        return Outcome("unknown")
    outcome = _store(connection, push, address, part, encode(location), held, before)
    return msgspec.structs.replace(outcome, created=added)


def _returns_late(connection: Connection, push: Push, address: Address, sent: Fields) -> bool:
    """An EVSE that was taken away does not come back by a message from before that."""
    if address.connector_id is not None:
        return False
    gone_at = find_retirement(connection, address.evse_number(push.source_id))
    said = documents.moment_of(sent)
    return gone_at is not None and said is not None and said < gone_at


def _change_evse(
    version: OcpiVersion,
    address: Address,
    location: Fields,
    change: Callable[[Fields | None], Fields],
) -> bool:
    assert address.uid is not None  # noqa: S101 - the caller's business
    if address.connector_id is None:
        return documents.put_item(location, "evses", "uid", address.uid, change)
    added = False

    def change_connector(evse: Fields | None) -> Fields:
        nonlocal added
        if evse is None:
            raise Unknown
        assert address.connector_id is not None  # noqa: S101 - see above
        newest: datetime | None = None

        def changed(held: Fields | None) -> Fields:
            nonlocal newest
            connector = change(held)
            newest = documents.moment_of(connector)
            return connector

        added = documents.put_item(evse, "connectors", "id", address.connector_id, changed)
        raise_clock(version, evse, newest)  # RE-4
        return evse

    documents.put_item(location, "evses", "uid", address.uid, change_connector)
    return added


def _replace(
    connection: Connection, push: Push, address: Address, part: _Part[R], body: bytes
) -> Outcome:
    """A whole object. One that cannot be taken leaves its last good version, and its findings."""
    number = address.number(push.source_id, part.module.kind)
    held = find_held(connection, part.module.kind, number, lock=True)
    if held is None:
        lock_newcomers(connection, push.source_id, pushed=True)
        held = find_held(connection, part.module.kind, number, lock=True)
    return _store(connection, push, address, part, body, held, None)


def _store(
    connection: Connection,
    push: Push,
    address: Address,
    part: _Part[R],
    raw: bytes,
    held: Held | None,
    before: bytes | None,
) -> Outcome:
    """Check the whole object and store it. `before`: what it was, when only a part was sent."""
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
        record = msgspec.structs.replace(record, last_updated=newest_claim(record))  # RE-4
        if _precedes(record.last_updated, held):
            return _count_stale(connection, push, part)
        if held is None and _is_buried(connection, part, number, record.last_updated):
            return _count_stale(connection, push, part)
    key = f"{address.country_code}*{address.party_id}*{address.id}"
    received = Received(number, key, raw_digest(raw), raw, None)
    note_push(connection, push.source_id)
    delivery = deliveries.push_delivery(connection, push.source_id, part.name, part.version.number)
    tally = Tally(objects=1)
    decoded = Decoded(received, record, findings)
    keep(connection, delivery, part.module, [decoded], tally, push.received_at)
    if tally.unchanged and record is not None:
        move_clock(connection, part.module.kind, number, record.last_updated)
    deliveries.add_to_report(connection, delivery, _counts(tally))
    refused: list[Finding] = [f for f in findings if isinstance(f, Rejection)]
    if record is None:
        return Outcome("refused", findings=refused)
    return Outcome("stale" if tally.stale else "taken", created=held is None, findings=refused)


def _precedes(claim: datetime | None, held: Held | None) -> bool:
    return (
        claim is not None
        and held is not None
        and held.last_updated is not None
        and claim < held.last_updated
    )


def _is_buried(
    connection: Connection, part: _Part[Any], number: int, claim: datetime | None
) -> bool:
    """What is gone does not come back by a message from before it went, as a replay is."""
    gone = find_tombstone(connection, part.module.kind, number)
    return claim is not None and gone is not None and claim <= gone


def _count_stale(connection: Connection, push: Push, part: _Part[Any]) -> Outcome:
    delivery = deliveries.push_delivery(connection, push.source_id, part.name, part.version.number)
    deliveries.add_to_report(connection, delivery, {"objects": 1, "stale": 1})
    return Outcome("stale")


def _counts(tally: Tally) -> dict[str, Any]:
    return {name: count for name, count in msgspec.to_builtins(tally).items() if count}
