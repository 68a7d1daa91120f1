from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nop_registry.pricing.price import Basis
from nop_registry.pricing.selection import choose
from nop_registry.records import TariffRecord

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def tariff(
    name: str, kind: str | None = None, begins: int | None = None, ends: int | None = None
) -> TariffRecord:
    def day(offset: int | None) -> datetime | None:
        return None if offset is None else NOW + timedelta(days=offset)

    return TariffRecord(
        country_code="IN", party_id="DV1", id=name, currency="INR", elements=(),
        type=kind, start_date_time=day(begins), end_date_time=day(ends),
    )  # fmt: skip


def test_ad_hoc_goes_before_untyped_and_untyped_before_roaming() -> None:
    all_types = [tariff("r", "REGULAR"), tariff("u"), tariff("a", "AD_HOC_PAYMENT")]
    chosen = [choose(all_types[:n], NOW) for n in (3, 2, 1)]
    assert [c and c.basis for c in chosen] == [Basis.AD_HOC, Basis.UNTYPED, Basis.ROAMING]


def test_a_tariff_holds_from_its_start_until_just_before_its_end() -> None:
    assert choose([tariff("t", begins=0, ends=1)], NOW)
    assert not choose([tariff("t", begins=-1, ends=0)], NOW)
    assert not choose([tariff("t", begins=1)], NOW)


def test_a_profile_that_a_driver_must_ask_for_is_not_the_price() -> None:
    assert choose([tariff("cheap", "PROFILE_CHEAP")], NOW) is None


def test_no_tariff_is_no_choice() -> None:
    """DM-10: so there is no price, where one who charges for nothing names a price of zero."""
    assert choose([], NOW) is None


@given(st.permutations([("a", -3), ("b", -1), ("c", -2), ("d", None), ("e", 5)]))
def test_of_overlapping_tariffs_the_newest_is_taken_in_whatever_order(
    order: list[tuple[str, int | None]],
) -> None:
    choice = choose([tariff(name, begins=begins) for name, begins in order], NOW)
    assert choice is not None
    assert (choice.tariff.id, choice.overlap) == ("b", True)


def test_the_same_tariff_twice_is_no_overlap() -> None:
    choice = choose([tariff("t"), tariff("T")], NOW)
    assert choice is not None
    assert not choice.overlap
