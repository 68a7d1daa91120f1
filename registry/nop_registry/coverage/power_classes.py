"""Power classes as data: a class is a current and a range of power."""

from __future__ import annotations

from typing import NamedTuple


class PowerClass(NamedTuple):
    """One class of one scheme: above_w < power ≤ up_to_w, in watts."""

    scheme: str
    code: str
    title: str
    current: str | None
    """`AC`, `DC`; None: not known."""
    above_w: int | None
    """None: power unknown."""
    up_to_w: int


SCHEMES = {
    "afir": "Regulation (EU) 2023/1804, Annex III",
    "e-amrit": "NITI Aayog, e-AMRIT: standards and specifications",
}

DC_PLUGS = (
    "IEC_62196_T1_COMBO", "IEC_62196_T2_COMBO", "CHADEMO", "CHAOJI", "GBT_DC", "MCS",
    "PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN",
)  # fmt: skip
"""Connector types that carry direct current only; used where a publisher gives no power type."""

AC_PLUGS = ("IEC_62196_T1", "IEC_62196_T3A", "IEC_62196_T3C", "GBT_AC", "IEC_62196_T2")
"""Connector types taken for alternating current where a publisher gives no power type; so are
household and industrial sockets (DOMESTIC…, IEC_60309…, NEMA…)."""

_ANY = 2**31 - 1
_UNKNOWN = (
    ("ac-unknown", "AC, power unknown", "AC", None, _ANY),
    ("dc-unknown", "DC, power unknown", "DC", None, _ANY),
    ("current-unknown", "Current unknown", None, 0, _ANY),
    ("unknown", "Current and power unknown", None, None, _ANY),
)
# AFIR's bounds are "< 7.4" and "7.4 to 22", so that 7,400 W is in the upper class: one watt less.
_AFIR = (
    ("ac-slow", "AC below 7.4 kW", "AC", 0, 7_399),
    ("ac-medium", "AC 7.4 to 22 kW", "AC", 7_399, 22_000),
    ("ac-fast", "AC above 22 kW", "AC", 22_000, _ANY),
    ("dc-slow", "DC below 50 kW", "DC", 0, 49_999),
    ("dc-fast", "DC 50 to below 150 kW", "DC", 49_999, 149_999),
    ("dc-ultra-1", "DC 150 to below 350 kW", "DC", 149_999, 349_999),
    ("dc-ultra-2", "DC 350 kW and more", "DC", 349_999, _ANY),
)
# The published table leaves DC between 15 and 50 kW to Level 3 ("up to 400 kW").
_E_AMRIT = (
    ("level-1-ac", "Level 1 AC, up to 3.5 kW", "AC", 0, 3_500),
    ("level-2-ac", "Level 2 AC, up to 22 kW", "AC", 3_500, 22_000),
    ("level-3-ac", "Level 3 AC, above 22 kW", "AC", 22_000, _ANY),
    ("level-1-dc", "Level 1 DC, up to 15 kW", "DC", 0, 15_000),
    ("level-3-dc", "Level 3 DC, up to 400 kW", "DC", 15_000, 400_000),
    ("beyond", "DC above 400 kW, beyond the table", "DC", 400_000, _ANY),
)

POWER_CLASSES: tuple[PowerClass, ...] = tuple(
    PowerClass(scheme, *row)
    for scheme, rows in (("afir", _AFIR), ("e-amrit", _E_AMRIT))
    for row in (*rows, *_UNKNOWN)
)
