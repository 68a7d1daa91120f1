"""The worked examples of the project's OCPI notes and of the specification, to the cent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal as D
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nop_registry.enums import TaxIncluded
from nop_registry.pricing import Phase, SessionCost, SessionProfile, TaxStatus, session_cost
from nop_registry.records import (
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

ZONE = "Europe/Amsterdam"
WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")


def element(*components: tuple[str, str, str | None, int], **restrictions: Any) -> TariffElement:
    return TariffElement(
        price_components=tuple(
            PriceComponent(
                type=kind, price=D(price), vat=None if vat is None else D(vat), step_size=s
            )
            for kind, price, vat, s in components
        ),
        restrictions=TariffRestrictions(**restrictions) if restrictions else None,
    )


def tariff(*elements: TariffElement, **fields: Any) -> TariffRecord:
    return TariffRecord(
        country_code="NL", party_id="TNM", id="T", currency="EUR", elements=elements, **fields
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def charge(
    kwh: str, minutes: str, start: str = "2026-06-01T12:00", parked: str = "0", **fields: Any
) -> SessionProfile:
    phases = [Phase(minutes=D(minutes), energy_kwh=D(kwh))] if D(minutes) else []
    if D(parked):
        phases.append(Phase(minutes=D(parked), charging=False))
    return SessionProfile(start=local(start), phases=tuple(phases), **fields)


def cost(of: TariffRecord, profile: SessionProfile, **options: Any) -> SessionCost:
    return session_cost(of, profile, time_zone=ZONE, **options)


def amounts(result: SessionCost) -> tuple[D | None, D | None]:
    def rounded(amount: D | None) -> D | None:
        return None if amount is None else amount.quantize(D("0.0001")).normalize() + 0

    return rounded(result.excl_tax), rounded(result.incl_tax)


NIGHT = tariff(
    element(("ENERGY", "0.29", "21", 1), start_time="22:00", end_time="06:00"),
    element(("ENERGY", "0.49", "21", 1)),
)
PARKING = tariff(
    element(("ENERGY", "0.69", "21", 1)),
    element(
        ("PARKING_TIME", "12", "21", 1), min_duration=2700, start_time="08:00", end_time="22:00"
    ),
)
COMPLEX = tariff(
    element(("FLAT", "2.50", "15", 1)),
    element(("TIME", "1.00", "20", 900), max_current=D(32)),
    element(("TIME", "2.00", "20", 600), min_current=D(32), day_of_week=WEEK),
    element(("TIME", "1.25", "20", 600), min_current=D(32), day_of_week=("SATURDAY", "SUNDAY")),
    element(
        ("PARKING_TIME", "5.00", "10", 300),
        start_time="09:00",
        end_time="18:00",
        day_of_week=WEEK,
    ),
    element(
        ("PARKING_TIME", "6.00", "10", 300),
        start_time="10:00",
        end_time="17:00",
        day_of_week=("SATURDAY",),
    ),
)
MAX_POWER = tariff(
    element(("ENERGY", "0.20", "20", 1), max_power=D(16)),
    element(("ENERGY", "0.35", "20", 1), max_power=D(32)),
    element(("ENERGY", "0.50", "20", 1)),
)
MAX_DURATION = tariff(
    element(("ENERGY", "0.00", "20", 1), max_duration=1800),
    element(("ENERGY", "0.25", "20", 1), max_duration=3600),
    element(("ENERGY", "0.40", "20", 1)),
)
RESERVATION_17 = tariff(
    element(("FLAT", "4.00", "20", 1), reservation="RESERVATION_EXPIRES"),
    element(("TIME", "2.00", "20", 600), reservation="RESERVATION"),
    element(("FLAT", "0.50", "20", 1)),
    element(("ENERGY", "0.25", "10", 1)),
)
RESERVATION_18 = tariff(
    element(("TIME", "6.00", "20", 600), reservation="RESERVATION_EXPIRES"),
    element(("TIME", "3.00", "20", 600), reservation="RESERVATION"),
    element(("FLAT", "0.50", "20", 1)),
    element(("ENERGY", "0.25", "10", 1)),
)
STEPS_14 = tariff(
    element(("TIME", "1.20", None, 1800), start_time="00:01", end_time="17:00"),
    element(("TIME", "2.40", None, 900), start_time="17:00", end_time="20:00"),
    element(("TIME", "2.40", None, 900), start_time="20:00", end_time="00:00"),
    element(("PARKING_TIME", "1.00", None, 900), start_time="08:00", end_time="20:00"),
)
MAX_PRICE = {"max_price": PriceLimit(before_taxes=D(10), after_taxes=D(11))}
START_FEE = (element(("FLAT", "0.50", "20", 1)), element(("ENERGY", "0.25", "10", 1)))

EXAMPLES = {
    "kWh": (tariff(element(("ENERGY", "0.45", "21", 1))), charge("20", "30"), "9", "10.89"),
    "start fee": (
        tariff(element(("FLAT", "0.35", "21", 1)), element(("ENERGY", "0.39", "21", 1))),
        charge("20", "30"), "8.15", "9.8615",
    ),
    "night begins": (NIGHT, charge("20", "30", "2026-06-01T21:50"), "7.1333", "8.6313"),
    "night of summer time": (NIGHT, charge("40", "240", "2026-03-29T01:30"), "12.6", "15.246"),
    "parking by day": (
        PARKING, charge("20", "40", "2026-06-01T20:30", parked="80"), "22.8", "27.588",
    ),
    "time": (tariff(element(("TIME", "4.20", "21", 300))), charge("20", "30"), "2.1", "2.541"),
    "complex at 174 A": (COMPLEX, charge("20", "30", is_ac=True), "3.5", "4.075"),
    "complex, current unknown": (COMPLEX, charge("20", "30"), "3", "3.475"),
    "complex Saturday": (
        COMPLEX,
        charge("18.791", "114", "2026-06-06T13:30", parked="71", is_ac=True), "12.375", "13.975",
    ),
    "max power": (MAX_POWER, charge("20", "30"), "10", "12"),
    "max duration": (MAX_DURATION, charge("20", "120"), "5.25", "6.3"),
    "max duration, short": (MAX_DURATION, charge("20", "30"), "0", "0"),
    "no vat": (tariff(element(("ENERGY", "0.50", None, 1))), charge("20", "30"), "10", "10"),
    "spec 20": (
        tariff(element(("TIME", "2.10", None, 60)), tax_included=TaxIncluded.YES),
        charge("0", "150"), None, "5.25",
    ),
    "spec 19": (
        tariff(element(("TIME", "2.00", None, 60)), tax_included=TaxIncluded.NO),
        charge("0", "150"), "5", None,
    ),
    "spec 10, parking": (
        tariff(*START_FEE, element(("PARKING_TIME", "2.00", "20", 900))),
        charge("20", "30", parked="40"), "7", "7.9",
    ),
    "spec 13": (
        tariff(element(("TIME", "3.00", "10", 60)), element(("PARKING_TIME", "5", "20", 300))),
        charge("10", "150", parked="42"), "11.25", "12.75",
    ),
    "spec 3, 100 Wh steps": (
        tariff(element(("ENERGY", "0.22", "10", 100))), charge("20.45", "30"), "4.51", "4.961",
    ),
    "spec 12, minimum": (
        tariff(
            element(("ENERGY", "0.25", "10", 1)),
            min_price=PriceLimit(before_taxes=D("0.5"), after_taxes=D("0.55")),
        ),
        charge("1", "30"), "0.5", "0.55",
    ),
    "spec 6, maximum": (tariff(*START_FEE, **MAX_PRICE), charge("50", "60"), "10", "11"),
    "spec 6, below it": (tariff(*START_FEE, **MAX_PRICE), charge("30", "60"), "8", "8.85"),
    "spec 14, two steps": (STEPS_14, charge("5", "35", "2026-06-01T16:35"), "1.3", "1.3"),
    "spec 14, free parking": (
        STEPS_14, charge("5", "10", "2026-06-01T19:55", parked="2"), "0.6", "0.6",
    ),
    "spec 17, used": (
        RESERVATION_17, charge("20", "30", reserved_minutes=D(22)), "6.5", "7.3",
    ),
    "spec 17, expired": (
        RESERVATION_17,
        charge("0", "0", reserved_minutes=D(60), reservation_expired=True), "6", "7.2",
    ),
    "spec 18, used": (
        RESERVATION_18, charge("20", "30", reserved_minutes=D(22)), "7", "7.9",
    ),
    "spec 18, expired": (
        RESERVATION_18,
        charge("0", "0", reserved_minutes=D(90), reservation_expired=True), "9", "10.8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_worked_example_costs_what_was_computed_independently(name: str) -> None:
    """TA-1, TA-2, TA-8: per dimension the first that matches, and nothing rounded on the way."""
    of, profile, excl, incl = EXAMPLES[name]
    expected = tuple(None if amount is None else D(amount) for amount in (excl, incl))
    assert amounts(cost(of, profile)) == expected


def test_power_that_changes_is_priced_piece_by_piece() -> None:
    phases = (
        Phase(minutes=D(10), energy_kwh=D(1)),
        Phase(minutes=D(50), energy_kwh=D(40)),
        Phase(minutes=D("7.5"), energy_kwh=D("0.5")),
    )
    result = cost(MAX_POWER, SessionProfile(start=local("2026-06-01T12:00"), phases=phases))
    assert amounts(result)[0] == D("20.3")
    assert [line.quantity for line in result.lines] == [1, 40, D("0.5")]


def test_the_first_kilowatt_hour_may_be_free() -> None:
    of = tariff(
        element(("ENERGY", "0", None, 1), max_kwh=D(1)), element(("ENERGY", "0.20", "10", 1))
    )
    assert amounts(cost(of, charge("20", "30"))) == (D("3.8"), D("4.18"))


def test_a_free_half_hour_says_that_the_price_depends_on_the_duration() -> None:
    assert cost(MAX_DURATION, charge("20", "30")).depends_on == ("duration",)


def test_an_unknown_current_is_named() -> None:
    assert "current-unknown" in cost(COMPLEX, charge("20", "30")).flags


def test_a_price_without_vat_is_flagged_and_an_assumed_rate_is_named() -> None:
    of = tariff(element(("ENERGY", "0.50", None, 1)))
    stated, assumed = cost(of, charge("20", "30")), cost(of, charge("20", "30"), assumed_vat=D(21))
    assert ("no-vat-given" in stated.flags, stated.tax) == (True, TaxStatus.UNKNOWN)
    assert amounts(assumed) == (10, D("12.1"))
    assert ("vat-assumed" in assumed.flags, assumed.tax) == (True, TaxStatus.ASSUMED)


def test_a_weak_connector_takes_longer_and_the_result_says_so() -> None:
    of = tariff(element(("TIME", "2.00", "0", 1)))
    result = cost(of, charge("20", "30"), max_power_w=10_000)
    assert (result.excl_tax, result.is_feasible) == (4, False)
    assert "infeasible" in result.flags


def test_a_dimension_nobody_knows_leaves_no_total() -> None:
    of = tariff(element(("ENERGY", "0.5", "20", 1), ("MAGIC", "1", None, 1)))
    result = cost(of, charge("20", "30"))
    assert (result.excl_tax, result.incl_tax) == (None, None)
    assert "unknown-dimension" in result.flags


def test_hours_without_a_time_zone_leave_no_total() -> None:
    result = session_cost(NIGHT, charge("20", "30"), time_zone=None)
    assert (result.excl_tax, "time-zone-unknown" in result.flags) == (None, True)


def test_a_limit_without_tax_follows_the_ratio_of_the_session() -> None:
    of = tariff(element(("ENERGY", "1", "20", 1)), max_price=PriceLimit(before_taxes=D(10)))
    result = cost(of, charge("20", "30"))
    assert amounts(result) == (10, 12)
    assert "max-price-incl-derived" in result.flags


@given(
    kwh=st.decimals(min_value=1, max_value=80, places=2),
    minutes=st.integers(5, 600),
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)),
    split=st.integers(1, 99),
)
def test_cutting_a_phase_in_two_changes_nothing(
    kwh: D, minutes: int, start: datetime, split: int
) -> None:
    at = start.replace(tzinfo=ZoneInfo(ZONE))
    share = D(split) / 100
    whole = SessionProfile(start=at, phases=(Phase(minutes=D(minutes), energy_kwh=kwh),))
    halves = (
        Phase(minutes=minutes * share, energy_kwh=kwh * share),
        Phase(minutes=minutes * (1 - share), energy_kwh=kwh * (1 - share)),
    )
    assert amounts(cost(NIGHT, whole)) == amounts(
        cost(NIGHT, SessionProfile(start=at, phases=halves))
    )


@given(st.permutations(range(3)))
def test_elements_of_different_dimensions_may_stand_in_any_order(order: list[int]) -> None:
    elements = [*START_FEE, element(("PARKING_TIME", "2.00", "20", 900))]
    of = tariff(*(elements[n] for n in order))
    assert amounts(cost(of, charge("20", "30", parked="40"))) == (7, D("7.9"))
