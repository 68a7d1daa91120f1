"""The raw document of what is held: read in another version, or joined by a push in another one.

A reader gets it as its version says it. A push does not convert it, since a version drops what it
has no word for: the part that was sent goes into the document as it is held. Of the two versions
the newer one is kept, which has a place for everything that either says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from nop_ingest import documents
from nop_ingest.documents import Fields, encode
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.version import OcpiVersion
from nop_ingest.ocpi.wire.location import WireConnector, WireEvse, WireLocation
from nop_ingest.ocpi.wire.tariff import WireTariff
from nop_ingest.push_rules import Address, Push
from nop_ingest.renaming import rename_connector, rename_evse, rename_location, rename_tariff
from nop_registry.enums import ObjectKind
from nop_registry.store.held import Held, LiveStatus, PartClocks

OCPI_NAMES = frozenset(
    field.encode_name
    for shape in (WireLocation, WireEvse, WireConnector, WireTariff)
    for field in msgspec.structs.fields(shape)
)
"""Of any object in any version."""
_SINCE_2_2 = ("country_code", "party_id", "publish", "time_zone")
"""What 2.1.1 leaves to the URL and to the map, and is required since 2.2."""


def read_held(push: Push, address: Address, held: Held, kind: ObjectKind) -> Fields:
    """What is held, as the pushing version says it: as it came, or converted."""
    return _converted(push, address, held, kind) or documents.open_stored(held.raw)


def joint_version(push: Push, held: Held) -> OcpiVersion:
    """The version of what is held once a part in the pushing version has joined it."""
    return max(_version_of(push, held), push.version, key=lambda version: version.number)


def open_location(push: Push, address: Address, held: Held) -> Fields:
    """A Location that is held, in the joint version."""
    location, stored = documents.open_stored(held.raw), _version_of(push, held)
    if not _is_renamed(stored, joint_version(push, held)):
        return location
    location = rename_location(location)
    record, _ = stored.to_location(held.raw, push.context(address))
    required = {
        "country_code": address.country_code,
        "party_id": address.party_id,
        "publish": True,
        "time_zone": None if record is None else record.time_zone,
    }
    return documents.to_fields({n: v for n, v in required.items() if v is not None}) | location


def join_part(push: Push, address: Address, held: Held, part: Fields) -> Fields:
    """A part that was pushed, or some fields of it, under the names of the joint version."""
    if not _is_renamed(push.version, joint_version(push, held)):
        return part
    if address.connector_id is not None:
        return rename_connector(part)
    return rename_location(part) if address.uid is None else rename_evse(part)


def join_whole(push: Push, address: Address, held: Held, location: Fields, sent: Fields) -> Fields:
    """A whole Location that was pushed, in the joint version. `location`: what is held, in it."""
    if not _is_renamed(push.version, joint_version(push, held)):
        return sent
    required = {n: location[n] for n in _SINCE_2_2 if n in location}
    return required | join_part(push, address, held, sent)


def join_patch(
    push: Push,
    address: Address,
    held: Held,
    part: Fields,
    patch: Fields,
    live: dict[int, LiveStatus],
    clocks: dict[int, PartClocks],
) -> Fields:
    """The part of a Location that is held, in the joint version, with what a PATCH changes.

    What the pushing version says of that part already is no change: 2.1.1 says one tariff of
    several, and OTHER for many a type.
    """
    patch = join_part(push, address, held, patch)
    said = _converted(push, address, held, ObjectKind.LOCATION)
    if said is not None:
        show_live(push, address, said, live, clocks)
        raw = pick(said, address)
        same = {} if raw is None else join_part(push, address, held, documents.open_stored(raw))
        patch = _changes(patch, part, same)
    return documents.replace_fields(part, patch)


def join_tariff_patch(push: Push, address: Address, held: Held, patch: Fields) -> Fields:
    """A Tariff that is held with what a PATCH changes, which only 2.1.1 has."""
    tariff = documents.open_stored(held.raw)
    said = _converted(push, address, held, ObjectKind.TARIFF)
    if said is not None:
        patch = _changes(patch, tariff, said)
    if _is_renamed(push.version, joint_version(push, held)):
        patch = rename_tariff(patch, tariff)
    return documents.replace_fields(tariff, patch)


def _version_of(push: Push, held: Held) -> OcpiVersion:
    """How to read what is held; where nobody knows, as what is pushed."""
    return (find_version(held.ocpi_version) if held.ocpi_version else None) or push.version


def _is_renamed(version: OcpiVersion, joint: OcpiVersion) -> bool:
    return version.number == "2.1.1" and joint is not version


def _converted(push: Push, address: Address, held: Held, kind: ObjectKind) -> Fields | None:
    """What is held in the words of the pushing version; None: it is, or it cannot be said so."""
    stored = _version_of(push, held)
    if stored is push.version:
        return None
    context = push.context(address)
    document: dict[str, Any] | None = None
    if kind is ObjectKind.LOCATION:
        location, _ = stored.to_location(held.raw, context)
        if location is not None:
            document = push.version.from_location(location, lambda _: True).document
    else:
        tariff, _ = stored.to_tariff(held.raw, context)
        if tariff is not None:
            document = push.version.from_tariff(tariff).document
    return None if document is None else documents.to_fields(document)


def _changes(patch: Fields, held: Fields, said: Fields) -> Fields:
    """The patch without what is held and said just so; its time always counts.

    A field of the vendor is said in no version: a null is to remove it.
    """
    return {
        name: raw
        for name, raw in patch.items()
        if name == "last_updated"
        or name not in held
        or name not in OCPI_NAMES
        or documents.value_of(patch, name) != documents.value_of(said, name)
    }


def speak_live(
    push: Push,
    address: Address,
    location: Fields,
    live: dict[int, LiveStatus],
    clocks: dict[int, PartClocks],
    newest: datetime | None,
) -> None:
    """Let the document say the statuses that hold now, and the newest claims, of which `newest` is
    that of all levels: what was said again without a change is not stored again."""

    def bring(evse: Fields, number: int) -> None:
        _raise_part_clocks(push.version, evse, clocks.get(number))
        if number in live:
            documents.set_value(evse, "status", live[number].status.value)
            if documents.moment_of(evse) is None:
                documents.set_moment(evse, live[number].claimed_at)

    said = [documents.moment_of(evse) for evse in _each_evse(push, address, location, bring)]
    if newest is not None and all(moment is None or moment < newest for moment in said):
        raise_clock(push.version, location, newest)  # no EVSE said it: the Location did


def show_live(
    push: Push,
    address: Address,
    location: Fields,
    live: dict[int, LiveStatus],
    clocks: dict[int, PartClocks],
) -> None:
    """Statuses and clocks as a reader is to see them."""

    def bring(evse: Fields, number: int) -> None:
        _raise_part_clocks(push.version, evse, clocks.get(number))
        if number in live:
            documents.set_value(evse, "status", live[number].status.value)
            raise_clock(push.version, evse, live[number].claimed_at)

    _each_evse(push, address, location, bring)


def _raise_part_clocks(version: OcpiVersion, evse: Fields, clocks: PartClocks | None) -> None:
    if clocks is None:
        return
    raise_clock(version, evse, clocks.last_updated)
    plugs = [documents.open_stored(raw) for raw in documents.list_items(evse, "connectors")]
    for plug in plugs:
        name = documents.text_of(plug, "id") or ""
        raise_clock(version, plug, clocks.connectors.get(name.casefold()))
    if plugs:
        documents.set_value(evse, "connectors", plugs)


def _each_evse(
    push: Push, address: Address, location: Fields, bring: Callable[[Fields, int], None]
) -> list[Fields]:
    items = []
    for raw in documents.list_items(location, "evses"):
        evse = documents.open_stored(raw)
        uid = documents.text_of(evse, "uid")
        if uid:
            bring(evse, address._replace(uid=uid).evse_number(push.source_id))
        items.append(evse)
    if items:
        documents.set_value(location, "evses", items)
    return items


def raise_clock(version: OcpiVersion, fields: Fields, at: datetime | None) -> None:
    """`last_updated` is at least `at` (RE-4, DM-12). OCPI 2.1.1 has whole seconds (TR-30)."""
    known = documents.moment_of(fields)
    newest = max((moment for moment in (known, at) if moment is not None), default=None)
    if newest is None:
        return
    if version.number == "2.1.1":
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
