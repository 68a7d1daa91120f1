"""The nation's OCPI 2.2.1 documents as the other versions say them.

Written apart from the platform's own conversion, so that each can be held against the other.
"""

from __future__ import annotations

import copy
from typing import Any

Document = dict[str, Any]

_ONLY_LATER_FACILITIES = {"BIKE_SHARING", "TRAM_STOP", "METRO_STATION", "PARKING_LOT"}
_LOCATION_TYPES = {"ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT"}


def location_as(version: str, document: Document) -> Document:
    """A copy of an OCPI 2.2.1 Location that `version` allows."""
    location = copy.deepcopy(document)
    if version == "2.1.1":
        _make_older(location)
    elif version == "2.3.0":
        location["help_phone"] = "+91-00-0000-0000"
    return location


def tariff_as(version: str, document: Document) -> Document:
    """A copy of an OCPI 2.2.1 Tariff that `version` allows."""
    tariff = copy.deepcopy(document)
    if version == "2.3.0":
        tariff["tax_included"] = "NO"
    elif version == "2.1.1":
        for name in ("country_code", "party_id", "type"):
            tariff.pop(name, None)
        for element in tariff["elements"]:
            for component in element["price_components"]:
                component.pop("vat", None)
    return tariff


def _make_older(location: Document) -> None:
    for name in ("country_code", "party_id", "publish", "state"):
        location.pop(name, None)
    parking = location.pop("parking_type", None)
    location["type"] = parking if parking in _LOCATION_TYPES else "OTHER"
    location.setdefault("postal_code", "#NA")
    location["address"] = location["address"][:45].rstrip()
    facilities = [f for f in location["facilities"] if f not in _ONLY_LATER_FACILITIES]
    location["facilities"] = facilities
    for evse in location["evses"]:
        for connector in evse["connectors"]:
            connector["voltage"] = connector.pop("max_voltage")
            connector["amperage"] = connector.pop("max_amperage")
            connector.pop("max_electric_power", None)
            tariffs = connector.pop("tariff_ids", None)
            if tariffs:
                connector["tariff_id"] = tariffs[0]
