"""Each quality rule: what it finds and what it lets pass."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nop_ingest.checks import evse, location, tariff
from nop_ingest.checks.check import Check, apply_checks, checks_in
from nop_ingest.context import Context
from nop_ingest.report import Finding
from nop_registry.enums import PowerType, TaxIncluded
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Hours,
    LocationRecord,
    PriceComponent,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONTEXT = Context(country="IN", received_at=NOW)
PLUG = ConnectorRecord(
    id="1", standard="IEC_62196_T2", power_type=PowerType.AC_3_PHASE, max_voltage=400,
    max_amperage=32, max_electric_power_w=22_000, tariff_ids=("T",),
)  # fmt: skip
EVSE = EvseRecord(uid="A", evse_id="IN*TPC*E1", connectors=(PLUG,), last_updated=NOW)
PLACE = LocationRecord(
    country_code="IN", party_id="TPC", id="1", lat=28.6, lon=77.2, address="1 MG Road",
    city="Pune", country="IND", evses=(EVSE,), operator=BusinessDetails(name="TPC"),
    time_zone="Asia/Kolkata", opening_times=Hours(twentyfourseven=True), last_updated=NOW,
)  # fmt: skip
ENERGY = PriceComponent(type="ENERGY", price=Decimal(18), vat=Decimal(18), step_size=1)
TARIFF = TariffRecord(
    country_code="IN", party_id="TPC", id="T", currency="INR",
    elements=(TariffElement(price_components=(ENERGY,)),), last_updated=NOW,
)  # fmt: skip
SUBJECTS: dict[Any, Any] = {location: PLACE, evse: EVSE, tariff: TARIFF}


def codes(module: Any, record: Any) -> list[str]:
    findings: list[Finding] = []
    apply_checks(checks_in(module), record, CONTEXT, "", findings)
    return [found.code for found in findings]


def changed(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


def with_plug(**fields: Any) -> Any:
    return changed(EVSE, connectors=(PLUG, changed(PLUG, id="2", **fields)))


def with_price(restrictions: TariffRestrictions | None = None, **fields: Any) -> Any:
    element = TariffElement(
        price_components=(changed(ENERGY, **fields),), restrictions=restrictions
    )
    return changed(TARIFF, elements=(element,))


@pytest.mark.parametrize("module", SUBJECTS)
def test_a_good_record_passes_all_checks(module: Any) -> None:
    assert codes(module, SUBJECTS[module]) == []


@pytest.mark.parametrize("module", SUBJECTS)
def test_every_check_states_its_rule_and_has_its_own_code(module: Any) -> None:
    rules: tuple[Check[Any], ...] = checks_in(module)
    assert len({rule.code for rule in rules}) == len(rules) > 5
    assert all(rule.find.__doc__ for rule in rules)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"operator": None}, "operator-missing"),
        ({"city": None}, "address-missing"),
        ({"country": None}, "country-missing"),
        ({"evses": ()}, "evses-missing"),
        ({"opening_times": None}, "opening-times-missing"),
        ({"time_zone": None}, "time-zone-missing"),
        ({"last_updated": None}, "last-updated-missing"),
    ],
)
def test_a_gap_in_a_location_is_found(fields: dict[str, Any], code: str) -> None:
    assert codes(location, changed(PLACE, **fields)) == [code]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (changed(EVSE, evse_id=None), "evse-id-missing"),
        (changed(EVSE, connectors=()), "connectors-missing"),
        (changed(EVSE, last_updated=None), "last-updated-missing"),
        (with_plug(max_electric_power_w=None), "power-missing"),
        (with_plug(power_derived=True), "power-derived"),
        (with_plug(max_electric_power_w=11_000), "power-mismatch"),
        (with_plug(max_electric_power_w=43_000), "power-mismatch"),
        (with_plug(max_amperage=None, max_electric_power_w=150_000), "power-too-high"),
        (with_plug(power_type=PowerType.DC, max_amperage=60), "power-type-impossible"),
        (with_plug(standard="IEC_62196_T2_COMBO"), "power-type-impossible"),
        (with_plug(tariff_ids=()), "tariff-missing"),
    ],
)
def test_a_flaw_of_an_evse_is_found(record: EvseRecord, code: str) -> None:
    assert codes(evse, record) == [code]


def test_a_dc_charger_may_give_less_than_its_volts_and_amperes_make() -> None:
    plug = changed(
        PLUG, standard="IEC_62196_T2_COMBO", power_type=PowerType.DC, max_voltage=920,
        max_amperage=500, max_electric_power_w=300_000,
    )  # fmt: skip
    assert codes(evse, changed(EVSE, connectors=(plug,))) == []
    assert codes(evse, changed(EVSE, connectors=(changed(plug, max_voltage=400),))) == [
        "power-mismatch"
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (with_price(TariffRestrictions(unknown=("booking",))), "unknown-restriction"),
        (with_price(vat=Decimal("0.18")), "vat-as-fraction"),
        (with_price(vat=None), "vat-missing"),
        (with_price(price=Decimal(-1)), "price-negative"),
        (with_price(type="TIME", price=Decimal("0.05")), "time-price-low"),
        (changed(TARIFF, currency="USD"), "currency-foreign"),
        (changed(TARIFF, start_date_time=NOW, end_date_time=NOW), "validity-backwards"),
        (changed(TARIFF, last_updated=None), "last-updated-missing"),
    ],
)
def test_a_flaw_of_a_tariff_is_found(record: TariffRecord, code: str) -> None:
    """TA-11, P21."""
    assert codes(tariff, record) == [code]


@pytest.mark.parametrize(
    "record",
    [
        with_price(vat=Decimal(0)),
        with_price(price=Decimal(0), vat=None),  # free is free with any tax
        changed(with_price(vat=None), tax_included=TaxIncluded.YES),
        changed(TARIFF, country_code="NL", currency="EUR"),  # a foreign party in its own money
    ],
)
def test_a_tariff_without_a_flaw_is_left_in_peace(record: TariffRecord) -> None:
    assert codes(tariff, record) == []
