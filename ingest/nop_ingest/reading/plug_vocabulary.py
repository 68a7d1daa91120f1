"""Plugs that several vocabularies describe in the same incomplete way."""

from __future__ import annotations

from nop_registry.enums import PowerType

DIRECT_CURRENT = frozenset(
    {
        "CHADEMO", "CHAOJI", "GBT_DC", "IEC_62196_T1_COMBO", "IEC_62196_T2_COMBO", "MCS",
        "PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN",
    }
)  # fmt: skip
"""Standards that are made for direct current only."""

_AC_AMPERES = (
    (16, "IEC_60309_2_three_16"),
    (32, "IEC_60309_2_three_32"),
    (64, "IEC_60309_2_three_64"),
)


THREE_PHASE_CEE = "IEC 60309 three-phase"
"""A socket of a size that is not known, or that OCPI has no name for."""


def iec_60309(phases: int, amperes: int | None) -> str:
    """The OCPI name of an IEC 60309 socket ("CEE"); of three phases it depends on the amperes.

    >>> iec_60309(3, 32), iec_60309(3, 125)
    ('IEC_60309_2_three_32', 'IEC 60309 three-phase')
    """
    if phases == 1:
        return "IEC_60309_2_single_16"
    if amperes is None:
        return THREE_PHASE_CEE
    return next((name for most, name in _AC_AMPERES if amperes <= most), THREE_PHASE_CEE)


def power_type_of(standard: str, stated: PowerType | None) -> PowerType | None:
    """What is stated, else DC where the standard allows nothing else."""
    return stated or (PowerType.DC if standard in DIRECT_CURRENT else None)
