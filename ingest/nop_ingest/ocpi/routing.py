"""OCPI's routing headers: who a request is for, and from whom it comes (RT-1 to RT-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Party = tuple[str, str]
"""country_code and party_id."""

NONE, PARTY, HUB = "none", "party", "hub"
WITHOUT_ROUTING = ("2.0", "2.1", "2.1.1")
"""Versions that know no such headers."""


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """The parties at both ends of a connection, as far as they are known."""

    us: Party | None = None
    party: Party | None = None
    """The peer's first CPO role."""
    hub: Party | None = None
    """The hub through which others are reached; None: a direct connection."""

    def ways(self, version: str, quirks: Mapping[str, Any]) -> list[str]:
        """How a list may be asked for: what worked or was set first, then what else there is.

        A direct connection needs no headers; a hub is asked in its own name (RT-2: GET ALL).
        """
        if version in WITHOUT_ROUTING or self.us is None:
            return [NONE]
        usual = [HUB, NONE, PARTY] if self.hub else [NONE, PARTY]
        there = [way for way in usual if way == NONE or self._target(way)]
        return sorted(there, key=lambda way: way != quirks.get("routing"))

    def headers(self, way: str) -> dict[str, str]:
        """The headers of a list request; none for NONE."""
        target = self._target(way)
        return {} if target is None else self._headers(target)

    def headers_to(self, party: Party, version: str, quirks: Mapping[str, Any]) -> dict[str, str]:
        """The headers of a request for one object: TO is its owner, also behind a hub (RT-2)."""
        way = self.ways(version, quirks)[0]
        return {} if way == NONE else self._headers(party)

    def _target(self, way: str) -> Party | None:
        return {PARTY: self.party, HUB: self.hub}.get(way)

    def _headers(self, to: Party) -> dict[str, str]:
        if self.us is None:
            return {}
        return {
            "OCPI-to-country-code": to[0],
            "OCPI-to-party-id": to[1],
            "OCPI-from-country-code": self.us[0],
            "OCPI-from-party-id": self.us[1],
        }
