"""The words of the Bureau of Energy Efficiency's list: operators, states, kinds of charger."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from nop_registry.areas_data.names import fold, spellings_of
from nop_registry.enums import ConnectorFormat, PowerType

OPERATORS = {
    "corporat ion of chennai": "Corporation of Chennai",
    "hyderabad metro corporatio n ltd": "Hyderabad Metro Corporation Ltd",
    "surat municipal corporatio n": "Surat Municipal Corporation",
    "tn golf federatrio n": "TN Golf Federation",
    "transport departmen t chennai": "Transport Department Chennai",
    "smart e trasure": "Smart E Trasure",
    "plug &go": "Plug & Go",
}
"""Names that the narrow column of the PDF has torn apart."""


def find_state(text: str) -> str | None:
    """The name of the state or union territory that is meant; None if there is no such one.

    >>> find_state("UT of D&NH and D&D"), find_state("Uttrakhand"), find_state("Atlantis")
    ('Dadra and Nagar Haveli and Daman and Diu', 'Uttarakhand', None)
    """
    folded = fold(text)
    return next((s.name for s in spellings_of("IN") if s.folded == folded), None)


class Outlet(msgspec.Struct, frozen=True):
    """One connector of a row."""

    standard: str
    short_name: str
    power_w: int
    format: ConnectorFormat | None
    power_type: PowerType | None


_SINGLE_PHASE_W = 7_700  # 32 A at 240 V: more needs three phases


def _type_2(power_w: int) -> Outlet:
    phases = PowerType.AC_1_PHASE if power_w <= _SINGLE_PHASE_W else PowerType.AC_3_PHASE
    return Outlet("IEC_62196_T2", "T2", power_w, None, phases)


def _ccs2(power_w: int) -> Outlet:
    # India's CCS is CCS2 (IS 17017-2-3); the list writes both.
    return Outlet("IEC_62196_T2_COMBO", "CCS2", power_w, ConnectorFormat.CABLE, PowerType.DC)


def _chademo(power_w: int) -> Outlet:
    return Outlet("CHADEMO", "CHADEMO", power_w, ConnectorFormat.CABLE, PowerType.DC)


def _bharat_dc(power_w: int) -> Outlet:
    return Outlet("GBT_DC", "DC001", power_w, ConnectorFormat.CABLE, PowerType.DC)


def _bharat_ac(power_w: int) -> Outlet:
    return Outlet(
        "IEC_60309_2_single_16", "AC001", power_w, ConnectorFormat.SOCKET, PowerType.AC_1_PHASE
    )


def _lev_ac(power_w: int) -> Outlet:
    # The socket of a light vehicle's AC point (IS 17017-22-1) is the same IS/IEC 60309.
    return Outlet(
        "IEC_60309_2_single_16", "LEVAC", power_w, ConnectorFormat.SOCKET, PowerType.AC_1_PHASE
    )


def _lev_dc(standard: str, short_name: str, power_w: int) -> Outlet:
    # OCPI has no word for these connectors: they are published under India's.
    return Outlet(standard, short_name, power_w, ConnectorFormat.CABLE, PowerType.DC)


_KINDS: dict[str, Callable[[int], Outlet]] = {
    "type ii": _type_2,
    "type ii ac": _type_2,
    "ccs": _ccs2,
    "ccs ii": _ccs2,
    "chademo": _chademo,
    "bharat ac": _bharat_ac,
    "bharat ac 001": _bharat_ac,
    "bharat dc 001": _bharat_dc,
    "lev ac charge point": _lev_ac,
    "lev dc": lambda power_w: _lev_dc("LEV_DC", "LEVDC", power_w),
    "lev dc charge point (is 17017 2 6)": lambda w: _lev_dc("IS_17017_2_6", "LEVDC26", w),
    "lev dc charge point (is 17017 2 7)": lambda w: _lev_dc("IS_17017_2_7", "LEVDC27", w),
}
_COMBO = re.compile(r"combo ?\((.+)\)")


def outlets_of(kind: str, powers_w: list[int], count: int) -> list[Outlet] | None:
    """The outlets of a charger of that kind; None when its words and numbers do not fit together.

    A kind that the vocabulary lacks is kept as the publisher wrote it.

    >>> [o.standard for o in outlets_of("Combo (CCS-II+CHAdeMO)", [25_000], 2) or []]
    ['IEC_62196_T2_COMBO', 'CHADEMO']
    >>> dual_gun = outlets_of("Combo(CCS-II+Type-II)", [30_000, 30_000, 22_000], 3)
    >>> [o.short_name for o in dual_gun or []]
    ['CCS2', 'CCS2', 'T2']
    """
    words = " ".join(kind.replace("-", " ").casefold().split())
    combo = _COMBO.fullmatch(words)
    kinds = [part.strip() for part in combo.group(1).split("+")] if combo else [words]
    if len(powers_w) not in (1, count) or not 1 <= len(kinds) <= count or not kinds[0]:
        return None
    # Fewer kinds than outlets: the first kind has the rest (a dual-gun CCS charger with a Type 2).
    kinds = [kinds[0]] * (count - len(kinds)) + kinds
    powers = powers_w * count if len(powers_w) == 1 else powers_w
    return [_outlet(name, kind, power) for name, power in zip(kinds, powers, strict=True)]


def _outlet(name: str, kind: str, power_w: int) -> Outlet:
    known = _KINDS.get(name)
    if known:
        return known(power_w)
    return Outlet(kind.strip()[:60], "OTHER", power_w, None, None)
