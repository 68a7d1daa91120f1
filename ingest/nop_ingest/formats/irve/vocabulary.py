"""The words of France's IRVE schema: what its columns say, in OCPI's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from nop_ingest.reading.point_plugs import Plug
from nop_registry.enums import ConnectorFormat
from nop_registry.records import Parking

STATION_ID, POINT_ID = "id_station_itinerance", "id_pdc_itinerance"
LOCAL_STATION_ID, LOCAL_POINT_ID = "id_station_local", "id_pdc_local"
COORDINATES, POWER, POINTS = "coordonneesXY", "puissance_nominale", "nbre_pdc"
NAME, ADDRESS, KIND_OF_PLACE = "nom_station", "adresse_station", "implantation_station"
OPERATOR, BRAND, OWNER = "nom_operateur", "nom_enseigne", "nom_amenageur"
PHONE, HOURS, UPDATED = "telephone_operateur", "horaires", "date_maj"
FREE, PRICE, CARD, BOOKABLE = "gratuit", "tarification", "paiement_cb", "reservation"
ACCESS, SIZE, TWO_WHEELS = "accessibilite_pmr", "restriction_gabarit", "station_deux_roues"
CABLE, REMARKS, SECRET = "cable_t2_attache", "observations", "num_pdl"
PLUGS = {
    "prise_type_ef": "EF",
    "prise_type_2": "T2",
    "prise_type_combo_ccs": "CCS",
    "prise_type_chademo": "CHADEMO",
    "prise_type_autre": "AUTRE",
}
OTHER_PLUG = "prise_type_autre"
REQUIRED = (STATION_ID, POINT_ID, COORDINATES, POWER)
STATION_COLUMNS = (
    NAME, ADDRESS, KIND_OF_PLACE, OPERATOR, BRAND, OWNER, PHONE, HOURS,
)  # fmt: skip
"""What all rows of a station should say alike."""
READ = {
    *REQUIRED, *STATION_COLUMNS, *PLUGS, LOCAL_STATION_ID, LOCAL_POINT_ID, POINTS, UPDATED, FREE,
    PRICE, CARD, BOOKABLE, ACCESS, SIZE, TWO_WHEELS, CABLE, REMARKS, SECRET,
}  # fmt: skip
UNHELD = {
    "siren_amenageur", "contact_amenageur", "contact_operateur", "code_insee_commune",
    "paiement_acte", "paiement_autre", "condition_acces", "raccordement", "date_mise_en_service",
}  # fmt: skip
"""Columns of the schema that the registry has no field for."""

HELD_PLACES = {"Voirie", "Parking privé réservé à la clientèle"}
"""Kinds of place that say something of parking: the others may have a roof or none."""
HELD_ACCESS = {"réservé pmr", "accessible mais non réservé pmr", "accessibilité inconnue"}

_LONGEST = 500  # a longer text is no address and no limit, and would be long in the searching
_ID = re.compile(r"([A-Z]{2})([A-Z0-9]{3})[A-Z0-9]+")
_NOT_CONCERNED = {"non concerne", "non concerné", "non concernee", "non concernée"}
_NUMBERS = re.compile(r"\[?\s*([+-]?\d+(?:[.,]\d+)?)\s*[,;\s]\s*([+-]?\d+(?:[.,]\d+)?)\s*\]?")
_TOWN = re.compile(r"(?P<street>.*)(?<!\d)(?P<code>\d{5})(?!\d)[\s,;-]+(?P<town>[^\d\s].*)")
_COUNTRY = re.compile(r"[\s,]+france$", re.IGNORECASE)
_PLACEHOLDER_PHONE = re.compile(r"0{8,}|1{8,}|123456789")
_SIZES = re.compile(
    r"(hauteur|largeur|longueur|poids)\s+max\w*\.?\s*:?\s*(\d+(?:[.,]\d+)?)\s*(cm|mm|m|kg|t)\b"
)
_LIGHT = re.compile(r"(?:que|uniquement|seulement)\b.*\bpoids légers?\b")  # up to 3.5 t, by law
_HEAVY = re.compile(r"(?:que|uniquement|seulement)\b.*\bpoids lourds?\b")
_NO_SIZE = {
    "", "-", "/", "na", "n/a", "none", "aucun", "aucune", "aucune restriction", "inconnu",
    "aucune restriction connue", "inconnue", "non renseigné", "non specifie", "non spécifié",
    "no information", "no restriction", "pas de restriction", "restrictions gabarit inconnues",
    "restriction de gabarit non précisée", "non précisé", "sans restriction", "non concerné",
}  # fmt: skip
_IN_CENTIMETRES = {"m": Decimal(100), "cm": Decimal(1), "mm": Decimal("0.1")}
_IN_KILOGRAMS = {"kg": Decimal(1), "t": Decimal(1000)}
_SIZE_FIELDS = {
    "hauteur": "max_vehicle_height",
    "largeur": "max_vehicle_width",
    "longueur": "max_vehicle_length",
    "poids": "max_vehicle_weight",
}


class StationAddress(NamedTuple):
    """The parts of `[number] [street] [postal code] [town]`."""

    street: str | None
    postal_code: str | None
    town: str | None


def name_columns(header: Sequence[str]) -> list[str]:
    """The columns as the schema writes them, whatever their case."""
    names = [name.strip().casefold() for name in header]
    return [COORDINATES if name == COORDINATES.casefold() else name for name in names]


def roaming_id(text: str) -> str | None:
    """An AFIREV id without `*` and blanks, in capitals; None if the cell has none.

    >>> roaming_id("fr*tsl*p1"), roaming_id("Non concerné")
    ('FRTSLP1', None)
    """
    plain = text.replace("*", "").replace(" ", "").upper()
    return plain if plain and text.strip().casefold() not in _NOT_CONCERNED else None


def party_of(*ids: str | None) -> tuple[str, str] | None:
    """Country and party of the first of these ids that begins as an AFIREV id does."""
    for text in ids:
        if text and (found := _ID.fullmatch(text)):
            return found[1], found[2]
    return None


def read_point(text: str) -> tuple[float, float] | None:
    """Longitude and latitude as the schema orders them; None if there are no two numbers.

    >>> read_point("[2.974629, 50.410222]")
    (2.974629, 50.410222)
    """
    found = _NUMBERS.fullmatch(text.strip())
    if found is None:
        return None
    return float(found[1].replace(",", ".")), float(found[2].replace(",", "."))


@lru_cache(maxsize=4096)
def read_address(text: str) -> StationAddress:
    """Street, postal code and town where the text ends so; else all of it is the street.

    >>> read_address("1 rue Haute, 75001, Paris, France")
    StationAddress(street='1 rue Haute', postal_code='75001', town='Paris')
    """
    text = text.strip()
    found = _TOWN.fullmatch(_COUNTRY.sub("", text)) if len(text) <= _LONGEST else None
    if found is None:
        return StationAddress(text or None, None, None)
    town = re.split(r"[,(;]", found["town"])[0].strip(" -")
    return StationAddress(found["street"].strip(" ,;-") or None, found["code"], town or None)


def read_phone(text: str) -> str | None:
    """The number without `tel:`; None if it is a placeholder."""
    number = text.strip().removeprefix("tel:").strip()
    return None if _PLACEHOLDER_PHONE.search(re.sub(r"\D", "", number)) else number or None


@lru_cache(maxsize=1024)
def plugs_of(ef: bool, t2: bool, ccs: bool, chademo: bool, other: bool, cable: bool | None
             ) -> tuple[Plug, ...]:  # fmt: skip
    """The plugs of a point. `cable`: whether its Type 2 has one; None: not told."""
    known = {True: ConnectorFormat.CABLE, False: ConnectorFormat.SOCKET, None: None}
    all_plugs = (
        (ef, Plug("EF", "DOMESTIC_E", ConnectorFormat.SOCKET)),
        (t2, Plug("T2", "IEC_62196_T2", known[cable])),
        (ccs, Plug("CCS", "IEC_62196_T2_COMBO", ConnectorFormat.CABLE)),
        (chademo, Plug("CHADEMO", "CHADEMO", ConnectorFormat.CABLE)),
        (other, Plug("AUTRE", "OTHER", None)),
    )
    return tuple(plug for there, plug in all_plugs if there)


def says_no_size(text: str) -> bool:
    """Whether the text is one of the ways to say that no limit is known."""
    return text.strip().casefold() in _NO_SIZE


@lru_cache(maxsize=1024)
def parking_of(access: str, size: str, two_wheels: bool) -> Parking | None:
    """What the point's parking place is for, and what fits: centimetres and kilograms.

    None: the cells say nothing of it. The id follows from what they say, so it stays the same.
    """
    limits: dict[str, Decimal] = {}
    folded = size[:_LONGEST].casefold()
    for what, number, unit in _SIZES.findall(folded):
        factors = _IN_KILOGRAMS if what == "poids" else _IN_CENTIMETRES
        if unit in factors:
            limits[_SIZE_FIELDS[what]] = Decimal(number.replace(",", ".")) * factors[unit]
    if _LIGHT.search(folded):
        limits.setdefault("max_vehicle_weight", Decimal(3500))
    types: tuple[str, ...] = ("MOTORCYCLE",) if two_wheels else ()
    if _HEAVY.search(folded):
        types += ("RIGID", "TRUCK_WITH_TRAILER")
    only = bool(types)
    reserved = access == "réservé pmr"
    if reserved:
        types += ("DISABLED",)
    elif access.startswith("accessible"):
        types += ("DISABLED",) if only else ("PERSONAL_VEHICLE", "DISABLED")
    if not types and not limits:
        return None
    marks = "+".join(types) or "ANY"
    label = "-".join(
        [marks, *(f"{field[12:14]}{value.normalize():f}" for field, value in limits.items())]
    )
    return Parking(
        id=f"{'ONLY-' if reserved or only else ''}{label}",
        vehicle_types=types,
        restricted_to_type=(reserved or only) if types else None,
        **limits,  # type: ignore[arg-type]  # names of Parking's own Decimal fields
    )
