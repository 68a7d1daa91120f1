"""Plugs of a point of which only the highest power is told, not that of each plug."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from nop_ingest.reading.plug_vocabulary import DIRECT_CURRENT, THREE_PHASE_CEE
from nop_registry.enums import ConnectorFormat, PowerType
from nop_registry.records import ConnectorRecord

SINGLE_PHASE_W = 7_400
"""Up to here AC is on one phase (32 A at 230 V); more needs three (AFIR annex III)."""

_CARRIES_W = {  # with a tenth to spare, as in the check `power-too-high`
    "DOMESTIC_B": 2_000,
    "DOMESTIC_E": 4_100,
    "DOMESTIC_F": 4_100,
    "IEC_60309_2_single_16": 4_100,
    "IEC_60309_2_three_16": 12_200,
    "IEC_60309_2_three_32": 24_400,
    "IEC_60309_2_three_64": 49_000,
    THREE_PHASE_CEE: 49_000,
    "IEC_62196_T1": 21_200,
    "IEC_62196_T2": 49_000,
}
_HOUSEHOLD = frozenset({"DOMESTIC_E", "DOMESTIC_F"})  # 16 A at 230 V, by the standard
_ONE_PHASE = _HOUSEHOLD | {"DOMESTIC_B", "IEC_60309_2_single_16"}
_THREE_PHASES = frozenset(
    {"IEC_60309_2_three_16", "IEC_60309_2_three_32", "IEC_60309_2_three_64", THREE_PHASE_CEE}
)


class Plug(NamedTuple):
    """A plug or socket of a point."""

    id: str
    standard: str
    format: ConnectorFormat | None
    power_type: PowerType | None = None
    """Where the publisher's word for the plug says it."""


@lru_cache(maxsize=4096)
def connectors_of(plugs: tuple[Plug, ...], point_w: int | None) -> tuple[ConnectorRecord, ...]:
    """The plugs with what can be said about the power of each; watts.

    The point's power is that of every plug that can carry it: a point of 150 kW with CCS and
    Type 2 has a CCS plug of 150 kW, and a Type 2 socket of unknown power. If none can, it is
    everyone's, and a check says so. A household socket beside a stronger plug has 16 A at 230 V.
    """
    able = [p for p in plugs if point_w is None or point_w <= _CARRIES_W.get(p.standard, point_w)]
    return tuple(_connector(plug, point_w, not able or plug in able) for plug in plugs)


def _connector(plug: Plug, point_w: int | None, able: bool) -> ConnectorRecord:
    power_w = point_w if able else None
    by_standard = plug.standard in _HOUSEHOLD and not able
    return ConnectorRecord(
        id=plug.id,
        standard=plug.standard,
        format=plug.format,
        power_type=plug.power_type or _power_type(plug.standard, power_w),
        max_voltage=230 if by_standard else None,
        max_amperage=16 if by_standard else None,
        max_electric_power_w=power_w,
    )


def _power_type(standard: str, power_w: int | None) -> PowerType | None:
    if standard in DIRECT_CURRENT:
        return PowerType.DC
    if standard in _ONE_PHASE:
        return PowerType.AC_1_PHASE
    if standard in _THREE_PHASES:
        return PowerType.AC_3_PHASE
    if standard == "IEC_62196_T2" and power_w is not None:
        return PowerType.AC_1_PHASE if power_w <= SINGLE_PHASE_W else PowerType.AC_3_PHASE
    return None
