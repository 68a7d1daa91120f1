"""Points, boxes and tile addresses. Longitudes and latitudes are WGS 84 degrees."""

from __future__ import annotations

import math
from typing import NamedTuple

from nop_registry.errors import InvalidInput

EARTH_RADIUS_M = 6378137.0
WORLD_HALF_M = math.pi * EARTH_RADIUS_M  # half the width of the Web Mercator square
MAX_LATITUDE = 85.06  # Web Mercator ends here; the database refuses points beyond it
MAX_ZOOM = 16


class Point(NamedTuple):
    """A place. Order is longitude, latitude (x, y)."""

    lon: float
    lat: float


class BBox(NamedTuple):
    """A box in degrees: west, south, east, north. A box may not cross the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> BBox:
        """Read `west,south,east,north`. Raises InvalidInput with what is wrong."""
        try:
            box = cls(*(float(part) for part in text.split(",")))
        except (ValueError, TypeError):
            raise InvalidInput("bbox must be west,south,east,north in degrees") from None
        return box.checked()

    def checked(self) -> BBox:
        """Itself, or InvalidInput when it is not a box on the map."""
        inside = -180 <= self.west < self.east <= 180 and -90 <= self.south < self.north <= 90
        if not inside:
            raise InvalidInput("bbox needs -180 ≤ west < east ≤ 180 and -90 ≤ south < north ≤ 90")
        return self


class TileAddress(NamedTuple):
    """A square of the Web Mercator pyramid (z, x, y; y grows southwards)."""

    z: int
    x: int
    y: int

    def checked(self) -> TileAddress:
        """Itself, or InvalidInput when there is no such tile."""
        if not 0 <= self.z <= MAX_ZOOM or not all(0 <= v < 1 << self.z for v in (self.x, self.y)):
            raise InvalidInput(f"no tile {self.z}/{self.x}/{self.y}: z is 0 to {MAX_ZOOM}")
        return self
