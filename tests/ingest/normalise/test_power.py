from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nop_ingest.context import Context
from nop_ingest.electric_power import watts_of
from nop_ingest.normalise.power import settle_connector
from nop_ingest.report import Finding
from nop_registry.enums import PowerType
from nop_registry.records import ConnectorRecord

CONTEXT = Context(country="IN", received_at=datetime(2026, 6, 1, tzinfo=UTC))
AC1, AC3, DC = PowerType.AC_1_PHASE, PowerType.AC_3_PHASE, PowerType.DC


def settle(
    kind: PowerType | None, volts: int | None, amperes: int | None, watts: int | None
) -> tuple[ConnectorRecord, list[str]]:
    findings: list[Finding] = []
    connector = ConnectorRecord(
        id="1", standard="IEC_62196_T2", power_type=kind, max_voltage=volts,
        max_amperage=amperes, max_electric_power_w=watts,
    )  # fmt: skip
    settled = settle_connector(connector, CONTEXT, "evses[0].connectors[0]", findings)
    return settled, [f.code for f in findings]


@pytest.mark.parametrize(
    ("kind", "volts", "amperes", "watts"),
    [
        (AC1, 230, 16, 3680),
        (PowerType.AC_2_PHASE, 230, 16, 7360),
        (PowerType.AC_2_PHASE_SPLIT, 120, 40, 9600),
        (AC3, 230, 16, 11040),  # line to neutral, as OCPI says
        (AC3, 400, 16, 11085),  # line to line, as many send
        (AC3, 380, 32, 21062),
        (DC, 500, 125, 62500),
        (DC, None, 125, None),
        (None, 400, 16, None),
    ],
)
def test_power_is_computed_by_the_rule_of_the_current(
    kind: PowerType | None, volts: int | None, amperes: int, watts: int | None
) -> None:
    """DM-7."""
    assert watts_of(kind, volts, amperes) == watts
    connector, _ = settle(kind, volts, amperes, None)
    assert connector.max_electric_power_w == watts
    assert connector.power_derived is (watts is not None)


def test_given_power_stands_whatever_volts_and_amperes_make() -> None:
    connector, codes = settle(DC, 920, 500, 300_000)
    assert (connector.max_electric_power_w, connector.power_derived, codes) == (300_000, False, [])


@pytest.mark.parametrize(
    ("kind", "volts", "amperes", "given", "watts"),
    [
        (AC3, 400, 32, 22, 22_000),
        (DC, None, None, 60, 60_000),
        (AC3, 400, 16, 11, 11_000),  # agrees with volts and amperes
    ],
)
def test_kilowatts_are_read_as_kilowatts(
    kind: PowerType, volts: int | None, amperes: int | None, given: int, watts: int
) -> None:
    """DM-7."""
    connector, codes = settle(kind, volts, amperes, given)
    assert (connector.max_electric_power_w, codes) == (watts, ["power-in-kw"])


@pytest.mark.parametrize("given", [0, -5, 4_000_001, 10**30])
def test_impossible_power_is_left_out_and_computed_where_possible(given: int) -> None:
    connector, codes = settle(AC1, 230, 32, given)
    assert (connector.max_electric_power_w, connector.power_derived) == (7360, True)
    assert codes == ["power-implausible"]
    connector, _ = settle(None, None, None, given)
    assert connector.max_electric_power_w is None


@pytest.mark.parametrize(("volts", "amperes"), [(0, 0), (400_000, 32), (400, -1), (10**30, 16)])
def test_impossible_volts_and_amperes_make_no_power(volts: int, amperes: int) -> None:
    connector, codes = settle(AC3, volts, amperes, None)
    assert connector.max_electric_power_w is None
    assert codes == ["volts-or-amperes-implausible"]


def test_a_large_computed_dc_power_is_called_overstated() -> None:
    connector, codes = settle(DC, 1000, 500, None)
    assert connector.max_electric_power_w == 500_000
    assert codes == ["power-overstated"]
