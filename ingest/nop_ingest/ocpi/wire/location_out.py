"""A Location's record as OCPI says it: what is the same in all versions, and in 2.2.1 and 2.3.0.

Only valid objects leave (SE-12): what a required field is missing for, or a version has no word
for, is left out, the connector first, then the EVSE, then the location.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from nop_ingest.normalise.countries import alpha_3
from nop_ingest.normalise.time_zones import zone_at
from nop_ingest.ocpi.wire.mains import with_mains
from nop_ingest.ocpi.wire.saying import (
    NOT_AVAILABLE,
    Dropped,
    Unsayable,
    company,
    cut,
    display_text,
    display_texts,
    energy_mix,
    filled,
    fitting,
    images,
    known_words,
    link,
    moment,
    place,
)
from nop_ingest.ocpi.wire.vocabulary import Vocabulary
from nop_registry.records import (
    AdditionalGeoLocation,
    ConnectorRecord,
    EvseRecord,
    Hours,
    LocationRecord,
)

Electric = Callable[[ConnectorRecord, Dropped], dict[str, Any]]
"""The fields of a connector that differ between versions."""
Extra = Callable[[EvseRecord, Dropped], dict[str, Any]]
"""Further fields of an EVSE."""

_LONGEST_CONNECTOR_ID = 36


def location_id(record: LocationRecord, vocabulary: Vocabulary) -> str:
    """The location's id: never cut. Raises Unsayable."""
    if len(record.id) > vocabulary.longest_id:
        raise Unsayable(f"the location's id is longer than {vocabulary.longest_id} characters")
    return record.id


def address_fields(
    record: LocationRecord, vocabulary: Vocabulary, dropped: Dropped
) -> dict[str, Any]:
    """Name, address, city, postal code, state, country and coordinates, absent ones as None."""
    country = record.country or alpha_3(record.country_code)
    if country is None or len(country) != 3:
        raise Unsayable("the location's country is not known")
    return {
        "name": cut(record.name, 255),
        "address": cut(record.address, vocabulary.longest_address) or NOT_AVAILABLE,
        "city": cut(record.city, 45) or NOT_AVAILABLE,
        "postal_code": fitting(record.postal_code, 10, "postal code", dropped),
        "state": cut(record.state, 45),
        "country": country,
        "coordinates": place(record.lat, record.lon),
    }


def service_fields(
    record: LocationRecord, vocabulary: Vocabulary, dropped: Dropped
) -> dict[str, Any]:
    """What follows the EVSEs in every version, but for the time zone, absent ones as None."""
    hours = record.opening_times
    return {
        "directions": display_texts(record.directions, "directions", dropped),
        "operator": company(record.operator, vocabulary, dropped),
        "suboperator": company(record.suboperator, vocabulary, dropped),
        "owner": company(record.owner, vocabulary, dropped),
        "facilities": known_words(record.facilities, vocabulary.facilities, "facility", dropped),
        "time_zone": record.time_zone,
        "opening_times": _hours(hours, vocabulary) if hours is not None else None,
        "charging_when_closed": record.charging_when_closed,
        "images": images(record.images, vocabulary, dropped),
        "energy_mix": energy_mix(record.energy_mix, vocabulary, dropped),
    }


def related_locations(
    places: Iterable[AdditionalGeoLocation], dropped: Dropped
) -> list[dict[str, Any]]:
    """Further places of a location."""
    return [
        filled(
            {
                **place(near.lat, near.lon),
                "name": display_text(near.name, "name of a related location", dropped)
                if near.name is not None
                else None,
            }
        )
        for near in places
    ]


class Clocks:
    """`last_updated` at all three levels, each at least as late as what it contains (DM-12)."""

    def __init__(self, record: LocationRecord) -> None:
        """Raises Unsayable when no level has one."""
        below = [at for evse in record.evses for at in _claims(evse)]
        if record.last_updated is not None:
            below.append(record.last_updated)
        if not below:
            raise Unsayable("nobody knows when the location was last updated")
        self.location = max(below)
        self._default = record.last_updated or self.location

    def of_evse(self, evse: EvseRecord) -> datetime:
        """Of an EVSE; one that says none, nor its connectors, has its location's."""
        return max(_claims(evse), default=self._default)

    def of_connector(self, evse: EvseRecord, connector: ConnectorRecord) -> datetime:
        """Of a connector; one that says none has its EVSE's."""
        return connector.last_updated or self.of_evse(evse)


def _claims(evse: EvseRecord) -> list[datetime]:
    claims = (evse.last_updated, *(connector.last_updated for connector in evse.connectors))
    return [at for at in claims if at is not None]


def evses_of(
    record: LocationRecord,
    vocabulary: Vocabulary,
    clocks: Clocks,
    electric: Electric,
    extra: Extra,
    dropped: Dropped,
) -> list[dict[str, Any]]:
    """The EVSEs that the version can say. Raises Unsayable when none is left of some."""
    country = record.country or alpha_3(record.country_code)
    said = [
        document
        for evse in record.evses
        if (document := _evse(evse, country, vocabulary, clocks, electric, extra, dropped))
        is not None
    ]
    if record.evses and not said:
        raise Unsayable("none of the location's EVSEs can be said")
    return said


def _evse(
    evse: EvseRecord,
    country: str | None,
    vocabulary: Vocabulary,
    clocks: Clocks,
    electric: Electric,
    extra: Extra,
    dropped: Dropped,
) -> dict[str, Any] | None:
    if len(evse.uid) > vocabulary.longest_id:
        dropped.add("EVSE", f"its uid is longer than {vocabulary.longest_id} characters")
        return None
    plugs: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for connector in evse.connectors:
        at = clocks.of_connector(evse, connector)
        plug = _connector(connector, country, at, vocabulary, electric, dropped)
        if plug is None:
            continue
        key = connector.id.casefold()  # ids do not differ by their case alone (TR-32)
        if key in plugs:
            dropped.add("connector", "another one of its EVSE has the same id")
        if key not in plugs or at > plugs[key][0]:
            plugs[key] = (at, plug)
    if not plugs:
        dropped.add("EVSE", "it has no connector that can be said")
        return None
    has_place = evse.lat is not None and evse.lon is not None
    return filled(
        {
            "uid": evse.uid,
            "evse_id": fitting(evse.evse_id, 48, "evse_id", dropped),
            "status": evse.status.value,
            "status_schedule": _schedule(evse, vocabulary),
            "capabilities": known_words(
                evse.capabilities, vocabulary.capabilities, "capability", dropped
            ),
            "connectors": [plug for _, plug in plugs.values()],
            "floor_level": fitting(evse.floor_level, 4, "floor level", dropped),
            "coordinates": place(evse.lat or 0.0, evse.lon or 0.0) if has_place else None,
            "physical_reference": fitting(
                evse.physical_reference, 16, "physical reference", dropped
            ),
            "directions": display_texts(evse.directions, "directions", dropped),
            "parking_restrictions": known_words(
                evse.parking_restrictions,
                vocabulary.parking_restrictions,
                "parking restriction",
                dropped,
            ),
            "images": images(evse.images, vocabulary, dropped),
            **extra(evse, dropped),
            "last_updated": moment(clocks.of_evse(evse), vocabulary),
        }
    )


def _connector(
    connector: ConnectorRecord,
    country: str | None,
    at: datetime,
    vocabulary: Vocabulary,
    electric: Electric,
    dropped: Dropped,
) -> dict[str, Any] | None:
    standard, known = connector.standard, vocabulary.connector_types
    if known is not None and standard not in known:
        dropped.add(f"connector {standard[:40]}")
        return None
    if len(connector.id) > _LONGEST_CONNECTOR_ID:
        dropped.add("connector", f"its id is longer than {_LONGEST_CONNECTOR_ID} characters")
        return None
    if connector.format is None or connector.power_type is None:
        dropped.add("connector", "its format or power type is not known")
        return None
    known_mains = with_mains(connector, country)
    if known_mains is None:  # a required number has no "#NA", and 0 would be a false one
        dropped.add("connector", "its volts or amperes are not known")
        return None
    if known_mains is not connector:
        dropped.note("volts or amperes computed from the watts at the mains voltage")
    differing = electric(known_mains, dropped)
    return filled(
        {
            "id": connector.id,
            "standard": standard,
            "format": connector.format.value,
            **differing,
            "terms_and_conditions": link(connector.terms_and_conditions, "terms", dropped),
            "capabilities": known_words(
                connector.capabilities,
                vocabulary.connector_capabilities,
                "connector capability",
                dropped,
            ),
            "last_updated": moment(at, vocabulary),
        }
    )


def location_since_2_2(
    record: LocationRecord,
    vocabulary: Vocabulary,
    may_refer: Callable[[str], bool],
    extra: Extra,
    dropped: Dropped,
) -> dict[str, Any]:
    """A Location with the fields that 2.2.1 and 2.3.0 share, absent ones as None.

    Raises Unsayable.
    """

    def electric(connector: ConnectorRecord, dropped: Dropped) -> dict[str, Any]:
        return _electric_since_2_2(connector, may_refer, dropped)

    clocks = Clocks(record)
    parking, known = record.parking_type, vocabulary.parking_types
    if parking is not None and known is not None and parking not in known:
        dropped.add(f"parking type {parking[:40]}")
        parking = None
    return {
        "country_code": record.country_code,
        "party_id": record.party_id,
        "id": location_id(record, vocabulary),
        "publish": record.publish,
        **address_fields(record, vocabulary, dropped),
        "related_locations": related_locations(record.related_locations, dropped),
        "parking_type": parking,
        "evses": evses_of(record, vocabulary, clocks, electric, extra, dropped),
        **service_fields(record, vocabulary, dropped),
        "time_zone": _time_zone(record, dropped),
        "last_updated": moment(clocks.location, vocabulary),
    }


def _time_zone(record: LocationRecord, dropped: Dropped) -> str:
    """The time zone, required since 2.2: derived where none was given. Raises Unsayable."""
    if record.time_zone is not None and len(record.time_zone) <= 255:
        return record.time_zone
    country = record.country or record.country_code
    derived = zone_at(country, record.lat, record.lon)
    if derived is None:
        raise Unsayable("the location's time zone is not known")
    dropped.note("time zone derived from the country and the coordinates")
    return derived


def _electric_since_2_2(
    connector: ConnectorRecord, may_refer: Callable[[str], bool], dropped: Dropped
) -> dict[str, Any]:
    """Power and tariffs as 2.2.1 and 2.3.0 have them. Computed watts are nobody's statement."""
    tariff_ids = [label for label in connector.tariff_ids if len(label) <= 36 and may_refer(label)]
    for _ in range(len(connector.tariff_ids) - len(tariff_ids)):
        dropped.add("reference to a tariff", "that tariff is not given out")
    power = None if connector.power_derived else connector.max_electric_power_w
    return {
        "power_type": connector.power_type.value if connector.power_type is not None else None,
        "max_voltage": connector.max_voltage,
        "max_amperage": connector.max_amperage,
        "max_electric_power": power,
        "tariff_ids": tariff_ids,
    }


def _schedule(evse: EvseRecord, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    return [
        filled(
            {
                "period_begin": moment(plan.period_begin, vocabulary),
                "period_end": None
                if plan.period_end is None
                else moment(plan.period_end, vocabulary),
                "status": plan.status.value,
            }
        )
        for plan in evse.status_schedule
    ]


def _hours(hours: Hours, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """Opening times. OCPI cannot write the end of a day but as 23:59 (ocpi.md §14)."""
    regular = [
        {
            "weekday": period.weekday,
            "period_begin": period.period_begin,
            "period_end": "23:59" if period.period_end == "24:00" else period.period_end,
        }
        for period in hours.regular_hours
        if period.period_begin < "23:59"  # the day's last minute would read as a whole day
    ]
    exceptional = {
        name: [
            {
                "period_begin": moment(period.period_begin, vocabulary),
                "period_end": moment(period.period_end, vocabulary),
            }
            for period in periods
        ]
        for name, periods in (
            ("exceptional_openings", hours.exceptional_openings),
            ("exceptional_closings", hours.exceptional_closings),
        )
    }
    if not hours.twentyfourseven and not regular and not any(exceptional.values()):
        return None
    always = bool(hours.twentyfourseven)
    return filled(
        {"twentyfourseven": always, "regular_hours": [] if always else regular, **exceptional}
    )
