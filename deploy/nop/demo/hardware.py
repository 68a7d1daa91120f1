"""What stands at an Indian charging station, in OCPI's vocabulary.

A unit is one cabinet. A car, scooter or rickshaw that can charge beside another one has an EVSE of
its own: a Bharat AC-001 cabinet with three sockets is three EVSEs, a dual-gun DC charger is two.
OCPI has no name for Bharat AC-001's IEC 60309 socket other than `IEC_60309_2_single_16`, nor for
Bharat DC-001's plug other than `GBT_DC`.
"""

from __future__ import annotations

from typing import NamedTuple


class Plug(NamedTuple):
    """A connector."""

    standard: str
    format: str
    power_type: str
    volts: int
    amperes: int
    power_w: int


class Unit(NamedTuple):
    """A cabinet."""

    name: str
    group: str
    """dc, ac or light (two- and three-wheelers): which tariff and daily rhythm it follows."""
    evses: int
    plugs: tuple[Plug, ...]
    """Of each EVSE; only one of them can be used at once."""
    slot_minutes: tuple[int, int]
    """How long one visit and the pause after it take together."""


_TYPE_2_7 = Plug("IEC_62196_T2", "SOCKET", "AC_1_PHASE", 230, 32, 7_400)
_TYPE_2_22 = Plug("IEC_62196_T2", "CABLE", "AC_3_PHASE", 230, 32, 22_000)
_CHADEMO_50 = Plug("CHADEMO", "CABLE", "DC", 500, 125, 50_000)


def _ccs(power_w: int, volts: int, amperes: int) -> Plug:
    return Plug("IEC_62196_T2_COMBO", "CABLE", "DC", volts, amperes, power_w)


def _socket(standard: str) -> Plug:
    return Plug(standard, "SOCKET", "AC_1_PHASE", 230, 15, 3_300)


UNITS = {
    unit.name: unit
    for unit in (
        Unit("type-2-7", "ac", 1, (_TYPE_2_7,), (50, 100)),
        Unit("type-2-22", "ac", 2, (_TYPE_2_22,), (45, 90)),
        Unit("ccs-30", "dc", 1, (_ccs(30_000, 500, 60),), (30, 60)),
        Unit("ccs-60", "dc", 2, (_ccs(60_000, 750, 120),), (25, 50)),
        Unit("ccs-120", "dc", 2, (_ccs(120_000, 1000, 200),), (20, 45)),
        Unit("ccs-240", "dc", 2, (_ccs(240_000, 1000, 400),), (18, 40)),
        Unit("ccs-chademo", "dc", 1, (_ccs(60_000, 750, 120), _CHADEMO_50), (25, 50)),
        Unit("bharat-ac-001", "light", 3, (_socket("IEC_60309_2_single_16"),), (50, 110)),
        Unit(
            "bharat-dc-001", "light", 1, (Plug("GBT_DC", "CABLE", "DC", 72, 200, 15_000),), (40, 80)
        ),
        Unit("socket-16a-d", "light", 2, (_socket("DOMESTIC_D"),), (45, 100)),
        Unit("socket-16a-m", "light", 2, (_socket("DOMESTIC_M"),), (45, 100)),
    )
}
