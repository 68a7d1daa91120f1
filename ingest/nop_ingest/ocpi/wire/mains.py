"""Volts and amperes that OCPI requires and a publisher did not send: from the watts, at the mains.

For alternating current only. The mains voltage of a country is a standard, and the amperes follow
from the watts. A direct current charger has a range of volts, which no watts tell.
"""

from __future__ import annotations

import msgspec

from nop_ingest.electric_power import watts_of
from nop_registry.enums import PowerType
from nop_registry.records import ConnectorRecord

_MAINS_V = 230
"""Between line and neutral, as OCPI measures it: IEC 60038, and its CENELEC twin EN 60038."""
# Of those who follow it, the countries where three phases always have a neutral: parts of Norway
# and Belgium have 230 V between two lines.
_COUNTRIES = frozenset({
    "AUS", "AUT", "BGR", "CHE", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN",
    "FRA", "GBR", "GRC", "HRV", "HUN", "IND", "IRL", "ISL", "ITA", "LIE", "LTU",
    "LUX", "LVA", "MLT", "NLD", "NZL", "POL", "PRT", "ROU", "SVK", "SVN", "SWE",
})  # fmt: skip
_POWER_TYPES = frozenset({PowerType.AC_1_PHASE, PowerType.AC_2_PHASE, PowerType.AC_3_PHASE})
_TOLERANCE = 0.1  # as the check `power-mismatch` allows


def with_mains(connector: ConnectorRecord, country: str | None) -> ConnectorRecord | None:
    """The connector with volts and amperes; itself where both are known, None if they cannot be.

    `country`: ISO 3166 alpha-3 of the place. What is computed gives back the watts to within a
    tenth.
    """
    volts, amperes = connector.max_voltage, connector.max_amperage
    if volts and amperes:
        return connector
    watts, power_type = connector.max_electric_power_w, connector.power_type
    if not watts or power_type not in _POWER_TYPES:
        return None
    if not volts:
        if country not in _COUNTRIES:
            return None
        volts = _MAINS_V
    if not amperes:
        at_a_thousand = watts_of(power_type, volts, 1000)
        amperes = round(1000 * watts / at_a_thousand) if at_a_thousand else None
    computed = watts_of(power_type, volts, amperes)
    if computed is None or abs(computed - watts) > _TOLERANCE * watts:
        return None
    return msgspec.structs.replace(connector, max_voltage=volts, max_amperage=amperes)
