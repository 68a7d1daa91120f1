"""Where simulated stations stand: in cities, along highways, in the country.

The inner outline is coarse on purpose: it lies some 13 km inside the coast and the borders, so a
point within it is on land and in India. It was drawn inside Natural Earth's (public domain)
outline. It is no statement about any border.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from nop.demo.cities import CITIES, City

KM_PER_DEGREE = 111.2
_HIGHWAY_STRAY_KM = 3.0
_RURAL_REACH_KM = (25.0, 110.0)

# fmt: off
_INNER_OUTLINE = (
    (68.60, 23.49), (68.93, 23.83), (68.92, 24.15), (69.97, 24.05), (71.18, 24.34), (70.76, 25.73),
    (70.34, 25.80), (70.26, 26.59), (69.65, 27.08), (70.40, 27.90), (70.84, 27.58), (71.94, 27.86),
    (72.43, 28.67), (73.02, 28.97), (73.47, 29.84), (74.03, 30.10), (74.18, 30.54), (74.75, 31.01),
    (74.65, 31.75), (75.46, 32.21), (75.26, 32.50), (76.20, 32.90), (77.80, 32.40), (78.28, 32.20),
    (78.50, 31.25), (79.08, 31.10), (79.34, 30.80), (80.40, 30.10), (80.10, 29.70), (79.95, 28.75),
    (82.70, 27.36), (83.29, 27.18), (84.10, 27.30), (84.50, 27.15), (84.57, 26.93), (85.26, 26.60),
    (85.80, 26.42), (87.32, 26.20), (88.04, 26.22), (87.98, 25.78), (88.20, 25.20), (87.88, 24.63),
    (88.45, 24.15), (88.40, 23.61), (88.70, 22.60), (88.30, 22.30), (87.83, 22.50), (87.80, 21.94),
    (86.82, 21.40), (86.75, 20.68), (86.36, 20.20), (86.08, 20.24), (85.95, 19.97), (85.10, 19.90),
    (84.02, 18.45), (82.28, 17.25), (82.13, 16.70), (81.28, 16.52), (80.90, 16.00), (80.18, 15.80),
    (79.92, 15.11), (80.05, 13.90), (79.93, 13.60), (80.10, 13.29), (79.53, 11.30), (79.70, 10.43),
    (79.22, 10.40), (78.83, 9.42), (78.17, 9.10), (77.93, 8.50), (77.48, 8.30), (76.70, 9.12),
    (76.62, 9.60), (75.90, 11.40), (75.04, 12.76), (74.59, 14.52), (73.63, 16.10), (73.06, 18.66),
    (73.20, 19.25), (72.85, 19.90), (73.10, 20.75), (72.85, 21.33), (73.30, 21.76), (73.02, 22.38),
    (72.17, 22.42), (71.88, 21.87), (71.90, 21.35), (70.75, 20.92), (69.30, 22.10), (70.25, 22.40),
    (70.60, 23.20), (69.61, 22.95), (68.92, 23.18),
)

_HIGHWAYS: tuple[tuple[str | tuple[float, float], ...], ...] = (
    ("Gurugram", "Jaipur", "Ajmer", "Udaipur", "Ahmedabad", "Vadodara", "Surat", (72.95, 20.60),
     (73.00, 19.75), "Thane", "Pune", (74.00, 17.69), "Kolhapur", "Belagavi", "Hubballi",
     (76.40, 14.23), "Bengaluru", (78.13, 12.52), (79.13, 12.92), "Chennai"),
    ("Faridabad", "Agra", "Kanpur", "Prayagraj", "Varanasi", "Gaya", "Dhanbad", "Asansol",
     "Kolkata"),
    ("Delhi", (76.97, 29.69), (76.78, 30.38), "Ludhiana", "Amritsar"),
    ("Agra", "Gwalior", (78.57, 25.45), (78.74, 23.84), "Nagpur", (78.53, 19.67), "Hyderabad",
     (78.04, 15.83), (77.60, 14.68), "Bengaluru", "Salem", "Madurai", (77.70, 8.75)),
    ("Kolkata", (87.32, 22.35), (86.50, 21.06), "Cuttack", "Bhubaneswar", (84.30, 19.20),
     "Visakhapatnam", (81.80, 17.01), "Vijayawada", (79.95, 14.44), "Chennai"),
    ("Surat", (74.77, 20.90), "Nagpur", "Raipur", (83.97, 21.47), "Cuttack"),
    ("Thane", "Nashik", (74.77, 20.90), "Indore", "Bhopal", (78.74, 23.84)),
    ("Pune", "Solapur", "Hyderabad", "Vijayawada"),
    ("Bengaluru", "Mysuru"),
    ("Salem", "Coimbatore", "Thrissur", "Kochi"),
    ("Noida", "Agra", (79.00, 27.05), "Lucknow", (83.37, 26.76), "Patna"),
    ("Delhi", "Meerut", "Haridwar", "Dehradun"),
    ("Ahmedabad", "Rajkot"),
    ("Jaipur", "Kota", "Indore"),
)
# fmt: on


class Place(NamedTuple):
    """A spot for a station."""

    lon: float
    lat: float
    kind: str
    """city, highway or rural."""
    city: City
    """The town it stands in, or the nearest one."""


def is_inland(lon: float, lat: float) -> bool:
    """Whether the point lies within the inner outline."""
    inside = False
    x1, y1 = _INNER_OUTLINE[-1]
    for x2, y2 in _INNER_OUTLINE:
        if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside


def moved(lon: float, lat: float, bearing: float, distance_km: float) -> tuple[float, float]:
    """The point at that bearing (radians) and distance, good enough below 200 km."""
    north, east = distance_km * math.cos(bearing), distance_km * math.sin(bearing)
    return (
        lon + east / (KM_PER_DEGREE * math.cos(math.radians(lat))),
        lat + north / KM_PER_DEGREE,
    )


def distance_km(a: Sequence[float], b: Sequence[float]) -> float:
    """Distance of two (lon, lat), good enough to compare."""
    east = (a[0] - b[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return KM_PER_DEGREE * math.hypot(east, a[1] - b[1])


def in_city(random: Random) -> Place:
    """A place in a town: dense in its middle."""
    city = random.choices(CITIES, weights=_WEIGHTS)[0]
    reach = city.radius_km * random.random() ** 0.8
    lon, lat = moved(city.lon, city.lat, random.random() * math.tau, reach)
    return Place(lon, lat, "city", city)


def on_highway(random: Random) -> Place:
    """A place along a road between towns."""
    while True:
        (start, end), _ = random.choices(_STRETCHES, weights=_LENGTHS)[0]
        part = random.random()
        lon = start[0] + (end[0] - start[0]) * part
        lat = start[1] + (end[1] - start[1]) * part
        stray = random.random() * _HIGHWAY_STRAY_KM
        lon, lat = moved(lon, lat, random.random() * math.tau, stray)
        if is_inland(lon, lat):
            return Place(lon, lat, "highway", _nearest(lon, lat))


def in_country(random: Random) -> Place:
    """A place in the country, not too far from some town."""
    near, far = _RURAL_REACH_KM
    while True:
        city = random.choice(CITIES)
        reach = near + (far - near) * random.random()
        lon, lat = moved(city.lon, city.lat, random.random() * math.tau, reach)
        if is_inland(lon, lat):
            return Place(lon, lat, "rural", _nearest(lon, lat))


def _nearest(lon: float, lat: float) -> City:
    return min(CITIES, key=lambda city: distance_km((city.lon, city.lat), (lon, lat)))


def _stretches() -> list[tuple[tuple[tuple[float, float], tuple[float, float]], float]]:
    spots = {city.name: (city.lon, city.lat) for city in CITIES}
    found = []
    for highway in _HIGHWAYS:
        line = [spots[stop] if isinstance(stop, str) else stop for stop in highway]
        for start, end in pairwise(line):
            found.append(((start, end), distance_km(start, end)))
    return found


_WEIGHTS = [city.weight for city in CITIES]
_STRETCHES = _stretches()
_LENGTHS = [length for _, length in _STRETCHES]
