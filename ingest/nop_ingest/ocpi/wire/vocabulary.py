"""The words that each version knows (ocpi.md §9.1). `None` stands for a list left open (2.3.0)."""

from __future__ import annotations

import msgspec

from nop_registry.enums import KNOWN_CONNECTOR_TYPES

Words = frozenset[str] | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TARIFF_TYPES = _words("AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR")
ENERGY_SOURCES = _words("NUCLEAR GENERAL_FOSSIL COAL GAS GENERAL_GREEN SOLAR WIND WATER")
PARKING_DIRECTIONS = _words("PARALLEL PERPENDICULAR ANGLE")
EVSE_POSITIONS = _words("LEFT RIGHT CENTER")
LOCATION_TYPES_2_1_1 = _words("ON_STREET PARKING_GARAGE UNDERGROUND_GARAGE PARKING_LOT")
"""Those that say something; OTHER and UNKNOWN do not."""

_CONNECTORS_SINCE_2_2 = _words(
    """CHAOJI DOMESTIC_M DOMESTIC_N DOMESTIC_O GBT_AC GBT_DC NEMA_5_20 NEMA_6_30 NEMA_6_50
    NEMA_10_30 NEMA_10_50 NEMA_14_30 NEMA_14_50 PANTOGRAPH_BOTTOM_UP PANTOGRAPH_TOP_DOWN"""
)
_CONNECTORS_2_2 = KNOWN_CONNECTOR_TYPES - {"MCS", "SAE_J3400"}
_CAPABILITIES_2_1 = _words(
    """CHARGING_PROFILE_CAPABLE CREDIT_CARD_PAYABLE REMOTE_START_STOP_CAPABLE RESERVABLE
    RFID_READER UNLOCK_CAPABLE"""
)
_CAPABILITIES_SINCE_2_2 = _words(
    """CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT CONTACTLESS_CARD_SUPPORT DEBIT_CARD_PAYABLE
    PED_TERMINAL START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE"""
)
_FACILITIES_2_1 = _words(
    """HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM BUS_STOP
    TAXI_STAND TRAIN_STATION AIRPORT CARPOOL_PARKING FUEL_STATION WIFI"""
)
_FACILITIES_SINCE_2_2 = _words("BIKE_SHARING TRAM_STOP METRO_STATION PARKING_LOT")
_PARKING_RESTRICTIONS = _words("EV_ONLY PLUGGED DISABLED CUSTOMERS MOTORCYCLES")
_IMAGE_CATEGORIES = _words("CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER")
_IMPACTS = _words("NUCLEAR_WASTE CARBON_DIOXIDE")


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """What a version can say about a Location, and how long it may be."""

    number: str
    longest_id: int = 36
    """Of a Location's and an EVSE's id."""
    longest_address: int = 255
    whole_seconds: bool = False
    impact_category: str = "category"
    """Name of the field of EnvironmentalImpact that says what it is."""
    connector_types: Words = None
    connector_capabilities: Words = None
    capabilities: Words = None
    facilities: Words = None
    parking_restrictions: Words = None
    parking_types: Words = None
    image_categories: Words = None
    impacts: Words = None


VOCABULARY_2_1_1 = Vocabulary(
    number="2.1.1",
    longest_id=39,
    longest_address=45,
    whole_seconds=True,
    impact_category="source",
    connector_types=_CONNECTORS_2_2 - _CONNECTORS_SINCE_2_2,
    connector_capabilities=frozenset(),
    capabilities=_CAPABILITIES_2_1,
    facilities=_FACILITIES_2_1,
    parking_restrictions=_PARKING_RESTRICTIONS,
    parking_types=LOCATION_TYPES_2_1_1,
    image_categories=_IMAGE_CATEGORIES,
    impacts=_IMPACTS,
)
VOCABULARY_2_2_1 = Vocabulary(
    number="2.2.1",
    connector_types=_CONNECTORS_2_2,
    connector_capabilities=frozenset(),
    capabilities=_CAPABILITIES_2_1 | _CAPABILITIES_SINCE_2_2,
    facilities=_FACILITIES_2_1 | _FACILITIES_SINCE_2_2,
    parking_restrictions=_PARKING_RESTRICTIONS,
    parking_types=LOCATION_TYPES_2_1_1 | {"ALONG_MOTORWAY", "ON_DRIVEWAY"},
    image_categories=_IMAGE_CATEGORIES,
    impacts=_IMPACTS,
)
VOCABULARY_2_3_0 = Vocabulary(number="2.3.0")
