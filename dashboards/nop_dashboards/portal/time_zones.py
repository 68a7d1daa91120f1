"""In which time zone an operator's stations are, when none of them says it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from nop_registry.database import Connection
from nop_registry.pricing.headline import find_zone
from nop_registry.queries import own_stations


def usual_zone(connection: Connection, source_ids: Sequence[int], country: str) -> str | None:
    """What most stations of these sources say, else the country's only one (alpha-2)."""
    said = own_stations.usual_time_zone(connection, source_ids)
    return said if find_zone(said) else only_zone(country)


@cache
def only_zone(country: str) -> str | None:
    """The country's time zone, if it has one only.

    >>> only_zone("IN"), only_zone("US")
    ('Asia/Kolkata', None)
    """
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    zones = [row[2] for row in rows if row[0] == country]
    return zones[0] if len(zones) == 1 else None
