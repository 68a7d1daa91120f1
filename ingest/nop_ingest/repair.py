"""Fetch one Location from its operator: a push named it, and it is not held (PU-15, RE-12)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from psycopg.pq import TransactionStatus

from nop_ingest.agreement import find_agreement
from nop_ingest.module_pull import context_of, locations_of
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.version import Raw
from nop_ingest.pipeline import take_page
from nop_ingest.pull import open_peer
from nop_ingest.received import recognise
from nop_ingest.tally import Tally
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.identifiers import object_number
from nop_registry.store import deliveries
from nop_registry.store.sources import Source, find_source


def pull_one(
    connection: Connection,
    source: Source,
    country_code: str,
    party_id: str,
    location_id: str,
    *,
    key: bytes,
    country: str,
) -> bool:
    """GET one Location and store it as a page of one; False: the operator has it not.

    Also False when the source was withdrawn, the party not agreed on, or another Location came.
    Raises an OcpiError that says why the operator could not be asked. Commits by itself, like
    `pull`.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise RuntimeError("pull_one() commits by itself: end the open transaction first")
    with connection.transaction():
        agreement = find_agreement(connection, source, country)
    owner = country_code.upper(), party_id.upper()
    if source.withdrawn_at or (agreement.parties is not None and owner not in agreement.parties):
        return False
    if agreement.owner is None:  # what names no party is the one that was asked for
        agreement = msgspec.structs.replace(agreement, owner=owner)
    quirks = agreement.quirks(source.quirks)
    with open_peer(source, agreement, quirks, key=key) as peer:
        version = find_version(peer.discover().version)
        asked_at = datetime.now(UTC)
        raw = peer.fetch_location(owner, location_id)
    if raw is None or version is None:
        return False
    context = context_of(source, agreement, country, asked_at, datetime.now(UTC))
    module = locations_of(version)
    with connection.transaction():
        wanted = object_number(ObjectKind.LOCATION, source.id, *owner, location_id)
        pages: list[Raw] = [raw]
        (received,) = recognise(
            connection, source.id, ObjectKind.LOCATION, module.peek, pages, context
        )
        if received.number != wanted or find_source(connection, source.id) is None:
            return False
        tally = Tally()
        delivery = deliveries.push_delivery(connection, source.id, "locations", version.number)
        take_page(connection, delivery, module, pages, set(), tally, context)
        counts = {n: count for n, count in msgspec.to_builtins(tally).items() if count}
        deliveries.add_to_report(connection, delivery, counts)
    return tally.rejected == 0
