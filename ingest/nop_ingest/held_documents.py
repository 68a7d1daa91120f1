"""The raw document of what is held, as a version says it, with the statuses that hold now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from nop_ingest import documents
from nop_ingest.documents import Fields, encode
from nop_ingest.ocpi.versions import find_version
from nop_ingest.pipeline import Module
from nop_ingest.push_rules import Address, Push
from nop_registry.enums import ObjectKind
from nop_registry.store.held import Held, LiveStatus


def open_held(push: Push, address: Address, held: Held, module: Module[Any]) -> Fields:
    """What is held, as the pushing version says it: as it came, or converted."""
    stored = find_version(held.ocpi_version) if held.ocpi_version else None
    if stored is None or stored is push.version:
        return documents.open_stored(held.raw)
    context = push.context(address)
    document: dict[str, Any] | None = None
    if module.kind is ObjectKind.LOCATION:
        location, _ = stored.to_location(held.raw, context)
        if location is not None:
            document = push.version.from_location(location, lambda _: True).document
    else:
        tariff, _ = stored.to_tariff(held.raw, context)
        if tariff is not None:
            document = push.version.from_tariff(tariff).document
    return documents.open_stored(held.raw) if document is None else documents.to_fields(document)


def speak_live(push: Push, address: Address, location: Fields, live: dict[int, LiveStatus]) -> None:
    """Let the document say the statuses that hold now, so that storing it again changes none."""

    def bring(evse: Fields, newest: LiveStatus) -> None:
        documents.set_value(evse, "status", newest.status.value)
        if documents.moment_of(evse) is None:
            documents.set_moment(evse, newest.claimed_at)

    _each_live(push, address, location, live, bring)


def show_live(push: Push, address: Address, location: Fields, live: dict[int, LiveStatus]) -> None:
    """Statuses and clocks as a reader is to see them."""

    def bring(evse: Fields, newest: LiveStatus) -> None:
        documents.set_value(evse, "status", newest.status.value)
        raise_clock(push, evse, newest.claimed_at)

    _each_live(push, address, location, live, bring)


def _each_live(
    push: Push,
    address: Address,
    location: Fields,
    live: dict[int, LiveStatus],
    bring: Callable[[Fields, LiveStatus], None],
) -> None:
    items = []
    for raw in documents.list_items(location, "evses"):
        evse = documents.open_stored(raw)
        uid = documents.text_of(evse, "uid")
        number = address._replace(uid=uid).evse_number(push.source_id) if uid else None
        if number in live:
            bring(evse, live[number])
        items.append(evse)
    if items:
        documents.set_value(location, "evses", items)


def raise_clock(push: Push, fields: Fields, at: datetime | None) -> None:
    """`last_updated` is at least `at` (RE-4, DM-12). OCPI 2.1.1 has whole seconds (TR-30)."""
    known = documents.moment_of(fields)
    newest = max((moment for moment in (known, at) if moment is not None), default=None)
    if newest is None:
        return
    if push.version.number == "2.1.1":
        newest = newest.replace(microsecond=0)
    if newest != known:
        documents.set_moment(fields, newest)


def pick(location: Fields, address: Address) -> bytes | None:
    """The level of a location that is asked for."""
    found: Fields = location
    for name, key, wanted in (
        ("evses", "uid", address.uid), ("connectors", "id", address.connector_id)
    ):  # fmt: skip
        if wanted is None:
            break
        items = documents.list_items(found, name)
        place = documents.find_item(items, key, wanted)
        if place is None:
            return None
        found = documents.open_stored(items[place])
    return encode(found)
