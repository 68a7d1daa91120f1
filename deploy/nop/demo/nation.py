"""The static part of the nation: which stations there are, as OCPI 2.2.1 Locations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from nop.demo import geography
from nop.demo.hardware import UNITS, Unit
from nop.demo.operators import OPERATORS, Operator
from nop.demo.statuses import EPOCH_S, Behaviour
from nop.demo.tariffs import tariff_ids

LOCATIONS = 5_000
TIME_ZONE = "Asia/Kolkata"
_UNITS_PER_LOCATION = {
    "city": (45, 35, 15, 5),
    "highway": (25, 40, 25, 10),
    "rural": (75, 20, 5, 0),
}

# What a station stands at: name, OCPI facility, OCPI parking type, weight.
_SITES = {
    "city": (
        ("Metro Station", "METRO_STATION", "PARKING_LOT", 5),
        ("Mall", "MALL", "PARKING_GARAGE", 6),
        ("Tech Park", "CAFE", "UNDERGROUND_GARAGE", 5),
        ("Market", "SUPERMARKET", "ON_STREET", 6),
        ("Hotel", "HOTEL", "PARKING_LOT", 4),
        ("Fuel Station", "FUEL_STATION", "PARKING_LOT", 7),
        ("Railway Station", "TRAIN_STATION", "PARKING_LOT", 2),
        ("Hospital", "TAXI_STAND", "PARKING_LOT", 3),
    ),
    "highway": (
        ("Highway Plaza", "RESTAURANT", "ALONG_MOTORWAY", 5),
        ("Dhaba", "RESTAURANT", "ALONG_MOTORWAY", 4),
        ("Fuel Station", "FUEL_STATION", "ALONG_MOTORWAY", 5),
    ),
    "rural": (
        ("Fuel Station", "FUEL_STATION", "PARKING_LOT", 5),
        ("Bus Stand", "BUS_STOP", "PARKING_LOT", 4),
        ("Panchayat Office", "CARPOOL_PARKING", "ON_STREET", 3),
    ),
}
_PLACES = (geography.in_city, geography.on_highway, geography.in_country)
_OPEN = {
    "Mall": [
        {"weekday": day, "period_begin": "10:00", "period_end": "22:00"} for day in range(1, 8)
    ],
    "Panchayat Office": [
        {"weekday": day, "period_begin": "09:00", "period_end": "18:00"} for day in range(1, 7)
    ],
}


class Station(NamedTuple):
    """A Location whose statuses and times are still to be filled in."""

    document: dict[str, Any]
    """OCPI Location; its EVSEs are in `evses`, in the order of `behaviours`."""
    behaviours: tuple[Behaviour, ...]


def build(seed: int, operator: Operator, locations: int = LOCATIONS) -> list[Station]:
    """The operator's stations in a nation of about so many locations."""
    random = Random(f"{seed}/{operator.party_id}")  # noqa: S311 - a simulation, not a secret
    share = operator.share / sum(one.share for one in OPERATORS)
    return [_station(random, operator, n) for n in range(1, round(locations * share) + 1)]


def _station(random: Random, operator: Operator, n: int) -> Station:
    place = random.choices(_PLACES, weights=operator.places)[0](random)
    sites = _SITES[place.kind]
    site, facility, parking, _ = random.choices(sites, weights=[s[3] for s in sites])[0]
    location_id = f"{operator.party_id}-{n:05d}"
    count = random.choices((1, 2, 3, 4), weights=_UNITS_PER_LOCATION[place.kind])[0]
    units = [_pick_unit(random, operator) for _ in range(count)]
    popularity = {"city": 1.0, "highway": 0.9, "rural": 0.5}[place.kind] * random.uniform(0.6, 1.5)
    installed = _utc(EPOCH_S - random.randrange(400) * 86_400)
    evses = list(_evses(random, operator, f"{n:05d}", units, popularity, installed))
    town = place.city.name
    where = town if place.kind == "city" else f"near {town}"
    hours = _OPEN.get(site)
    document: dict[str, Any] = {
        "country_code": "IN",
        "party_id": operator.party_id,
        "id": location_id,
        "publish": True,
        "name": f"{operator.name} {site} {n}, {where} (simulated)",
        "address": f"Simulated {site} {n}, {where}",
        "city": town,
        "country": "IND",
        "coordinates": {"latitude": f"{place.lat:.6f}", "longitude": f"{place.lon:.6f}"},
        "parking_type": parking,
        "evses": [document for document, _ in evses],
        "operator": {
            "name": operator.label,
            "website": f"https://{operator.source_name}.example",
        },
        "facilities": [facility],
        "time_zone": TIME_ZONE,
        "opening_times": {"twentyfourseven": not hours}
        | ({"regular_hours": hours} if hours else {}),
    }
    if place.kind == "city":  # elsewhere the nearest town's state may not be the right one
        document["state"] = place.city.state
        document["postal_code"] = f"{place.city.pin}{random.randrange(1, 100):03d}"
    return Station(document, tuple(behaviour for _, behaviour in evses))


def _pick_unit(random: Random, operator: Operator) -> Unit:
    return UNITS[random.choices(list(operator.units), weights=list(operator.units.values()))[0]]


def _evses(
    random: Random,
    operator: Operator,
    number: str,
    units: list[Unit],
    popularity: float,
    installed: str,
) -> Iterator[tuple[dict[str, Any], Behaviour]]:
    n = 0
    for cabinet, unit in enumerate(units, 1):
        capabilities = ["REMOTE_START_STOP_CAPABLE", "RESERVABLE"]
        capabilities += ["RFID_READER"] if random.random() < 0.6 else []
        tariffs = tariff_ids(operator, unit.group)
        prices = {"tariff_ids": tariffs} if tariffs else {}
        for side in range(1, unit.evses + 1):
            n += 1
            connectors = [
                {
                    "id": str(position),
                    "standard": plug.standard,
                    "format": plug.format,
                    "power_type": plug.power_type,
                    "max_voltage": plug.volts,
                    "max_amperage": plug.amperes,
                    "max_electric_power": plug.power_w,
                    "last_updated": installed,
                }
                | prices
                for position, plug in enumerate(unit.plugs, 1)
            ]
            evse = {
                "uid": f"{operator.party_id}-{number}-{n}",
                "evse_id": f"IN*{operator.party_id}*E{number}*{n}",
                "status": "UNKNOWN",
                "capabilities": capabilities,
                "connectors": connectors,
                "physical_reference": f"{cabinet}{chr(64 + side)}",
                "last_updated": installed,
            }
            slot_s = random.randint(*unit.slot_minutes) * 60
            yield evse, Behaviour(random.getrandbits(64), unit.group, slot_s, popularity)


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
