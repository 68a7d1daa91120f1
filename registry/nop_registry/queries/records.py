"""Records read back from the registry, with their live statuses: what store.* wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from nop_registry.database import Connection
from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.records import (
    EVSE_DETAILS,
    LOCATION_DETAILS,
    ConnectorRecord,
    EvseRecord,
    LocationRecord,
    TariffRecord,
)


def _details(record: type[msgspec.Struct], names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Reads the column `details`: those fields as the record has them."""
    fields = {field.name: field for field in msgspec.structs.fields(record)}
    shape = [(name, fields[name].type, fields[name].default) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct(f"{record.__name__}Details", shape, gc=False))


_location_details = _details(LocationRecord, LOCATION_DETAILS)
_evse_details = _details(EvseRecord, EVSE_DETAILS)
_tariff = msgspec.json.Decoder(TariffRecord)
_fields = msgspec.structs.asdict


def read_locations(
    connection: Connection, numbers: Sequence[int], *, removed_since: datetime | None = None
) -> dict[int, LocationRecord]:
    """Locations by number, retired ones too; numbers that are not held are missing.

    An EVSE's status and last_updated are its newest claim; a location's last_updated is its own
    (the time of receipt where the publisher gave none), not its EVSEs'. EVSEs that their location
    lists no more are left out; with `removed_since`, those that left since then are REMOVED.
    """
    wanted = list(numbers)
    connectors: dict[int, list[ConnectorRecord]] = {}
    for row in connection.execute(_CONNECTORS, {"wanted": wanted, "since": removed_since}):
        connectors.setdefault(row[0], []).append(_connector(row[1:]))
    evses: dict[int, list[EvseRecord]] = {}
    for row in connection.execute(_EVSES, {"wanted": wanted, "since": removed_since}):
        evses.setdefault(row[0], []).append(_evse(row[2:], connectors.get(row[1], [])))
    return {
        row[0]: _location(row[1:], evses.get(row[0], []))
        for row in connection.execute(_LOCATIONS, {"wanted": wanted})
    }


def read_tariffs(
    connection: Connection, numbers: Sequence[int], *, retired: bool = False
) -> dict[int, TariffRecord]:
    """Tariffs by number; those that are not held are missing, and retired ones unless asked for."""
    return {
        number: _dated(_tariff.decode(document), received_at)
        for number, document, received_at in connection.execute(
            """SELECT id, document::text, received_at FROM tariff
               WHERE id = ANY(%s::bigint[]) AND (%s OR retired_at IS NULL)""",
            (list(numbers), retired),
        )
    }


_LOCATIONS = """
SELECT id, country_code, party_id, ocpi_id, publish, name, address, city, postal_code, district,
    state, country, lat, lon, time_zone, parking_type, coalesce(last_updated, received_at),
    details::text
FROM location WHERE id = ANY(%(wanted)s::bigint[])"""

_LISTED = "(e.retired_at IS NULL OR e.retired_at >= %(since)s)"

_EVSES = f"""
SELECT e.location_id, e.id, e.uid, e.evse_id, e.physical_reference, e.floor_level, e.capabilities,
    e.parking_restrictions,
    CASE WHEN e.retired_at IS NULL THEN coalesce(s.status::text, 'UNKNOWN') ELSE 'REMOVED' END,
    CASE WHEN e.retired_at IS NULL THEN greatest(s.claimed_at, e.last_updated)
        ELSE e.retired_at END, e.details::text
FROM evse e LEFT JOIN evse_status s ON s.evse_id = e.id
WHERE e.location_id = ANY(%(wanted)s::bigint[]) AND {_LISTED}
ORDER BY e.location_id, e.retired_at IS NOT NULL, e.position"""  # noqa: S608 - constants

_CONNECTORS = f"""
SELECT c.evse_id, c.id, c.standard, c.format, c.power_type, c.max_voltage, c.max_amperage,
    c.max_electric_power_w, c.power_derived, c.tariff_ids, c.terms_and_conditions, c.capabilities,
    c.last_updated
FROM evse e JOIN connector c ON c.evse_id = e.id
WHERE e.location_id = ANY(%(wanted)s::bigint[]) AND {_LISTED}
ORDER BY c.evse_id, c.position"""  # noqa: S608 - constants


def _location(row: Sequence[Any], evses: list[EvseRecord]) -> LocationRecord:
    (
        country_code, party_id, ocpi_id, publish, name, address, city, postal_code, district, state,
        country, lat, lon, time_zone, parking_type, last_updated, details,
    ) = row  # fmt: skip
    return LocationRecord(
        country_code=country_code,
        party_id=party_id,
        id=ocpi_id,
        publish=publish,
        name=name,
        address=address,
        city=city,
        postal_code=postal_code,
        district=district,
        state=state,
        country=country,
        lat=lat,
        lon=lon,
        time_zone=time_zone,
        parking_type=parking_type,
        last_updated=last_updated,
        evses=tuple(evses),
        **_fields(_location_details.decode(details)),
    )


def _evse(row: Sequence[Any], connectors: list[ConnectorRecord]) -> EvseRecord:
    (
        uid, evse_id, physical_reference, floor_level, capabilities, parking_restrictions, status,
        last_updated, details,
    ) = row  # fmt: skip
    return EvseRecord(
        uid=uid,
        evse_id=evse_id,
        physical_reference=physical_reference,
        floor_level=floor_level,
        capabilities=tuple(capabilities),
        parking_restrictions=tuple(parking_restrictions),
        status=Status(status),
        last_updated=last_updated,
        connectors=tuple(connectors),
        **_fields(_evse_details.decode(details)),
    )


def _connector(row: Sequence[Any]) -> ConnectorRecord:
    (
        label, standard, form, power_type, volts, amperes, watts, derived, tariff_ids, terms,
        capabilities, last_updated,
    ) = row  # fmt: skip
    return ConnectorRecord(
        id=label,
        standard=standard,
        format=ConnectorFormat(form) if form else None,
        power_type=PowerType(power_type) if power_type else None,
        max_voltage=volts,
        max_amperage=amperes,
        max_electric_power_w=watts,
        power_derived=derived,
        tariff_ids=tuple(tariff_ids),
        terms_and_conditions=terms,
        capabilities=tuple(capabilities),
        last_updated=last_updated,
    )


def _dated(record: TariffRecord, received_at: datetime) -> TariffRecord:
    if record.last_updated is not None:
        return record
    return msgspec.structs.replace(record, last_updated=received_at)
