"""Coordinates: swapped ones mended, impossible ones refused, doubtful ones reported (DM-3).

`country_boxes.json` holds, per ISO alpha-3 code, boxes (west, south, east, north) around a country
and its distant parts. Origin: Natural Earth 1:50m "admin 0 countries" (public domain) by way of the
npm package world-atlas 2.0.2; the boxes of the parts were merged where they lie close together and
grown by 0.1°. The boxes of IND and UKR hold all that those countries claim. A box is a plausibility
check for points, not a statement about a border.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from math import isnan

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.countries import alpha_3
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.geo import MAX_LATITUDE, BBox
from nop_registry.records import EvseRecord, LocationRecord

_ZERO = 0.001  # degrees: within 100 m of the equator and of Greenwich there is only sea
_NEARBY = 5  # degrees: so close to the country it is rather a site abroad than a swapped point


@cache
def country_boxes() -> dict[str, tuple[BBox, ...]]:
    """Boxes of each country, the largest first."""
    text = files("nop_ingest.normalise").joinpath("country_boxes.json").read_text("utf8")
    return {code: tuple(BBox(*box) for box in boxes) for code, boxes in json.loads(text).items()}


def settle_location(
    location: LocationRecord, context: Context, path: str, findings: list[Finding]
) -> LocationRecord | None:
    """Refuse a location that has no place; mend one whose latitude and longitude are swapped."""
    lat, lon = location.lat, location.lon
    boxes = _boxes_of(location, context)
    if not _inside(boxes, lat, lon):
        if refusal := _unplaceable(lat, lon):
            findings.append(refusal)
            return None
        if _inside(boxes, lon, lat) and not _inside(boxes, lat, lon, _NEARBY):
            findings.append(
                Notice(
                    "coordinates-swapped", Severity.WARNING, "coordinates",
                    "latitude and longitude were swapped and have been put right: "
                    "send latitude first", f"{lat}, {lon}",
                )
            )  # fmt: skip
            return msgspec.structs.replace(location, lat=lon, lon=lat)
        if _out_of_range(lat, lon):
            findings.append(
                Rejection(
                    "coordinates-out-of-range", "coordinates",
                    "latitude must be within ±85 and longitude within ±180 degrees",
                    f"{lat}, {lon}",
                )
            )  # fmt: skip
            return None
        if boxes:
            findings.append(
                Notice(
                    "coordinates-outside-country", Severity.WARNING, "coordinates",
                    f"the point is not in {location.country or context.country}: "
                    "check the coordinates and the country", f"{lat}, {lon}",
                )
            )  # fmt: skip
    if round(lat, 3) == lat and round(lon, 3) == lon:
        findings.append(
            Notice(
                "coordinates-coarse", Severity.INFO, "coordinates",
                "three decimals or fewer place a charger only to 100 m: send five to seven",
                f"{lat}, {lon}",
            )
        )  # fmt: skip
    return location


def settle_evse(
    evse: EvseRecord, context: Context, path: str, findings: list[Finding]
) -> EvseRecord:
    """Leave out an EVSE's own coordinates where they are no place; the location's still stand."""
    lat, lon = evse.lat, evse.lon
    if lat is None and lon is None:
        return evse
    if lat is None or lon is None or not is_place(lat, lon):
        findings.append(
            Notice(
                "evse-coordinates-unusable", Severity.INFO, f"{path}.coordinates",
                "left out; the location's coordinates are used", f"{lat}, {lon}",
            )
        )  # fmt: skip
        return msgspec.structs.replace(evse, lat=None, lon=None)
    return evse


def is_place(lat: float, lon: float) -> bool:
    """Whether there can be anything."""
    return _unplaceable(lat, lon) is None and not _out_of_range(lat, lon)


def _boxes_of(location: LocationRecord, context: Context) -> tuple[BBox, ...]:
    country = location.country or alpha_3(context.country)
    return country_boxes().get(country, ()) if country else ()


def _inside(boxes: tuple[BBox, ...], lat: float, lon: float, margin: float = 0) -> bool:
    return any(
        b.west - margin <= lon <= b.east + margin and b.south - margin <= lat <= b.north + margin
        for b in boxes
    )


def _out_of_range(lat: float, lon: float) -> bool:
    return not (-MAX_LATITUDE <= lat <= MAX_LATITUDE and -180 <= lon <= 180)


def _unplaceable(lat: float, lon: float) -> Rejection | None:
    if isnan(lat) or isnan(lon):
        return Rejection(
            "coordinates-missing", "coordinates",
            "latitude or longitude is missing or not a number: send both in decimal degrees",
        )  # fmt: skip
    if abs(lat) < _ZERO and abs(lon) < _ZERO:
        return Rejection(
            "coordinates-zero", "coordinates",
            "0, 0 is in the Atlantic: send the charger's own coordinates", f"{lat}, {lon}",
        )  # fmt: skip
    return None
