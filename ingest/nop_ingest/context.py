"""What the rules must know about a delivery besides the object itself."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances under which an object came."""

    country: str
    """ISO 3166 alpha-2 of the nation served."""
    received_at: datetime
    """Our clock, UTC."""
    default_country_code: str | None = None
    """For objects that name no country_code (OCPI 2.1.1, or a gap)."""
    default_party_id: str | None = None
    """For objects that name no party_id."""
    agreed_parties: frozenset[tuple[str, str]] | None = None
    """Whose objects are taken, as (country_code, party_id); None: whoever's."""
    asked_at: datetime | None = None
    """When the objects were asked for, if others may push the same ones meanwhile (PU-13)."""
