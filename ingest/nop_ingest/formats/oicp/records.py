"""What an OICP EVSE data record says, and the Location that several of them make."""

from __future__ import annotations

import re
import zlib
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from nop_ingest.formats.oicp.plugs import connectors_of
from nop_ingest.normalise import timestamps
from nop_ingest.normalise.countries import alpha_3
from nop_ingest.reading.json_fields import (
    Fields,
    bool_of,
    fields_of,
    fold,
    list_of,
    number_of,
    objects_of,
    text_of,
)
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.tables import parse_number
from nop_ingest.reading.upload_format import ParsedLocation, RefusedRow
from nop_ingest.report import Notice
from nop_registry.enums import Severity, Status
from nop_registry.errors import InvalidIdentifier
from nop_registry.geo import Point
from nop_registry.identifiers import PartyId, canonical_evse_id
from nop_registry.records import (
    BusinessDetails,
    DisplayText,
    EnergyMix,
    EnergySource,
    EnvironmentalImpact,
    EvseRecord,
    Hours,
    Image,
    LocationRecord,
    RegularHours,
)

_MARK = "['\"\u2019\u2032\u201d]"  # of minutes and seconds
_DEGREES = re.compile(
    rf"([+-]?\d{{1,3}})\s*°\s*(\d{{1,2}})\s*{_MARK}\s*(\d{{1,2}}(?:[.,]\d+)?)\s*{_MARK}{{1,2}}"
)
_DECIMAL = r"([+-]?\d{1,3}(?:\.\d+)?)"
_GOOGLE = re.compile(rf"\s*{_DECIMAL}\s*[\s,;]\s*{_DECIMAL}\s*", re.ASCII)
_PLACE_IDS = ("chargingpoolid", "chargingstationid")
_PARKING_TYPES = {
    "onstreet": "ON_STREET", "parkinglot": "PARKING_LOT", "parkinggarage": "PARKING_GARAGE",
    "undergroundparkinggarage": "UNDERGROUND_GARAGE",
}  # fmt: skip
_CAPABILITIES = {
    "nfc rfid classic": "RFID_READER", "nfc rfid desfire": "RFID_READER",
    "remote": "REMOTE_START_STOP_CAPABLE", "reservation": "RESERVABLE",
}  # fmt: skip
_ENERGIES = {
    "solar": "SOLAR", "wind": "WIND", "hydropower": "WATER", "geothermalenergy": "GENERAL_GREEN",
    "biomass": "GENERAL_GREEN", "coal": "COAL", "nuclearenergy": "NUCLEAR",
    "petroleum": "GENERAL_FOSSIL", "naturalgas": "GAS",
}  # fmt: skip
_IMPACTS = {"co2emission": "CARBON_DIOXIDE", "nuclearwaste": "NUCLEAR_WASTE"}  # both in g/kWh
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {day: (number,) for number, day in enumerate(_WEEK, start=1)} | {
    "everyday": tuple(range(1, 8)), "workdays": tuple(range(1, 6)), "weekend": (6, 7),
}  # fmt: skip


class Operator(NamedTuple):
    """Whose records they are, as their block says."""

    id: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, block: Fields) -> Operator:
        """Out of a block's members."""
        return cls(text_of(block.get("operatorid")), text_of(block.get("operatorname")))


class Row(NamedTuple):
    """A record of which it is known whose it is and where."""

    number: int
    packed: bytes
    """The record's JSON: all of a file are held until their places are known."""
    operator: Operator
    party: PartyId
    evse_id: str
    place: tuple[str, str]
    """What the records of one Location have in common."""
    point: Point | None


def read_row(number: int, record: dict[str, Any], fields: Fields, operator: Operator) -> Row:
    """A record as it was written, and its `fields`. Raises Refused."""
    if not record:
        raise Refused("record-unreadable", "", "This is no readable object; export again.")
    evse_id = text_of(fields.get("evseid"))
    if evse_id is None:
        raise Refused("evse-id-missing", "EvseID", "Every record needs its EvseID.")
    if operator.id is None:
        operator = Operator.of(fields)
    point = _point(fields_of(fields.get("geocoordinates")))
    party = _party(evse_id, operator)
    place = next((given for name in _PLACE_IDS if (given := text_of(fields.get(name)))), None)
    if place is None and point is not None:
        place = f"{point.lat:.5f}\x1f{point.lon:.5f}"
    if place is None:
        raise _no_point(fields)
    packed = zlib.compress(msgspec.json.encode(record), 1)
    return Row(number, packed, operator, party, evse_id, (str(party), place.casefold()), point)


def _party(evse_id: str, operator: Operator) -> PartyId:
    for text in (operator.id, (canonical_evse_id(evse_id) or "")[:5]):
        try:
            return PartyId.parse(text or "")
        except InvalidIdentifier:
            continue
    raise Refused(
        "party-unusable", "OperatorID",
        "An OperatorID or EvseID in ISO form is needed, such as DE*ABC; those of DIN name no OCPI "
        "party.", operator.id or evse_id,
    )  # fmt: skip


def _point(given: Fields) -> Point | None:
    google = given.get("google")
    text = text_of(fields_of(google).get("coordinates")) if isinstance(google, dict) else google
    if isinstance(text, str) and (found := _GOOGLE.fullmatch(text)):
        return Point(lon=float(found[2]), lat=float(found[1]))
    decimal = fields_of(given.get("decimaldegree"))
    sexagesimal = fields_of(given.get("degreeminuteseconds"))
    lat, lon = number_of(decimal.get("latitude")), number_of(decimal.get("longitude"))
    lat = _degrees(sexagesimal.get("latitude")) if lat is None else lat
    lon = _degrees(sexagesimal.get("longitude")) if lon is None else lon
    return None if lat is None or lon is None else Point(lon=lon, lat=lat)


def _no_point(fields: Fields) -> Refused:
    given = fields.get("geocoordinates")
    return Refused(
        "coordinate-unreadable", "GeoCoordinates",
        'Enter latitude and longitude such as "18.5289 73.8744".',
        None if given is None else msgspec.json.encode(given).decode()[:200],
    )  # fmt: skip


def _degrees(value: object) -> float | None:
    found = _DEGREES.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        return None
    seconds = parse_number(found[3])
    size = abs(int(found[1])) + int(found[2]) / 60 + float(seconds or 0) / 3600
    return round(-size if found[1].startswith("-") else size, 7)


def to_location(rows: list[Row]) -> ParsedLocation | list[RefusedRow]:
    """The Location of records that stand at one place; the first one's word counts.

    Their refusal, where none of them says where that is.
    """
    first = rows[0]
    point = next((row.point for row in rows if row.point), None)
    written = [zlib.decompress(row.packed) for row in rows]
    records = [fold(msgspec.json.decode(raw)) for raw in written]
    record, address = records[0], fields_of(records[0].get("address"))
    location_id = _location_id(first, record)
    if point is None:
        return _all_refused(rows, _no_point(record), location_id)
    notices: list[Notice] = []
    evses = tuple(_evse(row, r, point, notices) for row, r in zip(rows, records, strict=True))
    for_tests = {_is_for_tests(r) for r in records if not _is_deleted(r)} == {True}
    if for_tests:
        notices.append(
            Notice(
                "location-not-public", Severity.INFO, "Accessibility",
                "A test station, so it is kept and not published.", None, first.number,
            )
        )  # fmt: skip
    updated = [m for r in records if (m := timestamps.parse(r.get("lastupdate")))]
    suboperator = text_of(record.get("suboperatorname"))
    location = LocationRecord(
        country_code=first.party.country_code,
        party_id=first.party.party_id,
        id=location_id,
        lat=point.lat,
        lon=point.lon,
        publish=not for_tests,
        name=_first_text(record.get("chargingstationnames"))
        or text_of(record.get("chargingstationname")),
        address=" ".join(
            text for name in ("street", "housenum") if (text := text_of(address.get(name)))
        )
        or None,
        city=text_of(address.get("city")),
        postal_code=text_of(address.get("postalcode")),
        state=text_of(address.get("region")),
        country=_country(address),
        parking_type=_parking_type(record),
        operator=BusinessDetails(name=first.operator.name) if first.operator.name else None,
        suboperator=BusinessDetails(name=suboperator) if suboperator else None,
        directions=_texts(record.get("chargingstationlocationreference")),
        opening_times=_hours(record),
        time_zone=_zone(address),
        help_phone=text_of(record.get("hotlinephonenumber")),
        energy_mix=_energy_mix(record),
        evses=evses,
        last_updated=max(updated, default=None),
    )
    return ParsedLocation(
        location,
        msgspec.Raw(b"[" + b",".join(written) + b"]"),
        tuple(row.number for row in rows),
        tuple((row.number,) for row in rows),
        tuple(notices),
    )


def _all_refused(rows: list[Row], why: Refused, location_id: str) -> list[RefusedRow]:
    party = rows[0].party
    return [
        RefusedRow(
            why.rejection(row.number),
            (party.country_code, party.party_id, location_id),
        )
        for row in rows
    ]


def _location_id(first: Row, record: Fields) -> str:
    given = (text_of(record.get(name)) for name in _PLACE_IDS)
    hashed = blake2b("\x1f".join(first.place).encode(), digest_size=6).hexdigest()
    return next((text for text in given if text), hashed)


def _is_for_tests(record: Fields) -> bool:
    return (text_of(record.get("accessibility")) or "").casefold() == "test station"


def _is_deleted(record: Fields) -> bool:
    return (text_of(record.get("deltatype")) or "").casefold() == "delete"


def _evse(row: Row, record: Fields, place: Point, notices: list[Notice]) -> EvseRecord:
    gone = _is_deleted(record)
    elsewhere = row.point if row.point != place else None
    picture = text_of(record.get("chargingstationimage"))
    modes = [
        *list_of(record.get("authenticationmodes")),
        *list_of(record.get("valueaddedservices")),
    ]
    known = (_CAPABILITIES.get((text_of(mode) or "").casefold()) for mode in modes)
    address = fields_of(record.get("address"))
    return EvseRecord(
        uid=row.evse_id,
        evse_id=row.evse_id,
        status=Status.REMOVED if gone else Status.UNKNOWN,
        # Of the record, not of a status: UNKNOWN as of a moment would be a claim.
        last_updated=timestamps.parse(record.get("lastupdate")) if gone else None,
        connectors=connectors_of(record, row.number, notices),
        capabilities=tuple(dict.fromkeys(name for name in known if name)),
        floor_level=text_of(address.get("floor")),
        physical_reference=text_of(address.get("parkingspot")),
        lat=elsewhere.lat if elsewhere else None,
        lon=elsewhere.lon if elsewhere else None,
        directions=_texts(record.get("additionalinfo")),
        images=(Image(url=picture, category="CHARGER"),) if picture else (),
    )


def _texts(value: object) -> tuple[DisplayText, ...]:
    found = [(text_of(o.get("lang")) or "und", text_of(o.get("value"))) for o in objects_of(value)]
    return tuple(DisplayText(language=lang, text=text) for lang, text in found if text)


def _first_text(value: object) -> str | None:
    return next((text.text for text in _texts(value)), None)


def _country(address: Fields) -> str | None:
    given = text_of(address.get("country"))
    return (alpha_3(given) or given) if given else None


def _zone(address: Fields) -> str | None:
    """OICP has offsets ("UTC+01:00"), which name no zone; some send a zone all the same."""
    given = text_of(address.get("timezone"))
    return given if given and "/" in given else None


def _parking_type(record: Fields) -> str | None:
    given = (text_of(place) for place in list_of(record.get("accessibilitylocation")))
    found = (_PARKING_TYPES.get((place or "").casefold().replace(" ", "")) for place in given)
    return next((kind for kind in found if kind), None)


def _hours(record: Fields) -> Hours | None:
    if bool_of(record.get("isopen24hours")):
        return Hours(twentyfourseven=True)
    regular = []
    for entry in objects_of(record.get("openingtimes")):
        periods = entry.get("period") or entry.get("periods")
        for day in _DAYS.get((text_of(entry.get("on")) or "").casefold(), ()):
            for period in objects_of(periods):
                begin, end = text_of(period.get("begin")), text_of(period.get("end"))
                if begin and end:
                    regular.append(RegularHours(weekday=day, period_begin=begin, period_end=end))
    return Hours(twentyfourseven=False, regular_hours=tuple(regular)) if regular else None


def _energy_mix(record: Fields) -> EnergyMix | None:
    green = bool_of(record.get("renewableenergy"))
    if green is None:
        return None
    shares = (
        (_ENERGIES.get((text_of(o.get("energy")) or "").casefold()), _amount(o.get("percentage")))
        for o in objects_of(record.get("energysource"))
    )
    impact = fields_of(record.get("environmentalimpact"))
    amounts = ((category, _amount(impact.get(name))) for name, category in _IMPACTS.items())
    return EnergyMix(
        is_green_energy=green,
        energy_sources=tuple(EnergySource(s, p) for s, p in shares if s and p is not None),
        environ_impact=tuple(EnvironmentalImpact(c, a) for c, a in amounts if a is not None),
    )


def _amount(value: object) -> Decimal | None:
    return parse_number(text_of(value) or "")
