"""What OCPI's tables say of Locations and Tariffs in each version, and whether an object obeys.

Written down apart from the code under test. A cell is type, length and cardinality (1 required,
? optional, * list, + list of one at least); three cells are 2.1.1, 2.2.1, 2.3.0, one is all.
Enumerations grow: each line adds to the version before; `*` leaves the list open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")

_CLASSES = """
Location
  country_code - string(2)1 string(2)1
  party_id - string(3)1 string(3)1
  id string(39)1 string(36)1 string(36)1
  publish - boolean1 boolean1
  name string(255)?
  address string(45)1 string(255)1 string(255)1
  city string(45)1
  postal_code string(10)1 string(10)? string(10)?
  state - string(45)? string(45)?
  country string(3)1
  coordinates GeoLocation1
  related_locations AdditionalGeoLocation*
  parking_type - ParkingType? ParkingType?
  evses EVSE*
  parking_places - - Parking*
  directions DisplayText*
  operator BusinessDetails?
  suboperator BusinessDetails?
  owner BusinessDetails?
  facilities Facility*
  time_zone string(255)? string(255)1 string(255)1
  opening_times Hours?
  charging_when_closed boolean?
  images Image*
  energy_mix EnergyMix?
  help_phone - - string(25)?
  last_updated DateTime1
  type LocationType1 - -
EVSE
  uid string(39)1 string(36)1 string(36)1
  evse_id string(48)?
  status Status1
  status_schedule StatusSchedule*
  capabilities Capability*
  connectors Connector+
  floor_level string(4)?
  coordinates GeoLocation?
  physical_reference string(16)?
  directions DisplayText*
  parking_restrictions ParkingRestriction*
  parking - - EVSEParking*
  images Image*
  accepted_service_providers - - string(50)*
  last_updated DateTime1
Connector
  id string(36)1
  standard ConnectorType1
  format ConnectorFormat1
  power_type PowerType1
  max_voltage - int1 int1
  max_amperage - int1 int1
  max_electric_power - int? int?
  tariff_ids - string(36)* string(36)*
  terms_and_conditions URL?
  capabilities - - ConnectorCapability*
  last_updated DateTime1
  voltage int1 - -
  amperage int1 - -
  tariff_id string(36)? - -
AdditionalGeoLocation
  latitude string(10)1
  longitude string(11)1
  name DisplayText?
GeoLocation
  latitude string(10)1
  longitude string(11)1
BusinessDetails
  name string(100)1
  website URL?
  logo Image?
EnergyMix
  is_green_energy boolean1
  energy_sources EnergySource*
  environ_impact EnvironmentalImpact*
  supplier_name string(64)?
  energy_product_name string(64)?
EnergySource
  source EnergySourceCategory1
  percentage number1
EnvironmentalImpact
  category - EnvironmentalImpactCategory1 EnvironmentalImpactCategory1
  amount number1
  source EnvironmentalImpactCategory1 - -
ExceptionalPeriod
  period_begin DateTime1
  period_end DateTime1
Hours
  twentyfourseven boolean1
  regular_hours RegularHours*
  exceptional_openings ExceptionalPeriod*
  exceptional_closings ExceptionalPeriod*
Image
  url URL1
  thumbnail URL?
  category ImageCategory1
  type string(4)1
  width int(5)?
  height int(5)?
RegularHours
  weekday int(1)1
  period_begin string(5)1
  period_end string(5)1
StatusSchedule
  period_begin DateTime1
  period_end DateTime?
  status Status1
Parking
  id - - string(36)1
  physical_reference - - string(12)?
  vehicle_types - - VehicleType+
  max_vehicle_weight - - number?
  max_vehicle_height - - number?
  max_vehicle_length - - number?
  max_vehicle_width - - number?
  parking_space_length - - number?
  parking_space_width - - number?
  dangerous_goods_allowed - - boolean?
  direction - - ParkingDirection?
  drive_through - - boolean?
  restricted_to_type - - boolean1
  reservation_required - - boolean1
  time_limit - - number?
  roofed - - boolean?
  images - - Image*
  lighting - - boolean?
  refrigeration_outlet - - boolean?
  standards - - string(36)*
  apds_reference - - string?
EVSEParking
  parking_id - - string(36)1
  evse_position - - EVSEPosition?
Tariff
  country_code - string(2)1 string(2)1
  party_id - string(3)1 string(3)1
  id string(36)1
  currency string(3)1
  type - TariffType? TariffType?
  tariff_alt_text DisplayText*
  tariff_alt_url URL?
  min_price - Price? PriceLimit?
  max_price - Price? PriceLimit?
  elements TariffElement+
  tax_included - - TaxIncluded1
  start_date_time - DateTime? DateTime?
  end_date_time - DateTime? DateTime?
  energy_mix EnergyMix?
  last_updated DateTime1
TariffElement
  price_components PriceComponent+
  restrictions TariffRestrictions?
PriceComponent
  type TariffDimensionType1
  price number1
  vat - number? number?
  step_size int1
TariffRestrictions
  start_time string(5)?
  end_time string(5)?
  start_date string(10)?
  end_date string(10)?
  min_kwh number?
  max_kwh number?
  min_current - number? number?
  max_current - number? number?
  min_power number?
  max_power number?
  min_duration int?
  max_duration int?
  day_of_week DayOfWeek*
  reservation - ReservationRestrictionType? ReservationRestrictionType?
Price
  excl_vat - number1 -
  incl_vat - number? -
PriceLimit
  before_taxes - - number1
  after_taxes - - number?
DisplayText
  language string(2)1
  text string(512)1
"""

_ENUMS = """
Capability 2.1.1 CHARGING_PROFILE_CAPABLE CREDIT_CARD_PAYABLE REMOTE_START_STOP_CAPABLE
  RESERVABLE RFID_READER UNLOCK_CAPABLE
Capability 2.2.1 CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT CONTACTLESS_CARD_SUPPORT
  DEBIT_CARD_PAYABLE PED_TERMINAL START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE
Capability 2.3.0 *
ConnectorFormat 2.1.1 SOCKET CABLE
ConnectorType 2.1.1 CHADEMO DOMESTIC_A DOMESTIC_B DOMESTIC_C DOMESTIC_D DOMESTIC_E DOMESTIC_F
  DOMESTIC_G DOMESTIC_H DOMESTIC_I DOMESTIC_J DOMESTIC_K DOMESTIC_L IEC_60309_2_single_16
  IEC_60309_2_three_16 IEC_60309_2_three_32 IEC_60309_2_three_64 IEC_62196_T1 IEC_62196_T1_COMBO
  IEC_62196_T2 IEC_62196_T2_COMBO IEC_62196_T3A IEC_62196_T3C TESLA_R TESLA_S
ConnectorType 2.2.1 CHAOJI DOMESTIC_M DOMESTIC_N DOMESTIC_O GBT_AC GBT_DC NEMA_5_20 NEMA_6_30
  NEMA_6_50 NEMA_10_30 NEMA_10_50 NEMA_14_30 NEMA_14_50 PANTOGRAPH_BOTTOM_UP PANTOGRAPH_TOP_DOWN
ConnectorType 2.3.0 *
DayOfWeek 2.1.1 MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY
EVSEPosition 2.3.0 LEFT RIGHT CENTER
EnergySourceCategory 2.1.1 NUCLEAR GENERAL_FOSSIL COAL GAS GENERAL_GREEN SOLAR WIND WATER
EnvironmentalImpactCategory 2.1.1 NUCLEAR_WASTE CARBON_DIOXIDE
EnvironmentalImpactCategory 2.3.0 *
Facility 2.1.1 HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM
  BUS_STOP TAXI_STAND TRAIN_STATION AIRPORT CARPOOL_PARKING FUEL_STATION WIFI
Facility 2.2.1 BIKE_SHARING TRAM_STOP METRO_STATION PARKING_LOT
Facility 2.3.0 *
ImageCategory 2.1.1 CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER
ImageCategory 2.3.0 *
LocationType 2.1.1 ON_STREET PARKING_GARAGE UNDERGROUND_GARAGE PARKING_LOT OTHER UNKNOWN
ParkingDirection 2.3.0 PARALLEL PERPENDICULAR ANGLE
ParkingRestriction 2.1.1 EV_ONLY PLUGGED DISABLED CUSTOMERS MOTORCYCLES
ParkingRestriction 2.3.0 *
ParkingType 2.2.1 ALONG_MOTORWAY PARKING_GARAGE PARKING_LOT ON_DRIVEWAY ON_STREET
  UNDERGROUND_GARAGE
ParkingType 2.3.0 *
PowerType 2.1.1 AC_1_PHASE AC_3_PHASE DC
PowerType 2.2.1 AC_2_PHASE AC_2_PHASE_SPLIT
ReservationRestrictionType 2.2.1 RESERVATION RESERVATION_EXPIRES
Status 2.1.1 AVAILABLE BLOCKED CHARGING INOPERATIVE OUTOFORDER PLANNED REMOVED RESERVED UNKNOWN
TariffDimensionType 2.1.1 ENERGY FLAT PARKING_TIME TIME
TariffType 2.2.1 AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR
TaxIncluded 2.3.0 YES NO N/A
"""

_CELL = re.compile(r"(\w+)(?:\((\d+)\))?([1?*+])")
_DATE_TIME = {
    "2.1.1": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "2.2.1": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z"),
}
_DATE_TIME["2.3.0"] = _DATE_TIME["2.2.1"]
_PLACE = re.compile(r"-?\d{1,3}\.\d{6}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _read_classes() -> dict[str, dict[str, dict[str, tuple[str, int | None, str]]]]:
    classes: dict[str, dict[str, dict[str, tuple[str, int | None, str]]]] = {}
    name = ""
    for line in _CLASSES.strip().splitlines():
        if not line.startswith(" "):
            name = line
            classes[name] = {version: {} for version in VERSIONS}
            continue
        field, *cells = line.split()
        for version, cell in zip(VERSIONS, cells * 3 if len(cells) == 1 else cells, strict=False):
            if cell != "-":
                kind, length, many = _CELL.fullmatch(cell).groups()  # type: ignore[union-attr]
                classes[name][version][field] = (kind, int(length) if length else None, many)
    return classes


def _read_enums() -> dict[str, dict[str, set[str] | None]]:
    enums: dict[str, dict[str, set[str] | None]] = {}
    for line in _ENUMS.strip().replace("\n  ", " ").splitlines():
        name, since, *words = line.split()
        for version in VERSIONS[VERSIONS.index(since) :]:
            known = enums.setdefault(name, {}).setdefault(version, set())
            if words == ["*"]:
                enums[name][version] = None
            elif known is not None:
                known.update(words)
    return enums


CLASSES, ENUMS = _read_classes(), _read_enums()


def problems(version: str, name: str, document: Any, path: str = "") -> Iterator[str]:
    """Where an object of a class breaks the tables of a version (or a rule that all have)."""
    if not isinstance(document, dict):
        yield f"{path}: no object"
        return
    fields = CLASSES[name][version]
    for field in document.keys() - fields.keys():
        yield f"{path}.{field}: not in {version}"
    for field, (kind, length, many) in fields.items():
        place = f"{path}.{field}"
        if field not in document:
            if many in "1+":
                yield f"{place}: missing"
            continue
        value = document[field]
        if many in "*+" and (not isinstance(value, list) or not value):
            yield f"{place}: null, empty or no list"
            continue
        items = value if many in "*+" else [value]
        for item in items:
            yield from _item_problems(version, kind, length, field, item, place)


def _item_problems(
    version: str, kind: str, length: int | None, field: str, value: Any, path: str
) -> Iterator[str]:
    if kind in CLASSES:
        yield from problems(version, kind, value, path)
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{path}: {value!r} is no boolean"
    elif kind == "int":
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path}: {value!r} is no int"
        elif length and len(str(value)) > length:
            yield f"{path}: {value!r} is too long"
    elif kind == "number":
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{path}: {value!r} is no number"
        elif round(value, 4) != value:
            yield f"{path}: {value!r} has more than four decimals"
    elif not isinstance(value, str):
        yield f"{path}: {value!r} is no string"
    elif kind == "DateTime":
        if not _DATE_TIME[version].fullmatch(value):
            yield f"{path}: {value!r} is no DateTime"
    elif kind in ENUMS:
        known = ENUMS[kind][version]
        if known is not None and value not in known:
            yield f"{path}: {value!r} is not in {kind}"
    else:
        yield from _text_problems(length or (255 if kind == "URL" else 10**6), field, value, path)


def _text_problems(length: int, field: str, value: str, path: str) -> Iterator[str]:
    if not value or not value.isprintable() or value != value.strip():
        yield f"{path}: {value!r} is not printable, or empty"
    if len(value) > length:
        yield f"{path}: {value!r} is longer than {length}"
    if field in ("latitude", "longitude") and not _PLACE.fullmatch(value):
        yield f"{path}: {value!r} has not six decimals"
    clock = field in ("period_begin", "period_end", "start_time", "end_time")
    if clock and not _CLOCK.fullmatch(value):
        yield f"{path}: {value!r} is no time of day"
