"""A Location on the wire, and the record it becomes.

Types are read as leniently as msgspec can in one pass (numbers as text, `null` anywhere); what
needs more goes through `salvage`. A missing id is "" and a missing coordinate NaN in the record:
normalising refuses those, for every door alike.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite, nan
from typing import Any

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.normalise.power import HIGHEST_KW, power_in_kw
from nop_ingest.ocpi.wire.extras import (
    Text,
    WireAdditionalGeoLocation,
    WireBusinessDetails,
    WireDisplayText,
    WireEnergyMix,
    WireImage,
    WireParking,
    WireStatusSchedule,
    read_company,
    read_display_texts,
    read_energy_mix,
    read_evse_parking,
    read_images,
    read_parking_places,
    read_related,
    read_schedule,
    text_of,
    words_of,
)
from nop_ingest.ocpi.wire.salvage import as_flag
from nop_ingest.report import Finding, Notice
from nop_registry.enums import ConnectorFormat, PowerType, Severity, Status
from nop_registry.records import (
    ConnectorRecord,
    EvseRecord,
    ExceptionalPeriod,
    Hours,
    LocationRecord,
    RegularHours,
)

Number = int | float | None


class WireGeoLocation(msgspec.Struct, gc=False):
    latitude: float | None = None
    longitude: float | None = None


class WireRegularHours(msgspec.Struct, gc=False):
    weekday: int | None = None
    period_begin: str | None = None
    period_end: str | None = None


class WireExceptionalPeriod(msgspec.Struct, gc=False):
    period_begin: datetime | None = None
    period_end: datetime | None = None


class WireHours(msgspec.Struct, gc=False):
    twentyfourseven: bool | None = None
    regular_hours: list[WireRegularHours | None] | None = None
    exceptional_openings: list[WireExceptionalPeriod | None] | None = None
    exceptional_closings: list[WireExceptionalPeriod | None] | None = None


class WireConnector(msgspec.Struct, gc=False):
    id: Text = None
    standard: str | None = None
    format: ConnectorFormat | None = None
    power_type: PowerType | None = None
    max_voltage: Number = None
    max_amperage: Number = None
    voltage: Number = None  # 2.1.1
    amperage: Number = None  # 2.1.1
    max_electric_power: Number = None
    tariff_ids: list[Text] | None = None
    tariff_id: Text = None  # 2.1.1
    terms_and_conditions: str | None = None
    capabilities: list[str | None] | None = None  # 2.3.0
    last_updated: datetime | None = None


class WireEvse(msgspec.Struct, gc=False):
    uid: Text = None
    evse_id: Text = None
    status: Status | None = None
    connectors: list[WireConnector | None] | None = None
    capabilities: list[str | None] | None = None
    parking_restrictions: list[str | None] | None = None
    floor_level: Text = None
    physical_reference: Text = None
    coordinates: WireGeoLocation | None = None
    directions: list[WireDisplayText | None] | None = None
    images: list[WireImage | None] | None = None
    status_schedule: list[WireStatusSchedule | None] | None = None
    parking: Any = None  # 2.3.0; its first printing had plain ids
    accepted_service_providers: list[Text] | None = None  # 2.3.0
    last_updated: datetime | None = None


class WireLocation(msgspec.Struct, gc=False):
    country_code: Text = None
    party_id: Text = None
    id: Text = None
    publish: Any = None
    name: Text = None
    address: Text = None
    city: Text = None
    postal_code: Text = None
    state: Text = None
    country: Text = None
    coordinates: WireGeoLocation | None = None
    parking_type: str | None = None
    type: str | None = None  # 2.1.1
    evses: list[WireEvse | None] | None = None
    operator: WireBusinessDetails | None = None
    suboperator: WireBusinessDetails | None = None
    owner: WireBusinessDetails | None = None
    directions: list[WireDisplayText | None] | None = None
    facilities: list[str | None] | None = None
    time_zone: str | None = None
    opening_times: WireHours | None = None
    charging_when_closed: bool | None = None
    images: list[WireImage | None] | None = None
    related_locations: list[WireAdditionalGeoLocation | None] | None = None
    parking_places: list[WireParking | None] | None = None  # 2.3.0
    energy_mix: WireEnergyMix | None = None
    help_phone: Text = None  # 2.3.0
    last_updated: datetime | None = None


def read_location(wire: WireLocation, context: Context, findings: list[Finding]) -> LocationRecord:
    """The record of a location, not yet normalised. Everything keeps its place in its list."""
    evses = [
        _read_evse(evse or WireEvse(), number, findings)
        for number, evse in enumerate(wire.evses or ())
    ]
    place = wire.coordinates
    return LocationRecord(
        country_code=country_code_of(wire.country_code) or context.default_country_code or "",
        party_id=party_id_of(wire.party_id) or context.default_party_id or "",
        id=text_of(wire.id) or "",
        lat=nan if place is None or place.latitude is None else place.latitude,
        lon=nan if place is None or place.longitude is None else place.longitude,
        publish=wire.publish if wire.publish is True else _read_publish(wire, findings),
        name=text_of(wire.name),
        address=text_of(wire.address),
        city=text_of(wire.city),
        postal_code=text_of(wire.postal_code),
        state=text_of(wire.state),
        country=text_of(wire.country),
        parking_type=wire.parking_type or _parking_type(wire.type),
        evses=tuple(evses),
        operator=read_company(wire.operator),
        suboperator=read_company(wire.suboperator),
        owner=read_company(wire.owner),
        directions=read_display_texts(wire.directions) if wire.directions else (),
        facilities=words_of(wire.facilities),
        time_zone=wire.time_zone,
        opening_times=_hours(wire.opening_times, findings)
        if wire.opening_times is not None
        else None,
        charging_when_closed=wire.charging_when_closed,
        images=read_images(wire.images) if wire.images else (),
        related_locations=read_related(wire.related_locations) if wire.related_locations else (),
        parking_places=read_parking_places(wire.parking_places) if wire.parking_places else (),
        energy_mix=read_energy_mix(wire.energy_mix) if wire.energy_mix is not None else None,
        help_phone=text_of(wire.help_phone),
        last_updated=wire.last_updated,
    )


def _read_evse(wire: WireEvse, position: int, findings: list[Finding]) -> EvseRecord:
    status, place = wire.status, wire.coordinates
    if status is None:
        status = Status.UNKNOWN
        if wire.uid is not None:
            findings.append(
                Notice(
                    "status-missing", Severity.WARNING, f"evses[{position}].status",
                    "no status is given, so it is UNKNOWN: send OCPI's Status",
                )
            )  # fmt: skip
    connectors = [
        _read_connector(plug or WireConnector(), position, findings)
        for plug in wire.connectors or ()
    ]
    return EvseRecord(
        uid=wire.uid if isinstance(wire.uid, str) else text_of(wire.uid) or "",
        evse_id=text_of(wire.evse_id),
        status=status,
        last_updated=wire.last_updated,
        connectors=tuple(connectors),
        capabilities=words_of(wire.capabilities),
        parking_restrictions=words_of(wire.parking_restrictions),
        floor_level=text_of(wire.floor_level),
        physical_reference=text_of(wire.physical_reference),
        lat=None if place is None else place.latitude,
        lon=None if place is None else place.longitude,
        directions=read_display_texts(wire.directions) if wire.directions else (),
        images=read_images(wire.images) if wire.images else (),
        status_schedule=read_schedule(wire.status_schedule) if wire.status_schedule else (),
        parking=read_evse_parking(wire.parking) if wire.parking else (),
        accepted_service_providers=tuple([w for w in map(text_of, providers) if w])
        if (providers := wire.accepted_service_providers)
        else (),
    )


def _read_connector(wire: WireConnector, position: int, findings: list[Finding]) -> ConnectorRecord:
    volts = wire.voltage if wire.max_voltage is None else wire.max_voltage
    amperes = wire.amperage if wire.max_amperage is None else wire.max_amperage
    watts = wire.max_electric_power
    tariffs = wire.tariff_ids or ((wire.tariff_id,) if wire.tariff_id is not None else ())
    return ConnectorRecord(
        id=wire.id if isinstance(wire.id, str) else text_of(wire.id) or "",
        standard=wire.standard or "",
        format=wire.format,
        power_type=wire.power_type,
        max_voltage=_whole(volts) if isinstance(volts, float) else volts,
        max_amperage=_whole(amperes) if isinstance(amperes, float) else amperes,
        max_electric_power_w=_watts(watts, position, findings)
        if isinstance(watts, float)
        else watts,
        tariff_ids=tuple([t if isinstance(t, str) else str(t) for t in tariffs if t is not None]),
        terms_and_conditions=wire.terms_and_conditions,
        capabilities=words_of(wire.capabilities) if wire.capabilities else (),
        last_updated=wire.last_updated,
    )


def _whole(value: float) -> int | None:
    return round(value) if isfinite(value) else None


def _watts(value: float, position: int, findings: list[Finding]) -> int | None:
    """Whole watts. A small number with a fraction, such as 7.4, can only be kilowatts."""
    if value.is_integer() or not 0 < value < HIGHEST_KW:
        return _whole(value)
    findings.append(power_in_kw(f"evses[{position}].connectors.max_electric_power", value))
    return round(value * 1000)


def _read_publish(wire: WireLocation, findings: list[Finding]) -> bool:
    """DM-11. OCPI 2.1.1, which names no country_code either, has no such field."""
    if wire.publish is None:
        if wire.country_code is not None:
            findings.append(
                Notice(
                    "publish-missing", Severity.WARNING, "publish",
                    "required since OCPI 2.2; the location is shown: send true or false",
                )
            )  # fmt: skip
        return True
    flag = as_flag(wire.publish)
    if flag is None:
        # Showing what was meant to be private cannot be undone; hiding can.
        findings.append(
            Notice(
                "publish-unreadable", Severity.WARNING, "publish",
                "neither true nor false, so the location is not shown: send true or false",
                str(wire.publish)[:200],
            )
        )  # fmt: skip
        return False
    return flag


def _parking_type(location_type: str | None) -> str | None:
    """OCPI 2.1.1 has LocationType instead; two of its members say nothing (ocpi.md §10)."""
    return None if location_type in ("OTHER", "UNKNOWN") else location_type


def _hours(wire: WireHours, findings: list[Finding]) -> Hours:
    return Hours(
        twentyfourseven=wire.twentyfourseven,
        regular_hours=tuple(
            [
                RegularHours(
                    weekday=-1 if p.weekday is None else p.weekday,
                    period_begin=p.period_begin or "",
                    period_end=p.period_end or "",
                )
                for p in wire.regular_hours or ()
                if p is not None
            ]
        ),
        exceptional_openings=_exceptions(
            wire.exceptional_openings, "exceptional_openings", findings
        ),
        exceptional_closings=_exceptions(
            wire.exceptional_closings, "exceptional_closings", findings
        ),
    )


def _exceptions(
    wires: list[WireExceptionalPeriod | None] | None, name: str, findings: list[Finding]
) -> tuple[ExceptionalPeriod, ...]:
    periods = []
    incomplete = 0
    for wire in wires or ():
        if wire is None:
            continue
        if wire.period_begin is None or wire.period_end is None:
            incomplete += 1
        else:
            periods.append(ExceptionalPeriod(wire.period_begin, wire.period_end))
    if incomplete:
        findings.append(
            Notice(
                "exceptional-hours-incomplete", Severity.WARNING, f"opening_times.{name}",
                f"{incomplete} left out: period_begin and period_end must both be dates and times",
            )
        )  # fmt: skip
    return tuple(periods)
