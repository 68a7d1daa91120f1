"""The words of Germany's register of charging devices, whose columns change from year to year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

from nop_ingest.reading.plug_vocabulary import iec_60309
from nop_ingest.reading.point_plugs import Plug
from nop_registry.enums import ConnectorFormat, PowerType, Status

# Our name of a column: the words that editions since 2018 have had for it.
_COLUMNS = {
    "device": ("ladeeinrichtungsid", "ladeeinrichtungid"),
    "operator": ("betreiber",),
    "brand": ("anzeigenamekarte", "anzeigename"),
    "status": ("status",),
    "kind": ("artderladeeinrichung", "artderladeeinrichtung"),
    "points": ("anzahlladepunkte",),
    "device_power": ("anschlussleistung", "anschlussleistungkw", "nennleistungladeeinrichtungkw"),
    "since": ("inbetriebnahmedatum",),
    "address": ("adresse",),
    "street": ("strasse",),
    "house": ("hausnummer",),
    "addition": ("adresszusatz",),
    "postal_code": ("postleitzahl",),
    "town": ("ort",),
    "postal_code_and_town": ("postleitzahlort",),
    "district": ("kreiskreisfreiestadt",),
    "state": ("bundesland",),
    "lat": ("breitengrad", "breitengraddg"),
    "lon": ("langengrad", "laengengrad", "langengraddg"),
    "site": ("standortbezeichnung",),
    "parking": ("informationenzumparkraum",),
    "payment": ("bezahlsysteme",),
    "hours": ("offnungszeiten",),
    "hours_days": ("offnungszeitenwochentage",),
    "hours_times": ("offnungszeitentageszeiten",),
}
_NAME_OF = {word: name for name, words in _COLUMNS.items() for word in words}
_OF_POINT = re.compile(r"(steckertypen|p|nennleistungstecker|evseid|publickey)(\d{1,2})(?:kw)?")
_POINT_NAMES = {
    "steckertypen": "plugs",
    "p": "power",
    "nennleistungstecker": "power",
    "evseid": "evse_id",
    "publickey": "public_key",
}
REQUIRED = ("operator", "lat", "lon", "plugs1")
UNHELD = frozenset({"kind", "device_power", "since", "public_key"})
STATUSES = {
    "in betrieb": Status.UNKNOWN,  # that it is there says nothing of whether it is free
    "in wartung": Status.INOPERATIVE,
    "ausser betrieb": Status.INOPERATIVE,
    "im bau": Status.PLANNED,
    "in planung": Status.PLANNED,
    "geplant": Status.PLANNED,
    "stillgelegt": Status.REMOVED,
}
_CREDIT, _DEBIT = "CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE"
_CHIP, _TOUCH = "CHIP_CARD_SUPPORT", "CONTACTLESS_CARD_SUPPORT"
_REMOTE = "REMOTE_START_STOP_CAPABLE"
PAYMENTS = {
    "rfid-karte": ("RFID_READER",),
    "kreditkarte": (_CREDIT,),
    "kreditkarte (lesegerat)": (_CHIP, _CREDIT),
    "kreditkarte (nfc)": (_TOUCH, _CREDIT),
    "kreditkarte (webseite / app)": (_REMOTE,),
    "debitkarte": (_DEBIT,),
    "debitkarte (lesegerat)": (_CHIP, _DEBIT),
    "debitkarte (nfc)": (_TOUCH, _DEBIT),
    "debitkarte (webseite / app)": (_REMOTE,),
    "onlinezahlungsverfahren": (_REMOTE,),
}
CUSTOMERS_ONLY = re.compile(r"kunden|besucher|gaste")
NO_LIMIT = {"keine beschrankung", "keine angabe", ""}
_SOCKET, _CABLE = ConnectorFormat.SOCKET, ConnectorFormat.CABLE


def fold(text: str) -> str:
    """The text in small letters, without marks on them and blanks around it.

    >>> fold(" Öffnungszeiten"), fold("Straße")
    ('offnungszeiten', 'strasse')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def name_columns(header: Sequence[str]) -> list[str]:
    """Our name for each column, such as `street` or `plugs2`; its own where it is not known.

    >>> name_columns(["Straße", "P2 [kW]", "Nennleistung Stecker3", "Art der Ladeeinrichung"])
    ['street', 'power2', 'power3', 'kind']
    """
    return [_name(text) for text in header]


def _name(text: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", fold(text))
    if found := _OF_POINT.fullmatch(word):
        return f"{_POINT_NAMES[found[1]]}{int(found[2])}"
    return _NAME_OF.get(word, text)


@lru_cache(maxsize=1024)
def plugs_of(text: str, point_w: int | None) -> tuple[Plug, ...]:
    """The plugs of a cell such as `AC Steckdose Typ 2, AC Schuko`, numbered in its order.

    A word that is not known is kept as it is. `point_w` tells the size of a three-phase CEE socket.
    """
    words = [word for part in re.split(r"[,;\n]", text) if (word := " ".join(part.split()))]
    return tuple(_plug(str(n), word, point_w) for n, word in enumerate(words, start=1))


def _plug(number: str, word: str, point_w: int | None) -> Plug:
    plain = fold(word)
    cable = _CABLE if "kupplung" in plain else _SOCKET if "steckdose" in plain else None
    if "megawatt" in plain or "(mcs)" in plain:
        return Plug(number, "MCS", _CABLE)
    if "combo" in plain or "ccs" in plain:
        one = "combo 1" in plain
        return Plug(number, "IEC_62196_T1_COMBO" if one else "IEC_62196_T2_COMBO", _CABLE)
    if "chademo" in plain:
        return Plug(number, "CHADEMO", _CABLE)
    if "tesla" in plain:
        return Plug(number, "TESLA_S", _CABLE, PowerType.DC if plain.startswith("dc") else None)
    if "schuko" in plain:
        return Plug(number, "DOMESTIC_F", _SOCKET)
    if "cee" in plain:
        if "3" in plain:
            return Plug(number, iec_60309(1, 16), _SOCKET)
        amperes = round(point_w / (sqrt(3) * 400)) if point_w else None
        return Plug(number, iec_60309(3, amperes), _SOCKET, PowerType.AC_3_PHASE)
    for number_of_type, standard in (("2", "IEC_62196_T2"), ("1", "IEC_62196_T1")):
        if f"typ {number_of_type}" in plain:
            return Plug(number, standard, cable)
    if "typ 3" in plain:
        return Plug(number, "IEC_62196_T3C", cable)
    return Plug(number, word[:60], cable)
