"""Tariffs from one version to another (ocpi.md §10): a wrong price is worse than none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nop_ingest.context import Context
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.version import Emitted, OcpiVersion
from nop_registry.enums import TaxIncluded
from nop_registry.records import (
    DisplayText,
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTEXT = Context(country="IN", received_at=NOON, default_country_code="IN", default_party_id="TPC")
ENERGY = PriceComponent(type="ENERGY", price=Decimal("12.1"), vat=Decimal(21), step_size=1)
NO_VAT = msgspec.structs.replace(ENERGY, vat=None)
FREE = msgspec.structs.replace(NO_VAT, price=Decimal(0))
TARIFF = TariffRecord(
    country_code="IN",
    party_id="TPC",
    id="T1",
    currency="INR",
    elements=(TariffElement(price_components=(ENERGY,)),),
    last_updated=NOON,
)


def version(number: str) -> OcpiVersion:
    found = find_version(number)
    assert found is not None
    return found


def say_tariff(number: str, **changes: Any) -> Emitted:
    return version(number).from_tariff(msgspec.structs.replace(TARIFF, **changes), NOON)


def restricted(**restrictions: Any) -> tuple[TariffElement, ...]:
    """A restricted element and one that always holds."""
    first = TariffElement(
        price_components=(ENERGY,), restrictions=TariffRestrictions(**restrictions)
    )
    return (first, TariffElement(price_components=(ENERGY,)))


def priced(component: PriceComponent) -> tuple[TariffElement, ...]:
    """One element of one component."""
    return (TariffElement(price_components=(component,)),)


def document(said: Emitted) -> dict[str, Any]:
    assert said.document is not None, said.dropped
    return said.document


def test_a_roaming_tariff_is_not_said_in_2_1_1_which_has_no_types() -> None:
    """TA-6"""
    for kind in ("REGULAR", "PROFILE_CHEAP", "SUBSCRIPTION"):
        assert say_tariff("2.1.1", type=kind).document is None
    assert "type" not in document(say_tariff("2.1.1", type="AD_HOC_PAYMENT"))
    assert document(say_tariff("2.2.1", type="REGULAR"))["type"] == "REGULAR"
    # Without its type it would hold for all sessions.
    assert say_tariff("2.2.1", type="SUBSCRIPTION").document is None


def test_the_price_of_a_reservation_never_prices_a_session_in_2_1_1() -> None:
    elements = restricted(reservation="RESERVATION", max_current=Decimal(16))
    said = say_tariff("2.1.1", elements=elements)
    assert len(document(said)["elements"]) == 1 and len(said.dropped) == 1
    assert say_tariff("2.1.1", elements=elements[:1]).document is None
    assert len(document(say_tariff("2.2.1", elements=elements))["elements"]) == 2


def test_a_price_restricted_to_a_current_is_not_said_without_the_restriction() -> None:
    for name in ("min_current", "max_current"):
        elements = restricted(**{name: Decimal(16)})
        assert say_tariff("2.1.1", elements=elements).document is None
        said = document(say_tariff("2.2.1", elements=elements))
        assert said["elements"][0]["restrictions"] == {name: 16}


def test_a_restriction_that_is_not_understood_is_never_left_out_alone() -> None:
    """TA-12"""
    for number in ("2.1.1", "2.2.1", "2.3.0"):
        assert say_tariff(number, elements=restricted(unknown=("loyalty",))).document is None
        said = say_tariff(number, elements=restricted(unknown=("booking",)))
        assert len(document(said)["elements"]) == 1  # what a booking costs prices no session


def test_a_minimum_or_maximum_price_is_not_dropped_from_a_tariff() -> None:
    """TA-5"""
    for name in ("min_price", "max_price"):
        limit = PriceLimit(before_taxes=Decimal(10), after_taxes=Decimal("12.1"))
        assert say_tariff("2.1.1", **{name: limit}).document is None
        said = document(say_tariff("2.1.1", **{name: PriceLimit(before_taxes=Decimal(0))}))
        assert name not in said
        assert document(say_tariff("2.2.1", **{name: limit}))[name] == {
            "excl_vat": 10, "incl_vat": 12.1,
        }  # fmt: skip
        assert document(say_tariff("2.3.0", **{name: limit}))[name] == {
            "before_taxes": 10, "after_taxes": 12.1,
        }  # fmt: skip


def test_a_bare_number_as_a_limit_is_without_tax() -> None:
    """TA-5"""
    said = document(say_tariff("2.2.1")) | {"min_price": 10}
    back, _ = version("2.2.1").to_tariff(msgspec.json.encode(said), CONTEXT)
    assert back is not None and back.min_price == PriceLimit(before_taxes=Decimal(10))


def test_2_1_1_says_a_tariff_only_while_it_is_valid() -> None:
    """TA-6: and its becoming valid is a change."""
    hour = timedelta(hours=1)
    early = NOON - 10 * hour
    assert say_tariff("2.1.1", start_date_time=NOON + hour).document is None
    assert say_tariff("2.1.1", end_date_time=NOON).document is None
    said = say_tariff(
        "2.1.1", last_updated=early, start_date_time=NOON - hour, end_date_time=NOON + hour
    )
    assert document(said)["last_updated"] == "2026-06-01T11:00:00Z"
    later = document(say_tariff("2.2.1", last_updated=early, start_date_time=NOON + hour))
    assert later["start_date_time"] == "2026-06-01T13:00:00Z"
    assert later["last_updated"] == "2026-06-01T02:00:00Z"


@pytest.mark.parametrize(
    ("tax", "component", "expected"),
    [
        # tax_included, component -> price and vat in 2.1.1, in 2.2.1, and tax_included in 2.3.0
        (None, ENERGY, (12.1, (12.1, 21), "NO")),
        (None, NO_VAT, (12.1, (12.1, None), "NO")),
        (TaxIncluded.NO, ENERGY, (12.1, (12.1, 21), "NO")),
        (TaxIncluded.NO, NO_VAT, (12.1, None, "NO")),
        (TaxIncluded.NO, FREE, (0, (0, None), "NO")),
        (TaxIncluded.YES, ENERGY, (10, (10, 21), "YES")),
        (TaxIncluded.YES, NO_VAT, (None, None, "YES")),
        (TaxIncluded.YES, FREE, (0, (0, None), "YES")),
        (TaxIncluded.NOT_APPLICABLE, ENERGY, (12.1, (12.1, None), "N/A")),
    ],
)
def test_taxes_are_said_as_each_version_has_them_or_not_at_all(
    tax: TaxIncluded | None,
    component: PriceComponent,
    expected: tuple[float | None, tuple[float, float | None] | None, str],
) -> None:
    """TA-4: an absent vat is "none" in 2.2.1, so it cannot stand for one that is not known."""
    old, new, newest = expected
    changes = {"tax_included": tax, "elements": priced(component)}
    said = say_tariff("2.1.1", **changes).document
    assert (said and said["elements"][0]["price_components"][0]["price"]) == old
    said = say_tariff("2.2.1", **changes).document
    if new is None:
        assert said is None
    else:
        assert said is not None
        price = said["elements"][0]["price_components"][0]
        assert (price["price"], price.get("vat")) == new
    said = document(say_tariff("2.3.0", **changes))
    assert said["tax_included"] == newest
    assert said["elements"][0]["price_components"][0]["price"] == float(component.price)


def test_a_tariff_that_never_gave_a_vat_is_noted_when_it_becomes_2_3_0() -> None:
    assert len(say_tariff("2.3.0", elements=priced(NO_VAT)).dropped) == 1
    assert say_tariff("2.3.0").dropped == ()


def test_what_2_1_1_sends_is_without_tax() -> None:
    """TA-4"""
    raw = msgspec.json.encode(document(say_tariff("2.1.1", elements=priced(NO_VAT))))
    back, _ = version("2.1.1").to_tariff(raw, CONTEXT)
    assert back is not None and back.tax_included is TaxIncluded.NO
    assert back.elements[0].price_components[0].vat is None


@pytest.mark.parametrize(
    ("start", "end", "windows"),
    [
        ("22:00", "06:00", [("22:00", "00:00"), ("00:00", "06:00")]),
        ("08:00", "20:00", [("08:00", "20:00")]),
        ("20:00", "00:00", [("20:00", "00:00")]),
        ("20:00", None, [("20:00", None)]),
        (None, "06:00", [(None, "06:00")]),
        ("09:00", "09:00", [(None, None)]),
        (None, "00:00", [(None, None)]),
    ],
)
def test_a_window_over_midnight_is_two_in_2_1_1(
    start: str | None, end: str | None, windows: list[tuple[str | None, str | None]]
) -> None:
    """TA-3: the days stay as they are, because they are held against the clock at each moment."""
    elements = restricted(start_time=start, end_time=end, day_of_week=("MONDAY",))
    said = document(say_tariff("2.1.1", elements=elements))["elements"][:-1]
    found = [e["restrictions"] for e in said]
    assert [(r.get("start_time"), r.get("end_time")) for r in found] == windows
    assert all(r["day_of_week"] == ["MONDAY"] for r in found)
    same = document(say_tariff("2.2.1", elements=elements))["elements"][0]["restrictions"]
    assert (same.get("start_time"), same.get("end_time")) == (start, end)


def test_a_price_that_four_decimals_would_make_free_is_not_said() -> None:
    """TR-33, TA-10"""
    tiny = msgspec.structs.replace(ENERGY, price=Decimal("0.00004"))
    assert say_tariff("2.2.1", elements=priced(tiny)).document is None
    free = document(say_tariff("2.2.1", elements=priced(FREE)))
    assert free["elements"][0]["price_components"][0]["price"] == 0


def test_a_component_without_a_step_is_not_rounded_up() -> None:
    """TA-9"""
    bare = msgspec.structs.replace(ENERGY, step_size=None)
    said = document(say_tariff("2.2.1", elements=priced(bare)))
    assert said["elements"][0]["price_components"][0]["step_size"] == 1


def test_words_about_a_tariff_are_passed_on_beside_its_prices() -> None:
    """TA-7: words alone are no price, however they read: such a tariff is refused."""
    for number in ("2.1.1", "2.2.1", "2.3.0"):
        words = {"tariff_alt_text": [{"language": "en", "text": "Free for everybody: 0.00"}]}
        raw = words | {"id": "T1", "currency": "INR", "elements": [], "tax_included": "NO",
                       "last_updated": "2026-06-01T12:00:00Z"}  # fmt: skip
        record, findings = version(number).to_tariff(msgspec.json.encode(raw), CONTEXT)
        assert record is None and findings
        said = document(
            say_tariff(
                number,
                tariff_alt_text=(DisplayText(language="en", text="Cheap"),),
                tariff_alt_url="https://a.example/t",
            )
        )
        assert said["tariff_alt_text"] == [{"language": "en", "text": "Cheap"}]
        assert said["tariff_alt_url"] == "https://a.example/t"
        assert len(said["elements"]) == 1


@pytest.mark.parametrize("number", ["2.1.1", "2.2.1", "2.3.0"])
def test_a_tariff_without_what_is_required_is_not_said(number: str) -> None:
    """SE-12"""
    assert say_tariff(number, id="x" * 37).document is None
    assert say_tariff(number, id="x" * 36).document is not None
    assert say_tariff(number, last_updated=None).document is None
    assert say_tariff(number, currency="RUPEES").document is None
