"""What each column means and what to enter, for the field guide and the workbook's notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from nop_ingest.formats.nop.cell_words import cell_of
from nop_ingest.formats.nop.connector_rows import Column, columns
from nop_ingest.formats.nop.example_rows import LOCATIONS, TARIFFS
from nop_ingest.ocpi.wire.vocabulary import VOCABULARY_2_2_1
from nop_ingest.template.writing import rows_of
from nop_registry.enums import KNOWN_CONNECTOR_TYPES
from nop_registry.records import Hours

MEANINGS: dict[str, str] = {
    "country_code": "Country of the operator, two letters (ISO 3166).",
    "party_id": "The operator's three letters or digits, as registered.",
    "location_id": "Your own number of the station. It never changes and is never used again.",
    "lat": "Latitude in degrees, WGS 84, north positive. Five decimals are one metre.",
    "lon": "Longitude in degrees, WGS 84, east positive.",
    "publish": "false: the station is in the registry, but the public does not see it.",
    "location_name": "Name by which drivers find it.",
    "address": "Street and number.",
    "city": "Town or village.",
    "postal_code": "Postal code, where there is one.",
    "district": "District, as it is officially written.",
    "state": "State, province or Bundesland.",
    "country": "Country of the station, three letters (ISO 3166), such as IND.",
    "parking_type": "Kind of place, one of OCPI's ParkingType.",
    "operator_name": "Who runs the station, as drivers know it.",
    "operator_website": "Its address on the web.",
    "suboperator_name": "Who runs it on the operator's behalf.",
    "suboperator_website": "Its address on the web.",
    "owner_name": "Who owns it, if not the operator.",
    "owner_website": "Its address on the web.",
    "facilities": "What is near, in OCPI's words, with semicolons between them.",
    "time_zone": "IANA name of the station's clock. Left blank it follows from country and place.",
    "twentyfourseven": "true: open at all hours of all days.",
    "opening_hours": "When it is open, if not always; local time.",
    "charging_when_closed": "true: a car that stands there goes on charging after hours.",
    "help_phone": "Telephone number for drivers in need.",
    "location_last_updated": "When you last changed what is said of the station.",
    "evse_uid": "Your own number of the charging point: what one car can use at a time.",
    "evse_id": "The public number on the charging point (eMI3), such as IN*ABC*E1*1.",
    "status": "State of the charging point. Left blank it is UNKNOWN.",
    "evse_last_updated": "Since when the state is so.",
    "capabilities": "What it can do, in OCPI's words (Capability), with semicolons between.",
    "parking_restrictions": "Who may park there, in OCPI's words (ParkingRestriction).",
    "floor_level": "Floor in a building, as on the lift's button.",
    "physical_reference": "What is written on the charging point.",
    "evse_lat": "Latitude of the charging point, if it differs from the station's.",
    "evse_lon": "Longitude of the charging point.",
    "accepted_service_providers": "Providers whose customers may charge, semicolons between.",
    "connector_id": "Number of the plug or socket within its charging point, such as 1.",
    "standard": "Kind of plug or socket, in OCPI's words (ConnectorType); CCS2 is read too.",
    "format": "CABLE: a cable hangs on it. SOCKET: drivers bring one.",
    "power_type": "How the current comes.",
    "max_voltage": "Highest voltage in volts, between phase and neutral for AC.",
    "max_amperage": "Highest current in amperes.",
    "max_electric_power_w": "Highest power in watts: 60000, or 60 kW.",
    "tariff_ids": "Your numbers of the tariffs that hold there, semicolons between.",
    "terms_and_conditions": "Address of the terms on the web.",
    "connector_capabilities": "Plug and charge, in OCPI's words (ConnectorCapability).",
    "connector_last_updated": "When you last changed what is said of the connector.",
    "price_currency": "Currency of the prices, three letters (ISO 4217).",
    "price_per_kwh": "Price of a kilowatt-hour.",
    "price_per_minute": "Price of a minute of charging.",
    "price_per_session": "Price of each session besides. 0 and no other price: free.",
    "idle_price_per_minute": "Price of a minute connected without charging.",
    "price_includes_tax": "yes: drivers pay these prices. no: tax comes on top. n/a: no tax.",
    "price_tax_percent": "Rate of the tax in per cent, such as 18.",
}
"""A sentence for each column."""


class Explained(NamedTuple):
    """A column for people."""

    column: Column
    meaning: str
    kind: str
    """What may be entered."""
    choices: tuple[str, ...]
    """Words to choose from; empty: it is no word of a list."""
    closed: bool
    """Nothing else may be entered."""
    example: str


def explain() -> Iterator[Explained]:
    """Every column of our table, in its order."""
    examples: dict[str, str] = {}
    for row in rows_of(LOCATIONS, TARIFFS):
        for name, value in row.items():
            examples.setdefault(name, cell_of(value))
    for column in columns():
        choices = _choices(column)
        yield Explained(
            column, MEANINGS[column.name], _kind(column), choices, column.name not in _OPEN,
            examples.get(column.name) or _EXAMPLES.get(column.name, choices[0] if choices else ""),
        )  # fmt: skip


_EXAMPLES = {
    "district": "Central Delhi", "suboperator_name": "Service Ltd", "charging_when_closed": "true",
    "suboperator_website": "https://service.example", "owner_name": "City of Delhi",
    "owner_website": "https://city.example", "opening_hours": "Mo-Fr 08:00-20:00; Sa 09:00-14:00",
    "location_last_updated": "2026-01-31T12:00:00Z", "evse_last_updated": "2026-01-31T12:00:00Z",
    "connector_last_updated": "2026-01-31T12:00:00Z", "floor_level": "-1", "evse_lat": "28.613950",
    "physical_reference": "A12", "evse_lon": "77.209031", "parking_restrictions": "EV_ONLY",
    "accepted_service_providers": "Any Charge; Plug Pass", "price_per_minute": "1.50",
    "terms_and_conditions": "https://abc.example/terms", "price_per_session": "20",
    "connector_capabilities": "ISO_15118_2_PLUG_AND_CHARGE",
}  # fmt: skip


_OPEN = {
    "standard": KNOWN_CONNECTOR_TYPES,
    "parking_type": VOCABULARY_2_2_1.parking_types,
    "facilities": VOCABULARY_2_2_1.facilities,
    "capabilities": VOCABULARY_2_2_1.capabilities,
    "parking_restrictions": VOCABULARY_2_2_1.parking_restrictions,
}
"""Words that OCPI knows; another one is kept as it is."""


def _choices(column: Column) -> tuple[str, ...]:
    if column.name in _OPEN:
        return tuple(sorted(_OPEN[column.name] or ()))
    if column.name == "price_includes_tax":
        return ("yes", "no", "n/a")
    if column.kind is bool:
        return ("true", "false")
    if isinstance(column.kind, type) and issubclass(column.kind, StrEnum):
        return tuple(column.kind)
    return ()


_KINDS = {
    str: "text", float: "number", int: "whole number", tuple: "words, semicolons between them",
    datetime: "date and time, best in UTC", Hours: "days and hours",
}  # fmt: skip


def _kind(column: Column) -> str:
    if column.kind is bool:
        return "yes or no"
    if column.name in _OPEN and column.kind is str:
        return "one of a list, or another word"
    return _KINDS.get(column.kind, "one of a list")
