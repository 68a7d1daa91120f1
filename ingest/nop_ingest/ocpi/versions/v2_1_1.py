"""OCPI 2.1.1: no parties in objects, no `publish`, one tariff a connector, prices without tax."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.time_zones import zone_at
from nop_ingest.ocpi.versions.version import (
    Emitted,
    OcpiVersion,
    Raw,
    emit,
    peek,
    read_location,
    read_tariff,
    to_location,
    to_tariff,
)
from nop_ingest.ocpi.wire.location_out import (
    Clocks,
    address_fields,
    evses_of,
    location_id,
    related_locations,
    service_fields,
)
from nop_ingest.ocpi.wire.saying import NOT_AVAILABLE, Dropped, Unsayable, moment
from nop_ingest.ocpi.wire.tariff_out import (
    alternative_fields,
    elements_of,
    identity_fields,
    restriction_fields,
    updated_at,
    without_tax,
)
from nop_ingest.ocpi.wire.vocabulary import LOCATION_TYPES_2_1_1, VOCABULARY_2_1_1
from nop_ingest.report import Finding, Notice
from nop_registry.enums import PowerType, Severity, TaxIncluded
from nop_registry.identifiers import PartyId
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    LocationRecord,
    PriceComponent,
    PriceLimit,
    TariffRecord,
    TariffRestrictions,
)

NUMBER = "2.1.1"
_MIDNIGHT = "00:00"


def _to_zoned_location(raw: Raw, context: Context) -> tuple[LocationRecord | None, list[Finding]]:
    """A missing time zone is derived."""
    location, findings = to_location(raw, context)
    # It has no max_electric_power that could be sent instead.
    findings = [one for one in findings if one.code != "power-derived"]
    if location is None or location.time_zone is not None:
        return location, findings
    zone = zone_at(location.country or context.country, location.lat, location.lon)
    if zone is None:
        return location, findings
    findings = [found for found in findings if found.code != "time-zone-missing"]
    findings.append(
        Notice(
            "time-zone-derived", Severity.INFO, "time_zone",
            f"derived from the country and the coordinates: {zone}; send the IANA name",
        )
    )  # fmt: skip
    return msgspec.structs.replace(location, time_zone=zone), findings


def _without_tax(record: TariffRecord, _: list[Finding]) -> TariffRecord:
    if record.tax_included is not None:
        return record
    return msgspec.structs.replace(record, tax_included=TaxIncluded.NO)


def from_location(record: LocationRecord, may_refer: Callable[[str], bool]) -> Emitted:
    """The Location as 2.1.1 says it; a private one is not said: there is no `publish`."""
    return emit(NUMBER, partial(_location, record, may_refer))


def from_tariff(record: TariffRecord, at: datetime | None = None) -> Emitted:
    """The Tariff as 2.1.1 says it at that instant (default: now): it cannot say validity."""
    return emit(NUMBER, partial(_tariff, record, at or datetime.now(UTC)))


def _location(
    record: LocationRecord, may_refer: Callable[[str], bool], dropped: Dropped
) -> dict[str, Any]:
    if not record.publish:
        raise Unsayable("the location is not to be published")
    for name in ("parking_places", "help_phone", "state"):
        if getattr(record, name):
            dropped.add(name)
    words, clocks = VOCABULARY_2_1_1, Clocks(record)
    if record.operator is None:
        # Objects carry no party, so nothing else tells two owners apart (SE-3).
        who = BusinessDetails(name=str(PartyId(record.country_code, record.party_id)))
        record = msgspec.structs.replace(record, operator=who)
    address = address_fields(record, words, dropped)
    electric = partial(_electric, may_refer)
    return {
        "id": location_id(record, words),
        "type": _location_type(record.parking_type),
        **address,
        "state": None,
        "postal_code": address["postal_code"] or NOT_AVAILABLE,
        "related_locations": related_locations(record.related_locations, dropped),
        "evses": evses_of(record, words, clocks, electric, _unsaid, dropped),
        **service_fields(record, words, dropped),
        "last_updated": moment(clocks.location, words),
    }


def _location_type(parking_type: str | None) -> str:
    if parking_type is None:
        return "UNKNOWN"
    return parking_type if parking_type in LOCATION_TYPES_2_1_1 else "OTHER"


def _unsaid(evse: EvseRecord, dropped: Dropped) -> dict[str, Any]:
    for name in ("parking", "accepted_service_providers"):
        if getattr(evse, name):
            dropped.add(name)
    return {}


def _electric(
    may_refer: Callable[[str], bool], connector: ConnectorRecord, dropped: Dropped
) -> dict[str, Any]:
    """Two phases are said as one: never more power than there is. The first tariff that may be
    referred to stands for all: only those for everyone can be said at all."""
    power_type = connector.power_type
    if power_type in (PowerType.AC_2_PHASE, PowerType.AC_2_PHASE_SPLIT):
        dropped.note("AC_2_PHASE said as AC_1_PHASE")
        power_type = PowerType.AC_1_PHASE
    if connector.max_electric_power_w is not None and not connector.power_derived:
        dropped.add("max_electric_power")
    referable = [label for label in connector.tariff_ids if len(label) <= 36 and may_refer(label)]
    for _ in connector.tariff_ids[1 if referable else 0 :]:
        dropped.add("reference to a tariff", "that tariff is not given out, or a second one")
    return {
        "power_type": power_type.value if power_type is not None else None,
        "voltage": connector.max_voltage,
        "amperage": connector.max_amperage,
        "tariff_id": referable[0] if referable else None,
    }


def _tariff(record: TariffRecord, at: datetime, dropped: Dropped) -> dict[str, Any]:
    if record.type not in (None, "AD_HOC_PAYMENT"):
        raise Unsayable("the tariff is not for everyone, and OCPI 2.1.1 has no types")
    start, end = record.start_date_time, record.end_date_time
    if (start is not None and at < start) or (end is not None and at >= end):
        raise Unsayable("the tariff is not valid now, and OCPI 2.1.1 cannot say when it is")
    for limit in (record.min_price, record.max_price):
        if not _is_nothing(limit):
            raise Unsayable("OCPI 2.1.1 cannot say a minimum or maximum price")
    updated = updated_at(record) if start is None else max(updated_at(record), start)
    priced = partial(_priced, record)
    return {
        **identity_fields(record),
        **alternative_fields(record, VOCABULARY_2_1_1, dropped),
        "elements": elements_of(record, priced, _restrictions, dropped),
        "last_updated": moment(updated, VOCABULARY_2_1_1),
    }


def _is_nothing(limit: PriceLimit | None) -> bool:
    return limit is None or not (limit.before_taxes or limit.after_taxes)


def _priced(record: TariffRecord, component: PriceComponent) -> tuple[Decimal, None]:
    return without_tax(component, record.tax_included), None


def _restrictions(given: TariffRestrictions, dropped: Dropped) -> list[dict[str, Any]]:
    if given.reservation is not None:
        dropped.add("price of a reservation")
        return []
    if given.min_current is not None or given.max_current is not None:
        raise Unsayable("OCPI 2.1.1 cannot restrict a price to a current")
    said = restriction_fields(given)
    return [
        {name: value for name, value in {**said, **window}.items() if value not in (None, [])}
        for window in _windows(given.start_time, given.end_time)
    ]


def _windows(start: str | None, end: str | None) -> Iterator[dict[str, str | None]]:
    """The daily window, in two where it goes over midnight: 2.1.1 has no rule for that."""
    begins, ends = start or _MIDNIGHT, end or _MIDNIGHT
    if begins == ends:  # the whole day
        yield {"start_time": None, "end_time": None}
    elif begins < ends or ends == _MIDNIGHT:
        yield {"start_time": start, "end_time": end}
    else:
        yield {"start_time": begins, "end_time": _MIDNIGHT}
        yield {"start_time": _MIDNIGHT, "end_time": ends}


VERSION = OcpiVersion(
    number=NUMBER,
    peek_location=peek,
    to_location=_to_zoned_location,
    read_location=read_location,
    peek_tariff=peek,
    to_tariff=partial(to_tariff, complete=_without_tax),
    read_tariff=partial(read_tariff, complete=_without_tax),
    from_location=from_location,
    from_tariff=from_tariff,
)
