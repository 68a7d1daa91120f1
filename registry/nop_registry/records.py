"""Frozen, source-neutral records: what every door produces and every part reads.

The field names are OCPI 2.3.0's; units stand in the name where OCPI leaves them to the reader.
A field that is absent, null or not usable is None: nothing is guessed here.
Collections are tuples, so a record can be hashed, compared and shared.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from nop_registry.enums import ConnectorFormat, PowerType, Status, TaxIncluded


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of all records."""


class DisplayText(Record, frozen=True):
    """Human text in one language (OCPI DisplayText; ISO 639-1 code)."""

    language: str
    text: str


class RegularHours(Record, frozen=True):
    """One weekly opening period in local time, "HH:MM" (weekday 1 = Monday … 7 = Sunday)."""

    weekday: int
    period_begin: str
    period_end: str


class ExceptionalPeriod(Record, frozen=True):
    """An exceptional opening or closing, UTC instants."""

    period_begin: datetime
    period_end: datetime


class Hours(Record, frozen=True):
    """Opening times (OCPI Hours). Absent on a location = unknown, not 24/7 (HO-5)."""

    twentyfourseven: bool | None = None
    regular_hours: tuple[RegularHours, ...] = ()
    exceptional_openings: tuple[ExceptionalPeriod, ...] = ()
    exceptional_closings: tuple[ExceptionalPeriod, ...] = ()


class Image(Record, frozen=True):
    """A link to a picture; the platform never fetches it. Width and height in pixels."""

    url: str
    category: str | None = None
    type: str | None = None
    thumbnail: str | None = None
    width: int | None = None
    height: int | None = None


class BusinessDetails(Record, frozen=True):
    """A company named by a publisher (OCPI BusinessDetails)."""

    name: str
    website: str | None = None
    logo: Image | None = None


class AdditionalGeoLocation(Record, frozen=True):
    """A place that belongs to a location, such as its entrance (OCPI AdditionalGeoLocation)."""

    lat: float
    lon: float
    name: DisplayText | None = None


class EnergySource(Record, frozen=True):
    """A share of the energy, in per cent (OCPI EnergySource)."""

    source: str
    percentage: Decimal


class EnvironmentalImpact(Record, frozen=True):
    """Waste or emission in g/kWh (OCPI EnvironmentalImpact)."""

    category: str
    amount: Decimal


class EnergyMix(Record, frozen=True):
    """Where the energy comes from (OCPI EnergyMix)."""

    is_green_energy: bool
    energy_sources: tuple[EnergySource, ...] = ()
    environ_impact: tuple[EnvironmentalImpact, ...] = ()
    supplier_name: str | None = None
    energy_product_name: str | None = None


class StatusSchedule(Record, frozen=True):
    """A status planned for a period, UTC instants; informational only (DM-8)."""

    period_begin: datetime
    period_end: datetime | None = None
    status: Status = Status.UNKNOWN


class Parking(Record, frozen=True):
    """A parking place of a location (OCPI 2.3.0 Parking): centimetres, kilograms, minutes."""

    id: str
    physical_reference: str | None = None
    vehicle_types: tuple[str, ...] = ()
    max_vehicle_weight: Decimal | None = None
    max_vehicle_height: Decimal | None = None
    max_vehicle_length: Decimal | None = None
    max_vehicle_width: Decimal | None = None
    parking_space_length: Decimal | None = None
    parking_space_width: Decimal | None = None
    dangerous_goods_allowed: bool | None = None
    direction: str | None = None
    drive_through: bool | None = None
    restricted_to_type: bool | None = None
    reservation_required: bool | None = None
    time_limit: Decimal | None = None
    roofed: bool | None = None
    images: tuple[Image, ...] = ()
    lighting: bool | None = None
    refrigeration_outlet: bool | None = None
    standards: tuple[str, ...] = ()
    apds_reference: str | None = None


class EvseParking(Record, frozen=True):
    """From which parking place an EVSE is reached (OCPI 2.3.0 EVSEParking)."""

    parking_id: str
    evse_position: str | None = None


class ConnectorRecord(Record, frozen=True):
    """One plug or socket of an EVSE (OCPI Connector)."""

    id: str
    standard: str
    """OCPI ConnectorType; an unknown member is kept as given."""
    format: ConnectorFormat | None = None
    power_type: PowerType | None = None
    max_voltage: int | None = None
    max_amperage: int | None = None
    max_electric_power_w: int | None = None
    """Watts, given by the publisher or derived (DM-7)."""
    power_derived: bool = False
    """True when the watts were computed from volts × amperes × phases."""
    tariff_ids: tuple[str, ...] = ()
    terms_and_conditions: str | None = None
    capabilities: tuple[str, ...] = ()
    """OCPI 2.3.0 ConnectorCapability: plug and charge by ISO 15118."""
    last_updated: datetime | None = None


class EvseRecord(Record, frozen=True):
    """What one car can use at once (OCPI EVSE; AFIR recharging point)."""

    uid: str
    """Technical id, unique for the party; not the public one."""
    evse_id: str | None = None
    """Public eMI3 id as published."""
    status: Status = Status.UNKNOWN
    last_updated: datetime | None = None
    """The publisher's claim of when the status or the object last changed."""
    connectors: tuple[ConnectorRecord, ...] = ()
    capabilities: tuple[str, ...] = ()
    parking_restrictions: tuple[str, ...] = ()
    floor_level: str | None = None
    physical_reference: str | None = None
    lat: float | None = None
    lon: float | None = None
    directions: tuple[DisplayText, ...] = ()
    images: tuple[Image, ...] = ()
    status_schedule: tuple[StatusSchedule, ...] = ()
    parking: tuple[EvseParking, ...] = ()
    accepted_service_providers: tuple[str, ...] = ()
    """Names of the e-mobility providers whose customers may charge (AFIR)."""


class LocationRecord(Record, frozen=True):
    """A group of EVSEs at one place (OCPI Location)."""

    country_code: str
    party_id: str
    id: str
    lat: float
    lon: float
    publish: bool = True
    name: str | None = None
    address: str | None = None
    city: str | None = None
    postal_code: str | None = None
    district: str | None = None
    """Second-level area as the publisher wrote it (national formats; OCPI has no such field)."""
    state: str | None = None
    country: str | None = None
    """ISO 3166 alpha-3."""
    parking_type: str | None = None
    evses: tuple[EvseRecord, ...] = ()
    operator: BusinessDetails | None = None
    suboperator: BusinessDetails | None = None
    owner: BusinessDetails | None = None
    directions: tuple[DisplayText, ...] = ()
    facilities: tuple[str, ...] = ()
    time_zone: str | None = None
    opening_times: Hours | None = None
    charging_when_closed: bool | None = None
    images: tuple[Image, ...] = ()
    related_locations: tuple[AdditionalGeoLocation, ...] = ()
    parking_places: tuple[Parking, ...] = ()
    energy_mix: EnergyMix | None = None
    help_phone: str | None = None
    last_updated: datetime | None = None


LOCATION_DETAILS = (
    "operator", "suboperator", "owner", "directions", "facilities", "opening_times",
    "charging_when_closed", "images", "related_locations", "parking_places", "energy_mix",
    "help_phone",
)  # fmt: skip
"""Fields of a LocationRecord without a column of their own: location.details (JSON)."""
EVSE_DETAILS = (
    "lat", "lon", "directions", "images", "status_schedule", "parking",
    "accepted_service_providers",
)  # fmt: skip
"""The same of an EvseRecord: evse.details."""


class PriceComponent(Record, frozen=True):
    """One price of a tariff element (OCPI PriceComponent), in the tariff's currency.

    ENERGY per kWh, TIME per hour of charging, PARKING_TIME per hour connected and not charging,
    FLAT per session. `vat` is a percentage; None = not stated (never 0).
    """

    type: str
    price: Decimal
    vat: Decimal | None = None
    step_size: int | None = None


class TariffRestrictions(Record, frozen=True):
    """When an element applies (OCPI TariffRestrictions; all are ANDed, TA-3)."""

    start_time: str | None = None
    end_time: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[str, ...] = ()
    reservation: str | None = None
    unknown: tuple[str, ...] = ()
    """Names of restriction properties we do not know: the element then never matches (TA-12)."""


class TariffElement(Record, frozen=True):
    """Price components that apply together under the same restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions | None = None


class PriceLimit(Record, frozen=True):
    """A session's minimum or maximum price (2.3.0 PriceLimit; 2.2.1 Price)."""

    before_taxes: Decimal
    after_taxes: Decimal | None = None


class TariffRecord(Record, frozen=True):
    """A tariff of one party (OCPI Tariff)."""

    country_code: str
    party_id: str
    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    type: str | None = None
    tariff_alt_text: tuple[DisplayText, ...] = ()
    tariff_alt_url: str | None = None
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    tax_included: TaxIncluded | None = None
    """None where the publisher's version has no such field (2.2.1): `vat` then says what is
    known. 2.1.1, whose prices are without tax, reads as NO."""
    energy_mix: EnergyMix | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    last_updated: datetime | None = None
