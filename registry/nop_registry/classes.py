"""Connector classes as bits: "CCS and at least 150 kW on one connector" is one AND in the index.

A mask has one bit per (group of standards, power class). It is a prefilter: a power that is not a
class boundary takes the class below it, and the exact condition is checked on the connector.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

GROUPS = ("T2", "CCS2", "CHADEMO", "GBT", "T1", "OTHER")
POWER_CLASSES_W = (0, 1, 3_700, 7_400, 11_000, 22_000, 50_000, 150_000, 350_000)
"""Lower bound of each class in watts; class 0 is "power unknown"."""

_GROUP_OF = {
    "IEC_62196_T2": 0,
    "IEC_62196_T2_COMBO": 1,
    "CHADEMO": 2,
    "GBT_AC": 3,
    "GBT_DC": 3,
    "IEC_62196_T1": 4,
    "IEC_62196_T1_COMBO": 4,
}


def _class_of(power_w: int | None) -> int:
    return 0 if power_w is None else bisect_right(POWER_CLASSES_W, power_w) - 1


def class_bit(standard: str, power_w: int | None) -> int:
    """The bit of one connector."""
    return 1 << (_GROUP_OF.get(standard, 5) * len(POWER_CLASSES_W) + _class_of(power_w))


def class_mask(standards: Iterable[str] | None, min_power_w: int | None) -> int:
    """All bits that a connector of one of the standards with at least that power may have."""
    groups = range(len(GROUPS)) if standards is None else {_GROUP_OF.get(s, 5) for s in standards}
    lowest = 0 if min_power_w is None else _class_of(min_power_w)
    return sum(
        1 << (group * len(POWER_CLASSES_W) + power)
        for group in groups
        for power in range(lowest, len(POWER_CLASSES_W))
    )
