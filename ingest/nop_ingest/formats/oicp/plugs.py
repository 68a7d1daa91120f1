"""Connectors out of OICP's two lists, plugs and charging facilities."""

from __future__ import annotations

from typing import NamedTuple

from nop_ingest.reading.json_fields import Fields, list_of, number_of, objects_of, text_of, whole_of
from nop_ingest.reading.plug_vocabulary import DIRECT_CURRENT, iec_60309, power_type_of
from nop_ingest.report import Notice
from nop_registry.enums import ConnectorFormat, PowerType, Severity
from nop_registry.records import ConnectorRecord

_SOCKET, _CABLE = ConnectorFormat.SOCKET, ConnectorFormat.CABLE
_HIGHEST_KW = 1000  # OICP has kilowatts; a larger number is watts

_PLUGS: dict[str, tuple[str, ConnectorFormat | None]] = {
    "teslaconnector": ("TESLA_S", _CABLE),
    "nema5-20": ("NEMA_5_20", _SOCKET),
    "typeefrenchstandard": ("DOMESTIC_E", _SOCKET),
    "typefschuko": ("DOMESTIC_F", _SOCKET),
    "typegbritishstandard": ("DOMESTIC_G", _SOCKET),
    "typejswissstandard": ("DOMESTIC_J", _SOCKET),
    "type1connector(cableattached)": ("IEC_62196_T1", _CABLE),
    "type2outlet": ("IEC_62196_T2", _SOCKET),
    "type2connector(cableattached)": ("IEC_62196_T2", _CABLE),
    "type3outlet": ("IEC_62196_T3C", _SOCKET),
    "ccscombo1plug(cableattached)": ("IEC_62196_T1_COMBO", _CABLE),
    "ccscombo2plug(cableattached)": ("IEC_62196_T2_COMBO", _CABLE),
    "chademo": ("CHADEMO", _CABLE),
}
_PHASES = {"iec60309singlephase": 1, "iec60309threephase": 3}
_POWER_TYPES = {kind.value: kind for kind in PowerType}


class _Facility(NamedTuple):
    power_type: PowerType | None
    watts: int | None
    volts: int | None
    amperes: int | None


_NOTHING = _Facility(None, None, None, None)


def connectors_of(
    record: Fields, number: int, notices: list[Notice]
) -> tuple[ConnectorRecord, ...]:
    """One connector a plug; `number` is the row, for remarks."""
    plugs = [text for plug in list_of(record.get("plugs")) if (text := text_of(plug))]
    facilities = [_facility(f) for f in objects_of(record.get("chargingfacilities"))]
    for given in objects_of(record.get("chargingfacilities")):
        if (number_of(given.get("power")) or 0) >= _HIGHEST_KW:
            notices.append(
                Notice(
                    "power-in-watts", Severity.WARNING, "ChargingFacilities.Power",
                    "No facility gives so many kW, so it was read as watts: send kW.",
                    text_of(given.get("power")), number,
                )
            )  # fmt: skip
    made, unsure = [], False
    for place, plug in enumerate(plugs):
        facility, chosen = _belonging(plug, place, len(plugs), facilities)
        unsure = unsure or chosen
        made.append(_connector(plug, place, facility))
    if unsure:
        notices.append(
            Notice(
                "power-of-the-strongest-facility", Severity.INFO, "ChargingFacilities",
                "It is not said which facility belongs to which plug: the strongest of its kind of "
                "current was taken. List plugs and facilities in the same order.", None, number,
            )
        )  # fmt: skip
    return tuple(made)


def _facility(given: Fields) -> _Facility:
    power = number_of(given.get("power"))
    if power is not None and power < _HIGHEST_KW:
        power *= 1000
    kind = (text_of(given.get("powertype")) or "").upper().replace("-", "_").replace(" ", "_")
    return _Facility(
        _POWER_TYPES.get(kind),
        whole_of(power),
        whole_of(given.get("voltage")),
        whole_of(given.get("amperage")),
    )


def _belonging(
    plug: str, place: int, plugs: int, facilities: list[_Facility]
) -> tuple[_Facility, bool]:
    """The facility of a plug, and whether it had to be chosen among different ones."""
    if len(facilities) == 1:
        return facilities[0], False
    direct = _name(plug, None)[0] in DIRECT_CURRENT
    fitting = [f for f in facilities if f.power_type is None or _is_direct(f) is direct]
    if len(facilities) == plugs and facilities[place] in fitting:
        return facilities[place], False
    strongest = max(fitting, key=lambda f: f.watts or 0, default=_NOTHING)
    return strongest, len(set(fitting)) > 1


def _is_direct(facility: _Facility) -> bool:
    return facility.power_type is PowerType.DC


def _name(plug: str, amperes: int | None) -> tuple[str, ConnectorFormat | None]:
    folded = "".join(plug.casefold().split())
    if folded in _PHASES:
        return iec_60309(_PHASES[folded], amperes), _SOCKET
    return _PLUGS.get(folded, (plug, None))


def _connector(plug: str, place: int, facility: _Facility) -> ConnectorRecord:
    standard, plug_format = _name(plug, facility.amperes)
    return ConnectorRecord(
        id=str(place + 1),
        standard=standard,
        format=plug_format,
        power_type=power_type_of(standard, facility.power_type),
        max_voltage=facility.volts,
        max_amperage=facility.amperes,
        max_electric_power_w=facility.watts,
    )
