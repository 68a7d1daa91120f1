"""The time zone of a place that names none: from its country and its coordinates.

`zone.tab` of the IANA time zone database names, for each zone of a country, its principal place,
the most important zone first. The nearest one tells what the clock shows; of the zones whose clocks
show the same this year and next, the first is named: southern Germany is nearer to Büsingen, an
enclave, than to Berlin. Near a border between zones the nearest may be wrong, so whoever uses it
says that it was derived.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from math import cos, hypot, radians
from zoneinfo import ZoneInfo

from nop_ingest.normalise.countries import alpha_2

_DEGREES = re.compile(r"([+-]\d{2})(\d{2})(?:\d{2})?([+-]\d{3})(\d{2})(?:\d{2})?")


def zone_at(country: str, lat: float, lon: float) -> str | None:
    """IANA name for a place in a country (ISO 3166 alpha-2 or alpha-3); None if not known."""
    code = alpha_2(country)
    places = _zones().get(code, ()) if code else ()
    if not places:
        return None
    shrink = cos(radians(lat))
    nearest = min(places, key=lambda place: hypot(place[0] - lat, (place[1] - lon) * shrink))[2]
    return _first_alike(tuple(name for _, _, name in places), nearest, datetime.now(UTC).year)


@cache
def _first_alike(names: tuple[str, ...], name: str, year: int) -> str:
    """The first of these zones whose clock shows the same in this year and the next."""
    start, zone = datetime(year, 1, 1, tzinfo=UTC), ZoneInfo(name)
    hours = [start + timedelta(hours=n) for n in range(0, 2 * 366 * 24, 6)]
    clock = [at.astimezone(zone).utcoffset() for at in hours]
    for other in names:
        alike = ZoneInfo(other)
        if all(at.astimezone(alike).utcoffset() == o for at, o in zip(hours, clock, strict=True)):
            return other
    return name


@cache
def _zones() -> dict[str, tuple[tuple[float, float, str], ...]]:
    """By alpha-2, latitude, longitude and name of each zone."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf8").splitlines():
        if line.startswith("#"):
            continue
        code, place, name = line.split("\t")[:3]
        if (parts := _DEGREES.fullmatch(place)) is not None:
            lat, lon = _degrees(parts[1], parts[2]), _degrees(parts[3], parts[4])
            found.setdefault(code, []).append((lat, lon, name))
    return {code: tuple(places) for code, places in found.items()}


def _degrees(whole: str, minutes: str) -> float:
    return int(whole) + int(whole[0] + minutes) / 60
