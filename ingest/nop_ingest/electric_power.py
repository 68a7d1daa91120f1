"""Watts from volts, amperes and phases (DM-7)."""

from __future__ import annotations

from math import sqrt

from nop_registry.enums import PowerType

_LINE_TO_LINE_V = 380  # from here on a three-phase voltage is measured between two phases


def watts_of(power_type: PowerType | None, volts: int | None, amperes: int | None) -> int | None:
    """Power of a connector from its electric values; None if one is missing.

    Volts of AC_3_PHASE are between line and neutral by OCPI, but many send 400 V.

    >>> watts_of(PowerType.AC_3_PHASE, 400, 32), watts_of(PowerType.AC_3_PHASE, 230, 32)
    (22170, 22080)
    """
    if not volts or not amperes or power_type is None:
        return None
    if power_type is PowerType.AC_3_PHASE:
        phases = sqrt(3) if volts >= _LINE_TO_LINE_V else 3
        return round(phases * volts * amperes)
    two = power_type in (PowerType.AC_2_PHASE, PowerType.AC_2_PHASE_SPLIT)
    return volts * amperes * (2 if two else 1)
