from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal as D
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nop_registry.pricing.restrictions import Moment, judge, wall_instant
from nop_registry.records import TariffRestrictions

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def applies(at: str, zone: ZoneInfo | None = AMSTERDAM, **restrictions: Any) -> bool:
    instant = datetime.fromisoformat(at)
    instant = instant.replace(tzinfo=zone or UTC) if instant.tzinfo is None else instant
    moment = Moment(at=instant.astimezone(UTC), zone=zone)
    return judge(TariffRestrictions(**restrictions), moment).applies


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("21:59", False), ("22:00", True), ("00:00", True), ("05:59", True), ("06:00", False)],
)
def test_a_night_tariff_runs_over_midnight(clock: str, expected: bool) -> None:
    night = {"start_time": "22:00", "end_time": "06:00"}
    assert applies(f"2026-06-01T{clock}", **night) is expected


def test_an_end_at_midnight_is_the_end_of_the_day() -> None:
    assert applies("2026-06-01T23:59", start_time="18:00", end_time="00:00")
    assert not applies("2026-06-01T00:00", start_time="18:00", end_time="00:00")


def test_the_first_date_is_included_and_the_last_is_not() -> None:
    season = {"start_date": "2026-12-24", "end_date": "2026-12-27"}
    days = [applies(f"2026-12-{day}T12:00", **season) for day in (23, 24, 26, 27)]
    assert days == [False, True, True, False]


def test_the_day_of_the_week_is_the_local_one() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    assert applies("2026-06-07T19:00:00+00:00", kolkata, day_of_week=("MONDAY",))
    assert not applies("2026-06-07T18:00:00+00:00", kolkata, day_of_week=("MONDAY",))


def test_limits_include_their_lower_and_exclude_their_upper_end() -> None:
    """TA-3: and all of them hold at that moment, or the element does not."""
    limits = TariffRestrictions(min_duration=60, max_duration=120, min_kwh=D(1), max_kwh=D(2))

    def at(seconds: int, kwh: int) -> bool:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        moment = Moment(at=now, zone=None, duration_s=Fraction(seconds), energy_kwh=Fraction(kwh))
        return judge(limits, moment).applies

    assert [at(60, 1), at(59, 1), at(120, 1), at(60, 2)] == [True, False, False, False]


def test_an_unknown_restriction_never_matches() -> None:
    assert not applies("2026-06-01T12:00", unknown=("booking",))
    assert not applies("2026-06-01T12:00", start_time="noon")


def test_what_cannot_be_decided_counts_as_met_and_is_named() -> None:
    moment = Moment(at=datetime(2026, 6, 1, tzinfo=UTC), zone=None)
    rules = TariffRestrictions(max_current=D(32), max_power=D(16), start_time="08:00")
    verdict = judge(rules, moment)
    assert verdict == (True, {"zone", "power", "current"})


def test_a_local_time_that_does_not_exist_is_moved_forward() -> None:
    """HO-7, TA-3: the night on which clocks go forward."""
    assert wall_instant(date(2026, 3, 29), time(2, 30), AMSTERDAM) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    assert not applies("2026-03-29T00:59:59+00:00", start_time="02:30", end_time="08:00")
    assert applies("2026-03-29T01:30:00+00:00", start_time="02:30", end_time="08:00")


def test_a_local_time_that_comes_twice_is_the_first() -> None:
    """HO-7, TA-3: the night on which clocks go back."""
    until = {"start_time": "22:00", "end_time": "02:30"}
    assert applies("2026-10-25T00:29:59+00:00", **until)
    assert not applies("2026-10-25T00:30:00+00:00", **until)
    assert not applies("2026-10-25T01:10:00+00:00", **until), "02:10 comes again; it was counted"
