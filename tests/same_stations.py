"""Stations that say only what every upload format can hold, and how each format says it.

What some formats cannot hold, and these stations therefore do not have:

* our table (CSV, XLSX, GeoJSON by connector): pictures, directions, exceptional hours, energy mix,
  parking places, related places, status schedules;
* OCPI: the district;
* DATEX II: the status and its time (they come in a publication of their own), `publish`, tariffs of
  a connector, its id other than its place, floor, physical reference, parking restrictions,
  accepted providers, capabilities and facilities that it has no word for, parking types other than
  on the street, charging when closed, a second operator.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter

Fields = dict[str, Any]

_CITIES = (
    ("Bengaluru", "560001", "Karnataka", 12.9716, 77.5946),
    ("जयपुर", "302006", "Rajasthan", 26.9196, 75.7878),
    ("Kochi, Fort", "682001", "Kerala", 9.9658, 76.2421),
    ('Pune "West"', "411001", "Maharashtra", 18.5289, 73.8744),
)
_WEEK = [
    {"weekday": day, "period_begin": "08:00", "period_end": "20:30"} for day in range(1, 6)
] + [{"weekday": 6, "period_begin": "09:00", "period_end": "14:00"}]
_PLUGS: tuple[tuple[Fields, ...], ...] = (
    (
        {"standard": "IEC_62196_T2_COMBO", "format": "CABLE", "power_type": "DC",
         "max_voltage": 400, "max_amperage": 150, "max_electric_power": 60000},
        {"standard": "CHADEMO", "format": "CABLE", "power_type": "DC",
         "max_electric_power": 50000},
    ),
    ({"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
      "max_voltage": 230, "max_amperage": 32},),
    ({"standard": "IEC_60309_2_three_32", "format": "SOCKET", "power_type": "AC_3_PHASE",
      "max_electric_power": 22000},),
    ({"standard": "DOMESTIC_D", "format": "SOCKET", "power_type": "AC_1_PHASE",
      "max_voltage": 230, "max_amperage": 15, "max_electric_power": 3300},),
)  # fmt: skip


def stations(count: int) -> list[Fields]:
    """That many stations, always the same, as OCPI Locations."""
    return [_station(n) for n in range(count)]


def _station(n: int) -> Fields:
    city, postal_code, state, lat, lon = _CITIES[n % len(_CITIES)]
    station: Fields = {
        "country_code": "IN",
        "party_id": ("ABC", "XYZ")[n % 2],
        "id": f"LOC-{n:04}",
        "name": f"Station {n} & Sons",
        "address": f"{n}, Main Road",
        "city": city,
        "postal_code": postal_code,
        "state": state,
        "country": "IND",
        "coordinates": _point(lat + n / 10_000, lon + n / 20_000),
        "operator": {"name": f"Operator {n % 7}"},
        "time_zone": "Asia/Kolkata",
        "last_updated": f"2026-09-{n % 28 + 1:02}T06:30:00Z",
        "evses": [_evse(n, place, lat, lon) for place in range(n % 4 + 1)],
    }
    if n % 3:
        station["operator"]["website"] = f"https://operator{n % 7}.example/stations"
        station["help_phone"] = f"+91 80 5550 {n:04}"
    if n % 5 == 0:
        station["parking_type"] = "ON_STREET"
        station["facilities"] = ["RESTAURANT", "WIFI"]
    if n % 4 == 1:
        station["opening_times"] = {"twentyfourseven": True}
    if n % 4 == 2:
        station["opening_times"] = {"twentyfourseven": False, "regular_hours": _WEEK}
    return station


def _point(lat: float, lon: float) -> dict[str, str]:
    return {"latitude": f"{lat:.6f}", "longitude": f"{lon:.6f}"}


def _evse(n: int, place: int, lat: float, lon: float) -> Fields:
    evse_id = f"IN*{('ABC', 'XYZ')[n % 2]}*E{n:04}*{place}"
    plugs = _PLUGS[(n + place) % len(_PLUGS)]
    evse: Fields = {
        "uid": evse_id if n % 2 else f"LOC-{n:04}-{place}",
        "evse_id": evse_id,
        "status": "UNKNOWN",
        "connectors": [{"id": str(k), **plug} for k, plug in enumerate(plugs, start=1)],
    }
    if place:
        evse["capabilities"] = ["RFID_READER", "REMOTE_START_STOP_CAPABLE", "RESERVABLE"][:place]
    if place == 2:
        evse["coordinates"] = _point(lat + n / 10_000 + 0.0005, lon + n / 20_000)
    return evse


# Our own table.


def _rows(all_stations: list[Fields]) -> Iterator[Fields]:
    for station in all_stations:
        for evse in station["evses"]:
            for connector in evse["connectors"]:
                yield _row(station, evse, connector)


def _row(station: Fields, evse: Fields, connector: Fields) -> Fields:
    hours = station.get("opening_times", {})
    always = hours.get("twentyfourseven")
    own = evse.get("coordinates", {})
    return {
        **{k: station[k] for k in ("country_code", "party_id", "address", "city", "postal_code")},
        **{k: station.get(k, "") for k in ("state", "country", "time_zone", "parking_type")},
        "location_id": station["id"],
        "location_name": station["name"],
        "lat": float(station["coordinates"]["latitude"]),
        "lon": float(station["coordinates"]["longitude"]),
        "operator_name": station["operator"]["name"],
        "operator_website": station["operator"].get("website", ""),
        "facilities": ";".join(station.get("facilities", ())),
        "help_phone": station.get("help_phone", ""),
        "twentyfourseven": "" if always is None else str(always).lower(),
        "opening_hours": "Mo-Fr 08:00-20:30; Sa 09:00-14:00" if "regular_hours" in hours else "",
        "location_last_updated": station["last_updated"],
        "evse_uid": evse["uid"],
        "evse_id": evse["evse_id"],
        "capabilities": ";".join(evse.get("capabilities", ())),
        "evse_lat": float(own["latitude"]) if own else "",
        "evse_lon": float(own["longitude"]) if own else "",
        "connector_id": connector["id"],
        **{k: connector.get(k, "") for k in ("standard", "format", "power_type")},
        **{k: connector.get(k, "") for k in ("max_voltage", "max_amperage")},
        "max_electric_power_w": connector.get("max_electric_power", ""),
    }


def as_csv(all_stations: list[Fields]) -> bytes:
    """Our template as CSV."""
    rows = list(_rows(all_stations))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_xlsx(all_stations: list[Fields]) -> bytes:
    """Our template as a workbook; numbers are numbers there."""
    rows = list(_rows(all_stations))
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("stations")
        sheet.write_row(0, 0, list(rows[0]))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, list(row.values()))
    return out.getvalue()


def as_geojson(all_stations: list[Fields]) -> bytes:
    """Our template as GeoJSON, one Feature a connector."""
    features = []
    for row in _rows(all_stations):
        point = [row.pop("lon"), row.pop("lat")]
        properties = {name: value for name, value in row.items() if value != ""}
        geometry = {"type": "Point", "coordinates": point}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


# OCPI.


def as_ocpi(all_stations: list[Fields]) -> bytes:
    """The answer of an OCPI 2.2.1 Sender."""
    data = [{"publish": True, **station} for station in all_stations]
    return json.dumps({"status_code": 1000, "data": data}).encode()


# DATEX II.

_SPACES = "".join(
    f' xmlns:{prefix}="http://datex2.eu/schema/3/{name}"'
    for prefix, name in (
        ("d2", "d2Payload"), ("com", "common"), ("egi", "energyInfrastructure"),
        ("fac", "facilities"), ("loc", "locationReferencing"), ("locx", "locationExtension"),
    )
)  # fmt: skip
_METHODS = {"RFID_READER": "rfid", "REMOTE_START_STOP_CAPABLE": "apps"}
_TYPES = {
    "IEC_62196_T2_COMBO": "iec62196T2COMBO", "CHADEMO": "chademo", "IEC_62196_T2": "iec62196T2",
    "IEC_60309_2_three_32": "iec60309x2three32", "DOMESTIC_D": "domesticD",
}  # fmt: skip
_MODES = {"DC": "mode4DC", "AC_3_PHASE": "mode3AC3p", "AC_1_PHASE": "mode2AC1p"}
_SERVICES = {
    "RESTAURANT": ("Service", "serviceFacilityType", "restaurant"),
    "WIFI": ("Equipment", "equipmentType", "internetWireless"),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def as_datex2(all_stations: list[Fields]) -> bytes:
    """An energy infrastructure table publication, version 3.6."""
    sites = "".join(map(_site, all_stations))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><d2:payload{_SPACES} '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:type="egi:EnergyInfrastructureTablePublication" lang="en" modelBaseVersion="3">'
        "<com:publicationTime>2026-10-01T00:00:00Z</com:publicationTime>"
        f'<egi:energyInfrastructureTable id="T" version="1">{sites}'
        "</egi:energyInfrastructureTable></d2:payload>"
    ).encode()


def _tag(name: str, content: object, attributes: str = "") -> str:
    return f"<{name}{attributes}>{content}</{name}>"


def _leaf(name: str, text: object) -> str:
    return "" if text in (None, "") else _tag(name, escape(str(text)))


def _words(name: str, text: str | None) -> str:
    """A multilingual string."""
    if text is None:
        return ""
    value = _tag("com:value", escape(text), ' lang="en"')
    return _tag(name, _tag("com:values", value))


def _site(station: Fields) -> str:
    operator = _words("fac:name", station["operator"]["name"])
    operator += _leaf("fac:linkToGeneralInformation", station["operator"].get("website"))
    if phone := station.get("help_phone"):
        contact = _tag("fac:contactInformation", _leaf("fac:telephoneNumber", phone))
        operator += _tag("fac:organisationUnit", contact)
    owner = f' xsi:type="fac:OrganisationSpecification" id="IN*{station["party_id"]}" version="1"'
    content = (
        _words("fac:name", station["name"])
        + _leaf("fac:lastUpdated", station["last_updated"])
        + _hours(station.get("opening_times"))
        + _tag("fac:locationReference", _address(station) + _coordinates(station))
        + _tag("fac:operator", operator, owner)
        + "".join(map(_facility, station.get("facilities", ())))
        + _leaf("egi:typeOfSite", "onstreet" if "parking_type" in station else None)
        + _tag(
            "egi:energyInfrastructureStation",
            "".join(map(_refill_point, station["evses"])),
            f" id={quoteattr(station['id'] + '-A')}",
        )
    )
    return _tag("egi:energyInfrastructureSite", content, f" id={quoteattr(station['id'])}")


def _coordinates(holder: Fields) -> str:
    point = holder["coordinates"]
    both = _leaf("loc:latitude", point["latitude"]) + _leaf("loc:longitude", point["longitude"])
    return _tag("loc:coordinatesForDisplay", both)


def _address(station: Fields) -> str:
    def line(kind: str, text: str) -> str:
        return _tag("locx:addressLine", _leaf("locx:type", kind) + _words("locx:text", text))

    address = (
        _leaf("locx:postcode", station["postal_code"])
        + _words("locx:city", station["city"])
        + _leaf("locx:countryCode", "IN")
        + line("street", station["address"])
        + line("region", station["state"])
    )
    place = _leaf("locx:timeZone", station["time_zone"]) + _tag("locx:address", address)
    return _tag("loc:_locationReferenceExtension", _tag("loc:facilityLocation", place))


def _hours(times: Fields | None) -> str:
    if times is None:
        return ""
    if times["twentyfourseven"]:
        return '<fac:operatingHours xsi:type="fac:OpenAllHours"/>'
    periods = "".join(
        _tag(
            "com:validPeriod",
            _tag(
                "com:recurringTimePeriodOfDay",
                _leaf("com:startTimeOfPeriod", f"{period['period_begin']}:00+05:30")
                + _leaf("com:endTimeOfPeriod", f"{period['period_end']}:00+05:30"),
            )
            + _tag(
                "com:recurringDayWeekMonthPeriod",
                _leaf("com:applicableDay", _DAYS[period["weekday"] - 1]),
            ),
        )
        for period in times["regular_hours"]
    )
    return _tag("fac:operatingHours", _tag("fac:overallPeriod", periods))


def _facility(name: str) -> str:
    kind, element, word = _SERVICES[name]
    attributes = f' xsi:type="fac:Supplemental{kind}" id="F" version="1"'
    return _tag("fac:supplementalFacility", _leaf(f"fac:{element}", word), attributes)


def _refill_point(evse: Fields) -> str:
    said = evse.get("capabilities", ())
    methods = "egi:authenticationAndIdentificationMethods"
    content = (
        _leaf("fac:externalIdentifier", evse["evse_id"])
        + (_tag("fac:locationReference", _coordinates(evse)) if "coordinates" in evse else "")
        + "".join(_leaf(methods, _METHODS[name]) for name in said if name in _METHODS)
        + _leaf("egi:reservation", "reservable" if "RESERVABLE" in said else None)
        + "".join(map(_connector, evse["connectors"]))
    )
    attributes = f' xsi:type="egi:ElectricChargingPoint" id={quoteattr(evse["uid"])} version="1"'
    return _tag("egi:refillPoint", content, attributes)


def _connector(connector: Fields) -> str:
    held = "socket" if connector["format"] == "SOCKET" else "cableMode3"
    return _tag(
        "egi:connector",
        _leaf("egi:connectorType", _TYPES[connector["standard"]])
        + _leaf("egi:chargingMode", _MODES[connector["power_type"]])
        + _leaf("egi:connectorFormat", held)
        + _leaf("egi:maxPowerAtSocket", connector.get("max_electric_power"))
        + _leaf("egi:voltage", connector.get("max_voltage"))
        + _leaf("egi:maximumCurrent", connector.get("max_amperage")),
    )
