"""Statuses that operators push one by one, written many at a time.

The permanent numbers are hashes of the words in the URL, so a claim needs no look-up before it is
written; whether its EVSE is held is seen in the batch. Newest wins, so their order means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from nop_ingest.push_rules import Address
from nop_registry.access import limit_to_source
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.store import deliveries
from nop_registry.store.held import find_claims
from nop_registry.store.lapses import note_push
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses, try_lock_statuses

Verdict = Literal["taken", "stale", "unknown", "busy"]
"""busy: somebody else writes statuses of this source now; nothing was done."""


_NOTED_EVERY = timedelta(seconds=1)  # a source is silent after minutes


class Claim(NamedTuple):
    """One status that an operator says an EVSE has."""

    source_id: int
    ocpi_version: str
    address: Address
    status: Status
    at: datetime


def write_claims(
    connection: Connection,
    claims: Sequence[Claim],
    received_at: datetime,
    noted: dict[int, datetime] | None = None,
) -> list[Verdict]:
    """Write a batch in the caller's transaction; what became of each claim.

    `noted`: when it was noted last that a source pushes, kept by who writes many batches a second.
    A source whose statuses are being written elsewhere (by a pull that ends) holds up no other:
    its claims are "busy".
    """
    places: dict[int, list[int]] = {}
    for place, claim in enumerate(claims):
        places.setdefault(claim.source_id, []).append(place)
    verdicts: list[Verdict] = ["busy"] * len(claims)
    free = [source for source in sorted(places) if try_lock_statuses(connection, source)]
    noted = {} if noted is None else noted
    for source in free:
        if source not in noted or received_at - noted[source] > _NOTED_EVERY:
            note_push(connection, source)
            noted[source] = received_at
    for source in free:
        mine = places[source]
        limit_to_source(connection, source)  # what a bug would let through, the table does not
        told = _write(connection, source, [claims[place] for place in mine], received_at)
        for place, verdict in zip(mine, told, strict=True):
            verdicts[place] = verdict
    limit_to_source(connection, None)
    return verdicts


def _write(
    connection: Connection, source_id: int, claims: list[Claim], received_at: datetime
) -> list[Verdict]:
    numbers = [claim.address.evse_number(source_id) for claim in claims]
    known = find_claims(connection, numbers)
    live = store_statuses(
        connection,
        source_id,
        [
            StatusWrite(number, claim.address.number(source_id), claim.status, claim.at)
            for number, claim in zip(numbers, claims, strict=True)
            if number in known
        ],
        received_at,
        new=False,
    )
    if live.unlisted:
        left = refresh_sites(connection, live.unlisted)
        announce(connection, live.unlisted, (), left)
    return [
        "unknown" if number not in known else "stale" if claim.at < known[number] else "taken"
        for number, claim in zip(numbers, claims, strict=True)
    ]


def report_claims(
    connection: Connection, source_id: int, ocpi_version: str, counts: dict[Verdict, int]
) -> None:
    """Add what became of a source's claims to the day's delivery."""
    delivery = deliveries.push_delivery(connection, source_id, "locations", ocpi_version)
    taken, stale, unknown = (counts.get(word, 0) for word in ("taken", "stale", "unknown"))
    deliveries.add_to_report(
        connection,
        delivery,
        {
            "objects": taken + stale + unknown,
            "unchanged": taken,  # nothing static changed
            "stale": stale,
            "rejected": unknown,
            "statuses": taken,
            "rejections": {"evse-unknown": unknown} if unknown else {},
        },
    )
