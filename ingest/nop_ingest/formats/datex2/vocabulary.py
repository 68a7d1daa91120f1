"""DATEX II's words in OCPI's, compared without case and signs, in which countries differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from nop_ingest.reading.plug_vocabulary import iec_60309, power_type_of
from nop_registry.enums import KNOWN_CONNECTOR_TYPES, ConnectorFormat, PowerType, Status

T = TypeVar("T")

_SIGNS = re.compile(r"[^a-z0-9]")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

STATUSES = {
    "available": Status.AVAILABLE, "blocked": Status.BLOCKED, "charging": Status.CHARGING,
    "faulted": Status.OUTOFORDER, "inoperative": Status.INOPERATIVE,
    "occupied": Status.CHARGING, "outoforder": Status.OUTOFORDER, "outofstock": Status.INOPERATIVE,
    "planned": Status.PLANNED, "removed": Status.REMOVED, "reserved": Status.RESERVED,
    "unavailable": Status.INOPERATIVE, "unknown": Status.UNKNOWN,
}  # fmt: skip
CAPABILITIES = {
    "activerfidchip": "RFID_READER", "calypso": "RFID_READER", "mifareclassic": "RFID_READER",
    "mifaredesfire": "RFID_READER", "rfid": "RFID_READER", "creditcard": "CREDIT_CARD_PAYABLE",
    "debitcard": "DEBIT_CARD_PAYABLE", "nfc": "CONTACTLESS_CARD_SUPPORT",
    "pinpad": "PED_TERMINAL", "apps": "REMOTE_START_STOP_CAPABLE",
    "website": "REMOTE_START_STOP_CAPABLE",
}  # fmt: skip
RESERVABLE = frozenset({"reservable", "partlyreservable", "reservationmandatory", "mandatory"})
FACILITIES = {
    "restaurant": "RESTAURANT", "restaurantselfservice": "RESTAURANT", "hotel": "HOTEL",
    "motel": "HOTEL", "cafe": "CAFE", "shoppingcentre": "MALL", "supermarket": "SUPERMARKET",
    "petrolstation": "FUEL_STATION", "internetwireless": "WIFI", "trainstation": "TRAIN_STATION",
    "airport": "AIRPORT", "carpark": "PARKING_LOT", "parkingsite": "PARKING_LOT",
}  # fmt: skip
PARKING_TYPES = {"onstreet": "ON_STREET"}
ENERGY_SOURCES = {
    "coal": "COAL", "gas": "GAS", "nuclear": "NUCLEAR", "solar": "SOLAR", "water": "WATER",
    "wind": "WIND", "generalgreen": "GENERAL_GREEN", "generalfossil": "GENERAL_FOSSIL",
}  # fmt: skip
WEEKDAYS = {day: number for number, day in enumerate(_WEEK, start=1)}

_FORMATS = {
    "socket": ConnectorFormat.SOCKET, "cable": ConnectorFormat.CABLE,
    "cablemode2": ConnectorFormat.CABLE, "cablemode3": ConnectorFormat.CABLE,
    "othercable": ConnectorFormat.CABLE,
}  # fmt: skip
_MODES = {
    "mode1ac1p": PowerType.AC_1_PHASE, "mode2ac1p": PowerType.AC_1_PHASE,
    "mode3ac1p": PowerType.AC_1_PHASE, "mode1ac3p": PowerType.AC_3_PHASE,
    "mode2ac3p": PowerType.AC_3_PHASE, "mode3ac3p": PowerType.AC_3_PHASE,
    "mode4dc": PowerType.DC, "mode4": PowerType.DC, "ccs": PowerType.DC,
}  # fmt: skip
_OWN_NAMES = {
    "teslaconnectoreurope": "TESLA_S", "teslaconnectoramerica": "SAE_J3400",
    "yazaki": "IEC_62196_T1", "chademo": "CHADEMO",
}  # fmt: skip
_PHASES = {"cee3": 1, "cee5": 3}


def fold(word: str | None) -> str:
    """The word in small letters, without signs: `OUT_OF_ORDER` is `outOfOrder`."""
    return _SIGNS.sub("", (word or "").casefold())


def find(words: Mapping[str, T], word: str | None) -> T | None:
    """What a word stands for."""
    return words.get(fold(word))


def standard_of(kind: str, other: str | None, amperes: int | None) -> str:
    """The OCPI name of a connector type; what OCPI has no name for, as it was written."""
    folded = fold(kind)
    if folded in _PHASES:
        return iec_60309(_PHASES[folded], amperes)
    if folded in ("other", "extended") and other:
        return other
    return _OWN_NAMES.get(folded) or _BY_LETTERS.get(folded) or kind


def format_of(word: str | None) -> ConnectorFormat | None:
    """Socket or cable."""
    return find(_FORMATS, word)


def current_of(mode: str | None, standard: str) -> PowerType | None:
    """The kind of current, by charging mode or by what the standard is made for."""
    return power_type_of(standard, find(_MODES, mode))


# DATEX II writes `iec60309x2three16` where OCPI writes IEC_60309_2_three_16.
_BY_LETTERS = {fold(name): name for name in KNOWN_CONNECTOR_TYPES} | {
    fold(name.replace("60309_2", "60309x2")): name for name in KNOWN_CONNECTOR_TYPES
}
