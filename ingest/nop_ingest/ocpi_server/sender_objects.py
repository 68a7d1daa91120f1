"""Listed locations and tariffs as the documents that consumers get (ocpi.md SE-3 to SE-8, SE-12).

Pages at a time: the number of statements does not grow with the number of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec

from nop_ingest.ocpi.versions.version import Emitted, OcpiVersion
from nop_ingest.ocpi.wire.tariff_choice import put_chosen_first
from nop_registry.consumers import Scope
from nop_registry.database import Connection
from nop_registry.enums import Status
from nop_registry.identifiers import object_number
from nop_registry.queries.emissions import (
    EvseWord,
    Listing,
    list_shown_operators,
    list_withheld,
    read_evse_words,
)
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.queries.tariff_emissions import TariffListing
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    LocationRecord,
    TariffRecord,
)

R = TypeVar("R", LocationRecord, EvseRecord, ConnectorRecord)
_replace = msgspec.structs.replace
_NO_WORDS: Mapping[str, EvseWord] = {}
_NO_OWNER_NAMED = _ONE_TARIFF_NAMED = _NO_VALIDITY = "2.1.1"


class Speaker(NamedTuple):
    """In which way objects are said to one consumer."""

    version: OcpiVersion
    scope: Scope
    removed_kept: timedelta
    """How long a REMOVED EVSE and a withdrawn location are told."""

    @property
    def dated(self) -> bool:
        """Tariffs are told only while they are in force: that they begin or end is a change."""
        return self.version.number == _NO_VALIDITY

    @property
    def prefixes(self) -> bool:
        """Ids are sent as `CC*PID*id`: 2.1.1 objects name no owner, so ids may collide (SE-3)."""
        return self.scope.prefix_ids and self.version.number == _NO_OWNER_NAMED

    def id_of(self, record: LocationRecord | TariffRecord, own: str) -> str:
        """An id of this record's owner as it is sent."""
        return f"{record.country_code}*{record.party_id}*{own}" if self.prefixes else own


def say_locations(
    connection: Connection, speaker: Speaker, listings: Sequence[Listing]
) -> list[Emitted]:
    """One for each listing, in order."""
    now = datetime.now(UTC)
    numbers = [one.number for one in listings]
    records = read_locations(connection, numbers, removed_since=now - speaker.removed_kept)
    words = read_evse_words(connection, [one.number for one in listings if not one.withdrawn_at])
    withheld = list_withheld(connection)
    pairs = [(one, records[one.number]) for one in listings if one.number in records]
    names = _missing_names(connection, speaker, pairs)
    shaped = [
        _shape(speaker, one, record, words.get(one.number, _NO_WORDS), now, names, withheld)
        for one, record in pairs
    ]
    sayable = _sayable_tariffs(connection, speaker, [one for one, _ in pairs], shaped, now)
    said = []
    for (one, own), record in zip(pairs, shaped, strict=True):
        owner = (one.source_id, own.country_code, own.party_id)
        if speaker.prefixes:
            record = _prefixed(speaker, record)
        tariffs = sayable.get(owner, {})
        if speaker.version.number == _ONE_TARIFF_NAMED:
            record = put_chosen_first(record, tariffs.get, now)
        said.append(speaker.version.from_location(record, tariffs.__contains__))
    return said


def say_tariffs(
    connection: Connection, speaker: Speaker, listings: Sequence[TariffListing]
) -> list[Emitted]:
    """One for each listing, in order. A withdrawn one ended when it was withdrawn."""
    now = datetime.now(UTC)
    records = read_tariffs(connection, [one.number for one in listings], retired=True)
    said = []
    for one in listings:
        record = records[one.number]
        changes: dict[str, Any] = {"last_updated": one.last_updated}
        if one.withdrawn_at is not None:
            ends = (record.end_date_time, one.withdrawn_at)
            changes["end_date_time"] = min(at for at in ends if at is not None)
            if record.start_date_time and record.start_date_time >= changes["end_date_time"]:
                changes["start_date_time"] = changes["end_date_time"]  # it never was in force
        if speaker.prefixes:
            changes["id"] = speaker.id_of(record, record.id)
        said.append(speaker.version.from_tariff(_replace(record, **changes), now))
    return said


def _shape(
    speaker: Speaker,
    listing: Listing,
    record: LocationRecord,
    words: Mapping[str, EvseWord],
    now: datetime,
    names: Mapping[int, str],
    withheld: Mapping[int, frozenset[str]],
) -> LocationRecord:
    if listing.withdrawn_at is not None:
        record = _tombstone(speaker, listing, record)
    else:
        record = _live(listing, record, words, oldest=now - speaker.removed_kept)
    record = _without(record, withheld.get(listing.source_id, frozenset()))
    if record.operator is None:
        name = names.get(listing.number)
        record = _replace(record, operator=BusinessDetails(name=name) if name else None)
    return record if _names_a_company(record) else _replace(record, owner=None)


def _live(
    listing: Listing, record: LocationRecord, words: Mapping[str, EvseWord], oldest: datetime
) -> LocationRecord:
    clock = max((word.at for word in words.values()), default=listing.clock)
    clock = max(clock, listing.clock)
    evses = []
    for evse in record.evses:
        # Without a word of its own: no longer listed, so REMOVED as of then.
        word = words.get(evse.uid) or EvseWord(evse.status, evse.last_updated or clock)
        at = min(word.at, clock)
        if word.status != Status.REMOVED or at >= oldest:
            evses.append(_dated(_replace(evse, status=Status(word.status)), at))
    return _replace(record, evses=tuple(evses), last_updated=clock)


def _tombstone(speaker: Speaker, listing: Listing, record: LocationRecord) -> LocationRecord:
    """Every EVSE REMOVED, and no more told than OCPI requires (SE-7).

    Of what is not for publication only that it was there: the record may have changed since.
    """
    hidden = not record.publish
    return LocationRecord(
        country_code=record.country_code,
        party_id=record.party_id,
        id=record.id,
        publish=record.publish or speaker.version.number == _NO_OWNER_NAMED,
        lat=listing.lat,
        lon=listing.lon,
        address=None if hidden else record.address,
        city=None if hidden else record.city,
        postal_code=None if hidden else record.postal_code,
        country=record.country,
        time_zone=record.time_zone,
        parking_type=None if hidden else record.parking_type,
        operator=record.operator,
        evses=tuple(
            _dated(
                EvseRecord(
                    uid=evse.uid,
                    evse_id=evse.evse_id,
                    status=Status.REMOVED,
                    connectors=tuple(_replace(c, tariff_ids=()) for c in evse.connectors),
                ),
                listing.clock,
            )
            for evse in record.evses
        ),
        last_updated=listing.clock,
    )


def _dated(evse: EvseRecord, at: datetime) -> EvseRecord:
    """With last_updated of the EVSE, and of its connectors never later (SE-12)."""
    connectors = tuple(
        _replace(c, last_updated=min(c.last_updated or at, at)) for c in evse.connectors
    )
    return _replace(evse, last_updated=at, connectors=connectors)


_DEFAULTS: dict[type, dict[str, Any]] = {
    kind: {
        field.name: field.default
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT
    }
    for kind in (LocationRecord, EvseRecord, ConnectorRecord)
}


def _without(record: LocationRecord, withheld: frozenset[str]) -> LocationRecord:
    """The record without the fields that its source's licence keeps from others (SE-8)."""
    if not withheld:
        return record
    evses = tuple(
        _cleared(_replace(evse, connectors=tuple(_cleared(c, withheld) for c in evse.connectors)),
                 withheld)
        for evse in record.evses
    )  # fmt: skip
    return _cleared(_replace(record, evses=evses), withheld)


def _cleared(record: R, names: Iterable[str]) -> R:
    defaults = _DEFAULTS[type(record)]
    return _replace(record, **{name: defaults[name] for name in names if name in defaults})


def _names_a_company(record: LocationRecord) -> bool:
    """An owner may be a private person: told only with a website, or under the operator's name."""
    owner = record.owner
    known = {who.name for who in (record.operator, record.suboperator) if who is not None}
    return owner is None or owner.website is not None or owner.name in known


def _missing_names(
    connection: Connection, speaker: Speaker, pairs: Iterable[tuple[Listing, LocationRecord]]
) -> dict[int, str]:
    """By location, the operator that 2.1.1 must name where its publisher does not (SE-3)."""
    if speaker.version.number != _NO_OWNER_NAMED:
        return {}
    numbers = [one.number for one, record in pairs if record.operator is None]
    return list_shown_operators(connection, numbers) if numbers else {}


def _prefixed(speaker: Speaker, record: LocationRecord) -> LocationRecord:
    evses = tuple(
        _replace(
            evse,
            connectors=tuple(
                _replace(c, tariff_ids=tuple(speaker.id_of(record, t) for t in c.tariff_ids))
                for c in evse.connectors
            ),
        )
        for evse in record.evses
    )
    return _replace(record, id=speaker.id_of(record, record.id), evses=evses)


def _sayable_tariffs(
    connection: Connection,
    speaker: Speaker,
    listings: Sequence[Listing],
    records: Sequence[LocationRecord],
    now: datetime,
) -> dict[tuple[int, str, str], dict[str, TariffRecord]]:
    """By source, owner and id as sent, the tariffs referred to that this version can say.

    A connector must not point to a price that the consumer will not find, or would misread.
    """
    wanted: dict[int, tuple[tuple[int, str, str], set[str]]] = {}
    for one, record in zip(listings, records, strict=True):
        owner = (one.source_id, record.country_code, record.party_id)
        labels = {t for evse in record.evses for c in evse.connectors for t in c.tariff_ids}
        for label in labels:
            number = object_number("tariff", *owner, label)
            wanted.setdefault(number, (owner, set()))[1].add(label)  # spelt in several ways
    sayable: dict[tuple[int, str, str], dict[str, TariffRecord]] = {}
    for number, tariff in read_tariffs(connection, list(wanted)).items():
        sent = _replace(tariff, id=speaker.id_of(tariff, tariff.id))
        if speaker.version.from_tariff(sent, now).document is not None:
            owner, labels = wanted[number]
            for label in labels:
                sayable.setdefault(owner, {})[speaker.id_of(tariff, label)] = tariff
    return sayable
