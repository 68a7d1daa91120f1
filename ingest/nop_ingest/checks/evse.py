"""Checks of an EVSE and its connectors."""

from __future__ import annotations

from nop_ingest.checks.check import Flaw, check
from nop_ingest.context import Context
from nop_ingest.electric_power import watts_of
from nop_registry.enums import PowerType, Severity
from nop_registry.records import EvseRecord

_DOMESTIC = frozenset(f"DOMESTIC_{letter}" for letter in "ABCDEFGHIJKLMNO")
_DC_ONLY = frozenset({
    "CHADEMO", "CHAOJI", "GBT_DC", "IEC_62196_T1_COMBO", "IEC_62196_T2_COMBO", "MCS",
    "PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN",
})  # fmt: skip
# Older Tesla chargers give DC on a Type 2 plug, but OCPI has TESLA_S for those.
_AC_ONLY = _DOMESTIC | {
    "GBT_AC", "IEC_62196_T1", "IEC_62196_T2", "IEC_62196_T3A", "IEC_62196_T3C",
    "IEC_60309_2_single_16", "IEC_60309_2_three_16", "IEC_60309_2_three_32",
    "IEC_60309_2_three_64",
}  # fmt: skip
_HIGHEST_W = {  # 10 % above what the connector can carry
    "IEC_62196_T1": 21_200,
    "IEC_62196_T2": 49_000,
    "IEC_60309_2_single_16": 4_100,
    "IEC_60309_2_three_16": 12_200,
    "IEC_60309_2_three_32": 24_400,
    "IEC_60309_2_three_64": 49_000,
    "GBT_AC": 49_000,
    "IEC_62196_T1_COMBO": 550_000,
    "IEC_62196_T2_COMBO": 1_100_000,
    "CHADEMO": 440_000,
    "GBT_DC": 500_000,
} | dict.fromkeys(_DOMESTIC, 8_100)
_TOLERANCE = 1.1


@check("evse-id-missing", Severity.WARNING)
def evse_id_missing(evse: EvseRecord, context: Context) -> Flaw | None:
    """AFIR wants a unique id that a driver can read; `uid` is a technical one."""
    if evse.evse_id is not None:
        return None
    return Flaw("evse_id", "no public EVSE-ID is given: send one such as IN*TPC*E12345")


@check("connectors-missing", Severity.WARNING)
def connectors_missing(evse: EvseRecord, context: Context) -> Flaw | None:
    """C09. Nobody can tell who can charge here."""
    if evse.connectors:
        return None
    return Flaw("connectors", "no usable connector is listed: list at least one")


@check("power-missing", Severity.WARNING)
def power_missing(evse: EvseRecord, context: Context) -> Flaw | None:
    """C02. Neither given nor computable: no power filter finds this EVSE."""
    for connector in evse.connectors:
        if connector.max_electric_power_w is None:
            return Flaw(
                "connectors.max_electric_power",
                f"connector {connector.id} has no power and not the volts, amperes and power_type "
                "to compute it: send max_electric_power in watts",
            )
    return None


@check("power-derived", Severity.INFO)
def power_derived(evse: EvseRecord, context: Context) -> Flaw | None:
    """C10. Computed from volts times amperes (DM-7)."""
    for connector in evse.connectors:
        if connector.power_derived:
            return Flaw(
                "connectors.max_electric_power",
                f"the power of connector {connector.id} was computed from volts and amperes: "
                "send max_electric_power",
                f"{connector.max_electric_power_w} W",
            )
    return None


@check("power-mismatch", Severity.WARNING)
def power_mismatch(evse: EvseRecord, context: Context) -> Flaw | None:
    """K07. More than 10 % from volts times amperes; DC may give less, both being maxima."""
    for connector in evse.connectors:
        power, amperes = connector.max_electric_power_w, connector.max_amperage
        if power is None or amperes is None or connector.power_derived:
            continue
        computed = watts_of(connector.power_type, connector.max_voltage, amperes)
        if computed is None:
            continue
        too_little = power * _TOLERANCE < computed and connector.power_type is not PowerType.DC
        if power > computed * _TOLERANCE or too_little:
            return Flaw(
                "connectors.max_electric_power",
                f"connector {connector.id}: volts times amperes make {computed} W, "
                f"but max_electric_power is {power} W: one of them is wrong",
                f"{connector.power_type} {connector.max_voltage} V {amperes} A {power} W",
            )
    return None


@check("power-too-high", Severity.WARNING)
def power_too_high(evse: EvseRecord, context: Context) -> Flaw | None:
    """K09. More than the connector can carry."""
    for connector in evse.connectors:
        power = connector.max_electric_power_w
        if power is not None and power > _HIGHEST_W.get(connector.standard, power):
            return Flaw(
                "connectors.max_electric_power",
                f"connector {connector.id}: {connector.standard} cannot carry {power} W: "
                "correct the power or the standard",
                f"{power} W",
            )
    return None


@check("power-type-impossible", Severity.WARNING)
def power_type_impossible(evse: EvseRecord, context: Context) -> Flaw | None:
    """K08. AC on a DC connector, or DC on an AC one."""
    for connector in evse.connectors:
        if connector.power_type is None:
            continue
        direct = connector.power_type is PowerType.DC
        if connector.standard in (_AC_ONLY if direct else _DC_ONLY):
            return Flaw(
                "connectors.power_type",
                f"connector {connector.id}: {connector.standard} with {connector.power_type} does "
                "not exist: correct power_type or standard",
                connector.power_type,
            )
    return None


@check("tariff-missing", Severity.WARNING)
def tariff_missing(evse: EvseRecord, context: Context) -> Flaw | None:
    """C05. No tariff is an unknown price, not free (DM-10)."""
    for connector in evse.connectors:
        if not connector.tariff_ids:
            return Flaw(
                "connectors.tariff_ids",
                f"connector {connector.id} names no tariff, so its price is unknown: send "
                "tariff_ids; a free one needs a tariff with FLAT 0",
            )
    return None


@check("last-updated-missing", Severity.WARNING)
def last_updated_missing(evse: EvseRecord, context: Context) -> Flaw | None:
    """The age of a status is counted from it."""
    if evse.last_updated is not None:
        return None
    return Flaw("last_updated", "no usable last_updated: send when the EVSE last changed")
