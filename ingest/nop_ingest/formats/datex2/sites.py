"""A DATEX II site with its stations, refill points and connectors as a Location with its EVSEs.

Site = Location, refill point = EVSE; the station between them is OCPI's charge point, which OCPI
does not have. What a point does not say itself, its station may say for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from nop_ingest.formats.datex2 import vocabulary as words
from nop_ingest.formats.datex2.elements import Node
from nop_ingest.formats.datex2.places import (
    address_of,
    country_of,
    hours_of,
    operator_of,
    phone_of,
    point_of,
    text_in,
    time_zone_of,
)
from nop_ingest.normalise import timestamps
from nop_ingest.reading.tables import parse_number
from nop_ingest.reading.upload_format import ParsedLocation
from nop_registry.errors import InvalidIdentifier
from nop_registry.identifiers import PartyId, canonical_evse_id
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EnergyMix,
    EnergySource,
    EvseRecord,
    LocationRecord,
)

STATION = "energyInfrastructureStation"
_POINTS = frozenset({"refillPoint", "electricChargingPoint"})
# Shorter ids number the points of a station, as Lithuania and Slovenia do: 0, 1, 2.
_SHORTEST_OWN_ID = 4
_BARE_PARTY = 5  # letters of a party without a sign in it
_MAX_WHOLE = 2**31 - 1


class Publication(NamedTuple):
    """What a file says before its sites."""

    language: str = ""
    country: str | None = None
    publisher: str | None = None
    time: str | None = None


class _Point(NamedTuple):
    node: Node
    station: Node
    uid: str


def points_of(site: Node) -> Iterator[tuple[Node, Node]]:
    """The electric refill points of a site, each with its station."""
    return ((point, station) for point, station in _all_points(site) if is_electric(point))


def count_others(site: Node) -> int:
    """How many of a site's refill points give something else than electricity."""
    return sum(not is_electric(point) for point, _ in _all_points(site))


def is_electric(point: Node) -> bool:
    """By its XML Schema type; without one it is taken for electric."""
    kind = point.attributes.get("type", "").rpartition(":")[2]
    return kind in ("", "RefillPoint", "ElectricChargingPoint")


def _all_points(site: Node) -> Iterator[tuple[Node, Node]]:
    for station in site.all(STATION):
        for point in station.children:
            if point.name in _POINTS:
                yield point, station


def uid_of(point_id: str, station_id: str, repeated: bool = False) -> str:
    """A refill point's id where it is its own, else with its station's before it."""
    own = len(point_id) >= _SHORTEST_OWN_ID and not repeated
    return point_id if own or canonical_evse_id(point_id) else f"{station_id}*{point_id}"


def party_of(site: Node, evse_ids: list[str], publication: Publication) -> PartyId | None:
    """Whose a site is: its operator's id, else the EVSE-IDs' operator, else the publisher."""
    operator = site.find("operator") or site.find(STATION, "operator")
    prefix = (canonical_evse_id(evse_ids[0]) or "")[:5] if evse_ids else ""
    given = (operator.attributes.get("id"), operator.value("externalCode")) if operator else ()
    for text in (*given, prefix, publication.publisher):
        # Without a sign between them, five letters may be any word.
        if text and (len(text) > _BARE_PARTY or text == prefix):
            try:
                return PartyId.parse(text)
            except InvalidIdentifier:
                continue
    return None


def evse_id_of(point: Node, language: str) -> str | None:
    """The public id, which stands in the point's id, external identifier or name."""
    own = point.attributes.get("id") or ""
    others = (point.value("externalIdentifier"), text_in(point.find("name"), language))
    return next((text for text in (own, *others) if text and canonical_evse_id(text)), None)


def place_of(site: Node) -> tuple[float, float] | None:
    """Latitude and longitude of a site, else of its first station or point that has them."""
    points = (point for point, _ in points_of(site))
    nodes = (node for some in ((site,), site.all(STATION), points) for node in some)
    return next((place for node in nodes if (place := point_of(node))), None)


def to_location(
    site: Node, rows: range, party: PartyId, place: tuple[float, float], publication: Publication
) -> ParsedLocation:
    """The Location of a site at a place; its points are the rows."""
    language = publication.language
    points = _points(site)
    stations = [site, *site.all(STATION)]
    address = next((a for node in stations if (a := address_of(node, language))), None)
    hours = next((h for node in stations if (h := hours_of(node))), None)
    evses = tuple(_evse(point, place, language) for point in points)
    record = LocationRecord(
        country_code=party.country_code,
        party_id=party.party_id,
        id=site.attributes["id"],
        lat=place[0],
        lon=place[1],
        name=text_in(site.find("name"), language),
        address=address.street if address else None,
        city=address.city if address else None,
        postal_code=address.postal_code if address else None,
        district=address.district if address else None,
        state=address.state if address else None,
        country=country_of(address.country if address else None, publication.country),
        parking_type=words.find(words.PARKING_TYPES, site.value("typeOfSite")),
        operator=_company(stations, "operator", language),
        owner=_company(stations[:1], "owner", language),
        facilities=_facilities(site),
        time_zone=next((z for node in stations if (z := time_zone_of(node))), None),
        opening_times=hours,
        energy_mix=_energy_mix(points),
        help_phone=next((n for node in stations if (n := phone_of(node))), None),
        evses=evses,
        last_updated=_updated(site, points),
    )
    return ParsedLocation(
        record,
        msgspec.Raw(msgspec.json.encode(site.builtins())),
        tuple(rows),
        tuple((row,) for row in rows),
    )


def _updated(site: Node, points: list[_Point]) -> datetime | None:
    """When the site or anything in it was last updated. A table claims no status of its points."""
    nodes = [site, *(p.station for p in points), *(p.node for p in points)]
    found = (timestamps.parse(node.value("lastUpdated")) for node in nodes)
    return max((at for at in found if at), default=None)


def _points(site: Node) -> list[_Point]:
    found = list(points_of(site))
    counts = Counter(point.attributes.get("id", "") for point, _ in found)
    return [
        _Point(
            point,
            station,
            uid_of(
                point.attributes.get("id", ""),
                station.attributes.get("id", ""),
                counts[point.attributes.get("id", "")] > 1,
            ),
        )
        for point, station in found
    ]


def _company(nodes: list[Node], role: str, language: str) -> BusinessDetails | None:
    return next((c for node in nodes if (c := operator_of(node, role, language))), None)


def _evse(point: _Point, place: tuple[float, float], language: str) -> EvseRecord:
    node, station = point.node, point.station
    own = point_of(node) or point_of(station) or place
    connectors = tuple(
        _connector(number, connector)
        for number, connector in enumerate(node.all("connector"), start=1)
    )
    return EvseRecord(
        uid=point.uid,
        evse_id=evse_id_of(node, language),
        connectors=connectors,
        capabilities=_capabilities(node, station),
        lat=own[0] if own != place else None,
        lon=own[1] if own != place else None,
    )


def _capabilities(point: Node, station: Node) -> tuple[str, ...]:
    methods = "authenticationAndIdentificationMethods"
    said = [m.text for node in (point, station) for m in node.all(methods)]
    found = [words.find(words.CAPABILITIES, word) for word in said]
    if words.fold(point.value("reservation")) in words.RESERVABLE:
        found.append("RESERVABLE")
    return tuple(dict.fromkeys(name for name in found if name))


def _connector(number: int, connector: Node) -> ConnectorRecord:
    amperes = _whole(connector.value("maximumCurrent"))
    standard = words.standard_of(
        connector.value("connectorType") or "", connector.value("otherConnector"), amperes
    )
    return ConnectorRecord(
        id=connector.value("externalIdentifier") or str(number),
        standard=standard,
        format=words.format_of(connector.value("connectorFormat")),
        power_type=words.current_of(connector.value("chargingMode"), standard),
        max_voltage=_whole(connector.value("voltage")),
        max_amperage=amperes,
        max_electric_power_w=_whole(connector.value("maxPowerAtSocket")),
    )


def _whole(text: str | None) -> int | None:
    number = parse_number(text) if text else None
    return round(number) if number is not None and 0 < number <= _MAX_WHOLE else None


def _facilities(site: Node) -> tuple[str, ...]:
    said = [site.all("associatedFacility", "type")]
    said += [
        site.all("supplementalFacility", kind) for kind in ("serviceFacilityType", "equipmentType")
    ]
    found = (words.find(words.FACILITIES, node.text) for nodes in said for node in nodes)
    return tuple(dict.fromkeys(name for name in found if name))


def _energy_mix(points: list[_Point]) -> EnergyMix | None:
    """What every point says alike of its energy."""
    said = {_mix_of(point.node) for point in points}
    return said.pop() if len(said) == 1 else None


def _mix_of(point: Node) -> EnergyMix | None:
    mix = point.find("electricEnergyMix")
    green = mix.value("isGreenEnergy") if mix else None
    if mix is None or green is None:
        return None
    shares = (
        (
            words.find(words.ENERGY_SOURCES, ratio.value("energySource")),
            parse_number(ratio.value("sourceRatioValue", "percentage") or ""),
        )
        for ratio in mix.all("electricEnergySourceRatio")
    )
    return EnergyMix(
        is_green_energy=green in ("true", "1"),
        energy_sources=tuple(EnergySource(s, p) for s, p in shares if s and p is not None),
    )
