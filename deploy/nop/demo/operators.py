"""The simulated operators: names nobody bears, and what makes each of them different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Operator(NamedTuple):
    """An operator that does not exist."""

    party_id: str
    name: str
    share: float
    """Of the nation's stations."""
    places: tuple[float, float, float]
    """Weights of city, highway and country."""
    units: Mapping[str, float]
    """Weights of hardware.UNITS."""
    pricing: str
    """How it prices, a name of tariffs.PRICE_LISTS; empty: it publishes no tariffs."""

    @property
    def label(self) -> str:
        """The name as published."""
        return f"{self.name} (simulated)"

    @property
    def source_name(self) -> str:
        """The name of its feed in the registry."""
        return self.name.lower().replace(" ", "-")

    @property
    def token(self) -> str:
        """What its server wants to see. No secret: what it guards is invented."""
        return f"simulated-{self.party_id.lower()}-token"


_MIXED = {"type-2-7": 4, "type-2-22": 2, "ccs-30": 3, "ccs-60": 4, "ccs-120": 1, "ccs-chademo": 0.5}
_FAST = {"ccs-60": 5, "ccs-120": 3, "ccs-240": 1, "ccs-chademo": 0.6}
_BHARAT = {"bharat-ac-001": 5, "bharat-dc-001": 4, "type-2-7": 1, "ccs-30": 1}
_LIGHT = {"socket-16a-d": 4, "socket-16a-m": 4, "bharat-ac-001": 2}
_SLOW = {"type-2-7": 6, "type-2-22": 3, "socket-16a-m": 1}

OPERATORS = (
    Operator("DV1", "Demo Vidyut", 18, (70, 15, 15), _MIXED, "solar-hours"),
    Operator("DU2", "Demo Urja", 14, (85, 10, 5), _MIXED, "flat"),
    Operator("DG3", "Demo Gati", 11, (25, 70, 5), _FAST, "session-fee"),
    Operator("DC4", "Demo Chakra", 10, (80, 5, 15), _LIGHT, "flat"),
    Operator("DP5", "Demo Prakash", 10, (60, 5, 35), _BHARAT, "grace"),
    Operator("DS6", "Demo Setu", 9, (40, 55, 5), _FAST, "solar-hours"),
    Operator("DP7", "Demo Pavan", 7, (90, 5, 5), _SLOW, "per-minute"),
    Operator("DT8", "Demo Tarang", 6, (75, 15, 10), _MIXED, ""),
    Operator("DB9", "Demo Bijli Ghar", 5, (55, 10, 35), _BHARAT, "no-tax-given"),
    Operator("DR1", "Demo Rath", 4, (90, 5, 5), _SLOW, "free"),
    Operator("DS2", "Demo Surya", 3, (30, 30, 40), _MIXED, "solar-hours"),
    Operator("DS3", "Demo Sangam", 3, (85, 10, 5), _FAST, "contract"),
)
