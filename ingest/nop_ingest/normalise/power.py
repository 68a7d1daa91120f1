"""Power: watts given, mended or computed from volts, amperes and phases (DM-7)."""

from __future__ import annotations

import msgspec

from nop_ingest.context import Context
from nop_ingest.electric_power import watts_of
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import ConnectorRecord

HIGHEST_W = 4_000_000  # K06; megawatt charging ends at 3.75 MW
_HIGHEST_V = 1_500
_HIGHEST_A = 3_000
HIGHEST_KW = 500  # a smaller number of watts is kilowatts
_SURELY_KW_FROM_A = 32
_SPAN = 0.5  # how far kilowatts may lie from volts times amperes and still be believed to be them
_OVERSTATED_DC_W = 400_000


def settle_connector(
    connector: ConnectorRecord, context: Context, path: str, findings: list[Finding]
) -> ConnectorRecord:
    """Settle volts, amperes and watts of one connector."""
    volts, amperes = connector.max_voltage, connector.max_amperage
    given = connector.max_electric_power_w
    believable = (volts is None or 0 < volts <= _HIGHEST_V) and (
        amperes is None or 0 < amperes <= _HIGHEST_A
    )
    if believable and given is not None and HIGHEST_KW <= given <= HIGHEST_W:
        return connector
    if not believable:
        volts, amperes = _settle_electric(volts, amperes, path, findings)
    computed = watts_of(connector.power_type, volts, amperes)
    power = given
    derived = connector.power_derived
    if given is not None and not HIGHEST_KW <= given <= HIGHEST_W:
        power = _settle_given(given, amperes, computed, path, findings)
    if power is None and computed is not None and computed <= HIGHEST_W:
        power, derived = computed, True
        if computed > _OVERSTATED_DC_W:
            findings.append(
                Notice(
                    "power-overstated", Severity.WARNING, f"{path}.max_electric_power",
                    "computed from the highest volts and amperes, which a charger seldom gives at "
                    "once: send max_electric_power", str(computed),
                )
            )  # fmt: skip
    if power == given and volts == connector.max_voltage and amperes == connector.max_amperage:
        return connector
    return msgspec.structs.replace(
        connector,
        max_voltage=volts,
        max_amperage=amperes,
        max_electric_power_w=power,
        power_derived=derived,
    )


def _settle_electric(
    volts: int | None, amperes: int | None, path: str, findings: list[Finding]
) -> tuple[int | None, int | None]:
    findings.append(
        Notice(
            "volts-or-amperes-implausible", Severity.INFO, path,
            f"left out: volts are 1 to {_HIGHEST_V} and amperes 1 to {_HIGHEST_A}; leave out what "
            "is not known", f"{volts} V, {amperes} A",
        )
    )  # fmt: skip
    return (
        volts if volts is not None and 0 < volts <= _HIGHEST_V else None,
        amperes if amperes is not None and 0 < amperes <= _HIGHEST_A else None,
    )


def _settle_given(
    given: int, amperes: int | None, computed: int | None, path: str, findings: list[Finding]
) -> int | None:
    """Watts of a number that cannot be watts: kilowatts, or nothing."""
    agrees = computed is not None and abs(given * 1000 - computed) <= _SPAN * computed
    large = amperes is None or amperes >= _SURELY_KW_FROM_A
    if 0 < given < HIGHEST_KW and (agrees or large):
        findings.append(power_in_kw(f"{path}.max_electric_power", given))
        return given * 1000
    findings.append(
        Notice(
            "power-implausible", Severity.WARNING, f"{path}.max_electric_power",
            "left out: a connector gives more than 0 W and at most 4 MW; send watts",
            str(given)[:200],
        )
    )  # fmt: skip
    return None


def power_in_kw(path: str, given: float) -> Notice:
    """Kilowatts came where OCPI has watts."""
    return Notice(
        "power-in-kw", Severity.WARNING, path, f"read as {given} kW: send watts", str(given)
    )
