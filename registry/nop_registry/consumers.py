"""Consumers of our OCPI Sender interface: what they may read (SE-9) and when they are told."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

import msgspec
import pycountry

from nop_registry.errors import InvalidInput

LATE = timedelta(minutes=15)
"""What reaches us later after the fact is told with the moment of publication (SE-5)."""

_PARTY = re.compile(r"[A-Z]{2}-[A-Z0-9]{3}")


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """As `peer.scope` keeps it. All conditions must hold; an empty one does not restrict.

    What is simulated is left out unless it is asked for.
    """

    parties: tuple[str, ...] = ()
    """Owners of the objects, such as "IN-TPC"."""
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2 of the place; where a location names none, of its owner."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees."""
    simulated: bool = False
    """Simulated sources too. OCPI has no field that would label them, so they are asked for."""
    prefix_ids: bool = False
    """2.1.1 only, whose objects name no owner: ids are sent as `CC*PID*id` (SE-3)."""

    @property
    def restricts_place(self) -> bool:
        """The place decides, not only the owner."""
        return bool(self.countries) or self.bbox is not None

    @property
    def countries_alpha_3(self) -> list[str]:
        """The same countries as ISO 3166 alpha-3."""
        found = (pycountry.countries.get(alpha_2=code) for code in self.countries)
        return [country.alpha_3 for country in found if country is not None]


def parse_scope(kept: dict[str, Any]) -> Scope:
    """Read and check a scope. Raises InvalidInput with what is wrong."""
    try:
        scope = msgspec.convert(kept, Scope, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"scope: {error}. It may have parties, countries, bbox, simulated and prefix_ids"
        ) from None
    for party in scope.parties:
        if not _PARTY.fullmatch(party):
            raise InvalidInput(f"scope: a party is written such as IN-TPC, not {party!r}")
    for code in scope.countries:
        if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None:
            raise InvalidInput(f"scope: a country is written such as IN, not {code!r}")
    if scope.bbox is not None:
        west, south, east, north = scope.bbox
        in_range = -180 <= west < east <= 180 and -90 <= south < north <= 90
        if not (in_range and all(map(math.isfinite, scope.bbox))):
            raise InvalidInput("scope: bbox is west, south, east, north in degrees")
    return scope
