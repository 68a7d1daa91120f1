"""What of a file's Locations is kept: rows that were refused cost nothing that was good before.

A file says little of statuses: an EVSE without one is UNKNOWN when it is new, and else keeps the
status that it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from nop_ingest.pipeline import claims_of
from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.queries.records import read_locations
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.evse_names import held_statuses
from nop_registry.store.statuses import (
    StatusWrite,
    store_statuses,
    without_status,
    yield_to_claims,
)


def with_what_was_good(
    connection: Connection, partial: Mapping[int, LocationRecord]
) -> dict[int, LocationRecord]:
    """These Locations, some rows of which were refused, with what is held and not in the others."""
    if not partial:
        return {}
    held = read_locations(connection, list(partial))
    return {
        number: _merged(held[number], record) if number in held else record
        for number, record in partial.items()
    }


def _merged(held: LocationRecord, given: LocationRecord) -> LocationRecord:
    evses = {evse.uid.casefold(): evse for evse in given.evses}
    kept: list[EvseRecord] = []
    for before in held.evses:
        now = evses.pop(before.uid.casefold(), None)
        kept.append(before if now is None else _with_connectors(before, now))
    return msgspec.structs.replace(given, evses=(*kept, *evses.values()))


def _with_connectors(before: EvseRecord, now: EvseRecord) -> EvseRecord:
    plugs = {plug.id: plug for plug in now.connectors}
    kept: list[ConnectorRecord] = [plugs.pop(plug.id, plug) for plug in before.connectors]
    return msgspec.structs.replace(now, connectors=(*kept, *plugs.values()))


def worth_saying(connection: Connection, claims: Sequence[StatusWrite]) -> list[StatusWrite]:
    """Without "no status is known" of EVSEs that have one; where that is held, it yields."""
    silent = [claim.evse_number for claim in claims if says_nothing(claim)]
    first = without_status(connection, silent)
    said = [claim for claim in claims if not says_nothing(claim) or claim.evse_number in first]
    yield_to_claims(connection, said)
    return said


def say_again(
    connection: Connection,
    delivery: Delivery,
    unchanged: Mapping[int, LocationRecord],
    received_at: datetime,
    as_of: datetime,
) -> None:
    """These Locations came as they are held: their statuses are confirmed, `as_of` when.

    One without a time confirms what is held if it is the same, and else is older than that.
    """
    claims = [
        claim
        for number, record in unchanged.items()
        for claim in claims_of(delivery.source_id, number, record)
        if not says_nothing(claim)
    ]
    held = held_statuses(connection, [claim.evse_number for claim in claims])
    again = [
        claim._replace(at=held[claim.evse_number].claimed_at)
        for claim in claims
        if claim.evse_number in held and held[claim.evse_number].status is claim.status
    ]
    store_statuses(connection, delivery.source_id, again, received_at, new=False, as_of=as_of)


def says_nothing(claim: StatusWrite) -> bool:
    """Whether it is only that no status was given."""
    return claim.status is Status.UNKNOWN and claim.at is None
