"""The push door: what operators send by themselves, object by object, into the registry.

No HTTP here. A part is merged into the raw document that is held, with the live statuses in it, and
the whole goes the way of every object: decode, normalise, check, store. Functions work inside the
caller's transaction; the answer to the operator waits for its commit.

Each level has its own clock (RE-8): what is older than what is held at its level does not apply,
but for what late_pushes says. The newest claim of all levels stands on the location's row, so that
a page that was read before a push does not undo it (PU-13).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from nop_ingest import documents
from nop_ingest.documents import Fields, encode
from nop_ingest.held_documents import (
    join_part,
    join_patch,
    join_tariff_patch,
    join_whole,
    joint_version,
    open_location,
    pick,
    raise_clock,
    read_held,
    show_live,
    speak_live,
)
from nop_ingest.late_pushes import Scene, join_evse, join_location, tell_parts
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.push_rules import (
    Address,
    Outcome,
    Push,
    Stale,
    Unknown,
    is_older,
    other_identity,
    read_patch,
    said_at,
    unfit_patch,
    without_id,
)
from nop_ingest.push_storing import count_stale, find_or_await, location_part, store, tariff_part
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store import deliveries
from nop_registry.store.held import (
    Held,
    find_held,
    list_live_statuses,
    list_part_clocks,
)
from nop_registry.store.jobs import defer_job
from nop_registry.store.tariffs import retire_tariff


def put_location(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Create or replace a Location, an EVSE or a Connector. Raises documents.Unreadable."""
    sent = documents.read_object(body)
    wrong = other_identity(address, sent) or without_id(address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    if address.uid is None:
        return _replace_location(connection, push, address, sent, body)
    at = said_at(push, sent)

    def change(held: Fields | None, scene: Scene) -> Fields:
        part = join_part(push, address, scene.held, sent)
        if held is None:
            if address.connector_id is None and scene.lacks(address.uid, at):
                raise Stale
            return part
        if at is None or not is_older(push, sent, held, scene.held.stored_at):
            return part
        if address.connector_id is not None:
            raise Stale
        return join_evse(scene, part, held, at)

    return _change_part(connection, push, address, sent, change)


def patch_location(connection: Connection, push: Push, address: Address, body: bytes) -> Outcome:
    """Change top-level fields of a Location, an EVSE or a Connector. Raises Unreadable."""
    sent = documents.read_object(body)
    wrong = unfit_patch(push, address, sent)
    if wrong:
        return Outcome("refused", findings=wrong)
    patch = read_patch(push, address, sent)
    at = tell_parts(push, address, patch).at

    def change(held: Fields | None, scene: Scene) -> Fields:
        if held is None:
            raise Unknown
        whole = scene.held
        merged = join_patch(push, address, whole, held, patch, scene.live, scene.clocks)
        newest = whole.last_updated
        if address.uid is None and "evses" in patch and at and newest and at <= newest:
            return join_location(scene, {"evses": documents.NO_ITEMS, **merged}, held, at)
        if at is None or not is_older(push, patch, held, whole.stored_at):
            return merged
        if address.uid is None or address.connector_id is not None:
            raise Stale
        return join_evse(scene, join_part(push, address, whole, patch), held, at)

    return _change_part(connection, push, address, patch, change)


def read_location(connection: Connection, push: Push, address: Address) -> bytes | None:
    """A Location, EVSE or Connector as it is held, with its live statuses; None: unknown."""
    number = address.number(push.source_id)
    held = find_held(connection, ObjectKind.LOCATION, number)
    if held is None:
        return None
    location = read_held(push, address, held, ObjectKind.LOCATION)
    live = list_live_statuses(connection, number)
    show_live(push, address, location, live, list_part_clocks(connection, number))
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
    part = tariff_part(push.version)
    held = find_or_await(connection, push, address, ObjectKind.TARIFF)
    return store(connection, push, address, part, body, held, None)


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
    part = tariff_part(joint_version(push, held))
    before, patch = documents.open_stored(held.raw), read_patch(push, address, sent)
    if is_older(push, patch, before, held.stored_at):
        return count_stale(connection, push, part)
    after = join_tariff_patch(push, address, held, patch)
    return store(connection, push, address, part, encode(after), held, encode(before))


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


def _open_scene(
    connection: Connection, push: Push, address: Address, held: Held
) -> tuple[Scene, Fields]:
    """What is held of a Location, and its document with what was heard since it was stored."""
    number = address.number(push.source_id)
    location = open_location(push, address, held)
    live, clocks = list_live_statuses(connection, number), list_part_clocks(connection, number)
    speak_live(push, address, location, live, clocks, held.last_updated)
    return Scene(push.source_id, address, held, live, clocks), location


def _change_part(
    connection: Connection,
    push: Push,
    address: Address,
    sent: Fields,
    change: Callable[[Fields | None, Scene], Fields],
) -> Outcome:
    """Change one level of a Location that is held."""
    held = find_held(connection, ObjectKind.LOCATION, address.number(push.source_id), lock=True)
    if held is None:
        return Outcome("unknown")
    told = tell_parts(push, address, sent)
    part = location_part(joint_version(push, held), told)
    before = encode(open_location(push, address, held))
    scene, location = _open_scene(connection, push, address, held)
    added = False
    try:
        if address.uid is None:
            location = change(location, scene)
        else:
            added = _change_evse(push, part.version, scene, location, sent, change)
    except Stale:
        return count_stale(connection, push, part)
    except Unknown:
        return Outcome("unknown")
    outcome = store(connection, push, address, part, encode(location), held, before, told)
    return msgspec.structs.replace(outcome, created=added)


def _change_evse(
    push: Push,
    version: OcpiVersion,
    scene: Scene,
    location: Fields,
    sent: Fields,
    change: Callable[[Fields | None, Scene], Fields],
) -> bool:
    uid, connector_id = scene.address.uid, scene.address.connector_id
    assert uid is not None  # noqa: S101 - the caller's business
    if connector_id is None:
        return documents.put_item(location, "evses", "uid", uid, lambda evse: change(evse, scene))
    added = False

    def change_connector(evse: Fields | None) -> Fields:
        nonlocal added
        if evse is None:
            raise Unknown
        newest: datetime | None = None
        lacks = scene.lacks_connector(uid, evse, said_at(push, sent))

        def changed(held: Fields | None) -> Fields:
            nonlocal newest
            connector = change(held, scene)
            if held is None and lacks:
                raise Stale
            newest = documents.moment_of(connector)
            return connector

        added = documents.put_item(evse, "connectors", "id", connector_id, changed)
        raise_clock(version, evse, newest)  # RE-4
        return evse

    documents.put_item(location, "evses", "uid", uid, change_connector)
    return added


def _replace_location(
    connection: Connection, push: Push, address: Address, sent: Fields, body: bytes
) -> Outcome:
    """A whole Location. One that cannot be taken leaves its last good version, and its findings."""
    held = find_or_await(connection, push, address, ObjectKind.LOCATION)
    sent = {"evses": documents.NO_ITEMS, **sent}
    told = tell_parts(push, address, sent)
    all_told = told._replace(statuses=None)
    part, at = location_part(push.version, all_told), told.at
    if held is not None and at is not None:
        if held.told_whole_at is not None and at < held.told_whole_at:
            return count_stale(connection, push, part)
        if held.last_updated is not None and at <= held.last_updated:
            scene, location = _open_scene(connection, push, address, held)
            whole = join_whole(push, address, held, location, sent)
            joined = join_location(scene, whole, location, at)
            if documents.value(joined) != documents.value(whole):
                part = location_part(joint_version(push, held), told)
                return store(connection, push, address, part, encode(joined), held, None, told)
    return store(connection, push, address, part, body, held, None, all_told)
