"""Connectors: the standard's name in OCPI's spelling, and an id for each."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from nop_ingest.context import Context
from nop_ingest.normalise.text import clean, clean_words
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import KNOWN_CONNECTOR_TYPES, Severity
from nop_registry.records import ConnectorRecord

# What feeds write instead. "CCS" and "GB/T" alone are not here: each names two standards.
_ALIASES = {
    "TYPE1": "IEC_62196_T1", "J1772": "IEC_62196_T1", "SAEJ1772": "IEC_62196_T1",
    "TYPE2": "IEC_62196_T2", "MENNEKES": "IEC_62196_T2", "IECTYPE2": "IEC_62196_T2",
    "CCS1": "IEC_62196_T1_COMBO", "COMBO1": "IEC_62196_T1_COMBO", "TYPE1CCS": "IEC_62196_T1_COMBO",
    "CCSTYPE1": "IEC_62196_T1_COMBO", "CCS2": "IEC_62196_T2_COMBO", "COMBO2": "IEC_62196_T2_COMBO",
    "TYPE2CCS": "IEC_62196_T2_COMBO", "CCSTYPE2": "IEC_62196_T2_COMBO",
    "CCSCOMBO2": "IEC_62196_T2_COMBO", "TYPE3A": "IEC_62196_T3A", "TYPE3C": "IEC_62196_T3C",
    "GBTAC": "GBT_AC", "GBTDC": "GBT_DC", "ACGBT": "GBT_AC", "DCGBT": "GBT_DC",
    "BHARATDC001": "GBT_DC", "BHARATAC001": "IEC_60309_2_single_16", "SCHUKO": "DOMESTIC_F",
    "NACS": "SAE_J3400", "J3400": "SAE_J3400",
}  # fmt: skip
_OTHER_SIGNS = re.compile(r"[^A-Z0-9]")


def settle_connector(
    connector: ConnectorRecord, context: Context, path: str, findings: list[Finding]
) -> ConnectorRecord | None:
    """Name the standard as OCPI does; an unknown one is kept as given (RE-9), none is refused."""
    if connector.tariff_ids:
        words = clean_words(connector.tariff_ids)
        if words != connector.tariff_ids:
            connector = msgspec.structs.replace(connector, tariff_ids=words)
    given = connector.standard
    if given not in KNOWN_CONNECTOR_TYPES:
        standard = _name_standard(clean(given), path, findings)
        if standard is None:
            return None
        connector = msgspec.structs.replace(connector, standard=standard)
    if len(connector.id) < 40 and connector.id.isalnum():  # mostly "1": nothing to clean
        return connector
    label = clean(connector.id)
    if label is connector.id:
        return connector
    if label is None:
        # Unique within an EVSE only, so its place in the list serves as well.
        label = path[path.rfind("[") + 1 : -1]
        label = str(int(label) + 1) if label.isdecimal() else "1"
        findings.append(
            Notice(
                "connector-id-missing", Severity.WARNING, f"{path}.id",
                f"numbered {label} by its place: give each connector an id that never changes",
            )
        )  # fmt: skip
    return msgspec.structs.replace(connector, id=label)


def _name_standard(given: str | None, path: str, findings: list[Finding]) -> str | None:
    if given is None:
        findings.append(
            Rejection(
                "connector-no-standard", path,
                "a connector without a standard says nothing: send `standard`, "
                "such as IEC_62196_T2",
            )
        )  # fmt: skip
        return None
    if given in KNOWN_CONNECTOR_TYPES:
        return given
    standard = _spellings().get(_OTHER_SIGNS.sub("", given.upper()))
    if standard is not None:
        findings.append(
            Notice(
                "connector-standard-spelling", Severity.INFO, f"{path}.standard",
                f"read as {standard}: use OCPI's ConnectorType", given[:200],
            )
        )  # fmt: skip
        return standard
    findings.append(
        Notice(
            "connector-standard-unknown", Severity.WARNING, f"{path}.standard",
            "OCPI has no such ConnectorType; kept as given, but no filter finds it", given[:200],
        )
    )  # fmt: skip
    return given


@cache
def _spellings() -> dict[str, str]:
    own = {_OTHER_SIGNS.sub("", name.upper()): name for name in KNOWN_CONNECTOR_TYPES}
    return own | _ALIASES
