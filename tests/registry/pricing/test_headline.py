from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nop_registry.enums import TaxIncluded
from nop_registry.pricing import PriceNow, TaxStatus, headline, price_text
from nop_registry.records import (
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

IST = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 6, 1, 12, tzinfo=IST)


def element(kind: str, price: str, vat: str | None = "18", **restrictions: Any) -> TariffElement:
    component = PriceComponent(type=kind, price=D(price), vat=None if vat is None else D(vat))
    return TariffElement(
        price_components=(component,),
        restrictions=TariffRestrictions(**restrictions) if restrictions else None,
    )


def tariff(*elements: TariffElement, **fields: Any) -> TariffRecord:
    known = {"country_code": "IN", "party_id": "DV1", "id": "T", "currency": "INR"} | fields
    return TariffRecord(elements=elements, **known)


def now(*tariffs: TariffRecord, at: datetime = NOON, zone: str | None = "Asia/Kolkata",
        power: int | None = 60_000) -> PriceNow:  # fmt: skip
    return headline(tariffs, at, zone, power)


SOLAR = tariff(
    element("ENERGY", "12", start_time="09:00", end_time="16:00"), element("ENERGY", "17")
)
GRACE = tariff(element("ENERGY", "17"), element("PARKING_TIME", "120", min_duration=3600), id="G")
ANY_ORDER = [SOLAR, GRACE, tariff(element("ENERGY", "1"), id="R", type="REGULAR")]


def test_amounts_are_given_without_and_with_tax() -> None:
    price = now(tariff(element("ENERGY", "17"), element("FLAT", "10")))
    assert price.per_kwh is not None and price.per_session is not None
    assert (price.per_kwh.excl_tax, price.per_kwh.incl_tax) == (17, D("20.06"))
    assert (price.per_kwh.tax, price.per_session.incl_tax) == (TaxStatus.KNOWN, D("11.8"))
    assert price_text(price) == "₹ 20.06 /kWh incl. GST + ₹ 11.80 /session"


def test_parking_is_priced_per_minute_after_its_grace() -> None:
    price = now(GRACE)
    assert price.per_minute_parked is not None
    assert (price.per_minute_parked.excl_tax, price.per_minute_parked.after_minutes) == (2, 60)
    assert price_text(price) == "₹ 20.06 /kWh incl. GST + ₹ 2.36 /min parked after 60 min"


def test_a_free_first_hour_of_charging_time_is_a_grace_too() -> None:
    price = now(tariff(element("TIME", "0", max_duration=3600), element("TIME", "60")))
    assert price_text(price) == "₹ 1.18 /min after 60 min incl. GST"


def test_solar_hours_end_at_a_named_time() -> None:
    price = now(SOLAR)
    assert price.next_change_at == datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    assert price.depends_on == ("time",)
    assert price_text(price) == "₹ 14.16 /kWh incl. GST, until 16:00"
    evening = now(SOLAR, at=datetime(2026, 6, 1, 20, tzinfo=IST))
    assert price_text(evening) == "₹ 20.06 /kWh incl. GST, until 09:00"


def test_the_next_change_waits_for_the_day_that_brings_it() -> None:
    weekend = tariff(
        element("ENERGY", "12", day_of_week=("SATURDAY", "SUNDAY")), element("ENERGY", "17")
    )
    assert now(weekend).next_change_at == datetime(2026, 6, 5, 18, 30, tzinfo=UTC)


def test_the_next_change_may_be_another_tariff() -> None:
    change = datetime(2026, 6, 2, tzinfo=UTC)
    old, new = tariff(element("ENERGY", "17"), end_date_time=change), tariff(
        element("ENERGY", "19"), id="N", start_date_time=change
    )  # fmt: skip
    assert now(old, new).next_change_at == change


def test_no_tariff_is_an_unknown_price_and_never_free() -> None:
    price = now()
    assert (price.is_known, price.is_free, price.per_kwh) == (False, False, None)
    assert price_text(price) == "price unknown"


def test_a_tariff_that_prices_nothing_now_is_unknown_and_never_free() -> None:
    price = now(tariff(element("ENERGY", "9", start_time="22:00", end_time="06:00")))
    assert (price.is_known, price_text(price)) == (False, "price unknown")


def test_only_an_explicit_zero_for_everything_is_free() -> None:
    assert price_text(now(tariff(element("FLAT", "0", None)))) == "free"
    half_hour = now(tariff(element("ENERGY", "0", max_duration=1800), element("ENERGY", "17")))
    assert not half_hour.is_free
    assert price_text(half_hour) == "₹ 0.00 /kWh, depends on duration"
    hidden = tariff(element("FLAT", "0"), element("FLAT", "5", unknown=("booking",)))
    assert not now(hidden).is_free
    members = tariff(element("ENERGY", "0"), type="REGULAR")
    assert price_text(now(members)) == "free, with a contract"


def test_without_vat_the_price_is_not_called_inclusive() -> None:
    price = now(tariff(element("ENERGY", "17", None)))
    assert price.per_kwh is not None
    assert (price.per_kwh.tax, price.per_kwh.incl_tax) == (TaxStatus.UNKNOWN, None)
    assert "no-vat-given" in price.flags
    assert price_text(price) == "₹ 17.00 /kWh (tax unknown)"


def test_the_words_follow_what_the_tariff_says_of_tax() -> None:
    def text(included: TaxIncluded, **fields: Any) -> str:
        return price_text(
            now(tariff(element("ENERGY", "17", None), tax_included=included, **fields))
        )

    assert text(TaxIncluded.YES) == "₹ 17.00 /kWh incl. GST"
    assert text(TaxIncluded.NO) == "₹ 17.00 /kWh (excl. GST)"
    assert text(TaxIncluded.NOT_APPLICABLE) == "₹ 17.00 /kWh no GST applies"
    assert text(TaxIncluded.YES, country_code="NL", currency="EUR") == "€ 17.00 /kWh incl. VAT"


def test_gross_prices_give_the_net_when_the_rate_is_known() -> None:
    price = now(tariff(element("ENERGY", "20.06"), tax_included=TaxIncluded.YES))
    assert price.per_kwh is not None
    assert (price.per_kwh.excl_tax, price.per_kwh.incl_tax) == (17, D("20.06"))


def test_the_power_of_the_connector_decides_and_an_unknown_power_is_named() -> None:
    of = tariff(element("ENERGY", "12", max_power=D(50)), element("ENERGY", "18"))
    fast, slow, unknown = now(of), now(of, power=22_000), now(of, power=None)
    shown = [p.per_kwh and p.per_kwh.excl_tax for p in (fast, slow, unknown)]
    assert shown == [18, 12, 12]
    assert "power-unknown" in unknown.flags
    assert price_text(slow).endswith(", depends on power")


def test_an_element_with_an_unknown_restriction_never_prices() -> None:
    price = now(tariff(element("FLAT", "500", unknown=("booking",)), element("ENERGY", "17")))
    assert price.per_session is None
    assert "unknown-restriction" in price.flags


def test_local_hours_without_a_time_zone_are_an_unknown_price() -> None:
    for zone in (None, "Mars/Olympus", "Europe"):
        price = now(SOLAR, zone=zone)
        assert (price.is_known, price.per_kwh) == (False, None)
        assert "time-zone-unknown" in price.flags
    assert now(GRACE, zone=None).is_known, "no local hours, no need for a zone"


def test_limits_and_contracts_are_said() -> None:
    price = now(
        tariff(
            element("ENERGY", "17"),
            type="REGULAR",
            min_price=PriceLimit(before_taxes=D(10), after_taxes=D("11.8")),
            max_price=PriceLimit(before_taxes=D(300)),
        )
    )
    assert price_text(price) == (
        "₹ 20.06 /kWh incl. GST, at least ₹ 11.80, at most ₹ 300.00 excl. GST, with a contract"
    )


def test_fractions_of_a_cent_are_shown_and_thirds_end() -> None:
    price = now(tariff(element("ENERGY", "0.45", "21"), element("TIME", "1", "0"), currency="EUR"))
    assert price_text(price) == "€ 0.5445 /kWh incl. GST + € 0.0167 /min"
    assert price.per_minute_charging is not None
    assert str(price.per_minute_charging.excl_tax) == "0.016667"


@given(st.permutations(ANY_ORDER))
def test_the_order_of_the_tariffs_does_not_matter(order: list[TariffRecord]) -> None:
    a, b, c = order
    assert now(a, b, c) == now(c, b, a)


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)))
def test_nothing_changes_before_the_next_change(at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)
    price = now(SOLAR, at=instant)
    assert price.next_change_at is not None
    middle = instant + (price.next_change_at - instant) / 2
    assert now(SOLAR, at=middle).per_kwh == price.per_kwh
    assert now(SOLAR, at=price.next_change_at).per_kwh != price.per_kwh
