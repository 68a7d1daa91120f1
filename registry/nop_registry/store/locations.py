"""Locations with their EVSEs and connectors: staged by COPY, written only where they changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from nop_registry.classes import class_bit
from nop_registry.database import Connection
from nop_registry.identifiers import canonical_evse_id, object_number
from nop_registry.records import (
    EVSE_DETAILS,
    LOCATION_DETAILS,
    ConnectorRecord,
    EvseRecord,
    LocationRecord,
)
from nop_registry.store.deliveries import Delivery
from nop_registry.store.staging import copy_rows, number_array, stage, text_array

_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder(decimal_format="number").encode
_encode_record = msgspec.json.Encoder().encode


class LocationWrite(NamedTuple):
    """A location to store: its number, its record and the bytes it came from."""

    number: int
    record: LocationRecord
    raw: bytes
    partial: bool
    """Some of its EVSEs were unreadable: those held before stay (a bad item keeps its version)."""
    told_whole_at: datetime | None = None
    """As of when it tells the whole Location; None: it does not, or whoever stores it notes that
    (store.held)."""


class Written(NamedTuple):
    """Numbers of the locations by outcome; `stale` ones were older than what is held."""

    created: list[int]
    changed: list[int]
    unchanged: list[int]
    stale: list[int]


_LOCATION = {
    "id": "int8", "country_code": "text", "party_id": "text", "ocpi_id": "text", "publish": "bool",
    "name": "text", "address": "text", "city": "text", "postal_code": "text", "district": "text",
    "state": "text", "country": "text", "lat": "float8", "lon": "float8", "operator_name": "text",
    "time_zone": "text", "parking_type": "text", "details": "text", "content_hash": "bytea",
    "last_updated": "timestamptz", "partial": "bool", "told_whole_at": "timestamptz",
}  # fmt: skip
_EVSE = {
    "id": "int8", "location_id": "int8", "position": "int4", "uid": "text", "evse_id": "text",
    "evse_id_canonical": "text", "physical_reference": "text", "floor_level": "text",
    "capabilities": "text", "parking_restrictions": "text", "max_power_w": "int4",
    "class_mask": "int8", "details": "text", "last_updated": "timestamptz",
    "content_hash": "bytea",
}  # fmt: skip
_CONNECTOR = {
    "evse_id": "int8", "position": "int4", "id": "text", "standard": "text", "format": "text",
    "power_type": "text", "max_voltage": "int4", "max_amperage": "int4",
    "max_electric_power_w": "int4", "power_derived": "bool", "tariff_ids": "text",
    "tariff_numbers": "text", "terms_and_conditions": "text", "capabilities": "text",
    "last_updated": "timestamptz",
}  # fmt: skip
_VERSION = {
    "object_id": "int8", "version": "int4", "kind": "text", "delivery_id": "int8",
    "valid_from": "timestamptz", "event": "text", "content_hash": "bytea", "raw": "bytea",
    "record": "bytea",
}  # fmt: skip


def store_locations(
    connection: Connection,
    delivery: Delivery,
    writes: Sequence[LocationWrite],
    received_at: datetime,
    *,
    strictly_newer: bool = False,
    overriding: bool = False,
) -> Written:
    """Write what changed, with children and versions. The caller's transaction, the source's lock.

    Newer wins: a record whose last_updated is older than the one held is not applied (RE-8);
    `strictly_newer` refuses an equal or missing one too; `overriding` (a person restores what was)
    refuses none.
    Statuses are not written here (store.statuses), nor search rows (store.sites).
    """
    if not writes:
        return Written([], [], [], [])
    rows = LocationRows(delivery.source_id, writes)
    outcome = sort_out(
        connection, writes, rows, strictly_newer=strictly_newer, overriding=overriding
    )
    held = outcome.held
    written = _upsert(connection, delivery, rows, set(outcome.moved), set(held), received_at)
    by_number = {w.number: w for w in writes}
    hashes = {row[0]: row[_HASH] for row in rows.locations}
    by_file = delivery.module == "upload"
    copy_rows(
        connection,
        "object_version",
        _VERSION,
        (
            (n, version, "location", delivery.id, received_at,
             _event(version, held.get(n)), hashes[n], by_number[n].raw,
             _encode_record(by_number[n].record) if by_file else None)
            for n, version in written
        ),
    )  # fmt: skip
    created = [n for n, version in written if version == 1]
    changed = [n for n, version in written if version > 1]
    return Written(created, changed, outcome.unchanged, outcome.stale)


class Outcome(NamedTuple):
    """What becomes of locations that are about to be stored, by number."""

    held: dict[int, tuple[bytes, datetime | None, bool]]
    """Content hash, last_updated and whether it is retired."""
    moved: list[int]
    unchanged: list[int]
    stale: list[int]


def sort_out(
    connection: Connection,
    writes: Sequence[LocationWrite],
    rows: LocationRows,
    *,
    strictly_newer: bool = False,
    overriding: bool = False,
) -> Outcome:
    """Compare with what is held; nothing is written. `rows` are those of `writes`."""
    held = {
        number: (content_hash, last_updated, gone)
        for number, content_hash, last_updated, gone in connection.execute(
            """SELECT id, content_hash, last_updated, retired_at IS NOT NULL FROM location
               WHERE id = ANY(%s)""",
            ([w.number for w in writes],),
        )
    }
    outcome = Outcome(held, [], [], [])
    for write, row in zip(writes, rows.locations, strict=True):
        before = held.get(write.number)
        claimed = write.record.last_updated
        if before is None:
            outcome.moved.append(write.number)
        elif not overriding and _is_older(claimed, before[1], strictly_newer):
            outcome.stale.append(write.number)
        elif before[0] == row[_HASH] and not before[2]:
            outcome.unchanged.append(write.number)
        else:
            outcome.moved.append(write.number)
    return outcome


def _is_older(claimed: datetime | None, held: datetime | None, strictly_newer: bool) -> bool:
    if claimed is None or held is None:
        return strictly_newer
    return claimed <= held if strictly_newer else claimed < held


_HASH = list(_LOCATION).index("content_hash")


def _event(version: int, before: tuple[bytes, datetime | None, bool] | None) -> str:
    if version == 1:
        return "created"
    return "returned" if before and before[2] else "changed"


def _upsert(
    connection: Connection,
    delivery: Delivery,
    rows: LocationRows,
    moved: set[int],
    held: set[int],
    received_at: datetime,
) -> list[tuple[int, int]]:
    """Stage and upsert the moved locations; returns (number, version) of those written."""
    if not moved:
        return []
    stage(connection, "stage_location", _LOCATION, (r for r in rows.locations if r[0] in moved))
    stage(connection, "stage_evse", _EVSE, (r for r in rows.evses if r[1] in moved))
    stage(connection, "stage_connector", _CONNECTOR, rows.connectors_of(moved))
    written = connection.execute(
        _UPSERT_LOCATION, {"source": delivery.source_id, "at": received_at}
    ).fetchall()
    connection.execute(_UPSERT_EVSE)
    if moved & held:
        connection.execute(_RETIRE_EVSE, {"at": received_at})
        connection.execute(_DROP_CONNECTORS)
    connection.execute(_INSERT_CONNECTORS)
    connection.execute(_UPSERT_PARTY)
    return written


_UPSERT_LOCATION = """
INSERT INTO location AS l (id, source_id, country_code, party_id, ocpi_id, publish, name, address,
    city, postal_code, district, state, country, lat, lon, operator_name, time_zone, parking_type,
    details, last_updated, told_whole_at, content_hash, version, first_seen_at, received_at)
SELECT id, %(source)s, country_code, party_id, ocpi_id, publish, name, address, city, postal_code,
    district, state, country, lat, lon, operator_name, time_zone, parking_type, details::jsonb,
    last_updated, told_whole_at, content_hash, 1, %(at)s, %(at)s
FROM stage_location
ON CONFLICT (id) DO UPDATE SET publish = excluded.publish, name = excluded.name,
    address = excluded.address, city = excluded.city, postal_code = excluded.postal_code,
    district = excluded.district, state = excluded.state, country = excluded.country,
    lat = excluded.lat, lon = excluded.lon, operator_name = excluded.operator_name,
    time_zone = excluded.time_zone, parking_type = excluded.parking_type,
    details = excluded.details, last_updated = excluded.last_updated,
    told_whole_at = coalesce(excluded.told_whole_at, l.told_whole_at),
    content_hash = excluded.content_hash, version = l.version + 1,
    received_at = excluded.received_at, missing_since = NULL, retired_at = NULL
WHERE l.content_hash IS DISTINCT FROM excluded.content_hash OR l.retired_at IS NOT NULL
RETURNING l.id, l.version"""

_UPSERT_EVSE = """
INSERT INTO evse AS e (id, location_id, position, uid, evse_id, evse_id_canonical,
    physical_reference, floor_level, capabilities, parking_restrictions, max_power_w, class_mask,
    details, last_updated, content_hash)
SELECT id, location_id, position, uid, evse_id, evse_id_canonical, physical_reference, floor_level,
    capabilities::text[], parking_restrictions::text[], max_power_w, class_mask, details::jsonb,
    last_updated, content_hash
FROM stage_evse
ON CONFLICT (id) DO UPDATE SET position = excluded.position, evse_id = excluded.evse_id,
    evse_id_canonical = excluded.evse_id_canonical,
    physical_reference = excluded.physical_reference, floor_level = excluded.floor_level,
    capabilities = excluded.capabilities, parking_restrictions = excluded.parking_restrictions,
    max_power_w = excluded.max_power_w, class_mask = excluded.class_mask,
    details = excluded.details, last_updated = excluded.last_updated,
    content_hash = excluded.content_hash, retired_at = NULL
WHERE e.content_hash IS DISTINCT FROM excluded.content_hash OR e.retired_at IS NOT NULL"""

# An EVSE that its location no longer lists is gone (RE-1), unless some of the list was unreadable.
_RETIRE_EVSE = """
WITH gone AS (
    UPDATE evse e SET retired_at = %(at)s
    FROM stage_location l
    WHERE e.location_id = l.id AND NOT l.partial AND e.retired_at IS NULL
      AND NOT EXISTS (SELECT FROM stage_evse s WHERE s.id = e.id)
    RETURNING e.id
), silenced AS (
    DELETE FROM evse_status s USING gone WHERE s.evse_id = gone.id RETURNING s.evse_id
)
INSERT INTO status_event (evse_id, status, changed_at, received_at)
SELECT evse_id, 'REMOVED', %(at)s, %(at)s FROM silenced"""

_DROP_CONNECTORS = """
DELETE FROM connector c USING stage_evse e WHERE c.evse_id = e.id
  AND NOT EXISTS (SELECT FROM stage_connector s
                  WHERE (s.evse_id, s.position) = (c.evse_id, c.position))"""

_INSERT_CONNECTORS = """
INSERT INTO connector AS c (evse_id, position, id, standard, format, power_type, max_voltage,
    max_amperage, max_electric_power_w, power_derived, tariff_ids, tariff_numbers,
    terms_and_conditions, capabilities, last_updated)
SELECT evse_id, position, id, standard, format, power_type, max_voltage, max_amperage,
    max_electric_power_w, power_derived, tariff_ids::text[], tariff_numbers::bigint[],
    terms_and_conditions, capabilities::text[], last_updated
FROM stage_connector
ON CONFLICT (evse_id, position) DO UPDATE SET id = excluded.id, standard = excluded.standard,
    format = excluded.format, power_type = excluded.power_type, max_voltage = excluded.max_voltage,
    max_amperage = excluded.max_amperage, max_electric_power_w = excluded.max_electric_power_w,
    power_derived = excluded.power_derived, tariff_ids = excluded.tariff_ids,
    tariff_numbers = excluded.tariff_numbers,
    terms_and_conditions = excluded.terms_and_conditions, capabilities = excluded.capabilities,
    last_updated = excluded.last_updated
WHERE (c.id, c.standard, c.format, c.power_type, c.max_voltage, c.max_amperage,
       c.max_electric_power_w, c.power_derived, c.tariff_ids, c.terms_and_conditions,
       c.capabilities)
   IS DISTINCT FROM (excluded.id, excluded.standard, excluded.format, excluded.power_type,
       excluded.max_voltage, excluded.max_amperage, excluded.max_electric_power_w,
       excluded.power_derived, excluded.tariff_ids, excluded.terms_and_conditions,
       excluded.capabilities)"""

_UPSERT_PARTY = """
INSERT INTO party (country_code, party_id, name)
SELECT DISTINCT ON (country_code, party_id) country_code, party_id, operator_name
FROM stage_location WHERE country_code ~ '^[A-Z]{2}$' AND party_id ~ '^[A-Z0-9]{3}$'
ON CONFLICT DO NOTHING"""


class LocationRows:
    """The rows of a batch of locations, ready for COPY. An EVSE's last value is its digest."""

    def __init__(self, source_id: int, writes: Sequence[LocationWrite]) -> None:
        self.locations: list[tuple[Any, ...]] = []
        self.evses: list[tuple[Any, ...]] = []
        self._connectors: list[list[tuple[Any, ...]]] = []  # parallel to evses
        for write in writes:
            hashes = [
                self._add_evse(source_id, write, position, evse)
                for position, evse in enumerate(write.record.evses)
            ]
            self.locations.append(_location_row(write, hashes))

    def connectors_of(self, locations: set[int]) -> Iterator[tuple[Any, ...]]:
        """Rows of all connectors of the locations with these numbers."""
        for evse, connectors in zip(self.evses, self._connectors, strict=True):
            if evse[1] in locations:
                yield from connectors

    def _add_evse(
        self, source_id: int, write: LocationWrite, position: int, evse: EvseRecord
    ) -> bytes:
        number = evse_number(source_id, write.record, evse.uid)
        connectors = [
            _connector_row(source_id, write.record, number, n, connector)
            for n, connector in enumerate(evse.connectors)
        ]
        powers = [c.max_electric_power_w for c in evse.connectors if c.max_electric_power_w]
        mask = 0
        for connector in evse.connectors:
            mask |= class_bit(connector.standard, connector.max_electric_power_w)
        row = (
            number, write.number, position, evse.uid, evse.evse_id,
            canonical_evse_id(evse.evse_id) if evse.evse_id else None,
            evse.physical_reference, evse.floor_level, text_array(evse.capabilities),
            text_array(evse.parking_restrictions), max(powers, default=None), mask,
            _evse_details(evse),
        )  # fmt: skip
        # last_updated may move without any change: it is not part of the content.
        content = blake2b(_encode((row, [c[:-1] for c in connectors])), digest_size=16).digest()
        self.evses.append((*row, evse.last_updated, content))
        self._connectors.append(connectors)
        return content


def evse_number(source_id: int, location: LocationRecord, uid: str) -> int:
    """The permanent number of an EVSE."""
    return object_number(
        "evse", source_id, location.country_code, location.party_id, location.id, uid
    )


def _location_row(write: LocationWrite, evse_hashes: list[bytes]) -> tuple[Any, ...]:
    r = write.record
    row = (
        write.number, r.country_code, r.party_id, r.id, r.publish, r.name, r.address, r.city,
        r.postal_code, r.district, r.state, r.country, r.lat, r.lon,
        r.operator.name if r.operator else None, r.time_zone, r.parking_type, _location_details(r),
    )  # fmt: skip
    content = blake2b(_encode((row, evse_hashes)), digest_size=16).digest()
    return (*row, content, r.last_updated, write.partial, write.told_whole_at)


def _connector_row(
    source_id: int, location: LocationRecord, evse: int, position: int, c: ConnectorRecord
) -> tuple[Any, ...]:
    tariffs = [
        _tariff_number(source_id, location.country_code, location.party_id, tariff_id)
        for tariff_id in c.tariff_ids
    ]
    return (
        evse, position, c.id, c.standard, c.format and c.format.value,
        c.power_type and c.power_type.value, c.max_voltage, c.max_amperage,
        c.max_electric_power_w, c.power_derived, text_array(c.tariff_ids), number_array(tariffs),
        c.terms_and_conditions, text_array(c.capabilities), c.last_updated,
    )  # fmt: skip


@lru_cache(maxsize=50_000)
def _tariff_number(source_id: int, country_code: str, party_id: str, tariff_id: str) -> int:
    return object_number("tariff", source_id, country_code, party_id, tariff_id)


def _evse_details(evse: EvseRecord) -> str:
    """What has no column of its own, under the record's names."""
    if not (
        evse.directions
        or evse.images
        or evse.lat is not None
        or evse.status_schedule
        or evse.parking
        or evse.accepted_service_providers
    ):
        return "{}"
    return _details(evse, EVSE_DETAILS)


def _location_details(record: LocationRecord) -> str:
    return _details(record, LOCATION_DETAILS)


def _details(record: EvseRecord | LocationRecord, names: tuple[str, ...]) -> str:
    kept = {name: getattr(record, name) for name in names}
    return _json({n: v for n, v in kept.items() if v is not None and v != ()}).decode()
